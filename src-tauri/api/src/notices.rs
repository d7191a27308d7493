//! What a person who looks elsewhere should know: that a job failed, needs them, or is done at last.
//!
//! The decision is made here and is `Gathering`, which is pure: what becomes of jobs goes in, and what is to be told comes out.
//! Sentences are the page's, so a [`Notice`] reaches it as news; it phrases it and hands the words to the shell, which shows them
//! outside of the window if the notice is one that was made here and not shown yet ([`Api::show`]). So a page cannot make up any.
//!
//! **Not noise.** Whoever looks at the window is told nothing: they see it. A job that was done within `SHORT` is no news, and
//! what a person called off or left as it is they know. Jobs that end together are one notice, the gravest first; what
//! went well waits for the others, what did not waits for nobody.

use crate::{Api, failure::Failure, feed::News};
use canopic_engine::{Code, End, Engine, JobView, State};
use futures::{Stream, stream};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    mem::discriminant,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use ts_rs::TS;

/// Nobody turns to something else while a job takes less than this.
const SHORT: Duration = Duration::from_secs(5);

/// Jobs that end because of the same thing, a network that is gone or a person's one wish, end within this.
const TOGETHER: Duration = Duration::from_secs(2);

/// Whoever waits for one of several jobs waits no longer than this for the word that it is done.
const HELD_AT_MOST: Duration = Duration::from_secs(30);

/// Something to be told outside of the window. Each list holds numbers of jobs, in the order in which they came to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// What the shell knows it by.
    pub number: u32,
    /// What failed.
    #[ts(type = "number[]")]
    pub failed: Vec<u64>,
    /// What can go neither on nor back without a person.
    #[ts(type = "number[]")]
    pub needs_you: Vec<u64>,
    /// What is done.
    #[ts(type = "number[]")]
    pub finished: Vec<u64>,
}

/// How much a notice wants to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// It may pass by.
    Ordinary,
    /// It stays until somebody has seen it: something stands still until then.
    Urgent,
}

/// How far a job is, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    UnderWay,
    NeedsYou,
    Done {
        took: Duration,
    },
    Failed,
    /// A person ended it, and knows.
    Settled,
}

impl Standing {
    fn of(JobView { job, hindrance, .. }: &JobView) -> Self {
        match &job.state {
            State::Running | State::Unwinding => match hindrance {
                Some(hindrance) if needs_a_person(hindrance.code) => Self::NeedsYou,
                _ => Self::UnderWay,
            },
            State::Stuck(_) => Self::NeedsYou,
            State::Ended(End::Done) => Self::Done {
                took: job
                    .changed_at
                    .duration_since(job.began_at)
                    .unwrap_or_default(),
            },
            State::Ended(End::Left) => Self::Settled,
            State::Ended(End::Undone) => match &job.failure {
                Some(failure) if failure.code != Code::Cancelled => Self::Failed,
                _ => Self::Settled,
            },
        }
    }
}

/// Whether what a job waits for is up to the person at this computer. A network comes back by itself.
fn needs_a_person(code: Code) -> bool {
    matches!(
        code,
        Code::DiskFull
            | Code::IdentityLocked
            | Code::JournalDamaged
            | Code::JournalFull
            | Code::JournalReadOnly
            | Code::JournalUnusable
            | Code::KeyringLocked
            | Code::VaultLocked
    )
}

/// What is known of every job, and what of it is to be told.
#[derive(Debug, Default)]
struct Gathering {
    known: BTreeMap<u64, Standing>,
    untold: Notice,
    /// When the first of what cannot wait came, and of what can.
    grave_since: Option<Instant>,
    finished_since: Option<Instant>,
    finished_last: Option<Instant>,
}

impl Gathering {
    /// One that begins with these; what became of them is no news.
    fn after(jobs: &[JobView]) -> Self {
        let known = jobs
            .iter()
            .map(|view| (view.job.id.0, Standing::of(view)))
            .collect();
        Self {
            known,
            ..Self::default()
        }
    }

    fn hear(&mut self, job: u64, standing: Standing, now: Instant) {
        let before = self.known.insert(job, standing);
        if before.is_some_and(|before| discriminant(&before) == discriminant(&standing)) {
            return;
        }
        // What it was about to be told for is over.
        let Notice {
            failed,
            needs_you,
            finished,
            ..
        } = &mut self.untold;
        for list in [&mut *failed, &mut *needs_you, &mut *finished] {
            list.retain(|one| *one != job);
        }
        match standing {
            Standing::Failed => failed.push(job),
            Standing::NeedsYou => needs_you.push(job),
            Standing::Done { took } if took >= SHORT => {
                finished.push(job);
                self.finished_since.get_or_insert(now);
                self.finished_last = Some(now);
            }
            Standing::UnderWay | Standing::Done { .. } | Standing::Settled => {}
        }
        if matches!(standing, Standing::Failed | Standing::NeedsYou) {
            self.grave_since.get_or_insert(now);
        }
    }

    /// When what has come together is to be told, if anything has.
    fn due(&self) -> Option<Instant> {
        let Notice {
            failed,
            needs_you,
            finished,
            ..
        } = &self.untold;
        let grave = self
            .grave_since
            .filter(|_| !(failed.is_empty() && needs_you.is_empty()))
            .map(|since| since + TOGETHER);
        let is_more_to_come = self
            .known
            .values()
            .any(|standing| *standing == Standing::UnderWay);
        let well = if is_more_to_come {
            self.finished_since.map(|since| since + HELD_AT_MOST)
        } else {
            self.finished_last.map(|last| last + TOGETHER)
        };
        let well = well.filter(|_| !finished.is_empty());
        [grave, well].into_iter().flatten().min()
    }

    /// Everything that has come together, which then counts as told.
    fn take(&mut self) -> Notice {
        (self.grave_since, self.finished_since, self.finished_last) = (None, None, None);
        std::mem::take(&mut self.untold)
    }
}

/// The notices that were made and not shown yet.
#[derive(Debug, Default)]
pub(crate) struct Notices(Mutex<Unshown>);

#[derive(Debug, Default)]
struct Unshown {
    last: u32,
    numbers: BTreeMap<u32, Urgency>,
}

impl Notices {
    fn number(&self, notice: Notice) -> Notice {
        let mut unshown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        unshown.last += 1;
        let number = unshown.last;
        let urgency = if notice.needs_you.is_empty() {
            Urgency::Ordinary
        } else {
            Urgency::Urgent
        };
        unshown.numbers.insert(number, urgency);
        Notice { number, ..notice }
    }

    fn show(&self, number: u32) -> Option<Urgency> {
        let mut unshown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        unshown.numbers.remove(&number)
    }
}

/// What the notices are made of, between two of them.
struct Listener<Look> {
    engine: Arc<Engine>,
    news: Receiver<JobView>,
    gathering: Gathering,
    notices: Arc<Notices>,
    is_looked_at: Look,
}

impl<Look: Fn() -> bool> Listener<Look> {
    /// The next notice; none once the engine is gone.
    async fn next(&mut self) -> Option<Notice> {
        loop {
            let Some(heard) = self.listen().await else {
                let notice = self.gathering.take();
                if self.engine.settings().is_quiet || (self.is_looked_at)() {
                    continue;
                }
                return Some(self.notices.number(notice));
            };
            match heard {
                Ok(view) => self.hear(&view),
                Err(RecvError::Lagged(_)) => {
                    let (jobs, news) = self.engine.follow();
                    self.news = news;
                    for view in &jobs {
                        self.hear(view);
                    }
                }
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// What is heard before something is to be told; nothing if that comes first.
    async fn listen(&mut self) -> Option<Result<JobView, RecvError>> {
        let Some(due) = self.gathering.due() else {
            return Some(self.news.recv().await);
        };
        tokio::time::timeout_at(due.into(), self.news.recv())
            .await
            .ok()
    }

    fn hear(&mut self, view: &JobView) {
        self.gathering
            .hear(view.job.id.0, Standing::of(view), Instant::now());
    }
}

impl Api {
    /// What is to be told outside of the window from now on, as news; `is_looked_at` is whether a person looks at it right now.
    pub fn notices<Look: Fn() -> bool>(
        &self,
        is_looked_at: Look,
    ) -> Result<impl Stream<Item = News> + use<Look>, Failure> {
        let engine = self.engine()?;
        let (jobs, news) = engine.follow();
        let listener = Listener {
            gathering: Gathering::after(&jobs),
            notices: self.notices.clone(),
            engine,
            news,
            is_looked_at,
        };
        Ok(stream::unfold(listener, |mut listener| async {
            let notice = listener.next().await?;
            Some((News::Notice { notice }, listener))
        }))
    }

    /// How much a notice wants to be seen that the page has phrased; nothing if there is none of this number, or it was shown.
    pub fn show(&self, notice: u32) -> Option<Urgency> {
        self.notices.show(notice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Standing = Standing::Done {
        took: Duration::from_secs(60),
    };

    /// Jobs of these numbers under way, and what is heard of them in which second.
    fn gathered(heard: &[(u64, Standing, u64)]) -> (Gathering, Instant) {
        let start = Instant::now();
        let mut gathering = Gathering::default();
        for (job, ..) in heard {
            gathering.hear(*job, Standing::UnderWay, start);
        }
        for (job, standing, second) in heard {
            gathering.hear(*job, *standing, start + Duration::from_secs(*second));
        }
        (gathering, start)
    }

    fn due(gathering: &Gathering, start: Instant) -> Option<u64> {
        gathering
            .due()
            .map(|due| due.duration_since(start).as_secs())
    }

    #[test]
    fn a_short_job_is_told_only_when_it_failed() {
        let short = Standing::Done {
            took: Duration::from_secs(4),
        };
        assert_eq!(gathered(&[(1, short, 4)]).0.due(), None, "nobody left");
        let (mut gathering, start) = gathered(&[(1, Standing::Failed, 4)]);
        assert_eq!(due(&gathering, start), Some(6), "others may fail with it");
        assert_eq!(gathering.take().failed, [1]);
        assert_eq!(gathering.due(), None, "told once");
    }

    #[test]
    fn what_a_person_ended_is_not_told() {
        assert_eq!(gathered(&[(1, Standing::Settled, 60)]).0.due(), None);
    }

    #[test]
    fn what_ends_together_is_one_notice_and_what_failed_waits_for_nobody() {
        let (mut gathering, start) = gathered(&[
            (1, LONG, 60),
            (2, Standing::Failed, 61),
            (3, Standing::UnderWay, 61),
            (4, Standing::NeedsYou, 62),
        ]);
        assert_eq!(due(&gathering, start), Some(63), "although one still runs");
        let told = gathering.take();
        assert_eq!(
            (told.failed, told.needs_you, told.finished),
            (vec![2], vec![4], vec![1]),
            "the gravest first, and with them what went well meanwhile"
        );
    }

    #[test]
    fn what_went_well_waits_for_the_others_but_not_for_ever() {
        let (mut gathering, start) = gathered(&[(1, LONG, 60), (2, Standing::UnderWay, 60)]);
        assert_eq!(due(&gathering, start), Some(90), "the second one runs");
        gathering.hear(2, LONG, start + Duration::from_secs(70));
        assert_eq!(due(&gathering, start), Some(72), "nothing runs any more");
        assert_eq!(gathering.take().finished, [1, 2]);
    }

    #[test]
    fn a_job_that_goes_on_again_needs_nobody_and_is_told_when_it_stops_again() {
        let (mut gathering, start) =
            gathered(&[(1, Standing::NeedsYou, 60), (1, Standing::UnderWay, 61)]);
        assert_eq!(gathering.due(), None, "somebody made room meanwhile");
        gathering.hear(1, Standing::NeedsYou, start + Duration::from_secs(70));
        gathering.hear(1, Standing::NeedsYou, start + Duration::from_secs(71));
        assert_eq!(gathering.take().needs_you, [1], "once");
    }

    #[test]
    fn the_past_is_no_news() {
        let mut gathering = Gathering {
            known: [(1, LONG), (2, Standing::Failed)].into(),
            ..Gathering::default()
        };
        for (job, standing) in [(1, LONG), (2, Standing::Failed)] {
            gathering.hear(job, standing, Instant::now());
        }
        assert_eq!(gathering.due(), None);
    }

    #[test]
    fn a_notice_is_shown_once_and_only_if_it_was_made_here() {
        let notices = Notices::default();
        let stuck = notices.number(Notice {
            needs_you: vec![7],
            ..Notice::default()
        });
        let done = notices.number(Notice {
            finished: vec![8],
            ..Notice::default()
        });
        assert_eq!(notices.show(stuck.number), Some(Urgency::Urgent));
        assert_eq!(notices.show(done.number), Some(Urgency::Ordinary));
        assert_eq!(notices.show(stuck.number), None, "it was shown");
        assert_eq!(notices.show(77), None, "the page made it up");
    }
}
