//! Copies that come from anywhere: folders that lie, links, pipes, what may not be read; and the way of a copy through the api.
//!
//! Every hostile folder ends in a code with the path, nothing outside of it is read, and nothing in it is changed.

#![allow(clippy::unwrap_used, missing_docs)]

mod api;
mod hostile;

use camino::{Utf8Path, Utf8PathBuf};
use canopic_engine::{
    ChainSnapshot, CopyWriter, Draft, Hash, Manifest, Origin, Part, SnapshotMetadata, Source,
    chunk_at,
};
use std::collections::BTreeMap;

pub const NOW: u64 = 1_700_000_000_000;

const PAGE: usize = 1 << 16;

/// A module that says `greet`, as short as modules get.
pub fn module() -> Vec<u8> {
    wat::parse_str(r#"(module (memory 1) (func (export "canister_query greet")) (@custom "icp:public candid:service" "service : { greet : () -> () query }"))"#).unwrap()
}

/// A folder of its own, and a place in it.
pub fn place() -> (tempfile::TempDir, Utf8PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(home.path().join("copy")).unwrap();
    (home, path)
}

/// Writes a small copy; its stable memory holds this text.
pub fn write(folder: &Utf8Path, text: &str) -> Manifest {
    let entry = b"an entry of the chunk store".to_vec();
    let mut stable = vec![0; 2 * PAGE];
    stable[PAGE..PAGE + text.len()].copy_from_slice(text.as_bytes());
    let mut heap = vec![0; 40 * PAGE];
    heap[39 * PAGE] = 1;
    let parts = BTreeMap::from([
        (Part::Module, module()),
        (Part::Heap, heap),
        (Part::Stable, stable),
        (Part::Stored(Hash::of(&entry)), entry),
    ]);
    let size = |part| parts[&part].len() as u64;
    let metadata = SnapshotMetadata {
        source: Some(Source::Taken),
        taken_at: NOW * 1_000_000,
        canister_version: 3,
        module_bytes: size(Part::Module),
        heap_bytes: size(Part::Heap),
        stable_bytes: size(Part::Stable),
        globals: vec![],
        stored: parts
            .keys()
            .filter_map(|part| {
                if let Part::Stored(hash) = part {
                    Some(*hash)
                } else {
                    None
                }
            })
            .collect(),
        certified_data: vec![],
        global_timer: None,
        hook: None,
    };
    let draft = Draft {
        origin: Origin::Downloaded,
        made_at: NOW,
        name: "Shop".to_owned(),
        snapshot: Some(ChainSnapshot {
            fingerprint: "0123456789abcdef".to_owned(),
            network: "practice".to_owned(),
            canister: "um5iw-rqaaa-aaaaq-qaaba-cai".to_owned(),
            snapshot: "00".repeat(18),
        }),
        then: None,
        module_hash: None,
        metadata,
    };
    let writer = CopyWriter::create(folder, draft).unwrap();
    for (part, index) in writer.missing() {
        let bytes = &parts[&part];
        let (offset, length) = chunk_at(index, bytes.len() as u64);
        writer
            .write(
                part,
                index,
                &bytes[offset as usize..(offset + length) as usize],
            )
            .unwrap();
    }
    writer.finish(NOW).unwrap()
}
