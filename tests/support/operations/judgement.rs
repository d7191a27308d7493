//! How a world has to be after an operation, seen past every interface: as planned, as before, or stuck, and nothing ever twice.

use super::Scene;
use canopic_engine::{CanisterId, End, Job, State};
use canopic_practice::{blocks::World, canister::Run, interface::ChangeDetails};
use std::collections::BTreeSet;

/// A canister as the network has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Whether it runs.
    pub is_running: bool,
    /// What it holds; none for an empty one.
    pub total: Option<u32>,
    /// Its snapshots, by their numbers.
    pub snapshots: BTreeSet<u64>,
    /// How many snapshots were ever taken of it.
    pub taken: u64,
    /// How many were ever loaded.
    pub loaded: usize,
    /// How many modules were ever installed.
    pub installed: usize,
    /// How many canisters there are on the network.
    pub canisters: usize,
}

/// A canister as the network has it, or none: what was deleted is nowhere.
pub type Seen = Option<Picture>;

/// A canister as the network has it right now, past every interface.
///
/// # Panics
///
/// Where there is no such canister.
pub fn picture(world: &World, id: CanisterId) -> Picture {
    seen(world, id).expect("it was made on a subnet, and nobody deleted it")
}

fn seen(world: &World, id: CanisterId) -> Seen {
    let canister = world
        .canister(
            id.principal(),
            world.topology.route(id.principal()).unwrap_or_default(),
        )
        .ok()?;
    let is_load = |change: &&std::sync::Arc<canopic_practice::interface::Change>| {
        matches!(change.details, ChangeDetails::LoadSnapshot { .. })
    };
    let is_installation = |change: &&std::sync::Arc<canopic_practice::interface::Change>| {
        matches!(change.details, ChangeDetails::CodeDeployment { .. })
    };
    let memory = canister.code.as_ref().map(|code| {
        let mut total = [0; 4];
        code.image
            .heap
            .read(0, &mut total)
            .expect("a counter has a page of memory");
        u32::from_le_bytes(total)
    });
    Some(Picture {
        is_running: matches!(canister.run, Run::Running),
        total: memory,
        snapshots: canister.snapshots.keys().copied().collect(),
        taken: canister.next_snapshot,
        loaded: canister.history.iter().filter(is_load).count(),
        installed: canister.history.iter().filter(is_installation).count(),
        canisters: world.canisters().count(),
    })
}

/// Pictures of all canisters of a scene.
pub fn pictures(world: &World, scene: &Scene) -> Vec<Seen> {
    scene
        .cast
        .iter()
        .map(|(canister, _)| seen(world, *canister))
        .collect()
}

/// What every end has to keep: done is exactly as planned, undone is as before, and nothing ever happens twice.
///
/// # Panics
///
/// Where it is not so.
pub fn judge(scene: &Scene, job: &Job, before: &[Seen], after: &[Seen]) {
    if let Some(means) = scene.means.as_ref().filter(|means| means.exists()) {
        assert!(
            !matches!(job.state, State::Ended(_)),
            "{means} was only a means: {:?}",
            job.state
        );
    }
    for (((canister, change), before), after) in scene.cast.iter().zip(before).zip(after) {
        let told = || {
            format!(
                "{canister}: {before:?} became {after:?}; {:?}, {:?}",
                job.state, job.failure
            )
        };
        let before = before.as_ref().expect("it was there before");
        let Some(after) = after else {
            assert!(
                change.is_gone && job.state == State::Ended(End::Done),
                "only what is to be deleted is gone, and then all is done: {}",
                told()
            );
            continue;
        };
        let taken = after.taken - before.taken;
        let loaded = after.loaded - before.loaded;
        assert!(
            taken <= change.taken,
            "no second snapshot, ever: {}",
            told()
        );
        assert!(
            after.installed - before.installed <= change.installed,
            "no second installation, ever: {}",
            told()
        );
        let made = after.canisters.saturating_sub(before.canisters);
        if matches!(job.state, State::Ended(End::Done)) {
            assert_eq!(
                made,
                scene.makes,
                "as many canisters as planned, and no throw-away one is left behind: {}",
                told()
            );
        } else if matches!(job.state, State::Ended(_)) || scene.makes > 0 {
            assert!(
                made <= scene.makes,
                "no second canister, ever, and no throw-away one is left behind: {}",
                told()
            );
        }
        match &job.state {
            State::Ended(End::Done) => {
                assert!(!change.is_gone, "done is deleted: {}", told());
                let snapshots = before.snapshots.len().cast_signed() + change.snapshots;
                assert_eq!(
                    (
                        after.is_running,
                        after.total,
                        after.snapshots.len().cast_signed(),
                        taken,
                        loaded,
                    ),
                    (
                        change.is_running.unwrap_or(before.is_running),
                        change.total.or(before.total),
                        snapshots,
                        change.taken,
                        change.loaded,
                    ),
                    "done is as planned, each thing once: {}",
                    told()
                );
            }
            State::Ended(End::Undone) => {
                let has_lasted = change.is_lasting && after.total == change.total;
                assert!(
                    after.is_running == before.is_running
                        && (after.total == before.total || has_lasted),
                    "undone is as before: {}",
                    told()
                );
                assert!(
                    // Into an empty canister nothing is loaded back: it is empty again.
                    loaded == 0
                        || loaded == 2 * change.loaded + change.back
                        || before.total.is_none() && loaded == change.loaded,
                    "what was loaded was loaded back once: {}",
                    told()
                );
                if change.replaced > 0 && taken > 0 {
                    let kept = before.snapshots.intersection(&after.snapshots).count();
                    assert_eq!(
                        (kept + change.replaced, after.snapshots.len()),
                        (before.snapshots.len(), before.snapshots.len()),
                        "what has given way is gone, and what took its place is all that is left of it: {}",
                        told()
                    );
                } else if change.snapshots >= 0 {
                    assert_eq!(
                        after.snapshots,
                        before.snapshots,
                        "no snapshot of ours is left behind: {}",
                        told()
                    );
                }
            }
            State::Stuck(_) => {
                assert!(
                    loaded <= 2 * change.loaded + change.back,
                    "no second load, ever: {}",
                    told()
                );
            }
            state => panic!("it never came to rest: {state:?}: {}", told()),
        }
    }
}
