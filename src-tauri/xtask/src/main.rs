//! `cargo xtask`: the chores around the app, and nothing of the app itself.
//!
//! It exists so that the README needs two commands, `cargo xtask run` and `cargo xtask test`, on a machine that has
//! nothing but Rust and Node. It is built before anything else, so it depends on little and builds in seconds.
//!
//! Invariants: nothing is installed without saying what and why; nothing is done twice when its inputs have not
//! changed; every process that is started here is stopped here; a failure says what failed and where its log lies.
//!
//! Reading order: `main` (the commands), `places` (where things lie), `machine` (what must be installed), `frontend`
//! (building ui/), `process`, `display` and `app` (starting things and stopping them), then the commands themselves:
//! `run`; `checks` with `lent`, `report` and `counts`; `bench`; `screenshots`.

#![allow(
    clippy::print_stdout,
    reason = "this is a command line; standard output is where it speaks"
)]

mod app;
mod bench;
mod checks;
mod counts;
mod display;
mod frontend;
mod lent;
mod machine;
mod places;
mod process;
mod report;
mod run;
mod screenshots;
mod trouble;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::checks::Stage;
use crate::places::Places;
use crate::trouble::Trouble;

/// Chores of Canopic.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct CommandLine {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Install what is missing, build the app and open it on the practice network.
    Run {
        /// Build with optimisation, as people get it.
        #[arg(long)]
        release: bool,
        /// Without a display: keep the app running until Ctrl+C instead of closing it after the screenshot.
        #[arg(long)]
        stay: bool,
        /// Arguments for the app, after `--`.
        #[arg(last = true)]
        arguments: Vec<OsString>,
    },
    /// Run every check and every test, as .ci/run does.
    Test {
        /// Only these stages, separated by commas; all of them when left out.
        #[arg(long, value_enum, value_delimiter = ',')]
        only: Vec<Stage>,
        #[command(flatten)]
        against: lent::Against,
    },
    /// Measure the release build: start, memory, sizes, transfers.
    Bench {
        /// Only the benchmarks whose name contains this.
        only: Option<String>,
        #[command(flatten)]
        contest: bench::Contest,
    },
    /// Take a picture of every view, light and dark, into target/screenshots.
    Screenshots,
    /// Write ui/src/backend/wire.ts anew from the wire types.
    Wire,
}

fn main() -> ExitCode {
    match carry_out(CommandLine::parse().chore) {
        Ok(code) => code,
        Err(trouble) => {
            eprintln!("{}", trouble.whole());
            ExitCode::FAILURE
        }
    }
}

fn carry_out(chore: Chore) -> Result<ExitCode, Trouble> {
    let places = Places::find()?;
    match chore {
        Chore::Run {
            release,
            stay,
            arguments,
        } => run::run(&places, release, stay, &arguments),
        Chore::Test { only, against } => checks::test(&places, &only, &against),
        Chore::Bench { only, contest } => bench::bench(&places, only.as_deref(), &contest),
        Chore::Screenshots => screenshots::screenshots(&places),
        Chore::Wire => wire(&places),
    }
}

/// The crate `api` has a test that compares the file with the types; told to, the same test writes the file.
fn wire(places: &Places) -> Result<ExitCode, Trouble> {
    let mut command = places.cargo();
    command
        .args(["test", "--package", "canopic-api", "wire"])
        .env("CANOPIC_WIRE", "write");
    process::succeed(&mut command, "write the wire types")?;
    Ok(ExitCode::SUCCESS)
}
