//! Starts that go well and starts that do not.

use crate::app::{App, program};
use std::process::Command;

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
