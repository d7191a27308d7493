//! The one window and its commands.
//!
//! The window is made hidden and shown when the front end says that its first frame is painted, so nobody sees a white flash. It
//! can reach our six commands and nothing else: it loads only what the app brings along, cannot navigate away and cannot open
//! another window.

use crate::outside;
use canopic_api::{
    Api,
    failure::Failure,
    feed::News,
    notices::Urgency,
    picks::{Pick, PickKind, Shown},
};
use canopic_engine::{Code, Error};
use futures::StreamExt as _;
use serde::Deserialize;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tauri::{
    AppHandle, DragDropEvent, Emitter as _, Manager as _, State, WebviewUrl, WebviewWindow,
    WebviewWindowBuilder, WindowEvent, async_runtime::JoinHandle, ipc::Channel,
    webview::NewWindowResponse,
};

const LABEL: &str = "main";

/// A front end that has not painted by then is broken; what it has to say is worth seeing. A cold start on a slow disk takes
/// about a second.
const SHOWN_AT_LATEST: Duration = Duration::from_secs(10);

/// When the process started, for the milestones.
struct Start {
    at: Instant,
    is_watched: bool,
}

/// The task that feeds the window; a page that is loaded again replaces it.
#[derive(Default)]
struct Follower(Mutex<Option<JoinHandle<()>>>);

/// Opens the window and returns the exit code when it is closed.
pub(crate) fn run(api: Arc<Api>, started: Instant) -> tauri::Result<i32> {
    let start = Start {
        at: started,
        is_watched: std::env::var_os("CANOPIC_MILESTONES").is_some(),
    };
    let app = tauri::Builder::default()
        .plugin(single_instance())
        .manage(api)
        .manage(start)
        .manage(Follower::default())
        .invoke_handler(tauri::generate_handler![
            request, follow, painted, pick, notify, reveal
        ])
        .setup(|app| {
            let window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::default())
                .title("Canopic")
                .inner_size(1240.0, 800.0)
                .min_inner_size(960.0, 640.0)
                .visible(false)
                .on_navigation(|url| {
                    matches!(url.scheme(), "tauri")
                        || url.host_str() == Some("tauri.localhost")
                        || is_development(url)
                })
                .on_new_window(|_, _| NewWindowResponse::Deny)
                .build()?;
            let api = app.state::<Arc<Api>>().inner().clone();
            take_drops(&window, api.clone());
            ask_before_closing(&window, api.clone());
            tauri::async_runtime::spawn(close_when_decided(app.handle().clone(), api));
            tauri::async_runtime::spawn(async move {
                tokio::time::sleep(SHOWN_AT_LATEST).await;
                show(&window);
            });
            tauri::async_runtime::spawn(quit_when_asked(app.handle().clone()));
            Ok(())
        })
        .build(context())?;
    Ok(app.run_return(|_, _| {}))
}

/// What the build put in: configuration, front end and icons.
#[expect(
    clippy::exit,
    reason = "it stands in Tauri's own macro, for a context that cannot be made"
)]
fn context() -> tauri::Context {
    tauri::generate_context!()
}

/// A terminal's Ctrl+C and a session's end quit the app as closing its window does, so that everything is put in order.
async fn quit_when_asked(app: AppHandle) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut terminate), Ok(mut interrupt)) = (
            signal(SignalKind::terminate()),
            signal(SignalKind::interrupt()),
        ) else {
            return;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_err() {
        return;
    }
    app.exit(0);
}

/// Only `tauri dev` serves the front end over HTTP.
fn is_development(url: &tauri::Url) -> bool {
    tauri::is_dev() && url.host_str() == Some("localhost")
}

fn single_instance() -> tauri::plugin::TauriPlugin<tauri::Wry> {
    let builder = tauri_plugin_single_instance::Builder::new().callback(|app, _, _| raise(app));
    // Folders of their own make an app of its own: it must not be taken for the one with the ordinary folders.
    #[cfg(target_os = "linux")]
    let builder = match std::env::var_os(canopic_engine::HOME_VARIABLE) {
        Some(home) => {
            use std::hash::BuildHasher as _;
            let mark =
                std::hash::BuildHasherDefault::<std::hash::DefaultHasher>::default().hash_one(home);
            builder.dbus_id(format!("app.canopic.home{mark:016x}"))
        }
        None => builder,
    };
    builder.build()
}

fn raise(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(LABEL) {
        let _ = window.unminimize();
        show(&window);
        let _ = window.set_focus();
    }
}

fn show(window: &WebviewWindow) {
    if let Err(error) = window.show() {
        tracing::error!(%error, "the window cannot be shown");
    }
}

/// Every request of the front end.
#[tauri::command]
async fn request(
    api: State<'_, Arc<Api>>,
    request: serde_json::Value,
) -> Result<serde_json::Value, Failure> {
    api.answer_json(request).await
}

/// Sends news into `channel` for as long as the page lives.
#[tauri::command]
async fn follow(
    window: WebviewWindow,
    api: State<'_, Arc<Api>>,
    follower: State<'_, Follower>,
    channel: Channel<News>,
) -> Result<(), Failure> {
    // A window that cannot say it is closing: nobody is told anything any more.
    let notices = api.notices(move || window.is_focused().unwrap_or(true))?;
    let news = futures::stream::select(api.follow()?, notices);
    let task = tauri::async_runtime::spawn(async move {
        let mut news = std::pin::pin!(news);
        while let Some(news) = news.next().await {
            if channel.send(news).is_err() {
                break;
            }
        }
    });
    let before = follower
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .replace(task);
    if let Some(before) = before {
        before.abort();
    }
    Ok(())
}

/// What is dropped on the window is picked by that: the page learns of it by number and name, at the place where it fell.
fn take_drops(window: &WebviewWindow, api: Arc<Api>) {
    let page = window.clone();
    window.on_window_event(move |event| {
        if let WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }) = event
            && let Err(error) = page.emit("dropped", api.picked(paths))
        {
            tracing::warn!(%error, "a drop did not reach the page");
        }
    });
}

/// Closing while a job is under way is asked about inside the window.
fn ask_before_closing(window: &WebviewWindow, api: Arc<Api>) {
    let page = window.clone();
    window.on_window_event(move |event| {
        if let WindowEvent::CloseRequested { api: close, .. } = event
            && !api.may_close()
        {
            close.prevent_close();
            // The question is of no use in a window that nobody sees.
            let _ = page.unminimize();
            let _ = page.set_focus();
        }
    });
}

/// Ends the app when somebody has answered that it may close all the same.
async fn close_when_decided(app: AppHandle, api: Arc<Api>) {
    api.left().await;
    app.exit(0);
}

/// Lets a person pick files or folders in the system's own dialog. Nothing picked means that they thought better of it.
#[tauri::command]
async fn pick(
    window: WebviewWindow,
    api: State<'_, Arc<Api>>,
    kind: PickKind,
    title: String,
    suggestion: Option<String>,
) -> Result<Vec<Pick>, Failure> {
    let mut dialog = rfd::AsyncFileDialog::new()
        .set_parent(&window)
        .set_title(title);
    if let Some(name) = suggestion {
        dialog = dialog.set_file_name(name);
    }
    let picked = match kind {
        PickKind::Folder => dialog.pick_folder().await.into_iter().collect(),
        PickKind::File => dialog.pick_file().await.into_iter().collect(),
        PickKind::Files => dialog.pick_files().await.unwrap_or_default(),
        PickKind::NewFile => dialog.save_file().await.into_iter().collect(),
    };
    Ok(api.picked(picked.iter().map(rfd::FileHandle::path)))
}

/// Shows what the page phrased of a notice outside of the window. Ends when that is gone, and tells whether a person pressed it;
/// then the window is in front.
#[tauri::command]
async fn notify(
    app: AppHandle,
    api: State<'_, Arc<Api>>,
    notice: u32,
    title: String,
    body: String,
) -> Result<bool, Failure> {
    let Some(urgency) = api.show(notice) else {
        return Ok(false);
    };
    let is_urgent = urgency == Urgency::Urgent;
    let (sender, is_pressed) = tokio::sync::oneshot::channel();
    // A thread of its own: a notification can lie there for hours.
    std::thread::spawn(move || {
        let is_pressed = outside::notify(&title, &body, is_urgent).unwrap_or_else(|error| {
            tracing::info!(%error, "the system shows no notifications");
            false
        });
        // The page may be gone meanwhile.
        let _ = sender.send(is_pressed);
    });
    let is_pressed = is_pressed.await.unwrap_or(false);
    if is_pressed {
        raise(&app);
    }
    Ok(is_pressed)
}

/// Shows something in the system's file manager, where it lies.
#[tauri::command]
async fn reveal(api: State<'_, Arc<Api>>, shown: Shown) -> Result<(), Failure> {
    let place = api.place_of(&shown)?;
    let asked = place.clone();
    // A disk may sleep, and a file manager takes its time to start.
    tauri::async_runtime::spawn_blocking(move || outside::reveal(&asked))
        .await
        .map_err(|error| Failure::bug("showing a file", &error))?
        .map_err(|error| {
            let failed = Error::new(Code::NoFileManager, "showing a file");
            failed.with("path", place).because(error).into()
        })
}

/// How far the front end is.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Milestone {
    /// The first frame is there; the window can be shown.
    Frame,
    /// The board shows its canisters.
    Board,
}

/// The front end tells what it has painted.
#[tauri::command]
#[expect(
    clippy::needless_pass_by_value,
    reason = "what Tauri hands to a command is owned"
)]
fn painted(window: WebviewWindow, start: State<'_, Start>, milestone: Milestone) {
    let name = match milestone {
        Milestone::Frame => {
            show(&window);
            "frame"
        }
        Milestone::Board => "board",
    };
    let elapsed = start.at.elapsed().as_millis() as u64;
    tracing::info!(name, elapsed, "painted");
    if start.is_watched {
        #[expect(
            clippy::print_stdout,
            reason = "whoever started the app with CANOPIC_MILESTONES reads this"
        )]
        {
            println!("milestone {name} {elapsed}");
        }
    }
}
