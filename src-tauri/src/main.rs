//! The shell: one window around the api. No logic lives here; it decides nothing about canisters.
//!
//! - `main.rs`: the order of a start, and how a start that fails is said.
//! - `window.rs`: the window, its six commands, drops on it, and the milestones of a start.
//! - `outside.rs`: what is shown outside of it: the system's notifications and its file manager.
//! - `practice.rs`: the practice network inside the app, opened when the engine first knocks.
//! - `logs.rs`: where the app writes down what it did.
//!
//! **How a start fails.** Whatever keeps the app's state from opening (a folder that cannot be used, settings of a newer version)
//! is shown inside the window with a way on, and the process ends with status 1 unless that way was taken. Only what keeps the
//! window itself from opening is said on the terminal and, where one can be shown, in a native dialog.

#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod logs;
mod outside;
mod practice;
mod window;

use canopic_api::{Api, Request};
use canopic_engine::Places;
use canopic_practice::blocks::Pace;
use std::{process::ExitCode, sync::Arc, time::Instant};

fn main() -> ExitCode {
    let started = Instant::now();
    let folders = Places::of_this_computer().and_then(Places::open);
    // The guard writes what is left when it goes, so it lives as long as the app.
    let _logs = logs::begin(folders.as_ref().ok().map(|folders| folders.logs.as_path()));
    if let Err(reason) = display() {
        return fatal(&reason);
    }
    let practice = folders.as_ref().map_or_else(
        |_| practice::Embedded::default(),
        |folders| practice::Embedded::living_in(folders.data.join("practice")),
    );
    // `CANOPIC_PACE=mainnet` makes the practice network as slow as mainnet is.
    let practice = practice.at(match std::env::var("CANOPIC_PACE") {
        Ok(pace) if pace == "mainnet" => Pace::Mainnet,
        _ => Pace::Instant,
    });
    let api = Arc::new(Api::open(folders, Arc::new(practice)));
    if let Some(failure) = api.start_failure() {
        complain(&format!(
            "Canopic could not open its state: {}",
            failure.report
        ));
    } else {
        // The network and the window need nothing of each other, so both start at once: what the first board waits for is then there.
        let early = api.clone();
        tauri::async_runtime::spawn(async move { early.answer(Request::Session {}).await });
    }
    let ended = window::run(api.clone(), started);
    tauri::async_runtime::block_on(api.end());
    match ended {
        Ok(_) if api.start_failure().is_some() => ExitCode::FAILURE,
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => fatal(&format!("Canopic could not open its window: {error}")),
    }
}

/// Asks for the display before Tauri does, because Tauri panics without one.
#[cfg(target_os = "linux")]
fn display() -> Result<(), String> {
    gtk::init().map_err(|_| {
        "Canopic needs a display, and there is none here. Start it from a desktop session, or run it on a virtual display: \
         xvfb-run canopic"
            .to_owned()
    })
}

#[cfg(not(target_os = "linux"))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "the same signature as where it can fail"
)]
fn display() -> Result<(), String> {
    Ok(())
}

/// Says why the app cannot start where no window can say it.
fn fatal(reason: &str) -> ExitCode {
    complain(reason);
    #[cfg(target_os = "linux")]
    let can_show = gtk::is_initialized();
    #[cfg(not(target_os = "linux"))]
    let can_show = true;
    if can_show {
        rfd::MessageDialog::new()
            .set_level(rfd::MessageLevel::Error)
            .set_title("Canopic could not start")
            .set_description(reason)
            .show();
    }
    ExitCode::FAILURE
}

/// To the terminal that started the app and to the log.
#[expect(
    clippy::print_stderr,
    reason = "the person at the terminal is told here"
)]
fn complain(reason: &str) {
    eprintln!("{reason}");
    tracing::error!(target: logs::SAID_ALREADY, reason, "start failed");
}
