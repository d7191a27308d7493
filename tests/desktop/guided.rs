//! What people will remember: a restore by a support person, the plug pulled in the middle of one, a folder dropped on a timeline.

use crate::{app::App, drag, witness::Witness};
use thirtyfour::prelude::*;

/// Opens the page of a canister by its name, with the keyboard.
pub(crate) async fn open_with_keys(app: &App, name: &str) -> String {
    app.type_in(Key::Control + "k").await;
    app.find(By::Css("dialog[open] input"), "the palette").await;
    app.type_in(name).await;
    app.find(
        By::XPath(format!("//*[@role='option'][contains(., '{name}')]")),
        name,
    )
    .await;
    app.key(Key::Enter).await;
    app.find(By::XPath(format!("//h1[contains(., '{name}')]")), name)
        .await;
    let address = app.address().await;
    let id = address.split('/').nth_back(0).unwrap();
    id.to_owned()
}

/// From the timeline to the plan of a restore: the newest moment, its button, what was looked at.
pub(crate) async fn ask_to_restore_yesterday(app: &App) {
    app.see("of 10 snapshots").await;
    let moment = app.find(
        By::XPath("//li[contains(., '18:00 yesterday')]//article"),
        "the snapshot of yesterday",
    );
    let called = moment.await.attr("aria-label").await.unwrap().unwrap();
    app.tab_to(&called).await;
    app.tab_to("Restore").await;
    app.key(Key::Enter).await;
    app.see("Everything since").await;
    app.tab_to("Next").await;
    app.key(Key::Enter).await;
    app.see("since 18:00 yesterday is replaced").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_support_person_restores_yesterday_and_undoes_it_with_the_keyboard_alone() {
    let app = App::start().await;
    app.row("orders", "Running").await;
    let witness = Witness::of(&app).await;

    let id = open_with_keys(&app, "orders").await;
    let today = witness.total(&id).await;
    ask_to_restore_yesterday(&app).await;
    app.picture("confirm").await;
    app.tab_to("Restore orders").await;
    app.key(Key::Enter).await;
    app.see("Went back to").await;
    app.see("Certificate of").await;
    app.picture("proof").await;
    let yesterday = witness.total(&id).await;
    assert_ne!(yesterday, today, "the state of yesterday is back");

    app.tab_to("Undo the restore").await;
    app.key(Key::Enter).await;
    app.see("Undo the restore of orders").await;
    app.see("Everything since").await;
    app.tab_to("Next").await;
    app.key(Key::Enter).await;
    app.tab_to("Bring orders back").await;
    app.key(Key::Enter).await;
    app.see("Went back to").await;
    app.picture("undone").await;
    assert_eq!(witness.total(&id).await, today, "nothing of today is lost");
    app.tab_to("Close").await;
    app.key(Key::Enter).await;

    app.type_in(Key::Control + "3").await;
    app.find(
        By::XPath(
            "(//main//*[self::tr or self::li or self::article][contains(., 'Restored orders')])[2]",
        ),
        "both restores in the activity",
    )
    .await;
    app.picture("activity").await;
    app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pulled_plug_in_the_middle_of_a_restore_is_told_and_mended_at_the_next_start() {
    let home = tempfile::tempdir().unwrap();
    // Slow enough that the plug is out long before the restore could end.
    let app = App::start_at(home, "mainnet").await;
    app.row("orders", "Running").await;
    open_with_keys(&app, "orders").await;
    ask_to_restore_yesterday(&app).await;
    app.tab_to("Restore orders").await;
    app.key(Key::Enter).await;
    app.find(
        By::XPath("//dialog//li[@aria-current='step'][contains(., 'Take a snapshot')]"),
        "the step after the stop",
    )
    .await;
    let home = app.pull_the_plug().await;

    let app = App::start_in(home).await;
    app.see("orders").await;
    app.picture("next-start").await;
    app.see("under way").await;
    app.row("orders", "Running").await;
    let witness = Witness::of(&app).await;
    let id = open_with_keys(&app, "orders").await;
    let status = witness.ask(&["canister", "status", &id, "--json"]).await;
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(
        status["status"], "Running",
        "it is brought back: {status:#}"
    );
    app.picture("mended").await;
    app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_made_by_icp_and_dropped_on_the_timeline_becomes_a_restored_snapshot() {
    let app = App::start().await;
    app.row("orders", "Running").await;
    let witness = Witness::of(&app).await;
    let id = open_with_keys(&app, "orders").await;
    let listed = witness
        .ask(&["canister", "snapshot", "list", &id, "--json"])
        .await;
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let snapshot = newest(&listed);
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("orders d'hier é");
    witness
        .ask(&[
            "canister",
            "snapshot",
            "download",
            &id,
            &snapshot,
            "--output",
            copy.to_str().unwrap(),
        ])
        .await;
    let today = witness.total(&id).await;

    let timeline = app
        .find(
            By::XPath("//section[@aria-label='Timeline']"),
            "the timeline",
        )
        .await;
    let place = app.middle_of(&timeline).await;
    let path = copy.clone();
    tokio::task::spawn_blocking(move || drag::drop_onto("Canopic", place, &path))
        .await
        .unwrap();
    app.see("What you brought").await;
    app.see("another tool made it").await;
    app.picture("dropped").await;
    app.press("Upload to orders").await;
    app.see("It gets a new snapshot").await;
    app.press("Next").await;
    app.see("What happens").await;
    app.picture("upload").await;
    app.find(
        By::XPath("//dialog//button[contains(., 'Upload to orders')][not(@aria-disabled)]"),
        "the button that begins the upload",
    )
    .await
    .click()
    .await
    .unwrap();
    app.see("Certificate of").await;
    app.press("Close").await;
    app.see("4 of 10 snapshots").await;
    app.picture("uploaded").await;

    let uploaded = app
        .find(
            By::XPath("(//article[contains(., 'Uploaded')])[1]//button[contains(., 'Restore')]"),
            "the snapshot that was made of the folder",
        )
        .await;
    uploaded.click().await.unwrap();
    app.see("Everything since").await;
    app.press("Next").await;
    app.press("Restore orders").await;
    app.see("Went back to").await;
    app.picture("restored").await;
    assert_ne!(
        witness.total(&id).await,
        today,
        "the state in the folder is the canister's"
    );
    app.close().await;
}

/// The id of the snapshot that was taken last.
fn newest(listed: &serde_json::Value) -> String {
    let all = listed["snapshots"].as_array().or(listed.as_array());
    let mut all: Vec<_> = all.unwrap_or_else(|| panic!("a list: {listed:#}")).clone();
    all.sort_by_key(|snapshot| snapshot["taken_at_timestamp"].as_u64());
    let last = all.last().unwrap();
    let id = last.get("snapshot_id").or(last.get("id")).unwrap();
    id.as_str().unwrap().to_owned()
}
