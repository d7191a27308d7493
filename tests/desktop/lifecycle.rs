//! A canister is stopped in the window, and the world agrees.

use crate::app::App;
use canopic_tests::Icp;
use thirtyfour::prelude::*;

#[tokio::test(flavor = "multi_thread")]
async fn stop_in_the_window_is_stopped_for_the_real_icp() {
    let app = App::start().await;
    app.see("Practice").await;
    let id = id_of(&app, "storefront").await;
    let before = app.row("storefront", "Running").await;
    assert!(!before.contains("Stopped"), "it runs before: {before}");

    app.press("Stop storefront").await;
    // The dialog's own button carries the same verb and object; the safe way out has the focus.
    let dialog = app.find(By::Css("dialog[open]"), "the dialog").await;
    assert!(
        dialog.text().await.unwrap().contains("Practice"),
        "a destructive dialog repeats the network"
    );
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

/// The whole id behind the shortened one.
async fn id_of(app: &App, name: &str) -> String {
    let row = app
        .find(
            By::XPath(format!(
                "//*[self::tr or @role='row'][contains(., '{name}')]"
            )),
            name,
        )
        .await;
    row.find(By::Css("[data-id]"))
        .await
        .unwrap()
        .attr("data-id")
        .await
        .unwrap()
        .unwrap()
}

/// Address and root key as Settings show them.
async fn network_of(app: &App) -> (String, String) {
    app.find(
        By::XPath("//nav//*[self::a or self::button][contains(., 'Settings')]"),
        "Settings",
    )
    .await
    .click()
    .await
    .unwrap();
    let text = async |label: &str| {
        let value = app
            .find(
                By::XPath(format!(
                    "//dt[contains(., '{label}')]/following-sibling::dd[1]//*[@title]"
                )),
                label,
            )
            .await;
        value.attr("title").await.unwrap().unwrap()
    };
    (text("Address").await, text("Root key").await)
}
