//! Errands: work on files of this computer that takes a while, and that somebody watches and may stop.
//!
//! An errand is no job: it changes no canister, needs no network, and is simply begun again after a crash. So nothing is journalled; the
//! request that began it is its life, and its number is chosen by whoever asks.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio_util::sync::CancellationToken;

/// How far an errand is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errand {
    /// The bytes that are done.
    pub done: u64,
    /// The bytes that there are to do, at most.
    pub total: u64,
}

/// The errands that are under way.
#[derive(Clone, Default)]
pub(crate) struct Errands(Arc<Mutex<BTreeMap<u32, Arc<Work>>>>);

#[derive(Default)]
struct Work {
    done: AtomicU64,
    total: u64,
    cancel: CancellationToken,
}

/// An errand under way. It ends when this is dropped.
pub(crate) struct UnderWay {
    number: u32,
    work: Arc<Work>,
    errands: Errands,
}

impl Errands {
    fn works(&self) -> MutexGuard<'_, BTreeMap<u32, Arc<Work>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins an errand. One that has this number already goes on, but can no longer be watched or stopped.
    pub(crate) fn begin(&self, number: u32, total: u64) -> UnderWay {
        let work = Arc::new(Work {
            total,
            ..Work::default()
        });
        self.works().insert(number, work.clone());
        UnderWay {
            number,
            work,
            errands: self.clone(),
        }
    }

    pub(crate) fn look(&self, number: u32) -> Option<Errand> {
        let works = self.works();
        let work = works.get(&number)?;
        Some(Errand {
            done: work.done.load(Ordering::Relaxed),
            total: work.total,
        })
    }

    pub(crate) fn stop(&self, number: u32) {
        if let Some(work) = self.works().get(&number) {
            work.cancel.cancel();
        }
    }
}

impl UnderWay {
    /// So many bytes more are done.
    pub(crate) fn advance(&self, bytes: u64) {
        self.work.done.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Looked at between chunks.
    pub(crate) fn cancel(&self) -> &CancellationToken {
        &self.work.cancel
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut works = self.errands.works();
        if works
            .get(&self.number)
            .is_some_and(|work| Arc::ptr_eq(work, &self.work))
        {
            works.remove(&self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errand_is_watched_stopped_and_forgotten() {
        let errands = Errands::default();
        let work = errands.begin(7, 100);
        work.advance(30);
        assert_eq!(
            errands.look(7),
            Some(Errand {
                done: 30,
                total: 100
            })
        );
        errands.stop(7);
        assert!(work.cancel().is_cancelled());
        let again = errands.begin(7, 5);
        drop(work);
        assert_eq!(
            errands.look(7),
            Some(Errand { done: 0, total: 5 }),
            "the end of one is not the end of another"
        );
        assert!(!again.cancel().is_cancelled());
        drop(again);
        assert_eq!(errands.look(7), None);
    }
}
