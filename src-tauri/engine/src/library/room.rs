//! Whether there is room for a copy where somebody wants it: free space, the largest file that the file system takes, and programs that
//! would carry every byte of it elsewhere.
//!
//! What is asked of the system is in [`room`]; what follows from it are pure functions over what it answered.

use camino::{Utf8Path, Utf8PathBuf};

/// The largest file of FAT32: one byte less than 4 GiB.
const FAT_LIMIT: u64 = (1 << 32) - 1;

/// What is left free beside a copy: a disk that is filled to its last byte takes the whole computer down with it.
const MARGIN: u64 = 256 << 20;

/// What is known about the disk of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// The bytes that are free; none where the system does not say.
    pub free: Option<u64>,
    /// The kind of file system, as the system names it.
    pub file_system: Option<String>,
    /// The program that keeps this folder in step with other computers.
    pub synced_by: Option<Service>,
}

/// A program that carries files to other computers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Dropbox.
    Dropbox,
    /// Google Drive.
    GoogleDrive,
    /// iCloud Drive.
    ICloud,
    /// Nextcloud or ownCloud.
    Nextcloud,
    /// `OneDrive`.
    OneDrive,
    /// Syncthing.
    Syncthing,
    /// Another one below the system's own folder for such programs.
    Other,
}

/// What speaks against a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// There is too little room.
    Full {
        /// The bytes that are needed.
        needed: u64,
        /// The bytes that are free.
        free: u64,
    },
    /// The file system takes no files of this size.
    FileTooLarge {
        /// The largest file of the copy.
        largest: u64,
        /// The largest file that it takes.
        limit: u64,
    },
    /// Another program would carry the copy to other computers: heaps hold secrets. A warning, not a refusal.
    Synced(Service),
}

/// Looks at the disk of a place, which need not be there yet.
pub fn room(place: &Utf8Path) -> Room {
    let there = place
        .ancestors()
        .find(|above| above.is_dir())
        .unwrap_or(place);
    let resolved = there
        .canonicalize_utf8()
        .unwrap_or_else(|_| there.to_owned());
    let disks = sysinfo::Disks::new_with_refreshed_list();
    let mounts = disks
        .list()
        .iter()
        .filter_map(|disk| Some((Utf8Path::from_path(disk.mount_point())?, disk)));
    let disk = mounts
        .filter(|(mount, _)| resolved.starts_with(mount))
        .max_by_key(|(mount, _)| mount.components().count())
        .map(|(_, disk)| disk);
    Room {
        free: free(there, disk),
        file_system: disk.map(|disk| disk.file_system().to_string_lossy().into_owned()),
        synced_by: synced_by(&resolved, &|mark: &Utf8PathBuf| {
            mark.symlink_metadata().is_ok()
        }),
    }
}

/// The bytes that we may still write there. The place itself is asked: it may be on a disk that no list of disks names, or be granted
/// less than its disk has.
#[cfg(unix)]
fn free(place: &Utf8Path, _disk: Option<&sysinfo::Disk>) -> Option<u64> {
    let said = rustix::fs::statvfs(place.as_std_path()).ok()?;
    Some(said.f_bavail.saturating_mul(said.f_frsize))
}

/// The bytes that are free on its disk.
#[cfg(not(unix))]
fn free(_place: &Utf8Path, disk: Option<&sysinfo::Disk>) -> Option<u64> {
    disk.map(sysinfo::Disk::available_space)
}

/// The program that keeps a folder in step, told by the names in its path and by the marks that such programs leave.
pub fn synced_by(place: &Utf8Path, is_there: &dyn Fn(&Utf8PathBuf) -> bool) -> Option<Service> {
    let by_name = place.components().find_map(|part| {
        let name = part.as_str().to_ascii_lowercase();
        let begins = |words: &[&str]| words.iter().any(|word| name.starts_with(word));
        match name.as_str() {
            "mobile documents" | "com~apple~clouddocs" | "icloud drive" | "iclouddrive" => {
                Some(Service::ICloud)
            }
            _ if begins(&["dropbox"]) => Some(Service::Dropbox),
            _ if begins(&["onedrive"]) => Some(Service::OneDrive),
            _ if begins(&["google drive", "googledrive", "my drive"]) => Some(Service::GoogleDrive),
            _ if begins(&["nextcloud", "owncloud"]) => Some(Service::Nextcloud),
            _ => None,
        }
    });
    by_name
        .or_else(|| {
            place
                .components()
                .any(|part| part.as_str() == "CloudStorage")
                .then_some(Service::Other)
        })
        .or_else(|| {
            place.ancestors().find_map(|above| {
                let marks = [
                    (".dropbox.cache", Service::Dropbox),
                    (".stfolder", Service::Syncthing),
                    (".sync_journal.db", Service::Nextcloud),
                ];
                marks
                    .into_iter()
                    .find(|(mark, _)| is_there(&above.join(mark)))
                    .map(|(_, service)| service)
            })
        })
}

/// The largest file that a file system takes, where that matters to a copy.
fn file_limit(file_system: &str) -> Option<u64> {
    let name = file_system.to_ascii_lowercase();
    // "exfat" has no such limit, and "msdos" is what macOS calls FAT.
    matches!(name.as_str(), "vfat" | "msdos" | "fat" | "fat16" | "fat32").then_some(FAT_LIMIT)
}

/// What speaks against a copy of so many bytes, with so large a file, in a place.
pub fn obstacles(room: &Room, needed: u64, largest: u64) -> Vec<Obstacle> {
    let full = room
        .free
        .filter(|free| *free < needed.saturating_add(MARGIN))
        .map(|free| Obstacle::Full { needed, free });
    let too_large = room
        .file_system
        .as_deref()
        .and_then(file_limit)
        .filter(|limit| largest > *limit)
        .map(|limit| Obstacle::FileTooLarge { largest, limit });
    [too_large, full, room.synced_by.map(Obstacle::Synced)]
        .into_iter()
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_synced_folder_is_known_by_its_path_and_by_its_marks() {
        let none = |_: &Utf8PathBuf| false;
        for (path, service) in [
            ("/Users/ann/Dropbox/copies", Some(Service::Dropbox)),
            ("/Users/ann/Dropbox (Firm)/copies", Some(Service::Dropbox)),
            (
                "/Users/ann/Library/Mobile Documents/com~apple~CloudDocs/x",
                Some(Service::ICloud),
            ),
            (
                "/Users/ann/Library/CloudStorage/OneDrive-Firm/x",
                Some(Service::OneDrive),
            ),
            (
                "/Users/ann/Library/CloudStorage/Box-Box/x",
                Some(Service::Other),
            ),
            ("/home/ann/Nextcloud/x", Some(Service::Nextcloud)),
            ("/home/ann/copies", None),
            ("/home/ann/my-dropbox-notes", None),
        ] {
            assert_eq!(synced_by(Utf8Path::new(path), &none), service, "{path}");
        }
        let marked = |mark: &Utf8PathBuf| mark == "/home/ann/.stfolder";
        assert_eq!(
            synced_by(Utf8Path::new("/home/ann/a/b"), &marked),
            Some(Service::Syncthing),
            "a mark far above counts"
        );
    }

    #[test]
    fn what_does_not_fit_is_said_before_the_first_byte() {
        let room = |file_system: &str, free| Room {
            free: Some(free),
            file_system: Some(file_system.into()),
            synced_by: None,
        };
        let (gib, most) = (1_u64 << 30, 1_u64 << 60);
        assert_eq!(obstacles(&room("ext4", most), 8 * gib, 8 * gib), []);
        assert_eq!(obstacles(&room("exfat", most), 8 * gib, 8 * gib), []);
        for name in ["vfat", "msdos", "FAT32"] {
            assert_eq!(
                obstacles(&room(name, most), 4 * gib, FAT_LIMIT),
                [],
                "the last byte still fits"
            );
            let expected = Obstacle::FileTooLarge {
                largest: 4 * gib,
                limit: FAT_LIMIT,
            };
            assert_eq!(obstacles(&room(name, most), 4 * gib, 4 * gib), [expected]);
        }
        let needed = 3 * gib;
        assert_eq!(
            obstacles(&room("ext4", needed), needed, gib),
            [Obstacle::Full {
                needed,
                free: needed
            }],
            "not to the last byte"
        );
        assert_eq!(obstacles(&room("ext4", needed + MARGIN), needed, gib), []);
        let unknown = Room {
            free: None,
            file_system: None,
            synced_by: Some(Service::Dropbox),
        };
        assert_eq!(
            obstacles(&unknown, most, most),
            [Obstacle::Synced(Service::Dropbox)],
            "what is not known does not forbid"
        );
    }

    #[test]
    fn this_computer_tells_its_room() {
        let home = std::env::temp_dir();
        let place = Utf8PathBuf::from_path_buf(home)
            .expect("a temporary folder is text")
            .join("not/there/yet");
        let room = room(&place);
        assert!(
            room.free.is_none_or(|free| free > 0),
            "a test needs some room: {room:?}"
        );
    }
}
