//! Messages: calls, answers and the network's own tasks, and what they do to canisters.
//!
//! Every message to a canister belongs to a call context: who waits for the answer, and what it may still spend. A context ends when
//! nothing is open on its behalf; whoever still waits then gets a rejection. A message that traps changes nothing, except
//! that its instructions are paid and its log is kept.
//!
//! Reading order: [`Message`], [`World::deliver`], then the private `step`, which runs code, and `close`.

use crate::blocks::{World, stumbled};
use crate::canister::{CallContext, Callback, Canister, Code, Origin, Run};
use crate::cycles;
use crate::errors::{ErrorCode, Reject};
use crate::execute::{self, Closure, Done, Entry, Environment, Prices, Response, RunStatus, Trap};
use crate::management::{self, Answer, Caller, Request};
use crate::memory::PAGE;
use crate::module::{Method, Module};
use crate::system;
use candid::Principal;
use serde::{Deserialize, Serialize};

/// Something that is to be done to a canister.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Message {
    /// A call, of a user or of a canister.
    Call(Call),
    /// The answer to a call that a canister made.
    Answer {
        /// The canister that made the call.
        canister: Principal,
        /// Its callback.
        callback: u64,
        /// The answer.
        outcome: Result<Vec<u8>, Reject>,
        /// Attached cycles that were not accepted.
        refund: u128,
    },
}

impl Message {
    /// The canister that is to receive it.
    pub fn receiver(&self) -> Principal {
        match self {
            Self::Call(call) => call.callee,
            Self::Answer { canister, .. } => *canister,
        }
    }
}

/// A call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Call {
    /// Who waits for the answer.
    pub origin: Origin,
    /// Who calls.
    pub caller: Principal,
    /// The canister that is called.
    pub callee: Principal,
    /// Its method.
    pub method: String,
    /// The argument.
    pub argument: Vec<u8>,
    /// Cycles that go with it.
    pub cycles: u128,
    /// When the caller stops waiting; 0 for never.
    pub deadline: u64,
}

/// The refusal of a canister that is not running, to whoever calls it.
pub fn not_running(canister: &Canister) -> Option<Reject> {
    let id = canister.id;
    match canister.run {
        Run::Running => None,
        Run::Stopping(_) => Some(Reject::new(
            ErrorCode::Stopping,
            format!("Canister {id} is stopping"),
        )),
        Run::Stopped => Some(Reject::new(
            ErrorCode::Stopped,
            format!("Canister {id} is stopped"),
        )),
    }
}

/// The refusal of a canister without code.
pub fn no_code(id: Principal) -> Reject {
    let message = format!(
        "Error from Canister {id}: Attempted to execute a message, but the canister contains no Wasm module."
    );
    Reject::new(ErrorCode::WasmModuleNotFound, message)
}

/// The refusal of a composite query that is called as an update.
pub fn no_composite_update() -> Reject {
    Reject::new(
        ErrorCode::CompositeQueryInReplicatedMode,
        "Composite query cannot be called in replicated mode.",
    )
}

impl World {
    /// What the network knows while code of the canister runs.
    pub fn environment(&self, canister: &Canister, caller: Principal) -> Environment {
        Environment {
            canister: canister.id,
            subnet: self.topology.subnets()[canister.subnet].id,
            caller,
            time: self.time,
            version: canister.version,
            status: match canister.run {
                Run::Running => RunStatus::Running,
                Run::Stopping(_) => RunStatus::Stopping,
                Run::Stopped => RunStatus::Stopped,
            },
            controllers: canister.settings.controllers.iter().copied().collect(),
            environment_variables: canister.settings.environment_variables.clone(),
            root_key: self.topology.root().key.public_der(),
            global_timer: canister.global_timer.unwrap_or(0),
            balance: canister.cycles,
            freezing_limit: canister.freezing_limit(),
            prices: self.prices(canister.subnet),
            wasm_memory_limit: canister.settings.wasm_memory_limit,
            ..Environment::default()
        }
    }

    /// What things cost on a subnet.
    pub fn prices(&self, subnet: usize) -> Prices {
        if self.free || self.topology.subnets()[subnet].kind == "system" {
            Prices::free()
        } else {
            Prices::default()
        }
    }

    /// Pays for instructions and keeps the log; a run that trapped pays and logs as well.
    pub fn account(
        &mut self,
        id: Principal,
        subnet: usize,
        module: &Module,
        instructions: u64,
        log: Vec<Vec<u8>>,
    ) -> Result<(), Reject> {
        let (time, cost) = (
            self.time,
            self.prices(subnet)
                .execution(instructions, module.is_wasm64()),
        );
        let canister = self.canister_mut(id, subnet)?;
        canister.spent.instructions += canister.pay(cost);
        let limit = canister.settings.log_memory_limit;
        for line in log {
            canister.log.append(time, line, limit);
        }
        Ok(())
    }

    /// Does what a message says.
    pub fn deliver(&mut self, message: Message) {
        match message {
            Message::Call(call) if call.callee == Principal::management_canister() => {
                self.deliver_to_management(&call);
            }
            Message::Call(call) if system::is_native(call.callee) => self.deliver_to_native(&call),
            Message::Call(call) => self.deliver_call(call),
            Message::Answer {
                canister,
                callback,
                outcome,
                refund,
            } => self.deliver_answer(canister, callback, outcome, refund),
        }
        self.settle();
    }

    /// Ends what would follow from a message that the network could not deliver.
    pub(crate) fn abandon(&mut self, message: &Message) {
        match message {
            Message::Call(call) => self.answer(&call.origin, Err(stumbled()), call.cycles),
            Message::Answer {
                canister: id,
                callback,
                refund,
                ..
            } => {
                let Some(canister) = self.find_mut(*id) else {
                    return;
                };
                canister.cycles = canister.cycles.saturating_add(*refund);
                let Some(callback) = canister.callbacks.remove(callback) else {
                    return;
                };
                if let Some(context) = canister.contexts.get_mut(&callback.context) {
                    context.open_calls = context.open_calls.saturating_sub(1);
                }
                self.close(*id, callback.context, Some(stumbled()));
            }
        }
    }

    fn deliver_to_management(&mut self, call: &Call) {
        let refused =
            |world: &mut Self, reject| world.answer(&call.origin, Err(reject), call.cycles);
        let Some(parsed) = Request::parse(&call.method, &call.argument) else {
            let message = format!("Management canister has no method '{}'", call.method);
            return refused(self, Reject::new(ErrorCode::MethodNotFound, message));
        };
        let request = match parsed {
            Ok(request) => request,
            Err(reject) => return refused(self, reject),
        };
        // The subnet of the canister that it is about; without one, that of the caller.
        let subject = request.canister().unwrap_or(call.caller);
        let Some(subnet) = self.topology.route(subject) else {
            return refused(
                self,
                Reject::new(
                    ErrorCode::CanisterNotFound,
                    format!("Canister {subject} not found"),
                ),
            );
        };
        let version = self.find(call.caller).map(|canister| canister.version);
        let caller = Caller {
            id: call.caller,
            origin: call.origin.clone(),
            version,
            cycles: call.cycles,
        };
        self.manage(subnet, &caller, request);
    }

    fn deliver_to_native(&mut self, call: &Call) {
        match system::call(self, call) {
            Ok((bytes, accepted)) => self.answer(&call.origin, Ok(bytes), call.cycles - accepted),
            Err(reject) => self.answer(&call.origin, Err(reject), call.cycles),
        }
    }

    /// Lets the management canister do something and answers the caller.
    pub fn manage(&mut self, subnet: usize, caller: &Caller, request: Request) {
        match management::execute(self, subnet, caller, request) {
            Ok(Answer::Reply { bytes, accepted }) => {
                self.answer(&caller.origin, Ok(bytes), caller.cycles - accepted);
            }
            Ok(Answer::Later) => {}
            Err(reject) => self.answer(&caller.origin, Err(reject), caller.cycles),
        }
        self.settle();
    }

    fn deliver_call(&mut self, call: Call) {
        let id = call.callee;
        let entry = match self.entry_for(&call) {
            Ok(entry) => entry,
            Err(reject) => return self.answer(&call.origin, Err(reject), call.cycles),
        };
        let context = CallContext {
            origin: call.origin,
            caller: call.caller,
            cycles: call.cycles,
            deadline: call.deadline,
            answered: false,
            open_calls: 0,
            instructions: 0,
        };
        self.open(id, context, entry);
    }

    /// What a call runs, or why it is refused.
    fn entry_for(&self, call: &Call) -> Result<Entry, Reject> {
        let id = call.callee;
        let canister = self.find(id).ok_or_else(|| {
            Reject::new(
                ErrorCode::CanisterNotFound,
                format!("Canister {id} not found"),
            )
        })?;
        if let Some(reject) = not_running(canister) {
            return Err(reject);
        }
        canister.require_cycles(0)?;
        let minimum = canister.settings.minimum_incoming_canister_call_cycles;
        if matches!(call.origin, Origin::Canister { .. }) && call.cycles < minimum {
            let message = format!(
                "Canister {id} requires at least {minimum} cycles with each call, {} were attached.",
                call.cycles
            );
            return Err(Reject::new(ErrorCode::Rejected, message));
        }
        let code = canister.code.as_ref().ok_or_else(|| no_code(id))?;
        let (method, argument) = (call.method.clone(), call.argument.clone());
        match code.module.method(&call.method) {
            Some(Method::CompositeQuery) => Err(no_composite_update()),
            Some(Method::Query) => Ok(Entry::Query { method, argument }),
            Some(Method::Update) | None => Ok(Entry::Update { method, argument }),
        }
    }

    /// Opens a call context and runs its first message.
    pub fn open(&mut self, id: Principal, context: CallContext, entry: Entry) {
        let Some(canister) = self.find_mut(id) else {
            return;
        };
        let number = canister.number_call();
        canister.contexts.insert(number, context);
        let failure = self.step(id, number, entry, None).err();
        self.close(id, number, failure);
    }

    fn deliver_answer(
        &mut self,
        id: Principal,
        callback: u64,
        outcome: Result<Vec<u8>, Reject>,
        refund: u128,
    ) {
        let Some(canister) = self.find_mut(id) else {
            return;
        };
        // Cycles come home even when nobody waits for the answer any more.
        canister.cycles = canister.cycles.saturating_add(refund);
        let Some(callback) = canister.callbacks.remove(&callback) else {
            return;
        };
        let size = outcome
            .as_ref()
            .map_or_else(|reject| reject.message.len(), Vec::len);
        canister.cycles = canister.cycles.saturating_add(callback.prepaid);
        let cost = cycles::answer(size);
        canister.spent.transmission += canister.pay(cost);
        let Some(context) = canister.contexts.get_mut(&callback.context) else {
            return;
        };
        context.open_calls = context
            .open_calls
            .checked_sub(1)
            .expect("a callback belongs to an open call");
        let (entry, code) = match outcome {
            Ok(reply) => (
                Entry::Reply {
                    callback: callback.on_reply,
                    reply,
                    refunded: refund,
                },
                0,
            ),
            Err(reject) => {
                let code = u32::from(reject.code);
                (
                    Entry::Reject {
                        callback: callback.on_reject,
                        code,
                        message: reject.message,
                        refunded: refund,
                    },
                    code,
                )
            }
        };
        let cleanup = callback.on_cleanup.map(|closure| (closure, code));
        let failure = self.step(id, callback.context, entry, cleanup).err();
        self.close(id, callback.context, failure);
    }

    /// Runs code in a call context and carries out its effects.
    fn step(
        &mut self,
        id: Principal,
        number: u64,
        entry: Entry,
        cleanup: Option<(Closure, u32)>,
    ) -> Result<(), Reject> {
        let (Some(canister), Some(code)) = (
            self.find(id),
            self.find(id).and_then(|canister| canister.code.clone()),
        ) else {
            return Err(no_code(id));
        };
        let subnet = canister.subnet;
        let Some(context) = canister.contexts.get(&number) else {
            return Ok(());
        };
        let mut environment = self.environment(canister, context.caller);
        environment.context = execute::CallContext {
            replied: context.answered,
            cycles_available: context.cycles,
            deadline: context.deadline,
            instructions: context.instructions,
        };
        if context.origin == Origin::System {
            // Tasks of the network are nobody's call: there is nothing to answer, but calls can be made.
            environment.context.replied = true;
        }
        let outcome = execute::run(&code.module, &code.image, entry, environment.clone());
        self.account(id, subnet, &code.module, outcome.instructions, outcome.log)?;
        if let Some(context) = self
            .find_mut(id)
            .and_then(|canister| canister.contexts.get_mut(&number))
        {
            context.instructions += outcome.instructions;
        }
        let trap = match outcome.result {
            Ok(done) => {
                self.carry_out(id, number, &code, done, environment.balance);
                return Ok(());
            }
            Err(trap) => trap,
        };
        let trap = match cleanup {
            Some((callback, reject_code)) => {
                let outcome = execute::run(
                    &code.module,
                    &code.image,
                    Entry::Cleanup {
                        callback,
                        code: reject_code,
                    },
                    environment.clone(),
                );
                self.account(id, subnet, &code.module, outcome.instructions, outcome.log)?;
                match outcome.result {
                    Ok(done) => {
                        self.carry_out(id, number, &code, done, environment.balance);
                        trap
                    }
                    Err(second) => Trap::Cleanup {
                        callback: Box::new(trap),
                        cleanup: Box::new(second),
                    },
                }
            }
            None => trap,
        };
        Err(Reject::numbered(trap.code(), trap.report(&id)))
    }

    /// The effects of a run that did not trap.
    fn carry_out(
        &mut self,
        id: Principal,
        number: u64,
        code: &Code,
        done: Done,
        balance_before: u128,
    ) {
        let time = self.time;
        self.add_heap_delta(id, done.dirty_pages * PAGE as u64);
        let Some(canister) = self.find_mut(id) else {
            return;
        };
        // The run reckoned from the balance before its instructions were paid; only the difference is its own.
        canister.cycles = canister
            .cycles
            .saturating_add(done.balance)
            .saturating_sub(balance_before);
        canister.spent.burned += done.burned;
        canister.code = Some(Code {
            module: code.module.clone(),
            image: done.image,
            installed_at: code.installed_at,
        });
        canister.unflushed |= done.dirty_pages > 0;
        if let Some(certified) = done.certified_data {
            canister.certified_data = certified;
        }
        if let Some(at) = done.global_timer {
            canister.global_timer = (at > 0).then_some(at);
        }
        canister.check_memory();
        canister.bump();
        let mut calls = vec![];
        for call in done.calls {
            let callback = canister.number_call();
            let deadline = call.timeout_seconds.map_or(0, |seconds| {
                time.saturating_add(u64::from(seconds) * 1_000_000_000)
            });
            canister.spent.transmission += call.fee;
            canister.callbacks.insert(
                callback,
                Callback {
                    context: number,
                    on_reply: call.on_reply,
                    on_reject: call.on_reject,
                    on_cleanup: call.on_cleanup,
                    prepaid: call.prepaid,
                    deadline,
                },
            );
            calls.push(Message::Call(Call {
                origin: Origin::Canister { id, callback },
                caller: id,
                callee: call.callee,
                method: call.method,
                argument: call.argument,
                cycles: call.cycles,
                deadline,
            }));
        }
        let Some(context) = canister.contexts.get_mut(&number) else {
            return;
        };
        context.open_calls += calls.len();
        context.cycles -= done.accepted;
        let answer = done.response.map(|response| {
            context.answered = true;
            (
                context.origin.clone(),
                std::mem::take(&mut context.cycles),
                response,
            )
        });
        self.queue.extend(calls);
        if let Some((origin, refund, response)) = answer {
            let outcome = match response {
                Response::Reply(bytes) => Ok(bytes),
                Response::Reject(message) => Err(Reject::new(ErrorCode::Rejected, message)),
            };
            self.answer(&origin, outcome, refund);
        }
    }

    /// Ends a call context that has nothing open any more.
    fn close(&mut self, id: Principal, number: u64, failure: Option<Reject>) {
        let Some(canister) = self.find_mut(id) else {
            return;
        };
        if canister
            .contexts
            .get(&number)
            .is_none_or(|context| context.open_calls > 0)
        {
            return;
        }
        let Some(context) = canister.contexts.remove(&number) else {
            return;
        };
        if !context.answered {
            let silent = || {
                Reject::new(
                    ErrorCode::DidNotReply,
                    format!("Canister {id} did not reply to the call"),
                )
            };
            self.answer(
                &context.origin,
                Err(failure.unwrap_or_else(silent)),
                context.cycles,
            );
        }
    }

    /// Takes a canister's code away and rejects whatever it had not answered.
    pub fn uninstall(
        &mut self,
        id: Principal,
        subnet: usize,
        caller: &Caller,
    ) -> Result<(), Reject> {
        let time = self.time;
        let canister = self.canister_mut(id, subnet)?;
        canister.clear();
        canister.bump();
        canister.record(
            time,
            caller.change_origin(),
            crate::interface::ChangeDetails::CodeUninstall,
        );
        let contexts = std::mem::take(&mut canister.contexts);
        for context in contexts.into_values().filter(|context| !context.answered) {
            let reject = Reject::new(ErrorCode::Rejected, "Canister has been uninstalled.");
            self.answer(&context.origin, Err(reject), context.cycles);
        }
        Ok(())
    }

    /// Ends the stopping of canisters that have nothing open any more.
    pub fn settle(&mut self) {
        let is_done = |canister: &&Canister| {
            matches!(canister.run, Run::Stopping(_)) && canister.contexts.is_empty()
        };
        let ready: Vec<Principal> = self
            .canisters()
            .filter(is_done)
            .map(|canister| canister.id)
            .collect();
        for id in ready {
            let Some(canister) = self.find_mut(id) else {
                continue;
            };
            canister.bump();
            if let Run::Stopping(waiting) = std::mem::replace(&mut canister.run, Run::Stopped) {
                for (origin, _) in waiting {
                    self.answer(&origin, Ok(b"DIDL\0\0".to_vec()), 0);
                }
            }
        }
    }
}
