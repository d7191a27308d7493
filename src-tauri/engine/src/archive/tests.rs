#![allow(clippy::unwrap_used)]

use super::*;
use crate::{
    Manifest, Origin,
    folder::{
        tests::{Sample, place, sample, small_sample},
        update,
    },
};
use proptest::prelude::*;
use std::{
    fs,
    io::{Cursor, Write as _},
    sync::LazyLock,
};
use zip::{ZipWriter, write::SimpleFileOptions};

const NOW: u64 = 1_700_000_000_000;

fn free() -> CancellationToken {
    CancellationToken::new()
}

/// A copy, and a file beside it for its archive.
fn copy() -> (tempfile::TempDir, Utf8PathBuf, Utf8PathBuf, Manifest) {
    copy_of(&small_sample())
}

fn copy_of(sample: &Sample) -> (tempfile::TempDir, Utf8PathBuf, Utf8PathBuf, Manifest) {
    let (home, folder) = place();
    let manifest = sample.write(&folder);
    let archive = folder.with_file_name("copy.zip");
    (home, folder, archive, manifest)
}

fn open(archive: &Utf8Path, folder: &Utf8Path, key: Option<&Key>) -> Result<Manifest> {
    import(
        &Import {
            archive,
            folder,
            key,
            now: NOW,
        },
        &|_| {},
        &free(),
    )
}

fn secret(text: &str) -> SecretString {
    SecretString::from(text.to_owned())
}

/// A zip of these entries.
fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The entries of a good archive, by their names in the folder.
fn good_entries() -> Vec<(String, Vec<u8>)> {
    let sample = small_sample();
    let mut entries = vec![("metadata.json".to_owned(), sample.metadata.text().unwrap())];
    entries.extend(
        sample
            .blobs
            .into_iter()
            .map(|(part, bytes)| (part.path(), bytes)),
    );
    entries
}

#[test]
fn a_copy_survives_its_archive_and_the_bytes_are_always_the_same() {
    let (_home, folder, archive, original) = copy_of(&sample());
    let original = {
        update(&folder, |manifest| manifest.notes = "keep".into()).unwrap();
        original
    };
    export(&folder, &archive, None, &|_| {}, &free()).unwrap();
    let again = archive.with_file_name("again.zip");
    export(&folder, &again, None, &|_| {}, &free()).unwrap();
    assert!(
        fs::read(&archive).unwrap() == fs::read(&again).unwrap(),
        "the same copy makes the same bytes"
    );
    assert_eq!(kind(&archive).unwrap(), Kind::Plain);
    let error = export(&folder, &again, None, &|_| {}, &free()).unwrap_err();
    assert_eq!(
        error.code,
        Code::CopyExists,
        "an archive is not written over"
    );

    let back = folder.with_file_name("back");
    let manifest = open(&archive, &back, None).unwrap();
    assert_eq!(
        (manifest.content, &manifest.files),
        (original.content, &original.files),
        "the same state"
    );
    assert_eq!(
        (manifest.origin, manifest.notes.as_str(), &manifest.snapshot),
        (Origin::Unpacked, "keep", &original.snapshot)
    );
    assert!(
        crate::verify(&back, NOW, &|_| {}, &free())
            .unwrap()
            .is_sound()
    );
    assert_eq!(
        CopyReader::open(&back).unwrap().metadata(),
        &sample().metadata,
        "down to the bits of NaN"
    );
}

#[test]
fn unzip_and_python_open_it_to_a_folder_that_is_a_copy() {
    let (_home, folder, archive, original) = copy();
    export(&folder, &archive, None, &|_| {}, &free()).unwrap();
    let mut tried = 0;
    for (program, arguments) in [
        ("unzip", vec!["-q", archive.as_str(), "-d"]),
        ("python3", vec!["-m", "zipfile", "-e", archive.as_str()]),
    ] {
        let out = folder.with_file_name(format!("by-{program}"));
        let ran = std::process::Command::new(program)
            .args(arguments)
            .arg(&out)
            .status();
        // Where the tool is not installed there is nothing to try.
        let Ok(status) = ran else { continue };
        assert!(status.success(), "{program} opens it");
        let unpacked = out.join("before-the-move");
        let reader = CopyReader::open(&unpacked).unwrap();
        assert_eq!(
            reader.manifest(),
            Some(&original),
            "{program} brings all of it back"
        );
        assert!(
            crate::verify(&unpacked, NOW, &|_| {}, &free())
                .unwrap()
                .is_sound()
        );
        tried += 1;
    }
    assert!(
        tried > 0 || cfg!(not(target_os = "linux")),
        "a Linux that tests this has one of them"
    );
}

#[test]
fn an_encrypted_archive_opens_with_its_passphrase_and_with_no_other() {
    let (_home, folder, archive, original) = copy();
    let lock = Lock::Passphrase(secret("correct horse battery staple"));
    export(&folder, &archive, Some(&lock), &|_| {}, &free()).unwrap();
    assert_eq!(kind(&archive).unwrap(), Kind::Passphrase);
    let back = folder.with_file_name("back");
    for key in [
        None,
        Some(Key::Passphrase(secret("wrong horse"))),
        Some(Key::Identity(secret("AGE-SECRET-KEY-1NOT"))),
    ] {
        let error = open(&archive, &back, key.as_ref()).unwrap_err();
        assert_eq!(error.code, Code::ArchiveKeyWrong);
        assert!(
            !error.chain().contains("horse") && !error.chain().contains("AGE-SECRET"),
            "nothing secret is said: {}",
            error.chain()
        );
        assert!(!back.exists(), "nothing was made");
    }
    let manifest = open(
        &archive,
        &back,
        Some(&Key::Passphrase(secret("correct horse battery staple"))),
    )
    .unwrap();
    assert_eq!(manifest.content, original.content);
    // The library's own decryption, as the standard tool does it, yields the plain archive.
    let plain = archive.with_file_name("plain.zip");
    export(&folder, &plain, None, &|_| {}, &free()).unwrap();
    let identity = age::scrypt::Identity::new(secret("correct horse battery staple"));
    let decrypted = age::decrypt(&identity, &fs::read(&archive).unwrap()).unwrap();
    assert!(
        decrypted == fs::read(&plain).unwrap(),
        "inside is the same zip"
    );
}

#[test]
fn an_archive_for_a_recipient_opens_with_its_key_alone() {
    let (_home, folder, archive, original) = copy();
    let (ours, theirs) = (
        age::x25519::Identity::generate(),
        age::x25519::Identity::generate(),
    );
    let lock = Lock::Recipient(ours.to_public().to_string());
    export(&folder, &archive, Some(&lock), &|_| {}, &free()).unwrap();
    assert_eq!(kind(&archive).unwrap(), Kind::Recipients);
    let back = folder.with_file_name("back");
    let error = open(&archive, &back, Some(&Key::Identity(theirs.to_string()))).unwrap_err();
    assert_eq!(error.code, Code::ArchiveKeyWrong);
    assert_eq!(
        open(&archive, &back, Some(&Key::Identity(ours.to_string())))
            .unwrap()
            .content,
        original.content
    );
    let other = archive.with_file_name("other.zip");
    let error = export(
        &folder,
        &other,
        Some(&Lock::Recipient("age1nobody".into())),
        &|_| {},
        &free(),
    )
    .unwrap_err();
    assert_eq!(error.code, Code::ArchiveKeyWrong);
    assert!(!other.exists());
}

#[test]
fn the_folder_of_another_tool_comes_out_of_any_zip() {
    let entries = good_entries();
    for top in ["", "my snapshot/"] {
        let (_home, folder) = place();
        let mut named: Vec<(String, &[u8])> = entries
            .iter()
            .map(|(name, bytes)| (format!("{top}{name}"), bytes.as_slice()))
            .collect();
        named.push((format!("{top}.DS_Store"), b"noise"));
        named.push(("__MACOSX/x".into(), b"noise"));
        let named: Vec<(&str, &[u8])> = named
            .iter()
            .map(|(name, bytes)| (name.as_str(), *bytes))
            .collect();
        let archive = folder.with_file_name("theirs.zip");
        fs::write(&archive, zip_of(&named)).unwrap();
        let manifest = open(&archive, &folder, None).unwrap();
        assert_eq!(
            (manifest.origin, manifest.hashes_since),
            (Origin::Unpacked, NOW),
            "hashes are known from now on"
        );
        assert!(
            !folder.join(".DS_Store").exists(),
            "what is no part of a copy stays out"
        );
        assert!(
            crate::verify(&folder, NOW, &|_| {}, &free())
                .unwrap()
                .is_sound()
        );
    }
}

/// Tries an archive that must be refused, and looks that nothing is left of the try.
fn refused(bytes: &[u8]) -> Error {
    let (home, folder) = place();
    let archive = folder.with_file_name("bad.zip");
    fs::write(&archive, bytes).unwrap();
    let error = open(&archive, &folder, None).unwrap_err();
    let left: Vec<_> = fs::read_dir(home.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(
        left,
        ["bad.zip"],
        "nothing half-written remains after {}",
        error.chain()
    );
    error
}

#[test]
fn hostile_archives_are_refused_whole() {
    let good = good_entries();
    let with = |name: &str, bytes: &[u8]| {
        let mut entries: Vec<(&str, &[u8])> = good
            .iter()
            .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
            .collect();
        entries.push((name, bytes));
        zip_of(&entries)
    };
    for name in [
        "../evil",
        "/etc/passwd",
        "x/../../evil",
        "a\\..\\evil",
        "C:evil",
        "./x",
    ] {
        let error = refused(&with(name, b"evil"));
        assert_eq!(error.code, Code::ArchiveMalformed, "{name}");
    }
    assert_eq!(
        refused(&with("other/metadata.json", b"{}")).code,
        Code::ArchiveMalformed,
        "two copies in one"
    );

    let mut linked = ZipWriter::new_append(Cursor::new(with("x", b""))).unwrap();
    linked
        .add_symlink("wasm_link", "/etc/passwd", SimpleFileOptions::default())
        .unwrap();
    assert_eq!(
        refused(&linked.finish().unwrap().into_inner()).facts["reason"],
        "it has links"
    );

    let mut names = with("not-utf8", b"");
    for at in 0..names.len() - 8 {
        if &names[at..at + 8] == b"not-utf8" {
            names[at] = 0xff;
        }
    }
    assert_eq!(
        refused(&names).facts["reason"],
        "the name of a file is not text"
    );

    let many: Vec<String> = (0..5_000).map(|number| format!("{number}")).collect();
    let many: Vec<(&str, &[u8])> = many
        .iter()
        .map(|name| (name.as_str(), b"".as_slice()))
        .collect();
    assert_eq!(
        refused(&zip_of(&many)).facts["reason"],
        "it has more files than a copy"
    );
    for bytes in [
        b"".as_slice(),
        b"PK",
        b"PK\x03\x04",
        b"%PDF-1.4",
        b"age-encryption.org/v1\n",
        &[0; 10_000],
    ] {
        assert_eq!(refused(bytes).code, Code::ArchiveMalformed);
    }
}

#[test]
fn sizes_that_lie_and_bombs_are_refused() {
    let good = good_entries();
    let change = |name: &str, bytes: Option<&[u8]>| {
        let entries: Vec<(&str, &[u8])> = good
            .iter()
            .filter_map(|(known, good)| {
                if known == name {
                    bytes.map(|bytes| (name, bytes))
                } else {
                    Some((known.as_str(), good.as_slice()))
                }
            })
            .collect();
        zip_of(&entries)
    };
    assert_eq!(
        refused(&change("stable_memory.bin", None)).code,
        Code::ArchiveMalformed,
        "missing"
    );
    assert_eq!(
        refused(&change("stable_memory.bin", Some(b"short"))).code,
        Code::ArchiveMalformed,
        "too short"
    );
    assert_eq!(
        refused(&change("metadata.json", Some(b"[]"))).code,
        Code::CopyMalformed
    );
    // Megabytes of zeros in a few kilobytes of zip, where a hundred kilobytes should be.
    let bomb = vec![0; 8 << 20];
    assert_eq!(
        refused(&change("stable_memory.bin", Some(&bomb))).code,
        Code::ArchiveMalformed,
        "a bomb is not unpacked"
    );
    assert_eq!(
        refused(&change("metadata.json", Some(&bomb))).code,
        Code::ArchiveMalformed,
        "nor where no size is known before"
    );
    let stored = &good.last().unwrap().0;
    assert_eq!(
        refused(&change(stored, Some(&bomb))).code,
        Code::ArchiveMalformed,
        "nor as an entry of the chunk store"
    );
    assert_eq!(
        refused(&change(stored, Some(b"another"))).code,
        Code::CopyDamaged,
        "which must be what it is named after"
    );
}

#[test]
fn a_flipped_bit_never_becomes_a_copy_unnoticed() {
    let (_home, folder, archive, original) = copy();
    export(&folder, &archive, None, &|_| {}, &free()).unwrap();
    let good = fs::read(&archive).unwrap();
    let back = folder.with_file_name("back");
    // Places all over the archive, closer together at its beginning and its end, where its structure is.
    let places = (0..400)
        .chain((0..40).map(|step| step * good.len() / 40))
        .chain(good.len() - 1_200..good.len());
    let (mut found, mut harmless) = (0, 0);
    for (turn, at) in places.enumerate().filter(|(turn, _)| turn % 7 == 0) {
        let mut bad = good.clone();
        bad[at] ^= 1 << (turn % 8);
        fs::write(&archive, &bad).unwrap();
        match open(&archive, &back, None) {
            // A bit of a date or of rights: nothing that a copy has.
            Ok(manifest) => {
                assert_eq!(manifest.content, original.content, "byte {at}");
                fs::remove_dir_all(&back).unwrap();
                harmless += 1;
            }
            Err(error) => {
                assert!(
                    matches!(
                        error.code,
                        Code::ArchiveMalformed | Code::CopyDamaged | Code::CopyMalformed
                    ),
                    "byte {at}: {}",
                    error.chain()
                );
                assert!(!back.exists(), "nothing remains, byte {at}");
                found += 1;
            }
        }
    }
    assert!(found > harmless, "{found} found, {harmless} harmless");
}

#[test]
fn truncated_archives_are_refused() {
    let (_home, folder, archive, _) = copy();
    export(&folder, &archive, None, &|_| {}, &free()).unwrap();
    let good = fs::read(&archive).unwrap();
    for keep in [good.len() - 1, good.len() - 30, good.len() / 2, 100] {
        assert_eq!(
            refused(&good[..keep]).code,
            Code::ArchiveMalformed,
            "the first {keep} bytes"
        );
    }
}

#[test]
fn a_cut_or_bitten_encrypted_archive_is_refused() {
    let (home, folder, archive, _) = copy();
    let key = age::x25519::Identity::generate();
    export(
        &folder,
        &archive,
        Some(&Lock::Recipient(key.to_public().to_string())),
        &|_| {},
        &free(),
    )
    .unwrap();
    let good = fs::read(&archive).unwrap();
    let key = Key::Identity(key.to_string());
    let back = Utf8PathBuf::from_path_buf(home.path().join("back")).unwrap();
    let mut tries: Vec<Vec<u8>> = [10, 200, good.len() / 2, good.len() - 1]
        .iter()
        .map(|keep| good[..*keep].to_vec())
        .collect();
    for at in [0, 30, 100, 250, good.len() / 3, good.len() - 5] {
        let mut bad = good.clone();
        bad[at] ^= 4;
        tries.push(bad);
    }
    for bad in tries {
        fs::write(&archive, bad).unwrap();
        let error = open(&archive, &back, Some(&key)).unwrap_err();
        assert!(
            matches!(
                error.code,
                Code::ArchiveMalformed | Code::CopyDamaged | Code::ArchiveKeyWrong
            ),
            "{}",
            error.chain()
        );
        assert!(!back.exists(), "nothing remains");
    }
}

#[test]
fn a_damaged_copy_is_not_archived_and_a_cancelled_one_leaves_nothing() {
    let (home, folder, archive, _) = copy_of(&sample());
    let stop = free();
    stop.cancel();
    assert_eq!(
        export(&folder, &archive, None, &|_| {}, &stop)
            .unwrap_err()
            .code,
        Code::Cancelled
    );
    let stable = folder.join("stable_memory.bin");
    let mut bytes = fs::read(&stable).unwrap();
    bytes[2_100_000] ^= 1;
    fs::write(&stable, bytes).unwrap();
    let error = export(&folder, &archive, None, &|_| {}, &free()).unwrap_err();
    assert_eq!(
        (error.code, error.facts["chunk"].as_str()),
        (Code::CopyDamaged, "1")
    );
    assert_eq!(
        fs::read_dir(home.path()).unwrap().count(),
        1,
        "only the copy is there"
    );
}

/// A good archive, and what is in it.
static GOOD: LazyLock<(Vec<u8>, Manifest)> = LazyLock::new(|| {
    let (_home, folder, archive, original) = copy();
    export(&folder, &archive, None, &|_| {}, &free()).unwrap();
    (fs::read(&archive).unwrap(), original)
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_done_to_an_archive_nothing_else_comes_out_of_it(
        bites in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..300, prop::collection::vec(any::<u8>(), 0..300)), 1..4),
    ) {
        let (good, original) = &*GOOD;
        let mut bad = good.clone();
        for (at, gone, new) in bites {
            let at = at.index(bad.len());
            let end = (at + gone).min(bad.len());
            bad.splice(at..end, new);
        }
        let (_home, folder) = place();
        let archive = folder.with_file_name("bitten.zip");
        fs::write(&archive, &bad).unwrap();
        let looked = look(&archive, None).is_ok();
        match open(&archive, &folder, None) {
            Ok(manifest) => {
                prop_assert_eq!(manifest.content, original.content, "nothing but the copy that was packed");
                prop_assert!(looked, "what can be unpacked can be looked into");
            }
            Err(error) => {
                prop_assert!(!folder.exists(), "nothing remains: {}", error.chain());
                prop_assert!(error.code != Code::Bug, "{}", error.chain());
            }
        }
    }
}
