//! The bridge: the development door through which a browser drives the very same api that the window drives.
//!
//! `canopic-bridge --dist ui/dist [--home DIR]` serves the built front end with the window's content security policy, answers
//! `POST /bridge/request`, and streams `GET /bridge/news`. Where the window opens a native dialog, `POST /bridge/pick` answers with the
//! paths that a test laid ready by `POST /bridge/ready`; with none ready it answers as a dialog that was cancelled.
//! `POST /bridge/drop` makes picks of the paths in its body at once, for a test that dispatches them as a drop. `POST /bridge/close` is
//! what closing the window is, and `POST /bridge/reveal` answers where the window would have the file manager go. It prints one line of
//! JSON, `{"url": ...}`, when it is ready, and ends when its standard input does, so that it never outlives the test that started it. It
//! is part of the tests and of no release.

#[path = "../../src-tauri/src/practice.rs"]
mod practice;

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response, Sse, sse::Event},
    routing::{get, post},
};
use camino::Utf8PathBuf;
use canopic_api::{
    Api, Computer,
    picks::{Pick, Shown},
};
use canopic_engine::Places;
use futures::StreamExt as _;
use std::{
    collections::VecDeque,
    convert::Infallible,
    error::Error,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::io::AsyncReadExt as _;
use tower_http::{services::ServeDir, set_header::SetResponseHeaderLayer};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (mut dist, mut home) = (None, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let value = arguments.next().map(Utf8PathBuf::from);
        match argument.as_str() {
            "--dist" => dist = value,
            "--home" => home = value,
            _ => return Err(format!("unknown argument {argument}").into()),
        }
    }
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .init();

    let places = home
        .as_deref()
        .map_or_else(Places::of_this_computer, |home| Ok(Places::below(home)));
    let api = Arc::new(Api::open_on(
        places.and_then(Places::open),
        Arc::new(practice::Embedded::default()),
        // With a home of its own it has a keyring and stores of its own too: no test asks those of whoever runs it.
        home.as_deref()
            .map_or_else(Computer::this, Computer::of_a_test),
    ));
    let policy = SetResponseHeaderLayer::overriding(
        HeaderName::from_static("content-security-policy"),
        HeaderValue::from_str(&window_policy()?)?,
    );
    let app = Router::new()
        .route("/bridge/request", post(request))
        .route("/bridge/news", get(news))
        .route("/bridge/pick", post(pick))
        .route("/bridge/ready", post(ready_for_picking))
        .route("/bridge/drop", post(drop_paths))
        .route("/bridge/close", post(close))
        .route("/bridge/reveal", post(reveal))
        .with_state(Bridge {
            api,
            ready: Arc::default(),
        })
        .fallback_service(ServeDir::new(dist.ok_or("--dist is missing")?))
        .layer(policy);

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let ready = serde_json::json!({ "url": format!("http://{}", listener.local_addr()?) });
    #[expect(
        clippy::print_stdout,
        reason = "whoever started the bridge reads this line"
    )]
    {
        println!("{ready}");
    }
    // Streams of news never end by themselves, so nothing is waited for.
    tokio::select! {
        served = axum::serve(listener, app).into_future() => served?,
        () = standard_input_ends() => {}
    }
    Ok(())
}

/// The policy of the real window, so that a browser test sees what the window would refuse.
fn window_policy() -> Result<String, Box<dyn Error>> {
    let config: serde_json::Value =
        serde_json::from_str(include_str!("../../src-tauri/tauri.conf.json"))?;
    Ok(config["app"]["security"]["csp"]
        .as_str()
        .ok_or("the window has no policy")?
        .to_owned())
}

/// The api, and what the next dialogs answer.
#[derive(Clone)]
struct Bridge {
    api: Arc<Api>,
    ready: Arc<Mutex<VecDeque<Vec<PathBuf>>>>,
}

impl Bridge {
    fn ready(&self) -> MutexGuard<'_, VecDeque<Vec<PathBuf>>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn pick(State(bridge): State<Bridge>) -> Json<Vec<Pick>> {
    let paths = bridge.ready().pop_front().unwrap_or_default();
    Json(bridge.api.picked(paths))
}

async fn ready_for_picking(State(bridge): State<Bridge>, Json(paths): Json<Vec<PathBuf>>) {
    bridge.ready().push_back(paths);
}

async fn drop_paths(
    State(bridge): State<Bridge>,
    Json(paths): Json<Vec<PathBuf>>,
) -> Json<Vec<Pick>> {
    Json(bridge.api.picked(paths))
}

/// Where the window would have the file manager go.
async fn reveal(State(bridge): State<Bridge>, Json(shown): Json<Shown>) -> Response {
    match bridge.api.place_of(&shown) {
        Ok(place) => Json(place).into_response(),
        Err(failure) => (StatusCode::UNPROCESSABLE_ENTITY, Json(failure)).into_response(),
    }
}

/// What the window does when somebody closes it; whether it may.
async fn close(State(bridge): State<Bridge>) -> Json<bool> {
    Json(bridge.api.may_close())
}

async fn request(State(bridge): State<Bridge>, Json(request): Json<serde_json::Value>) -> Response {
    match bridge.api.answer_json(request).await {
        Ok(reply) => Json(reply).into_response(),
        Err(failure) => (StatusCode::UNPROCESSABLE_ENTITY, Json(failure)).into_response(),
    }
}

async fn news(State(bridge): State<Bridge>) -> Response {
    match bridge.api.follow() {
        Ok(news) => Sse::new(news.map(|news| {
            Ok::<_, Infallible>(
                Event::default()
                    .json_data(news)
                    .unwrap_or_else(|_| Event::default().comment("not JSON")),
            )
        }))
        .into_response(),
        Err(failure) => (StatusCode::UNPROCESSABLE_ENTITY, Json(failure)).into_response(),
    }
}

async fn standard_input_ends() {
    let mut rest = Vec::new();
    let _ = tokio::io::stdin().read_to_end(&mut rest).await;
}
