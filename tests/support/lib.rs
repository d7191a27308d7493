//! What several tests share: an engine on a network ([`Bench`]), and the real `icp`, asked over the wire ([`Icp`]).

mod bench;
pub mod errand;
pub mod memory;
pub mod operations;
mod weather;

pub use bench::{About, Bench, manage};
pub use weather::bad_day;

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

/// The real `icp`, with a home of its own that holds the practice network's play identity.
pub struct Icp {
    program: PathBuf,
    home: TempDir,
    address: String,
    root_key: String,
}

impl Icp {
    /// The name under which the play identity is imported.
    pub const OWNER: &str = "owner";

    /// Where the program is.
    ///
    /// # Panics
    ///
    /// Where `CANOPIC_ICP` does not tell.
    pub fn program() -> PathBuf {
        let program = std::env::var_os("CANOPIC_ICP").map(PathBuf::from);
        program.expect(
            "CANOPIC_ICP names the real `icp`; `cargo xtask test` installs it and sets the variable",
        )
    }

    /// Prepares `icp` for a network.
    ///
    /// # Panics
    ///
    /// Where `CANOPIC_ICP` does not name the program, or the program does not take the identity.
    pub fn new(address: &str, root_key: &str) -> Self {
        let program = Self::program();
        let home = tempfile::tempdir().expect("a temporary folder can be made");
        let key = home.path().join("owner.pem");
        std::fs::write(&key, pem(&canopic_practice::demo::OWNER_SEED))
            .expect("a temporary file can be written");
        let icp = Self {
            program,
            home,
            address: format!("{}/", address.trim_end_matches('/')),
            root_key: root_key.to_owned(),
        };
        icp.run(&[
            "identity",
            "import",
            Self::OWNER,
            "--storage",
            "plaintext",
            "--from-pem",
            &key.to_string_lossy(),
        ]);
        icp
    }

    /// Runs a command on the network as the play identity and returns what it printed.
    pub fn ask(&self, arguments: &[&str]) -> String {
        self.run(&[arguments, &self.place()].concat())
    }

    /// Runs a command that has to fail, and returns what it said.
    pub fn refused(&self, arguments: &[&str]) -> String {
        let output = self.output(&[arguments, &self.place()].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success(),
            "icp {} was to fail: {said}",
            arguments.join(" ")
        );
        said
    }

    /// Where a command goes, and as whom.
    fn place(&self) -> [&str; 6] {
        [
            "-n",
            &self.address,
            "-k",
            &self.root_key,
            "--identity",
            Self::OWNER,
        ]
    }

    /// Begins a command on the network as the play identity; what it prints is thrown away.
    ///
    /// # Panics
    ///
    /// Where it cannot be started.
    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(&[arguments, &self.place()].concat())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("`icp` can be started")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .env("ICP_HOME", self.home.path())
            .env("DO_NOT_TRACK", "1")
            .current_dir(self.home.path());
        command
    }

    fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments)
            .output()
            .expect("`icp` can be started")
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let (out, err) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(
            output.status.success(),
            "icp {}: {}\n{out}{err}",
            arguments.join(" "),
            output.status
        );
        out.into_owned()
    }
}

/// An Ed25519 key as PKCS#8 in PEM, as `icp` imports it.
fn pem(seed: &[u8; 32]) -> String {
    use base64::Engine as _;
    // RFC 8410: version 0, algorithm 1.3.101.112, and the key as an octet string in an octet string.
    let mut der =
        hex::decode("302e020100300506032b657004220420").expect("these are hexadecimal digits");
    der.extend_from_slice(seed);
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}
