//! Queries: answered by one node, which signs what it said, when, and to which question.

use super::{Failure, Shared, away, cbor, meet, open, require_addressee, text};
use crate::blocks::World;
use crate::certify::cbor_map;
use crate::errors::Reject;
use crate::faults::{Effect, Kind};
use crate::ingress::{Content, Envelope, Expected, Message, hash_value};
use crate::management;
use crate::queries::Query;
use crate::read_state::Place;
use crate::subnet::RangeLayout;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use candid::Principal;
use ciborium::Value;
use std::sync::Arc;
use std::time::Duration;

pub(super) async fn query(
    State(door): Shared,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
    layout: RangeLayout,
    place: Place,
) -> Result<Response, Failure> {
    let (effective, subnet) = door.locate(&id, place)?;
    let envelope = open(&headers, &body, Expected::Query)?;
    let method = require_addressee(&envelope, effective)?;
    let effect = door.script.strike(Kind::Query, Some(method));
    meet(&door, effect.as_ref()).await?;
    let world = door.world();
    let outcome = match &effect {
        Some(Effect::RejectCertified(refusal) | Effect::RejectUncertified(refusal)) => {
            Err(refusal.clone().into())
        }
        _ => answer(world.clone(), subnet, &envelope, layout).await?,
    };
    if effect == Some(Effect::LoseReply) {
        return Err(Failure::Cut);
    }
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
    let age = match effect {
        Some(Effect::StaleCertificate { seconds }) => {
            Duration::from_secs(seconds).as_nanos() as u64
        }
        _ => 0,
    };
    let timestamp = (
        "timestamp",
        Value::Integer(world.time.saturating_sub(age).into()),
    );
    let question = ("request_id", Value::Bytes(envelope.id.to_vec()));
    let signed = said.iter().cloned().chain([timestamp.clone(), question]);
    let mut hash = hash_value(&cbor_map(signed))
        .map_err(|reason| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, reason))?;
    if effect == Some(Effect::WrongSignature) {
        hash = [0; 32];
    }
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

/// The answer to a query, worked out where it may take long.
async fn answer(
    world: Arc<World>,
    subnet: usize,
    envelope: &Envelope,
    layout: RangeLayout,
) -> Result<Result<Vec<u8>, Reject>, Failure> {
    let Content::Query(Message {
        canister,
        method,
        arg,
    }) = envelope.content.clone()
    else {
        return Err(Failure::new(StatusCode::BAD_REQUEST, "not a query"));
    };
    let caller = envelope.sender;
    away(move || {
        if canister == Principal::management_canister() {
            return management::query(&world, subnet, caller, &method, &arg);
        }
        world.query(
            &Query {
                caller,
                canister,
                method: &method,
                argument: &arg,
            },
            subnet,
            layout,
        )
    })
    .await
}
