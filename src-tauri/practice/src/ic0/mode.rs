//! Entry points, and sets of them: most system calls are allowed only from some.

use crate::execute::Entry;

/// From where a system call comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Start,
    Init,
    PreUpgrade,
    Update,
    ReplicatedQuery,
    Query,
    CompositeQuery,
    Reply,
    Reject,
    CompositeReply,
    CompositeReject,
    Cleanup,
    CompositeCleanup,
    Inspect,
    Heartbeat,
    GlobalTimer,
    OnLowWasmMemory,
}

impl Mode {
    pub(super) fn of(entry: &Entry, replicated: bool) -> Self {
        match entry {
            Entry::Init { .. } | Entry::PostUpgrade { .. } => Self::Init,
            Entry::PreUpgrade => Self::PreUpgrade,
            Entry::Update { .. } => Self::Update,
            Entry::Query { .. } if replicated => Self::ReplicatedQuery,
            Entry::Query { .. } => Self::Query,
            Entry::CompositeQuery { .. } => Self::CompositeQuery,
            Entry::Inspect { .. } => Self::Inspect,
            Entry::Heartbeat => Self::Heartbeat,
            Entry::GlobalTimer => Self::GlobalTimer,
            Entry::OnLowWasmMemory => Self::OnLowWasmMemory,
            Entry::Reply { .. } if replicated => Self::Reply,
            Entry::Reply { .. } => Self::CompositeReply,
            Entry::Reject { .. } if replicated => Self::Reject,
            Entry::Reject { .. } => Self::CompositeReject,
            Entry::Cleanup { .. } if replicated => Self::Cleanup,
            Entry::Cleanup { .. } => Self::CompositeCleanup,
        }
    }

    /// Whether all nodes execute this together, and its effects last.
    pub(super) fn is_replicated(self) -> bool {
        !matches!(
            self,
            Self::Query
                | Self::CompositeQuery
                | Self::CompositeReply
                | Self::CompositeReject
                | Self::CompositeCleanup
                | Self::Inspect
        )
    }

    /// The specification's abbreviation and the replicas' name.
    pub(super) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Start => ("s", "start"),
            Self::Init => ("I", "init"),
            Self::PreUpgrade => ("G", "pre upgrade"),
            Self::Update => ("U", "update"),
            Self::ReplicatedQuery => ("RQ", "replicated query"),
            Self::Query => ("NRQ", "non replicated query"),
            Self::CompositeQuery => ("CQ", "composite query"),
            Self::Reply => ("Ry", "reply callback"),
            Self::Reject => ("Rt", "reject callback"),
            Self::CompositeReply => ("CRy", "composite reply callback"),
            Self::CompositeReject => ("CRt", "composite reject callback"),
            Self::Cleanup => ("C", "cleanup"),
            Self::CompositeCleanup => ("CC", "composite cleanup"),
            Self::Inspect => ("F", "inspect message"),
            Self::Heartbeat => ("T", "heartbeat"),
            Self::GlobalTimer => ("T", "global timer"),
            Self::OnLowWasmMemory => ("T", "on low Wasm memory"),
        }
    }

    const ALL: [Self; 17] = [
        Self::Start,
        Self::Init,
        Self::PreUpgrade,
        Self::Update,
        Self::ReplicatedQuery,
        Self::Query,
        Self::CompositeQuery,
        Self::Reply,
        Self::Reject,
        Self::CompositeReply,
        Self::CompositeReject,
        Self::Cleanup,
        Self::CompositeCleanup,
        Self::Inspect,
        Self::Heartbeat,
        Self::GlobalTimer,
        Self::OnLowWasmMemory,
    ];
}

/// A set of entry points.
#[derive(Clone, Copy)]
pub(super) struct Modes(u32);

impl Modes {
    /// From the specification's abbreviations; `*` is all but the start function.
    pub(super) fn parse(text: &str) -> Self {
        debug_assert!(
            text.split(' ')
                .all(|word| word == "*" || Mode::ALL.iter().any(|mode| word == mode.names().0)),
            "an abbreviation that the specification does not have: {text}"
        );
        let listed = |mode: Mode| {
            text.split(' ')
                .any(|word| word == mode.names().0 || word == "*" && mode != Mode::Start)
        };
        Self(
            Mode::ALL
                .into_iter()
                .filter(|mode| listed(*mode))
                .map(|mode| 1 << mode as u32)
                .sum(),
        )
    }

    pub(super) fn contain(self, mode: Mode) -> bool {
        self.0 & 1 << mode as u32 != 0
    }
}
