//! An unmodified agent against the practice network. The root key is set, never fetched: every certificate that the agent accepts
//! here was verified against the key that the network announced.
//!
//! `requests` is about what is sent, this file about what comes of it.
#![allow(clippy::unwrap_used)]

mod requests;

use candid::{CandidType, Decode, Encode, Principal};
use canopic_practice::demo::OWNER_SEED;
use canopic_practice::interface::{
    CanisterIdRecord, CanisterInstallMode, CanisterStatusResult, CanisterStatusType,
    CreateCanisterArgs, InstallCodeArgs, LoadCanisterSnapshotArgs,
    ProvisionalCreateCanisterWithCyclesArgs, Snapshot, TakeCanisterSnapshotArgs,
};
use canopic_practice::{Network, Options, StartError, start};
use ic_agent::Certificate;
use ic_agent::agent::{EffectiveId, UpdateBuilder};
use ic_agent::hash_tree::{Label, LookupResult};
use ic_agent::identity::{
    AnonymousIdentity, BasicIdentity, DelegatedIdentity, Delegation, DelegationPermissions,
    Prime256v1Identity, Secp256k1Identity, SignedDelegation,
};
use ic_agent::{Agent, AgentError, Identity, NonceFactory};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn network(demo: bool) -> Network {
    start(Options {
        demo,
        ..Options::default()
    })
    .await
    .unwrap()
}

fn agent(network: &Network, identity: impl Identity + 'static) -> Agent {
    let agent = Agent::builder()
        .with_url(&network.ready().url)
        .with_identity(identity)
        .build()
        .unwrap();
    agent.set_root_key(hex::decode(&network.ready().root_key).unwrap());
    agent
}

fn owner() -> BasicIdentity {
    BasicIdentity::from_raw_key(&OWNER_SEED)
}

async fn manage(
    agent: &Agent,
    effective: Principal,
    method: &str,
    args: impl CandidType,
) -> Result<Vec<u8>, AgentError> {
    let arg = Encode!(&args).unwrap();
    agent
        .update(&Principal::management_canister(), method)
        .with_effective_canister_id(effective)
        .with_arg(arg)
        .call_and_wait()
        .await
}

async fn create(agent: &Agent, network: &Network) -> Result<Principal, AgentError> {
    let effective = Principal::from_text(&network.ready().default_effective_canister_id).unwrap();
    let args = ProvisionalCreateCanisterWithCyclesArgs::default();
    let reply = manage(
        agent,
        effective,
        "provisional_create_canister_with_cycles",
        args,
    )
    .await?;
    Ok(Decode!(&reply, CanisterIdRecord).unwrap().canister_id)
}

async fn status(agent: &Agent, id: Principal) -> CanisterStatusResult {
    let reply = manage(
        agent,
        id,
        "canister_status",
        CanisterIdRecord { canister_id: id },
    )
    .await
    .unwrap();
    Decode!(&reply, CanisterStatusResult).unwrap()
}

#[tokio::test]
async fn a_canister_is_made_installed_stopped_and_started() {
    let network = network(false).await;
    let agent = agent(&network, owner());
    let id = create(&agent, &network).await.unwrap();
    let module = wat::parse_str(
        r#"(module (memory 3) (@custom "icp:public candid:service" "service : {}"))"#,
    )
    .unwrap();
    let install = InstallCodeArgs {
        mode: CanisterInstallMode::Install,
        canister_id: id,
        wasm_module: module.clone(),
        arg: vec![],
        sender_canister_version: None,
    };
    manage(&agent, id, "install_code", install).await.unwrap();
    let record = CanisterIdRecord { canister_id: id };
    manage(&agent, id, "stop_canister", record.clone())
        .await
        .unwrap();
    let stopped = status(&agent, id).await;
    assert_eq!(
        stopped.status,
        CanisterStatusType::Stopped,
        "stopping was awaited"
    );
    assert_eq!(
        stopped.version, 3,
        "one for the installation, two for stopping"
    );
    assert_eq!(
        stopped.memory_metrics.wasm_memory_size,
        3_u32 * 65_536,
        "three pages of heap"
    );
    manage(&agent, id, "start_canister", record).await.unwrap();
    assert_eq!(
        status(&agent, id).await.status,
        CanisterStatusType::Running,
        "it runs again"
    );

    let hash = agent.read_state_canister_module_hash(id).await.unwrap();
    assert_eq!(
        hash,
        <sha2::Sha256 as sha2::Digest>::digest(&module).to_vec(),
        "the certified hash is that of the module"
    );
    let candid = agent
        .read_state_canister_metadata(id, "candid:service")
        .await
        .unwrap();
    assert_eq!(candid, b"service : {}", "public sections are certified");
    let controllers = agent.read_state_canister_controllers(id).await.unwrap();
    assert_eq!(
        controllers,
        [agent.get_principal().unwrap()],
        "the maker controls it"
    );
    network.stop().await;
}

#[tokio::test]
async fn what_is_not_there_is_provably_absent() {
    let network = network(false).await;
    let agent = agent(&network, owner());
    let id = create(&agent, &network).await.unwrap();
    // The agent says "absent" only when the certificate proves it; otherwise it says "unknown".
    let hash = agent.read_state_canister_module_hash(id).await;
    assert!(
        matches!(hash, Err(AgentError::LookupPathAbsent(_))),
        "an empty canister has no module hash: {hash:?}"
    );
    let section = agent.read_state_canister_metadata(id, "nothing").await;
    assert!(
        matches!(section, Err(AgentError::LookupPathAbsent(_))),
        "nor any metadata: {section:?}"
    );
    network.stop().await;
}

/// A time of a canister as its certificate tells it.
async fn certified_time(agent: &Agent, id: Principal, what: &str) -> Option<u64> {
    let path: Vec<Label<Vec<u8>>> = vec![
        "canister".into(),
        Label::from_bytes(id.as_slice()),
        what.into(),
    ];
    let certificate = agent.read_state_raw(vec![path.clone()], id).await.unwrap();
    match certificate.tree.lookup_path(&path) {
        // LEB128: seven bits in each byte, the lowest first.
        LookupResult::Found(bytes) => Some(
            bytes
                .iter()
                .rev()
                .fold(0, |number, byte| number << 7 | u64::from(byte & 0x7f)),
        ),
        LookupResult::Absent => None,
        other => panic!("neither there nor provably absent: {other:?}"),
    }
}

#[tokio::test]
async fn the_times_of_creation_and_installation_are_certified() {
    let network = network(false).await;
    let agent = agent(&network, owner());
    let id = create(&agent, &network).await.unwrap();
    let created = async || certified_time(&agent, id, "canister_creation_timestamp").await;
    let installed = async || certified_time(&agent, id, "last_install_timestamp").await;
    let born = created()
        .await
        .expect("the network knows when it made a canister");
    assert_eq!(installed().await, None, "nothing was installed yet");
    let install = |mode| InstallCodeArgs {
        mode,
        canister_id: id,
        wasm_module: b"\0asm\x01\0\0\0".to_vec(),
        arg: vec![],
        sender_canister_version: None,
    };
    let mut last = born;
    let modes = [
        CanisterInstallMode::Install,
        CanisterInstallMode::Upgrade(None),
        CanisterInstallMode::Reinstall,
    ];
    for mode in modes {
        manage(&agent, id, "install_code", install(mode))
            .await
            .unwrap();
        let now = installed().await.expect("there is code");
        assert!(now > last, "{mode:?} sets it");
        last = now;
    }
    let take = TakeCanisterSnapshotArgs {
        canister_id: id,
        replace_snapshot: None,
        uninstall_code: Some(true),
        sender_canister_version: None,
    };
    let taken = manage(&agent, id, "take_canister_snapshot", take)
        .await
        .unwrap();
    assert_eq!(installed().await, None, "the code is gone");
    let load = LoadCanisterSnapshotArgs {
        canister_id: id,
        snapshot_id: Decode!(&taken, Snapshot).unwrap().id,
        sender_canister_version: None,
    };
    manage(&agent, id, "load_canister_snapshot", load)
        .await
        .unwrap();
    assert!(installed().await > Some(last), "loading is an installation");
    assert_eq!(
        created().await,
        Some(born),
        "nothing changes the day of birth"
    );
    network.stop().await;
}

#[tokio::test]
async fn what_is_for_administrators_of_subnets_is_refused() {
    let network = network(false).await;
    let agent = agent(&network, owner());
    let subnet = EffectiveId::Subnet(Principal::from_text(&network.ready().subnets[1]).unwrap());
    let management = Principal::management_canister();
    let list = agent
        .query(&management, "list_canisters")
        .with_arg(Encode!().unwrap())
        .sign()
        .unwrap();
    let listed = agent.query_signed(subnet, list.signed_query).await;
    let create = CreateCanisterArgs {
        settings: None,
        sender_canister_version: None,
    };
    let create = agent
        .update(&management, "create_canister")
        .with_arg(Encode!(&create).unwrap())
        .sign()
        .unwrap();
    let created = agent.update_signed(subnet, create.signed_update).await;
    for error in [listed.unwrap_err(), created.unwrap_err()] {
        let AgentError::UncertifiedReject { reject, .. } = error else {
            panic!("a rejection in the network's own form: {error}");
        };
        assert_eq!(
            reject.error_code.as_deref(),
            Some("IC0406"),
            "{}",
            reject.reject_message
        );
    }
    network.stop().await;
}

#[tokio::test]
async fn queries_are_signed_by_a_node() {
    let network = network(true).await;
    let agent = agent(&network, owner());
    let id = network.fleet()[0].id;
    let reply = agent
        .query(&Principal::management_canister(), "canister_status")
        .with_effective_canister_id(id)
        .with_arg(Encode!(&CanisterIdRecord { canister_id: id }).unwrap())
        .call()
        .await
        .unwrap();
    let status = Decode!(&reply, CanisterStatusResult).unwrap();
    assert!(
        status.module_hash.is_some(),
        "the agent checked the signature and the node's key before it gave us this"
    );
    network.stop().await;
}

#[tokio::test]
async fn only_loopback_and_free_addresses_are_taken() {
    let far = start(Options {
        listen: "0.0.0.0:0".parse().unwrap(),
        ..Options::default()
    })
    .await;
    assert!(
        matches!(far, Err(StartError::NotLoopback(_))),
        "the network is never offered to others"
    );
    let network = network(false).await;
    let address = network
        .ready()
        .url
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .parse()
        .unwrap();
    let second = start(Options {
        listen: address,
        ..Options::default()
    })
    .await;
    assert!(
        matches!(second, Err(StartError::AddressInUse(_))),
        "the app can say what is wrong"
    );
    network.stop().await;
}

#[tokio::test]
async fn the_fleet_is_the_same_every_time() {
    let (first, second) = (network(true).await, network(true).await);
    assert_eq!(first.fleet(), second.fleet(), "same ids");
    assert_eq!(
        first.ready().root_key,
        second.ready().root_key,
        "same root key"
    );
    assert_eq!(first.fleet().len(), 10, "ten canisters");
    let agent = agent(&first, owner());
    let mut stopped = 0;
    for member in first.fleet() {
        let controllers = agent
            .read_state_canister_controllers(member.id)
            .await
            .unwrap();
        if controllers == [agent.get_principal().unwrap()] {
            stopped +=
                usize::from(status(&agent, member.id).await.status == CanisterStatusType::Stopped);
        } else {
            assert_eq!(
                member.name, "shipping_partner",
                "one canister is somebody else's"
            );
        }
    }
    assert_eq!(stopped, 1, "one is stopped");
    first.stop().await;
    second.stop().await;
}
