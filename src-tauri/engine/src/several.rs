//! The same over several canisters at once.
//!
//! Each canister gets a plan and a job of its own: one that is refused or fails stops none of the others, each has its own entry in
//! the journal, and each is cancelled or looked up by itself. What is in flight at the same time is bounded twice: plans here, calls by the
//! client of the network.

use crate::{Engine, JobId, Op, Plan, Result};
use futures::{StreamExt as _, stream};

/// How many plans are made at the same time: each asks for a certified status, which a network makes about one of in a second.
const PLANS_AT_ONCE: usize = 8;

impl Engine {
    /// Plans several operations; the plans come in the order of the operations.
    pub async fn plan_each(&self, ops: Vec<Op>) -> Vec<Result<Plan>> {
        stream::iter(ops)
            .map(|op| async move { self.plan(&op).await })
            .buffered(PLANS_AT_ONCE)
            .collect()
            .await
    }

    /// Begins several operations whose plans were confirmed by their fingerprints.
    pub async fn run_each(&self, confirmed: Vec<(Op, String)>) -> Vec<Result<JobId>> {
        stream::iter(confirmed)
            .map(|(op, fingerprint)| async move { self.run(op, &fingerprint).await })
            .buffered(PLANS_AT_ONCE)
            .collect()
            .await
    }
}
