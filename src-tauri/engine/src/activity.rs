//! What the app is doing, and what came of it.
//!
//! Every act has a number and goes from under way to one end. Whoever follows gets all acts once and then numbered news; a
//! follower that fell behind sees the gap in the numbers of its receiver and starts over. The list lives as long as the process.

use crate::{Action, CanisterId, Error, Result};
use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};
use tokio::sync::broadcast;

/// How many acts are remembered: more than anybody scrolls through, and a bound for an app that stays open for weeks.
const REMEMBERED: usize = 200;

/// How many news a follower may be behind before it has to start over.
const BACKLOG: usize = 256;

/// Something that the app did or is doing for a person.
#[derive(Clone, Debug)]
pub struct Act {
    /// Its number; later acts have higher ones.
    pub number: u64,
    /// What is done.
    pub action: Action,
    /// To which canister.
    pub canister: CanisterId,
    /// The canister's name at that time.
    pub name: String,
    /// Since when.
    pub began_at: SystemTime,
    /// How far it is.
    pub state: ActState,
}

/// How far an act is.
#[derive(Clone, Debug)]
pub enum ActState {
    /// Under way.
    Running,
    /// Done, and when.
    Done(SystemTime),
    /// Ended otherwise, and when.
    Failed(SystemTime, Arc<Error>),
}

/// What a follower is told.
#[derive(Clone, Debug)]
pub enum News {
    /// All acts that are remembered; whatever the follower knew before is void.
    Snapshot(Vec<Act>),
    /// One act is new or has changed.
    Act(Act),
}

/// The acts of this process.
pub struct Activity {
    acts: Mutex<Vec<Act>>,
    news: broadcast::Sender<Act>,
}

impl Default for Activity {
    fn default() -> Self {
        Self {
            acts: Mutex::default(),
            news: broadcast::channel(BACKLOG).0,
        }
    }
}

impl Activity {
    /// Runs `work` as an act on a canister: it is announced before and its end is announced after.
    pub(crate) async fn run<T>(
        &self,
        action: Action,
        canister: CanisterId,
        name: &str,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T, Arc<Error>> {
        let number = self.begin(action, canister, name);
        let outcome = work.await.map_err(Arc::new);
        let now = SystemTime::now();
        let state = match &outcome {
            Ok(_) => ActState::Done(now),
            Err(error) => ActState::Failed(now, error.clone()),
        };
        self.change(|acts| {
            let act = acts.iter_mut().find(|act| act.number == number)?;
            act.state = state;
            Some(act.clone())
        });
        outcome
    }

    /// All acts now, and every change from now on. No change is lost in between, because both are taken under one lock.
    pub fn follow(&self) -> (Vec<Act>, broadcast::Receiver<Act>) {
        let acts = self.acts.lock().unwrap_or_else(PoisonError::into_inner);
        (acts.clone(), self.news.subscribe())
    }

    fn begin(&self, action: Action, canister: CanisterId, name: &str) -> u64 {
        let mut number = 0;
        self.change(|acts| {
            number = acts.last().map_or(1, |last| last.number + 1);
            let act = Act {
                number,
                action,
                canister,
                name: name.to_owned(),
                began_at: SystemTime::now(),
                state: ActState::Running,
            };
            if acts.len() == REMEMBERED {
                acts.remove(0);
            }
            acts.push(act.clone());
            Some(act)
        });
        number
    }

    /// Changes the list and announces what changed, under one lock so that followers see one order.
    fn change(&self, change: impl FnOnce(&mut Vec<Act>) -> Option<Act>) {
        let mut acts = self.acts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(act) = change(&mut acts) {
            // Nobody following is not an error.
            let _ = self.news.send(act);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Code;
    use candid::Principal;

    #[tokio::test]
    async fn a_follower_sees_every_act_begin_and_end() {
        let activity = Activity::default();
        let canister = CanisterId::from(Principal::management_canister());
        let (before, mut news) = activity.follow();
        assert!(before.is_empty(), "nothing was done yet");

        activity
            .run(Action::Stop, canister, "shop", async { Ok(()) })
            .await
            .unwrap();
        let refused = Error::new(Code::NotController, "starting");
        activity
            .run(Action::Start, canister, "shop", async {
                Err::<(), _>(refused)
            })
            .await
            .unwrap_err();

        let seen: Vec<_> = std::iter::from_fn(|| news.try_recv().ok())
            .map(|act| (act.number, act.action, std::mem::discriminant(&act.state)))
            .collect();
        let (running, done, failed) = (
            std::mem::discriminant(&ActState::Running),
            std::mem::discriminant(&ActState::Done(SystemTime::UNIX_EPOCH)),
            std::mem::discriminant(&ActState::Failed(
                SystemTime::UNIX_EPOCH,
                Arc::new(Error::new(Code::Bug, "testing")),
            )),
        );
        assert_eq!(
            seen,
            [
                (1, Action::Stop, running),
                (1, Action::Stop, done),
                (2, Action::Start, running),
                (2, Action::Start, failed)
            ],
            "each act is announced when it begins and once when it ends"
        );
        assert_eq!(
            activity.follow().0.len(),
            2,
            "a new follower gets what happened so far"
        );
    }
}
