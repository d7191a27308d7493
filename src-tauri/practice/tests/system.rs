//! The system canisters at their mainnet ids, as an unmodified agent meets them.
#![allow(clippy::unwrap_used)]

use candid::{CandidType, Decode, Deserialize, Encode, Nat, Principal};
use canopic_practice::demo::OWNER_SEED;
use canopic_practice::ledger::{Account, TransferError};
use canopic_practice::{Network, Options, start};
use ic_agent::Agent;
use ic_agent::identity::BasicIdentity;

const CYCLES_LEDGER: &str = "um5iw-rqaaa-aaaaq-qaaba-cai";
const MINTING: &str = "rkp4c-7iaaa-aaaaa-aaaca-cai";

async fn network() -> (Network, Agent) {
    let network = start(Options::default()).await.unwrap();
    let identity = BasicIdentity::from_raw_key(&OWNER_SEED);
    let agent = Agent::builder()
        .with_url(&network.ready().url)
        .with_identity(identity)
        .build()
        .unwrap();
    agent.set_root_key(hex::decode(&network.ready().root_key).unwrap());
    (network, agent)
}

fn id(text: &str) -> Principal {
    Principal::from_text(text).unwrap()
}

async fn call(agent: &Agent, canister: &str, method: &str, argument: impl CandidType) -> Vec<u8> {
    agent
        .update(&id(canister), method)
        .with_arg(Encode!(&argument).unwrap())
        .call_and_wait()
        .await
        .unwrap()
}

async fn balance(agent: &Agent) -> Nat {
    let account = Account::of(agent.get_principal().unwrap());
    let reply = agent
        .query(&id(CYCLES_LEDGER), "icrc1_balance_of")
        .with_arg(Encode!(&account).unwrap())
        .call()
        .await
        .unwrap();
    Decode!(&reply, Nat).unwrap()
}

#[derive(CandidType)]
struct Creation {
    amount: Nat,
    created_at_time: Option<u64>,
}

#[derive(Debug, CandidType, Deserialize)]
struct Created {
    canister_id: Principal,
}

#[derive(Debug, CandidType, Deserialize)]
enum CreateError {
    Duplicate { canister_id: Option<Principal> },
    InsufficientFunds { balance: Nat },
    FailedToCreate { error: String },
}

#[tokio::test]
async fn a_canister_is_bought_once() {
    let (network, agent) = network().await;
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_nanos() as u64;
    let creation = || Creation {
        amount: Nat::from(2_000_000_000_000_u64),
        created_at_time: Some(now),
    };
    let before = balance(&agent).await;
    let reply = call(&agent, CYCLES_LEDGER, "create_canister", creation()).await;
    let made = Decode!(&reply, Result<Created, CreateError>)
        .unwrap()
        .unwrap()
        .canister_id;
    assert_eq!(
        balance(&agent).await,
        before.clone() - 2_000_100_000_000_u64,
        "the amount and the fee"
    );
    let reply = call(&agent, CYCLES_LEDGER, "create_canister", creation()).await;
    let again = Decode!(&reply, Result<Created, CreateError>).unwrap();
    assert!(
        matches!(again, Err(CreateError::Duplicate { canister_id: Some(id) }) if id == made),
        "found, not made again: {again:?}"
    );
    assert_eq!(
        balance(&agent).await,
        before - 2_000_100_000_000_u64,
        "nor paid again"
    );
    let controllers = agent.read_state_canister_controllers(made).await.unwrap();
    assert_eq!(
        controllers,
        [agent.get_principal().unwrap()],
        "whoever pays controls it"
    );
    let too_little = Creation {
        amount: Nat::from(1_u8),
        created_at_time: None,
    };
    let reply = call(&agent, CYCLES_LEDGER, "create_canister", too_little).await;
    let refused = Decode!(&reply, Result<Created, CreateError>).unwrap();
    assert!(
        matches!(refused, Err(CreateError::FailedToCreate { .. })),
        "one cycle makes no canister: {refused:?}"
    );
    network.stop().await;
}

#[tokio::test]
async fn the_minting_canister_knows_the_subnets() {
    let (network, agent) = network().await;
    let reply = agent
        .query(&id(MINTING), "get_default_subnets")
        .with_arg(Encode!().unwrap())
        .call()
        .await
        .unwrap();
    let subnets: Vec<String> = Decode!(&reply, Vec<Principal>)
        .unwrap()
        .iter()
        .map(Principal::to_text)
        .collect();
    assert_eq!(
        subnets,
        network.ready().subnets[1..],
        "canisters are made on application subnets"
    );
    network.stop().await;
}

#[derive(CandidType)]
struct Transfer {
    to: Account,
    amount: Nat,
}

#[tokio::test]
async fn more_than_there_is_is_not_spent() {
    let (network, agent) = network().await;
    let transfer = Transfer {
        to: Account::of(Principal::anonymous()),
        amount: balance(&agent).await,
    };
    let reply = call(&agent, CYCLES_LEDGER, "icrc1_transfer", transfer).await;
    let refused = Decode!(&reply, Result<Nat, TransferError>).unwrap();
    assert!(
        matches!(refused, Err(TransferError::InsufficientFunds { .. })),
        "nothing is left for the fee: {refused:?}"
    );
    network.stop().await;
}
