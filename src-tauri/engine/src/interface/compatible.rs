//! Whether a new interface can follow an old one without breaking those who call by the old one.
//!
//! The rules are Candid's own (subtyping of services); the verdict is per method, so that a person sees what breaks and why.

use super::{Interface, by_name, candid_function, on_own_stack};
use crate::Result;
use candid::types::{
    Type, TypeEnv, TypeInner,
    subtype::{Gamma, OptReport, equal, subtype_check_all, subtype_with_config},
};
use std::collections::{BTreeMap, BTreeSet};

/// What becomes of the callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everybody who calls by the old interface can go on.
    Compatible,
    /// Somebody who calls by the old interface can fail.
    Breaking,
    /// It cannot be said: there is no interface before or after, or it is not understood.
    Unknown,
}

/// How an interface changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compatibility {
    /// All in all.
    pub verdict: Verdict,
    /// Methods that are not as they were, by name.
    pub changes: Vec<Change>,
}

/// How a method changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The method.
    pub method: String,
    /// What becomes of it.
    pub kind: ChangeKind,
    /// What breaks for those who call it, and why; empty if nothing does.
    pub reasons: Vec<Reason>,
    /// Whether callers get along only because a value that they do not understand counts as absent: nothing fails, but what
    /// was in it is not seen.
    pub drops_values: bool,
}

/// What becomes of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was not there before.
    Added,
    /// It is there no more.
    Removed,
    /// It takes or gives something else.
    Changed,
}

/// A place where old and new do not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Where, from the outside in.
    pub place: Vec<String>,
    /// What does not fit, in the words of the Candid library.
    pub why: String,
}

impl Compatibility {
    /// What is known without one of the interfaces: nothing.
    pub fn unknown() -> Self {
        Self {
            verdict: Verdict::Unknown,
            changes: Vec::new(),
        }
    }

    /// Compares the interface of now with the one that would follow it.
    pub fn between(old: Option<&Interface>, new: Option<&Interface>) -> Result<Self> {
        match (old, new) {
            (Some(old), Some(new)) => on_own_stack(|| compare(old, new)),
            _ => Ok(Self::unknown()),
        }
    }
}

fn compare(old: &Interface, new: &Interface) -> Compatibility {
    let service = |interface: &Interface| {
        let methods = interface.methods.iter();
        methods
            .map(|method| {
                (
                    method.name.clone(),
                    candid_function(&method.signature, by_name),
                )
            })
            .collect::<Vec<_>>()
    };
    let mut environment = new.environment(by_name);
    // The same names may mean other types before and after.
    let renamed = environment.merge_type(
        old.environment(by_name),
        TypeInner::Service(service(old)).into(),
    );
    let before: BTreeMap<String, Type> = match renamed.as_ref() {
        TypeInner::Service(methods) => methods.iter().cloned().collect(),
        _ => BTreeMap::new(),
    };
    let after: BTreeMap<String, Type> = service(new).into_iter().collect();
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut changes = Vec::new();
    for name in names {
        let (kind, reasons, drops_values) = match (before.get(name), after.get(name)) {
            (None, _) => (ChangeKind::Added, Vec::new(), false),
            (Some(_), None) => {
                let gone = Reason {
                    place: Vec::new(),
                    why: "the method is gone".to_owned(),
                };
                (ChangeKind::Removed, vec![gone], false)
            }
            (Some(old), Some(new)) => {
                if equal(&mut Gamma::new(), &environment, new, old).is_ok() {
                    continue;
                }
                let reasons = reasons(&environment, old, new);
                let drops_values =
                    reasons.is_empty() && !fits(OptReport::Error, &environment, old, new);
                (ChangeKind::Changed, reasons, drops_values)
            }
        };
        changes.push(Change {
            method: name.clone(),
            kind,
            reasons,
            drops_values,
        });
    }
    let breaks = changes.iter().any(|change| !change.reasons.is_empty());
    Compatibility {
        verdict: if breaks {
            Verdict::Breaking
        } else {
            Verdict::Compatible
        },
        changes,
    }
}

fn fits(report: OptReport, environment: &TypeEnv, old: &Type, new: &Type) -> bool {
    subtype_with_config(report, &mut Gamma::new(), environment, new, old).is_ok()
}

fn reasons(environment: &TypeEnv, old: &Type, new: &Type) -> Vec<Reason> {
    if fits(OptReport::Silence, environment, old, new) {
        return Vec::new();
    }
    subtype_check_all(&mut Gamma::new(), environment, new, old)
        .into_iter()
        .map(|found| Reason {
            place: found.path,
            why: found.message,
        })
        .collect()
}
