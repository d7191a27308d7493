//! Snapshots to copies and back: Canopic and the real `icp`, side by side on the same network, in the same run.
//!
//! Both run as processes of their own, in turns, so that neither profits from a quieter machine; what is told is the whole time of the
//! process, its start included, and the most memory that it ever held. Prints one line for each value, `name value`, for
//! `cargo xtask bench transfer` to make medians and ratios of.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use camino::{Utf8Path, Utf8PathBuf};
use canopic_engine::{CanisterId, DownloadSnapshot, Op, SnapshotId, UploadCopy};
use canopic_practice::{Options, blocks::Pace, interface::DeleteCanisterSnapshotArgs};
use canopic_tests::{
    Bench, Icp,
    errand::{self, Errand},
    memory::{self, Shape},
};
use std::{
    fmt::Display,
    fs,
    process::Child,
    time::{Duration, Instant},
};

/// Enough for a median that a single slow run does not move.
const RUNS: usize = 3;
/// What the two are compared with.
const COMPARED: u64 = 256;
/// Where memory is measured: what holds at three sizes so far apart holds at any.
const MEASURED: [u64; 3] = [64, 512, 4096];
/// At the network's pace half a minute is long enough that the first and last blocks do not count.
const PACED: u64 = 128;

fn tell(name: &str, value: impl Display) {
    println!("{name} {value}");
}

/// What a process took.
struct Cost {
    time: Duration,
    peak_kilobytes: u64,
}

/// Waits for the end and reads the high-water mark of its memory until then: the system forgets it with the process.
async fn watch(mut process: Child, began: Instant) -> Cost {
    let status = format!("/proc/{}/status", process.id());
    let mut peak_kilobytes = 0;
    loop {
        let peak = fs::read_to_string(&status).ok().and_then(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
            line.trim().strip_suffix("kB")?.trim().parse().ok()
        });
        peak_kilobytes = peak_kilobytes.max(peak.unwrap_or(0));
        if let Some(status) = process.try_wait().unwrap() {
            assert!(status.success(), "it ended well: {status}");
            return Cost {
                time: began.elapsed(),
                peak_kilobytes,
            };
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

struct Contest {
    bench: Bench,
    icp: Icp,
    folder: tempfile::TempDir,
    number: usize,
}

impl Contest {
    fn open(bench: Bench) -> Self {
        let icp = Icp::new(bench.address(), &hex::encode(bench.root_key()));
        Self {
            bench,
            icp,
            folder: tempfile::tempdir().unwrap(),
            number: 0,
        }
    }

    /// A folder that nobody used.
    fn fresh(&mut self, name: &str) -> Utf8PathBuf {
        self.number += 1;
        Utf8Path::from_path(self.folder.path())
            .unwrap()
            .join(format!("{name}-{}", self.number))
    }

    /// Whatever was written so far is not to be paid for by what is measured next.
    fn settle_disk() {
        let _ = std::process::Command::new("sync").status();
    }

    async fn ours(&mut self, op: Op) -> Cost {
        let home = self.fresh("home");
        fs::create_dir_all(&home).unwrap();
        Self::settle_disk();
        let errand = Errand::on(&self.bench, &home, op);
        let began = Instant::now();
        let process = errand.start(&[]);
        watch(process, began).await
    }

    async fn theirs(&mut self, arguments: &[&str]) -> Cost {
        Self::settle_disk();
        let began = Instant::now();
        let process = self.icp.start(arguments);
        watch(process, began).await
    }

    async fn download(&mut self, id: CanisterId, snapshot: &[u8], name: &str) -> Utf8PathBuf {
        let folder = self.fresh("ours");
        let op = Op::DownloadSnapshot(DownloadSnapshot {
            canister: id,
            snapshot: SnapshotId::from(snapshot.to_vec()),
            folder: folder.clone(),
            name: String::new(),
        });
        let cost = self.ours(op).await;
        tell(&format!("{name}-download-ours-ms"), cost.time.as_millis());
        tell(&format!("{name}-download-ours-kb"), cost.peak_kilobytes);
        folder
    }

    async fn download_by_icp(
        &mut self,
        id: CanisterId,
        snapshot: &[u8],
        name: &str,
    ) -> Utf8PathBuf {
        let folder = self.fresh("icp");
        let (id, snapshot) = (id.to_string(), hex::encode(snapshot));
        let cost = self
            .theirs(&[
                "canister",
                "snapshot",
                "download",
                &id,
                &snapshot,
                "-o",
                folder.as_str(),
            ])
            .await;
        tell(&format!("{name}-download-icp-ms"), cost.time.as_millis());
        tell(&format!("{name}-download-icp-kb"), cost.peak_kilobytes);
        folder
    }

    async fn upload(&mut self, id: CanisterId, folder: &Utf8Path, name: &str) {
        let op = Op::UploadCopy(UploadCopy {
            canister: id,
            folder: folder.to_owned(),
            replace: None,
            compares_all: false,
        });
        let cost = self.ours(op).await;
        tell(&format!("{name}-upload-ours-ms"), cost.time.as_millis());
        tell(&format!("{name}-upload-ours-kb"), cost.peak_kilobytes);
        self.forget_newest(id).await;
    }

    async fn upload_by_icp(&mut self, id: CanisterId, folder: &Utf8Path, name: &str) {
        let text = id.to_string();
        let cost = self
            .theirs(&[
                "canister",
                "snapshot",
                "upload",
                &text,
                "-i",
                folder.as_str(),
            ])
            .await;
        tell(&format!("{name}-upload-icp-ms"), cost.time.as_millis());
        tell(&format!("{name}-upload-icp-kb"), cost.peak_kilobytes);
        self.forget_newest(id).await;
    }

    /// A canister has ten places for snapshots.
    async fn forget_newest(&self, id: CanisterId) {
        let newest = memory::snapshots(&self.bench, id).await.pop().unwrap();
        let arguments = DeleteCanisterSnapshotArgs {
            canister_id: id.principal(),
            snapshot_id: newest,
        };
        let () = self
            .bench
            .manage(id.principal(), "delete_canister_snapshot", (arguments,))
            .await
            .unwrap();
    }

    /// Both directions, both tools, in turns.
    async fn compare(&mut self, shape: Shape, name: &str) {
        let (id, snapshot) = memory::settle(&self.bench, shape).await;
        for _ in 0..RUNS {
            let theirs = self.download_by_icp(id, &snapshot, name).await;
            let ours = self.download(id, &snapshot, name).await;
            for file in ["wasm_memory.bin", "stable_memory.bin"] {
                let same =
                    fs::read(theirs.join(file)).unwrap() == fs::read(ours.join(file)).unwrap();
                assert!(same, "both brought the same {file}");
            }
            self.upload_by_icp(id, &theirs, name).await;
            self.upload(id, &ours, name).await;
            fs::remove_dir_all(theirs).unwrap();
            fs::remove_dir_all(ours).unwrap();
        }
    }
}

/// Bytes that a block takes.
const BLOCK: f64 = 4.0 * 1024.0 * 1024.0;

#[tokio::main]
async fn main() {
    if errand::carry_out().await {
        return;
    }
    let given: Vec<String> = std::env::args().skip(1).collect();
    let paced = given.iter().any(|argument| argument == "mainnet");
    if paced {
        let options = Options {
            pace: Pace::Mainnet,
            ..Options::default()
        };
        let mut contest = Contest::open(Bench::with(options).await);
        let (id, snapshot) = memory::settle(&contest.bench, Shape::mebibytes(PACED, None)).await;
        let folder = contest.download(id, &snapshot, "paced").await;
        let began = Instant::now();
        contest.upload(id, &folder, "paced").await;
        let blocks = (PACED << 20) as f64 / BLOCK;
        let percent = 100.0 * blocks / began.elapsed().as_secs_f64();
        tell("paced-percent-of-blocks", percent.round());
        return;
    }
    let mut contest = Contest::open(Bench::any().await);
    contest
        .compare(Shape::mebibytes(COMPARED, None), "dense")
        .await;
    // A mebibyte used, a mebibyte empty, and so on.
    contest
        .compare(Shape::mebibytes(COMPARED, Some(16)), "sparse")
        .await;
    for mebibytes in MEASURED {
        let shape = Shape {
            heap_pages: 64,
            stable_pages: mebibytes * 16,
            turns: None,
        };
        let (id, snapshot) = memory::settle(&contest.bench, shape).await;
        let name = format!("size-{mebibytes}");
        let folder = contest.download(id, &snapshot, &name).await;
        contest.upload(id, &folder, &name).await;
        fs::remove_dir_all(folder).unwrap();
    }
}
