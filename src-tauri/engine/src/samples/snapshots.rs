//! What was read of snapshots, so that it is not asked for again: a question about one takes as long as a change.
//!
//! A snapshot that was taken never changes, so what the network told of it stays true for as long as there is a snapshot of this id.
//! How many there are does change, so a list is remembered with its age and with the bytes that all snapshots took up then: while
//! the status shows the same bytes, the list is most likely the same.

use super::{Samples, milliseconds};
use crate::{CanisterId, Fingerprint, Place, Result, SnapshotId};
use rusqlite::params;
use std::{
    collections::{BTreeMap, HashMap},
    time::SystemTime,
};

/// What the network told of a snapshot beside the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownSnapshot {
    /// Whether it came as an upload.
    pub(crate) is_uploaded: bool,
    /// The canister's version then.
    pub(crate) version: u64,
    /// SHA-256 of its module, where that was read.
    pub(crate) module_hash: Option<Vec<u8>>,
}

/// A list of snapshots as it was when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KnownListing {
    /// When it was read, in milliseconds since 1970.
    pub(crate) at: u64,
    /// The bytes that all of them took up by the status of that moment.
    pub(crate) bytes: u128,
    /// How many there were.
    pub(crate) count: usize,
    /// When the newest was taken, in milliseconds since 1970.
    pub(crate) newest: Option<u64>,
}

/// The tables. An older app leaves them alone.
pub(super) const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS snapshot (
      network TEXT NOT NULL,
      canister BLOB NOT NULL,
      snapshot BLOB NOT NULL,
      uploaded INTEGER NOT NULL,
      version INTEGER NOT NULL,
      module BLOB,
      PRIMARY KEY (network, canister, snapshot)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS listing (
      network TEXT NOT NULL,
      canister BLOB NOT NULL,
      at INTEGER NOT NULL, -- milliseconds since 1970
      bytes INTEGER NOT NULL,
      count INTEGER NOT NULL,
      newest INTEGER,
      PRIMARY KEY (network, canister)) WITHOUT ROWID;";

impl Samples {
    /// Remembers what the network told of a snapshot.
    pub(crate) async fn know_snapshot(
        &self,
        network: Fingerprint,
        canister: CanisterId,
        id: SnapshotId,
        known: KnownSnapshot,
    ) -> Result<()> {
        self.with(move |file| {
            file.execute(
                "INSERT OR REPLACE INTO snapshot VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    network.to_string(),
                    canister.principal().as_slice(),
                    id.bytes(),
                    known.is_uploaded,
                    i64::try_from(known.version).unwrap_or(i64::MAX),
                    known.module_hash,
                ],
            )
            .map(drop)
        })
        .await
    }

    /// What is remembered of a canister's snapshots.
    pub(crate) async fn known_snapshots(
        &self,
        network: Fingerprint,
        canister: CanisterId,
    ) -> Result<BTreeMap<SnapshotId, KnownSnapshot>> {
        self.with(move |file| {
            let mut rows = file.prepare_cached(
                "SELECT snapshot, uploaded, version, module FROM snapshot WHERE network = ?1 AND canister = ?2",
            )?;
            let canister = canister.principal();
            let key = params![network.to_string(), canister.as_slice()];
            let known = rows.query_map(key, |row| {
                let id: Vec<u8> = row.get(0)?;
                let version: i64 = row.get(2)?;
                let known = KnownSnapshot {
                    is_uploaded: row.get(1)?,
                    version: u64::try_from(version).unwrap_or(0),
                    module_hash: row.get(3)?,
                };
                Ok((SnapshotId::from(id), known))
            })?;
            known.collect()
        })
        .await
    }

    /// Remembers how many snapshots there were.
    pub(crate) async fn keep_listing(
        &self,
        place: Place,
        bytes: u128,
        count: usize,
        newest: Option<u64>,
        now: SystemTime,
    ) -> Result<()> {
        self.with(move |file| {
            file.execute(
                "INSERT OR REPLACE INTO listing VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    place.network.to_string(),
                    place.canister.principal().as_slice(),
                    milliseconds(now),
                    i64::try_from(bytes).unwrap_or(i64::MAX),
                    i64::try_from(count).unwrap_or(i64::MAX),
                    newest.map(|at| i64::try_from(at).unwrap_or(i64::MAX)),
                ],
            )
            .map(drop)
        })
        .await
    }

    /// The lists that are remembered of a network's canisters.
    pub(crate) async fn listings(
        &self,
        network: Fingerprint,
    ) -> Result<HashMap<CanisterId, KnownListing>> {
        self.with(move |file| {
            let mut rows = file.prepare_cached(
                "SELECT canister, at, bytes, count, newest FROM listing WHERE network = ?1",
            )?;
            let known = rows.query_map(params![network.to_string()], |row| {
                let canister: Vec<u8> = row.get(0)?;
                let number = |column: usize| -> rusqlite::Result<u64> {
                    let number: i64 = row.get(column)?;
                    Ok(u64::try_from(number).unwrap_or(0))
                };
                let newest: Option<i64> = row.get(4)?;
                let known = KnownListing {
                    at: number(1)?,
                    bytes: number(2)?.into(),
                    count: number(3)? as usize,
                    newest: newest.and_then(|at| u64::try_from(at).ok()),
                };
                Ok((canister, known))
            })?;
            let mut listings = HashMap::new();
            for row in known {
                let (canister, known) = row?;
                if let Ok(principal) = candid::Principal::try_from_slice(&canister) {
                    listings.insert(CanisterId::from(principal), known);
                }
            }
            Ok(listings)
        })
        .await
    }
}
