#![allow(clippy::unwrap_used)]

use super::*;
use crate::{Code, Error};
use camino::{Utf8Path, Utf8PathBuf};
use std::{collections::BTreeSet, fs};
use tokio_util::sync::CancellationToken;

const NOW: u64 = 1_700_000_000_000;
const PAGE: u64 = 1 << 16;

/// A folder of its own, and a place in it where nothing is yet.
pub(crate) fn place() -> (tempfile::TempDir, Utf8PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(home.path().join("copy")).unwrap();
    (home, path)
}

/// A snapshot with everything: a module of several chunks, a heap with holes, stable memory, entries, floats that JSON lacks.
pub(crate) struct Sample {
    pub(crate) metadata: Metadata,
    pub(crate) blobs: Vec<(Part, Vec<u8>)>,
}

/// Bytes that look like nothing in particular, but always the same.
fn noise(seed: u64, bytes: usize) -> Vec<u8> {
    let mut state = seed | 1;
    (0..bytes)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .collect()
}

/// Of several chunks each: ten megabytes.
pub(crate) fn sample() -> Sample {
    sample_of(2_500_000, 80, 33)
}

/// The same in a tenth of a second.
pub(crate) fn small_sample() -> Sample {
    sample_of(5_000, 5, 2)
}

fn sample_of(module: usize, heap_pages: u64, stable_pages: u64) -> Sample {
    let module = noise(1, module);
    let mut heap = vec![0; (PAGE * heap_pages) as usize];
    let end = heap.len();
    heap[100..200].copy_from_slice(&noise(2, 100));
    heap[end - 100_000..end - 50_000].copy_from_slice(&noise(3, 50_000));
    let stable = noise(4, (PAGE * stable_pages) as usize);
    let entries = [noise(5, module.len() / 3), noise(6, 10)];
    let metadata = Metadata {
        source: Some(Source::Taken),
        taken_at: 1_650_000_000_123_456_789,
        canister_version: 42,
        module_bytes: module.len() as u64,
        heap_bytes: heap.len() as u64,
        stable_bytes: stable.len() as u64,
        globals: vec![
            Global::I32(-7),
            Global::I64(i64::MIN),
            Global::F32(0x7fc0_0001),
            Global::F64(0xfff0_0000_0000_0000),
            Global::F64(0.1_f64.to_bits()),
            Global::V128(u128::MAX - 5),
        ],
        stored: entries.iter().map(|entry| Hash::of(entry)).collect(),
        certified_data: vec![1, 2, 3],
        global_timer: Some(Timer::Active(17)),
        hook: Some(Hook::Ready),
    };
    let [first, second] = entries;
    let blobs = vec![
        (Part::Module, module),
        (Part::Heap, heap),
        (Part::Stable, stable),
        (Part::Stored(Hash::of(&first)), first),
        (Part::Stored(Hash::of(&second)), second),
    ];
    Sample { metadata, blobs }
}

impl Sample {
    pub(crate) fn draft(&self) -> Draft {
        Draft {
            origin: Origin::Downloaded,
            made_at: NOW,
            name: "before the move".to_owned(),
            snapshot: Some(ChainSnapshot {
                fingerprint: "0123456789abcdef".to_owned(),
                network: "practice".to_owned(),
                canister: "um5iw-rqaaa-aaaaq-qaaba-cai".to_owned(),
                snapshot: "00000000000000010000000000000001".to_owned(),
            }),
            then: Some(Circumstances {
                run_state: "stopped".to_owned(),
                cycles: "5000000000000".to_owned(),
                ..Circumstances::default()
            }),
            module_hash: Some(Hash::of(&self.blobs[0].1)),
            metadata: self.metadata.clone(),
        }
    }

    fn chunk(&self, part: Part, index: u64) -> &[u8] {
        let (_, bytes) = self.blobs.iter().find(|(found, _)| *found == part).unwrap();
        let (offset, length) = chunk_at(index, bytes.len() as u64);
        &bytes[offset as usize..(offset + length) as usize]
    }

    pub(crate) fn write(&self, folder: &Utf8Path) -> Manifest {
        let writer = CopyWriter::create(folder, self.draft()).unwrap();
        // Backwards, as a window may deliver them.
        for (part, index) in writer.missing().into_iter().rev() {
            writer.write(part, index, self.chunk(part, index)).unwrap();
        }
        writer.finish(NOW + 1).unwrap()
    }

    /// The folder as icp writes it: no manifest, and null for the floats that JSON has not.
    fn write_as_icp(&self, folder: &Utf8Path) {
        fs::create_dir_all(folder.join(STORE)).unwrap();
        fs::write(folder.join("metadata.json"), self.metadata.text().unwrap()).unwrap();
        for (part, bytes) in &self.blobs {
            fs::write(folder.join(part.path()), bytes).unwrap();
        }
    }
}

fn code<T>(result: Result<T, Error>) -> Code {
    match result {
        Ok(_) => panic!("this must fail"),
        Err(error) => error.code,
    }
}

fn check(folder: &Utf8Path) -> Verification {
    verify(folder, NOW + 2, &|_| {}, &CancellationToken::new()).unwrap()
}

#[test]
fn a_copy_written_in_any_order_is_read_back_whole() {
    let (_home, folder) = place();
    let sample = sample();
    let manifest = sample.write(&folder);
    assert_eq!(manifest.module_hash, Hash::of(&sample.blobs[0].1));
    let reader = CopyReader::open(&folder).unwrap();
    assert_eq!(
        reader.metadata(),
        &sample.metadata,
        "floats come back by their bits"
    );
    assert_eq!(
        reader.manifest(),
        Some(&manifest),
        "what is read is what was written"
    );
    for (part, bytes) in reader.blobs() {
        let mut all = Vec::new();
        for index in 0..chunks(bytes) {
            all.extend(reader.chunk(part, index).unwrap());
        }
        assert!(
            sample
                .blobs
                .iter()
                .any(|(of, blob)| *of == part && *blob == all),
            "{part} came back as it went"
        );
    }
    for hash in &sample.metadata.stored {
        assert_eq!(Hash::of(&reader.stored(*hash).unwrap()), *hash);
    }
    assert_eq!(
        reader.is_zero_chunk(Part::Heap, 1),
        Some(true),
        "known without reading"
    );
    assert_eq!(reader.is_zero_chunk(Part::Heap, 0), Some(false));
    let names: BTreeSet<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let expected = [
        "canopic.json",
        "metadata.json",
        ".lock",
        "wasm_module.bin",
        "wasm_memory.bin",
        "stable_memory.bin",
        STORE,
    ];
    assert_eq!(
        names,
        expected.map(String::from).into(),
        "no trace of the way is left"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn zeros_take_no_room_and_files_are_private() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let (_home, folder) = place();
    sample().write(&folder);
    let heap = fs::metadata(folder.join("wasm_memory.bin")).unwrap();
    assert_eq!(heap.len(), PAGE * 80);
    assert!(
        heap.blocks() * 512 < 4_000_000,
        "the chunk in the middle is a hole: {} bytes",
        heap.blocks() * 512
    );
    for file in ["wasm_memory.bin", "canopic.json", "metadata.json", STORE] {
        let mode = fs::metadata(folder.join(file))
            .unwrap()
            .permissions()
            .mode()
            & 0o077;
        assert_eq!(mode, 0, "nobody else reads {file}");
    }
}

#[test]
fn an_interrupted_copy_is_marked_and_continued_where_it_was_saved() {
    let (_home, folder) = place();
    let sample = sample();
    let writer = CopyWriter::create(&folder, sample.draft()).unwrap();
    let missing = writer.missing();
    let (saved, rest) = missing.split_at(3);
    for (part, index) in saved {
        writer
            .write(*part, *index, sample.chunk(*part, *index))
            .unwrap();
    }
    writer.save().unwrap();
    // Written, but a crash comes before it is saved.
    let (part, index) = rest[0];
    writer
        .write(part, index, sample.chunk(part, index))
        .unwrap();
    drop(writer);
    assert_eq!(code(CopyReader::open(&folder)), Code::CopyUnfinished);
    assert!(
        !folder.join("metadata.json").exists(),
        "no other tool takes it for whole"
    );
    // A crash tears the last line of the log.
    let log = folder.join("canopic.partial.log");
    let mut text = fs::read(&log).unwrap();
    text.extend_from_slice(b"wasm_memory.bin 1 0123");
    fs::write(&log, text).unwrap();

    let writer = CopyWriter::resume(&folder).unwrap();
    assert_eq!(
        writer.draft(),
        &sample.draft(),
        "bound to what it was begun as"
    );
    assert_eq!(
        writer.missing(),
        rest,
        "what was saved is there, nothing else is believed"
    );
    assert_eq!(
        code(CopyWriter::resume(&folder)),
        Code::CopyInUse,
        "one writer at a time"
    );
    for (part, index) in rest {
        writer
            .write(*part, *index, sample.chunk(*part, *index))
            .unwrap();
    }
    writer.finish(NOW).unwrap();
    assert!(check(&folder).is_sound());
}

#[test]
fn an_unfinished_copy_is_not_finished_and_a_full_folder_not_begun() {
    let (_home, folder) = place();
    let sample = sample();
    let writer = CopyWriter::create(&folder, sample.draft()).unwrap();
    assert_eq!(code(writer.finish(NOW)), Code::CopyUnfinished);
    assert_eq!(
        code(CopyWriter::create(&folder, sample.draft())),
        Code::CopyExists
    );
    CopyWriter::resume(&folder).unwrap().discard().unwrap();
    assert!(!folder.exists(), "nothing of it is left");
}

#[test]
fn another_module_than_expected_does_not_become_a_copy() {
    let (_home, folder) = place();
    let sample = sample();
    let draft = Draft {
        module_hash: Some(Hash::of(b"another")),
        ..sample.draft()
    };
    let writer = CopyWriter::create(&folder, draft).unwrap();
    for (part, index) in writer.missing() {
        writer
            .write(part, index, sample.chunk(part, index))
            .unwrap();
    }
    assert_eq!(code(writer.finish(NOW)), Code::CopyDamaged);
    assert_eq!(
        code(CopyReader::open(&folder)),
        Code::CopyUnfinished,
        "and stays marked"
    );
}

#[test]
fn an_entry_that_is_not_its_name_is_not_written() {
    let (_home, folder) = place();
    let sample = sample();
    let writer = CopyWriter::create(&folder, sample.draft()).unwrap();
    let part = Part::Stored(sample.metadata.stored[0]);
    assert_eq!(
        code(writer.write(part, 0, b"something else")),
        Code::CopyDamaged
    );
    assert!(writer.missing().contains(&(part, 0)));
}

#[test]
fn a_bit_flipped_anywhere_in_any_file_is_found_and_named() {
    let (_home, folder) = place();
    let sample = sample();
    let manifest = sample.write(&folder);
    assert!(check(&folder).is_sound(), "untouched it is sound");
    let files = manifest
        .files
        .iter()
        .map(|file| file.path.clone())
        .chain(["metadata.json".into(), "canopic.json".into()]);
    for file in files {
        let path = folder.join(&file);
        let good = fs::read(&path).unwrap();
        let places = [
            0,
            1,
            good.len() / 3,
            good.len() / 2,
            good.len() - 2,
            good.len() - 1,
        ];
        for (at, bit) in places.into_iter().zip([0_u8, 5, 3, 7, 2, 1]) {
            let mut bad = good.clone();
            bad[at] ^= 1 << bit;
            fs::write(&path, &bad).unwrap();
            let found = check(&folder);
            let expected = match file.as_str() {
                "metadata.json" | "canopic.json" => None,
                _ => Some(at as u64 / GRID),
            };
            assert_eq!(
                found.damage,
                [Damage {
                    file: file.clone(),
                    chunk: expected
                }],
                "bit {bit} of byte {at} of {file}"
            );
            fs::write(&path, &good).unwrap();
        }
    }
    assert!(
        check(&folder).is_sound(),
        "and with the bits as they were it is sound again"
    );
}

#[test]
fn every_bit_of_the_manifest_counts() {
    let (_home, folder) = place();
    let text = sample().write(&folder).text().unwrap().into_bytes();
    for at in 0..text.len() {
        for bit in 0..8 {
            let mut bad = text.clone();
            bad[at] ^= 1 << bit;
            assert!(
                Manifest::parse(&bad, &folder).is_err(),
                "bit {bit} of byte {at}: {:?}",
                bad[at] as char
            );
        }
    }
}

#[test]
fn truncated_missing_and_grown_files_are_found() {
    let (_home, folder) = place();
    let sample = sample();
    sample.write(&folder);
    let stable = folder.join("stable_memory.bin");
    let good = fs::read(&stable).unwrap();
    fs::write(&stable, &good[..2_000_001]).unwrap();
    assert_eq!(
        check(&folder).damage,
        [Damage {
            file: "stable_memory.bin".into(),
            chunk: Some(1)
        }],
        "the first chunk is still good"
    );
    assert_eq!(code(CopyReader::open(&folder)), Code::CopyDamaged);
    fs::write(&stable, [&good[..], b"more"].concat()).unwrap();
    assert_eq!(
        check(&folder).damage,
        [Damage {
            file: "stable_memory.bin".into(),
            chunk: None
        }]
    );
    fs::remove_file(&stable).unwrap();
    assert_eq!(
        check(&folder).damage,
        [Damage {
            file: "stable_memory.bin".into(),
            chunk: None
        }]
    );
}

#[test]
fn damaged_chunks_are_written_again_and_nothing_else() {
    let (_home, folder) = place();
    let sample = sample();
    sample.write(&folder);
    let heap = folder.join("wasm_memory.bin");
    let mut bad = fs::read(&heap).unwrap();
    bad[2_100_000] = 9;
    bad.truncate(4_400_000);
    fs::write(&heap, bad).unwrap();
    let damage = check(&folder).damage;
    assert_eq!(
        damage.iter().map(|damage| damage.chunk).collect::<Vec<_>>(),
        [Some(1), Some(2)]
    );
    let known = Manifest::load(&folder).unwrap().unwrap();
    assert_eq!(
        (known.verified_at, known.damaged_at),
        (None, Some(NOW + 2)),
        "what was verified once and is damaged now cannot be relied on"
    );
    let repair = Repair::open(&folder).unwrap();
    assert_eq!(
        code(repair.write(Part::Heap, 1, &vec![1; GRID as usize])),
        Code::SnapshotDiffers,
        "other bytes are refused"
    );
    for index in [1, 2] {
        repair
            .write(Part::Heap, index, sample.chunk(Part::Heap, index))
            .unwrap();
    }
    drop(repair);
    assert!(check(&folder).is_sound());
    let known = Manifest::load(&folder).unwrap().unwrap();
    assert_eq!((known.verified_at, known.damaged_at), (Some(NOW + 2), None));
}

#[test]
fn a_folder_of_icp_gets_its_hashes_on_first_sight_and_says_since_when() {
    let (_home, folder) = place();
    let sample = sample();
    sample.write_as_icp(&folder);
    let reader = CopyReader::open(&folder).unwrap();
    assert_eq!(
        (reader.manifest(), reader.hash(Part::Heap, 0)),
        (None, None),
        "nothing is known yet"
    );
    let first = check(&folder);
    assert_eq!((first.hashes, first.is_sound()), (Hashes::New, true));
    let reader = CopyReader::open(&folder).unwrap();
    let manifest = reader.manifest().unwrap();
    assert_eq!(
        (manifest.origin, manifest.hashes_since),
        (Origin::Found, NOW + 2)
    );
    assert_eq!(
        check(&folder).hashes,
        Hashes::Known,
        "from then on they are compared"
    );
    let mut bad = fs::read(folder.join("wasm_memory.bin")).unwrap();
    bad[7] ^= 1;
    fs::write(folder.join("wasm_memory.bin"), bad).unwrap();
    assert_eq!(check(&folder).damage.len(), 1);
}

#[test]
fn two_copies_of_one_state_have_one_content() {
    let (_home, first) = place();
    let (_home2, second) = place();
    let sample = sample();
    let original = sample.write(&first);
    let again = Sample {
        metadata: Metadata {
            taken_at: 5,
            canister_version: 99,
            source: Some(Source::Uploaded),
            ..sample.metadata.clone()
        },
        blobs: sample.blobs.clone(),
    };
    assert_eq!(
        again.write(&second).content,
        original.content,
        "when and how it was made is not its content"
    );
    let (_home3, third) = place();
    let other = Sample {
        metadata: Metadata {
            globals: vec![Global::F32(0x7fc0_0002)],
            ..sample.metadata.clone()
        },
        blobs: sample.blobs,
    };
    assert_ne!(
        other.write(&third).content,
        original.content,
        "not even one bit of a NaN"
    );
}

#[test]
fn what_icp_left_unfinished_is_continued() {
    let (_home, folder) = place();
    let sample = sample();
    sample.write_as_icp(&folder);
    // Of the heap there are the first chunk and the third; the second is as icp preallocated it, torn in the middle.
    let mut heap = sample.blobs[1].1.clone();
    heap[2_000_000..2_000_100].fill(7);
    fs::write(folder.join("wasm_memory.bin"), heap).unwrap();
    let (_, entry) = &sample.blobs[4];
    fs::write(
        folder.join(Part::Stored(Hash::of(entry)).path()),
        &entry[..3],
    )
    .unwrap();
    let progress = r#"{"wasm_module":{"frontier":2500000,"ahead":[]},"wasm_memory":{"frontier":2000000,"ahead":[4000000]},"stable_memory":{"frontier":0,"ahead":[]}}"#;
    fs::write(folder.join(".download_progress.json"), progress).unwrap();
    assert_eq!(
        code(CopyReader::open(&folder)),
        Code::CopyUnfinished,
        "its size alone would deceive"
    );
    let begun = unfinished(&folder).unwrap().unwrap();
    assert_eq!(begun.by, By::Icp);
    let draft = Draft {
        origin: Origin::Continued,
        ..sample.draft()
    };
    let writer = CopyWriter::take_over(&folder, &begun, draft, &|_| {}).unwrap();
    let missing = writer.missing();
    let torn = Part::Stored(Hash::of(entry));
    assert_eq!(
        missing,
        [
            (Part::Heap, 1),
            (Part::Stable, 0),
            (Part::Stable, 1),
            (torn, 0)
        ]
    );
    drop(writer);
    let writer = CopyWriter::resume(&folder).unwrap();
    assert_eq!(
        writer.missing(),
        missing,
        "what was taken over is remembered"
    );
    for (part, index) in missing {
        writer
            .write(part, index, sample.chunk(part, index))
            .unwrap();
    }
    writer.finish(NOW).unwrap();
    assert!(check(&folder).is_sound());
    assert!(
        fs::read(folder.join("wasm_memory.bin")).unwrap() == sample.blobs[1].1,
        "zeros were written over what was torn"
    );
}

#[test]
fn what_dfx_left_unfinished_is_continued() {
    let (_home, folder) = place();
    let sample = sample();
    sample.write_as_icp(&folder);
    fs::write(
        folder.join("wasm_memory.bin"),
        &sample.blobs[1].1[..2_345_678],
    )
    .unwrap();
    fs::remove_file(folder.join("stable_memory.bin")).unwrap();
    let begun = unfinished(&folder).unwrap().unwrap();
    assert_eq!(begun.by, By::Dfx);
    let draft = Draft {
        origin: Origin::Continued,
        ..sample.draft()
    };
    let writer = CopyWriter::take_over(&folder, &begun, draft, &|_| {}).unwrap();
    assert_eq!(
        writer.missing(),
        [
            (Part::Heap, 1),
            (Part::Heap, 2),
            (Part::Stable, 0),
            (Part::Stable, 1)
        ]
    );
}

#[test]
fn a_cancelled_verification_is_cancelled_and_changes_nothing() {
    let (_home, folder) = place();
    let manifest = sample().write(&folder);
    let cancel = CancellationToken::new();
    cancel.cancel();
    assert_eq!(
        code(verify(&folder, NOW, &|_| {}, &cancel)),
        Code::Cancelled
    );
    assert_eq!(
        CopyReader::open(&folder).unwrap().manifest(),
        Some(&manifest)
    );
}

#[test]
fn a_name_survives_and_so_does_what_a_newer_version_wrote() {
    let (_home, folder) = place();
    let manifest = sample().write(&folder);
    let mut value: serde_json::Value = serde_json::from_str(&manifest.text().unwrap()).unwrap();
    value
        .as_object_mut()
        .unwrap()
        .insert("mood".into(), "fine".into());
    value["seal"] = "0".repeat(64).into();
    // Sealed as any version would.
    let open = serde_json::to_string_pretty(&value).unwrap();
    let sealed = open.replace(&"0".repeat(64), &Hash::of(open.as_bytes()).to_string());
    fs::write(folder.join("canopic.json"), sealed).unwrap();
    update(&folder, |manifest| {
        manifest.name = "a \"seal\": \"trap".to_owned();
    })
    .unwrap();
    let text = fs::read_to_string(folder.join("canopic.json")).unwrap();
    assert!(text.contains("\"mood\": \"fine\""), "{text}");
    assert_eq!(
        CopyReader::open(&folder).unwrap().manifest().unwrap().name,
        "a \"seal\": \"trap"
    );
    let newer = open.replace("\"format\": 1", "\"format\": 2");
    let sealed = newer.replace(&"0".repeat(64), &Hash::of(newer.as_bytes()).to_string());
    fs::write(folder.join("canopic.json"), sealed).unwrap();
    let error = CopyReader::open(&folder).err().unwrap();
    assert_eq!(
        (error.code, error.facts["found"].as_str()),
        (Code::CopyFromNewerVersion, "2")
    );
}

#[test]
fn only_the_paths_of_a_copy_are_parts() {
    let hash = Hash::of(b"x");
    for part in [Part::Module, Part::Heap, Part::Stable, Part::Stored(hash)] {
        assert_eq!(Part::at(&part.path()), Some(part));
    }
    let upper = format!("{STORE}/{}.bin", hash.to_string().to_uppercase());
    for path in [
        "",
        "/wasm_module.bin",
        "../wasm_module.bin",
        "./wasm_module.bin",
        "wasm_chunk_store/../x.bin",
        "wasm_chunk_store",
        &upper,
    ] {
        assert_eq!(Part::at(path), None, "{path}");
    }
}
