#![allow(clippy::unwrap_used)]

use super::*;
use crate::{
    Hash,
    folder::tests::{Sample, place, sample, small_sample},
};
use proptest::prelude::*;

fn free() -> CancellationToken {
    CancellationToken::new()
}

/// A copy with this stable memory, filled up to whole pages.
fn with_stable(mut stable: Vec<u8>) -> (tempfile::TempDir, CopyReader) {
    stable.resize(stable.len().next_multiple_of(PAGE as usize), 0);
    let mut sample = small_sample();
    sample.metadata.stable_bytes = stable.len() as u64;
    sample
        .blobs
        .iter_mut()
        .find(|(part, _)| *part == Part::Stable)
        .unwrap()
        .1 = stable;
    open(&sample)
}

fn with_module(module: Vec<u8>) -> (tempfile::TempDir, CopyReader) {
    let mut sample = small_sample();
    sample.metadata.module_bytes = module.len() as u64;
    sample.blobs[0].1 = module;
    open(&sample)
}

fn open(sample: &Sample) -> (tempfile::TempDir, CopyReader) {
    let (home, folder) = place();
    sample.write(&folder);
    let reader = CopyReader::open(&folder).unwrap();
    (home, reader)
}

#[test]
fn a_memory_map_counts_exactly_the_pages_that_hold_something() {
    let sample = sample();
    let (_home, reader) = open(&sample);
    for (part, bytes) in &sample.blobs[1..3] {
        let expected: Vec<u64> = bytes
            .chunks(PAGE as usize)
            .map(|page| u64::from(page.iter().any(|byte| *byte != 0)))
            .collect();
        let map = memory_map(&reader, *part, u64::MAX, &|_| {}, &free()).unwrap();
        assert_eq!(
            (map.pages, map.pages_per_cell, &map.cells),
            (expected.len() as u64, 1, &expected),
            "{part}"
        );
        let coarse = memory_map(&reader, *part, 7, &|_| {}, &free()).unwrap();
        assert!(coarse.cells.len() <= 7, "no more cells than were asked for");
        assert_eq!(
            (coarse.used, coarse.cells.iter().sum::<u64>()),
            (map.used, map.used),
            "none is lost in summing up"
        );
    }
    let stop = free();
    stop.cancel();
    assert_eq!(
        memory_map(&reader, Part::Heap, 9, &|_| {}, &stop)
            .unwrap_err()
            .code,
        Code::Cancelled
    );
}

#[test]
fn a_search_finds_every_place_also_across_pieces() {
    let mut stable = vec![1; (3 * PIECE) as usize];
    let places = [0, 777, PIECE - 3, PIECE, 2 * PIECE - 1, 3 * PIECE - 6];
    for place in places {
        stable[place as usize..][..6].copy_from_slice(b"needle");
    }
    // The one at 2 * PIECE - 1 lies across two pieces, the last one at the very end.
    let (_home, reader) = with_stable(stable);
    let finds = |from| search(&reader, Part::Stable, b"needle", from, &|_| {}, &free()).unwrap();
    let whole: Vec<u64> = places
        .into_iter()
        .filter(|place| *place != PIECE - 3)
        .collect();
    assert_eq!(
        finds(0),
        Finds {
            offsets: whole,
            next: None
        },
        "one was overwritten by the next"
    );
    assert_eq!(finds(778).offsets[0], PIECE, "from an offset on");
    let many = search(&reader, Part::Stable, &[1], 0, &|_| {}, &free()).unwrap();
    assert_eq!(
        (many.offsets.len(), many.next),
        (FINDS, many.offsets.last().map(|last| last + 1)),
        "and where to go on"
    );
    let none = search(&reader, Part::Stable, b"haystack", 0, &|_| {}, &free()).unwrap();
    assert_eq!(none.offsets, [] as [u64; 0]);
    assert_eq!(
        search(&reader, Part::Stable, b"", 0, &|_| {}, &free())
            .unwrap_err()
            .code,
        Code::Precondition
    );
}

#[test]
fn a_look_ends_where_the_part_ends() {
    let sample = small_sample();
    let (_home, reader) = open(&sample);
    let module = &sample.blobs[0].1;
    assert_eq!(look(&reader, Part::Module, 10, 20).unwrap(), module[10..30]);
    assert_eq!(
        look(&reader, Part::Module, 4_990, 1_000).unwrap(),
        module[4_990..]
    );
    assert_eq!(
        look(&reader, Part::Module, u64::MAX, 5).unwrap(),
        [] as [u8; 0]
    );
    assert_eq!(
        look(&reader, Part::Stable, 0, u64::MAX).unwrap().len() as u64,
        LOOK
    );
}

/// A stable memory as the memory manager of `ic-stable-structures` lays it out.
fn managed(bucket_pages: u16, sizes: &[(u8, u64)], buckets: &[u8]) -> Vec<u8> {
    let mut stable =
        vec![0; (PAGE + buckets.len() as u64 * u64::from(bucket_pages) * PAGE) as usize];
    stable[..4].copy_from_slice(b"MGR\x01");
    stable[4..6].copy_from_slice(&(buckets.len() as u16).to_le_bytes());
    stable[6..8].copy_from_slice(&bucket_pages.to_le_bytes());
    for (id, pages) in sizes {
        stable[40 + 8 * usize::from(*id)..][..8].copy_from_slice(&pages.to_le_bytes());
    }
    stable[2_080..2_080 + 32_768].fill(255);
    stable[2_080..2_080 + buckets.len()].copy_from_slice(buckets);
    stable
}

#[test]
fn the_memory_manager_is_recognised_with_what_lies_in_it() {
    let mut stable = managed(2, &[(0, 3), (7, 1), (9, 2)], &[0, 7, 0, 9]);
    let bucket = |number: usize| PAGE as usize * (1 + 2 * number);
    stable[bucket(0)..][..4].copy_from_slice(b"BTR\x02");
    stable[bucket(1)..][..4].copy_from_slice(b"SCL\x01");
    let (_home, reader) = with_stable(stable);
    let memory = |id, pages, buckets, first, structure| VirtualMemory {
        id,
        pages,
        buckets,
        offset: bucket(first) as u64,
        structure,
    };
    let expected = Layout::Manager {
        bucket_pages: 2,
        buckets: 4,
        memories: vec![
            memory(0, 3, 2, 0, Structure::BTreeMap),
            memory(7, 1, 1, 1, Structure::Cell),
            memory(9, 2, 1, 3, Structure::Unknown),
        ],
    };
    assert_eq!(layout(&reader).unwrap(), expected);
}

#[test]
fn what_only_looks_like_a_layout_is_none() {
    let (_home, reader) = with_stable(managed(2, &[(0, 99)], &[0]));
    assert_eq!(
        layout(&reader).unwrap(),
        Layout::Unknown,
        "a memory larger than its buckets"
    );
    let (_home, reader) = with_stable(managed(0, &[], &[]));
    assert_eq!(
        layout(&reader).unwrap(),
        Layout::Unknown,
        "buckets without pages"
    );
    let (_home, reader) = with_stable(b"SVC\x01".to_vec());
    assert_eq!(layout(&reader).unwrap(), Layout::Single(Structure::Vec));
    let (_home, reader) = with_stable(b"DIDL".to_vec());
    assert_eq!(layout(&reader).unwrap(), Layout::Unknown);
}

#[test]
fn the_regions_of_motoko_are_recognised() {
    let mut stable = vec![0; 16 * PAGE as usize];
    stable[..8].copy_from_slice(b"MOREGION");
    stable[8..12].copy_from_slice(&2_u32.to_le_bytes());
    stable[12..14].copy_from_slice(&128_u16.to_le_bytes());
    stable[22..26].copy_from_slice(&3_u32.to_le_bytes());
    stable[26..34].copy_from_slice(&17_u64.to_le_bytes());
    for (block, (region, pages)) in [(1_u64, 128_u8), (17, 5), (1, 2)].into_iter().enumerate() {
        let entry = &mut stable[34 + 11 * block..][..11];
        entry[..8].copy_from_slice(&region.to_le_bytes());
        entry[10] = pages;
    }
    let (_home, reader) = with_stable(stable);
    let expected = Layout::Regions {
        block_pages: 128,
        blocks: 3,
        regions: vec![
            Region {
                id: 0,
                pages: 130,
                blocks: 2,
            },
            Region {
                id: 16,
                pages: 5,
                blocks: 1,
            },
        ],
    };
    assert_eq!(layout(&reader).unwrap(), expected);
}

fn rust_like(interface: &str) -> Vec<u8> {
    let text = format!(
        r#"(module (func (export "canister_query greet")) (@custom "icp:public candid:service" "{interface}")
             (@custom "producers" "\02\08language\01\04Rust\042021\0cprocessed-by\01\05rustc\061.90.0"))"#
    );
    wat::parse_str(text).unwrap()
}

#[test]
fn a_module_tells_what_it_is_and_what_made_it() {
    let (_home, reader) = with_module(rust_like("service : { greet : (text) -> (text) query }"));
    let found = inspect(&reader).unwrap();
    let facts = found.module.unwrap();
    assert_eq!(facts.methods[0].name, "greet");
    assert_eq!(
        facts.interface.as_deref(),
        Some("service : { greet : (text) -> (text) query }")
    );
    assert_eq!(found.made_with.language, Some(Language::Rust));
    assert_eq!(
        found.made_with.tools,
        [("rustc".to_owned(), "1.90.0".to_owned())]
    );
    let motoko = wat::parse_str(r#"(module (func (export "canister_init")) (@custom "icp:private motoko:stable-types" "x"))"#).unwrap();
    let (_home, reader) = with_module(motoko);
    assert_eq!(
        inspect(&reader).unwrap().made_with.language,
        Some(Language::Motoko)
    );
    let (_home, reader) = open(&small_sample());
    let found = inspect(&reader).unwrap();
    assert_eq!(
        found.module.unwrap_err().code,
        Code::ModuleMalformed,
        "noise is no module, and the rest is still shown"
    );
    assert_eq!(found.made_with, MadeWith::default());
}

#[test]
fn a_comparison_names_what_differs_and_only_that() {
    let before = sample();
    let mut after = sample();
    let (_home, one) = open(&before);
    let same = compare(&one, &open(&after).1, u64::MAX, &|_| {}, &free()).unwrap();
    assert!(same.is_same && same.is_same_module && same.heap.used == 0 && same.stable.used == 0);

    after.blobs[1].1[40 * PAGE as usize] ^= 1;
    after.metadata.stable_bytes += 2 * PAGE;
    let stable = &mut after.blobs[2].1;
    stable.resize(stable.len() + PAGE as usize, 0);
    stable.resize(stable.len() + PAGE as usize, 5);
    after.metadata.globals[0] = crate::Global::I32(8);
    let gone = after.metadata.stored.remove(0);
    after.blobs.retain(|(part, _)| *part != Part::Stored(gone));
    let (_home2, other) = open(&after);
    let found = compare(&one, &other, u64::MAX, &|_| {}, &free()).unwrap();
    assert!(!found.is_same && found.is_same_module);
    let pages = |map: &Pages| -> Vec<usize> {
        map.cells
            .iter()
            .enumerate()
            .filter(|(_, differ)| **differ > 0)
            .map(|(page, _)| page)
            .collect()
    };
    assert_eq!(pages(&found.heap), [40]);
    assert_eq!(
        pages(&found.stable),
        [34],
        "the zeros that were added are no difference, the rest is"
    );
    assert_eq!(
        (found.globals, found.stored),
        (vec![0], [vec![gone], vec![]])
    );
    assert_eq!(found.sizes[1].stable - found.sizes[0].stable, 2 * PAGE);
}

#[test]
fn a_comparison_says_what_became_of_the_interface() {
    let (_home, one) = with_module(rust_like("service : { greet : (text) -> (text) query }"));
    let (_home2, other) = with_module(rust_like("service : { greet : (nat) -> (text) query }"));
    let found = compare(&one, &other, 1, &|_| {}, &free()).unwrap();
    assert_eq!(found.interface.unwrap().verdict, crate::Verdict::Breaking);
    assert!(!found.is_same_module);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_stable_memory_of_anything_has_some_layout(begin in prop::sample::select(vec![b"MGR\x01".to_vec(), b"MOREGION\x02\0\0\0".to_vec(), b"BTR\x01".to_vec(), vec![]]), noise in prop::collection::vec(any::<u8>(), 0..3_000)) {
        let (_home, reader) = with_stable([begin, noise, vec![0]].concat());
        layout(&reader).unwrap();
    }
}

#[test]
fn hashes_of_the_inspected_are_those_of_the_bytes() {
    let module = rust_like("service : {}");
    let (_home, reader) = with_module(module.clone());
    assert_eq!(
        reader.manifest().unwrap().module_hash,
        Hash::of(&module),
        "what is inspected is what the network names"
    );
}
