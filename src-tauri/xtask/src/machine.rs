//! What must be installed on this machine, and how to get it.
//!
//! On Debian and Ubuntu missing packages are named with their reason and installed, when that needs no password; every
//! other system gets the list. Nothing is ever installed silently.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::places::Places;
use crate::process;
use crate::trouble::{Doing, Trouble};

/// A system package and what it is for. Packages are named as Debian names them.
pub struct Need {
    package: &'static str,
    purpose: &'static str,
    sign: Sign,
}

/// How a machine shows that it has what a package brings, where the package itself can't be asked for.
enum Sign {
    /// One of these programs can be found.
    Program(&'static [&'static str]),
    /// pkg-config knows this library.
    Library(&'static str),
    /// Only the package itself tells.
    Package,
}

const fn need(package: &'static str, purpose: &'static str, sign: Sign) -> Need {
    Need {
        package,
        purpose,
        sign,
    }
}

/// To build the app. A C compiler is not among them: without one this program could not have been built.
const BUILD: &[Need] = &[
    need(
        "libwebkit2gtk-4.1-dev",
        "the web view and the window that the app draws in",
        Sign::Library("webkit2gtk-4.1"),
    ),
    need(
        "pkg-config",
        "finds those libraries for the compiler",
        Sign::Program(&["pkg-config", "pkgconf"]),
    ),
];

/// To show the app where there is no screen.
const DISPLAY: &[Need] = &[
    need("xvfb", "a virtual screen", Sign::Program(&["Xvfb"])),
    need(
        "dbus-daemon",
        "a private message bus, which keeps the app apart from the one of the session",
        Sign::Program(&["dbus-daemon"]),
    ),
    need(
        "fonts-dejavu-core",
        "letters on a machine without any font",
        Sign::Package,
    ),
    need(
        "xdotool",
        "finds the app's window",
        Sign::Program(&["xdotool"]),
    ),
    need(
        "imagemagick",
        "takes the picture of the window",
        Sign::Program(&["import"]),
    ),
];

/// Chromium under the names that systems give it.
const CHROMIUM: &[&str] = &["chromium", "chromium-browser", "google-chrome"];

const BROWSER: &[Need] = &[
    need(
        "chromium",
        "the browser of the browser tests",
        Sign::Program(CHROMIUM),
    ),
    need(
        "fonts-dejavu-core",
        "letters on a machine without any font",
        Sign::Package,
    ),
];

const DESKTOP: &[Need] = &[
    need(
        "webkit2gtk-driver",
        "drives the real window in the desktop tests",
        Sign::Program(&["WebKitWebDriver"]),
    ),
    need(
        "gnome-keyring",
        "the keyring in which the desktop tests keep their keys",
        Sign::Program(&["gnome-keyring-daemon"]),
    ),
];

const INTEROP: &[Need] = &[
    need(
        "libdbus-1-3",
        "a library that the `icp` program is linked with",
        Sign::Library("dbus-1"),
    ),
    need(
        "dbus-daemon",
        "message buses of their own for the keyring tests",
        Sign::Program(&["dbus-run-session"]),
    ),
    need(
        "gnome-keyring",
        "the keyring of the keyring tests",
        Sign::Program(&["gnome-keyring-daemon"]),
    ),
    need(
        "libglib2.0-bin",
        "locks that keyring",
        Sign::Program(&["gdbus"]),
    ),
];

/// What a chore is about to do, as far as it decides what must be installed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Build the app.
    Build,
    /// Show it without a screen.
    Display,
    /// Drive the front end in a browser.
    Browser,
    /// Drive the real window.
    Desktop,
    /// Run the real `icp`.
    Interop,
}

impl Purpose {
    const fn needs(self) -> &'static [Need] {
        match self {
            Self::Build => BUILD,
            Self::Display => DISPLAY,
            Self::Browser => BROWSER,
            Self::Desktop => DESKTOP,
            Self::Interop => INTEROP,
        }
    }
}

/// Sees to it that the system has what these purposes need.
pub fn provide(purposes: &[Purpose]) -> Result<(), Trouble> {
    match env::consts::OS {
        "linux" => {
            let mut needs: Vec<&Need> = Vec::new();
            for need in purposes.iter().flat_map(|purpose| purpose.needs()) {
                if !needs.iter().any(|other| other.package == need.package) {
                    needs.push(need);
                }
            }
            provide_on_linux(&needs)
        }
        // The compiler that built this program comes with the rest that a Mac needs, and Windows has its web view built in.
        _ => Ok(()),
    }
}

fn provide_on_linux(needs: &[&Need]) -> Result<(), Trouble> {
    let debian = fs::read_to_string("/etc/os-release").is_ok_and(|release| is_debian(&release));
    let installed = if debian {
        installed_packages(needs)
    } else {
        Vec::new()
    };
    let missing: Vec<&Need> = needs
        .iter()
        .copied()
        .filter(|need| {
            !installed.iter().any(|name| name == need.package) && !shows(&need.sign, debian)
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }

    println!("Missing on this machine:");
    for need in &missing {
        println!("  {:<22} {}", need.package, need.purpose);
    }
    if !debian {
        return Err(Trouble::Advice(
            "These are Debian's names. Please install what your system calls them (https://v2.tauri.app/start/prerequisites \
             lists the names for Fedora, Arch, openSUSE and others), then run this again."
                .into(),
        ));
    }
    install(&missing.iter().map(|need| need.package).collect::<Vec<_>>())
}

fn shows(sign: &Sign, debian: bool) -> bool {
    match sign {
        Sign::Program(names) => names.iter().any(|name| on_path(name).is_some()),
        Sign::Library(_) if debian => false,
        Sign::Library(name) => {
            process::answer(Command::new("pkg-config").args(["--exists", name])).is_some()
        }
        // A system that can't be asked is trusted: what is missing here costs looks, not function.
        Sign::Package => !debian,
    }
}

fn install(packages: &[&str]) -> Result<(), Trouble> {
    let by_hand = format!(
        "apt-get install --no-install-recommends {}",
        packages.join(" ")
    );
    let root = process::answer(Command::new("id").arg("-u")).is_some_and(|user| user == "0");
    let sudo = !root
        && process::answer(Command::new("sudo").args(["--non-interactive", "true"])).is_some();
    if !root && !sudo {
        return Err(Trouble::Advice(format!(
            "Installing them needs a password. Please run this, then start again:\n  sudo {by_hand}"
        )));
    }
    println!("Installing them: {by_hand}");
    let apt = || {
        let mut command = Command::new(if sudo { "sudo" } else { "env" });
        command.args([
            "DEBIAN_FRONTEND=noninteractive",
            "apt-get",
            "--quiet",
            "--quiet",
            "--yes",
            // dpkg would draw progress bars for a terminal that it believes to have.
            "--option=Dpkg::Use-Pty=0",
        ]);
        command
    };
    process::succeed(apt().arg("update"), "fetch the list of packages")?;
    process::succeed(
        apt()
            .args(["install", "--no-install-recommends"])
            .args(packages),
        "install packages",
    )
}

/// Which of the packages are installed; dpkg-query names those and complains of the rest, which is their absence.
fn installed_packages(needs: &[&Need]) -> Vec<String> {
    Command::new("dpkg-query")
        .args([
            "--show",
            "--showformat",
            "${db:Status-Abbrev} ${Package}\\n",
        ])
        .args(needs.iter().map(|need| need.package))
        .output()
        .map(|output| parse_installed(&String::from_utf8_lossy(&output.stdout)))
        .unwrap_or_default()
}

/// Lines such as `ii  xvfb`: wanted state, actual state, error flag, name. Only `i` as the actual state is installed.
fn parse_installed(answer: &str) -> Vec<String> {
    answer
        .lines()
        .filter(|line| line.chars().nth(1) == Some('i'))
        .filter_map(|line| line.split_whitespace().nth(1))
        .map(str::to_owned)
        .collect()
}

fn is_debian(os_release: &str) -> bool {
    os_release
        .lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(key, _)| matches!(*key, "ID" | "ID_LIKE"))
        .flat_map(|(_, names)| names.trim_matches('"').split_whitespace())
        .any(|name| matches!(name, "debian" | "ubuntu"))
}

/// The browser of the browser tests.
pub fn chromium() -> Option<PathBuf> {
    CHROMIUM.iter().find_map(|name| on_path(name))
}

/// The program's place, looked up as a shell does.
fn on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

/// npm, whose command is a script with another name on Windows.
pub fn npm(folder: &Path) -> Command {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.current_dir(folder);
    command
}

/// The oldest Node lines that Vite 8 runs on: 20.19 and 22.12, the first of each that can `require` ES modules.
const NODE_20_MINOR: u32 = 19;
const NODE_22_MINOR: u32 = 12;

/// Insists on a Node that can build the front end.
pub fn require_node() -> Result<(), Trouble> {
    let way_on = "Get the current LTS release from https://nodejs.org (or with nvm: `nvm install --lts`), then run this again.";
    let Some(version) = process::answer(Command::new("node").arg("--version")) else {
        return Err(Trouble::Advice(format!(
            "Node is not installed; it builds the front end. {way_on}"
        )));
    };
    if !node_suffices(&version) {
        return Err(Trouble::Advice(format!(
            "Node {version} is too old; the front end needs 20.19, 22.12 or newer. {way_on}"
        )));
    }
    if process::answer(npm(Path::new(".")).arg("--version")).is_none() {
        return Err(Trouble::Advice(format!(
            "Node is installed, but npm is not (on Debian it is the package `npm`). {way_on}"
        )));
    }
    Ok(())
}

fn node_suffices(version: &str) -> bool {
    let mut numbers = version
        .trim_start_matches('v')
        .split('.')
        .map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(20)), Some(Ok(minor))) => minor >= NODE_20_MINOR,
        (Some(Ok(22)), Some(Ok(minor))) => minor >= NODE_22_MINOR,
        (Some(Ok(major)), Some(Ok(_))) => major > 22,
        _ => false,
    }
}

/// Insists on rustfmt and Clippy, which come with Rust but can be left out.
pub fn require_rust_components(places: &Places) -> Result<(), Trouble> {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if process::answer(places.cargo().args([subcommand, "--version"])).is_none() {
            return Err(Trouble::Advice(format!(
                "Rust is installed without {component}. Please run `rustup component add {component}`."
            )));
        }
    }
    Ok(())
}

/// A subcommand of cargo that is a program of its own.
pub fn provide_cargo_tool(places: &Places, subcommand: &str, version: &str) -> Result<(), Trouble> {
    if process::answer(places.cargo().args([subcommand, "--version"])).is_some() {
        return Ok(());
    }
    let package = format!("cargo-{subcommand}");
    println!(
        "{package} is missing: installing it with `cargo install --locked {package}@{version}`, which takes some minutes."
    );
    process::succeed(
        places.cargo().args([
            "install",
            "--locked",
            "--quiet",
            &format!("{package}@{version}"),
        ]),
        "install a tool of cargo",
    )
}

/// The release of `icp` that the interop tests were written against.
const ICP_VERSION: &str = "1.5.0";

/// The real `icp`, from npm into the target folder. Answers where it lies.
pub fn provide_icp(places: &Places) -> Result<PathBuf, Trouble> {
    let platform = match (env::consts::OS, env::consts::ARCH) {
        ("linux", "x86_64") => "linux-x64",
        ("linux", "aarch64") => "linux-arm64",
        ("macos", "aarch64") => "darwin-arm64",
        ("macos", "x86_64") => "darwin-x64",
        (system, processor) => {
            return Err(Trouble::Advice(format!(
                "There is no `icp` program for {system} on {processor}."
            )));
        }
    };
    let package = format!("@icp-sdk/icp-cli-{platform}");
    let program = places
        .tools()
        .join("node_modules")
        .join(&package)
        .join("bin/icp");
    let present = process::answer(Command::new(&program).arg("--version"))
        .is_some_and(|answer| answer.ends_with(ICP_VERSION));
    if !present {
        println!("icp {ICP_VERSION} is missing: fetching {package} from npm.");
        fs::create_dir_all(places.tools()).doing("make the folder for tools")?;
        let mut command = npm(&places.tools());
        // Without its own package.json npm would look for one further up and install there.
        command.args([
            "install",
            "--prefix",
            ".",
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--loglevel",
            "error",
        ]);
        process::succeed(command.arg(format!("{package}@{ICP_VERSION}")), "fetch icp")?;
    }
    Ok(program)
}

/// Insists that the system finds every library that a built program is linked with.
pub fn require_libraries(program: &Path) -> Result<(), Trouble> {
    if env::consts::OS != "linux" {
        return Ok(());
    }
    let Some(answer) = process::answer(Command::new("ldd").arg(program)) else {
        // A system without ldd (musl's is a link that may be missing) says at the start of the program what it lacks.
        return Ok(());
    };
    let missing = parse_missing_libraries(&answer);
    if missing.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = missing
        .iter()
        .map(|library| match package_of(library) {
            Some(package) => format!("  {library} (on Debian: apt-get install {package})"),
            None => format!("  {library} (on Debian: apt-file search {library})"),
        })
        .collect();
    Err(Trouble::Advice(format!(
        "The app is built, but the system does not find libraries that it needs:\n{}",
        lines.join("\n")
    )))
}

/// Lines such as `libgtk-3.so.0 => not found`.
fn parse_missing_libraries(answer: &str) -> Vec<&str> {
    answer
        .lines()
        .filter(|line| line.ends_with("=> not found"))
        .filter_map(|line| line.split_whitespace().next())
        .collect()
}

fn package_of(library: &str) -> Option<&'static str> {
    const PACKAGES: &[(&str, &str)] = &[
        ("libwebkit2gtk-4.1.so", "libwebkit2gtk-4.1-0"),
        ("libjavascriptcoregtk-4.1.so", "libjavascriptcoregtk-4.1-0"),
        ("libsoup-3.0.so", "libsoup-3.0-0"),
        ("libgtk-3.so", "libgtk-3-0"),
        ("libgdk-3.so", "libgtk-3-0"),
        ("libdbus-1.so", "libdbus-1-3"),
    ];
    PACKAGES
        .iter()
        .find(|(prefix, _)| library.starts_with(prefix))
        .map(|(_, package)| *package)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_counts_only_when_its_files_are_there() {
        let answer = "ii  xvfb\nrc  chromium\nun  imagemagick\nhi  xdotool\niU  dbus-daemon\n";
        assert_eq!(
            parse_installed(answer),
            ["xvfb", "xdotool"],
            "removed, unknown and half-unpacked packages are missing"
        );
    }

    #[test]
    fn debian_is_known_by_its_family() {
        assert!(
            is_debian("PRETTY_NAME=\"Debian GNU/Linux 12\"\nID=debian\n"),
            "Debian itself"
        );
        assert!(
            is_debian("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"),
            "a system made from Ubuntu"
        );
        assert!(
            !is_debian("ID=fedora\nHOME_URL=\"https://debian.example\"\n"),
            "only the identity lines count"
        );
    }

    #[test]
    fn node_must_be_able_to_run_vite() {
        for version in ["v20.19.0", "v22.12.1", "v24.0.0", "v23.1.0"] {
            assert!(node_suffices(version), "{version} runs Vite 8");
        }
        for version in ["v18.20.4", "v20.18.3", "v21.7.0", "v22.11.0", "", "unknown"] {
            assert!(!node_suffices(version), "{version} does not run Vite 8");
        }
    }

    #[test]
    fn missing_libraries_are_named_with_their_package() {
        let answer = "\tlinux-vdso.so.1 (0x0)\n\tlibgtk-3.so.0 => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x0)\n";
        assert_eq!(
            parse_missing_libraries(answer),
            ["libgtk-3.so.0"],
            "only what is not found"
        );
        assert_eq!(
            package_of("libgtk-3.so.0"),
            Some("libgtk-3-0"),
            "the package that Debian has it in"
        );
        assert_eq!(package_of("libelse.so.1"), None, "nothing is guessed");
    }
}
