//! A canister: everything that the network remembers about one.
//!
//! Cloning is cheap, because blocks are copies: what is large (code, memories, chunks, snapshots) is shared, and a
//! change copies only what it touches. Every change of the version goes through [`Canister::bump`], every entry of the
//! history through [`Canister::record`].

use crate::certify::{Hash, Tree, leb128};
use crate::cycles;
use crate::errors::{ErrorCode, Reject};
use crate::execute::Closure;
use crate::ingress::RequestId;
use crate::interface::{
    CanisterStatusResult, CanisterStatusType, Change, ChangeDetails, ChangeOrigin, LogFilter,
    LogRecord, MemoryMetrics, QueryStats,
};
use crate::memory::Image;
use crate::module::Module;
use crate::queries::Asked;
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use candid::{Nat, Principal};
use ciborium::Value;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Changes that the history keeps.
const HISTORY: usize = 20;
/// What one chunk of the chunk store is billed as.
pub const CHUNK: u64 = 1024 * 1024;
/// Memory that a global is billed as.
pub const GLOBAL: u64 = 32;

/// Who waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// A user, by the request's id.
    Ingress {
        /// The request.
        request: RequestId,
        /// The index of the subnet that it was sent to.
        subnet: usize,
        /// Who sent it.
        sender: Principal,
    },
    /// A canister, by the callback that awaits the answer.
    Canister {
        /// The calling canister.
        id: Principal,
        /// Its callback.
        callback: u64,
    },
    /// Nobody: the network itself runs timers and heartbeats.
    System,
}

/// Whether a canister takes messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Run {
    /// It does.
    Running,
    /// It finishes open calls; these callers wait for the end, since so many nanoseconds after 1970.
    Stopping(Vec<(Origin, u64)>),
    /// It does not.
    Stopped,
}

/// What the canister printed, newest last, as much as its limit keeps.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Log {
    records: VecDeque<Arc<LogRecord>>,
    next: u64,
    bytes: u64,
}

impl Log {
    /// What a record costs besides its content: index and time.
    const RECORD: u64 = 16;

    /// Adds a line; the oldest lines go when it gets too much.
    pub fn append(&mut self, time: u64, mut content: Vec<u8>, limit: u64) {
        content.truncate(limit.saturating_sub(Self::RECORD) as usize);
        self.bytes += content.len() as u64 + Self::RECORD;
        self.records.push_back(Arc::new(LogRecord {
            idx: self.next,
            timestamp_nanos: time,
            content,
        }));
        self.next += 1;
        while self.bytes > limit
            && let Some(oldest) = self.records.pop_front()
        {
            self.bytes -= oldest.content.len() as u64 + Self::RECORD;
        }
    }

    /// Forgets the lines; the numbering goes on.
    pub fn clear(&mut self) {
        self.records.clear();
        self.bytes = 0;
    }

    /// Forgets the lines and starts numbering anew.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// The wanted lines.
    pub fn records(&self, filter: Option<LogFilter>) -> Vec<LogRecord> {
        let wanted = |record: &&Arc<LogRecord>| match filter {
            None => true,
            Some(LogFilter::ByIdx { start, end }) => (start..end).contains(&record.idx),
            Some(LogFilter::ByTimestampNanos { start, end }) => {
                (start..end).contains(&record.timestamp_nanos)
            }
        };
        self.records
            .iter()
            .filter(wanted)
            .map(|record| LogRecord::clone(record))
            .collect()
    }

    /// The bytes that the lines take.
    pub fn size(&self) -> u64 {
        self.bytes
    }
}

/// The code of a canister and its state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Code {
    /// The module.
    #[serde(with = "crate::state::recompiled")]
    pub module: Module,
    /// Memories and globals.
    pub image: Image,
    /// When it was installed, upgraded or loaded; states from before this was told do not know.
    #[serde(default)]
    pub installed_at: Option<u64>,
}

/// A call that the canister has not finished.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CallContext {
    /// Who waits for its answer.
    pub origin: Origin,
    /// Who called.
    pub caller: Principal,
    /// Cycles that came with it and were not accepted yet.
    pub cycles: u128,
    /// When the caller stops waiting; 0 for never.
    pub deadline: u64,
    /// Whether it was answered.
    pub answered: bool,
    /// Calls made on its behalf whose answers are still to come.
    pub open_calls: usize,
    /// Instructions spent on it.
    pub instructions: u64,
}

/// A call that the canister made and whose answer is still to come.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Callback {
    /// The call context that made it.
    pub context: u64,
    /// What runs on a reply.
    pub on_reply: Closure,
    /// What runs on a rejection.
    pub on_reject: Closure,
    /// What runs when one of those traps.
    pub on_cleanup: Option<Closure>,
    /// Cycles held back for the answer.
    pub prepaid: u128,
    /// When the network answers in the callee's place; 0 for never.
    pub deadline: u64,
}

/// Whether the canister was told that its heap is nearly full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LowMemoryHook {
    /// There is room.
    #[default]
    ConditionNotSatisfied,
    /// It is to be told.
    Ready,
    /// It was told.
    Executed,
}

/// Where a canister's cycles went.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Spent {
    /// Storage.
    pub memory: u128,
    /// Compute allocation.
    pub compute: u128,
    /// Messages of users.
    pub ingress: u128,
    /// Execution.
    pub instructions: u128,
    /// Calls and their answers.
    pub transmission: u128,
    /// Burnt on purpose.
    pub burned: u128,
}

/// A canister.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Canister {
    /// Its id.
    pub id: Principal,
    /// The index of its subnet.
    pub subnet: usize,
    /// Its settings.
    pub settings: Settings,
    /// When it was made; states from before this was told do not know.
    #[serde(default)]
    pub created_at: Option<u64>,
    /// Its balance.
    pub cycles: u128,
    /// Cycles set aside for storage.
    pub reserved_cycles: u128,
    /// Whether it takes messages.
    pub run: Run,
    /// How often it changed.
    pub version: u64,
    /// Its code and memories.
    pub code: Option<Code>,
    /// The data that it had certified.
    pub certified_data: Vec<u8>,
    /// Modules in parts, by their hashes.
    pub chunks: BTreeMap<Hash, Arc<[u8]>>,
    /// The newest changes, oldest first.
    pub history: VecDeque<Arc<Change>>,
    /// How many changes there were.
    pub total_changes: u64,
    /// What it printed.
    pub log: Log,
    /// When its timer fires.
    pub global_timer: Option<u64>,
    /// Whether it knows of its nearly full heap.
    pub low_memory_hook: LowMemoryHook,
    /// Its snapshots, by their numbers.
    pub snapshots: BTreeMap<u64, Arc<Snapshot>>,
    /// The number of the next snapshot; never given twice.
    pub next_snapshot: u64,
    /// Whether memory was written since the last checkpoint.
    pub unflushed: bool,
    /// What it wrote and the network has not digested yet; see [`crate::limits`].
    #[serde(default)] // states from before have none
    pub heap_delta_debit: u64,
    /// Calls that it has not finished, by number.
    pub contexts: BTreeMap<u64, CallContext>,
    /// Calls that it made, by number.
    pub callbacks: BTreeMap<u64, Callback>,
    /// The next number for either.
    pub next_call: u64,
    /// Where its cycles went.
    pub spent: Spent,
    /// What queries asked of it.
    #[serde(default)] // states from before have counted none
    pub asked: Asked,
}

impl Canister {
    /// An empty canister.
    pub fn new(id: Principal, subnet: usize, settings: Settings, balance: u128) -> Self {
        Self {
            id,
            subnet,
            settings,
            created_at: None,
            cycles: balance,
            reserved_cycles: 0,
            run: Run::Running,
            version: 0,
            code: None,
            certified_data: vec![],
            chunks: BTreeMap::new(),
            history: VecDeque::new(),
            total_changes: 0,
            log: Log::default(),
            global_timer: None,
            low_memory_hook: LowMemoryHook::default(),
            snapshots: BTreeMap::new(),
            next_snapshot: 0,
            unflushed: false,
            heap_delta_debit: 0,
            contexts: BTreeMap::new(),
            callbacks: BTreeMap::new(),
            next_call: 0,
            spent: Spent::default(),
            asked: Asked::default(),
        }
    }

    /// Counts a change.
    pub fn bump(&mut self) {
        self.version += 1;
    }

    /// Enters a change into the history, with the version as it is now.
    pub fn record(&mut self, time: u64, origin: ChangeOrigin, details: ChangeDetails) {
        self.history.push_back(Arc::new(Change {
            timestamp_nanos: time,
            canister_version: self.version,
            origin,
            details,
        }));
        self.total_changes += 1;
        if self.history.len() > HISTORY {
            self.history.pop_front();
        }
    }

    /// Drops code, memories, chunks and log. Snapshots, settings, cycles and history stay.
    pub fn clear(&mut self) {
        self.code = None;
        self.certified_data.clear();
        self.chunks.clear();
        self.log.reset();
        self.global_timer = None;
        self.low_memory_hook = LowMemoryHook::default();
        self.callbacks.clear();
    }

    /// Whether there is something that a checkpoint would write out.
    pub fn is_unflushed(&self) -> bool {
        self.unflushed || self.snapshots.values().any(|snapshot| snapshot.unflushed)
    }

    /// A number for a new call context or callback.
    pub fn number_call(&mut self) -> u64 {
        self.next_call = self
            .next_call
            .checked_add(1)
            .expect("nobody makes so many calls");
        self.next_call
    }

    /// Pays for something, with what there is.
    pub fn pay(&mut self, cost: u128) -> u128 {
        let paid = cost.min(self.cycles);
        self.cycles -= paid;
        paid
    }

    /// Whether less heap is left than the canister wants to be told about.
    pub fn is_low_on_memory(&self) -> bool {
        let Some(code) = &self.code else { return false };
        let limit = if self.settings.wasm_memory_limit == 0 {
            code.module.max_heap()
        } else {
            self.settings.wasm_memory_limit
        };
        limit.saturating_sub(code.image.heap.size()) < self.settings.wasm_memory_threshold
    }

    /// Brings the state of the hook up to date with the heap.
    pub fn check_memory(&mut self) {
        self.low_memory_hook = match (self.is_low_on_memory(), self.low_memory_hook) {
            (false, _) => LowMemoryHook::ConditionNotSatisfied,
            (true, LowMemoryHook::ConditionNotSatisfied) => LowMemoryHook::Ready,
            (true, told) => told,
        };
    }

    /// Whether this principal controls it.
    pub fn is_controlled_by(&self, caller: Principal) -> bool {
        self.settings.controllers.contains(&caller)
    }

    /// Refuses whoever does not control it, in the words of execution.
    pub fn require_controller(&self, caller: Principal) -> Result<(), Reject> {
        if self.is_controlled_by(caller) {
            return Ok(());
        }
        let controllers: Vec<String> = self
            .settings
            .controllers
            .iter()
            .map(Principal::to_text)
            .collect();
        Err(Reject::new(
            ErrorCode::InvalidController,
            format!(
                "Only the controllers of the canister {} can control it.\nCanister's controllers: {}\nSender's ID: {caller}",
                self.id,
                controllers.join(" ")
            ),
        ))
    }

    /// SHA-256 of its module as it was given.
    pub fn module_hash(&self) -> Option<Vec<u8>> {
        self.code.as_ref().map(|code| code.module.hash().to_vec())
    }

    /// Where its memory goes.
    pub fn memory(&self) -> MemoryMetrics {
        let code = self.code.as_ref();
        let history = self
            .history
            .iter()
            .map(|change| Self::change_size(change))
            .sum::<u64>();
        let amount = |bytes: u64| Nat::from(bytes);
        MemoryMetrics {
            wasm_memory_size: amount(code.map_or(0, |code| code.image.heap.size())),
            stable_memory_size: amount(code.map_or(0, |code| code.image.stable.size())),
            // One more than listed: the instruction counter that a replica weaves into every module.
            global_memory_size: amount(
                code.map_or(0, |code| (code.image.globals.len() as u64 + 1) * GLOBAL),
            ),
            wasm_binary_size: amount(code.map_or(0, |code| code.module.bytes().len() as u64)),
            // A replica keeps one byte more for each section: whether it is public.
            custom_sections_size: amount(code.map_or(0, |code| {
                code.module.sections_size() + code.module.sections().len() as u64
            })),
            canister_history_size: amount(history),
            wasm_chunk_store_size: amount(self.chunks.len() as u64 * CHUNK),
            snapshots_size: amount(
                self.snapshots
                    .values()
                    .map(|snapshot| snapshot.size())
                    .sum(),
            ),
            log_memory_store_size: amount(self.log.size()),
        }
    }

    fn change_size(change: &Change) -> u64 {
        let controllers = match &change.details {
            ChangeDetails::Creation { controllers, .. }
            | ChangeDetails::ControllersChange { controllers } => controllers.len(),
            _ => 0,
        };
        (size_of::<Change>() + controllers * size_of::<Principal>()) as u64
    }

    /// All bytes that it pays for.
    pub fn memory_size(&self) -> u64 {
        let metrics = self.memory();
        let parts = [
            metrics.wasm_memory_size,
            metrics.stable_memory_size,
            metrics.global_memory_size,
            metrics.wasm_binary_size,
            metrics.custom_sections_size,
            metrics.canister_history_size,
            metrics.wasm_chunk_store_size,
            metrics.snapshots_size,
            metrics.log_memory_store_size,
        ];
        parts
            .iter()
            .filter_map(|part| u64::try_from(part.0.clone()).ok())
            .sum()
    }

    fn billed_memory(&self) -> u64 {
        self.memory_size().max(self.settings.memory_allocation)
    }

    /// Cycles that it burns a day without doing anything.
    pub fn idle_cycles_burned_per_day(&self) -> u128 {
        cycles::idle(
            self.billed_memory(),
            self.settings.compute_allocation,
            cycles::DAY,
        )
    }

    /// What storage and compute allocation cost for so many seconds.
    pub fn idle_cost(&self, seconds: u128) -> (u128, u128) {
        let compute = self.settings.compute_allocation;
        (
            cycles::idle(self.billed_memory(), 0, seconds),
            cycles::idle(0, compute, seconds),
        )
    }

    /// The balance below which it is frozen.
    pub fn freezing_limit(&self) -> u128 {
        let threshold = u128::from(self.settings.freezing_threshold);
        cycles::idle(
            self.billed_memory(),
            self.settings.compute_allocation,
            threshold,
        )
        .saturating_sub(self.reserved_cycles)
    }

    /// Refuses when paying this would take it below the freezing limit.
    pub fn require_cycles(&self, amount: u128) -> Result<(), Reject> {
        let needed = self.freezing_limit().saturating_add(amount);
        if self.cycles >= needed {
            return Ok(());
        }
        let message = format!(
            "Canister {} is out of cycles: please top up the canister with at least {} additional cycles",
            self.id,
            needed - self.cycles
        );
        Err(Reject::new(ErrorCode::CanisterOutOfCycles, message))
    }

    /// The status, with all fields.
    pub fn status(&self) -> CanisterStatusResult {
        let status = match self.run {
            Run::Running => CanisterStatusType::Running,
            Run::Stopping(_) => CanisterStatusType::Stopping,
            Run::Stopped => CanisterStatusType::Stopped,
        };
        CanisterStatusResult {
            status,
            ready_for_migration: self.run == Run::Stopped,
            version: self.version,
            settings: self.settings.definite(),
            module_hash: self.module_hash(),
            memory_size: self.memory_size().into(),
            memory_metrics: self.memory(),
            cycles: self.cycles.into(),
            reserved_cycles: self.reserved_cycles.into(),
            idle_cycles_burned_per_day: self.idle_cycles_burned_per_day().into(),
            query_stats: QueryStats {
                num_calls_total: self.asked.calls.into(),
                num_instructions_total: self.asked.instructions.into(),
                request_payload_bytes_total: self.asked.request_bytes.into(),
                response_payload_bytes_total: self.asked.response_bytes.into(),
            },
        }
    }

    /// Its part of the state tree.
    pub fn certified(&self) -> Tree {
        let controllers = self
            .settings
            .controllers
            .iter()
            .map(|id| Value::Bytes(id.as_slice().to_vec()))
            .collect();
        let mut tree = Tree::branch([
            ("certified_data", Tree::leaf(self.certified_data.clone())),
            (
                "controllers",
                Tree::leaf(crate::certify::cbor_bytes(Value::Array(controllers))),
            ),
        ]);
        if let Some(at) = self.created_at {
            tree.set(b"canister_creation_timestamp", Tree::leaf(leb128(at)));
        }
        if let Some(code) = &self.code {
            if let Some(at) = code.installed_at {
                tree.set(b"last_install_timestamp", Tree::leaf(leb128(at)));
            }
            tree.set(b"module_hash", Tree::leaf(code.module.hash()));
            let sections = code.module.sections().iter();
            let sections =
                sections.map(|(name, section)| (name, Tree::leaf(section.content.as_slice())));
            tree.set(b"metadata", Tree::branch(sections));
        }
        tree
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_keeps_the_newest_lines_and_counts_on() {
        let mut log = Log::default();
        for line in 0..10_u8 {
            log.append(u64::from(line), vec![line; 100], 400);
        }
        let kept: Vec<u64> = log.records(None).iter().map(|record| record.idx).collect();
        assert_eq!(kept, [7, 8, 9], "three records of 116 bytes fit into 400");
        log.clear();
        log.append(10, vec![], 400);
        assert_eq!(
            log.records(None)[0].idx,
            10,
            "numbers are never given twice"
        );
        let filter = LogFilter::ByTimestampNanos { start: 10, end: 11 };
        assert_eq!(
            log.records(Some(filter)).len(),
            1,
            "the start of a filter is included"
        );
    }
}
