//! Stable memory, certified data, time, and what a canister knows about itself.

#![allow(clippy::unnecessary_wraps)] // the table wants one type for all system calls, also for those that cannot fail

use super::{Call, Mode, calls::principal, forbidden};
use crate::{
    execute::Trap,
    memory::{PAGE, WASM_PAGE},
};

/// 500 GiB in pages.
const MAX_STABLE: u64 = 8_192_000;
/// 4 GiB in pages: what the 32-bit functions can see.
const MAX_STABLE_32: u64 = 65_536;
const MAX_CERTIFIED_DATA: u64 = 32;
/// Longer messages of `debug_print` and `trap` are cut.
const MAX_TEXT: u64 = 32 << 10;
const MAX_VARIABLE_NAME: u64 = 128;
/// What growing answers when it is impossible.
const IMPOSSIBLE: u64 = u64::MAX;

impl Call<'_> {
    pub(super) fn stable64_size(&mut self) -> Result<u64, Trap> {
        Ok(self.host.stable.wasm_pages())
    }

    pub(super) fn stable64_grow(&mut self, new_pages: u64) -> Result<u64, Trap> {
        let before = self.host.stable.wasm_pages();
        let possible = before
            .checked_add(new_pages)
            .is_some_and(|after| after <= MAX_STABLE)
            && self.host.growth.allot(new_pages * WASM_PAGE).is_ok();
        if !possible {
            return Ok(IMPOSSIBLE);
        }
        self.host.stable.grow(new_pages);
        Ok(before)
    }

    pub(super) fn stable64_write(&mut self, offset: u64, src: u64, size: u64) -> Result<(), Trap> {
        let bytes = bounded(self.heap, src, size)?;
        self.host
            .stable
            .write(offset, bytes)
            .map_err(|_| Trap::StableMemoryOutOfBounds)?;
        self.moved += size;
        if size > 0 {
            let page = PAGE as u64;
            self.host.stable_pages_written += (offset + size - 1) / page - offset / page + 1;
        }
        Ok(())
    }

    pub(super) fn stable64_read(&mut self, dst: u64, offset: u64, size: u64) -> Result<(), Trap> {
        bounded(self.heap, dst, size)?;
        let target = &mut self.heap[dst as usize..][..size as usize];
        self.host
            .stable
            .read(offset, target)
            .map_err(|_| Trap::StableMemoryOutOfBounds)?;
        self.moved += size;
        Ok(())
    }

    pub(super) fn stable_size(&mut self) -> Result<u64, Trap> {
        self.fits_32_bits()?;
        self.stable64_size()
    }

    pub(super) fn stable_grow(&mut self, new_pages: u64) -> Result<u64, Trap> {
        self.fits_32_bits()?;
        if self.host.stable.wasm_pages() + new_pages > MAX_STABLE_32 {
            return Ok(IMPOSSIBLE);
        }
        self.stable64_grow(new_pages)
    }

    pub(super) fn stable_write(&mut self, offset: u64, src: u64, size: u64) -> Result<(), Trap> {
        self.fits_32_bits()?;
        self.stable64_write(offset, src, size)
    }

    pub(super) fn stable_read(&mut self, dst: u64, offset: u64, size: u64) -> Result<(), Trap> {
        self.fits_32_bits()?;
        self.stable64_read(dst, offset, size)
    }

    fn fits_32_bits(&self) -> Result<(), Trap> {
        if self.host.stable.wasm_pages() > MAX_STABLE_32 {
            return Err(Trap::StableMemoryTooBigFor32Bit);
        }
        Ok(())
    }

    pub(super) fn certified_data_set(&mut self, src: u64, size: u64) -> Result<(), Trap> {
        if size > MAX_CERTIFIED_DATA {
            return Err(Trap::Violation(format!(
                "ic0_certified_data_set failed because the passed data must be no larger than {MAX_CERTIFIED_DATA} bytes. Found {size} bytes."
            )));
        }
        self.host.certified_data = Some(self.heap_bytes(src, size)?.to_vec());
        Ok(())
    }

    pub(super) fn data_certificate_present(&mut self) -> Result<u64, Trap> {
        Ok(u64::from(
            matches!(self.host.mode, Mode::Query | Mode::CompositeQuery)
                && self.host.environment.data_certificate.is_some(),
        ))
    }

    pub(super) fn data_certificate_size(&mut self) -> Result<u64, Trap> {
        match &self.host.environment.data_certificate {
            Some(certificate) => Ok(certificate.len() as u64),
            None => Err(forbidden(self.name, self.host.mode)),
        }
    }

    pub(super) fn data_certificate_copy(
        &mut self,
        dst: u64,
        offset: u64,
        size: u64,
    ) -> Result<(), Trap> {
        let Some(certificate) = self.host.environment.data_certificate.take() else {
            return Err(forbidden(self.name, self.host.mode));
        };
        let result = self.copy_out(&certificate, dst, offset, size);
        self.host.environment.data_certificate = Some(certificate);
        result
    }

    pub(super) fn root_key_size(&mut self) -> Result<u64, Trap> {
        Ok(self.host.environment.root_key.len() as u64)
    }

    pub(super) fn root_key_copy(&mut self, dst: u64, offset: u64, size: u64) -> Result<(), Trap> {
        self.copy_field(|host| &mut host.environment.root_key, dst, offset, size)
    }

    pub(super) fn canister_self_size(&mut self) -> Result<u64, Trap> {
        Ok(self.host.environment.canister.as_slice().len() as u64)
    }

    pub(super) fn canister_self_copy(
        &mut self,
        dst: u64,
        offset: u64,
        size: u64,
    ) -> Result<(), Trap> {
        let canister = self.host.environment.canister;
        self.copy_out(canister.as_slice(), dst, offset, size)
    }

    pub(super) fn subnet_self_size(&mut self) -> Result<u64, Trap> {
        Ok(self.host.environment.subnet.as_slice().len() as u64)
    }

    pub(super) fn subnet_self_copy(
        &mut self,
        dst: u64,
        offset: u64,
        size: u64,
    ) -> Result<(), Trap> {
        let subnet = self.host.environment.subnet;
        self.copy_out(subnet.as_slice(), dst, offset, size)
    }

    pub(super) fn canister_status(&mut self) -> Result<u64, Trap> {
        Ok(self.host.environment.status as u64)
    }

    pub(super) fn canister_version(&mut self) -> Result<u64, Trap> {
        Ok(self.host.environment.version)
    }

    pub(super) fn is_controller(&mut self, src: u64, size: u64) -> Result<u64, Trap> {
        let who = principal(self.heap_bytes(src, size)?)?;
        Ok(self.host.environment.controllers.contains(&who).into())
    }

    pub(super) fn in_replicated_execution(&mut self) -> Result<u64, Trap> {
        Ok(self.host.mode.is_replicated().into())
    }

    pub(super) fn time(&mut self) -> Result<u64, Trap> {
        Ok(self.host.environment.time)
    }

    pub(super) fn global_timer_set(&mut self, timestamp: u64) -> Result<u64, Trap> {
        let before = self.host.global_timer.replace(timestamp);
        Ok(before.unwrap_or(self.host.environment.global_timer))
    }

    pub(super) fn performance_counter(&mut self, counter: u64) -> Result<u64, Trap> {
        match counter {
            0 => Ok(self.spent),
            1 => Ok(self
                .host
                .environment
                .context
                .instructions
                .saturating_add(self.spent)),
            _ => self.violation(format_args!("invalid counter type {counter}")),
        }
    }

    pub(super) fn env_var_count(&mut self) -> Result<u64, Trap> {
        Ok(self.host.environment.environment_variables.len() as u64)
    }

    pub(super) fn env_var_name_size(&mut self, index: u64) -> Result<u64, Trap> {
        Ok(self.variable_name(index)?.len() as u64)
    }

    pub(super) fn env_var_name_copy(
        &mut self,
        index: u64,
        dst: u64,
        offset: u64,
        size: u64,
    ) -> Result<(), Trap> {
        let name = self.variable_name(index)?.to_owned();
        self.copy_out(name.as_bytes(), dst, offset, size)
    }

    fn variable_name(&self, index: u64) -> Result<&str, Trap> {
        let variables = &self.host.environment.environment_variables;
        let name = usize::try_from(index)
            .ok()
            .and_then(|index| variables.keys().nth(index));
        name.map(String::as_str).ok_or(Trap::NoVariableAt {
            index,
            length: variables.len(),
        })
    }

    pub(super) fn env_var_name_exists(&mut self, name: u64, name_size: u64) -> Result<u64, Trap> {
        let name = self.given_name(name, name_size)?;
        Ok(self
            .host
            .environment
            .environment_variables
            .contains_key(&name)
            .into())
    }

    pub(super) fn env_var_value_size(&mut self, name: u64, name_size: u64) -> Result<u64, Trap> {
        Ok(self.variable_value(name, name_size)?.len() as u64)
    }

    pub(super) fn env_var_value_copy(
        &mut self,
        name: u64,
        name_size: u64,
        dst: u64,
        offset: u64,
        size: u64,
    ) -> Result<(), Trap> {
        let value = self.variable_value(name, name_size)?;
        self.copy_out(value.as_bytes(), dst, offset, size)
    }

    fn variable_value(&mut self, name: u64, name_size: u64) -> Result<String, Trap> {
        let name = self.given_name(name, name_size)?;
        let value = self
            .host
            .environment
            .environment_variables
            .get(&name)
            .cloned();
        value.ok_or(Trap::NoVariable(name))
    }

    fn given_name(&mut self, name: u64, name_size: u64) -> Result<String, Trap> {
        if name_size > MAX_VARIABLE_NAME {
            return self.violation("Variable name is too large.");
        }
        let bytes = self.heap_bytes(name, name_size)?.to_vec();
        String::from_utf8(bytes)
            .or_else(|_| self.violation("Variable name is not a valid UTF-8 string."))
    }

    /// Never traps: a bad address is itself worth a line.
    pub(super) fn debug_print(&mut self, src: u64, size: u64) -> Result<(), Trap> {
        let line = match self.heap_bytes(src, size.min(MAX_TEXT)) {
            Ok(bytes) => bytes.to_vec(),
            Err(_) => b"(debug_print message out of memory bounds)".to_vec(),
        };
        self.host.print(line);
        Ok(())
    }

    pub(super) fn trap(&mut self, src: u64, size: u64) -> Result<(), Trap> {
        Err(Trap::Called(
            match self.heap_bytes(src, size.min(MAX_TEXT)) {
                Ok(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                Err(_) => "(trap message out of memory bounds)".to_owned(),
            },
        ))
    }
}

/// Stable memory calls treat a bad heap address as the heap's own instructions do.
fn bounded(heap: &[u8], start: u64, size: u64) -> Result<&[u8], Trap> {
    let end = start
        .checked_add(size)
        .filter(|end| *end <= heap.len() as u64)
        .ok_or(Trap::HeapOutOfBounds)?;
    Ok(&heap[start as usize..end as usize])
}
