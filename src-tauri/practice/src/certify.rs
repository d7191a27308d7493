//! Certificates: what makes an answer provable.
//!
//! A subnet's state is a hash tree; a certificate is a pruned copy of it, signed over the root hash.
//! Two invariants carry the whole file:
//! - a [`Tree`] is persistent: a block's tree shares everything that did not change with the tree of
//!   the block before, so that a new block costs by what changed, never by the size of the state;
//! - absence is provable: a [`Tree::witness`] shows the labels on both sides of a label that is not there.
//!
//! Read [`Tree`] first, then [`Tree::witness`], then [`SecretKey::sign_tree`].
//! Specification: "Certification" (hash tree, lookup, encoding, delegation).

use blst::min_sig;
use ciborium::Value;
use sha2::{Digest as _, Sha256};
use std::cmp::Ordering;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// A path in the tree.
pub type Path = Vec<Vec<u8>>;

/// SHA-256 of the concatenation.
pub fn sha256(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// A value, or labels in order with a tree below each.
///
/// Branches are treaps: search trees by label, heaps by a hash of the label. The shape depends on the
/// labels alone, never on the order of insertion, so equal states have equal root hashes.
#[derive(Clone, Default)]
pub struct Tree(Content);

#[derive(Clone, Default)]
enum Content {
    #[default]
    Empty,
    Leaf(Arc<[u8]>),
    Branch(Arc<Node>),
}

struct Node {
    label: Box<[u8]>,
    below: Tree,
    priority: Hash,
    left: Option<Arc<Self>>,
    right: Option<Arc<Self>>,
    /// Computed when first asked for: a block may insert many labels before anybody looks.
    digest: OnceLock<Hash>,
}

impl Tree {
    /// A value.
    pub fn leaf(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self(Content::Leaf(bytes.into()))
    }

    /// A branch with these labels.
    pub fn branch<L: AsRef<[u8]>>(entries: impl IntoIterator<Item = (L, Self)>) -> Self {
        let mut tree = Self::default();
        for (label, below) in entries {
            tree.set(label.as_ref(), below);
        }
        tree
    }

    fn root(&self) -> Option<&Arc<Node>> {
        match &self.0 {
            Content::Branch(node) => Some(node),
            Content::Empty | Content::Leaf(_) => None,
        }
    }

    fn from_root(root: Option<Arc<Node>>) -> Self {
        Self(root.map_or(Content::Empty, Content::Branch))
    }

    /// The tree below a label.
    pub fn get(&self, label: &[u8]) -> Option<&Self> {
        let mut at = self.root();
        while let Some(node) = at {
            at = match label.cmp(&node.label) {
                Ordering::Less => node.left.as_ref(),
                Ordering::Equal => return Some(&node.below),
                Ordering::Greater => node.right.as_ref(),
            };
        }
        None
    }

    /// The tree at the end of a path.
    pub fn lookup(&self, path: &[&[u8]]) -> Option<&Self> {
        path.iter().try_fold(self, |tree, label| tree.get(label))
    }

    /// The value of a leaf.
    pub fn value(&self) -> Option<&[u8]> {
        match &self.0 {
            Content::Leaf(bytes) => Some(bytes),
            Content::Empty | Content::Branch(_) => None,
        }
    }

    /// The values right below a branch, by label.
    pub fn leaves(&self) -> Vec<(String, Vec<u8>)> {
        fn walk(node: &Node, found: &mut Vec<(String, Vec<u8>)>) {
            if let Some(left) = &node.left {
                walk(left, found);
            }
            if let Some(value) = node.below.value() {
                found.push((
                    String::from_utf8_lossy(&node.label).into_owned(),
                    value.to_vec(),
                ));
            }
            if let Some(right) = &node.right {
                walk(right, found);
            }
        }
        let mut found = vec![];
        if let Some(root) = self.root() {
            walk(root, &mut found);
        }
        found
    }

    /// Puts a tree below a label; a value at this place gives way to the branch.
    pub fn set(&mut self, label: &[u8], below: Self) {
        *self = Self::from_root(Some(insert(self.root(), label, below)));
    }

    /// Takes a label away.
    pub fn remove(&mut self, label: &[u8]) {
        if self.get(label).is_some() {
            *self = Self::from_root(remove(self.root(), label));
        }
    }

    /// The root hash.
    pub fn digest(&self) -> Hash {
        match &self.0 {
            Content::Empty => domain("ic-hashtree-empty", &[]),
            Content::Leaf(bytes) => domain("ic-hashtree-leaf", &[bytes]),
            Content::Branch(node) => node.digest(),
        }
    }

    /// The pruned tree that proves what lies, or does not lie, at each of the paths.
    pub fn witness(&self, paths: &[Path]) -> Witness {
        let paths: Vec<&[Vec<u8>]> = paths.iter().map(Vec::as_slice).collect();
        self.reveal(&paths)
    }

    fn reveal(&self, paths: &[&[Vec<u8>]]) -> Witness {
        if paths.is_empty() {
            return Witness::Pruned(self.digest());
        }
        match &self.0 {
            Content::Empty => Witness::Empty,
            Content::Leaf(bytes) => Witness::Leaf(bytes.clone()),
            Content::Branch(node) => {
                let whole = paths.iter().any(|path| path.is_empty());
                node.reveal(paths, whole)
            }
        }
    }
}

fn domain(separator: &str, parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([separator.len() as u8]);
    hasher.update(separator.as_bytes());
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

fn fork(left: &Hash, right: &Hash) -> Hash {
    domain("ic-hashtree-fork", &[left, right])
}

fn insert(at: Option<&Arc<Node>>, label: &[u8], below: Tree) -> Arc<Node> {
    let Some(node) = at else {
        return Arc::new(Node {
            label: label.into(),
            below,
            priority: sha256(&[label]),
            left: None,
            right: None,
            digest: OnceLock::new(),
        });
    };
    match label.cmp(&node.label) {
        Ordering::Equal => node.with(below, node.left.clone(), node.right.clone()),
        Ordering::Less => {
            let child = insert(node.left.as_ref(), label, below);
            if child.priority > node.priority {
                let lowered =
                    node.with(node.below.clone(), child.right.clone(), node.right.clone());
                child.with(child.below.clone(), child.left.clone(), Some(lowered))
            } else {
                node.with(node.below.clone(), Some(child), node.right.clone())
            }
        }
        Ordering::Greater => {
            let child = insert(node.right.as_ref(), label, below);
            if child.priority > node.priority {
                let lowered = node.with(node.below.clone(), node.left.clone(), child.left.clone());
                child.with(child.below.clone(), Some(lowered), child.right.clone())
            } else {
                node.with(node.below.clone(), node.left.clone(), Some(child))
            }
        }
    }
}

fn remove(at: Option<&Arc<Node>>, label: &[u8]) -> Option<Arc<Node>> {
    let node = at?;
    Some(match label.cmp(&node.label) {
        Ordering::Equal => return join(node.left.as_ref(), node.right.as_ref()),
        Ordering::Less => node.with(
            node.below.clone(),
            remove(node.left.as_ref(), label),
            node.right.clone(),
        ),
        Ordering::Greater => node.with(
            node.below.clone(),
            node.left.clone(),
            remove(node.right.as_ref(), label),
        ),
    })
}

/// One treap of two, where every label on the left comes before every label on the right.
fn join(left: Option<&Arc<Node>>, right: Option<&Arc<Node>>) -> Option<Arc<Node>> {
    match (left, right) {
        (None, one) | (one, None) => one.cloned(),
        (Some(l), Some(r)) if l.priority > r.priority => Some(l.with(
            l.below.clone(),
            l.left.clone(),
            join(l.right.as_ref(), right),
        )),
        (Some(_), Some(r)) => Some(r.with(
            r.below.clone(),
            join(left, r.left.as_ref()),
            r.right.clone(),
        )),
    }
}

impl Node {
    fn with(&self, below: Tree, left: Option<Arc<Self>>, right: Option<Arc<Self>>) -> Arc<Self> {
        Arc::new(Self {
            label: self.label.clone(),
            below,
            priority: self.priority,
            left,
            right,
            digest: OnceLock::new(),
        })
    }

    fn digest(&self) -> Hash {
        *self.digest.get_or_init(|| {
            let own = domain("ic-hashtree-labeled", &[&self.label, &self.below.digest()]);
            let own = match &self.right {
                Some(right) => fork(&own, &right.digest()),
                None => own,
            };
            match &self.left {
                Some(left) => fork(&left.digest(), &own),
                None => own,
            }
        })
    }

    /// Every node on the way to a wanted label shows its own label: for a label that is not there,
    /// its neighbours on both sides are among them, which is what proves the absence.
    fn reveal(&self, paths: &[&[Vec<u8>]], whole: bool) -> Witness {
        let side = |order: Ordering| -> Vec<&[Vec<u8>]> {
            let on_side = |path: &&&[Vec<u8>]| {
                path.first()
                    .is_some_and(|label| label.as_slice().cmp(&self.label) == order)
            };
            paths.iter().filter(on_side).copied().collect()
        };
        let below = if whole {
            self.below.reveal(&[&[]])
        } else {
            let further: Vec<&[Vec<u8>]> = side(Ordering::Equal)
                .iter()
                .map(|path| &path[1..])
                .collect();
            self.below.reveal(&further)
        };
        let child = |node: &Option<Arc<Self>>, order| {
            node.as_ref().map(|node| match side(order) {
                wanted if wanted.is_empty() && !whole => Witness::Pruned(node.digest()),
                wanted => node.reveal(&wanted, whole),
            })
        };
        let own = Witness::Labeled(self.label.clone(), Box::new(below));
        let own = match child(&self.right, Ordering::Greater) {
            Some(right) => Witness::Fork(Box::new((own, right))),
            None => own,
        };
        match child(&self.left, Ordering::Less) {
            Some(left) => Witness::Fork(Box::new((left, own))),
            None => own,
        }
    }
}

/// A pruned tree, as it travels.
#[derive(Debug)]
pub enum Witness {
    /// Nothing is here.
    Empty,
    /// Two halves, in the order of their labels.
    Fork(Box<(Self, Self)>),
    /// A label and what is below it.
    Labeled(Box<[u8]>, Box<Self>),
    /// A value.
    Leaf(Arc<[u8]>),
    /// Something that was not asked for, by its hash.
    Pruned(Hash),
}

impl Witness {
    /// The encoding of the specification: arrays that begin with the kind of node.
    fn into_cbor(self) -> Value {
        let kind = |number: u8| Value::Integer(number.into());
        Value::Array(match self {
            Self::Empty => vec![kind(0)],
            Self::Fork(halves) => vec![kind(1), halves.0.into_cbor(), halves.1.into_cbor()],
            Self::Labeled(label, below) => {
                vec![kind(2), Value::Bytes(label.into_vec()), below.into_cbor()]
            }
            Self::Leaf(bytes) => vec![kind(3), Value::Bytes(bytes.to_vec())],
            Self::Pruned(hash) => vec![kind(4), Value::Bytes(hash.to_vec())],
        })
    }
}

/// A map with text keys.
pub fn cbor_map<'a>(entries: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    Value::Map(
        entries
            .into_iter()
            .map(|(key, value)| (Value::Text(key.into()), value))
            .collect(),
    )
}

/// CBOR bytes with the self-describing tag, as every body of the interface carries it.
pub fn cbor_bytes(value: Value) -> Vec<u8> {
    const SELF_DESCRIBED: u64 = 55_799;
    let mut bytes = Vec::new();
    ciborium::into_writer(&Value::Tag(SELF_DESCRIBED, Box::new(value)), &mut bytes)
        .expect("a value has an encoding");
    bytes
}

/// An unsigned LEB128 number, as the state tree and request ids write numbers.
pub fn leb128(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(10);
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// The signature scheme of the network's certificates: signatures in G1 over this domain.
const SCHEME: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

/// What stands before a BLS public key in DER: the two object identifiers of the scheme.
const DER_PREFIX: [u8; 37] = [
    0x30, 0x81, 0x82, 0x30, 0x1d, 0x06, 0x0d, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0xdc, 0x7c, 0x05,
    0x03, 0x01, 0x02, 0x01, 0x06, 0x0c, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0xdc, 0x7c, 0x05, 0x03,
    0x02, 0x01, 0x03, 0x61, 0x00,
];

/// A delegation: a certificate of the root subnet about another subnet's key and ranges.
#[derive(Clone)]
pub struct Delegation {
    /// The subnet that it speaks of.
    pub subnet: Vec<u8>,
    /// The root subnet's certificate.
    pub certificate: Vec<u8>,
}

/// A subnet's signing key. On a real subnet no node has it; here one process is the whole subnet.
pub struct SecretKey {
    secret: min_sig::SecretKey,
    /// The last root hash and its signature: many answers come from one block.
    last: Mutex<Option<(Hash, Vec<u8>)>>,
}

impl SecretKey {
    /// The key that belongs to 32 bytes of key material.
    pub fn derive(material: &Hash) -> Option<Self> {
        let secret = min_sig::SecretKey::key_gen(material, &[]).ok()?;
        Some(Self {
            secret,
            last: Mutex::default(),
        })
    }

    /// The public key in DER, 133 bytes.
    pub fn public_der(&self) -> Vec<u8> {
        [DER_PREFIX.as_slice(), &self.secret.sk_to_pk().compress()].concat()
    }

    fn sign(&self, root: Hash) -> Vec<u8> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((signed, signature)) if *signed == root => signature.clone(),
            _ => {
                let message = [b"\x0dic-state-root".as_slice(), &root].concat();
                let signature = self.secret.sign(&message, SCHEME, &[]).compress().to_vec();
                *last = Some((root, signature.clone()));
                signature
            }
        }
    }

    /// The certificate that proves these paths.
    pub fn sign_tree(
        &self,
        tree: &Tree,
        paths: &[Path],
        delegation: Option<&Delegation>,
    ) -> Vec<u8> {
        let mut entries = vec![
            ("tree", tree.witness(paths).into_cbor()),
            ("signature", Value::Bytes(self.sign(tree.digest()))),
        ];
        if let Some(delegation) = delegation {
            entries.push((
                "delegation",
                cbor_map([
                    ("subnet_id", Value::Bytes(delegation.subnet.clone())),
                    ("certificate", Value::Bytes(delegation.certificate.clone())),
                ]),
            ));
        }
        cbor_bytes(cbor_map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest_of(witness: &Witness) -> Hash {
        match witness {
            Witness::Empty => domain("ic-hashtree-empty", &[]),
            Witness::Fork(halves) => fork(&digest_of(&halves.0), &digest_of(&halves.1)),
            Witness::Labeled(label, below) => {
                domain("ic-hashtree-labeled", &[label, &digest_of(below)])
            }
            Witness::Leaf(bytes) => domain("ic-hashtree-leaf", &[bytes]),
            Witness::Pruned(hash) => *hash,
        }
    }

    fn labels(witness: &Witness) -> Vec<Vec<u8>> {
        match witness {
            Witness::Fork(halves) => [labels(&halves.0), labels(&halves.1)].concat(),
            Witness::Labeled(label, _) => vec![label.to_vec()],
            Witness::Empty | Witness::Leaf(_) | Witness::Pruned(_) => vec![],
        }
    }

    fn numbers(range: impl IntoIterator<Item = u32>) -> Tree {
        Tree::branch(
            range
                .into_iter()
                .map(|n| (n.to_be_bytes(), Tree::leaf(n.to_string().into_bytes()))),
        )
    }

    #[test]
    fn the_shape_depends_on_the_labels_alone() {
        let mut detour = numbers((0..200).rev());
        for n in 100..200_u32 {
            detour.remove(&n.to_be_bytes());
        }
        assert!(
            detour.digest() == numbers(0..100).digest(),
            "insertion order and removals leave no trace"
        );
    }

    #[test]
    fn a_witness_has_the_digest_of_its_tree() {
        let tree = Tree::branch([
            ("a", numbers(0..50)),
            ("b", Tree::default()),
            ("c", Tree::leaf(*b"x")),
        ]);
        for path in [
            vec![b"a".to_vec(), 7_u32.to_be_bytes().to_vec()],
            vec![b"a".to_vec()],
            vec![b"zz".to_vec()],
            vec![],
        ] {
            assert!(
                digest_of(&tree.witness(&[path])) == tree.digest(),
                "a verifier recomputes the signed root"
            );
        }
    }

    #[test]
    fn absence_shows_both_neighbours() {
        let tree = numbers((0..100).map(|n| n * 2));
        for n in (1..197_u32).step_by(2) {
            let shown = labels(&tree.witness(&[vec![n.to_be_bytes().to_vec()]]));
            let neighbours = [
                (n - 1).to_be_bytes().to_vec(),
                (n + 1).to_be_bytes().to_vec(),
            ];
            assert!(
                neighbours.iter().all(|label| shown.contains(label)),
                "{n} is provably absent"
            );
        }
    }

    #[test]
    fn numbers_are_leb128() {
        assert_eq!(leb128(0), [0], "zero has one byte");
        assert_eq!(
            leb128(624_485),
            [0xe5, 0x8e, 0x26],
            "the example of the specification of DWARF"
        );
    }
}
