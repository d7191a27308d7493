//! Queries: answered from a copy of the newest block, which nobody ever sees again.
//!
//! A composite query may ask other canisters of its subnet; they are run at once, in the order of the calls, and its
//! callbacks then run on its own copy. Nothing here changes the state, and nothing here runs on the block loop's thread.

use crate::blocks::World;
use crate::canister::{Canister, Code, Run};
use crate::errors::{ErrorCode, Reject};
use crate::execute::{self, CallContext, Entry, Environment, OutgoingCall, Response};
use crate::messages;
use crate::module::Method;
use crate::subnet::RangeLayout;
use crate::system;
use candid::Principal;

/// Instructions that a query may take.
const INSTRUCTION_LIMIT: u64 = 5_000_000_000;
/// How deep composite queries may ask each other, as on the network.
const DEEPEST: usize = 6;
/// How many calls one composite query may make in all, so that a canister that asks itself in a loop comes to an end.
const MOST_CALLS: usize = 500;

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

    fn unreplicated(&self, canister: &Canister, caller: Principal) -> Environment {
        Environment {
            replicated: false,
            instruction_limit: INSTRUCTION_LIMIT,
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
        let mut environment = Environment {
            data_certificate,
            ..self.unreplicated(canister, query.caller)
        };
        let mut code = code.clone();
        let mut response = None;
        let mut open = run(&mut code, entry, &environment, &mut response)?;
        // The certificate is for the query that a user asked, not for what follows from it.
        environment.data_certificate = None;
        open.reverse();
        while let Some(call) = open.pop() {
            environment.context = CallContext {
                replied: response.is_some(),
                ..environment.context
            };
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
            let more = run(&mut code, entry, &environment, &mut response)?;
            open.extend(more.into_iter().rev());
        }
        match response {
            Some(Response::Reply(bytes)) => Ok(bytes),
            Some(Response::Reject(message)) => Err(Reject::new(ErrorCode::Rejected, message)),
            None => Err(Reject::new(
                ErrorCode::DidNotReply,
                format!("Canister {id} did not produce a response"),
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

/// Runs code on the query's copy; gives the calls that it makes.
fn run(
    code: &mut Code,
    entry: Entry,
    environment: &Environment,
    response: &mut Option<Response>,
) -> Result<Vec<OutgoingCall>, Reject> {
    let outcome = execute::run(&code.module, &code.image, entry, environment.clone());
    let done = outcome
        .result
        .map_err(|trap| Reject::numbered(trap.code(), trap.report(&environment.canister)))?;
    code.image = done.image;
    if done.response.is_some() {
        *response = done.response;
    }
    Ok(done.calls)
}
