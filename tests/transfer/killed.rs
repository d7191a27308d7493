//! The process is killed, really, at random moments, again and again: what was under way is gone on with by the next one, nothing is
//! lost, and nothing is left behind on the network.

use super::{assert_whole, carried_out, download, folder, upload};
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
    time::{Duration, Instant},
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
    fn next(&mut self, below: Duration) -> Duration {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        below * (self.0 % 1000) as u32 / 1000
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

/// Runs an errand to its end, killed at most so often, and says how often it was.
async fn run_killed(
    errand: &Errand,
    kills: usize,
    moments: &mut Moments,
    usual: Duration,
) -> usize {
    for killed in 0..kills {
        let mut process =
            errand.start(&["runs_the_errand_of_another_test", "--exact", "--nocapture"]);
        let ended = tokio::time::timeout(moments.next(usual), ended(&mut process)).await;
        if let Ok(status) = ended {
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
    // The first one is left in peace, to know how long it takes.
    let first = home(0);
    let errand = Errand::on(bench, &first, op(&first));
    let began = Instant::now();
    run_killed(&errand, 0, &mut Moments(1), Duration::ZERO).await;
    let usual = began.elapsed();
    check(first).await;
    let (mut kills, mut round, mut moments) = (0, 0, Moments(88_172_645_463_325_252));
    while kills < KILLS {
        round += 1;
        assert!(round <= KILLS, "most of them are killed before they end");
        let home = home(round);
        let errand = Errand::on(bench, &home, op(&home));
        let left = KILLS - kills;
        kills += run_killed(&errand, left, &mut moments, usual).await;
        check(home).await;
    }
    eprintln!("{kills} kills in {round} runs of usually {usual:?}");
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
