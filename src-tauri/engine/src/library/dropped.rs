//! What somebody dropped on the window, or chose: looked at before anything is done with it.
//!
//! Looking reads what a thing says of itself and the sizes of its files, no more: it is quick whatever the size, and it changes
//! nothing. Taking in is what makes it a copy of the library: a folder is linked where it lies, an archive is unpacked, once.

use super::{About, CopyId, CopyState, LocalCopy, look, off_the_loop, scan};
use crate::{
    By, Code, Draft, Engine, Error, Module, Result,
    archive::{self, Import, Key, Kind},
    folder::{self, failed, looks_like_copy},
    project::is_project,
};
use camino::{Utf8Path, Utf8PathBuf};
use std::{fs::File, io::Read as _, sync::Arc};

/// What a file or a folder is.
#[derive(Debug)]
pub enum Dropped {
    /// A whole copy, of ours or of another tool.
    Copy {
        /// What it says of itself.
        about: Box<About>,
        /// The bytes that it takes up on its disk.
        disk_bytes: u64,
        /// What it is called in the library, if it lies there already.
        known: Option<CopyId>,
    },
    /// A copy that was never finished.
    Unfinished {
        /// What it is to be, where we began it.
        draft: Option<Box<Draft>>,
        /// Who else began it.
        by: Option<By>,
        /// What it is called in the library, if it lies there already.
        known: Option<CopyId>,
    },
    /// An archive of a copy.
    Archive {
        /// How it is closed.
        kind: Kind,
        /// The bytes of the file.
        bytes: u64,
        /// What is in it; none while it is closed.
        about: Option<Box<About>>,
    },
    /// A canister module.
    Module(Box<Module>),
    /// A folder of a project.
    Project,
    /// A folder with so many copies in it.
    Shelf(usize),
    /// It looks like one of these and cannot be used.
    Unusable(Error),
    /// Nothing that there is a use for.
    Unknown,
}

/// Looks at a file or a folder. A key opens an encrypted archive.
///
/// # Errors
///
/// If it is not there, or a key does not open it. Everything else that is wrong with it is what was looked for.
fn look_at(path: &Utf8Path, key: Option<&Key>) -> Result<Dropped> {
    let doing = "looking at what was dropped";
    let found = path
        .metadata()
        .map_err(|error| failed(doing, path, error))?;
    if found.is_dir() {
        Ok(look_at_folder(path))
    } else if found.is_file() {
        look_at_file(path, found.len(), key)
    } else {
        Ok(Dropped::Unknown)
    }
}

fn look_at_folder(path: &Utf8Path) -> Dropped {
    let doing = "looking at what was dropped";
    if looks_like_copy(path) {
        let LocalCopy {
            state, disk_bytes, ..
        } = look(path);
        return match state {
            // It cannot be brought in as it is; in the library it has its way out.
            CopyState::Whole(about) if !about.wrong_sizes.is_empty() => Dropped::Unusable(
                Error::new(Code::CopyDamaged, doing)
                    .with("path", path)
                    .with("file", &about.wrong_sizes[0].file),
            ),
            CopyState::Whole(about) => Dropped::Copy {
                about,
                disk_bytes,
                known: None,
            },
            CopyState::Unfinished(draft) => Dropped::Unfinished {
                by: match &draft {
                    Some(_) => None,
                    None => folder::unfinished(path)
                        .ok()
                        .flatten()
                        .map(|begun| begun.by),
                },
                draft,
                known: None,
            },
            CopyState::Unreadable(error) => Dropped::Unusable(error),
        };
    }
    if is_project(path) {
        return Dropped::Project;
    }
    let (mut looks, mut copies) = (0, vec![]);
    scan(path, 0, &mut looks, &mut |folder| {
        copies.push(look(folder));
    });
    match copies.len() {
        0 => Dropped::Unknown,
        count => Dropped::Shelf(count),
    }
}

fn look_at_file(path: &Utf8Path, bytes: u64, key: Option<&Key>) -> Result<Dropped> {
    let doing = "looking at what was dropped";
    let mut beginning = vec![];
    File::open(path)
        .and_then(|file| file.take(BEGINNING).read_to_end(&mut beginning))
        .map_err(|error| failed(doing, path, error))?;
    let begins = |magic: &[u8]| beginning.starts_with(magic);
    if begins(b"PK") || begins(b"age-encryption.org/") {
        return match archive::kind(path) {
            Ok(Kind::Plain) => Ok(look_into(path, Kind::Plain, bytes, None)),
            Ok(kind) if key.is_none() => Ok(Dropped::Archive {
                kind,
                bytes,
                about: None,
            }),
            Ok(kind) => match look_into(path, kind, bytes, key) {
                // What was typed is wrong, not what was dropped.
                Dropped::Unusable(error) if error.code == Code::ArchiveKeyWrong => Err(error),
                dropped => Ok(dropped),
            },
            Err(error) => Ok(Dropped::Unusable(error)),
        };
    }
    // Modules come packed as well; whatever else is packed with gzip is told by what is in it.
    if begins(b"\0asm") || begins(b"\x1f\x8b") {
        return Ok(match Module::open(path) {
            Ok(module) => Dropped::Module(Box::new(module)),
            Err(error) => Dropped::Unusable(error),
        });
    }
    Ok(Dropped::Unknown)
}

/// As many bytes as the longest mark that tells files apart.
const BEGINNING: u64 = 32;

fn look_into(path: &Utf8Path, kind: Kind, bytes: u64, key: Option<&Key>) -> Dropped {
    match archive::look(path, key) {
        Ok(about) => Dropped::Archive {
            kind,
            bytes,
            about: Some(Box::new(about)),
        },
        Err(error) => Dropped::Unusable(error),
    }
}

impl Dropped {
    fn with_known(mut self, id: CopyId) -> Self {
        if let Self::Copy { known, .. } | Self::Unfinished { known, .. } = &mut self {
            *known = Some(id);
        }
        self
    }
}

/// What was dropped.
impl Engine {
    /// Looks at a file or a folder that somebody dropped or chose. A key opens an encrypted archive; without one it stays closed.
    /// A module is kept on this computer, so that it can be installed by its hash.
    pub async fn look_at_drop(&self, path: Utf8PathBuf, key: Option<Key>) -> Result<Dropped> {
        let (library, folders) = (Arc::clone(&self.library), Arc::clone(&self.folders));
        off_the_loop(move || {
            let dropped = look_at(&path, key.as_ref())?;
            if let Dropped::Module(module) = &dropped {
                module.keep(&folders.data)?;
            }
            Ok(match library.known(&path) {
                Some(id) => dropped.with_known(id),
                None => dropped,
            })
        })
        .await
    }

    /// Takes a copy into the library: a folder is linked where it lies, an archive is unpacked into the library's own folder.
    pub async fn adopt(
        &self,
        path: Utf8PathBuf,
        key: Option<Key>,
        errand: u32,
        now: u64,
    ) -> Result<CopyId> {
        let library = Arc::clone(&self.library);
        off_the_loop(move || {
            if path.is_dir() {
                return library.link(&path);
            }
            let name = path.file_stem().unwrap_or_default();
            let folder = library.place_for(name.strip_suffix(".zip").unwrap_or(name))?;
            // What is in it is known only once it is open; the file's own size is what there is to go by.
            let size = path.metadata().map_or(0, |found| found.len());
            let errand = library.errands.begin(errand, size);
            let what = Import {
                archive: &path,
                folder: &folder,
                key: key.as_ref(),
                now,
            };
            archive::import(&what, &|bytes| errand.advance(bytes), errand.cancel())?;
            Ok(CopyId::of(&folder))
        })
        .await
    }
}
