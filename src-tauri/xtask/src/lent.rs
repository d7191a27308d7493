//! The network that tests run against which inject no fault.
//!
//! Without a word of the person it is a practice network in a process of its own, so that what the tests rely on is what any network has, and
//! not that it lives in their process. With an address it is that one: a real replica, for instance.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::Value;

use crate::places::Places;
use crate::process::Owned;
use crate::trouble::Trouble;

/// Which network the tests are held against.
#[derive(Args)]
pub struct Against {
    /// Run the tests that inject no fault on the network at this address. Its root key is fetched.
    #[arg(long, requires = "effective_id")]
    network: Option<String>,
    /// A canister id beside which that network makes canisters.
    #[arg(long, requires = "network")]
    effective_id: Option<String>,
}

/// A network for as long as somebody needs it.
pub struct Lent {
    address: String,
    effective_id: String,
    /// From checkpoint to checkpoint, where that is known.
    checkpoint: Option<&'static str>,
    /// None where somebody else runs it.
    _process: Option<Owned>,
}

/// A practice network answers within a second; the rest is for a machine that is busy building.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// Seconds from checkpoint to checkpoint.
const CHECKPOINT: &str = "1";

/// How often to look whether it does.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

impl Lent {
    /// The network that was named, or a practice network that is started for this.
    pub fn lend(places: &Places, against: &Against) -> Result<Self, Trouble> {
        if let (Some(address), Some(effective_id)) = (&against.network, &against.effective_id) {
            return Ok(Self {
                address: address.clone(),
                effective_id: effective_id.clone(),
                checkpoint: None,
                _process: None,
            });
        }
        let ready = places.target.join("lent-network.json");
        // What an earlier one said must not be taken for the word of this one.
        let _ = fs::remove_file(&ready);
        let mut command = Command::new(places.built("canopic-practice", false));
        command
            // A snapshot can be loaded elsewhere after a checkpoint; nobody wants to wait ten minutes for it.
            .args(["--checkpoint", CHECKPOINT, "--ready-file"])
            .arg(&ready)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut process = Owned::start(&mut command, "start a practice network for the tests")?;
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            if let Some((address, effective_id)) = told(&ready) {
                return Ok(Self {
                    address,
                    effective_id,
                    checkpoint: Some(CHECKPOINT),
                    _process: Some(process),
                });
            }
            let has_ended = process.wait_at_most(LOOK_AGAIN)?.is_some();
            if has_ended || Instant::now() >= deadline {
                return Err(Trouble::Advice(
                    "The practice network for the tests did not start. `cargo run -p canopic-practice` tells why.".into(),
                ));
            }
        }
    }

    /// Tells a command where it is.
    pub fn name_to<'command>(&self, command: &'command mut Command) -> &'command mut Command {
        command
            .env("CANOPIC_NETWORK_URL", &self.address)
            .env("CANOPIC_EFFECTIVE_CANISTER_ID", &self.effective_id)
            .envs(
                self.checkpoint
                    .map(|seconds| ("CANOPIC_CHECKPOINT_SECONDS", seconds)),
            )
    }
}

/// What a network says of itself once it answers.
fn told(ready: &Path) -> Option<(String, String)> {
    let said: Value = serde_json::from_slice(&fs::read(ready).ok()?).ok()?;
    let field = |name: &str| said[name].as_str().map(ToOwned::to_owned);
    Some((field("url")?, field("default_effective_canister_id")?))
}
