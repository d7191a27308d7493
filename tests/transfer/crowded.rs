//! A disk that is full in the middle: it is said, what has landed stays, and the rest comes when there is room.
//!
//! The disk is real and small: a file system in memory, mounted where only a process of its own sees it. Everybody else reaches it
//! through that process, for as long as it lives.
#![cfg(target_os = "linux")]

use super::{
    assert_whole, carried_out, download,
    whole::{Counter, once},
};
use camino::Utf8PathBuf;
use canopic_engine::{CheckName, CheckVerdict, Code, End, State};
use canopic_practice::faults::{Effect, Fault};
use canopic_tests::{
    Bench, errand,
    memory::{self, Shape},
};
use std::{
    fs,
    io::{self, BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// A disk of so many mebibytes.
struct SmallDisk {
    holder: Child,
    place: Utf8PathBuf,
}

impl SmallDisk {
    fn mount(mebibytes: u64, at: &Utf8PathBuf) -> Self {
        fs::create_dir_all(at).unwrap();
        let mount =
            format!("mount -t tmpfs -o size={mebibytes}m small \"$0\" && echo ready && read end");
        let mut holder = Command::new("unshare")
            .args([
                "--map-root-user",
                "--mount",
                "sh",
                "-c",
                &mount,
                at.as_str(),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare belongs to every Linux");
        let mut said = String::new();
        let output = holder.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut said).unwrap();
        assert_eq!(said, "ready\n", "the disk is there");
        let place = Utf8PathBuf::from(format!("/proc/{}/root{at}", holder.id()));
        Self { holder, place }
    }

    /// Fills it to the last byte.
    fn fill(&self) {
        let mut ballast = fs::File::create(self.ballast()).unwrap();
        let full = io::copy(&mut io::repeat(1), &mut ballast).unwrap_err();
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
    }

    fn make_room(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> Utf8PathBuf {
        self.place.join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_onto_a_disk_that_fills_up_says_so_and_goes_on_when_there_is_room() {
    const READ: &str = "read_canister_snapshot_data";
    /// So many chunks come at once; the others take so long that those are written down and the disk is full before the last.
    const BEFORE: u32 = 4;
    let bench = Bench::practice().await;
    let shape = Shape::mebibytes(32, None);
    let (id, snapshot) = memory::settle(&bench, shape).await;
    // A quarter of a gibibyte stays free beside a copy, or it is not begun.
    let disk = SmallDisk::mount(320, &bench.home.join("disk"));
    let here = disk.place.join("copy");
    let op = download(id, &snapshot, &here);
    bench.network().break_it([Fault {
        times: u32::MAX,
        ..once(
            READ,
            BEFORE,
            Effect::Delay {
                milliseconds: 2_000,
            },
        )
    }]);
    let job = errand::begin(&bench.engine, &op).await;
    let log = here.join("canopic.partial.log");
    let landed = || fs::read_to_string(&log).map_or(0, |log| log.lines().count());
    // What landed is written down about once a second.
    while landed() == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    disk.fill();
    let job = bench.engine.rest(job).await.unwrap();
    let failure = job.failure.expect("it cannot go on");
    assert_eq!(failure.code, Code::DiskFull, "{failure:?}");
    assert_eq!(job.state, State::Ended(End::Undone));
    let landed = landed();
    assert!(landed > 0, "what landed is kept");
    bench.network().mend();

    let plan = bench.engine.plan(&op).await.unwrap();
    let blocks = plan
        .checks
        .iter()
        .find(|check| check.verdict == CheckVerdict::Blocks);
    assert_eq!(
        blocks.map(|check| check.name),
        Some(CheckName::Room),
        "no byte is fetched while there is no room"
    );
    disk.make_room();
    let traffic = Counter::of(&bench, READ);
    let job = errand::begin(&bench.engine, &op).await;
    let job = bench.engine.rest(job).await.unwrap();
    assert_eq!(job.state, State::Ended(End::Done), "{:?}", job.failure);
    assert_whole(&here, shape);
    let rest = traffic.count();

    bench.network().mend();
    let traffic = Counter::of(&bench, READ);
    let elsewhere = download(id, &snapshot, &bench.home.join("copy"));
    carried_out(&bench.engine, &elsewhere).await;
    assert_eq!(
        rest,
        traffic.count() - landed as u32,
        "nothing that had landed is fetched a second time"
    );
}
