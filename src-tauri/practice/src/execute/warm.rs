//! Instances that wait for the next message.
//!
//! A message works on an instance's own memory, which the interpreter wants in one piece: for a heap of a gibibyte, making
//! that piece and copying the heap into it takes longer than most messages. So the instance of a large heap is kept, with a
//! note of what its memory holds. The next message brings it up to date, which costs only the pages in which the two heaps
//! differ: none for the next message of the same canister, few for a query of an older block. What a message changed is
//! found by comparing all pages; a trap or a query is undone by putting those pages back. The image stays the truth: an
//! instance can be dropped at any time, and one that cannot be brought to exactly what a fresh one would be is never kept.
//!
//! The interpreter tells nobody which pages were written, and no code here may be `unsafe`, so the kernel cannot be asked
//! either; recording every store in the rewritten module would slow each message down to speed up those of large heaps.
//! Comparing reads the heap at the speed of memory, a fifth of a second for a gibibyte.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use candid::Principal;
use wasmi::{Engine, Instance, Store};

use crate::{ic0::Host, memory::Memory};

/// Smaller heaps are filled faster than anybody notices.
const WORTH_KEEPING: u64 = 16 << 20;
/// Instances of one canister: the block loop's and that of a query.
const FOR_EACH: usize = 2;
/// Bytes of all kept instances together. Whoever comes when that is used up is filled anew each time.
const BUDGET: u64 = 2 << 30;

/// Bytes that are taken from the budget now.
static TAKEN: AtomicU64 = AtomicU64::new(0);

/// A part of the budget, given back when it is dropped.
struct Share(u64);

impl Share {
    fn take(bytes: u64) -> Option<Self> {
        let taken = TAKEN.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
            taken.checked_add(bytes).filter(|taken| *taken <= BUDGET)
        });
        taken.ok().map(|_| Self(bytes))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        TAKEN.fetch_sub(self.0, Ordering::Relaxed);
    }
}

/// Whether an instance with this heap should wait for the next message.
pub(super) fn is_worth_keeping(heap: &Memory) -> bool {
    heap.size() >= WORTH_KEEPING
}

/// What a run works on: a store, and the instance in it once there is one, with the heap that its memory holds.
pub(super) struct Machine {
    pub(super) store: Store<Host>,
    pub(super) instance: Option<(Instance, Memory)>,
}

struct Kept {
    canister: Principal,
    instance: Instance,
    heap: Memory,
    store: Store<Host>,
    _share: Share,
}

/// The kept instances of a module.
#[derive(Default)]
pub(crate) struct Instances(Mutex<Vec<Kept>>);

impl Instances {
    fn kept(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.kept().len()
    }

    /// A machine for a message: with a kept instance of that canister whose memory has the size of this heap (memories cannot
    /// shrink, and growing one is for the code to ask for), or else an empty one.
    pub(super) fn machine(
        &self,
        engine: &Engine,
        canister: Principal,
        heap: &Memory,
        host: Host,
    ) -> Machine {
        let mut kept = self.kept();
        let fits = |kept: &Kept| kept.canister == canister && kept.heap.size() == heap.size();
        let Some(at) = kept.iter().position(fits) else {
            return Machine {
                store: Store::new(engine, host),
                instance: None,
            };
        };
        let Kept {
            instance,
            heap,
            mut store,
            ..
        } = kept.swap_remove(at);
        *store.data_mut() = host;
        Machine {
            store,
            instance: Some((instance, heap)),
        }
    }

    /// Keeps an instance for the next message, if the machine has one and there is room.
    pub(super) fn keep(&self, canister: Principal, machine: Machine) {
        let Machine {
            mut store,
            instance: Some((instance, heap)),
        } = machine
        else {
            return;
        };
        let Some(share) = Share::take(heap.size()) else {
            return;
        };
        // The message and the stable memory that it had are held no longer than it takes.
        *store.data_mut() = Host::idle();
        let mut kept = self.kept();
        if kept.iter().filter(|kept| kept.canister == canister).count() < FOR_EACH {
            kept.push(Kept {
                canister,
                instance,
                heap,
                store,
                _share: share,
            });
        }
    }
}
