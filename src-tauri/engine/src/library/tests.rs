#![allow(clippy::unwrap_used)]

use super::*;
use crate::folder::tests::small_sample;

const NOW: u64 = 1_700_000_000_000;

struct Home {
    _folder: tempfile::TempDir,
    data: Utf8PathBuf,
    library: Library,
}

fn home() -> Home {
    let folder = tempfile::tempdir().unwrap();
    let data = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
    let library = Library::load(&data, &data).unwrap();
    Home {
        _folder: folder,
        data,
        library,
    }
}

#[test]
fn copies_are_found_however_they_are_sorted_and_nothing_else_is() {
    let home = home();
    let own = home.data.join("copies");
    let sample = small_sample();
    for place in ["one", "2024/shop/two", "2024/shop/three"] {
        fs::create_dir_all(own.join(place).parent().unwrap()).unwrap();
        sample.write(&own.join(place));
    }
    fs::create_dir_all(own.join("pictures")).unwrap();
    fs::write(own.join("pictures/metadata.json"), "{}").unwrap();
    fs::create_dir_all(own.join("broken")).unwrap();
    fs::write(own.join("broken/canopic.json"), "{}").unwrap();
    drop(crate::CopyWriter::create(&own.join("half"), sample.draft()).unwrap());
    #[cfg(unix)]
    std::os::unix::fs::symlink(own.join("one"), own.join("link")).unwrap();

    let found: Vec<_> = home
        .library
        .scan()
        .into_iter()
        .map(|copy| {
            (
                copy.folder.strip_prefix(&own).unwrap().to_string(),
                copy.state,
            )
        })
        .collect();
    let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["2024/shop/three", "2024/shop/two", "broken", "half", "one"]
    );
    for (name, state) in &found {
        match (name.as_str(), state) {
            ("broken", CopyState::Unreadable(error)) => assert_eq!(error.code, Code::CopyDamaged),
            ("half", CopyState::Unfinished(Some(draft))) => {
                assert_eq!(**draft, sample.draft(), "what it is to be is known");
            }
            ("broken" | "half", state) => panic!("{name} is {state:?}"),
            (_, CopyState::Whole(about)) => assert_eq!(about.metadata, sample.metadata),
            (name, state) => panic!("{name} is {state:?}"),
        }
    }
}

#[test]
fn a_copy_that_was_cut_off_is_known_as_damaged_with_what_is_missing() {
    let home = home();
    let own = home.data.join("copies");
    fs::create_dir_all(&own).unwrap();
    let folder = own.join("one");
    let manifest = small_sample().write(&folder);
    let record = manifest.file(crate::Part::Heap).unwrap().clone();
    let heap = folder.join(&record.path);
    let file = fs::File::options().write(true).open(&heap).unwrap();
    file.set_len(record.bytes / 2).unwrap();
    let about = || match home.library.scan().remove(0).state {
        CopyState::Whole(about) => about,
        state => panic!("{state:?}"),
    };
    let found = about();
    let wrong = |found| WrongSize {
        file: record.path.clone(),
        expected: record.bytes,
        found,
    };
    assert_eq!(found.wrong_sizes, [wrong(Some(record.bytes / 2))]);
    let known = found.manifest.unwrap();
    assert!(
        known.damaged_at.is_some() && known.verified_at.is_none(),
        "nobody has to verify it to see that"
    );
    assert_eq!(known.content, manifest.content, "what it was of is known");
    fs::remove_file(&heap).unwrap();
    assert_eq!(about().wrong_sizes, [wrong(None)]);
}

#[test]
fn a_copy_goes_to_the_bin_and_comes_back() {
    let home = home();
    let own = home.data.join("copies");
    fs::create_dir_all(&own).unwrap();
    let manifest = small_sample().write(&own.join("one"));
    let id = home.library.scan()[0].id;
    assert_eq!(id.to_string().parse::<CopyId>().unwrap(), id);

    let deleted = home.library.delete(id, NOW).unwrap();
    assert!(
        home.library.scan().is_empty(),
        "it is not in the library any more"
    );
    assert_eq!(home.library.deleted(), [deleted]);
    assert_eq!(
        home.library.delete(id, NOW).unwrap_err().code,
        Code::CopyChanged,
        "and cannot be deleted twice"
    );

    fs::create_dir(own.join("one")).unwrap();
    assert_eq!(
        home.library.restore(id).unwrap_err().code,
        Code::CopyExists,
        "what is there now stays"
    );
    fs::remove_dir(own.join("one")).unwrap();
    home.library.restore(id).unwrap();
    let reader = CopyReader::open(&own.join("one")).unwrap();
    assert_eq!(reader.manifest(), Some(&manifest), "all of it is back");
    assert!(home.library.deleted().is_empty());

    home.library.delete(id, NOW).unwrap();
    assert_eq!(
        home.library.empty_bin(NOW).unwrap(),
        0,
        "what was deleted just now stays a while"
    );
    assert!(home.library.empty_bin(NOW + 1).unwrap() > 0);
    assert_eq!(
        home.library.restore(id).unwrap_err().code,
        Code::CopyChanged,
        "then it is gone"
    );
}

#[test]
fn a_copy_that_is_being_written_is_not_deleted() {
    let home = home();
    let own = home.data.join("copies");
    fs::create_dir_all(&own).unwrap();
    let _writer = crate::CopyWriter::create(&own.join("half"), small_sample().draft()).unwrap();
    let id = home.library.scan()[0].id;
    assert_eq!(
        home.library.delete(id, NOW).unwrap_err().code,
        Code::CopyInUse
    );
    assert_eq!(home.library.scan().len(), 1);
}

#[test]
fn a_forged_note_in_a_bin_moves_nothing_elsewhere() {
    let home = home();
    let slot = home.data.join("copies").join(BIN).join("slot");
    fs::create_dir_all(slot.join("copy")).unwrap();
    let elsewhere = home.data.join("elsewhere/x");
    fs::write(
        slot.join(FROM),
        serde_json::to_vec(&Note {
            folder: elsewhere.clone(),
            at: 1,
        })
        .unwrap(),
    )
    .unwrap();
    assert!(home.library.deleted().is_empty());
    assert_eq!(
        home.library
            .restore(CopyId::of(&elsewhere))
            .unwrap_err()
            .code,
        Code::CopyChanged
    );
}

#[test]
fn copies_are_joined_to_snapshots_by_name_and_by_content() {
    let home = home();
    let own = home.data.join("copies");
    fs::create_dir_all(&own).unwrap();
    let sample = small_sample();
    let snapshot = sample.draft().snapshot.unwrap();
    let elsewhere = ChainSnapshot {
        fingerprint: "ffffffffffffffff".into(),
        ..snapshot.clone()
    };
    sample.write(&own.join("same"));
    sample.write(&own.join("uploaded"));
    sample.write(&own.join("content"));
    let other = ChainSnapshot {
        snapshot: "00".repeat(18),
        ..snapshot.clone()
    };
    folder::update(&own.join("uploaded"), |manifest| {
        manifest.snapshot = Some(elsewhere.clone());
        manifest.also = vec![snapshot.clone()];
    })
    .unwrap();
    folder::update(&own.join("content"), |manifest| {
        manifest.snapshot = Some(other);
    })
    .unwrap();
    let copies = home.library.scan();
    let bonds = |snapshot: &ChainSnapshot| -> Vec<_> {
        copies_of(snapshot, &copies)
            .into_iter()
            .map(|(copy, bond)| (copy.folder.file_name().unwrap().to_owned(), bond))
            .collect()
    };
    assert_eq!(
        bonds(&snapshot),
        [
            ("same".into(), Bond::Same),
            ("uploaded".into(), Bond::Same),
            ("content".into(), Bond::SameContent)
        ]
    );
    assert_eq!(
        bonds(&elsewhere)[0],
        ("uploaded".into(), Bond::Same),
        "the same ids on another network are another snapshot"
    );
    let unknown = ChainSnapshot {
        network: "renamed".into(),
        ..snapshot.clone()
    };
    assert_eq!(
        bonds(&unknown),
        bonds(&snapshot),
        "what the network is called does not matter"
    );
}

#[test]
fn added_folders_are_remembered() {
    let home = home();
    let extra = home.data.join("extra");
    home.library
        .change(|folders| folders.push(extra.clone()))
        .unwrap();
    let again = Library::load(&home.data, &home.data).unwrap();
    assert_eq!(again.folders(), [home.data.join("copies"), extra]);
    fs::write(home.data.join("library.json"), "{\"version\": 9}").unwrap();
    assert_eq!(
        Library::load(&home.data, &home.data).err().unwrap().code,
        Code::SettingsFromNewerVersion
    );
}

#[test]
fn a_new_copy_gets_a_name_of_its_own() {
    let home = home();
    let first = home.library.place_for("Shop: vor dem Umzug / 3").unwrap();
    assert_eq!(first.file_name(), Some("shop-vor-dem-umzug-3"));
    fs::create_dir(&first).unwrap();
    assert_eq!(
        home.library
            .place_for("Shop: vor dem Umzug / 3")
            .unwrap()
            .file_name(),
        Some("shop-vor-dem-umzug-3-2")
    );
    assert_eq!(
        home.library.place_for("../..").unwrap().file_name(),
        Some("snapshot")
    );
}
