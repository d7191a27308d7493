//! What is shown outside of the window: the system's notifications and its file manager. Both are asked from here alone; the page has
//! no permission for either.

use camino::Utf8Path;
use notify_rust::{Notification, NotificationResponse};

/// The same as in `tauri.conf.json`.
#[cfg(all(any(windows, target_os = "macos"), not(debug_assertions)))]
const IDENTIFIER: &str = "app.canopic";

/// Shows a notification, waits until it is gone, and tells whether a person pressed it. An urgent one stays until somebody has seen it.
#[cfg_attr(
    target_os = "macos",
    expect(unused_variables, reason = "a Mac knows no urgency")
)]
pub(crate) fn notify(title: &str, body: &str, is_urgent: bool) -> notify_rust::error::Result<bool> {
    let mut notification = Notification::new();
    notification
        .appname("Canopic")
        .summary(title)
        .body(&plain(body));
    #[cfg(not(target_os = "macos"))]
    notification.urgency(if is_urgent {
        notify_rust::Urgency::Critical
    } else {
        notify_rust::Urgency::Normal
    });
    #[cfg(all(unix, not(target_os = "macos")))]
    notification
        // Pressing the notification itself is this action; systems that show a button for it show the name.
        .action("default", "Canopic")
        .icon("canopic")
        .hint(notify_rust::Hint::DesktopEntry("canopic".to_owned()));
    // Only an installed app is known to these systems by its identifier; another one borrows the shell's.
    #[cfg(all(windows, not(debug_assertions)))]
    notification.app_id(IDENTIFIER);
    #[cfg(all(target_os = "macos", not(debug_assertions)))]
    let _ = notify_rust::set_application(IDENTIFIER);

    let mut is_pressed = false;
    notification
        .show()?
        .wait_for_response(|response: &NotificationResponse| {
            is_pressed = matches!(response, NotificationResponse::Default);
        })?;
    Ok(is_pressed)
}

/// A text that means itself. Where the system reads markup in it, the name of a canister must not be any.
fn plain(text: &str) -> String {
    #[cfg(all(unix, not(target_os = "macos")))]
    if notify_rust::get_capabilities().is_ok_and(|can| can.iter().any(|one| one == "body-markup")) {
        return text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
    }
    text.to_owned()
}

/// Opens the folder in which something lies, with it selected.
pub(crate) fn reveal(place: &Utf8Path) -> Result<(), tauri_plugin_opener::Error> {
    tauri_plugin_opener::reveal_item_in_dir(place)
}
