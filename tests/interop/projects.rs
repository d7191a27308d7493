//! Projects: the engine and the real `icp` read the same names and ids out of the same folder.

use canopic_engine::{Engine, Places, PracticeDoor, Tool};
use canopic_tests::Icp;
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    process::{Command, Output},
    sync::Arc,
};

/// Nobody opens a network to read a folder.
struct Closed;

impl PracticeDoor for Closed {
    fn open(
        &self,
    ) -> futures::future::BoxFuture<'_, Result<canopic_engine::Endpoint, canopic_engine::DoorError>>
    {
        Box::pin(std::future::ready(Err("no network is needed".into())))
    }
}

/// Runs `icp canister` in a folder; no network is there to be asked.
fn icp(folder: &Path, home: &Path, arguments: &[&str]) -> Output {
    Command::new(Icp::program())
        .arg("canister")
        .args(arguments)
        .env("ICP_HOME", home)
        .env("DO_NOT_TRACK", "1")
        .current_dir(folder)
        .output()
        .unwrap()
}

/// The id that a canister has for `icp`, if it was created.
fn id_of(folder: &Path, home: &Path, name: &str, environment: &str) -> Option<String> {
    let output = icp(
        folder,
        home,
        &["status", name, "-e", environment, "--id-only"],
    );
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        return Some(String::from_utf8(output.stdout).unwrap().trim().to_owned());
    }
    assert!(said.contains("failed to lookup canister ID"), "{said}");
    None
}

/// The names that `icp` sees in an environment.
fn listed(folder: &Path, home: &Path, environment: &str) -> Vec<String> {
    let output = icp(folder, home, &["list", "--json", "-e", environment]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut names: Vec<String> = serde_json::from_value(said["canisters"].clone()).unwrap();
    names.sort();
    names
}

#[tokio::test]
async fn a_project_has_the_canisters_that_icp_lists_in_every_environment() {
    let keep = tempfile::tempdir().unwrap();
    let home = camino::Utf8PathBuf::from_path_buf(keep.path().canonicalize().unwrap()).unwrap();
    // `icp` writes beside what it reads, so it gets a copy.
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects/workshop");
    let folder = home.join("workshop");
    let copied = Command::new("cp")
        .arg("-r")
        .arg(&fixture)
        .arg(&folder)
        .status()
        .unwrap();
    assert!(copied.success());
    // More patterns than the fixture has, and a folder that none of them means.
    fs::create_dir_all(folder.join("tools/deep/anvil")).unwrap();
    let canister = fs::read_to_string(folder.join("tools/lathe/canister.yaml")).unwrap();
    fs::write(
        folder.join("tools/deep/anvil/canister.yaml"),
        canister.replace("lathe", "hammer"),
    )
    .unwrap();
    let manifest = fs::read_to_string(folder.join("icp.yaml")).unwrap();
    fs::write(
        folder.join("icp.yaml"),
        manifest.replace("  - tools/lathe\n", "  - tools/**\n"),
    )
    .unwrap();

    // Both kinds of mappings, written by `icp` itself: one that goes into the repository, one that does not.
    let linked = [
        ("local", "bkyz2-fmaaa-aaaaa-qaaaq-cai"),
        ("ic", "ryjl3-tyaaa-aaaaa-aaaba-cai"),
    ];
    for (environment, id) in linked {
        let said = icp(
            folder.as_std_path(),
            keep.path(),
            &["link", "desk", id, "-e", environment],
        );
        assert!(said.status.success(), "{said:?}");
    }

    let folders = Places::below(&home.join("canopic")).open().unwrap();
    let engine = Engine::open(Arc::new(folders), Arc::new(Closed)).unwrap();
    let project = engine.open_project(&folder).unwrap();
    assert_eq!(project.problems, []);
    assert_eq!(project.environments.len(), 4);
    for environment in &project.environments {
        assert_eq!(environment.tool, Tool::Icp);
        let declared = environment
            .canisters
            .iter()
            .filter(|member| member.is_declared);
        let ours: Vec<_> = declared.map(|member| member.name.clone()).collect();
        let theirs = listed(folder.as_std_path(), keep.path(), &environment.name);
        assert_eq!(json!(ours), json!(theirs), "in {}", environment.name);
        for member in environment
            .canisters
            .iter()
            .filter(|member| member.is_declared)
        {
            let (ours, theirs) = (
                member.id.map(|id| id.to_string()),
                id_of(
                    folder.as_std_path(),
                    keep.path(),
                    &member.name,
                    &environment.name,
                ),
            );
            assert_eq!(ours, theirs, "{} in {}", member.name, environment.name);
        }
    }
    let desk = |environment: &str| {
        let found = project
            .environments
            .iter()
            .find(|found| found.name == environment)?;
        let desk = found
            .canisters
            .iter()
            .find(|member| member.name == "desk")?;
        Some(desk.id?.to_string())
    };
    for (environment, id) in linked {
        assert_eq!(desk(environment).as_deref(), Some(id), "as `icp` linked it");
    }
}
