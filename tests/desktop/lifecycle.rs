//! A canister is stopped in the window, and the world agrees.

use crate::app::App;
use canopic_tests::Icp;
use thirtyfour::prelude::*;

#[tokio::test(flavor = "multi_thread")]
async fn stop_in_the_window_is_stopped_for_the_real_icp() {
    let app = App::start().await;
    app.see("Practice").await;
    let before = app.row("storefront", "Running").await;
    assert!(!before.contains("Stopped"), "it runs before: {before}");

    app.press_in_row("storefront", "Stop").await;
    // The dialog's own button carries the same verb and object; the safe way out has the focus.
    let dialog = app.find(By::Css("dialog[open]"), "the dialog").await;
    assert!(
        dialog.text().await.unwrap().contains("Practice"),
        "a destructive dialog repeats the network"
    );
    let id = dialog
        .find(By::Css(".mono"))
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    app.picture("dialog").await;
    dialog
        .find(By::XPath(
            ".//button[contains(normalize-space(), 'Stop storefront')]",
        ))
        .await
        .unwrap()
        .click()
        .await
        .unwrap();
    let after = app.row("storefront", "Stopped").await;
    assert!(
        after.contains("Certified"),
        "the state after an act is the certified one: {after}"
    );
    app.picture("stopped").await;

    let (address, root_key) = network_of(&app).await;
    let status = tokio::task::spawn_blocking(move || {
        Icp::new(&address, &root_key).ask(&["canister", "status", &id, "--json"])
    })
    .await
    .unwrap();
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(
        status["status"], "Stopped",
        "the real icp, asked over the wire: {status:#}"
    );
    app.close().await;
}

/// Address and root key, from the command that Settings give to copy, pasted where a person could paste it.
async fn network_of(app: &App) -> (String, String) {
    app.open("Settings").await;
    app.press("Copy command").await;
    app.see("Copied").await;
    app.open("Canisters").await;
    let filter = app
        .find(By::Css("input[type='search']"), "the filter box")
        .await;
    filter.send_keys(Key::Control + "v").await.unwrap();
    let command = filter.prop("value").await.unwrap().unwrap();
    let after = |flag: &str| {
        let mut words = command.split(' ').skip_while(|word| *word != flag);
        let value = words.nth(1);
        value
            .unwrap_or_else(|| panic!("no {flag} in {command}"))
            .to_owned()
    };
    (after("-n"), after("-k"))
}
