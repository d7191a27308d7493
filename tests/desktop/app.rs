//! A running app under WebDriver.

use crate::bus::Bus;
use std::{
    ffi::OsString,
    fs::File,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use thirtyfour::{Capabilities, TypingData, prelude::*};

/// How long something may take to appear. Far beyond what it takes, so that a slow machine does not fail a sound app.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long an app may take to come under its driver: three times what it takes on a busy computer.
const OPENING: Duration = Duration::from_secs(30);
/// How often to look whether it has.
const GLANCE: Duration = Duration::from_millis(50);

/// The program under test.
pub fn program() -> PathBuf {
    std::env::var_os("CANOPIC_APP")
        .map(PathBuf::from)
        .expect("CANOPIC_APP names the built app; `cargo xtask test --only desktop` builds it and sets the variable")
}

/// The app, its driver and its home.
pub struct App {
    window: WebDriver,
    driver: Child,
    home: TempDir,
}

impl App {
    /// Starts the app with an empty home.
    pub async fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap()).await
    }

    /// Starts the app with this home.
    pub async fn start_in(home: TempDir) -> Self {
        Self::start_at(home, "instant").await
    }

    /// Starts the app with this home, and its practice network at a pace.
    pub async fn start_at(home: TempDir, pace: &str) -> Self {
        Self::start_on(None, home, pace).await
    }

    /// The same, on a message bus of its own.
    ///
    /// The driver finds a free port for the web view and leaves it to the app to take; whoever is quicker has it. Then the app
    /// runs and the driver waits for it in vain, which says nothing about the app: it is ended, and started once more.
    pub async fn start_on(bus: Option<&Bus>, mut home: TempDir, pace: &str) -> Self {
        for _ in 0..2 {
            match Self::try_start(bus, home, pace).await {
                Ok(app) => return app,
                Err(left) => home = left,
            }
        }
        let started = Self::try_start(bus, home, pace).await;
        started.unwrap_or_else(|_| panic!("the app opens its window"))
    }

    async fn try_start(bus: Option<&Bus>, home: TempDir, pace: &str) -> Result<Self, TempDir> {
        let program = program();
        // The driver cannot choose a port and tell it, so a free one is found first.
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut command = Command::new("WebKitWebDriver");
        if let Some(bus) = bus {
            command.env("DBUS_SESSION_BUS_ADDRESS", bus.address());
        }
        let driver = command
            .arg(format!("--port={port}"))
            // Without it the driver says "Failed to match capabilities".
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("CANOPIC_HOME", home.path().join("canopic"))
            // The web view keeps its storage below HOME.
            .env("HOME", home.path())
            .env("CANOPIC_PACE", pace)
            .env_remove("XDG_DATA_HOME")
            .env_remove("XDG_CACHE_HOME")
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("WebKitWebDriver is installed");
        let mut capabilities = Capabilities::new();
        let options = serde_json::json!({ "binary": program, "args": [] });
        capabilities
            .set("webkitgtk:browserOptions", options)
            .unwrap();
        let address = format!("http://127.0.0.1:{port}");
        until("the driver listens", async || {
            TcpStream::connect(("127.0.0.1", port))
        })
        .await;
        let opening = WebDriver::new(&address, capabilities);
        match tokio::time::timeout(OPENING, opening).await {
            Ok(Ok(window)) => Ok(Self {
                window,
                driver,
                home,
            }),
            trouble => {
                eprintln!("the app is started again: {:?}", trouble.map(Result::err));
                Err(Self::end(driver, home).await)
            }
        }
    }

    /// Where the app keeps its things.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Waits for the button whose name contains this and presses it.
    pub async fn press(&self, name: &str) {
        self.click(
            &format!("//button[contains(normalize-space(), '{name}')]"),
            name,
        )
        .await;
    }

    /// Waits for the button of the open dialog whose name contains this, until it can be pressed, and presses it.
    pub async fn press_in_dialog(&self, name: &str) {
        self.click(&button_in_dialog(name), name).await;
    }

    /// Presses the button of the open dialog that ends the app, and gives the home back: nobody may be left to answer the press.
    pub async fn end_in_dialog(self, name: &str) -> TempDir {
        let button = self.find(By::XPath(button_in_dialog(name)), name).await;
        let _ = button.click().await;
        self.ended().await
    }

    /// Types into the field of this name.
    pub async fn fill(&self, label: &str, text: &str) {
        let field = format!("//input[@id = //label[normalize-space()='{label}']/@for]");
        let field = self.find(By::XPath(field), label).await;
        field.send_keys(text).await.unwrap();
    }

    /// Presses a button in the row of a canister.
    pub async fn press_in_row(&self, canister: &str, name: &str) {
        let button = format!(
            "//tr[contains(., '{canister}')]//button[contains(normalize-space(), '{name}')]"
        );
        self.click(&button, name).await;
    }

    /// Opens one of the views named in the sidebar.
    pub async fn open(&self, view: &str) {
        self.click(
            &format!("//nav//*[self::a or self::button][contains(., '{view}')]"),
            view,
        )
        .await;
    }

    /// Presses what this leads to, whatever it is.
    pub async fn click(&self, path: &str, what: &str) {
        let element = self.find(By::XPath(path), what).await;
        element
            .click()
            .await
            .unwrap_or_else(|error| panic!("pressing {what}: {error}"));
    }

    /// Waits for the row that names this canister and whose text contains `text`; returns all of its text.
    pub async fn row(&self, canister: &str, text: &str) -> String {
        let row = format!("//tr[contains(., '{canister}')][contains(., '{text}')]");
        self.find(By::XPath(row), &format!("{canister} {text}"))
            .await
            .text()
            .await
            .unwrap()
    }

    /// Waits until this text is on the screen.
    pub async fn see(&self, text: &str) {
        self.find(
            By::XPath(format!(
                "//*[contains(normalize-space(.), '{text}')][not(self::script)]"
            )),
            text,
        )
        .await;
    }

    /// The text of the whole window.
    pub async fn text(&self) -> String {
        self.window
            .find(By::Tag("body"))
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    }

    /// The first element that matches, once it is there.
    pub async fn find(&self, by: By, what: &str) -> WebElement {
        let element = self
            .window
            .query(by)
            .wait(PATIENCE, GLANCE)
            .and_displayed()
            .first()
            .await;
        match element {
            Ok(element) => element,
            Err(error) => {
                let picture = self.picture("failure").await;
                panic!(
                    "{what} is not on the screen ({error}); see {}\n{}",
                    picture.display(),
                    self.text().await
                )
            }
        }
    }

    /// What all that match right now say, shortened on the screen or not, once there is one.
    pub async fn said_by(&self, by: By, what: &str) -> Vec<String> {
        let elements = until(what, async || {
            let found = self.window.find_all(by.clone()).await.unwrap();
            if found.is_empty() {
                Err("there is none".to_owned())
            } else {
                Ok(found)
            }
        })
        .await;
        let mut said = Vec::new();
        for element in elements {
            let text = element.prop("textContent").await.unwrap();
            said.push(text.unwrap_or_default().trim().to_owned());
        }
        said
    }

    /// Takes a picture of the window for people to look at.
    pub async fn picture(&self, name: &str) -> PathBuf {
        let folder =
            std::env::var_os("CANOPIC_EVIDENCE").map_or_else(std::env::temp_dir, PathBuf::from);
        std::fs::create_dir_all(&folder).unwrap();
        let test = std::thread::current()
            .name()
            .unwrap_or("test")
            .replace("::", "-");
        let path = folder.join(format!("{test}-{name}.png"));
        self.window.screenshot(&path).await.unwrap();
        path
    }

    /// Types into whatever has the focus, as a keyboard does.
    pub async fn type_in(&self, keys: impl Into<TypingData>) {
        let focused = self.window.active_element().await.unwrap();
        focused.send_keys(keys).await.unwrap();
    }

    /// Presses a key once.
    pub async fn key(&self, key: Key) {
        self.type_in(String::from(key.value())).await;
    }

    /// Goes on with Tab until what has the focus says this, and answers with all that it says.
    pub async fn tab_to(&self, text: &str) -> String {
        const STOPS: usize = 120;
        // What a page is still drawing may not be there at the first round.
        for _ in 0..STOPS {
            let said = self.focused().await;
            if said.contains(text) {
                return said;
            }
            self.key(Key::Tab).await;
        }
        let picture = self.picture("failure").await;
        panic!(
            "the keyboard does not reach {text}; see {}",
            picture.display()
        )
    }

    /// The address of what is shown.
    pub async fn address(&self) -> String {
        self.window.current_url().await.unwrap().to_string()
    }

    /// What the element with the focus says.
    pub async fn focused(&self) -> String {
        let said = self
            .window
            .execute(
                r"const it = document.activeElement;
                // A page or a dialog that has the focus is no stop of the keyboard.
                if (it === null || it.matches('body, main, dialog')) return '';
                return it.getAttribute('aria-label') ?? it.textContent;",
                vec![],
            )
            .await
            .unwrap();
        said.json().as_str().unwrap_or_default().trim().to_owned()
    }

    /// Where an element lies in the window: its middle.
    pub async fn middle_of(&self, element: &WebElement) -> (i16, i16) {
        let rectangle = element.rect().await.unwrap();
        #[expect(clippy::cast_possible_truncation, reason = "windows are smaller")]
        let middle = |from: f64, size: f64| (from + size / 2.0) as i16;
        (
            middle(rectangle.x, rectangle.width),
            middle(rectangle.y, rectangle.height),
        )
    }

    /// Address and root key, from the command that Settings give to copy, pasted where a person could paste it.
    pub async fn network(&self) -> (String, String) {
        self.open("Settings").await;
        self.press("Copy command").await;
        self.see("Copied").await;
        self.open("Canisters").await;
        let filter = self
            .find(By::Css("input[type='search']"), "the filter box")
            .await;
        filter.send_keys(Key::Control + "v").await.unwrap();
        let command = filter.prop("value").await.unwrap().unwrap();
        let after = |flag: &str| {
            let mut words = command.split(' ').skip_while(|word| *word != flag);
            let value = words.nth(1);
            value
                .unwrap_or_else(|| panic!("no {flag} in {command}"))
                .to_owned()
        };
        (after("-n"), after("-k"))
    }

    /// Ends the app as a power cut would, and gives the home back for another start.
    pub async fn pull_the_plug(self) -> TempDir {
        assert_eq!(
            processes(self.home.path()).len(),
            1,
            "the app is one process"
        );
        kill(self.home.path());
        self.ended().await
    }

    /// Waits until the app has ended by itself, and gives the home back for another start.
    pub async fn ended(mut self) -> TempDir {
        is_free(self.home.path()).await;
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        std::mem::replace(&mut self.home, tempfile::tempdir().unwrap())
    }

    /// Closes the window and gives the home back for another start.
    pub async fn close(self) -> TempDir {
        // The driver ends the app when the session ends; its home is free once it is gone.
        let _ = self.window.clone().quit().await;
        self.ended().await
    }

    /// Ends an app that never came under its driver.
    async fn end(mut driver: Child, home: TempDir) -> TempDir {
        kill(home.path());
        is_free(home.path()).await;
        let _ = driver.kill();
        let _ = driver.wait();
        home
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // A test that failed has not closed it, and the next one must not find two windows.
        kill(self.home.path());
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn button_in_dialog(name: &str) -> String {
    format!(
        "(//dialog[@open])[last()]//button[contains(normalize-space(), '{name}')][not(@aria-disabled='true')]"
    )
}

/// Waits until no app has this home any more. A process that is about to be gone has no name left and still holds what it held: the
/// lock on its folders is the last that it lets go.
async fn is_free(home: &Path) {
    let lock = home.join("canopic/data/lock");
    until("the app ends", async || {
        let left = processes(home).len();
        let is_held = File::open(&lock).is_ok_and(|lock| lock.try_lock().is_err());
        if left == 0 && !is_held {
            Ok(())
        } else {
            Err(format!("{left} processes, held: {is_held}"))
        }
    })
    .await;
}

fn kill(home: &Path) {
    for process in processes(home) {
        let _ = Command::new("kill").arg("-KILL").arg(process).status();
    }
}

/// The numbers of the app's processes with this home.
fn processes(home: &Path) -> Vec<OsString> {
    let ours = format!("CANOPIC_HOME={}", home.join("canopic").display());
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let is_ours = |folder: &Path| {
        let is_app = std::fs::read_link(folder.join("exe")).is_ok_and(|exe| exe == program());
        // Processes come and go; one that cannot be read is not the app.
        let environment = std::fs::read(folder.join("environ")).unwrap_or_default();
        let mut variables = environment.split(|byte| *byte == 0);
        is_app && variables.any(|variable| variable == ours.as_bytes())
    };
    processes
        .filter(|process| is_ours(&process.path()))
        .map(|process| process.file_name())
        .collect()
}

/// Repeats until it works.
pub async fn until<T, E: std::fmt::Display>(
    what: &str,
    mut attempt: impl AsyncFnMut() -> Result<T, E>,
) -> T {
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        match attempt().await {
            Ok(done) => return done,
            Err(error) if std::time::Instant::now() > deadline => panic!("{what}: {error}"),
            Err(_) => tokio::time::sleep(GLANCE).await,
        }
    }
}
