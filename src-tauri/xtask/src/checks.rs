//! `cargo xtask test`: every check and every test, in stages that can also be run alone.
//!
//! Whatever the stages share is compiled once, by one command (`compile`): cargo chooses the features of shared
//! dependencies by what is built together, and any other selection of packages would compile the largest of them again.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::counts::Counts;
use crate::display::Display;
use crate::frontend::{self, Task};
use crate::lent::{Against, Lent};
use crate::machine::{self, Purpose};
use crate::places::Places;
use crate::process::Owned;
use crate::report::{Report, StageReport};
use crate::trouble::{Doing, Trouble};

/// A part of the tests.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Stage {
    /// Formatting, lints, dependencies, documentation and the tests of every crate.
    Rust,
    /// Types, lints, formatting, unit tests and size of the front end.
    Ui,
    /// The front end in a browser, over the bridge.
    Browser,
    /// The real window, driven from outside.
    Desktop,
    /// The real `icp` against the practice network, and real keyrings.
    Interop,
}

const ALL: [Stage; 5] = [
    Stage::Rust,
    Stage::Ui,
    Stage::Browser,
    Stage::Desktop,
    Stage::Interop,
];

/// Releases of the tools that are known to work with the Rust that the workspace asks for.
const NEXTEST_VERSION: &str = "0.9.143";
const DENY_VERSION: &str = "0.20.2";

/// The front end's code, gzipped, stays below this: it is parsed before anything can be painted.
const BUNDLE_BUDGET: usize = 300_000;

/// Fetching the advisories takes a few seconds; an address that is not to be reached may never answer.
const ADVISORIES_WITHIN: Duration = Duration::from_secs(60);

/// Runs the stages; all of them when none is named.
pub fn test(places: &Places, only: &[Stage], against: &Against) -> Result<ExitCode, Trouble> {
    let mut report = Report::new(places.logs());
    for stage in ALL
        .into_iter()
        .filter(|stage| only.is_empty() || only.contains(stage))
    {
        let mut section = report.stage(stage.name())?;
        // A stage that can't run is a failure of its own and no reason to leave out the next.
        if let Err(trouble) = stage
            .provide(places)
            .and_then(|()| stage.run(places, against, &mut section))
        {
            section.found("start", false, &trouble.whole())?;
        }
    }
    Ok(report.finish())
}

impl Stage {
    const fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Ui => "ui",
            Self::Browser => "browser",
            Self::Desktop => "desktop",
            Self::Interop => "interop",
        }
    }

    fn provide(self, places: &Places) -> Result<(), Trouble> {
        machine::require_node()?;
        let purposes: &[Purpose] = match self {
            Self::Rust => &[Purpose::Build],
            Self::Ui => &[],
            Self::Browser => &[Purpose::Build, Purpose::Browser],
            Self::Desktop => &[
                Purpose::Build,
                Purpose::Display,
                Purpose::Desktop,
                Purpose::Interop,
            ],
            Self::Interop => &[Purpose::Build, Purpose::Interop],
        };
        machine::provide(purposes)?;
        if self == Self::Rust {
            machine::require_rust_components(places)?;
            machine::provide_cargo_tool(places, "deny", DENY_VERSION)?;
        }
        if matches!(self, Self::Rust | Self::Desktop | Self::Interop) {
            machine::provide_cargo_tool(places, "nextest", NEXTEST_VERSION)?;
        }
        Ok(())
    }

    fn run(
        self,
        places: &Places,
        against: &Against,
        section: &mut StageReport<'_>,
    ) -> Result<(), Trouble> {
        match self {
            Self::Rust => rust(places, against, section),
            Self::Ui => ui(places, section),
            Self::Browser => browser(places, section),
            Self::Desktop => desktop(places, section),
            Self::Interop => interop(places, section),
        }
    }
}

fn rust(places: &Places, against: &Against, section: &mut StageReport<'_>) -> Result<(), Trouble> {
    section.check(
        "fmt",
        places
            .cargo()
            .args(["fmt", "--all", "--check", "--", "--color", "never"]),
    )?;
    dependencies(places, section)?;
    // The app's crate embeds ui/dist: without it not even Clippy can read that crate.
    if !front_end(places, section)? {
        return Ok(());
    }
    let clippy = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "--deny",
        "warnings",
    ];
    section.check("clippy", places.cargo().args(clippy))?;
    let doc = ["doc", "--workspace", "--no-deps", "--locked"];
    section.check(
        "doc",
        places
            .cargo()
            .args(doc)
            .env("RUSTDOCFLAGS", "--deny warnings"),
    )?;
    if !compile(places, section)? {
        return Ok(());
    }
    // Tests that inject no fault run against a network that somebody else keeps: a practice network in a process of its own, or the
    // one that was named. So they can be held against any other at any time.
    let network = Lent::lend(places, against)?;
    let mut tests = nextest(
        places,
        "not binary(/^(desktop|interop|keyring|restart|unwind)$/)",
    );
    section.tests("tests", network.name_to(&mut tests), Counts::of_nextest)?;
    drop(network);
    // Their cases are found by doing every operation once: once for all of them, and not once in a process for each.
    for matrix in ["restart", "unwind"] {
        let mut command = Command::new(test_program(places, matrix)?);
        command.current_dir(places.tests());
        section.tests(matrix, &mut command, Counts::of_libtest)?;
    }
    section.tests_if_any(
        "doctests",
        places
            .cargo()
            .args(["test", "--workspace", "--doc", "--locked"]),
        Counts::of_libtest,
    )?;
    Ok(())
}

/// Licences, bans and sources always; advisories when their database can be had.
fn dependencies(places: &Places, section: &mut StageReport<'_>) -> Result<(), Trouble> {
    let deny = |arguments: &[&str]| {
        let mut command = places.cargo();
        command
            .args(["deny", "--config", "src-tauri/deny.toml", "--locked"])
            .args(arguments);
        command
    };
    let always = [
        "check",
        "--hide-inclusion-graph",
        "licenses",
        "bans",
        "sources",
    ];
    section.check("deny", &mut deny(&always))?;

    let mut fetch = deny(&["fetch", "db"]);
    fetch
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut fetch = Owned::start(&mut fetch, "fetch the advisories")?;
    if fetch
        .wait_at_most(ADVISORIES_WITHIN)?
        .is_some_and(|status| status.success())
    {
        section.check(
            "advisories",
            &mut deny(&["--offline", "check", "advisories"]),
        )?;
        return Ok(());
    }
    let why = "the database of security advisories can't be reached from here.";
    section.left_out("advisories", why)
}

fn ui(places: &Places, section: &mut StageReport<'_>) -> Result<(), Trouble> {
    let npm = |arguments: &[&str]| {
        let mut command = machine::npm(&places.ui());
        command.arg("run").args(arguments);
        command
    };
    if !perform(&Task::install(places.ui())?, section)? {
        return Ok(());
    }
    section.check("check", &mut npm(&["check"]))?;
    section.check("lint", &mut npm(&["lint"]))?;
    section.check("format", &mut npm(&["format:check"]))?;

    let report = report_file(places, "vitest")?;
    let output_file = format!("--outputFile.json={}", report.display());
    let unit = [
        "unit",
        "--",
        "--reporter=default",
        "--reporter=json",
        &output_file,
    ];
    section.tests("unit", &mut npm(&unit), |_| {
        read(&report).map_or_else(Counts::default, |report| Counts::of_vitest(&report))
    })?;

    let build = Task::build(places)?;
    if section.check("build", &mut build.command())? {
        build.remember()?;
        let size = frontend::bundle_size(places)?;
        let finding = format!(
            "{} KB of JavaScript, CSS and HTML gzipped, of {} KB allowed",
            size / 1000,
            BUNDLE_BUDGET / 1000
        );
        section.found("bundle", size < BUNDLE_BUDGET, &finding)?;
    }
    Ok(())
}

fn browser(places: &Places, section: &mut StageReport<'_>) -> Result<(), Trouble> {
    let folder = places.browser_tests();
    if !perform(&Task::install(folder.clone())?, section)? {
        return Ok(());
    }
    section.check("check", machine::npm(&folder).args(["run", "check"]))?;
    section.check(
        "format",
        machine::npm(&folder).args(["run", "format:check"]),
    )?;
    if !front_end(places, section)? || !compile(places, section)? {
        return Ok(());
    }
    let report = report_file(places, "playwright")?;
    let mut command = playwright(places);
    command
        .args(["--reporter=list,json", "--output"])
        .arg(section.evidence());
    command.env("PLAYWRIGHT_JSON_OUTPUT_FILE", &report);
    section.tests("playwright", &mut command, |_| {
        read(&report).map_or_else(Counts::default, |report| Counts::of_playwright(&report))
    })?;
    Ok(())
}

/// Playwright in the folder of the browser tests, with what they have to know of this machine.
pub fn playwright(places: &Places) -> Command {
    let mut command = Command::new(if cfg!(windows) { "npx.cmd" } else { "npx" });
    command
        .args(["playwright", "test"])
        .current_dir(places.browser_tests());
    command.env("CANOPIC_BRIDGE", places.built("canopic-bridge", false));
    if let Some(chromium) = machine::chromium() {
        command.env("CANOPIC_CHROMIUM", chromium);
    }
    command
}

fn desktop(places: &Places, section: &mut StageReport<'_>) -> Result<(), Trouble> {
    if std::env::consts::OS != "linux" {
        return section.left_out(
            "tests",
            "only on Linux can the web view be driven from outside.",
        );
    }
    let icp = machine::provide_icp(places)?;
    if !front_end(places, section)? || !compile(places, section)? {
        return Ok(());
    }
    let mut display = Display::start()?;
    display.add_keyring()?;
    let mut command = nextest(places, "binary(desktop)");
    command
        .env("CANOPIC_APP", places.built("canopic", false))
        .env("CANOPIC_ICP", icp)
        .env("CANOPIC_EVIDENCE", section.evidence());
    section.tests("tests", display.lend(&mut command), Counts::of_nextest)?;
    Ok(())
}

fn interop(places: &Places, section: &mut StageReport<'_>) -> Result<(), Trouble> {
    let icp = machine::provide_icp(places)?;
    if !front_end(places, section)? || !compile(places, section)? {
        return Ok(());
    }
    section.tests(
        "tests",
        nextest(places, "binary(/^(interop|keyring)$/)").env("CANOPIC_ICP", icp),
        Counts::of_nextest,
    )?;
    Ok(())
}

fn nextest(places: &Places, filter: &str) -> Command {
    let mut command = places.cargo();
    command.args([
        "nextest",
        "run",
        "--workspace",
        "--locked",
        "--no-fail-fast",
        "--filterset",
        filter,
    ]);
    command
}

/// Where cargo has put a test program of the workspace.
fn test_program(places: &Places, name: &str) -> Result<PathBuf, Trouble> {
    let mut command = places.cargo();
    command.args(["nextest", "list", "--workspace", "--locked"]);
    command.args(["--list-type", "binaries-only", "--message-format", "json"]);
    let output = command.output().doing("listing the test programs")?;
    let list: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let programs = list["rust-binaries"].as_object().into_iter().flatten();
    programs
        .map(|(_, program)| program)
        .find(|program| program["binary-name"] == name)
        .and_then(|program| program["binary-path"].as_str())
        .map(PathBuf::from)
        .ok_or_else(|| Trouble::Advice(format!("cargo made no test program `{name}`.")))
}

/// Everything that any stage runs: the app, the bridge and every test.
pub const COMPILE: [&str; 4] = ["build", "--workspace", "--all-targets", "--locked"];

fn compile(places: &Places, section: &mut StageReport<'_>) -> Result<bool, Trouble> {
    section.prepare("compile", places.cargo().args(COMPILE))
}

/// Brings ui/dist up to date.
fn front_end(places: &Places, section: &mut StageReport<'_>) -> Result<bool, Trouble> {
    for task in frontend::pending(places)? {
        if !perform(&task, section)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Does what is not done already.
fn perform(task: &Task, section: &mut StageReport<'_>) -> Result<bool, Trouble> {
    if task.is_done() {
        return Ok(true);
    }
    let done = section.prepare(task.name(), &mut task.command())?;
    if done {
        task.remember()?;
    }
    Ok(done)
}

/// Where a runner writes its report, without that of an earlier run: a runner that fails early must not be judged by it.
fn report_file(places: &Places, runner: &str) -> Result<PathBuf, Trouble> {
    let path = places.logs().join(format!("{runner}.json"));
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).doing(format!("remove {}", path.display()))
        }
        _ => Ok(path),
    }
}

/// A runner's report; a runner that never came to write one has run no test.
fn read(report: &Path) -> Option<Value> {
    serde_json::from_slice(&fs::read(report).ok()?).ok()
}
