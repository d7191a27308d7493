//! Somebody who has never seen the app: what the welcome says, step by step, and what the world says of it afterwards. And a canister of
//! one's own, with code that is dropped on the window.

use crate::{app::App, drag, witness::Witness};
use std::path::Path;
use thirtyfour::prelude::*;

/// A button of the welcome.
async fn press_in_welcome(app: &App, name: &str) {
    let button = format!(
        "//section[@aria-labelledby='welcome']//button[contains(normalize-space(), '{name}')]"
    );
    app.click(&button, name).await;
}

/// Waits until the welcome says that so many of its steps are done.
async fn see_done(app: &App, amount: usize) {
    let steps = format!(
        "//section[@aria-labelledby='welcome'][count(.//li[contains(., ': Done')]) = {amount}]"
    );
    app.find(By::XPath(steps), &format!("{amount} steps done"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_walks_the_way_of_two_minutes() {
    let app = App::start().await;
    app.row("orders", "Running").await;
    let witness = Witness::of(&app).await;
    app.open("Canisters").await;
    app.see("Two minutes to feel at home").await;
    // What was typed into the filter to learn of the network would hide the rows.
    app.press("Show all").await;
    app.row("orders", "Running").await;
    app.picture("1-welcome").await;

    press_in_welcome(&app, "Open orders").await;
    app.find(
        By::XPath("//h1[contains(., 'orders')]"),
        "the page of orders",
    )
    .await;
    app.see("of 10 snapshots").await;
    let address = app.address().await;
    let id = address.split('/').nth_back(0).unwrap().to_owned();
    app.picture("2-opened").await;
    app.open("Canisters").await;
    see_done(&app, 1).await;

    press_in_welcome(&app, "Take snapshot").await;
    app.press_in_dialog("Next").await;
    app.see("What happens").await;
    app.picture("3-plan").await;
    let before = witness.total(&id).await;
    app.press_in_dialog("Take a snapshot of orders").await;
    app.see("Certificate of").await;
    app.picture("4-taken").await;
    app.press_in_dialog("Close").await;
    see_done(&app, 2).await;

    // Life goes on: without that nothing would be there to come back from.
    witness
        .ask(&["canister", "call", &id, "add", "(5 : nat64)"])
        .await;
    assert_ne!(witness.total(&id).await, before);

    press_in_welcome(&app, "Restore").await;
    app.click(
        "(//article[.//button[contains(., 'Restore')]])[1]//button[contains(., 'Restore')]",
        "the newest moment",
    )
    .await;
    app.see("Everything since").await;
    app.picture("5-checked").await;
    app.press_in_dialog("Next").await;
    app.see("is replaced").await;
    app.picture("6-confirm").await;
    app.press_in_dialog("Restore orders").await;
    app.see("Went back to").await;
    app.see("Certificate of").await;
    app.picture("7-proof").await;
    assert_eq!(
        witness.total(&id).await,
        before,
        "the world is as it was at the snapshot"
    );
    app.press_in_dialog("Close").await;

    app.open("Canisters").await;
    see_done(&app, 3).await;
    app.see("That is the heart of it").await;
    app.picture("8-done").await;
    app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canister_is_made_and_gets_the_module_that_is_dropped_on_the_window() {
    let app = App::start().await;
    app.row("orders", "Running").await;
    let witness = Witness::of(&app).await;
    app.press("Make a canister").await;
    app.fill("Name", "archive").await;
    app.see("It starts with").await;
    app.press_in_dialog("Next").await;
    app.see("What happens").await;
    app.picture("plan").await;
    app.press_in_dialog("Make archive").await;
    app.see("archive is made").await;
    let id = app
        .said_by(By::Css("dialog .made .mono"), "its id")
        .await
        .remove(0);
    app.picture("made").await;
    app.press_in_dialog("Install a module").await;

    let zone = app
        .find(
            By::XPath("//dialog[@open]//section[contains(., 'Choose a module')]"),
            "where a module falls",
        )
        .await;
    let place = app.middle_of(&zone).await;
    let module = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../src-tauri/practice/demo/tally.wasm"
    ));
    let module = module.canonicalize().unwrap();
    tokio::task::spawn_blocking(move || drag::drop_onto("Canopic", place, &module))
        .await
        .unwrap();
    app.see("tally.wasm").await;
    app.see("What it would mean").await;
    app.picture("dropped").await;
    app.press_in_dialog("Next").await;
    app.see("What happens").await;
    app.press_in_dialog("Install in archive").await;
    app.see("Installed a module in archive").await;
    app.picture("installed").await;

    let answer = witness
        .ask(&["canister", "call", &id, "add", "(41 : nat64)"])
        .await;
    assert!(
        answer.contains("41"),
        "the code that fell there runs: {answer}"
    );
    app.close().await;
}
