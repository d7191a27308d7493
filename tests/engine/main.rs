//! The engine over a network: each module is one domain.

#![allow(clippy::unwrap_used, missing_docs)]

mod logs;
mod calls;
mod install;
mod interface;
mod networks;
mod status;
