//! `cargo xtask bench`: what the release build costs, one command, medians instead of single figures.
//!
//! A benchmark of the app is a name and a function that answers figures, in `BENCHMARKS`; one of the engine or the practice network is a
//! program that prints them, in `PROGRAMS`. Nothing here
//! passes or fails: machines differ, and a limit that depends on the machine would only be switched off.

mod transfer;

pub use transfer::Contest;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::app::App;
use crate::display::Display;
use crate::frontend;
use crate::machine::{self, Purpose};
use crate::places::Places;
use crate::process;
use crate::run;
use crate::trouble::{Doing, Trouble};

/// What a benchmark may use: the release build, and a screen to show it on.
struct Bench<'p> {
    places: &'p Places,
    program: PathBuf,
    display: Display,
}

type Benchmark = fn(&Bench<'_>) -> Result<Vec<Figure>, Trouble>;

/// What is measured on the app itself.
const BENCHMARKS: &[(&str, Benchmark)] = &[("start", start), ("memory", memory), ("size", size)];

/// What one figure is called by the program that measures it, here, and its unit.
type Measure = (&'static str, &'static str, &'static str);

/// Benchmarks that are programs of their own: their names, their packages, and what they print. They need neither app nor screen.
const PROGRAMS: &[(&str, &str, &[Measure])] = &[
    ("network", "canopic-practice", NETWORK),
    ("board", "canopic-tests", BOARD),
    ("downtime", "canopic-tests", DOWNTIME),
];

/// What the practice network's own program measures: its name there, here, and the unit.
const NETWORK: &[Measure] = &[
    (
        "program-kb",
        "practice network as a program of its own",
        "KB",
    ),
    ("start-ms", "process start to demo fleet ready", "ms"),
    ("read-1-mb-s", "snapshot reads, one at a time", "MB/s"),
    ("read-16-mb-s", "snapshot reads, 16 in flight", "MB/s"),
    ("status-ms", "status of 1,000 canisters, certified", "ms"),
    (
        "status-served-ms",
        "the same without the client's share",
        "ms",
    ),
    (
        "status-query-ms",
        "status of 1,000 canisters, as queries",
        "ms",
    ),
    (
        "heap-1gib-update-ms",
        "a write to a heap of 1 GiB, as an update",
        "ms",
    ),
    ("heap-1gib-query-ms", "the same, as a query", "ms"),
    (
        "endless-spin-ms",
        "an endless loop, until it is ended",
        "ms",
    ),
    (
        "endless-work-ms",
        "an endless loop that does something",
        "ms",
    ),
];

/// What the engine measures on a board of a thousand canisters.
const BOARD: &[Measure] = &[
    (
        "board-ms",
        "board of 1,000 canisters, read by the engine",
        "ms",
    ),
    ("board-growth-kb", "memory that a board leaves behind", "KB"),
    (
        "board-resident-kb",
        "memory of the engine, its network and 1,000 rows",
        "KB",
    ),
    (
        "board-connections",
        "most requests that were under way at once",
        "",
    ),
];

/// How long a canister takes no calls while its snapshot is taken.
const DOWNTIME: &[Measure] = &[
    ("downtime-50-ms", "downtime of a snapshot, 50 MiB", "ms"),
    ("downtime-500-ms", "downtime of a snapshot, 500 MiB", "ms"),
    ("downtime-percent", "500 MiB against 50 MiB", "%"),
];

/// Enough starts for a median that a single slow one does not move.
const STARTS: usize = 7;

/// Builds the release and measures it.
pub fn bench(places: &Places, only: Option<&str>, contest: &Contest) -> Result<ExitCode, Trouble> {
    if std::env::consts::OS != "linux" {
        return Err(Trouble::Advice("The benchmarks run on Linux: they start the app on a virtual screen and read its memory from /proc.".into()));
    }
    machine::require_node()?;
    let is_wanted = |name: &str| only.is_none_or(|only| name.contains(only));
    let of_the_app: Vec<_> = BENCHMARKS
        .iter()
        .filter(|(name, _)| is_wanted(name))
        .collect();
    if !of_the_app.is_empty() {
        machine::provide(&[Purpose::Build, Purpose::Display])?;
        let bench = Bench {
            places,
            program: run::build(places, true)?,
            display: Display::start()?,
        };
        for (name, benchmark) in of_the_app {
            tell(name, &benchmark(&bench)?);
        }
    }
    machine::provide(&[Purpose::Build])?;
    for (name, package, measures) in PROGRAMS.iter().filter(|(name, ..)| is_wanted(name)) {
        tell(name, &measured(places, package, name, measures)?);
    }
    if is_wanted("transfer") {
        transfer::transfer(places, contest)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(name: &str, figures: &[Figure]) {
    for figure in figures {
        println!("{name:<10} {figure}");
    }
}

/// One measured thing.
#[derive(Debug, PartialEq, Eq)]
struct Figure {
    what: &'static str,
    unit: &'static str,
    values: Vec<u64>,
}

impl fmt::Display for Figure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, unit, values } = self;
        let mut values = values.clone();
        values.sort_unstable();
        match values.as_slice() {
            [] => write!(formatter, "{what:<44} nothing measured"),
            [value] => write!(formatter, "{what:<44} {value:>7} {unit}"),
            [lowest, .., highest] => {
                let median = values[values.len() / 2];
                write!(
                    formatter,
                    "{what:<44} {median:>7} {unit}  ({lowest} to {highest}, {} runs)",
                    values.len()
                )
            }
        }
    }
}

/// From the start of the process to the shown window and to the painted board.
fn start(bench: &Bench<'_>) -> Result<Vec<Figure>, Trouble> {
    let mut frames = Vec::new();
    let mut boards = Vec::new();
    for _ in 0..STARTS {
        let (app, home) = bench.open()?;
        frames.push(app.frame);
        boards.push(app.board);
        app.app.close()?;
        remove(&home)?;
    }
    Ok(vec![
        Figure {
            what: "process start to window shown",
            unit: "ms",
            values: frames,
        },
        Figure {
            what: "process start to board painted",
            unit: "ms",
            values: boards,
        },
    ])
}

/// The proportional set size: memory that processes share is counted once.
fn memory(bench: &Bench<'_>) -> Result<Vec<Figure>, Trouble> {
    let (opened, home) = bench.open()?;
    let mut own = 0;
    let mut all = 0;
    for process in family(opened.app.id())? {
        let size = proportional_set_size(process)?;
        all += size;
        if process == opened.app.id() {
            own = size;
        }
    }
    opened.app.close()?;
    remove(&home)?;
    Ok(vec![
        Figure {
            what: "memory of the app's own process (PSS)",
            unit: "MB",
            values: vec![own / 1000],
        },
        Figure {
            what: "memory with the processes of the web view",
            unit: "MB",
            values: vec![all / 1000],
        },
    ])
}

fn size(bench: &Bench<'_>) -> Result<Vec<Figure>, Trouble> {
    let doing = || format!("read {}", bench.program.display());
    let program = fs::metadata(&bench.program).doing(doing())?.len();
    let bundle = frontend::bundle_size(bench.places)? as u64;
    Ok(vec![
        Figure {
            what: "program, with the front end inside",
            unit: "KB",
            values: vec![program / 1000],
        },
        Figure {
            what: "front end's code, gzipped",
            unit: "KB",
            values: vec![bundle / 1000],
        },
    ])
}

/// The figures of a benchmark that is a program of its own.
fn measured(
    places: &Places,
    package: &str,
    name: &str,
    figures: &[Measure],
) -> Result<Vec<Figure>, Trouble> {
    let mut command = places.cargo();
    command
        .args(["bench", "--locked", "--quiet"])
        .args(["--package", package, "--bench", name]);
    let output = process::answer(&mut command).ok_or_else(|| {
        Trouble::Advice(format!(
            "The benchmark {name} failed. `cargo bench -p {package} --bench {name}` tells why."
        ))
    })?;
    Ok(figures
        .iter()
        .map(|(name, what, unit)| Figure {
            what,
            unit,
            values: values_of(name, &output),
        })
        .collect())
}

/// The values on the lines that begin with this name.
fn values_of(name: &str, output: &str) -> Vec<u64> {
    let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok();
    output.lines().filter_map(value).collect()
}

/// The app with its board painted.
struct Opened {
    app: App,
    frame: u64,
    board: u64,
}

impl Bench<'_> {
    /// Opens the app with nothing left over from earlier starts.
    fn open(&self) -> Result<(Opened, PathBuf), Trouble> {
        let home = self.places.target.join("bench-home");
        remove(&home)?;
        let mut app = App::start(&self.program, &[], &self.display, Some(&home))?;
        let frame = app.reach("frame")?;
        let board = app.reach("board")?;
        Ok((Opened { app, frame, board }, home))
    }
}

fn remove(folder: &Path) -> Result<(), Trouble> {
    if folder.exists() {
        fs::remove_dir_all(folder).doing(format!("remove {}", folder.display()))?;
    }
    Ok(())
}

/// A process and all that descend from it.
fn family(ancestor: u32) -> Result<Vec<u32>, Trouble> {
    let mut members = vec![ancestor];
    let mut next = 0;
    while let Some(&process) = members.get(next) {
        next += 1;
        // A thread of a process can have children of its own.
        let threads = format!("/proc/{process}/task");
        for thread in fs::read_dir(&threads).doing(format!("read {threads}"))? {
            let path = thread
                .doing(format!("read {threads}"))?
                .path()
                .join("children");
            let children = fs::read_to_string(&path).doing(format!("read {}", path.display()))?;
            members.extend(
                children
                    .split_whitespace()
                    .filter_map(|child| child.parse::<u32>().ok()),
            );
        }
    }
    Ok(members)
}

fn proportional_set_size(process: u32) -> Result<u64, Trouble> {
    let path = format!("/proc/{process}/smaps_rollup");
    let rollup = fs::read_to_string(&path).doing(format!("read {path}"))?;
    parse_proportional_set_size(&rollup)
        .ok_or_else(|| Trouble::Advice(format!("{path} does not tell the memory of the process.")))
}

/// The line `Pss:  150324 kB`, in units of 1,024 bytes as the kernel counts, answered in bytes of a thousand to the KB.
fn parse_proportional_set_size(rollup: &str) -> Option<u64> {
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024 / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_is_that_of_the_pss_line() {
        let rollup = "55d0-7ffe ---p 00000000 00:00 0 [rollup]\nRss: 200000 kB\nPss: 125000 kB\nPss_Dirty: 9 kB\n";
        assert_eq!(
            parse_proportional_set_size(rollup),
            Some(128_000),
            "125,000 KiB are 128,000 KB"
        );
        assert_eq!(
            parse_proportional_set_size("Rss: 1 kB\n"),
            None,
            "nothing is guessed"
        );
    }

    #[test]
    fn lines_are_told_apart_by_their_whole_names() {
        let output = "read-1-mb-s 90\nread-16-mb-s 300\nread-1-mb-s 80\n";
        assert_eq!(values_of("read-1-mb-s", output), [90, 80], "each run");
        assert!(
            values_of("read-1", output).is_empty(),
            "half a name is none"
        );
    }

    #[test]
    fn several_runs_are_told_by_their_median() {
        let figure = Figure {
            what: "start",
            unit: "ms",
            values: vec![900, 410, 400],
        };
        assert!(
            figure.to_string().ends_with("410 ms  (400 to 900, 3 runs)"),
            "one slow start does not count: {figure}"
        );
    }
}
