//! What a person does with snapshots and copies, and what must never happen.

use super::{assert_whole, carried_out, download, folder, upload};
use camino::Utf8Path;
use canopic_engine::{
    CheckName, CheckVerdict, Code, CopyReader, End, Op, RepairCopy, SnapshotId, State, UploadCopy,
};
use canopic_practice::faults::{Effect, Fault, Kind, Refusal};
use canopic_tests::{
    Bench, errand,
    memory::{self, Shape},
};
use std::{
    fs::{self, OpenOptions},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    time::Duration,
};

const DONE: State = State::Ended(End::Done);
const UNDONE: State = State::Ended(End::Undone);

/// A fault that strikes these calls once, after so many.
pub fn once(method: &str, after: u32, effect: Effect) -> Fault {
    Fault {
        kind: Some(Kind::Call),
        method: Some(method.to_owned()),
        after,
        times: 1,
        effect,
    }
}

/// Waits until every fault has struck. Nobody tells when one does, so the script is asked again and again.
pub async fn struck(bench: &Bench) {
    while !bench.network().faults().is_empty() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// A fault that never strikes counts the requests that it fits.
pub struct Counter<'b>(&'b Bench);

impl<'b> Counter<'b> {
    const FAR: u32 = 1_000_000;

    /// Counts the calls of a method.
    pub fn of(bench: &'b Bench, method: &str) -> Self {
        Self::begin(bench, once(method, Self::FAR, Effect::Cut))
    }

    /// Counts all requests.
    pub fn all(bench: &'b Bench) -> Self {
        let any = Fault {
            kind: None,
            method: None,
            ..once("", Self::FAR, Effect::Cut)
        };
        Self::begin(bench, any)
    }

    fn begin(bench: &'b Bench, never: Fault) -> Self {
        bench.network().break_it([never]);
        Self(bench)
    }

    /// How many there were.
    pub fn count(&self) -> u32 {
        Self::FAR - self.0.network().faults()[0].after
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_goes_through_a_copy_onto_the_network_again() {
    let bench = Bench::practice().await;
    // Eight mebibytes used, eight empty, and so on.
    let shape = Shape::mebibytes(48, Some(128));
    let (id, snapshot) = memory::settle(&bench, shape).await;
    let here = folder(&bench, "copy");
    let job = carried_out(&bench.engine, &download(id, &snapshot, &here)).await;
    assert_eq!(job.state, DONE, "{:?}", job.failure);
    assert_whole(&here, shape);
    let copy = CopyReader::open(&here).unwrap();
    let manifest = copy.manifest().unwrap();
    let then = manifest.then.as_ref().unwrap();
    assert_eq!(then.run_state, "running", "the status then is kept with it");
    assert_eq!(manifest.name, "before the move");
    assert_eq!(
        then.settings.controllers,
        [bench.owner().to_text()],
        "no snapshot holds the settings, so the copy does"
    );

    let sent = Counter::of(&bench, "upload_canister_snapshot_data");
    let whole = Op::UploadCopy(UploadCopy {
        canister: id,
        folder: here.clone(),
        replace: None,
        compares_all: true,
    });
    let job = carried_out(&bench.engine, &whole).await;
    assert_eq!(job.state, DONE, "read back, all of it: {:?}", job.failure);
    assert_eq!(
        sent.count(),
        20,
        "the module, four pieces of the heap, and five for each of the three used stretches of the stable memory"
    );
    let listed = memory::snapshots(&bench, id).await;
    assert_eq!(listed.len(), 2, "the old one and the new one");

    let again = folder(&bench, "again");
    let job = carried_out(&bench.engine, &download(id, &listed[1], &again)).await;
    assert_eq!(job.state, DONE, "{:?}", job.failure);
    let same = CopyReader::open(&again).unwrap();
    assert_eq!(
        same.manifest().unwrap().content,
        manifest.content,
        "what came back is what had gone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_download_goes_on_and_never_mixes_snapshots() {
    let bench = Bench::practice().await;
    let shape = Shape::mebibytes(40, None);
    let (id, first) = memory::settle(&bench, shape).await;
    let second = memory::take(&bench, id).await;
    let here = folder(&bench, "copy");
    let gone = Effect::RejectCertified(Refusal {
        error: 305,
        message: "Could not find the snapshot ID".to_owned(),
    });
    bench
        .network()
        .break_it([once("read_canister_snapshot_data", 12, gone)]);
    let job = carried_out(&bench.engine, &download(id, &first, &here)).await;
    assert_eq!(job.state, UNDONE);
    assert_eq!(
        job.failure.unwrap().code,
        Code::SnapshotGone,
        "it is said that it has gone"
    );
    let half = fs::read(here.join("canopic.partial.log")).unwrap();
    assert!(!half.is_empty(), "what had landed is kept");

    let job = carried_out(&bench.engine, &download(id, &second, &here)).await;
    assert_eq!(
        job.failure.unwrap().code,
        Code::SnapshotDiffers,
        "another snapshot, though of the same canister and the same content"
    );
    assert_eq!(
        fs::read(here.join("canopic.partial.log")).unwrap(),
        half,
        "and nothing of it was added"
    );

    let read = Counter::of(&bench, "read_canister_snapshot_data");
    let job = carried_out(&bench.engine, &download(id, &first, &here)).await;
    assert_eq!(job.state, DONE, "{:?}", job.failure);
    assert!(
        read.count() < 21,
        "only what was missing is read: {}",
        read.count()
    );
    assert_whole(&here, shape);

    let job = carried_out(&bench.engine, &download(id, &first, &here)).await;
    assert_eq!(
        job.state, DONE,
        "a copy that is whole already is no trouble"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_called_off_leaves_nothing() {
    let bench = Bench::practice().await;
    let (id, snapshot) = memory::settle(&bench, Shape::mebibytes(64, None)).await;
    let here = folder(&bench, "copy");
    carried_out(&bench.engine, &download(id, &snapshot, &here)).await;

    // Frozen in the middle of it, so that there is a middle.
    bench
        .network()
        .break_it([once("upload_canister_snapshot_data", 8, Effect::Freeze)]);
    let job = errand::begin(&bench.engine, &upload(id, &here)).await;
    struck(&bench).await;
    bench.engine.cancel(job).await.unwrap();
    bench.network().mend();
    let job = bench.engine.rest(job).await.unwrap();
    assert_eq!(job.state, UNDONE, "{:?}", job.failure);
    assert_eq!(
        memory::snapshots(&bench, id).await,
        [snapshot],
        "no half of a snapshot is left behind"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_never_makes_a_second_snapshot() {
    let bench = Bench::practice().await;
    let (id, snapshot) = memory::settle(&bench, Shape::mebibytes(16, None)).await;
    let here = folder(&bench, "copy");
    carried_out(&bench.engine, &download(id, &snapshot, &here)).await;
    bench.network().break_it([
        once("upload_canister_snapshot_metadata", 0, Effect::LoseReply),
        once("upload_canister_snapshot_data", 2, Effect::LoseReply),
        once("upload_canister_snapshot_data", 3, Effect::Cut),
    ]);
    let job = carried_out(&bench.engine, &upload(id, &here)).await;
    assert_eq!(job.state, DONE, "{:?}", job.failure);
    assert!(bench.network().faults().is_empty(), "all of them struck");
    assert_eq!(
        memory::snapshots(&bench, id).await.len(),
        2,
        "one new snapshot, not two"
    );
}

/// In its place: a file that is written anew is empty for a moment, which is another damage.
fn flip(path: &Utf8Path, at: u64) {
    let file = OpenOptions::new().read(true).write(true).open(path);
    let mut file = file.unwrap();
    let mut byte = [0];
    file.seek(SeekFrom::Start(at)).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(&[byte[0] ^ 1]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_copy_is_not_sent_and_can_be_repaired() {
    let bench = Bench::practice().await;
    let shape = Shape::mebibytes(24, None);
    let (id, snapshot) = memory::settle(&bench, shape).await;
    let here = folder(&bench, "copy");
    carried_out(&bench.engine, &download(id, &snapshot, &here)).await;
    flip(&here.join("stable_memory.bin"), 12_345_678);
    flip(&here.join("wasm_module.bin"), 9);

    let job = carried_out(&bench.engine, &upload(id, &here)).await;
    assert_eq!(job.failure.unwrap().code, Code::CopyDamaged);
    assert_eq!(
        memory::snapshots(&bench, id).await.len(),
        1,
        "it was found before anything was sent"
    );

    let read = Counter::of(&bench, "read_canister_snapshot_data");
    let repair = Op::RepairCopy(RepairCopy {
        canister: id,
        folder: here.clone(),
    });
    let job = carried_out(&bench.engine, &repair).await;
    assert_eq!(job.state, DONE, "{:?}", job.failure);
    assert_eq!(read.count(), 2, "just the two chunks are fetched");
    assert_whole(&here, shape);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_replaced_only_once_the_new_one_is_whole() {
    let bench = Bench::practice().await;
    let (id, old) = memory::settle(&bench, Shape::mebibytes(16, None)).await;
    let here = folder(&bench, "copy");
    carried_out(&bench.engine, &download(id, &old, &here)).await;
    let replacing = Op::UploadCopy(UploadCopy {
        canister: id,
        folder: here.clone(),
        replace: Some(SnapshotId::from(old.clone())),
        compares_all: false,
    });
    let refused = Effect::RejectCertified(Refusal {
        error: 408,
        message: "scripted".to_owned(),
    });
    bench
        .network()
        .break_it([once("upload_canister_snapshot_data", 3, refused)]);
    let job = carried_out(&bench.engine, &replacing).await;
    assert_eq!(job.state, UNDONE);
    assert_eq!(
        memory::snapshots(&bench, id).await,
        std::slice::from_ref(&old),
        "the old one is still there, and no half of a new one"
    );
    let job = carried_out(&bench.engine, &replacing).await;
    assert_eq!(job.state, DONE, "{:?}", job.failure);
    let left = memory::snapshots(&bench, id).await;
    assert_eq!(left.len(), 1, "one in place of the other");
    assert_ne!(left[0], old);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_while_it_is_sent_ends_the_upload_and_leaves_nothing() {
    for is_foreign in [false, true] {
        let bench = Bench::practice().await;
        let (id, snapshot) = memory::settle(&bench, Shape::mebibytes(64, None)).await;
        let here = folder(&bench, "copy");
        carried_out(&bench.engine, &download(id, &snapshot, &here)).await;
        if is_foreign {
            // As another tool would have left it: it gets its hashes as the first step of the upload.
            fs::remove_file(here.join("canopic.json")).unwrap();
        }
        // Changed after it was verified and before it was read: while the network takes nothing in.
        bench
            .network()
            .break_it([once("upload_canister_snapshot_data", 3, Effect::Freeze)]);
        let job = errand::begin(&bench.engine, &upload(id, &here)).await;
        struck(&bench).await;
        flip(&here.join("stable_memory.bin"), 50_000_000);
        bench.network().mend();
        let job = bench.engine.rest(job).await.unwrap();
        assert_eq!(job.state, UNDONE);
        assert_eq!(job.failure.unwrap().code, Code::CopyDamaged);
        assert_eq!(
            memory::snapshots(&bench, id).await,
            [snapshot],
            "half of a snapshot is not left behind"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn room_and_company_are_looked_at_before_the_first_byte() {
    let bench = Bench::practice().await;
    let (id, snapshot) = memory::settle(&bench, Shape::mebibytes(16, None)).await;
    let check = async |folder: &Utf8Path, wanted: CheckName| {
        let op = download(id, &snapshot, folder);
        let plan = bench.engine.plan(&op).await.unwrap();
        assert!(!folder.exists(), "a plan makes nothing");
        let found = plan.checks.into_iter().find(|check| check.name == wanted);
        found.unwrap()
    };
    let plain = folder(&bench, "copy");
    let room = check(&plain, CheckName::Room).await;
    assert_eq!(room.verdict, CheckVerdict::Fine);
    let needed: u64 = room.facts["needed"].parse().unwrap();
    assert!(
        (16 << 20..17 << 20).contains(&needed),
        "the memories and a module: {needed}"
    );
    assert_eq!(
        check(&plain, CheckName::Synced).await.verdict,
        CheckVerdict::Fine
    );
    fs::create_dir(folder(&bench, "Dropbox")).unwrap();
    let synced = check(&folder(&bench, "Dropbox/copy"), CheckName::Synced).await;
    assert_eq!(
        (synced.verdict, synced.facts["service"].as_str()),
        (CheckVerdict::Warns, "Dropbox"),
        "heaps hold secrets, and this folder goes elsewhere"
    );
}
