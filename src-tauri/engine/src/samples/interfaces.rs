//! What modules say of themselves, remembered by their hash: the interface of a module that is gone from its canister can still be
//! compared with the one that follows it.
//!
//! A hash stands for the same bytes for ever, so what was read once stays true. It is remembered per network all the same: what one
//! network says is no proof on another.

use super::{Samples, milliseconds};
use crate::{Fingerprint, Result};
use rusqlite::{OptionalExtension as _, params};
use std::time::SystemTime;

/// As many modules are remembered: years of a busy developer, and a few megabytes at most.
const MOST: i64 = 1_000;

/// The table. An older app leaves it alone.
pub(super) const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS interface (
      network TEXT NOT NULL,
      module BLOB NOT NULL,
      at INTEGER NOT NULL, -- milliseconds since 1970
      text TEXT NOT NULL,  -- empty for a module that says nothing
      PRIMARY KEY (network, module)) WITHOUT ROWID;";

impl Samples {
    /// Remembers the interface of a module; an empty one if it has none.
    pub(crate) async fn know_interface(
        &self,
        network: Fingerprint,
        module: Vec<u8>,
        text: String,
        now: SystemTime,
    ) -> Result<()> {
        self.with(move |file| {
            file.execute(
                "INSERT OR REPLACE INTO interface VALUES (?1, ?2, ?3, ?4)",
                params![network.to_string(), module, milliseconds(now), text],
            )?;
            file.execute(
                "DELETE FROM interface WHERE at < (SELECT at FROM interface ORDER BY at DESC LIMIT 1 OFFSET ?1)",
                params![MOST - 1],
            )
            .map(drop)
        })
        .await
    }

    /// The interface of a module, where it is remembered; an empty one if it has none.
    pub(crate) async fn known_interface(
        &self,
        network: Fingerprint,
        module: Vec<u8>,
    ) -> Result<Option<String>> {
        self.with(move |file| {
            let mut rows = file
                .prepare_cached("SELECT text FROM interface WHERE network = ?1 AND module = ?2")?;
            rows.query_row(params![network.to_string(), module], |row| row.get(0))
                .optional()
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use camino::Utf8PathBuf;
    use std::{
        sync::Arc,
        time::{Duration, UNIX_EPOCH},
    };

    #[tokio::test]
    async fn an_interface_is_remembered_by_hash_and_network_and_the_oldest_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let samples = Samples {
            path: Utf8PathBuf::from_path_buf(folder.path().join("samples.sqlite")).unwrap(),
            file: Arc::default(),
            thinned: Arc::default(),
        };
        let (here, there) = (Fingerprint::of(b"here"), Fingerprint::of(b"there"));
        let hash = |number: i64| number.to_be_bytes().to_vec();
        for number in 0..MOST + 5 {
            let text = if number % 2 == 0 {
                format!("service {number}")
            } else {
                String::new()
            };
            let at = UNIX_EPOCH + Duration::from_secs(number as u64);
            let kept = samples.know_interface(here, hash(number), text, at);
            kept.await.unwrap();
        }
        let known = |network, number| samples.known_interface(network, hash(number));
        assert_eq!(known(here, 0).await.unwrap(), None, "the oldest");
        assert_eq!(known(here, 6).await.unwrap(), Some("service 6".to_owned()));
        assert_eq!(
            known(here, 7).await.unwrap(),
            Some(String::new()),
            "that it has none is known too"
        );
        assert_eq!(known(there, 6).await.unwrap(), None, "another network");
    }
}
