//! The process is killed, really, at random moments, again and again: what was under way is gone on with by the next one, nothing is
//! lost, and nothing is left behind on the network.
//!
//! A moment is a number of requests and not a time: how quick the computer is just then does not matter.

use super::{assert_whole, carried_out, download, folder, upload, whole::Counter};
use camino::{Utf8Path, Utf8PathBuf};
use canopic_engine::{CanisterId, CopyReader, Op};
use canopic_tests::{
    Bench,
    errand::Errand,
    memory::{self, Shape},
};
use std::{
    fs,
    process::{Child, ExitStatus},
    time::Duration,
};

const KILLS: usize = 20;

/// Large enough that a kill finds every stage of it, and small enough for every run of the tests; `CANOPIC_KILLED_MIB=256` makes it the
/// size that is promised.
fn mebibytes() -> u64 {
    let given = std::env::var("CANOPIC_KILLED_MIB").ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(16)
}

/// Random moments that are the same in every run.
struct Moments(u64);

impl Moments {
    fn next(&mut self, below: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % u64::from(below.max(1))) as u32
    }
}

/// Waits for the end of a process. The standard library can only block or ask, so it is asked again and again.
async fn ended(process: &mut Child) -> ExitStatus {
    loop {
        if let Some(status) = process.try_wait().unwrap() {
            return status;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Waits until so many requests have come.
async fn reached(traffic: &Counter<'_>, moment: u32) {
    while traffic.count() < moment {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Runs an errand, which usually takes so many requests, to its end, killed at most so often; says how often it was.
async fn run_killed(
    errand: &Errand,
    kills: usize,
    moments: &mut Moments,
    traffic: &Counter<'_>,
    usual: u32,
) -> usize {
    for killed in 0..kills {
        let moment = traffic.count() + moments.next(usual);
        let mut process =
            errand.start(&["runs_the_errand_of_another_test", "--exact", "--nocapture"]);
        let ended = tokio::select! {
            biased;
            status = ended(&mut process) => Some(status),
            () = reached(traffic, moment) => None,
        };
        if let Some(status) = ended {
            assert!(status.success(), "it ended well");
            return killed;
        }
        process.kill().unwrap();
        process.wait().unwrap();
    }
    let mut process = errand.start(&["runs_the_errand_of_another_test", "--exact", "--nocapture"]);
    assert!(
        ended(&mut process).await.success(),
        "it ends well when it is let"
    );
    kills
}

/// Errands of one kind, each in folders of its own, until they were killed twenty times.
async fn twenty_times(
    bench: &Bench,
    op: impl Fn(&Utf8Path) -> Op,
    mut check: impl AsyncFnMut(Utf8PathBuf),
) {
    let home = |round: usize| {
        let home = folder(bench, &format!("home-{round}"));
        fs::create_dir_all(&home).unwrap();
        home
    };
    let traffic = Counter::all(bench);
    let mut moments = Moments(88_172_645_463_325_252);
    // The first one is left in peace, to know how many requests it takes.
    let first = home(0);
    let errand = Errand::on(bench, &first, op(&first));
    run_killed(&errand, 0, &mut moments, &traffic, 0).await;
    let usual = traffic.count();
    check(first).await;
    let (mut kills, mut round) = (0, 0);
    while kills < KILLS {
        round += 1;
        assert!(
            round <= KILLS,
            "nearly all of them are killed before they end"
        );
        let home = home(round);
        let errand = Errand::on(bench, &home, op(&home));
        let left = KILLS - kills;
        kills += run_killed(&errand, left, &mut moments, &traffic, usual).await;
        check(home).await;
    }
    eprintln!("{kills} kills in {round} runs of usually {usual} requests");
}

fn shape() -> Shape {
    Shape::mebibytes(mebibytes(), Some(16))
}

async fn settled(bench: &Bench) -> (CanisterId, Vec<u8>) {
    memory::settle(bench, shape()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_survives_twenty_kills() {
    let bench = Bench::practice().await;
    let (id, snapshot) = settled(&bench).await;
    twenty_times(
        &bench,
        |home| download(id, &snapshot, &home.join("copy")),
        async |home| {
            assert_whole(&home.join("copy"), shape());
            fs::remove_dir_all(home).unwrap();
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_survives_twenty_kills() {
    let bench = Bench::practice().await;
    let (id, snapshot) = settled(&bench).await;
    let here = folder(&bench, "copy");
    carried_out(&bench.engine, &download(id, &snapshot, &here)).await;
    let content = |folder: &Utf8Path| {
        let copy = CopyReader::open(folder).unwrap();
        copy.manifest().unwrap().content
    };
    let expected = content(&here);
    twenty_times(
        &bench,
        |_| upload(id, &here),
        async |home| {
            let listed = memory::snapshots(&bench, id).await;
            assert_eq!(
                listed.len(),
                2,
                "exactly one new snapshot, and no half of one"
            );
            let back = folder(&bench, "back");
            carried_out(&bench.engine, &download(id, &listed[1], &back)).await;
            assert_eq!(content(&back), expected, "every byte of it arrived");
            memory::forget(&bench, id, &listed[1]).await;
            fs::remove_dir_all(back).unwrap();
            fs::remove_dir_all(home).unwrap();
        },
    )
    .await;
}
