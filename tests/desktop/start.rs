//! Starts that go well and starts that do not.

use crate::app::{App, program};
use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_shows_the_demo_fleet() {
    let app = App::start().await;
    app.row("storefront", "Running").await;
    app.picture("board").await;
    let logs = app.home().join("canopic/logs");
    assert_eq!(
        std::fs::read_dir(logs).unwrap().count(),
        1,
        "the day's log is begun"
    );
    app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_a_newer_version_are_said_in_the_window_and_can_be_set_aside() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("canopic/config");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("settings.json"), r#"{"version": 99}"#).unwrap();
    let app = App::start_in(home).await;
    app.see("The settings come from a newer Canopic").await;
    app.picture("refused").await;
    app.press("Set the settings aside and start").await;
    app.row("storefront", "Running").await;
    assert!(
        config.join("settings.set-aside-1.json").exists(),
        "nothing is deleted"
    );
    app.close().await;
}

#[test]
fn without_a_display_a_sentence_and_an_exit_code() {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(program())
        .env("CANOPIC_HOME", home.path())
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("needs a display"), "{said}");
    assert!(
        !said.contains("panicked"),
        "a sentence, not a panic: {said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_ends_and_leaves_the_first_alone() {
    let app = App::start().await;
    app.row("storefront", "Running").await;
    let second = Command::new(program())
        .env("CANOPIC_HOME", app.home().join("canopic"))
        .output()
        .unwrap();
    assert_eq!(
        second.status.code(),
        Some(0),
        "the first window was raised: {}",
        String::from_utf8_lossy(&second.stderr)
    );
    app.row("storefront", "Running").await;
    app.close().await;
}

#[test]
fn a_start_that_failed_and_was_not_mended_ends_with_an_exit_code() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("data"), "a file where a folder should be").unwrap();
    assert_eq!(
        exit_code_after_first_frame(home.path()),
        Some(1),
        "the window said why, and whoever started the app can tell, too"
    );
    let sound = tempfile::tempdir().unwrap();
    assert_eq!(
        exit_code_after_first_frame(sound.path()),
        Some(0),
        "a signal quits a sound app as closing its window does"
    );
}

/// Starts the app, waits until its window is painted, asks it to quit and returns how it ended.
fn exit_code_after_first_frame(home: &Path) -> Option<i32> {
    let mut app = Command::new(program())
        .env("CANOPIC_HOME", home)
        .env("CANOPIC_MILESTONES", "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(app.stdout.take().unwrap()).lines();
    assert!(
        said.any(|line| line.unwrap().starts_with("milestone frame")),
        "the window was painted"
    );
    let asked = Command::new("kill").arg(app.id().to_string()).status();
    assert!(asked.unwrap().success(), "the signal was sent");
    app.wait().unwrap().code()
}
