//! The rhythm of the network: when a block is made, what goes into it, and when the state is written out.
//!
//! The loop in [`run`] is the one thread that owns the state. It is the only place that looks at a clock; what a block does with
//! the time it is told is in [`crate::blocks`].

use crate::blocks::{IDLE, Pace, REMEMBERED, Submission, World, wall_clock};
use crate::ingress::RequestId;
use crate::state::StateFolder;
use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{self, AtomicBool};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};

/// What the block loop is told.
#[derive(Debug)]
pub enum Order {
    /// Take this call into a block.
    Submit(Submission),
    /// Write out what was changed, so that snapshots can be loaded elsewhere.
    Checkpoint,
    /// End after the next block.
    Stop,
}

/// The network's rhythm, and what one of its blocks holds.
const MAINNET_BLOCK: Duration = Duration::from_secs(1);
const MAINNET_PAYLOAD: usize = 4 * 1024 * 1024;
const MAINNET_MESSAGES: usize = 1000;

/// What stops the network in one way or another; every part of it can look.
#[derive(Debug, Default)]
pub struct Switches {
    frozen: AtomicBool,
    crashed: AtomicBool,
    /// Wakes who waits for a crash.
    pub crash: Notify,
}

impl Switches {
    /// No more blocks, until [`Switches::thaw`].
    pub fn freeze(&self) {
        self.frozen.store(true, atomic::Ordering::SeqCst);
    }

    /// Blocks again.
    pub fn thaw(&self) {
        self.frozen.store(false, atomic::Ordering::SeqCst);
    }

    /// Ends everything at once, as a power cut would.
    pub fn crash(&self) {
        self.crashed.store(true, atomic::Ordering::SeqCst);
        self.crash.notify_waiters();
    }

    /// Whether everything ended.
    pub fn is_crashed(&self) -> bool {
        self.crashed.load(atomic::Ordering::SeqCst)
    }
}

/// How the block loop works.
#[derive(Clone, Debug)]
pub struct Rhythm {
    /// How fast.
    pub pace: Pace,
    /// How long from checkpoint to checkpoint.
    pub checkpoint: Duration,
}

/// Makes blocks until it is told to stop, and saves the state at checkpoints and at the end; not after a crash.
pub fn run(
    mut world: World,
    rhythm: &Rhythm,
    orders: &mpsc::Receiver<Order>,
    published: &watch::Sender<Arc<World>>,
    switches: &Switches,
    state: Option<&StateFolder>,
) {
    // What can be forgotten, and when, soonest first. Not part of the world: no reader needs it.
    let until = |expiry: u64| expiry.saturating_add(REMEMBERED.as_nanos() as u64);
    let mut remembered: BTreeSet<(u64, usize, RequestId)> = world
        .requests
        .iter()
        .map(|(request, taken)| (until(taken.expiry), taken.subnet, *request))
        .collect();
    let mut waiting: VecDeque<Submission> = VecDeque::new();
    let mut uncertified: Option<Arc<World>> = None;
    let (mut last_beat, mut last_checkpoint, mut last_block) =
        (Instant::now(), Instant::now(), Instant::now());
    let mut stopping = false;
    while !stopping {
        let rest = match rhythm.pace {
            _ if switches.frozen.load(atomic::Ordering::SeqCst) => IDLE,
            Pace::Instant => world.rest(),
            Pace::Mainnet => MAINNET_BLOCK.saturating_sub(last_block.elapsed()),
        };
        let first = match orders.recv_timeout(rest) {
            Ok(order) => Some(order),
            Err(mpsc::RecvTimeoutError::Timeout) => None,
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        };
        let mut checkpoint = last_checkpoint.elapsed() >= rhythm.checkpoint;
        for order in first.into_iter().chain(orders.try_iter()) {
            match order {
                Order::Submit(submission) => waiting.push_back(submission),
                Order::Checkpoint => checkpoint = true,
                Order::Stop => stopping = true,
            }
        }
        if switches.is_crashed() {
            return;
        }
        let too_early = rhythm.pace == Pace::Mainnet && last_block.elapsed() < MAINNET_BLOCK;
        if (too_early || switches.frozen.load(atomic::Ordering::SeqCst)) && !stopping {
            continue;
        }
        last_block = Instant::now();
        let batch = match rhythm.pace {
            Pace::Instant => waiting.drain(..).collect(),
            Pace::Mainnet => next_payload(&mut waiting),
        };
        remembered.extend(batch.iter().map(|submission| {
            (
                until(submission.taken.expiry),
                submission.taken.subnet,
                submission.request,
            )
        }));
        let beat = last_beat.elapsed() >= IDLE;
        if beat {
            last_beat = Instant::now();
        }
        world.make_block(wall_clock(), batch, beat);
        while let Some((when, subnet, request)) = remembered.first().copied()
            && when < world.time
        {
            remembered.pop_first();
            // A call may stay open longer than that; then its status stays, too.
            if world.status(subnet, &request).is_none() || world.is_finished(subnet, &request) {
                world.forget(subnet, &request);
            } else {
                remembered.insert((until(world.time), subnet, request));
            }
        }
        if checkpoint {
            world.checkpoint();
            last_checkpoint = Instant::now();
            save(&world, state);
        }
        let publication = world.publication();
        match rhythm.pace {
            Pace::Instant => published.send_replace(publication),
            Pace::Mainnet => published.send_replace(
                uncertified
                    .replace(publication.clone())
                    .unwrap_or(publication),
            ),
        };
    }
    save(&world, state);
}

/// Saves the state, if it is to be saved. A full disk must not end the network: the former checkpoint is still there.
fn save(world: &World, state: Option<&StateFolder>) {
    if let Some(Err(error)) = state.map(|state| state.save(world)) {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "the state was not saved"
        );
    }
}

/// As much as fits into a block of the network, in the order of arrival.
fn next_payload(waiting: &mut VecDeque<Submission>) -> Vec<Submission> {
    let (mut count, mut bytes) = (0, 0);
    for submission in waiting.iter().take(MAINNET_MESSAGES) {
        bytes += submission.size;
        if bytes > MAINNET_PAYLOAD {
            break;
        }
        count += 1;
    }
    waiting.drain(..count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::Payload;
    use crate::server::Taken;
    use candid::Principal;

    fn waiting(sizes: impl IntoIterator<Item = usize>) -> VecDeque<Submission> {
        let nobody = Principal::anonymous();
        let submission = |size| Submission {
            request: [0; 32],
            taken: Taken {
                subnet: 0,
                sender: nobody,
                receiver: nobody,
                expiry: 0,
            },
            size,
            payload: Payload::Panic,
        };
        sizes.into_iter().map(submission).collect()
    }

    #[test]
    fn a_block_holds_what_the_networks_blocks_hold() {
        const CHUNK: usize = 2_000_300; // a piece of a snapshot in its envelope
        let mut uploads = waiting([CHUNK; 5]);
        let blocks: Vec<usize> = (0..3).map(|_| next_payload(&mut uploads).len()).collect();
        assert_eq!(blocks, [2, 2, 1], "two pieces a block, in order");
        let mut small = waiting([300; 1001]);
        assert_eq!(next_payload(&mut small).len(), 1000, "so many messages");
        assert_eq!(small.len(), 1, "the rest waits");
    }
}
