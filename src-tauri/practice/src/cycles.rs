//! What things cost, in cycles, on a subnet of thirteen nodes.
//!
//! The numbers are the network's own; other sizes of subnets scale them, which a practice network does not need. What executing
//! code must know (instructions, calls) is in `ic0/prices.rs`.

/// One trillion.
pub const TRILLION: u128 = 1_000_000_000_000;
/// What a provisionally created canister gets when nobody says how much.
pub const PROVISIONAL_BALANCE: u128 = 100 * TRILLION;
/// What creating a canister takes from the cycles attached to it.
pub const CREATION: u128 = 500_000_000_000;
/// Seconds in a day.
pub const DAY: u128 = 24 * 60 * 60;

/// Storage, for one GiB and one second.
const GIB_SECOND: u128 = 127_000;
/// One percent of compute allocation, for one second.
const COMPUTE_PERCENT_SECOND: u128 = 10_000_000;
/// Receiving an ingress message, and each of its bytes.
const INGRESS_MESSAGE: u128 = 1_200_000;
const INGRESS_BYTE: u128 = 2_000;
/// Each byte of an answer to a canister.
const CALL_BYTE: u128 = 1_000;
/// Keeping this many bytes and this much compute allocation for so many seconds.
pub fn idle(bytes: u64, compute_percent: u64, seconds: u128) -> u128 {
    let storage = (u128::from(bytes) * GIB_SECOND).saturating_mul(seconds) >> 30;
    storage.saturating_add(
        (u128::from(compute_percent) * COMPUTE_PERCENT_SECOND).saturating_mul(seconds),
    )
}

/// Receiving an ingress message of this size.
pub fn ingress(bytes: usize) -> u128 {
    INGRESS_MESSAGE + INGRESS_BYTE * bytes as u128
}

/// The answer to a call, paid by the caller.
pub fn answer(bytes: usize) -> u128 {
    CALL_BYTE * bytes as u128
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gibibyte_costs_what_the_price_list_says() {
        assert_eq!(
            idle(1 << 30, 0, DAY),
            10_972_800_000,
            "about eleven billion a day"
        );
        assert_eq!(
            idle(0, 1, 1),
            10_000_000,
            "one percent of compute for a second"
        );
    }

    #[test]
    fn the_longest_threshold_does_not_overflow() {
        assert!(
            idle(u64::MAX, 100, u128::from(u64::MAX)) > 0,
            "freezing limits saturate instead of panicking"
        );
    }
}
