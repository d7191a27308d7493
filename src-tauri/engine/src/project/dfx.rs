//! What `dfx.json` says, and the ids that `dfx` keeps: `canister_ids.json` for networks that stay, `.dfx/<network>/canister_ids.json` for
//! those that come and go.
//!
//! `dfx` has no environments: each of its networks is one. Keys that it does not know it passes over, and so does this.

use super::{
    Environment, Ground, ProblemKind,
    document::{Content, Reader, Value},
    ids, members,
};
use crate::{
    NetworkId,
    network::{Address, Neighbourhood, Tool},
};
use camino::{Utf8Path, Utf8PathBuf};

pub(super) const MANIFEST: &str = "dfx.json";
pub(super) const IDS: &str = "canister_ids.json";

/// What is always there, whether it is declared or not.
const LOCAL: &str = "local";
const IC: &str = "ic";

/// Where `dfx` lends canisters on mainnet for twenty minutes.
const PLAYGROUND: &str = "playground";

/// The hosts under which mainnet answers.
const MAINNET_HOSTS: &[&str] = &["icp-api.io", "icp0.io", "ic0.app", "boundary.ic0.app"];

/// The environments: every network that a file of the project names.
pub(super) fn environments(reader: &mut Reader, neighbourhood: &Neighbourhood) -> Vec<Environment> {
    let manifest = Utf8Path::new(MANIFEST);
    let root = if reader.has(manifest) {
        reader.json(manifest)
    } else {
        None
    };
    let declared = section(reader, root.as_ref(), "canisters");
    let networks = section(reader, root.as_ref(), "networks");
    let canisters: Vec<String> = declared
        .entries()
        .iter()
        .map(|(key, _)| key.name.clone())
        .collect();

    // One list of (network, file, name, id), the strongest source first.
    let mut found: Vec<(String, String, crate::CanisterId)> = Vec::new();
    let kept = Utf8Path::new(IDS);
    if let Some(file) = reader.json(kept) {
        for (canister, by_network) in file.entries() {
            for (network, id) in ids(reader, kept, by_network) {
                found.push((network, canister.name.clone(), id));
            }
        }
    }
    for (folder, is_folder) in reader.entries(Utf8Path::new(".dfx")) {
        let file = folder.join(IDS);
        if !is_folder || !reader.has(&file) {
            continue;
        }
        let network = folder.file_name().unwrap_or_default().to_owned();
        let Some(content) = reader.json(&file) else {
            continue;
        };
        for (canister, by_network) in content.entries() {
            for (other, id) in ids(reader, &file, by_network) {
                if other == network {
                    found.push((network.clone(), canister.name.clone(), id));
                }
            }
        }
    }
    for (canister, about) in declared.entries() {
        if let Some(remote) = about.get("remote").and_then(|remote| remote.get("id")) {
            for (network, id) in ids(reader, manifest, remote) {
                found.push((network, canister.name.clone(), id));
            }
        }
    }
    // dfx's own helper beside the project's canisters.
    found.retain(|(_, canister, _)| !canister.starts_with("__"));

    let mut names: Vec<String> = networks
        .entries()
        .iter()
        .map(|(key, _)| key.name.clone())
        .collect();
    names.extend(found.iter().map(|(network, ..)| network.clone()));
    names.retain(|name| name != LOCAL && name != IC);
    names.sort();
    names.dedup();
    names.extend([LOCAL.to_owned(), IC.to_owned()]);
    names
        .into_iter()
        .map(|name| {
            let mut here: Vec<(String, crate::CanisterId)> = Vec::new();
            for (_, canister, id) in found.iter().filter(|(network, ..)| *network == name) {
                if !here.iter().any(|(other, _)| other == canister) {
                    here.push((canister.clone(), *id));
                }
            }
            Environment {
                ground: ground(reader.root(), networks.get(&name), &name, neighbourhood),
                network: name.clone(),
                tool: Tool::Dfx,
                canisters: members(&canisters, here),
                name,
            }
        })
        .collect()
}

fn ground(
    root: &Utf8Path,
    declared: Option<&Value>,
    name: &str,
    neighbourhood: &Neighbourhood,
) -> Ground {
    let providers = declared.and_then(|declared| declared.get("providers"));
    let address = providers
        .and_then(|providers| providers.items().first())
        .and_then(Value::text)
        .map(str::parse::<Address>);
    match address {
        Some(Ok(address)) if MAINNET_HOSTS.contains(&address.authority().as_str()) => {
            Ground::Mainnet
        }
        Some(Ok(address)) => Ground::Elsewhere(address, None),
        Some(Err(_)) => Ground::Unknown,
        None if name == IC || name == PLAYGROUND => Ground::Mainnet,
        None => {
            let own = Some(root.join(".dfx/network").join(name));
            let shared = neighbourhood.dfx.clone().filter(|_| name == LOCAL);
            let folders = own.into_iter().chain(shared);
            Ground::Local(
                folders
                    .map(|folder: Utf8PathBuf| NetworkId::Local(folder.to_string()))
                    .collect(),
            )
        }
    }
}

/// A section of the manifest; nothing where there is none.
fn section(reader: &mut Reader, root: Option<&Value>, name: &str) -> Value {
    let nothing = Value {
        line: None,
        content: Content::Map(Vec::new()),
    };
    match root.and_then(|root| root.get(name)) {
        Some(found) if matches!(found.content, Content::Map(_)) => found.clone(),
        Some(found) if !found.is_nothing() => {
            reader.complain(
                Utf8Path::new(MANIFEST),
                found.line,
                ProblemKind::WrongKind,
                name,
            );
            nothing
        }
        _ => nothing,
    }
}
