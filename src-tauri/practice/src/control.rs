//! The control endpoint: steering the network itself, beside the Internet Computer's interface.
//!
//! | request | effect |
//! |---|---|
//! | `GET /_/faults` | the faults that are still to strike |
//! | `POST /_/faults` | adds faults: a JSON array, see [`crate::faults::Fault`] |
//! | `DELETE /_/faults` | forgets all faults |
//! | `POST /_/checkpoint` | makes a checkpoint |
//! | `POST /_/freeze`, `/_/thaw` | stops making blocks, and goes on |
//! | `POST /_/crash` | ends the network at once, saving nothing |
//!
//! Every change must come as `application/json`: a web page cannot send that to another origin without being asked first, and
//! this server never says yes.

use crate::faults::Fault;
use crate::rhythm::Order;
use crate::server::Door;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use std::sync::Arc;

type Shared = State<Arc<Door>>;

/// The routes, to be put under `/_`.
pub fn routes() -> Router<Arc<Door>> {
    Router::new()
        .route("/faults", get(faults).post(add).delete(clear))
        .route("/checkpoint", post(checkpoint))
        .route(
            "/freeze",
            post(|State(door): Shared| async move { door.switches.freeze() }),
        )
        .route(
            "/thaw",
            post(|State(door): Shared| async move { door.switches.thaw() }),
        )
        .route(
            "/crash",
            post(|State(door): Shared| async move { door.switches.crash() }),
        )
        .layer(middleware::from_fn(refuse_pages))
}

async fn refuse_pages(request: Request, next: Next) -> Response {
    let json = request
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind == "application/json");
    if json || request.method() == Method::GET {
        next.run(request).await
    } else {
        (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "changes must be sent as application/json",
        )
            .into_response()
    }
}

async fn faults(State(door): Shared) -> Json<Vec<Fault>> {
    Json(door.script.remaining())
}

async fn add(State(door): Shared, body: Bytes) -> Result<(), (StatusCode, String)> {
    let faults: Vec<Fault> = serde_json::from_slice(&body)
        .map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    door.script.extend(faults);
    Ok(())
}

async fn clear(State(door): Shared) {
    door.script.clear();
}

async fn checkpoint(State(door): Shared) -> StatusCode {
    match door.orders.send(Order::Checkpoint) {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
