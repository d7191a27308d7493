//! The network at its own pace: what it does not take at once.
#![allow(clippy::unwrap_used)]

use candid::Principal;
use canopic_practice::blocks::World;
use canopic_practice::canister::Canister;
use canopic_practice::interface::{SnapshotDataOffset, UploadCanisterSnapshotMetadataArgs};
use canopic_practice::limits::{HEAP_DELTA, Rate};
use canopic_practice::settings::Settings;
use canopic_practice::snapshot::{upload_data, upload_metadata};
use canopic_practice::subnet::Topology;
use canopic_practice::{Network, Options, start};
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Asks as nobody does who has an agent: without trying again.
async fn get(network: &Network, path: &str) -> String {
    let address = network
        .ready()
        .url
        .trim_start_matches("http://")
        .trim_end_matches('/');
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![];
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn requests_past_the_rate_get_429_but_the_control_endpoint_answers() {
    let network = start(Options {
        // Never fills again: what is let in does not depend on how long the test takes.
        rate: Some(Rate {
            burst: 3,
            per_second: 0,
        }),
        ..Options::default()
    })
    .await
    .unwrap();
    for number in 1..=3 {
        let answer = get(&network, "/api/v2/status").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{number}: {answer}");
    }
    for number in 4..=5 {
        let answer = get(&network, "/api/v2/status").await;
        assert!(answer.starts_with("HTTP/1.1 429"), "{number}: {answer}");
        assert!(answer.contains("error: rate_limited"), "in words: {answer}");
    }
    let steering = get(&network, "/_/faults").await;
    assert!(
        steering.starts_with("HTTP/1.1 200"),
        "who has run into the limit can still steer: {steering}"
    );
    network.stop().await;
}

#[test]
fn who_wrote_too_much_is_refused_until_blocks_digested_it() {
    let topology = Arc::new(Topology::derive(1, 0).unwrap());
    let mut world = World::new(topology, 0);
    world.limits_heap_delta = true;
    let subnet = Topology::DEFAULT_SUBNET;
    let id = world.new_canister_id(subnet, None).unwrap();
    world.insert(Canister::new(
        id,
        subnet,
        Settings::of(Principal::anonymous()),
        1 << 60,
    ));
    let args = UploadCanisterSnapshotMetadataArgs {
        canister_id: id,
        replace_snapshot: None,
        wasm_module_size: 10,
        globals: vec![],
        wasm_memory_size: 65_536,
        stable_memory_size: 0,
        certified_data: vec![],
        global_timer: None,
        on_low_wasm_memory_hook_status: None,
    };
    let snapshot = upload_metadata(&mut world, subnet, &args)
        .unwrap()
        .to_bytes();
    let kind = SnapshotDataOffset::WasmMemory { offset: 0 };
    let write = |world: &mut World| upload_data(world, subnet, id, &snapshot, &kind, &[1; 1000]);
    world.add_heap_delta(id, 2 * HEAP_DELTA - 1000);
    write(&mut world).unwrap_err();
    world.advance(1, [], false);
    write(&mut world).expect("a thousand bytes less than the limit are left");
    let debit = HEAP_DELTA;
    let refused = upload_metadata(&mut world, subnet, &args).unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!(
            "IC0210: Canister {id} is heap delta rate limited: current delta debit is {debit}, but limit is {debit}."
        ),
        "those bytes count"
    );
    let refused = write(&mut world).unwrap_err().to_string();
    assert!(
        refused.starts_with(&format!("IC0504: Error from Wasm chunk store: Canister is heap delta rate limited. Current delta debit: {debit}")),
        "{refused}"
    );
    world.advance(2, [], false);
    upload_metadata(&mut world, subnet, &args).expect("a block later it may go on");
}
