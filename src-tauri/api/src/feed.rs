//! What the front end is told without asking: once everything, then each change.
//!
//! A follower that fell too far behind gets everything again instead of a gap. So whoever listens only ever replaces its list or
//! one entry of it, and is right afterwards. Progress comes the same way, ten times a second at most: only the newest counts.

use crate::{jobs::Job, notices::Notice};
use canopic_engine::{Engine, JobView};
use futures::{Stream, stream};
use serde::Serialize;
use std::sync::Arc;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use ts_rs::TS;

/// What the front end is told.
#[derive(Debug, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum News {
    /// Everything; what was known before is void.
    Snapshot {
        /// All jobs, oldest first.
        jobs: Vec<Job>,
        /// The numbers of those that an earlier process left under way, whatever became of them since.
        #[ts(type = "number[]")]
        inherited: Vec<u64>,
    },
    /// One job is new or has changed.
    Job {
        /// It.
        job: Box<Job>,
    },
    /// Somebody wants to close the app, and jobs are under way: `closeAnyway` or `stayOpen` is the answer.
    Closing {
        /// The numbers of the jobs that would go on at the next start.
        #[ts(type = "number[]")]
        jobs: Vec<u64>,
    },
    /// Something that whoever looks elsewhere should know: the page phrases it, and the shell shows that outside of the window.
    Notice {
        /// It.
        notice: Notice,
    },
}

/// All news of an engine from now on.
pub(crate) fn follow(engine: Arc<Engine>) -> impl Stream<Item = News> {
    stream::unfold(
        (engine, None::<Receiver<JobView>>),
        |(engine, receiver)| async {
            if let Some(mut receiver) = receiver {
                match receiver.recv().await {
                    Ok(job) => {
                        let job = Box::new(job.into());
                        return Some((News::Job { job }, (engine, Some(receiver))));
                    }
                    Err(RecvError::Lagged(missed)) => {
                        tracing::debug!(missed, "a follower starts over");
                    }
                    Err(RecvError::Closed) => return None,
                }
            }
            let (jobs, receiver) = engine.follow();
            Some((
                News::Snapshot {
                    jobs: jobs.into_iter().map(Job::from).collect(),
                    inherited: engine.inherited().into_iter().map(|job| job.0).collect(),
                },
                (engine, Some(receiver)),
            ))
        },
    )
}
