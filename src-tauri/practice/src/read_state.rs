//! Reading the certified state over HTTP: who may read what.

use crate::blocks::World;
use crate::certify::{Path as TreePath, cbor_map};
use crate::faults::{Effect, Kind};
use crate::ingress::{Content, Envelope, Expected, RequestId};
use crate::server::{Door, Failure, Shared, cbor, certificate, meet, open};
use crate::subnet::RangeLayout;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use candid::Principal;
use ciborium::Value;

/// What the id in a path names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A canister.
    Canister,
    /// A subnet.
    Subnet,
}

/// Answers a read of the certified state.
pub async fn read_state(
    State(door): Shared,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
    layout: RangeLayout,
    place: Place,
) -> Result<Response, Failure> {
    let (effective, subnet) = door.locate(&id, place)?;
    let envelope = open(&headers, &body, Expected::ReadState)?;
    let Content::ReadState(paths) = &envelope.content else {
        return Err(Failure::new(StatusCode::BAD_REQUEST, "not a read_state"));
    };
    let effect = door.script.strike(Kind::ReadState, None);
    meet(&door, effect.as_ref()).await?;
    if let Some(Effect::RejectCertified(refusal) | Effect::RejectUncertified(refusal)) = &effect {
        return Err(Failure::new(StatusCode::BAD_REQUEST, &refusal.message));
    }
    let world = door.world();
    for path in paths {
        may_read(&door, &world, subnet, &envelope, effective, path, place)?;
    }
    if effect == Some(Effect::LoseReply) {
        return Err(Failure::Cut);
    }
    let certificate = certificate(
        &door,
        &world,
        subnet,
        paths.clone(),
        layout,
        effect.as_ref(),
    );
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
                (
                    b"module_hash"
                    | b"controllers"
                    | b"canister_creation_timestamp"
                    | b"last_install_timestamp",
                    None,
                ) => Ok(()),
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
