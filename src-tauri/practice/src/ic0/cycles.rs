//! Cycles: what the canister has, what came with the call, what things cost.

use super::{Call, u128_of};
use crate::execute::Trap;

/// The names of the network's threshold keys.
const KEYS: [&str; 3] = ["key_1", "test_key_1", "dfx_test_key"];

impl Call<'_> {
    /// What may be spent.
    pub(super) fn liquid(&self) -> u128 {
        self.host
            .balance
            .saturating_sub(self.host.environment.freezing_limit)
    }

    fn available(&self) -> u128 {
        self.host.environment.context.cycles_available - self.host.accepted
    }

    fn give(&mut self, amount: u128, dst: u64) -> Result<(), Trap> {
        self.copy_out(&amount.to_le_bytes(), dst, 0, 16)
    }

    pub(super) fn canister_cycle_balance(&mut self) -> Result<u64, Trap> {
        narrow(self.host.balance)
    }

    pub(super) fn canister_cycle_balance128(&mut self, dst: u64) -> Result<(), Trap> {
        self.give(self.host.balance, dst)
    }

    pub(super) fn canister_liquid_cycle_balance128(&mut self, dst: u64) -> Result<(), Trap> {
        self.give(self.liquid(), dst)
    }

    pub(super) fn msg_cycles_available(&mut self) -> Result<u64, Trap> {
        narrow(self.available())
    }

    pub(super) fn msg_cycles_available128(&mut self, dst: u64) -> Result<(), Trap> {
        self.give(self.available(), dst)
    }

    pub(super) fn msg_cycles_refunded(&mut self) -> Result<u64, Trap> {
        narrow(self.host.message.refunded)
    }

    pub(super) fn msg_cycles_refunded128(&mut self, dst: u64) -> Result<(), Trap> {
        self.give(self.host.message.refunded, dst)
    }

    pub(super) fn msg_cycles_accept(&mut self, max_amount: u64) -> Result<u64, Trap> {
        narrow(self.accept(max_amount.into()))
    }

    pub(super) fn msg_cycles_accept128(
        &mut self,
        high: u64,
        low: u64,
        dst: u64,
    ) -> Result<(), Trap> {
        let accepted = self.accept(u128_of(high, low));
        self.give(accepted, dst)
    }

    fn accept(&mut self, max_amount: u128) -> u128 {
        let amount = max_amount.min(self.available());
        self.host.accepted += amount;
        self.host.balance += amount;
        amount
    }

    pub(super) fn cycles_burn128(&mut self, high: u64, low: u64, dst: u64) -> Result<(), Trap> {
        let amount = u128_of(high, low).min(self.liquid());
        self.host.burned += amount;
        self.host.balance -= amount;
        self.give(amount, dst)
    }

    pub(super) fn mint_cycles128(&mut self, high: u64, low: u64, dst: u64) -> Result<(), Trap> {
        if !self.host.environment.mints_cycles {
            return Err(Trap::Violation(format!(
                "ic0.mint_cycles cannot be executed on non Cycles Minting Canister: {}",
                self.host.environment.canister
            )));
        }
        let amount = u128_of(high, low).min(u128::MAX - self.host.balance);
        self.host.minted += amount;
        self.host.balance += amount;
        self.give(amount, dst)
    }

    pub(super) fn cost_call(
        &mut self,
        name_size: u64,
        payload_size: u64,
        dst: u64,
    ) -> Result<(), Trap> {
        let prices = self.host.environment.prices;
        let cost = prices.call(name_size.saturating_add(payload_size))
            + prices.response(self.host.is_wasm64);
        self.give(cost, dst)
    }

    pub(super) fn cost_create_canister(&mut self, dst: u64) -> Result<(), Trap> {
        self.give(self.host.environment.prices.create_canister(), dst)
    }

    pub(super) fn cost_http_request(
        &mut self,
        request: u64,
        response: u64,
        dst: u64,
    ) -> Result<(), Trap> {
        self.give(
            self.host.environment.prices.http_request(request, response),
            dst,
        )
    }

    pub(super) fn cost_sign_with_ecdsa(
        &mut self,
        src: u64,
        size: u64,
        curve: u64,
        dst: u64,
    ) -> Result<u64, Trap> {
        self.cost_of_key(src, size, curve == 0, dst)
    }

    pub(super) fn cost_sign_with_schnorr(
        &mut self,
        src: u64,
        size: u64,
        algorithm: u64,
        dst: u64,
    ) -> Result<u64, Trap> {
        self.cost_of_key(src, size, algorithm <= 1, dst)
    }

    pub(super) fn cost_vetkd_derive_key(
        &mut self,
        src: u64,
        size: u64,
        curve: u64,
        dst: u64,
    ) -> Result<u64, Trap> {
        self.cost_of_key(src, size, curve == 0, dst)
    }

    /// 0 and the price, or 1 for an algorithm that does not exist, or 2 for a key that does not.
    fn cost_of_key(
        &mut self,
        src: u64,
        size: u64,
        algorithm_known: bool,
        dst: u64,
    ) -> Result<u64, Trap> {
        let name = self.heap_bytes(src, size)?;
        let Ok(text) = std::str::from_utf8(name) else {
            return Err(Trap::Violation(format!(
                "Failed to decode key name {}",
                String::from_utf8_lossy(name)
            )));
        };
        let key_known = KEYS.contains(&text);
        if !algorithm_known {
            return Ok(1);
        }
        if !key_known {
            return Ok(2);
        }
        self.give(self.host.environment.prices.signature(), dst)?;
        Ok(0)
    }
}

fn narrow(amount: u128) -> Result<u64, Trap> {
    amount.try_into().map_err(|_| Trap::CyclesTooManyFor64Bit)
}
