//! The HTTP interface, as agents know it.
//!
//! Each request is read against the newest block; only update calls are handed to the block loop. The network listens on
//! loopback, where any web page of the same machine could reach it: a foreign `Host` header is refused, so that a page cannot
//! get in by pointing its own name at this address.
//!
//! Reading order: [`routes`], then [`call`], [`query`] and [`read_state`]. Specification: "HTTPS interface".

use crate::blocks::{Payload, Submission, World, wall_clock};
use crate::certify::{Path as TreePath, cbor_bytes, cbor_map};
use crate::errors::{ErrorCode, Reject};
use crate::ingress::{self, Content, Envelope, Expected, Message, Refusal, RequestId, hash_value};
use crate::management;
use crate::queries::Query;
use crate::subnet::{RangeLayout, Topology};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use candid::Principal;
use ciborium::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;
use tokio::sync::watch;

/// Bytes of a body, and of an update call, at most: the network's numbers.
const LONGEST_BODY: usize = 5 * 1024 * 1024;
const LONGEST_CALL: usize = 2 * 1024 * 1024;
/// How long a synchronous call waits for its outcome before it says 202, as on a replica.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the routes share.
pub struct Door {
    /// The subnets.
    pub topology: Arc<Topology>,
    /// Where update calls go.
    pub submissions: mpsc::Sender<Submission>,
    /// The newest block.
    pub blocks: watch::Receiver<Arc<World>>,
    /// Where canisters are made by default.
    pub default_effective_canister_id: Principal,
    /// The requests that were taken in: who may ask about them, and until when nobody can send them again.
    pub taken: Mutex<HashMap<RequestId, Taken>>,
}

/// A request that was taken in.
pub struct Taken {
    sender: Principal,
    receiver: Principal,
    expiry: u64,
}

type Shared = State<Arc<Door>>;

impl Door {
    fn world(&self) -> Arc<World> {
        self.blocks.borrow().clone()
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<RequestId, Taken>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
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

/// A refusal by the HTTP layer.
struct Failure {
    status: StatusCode,
    text: String,
}

impl Failure {
    fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self {
            status,
            text: text.into(),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::new(StatusCode::BAD_REQUEST, refusal.to_string())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, self.text).into_response()
    }
}

fn cbor(value: Value) -> Response {
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
            call(door, id, headers, body, style)
        };
        router = router.route(
            &format!("/api/{version}/canister/{{id}}/call"),
            post(handler),
        );
    }
    for (version, layout) in [("v2", RangeLayout::Flat), ("v3", RangeLayout::Sharded)] {
        let ask = move |door: Shared, id: Path<String>, headers: HeaderMap, body: Bytes| {
            query(door, id, headers, body, layout)
        };
        let of = |place| {
            move |door: Shared, id: Path<String>, headers: HeaderMap, body: Bytes| async move {
                read_state(&door, &id, &headers, &body, layout, place)
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
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(middleware::from_fn(refuse_foreign_hosts))
        .with_state(door)
}

async fn refuse_foreign_hosts(request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    if host.is_some_and(is_local) {
        return next.run(request).await;
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

fn parse_id(id: &str) -> Result<Principal, Failure> {
    Principal::from_text(id).map_err(|error| {
        Failure::new(
            StatusCode::BAD_REQUEST,
            format!("malformed principal {id}: {error}"),
        )
    })
}

fn open(headers: &HeaderMap, body: &[u8], expected: Expected) -> Result<Envelope, Failure> {
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

fn require_addressee(
    envelope: &Envelope,
    message: &Message,
    effective: Principal,
) -> Result<(), Failure> {
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
    Ok(())
}

/// How a call is answered.
#[derive(Clone, Copy)]
enum Style {
    /// At once, without an outcome.
    Asynchronous,
    /// With the outcome and its certificate, if it comes soon.
    Synchronous(RangeLayout),
}

async fn call(
    State(door): Shared,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
    style: Style,
) -> Result<Response, Failure> {
    let effective = parse_id(&id)?;
    let subnet = door.route(effective)?;
    let envelope = open(&headers, &body, Expected::Call)?;
    if body.len() > LONGEST_CALL {
        let text = format!(
            "Request 0x{} is too large. Message byte size {} is larger than the max allowed {LONGEST_CALL}.",
            hex::encode(envelope.id),
            body.len()
        );
        return Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, text));
    }
    let Content::Call(message) = &envelope.content else {
        return Err(Failure::new(StatusCode::BAD_REQUEST, "not a call"));
    };
    require_addressee(&envelope, message, effective)?;
    let request = envelope.id;
    let size = body.len();
    let submitting = {
        let door = door.clone();
        away(move || submit(&door, subnet, envelope, size))
    };
    let submitted = match submitting.await? {
        Ok(submitted) => submitted,
        Err(reject) => return Ok(cbor(uncertified(style, reject))),
    };
    // The outcome of a known request is told again, never made again; one still under way is awaited by polling.
    if matches!(submitted, Submitted::Known) && !door.world().is_finished(subnet, &request) {
        return Ok(StatusCode::ACCEPTED.into_response());
    }
    let Style::Synchronous(layout) = style else {
        return Ok(StatusCode::ACCEPTED.into_response());
    };
    let mut blocks = door.blocks.clone();
    let finished = blocks.wait_for(|world| world.is_finished(subnet, &request));
    let Ok(Ok(world)) = tokio::time::timeout(PATIENCE, finished)
        .await
        .map(|world| world.map(|world| world.clone()))
    else {
        return Ok(StatusCode::ACCEPTED.into_response());
    };
    let path = vec![b"request_status".to_vec(), request.to_vec()];
    let certificate =
        door.topology.subnets()[subnet].certificate(&world.trees[subnet], vec![path], layout);
    Ok(cbor(cbor_map([
        ("status", text("replied")),
        ("certificate", Value::Bytes(certificate)),
    ])))
}

fn uncertified(style: Style, reject: Reject) -> Value {
    let mut entries = vec![
        ("reject_code", Value::Integer(reject.code.into())),
        ("reject_message", text(reject.message)),
        ("error_code", text(reject.error)),
    ];
    if matches!(style, Style::Synchronous(_)) {
        entries.push(("status", text("non_replicated_rejection")));
    }
    cbor_map(entries)
}

enum Submitted {
    New,
    Known,
}

/// Hands a call to the block loop, once.
fn submit(
    door: &Door,
    subnet: usize,
    envelope: Envelope,
    size: usize,
) -> Result<Submitted, Reject> {
    let Envelope {
        id: request,
        sender,
        expiry,
        content,
        ..
    } = envelope;
    let Content::Call(Message {
        canister,
        method,
        arg,
    }) = content
    else {
        return Ok(Submitted::Known);
    };
    if door.taken().contains_key(&request) {
        return Ok(Submitted::Known);
    }
    let world = door.world();
    let payload = if canister == Principal::management_canister() {
        let parsed = management::Request::parse(&method, &arg);
        management::admit(&world, subnet, sender, &method, parsed.as_ref())?;
        match parsed {
            Some(parsed) => Payload::Management(parsed.map(Box::new)),
            None => return Ok(Submitted::Known),
        }
    } else {
        let query = Query {
            caller: sender,
            canister,
            method: &method,
            argument: &arg,
        };
        world.admit(&query, subnet, size)?;
        Payload::Canister {
            id: canister,
            method,
            argument: arg,
        }
    };
    let mut taken = door.taken();
    // Looked at again under the lock that also enters it: two copies may arrive in the same moment.
    if taken.contains_key(&request) {
        return Ok(Submitted::Known);
    }
    if taken.len() >= taken.capacity() {
        let now = wall_clock();
        taken.retain(|_, known| {
            known
                .expiry
                .saturating_add(crate::blocks::REMEMBERED.as_nanos() as u64)
                >= now
        });
    }
    taken.insert(
        request,
        Taken {
            sender,
            receiver: canister,
            expiry,
        },
    );
    let submission = Submission {
        request,
        sender,
        expiry,
        subnet,
        size,
        payload,
    };
    door.submissions.send(submission).map_err(|_| {
        Reject::new(
            ErrorCode::SubnetOversubscribed,
            "The network is shutting down.",
        )
    })?;
    Ok(Submitted::New)
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

async fn query(
    State(door): Shared,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
    layout: RangeLayout,
) -> Result<Response, Failure> {
    let effective = parse_id(&id)?;
    let subnet = door.route(effective)?;
    let envelope = open(&headers, &body, Expected::Query)?;
    let Content::Query(message) = &envelope.content else {
        return Err(Failure::new(StatusCode::BAD_REQUEST, "not a query"));
    };
    require_addressee(&envelope, message, effective)?;
    let world = door.world();
    let (id, sender) = (envelope.id, envelope.sender);
    let asked = world.clone();
    let Content::Query(Message {
        canister,
        method,
        arg,
    }) = envelope.content
    else {
        return Err(Failure::new(StatusCode::BAD_REQUEST, "not a query"));
    };
    let outcome = away(move || {
        if canister == Principal::management_canister() {
            return management::query(&asked, subnet, sender, &method, &arg);
        }
        let query = Query {
            caller: sender,
            canister,
            method: &method,
            argument: &arg,
        };
        asked.query(&query, subnet, layout)
    });
    let outcome = outcome.await?;
    // A node signs what it said, when, and to which question.
    let mut said = match outcome {
        Ok(reply) => vec![
            ("status", text("replied")),
            ("reply", cbor_map([("arg", Value::Bytes(reply))])),
        ],
        Err(reject) => vec![
            ("status", text("rejected")),
            ("reject_code", Value::Integer(reject.code.into())),
            ("reject_message", text(reject.message)),
            ("error_code", text(reject.error)),
        ],
    };
    let timestamp = ("timestamp", Value::Integer(world.time.into()));
    let signed = said
        .iter()
        .cloned()
        .chain([timestamp.clone(), ("request_id", Value::Bytes(id.to_vec()))]);
    let hash = hash_value(&cbor_map(signed))
        .map_err(|reason| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, reason))?;
    let signatures = door.topology.subnets()[subnet].nodes.iter().map(|node| {
        cbor_map([
            timestamp.clone(),
            (
                "signature",
                Value::Bytes(node.sign(&[b"\x0bic-response".as_slice(), &hash].concat())),
            ),
            ("identity", Value::Bytes(node.id.as_slice().to_vec())),
        ])
    });
    said.push(("signatures", Value::Array(signatures.collect())));
    Ok(cbor(cbor_map(said)))
}

/// What the id in a path names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Canister,
    Subnet,
}

fn read_state(
    door: &Door,
    id: &str,
    headers: &HeaderMap,
    body: &[u8],
    layout: RangeLayout,
    place: Place,
) -> Result<Response, Failure> {
    let effective = parse_id(id)?;
    let subnet = match place {
        Place::Canister => door.route(effective)?,
        Place::Subnet => door.topology.subnet_index(effective).ok_or_else(|| {
            Failure::new(
                StatusCode::BAD_REQUEST,
                format!("error: subnet_not_found\ndetails: There is no subnet {effective}."),
            )
        })?,
    };
    let envelope = open(headers, body, Expected::ReadState)?;
    let Content::ReadState(paths) = &envelope.content else {
        return Err(Failure::new(StatusCode::BAD_REQUEST, "not a read_state"));
    };
    let world = door.world();
    for path in paths {
        may_read(door, &world, subnet, &envelope, effective, path, place)?;
    }
    let certificate =
        door.topology.subnets()[subnet].certificate(&world.trees[subnet], paths.clone(), layout);
    Ok(cbor(cbor_map([("certificate", Value::Bytes(certificate))])))
}

/// Who may read what of the state.
fn may_read(
    door: &Door,
    world: &World,
    subnet: usize,
    envelope: &Envelope,
    effective: Principal,
    path: &TreePath,
    place: Place,
) -> Result<(), Failure> {
    let labels: Vec<&[u8]> = path.iter().map(Vec::as_slice).collect();
    let invalid = || {
        Err(Failure::new(
            StatusCode::NOT_FOUND,
            "Invalid path requested.",
        ))
    };
    match labels.as_slice() {
        [b"time"] | [b"subnet", ..] | [b"canister_ranges", _, ..] => Ok(()),
        [b"canister", id, what, ..] if place == Place::Canister => {
            let Ok(requested) = Principal::try_from_slice(id) else {
                return invalid();
            };
            if requested != effective {
                let text = format!(
                    "Effective principal id in URL {effective} does not match requested principal id: {requested}."
                );
                return Err(Failure::new(StatusCode::BAD_REQUEST, text));
            }
            match (*what, labels.get(3)) {
                (b"module_hash" | b"controllers", None) => Ok(()),
                (b"metadata", Some(name)) => {
                    let canister = world.canister(requested, subnet).ok();
                    let private = canister.is_some_and(|canister| {
                        let name = String::from_utf8_lossy(name);
                        let section = canister
                            .code
                            .as_ref()
                            .and_then(|code| code.module.sections().get(name.as_ref()));
                        section.is_some_and(|section| !section.public)
                            && !canister.is_controlled_by(envelope.sender)
                    });
                    if private {
                        let name = String::from_utf8_lossy(name);
                        let text = format!(
                            "Custom section {name} can only be requested by the controllers of the canister."
                        );
                        return Err(Failure::new(StatusCode::FORBIDDEN, text));
                    }
                    Ok(())
                }
                _ => invalid(),
            }
        }
        [b"request_status", request, ..] if place == Place::Canister => {
            let Ok(request) = RequestId::try_from(*request) else {
                let text = "Invalid request id in paths. Maybe the request ID is not of 32 bytes in length?!";
                return Err(Failure::new(StatusCode::BAD_REQUEST, text));
            };
            match door.taken().get(&request) {
                Some(taken) if taken.sender != envelope.sender => Err(Failure::new(
                    StatusCode::FORBIDDEN,
                    "The user tries to access Request ID not signed by the caller.",
                )),
                Some(taken) if !envelope.may_address(taken.receiver) => Err(Failure::new(
                    StatusCode::FORBIDDEN,
                    "The user tries to access request IDs for canisters not belonging to sender delegation targets.",
                )),
                _ => Ok(()),
            }
        }
        _ => invalid(),
    }
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
