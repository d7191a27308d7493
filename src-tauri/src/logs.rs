//! Where the app writes down what it did: a file a day in its log folder, the last fourteen kept, and warnings on the terminal.
//!
//! No secret reaches a log: requests are named without their parameters, and types that hold keys print nothing of them. The
//! folder is 0700. `CANOPIC_LOG` sets the filter, as in `CANOPIC_LOG=debug`.

use camino::Utf8Path;
use std::io::IsTerminal as _;
use tracing::Level;
use tracing_appender::{
    non_blocking::WorkerGuard,
    rolling::{RollingFileAppender, Rotation},
};
use tracing_subscriber::{
    EnvFilter, Layer as _, filter::filter_fn, fmt, layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

/// Two weeks: long enough for a support case, short enough that nobody has to clean up.
const DAYS_KEPT: usize = 14;

/// The target of events that a person at the terminal has been told in words.
pub(crate) const SAID_ALREADY: &str = "said_already";

/// Starts logging. Without a folder, or with one that cannot be written to, only the terminal gets anything.
pub(crate) fn begin(folder: Option<&Utf8Path>) -> Option<WorkerGuard> {
    let file = folder.and_then(|folder| {
        RollingFileAppender::builder()
            .rotation(Rotation::DAILY)
            .filename_prefix("canopic")
            .filename_suffix("log")
            .max_log_files(DAYS_KEPT)
            .build(folder)
            .ok()
    });
    let filter = EnvFilter::try_from_env("CANOPIC_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let (writer, guard) = file.map(tracing_appender::non_blocking).unzip();
    tracing_subscriber::registry()
        .with(writer.map(|writer| {
            fmt::layer()
                .with_ansi(false)
                .with_writer(writer)
                .with_filter(filter)
        }))
        .with(
            fmt::layer()
                .with_writer(std::io::stderr)
                .with_ansi(std::io::stderr().is_terminal())
                .without_time()
                .with_filter(filter_fn(|event| {
                    *event.level() <= Level::WARN && event.target() != SAID_ALREADY
                })),
        )
        .init();
    std::panic::set_hook(Box::new(|panic| {
        let backtrace = std::backtrace::Backtrace::force_capture();
        tracing::error!(%panic, %backtrace, "panicked");
    }));
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "canopic starts");
    guard
}
