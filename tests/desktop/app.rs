//! A running app under WebDriver.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use thirtyfour::{Capabilities, prelude::*};

/// How long something may take to appear. Far beyond what it takes, so that a slow machine does not fail a sound app.
const PATIENCE: Duration = Duration::from_secs(60);
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
        let program = program();
        // The driver cannot choose a port and tell it, so a free one is found first.
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let driver = Command::new("WebKitWebDriver")
            .arg(format!("--port={port}"))
            // Without it the driver says "Failed to match capabilities".
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("CANOPIC_HOME", home.path().join("canopic"))
            // The web view keeps its storage below HOME.
            .env("HOME", home.path())
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
        let window = until("the app opens its window", async || {
            WebDriver::new(&address, capabilities.clone()).await
        })
        .await;
        Self {
            window,
            driver,
            home,
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

    async fn click(&self, path: &str, what: &str) {
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

    /// Closes the window and gives the home back for another start.
    pub async fn close(mut self) -> TempDir {
        // The driver ends the app when the session ends.
        let _ = self.window.clone().quit().await;
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        std::mem::replace(&mut self.home, tempfile::tempdir().unwrap())
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Repeats until it works.
async fn until<T, E: std::fmt::Display>(
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
