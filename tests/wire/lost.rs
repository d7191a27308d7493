//! Answers that are lost or not to be believed, as the page is told of them.

use super::{held, is_running};
use canopic_engine::CanisterId;
use canopic_practice::{
    Network,
    faults::{Effect, Fault, Kind},
};
use serde_json::{Value, json};

fn strike(kind: Kind, method: Option<&str>, times: u32, effect: Effect) -> Fault {
    Fault {
        kind: Some(kind),
        method: method.map(ToOwned::to_owned),
        after: 0,
        times,
        effect,
    }
}

/// How often the canister was changed, as its status counts it.
async fn version(network: &Network, canister: &Value) -> u64 {
    let id: CanisterId = canister["id"].as_str().unwrap().parse().unwrap();
    let agent = ic_agent::Agent::builder()
        .with_url(&network.ready().url)
        .with_identity(ic_agent::identity::BasicIdentity::from_raw_key(
            &canopic_practice::demo::OWNER_SEED,
        ))
        .build()
        .unwrap();
    agent.set_root_key(hex::decode(&network.ready().root_key).unwrap());
    let reply = agent
        .query(&candid::Principal::management_canister(), "canister_status")
        .with_effective_canister_id(id.principal())
        .with_arg(
            candid::encode_one(About {
                canister_id: id.principal(),
            })
            .unwrap(),
        )
        .call()
        .await
        .unwrap();
    candid::decode_one::<Version>(&reply).unwrap().version
}

#[derive(candid::CandidType)]
struct About {
    canister_id: candid::Principal,
}

#[derive(candid::CandidType, serde::Deserialize)]
struct Version {
    version: u64,
}

#[tokio::test]
async fn a_lost_answer_is_found_by_its_request_id_and_nothing_is_sent_twice() {
    let (network, bench) = held().await;
    let running = bench.canister(is_running).await;
    let before = version(&network, &running).await;
    network.break_it([strike(
        Kind::Call,
        Some("stop_canister"),
        1,
        Effect::LoseReply,
    )]);
    let after = bench
        .ask(json!({"request": "stopCanister", "canister": running["id"]}))
        .await;
    assert_eq!(
        after["reading"]["status"]["runState"], "stopped",
        "the outcome was found: {after:#}"
    );
    assert!(network.faults().is_empty(), "the fault has struck");
    assert_eq!(
        version(&network, &running).await,
        before + 2,
        "stopping a running canister counts two; a second stop would have counted one more"
    );
}

#[tokio::test]
async fn where_no_outcome_can_be_asked_for_the_same_envelope_brings_it() {
    let (network, bench) = held().await;
    let running = bench.canister(is_running).await;
    let before = version(&network, &running).await;
    network.break_it([
        strike(Kind::Call, Some("stop_canister"), 1, Effect::LoseReply),
        strike(Kind::ReadState, None, u32::MAX, Effect::Cut),
    ]);
    let after = bench
        .ask(json!({"request": "stopCanister", "canister": running["id"]}))
        .await;
    assert_eq!(
        after["reading"]["status"]["runState"], "stopped",
        "the second sending is the same request, and its answer came: {after:#}"
    );
    network.mend();
    assert_eq!(
        version(&network, &running).await,
        before + 2,
        "and it was executed once"
    );
}

#[tokio::test]
async fn an_answer_that_the_root_key_does_not_vouch_for_is_not_believed() {
    let (network, bench) = held().await;
    let running = bench.canister(is_running).await;
    network.break_it([
        strike(Kind::Call, None, u32::MAX, Effect::WrongSignature),
        strike(Kind::ReadState, None, u32::MAX, Effect::WrongSignature),
    ]);
    let failure = bench
        .fail(json!({"request": "stopCanister", "canister": running["id"]}))
        .await;
    assert_eq!(
        (&failure["code"], &failure["certainty"]),
        (&json!("untrusted"), &json!("nothingSent")),
        "already the look before the stop is not believed, so nothing was stopped: {failure:#}"
    );
}
