//! Closing the app while something is under way.
//!
//! Whatever is under way goes on at the next start, so closing harms nobody; but a canister may stand still until then, and a person
//! should know. So the first wish to close is turned into news, and the page asks. [`Closing::may_close`] is the shell's question, with
//! the answer for now; [`Closing::left`] ends when somebody has decided to close all the same.

use crate::{Api, failure::Failure, feed::News};
use futures::{Stream, StreamExt as _, stream};
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{Notify, broadcast};

/// The wish to close, and what became of it.
#[derive(Debug)]
pub(crate) struct Closing {
    news: broadcast::Sender<Vec<u64>>,
    /// Whether the page is asking. A second wish meanwhile is an answer.
    is_asking: AtomicBool,
    is_decided: AtomicBool,
    decided: Notify,
}

impl Default for Closing {
    fn default() -> Self {
        Self {
            // One wish at a time: whoever lags sees the newest.
            news: broadcast::channel(1).0,
            is_asking: AtomicBool::new(false),
            is_decided: AtomicBool::new(false),
            decided: Notify::new(),
        }
    }
}

impl Closing {
    /// The wishes to close from now on, as news.
    pub(crate) fn follow(&self) -> impl Stream<Item = News> + use<> {
        stream::unfold(self.news.subscribe(), |mut wishes| async {
            loop {
                match wishes.recv().await {
                    Ok(jobs) => return Some((News::Closing { jobs }, wishes)),
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            }
        })
    }

    fn decide(&self) {
        self.is_decided.store(true, Ordering::Release);
        self.decided.notify_waiters();
    }
}

impl Api {
    /// Whether the app may close at once. If not, the page is asked, and [`Api::left`] tells when it has answered; a second wish to close
    /// meanwhile is an answer, too.
    pub fn may_close(&self) -> bool {
        let jobs = self.under_way();
        if jobs.is_empty() || self.closing.is_asking.swap(true, Ordering::AcqRel) {
            return true;
        }
        // Without a page that listens nobody could answer.
        self.closing.news.send(jobs).is_err()
    }

    /// Ends when somebody has decided to close although something is under way.
    pub async fn left(&self) {
        let decided = self.closing.decided.notified();
        if !self.closing.is_decided.load(Ordering::Acquire) {
            decided.await;
        }
    }

    /// The jobs that would go on at the next start.
    fn under_way(&self) -> Vec<u64> {
        let Ok(engine) = self.engine() else {
            return vec![];
        };
        let (jobs, _) = engine.follow();
        jobs.iter()
            .filter(|view| view.job.is_under_way() && !view.job.is_paused())
            .map(|view| view.job.id.0)
            .collect()
    }
}

/// One method per request.
impl Api {
    #[expect(clippy::unused_async, reason = "requests are asynchronous alike")]
    pub(crate) async fn close_anyway(&self) -> Result<(), Failure> {
        self.closing.decide();
        Ok(())
    }

    #[expect(clippy::unused_async, reason = "requests are asynchronous alike")]
    pub(crate) async fn stay_open(&self) -> Result<(), Failure> {
        self.closing.is_asking.store(false, Ordering::Release);
        Ok(())
    }
}

/// Both at once, for as long as the engine's news last.
pub(crate) fn with_wishes(
    news: impl Stream<Item = News>,
    wishes: impl Stream<Item = News>,
) -> impl Stream<Item = News> {
    // The engine's end is the end: wishes alone never end.
    let ends = news.map(Some).chain(stream::once(async { None }));
    stream::select(ends, wishes.map(Some))
        .take_while(|news| std::future::ready(news.is_some()))
        .filter_map(std::future::ready)
}
