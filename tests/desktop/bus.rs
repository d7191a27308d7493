//! A message bus of a test's own, with somebody on it who shows notifications and files, and remembers what.

#![expect(
    clippy::needless_pass_by_value,
    clippy::unused_self,
    clippy::used_underscore_binding,
    reason = "the protocols say what comes, and the interfaces are made by a macro"
)]

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};
use zbus::{
    Connection, connection::Builder, interface, object_server::SignalContext, zvariant::OwnedValue,
};

/// A notification as it arrived.
#[derive(Clone, Debug)]
pub struct Shown {
    pub title: String,
    pub body: String,
    pub actions: Vec<String>,
    pub urgency: Option<u8>,
}

/// What arrived so far.
#[derive(Clone, Default)]
struct Seen {
    notifications: Arc<Mutex<Vec<Shown>>>,
    files: Arc<Mutex<Vec<String>>>,
}

struct Notifications(Seen);

#[interface(name = "org.freedesktop.Notifications")]
impl Notifications {
    #[expect(clippy::too_many_arguments, reason = "as the protocol has it")]
    fn notify(
        &self,
        _app: &str,
        _replaces: u32,
        _icon: &str,
        title: String,
        body: String,
        actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        _timeout: i32,
    ) -> u32 {
        let urgency = hints
            .get("urgency")
            .and_then(|urgency| u8::try_from(urgency).ok());
        let mut shown = self.0.notifications.lock().unwrap();
        shown.push(Shown {
            title,
            body,
            actions,
            urgency,
        });
        shown.len() as u32
    }

    fn get_capabilities(&self) -> Vec<String> {
        ["body", "body-markup", "actions"].map(str::to_owned).into()
    }

    #[zbus(signal)]
    async fn action_invoked(to: &SignalContext<'_>, number: u32, action: &str) -> zbus::Result<()>;
}

struct FileManager(Seen);

#[interface(name = "org.freedesktop.FileManager1")]
impl FileManager {
    #[zbus(name = "ShowItems")]
    fn show_items(&self, files: Vec<String>, _startup: &str) {
        self.0.files.lock().unwrap().extend(files);
    }
}

const NOTIFICATIONS: &str = "/org/freedesktop/Notifications";

/// The bus and who is on it. It ends with this.
pub struct Bus {
    daemon: Child,
    address: String,
    seen: Seen,
    desktop: Option<Connection>,
}

impl Bus {
    /// A bus on which somebody shows notifications and files.
    pub async fn start() -> Self {
        let mut bus = Self::start_empty();
        let desktop = Builder::address(bus.address.as_str())
            .and_then(|builder| builder.name("org.freedesktop.Notifications"))
            .and_then(|builder| builder.name("org.freedesktop.FileManager1"))
            .and_then(|builder| builder.serve_at(NOTIFICATIONS, Notifications(bus.seen.clone())))
            .and_then(|builder| {
                let manager = FileManager(bus.seen.clone());
                builder.serve_at("/org/freedesktop/FileManager1", manager)
            })
            .unwrap()
            .build()
            .await
            .unwrap();
        bus.desktop = Some(desktop);
        bus
    }

    /// A bus on which nobody shows anything.
    pub fn start_empty() -> Self {
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--print-address=1"])
            .stdout(Stdio::piped())
            // It tells of every service that it starts.
            .stderr(Stdio::null())
            .spawn()
            .expect("dbus-daemon is installed");
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap())
            .read_line(&mut address)
            .unwrap();
        Self {
            daemon,
            address: address.trim().to_owned(),
            seen: Seen::default(),
            desktop: None,
        }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// The notifications that arrived, oldest first.
    pub fn notifications(&self) -> Vec<Shown> {
        self.seen.notifications.lock().unwrap().clone()
    }

    /// The addresses of files that were to be shown.
    pub fn files(&self) -> Vec<String> {
        self.seen.files.lock().unwrap().clone()
    }

    /// Presses the notification that came as this one, counted from 1.
    pub async fn press(&self, number: u32) {
        let desktop = self.desktop.as_ref().expect("somebody shows them");
        let to = SignalContext::new(desktop, NOTIFICATIONS).unwrap();
        Notifications::action_invoked(&to, number, "default")
            .await
            .unwrap();
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}
