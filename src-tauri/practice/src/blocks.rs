//! Blocks: how the network moves on.
//!
//! One thread owns the state and makes blocks: it takes what was submitted, executes it and publishes the outcome.
//! Everybody else reads the newest published [`World`], an immutable copy that shares what did not change, so that no reader ever
//! waits for execution, and execution for no reader. Within a block everything happens in order on one thread: the same
//! calls in the same order give the same state.

use crate::canister::{Canister, Origin, Run};
use crate::certify::{Tree, leb128};
use crate::cycles;
use crate::errors::{ErrorCode, Reject};
use crate::ingress::RequestId;
use crate::management::{self, Answer, Caller, Request};
use crate::subnet::{Topology, canister_id};
use candid::Principal;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, mpsc};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

/// How long the network rests when there is nothing to do. Readers take the time of a certificate from the newest
/// block and refuse one that is minutes old; a quarter of a second is never noticed and costs next to nothing.
const IDLE: Duration = Duration::from_millis(250);
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
#[derive(Debug)]
pub struct Submission {
    /// Its id.
    pub request: RequestId,
    /// Who sent it.
    pub sender: Principal,
    /// When it becomes void.
    pub expiry: u64,
    /// The subnet that it was sent to.
    pub subnet: usize,
    /// What is to be done.
    pub payload: Payload,
}

/// What an update call asks for.
#[derive(Debug)]
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
        arg: Vec<u8>,
    },
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
    next_numbers: Vec<u64>,
    /// Canisters whose part of the tree is older than they are.
    changed: BTreeSet<Principal>,
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
        let mut world = Self {
            trees: vec![described; topology.subnets().len()],
            topology,
            time,
            height: 0,
            canisters: BTreeMap::new(),
            next_numbers,
            changed: BTreeSet::new(),
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

    /// Whether a canister takes this call of a user now.
    pub fn admit(&self, id: Principal, subnet: usize, size: usize) -> Result<(), Reject> {
        let canister = self.canister(id, subnet)?;
        canister.require_cycles(cycles::ingress(size))?;
        match canister.run {
            Run::Running => {}
            Run::Stopping(_) => {
                return Err(Reject::new(
                    ErrorCode::Stopping,
                    format!("Canister {id} is stopping"),
                ));
            }
            Run::Stopped => {
                return Err(Reject::new(
                    ErrorCode::Stopped,
                    format!("Canister {id} is stopped"),
                ));
            }
        }
        if canister.code.is_none() {
            return Err(Reject::new(
                ErrorCode::WasmModuleNotFound,
                "Requested canister has no wasm module",
            ));
        }
        Ok(())
    }

    /// Answers a query to a canister.
    pub fn query(&self, id: Principal, subnet: usize, method: &str) -> Result<Vec<u8>, Reject> {
        let canister = self.canister(id, subnet)?;
        if canister.code.is_none() {
            let message = format!(
                "Error from Canister {id}: Attempted to execute a message, but the canister contains no Wasm module."
            );
            return Err(Reject::new(ErrorCode::WasmModuleNotFound, message));
        }
        Err(Reject::new(
            ErrorCode::MethodNotFound,
            format!("Error from Canister {id}: Canister has no query method '{method}'."),
        ))
    }

    /// Gives whoever waits the outcome.
    pub fn answer(&mut self, origin: &Origin, outcome: Result<Vec<u8>, Reject>) {
        match origin {
            Origin::Ingress {
                request, subnet, ..
            } => self.set_status(*subnet, request, finished(outcome)),
            Origin::Canister { .. } | Origin::System => {}
        }
    }

    fn set_status(&mut self, subnet: usize, request: &RequestId, status: Tree) {
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
            sender,
            expiry,
            subnet,
            payload,
        } = submission;
        // Too late: nobody will ever learn that it was sent, and it must not happen.
        if expiry < self.time {
            return;
        }
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
        let outcome = match payload {
            Payload::Management(Ok(call)) => {
                let caller = Caller {
                    id: sender,
                    origin: origin.clone(),
                    version: None,
                    cycles: 0,
                };
                management::execute(self, subnet, &caller, *call)
            }
            Payload::Management(Err(reject)) => Err(reject),
            Payload::Canister { id, method, .. } => {
                let message =
                    format!("Error from Canister {id}: Canister has no update method '{method}'");
                Err(Reject::new(ErrorCode::MethodNotFound, message))
            }
        };
        match outcome {
            Ok(Answer::Reply { bytes, .. }) => self.answer(&origin, Ok(bytes)),
            Ok(Answer::Later) => {}
            Err(reject) => self.answer(&origin, Err(reject)),
        }
        self.settle();
    }

    /// Ends the stopping of canisters that have nothing open any more.
    fn settle(&mut self) {
        let stopping = |canister: &&Canister| matches!(canister.run, Run::Stopping(_));
        let ready: Vec<(Principal, usize)> = self
            .canisters()
            .filter(stopping)
            .map(|canister| (canister.id, canister.subnet))
            .collect();
        for (id, subnet) in ready {
            let Ok(canister) = self.canister_mut(id, subnet) else {
                continue;
            };
            canister.bump();
            if let Run::Stopping(waiting) = std::mem::replace(&mut canister.run, Run::Stopped) {
                for (origin, _) in waiting {
                    self.answer(&origin, Ok(b"DIDL\0\0".to_vec()));
                }
            }
        }
    }

    /// Forgets a request that is over.
    fn forget(&mut self, subnet: usize, request: &RequestId) {
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

    /// Makes a block.
    pub fn advance(&mut self, now: u64, submissions: impl IntoIterator<Item = Submission>) {
        // Time never stands still or goes back, whatever the machine's clock does.
        self.time = now.max(self.time + 1);
        self.height += 1;
        for submission in submissions {
            self.execute(submission);
        }
        self.certify();
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

/// Makes blocks until nobody can submit any more.
pub fn run(
    mut world: World,
    submissions: &mpsc::Receiver<Submission>,
    published: &watch::Sender<Arc<World>>,
) {
    // What can be forgotten, and when, soonest first. Not part of the world: no reader needs it.
    let mut remembered: BTreeSet<(u64, usize, RequestId)> = BTreeSet::new();
    loop {
        let mut batch = match submissions.recv_timeout(IDLE) {
            Ok(submission) => vec![submission],
            Err(mpsc::RecvTimeoutError::Timeout) => vec![],
            Err(mpsc::RecvTimeoutError::Disconnected) => return,
        };
        batch.extend(submissions.try_iter());
        let until = |expiry: u64| expiry.saturating_add(REMEMBERED.as_nanos() as u64);
        remembered.extend(batch.iter().map(|submission| {
            (
                until(submission.expiry),
                submission.subnet,
                submission.request,
            )
        }));
        world.advance(wall_clock(), batch);
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
        published.send_replace(Arc::new(world.clone()));
    }
}
