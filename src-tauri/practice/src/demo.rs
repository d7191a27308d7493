//! The demo fleet: the canisters of a small shop, the same every time.
//!
//! Made through the management canister's own doors, so that history, versions and settings are what a person would have left
//! behind. The owner's key is public on purpose: it is worth nothing outside a practice network.

use crate::blocks::World;
use crate::canister::Origin;
use crate::errors::Reject;
use crate::interface::{
    CanisterIdRecord, CanisterInstallMode, CanisterSettings, InstallCodeArgs,
    ProvisionalCreateCanisterWithCyclesArgs,
};
use crate::management::{self, Caller, Request};
use crate::subnet::{Topology, canister_id};
use candid::{Nat, Principal};
use ed25519_dalek::SigningKey;

/// The Ed25519 secret of the practice identity that controls the fleet.
pub const OWNER_SEED: [u8; 32] = *b"canopic practice owner, public!!";

/// The Ed25519 secret of the neighbour, who controls one canister of the fleet instead of the owner.
const NEIGHBOUR_SEED: [u8; 32] = *b"canopic practice neighbour, same";

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

struct Plan {
    name: &'static str,
    group: &'static str,
    heap_pages: u32,
    trillions: u128,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    Running,
    Stopped,
    LowOnCycles,
    SomebodyElses,
}

const FLEET: [Plan; 10] = [
    Plan {
        name: "storefront",
        group: "shop",
        heap_pages: 24,
        trillions: 8,
        state: State::Running,
    },
    Plan {
        name: "catalogue",
        group: "shop",
        heap_pages: 96,
        trillions: 12,
        state: State::Running,
    },
    Plan {
        name: "orders",
        group: "shop",
        heap_pages: 200,
        trillions: 20,
        state: State::Running,
    },
    Plan {
        name: "stock",
        group: "shop",
        heap_pages: 64,
        trillions: 6,
        state: State::Running,
    },
    Plan {
        name: "customers",
        group: "shop",
        heap_pages: 128,
        trillions: 15,
        state: State::Running,
    },
    Plan {
        name: "payments",
        group: "shop",
        heap_pages: 40,
        trillions: 1,
        state: State::LowOnCycles,
    },
    Plan {
        name: "newsletter",
        group: "back_office",
        heap_pages: 16,
        trillions: 3,
        state: State::Stopped,
    },
    Plan {
        name: "bookkeeping",
        group: "back_office",
        heap_pages: 320,
        trillions: 25,
        state: State::Running,
    },
    Plan {
        name: "staff_notes",
        group: "back_office",
        heap_pages: 8,
        trillions: 4,
        state: State::Running,
    },
    Plan {
        name: "shipping_partner",
        group: "back_office",
        heap_pages: 32,
        trillions: 5,
        state: State::SomebodyElses,
    },
];

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

/// A module with so much heap and nothing else, in the binary format: too small to need a compiler.
fn module(heap_pages: u32) -> Vec<u8> {
    let mut pages = crate::certify::leb128(u64::from(heap_pages));
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    // Section 5 (memory): one memory without a maximum.
    module.extend([5, 2 + pages.len() as u8, 1, 0]);
    module.append(&mut pages);
    module
}

/// Settles the fleet in an empty network.
pub fn settle(world: &mut World) -> Result<Vec<Member>, Reject> {
    let subnet = Topology::DEFAULT_SUBNET;
    let first = world.topology.subnets()[subnet].ranges[0].0;
    let (owner, neighbour) = (owner(), principal_of(&NEIGHBOUR_SEED));
    let mut fleet = vec![];
    for (number, plan) in (first..).zip(FLEET) {
        let id = canister_id(number);
        let controller = if plan.state == State::SomebodyElses {
            neighbour
        } else {
            owner
        };
        let caller = Caller {
            id: controller,
            origin: Origin::System,
            version: None,
            cycles: 0,
        };
        let settings = CanisterSettings {
            freezing_threshold: (plan.state == State::LowOnCycles)
                .then(|| Nat::from(90_u32 * 24 * 60 * 60)),
            ..CanisterSettings::default()
        };
        let trillion = crate::cycles::TRILLION;
        let balance = if plan.state == State::LowOnCycles {
            trillion / 380
        } else {
            plan.trillions * trillion
        };
        let create = ProvisionalCreateCanisterWithCyclesArgs {
            amount: Some(Nat::from(balance)),
            settings: Some(settings),
            ..ProvisionalCreateCanisterWithCyclesArgs::default()
        };
        let install = InstallCodeArgs {
            mode: CanisterInstallMode::Install,
            canister_id: id,
            wasm_module: module(plan.heap_pages),
            arg: vec![],
            sender_canister_version: None,
        };
        let mut requests = vec![
            Request::ProvisionalCreate(create),
            Request::InstallCode(install),
        ];
        if plan.state == State::Stopped {
            requests.push(Request::StopCanister(CanisterIdRecord { canister_id: id }));
        }
        for request in requests {
            management::execute(world, subnet, &caller, request)?;
        }
        fleet.push(Member {
            name: plan.name,
            group: plan.group,
            id,
        });
    }
    Ok(fleet)
}
