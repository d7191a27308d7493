//! An identity whose key lies in a real keyring, made in one run of the app and used in the next.

use crate::app::App;
use candid::Principal;
use ic_agent::Agent;
use thirtyfour::prelude::*;

/// Goes to the identities in the settings.
async fn open_identities(app: &App) {
    app.open("Settings").await;
    app.click(
        "//main//*[self::a or self::button][contains(., 'Identities')]",
        "Identities",
    )
    .await;
    app.see("Where keys are kept").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_made_in_a_real_keyring_signs_after_a_restart() {
    let app = App::start().await;
    app.row("orders", "Running").await;
    open_identities(&app).await;
    app.press("Create identity").await;
    app.fill("Name", "support").await;
    app.press_in_dialog("Show the recovery phrase").await;
    app.press_in_dialog("Show the words").await;
    let words = app
        .said_by(By::Css("dialog[open] ol.words b"), "the words")
        .await;
    assert_eq!(words.len(), 24, "{} words", words.len());
    app.picture("phrase").await;
    app.click(
        "//dialog[@open]//label[contains(., 'I have written them down')]",
        "written down",
    )
    .await;
    app.press_in_dialog("Next").await;
    let asked = By::XPath("//dialog[@open]//label[starts-with(normalize-space(), 'Word ')]");
    for label in app.said_by(asked, "the words that are asked for").await {
        let place: usize = label.trim_start_matches("Word ").parse().unwrap();
        app.fill(&label, &words[place - 1]).await;
    }
    app.press_in_dialog("Create support").await;
    app.see("support is created").await;
    let listed = "//li[.//p[normalize-space()='support']]";
    app.click(
        &format!("{listed}//button[contains(normalize-space(), 'Use')]"),
        "Use support",
    )
    .await;
    app.find(
        By::XPath(
            "//button[contains(@aria-label, 'You are support') or contains(., 'You are support')]",
        ),
        "who I am",
    )
    .await;
    app.find(
        By::XPath(format!("{listed}[contains(., 'In use')]")),
        "in use",
    )
    .await;
    let shown = By::XPath(format!("//main{listed}//*[contains(@class, 'mono')]"));
    let shown = app.said_by(shown, "its principal").await.remove(0);
    app.picture("listed").await;
    let home = app.close().await;

    let canopic = home.path().join("canopic");
    let secret = words.last().unwrap();
    assert!(
        !canopic.join("config/vault").exists() && !secret.is_empty(),
        "the key is in the keyring and in no file of ours"
    );

    let app = App::start_in(home).await;
    app.row("orders", "").await;
    let (address, root_key) = app.network().await;
    app.find(
        By::XPath(
            "//button[contains(@aria-label, 'You are support') or contains(., 'You are support')]",
        ),
        "still the same person",
    )
    .await;
    app.press("Make a canister").await;
    app.fill("Name", "signed").await;
    app.see("It starts with").await;
    app.press_in_dialog("Next").await;
    app.press_in_dialog("Make signed").await;
    app.see("signed is made").await;
    app.picture("signed").await;
    let made = app.said_by(By::Css("dialog .made .mono"), "its id").await;
    let made = Principal::from_text(&made[0]).unwrap();

    // Whoever makes a canister controls it, and the network proves that to anybody.
    let agent = Agent::builder().with_url(address).build().unwrap();
    agent.set_root_key(hex::decode(root_key).unwrap());
    let controllers = agent.read_state_canister_controllers(made).await.unwrap();
    let (begin, end) = shown.split_once('…').unwrap();
    assert_eq!(controllers.len(), 1);
    let controller = controllers[0].to_text();
    assert!(
        controller.starts_with(begin) && controller.ends_with(end),
        "{controller} is {shown}: the key in the keyring signed"
    );
    app.close().await;
}
