//! What `icp.yaml` says, with the files that it names, and the ids that `icp` keeps below `.icp`.
//!
//! Read as `icp` itself reads it: items are inline or paths, canisters stand in `canister.yaml` of folders that a path or pattern
//! names, and two environments are always there. The ids of networks that `icp` runs lie in its cache, those of others in its data.

use super::{
    Environment, Ground, ProblemKind,
    document::{Reader, Value},
    ids, members,
};
use crate::{
    Fingerprint, NetworkId,
    network::{Address, Tool},
};
use camino::{Utf8Path, Utf8PathBuf};

pub(super) const MANIFEST: &str = "icp.yaml";

/// What a folder of the project must hold to be a canister's.
const CANISTER_MANIFEST: &str = "canister.yaml";

const PROJECT_KEYS: &[&str] = &["canisters", "networks", "environments", "dependencies"];
const CANISTER_KEYS: &[&str] = &[
    "name",
    "settings",
    "init_args",
    "upgrade_args",
    "recipe",
    "build",
    "sync",
];
const SETTINGS_KEYS: &[&str] = &[
    "log_visibility",
    "snapshot_visibility",
    "status_visibility",
    "compute_allocation",
    "memory_allocation",
    "freezing_threshold",
    "reserved_cycles_limit",
    "wasm_memory_limit",
    "wasm_memory_threshold",
    "log_memory_limit",
    "environment_variables",
    "controllers",
];
const ENVIRONMENT_KEYS: &[&str] = &[
    "name",
    "network",
    "canisters",
    "settings",
    "init_args",
    "upgrade_args",
];
const NETWORK_KEYS: &[&str] = &[
    "name",
    "mode",
    "url",
    "api-url",
    "http-gateway-url",
    "root-key",
    "gateway",
    "artificial-delay-ms",
    "ii",
    "nns",
    "subnets",
    "bitcoind-addr",
    "dogecoind-addr",
    "version",
    "image",
    "port-mapping",
];

/// What is always there, whether it is declared or not.
const LOCAL: &str = "local";
const IC: &str = "ic";

/// A network that the project has.
struct Declared {
    name: String,
    is_managed: bool,
    ground: Ground,
}

/// The environments, with what stands in their canisters' files.
pub(super) fn environments(reader: &mut Reader) -> Vec<Environment> {
    let manifest = Utf8Path::new(MANIFEST);
    // A broken manifest still leaves the two that are always there, with the ids that are on disk.
    let root = reader.yaml(manifest);
    let section = |name| root.as_ref().and_then(|root| root.get(name)).cloned();
    if let Some(root) = &root
        && !root.is_nothing()
    {
        known_keys(reader, manifest, root, PROJECT_KEYS);
    }
    let canisters = canisters(reader, section("canisters").as_ref());
    let networks = networks(reader, section("networks").as_ref());
    let mut found: Vec<Environment> = Vec::new();
    for (file, item) in items(reader, section("environments").as_ref(), "environments") {
        known_keys(reader, &file, &item, ENVIRONMENT_KEYS);
        let Some(name) = name_of(reader, &file, &item) else {
            continue;
        };
        let network = item
            .get("network")
            .and_then(Value::text)
            .unwrap_or(LOCAL)
            .to_owned();
        if !networks.iter().any(|other| other.name == network) {
            let line = item.get("network").and_then(|network| network.line);
            reader.complain(&file, line, ProblemKind::UnknownNetwork, &network);
        }
        let selected = match item.get("canisters") {
            None => canisters.clone(),
            Some(selected) => {
                let mut names = Vec::new();
                for item in selected.items() {
                    let name = item.text().unwrap_or_default();
                    if canisters.iter().any(|other| other == name) {
                        names.push(name.to_owned());
                    } else {
                        reader.complain(&file, item.line, ProblemKind::UnknownCanister, name);
                    }
                }
                names
            }
        };
        if found.iter().any(|other| other.name == name) {
            reader.complain(&file, item.line, ProblemKind::DuplicateName, &name);
            continue;
        }
        found.push(environment(reader, &networks, name, network, &selected));
    }
    for name in [LOCAL, IC] {
        if !found.iter().any(|environment| environment.name == name) {
            found.push(environment(
                reader,
                &networks,
                name.to_owned(),
                name.to_owned(),
                &canisters,
            ));
        }
    }
    found
}

fn environment(
    reader: &mut Reader,
    networks: &[Declared],
    name: String,
    network: String,
    declared: &[String],
) -> Environment {
    let declared_network = networks.iter().find(|other| other.name == network);
    let store = if declared_network.is_some_and(|network| network.is_managed) {
        "cache"
    } else {
        "data"
    };
    let file = Utf8PathBuf::from(format!(".icp/{store}/mappings/{name}.ids.json"));
    let found = reader
        .json(&file)
        .map(|found| ids(reader, &file, &found))
        .unwrap_or_default();
    Environment {
        canisters: members(declared, found),
        ground: declared_network.map_or(Ground::Unknown, |network| network.ground.clone()),
        tool: Tool::Icp,
        name,
        network,
    }
}

/// The names of the project's canisters.
fn canisters(reader: &mut Reader, section: Option<&Value>) -> Vec<String> {
    let manifest = Utf8Path::new(MANIFEST);
    let mut found: Vec<(Utf8PathBuf, Value)> = Vec::new();
    for item in list(reader, section, "canisters") {
        let Some(path) = item.text() else {
            found.push((manifest.to_owned(), item));
            continue;
        };
        if leads_out(path) {
            reader.complain(manifest, item.line, ProblemKind::Outside, path);
            continue;
        }
        let folders: Vec<_> = reader
            .folders_like(path)
            .into_iter()
            .map(|folder| folder.join(CANISTER_MANIFEST))
            .filter(|file| reader.has(file))
            .collect();
        // A pattern may fit nothing yet; a path means something.
        if folders.is_empty() && !path.contains(['*', '?', '[', '{']) {
            reader.complain(manifest, item.line, ProblemKind::NotFound, path);
        }
        for file in folders {
            if let Some(value) = reader.yaml(&file) {
                found.push((file, value));
            }
        }
    }
    let mut names = Vec::new();
    for (file, item) in found {
        known_keys(reader, &file, &item, CANISTER_KEYS);
        if let Some(settings) = item.get("settings") {
            known_keys(reader, &file, settings, SETTINGS_KEYS);
        }
        let Some(name) = name_of(reader, &file, &item) else {
            continue;
        };
        if item.get("recipe").is_some() == item.get("build").is_some() {
            reader.complain(&file, item.line, ProblemKind::MissingKey, "recipe or build");
        }
        if names.contains(&name) {
            reader.complain(&file, item.line, ProblemKind::DuplicateName, &name);
        } else {
            names.push(name);
        }
    }
    names
}

fn networks(reader: &mut Reader, section: Option<&Value>) -> Vec<Declared> {
    let mut found: Vec<Declared> = Vec::new();
    for (file, item) in items(reader, section, "networks") {
        known_keys(reader, &file, &item, NETWORK_KEYS);
        let Some(name) = name_of(reader, &file, &item) else {
            continue;
        };
        let text = |key: &str| item.get(key).and_then(Value::text);
        let is_managed = match text("mode") {
            Some("managed") => true,
            Some("connected") => false,
            _ => {
                reader.complain(
                    &file,
                    item.line,
                    ProblemKind::MissingKey,
                    "mode: managed or connected",
                );
                continue;
            }
        };
        let ground = if is_managed {
            managed(reader, &name)
        } else {
            let key = text("root-key");
            if key.is_none() {
                reader.complain(&file, item.line, ProblemKind::MissingKey, "root-key");
            }
            let address = text("api-url")
                .or_else(|| text("url"))
                .map(str::parse::<Address>);
            match (address, key) {
                (Some(Ok(_)), Some("mainnet")) => Ground::Mainnet,
                (Some(Ok(address)), key) => {
                    let key = key.and_then(|key| hex::decode(key).ok());
                    Ground::Elsewhere(address, key.as_deref().map(Fingerprint::of))
                }
                (Some(Err(_)), _) => {
                    reader.complain(&file, item.line, ProblemKind::WrongKind, "url");
                    Ground::Unknown
                }
                (None, _) => {
                    reader.complain(&file, item.line, ProblemKind::MissingKey, "url");
                    Ground::Unknown
                }
            }
        };
        if found.iter().any(|other| other.name == name) {
            reader.complain(&file, item.line, ProblemKind::DuplicateName, &name);
            continue;
        }
        found.push(Declared {
            name,
            is_managed,
            ground,
        });
    }
    if !found.iter().any(|network| network.name == LOCAL) {
        found.push(Declared {
            name: LOCAL.to_owned(),
            is_managed: true,
            ground: managed(reader, LOCAL),
        });
    }
    if !found.iter().any(|network| network.name == IC) {
        found.push(Declared {
            name: IC.to_owned(),
            is_managed: false,
            ground: Ground::Mainnet,
        });
    }
    found
}

/// A network that `icp` runs is known by the folder where it does.
fn managed(reader: &Reader, name: &str) -> Ground {
    let folder = reader.root().join(".icp/cache/networks").join(name);
    Ground::Local(vec![NetworkId::Local(folder.to_string())])
}

/// The items of a section, those in files of their own included.
fn items(reader: &mut Reader, section: Option<&Value>, name: &str) -> Vec<(Utf8PathBuf, Value)> {
    let manifest = Utf8Path::new(MANIFEST);
    let mut found = Vec::new();
    for item in list(reader, section, name) {
        let Some(path) = item.text() else {
            found.push((manifest.to_owned(), item));
            continue;
        };
        let file = Utf8PathBuf::from(path);
        if leads_out(path) {
            reader.complain(manifest, item.line, ProblemKind::Outside, path);
        } else if !reader.has(&file) {
            reader.complain(manifest, item.line, ProblemKind::NotFound, path);
        } else if let Some(value) = reader.yaml(&file) {
            found.push((file, value));
        }
    }
    found
}

fn list(reader: &mut Reader, section: Option<&Value>, name: &str) -> Vec<Value> {
    let Some(section) = section.filter(|section| !section.is_nothing()) else {
        return Vec::new();
    };
    if !matches!(section.content, super::document::Content::List(_)) {
        reader.complain(
            Utf8Path::new(MANIFEST),
            section.line,
            ProblemKind::WrongKind,
            name,
        );
    }
    section.items().to_vec()
}

/// A path that is absolute or climbs: where it leads is nobody's business here.
fn leads_out(path: &str) -> bool {
    let path = Utf8Path::new(path);
    path.is_absolute()
        || path
            .components()
            .any(|part| part == camino::Utf8Component::ParentDir)
}

fn known_keys(reader: &mut Reader, file: &Utf8Path, value: &Value, known: &[&str]) {
    for (key, _) in value.entries() {
        if !known.contains(&key.name.as_str()) {
            reader.complain(file, key.line, ProblemKind::UnknownKey, &key.name);
        }
    }
}

/// The name of an item, if it is one.
fn name_of(reader: &mut Reader, file: &Utf8Path, item: &Value) -> Option<String> {
    let Some(name) = item.get("name") else {
        reader.complain(file, item.line, ProblemKind::MissingKey, "name");
        return None;
    };
    let text = name.text().unwrap_or_default();
    let is_good = !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if !is_good {
        reader.complain(file, name.line, ProblemKind::MalformedName, text);
    }
    is_good.then(|| text.to_owned())
}
