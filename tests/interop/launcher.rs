//! The practice network as the network of somebody's own `icp` project: started by `icp` itself instead of its launcher.

use canopic_tests::Icp;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A project with one prebuilt canister. Its network ends with it.
struct Project {
    folder: TempDir,
}

/// Port 0: tests run side by side.
const MANIFEST: &str = "
canisters:
  - name: tally
    build:
      steps:
        - type: pre-built
          path: tally.wasm
networks:
  - name: local
    mode: managed
    gateway:
      port: 0
";

impl Project {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("icp.yaml"), MANIFEST).unwrap();
        std::fs::copy(
            super::module("tally.wasm"),
            folder.path().join("tally.wasm"),
        )
        .unwrap();
        Self { folder }
    }

    fn output(&self, arguments: &[&str]) -> Output {
        Command::new(Icp::program())
            .args(arguments)
            .env("ICP_HOME", self.folder.path().join("home"))
            .env("ICP_CLI_NETWORK_LAUNCHER_PATH", launcher())
            .env("DO_NOT_TRACK", "1")
            .current_dir(self.folder.path())
            .output()
            .expect("`icp` can be started")
    }

    fn icp(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (said(&output.stdout), said(&output.stderr));
        assert!(
            output.status.success(),
            "icp {}: {out}{err}",
            arguments.join(" ")
        );
        out
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        // Where it was stopped already this fails, and that is as good.
        let _ = self.output(&["network", "stop"]);
    }
}

/// The program of the practice network, built beside the tests.
fn launcher() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let built = tests.parent().and_then(Path::parent).unwrap();
    let launcher = built.join(format!("canopic-practice{}", std::env::consts::EXE_SUFFIX));
    assert!(
        launcher.exists(),
        "`cargo build -p canopic-practice` makes {}",
        launcher.display()
    );
    launcher
}

#[test]
fn icp_starts_the_network_and_deploys_a_project() {
    let project = Project::new();
    // Twice: what the first network leaves behind must not be in the way of the next.
    for _ in 0..2 {
        project.icp(&["network", "start", "--background"]);
        project.icp(&["deploy"]);
        let total = project.icp(&["canister", "call", "tally", "add", "(5 : nat64)"]);
        assert!(
            total.contains("(5 : nat64)"),
            "the canister counts from the beginning: {total}"
        );
        project.icp(&["network", "stop"]);
    }
}
