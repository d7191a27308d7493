//! The networks that tools run on this computer, found by themselves.
//!
//! `icp` writes a descriptor beside each network that it runs, and a copy under its port; `dfx` writes the port of its network. A
//! descriptor brings the root key along; `dfx` does not, so the network is asked for it and shown as unverified. Then the usual
//! ports are tried. Nothing but this computer is ever asked: a descriptor that leads elsewhere is left out.
//!
//! Files in here were written by others: they are read up to a limit, and one that makes no sense is left out, not an error.

use super::{Address, Trust, custom::RootKey};
use crate::NetworkId;
use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use std::{fs::File, io::Read as _};

/// The largest file that is read: descriptors have about a kilobyte.
const LARGEST_DESCRIPTOR: u64 = 64 * 1024;

/// The most entries of a folder that are looked at: nobody runs as many networks.
const MOST_ENTRIES: usize = 200;

/// Where tools on this computer keep what they say about their networks, and the ports that they usually take.
#[derive(Clone, Debug, Default)]
pub struct Neighbourhood {
    /// The folder of `icp`'s descriptors by port.
    pub icp: Option<Utf8PathBuf>,
    /// The folder of `dfx`'s shared network.
    pub dfx: Option<Utf8PathBuf>,
    /// The ports that are tried.
    pub ports: Vec<u16>,
}

impl Neighbourhood {
    /// Of this computer.
    pub fn of_this_computer() -> Self {
        let utf8 = |path: std::path::PathBuf| Utf8PathBuf::from_path_buf(path).ok();
        let project = |qualifier, organisation, name| {
            directories::ProjectDirs::from(qualifier, organisation, name)
        };
        let icp = match std::env::var_os("ICP_HOME").filter(|home| !home.is_empty()) {
            Some(home) => utf8(home.into()),
            None => project("org", "dfinity", "icp-cli")
                .and_then(|found| utf8(found.cache_dir().to_owned())),
        };
        let dfx = project("org", "dfinity", "dfx")
            .and_then(|found| utf8(found.data_local_dir().to_owned()));
        Self {
            icp: icp.map(|folder| folder.join("port-descriptors")),
            dfx: dfx.map(|folder| folder.join("network/local")),
            // icp's, dfx's of today and dfx's of once.
            ports: vec![8000, 4943, 8080],
        }
    }
}

/// A tool that runs networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// `icp`.
    Icp,
    /// `dfx`.
    Dfx,
}

/// A network that left a trace on this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trace {
    pub(super) id: NetworkId,
    pub(super) name: String,
    pub(super) tool: Option<Tool>,
    /// The project that it belongs to; none if it is shared.
    pub(super) project: Option<Utf8PathBuf>,
    pub(super) address: Address,
    /// From the descriptor; none where only the network itself can tell.
    pub(super) root_key: Option<RootKey>,
}

impl Trace {
    pub(super) fn described_key(&self) -> Option<&[u8]> {
        self.root_key.as_ref().map(|key| key.0.as_slice())
    }

    pub(super) fn trust(&self) -> Trust {
        if self.root_key.is_some() {
            Trust::Descriptor
        } else {
            Trust::Fetched
        }
    }
}

/// All traces, those of the projects first. No network is asked.
pub(super) fn traces(neighbourhood: &Neighbourhood, projects: &[Utf8PathBuf]) -> Vec<Trace> {
    let mut found: Vec<Trace> = Vec::new();
    for project in projects {
        for folder in folders(&project.join(".icp/cache/networks")) {
            found.extend(described_by_icp(&folder, neighbourhood));
        }
        for folder in folders(&project.join(".dfx/network")) {
            found.extend(described_by_dfx(&folder, Some(project)));
        }
    }
    if let Some(icp) = &neighbourhood.icp {
        for file in entries(icp) {
            found.extend(
                read_descriptor(&file).and_then(|descriptor| {
                    described_by_icp(&descriptor.network_dir, neighbourhood)
                }),
            );
        }
    }
    if let Some(dfx) = &neighbourhood.dfx {
        found.extend(described_by_dfx(dfx, None));
    }
    let described: Vec<Address> = found.iter().map(|trace| trace.address.clone()).collect();
    for port in &neighbourhood.ports {
        let Ok(address) = format!("http://127.0.0.1:{port}/").parse::<Address>() else {
            continue;
        };
        if !described
            .iter()
            .any(|other| other.is_loopback() && other.port() == address.port())
        {
            found.push(Trace {
                id: NetworkId::Local(address.to_string()),
                name: format!("127.0.0.1:{port}"),
                tool: None,
                project: None,
                address,
                root_key: None,
            });
        }
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|trace| seen.insert(trace.id.clone()));
    found
}

/// The trace of one network.
pub(super) fn trace(id: &NetworkId, neighbourhood: &Neighbourhood) -> Option<Trace> {
    let NetworkId::Local(anchor) = id else {
        return None;
    };
    if let Ok(address) = anchor.parse::<Address>() {
        return address.is_loopback().then(|| Trace {
            id: id.clone(),
            name: address.authority(),
            tool: None,
            project: None,
            address,
            root_key: None,
        });
    }
    let folder = Utf8Path::new(anchor);
    let project = || project_of_dfx(folder);
    described_by_icp(folder, neighbourhood)
        .or_else(|| described_by_dfx(folder, project().as_deref()))
}

/// `X/.dfx/network/local` belongs to the project `X`; the shared network's folder to none.
fn project_of_dfx(folder: &Utf8Path) -> Option<Utf8PathBuf> {
    let networks = folder.parent()?;
    let project = networks.parent()?.parent()?;
    networks
        .ends_with(".dfx/network")
        .then(|| project.to_owned())
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Descriptor {
    v: String,
    id: String,
    project_dir: Utf8PathBuf,
    network: String,
    network_dir: Utf8PathBuf,
    gateway: Gateway,
    root_key: String,
}

#[derive(Deserialize)]
struct Gateway {
    #[serde(default)]
    fixed: bool,
    port: u16,
    #[serde(default = "localhost")]
    host: String,
}

fn localhost() -> String {
    "localhost".to_owned()
}

fn described_by_icp(folder: &Utf8Path, neighbourhood: &Neighbourhood) -> Option<Trace> {
    let descriptor = read_descriptor(&folder.join("descriptor.json"))?;
    if descriptor.gateway.fixed {
        // The port may belong to another project's network by now: the copy under the port says whose it is.
        let owner = neighbourhood
            .icp
            .as_ref()?
            .join(format!("{}.json", descriptor.gateway.port));
        if read_descriptor(&owner)?.id != descriptor.id {
            return None;
        }
    }
    let address: Address = format!(
        "http://{}:{}/",
        descriptor.gateway.host, descriptor.gateway.port
    )
    .parse()
    .ok()?;
    Some(Trace {
        id: NetworkId::Local(folder.to_string()),
        name: descriptor.network,
        tool: Some(Tool::Icp),
        project: Some(descriptor.project_dir),
        address,
        root_key: Some(descriptor.root_key.parse().ok()?),
    })
}

fn described_by_dfx(folder: &Utf8Path, project: Option<&Utf8Path>) -> Option<Trace> {
    let port = read_text(&folder.join("webserver-port"))?;
    let address: Address = format!("http://127.0.0.1:{}/", port.trim().parse::<u16>().ok()?)
        .parse()
        .ok()?;
    Some(Trace {
        id: NetworkId::Local(folder.to_string()),
        name: folder.file_name().unwrap_or("local").to_owned(),
        tool: Some(Tool::Dfx),
        project: project.map(Utf8Path::to_owned),
        address,
        root_key: None,
    })
}

fn read_descriptor(path: &Utf8Path) -> Option<Descriptor> {
    let descriptor: Descriptor = serde_json::from_str(&read_text(path)?).ok()?;
    // Another version may mean other things by the same words.
    (descriptor.v == "1").then_some(descriptor)
}

fn read_text(path: &Utf8Path) -> Option<String> {
    let file = File::open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    file.take(LARGEST_DESCRIPTOR)
        .read_to_string(&mut text)
        .ok()?;
    Some(text)
}

fn entries(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let Ok(entries) = folder.read_dir_utf8() else {
        return Vec::new();
    };
    let mut found: Vec<_> = entries
        .flatten()
        .take(MOST_ENTRIES)
        .map(|entry| entry.path().to_owned())
        .collect();
    found.sort();
    found
}

fn folders(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    entries(folder)
        .into_iter()
        .filter(|path| path.is_dir())
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::network::MAINNET_ROOT_KEY;
    use serde_json::json;

    fn home() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().canonicalize().unwrap()).unwrap();
        (folder, path)
    }

    fn write(path: &Utf8Path, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn descriptor(home: &Utf8Path, id: &str, fixed: bool, host: &str) -> String {
        let project = home.join("shop");
        json!({
            "v": "1", "id": id, "project-dir": project, "network": "local",
            "network-dir": project.join(".icp/cache/networks/local"),
            "gateway": {"fixed": fixed, "port": 8123, "host": host, "ip": "127.0.0.1"},
            "child-locator": {"type": "pid", "pid": 1, "start-time": 2},
            "root-key": hex::encode(MAINNET_ROOT_KEY), "pocketic-config-port": null
        })
        .to_string()
    }

    fn neighbourhood(home: &Utf8Path) -> Neighbourhood {
        Neighbourhood {
            icp: Some(home.join("port-descriptors")),
            dfx: Some(home.join("dfx/network/local")),
            ports: vec![4943],
        }
    }

    #[test]
    fn a_network_of_icp_is_known_by_its_descriptor() {
        let (_keep, home) = home();
        let neighbourhood = neighbourhood(&home);
        let folder = home.join("shop/.icp/cache/networks/local");
        write(
            &folder.join("descriptor.json"),
            &descriptor(&home, "a", true, "localhost"),
        );
        assert_eq!(
            traces(&neighbourhood, &[home.join("shop")]).len(),
            1,
            "a fixed port that nobody claims belongs to nobody: only the usual port is left"
        );

        write(
            &home.join("port-descriptors/8123.json"),
            &descriptor(&home, "a", true, "localhost"),
        );
        let found = traces(&neighbourhood, &[]);
        assert_eq!(
            found[0].id,
            NetworkId::Local(folder.to_string()),
            "found by its port, without any project"
        );
        assert_eq!(
            (found[0].tool, found[0].address.to_string().as_str()),
            (Some(Tool::Icp), "http://localhost:8123/")
        );
        assert_eq!(
            found[0].root_key,
            Some(RootKey(MAINNET_ROOT_KEY.to_vec())),
            "the key is never fetched"
        );
        assert_eq!(found[0].project.as_ref(), Some(&home.join("shop")));
        assert_eq!(
            traces(&neighbourhood, &[home.join("shop")]),
            found,
            "found twice, listed once"
        );
        assert_eq!(
            trace(&found[0].id, &neighbourhood).as_ref(),
            Some(&found[0])
        );

        write(
            &home.join("port-descriptors/8123.json"),
            &descriptor(&home, "b", true, "localhost"),
        );
        assert_eq!(
            trace(&found[0].id, &neighbourhood),
            None,
            "the port belongs to another network by now"
        );
    }

    #[test]
    fn what_leads_elsewhere_or_makes_no_sense_is_left_out() {
        let (_keep, home) = home();
        let neighbourhood = Neighbourhood {
            ports: vec![],
            ..neighbourhood(&home)
        };
        let file = home.join("shop/.icp/cache/networks/local/descriptor.json");
        for text in [
            descriptor(&home, "a", false, "192.168.7.7"),
            descriptor(&home, "a", false, "localhost.evil.example"),
            descriptor(&home, "a", false, "ada@localhost"),
            descriptor(&home, "a", false, "localhost").replace("\"v\":\"1\"", "\"v\":\"2\""),
            descriptor(&home, "a", false, "localhost").replace("3081", "3083"),
            "{".to_owned(),
            " ".repeat(100_000),
        ] {
            write(&file, &text);
            assert_eq!(
                traces(&neighbourhood, &[home.join("shop")]),
                [],
                "{}",
                &text[..text.len().min(300)]
            );
        }
        write(&file, &descriptor(&home, "a", false, "localhost"));
        assert_eq!(
            traces(&neighbourhood, &[home.join("shop")]).len(),
            1,
            "the same one, well-formed"
        );
    }

    #[test]
    fn networks_of_dfx_are_known_by_their_port() {
        let (_keep, home) = home();
        let neighbourhood = neighbourhood(&home);
        write(&home.join("dfx/network/local/webserver-port"), "4943\n");
        write(&home.join("shop/.dfx/network/local/webserver-port"), "8999");
        write(&home.join("shop/.dfx/local/canisters/shop/shop.did"), "");
        let found = traces(&neighbourhood, &[home.join("shop")]);
        let seen: Vec<_> = found
            .iter()
            .map(|trace| (trace.address.to_string(), trace.project.is_some()))
            .collect();
        assert_eq!(
            seen,
            [
                ("http://127.0.0.1:8999/".to_owned(), true),
                ("http://127.0.0.1:4943/".to_owned(), false)
            ],
            "the usual port is the shared network's, so it is not listed again"
        );
        for found in found {
            assert_eq!(
                trace(&found.id, &neighbourhood),
                Some(found),
                "found again by its id alone"
            );
        }
    }
}
