//! What is due by the clock: timers, heartbeats, storage fees, and the end of patience.

use crate::blocks::World;
use crate::canister::{CallContext, Canister, LowMemoryHook, Origin, Run};
use crate::errors::{ErrorCode, Reject};
use crate::execute::Entry;
use crate::management::Caller;
use crate::messages::Message;
use candid::Principal;
use std::time::Duration;

/// How long a stop request waits for open calls: the network's five minutes.
const STOP_PATIENCE: Duration = Duration::from_secs(5 * 60);
/// How often storage is paid for.
const COLLECTION: Duration = Duration::from_secs(10);
/// The longest time between two blocks of a running network, several times over. What was longer, it was not running.
const REST_AT_MOST: Duration = Duration::from_secs(10 * 60);

impl World {
    /// What is due by the clock. `heartbeat` tells whether hearts beat this time.
    pub(crate) fn due_tasks(&self, heartbeat: bool) -> Vec<(Principal, Entry)> {
        let time = self.time;
        let mut due = vec![];
        for canister in self.canisters() {
            let (Run::Running, Some(code)) = (&canister.run, &canister.code) else {
                continue;
            };
            if self.must_wait(canister.id) {
                continue;
            }
            if canister.low_memory_hook == LowMemoryHook::Ready
                && code.module.has_hook("canister_on_low_wasm_memory")
            {
                due.push((canister.id, Entry::OnLowWasmMemory));
            }
            if canister.global_timer.is_some_and(|at| at <= time)
                && code.module.has_hook("canister_global_timer")
            {
                due.push((canister.id, Entry::GlobalTimer));
            }
            if heartbeat && code.module.has_hook("canister_heartbeat") {
                due.push((canister.id, Entry::Heartbeat));
            }
        }
        due
    }

    /// Runs a task that is due.
    pub(crate) fn run_task(&mut self, id: Principal, task: Entry) {
        let pays = |canister: &Canister| canister.require_cycles(0).is_ok();
        if !self.find(id).is_some_and(pays) {
            return;
        }
        self.skip_task(id, &task);
        let context = CallContext {
            origin: Origin::System,
            caller: Principal::management_canister(),
            cycles: 0,
            deadline: 0,
            answered: false,
            open_calls: 0,
            instructions: 0,
        };
        self.open(id, context, task);
        self.settle();
    }

    /// Enters that a task is not due any more.
    pub(crate) fn skip_task(&mut self, id: Principal, task: &Entry) {
        let Some(canister) = self.find_mut(id) else {
            return;
        };
        match task {
            Entry::OnLowWasmMemory => canister.low_memory_hook = LowMemoryHook::Executed,
            // A timer fires once; its code may set it anew.
            Entry::GlobalTimer => canister.global_timer = None,
            _ => {}
        }
    }

    /// Answers for those who keep others waiting too long: stop requests, and best-effort calls past their deadline.
    pub fn run_out_of_patience(&mut self) {
        let (time, patience) = (self.time, STOP_PATIENCE.as_nanos() as u64);
        let mut answers = vec![];
        let mut touched = vec![];
        for canister in self.canisters() {
            if let Run::Stopping(waiting) = &canister.run
                && waiting
                    .iter()
                    .any(|(_, since)| since.saturating_add(patience) < time)
            {
                touched.push(canister.id);
            }
            for (callback, call) in &canister.callbacks {
                if call.deadline > 0 && call.deadline < time {
                    let reject = Reject::numbered(601, "Call deadline has expired.");
                    answers.push(Message::Answer {
                        canister: canister.id,
                        callback: *callback,
                        outcome: Err(reject),
                        refund: 0,
                    });
                }
            }
        }
        for id in touched {
            let Some(canister) = self.find_mut(id) else {
                continue;
            };
            let Run::Stopping(waiting) = &mut canister.run else {
                continue;
            };
            let late: Vec<_> = waiting
                .extract_if(.., |(_, since)| since.saturating_add(patience) < time)
                .collect();
            for (origin, _) in late {
                self.answer(
                    &origin,
                    Err(Reject::new(
                        ErrorCode::StopCanisterRequestTimeout,
                        "Stop canister request timed out",
                    )),
                    0,
                );
            }
        }
        self.queue.extend(answers);
    }

    /// Takes what storage and compute allocation cost since the last time. Whoever cannot pay loses code and snapshots.
    pub fn collect_storage_fees(&mut self) {
        let since = Duration::from_nanos(self.time.saturating_sub(self.paid_until));
        // While the network was not running nothing was stored either: a long sleep costs nothing.
        if since > REST_AT_MOST {
            self.paid_until = self.time;
            return;
        }
        if self.free || since < COLLECTION {
            return;
        }
        self.paid_until += since.as_secs() * 1_000_000_000;
        let seconds = u128::from(since.as_secs());
        let mut broke = vec![];
        for canister in self.all_mut() {
            let (memory, compute) = canister.idle_cost(seconds);
            canister.spent.memory += canister.pay(memory);
            canister.spent.compute += canister.pay(compute);
            if canister.cycles == 0 && canister.reserved_cycles == 0 && memory + compute > 0 {
                broke.push((canister.id, canister.subnet));
            }
        }
        for (id, subnet) in broke {
            let caller = Caller {
                id: Principal::management_canister(),
                origin: Origin::System,
                version: None,
                cycles: 0,
            };
            if self
                .find(id)
                .is_some_and(|canister| canister.code.is_some())
                && self.uninstall(id, subnet, &caller).is_ok()
                && let Some(canister) = self.find_mut(id)
            {
                canister.snapshots.clear();
            }
        }
    }
}
