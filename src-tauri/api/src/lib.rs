//! The contract: what the front end can ask, see and be told. No Tauri in here, so that the window and the browser bridge of the
//! tests use the very same code.
//!
//! Reading order: [`requests!`](self) in `requests.rs`, where each request is declared once; [`Api`], with one method per request
//! that reads parse, engine, view; [`wire`], the only types that cross to the front end; [`failure`], the one error among them;
//! [`feed`], what the front end is told without asking.
//!
//! **Why one command.** The shell has a single Tauri command that takes a tagged [`Request`] and answers with JSON. So there is no
//! list of commands to keep in step: one macro makes the enum, the dispatch and the TypeScript interface `Requests` from the same
//! lines, and a test fails when `ui/src/backend/wire.ts` is not what the macro says.

pub mod activity;
pub mod calls;
pub mod canisters;
mod closing;
mod computer;
pub mod copies;
pub mod dropped;
pub mod failure;
pub mod feed;
pub mod identities;
pub mod installs;
pub mod jobs;
pub mod lessons;
pub mod networks;
pub mod notices;
pub mod picks;
pub mod projects;
mod requests;
pub mod timeline;
pub mod typescript;
pub mod watch;
pub mod wire;

pub use computer::Computer;
pub use requests::{Api, Request};
