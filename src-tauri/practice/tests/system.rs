//! The system canisters at their mainnet ids, as an unmodified agent meets them.
#![allow(clippy::unwrap_used)]

use candid::{CandidType, Decode, Deserialize, Encode, Nat, Principal, Reserved};
use canopic_practice::demo::OWNER_SEED;
use canopic_practice::interface::{CanisterIdRecord, CanisterStatusResult};
use canopic_practice::ledger::{Account, TransferError};
use canopic_practice::{Network, Options, start};
use ic_agent::Agent;
use ic_agent::identity::BasicIdentity;

const CYCLES_LEDGER: &str = "um5iw-rqaaa-aaaaq-qaaba-cai";
const MINTING: &str = "rkp4c-7iaaa-aaaaa-aaaca-cai";
const ICP_LEDGER: &str = "ryjl3-tyaaa-aaaaa-aaaba-cai";

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
struct Withdrawal {
    amount: Nat,
    to: Principal,
    created_at_time: Option<u64>,
}

#[derive(Debug, CandidType, Deserialize)]
enum WithdrawError {
    Duplicate { duplicate_of: Nat },
    InvalidReceiver { receiver: Principal },
    InsufficientFunds { balance: Nat },
}

#[derive(CandidType, Deserialize)]
struct Tokens {
    e8s: u64,
}

#[derive(CandidType)]
struct Payment {
    to: Vec<u8>,
    fee: Tokens,
    memo: u64,
    amount: Tokens,
}

#[derive(CandidType)]
struct TopUp {
    block_index: u64,
    canister_id: Principal,
}

async fn cycles_of(agent: &Agent, canister: Principal) -> Nat {
    let status = agent
        .update(&Principal::management_canister(), "canister_status")
        .with_effective_canister_id(canister)
        .with_arg(
            Encode!(&CanisterIdRecord {
                canister_id: canister
            })
            .unwrap(),
        )
        .call_and_wait()
        .await
        .unwrap();
    Decode!(&status, CanisterStatusResult).unwrap().cycles
}

#[tokio::test]
async fn a_canister_is_topped_up_once_from_cycles_and_once_from_icp() {
    let (network, agent) = network().await;
    let creation = Creation {
        amount: Nat::from(2_000_000_000_000_u64),
        created_at_time: None,
    };
    let reply = call(&agent, CYCLES_LEDGER, "create_canister", creation).await;
    let made = Decode!(&reply, Result<Created, CreateError>)
        .unwrap()
        .unwrap();
    let canister = made.canister_id;
    let before = cycles_of(&agent, canister).await;
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_nanos() as u64;
    let withdrawal = |to| Withdrawal {
        amount: Nat::from(5_000_000_000_000_u64),
        to,
        created_at_time: Some(now),
    };
    let mut answers = vec![];
    for to in [canister, canister, Principal::anonymous()] {
        let reply = call(&agent, CYCLES_LEDGER, "withdraw", withdrawal(to)).await;
        answers.push(Decode!(&reply, Result<Nat, WithdrawError>).unwrap());
    }
    assert!(
        matches!(
            &answers[..],
            [
                Ok(first),
                Err(WithdrawError::Duplicate { duplicate_of }),
                Err(WithdrawError::InvalidReceiver { .. }),
            ] if first == duplicate_of
        ),
        "once, not again, and not to nowhere: {answers:?}"
    );

    let mut subaccount = [0; 32];
    let bytes = canister.as_slice();
    subaccount[0] = bytes.len() as u8;
    subaccount[1..=bytes.len()].copy_from_slice(bytes);
    let purse = Account {
        owner: id(MINTING),
        subaccount: Some(subaccount.to_vec().into()),
    };
    let payment = Payment {
        to: purse.identifier(),
        fee: Tokens { e8s: 10_000 },
        memo: 0x5055_5054, // TPUP
        amount: Tokens { e8s: 100_000_000 },
    };
    let reply = call(&agent, ICP_LEDGER, "transfer", payment).await;
    let block_index = Decode!(&reply, Result<u64, Reserved>).unwrap().unwrap();
    let mut bought = vec![];
    for _ in 0..2 {
        let top_up = TopUp {
            block_index,
            canister_id: canister,
        };
        let reply = call(&agent, MINTING, "notify_top_up", top_up).await;
        bought.push(Decode!(&reply, Result<Nat, Reserved>).unwrap().unwrap());
    }
    assert_eq!(bought[0], bought[1], "told again, not bought again");
    let gained = cycles_of(&agent, canister).await - before;
    let paid = Nat::from(5_000_000_000_000_u64) + bought[0].clone();
    assert!(
        gained <= paid && gained > paid - 1_000_000_000_u64,
        "both came, less what asking costs: {gained} of {}",
        bought[0]
    );
    network.stop().await;
}

async fn read<T: for<'a> candid::utils::ArgumentDecoder<'a>>(
    agent: &Agent,
    canister: &str,
    method: &str,
    argument: Vec<u8>,
) -> T {
    let query = agent.query(&id(canister), method).with_arg(argument);
    candid::utils::decode_args(&query.call().await.unwrap()).unwrap()
}

#[derive(CandidType)]
struct AllowanceArgs {
    account: Account,
    spender: Account,
}

#[derive(CandidType, Deserialize)]
struct Allowance {
    allowance: Nat,
    expires_at: Option<u64>,
}

#[derive(CandidType, Deserialize)]
struct Standard {
    name: String,
}

#[derive(CandidType)]
struct Placed {
    principal: Option<Principal>,
}

#[derive(CandidType, Deserialize)]
struct Found {
    subnet_id: Option<Principal>,
}

#[tokio::test]
async fn the_ledgers_and_the_registry_tell_what_clients_read() {
    let (network, agent) = network().await;
    let me = Account::of(agent.get_principal().unwrap());
    for (ledger, symbol, decimals, fee) in [
        (CYCLES_LEDGER, "TCYCLES", 12_u8, 100_000_000_u64),
        (ICP_LEDGER, "ICP", 8, 10_000),
    ] {
        let nothing = || Encode!().unwrap();
        let (told,): (String,) = read(&agent, ledger, "icrc1_symbol", nothing()).await;
        assert_eq!(told, symbol, "its symbol");
        let (told,): (u8,) = read(&agent, ledger, "icrc1_decimals", nothing()).await;
        assert_eq!(told, decimals, "its decimals");
        let (told,): (Nat,) = read(&agent, ledger, "icrc1_fee", nothing()).await;
        assert_eq!(told, fee, "its fee");
        let (supply,): (Nat,) = read(&agent, ledger, "icrc1_total_supply", nothing()).await;
        let balance = Encode!(&me).unwrap();
        let (mine,): (Nat,) = read(&agent, ledger, "icrc1_balance_of", balance).await;
        assert!(
            mine > 0_u8 && mine <= supply,
            "the owner is not poor, nor richer than all"
        );
        let (standards,): (Vec<Standard>,) =
            read(&agent, ledger, "icrc1_supported_standards", nothing()).await;
        assert!(
            standards.iter().any(|standard| standard.name == "ICRC-2"),
            "both are told"
        );
        let (metadata,): (Vec<(String, Reserved)>,) =
            read(&agent, ledger, "icrc1_metadata", nothing()).await;
        assert!(
            metadata.iter().any(|(name, _)| name == "icrc1:fee"),
            "the fee is there, too"
        );
        let (account,): (Option<Account>,) =
            read(&agent, ledger, "icrc1_minting_account", nothing()).await;
        assert_eq!(account, None, "nobody mints by transfers");
        let args = AllowanceArgs {
            account: me.clone(),
            spender: Account::of(Principal::anonymous()),
        };
        let (allowance,): (Allowance,) =
            read(&agent, ledger, "icrc2_allowance", Encode!(&args).unwrap()).await;
        assert_eq!(
            (allowance.allowance, allowance.expires_at),
            (Nat::from(0_u8), None),
            "nobody may spend what is somebody else's"
        );
    }
    let somewhere = Principal::from_text(&network.ready().default_effective_canister_id).unwrap();
    for (place, found) in [(somewhere, true), (Principal::anonymous(), false)] {
        let args = Placed {
            principal: Some(place),
        };
        let (answer,): (Result<Found, String>,) = read(
            &agent,
            "rwlgt-iiaaa-aaaaa-aaaaa-cai",
            "get_subnet_for_canister",
            Encode!(&args).unwrap(),
        )
        .await;
        assert_eq!(
            answer
                .ok()
                .and_then(|found| found.subnet_id)
                .map(|id| id.to_text()),
            found.then(|| network.ready().subnets[1].clone()),
            "where {place} lives"
        );
    }
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
