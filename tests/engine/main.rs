//! The engine over a network: each module is one domain.

#![allow(clippy::unwrap_used, missing_docs)]

mod activity;
mod calls;
mod company;
mod guided;
mod identities;
mod install;
mod interface;
mod journal;
mod lessons;
mod lifecycle;
mod logs;
mod networks;
mod operations;
mod projects;
mod read_only;
mod status;
mod timeline;
mod watch;
