//! A screen where there is none: Xvfb, with a message bus and, for tests, a keyring of its own.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::process::{self, Owned};
use crate::trouble::{Doing, Trouble};

/// Room for the app's window of 1240 x 800 on a common screen.
const SCREEN: &str = "1280x900x24";

/// Whether this machine needs a virtual screen to show a window.
pub fn is_absent() -> bool {
    let unset = |name| env::var_os(name).is_none_or(|value| value.is_empty());
    env::consts::OS == "linux" && unset("DISPLAY") && unset("WAYLAND_DISPLAY")
}

/// A virtual screen and its message bus, gone when this is dropped.
pub struct Display {
    name: String,
    bus_address: String,
    keyring: Option<Keyring>,
    // Dropped in this order: who uses the screen and the bus goes before them.
    _bus: Owned,
    _screen: Owned,
}

impl Display {
    /// Starts the screen under a number that the X server picks itself, so that two runs never meet.
    pub fn start() -> Result<Self, Trouble> {
        let mut command = Command::new("Xvfb");
        command.args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            SCREEN,
            "-nolisten",
            "tcp",
            "-noreset",
        ]);
        let (screen, number) = first_line(command.stderr(Stdio::null()), "start a virtual screen")?;

        // The app insists on being the only one of its kind on a bus, and looks for services there: on a bus of its own it
        // neither finds the person's running app nor touches the person's keyring.
        let mut command = Command::new("dbus-daemon");
        command.args(["--session", "--nofork", "--nopidfile", "--print-address=1"]);
        let (bus, bus_address) = first_line(command.stderr(Stdio::null()), "start a message bus")?;

        Ok(Self {
            name: format!(":{number}"),
            bus_address,
            keyring: None,
            _bus: bus,
            _screen: screen,
        })
    }

    /// The screen's name, such as `:3`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Lets a program draw here, whatever else the environment offers.
    pub fn lend<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .env("DISPLAY", &self.name)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus_address)
            .env("GDK_BACKEND", "x11")
            // There is no graphics card here; saying so spares a search and its warnings.
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            // Nobody listens for accessibility on this bus; without this GTK waits for it and warns.
            .env("NO_AT_BRIDGE", "1")
            .env_remove("WAYLAND_DISPLAY");
        if let Some(keyring) = &self.keyring {
            keyring.lend(command);
        }
        command
    }

    /// Adds an empty, unlocked keyring in a home folder of its own, which later programs get as theirs.
    pub fn add_keyring(&mut self) -> Result<(), Trouble> {
        let mut keyring = Keyring {
            home: private_folder()?,
            daemon: None,
        };
        let mut command = Command::new("gnome-keyring-daemon");
        command.args(["--foreground", "--unlock", "--components=secrets"]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        keyring.lend(self.lend(&mut command));
        let mut daemon = Owned::start(&mut command, "start a keyring")?;
        if let Some(mut input) = daemon.child().stdin.take() {
            // The password of the keyring: an empty line. At the end of the input without one, the daemon would ask a person.
            input.write_all(b"\n").doing("unlock the keyring")?;
        }
        keyring.daemon = Some(daemon);
        self.keyring = Some(keyring);

        // Asking the keyring itself while it starts would make the bus start a second, locked one.
        let mut command = Command::new("gdbus");
        command.args([
            "wait",
            "--session",
            "--timeout",
            KEYRING_START_SECONDS,
            "org.freedesktop.secrets",
        ]);
        match process::answer(self.lend(&mut command)) {
            Some(_) => Ok(()),
            None => Err(Trouble::Advice(
                "The keyring for the desktop tests did not start.".into(),
            )),
        }
    }
}

/// A keyring starts in a tenth of a second; the rest is for a busy machine.
const KEYRING_START_SECONDS: &str = "20";

struct Keyring {
    home: PathBuf,
    daemon: Option<Owned>,
}

impl Keyring {
    /// The home folder decides which keyring a program finds, and cargo must go on finding its own things.
    fn lend(&self, command: &mut Command) {
        if let Some(home) = env::home_dir() {
            for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
                if env::var_os(name).is_none() {
                    command.env(name, home.join(folder));
                }
            }
        }
        command
            .env("HOME", &self.home)
            .env("XDG_RUNTIME_DIR", self.home.join("run"));
        for name in ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
            command.env_remove(name);
        }
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        // The daemon first: it writes into the folder until it ends.
        self.daemon = None;
        let _ = fs::remove_dir_all(&self.home);
    }
}

/// A home folder with a place for sockets, in the system's folder for short-lived things: a socket's path has to fit into
/// 108 bytes, which the target folder's may not leave.
fn private_folder() -> Result<PathBuf, Trouble> {
    let home = env::temp_dir().join(format!("canopic-{}", std::process::id()));
    let run = home.join("run");
    let doing = format!("make the folder {}", run.display());
    fs::create_dir_all(&run).doing(doing.clone())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).doing(doing.clone())?;
        fs::set_permissions(&run, fs::Permissions::from_mode(0o700)).doing(doing)?;
    }
    Ok(home)
}

/// Starts a program that says on its first line of output that it is ready, and where.
fn first_line(command: &mut Command, doing: &str) -> Result<(Owned, String), Trouble> {
    let mut owned = Owned::start(command.stdin(Stdio::null()).stdout(Stdio::piped()), doing)?;
    let mut line = String::new();
    if let Some(output) = owned.child().stdout.take() {
        BufReader::new(output).read_line(&mut line).doing(doing)?;
    }
    let line = line.trim().to_owned();
    if line.is_empty() {
        return Err(Trouble::Advice(format!(
            "Could not {doing}: {} ended before it was ready.",
            process::program(command)
        )));
    }
    Ok((owned, line))
}
