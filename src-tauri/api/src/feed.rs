//! What the front end is told without asking: once everything, then each change.
//!
//! A follower that fell too far behind gets everything again instead of a gap. So whoever listens only ever replaces its list or
//! one entry of it, and is right afterwards.

use crate::wire::Act;
use canopic_engine::Engine;
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
        /// All acts, oldest first.
        acts: Vec<Act>,
    },
    /// One act is new or has changed.
    Act {
        /// It.
        act: Act,
    },
}

/// All news of an engine from now on.
pub(crate) fn follow(engine: Arc<Engine>) -> impl Stream<Item = News> {
    stream::unfold(
        (engine, None::<Receiver<canopic_engine::Act>>),
        |(engine, receiver)| async {
            if let Some(mut receiver) = receiver {
                match receiver.recv().await {
                    Ok(act) => {
                        return Some((News::Act { act: act.into() }, (engine, Some(receiver))));
                    }
                    Err(RecvError::Lagged(missed)) => {
                        tracing::debug!(missed, "a follower starts over");
                    }
                    Err(RecvError::Closed) => return None,
                }
            }
            let (acts, receiver) = engine.follow();
            Some((
                News::Snapshot {
                    acts: acts.into_iter().map(Act::from).collect(),
                },
                (engine, Some(receiver)),
            ))
        },
    )
}
