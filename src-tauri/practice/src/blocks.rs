//! Blocks: how the network moves on.
//!
//! One thread owns the state and makes blocks (see [`crate::rhythm`]): it takes what was submitted, executes it and
//! publishes the outcome.
//! Everybody else reads the newest published [`World`], an immutable copy that shares what did not change, so that no reader ever
//! waits for execution, and execution for no reader. Within a block everything happens in order on one thread: the same
//! calls in the same order give the same state.
//!
//! A panic must not end the network. A block in which something panics is made again from the state before it, each of its acts
//! on its own: what panics then leaves no trace but the rejection that whoever waits for it gets.
//!
//! Reading order: [`World`], [`World::make_block`], then what a block does.

use crate::canister::{Canister, Origin, Run};
use crate::certify::{Hash, Tree, leb128, sha256};
use crate::cycles;
use crate::errors::{ErrorCode, Reject};
use crate::ingress::RequestId;
use crate::management::{Caller, Request};
use crate::messages::{Call, Message};
use crate::queries::Tally;
use crate::server::Taken;
use crate::subnet::{Topology, canister_id};
use crate::system::Economy;
use candid::Principal;
use imbl::OrdMap;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long the network rests when there is nothing to do. Readers take the time of a certificate from the newest
/// block and refuse one that is minutes old; a quarter of a second is never noticed and costs next to nothing.
pub(crate) const IDLE: Duration = Duration::from_millis(250);
/// How long it rests while messages between canisters are under way: canisters that call each other for ever must not
/// take a whole processor.
const BUSY: Duration = Duration::from_millis(20);
/// How many times within one block a message may follow from a message. Chains of calls that are shorter are answered at
/// once.
const HOPS: usize = 32;
/// How long the outcome of a request can be read after its expiry. A replica promises none of it; five minutes more let a
/// client that slept find out what happened.
pub const REMEMBERED: Duration = Duration::from_secs(5 * 60);

/// Nanoseconds since 1970.
pub fn wall_clock() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos() as u64)
}

/// An accepted update call.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Its id.
    pub request: RequestId,
    /// Who sent it, where to, and when it becomes void.
    pub taken: Taken,
    /// Its bytes, which are paid for.
    pub size: usize,
    /// What is to be done.
    pub payload: Payload,
}

/// What an update call asks for.
#[derive(Clone, Debug)]
pub enum Payload {
    /// A method of the management canister, decoded or to be refused.
    Management(Result<Box<Request>, Reject>),
    /// A method of a canister.
    Canister {
        /// The canister.
        id: Principal,
        /// Its method.
        method: String,
        /// The argument.
        argument: Vec<u8>,
    },
    /// Nothing: the network panics over it. Only a fault asks for that.
    Panic,
}

/// The state of the whole network after a block.
#[derive(Clone)]
pub struct World {
    /// The subnets.
    pub topology: Arc<Topology>,
    /// The time of the block, in nanoseconds since 1970.
    pub time: u64,
    /// The number of the block.
    pub height: u64,
    /// The certified state of each subnet.
    pub trees: Vec<Tree>,
    canisters: BTreeMap<Principal, Arc<Canister>>,
    /// The next free number in the application range of each subnet.
    pub next_numbers: Vec<u64>,
    /// Canisters whose part of the tree is older than they are.
    changed: BTreeSet<Principal>,
    /// Messages between canisters that are to be delivered.
    pub queue: VecDeque<Message>,
    /// The requests whose outcomes are remembered.
    pub requests: OrdMap<RequestId, Taken>,
    /// Whether nothing costs anything.
    pub free: bool,
    /// Whether canisters may write only so much; see [`crate::limits`].
    pub limits_heap_delta: bool,
    /// Until when storage was paid for.
    pub paid_until: u64,
    /// The ledgers and the mint.
    pub economy: Arc<Economy>,
    /// Where the next random bytes come from.
    pub randomness: Hash,
    /// What queries of published blocks add to the next one: all copies of a world share it.
    pub asked: Tally,
}

/// Does one act of a block. Whoever waits for it is named by what is to be done if it fails.
type Act<'a> = &'a mut dyn FnMut(&mut World);
/// How acts are done; see [`freely`] and [`with_care`].
type Way = fn(&mut World, act: Act<'_>, give_up: &dyn Fn(&mut World));

/// Just so: a panic goes to the caller.
fn freely(world: &mut World, act: Act<'_>, _: &dyn Fn(&mut World)) {
    act(world);
}

/// So that a panic undoes the act, and nothing else. Copies the world before, which is too slow for every day.
fn with_care(world: &mut World, act: Act<'_>, give_up: &dyn Fn(&mut World)) {
    let before = world.clone();
    if catch_unwind(AssertUnwindSafe(|| act(world))).is_err() {
        tracing::error!(height = before.height, "an act was given up");
        *world = before;
        give_up(world);
    }
}

/// What whoever waits for an act gets to hear when the network panicked over it.
pub fn stumbled() -> Reject {
    Reject::new(
        ErrorCode::EngineFailure,
        "The network itself failed while it executed this call. Nothing was changed.",
    )
}

impl World {
    /// An empty network.
    pub fn new(topology: Arc<Topology>, time: u64) -> Self {
        let described = topology.described();
        let next_numbers = topology
            .subnets()
            .iter()
            .map(|subnet| subnet.ranges.first().map_or(0, |range| range.0))
            .collect();
        let randomness = sha256(&[&topology.root().key.public_der()]);
        let mut world = Self {
            trees: vec![described; topology.subnets().len()],
            topology,
            time,
            height: 0,
            canisters: BTreeMap::new(),
            next_numbers,
            changed: BTreeSet::new(),
            queue: VecDeque::new(),
            requests: OrdMap::new(),
            free: false,
            limits_heap_delta: false,
            paid_until: time,
            economy: Arc::default(),
            randomness,
            asked: Tally::default(),
        };
        world.certify();
        world
    }

    /// All canisters.
    pub fn canisters(&self) -> impl Iterator<Item = &Canister> {
        self.canisters.values().map(AsRef::as_ref)
    }

    /// A canister of a subnet.
    pub fn canister(&self, id: Principal, subnet: usize) -> Result<&Canister, Reject> {
        self.canisters
            .get(&id)
            .map(AsRef::as_ref)
            .filter(|canister| canister.subnet == subnet)
            .ok_or_else(|| not_found(id))
    }

    /// A canister of a subnet, to be changed.
    pub fn canister_mut(&mut self, id: Principal, subnet: usize) -> Result<&mut Canister, Reject> {
        let canister = self
            .canisters
            .get_mut(&id)
            .filter(|canister| canister.subnet == subnet)
            .ok_or_else(|| not_found(id))?;
        self.changed.insert(id);
        Ok(Arc::make_mut(canister))
    }

    /// All canisters, to be changed in what is not certified.
    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut Canister> {
        self.canisters.values_mut().map(Arc::make_mut)
    }

    /// A canister of any subnet.
    pub fn find(&self, id: Principal) -> Option<&Canister> {
        self.canisters.get(&id).map(AsRef::as_ref)
    }

    /// A canister of any subnet, to be changed.
    pub fn find_mut(&mut self, id: Principal) -> Option<&mut Canister> {
        let canister = self.canisters.get_mut(&id)?;
        self.changed.insert(id);
        Some(Arc::make_mut(canister))
    }

    /// Adds a canister.
    pub fn insert(&mut self, canister: Canister) {
        self.changed.insert(canister.id);
        self.canisters.insert(canister.id, Arc::new(canister));
    }

    /// Removes a canister; its id is never given again.
    pub fn delete(&mut self, id: Principal) {
        self.changed.insert(id);
        self.canisters.remove(&id);
    }

    /// An id that was never given, or the specified one if it is free and belongs to the subnet.
    pub fn new_canister_id(
        &mut self,
        subnet: usize,
        specified: Option<Principal>,
    ) -> Result<Principal, Reject> {
        if let Some(id) = specified {
            let problem = if self.topology.route(id) != Some(subnet) {
                let host = self.topology.subnets()[subnet].id;
                format!("Specified CanisterId {id} is not hosted by subnet {host}.")
            } else if self.canisters.contains_key(&id) {
                format!("Canister {id} is already installed")
            } else {
                return Ok(id);
            };
            return Err(Reject::new(
                ErrorCode::CanisterInvalidId,
                format!("Unsuccessful validation of specified ID: {problem}"),
            ));
        }
        loop {
            let number = self.next_numbers[subnet];
            self.next_numbers[subnet] += 1;
            let id = canister_id(number);
            if self.topology.route(id) != Some(subnet) {
                return Err(Reject::new(
                    ErrorCode::SubnetOversubscribed,
                    "No more canister ids are available on this subnet.",
                ));
            }
            if !self.canisters.contains_key(&id) {
                return Ok(id);
            }
        }
    }

    /// Gives whoever waits the outcome, and the cycles that were not accepted.
    pub fn answer(&mut self, origin: &Origin, outcome: Result<Vec<u8>, Reject>, refund: u128) {
        match origin {
            Origin::Ingress {
                request, subnet, ..
            } => self.set_status(*subnet, request, finished(outcome)),
            Origin::Canister { id, callback } => {
                self.queue.push_back(Message::Answer {
                    canister: *id,
                    callback: *callback,
                    outcome,
                    refund,
                });
            }
            Origin::System => {}
        }
    }

    /// Bytes that nobody could foretell who does not know the seed.
    pub fn random(&mut self) -> Hash {
        self.randomness = sha256(&[b"randomness", &self.randomness]);
        sha256(&[b"raw_rand", &self.randomness])
    }

    /// Tells how a request stands.
    pub fn set_status(&mut self, subnet: usize, request: &RequestId, status: Tree) {
        let tree = &mut self.trees[subnet];
        let mut statuses = tree.get(b"request_status").cloned().unwrap_or_default();
        statuses.set(request, status);
        tree.set(b"request_status", statuses);
    }

    /// The status of a request as its subnet certifies it.
    pub fn status(&self, subnet: usize, request: &RequestId) -> Option<&[u8]> {
        self.trees[subnet]
            .lookup(&[b"request_status", request, b"status"])?
            .value()
    }

    /// Whether the status of a request will not change any more.
    pub fn is_finished(&self, subnet: usize, request: &RequestId) -> bool {
        matches!(self.status(subnet, request), Some(b"replied" | b"rejected"))
    }

    fn execute(&mut self, submission: Submission) {
        let Submission {
            request,
            taken,
            size,
            payload,
        } = submission;
        let Taken {
            subnet,
            sender,
            expiry,
            ..
        } = taken;
        // Too late: nobody will ever learn that it was sent, and it must not happen.
        if expiry < self.time {
            return;
        }
        self.requests.insert(request, taken);
        self.set_status(
            subnet,
            &request,
            Tree::branch([("status", Tree::leaf(*b"processing"))]),
        );
        let origin = Origin::Ingress {
            request,
            subnet,
            sender,
        };
        let free = self.free;
        let subject = match payload {
            Payload::Management(Ok(call)) => {
                let subject = call.canister();
                let caller = Caller {
                    id: sender,
                    origin,
                    version: None,
                    cycles: 0,
                };
                self.manage(subnet, &caller, *call);
                subject
            }
            Payload::Management(Err(reject)) => {
                self.answer(&origin, Err(reject), 0);
                None
            }
            Payload::Canister {
                id,
                method,
                argument,
            } => {
                let call = Message::Call(Call {
                    origin,
                    caller: sender,
                    callee: id,
                    method,
                    argument,
                    cycles: 0,
                    deadline: 0,
                });
                if self.must_wait(id) {
                    self.queue.push_back(call);
                } else {
                    self.deliver(call);
                }
                Some(id)
            }
            Payload::Panic => panic!("a fault asked for it"),
        };
        // Whoever is spoken to pays for the message; afterwards, because new settings may be what lets it pay at all.
        if let Some(canister) = subject.and_then(|id| self.find_mut(id)) {
            let cost = if free { 0 } else { cycles::ingress(size) };
            canister.spent.ingress += canister.pay(cost);
        }
    }

    /// Rejects a call that the network could not execute.
    fn give_up(&mut self, request: &RequestId, taken: &Taken) {
        self.requests.insert(*request, taken.clone());
        self.set_status(taken.subnet, request, finished(Err(stumbled())));
    }

    /// Forgets a request that is over.
    pub(crate) fn forget(&mut self, subnet: usize, request: &RequestId) {
        self.requests.remove(request);
        let tree = &mut self.trees[subnet];
        let mut statuses = tree.get(b"request_status").cloned().unwrap_or_default();
        statuses.remove(request);
        tree.set(b"request_status", statuses);
    }

    /// Brings the trees up to date with the state.
    fn certify(&mut self) {
        for id in std::mem::take(&mut self.changed) {
            let Some(subnet) = self.topology.route(id) else {
                continue;
            };
            let tree = &mut self.trees[subnet];
            let mut canisters = tree.get(b"canister").cloned().unwrap_or_default();
            match self.canisters.get(&id) {
                Some(canister) => canisters.set(id.as_slice(), canister.certified()),
                None => canisters.remove(id.as_slice()),
            }
            tree.set(b"canister", canisters);
        }
        for tree in &mut self.trees {
            tree.set(b"time", Tree::leaf(leb128(self.time)));
        }
    }

    /// Makes a block, whatever happens in it. `beat` tells whether this is a moment for heartbeats and for whatever only
    /// now and then needs a look.
    pub fn make_block(&mut self, now: u64, submissions: Vec<Submission>, beat: bool) {
        let before = self.clone();
        let made = catch_unwind(AssertUnwindSafe(|| {
            self.advance(now, submissions.clone(), beat);
        }));
        if made.is_err() {
            tracing::error!(
                height = before.height,
                "a block is made again after a panic"
            );
            *self = before;
            self.advance_by(now, submissions, beat, with_care);
        }
    }

    /// Makes a block in which nothing goes wrong.
    pub fn advance(
        &mut self,
        now: u64,
        submissions: impl IntoIterator<Item = Submission>,
        beat: bool,
    ) {
        self.advance_by(now, submissions, beat, freely);
    }

    fn advance_by(
        &mut self,
        now: u64,
        submissions: impl IntoIterator<Item = Submission>,
        beat: bool,
        way: Way,
    ) {
        // Time never stands still or goes back, whatever the machine's clock does.
        self.time = now.max(self.time + 1);
        self.height += 1;
        self.digest_heap_delta();
        self.count_queries();
        for (id, task) in self.due_tasks(beat) {
            let mut act = |world: &mut Self| world.run_task(id, task.clone());
            way(self, &mut act, &|world| world.skip_task(id, &task));
        }
        if beat {
            way(self, &mut Self::run_out_of_patience, &|_| {});
            way(self, &mut Self::collect_storage_fees, &|_| {});
        }
        for submission in submissions {
            let (request, taken) = (submission.request, submission.taken.clone());
            let mut submission = Some(submission);
            let mut act = |world: &mut Self| {
                if let Some(submission) = submission.take() {
                    world.execute(submission);
                }
            };
            way(self, &mut act, &|world| world.give_up(&request, &taken));
        }
        let mut waiting = VecDeque::new();
        for _ in 0..HOPS {
            if self.queue.is_empty() {
                break;
            }
            for message in std::mem::take(&mut self.queue) {
                if self.must_wait(message.receiver()) {
                    waiting.push_back(message);
                    continue;
                }
                let mut act = |world: &mut Self| world.deliver(message.clone());
                way(self, &mut act, &|world| world.abandon(&message));
            }
        }
        // Who waited is first in the next block.
        waiting.append(&mut self.queue);
        self.queue = waiting;
        self.certify();
    }

    /// Writes out what was changed: from now on every snapshot can be loaded onto other canisters.
    pub fn checkpoint(&mut self) {
        for canister in self
            .canisters
            .values_mut()
            .filter(|canister| canister.is_unflushed())
        {
            let canister = Arc::make_mut(canister);
            canister.unflushed = false;
            if let Some(code) = &mut canister.code {
                code.image.flush();
            }
            for snapshot in canister
                .snapshots
                .values_mut()
                .filter(|snapshot| snapshot.unflushed)
            {
                Arc::make_mut(snapshot).flush();
            }
        }
    }

    /// What readers get: everything but the messages that are still to be delivered.
    pub(crate) fn publication(&mut self) -> Arc<Self> {
        let queue = std::mem::take(&mut self.queue);
        let published = Arc::new(self.clone());
        self.queue = queue;
        published
    }

    /// How long the block loop may rest.
    pub(crate) fn rest(&self) -> Duration {
        if !self.queue.is_empty() {
            return BUSY;
        }
        let running = self
            .canisters()
            .filter(|canister| canister.run == Run::Running);
        let next = running.filter_map(|canister| canister.global_timer).min();
        next.map_or(IDLE, |at| {
            Duration::from_nanos(at.saturating_sub(self.time)).clamp(BUSY, IDLE)
        })
    }
}

fn not_found(id: Principal) -> Reject {
    Reject::new(
        ErrorCode::CanisterNotFound,
        format!("Canister {id} not found"),
    )
}

fn finished(outcome: Result<Vec<u8>, Reject>) -> Tree {
    match outcome {
        Ok(reply) => Tree::branch([
            ("status", Tree::leaf(*b"replied")),
            ("reply", Tree::leaf(reply)),
        ]),
        Err(reject) => Tree::branch([
            ("status", Tree::leaf(*b"rejected")),
            ("reject_code", Tree::leaf(leb128(u64::from(reject.code)))),
            ("reject_message", Tree::leaf(reject.message.into_bytes())),
            ("error_code", Tree::leaf(reject.error.into_bytes())),
        ]),
    }
}

/// How fast blocks are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// As soon as there is something to do.
    #[default]
    Instant,
    /// As on the network: one block a second, so much in each, and certified a block later.
    Mainnet,
}
