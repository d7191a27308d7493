//! Bad days on purpose, as an unmodified agent lives through them.
#![allow(clippy::unwrap_used)]

use candid::{Decode, Encode, Principal};
use canopic_practice::faults::{Effect, Fault, Kind, Refusal};
use canopic_practice::interface::{
    CanisterIdRecord, ProvisionalCreateCanisterWithCyclesArgs, ReadCanisterSnapshotDataArgs,
    ReadCanisterSnapshotDataResult, SnapshotDataKind, SnapshotDataOffset,
    UploadCanisterSnapshotDataArgs, UploadCanisterSnapshotMetadataArgs,
    UploadCanisterSnapshotMetadataResult,
};
use canopic_practice::{Network, Options, start};
use ic_agent::agent::{CallResponse, RequestStatusResponse};
use ic_agent::identity::BasicIdentity;
use ic_agent::{Agent, AgentError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const CREATE: &str = "provisional_create_canister_with_cycles";

async fn network() -> (Network, Agent, Principal) {
    let network = start(Options::default()).await.unwrap();
    let identity = BasicIdentity::from_raw_key(&[1; 32]);
    let agent = Agent::builder()
        .with_url(&network.ready().url)
        .with_identity(identity)
        .build()
        .unwrap();
    agent.set_root_key(hex::decode(&network.ready().root_key).unwrap());
    let effective = Principal::from_text(&network.ready().default_effective_canister_id).unwrap();
    (network, agent, effective)
}

fn fault(effect: Effect) -> Fault {
    Fault {
        kind: Some(Kind::Call),
        method: Some(CREATE.into()),
        after: 0,
        times: 1,
        effect,
    }
}

async fn create(agent: &Agent, effective: Principal) -> Result<Principal, AgentError> {
    let reply = agent
        .update(&Principal::management_canister(), CREATE)
        .with_effective_canister_id(effective)
        .with_arg(Encode!(&ProvisionalCreateCanisterWithCyclesArgs::default()).unwrap())
        .call_and_wait()
        .await?;
    Ok(Decode!(&reply, CanisterIdRecord).unwrap().canister_id)
}

/// The number in a canister id: ids are given in order, so it tells how many were made.
fn number(id: Principal) -> u64 {
    u64::from_be_bytes(id.as_slice()[..8].try_into().unwrap())
}

#[tokio::test]
async fn a_lost_reply_is_a_call_that_happened() {
    let (network, agent, effective) = network().await;
    let signed = agent
        .update(&Principal::management_canister(), CREATE)
        .with_effective_canister_id(effective)
        .with_arg(Encode!(&ProvisionalCreateCanisterWithCyclesArgs::default()).unwrap())
        .sign()
        .unwrap();
    network.break_it([fault(Effect::LoseReply)]);
    let lost = agent
        .update_signed(effective, signed.signed_update.clone())
        .await;
    assert!(
        matches!(lost, Err(AgentError::TransportError(_))),
        "the agent cannot know: {lost:?}"
    );
    let again = agent
        .update_signed(effective, signed.signed_update)
        .await
        .unwrap();
    let CallResponse::Response(reply) = again else {
        panic!("the outcome was there already")
    };
    let first = Decode!(&reply, CanisterIdRecord).unwrap().canister_id;
    let next = create(&agent, effective).await.unwrap();
    assert_eq!(
        number(next),
        number(first) + 1,
        "the lost call made one canister, its retry none"
    );
    network.stop().await;
}

#[tokio::test]
async fn a_cut_connection_is_a_call_that_did_not_happen() {
    let (network, agent, effective) = network().await;
    let first = create(&agent, effective).await.unwrap();
    network.break_it([fault(Effect::Cut)]);
    create(&agent, effective).await.unwrap_err();
    let next = create(&agent, effective).await.unwrap();
    assert_eq!(
        number(next),
        number(first) + 1,
        "the call that was cut made no canister"
    );
    network.stop().await;
}

#[tokio::test]
async fn rejections_come_with_and_without_a_certificate() {
    let (network, agent, effective) = network().await;
    let refusal = Refusal {
        error: 210,
        message: "heap delta rate limited".into(),
    };
    network.break_it([
        fault(Effect::RejectCertified(refusal.clone())),
        fault(Effect::RejectUncertified(refusal)),
    ]);
    let certified = create(&agent, effective).await.unwrap_err();
    assert!(
        matches!(&certified, AgentError::CertifiedReject { reject, .. } if reject.error_code.as_deref() == Some("IC0210"))
    );
    let uncertified = create(&agent, effective).await.unwrap_err();
    assert!(
        matches!(&uncertified, AgentError::UncertifiedReject { reject, .. } if reject.error_code.as_deref() == Some("IC0210"))
    );
    create(&agent, effective).await.unwrap();
    network.stop().await;
}

#[tokio::test]
async fn a_network_that_panics_over_a_call_rejects_it_and_goes_on() {
    let (network, agent, effective) = network().await;
    let first = create(&agent, effective).await.unwrap();
    network.break_it([fault(Effect::Panic)]);
    let error = create(&agent, effective).await.unwrap_err();
    let AgentError::CertifiedReject { reject, .. } = error else {
        panic!("the rejection is part of the state: {error}");
    };
    assert_eq!(
        reject.error_code.as_deref(),
        Some("IC0521"),
        "its own fault: {}",
        reject.reject_message
    );
    let next = create(&agent, effective).await.unwrap();
    assert_eq!(
        number(next),
        number(first) + 1,
        "nothing was changed, and the next call is served"
    );
    network.stop().await;
}

#[tokio::test]
async fn transfers_of_snapshots_are_struck_by_the_names_of_their_methods() {
    let (network, agent, effective) = network().await;
    let id = create(&agent, effective).await.unwrap();
    let ask = |method: &'static str, arg: Vec<u8>| {
        let call = agent
            .update(&Principal::management_canister(), method)
            .with_effective_canister_id(id)
            .with_arg(arg);
        call.call_and_wait()
    };
    let metadata = UploadCanisterSnapshotMetadataArgs {
        canister_id: id,
        replace_snapshot: None,
        wasm_module_size: 8,
        globals: vec![],
        wasm_memory_size: 0,
        stable_memory_size: 65_536,
        certified_data: vec![],
        global_timer: None,
        on_low_wasm_memory_hook_status: None,
    };
    let reply = ask(
        "upload_canister_snapshot_metadata",
        Encode!(&metadata).unwrap(),
    );
    let reply = reply.await.unwrap();
    let snapshot_id = Decode!(&reply, UploadCanisterSnapshotMetadataResult)
        .unwrap()
        .snapshot_id;
    let (upload, read) = (
        "upload_canister_snapshot_data",
        "read_canister_snapshot_data",
    );
    let piece = |offset| {
        let args = UploadCanisterSnapshotDataArgs {
            canister_id: id,
            snapshot_id: snapshot_id.clone(),
            kind: SnapshotDataOffset::StableMemory { offset },
            chunk: vec![1; 100],
        };
        Encode!(&args).unwrap()
    };
    let slice = |offset| {
        let args = ReadCanisterSnapshotDataArgs {
            canister_id: id,
            snapshot_id: snapshot_id.clone(),
            kind: SnapshotDataKind::StableMemory { offset, size: 100 },
        };
        Encode!(&args).unwrap()
    };
    let strike = |method: &str, after| Fault {
        method: Some(method.into()),
        after,
        ..fault(Effect::LoseReply)
    };
    network.break_it([strike(upload, 1), strike(read, 2)]);
    ask(upload, piece(0)).await.unwrap();
    ask(upload, piece(100)).await.unwrap_err();
    ask(read, slice(0)).await.unwrap();
    let lost = ask(read, slice(100)).await.unwrap();
    let lost = Decode!(&lost, ReadCanisterSnapshotDataResult).unwrap();
    assert_eq!(lost.chunk, [1; 100], "what lost its reply happened");
    ask(read, slice(0)).await.unwrap_err();
    ask(read, slice(0)).await.unwrap();
    assert!(
        network.faults().is_empty(),
        "each struck once, where it was to"
    );
    network.stop().await;
}

#[tokio::test]
async fn forged_and_stale_certificates_are_seen_through() {
    let (network, agent, effective) = network().await;
    network.break_it([
        fault(Effect::WrongSignature),
        fault(Effect::StaleCertificate { seconds: 3600 }),
    ]);
    let forged = create(&agent, effective).await.unwrap_err();
    assert!(
        matches!(forged, AgentError::CertificateVerificationFailed()),
        "{forged}"
    );
    let stale = create(&agent, effective).await.unwrap_err();
    assert!(
        matches!(stale, AgentError::CertificateOutdated(_)),
        "{stale}"
    );
    create(&agent, effective).await.unwrap();
    network.stop().await;
}

#[tokio::test]
async fn an_overloaded_network_is_asked_again() {
    let (network, agent, effective) = network().await;
    network.break_it([
        fault(Effect::Status { code: 503 }),
        fault(Effect::Status { code: 429 }),
    ]);
    create(&agent, effective).await.unwrap();
    assert!(
        network.faults().is_empty(),
        "the agent met both and went on"
    );
    network.stop().await;
}

async fn control(
    network: &Network,
    method: &str,
    path: &str,
    content_type: &str,
    body: &str,
) -> String {
    let address = network
        .ready()
        .url
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned();
    let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    let length = body.len();
    let request = format!(
        "{method} /_/{path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn faults_can_be_scripted_from_outside_but_not_by_pages() {
    let (network, _, _) = network().await;
    let script = r#"[{"method":"stop_canister","effect":"lose_reply"}]"#;
    let refused = control(&network, "POST", "faults", "text/plain", script).await;
    assert!(
        refused.starts_with("HTTP/1.1 415"),
        "a page may send text, and must not break anything: {refused}"
    );
    assert!(network.faults().is_empty(), "nothing was scripted");
    assert!(
        control(&network, "POST", "faults", "application/json", script)
            .await
            .starts_with("HTTP/1.1 200"),
        "a tool may"
    );
    assert_eq!(network.faults()[0].effect, Effect::LoseReply, "and did");
    let malformed = control(&network, "POST", "faults", "application/json", "[{}]").await;
    assert!(
        malformed.starts_with("HTTP/1.1 400"),
        "what is no fault is told: {malformed}"
    );
    assert!(
        control(&network, "DELETE", "faults", "application/json", "")
            .await
            .starts_with("HTTP/1.1 200"),
        "and mends it"
    );
    assert!(network.faults().is_empty(), "mended");
    network.stop().await;
}

#[tokio::test]
async fn blocks_are_frozen_and_thawed_from_outside() {
    let (network, agent, effective) = network().await;
    let order = async |what: &str| {
        let answer = control(&network, "POST", what, "application/json", "").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{what}: {answer}");
    };
    order("freeze").await;
    let call = agent
        .update(&Principal::management_canister(), CREATE)
        .with_effective_canister_id(effective)
        .with_arg(Encode!(&ProvisionalCreateCanisterWithCyclesArgs::default()).unwrap())
        .sign()
        .unwrap();
    // A fault that does nothing, to tell when the call has come in.
    network.break_it([fault(Effect::Delay { milliseconds: 0 })]);
    let (answer, ()) = tokio::join!(agent.update_signed(effective, call.signed_update), async {
        while !network.faults().is_empty() {
            tokio::task::yield_now().await;
        }
        let (status, _) = agent
            .request_status_raw(&call.request_id, effective)
            .await
            .unwrap();
        assert_eq!(
            status,
            RequestStatusResponse::Unknown,
            "no block took it in"
        );
        order("thaw").await;
    });
    assert!(
        matches!(answer, Ok(CallResponse::Response(_))),
        "{answer:?}"
    );
    order("checkpoint").await;
    order("crash").await;
    network.crashed().await;
    network.wait().await;
}

#[tokio::test]
async fn a_frozen_network_goes_on_where_it_was() {
    let (network, agent, effective) = network().await;
    network.break_it([fault(Effect::Freeze)]);
    let (made, ()) = tokio::join!(create(&agent, effective), async {
        // The call is on its way when the fault has struck; then there is something to thaw.
        while !network.faults().is_empty() {
            tokio::task::yield_now().await;
        }
        network.mend();
    });
    made.unwrap();
    network.stop().await;
}

#[tokio::test]
async fn a_crashed_network_answers_nobody() {
    let (network, agent, effective) = network().await;
    network.break_it([fault(Effect::Crash)]);
    create(&agent, effective).await.unwrap_err();
    network.crashed().await;
    let error = agent.status().await.unwrap_err();
    assert!(matches!(error, AgentError::TransportError(_)), "{error}");
    network.wait().await;
}
