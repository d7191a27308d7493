//! Whether those who call a canister can go on once another state stands in it: a snapshot brings its module along, and with that its
//! interface.
//!
//! What the other module takes and gives is found where it costs least: nothing is to be compared where it is the module of now; then a
//! copy on this computer, what is remembered of the module ([`samples`](crate::samples)), and the snapshot itself where its module is
//! small. What cannot be found is said to be unknown, with why, and stands in nobody's way.

use super::{Check, CheckName, Standing, Verdict, World};
use crate::{
    CanisterId, ChainSnapshot, ChangeKind, Compatibility, CopyReader, CopyState, Fingerprint, Hash,
    Interface, Result,
    interface::{self, Verdict as Callers},
    library::{copies_of, off_the_loop},
    samples::{KnownSnapshot, Samples},
    snapshot::{self, SnapshotFacts, SnapshotId},
};
use std::{sync::Arc, time::SystemTime};

/// Why nobody can say what becomes of the callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unknown {
    /// The module of now says nothing of its interface.
    Now,
    /// The other module says nothing of its own.
    Then,
    /// The other module is too large to be fetched for this.
    Large,
    /// The other module could not be read.
    Unread,
}

/// What is known of the module of a state that is to be put into a canister.
pub(super) struct Module {
    hash: Option<Vec<u8>>,
    interface: std::result::Result<Interface, Unknown>,
}

impl Module {
    /// A module at hand.
    async fn at_hand(world: &World, bytes: Vec<u8>) -> Result<Self> {
        let hash = Hash::of(&bytes).0.to_vec();
        let text = off_the_loop(move || Ok(Interface::text_of(bytes))).await?;
        remember(&world.samples, world.network, hash.clone(), text.clone()).await;
        Ok(Self {
            hash: Some(hash),
            interface: understood(&text),
        })
    }

    /// The module of a copy.
    pub(super) async fn of_copy(world: &World, reader: &Arc<CopyReader>) -> Self {
        let reader = reader.clone();
        let read = off_the_loop(move || reader.module()).await;
        match read {
            Ok(bytes) => Self::at_hand(world, bytes).await,
            Err(error) => Err(error),
        }
        .unwrap_or_else(|error| Self::unread(&error))
    }

    /// The module of a snapshot that may be put into a canister whose module has the hash `now`.
    pub(super) async fn of_snapshot(
        world: &World,
        canister: CanisterId,
        id: &SnapshotId,
        facts: &SnapshotFacts,
        now: Option<&[u8]>,
    ) -> Self {
        let known = world
            .samples
            .known_snapshots(world.network, canister)
            .await
            .unwrap_or_default();
        let hash = known.get(id).and_then(|known| known.module_hash.clone());
        if hash.is_some() && hash.as_deref() == now {
            // Nobody looks at it.
            let interface = Err(Unknown::Unread);
            return Self { hash, interface };
        }
        if let Some(copied) = copied(world, canister, id).await {
            return Self::of_copy(world, &copied).await;
        }
        let said = match &hash {
            Some(hash) => remembered(world, hash).await,
            None => None,
        };
        if let Some(text) = said {
            let interface = understood(&text);
            return Self { hash, interface };
        }
        let read = snapshot::module(&world.replica, canister, id, facts.module_bytes).await;
        let found = match read {
            Ok(Some(bytes)) => Self::at_hand(world, bytes).await,
            Ok(None) => Ok(Self {
                hash,
                interface: Err(Unknown::Large),
            }),
            Err(error) => Err(error),
        };
        let found = found.unwrap_or_else(|error| Self::unread(&error));
        // Only what was taken stays what it is for ever.
        if found.hash.is_some() && !facts.is_uploaded {
            let known = KnownSnapshot {
                is_uploaded: false,
                version: facts.version,
                module_hash: found.hash.clone(),
            };
            let (network, id) = (world.network, id.clone());
            let kept = world.samples.know_snapshot(network, canister, id, known);
            if let Err(error) = kept.await {
                tracing::warn!(error = error.chain(), "a snapshot's module was not kept");
            }
        }
        found
    }

    fn unread(error: &crate::Error) -> Self {
        tracing::debug!(error = error.chain(), "a module was not read");
        Self {
            hash: None,
            interface: Err(Unknown::Unread),
        }
    }
}

/// What becomes of those who call a canister once it has another module; none for an empty canister, which nobody calls.
pub(super) async fn check(world: &World, standing: &Standing, then: Module) -> Option<Check> {
    let now = standing.status.module_hash.as_ref()?;
    if then.hash.as_ref() == Some(now) {
        return Some(Check::new(CheckName::Callers, Verdict::Fine));
    }
    let found = match (of_now(world, standing.canister, now).await, then.interface) {
        (_, Err(why)) => Err(why),
        (None, _) => Err(Unknown::Now),
        (Some(now), Ok(then)) => Ok(Compatibility::between(Some(&now), Some(&then))),
    };
    Some(
        match found {
            Ok(Ok(found)) => told(&found),
            Ok(Err(error)) => {
                tracing::warn!(error = error.chain(), "two interfaces were not compared");
                unknown(Unknown::Then)
            }
            Err(why) => unknown(why),
        }
        .with("name", &standing.name),
    )
}

/// What a comparison means for callers.
pub(super) fn told(found: &Compatibility) -> Check {
    let broken = |is_gone: bool| {
        let changes = found.changes.iter().filter(|change| {
            !change.reasons.is_empty() && is_gone == (change.kind == ChangeKind::Removed)
        });
        let names: Vec<&str> = changes.map(|change| change.method.as_str()).collect();
        names.join(", ")
    };
    Check::warn(CheckName::Callers, found.verdict == Callers::Compatible)
        .with("gone", broken(true))
        .with("changed", broken(false))
}

fn unknown(why: Unknown) -> Check {
    Check::new(CheckName::Callers, Verdict::Warns)
        .with("unknown", format!("{why:?}").to_ascii_lowercase())
}

/// The interface of the module that a canister has now.
async fn of_now(world: &World, canister: CanisterId, hash: &[u8]) -> Option<Interface> {
    // One that says nothing in its sections may still tell when it is asked.
    if let Some(text) = remembered(world, hash).await
        && let Ok(known) = understood(&text)
    {
        return Some(known);
    }
    match interface::read(&world.replica, canister).await {
        Ok(read) => {
            let after = world.replica.module_hash(canister).await;
            // Between the two looks it may have got another module.
            if let (Some(read), Ok(Some(after))) = (&read, after)
                && after == hash
            {
                let text = read.text.clone();
                remember(&world.samples, world.network, after, text).await;
            }
            read
        }
        Err(error) => {
            tracing::debug!(error = error.chain(), "an interface was not read");
            None
        }
    }
}

/// An interface in words; a module that says nothing has an empty one.
fn understood(text: &str) -> std::result::Result<Interface, Unknown> {
    if text.is_empty() {
        return Err(Unknown::Then);
    }
    Interface::parse(text).map_err(|_| Unknown::Then)
}

/// What is remembered of a module. Whatever is wrong with the memory is the memory's trouble.
async fn remembered(world: &World, module: &[u8]) -> Option<String> {
    let known = world
        .samples
        .known_interface(world.network, module.to_vec());
    known.await.unwrap_or_default()
}

/// Remembers what a module says of itself.
async fn remember(samples: &Samples, network: Fingerprint, module: Vec<u8>, text: String) {
    let kept = samples.know_interface(network, module, text, SystemTime::now());
    if let Err(error) = kept.await {
        tracing::warn!(error = error.chain(), "an interface was not kept");
    }
}

/// A whole copy of a snapshot on this computer.
async fn copied(world: &World, canister: CanisterId, id: &SnapshotId) -> Option<Arc<CopyReader>> {
    let chain = ChainSnapshot::new(
        world.network,
        &world.network_id.to_string(),
        canister,
        id.bytes(),
    );
    let library = world.library.clone();
    let open = off_the_loop(move || {
        let copies = library.scan();
        let mut found = copies_of(&chain, &copies).into_iter();
        let folder = found.find(|(copy, _)| matches!(copy.state, CopyState::Whole(_)));
        folder
            .map(|(copy, _)| CopyReader::open(&copy.folder))
            .transpose()
    });
    open.await.unwrap_or_default().map(Arc::new)
}
