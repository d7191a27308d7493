//! A network that lives on over restarts, and over what ends worse than a stop.
#![allow(clippy::unwrap_used)]

use candid::{CandidType, Decode, Encode, Principal};
use canopic_practice::faults::{Effect, Fault};
use canopic_practice::interface::{
    CanisterIdRecord, CanisterInstallMode, CanisterStatusResult, InstallCodeArgs,
    LoadCanisterSnapshotArgs, ProvisionalCreateCanisterWithCyclesArgs, Snapshot,
    TakeCanisterSnapshotArgs,
};
use canopic_practice::state::StateError;
use canopic_practice::{Network, Options, StartError, start};
use ic_agent::agent::CallResponse;
use ic_agent::identity::BasicIdentity;
use ic_agent::{Agent, AgentError};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

const COUNTER: &str = r#"(module
    (import "ic0" "msg_reply" (func $reply))
    (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
    (memory 1)
    (func $count (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))) (call $tell))
    (func $tell (call $append (i32.const 0) (i32.const 4)) (call $reply))
    (export "canister_update count" (func $count))
    (export "canister_query tell" (func $tell)))"#;

async fn network(folder: &Path) -> Network {
    start(Options {
        state: Some(folder.to_owned()),
        ..Options::default()
    })
    .await
    .unwrap()
}

fn agent(network: &Network) -> Agent {
    agent_of(&network.ready().url, &network.ready().root_key)
}

fn agent_of(url: &str, root_key: &str) -> Agent {
    let identity = BasicIdentity::from_raw_key(&[1; 32]);
    let agent = Agent::builder()
        .with_url(url)
        .with_identity(identity)
        .build()
        .unwrap();
    agent.set_root_key(hex::decode(root_key).unwrap());
    agent
}

/// The program, as a process of its own that nothing can prepare for its end.
struct Program {
    process: Child,
    ready: serde_json::Value,
}

impl Program {
    fn command(folder: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_canopic-practice"));
        command.arg("--state").arg(folder);
        command
    }

    /// Starts it and waits for its line.
    fn start(folder: &Path) -> Self {
        let mut process = Self::command(folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready = serde_json::from_str(&line).expect("it starts, and says where it listens");
        Self { process, ready }
    }

    fn said(&self, what: &str) -> &str {
        self.ready[what].as_str().unwrap()
    }

    fn agent(&self) -> Agent {
        agent_of(self.said("url"), self.said("root_key"))
    }

    /// Orders a checkpoint through the control endpoint. It is made with the next block, so whoever gets an answer to a
    /// later update call knows that it is written.
    fn order_checkpoint(&self) {
        let address = self
            .said("url")
            .trim_start_matches("http://")
            .trim_end_matches('/');
        let mut stream = TcpStream::connect(address).unwrap();
        write!(
            stream,
            "POST /_/checkpoint HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
             Content-Length: 0\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// Ends it by SIGKILL, which no process can catch.
    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // A test that failed half way must not leave a network behind; one that was killed is gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn manage(
    agent: &Agent,
    effective: Principal,
    method: &str,
    args: impl CandidType,
) -> Result<Vec<u8>, AgentError> {
    agent
        .update(&Principal::management_canister(), method)
        .with_effective_canister_id(effective)
        .with_arg(Encode!(&args).unwrap())
        .call_and_wait()
        .await
}

async fn counter(network: &Network, agent: &Agent) -> Principal {
    counter_at(&network.ready().default_effective_canister_id, agent).await
}

async fn counter_at(effective: &str, agent: &Agent) -> Principal {
    let effective = Principal::from_text(effective).unwrap();
    let create = ProvisionalCreateCanisterWithCyclesArgs::default();
    let reply = manage(
        agent,
        effective,
        "provisional_create_canister_with_cycles",
        create,
    )
    .await
    .unwrap();
    let id = Decode!(&reply, CanisterIdRecord).unwrap().canister_id;
    let install = InstallCodeArgs {
        mode: CanisterInstallMode::Install,
        canister_id: id,
        wasm_module: wat::parse_str(COUNTER).unwrap(),
        arg: vec![],
        sender_canister_version: None,
    };
    manage(agent, id, "install_code", install).await.unwrap();
    id
}

async fn count(agent: &Agent, id: Principal) -> u32 {
    let reply = agent.update(&id, "count").call_and_wait().await.unwrap();
    u32::from_le_bytes(reply.try_into().unwrap())
}

async fn tell(agent: &Agent, id: Principal) -> u32 {
    u32::from_le_bytes(
        agent
            .query(&id, "tell")
            .call()
            .await
            .unwrap()
            .try_into()
            .unwrap(),
    )
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let first = network(folder.path()).await;
    let (before, url) = (agent(&first), first.ready().root_key.clone());
    let id = counter(&first, &before).await;
    count(&before, id).await;
    let take = TakeCanisterSnapshotArgs {
        canister_id: id,
        replace_snapshot: None,
        uninstall_code: None,
        sender_canister_version: None,
    };
    manage(&before, id, "take_canister_snapshot", take)
        .await
        .unwrap();
    count(&before, id).await;
    let signed = before.update(&id, "count").sign().unwrap();
    before
        .update_signed(id, signed.signed_update.clone())
        .await
        .unwrap();
    first.stop().await;

    let second = network(folder.path()).await;
    let after = agent(&second);
    assert_eq!(
        second.ready().root_key,
        url,
        "clients that know the root key go on"
    );
    assert_eq!(tell(&after, id).await, 3, "memory is there");
    let CallResponse::Response(reply) =
        after.update_signed(id, signed.signed_update).await.unwrap()
    else {
        panic!("the outcome was known before the restart")
    };
    assert_eq!(
        reply,
        3_u32.to_le_bytes(),
        "a request from before the restart is not executed again"
    );
    let snapshots = manage(
        &after,
        id,
        "list_canister_snapshots",
        CanisterIdRecord { canister_id: id },
    )
    .await
    .unwrap();
    assert_eq!(
        Decode!(&snapshots, Vec<Snapshot>).unwrap().len(),
        1,
        "snapshots are there"
    );
    assert_eq!(count(&after, id).await, 4, "and the code runs");
    second.stop().await;
}

#[tokio::test]
async fn it_starts_again_at_the_same_address_after_a_stop_and_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let first = network(folder.path()).await;
    let options = Options {
        listen: first.address(),
        state: Some(folder.path().to_owned()),
        ..Options::default()
    };
    // The same client all the time, with the connections that it keeps.
    let client = agent(&first);
    let id = counter(&first, &client).await;
    count(&client, id).await;
    first.stop().await;
    client.status().await.unwrap_err();

    let second = start(options.clone()).await.unwrap();
    assert_eq!(count(&client, id).await, 2, "it goes on as after a pause");
    second.checkpoint();
    assert_eq!(
        count(&client, id).await,
        3,
        "from here on nothing is written out"
    );
    second.break_it([Fault {
        kind: None,
        method: None,
        after: 0,
        times: 1,
        effect: Effect::Crash,
    }]);
    client.query(&id, "tell").call().await.unwrap_err();
    second.wait().await;

    let third = start(options).await.unwrap();
    let counted = count(&client, id).await;
    assert!(
        counted == 3 || counted == 4,
        "the block of the checkpoint may hold the call that followed it: {counted}"
    );
    third.stop().await;
}

#[tokio::test]
async fn what_queries_asked_is_counted_and_outlives_snapshots_and_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let first = network(folder.path()).await;
    let before = agent(&first);
    let id = counter(&first, &before).await;
    let record = CanisterIdRecord { canister_id: id };
    let asked = async |agent: &Agent| {
        let reply = manage(agent, id, "canister_status", record.clone()).await;
        let stats = Decode!(&reply.unwrap(), CanisterStatusResult)
            .unwrap()
            .query_stats;
        [
            stats.num_calls_total,
            stats.num_instructions_total,
            stats.request_payload_bytes_total,
            stats.response_payload_bytes_total,
        ]
        .map(|count| u64::try_from(count.0).unwrap())
    };
    assert_eq!(asked(&before).await, [0; 4], "nobody asked yet");
    let take = TakeCanisterSnapshotArgs {
        canister_id: id,
        replace_snapshot: None,
        uninstall_code: None,
        sender_canister_version: None,
    };
    let reply = manage(&before, id, "take_canister_snapshot", take)
        .await
        .unwrap();
    let snapshot_id = Decode!(&reply, Snapshot).unwrap().id;
    before
        .query(&id, "tell")
        .with_arg(vec![7; 30])
        .call()
        .await
        .unwrap();
    let [calls, instructions, request, response] = asked(&before).await;
    assert_eq!(
        [calls, request, response],
        [1, 30, 4],
        "one query with its bytes"
    );
    assert!(instructions > 0, "and its work");
    before
        .query(&id, "tell")
        .with_arg(vec![7; 30])
        .call()
        .await
        .unwrap();
    before.query(&id, "nothing").call().await.unwrap_err();
    let twice = [3, 2 * instructions, 60, 8];
    assert_eq!(
        asked(&before).await,
        twice,
        "a query without reply is one, too"
    );
    // Nobody counts calls, whatever they call.
    before.update(&id, "tell").call_and_wait().await.unwrap();
    let load = LoadCanisterSnapshotArgs {
        canister_id: id,
        snapshot_id,
        sender_canister_version: None,
    };
    manage(&before, id, "load_canister_snapshot", load)
        .await
        .unwrap();
    assert_eq!(
        asked(&before).await,
        twice,
        "a snapshot does not turn them back"
    );
    let query = before
        .query(&Principal::management_canister(), "canister_status")
        .with_effective_canister_id(id)
        .with_arg(Encode!(&record).unwrap());
    let status = Decode!(&query.call().await.unwrap(), CanisterStatusResult).unwrap();
    assert_eq!(
        status.query_stats.num_calls_total, 3_u32,
        "the status as a query says the same, and is none of the canister"
    );
    first.stop().await;
    let second = network(folder.path()).await;
    assert_eq!(
        asked(&agent(&second)).await,
        twice,
        "they are there after a restart"
    );
    second.stop().await;
}

#[tokio::test]
async fn after_a_crash_it_is_as_at_the_last_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let first = network(folder.path()).await;
    let before = agent(&first);
    let id = counter(&first, &before).await;
    count(&before, id).await;
    first.checkpoint();
    // The next call is executed after the order for the checkpoint; its block saves the state with one or two counted.
    let saved = count(&before, id).await;
    count(&before, id).await;
    first.break_it([Fault {
        kind: None,
        method: Some("count".into()),
        after: 0,
        times: 1,
        effect: Effect::Crash,
    }]);
    before
        .update(&id, "count")
        .call_and_wait()
        .await
        .unwrap_err();
    first.wait().await;

    let second = network(folder.path()).await;
    let counted = tell(&agent(&second), id).await;
    assert!(
        (saved - 1..=saved).contains(&counted),
        "at the checkpoint {} or {saved} were counted, now {counted}",
        saved - 1
    );
    second.stop().await;
}

#[tokio::test]
async fn a_folder_is_for_one_network_at_a_time_and_for_one_seed() {
    let folder = tempfile::tempdir().unwrap();
    let first = network(folder.path()).await;
    let options = Options {
        state: Some(folder.path().to_owned()),
        ..Options::default()
    };
    let second = start(options.clone()).await;
    assert!(
        matches!(second, Err(StartError::State(StateError::InUse(_)))),
        "two would overwrite each other"
    );
    first.stop().await;
    let stranger = start(Options {
        seed: 2,
        ..options.clone()
    })
    .await;
    assert!(
        matches!(
            stranger,
            Err(StartError::State(StateError::OtherSeed {
                found: 1,
                asked: 2,
                ..
            }))
        ),
        "its keys do not fit"
    );
    std::fs::write(folder.path().join("state.cbor"), b"rubbish").unwrap();
    let damaged = start(options).await;
    assert!(
        matches!(damaged, Err(StartError::State(StateError::Damaged { .. }))),
        "damage is told, never started over"
    );
}

#[tokio::test]
async fn a_killed_program_comes_back_at_its_last_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let first = Program::start(folder.path());
    let agent = first.agent();
    let id = counter_at(first.said("default_effective_canister_id"), &agent).await;
    count(&agent, id).await;
    count(&agent, id).await;
    first.order_checkpoint();
    // An update call that changes nothing: its answer comes after the checkpoint was written.
    agent.update(&id, "tell").call_and_wait().await.unwrap();
    assert_eq!(count(&agent, id).await, 3, "counted, but not saved");
    let root_key = first.said("root_key").to_owned();
    first.kill();

    let second = Program::start(folder.path());
    assert_eq!(second.said("root_key"), root_key, "it is the same network");
    assert_eq!(
        tell(&second.agent(), id).await,
        2,
        "exactly as at the checkpoint"
    );
    second.kill();
}

#[tokio::test]
async fn a_kill_while_it_saves_leaves_a_whole_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::start(folder.path());
    let agent = program.agent();
    let id = counter_at(program.said("default_effective_canister_id"), &agent).await;
    program.order_checkpoint();
    agent.update(&id, "tell").call_and_wait().await.unwrap();
    let mut saved = 0;
    for _ in 0..8 {
        let counted = count(&program.agent(), id).await;
        assert_eq!(counted, saved + 1, "it goes on from what was saved");
        program.order_checkpoint();
        // Wherever the kill strikes, before, within or after the write: one of the two checkpoints is there.
        program.kill();
        program = Program::start(folder.path());
        let found = tell(&program.agent(), id).await;
        assert!(
            found == saved || found == counted,
            "the checkpoints had {saved} and {counted}, not {found}"
        );
        saved = found;
    }
}

#[test]
fn the_program_says_where_it_listens_and_refuses_what_it_does_not_know() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ready.json");
    let mut program = Program::command(&folder.path().join("state"))
        .args(["--seed=7", "--pace", "mainnet", "--free", "--ready-file"])
        .arg(&file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
    for what in [
        "url",
        "root_key",
        "default_effective_canister_id",
        "control_url",
    ] {
        assert!(ready[what].is_string(), "{what} in {line}");
    }
    assert_eq!(
        ready["subnets"].as_array().unwrap().len(),
        3,
        "one root, two for applications"
    );
    assert_eq!(
        std::fs::read_to_string(&file).unwrap().trim(),
        line.trim(),
        "the file says the same"
    );
    program.kill().unwrap();
    program.wait().unwrap();
    for (arguments, words) in [
        (["--listen", "192.0.2.1:0"], "not a loopback address"),
        (["--pace", "slow"], "unknown pace slow"),
        (["--seed", "x"], "x is not a seed"),
        (["--pasta", "al dente"], "unknown argument --pasta"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_canopic-practice"))
            .args(arguments)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && said.contains(words),
            "{arguments:?}: {said}"
        );
    }
}

#[test]
fn a_folder_in_use_is_refused_in_words_and_free_again_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let first = Program::start(folder.path());
    let second = Program::command(folder.path()).output().unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(!second.status.success(), "two would overwrite each other");
    let words = format!(
        "state folder {} is in use by another network",
        folder.path().display()
    );
    assert!(said.contains(&words), "{said}");
    first.kill();
    // The lock belongs to the process, not to a file that somebody would have to remove.
    Program::start(folder.path()).kill();
}
