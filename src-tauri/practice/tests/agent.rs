//! An unmodified agent against the practice network. The root key is set, never fetched: every certificate that the agent accepts
//! here was verified against the key that the network announced.
#![allow(clippy::unwrap_used)]

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
use ic_agent::{Agent, AgentError, Identity};
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
async fn all_kinds_of_signatures_are_understood() {
    let network = network(false).await;
    let secp256k1 =
        Secp256k1Identity::from_private_key(k256::SecretKey::from_slice(&[7; 32]).unwrap());
    let p256 = Prime256v1Identity::from_private_key(p256::SecretKey::from_slice(&[7; 32]).unwrap());
    create(&agent(&network, secp256k1), &network).await.unwrap();
    create(&agent(&network, p256), &network).await.unwrap();
    create(&agent(&network, AnonymousIdentity), &network)
        .await
        .unwrap();

    let device = BasicIdentity::from_raw_key(&[9; 32]);
    let delegated = |expiration: u64, targets| {
        let delegation = Delegation {
            pubkey: device.public_key().unwrap(),
            expiration,
            targets,
            permissions: None,
        };
        let signature = owner()
            .sign_delegation(&delegation)
            .unwrap()
            .signature
            .unwrap();
        let chain = vec![SignedDelegation {
            delegation,
            signature,
        }];
        DelegatedIdentity::new(
            owner().public_key().unwrap(),
            Box::new(BasicIdentity::from_raw_key(&[9; 32])),
            chain,
        )
        .unwrap()
    };
    create(&agent(&network, delegated(u64::MAX, None)), &network)
        .await
        .unwrap();
    let management_only = Some(vec![Principal::management_canister()]);
    create(
        &agent(&network, delegated(u64::MAX, management_only)),
        &network,
    )
    .await
    .unwrap();
    for refused in [
        delegated(1, None),
        delegated(u64::MAX, Some(vec![Principal::anonymous()])),
    ] {
        let error = create(&agent(&network, refused), &network)
            .await
            .unwrap_err();
        assert!(
            matches!(&error, AgentError::HttpError(payload) if payload.status == 400),
            "expired or for another canister: {error}"
        );
    }
    network.stop().await;
}

#[tokio::test]
async fn chains_of_delegations_have_rules() {
    let network = network(false).await;
    let key = |number: u8| BasicIdentity::from_raw_key(&[number; 32]);
    let sign = |from: &BasicIdentity, to: &BasicIdentity, permissions| {
        let delegation = Delegation {
            pubkey: to.public_key().unwrap(),
            expiration: u64::MAX,
            targets: None,
            permissions,
        };
        let signature = from.sign_delegation(&delegation).unwrap().signature;
        SignedDelegation {
            delegation,
            signature: signature.unwrap(),
        }
    };
    let chain = |numbers: &[u8]| -> Vec<SignedDelegation> {
        let pairs = numbers.windows(2);
        pairs
            .map(|pair| sign(&key(pair[0]), &key(pair[1]), None))
            .collect()
    };
    let acting = |chain: Vec<SignedDelegation>, last: u8| {
        let first = key(1).public_key().unwrap();
        agent(
            &network,
            DelegatedIdentity::new_unchecked(first, Box::new(key(last)), chain),
        )
    };
    let longest: Vec<u8> = (1..=21).collect();
    create(&acting(chain(&longest), 21), &network)
        .await
        .expect("twenty delegations are a chain");
    let mut forged = chain(&[1, 2]);
    forged[0].signature[5] ^= 1;
    let too_long: Vec<u8> = (1..=22).collect();
    for (what, chain, last) in [
        ("a forged delegation", forged, 2),
        ("of somebody else", chain(&[3, 2]), 2),
        ("to somebody else", chain(&[1, 2]), 3),
        ("in a circle", chain(&[1, 2, 1]), 1),
        ("too long a chain", chain(&too_long), 22),
        (
            "for queries only",
            vec![sign(&key(1), &key(2), Some(DelegationPermissions::Queries))],
            2,
        ),
    ] {
        let error = create(&acting(chain, last), &network).await.unwrap_err();
        assert!(
            matches!(&error, AgentError::HttpError(payload) if payload.status == 400),
            "{what}: {error}"
        );
    }
    network.stop().await;
}

#[tokio::test]
async fn calls_have_a_window_and_a_size() {
    let network = network(false).await;
    let agent = agent(&network, owner());
    let id = create(&agent, &network).await.unwrap();
    let now = std::time::SystemTime::now();
    let minute = Duration::from_secs(60);
    let refusal = async |call: UpdateBuilder<'_>| match call.call_and_wait().await.unwrap_err() {
        AgentError::HttpError(payload) => (
            payload.status,
            String::from_utf8_lossy(&payload.content).into_owned(),
        ),
        other => panic!("refused at the door: {other}"),
    };
    for expiry in [now - minute, now + 7 * minute] {
        let (status, words) = refusal(agent.update(&id, "go").expire_at(expiry)).await;
        assert_eq!(status, 400, "{words}");
        assert!(words.starts_with("Invalid request expiry"), "{words}");
    }
    let large = agent.update(&id, "go").with_arg(vec![0; 2 << 20]);
    let (status, words) = refusal(large).await;
    assert_eq!(status, 413, "{words}");
    assert!(
        words.contains("is larger than the max allowed 2097152"),
        "{words}"
    );
    network.stop().await;
}

/// Posts a body as it is; gives the status and the body of the answer.
async fn post(network: &Network, path: &str, body: &[u8]) -> (String, Vec<u8>) {
    let mut stream = tokio::net::TcpStream::connect(network.address())
        .await
        .unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/cbor\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        network.address(),
        body.len()
    );
    stream
        .write_all(&[head.as_bytes(), body].concat())
        .await
        .unwrap();
    let mut answer = vec![];
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap();
    let status = String::from_utf8_lossy(&answer[9..12]).into_owned();
    (status, answer.split_off(end + 4))
}

/// The certificate in a body.
fn certificate(body: &[u8]) -> Certificate {
    let body: ciborium::Value = ciborium::from_reader(body).unwrap();
    let body = body.into_tag().unwrap().1.into_map().unwrap();
    let (_, certificate) = body
        .into_iter()
        .find(|(key, _)| key.as_text() == Some("certificate"))
        .unwrap();
    serde_cbor::from_slice(certificate.as_bytes().unwrap()).unwrap()
}

#[tokio::test]
async fn older_versions_of_the_interface_answer_as_they_did() {
    let network = network(false).await;
    let agent = agent(&network, owner());
    let id = create(&agent, &network).await.unwrap();
    let stop = async || {
        let record = CanisterIdRecord { canister_id: id };
        agent
            .update(&Principal::management_canister(), "stop_canister")
            .with_effective_canister_id(id)
            .with_arg(Encode!(&record).unwrap())
            .sign()
            .unwrap()
    };
    let call = stop().await;
    let path = format!("/api/v2/canister/{id}/call");
    let (status, body) = post(&network, &path, &call.signed_update).await;
    assert_eq!(
        (status.as_str(), body.len()),
        ("202", 0),
        "taken in, and no more is said"
    );
    agent
        .wait(&call.request_id, id)
        .await
        .expect("the outcome is polled for");

    for (version, has_shards) in [("v3", false), ("v4", true)] {
        let call = stop().await;
        let path = format!("/api/{version}/canister/{id}/call");
        let (status, body) = post(&network, &path, &call.signed_update).await;
        assert_eq!(status, "200", "{version} waits for the outcome");
        let certificate = certificate(&body);
        agent
            .verify(&certificate, id)
            .expect("both layouts of ranges prove it");
        let delegation = certificate.delegation.unwrap();
        let inner: Certificate = serde_cbor::from_slice(&delegation.certificate).unwrap();
        let flat: [Label<Vec<u8>>; 3] = [
            "subnet".into(),
            Label::from_bytes(&delegation.subnet_id),
            "canister_ranges".into(),
        ];
        assert_eq!(
            matches!(inner.tree.lookup_path(&flat), LookupResult::Found(_)),
            !has_shards,
            "{version} has its own layout"
        );
    }
    network.stop().await;
}

#[tokio::test]
async fn the_same_request_happens_once() {
    let network = network(false).await;
    let agent = agent(&network, owner());
    let effective = Principal::from_text(&network.ready().default_effective_canister_id).unwrap();
    let signed = agent
        .update(
            &Principal::management_canister(),
            "provisional_create_canister_with_cycles",
        )
        .with_effective_canister_id(effective)
        .with_arg(Encode!(&ProvisionalCreateCanisterWithCyclesArgs::default()).unwrap())
        .sign()
        .unwrap();
    let mut ids = vec![];
    for _ in 0..3 {
        let sent = agent
            .update_signed(effective, signed.signed_update.clone())
            .await
            .unwrap();
        let reply = match sent {
            ic_agent::agent::CallResponse::Response(reply) => reply,
            ic_agent::agent::CallResponse::Poll(request) => {
                agent.wait(&request, effective).await.unwrap().0
            }
        };
        ids.push(Decode!(&reply, CanisterIdRecord).unwrap().canister_id);
    }
    assert!(
        ids.iter().all(|id| *id == ids[0]),
        "a retry of the same bytes finds the first outcome: {ids:?}"
    );
    network.stop().await;
}

#[tokio::test]
async fn forged_envelopes_are_refused() {
    let network = network(false).await;
    let agent = agent(&network, owner());
    let effective = Principal::from_text(&network.ready().default_effective_canister_id).unwrap();
    let signed = agent
        .update(
            &Principal::management_canister(),
            "provisional_create_canister_with_cycles",
        )
        .with_effective_canister_id(effective)
        .with_arg(Encode!(&ProvisionalCreateCanisterWithCyclesArgs::default()).unwrap())
        .sign()
        .unwrap()
        .signed_update;
    let name = b"provisional_create_canister_with_cycles";
    let at = signed
        .windows(name.len())
        .position(|window| window == name)
        .unwrap();
    let mut forged = signed.clone();
    forged[at..at + name.len()].copy_from_slice(b"provisional_create_canister_with_cycleZ");
    let mut late = signed.clone();
    late.truncate(signed.len() / 2);
    for (what, body) in [
        ("another content", &forged[..]),
        ("half of it", &late),
        ("nothing", &[]),
        ("no CBOR", b"hello"),
    ] {
        let head = format!(
            "POST /api/v4/canister/{effective}/call HTTP/1.1\r\nHost: ADDRESS\r\nContent-Type: application/cbor\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        let answer = raw(&network, &head, body).await;
        assert!(
            answer.starts_with("HTTP/1.1 400"),
            "{what} is refused: {answer}"
        );
    }
    network.stop().await;
}

async fn raw(network: &Network, head: &str, body: &[u8]) -> String {
    let address = network
        .ready()
        .url
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned();
    let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    stream
        .write_all(&[head.replace("ADDRESS", &address).as_bytes(), body].concat())
        .await
        .unwrap();
    let mut answer = vec![];
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn foreign_hosts_are_refused() {
    let network = network(false).await;
    let get = |host: &str| {
        format!("GET /api/v2/status HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
    };
    assert!(
        raw(&network, &get("ADDRESS"), &[])
            .await
            .starts_with("HTTP/1.1 200"),
        "its own address is fine"
    );
    assert!(
        raw(&network, &get("evil.example"), &[])
            .await
            .starts_with("HTTP/1.1 403"),
        "a page's own name is not"
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
