//! The engine over a network: each module is one domain.

#![allow(clippy::unwrap_used, missing_docs)]

mod logs;
mod networks;
mod status;
