//! Queries: answered from a copy of the newest block, which nobody ever sees again.
//!
//! A composite query may ask other canisters of its subnet; they are run at once, in the order of the calls, and its
//! callbacks then run on its own copy. Nothing here changes the state but by being counted (see [`Tally`]), and only the
//! counting up runs on the block loop's thread.

use crate::blocks::World;
use crate::canister::{Canister, Code, Run};
use crate::errors::{ErrorCode, Reject};
use crate::execute::{self, Entry, Environment, OutgoingCall, Response};
use crate::messages;
use crate::module::Method;
use crate::subnet::RangeLayout;
use crate::system;
use candid::Principal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How deep composite queries may ask each other, as on the network.
const DEEPEST: usize = 6;
/// How many calls one composite query may make in all, so that a canister that asks itself in a loop comes to an end.
const MOST_CALLS: usize = 500;

/// What queries asked of a canister, from its first day on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// How many there were.
    pub calls: u64,
    /// What they took.
    pub instructions: u64,
    /// Bytes of their arguments.
    pub request_bytes: u64,
    /// Bytes of the replies.
    pub response_bytes: u64,
}

impl Asked {
    fn add(&mut self, more: Self) {
        self.calls = self.calls.saturating_add(more.calls);
        self.instructions = self.instructions.saturating_add(more.instructions);
        self.request_bytes = self.request_bytes.saturating_add(more.request_bytes);
        self.response_bytes = self.response_bytes.saturating_add(more.response_bytes);
    }
}

/// What was asked since the last block. Queries read copies of the world that nobody sees again; this is what all copies
/// share, and the next block adds it to the canisters. Sums do not depend on the order in which queries end.
#[derive(Clone, Debug, Default)]
pub struct Tally(Arc<Mutex<BTreeMap<Principal, Asked>>>);

impl Tally {
    fn counts(&self) -> MutexGuard<'_, BTreeMap<Principal, Asked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, canister: Principal, asked: Asked) {
        self.counts().entry(canister).or_default().add(asked);
    }
}

/// A query to a canister.
pub struct Query<'a> {
    /// Who asks.
    pub caller: Principal,
    /// The canister that is asked.
    pub canister: Principal,
    /// Its method.
    pub method: &'a str,
    /// The argument.
    pub argument: &'a [u8],
}

impl World {
    /// Whether a canister takes this call of a user now. `canister_inspect_message` has the last word.
    pub fn admit(&self, query: &Query<'_>, subnet: usize, size: usize) -> Result<(), Reject> {
        let id = query.canister;
        if system::is_native(id) {
            return Ok(());
        }
        let canister = self.canister(id, subnet)?;
        canister.require_cycles(if self.free {
            0
        } else {
            crate::cycles::ingress(size)
        })?;
        if let Some(reject) = messages::not_running(canister) {
            return Err(reject);
        }
        let Some(code) = &canister.code else {
            return Err(Reject::new(
                ErrorCode::WasmModuleNotFound,
                "Requested canister has no wasm module",
            ));
        };
        if code.module.method(query.method) == Some(Method::CompositeQuery) {
            return Err(messages::no_composite_update());
        }
        if !code.module.has_hook("canister_inspect_message") {
            return Ok(());
        }
        let environment = self.unreplicated(canister, query.caller);
        let entry = Entry::Inspect {
            method: query.method.to_owned(),
            argument: query.argument.to_vec(),
        };
        let outcome = execute::run(&code.module, &code.image, entry, environment);
        outcome
            .result
            .map(|_| ())
            .map_err(|trap| Reject::numbered(trap.code(), trap.report(&id)))
    }

    /// Answers a query.
    pub fn query(
        &self,
        query: &Query<'_>,
        subnet: usize,
        layout: RangeLayout,
    ) -> Result<Vec<u8>, Reject> {
        if system::is_native(query.canister) {
            return system::query(self, query.canister, query.method, query.argument);
        }
        let canister = self.canister(query.canister, subnet)?;
        let path = [
            b"canister".to_vec(),
            query.canister.as_slice().to_vec(),
            b"certified_data".to_vec(),
        ];
        let host = &self.topology.subnets()[subnet];
        let certificate = host.certificate(&self.trees[subnet], vec![path.to_vec()], layout);
        let mut calls_left = MOST_CALLS;
        self.ask(canister, query, Some(certificate), DEEPEST, &mut calls_left)
    }

    /// Adds what was asked since the last block to the canisters.
    pub(crate) fn count_queries(&mut self) {
        let counts = std::mem::take(&mut *self.asked.counts());
        for (id, asked) in counts {
            if let Some(canister) = self.find_mut(id) {
                canister.asked.add(asked);
            }
        }
    }

    fn unreplicated(&self, canister: &Canister, caller: Principal) -> Environment {
        Environment {
            replicated: false,
            ..self.environment(canister, caller)
        }
    }

    fn ask(
        &self,
        canister: &Canister,
        query: &Query<'_>,
        data_certificate: Option<Vec<u8>>,
        depth: usize,
        calls_left: &mut usize,
    ) -> Result<Vec<u8>, Reject> {
        let id = canister.id;
        match canister.run {
            Run::Running => {}
            Run::Stopping(_) => {
                return Err(Reject::new(
                    ErrorCode::Stopping,
                    format!("Canister {id} is not running"),
                ));
            }
            Run::Stopped => {
                let message = format!(
                    "Canister {id} is stopped and therefore does not have a CallContextManager"
                );
                return Err(Reject::new(ErrorCode::Stopped, message));
            }
        }
        let code = canister
            .code
            .as_ref()
            .ok_or_else(|| messages::no_code(id))?;
        if canister.cycles < canister.freezing_limit() {
            let message = format!(
                "Canister {id} is unable to process query calls because it's frozen. Please top up the canister with cycles and try again."
            );
            return Err(Reject::new(ErrorCode::CanisterOutOfCycles, message));
        }
        let (method, argument) = (query.method.to_owned(), query.argument.to_vec());
        let composite = code.module.method(query.method) == Some(Method::CompositeQuery);
        let entry = if composite {
            Entry::CompositeQuery { method, argument }
        } else {
            Entry::Query { method, argument }
        };
        let environment = Environment {
            data_certificate,
            ..self.unreplicated(canister, query.caller)
        };
        let mut asked = Asked {
            calls: 1,
            request_bytes: query.argument.len() as u64,
            ..Asked::default()
        };
        let mut running = Running {
            code: code.clone(),
            environment,
            response: None,
            instructions: &mut asked.instructions,
        };
        let answer = self.follow(canister, &mut running, entry, depth, calls_left);
        asked.response_bytes = answer.as_ref().map_or(0, Vec::len) as u64;
        self.asked.add(id, asked);
        answer
    }

    /// Runs a query, and then its callbacks with what the other canisters say.
    fn follow(
        &self,
        canister: &Canister,
        running: &mut Running<'_>,
        entry: Entry,
        depth: usize,
        calls_left: &mut usize,
    ) -> Result<Vec<u8>, Reject> {
        let mut open = running.run(entry)?;
        // The certificate is for the query that a user asked, not for what follows from it.
        running.environment.data_certificate = None;
        open.reverse();
        while let Some(call) = open.pop() {
            running.environment.context.replied = running.response.is_some();
            let entry = match self.ask_other(canister, &call, depth, calls_left) {
                Ok(reply) => Entry::Reply {
                    callback: call.on_reply,
                    reply,
                    refunded: 0,
                },
                Err(reject) => {
                    let code = u32::from(reject.code);
                    Entry::Reject {
                        callback: call.on_reject,
                        code,
                        message: reject.message,
                        refunded: 0,
                    }
                }
            };
            let more = running.run(entry)?;
            open.extend(more.into_iter().rev());
        }
        match running.response.take() {
            Some(Response::Reply(bytes)) => Ok(bytes),
            Some(Response::Reject(message)) => Err(Reject::new(ErrorCode::Rejected, message)),
            None => Err(Reject::new(
                ErrorCode::DidNotReply,
                format!("Canister {} did not produce a response", canister.id),
            )),
        }
    }

    fn ask_other(
        &self,
        asking: &Canister,
        call: &OutgoingCall,
        depth: usize,
        calls_left: &mut usize,
    ) -> Result<Vec<u8>, Reject> {
        if depth == 0 || *calls_left == 0 {
            return Err(Reject::new(
                ErrorCode::QueryCallGraphTooLarge,
                "The composite query asked too many canisters.",
            ));
        }
        *calls_left -= 1;
        let other = self.canister(call.callee, asking.subnet)?;
        let query = Query {
            caller: asking.id,
            canister: call.callee,
            method: &call.method,
            argument: &call.argument,
        };
        self.ask(other, &query, None, depth - 1, calls_left)
    }
}

/// A query under way, on its own copy of the canister.
struct Running<'a> {
    code: Code,
    environment: Environment,
    response: Option<Response>,
    instructions: &'a mut u64,
}

impl Running<'_> {
    /// Runs code; gives the calls that it makes.
    fn run(&mut self, entry: Entry) -> Result<Vec<OutgoingCall>, Reject> {
        let Code { module, image, .. } = &self.code;
        let outcome = execute::run(module, image, entry, self.environment.clone());
        *self.instructions += outcome.instructions;
        let done = outcome.result.map_err(|trap| {
            Reject::numbered(trap.code(), trap.report(&self.environment.canister))
        })?;
        self.code.image = done.image;
        if done.response.is_some() {
            self.response = done.response;
        }
        Ok(done.calls)
    }
}
