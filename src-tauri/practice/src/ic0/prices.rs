//! What calls cost, as far as executing code must know it: `call_perform` pays in advance, and the `cost_*` system
//! calls tell. The base prices are those of a subnet of 13 nodes; all others scale with the number of nodes.

use super::MAX_MESSAGE;

/// The price list of a subnet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    nodes: u128,
}

const BASE_NODES: u128 = 13;
const CREATE_CANISTER: u128 = 500_000_000_000;
const CALL: u128 = 260_000;
const CALL_BYTE: u128 = 1_000;
const EXECUTION: u128 = 5_000_000;
const SIGNATURE: u128 = 10_000_000_000;
/// The most instructions that a callback may use, which a call pays in advance.
const CALLBACK_INSTRUCTIONS: u128 = 40_000_000_000;

impl Prices {
    /// The prices on a subnet of that many nodes.
    pub fn of_nodes(nodes: u32) -> Self {
        Self {
            nodes: nodes.into(),
        }
    }

    /// No prices at all, as on system subnets.
    pub fn free() -> Self {
        Self { nodes: 0 }
    }

    fn scaled(self, base: u128) -> u128 {
        base * self.nodes / BASE_NODES
    }

    /// Executing that many instructions; 64-bit code pays twice for each.
    pub fn execution(self, instructions: u64, is_wasm64: bool) -> u128 {
        let each = if is_wasm64 { 2 } else { 1 };
        self.scaled(EXECUTION + u128::from(instructions) * each)
    }

    /// Sending a call whose method name and argument have that many bytes together.
    pub fn call(self, bytes: u64) -> u128 {
        self.scaled(CALL + u128::from(bytes) * CALL_BYTE)
    }

    /// What is held back for the answer to a call: the largest response and the longest callback. What they do not
    /// use is to be given back.
    pub fn response(self, is_wasm64: bool) -> u128 {
        let each = if is_wasm64 { 2 } else { 1 };
        self.scaled(MAX_MESSAGE as u128 * CALL_BYTE)
            + self.scaled(EXECUTION + CALLBACK_INSTRUCTIONS * each)
    }

    /// Creating a canister.
    pub fn create_canister(self) -> u128 {
        self.scaled(CREATE_CANISTER)
    }

    /// An outgoing HTTP request.
    pub fn http_request(self, request_bytes: u64, response_bytes: u64) -> u128 {
        (3_000_000
            + 60_000 * self.nodes
            + 400 * u128::from(request_bytes)
            + 800 * u128::from(response_bytes))
            * self.nodes
    }

    /// A threshold signature or a derived key.
    pub fn signature(self) -> u128 {
        self.scaled(SIGNATURE)
    }
}

impl Default for Prices {
    fn default() -> Self {
        Self::of_nodes(13)
    }
}
