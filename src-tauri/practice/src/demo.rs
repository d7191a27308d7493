//! The demo fleet: the canisters of a small shop, the same every time.
//!
//! Made through the network's own doors, so that history, versions, settings and snapshots are what a person would have left
//! behind over half a year. Each life is told by itself, from its first day on, with the clock set back: [`settle`] tells whose.
//! The owner's key is public on purpose: it is worth nothing outside a practice network.
//!
//! The modules stand with their sources in `demo/`: WAT, assembled, and Motoko, built by `npm run build` there. A test holds them
//! together. `bookkeeping_next` is not installed: it is the upgrade of `bookkeeping` that traps, and what a lesson tries ([`module`]).

use crate::blocks::World;
use crate::canister::Origin;
use crate::certify::sha256;
use crate::cycles::TRILLION;
use crate::errors::{ErrorCode, Reject};
use crate::interface::{
    CanisterIdRecord, CanisterInstallMode, CanisterSettings, InstallCodeArgs,
    ProvisionalCreateCanisterWithCyclesArgs, SnapshotDataOffset, TakeCanisterSnapshotArgs,
    UpgradeFlags, UploadCanisterSnapshotDataArgs, UploadCanisterSnapshotMetadataArgs,
    UploadCanisterSnapshotMetadataResult, WasmMemoryPersistence,
};
use crate::management::{Caller, Request};
use crate::messages::{Call, Message};
use crate::subnet::{Topology, canister_id};
use candid::utils::ArgumentEncoder;
use candid::{Decode, Int, Nat, Principal};
use ed25519_dalek::SigningKey;

/// The Ed25519 secret of the practice identity that controls the fleet.
pub const OWNER_SEED: [u8; 32] = *b"canopic practice owner, public!!";

/// The Ed25519 secret of the neighbour, who controls one canister of the fleet instead of the owner.
const NEIGHBOUR_SEED: [u8; 32] = *b"canopic practice neighbour, same";

/// The projects that the canisters belong to.
const SHOP: &str = "Shop";
const BACK_OFFICE: &str = "Back office";

const STOREFRONT: &[u8] = include_bytes!("../demo/storefront.wasm");
const HISTORIAN: &[u8] = include_bytes!("../demo/historian.wasm");
const TALLY: &[u8] = include_bytes!("../demo/tally.wasm");
const SHOP_BACKEND_1: &[u8] = include_bytes!("../demo/shop_backend_1.wasm.gz");
const SHOP_BACKEND: &[u8] = include_bytes!("../demo/shop_backend.wasm.gz");
const NOTES: &[u8] = include_bytes!("../demo/notes.wasm.gz");
const BOOKKEEPING_NEXT: &[u8] = include_bytes!("../demo/bookkeeping_next.wasm.gz");
const BOOKKEEPING: &[u8] = include_bytes!("../demo/bookkeeping.wasm.gz");

const HOUR: u64 = 60 * 60 * 1_000_000_000;
const DAY: u64 = 24 * HOUR;

/// A module that stands ready for lessons.
pub fn module(name: &str) -> Option<&'static [u8]> {
    match name {
        "tally" => Some(TALLY),
        "bookkeeping" => Some(BOOKKEEPING),
        "bookkeeping_next" => Some(BOOKKEEPING_NEXT),
        _ => None,
    }
}

/// A canister of the fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// What its project calls it.
    pub name: &'static str,
    /// The project that it belongs to.
    pub group: &'static str,
    /// Its id.
    pub id: Principal,
}

fn principal_of(seed: &[u8; 32]) -> Principal {
    let key = SigningKey::from_bytes(seed);
    let der = [
        crate::ingress::ED25519_DER_PREFIX.as_slice(),
        key.verifying_key().as_bytes(),
    ]
    .concat();
    Principal::self_authenticating(der)
}

/// The principal that controls the fleet.
pub fn owner() -> Principal {
    principal_of(&OWNER_SEED)
}

/// What is settled.
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    /// The canisters of the shop.
    pub members: Vec<Member>,
    /// The canister that passes on questions about the history of others.
    pub historian: Option<Principal>,
}

/// Settles the fleet in an empty network.
pub fn settle(world: &mut World) -> Result<Fleet, Reject> {
    let (owner, neighbour) = (owner(), principal_of(&NEIGHBOUR_SEED));
    let mut story = Story {
        today: world.time,
        world,
        fleet: vec![],
        acts: 0,
    };
    storefront(story.life(SHOP, "storefront", owner, 8 * TRILLION)?)?;
    shop_backend(story.life(SHOP, "shop_backend", owner, 20 * TRILLION)?)?;
    orders(story.life(SHOP, "orders", owner, 12 * TRILLION)?)?;
    tally(story.life(SHOP, "stock", owner, 6 * TRILLION)?, 3_310)?;
    customers(story.life(SHOP, "customers", owner, 15 * TRILLION)?)?;
    payments(story.life(SHOP, "payments", owner, TRILLION / 480)?)?;
    newsletter(story.life(BACK_OFFICE, "newsletter", owner, 3 * TRILLION)?)?;
    bookkeeping(story.life(BACK_OFFICE, "bookkeeping", owner, 25 * TRILLION)?)?;
    staff_notes(story.life(BACK_OFFICE, "staff_notes", owner, 4 * TRILLION)?)?;
    let partner = story.life(BACK_OFFICE, "shipping_partner", neighbour, 5 * TRILLION)?;
    tally(partner, 87)?;
    let historian = story.historian(owner)?;
    Ok(Fleet {
        members: story.end(),
        historian: Some(historian),
    })
}

/// The largest: 50 MiB of pictures in stable memory.
fn storefront(mut life: Life<'_, '_>) -> Result<(), Reject> {
    life.days_ago(181);
    life.install(STOREFRONT)?;
    life.call("visit", ())?;
    life.days_ago(60);
    life.snapshot()?;
    life.call("visit", ())?;
    life.call("visit", ())
}

/// Its snapshots hold two modules: the shelf of the first months, and the shop of today.
fn shop_backend(mut life: Life<'_, '_>) -> Result<(), Reject> {
    life.days_ago(180);
    life.install(SHOP_BACKEND_1)?;
    for (code, title, price, pieces) in [
        ("B1", "A map of the bay", 24_u32, 12_u32),
        ("B2", "The lighthouse keeper's year", 18, 30),
        ("B3", "Knots for every day", 9, 50),
        ("B4", "Tide tables", 6, 80),
    ] {
        life.call(
            "restock",
            (code, title, Nat::from(price), Nat::from(pieces)),
        )?;
    }
    life.days_ago(92);
    life.snapshot()?;
    life.upgrade(SHOP_BACKEND)?;
    for (days, customer, code, pieces) in [
        (88, "Ada", "B1", 1_u32),
        (71, "Brook", "B3", 2),
        (46, "Chidi", "B2", 1),
    ] {
        life.days_ago(days);
        life.call("order", (customer, code, Nat::from(pieces)))?;
    }
    life.days_ago(45);
    life.snapshot()?;
    for (days, customer, code, pieces) in [(30, "Dana", "B4", 6_u32), (9, "Ada", "B2", 2)] {
        life.days_ago(days);
        life.call("order", (customer, code, Nat::from(pieces)))?;
    }
    life.days_ago(2);
    life.snapshot()
}

/// A past to go back to: a snapshot from before the last release, one of three days ago, and one of yesterday evening; each later one
/// knows more orders.
fn orders(mut life: Life<'_, '_>) -> Result<(), Reject> {
    life.days_ago(150);
    life.install(&earlier(TALLY))?;
    life.call("add", (640_u64,))?;
    life.days_ago(60);
    life.call("add", (149_u64,))?;
    life.days_ago(14);
    life.call("add", (72_u64,))?;
    life.snapshot()?;
    life.days_ago(12);
    life.upgrade_forgetting(TALLY)?;
    // The release began to count anew, and somebody told it where the old one had stopped.
    life.call("add", (861_u64,))?;
    life.days_ago(3);
    life.call("add", (237_u64,))?;
    life.snapshot()?;
    life.yesterday_at(18);
    life.call("add", (65_u64,))?;
    life.snapshot()?;
    life.hours_ago(2);
    life.call("add", (41_u64,))
}

/// A release that does the same and is another module: a section that nobody reads makes the difference.
fn earlier(module: &[u8]) -> Vec<u8> {
    // Custom section 0, nine bytes: a name of eight.
    [module, b"\x00\x09\x08previous"].concat()
}

/// A module that does the same and publishes no interface: what it publishes stands under a name that nobody asks for.
fn silent(module: &[u8]) -> Vec<u8> {
    const INTERFACE: &[u8] = b"candid:service";
    let mut silent = module.to_vec();
    let found = module
        .windows(INTERFACE.len())
        .position(|name| name == INTERFACE);
    if let Some(at) = found {
        silent[at..at + INTERFACE.len()].copy_from_slice(b"candid:nothing");
    }
    silent
}

fn tally(mut life: Life<'_, '_>, total: u64) -> Result<(), Reject> {
    life.days_ago(150);
    life.install(TALLY)?;
    life.days_ago(1);
    life.call("add", (total,))
}

/// No room for another snapshot: one each week fills all ten places.
fn customers(mut life: Life<'_, '_>) -> Result<(), Reject> {
    life.days_ago(120);
    life.install(NOTES)?;
    for (week, customer) in (1..=10).rev().zip([
        "Ada", "Brook", "Chidi", "Dana", "Emre", "Femi", "Grace", "Hana", "Ivo", "Jun",
    ]) {
        life.days_ago(7 * week);
        life.call("write", (customer, "asked for the autumn list"))?;
        life.snapshot()?;
    }
    Ok(())
}

/// Low on cycles: what it has does not last for the ninety days that it wants to be safe for. It does not say what it can be asked.
fn payments(mut life: Life<'_, '_>) -> Result<(), Reject> {
    life.days_ago(150);
    life.install(&silent(TALLY))?;
    life.call("add", (48_250_u64,))
}

/// Stopped since the last letter.
fn newsletter(mut life: Life<'_, '_>) -> Result<(), Reject> {
    life.days_ago(100);
    life.install(NOTES)?;
    life.days_ago(40);
    life.call("write", ("Grace", "Letter 1: the reading room is open"))?;
    life.days_ago(12);
    life.call("write", ("Grace", "Letter 2: maps, and how to fold them"))?;
    life.days_ago(5);
    life.snapshot()?;
    life.stop()
}

/// An expense is what `bookkeeping_next` trips over.
fn bookkeeping(mut life: Life<'_, '_>) -> Result<(), Reject> {
    life.days_ago(170);
    life.install(BOOKKEEPING)?;
    life.call("enter", ("opening balance", Int::from(4_000)))?;
    life.days_ago(75);
    life.call("enter", ("shelves", Int::from(-650)))?;
    life.days_ago(31);
    life.snapshot()?;
    life.call("enter", ("sales of the month", Int::from(2_310)))
}

/// Somebody began to upload a snapshot and was interrupted.
fn staff_notes(mut life: Life<'_, '_>) -> Result<(), Reject> {
    life.days_ago(110);
    life.install(NOTES)?;
    life.call("write", ("Grace", "The delivery door sticks, lift it"))?;
    life.call("write", ("Ivo", "Tide tables: order before March"))?;
    life.days_ago(20);
    life.snapshot()?;
    life.days_ago(3);
    life.begin_upload(NOTES)
}

/// The fleet so far, and the network that it lives in.
struct Story<'w> {
    world: &'w mut World,
    today: u64,
    fleet: Vec<Member>,
    /// How many acts there were: each needs a request id of its own.
    acts: u64,
}

/// One canister, told from its first day on.
struct Life<'s, 'w> {
    story: &'s mut Story<'w>,
    id: Principal,
    controller: Principal,
}

impl<'w> Story<'w> {
    /// Makes a canister, 182 days ago.
    fn life(
        &mut self,
        group: &'static str,
        name: &'static str,
        controller: Principal,
        cycles: u128,
    ) -> Result<Life<'_, 'w>, Reject> {
        let id = self.next_id();
        self.fleet.push(Member { name, group, id });
        self.born(id, controller, cycles)
    }

    /// Makes the historian, which is as old as the network and belongs to nobody's project.
    fn historian(&mut self, controller: Principal) -> Result<Principal, Reject> {
        let id = self.next_id();
        let mut life = self.born(id, controller, TRILLION)?;
        life.install(HISTORIAN)?;
        Ok(id)
    }

    /// The id that the network gives to the next canister.
    fn next_id(&self) -> Principal {
        let first = self.world.topology.subnets()[Topology::DEFAULT_SUBNET].ranges[0].0;
        canister_id(first + self.fleet.len() as u64)
    }

    /// A canister's first day.
    fn born(
        &mut self,
        id: Principal,
        controller: Principal,
        cycles: u128,
    ) -> Result<Life<'_, 'w>, Reject> {
        let settings = CanisterSettings {
            freezing_threshold: (cycles < TRILLION).then(|| Nat::from(90_u32 * 24 * 60 * 60)),
            ..CanisterSettings::default()
        };
        let mut life = Life {
            story: self,
            id,
            controller,
        };
        life.days_ago(182);
        life.manage(Request::ProvisionalCreate(
            ProvisionalCreateCanisterWithCyclesArgs {
                amount: Some(Nat::from(cycles)),
                settings: Some(settings),
                ..ProvisionalCreateCanisterWithCyclesArgs::default()
            },
        ))?;
        Ok(life)
    }

    /// Today again; nobody asks for the outcome of these requests any more, and everything was written out long ago.
    fn end(self) -> Vec<Member> {
        self.world.time = self.today;
        self.world.trees[Topology::DEFAULT_SUBNET].remove(b"request_status");
        self.world.checkpoint();
        self.fleet
    }
}

impl Life<'_, '_> {
    /// Sets the clock.
    fn days_ago(&mut self, days: u64) {
        self.story.world.time = self.story.today - days * DAY;
    }

    fn hours_ago(&mut self, hours: u64) {
        self.story.world.time = self.story.today - hours * HOUR;
    }

    /// Sets the clock to an hour of yesterday, by universal time.
    fn yesterday_at(&mut self, hour: u64) {
        let midnight = self.story.today - self.story.today % DAY;
        self.story.world.time = midnight - DAY + hour * HOUR;
    }

    fn install(&mut self, module: &[u8]) -> Result<(), Reject> {
        self.deploy(module, CanisterInstallMode::Install)
    }

    fn upgrade(&mut self, module: &[u8]) -> Result<(), Reject> {
        let flags = UpgradeFlags {
            skip_pre_upgrade: None,
            wasm_memory_persistence: Some(WasmMemoryPersistence::Keep),
        };
        self.deploy(module, CanisterInstallMode::Upgrade(Some(flags)))
    }

    /// For modules whose memory the network does not carry over by itself.
    fn upgrade_forgetting(&mut self, module: &[u8]) -> Result<(), Reject> {
        self.deploy(module, CanisterInstallMode::Upgrade(None))
    }

    fn deploy(&mut self, module: &[u8], mode: CanisterInstallMode) -> Result<(), Reject> {
        let arg = candid::encode_args(()).map_err(unencodable)?;
        self.manage(Request::InstallCode(InstallCodeArgs {
            mode,
            canister_id: self.id,
            wasm_module: module.to_vec(),
            arg,
            sender_canister_version: None,
        }))?;
        Ok(())
    }

    fn snapshot(&mut self) -> Result<(), Reject> {
        self.manage(Request::TakeSnapshot(TakeCanisterSnapshotArgs {
            canister_id: self.id,
            replace_snapshot: None,
            uninstall_code: None,
            sender_canister_version: None,
        }))?;
        Ok(())
    }

    fn stop(&mut self) -> Result<(), Reject> {
        let canister_id = self.id;
        self.manage(Request::StopCanister(CanisterIdRecord { canister_id }))?;
        Ok(())
    }

    /// The module of a snapshot and none of its memory.
    fn begin_upload(&mut self, module: &[u8]) -> Result<(), Reject> {
        let reply = self.manage(Request::UploadSnapshotMetadata(
            UploadCanisterSnapshotMetadataArgs {
                canister_id: self.id,
                replace_snapshot: None,
                wasm_module_size: module.len() as u64,
                globals: vec![],
                wasm_memory_size: 32 << 20,
                stable_memory_size: 0,
                certified_data: vec![],
                global_timer: None,
                on_low_wasm_memory_hook_status: None,
            },
        ))?;
        let uploaded =
            Decode!(&reply, UploadCanisterSnapshotMetadataResult).map_err(unencodable)?;
        self.manage(Request::UploadSnapshotData(
            UploadCanisterSnapshotDataArgs {
                canister_id: self.id,
                snapshot_id: uploaded.snapshot_id,
                kind: SnapshotDataOffset::WasmModule { offset: 0 },
                chunk: module.to_vec(),
            },
        ))?;
        Ok(())
    }

    /// Calls a method of the canister.
    fn call(&mut self, method: &str, arguments: impl ArgumentEncoder) -> Result<(), Reject> {
        let argument = candid::encode_args(arguments).map_err(unencodable)?;
        let (callee, caller, method) = (self.id, self.controller, method.to_owned());
        self.act(|world, origin| {
            world.deliver(Message::Call(Call {
                origin,
                caller,
                callee,
                method,
                argument,
                cycles: 0,
                deadline: 0,
            }));
        })?;
        Ok(())
    }

    /// Calls the management canister.
    fn manage(&mut self, request: Request) -> Result<Vec<u8>, Reject> {
        let id = self.controller;
        self.act(|world, origin| {
            let caller = Caller {
                id,
                origin,
                version: None,
                cycles: 0,
            };
            world.manage(Topology::DEFAULT_SUBNET, &caller, request);
        })
    }

    /// Does something as a user's request, and reads how it ended where a user would.
    fn act(&mut self, act: impl FnOnce(&mut World, Origin)) -> Result<Vec<u8>, Reject> {
        let Story { world, acts, .. } = &mut *self.story;
        *acts += 1;
        world.time += 1;
        let request = sha256(&[b"demo", &acts.to_be_bytes()]);
        let subnet = Topology::DEFAULT_SUBNET;
        let sender = self.controller;
        act(
            world,
            Origin::Ingress {
                request,
                subnet,
                sender,
            },
        );
        let outcome = |label: &[u8]| {
            let found = world.trees[subnet].lookup(&[b"request_status", &request, label])?;
            Some(found.value()?.to_vec())
        };
        match outcome(b"reply") {
            Some(reply) => Ok(reply),
            None => Err(unsettled(String::from_utf8_lossy(
                &outcome(b"reject_message").unwrap_or_default(),
            ))),
        }
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "this is what `map_err` gives"
)]
fn unencodable(error: candid::Error) -> Reject {
    unsettled(error.to_string())
}

fn unsettled(why: impl Into<String>) -> Reject {
    Reject::new(ErrorCode::Rejected, why)
}
