//! `cargo xtask run`: from a fresh checkout to the open window.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

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
    // A new screen has its pointer in the middle, where it would light up whatever lies there.
    let mut pointer = Command::new("xdotool");
    process::succeed(
        display.lend(pointer.args(["mousemove", "9999", "9999"])),
        "move the pointer out of the picture",
    )?;

    // The app has painted, but a web view hands its picture to the screen in its own time: at first
    // the window is one colour. Two equal pictures that are not are what a person would see.
    let deadline = Instant::now() + SHOWN_WITHIN;
    let mut before = None;
    loop {
        let mut import = Command::new("import");
        import.args(["-window", window]).arg(picture);
        process::succeed(display.lend(&mut import), "take the screenshot")?;
        let mut identify = Command::new("identify");
        let look = process::answer(identify.args(["-format", "%k %#"]).arg(picture));
        let is_blank = look.as_ref().is_none_or(|look| look.starts_with("1 "));
        if !is_blank && look == before {
            return Ok(());
        }
        if Instant::now() > deadline {
            return if is_blank {
                Err(Trouble::Advice(
                    "The app says that its board is painted, but its window is blank.".into(),
                ))
            } else {
                // Something moves in it all the time; the last picture is as good as any.
                Ok(())
            };
        }
        before = look;
    }
}

/// From painted to shown takes a frame or two; the rest is for a busy machine without a graphics card.
const SHOWN_WITHIN: Duration = Duration::from_secs(10);
