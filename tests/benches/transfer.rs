//! Snapshots to copies and back: Canopic and the real `icp`, side by side on the same network, in the same run.
//!
//! Both run as processes of their own, in turns, so that neither profits from a quieter machine; what is told is the whole time of the
//! process, its start included, and the most memory that it ever held. Prints one line for each value, `name value`, for
//! `cargo xtask bench transfer` to make medians and ratios of.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use camino::{Utf8Path, Utf8PathBuf};
use canopic_engine::{
    CanisterId, DownloadSnapshot, End, Op, SnapshotId, State, StepName, UploadCopy,
};
use canopic_practice::{Options, blocks::Pace};
use canopic_tests::{
    Bench, Icp, bad_day,
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
/// What the two are compared at: small enough that starting a process counts, and large enough that it does not.
const COMPARED: [u64; 2] = [64, 512];
/// Where only our memory is measured: `icp` would need three times that.
const LARGE: u64 = 4096;
/// At the network's pace a block is two pieces, one a second. So long that the first and the last blocks do not count.
const PACED: u64 = 512;
/// On a bad day.
const BAD: u64 = 256;

fn tell(name: &str, value: impl Display) {
    println!("{name} {value}");
}

/// What a process took.
struct Cost {
    time: Duration,
    peak_kilobytes: u64,
    is_well: bool,
}

impl Cost {
    /// Of what cannot go wrong.
    fn told(self, name: &str) {
        assert!(self.is_well, "{name} ended well");
        tell(&format!("{name}-ms"), self.time.as_millis());
        tell(&format!("{name}-kb"), self.peak_kilobytes);
    }

    /// Of what may go wrong: then it took no time that could be compared.
    fn told_if_well(self, name: &str) {
        tell(&format!("{name}-well"), u8::from(self.is_well));
        if self.is_well {
            self.told(name);
        }
    }
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
            return Cost {
                time: began.elapsed(),
                peak_kilobytes,
                is_well: status.success(),
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
        let errand = Errand::on(&self.bench, &home, op);
        errand::move_in(&errand);
        Self::settle_disk();
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

    async fn download(&mut self, id: CanisterId, snapshot: &[u8]) -> (Utf8PathBuf, Cost) {
        let folder = self.fresh("ours");
        let op = Op::DownloadSnapshot(DownloadSnapshot {
            canister: id,
            snapshot: SnapshotId::from(snapshot.to_vec()),
            folder: folder.clone(),
            name: String::new(),
        });
        let cost = self.ours(op).await;
        (folder, cost)
    }

    async fn download_by_icp(&mut self, id: CanisterId, snapshot: &[u8]) -> (Utf8PathBuf, Cost) {
        let folder = self.fresh("icp");
        let (id, snapshot) = (id.to_string(), hex::encode(snapshot));
        let what = [
            "canister",
            "snapshot",
            "download",
            &id,
            &snapshot,
            "-o",
            folder.as_str(),
        ];
        let cost = self.theirs(&what).await;
        (folder, cost)
    }

    async fn upload(&mut self, id: CanisterId, folder: &Utf8Path) -> Cost {
        let cost = self
            .ours(Op::UploadCopy(UploadCopy {
                canister: id,
                folder: folder.to_owned(),
                replace: None,
                compares_all: false,
            }))
            .await;
        self.forget_uploaded(id).await;
        cost
    }

    async fn upload_by_icp(&mut self, id: CanisterId, folder: &Utf8Path) -> Cost {
        let text = id.to_string();
        let what = [
            "canister",
            "snapshot",
            "upload",
            &text,
            "-i",
            folder.as_str(),
        ];
        let cost = self.theirs(&what).await;
        self.forget_uploaded(id).await;
        cost
    }

    /// A canister has ten places for snapshots: all but the first one, which everything is a copy of, are given back.
    async fn forget_uploaded(&self, id: CanisterId) {
        for uploaded in memory::snapshots(&self.bench, id).await.into_iter().skip(1) {
            memory::forget(&self.bench, id, &uploaded).await;
        }
    }

    /// Both directions, both tools, in turns.
    async fn compare(&mut self, shape: Shape, name: &str) {
        let (id, snapshot) = memory::settle(&self.bench, shape).await;
        for _ in 0..RUNS {
            let (theirs, cost) = self.download_by_icp(id, &snapshot).await;
            cost.told(&format!("{name}-download-icp"));
            let (ours, cost) = self.download(id, &snapshot).await;
            cost.told(&format!("{name}-download-ours"));
            for file in ["wasm_memory.bin", "stable_memory.bin"] {
                let same =
                    fs::read(theirs.join(file)).unwrap() == fs::read(ours.join(file)).unwrap();
                assert!(same, "both brought the same {file}");
            }
            let cost = self.upload_by_icp(id, &theirs).await;
            cost.told(&format!("{name}-upload-icp"));
            let cost = self.upload(id, &ours).await;
            cost.told(&format!("{name}-upload-ours"));
            fs::remove_dir_all(theirs).unwrap();
            fs::remove_dir_all(ours).unwrap();
        }
        memory::forget(&self.bench, id, &snapshot).await;
    }

    /// Ours alone, both directions.
    async fn measure(&mut self, shape: Shape, name: &str) {
        let (id, snapshot) = memory::settle(&self.bench, shape).await;
        let (folder, cost) = self.download(id, &snapshot).await;
        cost.told(&format!("{name}-download-ours"));
        let cost = self.upload(id, &folder).await;
        cost.told(&format!("{name}-upload-ours"));
        fs::remove_dir_all(folder).unwrap();
        memory::forget(&self.bench, id, &snapshot).await;
    }

    /// Both directions, both tools, while one request in ten is turned away.
    async fn through_bad_weather(&mut self) {
        let shape = Shape::mebibytes(BAD, None);
        let (id, snapshot) = memory::settle(&self.bench, shape).await;
        let bad = |bench: &Bench| {
            bench.network().mend();
            bench.network().break_it(bad_day(10_000));
        };
        bad(&self.bench);
        let (theirs, cost) = self.download_by_icp(id, &snapshot).await;
        cost.told_if_well("bad-download-icp");
        bad(&self.bench);
        let (ours, cost) = self.download(id, &snapshot).await;
        cost.told_if_well("bad-download-ours");
        assert!(
            fs::read(ours.join("stable_memory.bin")).unwrap() == shape.stable(),
            "a bad day costs time and no bytes"
        );
        // What `icp` could not bring is no copy to send: it sends ours.
        bad(&self.bench);
        let cost = self.upload_by_icp(id, &ours).await;
        cost.told_if_well("bad-upload-icp");
        bad(&self.bench);
        let cost = self.upload(id, &ours).await;
        cost.told_if_well("bad-upload-ours");
        self.bench.network().mend();
        let _ = fs::remove_dir_all(theirs);
        fs::remove_dir_all(ours).unwrap();
        memory::forget(&self.bench, id, &snapshot).await;
    }
}

/// Bytes that a block takes.
const BLOCK: f64 = 4.0 * 1024.0 * 1024.0;

/// An upload at the network's own pace, as a share of what its blocks carry.
async fn keep_pace() {
    let options = Options {
        pace: Pace::Mainnet,
        ..Options::default()
    };
    let mut contest = Contest::open(Bench::with(options).await);
    let (id, snapshot) = memory::settle(&contest.bench, Shape::mebibytes(PACED, None)).await;
    let (folder, cost) = contest.download(id, &snapshot).await;
    cost.told("paced-download-ours");
    let engine = &contest.bench.engine;
    let op = Op::UploadCopy(UploadCopy {
        canister: id,
        folder,
        replace: None,
        compares_all: false,
    });
    let job = errand::begin(engine, &op).await;
    let job = engine.rest(job).await.unwrap();
    assert_eq!(job.state, State::Ended(End::Done), "{:?}", job.failure);
    for (planned, step) in job.deed.plan.steps.iter().zip(&job.steps) {
        let (began, ended) = step.began_at.zip(step.ended_at).unwrap();
        let took = ended.duration_since(began).unwrap();
        tell(
            &format!("paced-upload-{:?}-ms", planned.name()),
            took.as_millis(),
        );
        // What comes before and after is a few messages, each as slow as a block.
        if planned.name() == StepName::FillSnapshot {
            let blocks = (PACED << 20) as f64 / BLOCK;
            let percent = 100.0 * blocks / took.as_secs_f64();
            tell("paced-percent-of-blocks", percent.round());
        }
    }
}

#[tokio::main]
async fn main() {
    if errand::carry_out().await {
        return;
    }
    let given: Vec<String> = std::env::args().skip(1).collect();
    let is_wanted = |part: &str| given.iter().any(|argument| argument == part);
    if is_wanted("mainnet") {
        keep_pace().await;
        return;
    }
    let mut contest = Contest::open(Bench::any().await);
    for mebibytes in COMPARED {
        let dense = Shape::mebibytes(mebibytes, None);
        contest.compare(dense, &format!("dense-{mebibytes}")).await;
        // A mebibyte used, a mebibyte empty, and so on.
        let sparse = Shape::mebibytes(mebibytes, Some(16));
        contest
            .compare(sparse, &format!("sparse-{mebibytes}"))
            .await;
    }
    if std::env::var_os("CANOPIC_NETWORK_URL").is_none() {
        // Faults are the practice network's own.
        contest.through_bad_weather().await;
    }
    let large = Shape {
        heap_pages: 64,
        stable_pages: LARGE * 16,
        turns: None,
    };
    contest.measure(large, &format!("size-{LARGE}")).await;
}
