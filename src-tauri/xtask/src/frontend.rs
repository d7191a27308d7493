//! Building the front end, and only when something in it has changed.
//!
//! Two stamps say what was last done: the hash of the lock file that `node_modules` was installed from, and the hash of
//! the sources that ui/dist was built from. They lie in `node_modules/.cache`, where tools keep such things, because they
//! speak of this folder alone: `npm ci` clears it, and then both are rightly forgotten.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::Hasher;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::machine;
use crate::places::Places;
use crate::process;
use crate::trouble::{Doing, Trouble};

/// Folders inside ui/ that are made from the rest.
const MADE: &[&str] = &["node_modules", "dist", "coverage"];

/// Something to do in a folder, unless it was last done for the same files.
pub struct Task {
    kind: Kind,
    folder: PathBuf,
    /// The hash of the files that it is about to be done for. It is taken before: whoever changes a
    /// file meanwhile finds it to do again.
    stamp: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Install,
    Build,
}

impl Task {
    /// Getting the npm packages of a folder's lock file.
    pub fn install(folder: PathBuf) -> Result<Self, Trouble> {
        let stamp = hash(&folder, &[folder.join("package-lock.json")])?;
        Ok(Self {
            kind: Kind::Install,
            folder,
            stamp,
        })
    }

    /// Making ui/dist.
    pub fn build(places: &Places) -> Result<Self, Trouble> {
        let mut sources = files(&places.ui(), MADE)?;
        // The front end draws the app's own icon from there.
        sources.extend(files(&places.icons(), &[])?);
        let stamp = hash(&places.root, &sources)?;
        Ok(Self {
            kind: Kind::Build,
            folder: places.ui(),
            stamp,
        })
    }

    /// Its name on the terminal, and of its stamp.
    pub const fn name(&self) -> &'static str {
        match self.kind {
            Kind::Install => "install",
            Kind::Build => "build",
        }
    }

    /// Whether there is nothing to do.
    pub fn is_done(&self) -> bool {
        let made = self.kind == Kind::Install || self.folder.join("dist/index.html").is_file();
        let last = fs::read_to_string(self.stamp_path())
            .ok()
            .and_then(|text| text.parse().ok());
        made && last == Some(self.stamp)
    }

    /// What does it.
    pub fn command(&self) -> Command {
        let mut command = machine::npm(&self.folder);
        match self.kind {
            Kind::Install => command.args(["ci", "--no-audit", "--no-fund", "--loglevel", "error"]),
            Kind::Build => command.args(["run", "build"]),
        };
        command
    }

    /// Remembers that it was done.
    pub fn remember(&self) -> Result<(), Trouble> {
        let path = self.stamp_path();
        let doing = format!("write {}", path.display());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).doing(doing.clone())?;
        }
        fs::write(path, self.stamp.to_string()).doing(doing)
    }

    fn stamp_path(&self) -> PathBuf {
        self.folder
            .join("node_modules/.cache/canopic")
            .join(self.name())
    }
}

/// Brings ui/dist up to date, with npm's words on the terminal.
pub fn build(places: &Places) -> Result<(), Trouble> {
    let tasks = pending(places)?;
    if tasks.is_empty() {
        println!("Front end: up to date.");
    }
    for task in tasks {
        println!("Front end: {} ...", task.name());
        process::succeed(&mut task.command(), "build the front end")?;
        task.remember()?;
    }
    Ok(())
}

/// What is left to do before ui/dist is what its sources say, in order.
pub fn pending(places: &Places) -> Result<Vec<Task>, Trouble> {
    let install = Task::install(places.ui())?;
    let build = Task::build(places)?;
    Ok(match (install.is_done(), build.is_done()) {
        (true, true) => vec![],
        (true, false) => vec![build],
        (false, _) => vec![install, build],
    })
}

/// Every file below a folder in a fixed order, without the folders of these names.
fn files(folder: &Path, without: &[&str]) -> Result<Vec<PathBuf>, Trouble> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).doing(format!("read {}", folder.display()))? {
            let path = entry.doing(format!("read {}", folder.display()))?.path();
            let left_out = path
                .file_name()
                .and_then(|name| name.to_str())
                .is_some_and(|name| without.contains(&name));
            if path.is_dir() && !left_out {
                folders.push(path);
            } else if path.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// One number for the names and contents of files. A stamp has to notice a change, not to withstand an attack, so the
/// standard library's hash will do; should a later Rust hash otherwise, one build too many is all that happens.
fn hash(folder: &Path, files: &[PathBuf]) -> Result<u64, Trouble> {
    let mut hasher = DefaultHasher::new();
    for file in files {
        let name = file.strip_prefix(folder).unwrap_or(file).to_string_lossy();
        let content = fs::read(file).doing(format!("read {}", file.display()))?;
        // Lengths first: otherwise bytes could move from one file to the next unnoticed.
        for part in [name.as_bytes(), &content] {
            hasher.write_usize(part.len());
            hasher.write(part);
        }
    }
    Ok(hasher.finish())
}

/// How large the front end's code is, gzipped file by file: what a web view has to read before it can paint.
pub fn bundle_size(places: &Places) -> Result<usize, Trouble> {
    let mut size = 0;
    for file in files(&places.dist(), &[])? {
        if file
            .extension()
            .is_some_and(|extension| extension == "js" || extension == "css" || extension == "html")
        {
            let content = fs::read(&file).doing(format!("read {}", file.display()))?;
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            encoder
                .write_all(&content)
                .doing("compress the front end")?;
            size += encoder.finish().doing("compress the front end")?.len();
        }
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own under the target folder, empty at the start.
    fn folder(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("canopic-xtask-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("src/deep")).expect("the temporary folder can be written");
        fs::write(folder.join("src/a.ts"), "one").expect("the temporary folder can be written");
        fs::write(folder.join("src/deep/b.ts"), "two")
            .expect("the temporary folder can be written");
        folder
    }

    fn stamp_of(folder: &Path) -> u64 {
        hash(
            folder,
            &files(folder, MADE).expect("the folder can be read"),
        )
        .expect("the files can be read")
    }

    #[test]
    fn a_stamp_follows_names_and_contents() {
        let folder = folder("stamp");
        let before = stamp_of(&folder);
        assert_eq!(
            stamp_of(&folder),
            before,
            "the same files give the same stamp"
        );

        fs::write(folder.join("src/a.ts"), "eno").expect("writable");
        assert_ne!(stamp_of(&folder), before, "a changed file is noticed");
        fs::write(folder.join("src/a.ts"), "one").expect("writable");
        assert_eq!(
            stamp_of(&folder),
            before,
            "changing it back is not a change"
        );

        fs::rename(folder.join("src/a.ts"), folder.join("src/c.ts")).expect("writable");
        assert_ne!(stamp_of(&folder), before, "a renamed file is noticed");
        fs::remove_dir_all(folder).expect("writable");
    }

    #[test]
    fn what_is_made_from_the_sources_does_not_count() {
        let folder = folder("made");
        let before = stamp_of(&folder);
        for made in MADE {
            fs::create_dir_all(folder.join(made)).expect("writable");
            fs::write(folder.join(made).join("index.js"), "made").expect("writable");
        }
        assert_eq!(
            stamp_of(&folder),
            before,
            "builds do not change what they are built from"
        );
        fs::remove_dir_all(folder).expect("writable");
    }

    #[test]
    fn packages_count_as_installed_until_the_lock_file_changes() {
        let folder = folder("lock");
        fs::write(folder.join("package-lock.json"), "{}").expect("writable");
        let install = || Task::install(folder.clone()).expect("the lock file can be read");
        assert!(!install().is_done(), "nothing was installed yet");
        install().remember().expect("writable");
        assert!(install().is_done(), "it was just remembered");

        let begun = install();
        fs::write(folder.join("package-lock.json"), "{ }").expect("writable");
        assert!(!install().is_done(), "the lock file is another one now");
        begun.remember().expect("writable");
        assert!(
            !install().is_done(),
            "what was begun before the change does not cover it"
        );
        fs::remove_dir_all(folder).expect("writable");
    }

    #[test]
    fn bytes_cannot_move_between_files_unnoticed() {
        let folder = folder("move");
        let before = stamp_of(&folder);
        fs::write(folder.join("src/a.ts"), "onet").expect("writable");
        fs::write(folder.join("src/deep/b.ts"), "wo").expect("writable");
        assert_ne!(
            stamp_of(&folder),
            before,
            "the same bytes in other files are another state"
        );
        fs::remove_dir_all(folder).expect("writable");
    }
}
