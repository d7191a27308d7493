//! The unmodified `icp` against the practice network: it must not notice that this is not the Internet Computer.
//!
//! `canister` and `snapshot` start networks with the demo fleet and ask `icp` as the owner of that fleet; in `launcher` it is
//! `icp` that starts the network; `fleet` builds the fleet's modules again; `projects` compares what is read from folders; in
//! `copies` it meets the engine, each with the folders of the other.

#![allow(clippy::unwrap_used, missing_docs)]

mod canister;
mod copies;
mod fleet;
mod launcher;
mod projects;
mod snapshot;

use canopic_practice::{Network, Options};
use canopic_tests::Icp;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A practice network and the real `icp`.
struct Shop {
    network: Network,
    icp: Arc<Icp>,
}

impl Shop {
    async fn open() -> Self {
        let options = Options {
            demo: true,
            ..Options::default()
        };
        let network = canopic_practice::start(options).await.unwrap();
        let icp = Arc::new(Icp::new(&network.ready().url, &network.ready().root_key));
        Self { network, icp }
    }

    /// The id of a canister of the fleet.
    fn id(&self, name: &str) -> String {
        let member = self
            .network
            .fleet()
            .iter()
            .find(|member| member.name == name);
        member.expect("the fleet has this canister").id.to_text()
    }

    /// Runs `icp` while the network, which lives in this process, goes on.
    async fn run<T: Send + 'static>(&self, arguments: &[&str], run: fn(&Icp, &[&str]) -> T) -> T {
        let icp = self.icp.clone();
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        let run = move || {
            run(
                &icp,
                &arguments.iter().map(String::as_str).collect::<Vec<_>>(),
            )
        };
        tokio::task::spawn_blocking(run).await.unwrap()
    }

    async fn ask(&self, arguments: &[&str]) -> String {
        self.run(arguments, Icp::ask).await
    }

    async fn ask_json(&self, arguments: &[&str]) -> Value {
        let text = self.ask(&[arguments, &["--json"]].concat()).await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// What `icp` says when it fails, as it has to.
    async fn refused(&self, arguments: &[&str]) -> String {
        self.run(arguments, Icp::refused).await
    }
}

/// A module of the demo fleet.
fn module(name: &str) -> String {
    let fleet: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../src-tauri/practice/demo"]
        .iter()
        .collect();
    text(&fleet.join(name))
}

fn text(path: &Path) -> String {
    path.to_str().expect("paths here are text").to_owned()
}
