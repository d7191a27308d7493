//! A network that lives on over restarts, and over what ends worse than a stop.
#![allow(clippy::unwrap_used)]

use candid::{CandidType, Decode, Encode, Principal};
use canopic_practice::faults::{Effect, Fault};
use canopic_practice::interface::{
    CanisterIdRecord, CanisterInstallMode, InstallCodeArgs,
    ProvisionalCreateCanisterWithCyclesArgs, Snapshot, TakeCanisterSnapshotArgs,
};
use canopic_practice::state::StateError;
use canopic_practice::{Network, Options, StartError, start};
use ic_agent::agent::CallResponse;
use ic_agent::identity::BasicIdentity;
use ic_agent::{Agent, AgentError};
use std::path::Path;

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
    let identity = BasicIdentity::from_raw_key(&[1; 32]);
    let agent = Agent::builder()
        .with_url(&network.ready().url)
        .with_identity(identity)
        .build()
        .unwrap();
    agent.set_root_key(hex::decode(&network.ready().root_key).unwrap());
    agent
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
    let effective = Principal::from_text(&network.ready().default_effective_canister_id).unwrap();
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
