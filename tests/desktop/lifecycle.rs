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
    let dialog = app
        .find(
            By::XPath("//dialog[@open][contains(., 'Practice')]"),
            "the dialog that repeats the network",
        )
        .await;
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

    let (address, root_key) = app.network().await;
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
