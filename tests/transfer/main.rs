//! Snapshots between networks and copies: whole, whatever happens in between.
//!
//! `crowded` is a disk that fills up; `whole` is what a person does and what must never happen; `weather` is a network on a bad day; `killed` ends the process, really, in
//! the middle, again and again. The real `icp` and its folders are in the program `interop`.

#![allow(clippy::unwrap_used, missing_docs)]

mod crowded;
mod killed;
mod paused;
mod weather;
mod whole;

use camino::{Utf8Path, Utf8PathBuf};
use canopic_engine::{
    CanisterId, CopyReader, DownloadSnapshot, Engine, Job, Op, SnapshotId, UploadCopy,
};
use canopic_tests::{Bench, errand, memory};
use std::fs;

#[tokio::test(flavor = "multi_thread")]
async fn runs_the_errand_of_another_test() {
    // In an ordinary run there is none.
    errand::carry_out().await;
}

fn download(canister: CanisterId, snapshot: &[u8], folder: &Utf8Path) -> Op {
    Op::DownloadSnapshot(DownloadSnapshot {
        canister,
        snapshot: SnapshotId::from(snapshot.to_vec()),
        folder: folder.to_owned(),
        name: "before the move".to_owned(),
    })
}

fn upload(canister: CanisterId, folder: &Utf8Path) -> Op {
    Op::UploadCopy(UploadCopy {
        canister,
        folder: folder.to_owned(),
        replace: None,
        compares_all: false,
    })
}

/// Plans it, runs it as planned, and waits for the end.
async fn carried_out(engine: &Engine, op: &Op) -> Job {
    let id = errand::begin(engine, op).await;
    engine.rest(id).await.unwrap()
}

/// A folder with this name, which is not there yet.
fn folder(bench: &Bench, name: &str) -> Utf8PathBuf {
    bench.home.join(name)
}

/// The bytes of a copy are those that the canister was filled with.
fn assert_whole(folder: &Utf8Path, shape: memory::Shape) {
    let read = |file: &str| fs::read(folder.join(file)).unwrap();
    assert!(read("wasm_memory.bin") == shape.heap(), "the heap is whole");
    assert!(
        read("stable_memory.bin") == shape.stable(),
        "the stable memory is whole"
    );
    let copy = CopyReader::open(folder).unwrap();
    assert!(copy.manifest().is_some(), "every byte has its hash");
}
