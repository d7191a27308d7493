//! Hostile bytes, from fixed seeds: what reads them answers in words or refuses, and never panics.
#![allow(clippy::unwrap_used)]

use candid::{Encode, Principal};
use canopic_practice::ingress::{self, Expected};
use canopic_practice::interface::{
    OnLowWasmMemoryHookStatus, SnapshotMetadataGlobal, UploadCanisterSnapshotMetadataArgs,
};
use canopic_practice::management::Request;
use ic_agent::Agent;
use ic_agent::identity::BasicIdentity;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

/// The same cases every time: a failure here is a failure everywhere.
fn config() -> Config {
    Config {
        cases: 2000,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..Config::default()
    }
}

/// A change to some bytes: overwrite one, cut the rest off, or put something in.
#[derive(Clone, Debug)]
enum Change {
    Overwrite(usize, u8),
    Cut(usize),
    Insert(usize, Vec<u8>),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Change::Overwrite(at, byte)),
        1 => any::<usize>().prop_map(Change::Cut),
        2 => (any::<usize>(), prop::collection::vec(any::<u8>(), 1..20)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: Vec<Change>) -> Vec<u8> {
    for change in changes {
        let length = bytes.len().max(1);
        match change {
            Change::Overwrite(at, byte) if !bytes.is_empty() => bytes[at % length] = byte,
            Change::Overwrite(..) => {}
            Change::Cut(at) => bytes.truncate(at % length),
            Change::Insert(at, more) => {
                let at = at % (bytes.len() + 1);
                bytes.splice(at..at, more);
            }
        }
    }
    bytes
}

fn envelope() -> Vec<u8> {
    let identity = BasicIdentity::from_raw_key(&[1; 32]);
    let agent = Agent::builder()
        .with_url("http://127.0.0.1")
        .with_identity(identity)
        .build()
        .unwrap();
    let call = agent
        .update(&Principal::management_canister(), "canister_status")
        .with_arg(metadata());
    call.with_effective_canister_id(Principal::management_canister())
        .sign()
        .unwrap()
        .signed_update
}

fn metadata() -> Vec<u8> {
    Encode!(&UploadCanisterSnapshotMetadataArgs {
        canister_id: Principal::anonymous(),
        replace_snapshot: Some(vec![0; 18]),
        wasm_module_size: 100,
        globals: vec![
            SnapshotMetadataGlobal::V128(candid::Nat::from(u128::MAX)),
            SnapshotMetadataGlobal::F32(f32::NAN)
        ],
        wasm_memory_size: 65_536,
        stable_memory_size: 0,
        certified_data: vec![7; 32],
        global_timer: None,
        on_low_wasm_memory_hook_status: Some(OnLowWasmMemoryHookStatus::Ready),
    })
    .unwrap()
}

#[test]
fn changed_envelopes_are_refused() {
    let (original, now) = (envelope(), canopic_practice::blocks::wall_clock());
    ingress::open(&original, Expected::Call, now).unwrap();
    let mut runner = proptest::test_runner::TestRunner::new(config());
    let run = runner.run(&prop::collection::vec(change(), 1..5), |changes| {
        let bytes = changed(original.clone(), changes);
        // Only a body that means the same may still be believed: the signature covers the content.
        if let Ok(envelope) = ingress::open(&bytes, Expected::Call, now) {
            let believed = ingress::open(&original, Expected::Call, now)
                .map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(envelope.id, believed.id, "something unsigned was believed");
        }
        Ok(())
    });
    run.unwrap();
}

#[test]
fn arguments_never_break_the_decoder() {
    let methods = [
        "upload_canister_snapshot_metadata",
        "install_code",
        "update_settings",
        "read_canister_snapshot_data",
        "canister_status",
    ];
    let original = metadata();
    let mut runner = proptest::test_runner::TestRunner::new(config());
    let run = runner.run(
        &(
            prop::sample::select(methods.to_vec()),
            prop::collection::vec(change(), 0..6),
        ),
        |(method, changes)| {
            let parsed = Request::parse(method, &changed(original.clone(), changes));
            if let Some(Err(reject)) = parsed {
                prop_assert_eq!(reject.error, "IC0408", "bad arguments have their code");
            }
            Ok(())
        },
    );
    run.unwrap();
}

#[test]
fn a_bomb_of_types_is_refused_quickly() {
    // A vector of a billion nulls takes no bytes each: `vec null`, then the length in LEB128.
    let mut bomb = b"DIDL\x01\x6d\x7f\x01\x00".to_vec();
    bomb.extend(canopic_practice::certify::leb128(1_000_000_000));
    let parsed = Request::parse("canister_status", &bomb).unwrap();
    assert!(
        parsed.is_err_and(|reject| reject.error == "IC0408"),
        "no such argument, and no billion of anything"
    );
}
