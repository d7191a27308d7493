//! Why an execution failed, with the network's error code and wording.

use candid::Principal;

/// The failure of one execution. `Display` is the network's wording without its beginning, which names the canister;
/// [`Trap::report`] is the whole rejection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // the messages say it
pub enum Trap {
    #[error("Canister trapped: unreachable")]
    Unreachable,
    #[error("Canister trapped: heap out of bounds")]
    HeapOutOfBounds,
    #[error("Canister trapped: stable memory out of bounds")]
    StableMemoryOutOfBounds,
    #[error("Canister trapped: 32 bit stable memory api used on a memory larger than 4GB")]
    StableMemoryTooBigFor32Bit,
    #[error("Canister trapped: table out of bounds")]
    TableOutOfBounds,
    #[error("Canister trapped: integer division by 0")]
    IntegerDivisionByZero,
    #[error("Canister trapped: stack overflow")]
    StackOverflow,
    #[error("Canister trapped: cycles amount exceeds 64-bit representation")]
    CyclesTooManyFor64Bit,
    #[error("Canister trapped: unknown")]
    Other,
    #[error("Canister called `ic0.trap` with message: '{0}'")]
    Called(String),
    /// A system call with arguments, or at a moment, that the interface specification forbids.
    #[error("Canister violated contract: {0}")]
    Violation(String),
    #[error("Canister provided invalid principal id")]
    InvalidPrincipal,
    #[error(
        "Environment variable index {index} is out of bounds. The number of environment variables is {length}."
    )]
    NoVariableAt { index: u64, length: usize },
    #[error("Environment variable {0} not found.")]
    NoVariable(String),
    #[error("Canister {canister} is out of cycles")]
    OutOfCycles { canister: Principal },
    #[error("Canister exceeded the limit of {0} instructions for single message execution.")]
    InstructionLimit(u64),
    #[error("Canister cannot grow its memory usage.")]
    OutOfMemory,
    #[error(
        "Canister exceeded its current Wasm memory limit of {limit} bytes. \
         The peak Wasm memory usage was {bytes} bytes. \
         If the canister reaches 4GiB, then it may stop functioning and may become unrecoverable. \
         Please reach out to the canister owner to investigate the reason for the increased memory usage. \
         It might be necessary to move data from the Wasm memory to the stable memory. \
         If such high Wasm memory usage is expected and safe, then the developer can increase \
         the Wasm memory limit in the canister settings."
    )]
    WasmMemoryLimit { bytes: u64, limit: u64 },
    #[error("Canister has no {kind} method '{name}'.")]
    NoMethod { kind: &'static str, name: String },
    #[error("Canister requested to invoke a non-existent Wasm function {function} from table 0")]
    NoFunction { function: u32 },
    /// `canister_inspect_message` did not accept.
    #[error("Canister rejected the message")]
    NotAccepted,
    #[error("Canister encountered a Wasm engine error: {0}")]
    Engine(String),
    /// A callback trapped, and then its cleanup did.
    #[error("{callback}\n\ncall_on_cleanup also failed:\n\n{cleanup}")]
    Cleanup {
        callback: Box<Self>,
        cleanup: Box<Self>,
    },
}

impl Trap {
    /// The number of the network's error code; its hundreds are the reject code. 502 is written IC0502.
    pub fn code(&self) -> u16 {
        match self {
            Self::Unreachable
            | Self::HeapOutOfBounds
            | Self::StableMemoryOutOfBounds
            | Self::StableMemoryTooBigFor32Bit
            | Self::TableOutOfBounds
            | Self::IntegerDivisionByZero
            | Self::StackOverflow
            | Self::CyclesTooManyFor64Bit
            | Self::Other => 502,
            Self::Called(_) => 503,
            Self::Violation(_)
            | Self::InvalidPrincipal
            | Self::NoVariableAt { .. }
            | Self::NoVariable(_)
            | Self::OutOfCycles { .. } => 504,
            Self::InstructionLimit(_) => 522,
            Self::OutOfMemory => 507,
            Self::WasmMemoryLimit { .. } => 539,
            Self::NoMethod { .. } => 536,
            Self::NoFunction { .. } => 513,
            Self::NotAccepted => 406,
            Self::Engine(_) => 521,
            Self::Cleanup { callback, .. } => callback.code(),
        }
    }

    /// The whole text of the rejection. Real replicas append advice, which tools show and must cope with; so does
    /// this one, for the failures that the authors of canisters meet most.
    pub fn report(&self, canister: &Principal) -> String {
        let (advice, anchor) = match self {
            Self::Called(_) => (
                "Consider handling the failure in the caller, or changing the canister.",
                "trapped-explicitly",
            ),
            Self::InstructionLimit(_) => (
                "Try to need fewer instructions, or to split the work into several messages.",
                "instruction-limit-exceeded",
            ),
            Self::NoMethod { .. } => (
                "Check that the canister exports this method.",
                "method-not-found",
            ),
            Self::WasmMemoryLimit { .. } => (
                "Check for a memory leak, or use more stable memory instead.",
                "wasm-memory-limit-exceeded",
            ),
            _ if self.code() == 502 => (
                "Consider handling the failure in the caller, or changing the canister.",
                "trapped",
            ),
            _ => return format!("Error from Canister {canister}: {self}"),
        };
        format!(
            "Error from Canister {canister}: {self}.\n{advice} See documentation: \
             https://internetcomputer.org/docs/current/references/execution-errors#{anchor}"
        )
    }

    /// The record that a trap leaves in the canister's log.
    pub(crate) fn log_record(&self) -> Option<String> {
        let text = match self {
            Self::Called(message) if message.is_empty() => "(no message)".to_owned(),
            Self::Called(message) => message.clone(),
            _ if self.code() == 502 => self.to_string().replacen("Canister trapped: ", "", 1),
            _ => return None,
        };
        Some(format!("[TRAP]: {text}"))
    }
}

impl wasmi::errors::HostError for Trap {}

/// What the interpreter says, in the network's terms.
impl From<wasmi::Error> for Trap {
    fn from(error: wasmi::Error) -> Self {
        use wasmi::TrapCode as Code;
        if let Some(trap) = error.downcast_ref::<Self>() {
            return trap.clone();
        }
        match error.as_trap_code() {
            Some(Code::UnreachableCodeReached) => Self::Unreachable,
            Some(Code::MemoryOutOfBounds) => Self::HeapOutOfBounds,
            Some(Code::TableOutOfBounds) => Self::TableOutOfBounds,
            Some(Code::IntegerDivisionByZero) => Self::IntegerDivisionByZero,
            Some(Code::StackOverflow) => Self::StackOverflow,
            Some(_) => Self::Other,
            None => Self::Engine(error.to_string()),
        }
    }
}
