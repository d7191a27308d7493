//! Update calls: taken in once, handed to the block loop, and answered with the outcome if it comes soon.

use super::{
    Door, Failure, Shared, Taken, away, cbor, certificate, meet, open, require_addressee, text,
};
use crate::blocks::{Payload, REMEMBERED, Submission, wall_clock};
use crate::certify::cbor_map;
use crate::errors::{ErrorCode, Reject};
use crate::faults::{Effect, Kind};
use crate::ingress::{Content, Envelope, Expected, Message};
use crate::management;
use crate::queries::Query;
use crate::read_state::Place;
use crate::rhythm::Order;
use crate::subnet::RangeLayout;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use candid::Principal;
use ciborium::Value;
use std::time::Duration;

/// Bytes of an update call, at most: the network's number.
const LONGEST_CALL: usize = 2 * 1024 * 1024;
/// How long a synchronous call waits for its outcome before it says 202, as on a replica.
const PATIENCE: Duration = Duration::from_secs(10);

/// How a call is answered.
#[derive(Clone, Copy)]
pub(super) enum Style {
    /// At once, without an outcome.
    Asynchronous,
    /// With the outcome and its certificate, if it comes soon.
    Synchronous(RangeLayout),
}

pub(super) async fn call(
    State(door): Shared,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
    style: Style,
    place: Place,
) -> Result<Response, Failure> {
    let (effective, subnet) = door.locate(&id, place)?;
    let envelope = open(&headers, &body, Expected::Call)?;
    if body.len() > LONGEST_CALL {
        let text = format!(
            "Request 0x{} is too large. Message byte size {} is larger than the max allowed {LONGEST_CALL}.",
            hex::encode(envelope.id),
            body.len()
        );
        return Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, text));
    }
    let method = require_addressee(&envelope, effective)?.to_owned();
    let effect = door.script.strike(Kind::Call, Some(&method));
    meet(&door, effect.as_ref()).await?;
    let instead = match &effect {
        Some(Effect::RejectUncertified(refusal)) => {
            return Ok(cbor(uncertified(style, refusal.clone().into())));
        }
        Some(Effect::RejectCertified(refusal)) => {
            Some(Payload::Management(Err(refusal.clone().into())))
        }
        Some(Effect::Panic) => Some(Payload::Panic),
        _ => None,
    };
    let request = envelope.id;
    let size = body.len();
    let submitting = {
        let door = door.clone();
        away(move || submit(&door, subnet, envelope, size, instead))
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
        return if effect == Some(Effect::LoseReply) {
            Err(Failure::Cut)
        } else {
            Ok(StatusCode::ACCEPTED.into_response())
        };
    };
    let mut blocks = door.blocks.clone();
    let finished = blocks.wait_for(|world| world.is_finished(subnet, &request));
    let finished = tokio::time::timeout(PATIENCE, finished)
        .await
        .map(|world| world.map(|world| world.clone()));
    if effect == Some(Effect::LoseReply) {
        return Err(Failure::Cut);
    }
    let Ok(Ok(world)) = finished else {
        return Ok(StatusCode::ACCEPTED.into_response());
    };
    let path = vec![b"request_status".to_vec(), request.to_vec()];
    let certificate = certificate(&door, &world, subnet, vec![path], layout, effect.as_ref());
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

/// Hands a call to the block loop, once; what a fault wants in its place, if one does.
fn submit(
    door: &Door,
    subnet: usize,
    envelope: Envelope,
    size: usize,
    instead: Option<Payload>,
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
    let payload = if let Some(payload) = instead {
        payload
    } else if canister == Principal::management_canister() {
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
        taken.retain(|_, known| known.expiry.saturating_add(REMEMBERED.as_nanos() as u64) >= now);
    }
    let known = Taken {
        subnet,
        sender,
        receiver: canister,
        expiry,
    };
    taken.insert(request, known.clone());
    let submission = Submission {
        request,
        taken: known,
        size,
        payload,
    };
    door.orders.send(Order::Submit(submission)).map_err(|_| {
        Reject::new(
            ErrorCode::SubnetOversubscribed,
            "The network is shutting down.",
        )
    })?;
    Ok(Submitted::New)
}
