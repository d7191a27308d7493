//! Calling other canisters. A call is drafted by `call_new`, completed piece by piece, and made by `call_perform`,
//! which can refuse without a trap; only then does it leave the draft. Cycles leave the balance when they are
//! attached and come back when the draft is given up.

use candid::Principal;

use super::{Call, Host, MAX_MESSAGE, u128_of};
use crate::{
    execute::{Closure, OutgoingCall, Trap},
    module::MAX_METHOD_NAMES,
};

/// Method name and argument together, for a callee on the same subnet.
const MAX_CALL: u64 = 5 * MAX_MESSAGE as u64;
/// A best-effort call waits at most that long.
const MAX_TIMEOUT_SECONDS: u32 = 300;
/// What `call_perform` answers when the call cannot be made now: the reject code for a transient failure.
const NOT_NOW: u64 = 2;

impl Host {
    /// Gives up the call under construction, if there is one.
    pub(super) fn discard_draft(&mut self) {
        self.balance += self.drafted.take().map_or(0, |draft| draft.cycles);
    }
}

impl Call<'_> {
    #[allow(clippy::too_many_arguments)] // the specification's signature
    pub(super) fn call_new(
        &mut self,
        callee: u64,
        callee_size: u64,
        name: u64,
        name_size: u64,
        reply_fun: u64,
        reply_env: u64,
        reject_fun: u64,
        reject_env: u64,
    ) -> Result<(), Trap> {
        self.host.discard_draft();
        if name_size > MAX_METHOD_NAMES as u64 {
            return Err(Trap::Violation(format!(
                "Size of method_name {name_size} exceeds the allowed limit of {MAX_METHOD_NAMES}."
            )));
        }
        let method = String::from_utf8_lossy(self.heap_bytes(name, name_size)?).into_owned();
        let callee = principal(self.heap_bytes(callee, callee_size)?)?;
        self.host.drafted = Some(OutgoingCall {
            callee,
            method,
            argument: Vec::new(),
            cycles: 0,
            on_reply: closure(reply_fun, reply_env),
            on_reject: closure(reject_fun, reject_env),
            on_cleanup: None,
            timeout_seconds: None,
            fee: 0,
            prepaid: 0,
        });
        Ok(())
    }

    pub(super) fn call_on_cleanup(&mut self, fun: u64, env: u64) -> Result<(), Trap> {
        if self
            .draft()?
            .on_cleanup
            .replace(closure(fun, env))
            .is_some()
        {
            return Err(Trap::Violation(
                "ic0.call_on_cleanup can be called at most once between `ic0.call_new` and `ic0.call_perform`".into(),
            ));
        }
        Ok(())
    }

    pub(super) fn call_data_append(&mut self, src: u64, size: u64) -> Result<(), Trap> {
        let draft = self.draft()?;
        let total = (draft.method.len() as u64 + draft.argument.len() as u64).saturating_add(size);
        if total > MAX_CALL {
            return Err(Trap::Violation(format!(
                "Request to {}:{} has a payload size of {total}, which exceeds the allowed limit of {MAX_CALL}.",
                draft.callee, draft.method
            )));
        }
        let bytes = self.heap_bytes(src, size)?.to_vec();
        self.draft()?.argument.extend(bytes);
        Ok(())
    }

    pub(super) fn call_with_best_effort_response(
        &mut self,
        timeout_seconds: u64,
    ) -> Result<(), Trap> {
        let timeout = (timeout_seconds as u32).min(MAX_TIMEOUT_SECONDS);
        if self.draft()?.timeout_seconds.replace(timeout).is_some() {
            return Err(Trap::Violation(
                "ic0_call_with_best_effort_response failed because a timeout is already set."
                    .into(),
            ));
        }
        Ok(())
    }

    pub(super) fn call_cycles_add(&mut self, amount: u64) -> Result<(), Trap> {
        self.attach(amount.into())
    }

    pub(super) fn call_cycles_add128(&mut self, high: u64, low: u64) -> Result<(), Trap> {
        self.attach(u128_of(high, low))
    }

    fn attach(&mut self, amount: u128) -> Result<(), Trap> {
        self.draft()?;
        if amount > self.liquid() {
            return Err(Trap::OutOfCycles {
                canister: self.host.environment.canister,
            });
        }
        self.host.balance -= amount;
        self.draft()?.cycles += amount;
        Ok(())
    }

    pub(super) fn call_perform(&mut self) -> Result<u64, Trap> {
        self.draft()?;
        let Some(mut call) = self.host.drafted.take() else {
            return Ok(NOT_NOW);
        };
        if self.host.mode.is_replicated() {
            let prices = self.host.environment.prices;
            call.fee = prices.call((call.method.len() + call.argument.len()) as u64);
            call.prepaid = prices.response(self.host.is_wasm64);
        }
        let due = call.fee + call.prepaid;
        if due > self.liquid() || self.host.calls.len() >= self.host.environment.calls_available {
            self.host.balance += call.cycles;
            return Ok(NOT_NOW);
        }
        self.host.balance -= due;
        self.host.calls.push(call);
        Ok(0)
    }

    fn draft(&mut self) -> Result<&mut OutgoingCall, Trap> {
        let name = self.name;
        self.host.drafted.as_mut().ok_or_else(|| {
            Trap::Violation(format!(
                "ic0.{name} called when no call is under construction."
            ))
        })
    }
}

fn closure(function: u64, environment: u64) -> Closure {
    Closure {
        function: function as u32,
        environment,
    }
}

pub(super) fn principal(bytes: &[u8]) -> Result<Principal, Trap> {
    Principal::try_from_slice(bytes).map_err(|_| Trap::InvalidPrincipal)
}
