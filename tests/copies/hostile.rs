//! Folders that should not be trusted.

use crate::{NOW, place, write};
use camino::Utf8Path;
use canopic_engine::{Code, CopyReader, CopyWriter, Draft, Error, Origin, unfinished, verify};
use std::{fs, os::unix::fs::symlink, process::Command};
use tokio_util::sync::CancellationToken;

fn open(folder: &Utf8Path) -> Result<CopyReader, Error> {
    CopyReader::open(folder)
}

fn refused(folder: &Utf8Path) -> Error {
    let Err(error) = open(folder) else {
        panic!("{folder} must be refused")
    };
    assert!(
        error.facts.contains_key("path"),
        "the code alone does not help: {}",
        error.chain()
    );
    error
}

fn check(folder: &Utf8Path) -> Result<canopic_engine::Verification, Error> {
    verify(folder, NOW, &|_| {}, &CancellationToken::new())
}

/// A copy without its manifest: as another tool would hand it over.
fn foreign(folder: &Utf8Path) {
    write(folder, "hello");
    fs::remove_file(folder.join("canopic.json")).unwrap();
}

#[test]
fn no_link_is_followed() {
    for file in [
        "wasm_module.bin",
        "wasm_memory.bin",
        "stable_memory.bin",
        "metadata.json",
    ] {
        let (home, folder) = place();
        foreign(&folder);
        // What it leads to has the right size and the right bytes: it is refused for being a link.
        let aside = home.path().join("aside");
        fs::rename(folder.join(file), &aside).unwrap();
        symlink(&aside, folder.join(file)).unwrap();
        assert_eq!(refused(&folder).code, Code::CopyMalformed, "{file}");
        let before = fs::read(&aside).unwrap();
        assert!(check(&folder).is_err());
        assert!(
            fs::read(&aside).unwrap() == before,
            "what lies outside is not touched"
        );
    }
    let (home, folder) = place();
    foreign(&folder);
    let aside = home.path().join("aside");
    fs::rename(folder.join("wasm_chunk_store"), &aside).unwrap();
    symlink(&aside, folder.join("wasm_chunk_store")).unwrap();
    assert_eq!(
        refused(&folder).facts["reason"],
        "its chunk store is not a folder"
    );
}

#[test]
fn nothing_is_written_through_a_link() {
    for file in ["wasm_memory.bin", "canopic.partial.log", ".lock"] {
        let (home, folder) = place();
        write(&folder, "hello");
        let metadata = open(&folder).unwrap().metadata().clone();
        let aside = home.path().join("aside");
        fs::write(&aside, "precious").unwrap();
        fs::remove_file(folder.join("canopic.json")).unwrap();
        fs::write(folder.join(".download_progress.json"), "{}").unwrap();
        let _ = fs::remove_file(folder.join(file));
        symlink(&aside, folder.join(file)).unwrap();
        let draft = Draft {
            origin: Origin::Continued,
            made_at: NOW,
            name: String::new(),
            snapshot: None,
            then: None,
            module_hash: None,
            metadata,
        };
        if let Some(begun) = unfinished(&folder).unwrap() {
            assert!(
                CopyWriter::take_over(&folder, &begun, draft, &|_| {}).is_err(),
                "{file}"
            );
        }
        assert_eq!(
            fs::read_to_string(&aside).unwrap(),
            "precious",
            "not through {file}"
        );
    }
}

#[test]
fn pipes_and_folders_in_the_place_of_files_do_not_hold_anything_up() {
    for file in ["wasm_memory.bin", "metadata.json", "canopic.json"] {
        let (_home, folder) = place();
        write(&folder, "hello");
        fs::remove_file(folder.join(file)).unwrap();
        assert!(
            Command::new("mkfifo")
                .arg(folder.join(file))
                .status()
                .unwrap()
                .success()
        );
        let error = refused(&folder);
        assert!(
            matches!(
                error.code,
                Code::CopyMalformed | Code::CopyDamaged | Code::FolderUnusable
            ),
            "{file}: {}",
            error.chain()
        );
        fs::remove_file(folder.join(file)).unwrap();
        fs::create_dir(folder.join(file)).unwrap();
        refused(&folder);
    }
}

#[test]
fn what_is_no_copy_is_said_to_be_none() {
    let (home, folder) = place();
    assert_eq!(refused(&folder).code, Code::CopyChanged, "it is not there");
    fs::create_dir(&folder).unwrap();
    assert_eq!(refused(&folder).facts["reason"], "it has no metadata.json");
    let file = folder.join("file");
    fs::write(&file, "x").unwrap();
    assert_eq!(refused(&file).facts["reason"], "it is not a folder");
    for text in ["", "{", "[]", "null", "{\"wasm_module_size\": 1}"] {
        fs::write(folder.join("metadata.json"), text).unwrap();
        assert_eq!(refused(&folder).code, Code::CopyMalformed, "{text:?}");
    }
    fs::write(folder.join("metadata.json"), vec![b' '; 5 << 20]).unwrap();
    assert_eq!(
        refused(&folder).code,
        Code::CopyMalformed,
        "too large to be metadata"
    );
    drop(home);
}

#[test]
fn deep_json_does_not_bring_the_reader_down() {
    let (_home, folder) = place();
    foreign(&folder);
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000));
    fs::write(folder.join("metadata.json"), deep).unwrap();
    assert_eq!(refused(&folder).code, Code::CopyMalformed);
}

#[test]
fn sizes_that_are_not_there_are_not_believed() {
    let (_home, folder) = place();
    foreign(&folder);
    let metadata = folder.join("metadata.json");
    let good = fs::read_to_string(&metadata).unwrap();
    let huge = good.replace(
        "\"stable_memory_size\": 131072",
        "\"stable_memory_size\": 536870912000",
    );
    assert_ne!(huge, good, "the size was there");
    fs::write(&metadata, huge).unwrap();
    assert_eq!(
        refused(&folder).code,
        Code::CopyUnfinished,
        "shorter than it says: as dfx leaves what it did not finish"
    );
    let small = good.replace(
        "\"stable_memory_size\": 131072",
        "\"stable_memory_size\": 65536",
    );
    fs::write(&metadata, small).unwrap();
    assert_eq!(
        refused(&folder).code,
        Code::CopyMalformed,
        "longer than it says"
    );
}

#[test]
fn a_float_that_icp_lost_is_said_and_not_guessed() {
    let (_home, folder) = place();
    foreign(&folder);
    let metadata = folder.join("metadata.json");
    let text = fs::read_to_string(&metadata).unwrap().replace(
        "\"globals\": []",
        "\"globals\": [{\"f64\": null}, {\"i32\": 4}]",
    );
    fs::write(&metadata, text).unwrap();
    let reader = open(&folder).unwrap();
    assert!(reader.metadata().has_lost_globals());
    assert!(
        reader
            .metadata()
            .upload_arguments(candid::Principal::management_canister(), None)
            .is_none(),
        "it cannot become a snapshot"
    );
    assert!(
        check(&folder).unwrap().is_sound(),
        "but it can be kept and looked into"
    );
}

#[test]
fn thousands_of_strange_files_beside_a_copy_are_left_alone() {
    use std::os::unix::ffi::OsStrExt as _;
    let (_home, folder) = place();
    write(&folder, "hello");
    for number in 0..3_000 {
        fs::write(folder.join(format!("wasm_chunk_store/{number}")), "x").unwrap();
    }
    let odd = folder
        .as_std_path()
        .join(std::ffi::OsStr::from_bytes(b"\xff\xfe"));
    fs::write(&odd, "x").unwrap();
    assert!(check(&folder).unwrap().is_sound());
    assert!(odd.exists() && folder.join("wasm_chunk_store/2999").exists());
}

#[test]
fn a_copy_on_a_disk_that_cannot_be_written_is_read_all_the_same() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Utf8Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let (_home, folder) = place();
    write(&folder, "hello");
    mode(&folder, 0o500);
    // Who may do anything is not kept out by rights; then there is nothing to see here.
    let may_all = fs::write(folder.join("probe"), "").is_ok();
    assert!(
        check(&folder).unwrap().is_sound(),
        "it is sound, whether that can be noted down or not"
    );
    mode(&folder, 0o700);
    mode(&folder.join("stable_memory.bin"), 0o000);
    match open(&folder) {
        Err(error) => assert_eq!(error.code, Code::FolderUnusable),
        Ok(_) => assert!(may_all),
    }
    mode(&folder.join("stable_memory.bin"), 0o600);
}

#[test]
fn a_file_that_changes_while_it_is_read_is_noticed() {
    let (_home, folder) = place();
    foreign(&folder);
    let reader = open(&folder).unwrap();
    reader.check_unchanged().unwrap();
    let stable = folder.join("stable_memory.bin");
    let bytes = fs::read(&stable).unwrap();
    fs::write(&stable, &bytes[..PAGE_OF_TEXT]).unwrap();
    assert_eq!(
        reader.check_unchanged().unwrap_err().code,
        Code::CopyChanged
    );
    let mut piece = vec![0; 10];
    let error = reader
        .read(
            canopic_engine::Part::Stable,
            bytes.len() as u64 - 10,
            &mut piece,
        )
        .unwrap_err();
    assert_eq!(
        error.code,
        Code::CopyChanged,
        "it became shorter under the reader"
    );
}

const PAGE_OF_TEXT: usize = 1 << 16;
