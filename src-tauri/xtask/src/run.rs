//! `cargo xtask run`: from a fresh checkout to the open window.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::app::App;
use crate::display::{self, Display};
use crate::frontend;
use crate::machine::{self, Purpose};
use crate::places::Places;
use crate::process;
use crate::trouble::{Doing, Trouble};

/// Builds what has changed and opens the app, on a virtual screen where there is no other.
pub fn run(
    places: &Places,
    release: bool,
    stay: bool,
    arguments: &[OsString],
) -> Result<ExitCode, Trouble> {
    let headless = display::is_absent();
    machine::require_node()?;
    machine::provide(if headless {
        &[Purpose::Build, Purpose::Display]
    } else {
        &[Purpose::Build]
    })?;
    let program = build(places, release)?;

    if headless {
        return run_headless(places, &program, stay, arguments);
    }
    println!("Starting Canopic on the practice network.");
    let status = Command::new(&program)
        .args(arguments)
        .status()
        .doing("start the app")?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Builds the front end and the app around it.
pub fn build(places: &Places, release: bool) -> Result<PathBuf, Trouble> {
    frontend::build(places)?;
    let mut command = places.cargo();
    command.args(["build", "--locked", "--package", "canopic"]);
    if release {
        command.arg("--release");
    }
    process::succeed(&mut command, "build the app")?;
    let program = places.built("canopic", release);
    machine::require_libraries(&program)?;
    Ok(program)
}

fn run_headless(
    places: &Places,
    program: &Path,
    stay: bool,
    arguments: &[OsString],
) -> Result<ExitCode, Trouble> {
    let display = Display::start()?;
    println!(
        "There is no display here: starting Canopic on the virtual screen {}.",
        display.name()
    );
    let mut app = App::start(program, arguments, &display, None)?;
    let board = app.reach("board")?;
    println!("The board was painted {board} ms after the start.");

    let picture = places.screenshots().join("run.png");
    photograph(&app, &display, &picture)?;
    println!("Screenshot: {}", picture.display());

    if stay {
        println!("The app goes on running; Ctrl+C ends it.");
        app.wait()?;
    } else {
        app.close()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Saves what the app's window shows.
fn photograph(app: &App, display: &Display, picture: &Path) -> Result<(), Trouble> {
    if let Some(folder) = picture.parent() {
        fs::create_dir_all(folder).doing(format!("make the folder {}", folder.display()))?;
    }
    let mut search = Command::new("xdotool");
    search.args(["search", "--onlyvisible", "--pid", &app.id().to_string()]);
    let windows = process::answer(display.lend(&mut search)).unwrap_or_default();
    let Some(window) = windows.lines().next() else {
        return Err(Trouble::Advice(
            "The app says that its board is painted, but has no window on the screen.".into(),
        ));
    };
    let mut import = Command::new("import");
    import.args(["-window", window]).arg(picture);
    process::succeed(display.lend(&mut import), "take the screenshot")
}
