//! Conformance: what a real replica was seen to do, asked of the practice network.
//!
//! The vectors are data (README.md tells their format), so that the practice network and the real one can be held against the
//! same expectations. Every case is a test of its own, `FILE::CASE`; cases share no canisters. The practice network is started by
//! the test itself, one for each process; `CANOPIC_NETWORK_URL` (with `CANOPIC_EFFECTIVE_CANISTER_ID`, where the network does not
//! announce it) names another one instead.
//!
//! Left out are the cases tagged `changed-later`: they tell what the network did in October 2025 and does no longer; the practice
//! network follows the newer interface.
//!
//! Reading order: `format`, `case`, `expectation`, `pattern`, `expression`, `library`, `network`.

mod case;
mod examples;
mod expectation;
mod expression;
mod format;
mod library;
mod network;
mod pattern;

use anyhow::{Context as _, Result};
use format::{Case, VectorFile};
use library::Library;
use libtest_mimic::{Arguments, Trial};
use network::Network;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/conformance");

const VECTORS: [(&str, &str); 3] = [
    ("lifecycle", include_str!("vectors/lifecycle.json")),
    ("snapshots", include_str!("vectors/snapshots.json")),
    ("execution", include_str!("vectors/execution.json")),
];

/// What the network did once and does no longer.
const CHANGED_LATER: &str = "changed-later";

/// What all cases of a process share. The network is opened by the first case that asks: listing the tests needs none.
struct Stage {
    network: OnceCell<Arc<Network>>,
    runtime: Runtime,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::from_args();
    let stage = Arc::new(Stage {
        network: OnceCell::new(),
        runtime: Runtime::new()?,
    });
    let mut trials = vec![];
    for (file, text) in VECTORS {
        let vectors: VectorFile = serde_json::from_str(text).context(file)?;
        for case in vectors.cases {
            if case.tags.iter().any(|tag| tag == CHANGED_LATER) {
                continue;
            }
            let name = format!("{file}::{}", case.name);
            let stage = stage.clone();
            trials.push(Trial::test(name, move || Ok(stage.run(&case)?)));
        }
    }
    trials.extend(examples::trials());
    Ok(libtest_mimic::run(&arguments, trials).exit_code())
}

impl Stage {
    fn run(&self, case: &Case) -> Result<()> {
        let library = Library::new(Path::new(FOLDER).join("wasm"));
        self.runtime.block_on(async {
            let network = self
                .network
                .get_or_try_init(|| async { Network::open().await.map(Arc::new) });
            case::run(case, network.await.context("no network to ask")?, &library).await
        })
    }
}
