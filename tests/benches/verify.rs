//! How fast a copy is verified, beside what this computer's cores can hash at all.
//!
//! The bytes lie in the system's cache, so the figure is about hashing and not about the disk. Each run hashes as many bytes both
//! ways, one after the other. Prints one line for each value, for `cargo xtask bench transfer`.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use camino::Utf8PathBuf;
use canopic_engine::{CopyWriter, Draft, GRID, Origin, Part, SnapshotMetadata, chunk_at, verify};
use sha2::{Digest as _, Sha256};
use std::{
    hint::black_box,
    thread,
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

/// Enough that starting and ending do not count.
const BYTES: u64 = 1 << 30;

/// Enough runs for a median that a busy moment does not move.
const RUNS: usize = 5;

/// As many bytes, hashed by every core on its own: the mark.
fn hash_everywhere(chunk: &[u8]) -> Duration {
    let cores = thread::available_parallelism().unwrap().get();
    let each = (BYTES / GRID) as usize / cores;
    let began = Instant::now();
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                for _ in 0..each {
                    black_box(Sha256::digest(black_box(chunk)));
                }
            });
        }
    });
    began.elapsed()
}

fn main() {
    let home = tempfile::tempdir().unwrap();
    let folder = Utf8PathBuf::from_path_buf(home.path().join("copy")).unwrap();
    let metadata = SnapshotMetadata {
        source: None,
        taken_at: 0,
        canister_version: 0,
        module_bytes: 8,
        heap_bytes: 0,
        stable_bytes: BYTES,
        globals: vec![],
        stored: vec![],
        certified_data: vec![],
        global_timer: None,
        hook: None,
    };
    let draft = Draft {
        origin: Origin::Downloaded,
        made_at: 0,
        name: String::new(),
        snapshot: None,
        then: None,
        module_hash: None,
        metadata,
    };
    let writer = CopyWriter::create(&folder, draft).unwrap();
    let chunk: Vec<u8> = (0..GRID).map(|at| (at * at % 251) as u8 | 1).collect();
    for (part, index) in writer.missing() {
        let bytes = if part == Part::Module { 8 } else { BYTES };
        let (_, length) = chunk_at(index, bytes);
        writer
            .write(part, index, &chunk[..length as usize])
            .unwrap();
    }
    writer.finish(0).unwrap();
    for _ in 0..RUNS {
        let began = Instant::now();
        let found = verify(&folder, 0, &|_| {}, &CancellationToken::new()).unwrap();
        let verified = began.elapsed();
        assert!(found.is_sound(), "a copy that was just written is sound");
        println!("verify-ms {}", verified.as_millis());
        println!("hash-ms {}", hash_everywhere(&chunk).as_millis());
    }
}
