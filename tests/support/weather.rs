//! A network on a bad day, as a script of faults.

use canopic_practice::faults::{Effect, Fault, Kind};

/// One call in ten is answered with 429 or 503, and every two hundredth connection breaks, for so many calls.
pub fn bad_day(calls: u32) -> impl Iterator<Item = Fault> {
    (1..=calls / 10).map(|tenth| {
        let effect = match tenth {
            _ if tenth % 20 == 0 => Effect::Cut,
            _ if tenth % 2 == 0 => Effect::Status { code: 503 },
            _ => Effect::Status { code: 429 },
        };
        Fault {
            kind: Some(Kind::Call),
            method: None,
            after: 9,
            times: 1,
            effect,
        }
    })
}
