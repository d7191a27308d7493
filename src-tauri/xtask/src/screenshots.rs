//! `cargo xtask screenshots`: every view and state, light and dark, as pictures.

use std::process::ExitCode;

use crate::checks;
use crate::frontend::{self, Task};
use crate::machine::{self, Purpose};
use crate::places::Places;
use crate::process;
use crate::trouble::Trouble;

/// Builds the front end and the bridge and lets a browser take the pictures.
pub fn screenshots(places: &Places) -> Result<ExitCode, Trouble> {
    machine::require_node()?;
    machine::provide(&[Purpose::Build, Purpose::Browser])?;
    frontend::build(places)?;
    process::succeed(places.cargo().args(checks::COMPILE), "build the bridge")?;
    let install = Task::install(places.browser_tests())?;
    if !install.is_done() {
        process::succeed(&mut install.command(), "install what drives the browser")?;
        install.remember()?;
    }
    let mut command = checks::playwright(places);
    command
        .args(["--config", "screenshots.config.ts"])
        .env("CANOPIC_SCREENSHOTS", places.screenshots());
    process::succeed(&mut command, "take the screenshots")?;
    println!("Screenshots: {}", places.screenshots().display());
    Ok(ExitCode::SUCCESS)
}
