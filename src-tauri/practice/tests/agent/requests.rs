//! What makes a request one that is believed: signatures, delegations, its window, its size; in every version of the interface.

use super::*;

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

#[tokio::test]
async fn nonces_have_a_length() {
    let network = network(false).await;
    let with_nonce = |length: usize| {
        let agent = Agent::builder()
            .with_url(&network.ready().url)
            .with_identity(owner())
            .with_nonce_factory(NonceFactory::from_iterator(Box::new(std::iter::repeat(
                vec![7; length],
            ))))
            .build()
            .unwrap();
        agent.set_root_key(hex::decode(&network.ready().root_key).unwrap());
        agent
    };
    create(&with_nonce(32), &network)
        .await
        .expect("32 bytes are a nonce");
    let error = create(&with_nonce(33), &network).await.unwrap_err();
    let AgentError::HttpError(payload) = error else {
        panic!("refused at the door: {error}");
    };
    let words = String::from_utf8_lossy(&payload.content);
    assert_eq!(payload.status, 400, "{words}");
    assert!(
        words.contains("33 bytes"),
        "it says how long it was: {words}"
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
