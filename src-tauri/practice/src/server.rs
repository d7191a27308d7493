//! The HTTP interface, as agents know it.
//!
//! Each request is read against the newest block; only update calls are handed to the block loop. The network listens on
//! loopback, where any web page of the same machine could reach it: a foreign `Host` header is refused, so that a page cannot
//! get in by pointing its own name at this address.
//!
//! Reading order: [`routes`] with what all requests share, then `server/calls.rs` and `server/queries.rs`; reads of the
//! state are in [`crate::read_state`]. Specification: "HTTPS interface".

mod calls;
mod queries;

use self::calls::{Style, call};
use self::queries::query;
use crate::blocks::{World, wall_clock};
use crate::certify::{Path as TreePath, Tree, cbor_bytes, cbor_map, leb128};
use crate::control;
use crate::faults::{Effect, Script};
use crate::ingress::{self, Content, Envelope, Expected, Refusal, RequestId};
use crate::limits::Bucket;
use crate::read_state::{Place, read_state};
use crate::rhythm::{Order, Switches};
use crate::subnet::{RangeLayout, Topology};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use candid::Principal;
use ciborium::Value;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};
use std::{future, io};
use tokio::sync::watch;

/// Bytes of a body, at most: the network's number.
const LONGEST_BODY: usize = 5 * 1024 * 1024;
/// How long a request may take in all, its body included: whoever stops sending must not keep a connection for ever.
const LONGEST_REQUEST: Duration = Duration::from_secs(5 * 60);

/// What the routes share.
pub struct Door {
    /// The subnets.
    pub topology: Arc<Topology>,
    /// Where update calls go.
    pub orders: mpsc::Sender<Order>,
    /// The newest block.
    pub blocks: watch::Receiver<Arc<World>>,
    /// Where canisters are made by default.
    pub default_effective_canister_id: Principal,
    /// The requests that were taken in: who may ask about them, and until when nobody can send them again.
    pub known: Mutex<HashMap<RequestId, Taken>>,
    /// Faults that are to strike.
    pub script: Script,
    /// How many requests are let in; all of them without it.
    pub bucket: Option<Mutex<Bucket>>,
    /// What stops the network in one way or another.
    pub switches: Arc<Switches>,
}

/// A request that was taken in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Taken {
    /// The subnet that it was sent to.
    pub subnet: usize,
    /// Who sent it.
    pub sender: Principal,
    /// The canister that it is for.
    pub receiver: Principal,
    /// When nobody can send it again.
    pub expiry: u64,
}

/// What a handler gets.
pub type Shared = State<Arc<Door>>;

impl Door {
    /// The newest block.
    pub fn world(&self) -> Arc<World> {
        self.blocks.borrow().clone()
    }

    /// The requests that were taken in.
    pub fn taken(&self) -> MutexGuard<'_, HashMap<RequestId, Taken>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether one request more is let in.
    fn lets_in(&self, now: Instant) -> bool {
        self.bucket.as_ref().is_none_or(|bucket| {
            bucket
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(now)
        })
    }

    /// The id in a path, and the subnet that serves it.
    pub fn locate(&self, id: &str, place: Place) -> Result<(Principal, usize), Failure> {
        let effective = parse_id(id)?;
        let subnet = match place {
            Place::Canister => self.route(effective)?,
            Place::Subnet => self.topology.subnet_index(effective).ok_or_else(|| {
                Failure::new(
                    StatusCode::BAD_REQUEST,
                    format!("error: subnet_not_found\ndetails: There is no subnet {effective}."),
                )
            })?,
        };
        Ok((effective, subnet))
    }

    /// The subnet that serves this canister id.
    fn route(&self, effective: Principal) -> Result<usize, Failure> {
        // Whoever names no canister (`aaaaa-aa`) is served by the subnet where canisters are made by default.
        if effective == Principal::management_canister() {
            return Ok(Topology::DEFAULT_SUBNET);
        }
        self.topology.route(effective).ok_or_else(|| {
            let details = "The specified canister does not exist.";
            Failure::new(
                StatusCode::BAD_REQUEST,
                format!("error: canister_not_found\ndetails: {details}"),
            )
        })
    }
}

/// How the HTTP layer does not answer.
pub enum Failure {
    /// With a status and words.
    Refused(StatusCode, String),
    /// Not at all: the connection breaks.
    Cut,
}

impl Failure {
    /// A refusal in words.
    pub fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self::Refused(status, text.into())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::new(StatusCode::BAD_REQUEST, refusal.to_string())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(status, text) => (status, text).into_response(),
            // A body that ends in an error makes the server drop the connection in the middle of the answer.
            Self::Cut => {
                let broken = io::Error::from(io::ErrorKind::ConnectionReset);
                Body::from_stream(futures::stream::once(future::ready(Err::<Bytes, _>(
                    broken,
                ))))
                .into_response()
            }
        }
    }
}

/// An answer in CBOR.
pub fn cbor(value: Value) -> Response {
    (
        [(header::CONTENT_TYPE, "application/cbor")],
        cbor_bytes(value),
    )
        .into_response()
}

fn text(value: impl Into<String>) -> Value {
    Value::Text(value.into())
}

/// The routes of the interface.
pub fn routes(door: Arc<Door>) -> Router {
    let mut router = Router::new().route("/api/v2/status", get(status));
    for (version, style) in [
        ("v2", Style::Asynchronous),
        ("v3", Style::Synchronous(RangeLayout::Flat)),
        ("v4", Style::Synchronous(RangeLayout::Sharded)),
    ] {
        let handler = move |door: Shared, id: Path<String>, headers: HeaderMap, body: Bytes| {
            call(door, id, headers, body, style, Place::Canister)
        };
        router = router.route(
            &format!("/api/{version}/canister/{{id}}/call"),
            post(handler),
        );
    }
    // What concerns no canister but the subnet itself; the newest version only.
    router = router
        .route(
            "/api/v4/subnet/{id}/call",
            post(
                |door: Shared, id: Path<String>, headers: HeaderMap, body: Bytes| {
                    let style = Style::Synchronous(RangeLayout::Sharded);
                    call(door, id, headers, body, style, Place::Subnet)
                },
            ),
        )
        .route(
            "/api/v3/subnet/{id}/query",
            post(
                |door: Shared, id: Path<String>, headers: HeaderMap, body: Bytes| {
                    query(door, id, headers, body, RangeLayout::Sharded, Place::Subnet)
                },
            ),
        );
    for (version, layout) in [("v2", RangeLayout::Flat), ("v3", RangeLayout::Sharded)] {
        let ask = move |door: Shared, id: Path<String>, headers: HeaderMap, body: Bytes| {
            query(door, id, headers, body, layout, Place::Canister)
        };
        let of = |place| {
            move |door: Shared, id: Path<String>, headers: HeaderMap, body: Bytes| {
                read_state(door, id, headers, body, layout, place)
            }
        };
        router = router
            .route(&format!("/api/{version}/canister/{{id}}/query"), post(ask))
            .route(
                &format!("/api/{version}/canister/{{id}}/read_state"),
                post(of(Place::Canister)),
            )
            .route(
                &format!("/api/{version}/subnet/{{id}}/read_state"),
                post(of(Place::Subnet)),
            );
    }
    router
        .nest("/_", control::routes())
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(middleware::from_fn_with_state(door.clone(), guard))
        .with_state(door)
}

/// Refuses foreign hosts, and whoever would keep the network busy without end.
async fn guard(State(door): Shared, request: Request, next: Next) -> Response {
    if door.switches.is_crashed() {
        return Failure::Cut.into_response();
    }
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    if host.is_some_and(is_local) {
        // Steering the network is no use of it. Refused before the body comes, like the boundary nodes.
        if request.uri().path().starts_with("/api/") && !door.lets_in(Instant::now()) {
            return Failure::new(
                StatusCode::TOO_MANY_REQUESTS,
                "error: rate_limited\ndetails: Too many requests.",
            )
            .into_response();
        }
        let length = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        // Said before the body comes: a sender that announces too much need not send it, and one that sends nothing is not awaited.
        if length.is_some_and(|length| length > LONGEST_BODY) {
            return Failure::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("a body may have {LONGEST_BODY} bytes"),
            )
            .into_response();
        }
        let answered = tokio::time::timeout(LONGEST_REQUEST, next.run(request)).await;
        return answered.unwrap_or_else(|_| {
            Failure::new(StatusCode::REQUEST_TIMEOUT, "the request took too long").into_response()
        });
    }
    let text = format!(
        "this network serves its own machine only, not {}",
        host.unwrap_or("a request without a host")
    );
    Failure::new(StatusCode::FORBIDDEN, text).into_response()
}

/// Whether a `Host` header names this machine; names under `localhost` do by definition (RFC 6761).
fn is_local(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name == "localhost"
        || name.ends_with(".localhost")
        || name
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

async fn status(State(door): Shared) -> Response {
    let world = door.world();
    cbor(cbor_map([
        (
            "root_key",
            Value::Bytes(door.topology.root().key.public_der()),
        ),
        ("impl_version", text(env!("CARGO_PKG_VERSION"))),
        ("replica_health_status", text("healthy")),
        ("certified_height", Value::Integer(world.height.into())),
        (
            "default_effective_canister_id",
            Value::Bytes(door.default_effective_canister_id.as_slice().to_vec()),
        ),
    ]))
}

/// The principal in a path.
fn parse_id(id: &str) -> Result<Principal, Failure> {
    Principal::from_text(id).map_err(|error| {
        Failure::new(
            StatusCode::BAD_REQUEST,
            format!("malformed principal {id}: {error}"),
        )
    })
}

/// Reads and checks the envelope in a body.
pub fn open(headers: &HeaderMap, body: &[u8], expected: Expected) -> Result<Envelope, Failure> {
    if headers
        .get(header::CONTENT_TYPE)
        .is_none_or(|kind| kind != "application/cbor")
    {
        return Err(Failure::new(
            StatusCode::BAD_REQUEST,
            "Unexpected content-type, expected application/cbor.",
        ));
    }
    Ok(ingress::open(body, expected, wall_clock())?)
}

/// Checks that the request came to the right place; gives the method that it is about.
fn require_addressee(envelope: &Envelope, effective: Principal) -> Result<&str, Failure> {
    let (Content::Call(message) | Content::Query(message)) = &envelope.content else {
        return Err(Failure::new(
            StatusCode::BAD_REQUEST,
            "neither a call nor a query",
        ));
    };
    let canister = message.canister;
    if canister != Principal::management_canister() && canister != effective {
        let text = format!(
            "Specified CanisterId {canister} does not match effective canister id in URL {effective}"
        );
        return Err(Failure::new(StatusCode::BAD_REQUEST, text));
    }
    if !envelope.may_address(canister) {
        let text = format!("Canister {canister} is not one of the delegation targets.");
        return Err(Failure::new(StatusCode::BAD_REQUEST, text));
    }
    Ok(&message.method)
}

/// What a fault does before a request is looked at any further.
pub async fn meet(door: &Door, effect: Option<&Effect>) -> Result<(), Failure> {
    match effect {
        Some(Effect::Delay { milliseconds }) => {
            tokio::time::sleep(Duration::from_millis(*milliseconds)).await;
        }
        Some(Effect::Cut) => return Err(Failure::Cut),
        Some(Effect::Status { code }) => {
            let status = StatusCode::from_u16(*code).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            return Err(Failure::new(
                status,
                status.canonical_reason().unwrap_or_default(),
            ));
        }
        Some(Effect::Freeze) => door.switches.freeze(),
        Some(Effect::Crash) => {
            door.switches.crash();
            return Err(Failure::Cut);
        }
        _ => {}
    }
    Ok(())
}

/// The certificate of a subnet for these paths, or what a fault makes of it.
pub fn certificate(
    door: &Door,
    world: &World,
    subnet: usize,
    paths: Vec<TreePath>,
    layout: RangeLayout,
    effect: Option<&Effect>,
) -> Vec<u8> {
    let subnets = door.topology.subnets();
    let (host, tree) = (&subnets[subnet], &world.trees[subnet]);
    match effect {
        // Everything is as it should be, except that another subnet signed it.
        Some(Effect::WrongSignature) => {
            let stranger = &subnets[(subnet + 1) % subnets.len()];
            stranger.key.sign_tree(
                tree,
                &[paths, vec![vec![b"time".to_vec()]]].concat(),
                host.delegation(layout),
            )
        }
        Some(Effect::StaleCertificate { seconds }) => {
            let mut old = tree.clone();
            let time = world
                .time
                .saturating_sub(Duration::from_secs(*seconds).as_nanos() as u64);
            old.set(b"time", Tree::leaf(leb128(time)));
            host.certificate(&old, paths, layout)
        }
        _ => host.certificate(tree, paths, layout),
    }
}

/// Runs what may take long (a canister's code) away from the threads that serve connections.
async fn away<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    let failed = |error| {
        Failure::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("execution failed: {error}"),
        )
    };
    tokio::task::spawn_blocking(work).await.map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_served() {
        for host in [
            "localhost",
            "localhost:4943",
            "127.0.0.1:80",
            "[::1]:80",
            "aaaaa-aa.localhost:4943",
            "127.0.0.1",
        ] {
            assert!(is_local(host), "{host} is this machine");
        }
        for host in [
            "example.org",
            "localhost.example.org:80",
            "192.168.1.2",
            "[::2]:80",
            "notlocalhost",
            "",
        ] {
            assert!(
                !is_local(host),
                "{host} may be a page that points its name here"
            );
        }
    }
}
