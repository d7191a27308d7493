//! The way of a copy through the api, as JSON: found, labelled, verified, looked into, compared, packed, unpacked, deleted, restored.

use crate::write;
use camino::Utf8PathBuf;
use canopic_api::{Api, Computer};
use canopic_engine::{DoorError, Endpoint, Places, PracticeDoor};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::{fs, sync::Arc};

/// No copy needs a network.
struct NoNetwork;

impl PracticeDoor for NoNetwork {
    fn open(&self) -> BoxFuture<'_, Result<Endpoint, DoorError>> {
        panic!("copies are looked at without a network")
    }
}

struct Bench {
    api: Api,
    home: Utf8PathBuf,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        let api = Api::open_on(
            Places::below(&home).open(),
            Arc::new(NoNetwork),
            Computer::of_a_test(&home),
        );
        fs::create_dir_all(home.join("data/copies")).unwrap();
        Self {
            api,
            home,
            _folder: folder,
        }
    }

    fn copy(&self, name: &str, text: &str) {
        write(&self.home.join("data/copies").join(name), text);
    }

    async fn ask(&self, request: Value) -> Value {
        let answer = self.api.answer_json(request.clone()).await;
        answer.unwrap_or_else(|failure| panic!("{request}: {}", failure.report))
    }

    async fn fail(&self, request: Value) -> Value {
        serde_json::to_value(self.api.answer_json(request).await.unwrap_err()).unwrap()
    }

    async fn copies(&self) -> Vec<Value> {
        self.ask(json!({"request": "library"})).await["copies"]
            .as_array()
            .unwrap()
            .clone()
    }

    fn pick(&self, name: &str) -> u32 {
        self.api.picked([self.home.join(name)])[0].pick
    }
}

#[tokio::test]
async fn a_copy_is_found_labelled_and_verified() {
    let bench = Bench::new();
    bench.copy("shop", "hello");
    let copy = bench.copies().await.remove(0);
    assert_eq!(copy["state"]["kind"], "whole");
    assert_eq!(copy["state"]["content"]["stableBytes"], 131_072.0);
    assert_eq!(
        copy["state"]["record"]["snapshot"]["canister"],
        "um5iw-rqaaa-aaaaq-qaaba-cai"
    );
    let id = &copy["id"];
    bench.ask(json!({"request": "labelCopy", "copy": id, "name": "Shop", "notes": "the last good one", "pinned": true})).await;
    let found = bench
        .ask(json!({"request": "verifyCopy", "copy": id, "errand": 1}))
        .await;
    assert_eq!(
        (&found["isSound"], &found["hadHashes"]),
        (&json!(true), &json!(true))
    );
    let record = bench.copies().await.remove(0)["state"]["record"].clone();
    assert_eq!(
        (&record["notes"], &record["pinned"]),
        (&json!("the last good one"), &json!(true))
    );
    assert!(
        record["verifiedAt"].is_number(),
        "and when it was verified is known"
    );
    let refused = bench
        .fail(json!({"request": "deleteCopy", "copy": id}))
        .await;
    assert_eq!(refused["code"], "precondition", "a pinned copy stays");
    assert_eq!(
        bench.ask(json!({"request": "errand", "errand": 1})).await,
        Value::Null,
        "an errand ends with its request"
    );
}

#[tokio::test]
async fn damage_is_named_by_file_and_chunk() {
    let bench = Bench::new();
    bench.copy("shop", "hello");
    let heap = bench.home.join("data/copies/shop/wasm_memory.bin");
    let mut bytes = fs::read(&heap).unwrap();
    bytes[2_100_000] ^= 1;
    fs::write(&heap, bytes).unwrap();
    let copy = bench.copies().await.remove(0);
    let found = bench
        .ask(json!({"request": "verifyCopy", "copy": copy["id"], "errand": 1}))
        .await;
    assert_eq!(found["isSound"], false);
    assert_eq!(
        found["damage"],
        json!([{"file": "wasm_memory.bin", "chunk": 1.0}])
    );
}

#[tokio::test]
async fn a_copy_is_looked_into_and_compared() {
    let bench = Bench::new();
    bench.copy("one", "needle in the stable memory");
    bench.copy("two", "nothing of that kind");
    let copies = bench.copies().await;
    let (one, two) = (&copies[0]["id"], &copies[1]["id"]);
    let inspection = bench
        .ask(json!({"request": "inspectCopy", "copy": one}))
        .await;
    assert_eq!(inspection["module"]["methods"], json!([["greet", "query"]]));
    assert_eq!(inspection["layout"]["kind"], "unknown");
    let map = bench
        .ask(json!({"request": "mapCopy", "copy": one, "part": "heap", "cells": 100, "errand": 1}))
        .await;
    assert_eq!(
        (&map["pages"], &map["used"], &map["cells"][39]),
        (&json!(40.0), &json!(1.0), &json!(1.0))
    );
    let search = |needle: Value| json!({"request": "searchCopy", "copy": one, "part": "stable", "needle": needle, "from": 0, "errand": 2});
    let found = bench.ask(search(json!({"text": "in the"}))).await;
    assert_eq!(found, json!({"offsets": [65_543.0], "next": null}));
    assert_eq!(
        bench.ask(search(json!({"hex": "6e 65 65 64"}))).await["offsets"],
        json!([65_536.0])
    );
    assert_eq!(
        bench.fail(search(json!({"hex": "xyz"}))).await["code"],
        "precondition"
    );
    let bytes = bench.ask(json!({"request": "lookIntoCopy", "copy": one, "part": "stable", "offset": 65_536, "length": 6})).await;
    assert_eq!(bytes, hex::encode("needle"));
    let found = bench
        .ask(
            json!({"request": "compareCopies", "one": one, "other": two, "cells": 10, "errand": 3}),
        )
        .await;
    assert_eq!(
        (&found["isSame"], &found["isSameModule"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(
        (&found["heap"]["used"], &found["stable"]["used"]),
        (&json!(0.0), &json!(1.0))
    );
}

#[tokio::test]
async fn a_copy_travels_through_an_encrypted_archive() {
    let bench = Bench::new();
    bench.copy("shop", "hello");
    let before = bench.copies().await.remove(0);
    let lock = json!({"passphrase": "correct horse battery staple"});
    let export = json!({"request": "exportCopy", "copy": before["id"], "pick": bench.pick("shop.zip.age"), "lock": lock, "errand": 1});
    bench.ask(export).await;
    let pick = bench.pick("shop.zip.age");
    let closed = bench
        .ask(json!({"request": "lookAtDrop", "pick": pick, "key": null}))
        .await;
    assert_eq!(
        (&closed["kind"], &closed["archive"], &closed["content"]),
        (&json!("archive"), &json!("passphrase"), &Value::Null),
        "what is in it is not known yet"
    );
    for request in [
        json!({"request": "lookAtDrop", "pick": pick, "key": {"passphrase": "wrong"}}),
        json!({"request": "adoptPick", "pick": pick, "key": {"passphrase": "wrong"}, "errand": 2}),
    ] {
        let wrong = bench.fail(request).await;
        assert_eq!(wrong["code"], "archiveKeyWrong");
        assert!(
            !wrong.to_string().contains("wrong\""),
            "what was typed is not repeated: {wrong}"
        );
    }
    let open = bench
        .ask(json!({"request": "lookAtDrop", "pick": pick, "key": lock}))
        .await;
    assert_eq!(
        (&open["content"]["stableBytes"], &open["record"]["name"]),
        (&json!(131_072.0), &json!("Shop")),
        "with its key it tells what is in it, and nothing was unpacked"
    );
    assert_eq!(bench.copies().await.len(), 1);
    let id = bench
        .ask(json!({"request": "adoptPick", "pick": pick, "key": lock, "errand": 3}))
        .await;
    let copies = bench.copies().await;
    let after = copies.iter().find(|copy| copy["id"] == id).unwrap();
    assert_ne!(after["id"], before["id"]);
    let content = |copy: &Value| copy["state"]["record"]["content"].clone();
    assert_eq!(content(after), content(&before), "the same in everything");
    assert_eq!(after["state"]["record"]["origin"], "unpacked");
    let again = bench.fail(json!({"request": "exportCopy", "copy": id, "pick": bench.pick("shop.zip.age"), "lock": null, "errand": 4})).await;
    assert_eq!(again["code"], "copyExists", "nothing is written over");
}

#[tokio::test]
async fn deleting_can_be_taken_back_until_the_bin_is_emptied() {
    let bench = Bench::new();
    bench.copy("shop", "hello");
    let id = bench.copies().await.remove(0)["id"].clone();
    bench
        .ask(json!({"request": "deleteCopy", "copy": id}))
        .await;
    let library = bench.ask(json!({"request": "library"})).await;
    assert_eq!(
        (
            library["copies"].as_array().unwrap().len(),
            &library["deleted"][0]["id"]
        ),
        (0, &id)
    );
    bench
        .ask(json!({"request": "restoreCopy", "copy": id}))
        .await;
    assert_eq!(bench.copies().await.len(), 1);
    bench
        .ask(json!({"request": "deleteCopy", "copy": id}))
        .await;
    assert!(
        bench
            .ask(json!({"request": "emptyBin"}))
            .await
            .as_f64()
            .unwrap()
            > 0.0
    );
    assert_eq!(
        bench
            .fail(json!({"request": "restoreCopy", "copy": id}))
            .await["code"],
        "copyChanged"
    );
}

#[tokio::test]
async fn folders_are_added_by_a_pick_and_never_by_a_path() {
    let bench = Bench::new();
    write(
        &{
            let shelf = bench.home.join("shelf");
            fs::create_dir(&shelf).unwrap();
            shelf.join("notes")
        },
        "hello",
    );
    assert_eq!(bench.copies().await.len(), 0);
    bench
        .ask(json!({"request": "addLibraryFolder", "pick": bench.pick("shelf")}))
        .await;
    assert_eq!(bench.copies().await.len(), 1);
    let folders = bench.ask(json!({"request": "library"})).await["folders"].clone();
    bench
        .ask(json!({"request": "removeLibraryFolder", "folder": folders[1]}))
        .await;
    assert_eq!(bench.copies().await.len(), 0);
    assert_eq!(
        bench
            .fail(json!({"request": "addLibraryFolder", "pick": 999}))
            .await["code"],
        "pickGone"
    );
}

#[tokio::test]
async fn whatever_is_dropped_is_told_for_what_it_is() {
    let bench = Bench::new();
    let home = &bench.home;
    let look = async |name: &str| {
        let pick = bench.pick(name);
        bench
            .ask(json!({"request": "lookAtDrop", "pick": pick, "key": null}))
            .await
    };
    bench.copy("shop", "hello");
    let ours = look("data/copies/shop").await;
    assert_eq!(ours["kind"], "copy");
    assert_eq!(
        ours["copy"],
        bench.copies().await[0]["id"],
        "it is in the library already"
    );

    write(&home.join("desk/theirs"), "hello");
    fs::remove_file(home.join("desk/theirs/canopic.json")).unwrap();
    let theirs = look("desk/theirs").await;
    assert_eq!(
        (&theirs["kind"], &theirs["record"], &theirs["copy"]),
        (&json!("copy"), &Value::Null, &Value::Null),
        "another tool's: no hashes, and nowhere in the library"
    );
    assert_eq!(theirs["content"]["heapBytes"], 2_621_440.0);
    assert_eq!(
        (
            look("desk").await["kind"].clone(),
            look("desk").await["copies"].clone()
        ),
        (json!("shelf"), json!(1))
    );
    assert_eq!(
        bench.copies().await.len(),
        1,
        "looking takes nothing in, and changes nothing"
    );
    assert!(!home.join("desk/theirs/canopic.json").exists());

    fs::write(home.join("desk/theirs/stable_memory.bin"), "short").unwrap();
    let left = look("desk/theirs").await;
    assert_eq!(
        (&left["kind"], &left["begunBy"]),
        (&json!("unfinished"), &json!("dfx"))
    );
    fs::write(home.join("desk/theirs/metadata.json"), "[]").unwrap();
    let broken = look("desk/theirs").await;
    assert_eq!(
        (&broken["kind"], &broken["failure"]["code"]),
        (&json!("unusable"), &json!("copyMalformed"))
    );

    fs::write(home.join("shop.wasm"), crate::module()).unwrap();
    let module = look("shop.wasm").await;
    assert_eq!(
        (&module["kind"], &module["module"]["methods"][0]["name"]),
        (&json!("module"), &json!("greet"))
    );
    let kept = bench
        .ask(json!({"request": "module", "hash": module["module"]["hash"]}))
        .await;
    assert_eq!(
        kept["hash"], module["module"]["hash"],
        "its hash names it now"
    );
    fs::write(home.join("cut.wasm"), &crate::module()[..20]).unwrap();
    assert_eq!(look("cut.wasm").await["kind"], "unusable");

    fs::create_dir(home.join("project")).unwrap();
    fs::write(home.join("project/icp.yaml"), "canisters: []").unwrap();
    assert_eq!(look("project").await["kind"], "project");
    fs::write(home.join("notes.txt"), "buy milk").unwrap();
    fs::create_dir(home.join("pictures")).unwrap();
    for nothing in ["notes.txt", "pictures"] {
        assert_eq!(look(nothing).await, json!({"kind": "unknown"}), "{nothing}");
    }
    fs::write(home.join("torn.zip"), b"PK\x03\x04 and nothing behind it").unwrap();
    assert_eq!(
        look("torn.zip").await["failure"]["code"],
        "archiveMalformed"
    );
    let gone = bench.pick("nowhere");
    let failure = bench
        .fail(json!({"request": "lookAtDrop", "pick": gone, "key": null}))
        .await;
    assert_eq!(failure["code"], "folderUnusable");
}

#[tokio::test]
async fn a_dropped_folder_is_linked_where_it_lies() {
    let bench = Bench::new();
    let folder = bench.home.join("desk/theirs");
    write(&folder, "hello");
    write(&bench.home.join("desk/other"), "another one");
    let adopt = |name: &str| json!({"request": "adoptPick", "pick": bench.pick(name), "key": null, "errand": 1});
    let id = bench.ask(adopt("desk/theirs")).await;
    let copies = bench.copies().await;
    assert_eq!(copies.len(), 1, "it, and not what lies beside it");
    assert_eq!(
        (&copies[0]["id"], &copies[0]["folder"]),
        (&id, &json!(folder.canonicalize_utf8().unwrap()))
    );
    assert_eq!(
        bench.ask(adopt("desk/theirs")).await,
        id,
        "a second time changes nothing"
    );
    assert_eq!(bench.copies().await.len(), 1);
    fs::create_dir(bench.home.join("empty")).unwrap();
    assert_eq!(
        bench.fail(adopt("empty")).await["code"],
        "copyMalformed",
        "what is no copy is not taken in"
    );
}
