//! Where things lie: the checkout and cargo's target folder, which need not be inside it.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::trouble::{Doing, Trouble};

/// The folders that every chore speaks of.
pub struct Places {
    /// The top of the checkout.
    pub root: PathBuf,
    /// Cargo's target folder, wherever the person or the machine has put it.
    pub target: PathBuf,
}

impl Places {
    /// Asks cargo, which alone knows every way to move its target folder.
    pub fn find() -> Result<Self, Trouble> {
        let output = Command::new(cargo_program())
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .stderr(Stdio::inherit())
            .output()
            .doing("ask cargo where the workspace lies")?;
        let metadata: Value =
            serde_json::from_slice(&output.stdout).map_err(|source| Trouble::Unreadable {
                what: "what cargo says of the workspace".into(),
                source,
            })?;
        let folder = |key: &str| metadata[key].as_str().map(PathBuf::from);
        match (folder("workspace_root"), folder("target_directory")) {
            (Some(root), Some(target)) => Ok(Self { root, target }),
            _ => Err(Trouble::Advice(
                "cargo does not say where the workspace lies: run this inside the checkout.".into(),
            )),
        }
    }

    /// The front end's sources.
    pub fn ui(&self) -> PathBuf {
        self.root.join("ui")
    }

    /// The app's icons, of which the front end draws one.
    pub fn icons(&self) -> PathBuf {
        self.root.join("icons")
    }

    /// The front end as the app embeds it.
    pub fn dist(&self) -> PathBuf {
        self.ui().join("dist")
    }

    /// The crate of the tests that cross crates.
    pub fn tests(&self) -> PathBuf {
        self.root.join("tests")
    }

    /// The browser tests, an npm package of their own.
    pub fn browser_tests(&self) -> PathBuf {
        self.root.join("tests/e2e")
    }

    /// One log per stage of the tests, and a folder beside it for what a stage leaves as evidence.
    pub fn logs(&self) -> PathBuf {
        self.target.join("test-logs")
    }

    /// Pictures of the app.
    pub fn screenshots(&self) -> PathBuf {
        self.target.join("screenshots")
    }

    /// Programs that only the tests need and that no system package has.
    pub fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    /// A program that cargo built.
    pub fn built(&self, name: &str, release: bool) -> PathBuf {
        let profile = if release { "release" } else { "debug" };
        self.target
            .join(profile)
            .join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }

    /// Cargo at the top of the checkout.
    pub fn cargo(&self) -> Command {
        let mut command = Command::new(cargo_program());
        command.current_dir(&self.root);
        // `cargo run` describes this package to this process; a build script that reads these would build anew each time.
        for (name, _) in env::vars_os() {
            let name_text = name.to_string_lossy();
            if name_text.starts_with("CARGO_PKG_") || name_text.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&name);
            }
        }
        command
    }
}

/// The cargo that started this process, so that everything is built by one toolchain.
fn cargo_program() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
