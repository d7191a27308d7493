//! What happens around the window: dialogs of the system, its notifications, its file manager, and a window that is closed too early.

use crate::{
    app::{App, until},
    bus::Bus,
    guided::{ask_to_restore_yesterday, open_with_keys},
    screen::{self, Screen},
};
use thirtyfour::prelude::*;

/// Begins to restore orders, and waits until that has stopped it.
async fn restore_orders(app: &App) {
    app.row("orders", "Running").await;
    open_with_keys(app, "orders").await;
    ask_to_restore_yesterday(app).await;
    app.press_in_dialog("Restore orders").await;
    app.find(
        By::XPath("//dialog//li[@aria-current='step'][contains(., 'Take a snapshot')]"),
        "the step after the stop",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_too_early_asks_and_the_next_start_goes_on() {
    let app = App::start_at(tempfile::tempdir().unwrap(), "mainnet").await;
    restore_orders(&app).await;
    let screen = Screen::open();
    screen.close("Canopic");
    app.see("Close while something is under way?").await;
    app.picture("asked").await;
    app.press_in_dialog("Stay open").await;
    app.find(
        By::XPath("//dialog[@open][not(contains(., 'Close while'))]//li[@aria-current='step']"),
        "the restore, which goes on",
    )
    .await;

    screen.close("Canopic");
    app.see("Close while something is under way?").await;
    let home = app.end_in_dialog("Close Canopic").await;

    let app = App::start_in(home).await;
    app.see("under way").await;
    app.picture("next-start").await;
    app.row("orders", "Running").await;
    app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_is_opened_in_the_dialog_of_the_system() {
    let app = App::start().await;
    app.row("orders", "Running").await;
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("corner shop");
    std::fs::create_dir(&project).unwrap();
    std::fs::write(
        project.join("icp.yaml"),
        "canisters:\n  - name: till\n    recipe:\n      type: prebuilt\n      configuration:\n        path: till.wasm\n",
    )
    .unwrap();

    app.press("Open a project folder").await;
    let screen = Screen::open();
    let dialog = until("the dialog of the system", async || {
        screen
            .window("Choose the folder of a project")
            .ok_or("it is not shown")
    })
    .await;
    screen.turn_to(dialog);
    // It is ready once it is drawn whole: two pictures are the same.
    let mut last = Vec::new();
    let ready = until("the dialog is drawn", async || {
        let now = screen.picture(dialog);
        let before = std::mem::replace(&mut last, now.clone());
        if before == now {
            Ok(now)
        } else {
            Err("it changes")
        }
    })
    .await;
    // The first letter of a path brings up a line to type it into. What is typed before that stands there would be lost.
    screen::press(&["slash"]);
    until("a line to type into", async || {
        if screen.picture(dialog) == ready {
            Err("nothing yet")
        } else {
            Ok(())
        }
    })
    .await;
    screen::write(project.to_str().unwrap().trim_start_matches('/'));
    screen::press(&["Return"]);
    app.find(
        By::XPath("//h1[contains(., 'corner shop')]"),
        "the project in that folder",
    )
    .await;
    app.see("till").await;
    app.picture("opened").await;
    assert!(screen.window("Choose the folder of a project").is_none());
    app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_looks_elsewhere_is_told_and_comes_back_by_pressing() {
    let bus = Bus::start().await;
    let home = tempfile::tempdir().unwrap();
    let app = App::start_on(Some(&bus), home, "mainnet").await;
    app.row("orders", "Running").await;
    let screen = Screen::open();
    let window = screen.window("Canopic").expect("it is shown");
    screen.turn_to(window);
    restore_orders(&app).await;
    screen.turn_away();

    let told = until("somebody is told", async || {
        bus.notifications().into_iter().next().ok_or("nothing yet")
    })
    .await;
    assert_eq!(told.title, "Restored orders", "{told:?}");
    assert!(told.body.starts_with("It took "), "{told:?}");
    assert_eq!(told.actions.first().map(String::as_str), Some("default"));
    assert_eq!(told.urgency, Some(1), "it went well: it may pass by");

    until("the window is in front", async || {
        // Whoever shows it may not be listened to yet: a hand takes longer than this.
        bus.press(1).await;
        if screen.has_focus(window) {
            Ok(())
        } else {
            Err("not yet")
        }
    })
    .await;
    app.find(
        By::XPath("//main//h1[contains(., 'Activity')]"),
        "what it was about",
    )
    .await;
    app.picture("came-back").await;
    assert_eq!(bus.notifications().len(), 1, "told once");
    app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_logs_are_shown_in_their_folder_or_their_path_is_said() {
    let bus = Bus::start().await;
    let home = tempfile::tempdir().unwrap();
    let app = App::start_on(Some(&bus), home, "instant").await;
    app.row("orders", "Running").await;
    app.open("Settings").await;
    app.press("Show in folder").await;
    let shown = until("the file manager is asked", async || {
        bus.files().into_iter().next().ok_or("nothing yet")
    })
    .await;
    let logs = app.home().join("canopic/logs").canonicalize().unwrap();
    assert_eq!(shown, format!("file://{}", logs.display()));
    let home = app.close().await;

    let bus = Bus::start_empty();
    let app = App::start_on(Some(&bus), home, "instant").await;
    app.row("orders", "Running").await;
    app.open("Settings").await;
    app.press("Show in folder").await;
    app.see("No file manager of this computer answers").await;
    app.see("canopic/logs").await;
    app.picture("nobody").await;
    app.close().await;
}
