//! The real app in its real window, driven as a person would: by names on the screen, through WebDriver.
//!
//! Every test has a home, a driver and a network of its own. `cargo xtask test --only desktop` provides what they need: a display,
//! a session bus, `CANOPIC_APP`, `CANOPIC_ICP`, and `CANOPIC_EVIDENCE` for the pictures of failures.

#![allow(clippy::unwrap_used, missing_docs)]

mod app;
mod bus;
mod drag;
mod first_time;
mod guided;
mod identity;
mod lifecycle;
mod outside;
mod screen;
mod start;
mod witness;
