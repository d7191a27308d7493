//! The shape of the network: subnets, their keys and nodes, and which canister lives where.
//!
//! There is a root subnet, whose key is the root key, and two application subnets, whose keys the root
//! subnet vouches for in delegations. Everything is derived from a seed: the same seed gives the same root
//! key, subnets and canister ids every time, so that bookmarks and screenshots keep their meaning.
//!
//! A canister id is the big-endian number of the canister followed by two marker bytes; a subnet owns ranges
//! of those numbers. Certificates tell the ranges in two layouts: flat (older readers) and sharded.

use crate::certify::{Delegation, Hash, Path, SecretKey, Tree, cbor_bytes, leb128, sha256};
use candid::Principal;
use ciborium::Value;
use ed25519_dalek::{Signer as _, SigningKey};

/// Canister numbers, both ends included.
pub type Range = (u64, u64);

/// The ranges of the root subnet: the ids of the NNS canisters, and of the cycles ledger's neighbourhood.
const ROOT_RANGES: [Range; 2] = [(0, 0xf_ffff), (0x210_0000, 0x210_ffff)];
/// The ranges of the application subnets, near the top of the numbers where no mainnet canister lives.
const APPLICATION_RANGES: [Range; 2] = [
    (0xffff_ffff_ffe0_0000, 0xffff_ffff_ffef_ffff),
    (0xffff_ffff_ffd0_0000, 0xffff_ffff_ffdf_ffff),
];

/// The id of the canister with this number.
pub fn canister_id(number: u64) -> Principal {
    let mut bytes = [0x01; 10];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Principal::from_slice(&bytes)
}

/// The number in a canister id; nothing for other principals.
pub fn canister_number(id: Principal) -> Option<u64> {
    let bytes: [u8; 10] = id.as_slice().try_into().ok()?;
    let (number, markers) = bytes.split_first_chunk::<8>()?;
    (markers == [1, 1]).then(|| u64::from_be_bytes(*number))
}

/// A node: it signs answers to queries.
pub struct Node {
    /// The principal of its key.
    pub id: Principal,
    key: SigningKey,
}

impl Node {
    fn derive(material: &Hash) -> Self {
        let key = SigningKey::from_bytes(material);
        let id = Principal::self_authenticating(ed25519_der(&key));
        Self { id, key }
    }

    /// Signs an answer to a query.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.key.sign(message).to_bytes().to_vec()
    }
}

fn ed25519_der(key: &SigningKey) -> Vec<u8> {
    [
        crate::ingress::ED25519_DER_PREFIX.as_slice(),
        key.verifying_key().as_bytes(),
    ]
    .concat()
}

/// One subnet.
pub struct Subnet {
    /// Its principal: self-authenticating over its public key.
    pub id: Principal,
    /// What signs its certificates.
    pub key: SecretKey,
    /// The nodes that answer queries.
    pub nodes: Vec<Node>,
    /// The canister numbers that it owns.
    pub ranges: Vec<Range>,
    /// `system` or `application`.
    pub kind: &'static str,
    /// For all but the root subnet: the delegation with flat, and with sharded ranges.
    delegations: Option<[Delegation; 2]>,
}

/// Which layout of the canister ranges a reader expects.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum RangeLayout {
    /// `/subnet/<id>/canister_ranges`.
    Flat,
    /// `/canister_ranges/<id>/<first canister>`.
    Sharded,
}

impl Subnet {
    fn derive(seed: &Hash, index: u8, kind: &'static str, ranges: Vec<Range>) -> Option<Self> {
        let material = |what: &str, number: u8| sha256(&[seed, what.as_bytes(), &[index, number]]);
        let key = SecretKey::derive(&material("subnet", 0))?;
        Some(Self {
            id: Principal::self_authenticating(key.public_der()),
            key,
            nodes: (0..1)
                .map(|number| Node::derive(&material("node", number)))
                .collect(),
            ranges,
            kind,
            delegations: None,
        })
    }

    /// The delegation to attach to this subnet's certificates; none for the root subnet.
    pub fn delegation(&self, layout: RangeLayout) -> Option<&Delegation> {
        let [flat, sharded] = self.delegations.as_ref()?;
        Some(match layout {
            RangeLayout::Flat => flat,
            RangeLayout::Sharded => sharded,
        })
    }

    /// The certificate of this subnet for these paths of its tree; the time is always told.
    pub fn certificate(&self, tree: &Tree, mut paths: Vec<Path>, layout: RangeLayout) -> Vec<u8> {
        paths.push(vec![b"time".to_vec()]);
        self.key.sign_tree(tree, &paths, self.delegation(layout))
    }

    fn ranges_leaf(&self) -> Tree {
        let bytes = |number| Value::Bytes(canister_id(number).as_slice().to_vec());
        let pairs = self
            .ranges
            .iter()
            .map(|(first, last)| Value::Array(vec![bytes(*first), bytes(*last)]));
        Tree::leaf(cbor_bytes(Value::Array(pairs.collect())))
    }

    fn described(&self) -> Tree {
        let node = |node: &Node| {
            (
                node.id,
                Tree::branch([("public_key", Tree::leaf(ed25519_der(&node.key)))]),
            )
        };
        Tree::branch([
            ("public_key", Tree::leaf(self.key.public_der())),
            ("canister_ranges", self.ranges_leaf()),
            ("node", Tree::branch(self.nodes.iter().map(node))),
            ("type", Tree::leaf(self.kind.as_bytes().to_vec())),
        ])
    }
}

/// All subnets. The first is the root subnet.
pub struct Topology {
    subnets: Vec<Subnet>,
}

impl Topology {
    /// The network of this seed. The delegations are dated `now` (nanoseconds since 1970).
    pub fn derive(seed: u64, now: u64) -> Option<Self> {
        let seed = sha256(&[b"canopic practice network", &seed.to_be_bytes()]);
        let mut subnets = vec![Subnet::derive(&seed, 0, "system", ROOT_RANGES.to_vec())?];
        for (index, range) in (1..).zip(APPLICATION_RANGES) {
            subnets.push(Subnet::derive(&seed, index, "application", vec![range])?);
        }
        let mut topology = Self { subnets };
        let mut tree = topology.described();
        tree.set(b"time", Tree::leaf(leb128(now)));
        for index in 1..topology.subnets.len() {
            let subnet = &topology.subnets[index];
            let id = subnet.id.as_slice().to_vec();
            let delegation = |ranges: Path| {
                let paths = vec![
                    vec![b"subnet".to_vec(), id.clone(), b"public_key".to_vec()],
                    ranges,
                ];
                let certificate = topology
                    .root()
                    .certificate(&tree, paths, RangeLayout::Sharded);
                Delegation {
                    subnet: id.clone(),
                    certificate,
                }
            };
            let flat = delegation(vec![
                b"subnet".to_vec(),
                id.clone(),
                b"canister_ranges".to_vec(),
            ]);
            let sharded = delegation(vec![b"canister_ranges".to_vec(), id.clone()]);
            topology.subnets[index].delegations = Some([flat, sharded]);
        }
        Some(topology)
    }

    /// The part of every state tree that tells about the subnets.
    pub fn described(&self) -> Tree {
        let shards = |subnet: &Subnet| {
            let first = subnet
                .ranges
                .first()
                .map(|range| (canister_id(range.0), subnet.ranges_leaf()));
            (subnet.id, Tree::branch(first))
        };
        Tree::branch([
            (
                "subnet",
                Tree::branch(
                    self.subnets
                        .iter()
                        .map(|subnet| (subnet.id, subnet.described())),
                ),
            ),
            (
                "canister_ranges",
                Tree::branch(self.subnets.iter().map(shards)),
            ),
        ])
    }

    /// The root subnet.
    pub fn root(&self) -> &Subnet {
        &self.subnets[0]
    }

    /// The subnets, the root subnet first.
    pub fn subnets(&self) -> &[Subnet] {
        &self.subnets
    }

    /// The index of the subnet where new canisters go when nobody says where.
    pub const DEFAULT_SUBNET: usize = 1;

    /// The index of the subnet whose ranges hold this id.
    pub fn route(&self, id: Principal) -> Option<usize> {
        let number = canister_number(id)?;
        self.subnets.iter().position(|subnet| {
            subnet
                .ranges
                .iter()
                .any(|(first, last)| (*first..=*last).contains(&number))
        })
    }

    /// The index of the subnet with this id.
    pub fn subnet_index(&self, id: Principal) -> Option<usize> {
        self.subnets.iter().position(|subnet| subnet.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_network() {
        let keys = |seed| {
            let topology = Topology::derive(seed, 0).expect("any seed gives keys");
            topology
                .subnets()
                .iter()
                .map(|subnet| subnet.key.public_der())
                .collect::<Vec<_>>()
        };
        assert_eq!(keys(7), keys(7), "bookmarked root keys stay valid");
        assert_ne!(
            keys(7),
            keys(8),
            "networks of different seeds are strangers"
        );
    }

    #[test]
    fn ids_and_numbers_belong_together() {
        let ledger =
            Principal::from_text("ryjl3-tyaaa-aaaaa-aaaba-cai").expect("the ICP ledger's id");
        assert_eq!(
            canister_number(ledger),
            Some(2),
            "the ledger is the third canister of the NNS"
        );
        assert_eq!(canister_id(2), ledger, "and back");
        assert_eq!(
            canister_number(Principal::anonymous()),
            None,
            "people have no canister number"
        );
    }

    #[test]
    fn every_range_routes_to_its_subnet() {
        let topology = Topology::derive(1, 0).expect("any seed gives keys");
        assert_eq!(
            topology.route(canister_id(2)),
            Some(0),
            "NNS canisters live on the root subnet"
        );
        assert_eq!(
            topology.route(canister_id(0xffff_ffff_ffe0_0005)),
            Some(1),
            "first application subnet"
        );
        assert_eq!(
            topology.route(canister_id(0xffff_ffff_ffff_fffe)),
            None,
            "the last numbers are nobody's"
        );
    }
}
