//! The message being worked on, and its answer.

#![allow(clippy::unnecessary_wraps)] // the table wants one type for all system calls, also for those that cannot fail

use super::{Call, MAX_MESSAGE, Mode};
use crate::execute::{Entry, Response, Trap};

/// The largest reply of a query that is not replicated.
const MAX_QUERY_REPLY: usize = 3 << 20;

/// What came with the message.
#[derive(Default)]
pub(super) struct Message {
    method: String,
    argument: Vec<u8>,
    reject_code: u32,
    reject_text: String,
    pub(super) refunded: u128,
}

impl Message {
    pub(super) fn of(entry: &Entry) -> Self {
        match entry.clone() {
            Entry::Init { argument } | Entry::PostUpgrade { argument } => Self {
                argument,
                ..Self::default()
            },
            Entry::Update { method, argument }
            | Entry::Query { method, argument }
            | Entry::CompositeQuery { method, argument }
            | Entry::Inspect { method, argument } => Self {
                method,
                argument,
                ..Self::default()
            },
            Entry::Reply {
                reply, refunded, ..
            } => Self {
                argument: reply,
                refunded,
                ..Self::default()
            },
            Entry::Reject {
                code,
                message,
                refunded,
                ..
            } => Self {
                reject_code: code,
                reject_text: message,
                refunded,
                ..Self::default()
            },
            Entry::Cleanup { code, .. } => Self {
                reject_code: code,
                ..Self::default()
            },
            Entry::PreUpgrade | Entry::Heartbeat | Entry::GlobalTimer | Entry::OnLowWasmMemory => {
                Self::default()
            }
        }
    }
}

/// The state of the answer to the call.
pub(super) enum Answer {
    /// Not given; these bytes were appended so far.
    Open(Vec<u8>),
    /// Given in this run.
    Given(Response),
    /// Given in an earlier run.
    GivenBefore,
}

impl Answer {
    pub(super) fn given(self) -> Option<Response> {
        match self {
            Self::Given(response) => Some(response),
            Self::Open(_) | Self::GivenBefore => None,
        }
    }
}

impl Call<'_> {
    pub(super) fn msg_arg_data_size(&mut self) -> Result<u64, Trap> {
        Ok(self.host.message.argument.len() as u64)
    }

    pub(super) fn msg_arg_data_copy(
        &mut self,
        dst: u64,
        offset: u64,
        size: u64,
    ) -> Result<(), Trap> {
        self.copy_field(|host| &mut host.message.argument, dst, offset, size)
    }

    pub(super) fn msg_caller_size(&mut self) -> Result<u64, Trap> {
        Ok(self.host.environment.caller.as_slice().len() as u64)
    }

    pub(super) fn msg_caller_copy(&mut self, dst: u64, offset: u64, size: u64) -> Result<(), Trap> {
        let caller = self.host.environment.caller;
        self.copy_out(caller.as_slice(), dst, offset, size)
    }

    pub(super) fn msg_caller_info_data_size(&mut self) -> Result<u64, Trap> {
        Ok(self.host.environment.caller_info.len() as u64)
    }

    pub(super) fn msg_caller_info_data_copy(
        &mut self,
        dst: u64,
        offset: u64,
        size: u64,
    ) -> Result<(), Trap> {
        self.copy_field(|host| &mut host.environment.caller_info, dst, offset, size)
    }

    pub(super) fn msg_caller_info_signer_size(&mut self) -> Result<u64, Trap> {
        Ok(self.host.environment.caller_info_signer.len() as u64)
    }

    pub(super) fn msg_caller_info_signer_copy(
        &mut self,
        dst: u64,
        offset: u64,
        size: u64,
    ) -> Result<(), Trap> {
        self.copy_field(
            |host| &mut host.environment.caller_info_signer,
            dst,
            offset,
            size,
        )
    }

    pub(super) fn msg_method_name_size(&mut self) -> Result<u64, Trap> {
        Ok(self.host.message.method.len() as u64)
    }

    pub(super) fn msg_method_name_copy(
        &mut self,
        dst: u64,
        offset: u64,
        size: u64,
    ) -> Result<(), Trap> {
        let method = self.host.message.method.clone();
        self.copy_out(method.as_bytes(), dst, offset, size)
    }

    pub(super) fn accept_message(&mut self) -> Result<(), Trap> {
        if std::mem::replace(&mut self.host.message_accepted, true) {
            return self.violation("the function was already called.");
        }
        Ok(())
    }

    pub(super) fn msg_reject_code(&mut self) -> Result<u64, Trap> {
        Ok(self.host.message.reject_code.into())
    }

    pub(super) fn msg_reject_msg_size(&mut self) -> Result<u64, Trap> {
        Ok(self.host.message.reject_text.len() as u64)
    }

    pub(super) fn msg_reject_msg_copy(
        &mut self,
        dst: u64,
        offset: u64,
        size: u64,
    ) -> Result<(), Trap> {
        let message = self.host.message.reject_text.clone();
        self.copy_out(message.as_bytes(), dst, offset, size)
    }

    pub(super) fn msg_deadline(&mut self) -> Result<u64, Trap> {
        Ok(self.host.environment.context.deadline)
    }

    pub(super) fn msg_reply_data_append(&mut self, src: u64, size: u64) -> Result<(), Trap> {
        let Answer::Open(so_far) = &self.host.answer else {
            return self.violation("the call is already replied.");
        };
        let total = (so_far.len() as u64).saturating_add(size);
        if total > self.max_reply() {
            return self.violation(format_args!(
                "application payload size ({total}) cannot be larger than {}.",
                self.max_reply()
            ));
        }
        let bytes = self.heap_bytes(src, size)?.to_vec();
        if let Answer::Open(so_far) = &mut self.host.answer {
            so_far.extend(bytes);
        }
        Ok(())
    }

    pub(super) fn msg_reply(&mut self) -> Result<(), Trap> {
        let Answer::Open(reply) = &mut self.host.answer else {
            return self.violation("the call is already replied");
        };
        self.host.answer = Answer::Given(Response::Reply(std::mem::take(reply)));
        Ok(())
    }

    pub(super) fn msg_reject(&mut self, src: u64, size: u64) -> Result<(), Trap> {
        if !matches!(self.host.answer, Answer::Open(_)) {
            return self.violation("the call is already replied");
        }
        if size > self.max_reply() {
            return self.violation(format_args!(
                "application payload size ({size}) cannot be larger than {}.",
                self.max_reply()
            ));
        }
        match String::from_utf8(self.heap_bytes(src, size)?.to_vec()) {
            Ok(message) => self.host.answer = Answer::Given(Response::Reject(message)),
            Err(_) => return self.violation("invalid UTF-8 string provided"),
        }
        Ok(())
    }

    fn max_reply(&self) -> u64 {
        match self.host.mode {
            Mode::Query | Mode::CompositeQuery => MAX_QUERY_REPLY as u64,
            _ => MAX_MESSAGE as u64,
        }
    }
}
