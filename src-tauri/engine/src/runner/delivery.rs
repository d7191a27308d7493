//! An envelope's way to its end.
//!
//! Only a certificate ends the doubt, and only one thing is ever sent: the same bytes. They are handed over until the network has
//! answered for them; when it knows nothing of them and their time is over, by the network's own clock, they can never take effect any
//! more.

use super::work::{Work, is_passing};
use crate::{
    Certainty, Error, Result,
    job::Direction,
    replica::{Envelope, Fate},
};
use std::time::{Duration, SystemTime};

/// What became of an envelope.
pub(super) enum Delivered {
    /// It was executed.
    Replied(Vec<u8>),
    /// It was refused, and a certificate proves it.
    Refused(Error),
    /// One machine refused it, and the network knows nothing of it.
    RefusedUnproven(Error),
    /// The network knows nothing of it and will not execute it any more. Whether it did, only the world can tell.
    Lost,
    /// Its time ran out before the network took it, and a certificate proves that: it never happened.
    NeverTaken,
    /// A person called it off before anything had left.
    NeverLeft,
    /// A person wants the job to end, and taking the step back calls off what the network is still at.
    LeftAlone,
}

/// How long after the sealing of an envelope a network surely remembers what became of it: the specification's five minutes, less one and
/// a half for a clock that is off and an expiry that was rounded.
const REMEMBERED: Duration = Duration::from_secs(210);

impl Work {
    /// Whether the network would still know of an envelope at that moment if it had ever executed it: that cannot have been before the
    /// envelope was sealed.
    fn is_remembered(&self, envelope: &Envelope, at: SystemTime) -> bool {
        let sealed_at = envelope.expires_at() - self.inner.conduct.envelope_life;
        at < sealed_at + REMEMBERED
    }

    /// Follows an envelope to its end, however long the network is away. A fresh one has not been sent yet.
    pub(super) async fn deliver(&self, envelope: &Envelope, is_fresh: bool) -> Result<Delivered> {
        let replica = self.replica();
        let mut may_have_left = !is_fresh;
        // What was sent in another life is looked for first.
        let mut is_to_be_sent = is_fresh;
        let mut pauses = self.pauses();
        loop {
            let mut unproven = None;
            let mut reply = None;
            if is_to_be_sent {
                match replica.send(envelope).await {
                    Ok(sent) => {
                        may_have_left = true;
                        reply = sent;
                    }
                    Err(error) => match error.certainty {
                        Certainty::Refused => return Ok(Delivered::Refused(error)),
                        Certainty::RefusedUnproven => unproven = Some(error),
                        Certainty::NothingSent => self.inner.hinder(self.job, Some(&error)),
                        Certainty::Unknown => {
                            may_have_left = true;
                            self.inner.hinder(self.job, Some(&error));
                        }
                    },
                }
            }
            is_to_be_sent = true;
            let mut is_pending = false;
            match (replica.outcome(envelope).await, reply) {
                (Ok(outcome), reply) => {
                    self.inner.hinder(self.job, None);
                    match outcome.fate {
                        Fate::Replied(reply) => {
                            self.note_proof(outcome.proven_at);
                            return Ok(Delivered::Replied(reply));
                        }
                        Fate::Refused(error) => return Ok(Delivered::Refused(error)),
                        Fate::Forgotten => return Ok(Delivered::Lost),
                        Fate::Pending => {
                            is_pending = true;
                            is_to_be_sent = false;
                        }
                        Fate::Absent => {
                            if let Some(reply) = reply {
                                return Ok(Delivered::Replied(reply));
                            }
                            if envelope.is_expired(outcome.proven_at) {
                                return Ok(if self.is_remembered(envelope, outcome.proven_at) {
                                    Delivered::NeverTaken
                                } else {
                                    Delivered::Lost
                                });
                            }
                            if let Some(error) = unproven
                                && !is_passing(&error)
                                && !speaks_of_expiry(&error)
                            {
                                return Ok(Delivered::RefusedUnproven(error));
                            }
                        }
                    }
                }
                // The certified reply is here; only the time of its proof is not.
                (Err(_), Some(reply)) => return Ok(Delivered::Replied(reply)),
                (Err(error), None) => self.inner.hinder(self.job, Some(&error)),
            }
            // Sealed, but not a byte has left: the one case in which a call can be called off.
            let may_be_called_off = !may_have_left && self.direction == Direction::Forward;
            if may_be_called_off && self.token.is_cancelled() {
                return Ok(Delivered::NeverLeft);
            }
            let may_be_left = is_pending && self.direction == Direction::Forward;
            if may_be_left && self.token.is_cancelled() && self.is_undo_enough().await {
                return Ok(Delivered::LeftAlone);
            }
            // Whoever wants the job to end while it cannot yet is not asked again before the next look.
            let listens = may_be_called_off || may_be_left && !self.token.is_cancelled();
            tokio::select! {
                () = tokio::time::sleep(pauses.next()) => {}
                () = self.token.cancelled(), if listens => {}
            }
        }
    }
}

/// A machine whose clock is ahead of the certified time refuses an envelope shortly before it can be proven to be over.
fn speaks_of_expiry(error: &Error) -> bool {
    error.chain().contains("expiry")
}
