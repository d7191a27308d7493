//! Where things lie on this computer, and the choices that a person made.
//!
//! - Folders follow the system's conventions; the variable `CANOPIC_HOME` moves all of them below one folder.
//! - Folders are 0700, files 0600. A file is replaced whole: written beside, synced, renamed, and the folder synced.
//! - One process owns the folders: it holds a lock for as long as [`Folders`] lives.
//! - A file from a newer version is refused and left as it is; so is one that cannot be read as what it should hold.
//!
//! What a person chose lies in several files of one folder, by domain. Each is [`Kept`]: JSON with a version, read and written
//! by [`load`] and [`save`] alone.

use crate::{Code, Error, NetworkId, Result};
use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    collections::BTreeSet,
    fs::{self, File, TryLockError},
    io::{self, Write},
};

/// The environment variable that moves every folder of the app.
pub const HOME_VARIABLE: &str = "CANOPIC_HOME";

/// The folders of the app, made and owned by this process.
#[derive(Debug)]
pub struct Folders {
    /// What the app keeps: copies and journals.
    pub data: Utf8PathBuf,
    /// What a person chose.
    pub config: Utf8PathBuf,
    /// What the app did, for support.
    pub logs: Utf8PathBuf,
    _lock: File,
}

/// Where the folders are, before anything is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// See [`Folders::data`].
    pub data: Utf8PathBuf,
    /// See [`Folders::config`].
    pub config: Utf8PathBuf,
    /// See [`Folders::logs`].
    pub logs: Utf8PathBuf,
}

impl Places {
    /// Below one folder.
    pub fn below(home: &Utf8Path) -> Self {
        Self {
            data: home.join("data"),
            config: home.join("config"),
            logs: home.join("logs"),
        }
    }

    /// Where this system wants them, or below `CANOPIC_HOME`.
    pub fn of_this_computer() -> Result<Self> {
        let doing = "finding the app's folders";
        if let Some(home) = std::env::var_os(HOME_VARIABLE).filter(|home| !home.is_empty()) {
            let home = Utf8PathBuf::from_os_string(home).map_err(|home| {
                Error::new(Code::FolderUnusable, doing).with("path", home.to_string_lossy())
            })?;
            if !home.is_absolute() {
                return Err(Error::new(Code::FolderUnusable, doing)
                    .with("path", home)
                    .because("the path is not absolute"));
            }
            return Ok(Self::below(&home));
        }
        let found =
            directories::ProjectDirs::from("app", "Canopic", "canopic").ok_or_else(|| {
                Error::new(Code::FolderUnusable, doing)
                    .with("path", "~")
                    .because("no home folder is known")
            })?;
        let utf8 = |path: &std::path::Path| {
            Utf8PathBuf::from_path_buf(path.to_owned()).map_err(|path| {
                Error::new(Code::FolderUnusable, doing).with("path", path.to_string_lossy())
            })
        };
        let data = utf8(found.data_local_dir())?;
        // State is where Linux keeps logs; elsewhere they lie beside the data.
        let logs = found.state_dir().map_or_else(
            || Ok(data.join("logs")),
            |state| Ok(utf8(state)?.join("logs")),
        )?;
        Ok(Self {
            config: utf8(found.config_dir())?,
            logs,
            data,
        })
    }

    /// Makes the folders and takes them for this process.
    pub fn open(self) -> Result<Folders> {
        for folder in [&self.data, &self.config, &self.logs] {
            make_private_folder(folder).map_err(|error| unusable(folder, error))?;
        }
        let path = self.data.join("lock");
        let lock = private(
            fs::OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true),
        )
        .open(&path)
        .map_err(|error| unusable(&self.data, error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(
                    Error::new(Code::InUse, "taking the app's folders").with("path", &self.data)
                );
            }
            Err(TryLockError::Error(error)) => return Err(unusable(&self.data, error)),
        }
        Ok(Folders {
            data: self.data,
            config: self.config,
            logs: self.logs,
            _lock: lock,
        })
    }
}

fn unusable(folder: &Utf8Path, error: io::Error) -> Error {
    Error::new(Code::FolderUnusable, "opening a folder of the app")
        .with("path", folder)
        .because(error)
}

/// Light, dark, or whatever the system says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Appearance {
    /// Follow the system.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

/// Something that a person chose and that lies in a file of its own below the settings folder.
pub(crate) trait Kept: Serialize + DeserializeOwned + Default {
    /// The file's name.
    const FILE: &str;
    /// The version that is written. A file with a higher one is left alone.
    const VERSION: u32;
}

/// What the file in this folder holds; the default where there is none yet.
pub(crate) fn load<Choices: Kept>(config: &Utf8Path) -> Result<Choices> {
    let path = config.join(Choices::FILE);
    let doing = || format!("reading {}", Choices::FILE);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Choices::default()),
        Err(error) => return Err(unusable(&path, error)),
    };
    let damaged = |error: serde_json::Error| {
        Error::new(Code::SettingsDamaged, doing())
            .with("path", &path)
            .because(error)
    };
    let mut found: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&text).map_err(damaged)?;
    // Taken out, so that the choices themselves can refuse what they do not know.
    let version = found.remove("version").unwrap_or_default();
    let version: u64 = serde_json::from_value(version).map_err(damaged)?;
    if version > u64::from(Choices::VERSION) {
        return Err(Error::new(Code::SettingsFromNewerVersion, doing())
            .with("path", &path)
            .with("found", version)
            .with("known", Choices::VERSION));
    }
    serde_json::from_value(found.into()).map_err(damaged)
}

/// Writes the file; afterwards either the old or the new one is there, whole.
pub(crate) fn save<Choices: Kept>(config: &Utf8Path, choices: &Choices) -> Result<()> {
    #[derive(Serialize)]
    struct Versioned<'choices, Choices> {
        version: u32,
        #[serde(flatten)]
        choices: &'choices Choices,
    }
    let path = config.join(Choices::FILE);
    let text = serde_json::to_vec_pretty(&Versioned {
        version: Choices::VERSION,
        choices,
    })
    .map_err(|error| Error::new(Code::Bug, format!("writing {}", Choices::FILE)).because(error))?;
    replace_file(&path, &text).map_err(|error| unusable(&path, error))
}

/// Moves a file that cannot be read out of the way and returns its new place. Nothing is deleted.
pub fn set_aside(path: &Utf8Path) -> Result<Utf8PathBuf> {
    let name = path.file_stem().unwrap_or("settings");
    let aside = (1..1_000)
        .map(|number| path.with_file_name(format!("{name}.set-aside-{number}.json")))
        .find(|aside| !aside.exists())
        .ok_or_else(|| unusable(path, io::Error::other("too many files were set aside")))?;
    fs::rename(path, &aside).map_err(|error| unusable(path, error))?;
    Ok(aside)
}

/// A name or note as it is kept: without white space around it, and no longer than what is kept.
pub(crate) fn checked_text(text: &str, limit: usize) -> Result<String> {
    let text = text.trim();
    if text.chars().count() > limit {
        return Err(Error::new(Code::TextTooLong, "keeping a text").with("limit", limit));
    }
    Ok(text.to_owned())
}

/// The choices that belong to the whole app.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// Light, dark or system.
    #[serde(default)]
    pub appearance: Appearance,
    /// The network in use.
    #[serde(default)]
    pub network: NetworkId,
    /// The networks that a person entered and that open for reading only, by their numbers.
    #[serde(default)]
    pub guarded: BTreeSet<u32>,
    /// Whether the system's notifications are switched off.
    #[serde(default)]
    pub is_quiet: bool,
}

impl Kept for Settings {
    const FILE: &str = "settings.json";
    const VERSION: u32 = 1;
}

#[cfg(unix)]
pub(crate) fn private(options: &mut fs::OpenOptions) -> &mut fs::OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600)
}

#[cfg(not(unix))]
pub(crate) fn private(options: &mut fs::OpenOptions) -> &mut fs::OpenOptions {
    options
}

/// Makes an empty file that only its owner may read, unless there is one.
pub(crate) fn create_private_file(path: &Utf8Path) -> io::Result<()> {
    private(
        fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true),
    )
    .open(path)
    .map(drop)
}

pub(crate) fn make_private_folder(folder: &Utf8Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Replaces a file whole: temporary file, sync, rename, sync of the folder, so that a crash leaves the old or the new.
pub(crate) fn replace_file(path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("tmp");
    let mut file = private(
        fs::OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true),
    )
    .open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn home() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        (folder, path)
    }

    #[test]
    fn settings_survive_a_round_trip_and_are_private() {
        let (_keep, home) = home();
        let folders = Places::below(&home).open().unwrap();
        assert_eq!(
            load::<Settings>(&folders.config).unwrap(),
            Settings::default(),
            "no file means defaults"
        );
        let chosen = Settings {
            appearance: Appearance::Dark,
            ..Settings::default()
        };
        save(&folders.config, &chosen).unwrap();
        assert_eq!(load::<Settings>(&folders.config).unwrap(), chosen);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Utf8Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(
                mode(&folders.config),
                0o700,
                "others must not list the folder"
            );
            assert_eq!(
                mode(&folders.config.join(Settings::FILE)),
                0o600,
                "others must not read the file"
            );
        }
    }

    #[test]
    fn settings_of_a_newer_version_are_refused_and_left_alone() {
        let (_keep, home) = home();
        let folders = Places::below(&home).open().unwrap();
        let path = folders.config.join(Settings::FILE);
        let text = r#"{"version": 7, "appearance": {"accent": "gold"}}"#;
        fs::write(&path, text).unwrap();
        let error = load::<Settings>(&folders.config).unwrap_err();
        assert_eq!(error.code, Code::SettingsFromNewerVersion);
        assert_eq!(
            (error.facts["found"].as_str(), error.facts["known"].as_str()),
            ("7", "1")
        );
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            text,
            "a newer file is not ours to change"
        );
    }

    #[test]
    fn damaged_settings_are_refused_then_set_aside_whole() {
        let (_keep, home) = home();
        let folders = Places::below(&home).open().unwrap();
        let path = folders.config.join(Settings::FILE);
        for text in [
            "{\"version\": 1, \"appear",
            "",
            "[]",
            r#"{"version": 1, "appearance": "plaid"}"#,
        ] {
            fs::write(&path, text).unwrap();
            assert_eq!(
                load::<Settings>(&folders.config).unwrap_err().code,
                Code::SettingsDamaged,
                "for {text:?}"
            );
            let aside = set_aside(&path).unwrap();
            assert_eq!(
                fs::read_to_string(aside).unwrap(),
                text,
                "what was set aside is what was there"
            );
            assert_eq!(
                load::<Settings>(&folders.config).unwrap(),
                Settings::default()
            );
        }
    }

    #[test]
    fn a_second_process_is_told_that_the_folders_are_in_use() {
        let (_keep, home) = home();
        let first = Places::below(&home).open().unwrap();
        assert_eq!(Places::below(&home).open().unwrap_err().code, Code::InUse);
        drop(first);
        Places::below(&home)
            .open()
            .expect("the lock goes with its owner");
    }

    #[test]
    fn a_file_where_a_folder_should_be_is_said_with_its_path() {
        let (_keep, home) = home();
        fs::write(home.join("data"), "not a folder").unwrap();
        let error = Places::below(&home).open().unwrap_err();
        assert_eq!(error.code, Code::FolderUnusable);
        assert_eq!(error.facts["path"], home.join("data").as_str());
    }
}
