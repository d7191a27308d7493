//! What a canister held before cycles came or went: where an answer is lost, that tells whether they did. Nobody writes down where
//! they came from, so between "all of it" and "none of it" nobody knows.

use super::Happened;
use crate::{CanisterId, Code, Error, Result, runner::Work};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What a canister held.
#[derive(Serialize, Deserialize)]
pub(super) struct Held {
    #[serde(with = "crate::money::decimal")]
    cycles: u128,
    /// What it may have burnt by the time that somebody looks: that of a day, when it does nothing.
    #[serde(default, with = "crate::money::decimal")]
    burnt: u128,
}

impl Held {
    /// What it holds now.
    pub(super) async fn now(work: &Work, canister: CanisterId) -> Result<Self> {
        let status = work.status(canister).await?;
        Ok(Self {
            cycles: status.cycles,
            burnt: status.idle_burn_per_day,
        })
    }

    /// What was written down; none where that was not to be seen.
    pub(super) fn read(before: &Value) -> Result<Option<Self>> {
        serde_json::from_value(before.clone())
            .map_err(|error| Error::new(Code::Bug, "reading the journal").because(error))
    }

    /// Whether a gift of this amount came, once it holds `now`.
    pub(super) fn has_received(&self, now: u128, amount: u128) -> Happened {
        let floor = self.cycles.saturating_sub(self.burnt);
        if amount <= self.burnt.saturating_mul(2) {
            return Happened::Unclear;
        }
        if now >= floor.saturating_add(amount) {
            return Happened::Yes(json!({ "amount": amount.to_string() }));
        }
        if now <= self.cycles {
            return Happened::No;
        }
        Happened::Unclear
    }

    /// Whether all but `stays` has gone, once it holds `now`. Nobody else takes any, and what it burns is a fraction of that.
    pub(super) fn has_sent_all_but(&self, stays: u128, now: u128) -> Happened {
        let sent = self.cycles.saturating_sub(stays);
        if now <= self.cycles.saturating_sub(sent / 4 * 3) {
            return Happened::Yes(json!({ "amount": sent.to_string() }));
        }
        if now >= self.cycles.saturating_sub(sent / 4) {
            return Happened::No;
        }
        Happened::Unclear
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(happened: &Happened) -> &'static str {
        match happened {
            Happened::Yes(_) => "yes",
            Happened::No => "no",
            Happened::Unclear => "unclear",
        }
    }

    #[test]
    fn a_gift_has_arrived_or_not_or_nobody_knows() {
        let before = Held {
            cycles: 1_000,
            burnt: 10,
        };
        let table = [
            (1_500, 500, "yes"),
            (1_491, 500, "yes"),
            (1_000, 500, "no"),
            (980, 500, "no"),
            (1_200, 500, "unclear"),
            (1_015, 15, "unclear"),
        ];
        for (now, amount, expected) in table {
            assert_eq!(
                told(&before.has_received(now, amount)),
                expected,
                "{amount} given, {now} there"
            );
        }
    }

    #[test]
    fn cycles_have_gone_or_not_or_nobody_knows() {
        let before = Held {
            cycles: 10_000,
            burnt: 0,
        };
        for (now, expected) in [(500, "yes"), (9_900, "no"), (5_000, "unclear")] {
            assert_eq!(
                told(&before.has_sent_all_but(1_000, now)),
                expected,
                "{now} there: it lives on something, and nobody else was here"
            );
        }
    }
}
