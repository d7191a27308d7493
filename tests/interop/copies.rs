//! Copies in both directions: ours in the hands of the real `icp`, and its folders in ours.

use camino::{Utf8Path, Utf8PathBuf};
use canopic_engine::{
    CanisterId, CopyReader, DownloadSnapshot, End, GRID, Job, Op, Origin, SnapshotId, State,
    UploadCopy,
};
use canopic_practice::faults::{Effect, Fault, Kind, Refusal};
use canopic_tests::{
    Bench, Icp, errand,
    memory::{self, Shape},
};
use std::{fs, sync::Arc};

/// Used and unused stretches in turns, 54 slices of stable memory.
const SHAPE: Shape = Shape {
    heap_pages: 64,
    stable_pages: 1_600,
    turns: Some(200),
};

/// One of the module, three of the heap, the rest of the stable memory.
const CHUNKS: u64 = 57;

/// How many chunks of an unfinished download are there, as `icp` itself keeps it.
fn done_by_icp(folder: &Utf8Path) -> u64 {
    let text = fs::read(folder.join(".download_progress.json")).expect("icp left it half done");
    let progress: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let blobs = progress.as_object().unwrap().values();
    blobs
        .map(|blob| {
            let before = blob["frontier"].as_u64().unwrap().div_ceil(GRID);
            before + blob["ahead"].as_array().unwrap().len() as u64
        })
        .sum()
}

struct Both {
    bench: Bench,
    icp: Arc<Icp>,
    id: CanisterId,
    snapshot: Vec<u8>,
}

impl Both {
    async fn open() -> Self {
        let bench = Bench::practice().await;
        let icp = Arc::new(Icp::new(bench.address(), &hex::encode(bench.root_key())));
        let (id, snapshot) = memory::settle(&bench, SHAPE).await;
        Self {
            bench,
            icp,
            id,
            snapshot,
        }
    }

    fn folder(&self, name: &str) -> Utf8PathBuf {
        self.bench.home.join(name)
    }

    /// `icp` while the network, which lives in this process, goes on.
    async fn icp<T: Send + 'static>(&self, arguments: &[&str], run: fn(&Icp, &[&str]) -> T) -> T {
        let icp = self.icp.clone();
        let arguments: Vec<String> = ["canister", "snapshot"]
            .iter()
            .chain(arguments)
            .map(ToString::to_string)
            .collect();
        let run = move || {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            run(&icp, &arguments)
        };
        tokio::task::spawn_blocking(run).await.unwrap()
    }

    async fn carried_out(&self, op: &Op) -> Job {
        let job = errand::begin(&self.bench.engine, op).await;
        self.bench.engine.rest(job).await.unwrap()
    }

    async fn download(&self, snapshot: &[u8], folder: &Utf8Path) -> Job {
        self.carried_out(&Op::DownloadSnapshot(DownloadSnapshot {
            canister: self.id,
            snapshot: SnapshotId::from(snapshot.to_vec()),
            folder: folder.to_owned(),
            name: String::new(),
        }))
        .await
    }
}

fn assert_whole(folder: &Utf8Path) {
    let read = |file: &str| fs::read(folder.join(file)).unwrap();
    assert!(read("wasm_memory.bin") == SHAPE.heap(), "the heap is whole");
    assert!(
        read("stable_memory.bin") == SHAPE.stable(),
        "the stable memory is whole"
    );
}

const DONE: State = State::Ended(End::Done);

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_ours_is_uploaded_and_restored_by_icp() {
    let both = Both::open().await;
    let ours = both.folder("ours");
    let job = both.download(&both.snapshot, &ours).await;
    assert_eq!(job.state, DONE, "{:?}", job.failure);
    let id = both.id.to_string();
    both.icp(&["upload", &id, "-i", ours.as_str()], Icp::ask)
        .await;
    let uploaded = memory::snapshots(&both.bench, both.id).await.pop().unwrap();
    assert_ne!(uploaded, both.snapshot, "a snapshot of its own");

    // Back by icp, and compared with what the canister was filled with.
    let back = both.folder("back");
    let text = hex::encode(&uploaded);
    both.icp(&["download", &id, &text, "-o", back.as_str()], Icp::ask)
        .await;
    assert_whole(&back);
    let icp = both.icp.clone();
    let stop = id.clone();
    tokio::task::spawn_blocking(move || icp.ask(&["canister", "stop", &stop]))
        .await
        .unwrap();
    both.icp(&["restore", &id, &text], Icp::ask).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_icp_is_uploaded_by_us() {
    let both = Both::open().await;
    let theirs = both.folder("theirs");
    let (id, snapshot) = (both.id.to_string(), hex::encode(&both.snapshot));
    both.icp(
        &["download", &id, &snapshot, "-o", theirs.as_str()],
        Icp::ask,
    )
    .await;
    let job = both
        .carried_out(&Op::UploadCopy(UploadCopy {
            canister: both.id,
            folder: theirs.clone(),
            replace: None,
            compares_all: true,
        }))
        .await;
    assert_eq!(job.state, DONE, "{:?}", job.failure);
    let uploaded = memory::snapshots(&both.bench, both.id).await.pop().unwrap();
    let back = both.folder("back");
    let job = both.download(&uploaded, &back).await;
    assert_eq!(job.state, DONE, "{:?}", job.failure);
    assert_whole(&back);
    let copy = CopyReader::open(&theirs).unwrap();
    assert!(
        copy.manifest().is_some(),
        "what came without hashes has them since"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_icp_left_half_done_is_finished_by_us() {
    let both = Both::open().await;
    let theirs = both.folder("theirs");
    let (id, snapshot) = (both.id.to_string(), hex::encode(&both.snapshot));
    let refused = Fault {
        kind: Some(Kind::Call),
        method: Some("read_canister_snapshot_data".into()),
        after: 30,
        times: 1,
        // In a block, like the answers before it: some of those have landed then. `icp` asks for fifty at once.
        effect: Effect::RejectCertified(Refusal {
            error: 504,
            message: "scripted".into(),
        }),
    };
    both.bench.network().break_it([refused]);
    both.icp(
        &["download", &id, &snapshot, "-o", theirs.as_str()],
        Icp::refused,
    )
    .await;
    let done = done_by_icp(&theirs);
    assert!(
        (4..CHUNKS).contains(&done),
        "module and heap are there, and not everything: {done} of {CHUNKS} chunks"
    );

    let other = memory::take(&both.bench, both.id).await;
    let job = both.download(&other, &theirs).await;
    assert_ne!(job.state, DONE, "it is of another snapshot");

    let never = Fault {
        kind: Some(Kind::Call),
        method: Some("read_canister_snapshot_data".into()),
        after: 1_000_000,
        times: 1,
        effect: Effect::Cut,
    };
    both.bench.network().break_it([never]);
    let job = both.download(&both.snapshot, &theirs).await;
    assert_eq!(job.state, DONE, "{:?}", job.failure);
    let read = 1_000_000 - both.bench.network().faults()[0].after;
    assert_eq!(
        u64::from(read),
        CHUNKS - done,
        "what icp had not done is read, and nothing else"
    );
    assert_whole(&theirs);
    let copy = CopyReader::open(&theirs).unwrap();
    assert_eq!(
        copy.manifest().unwrap().origin,
        Origin::Continued,
        "and it says where it came from"
    );
}
