//! Projects as people have them on disk.

use camino::{Utf8Path, Utf8PathBuf};
use canopic_engine::{
    Code, Engine, Environment, Fingerprint, Ground, MAINNET_ROOT_KEY, NetworkId, Project,
};
use canopic_tests::Bench;
use std::{fs, time::Duration};

/// A copy of a fixture, to be changed.
fn copy(bench: &Bench, name: &str) -> Utf8PathBuf {
    fn copy_folder(from: &Utf8Path, to: &Utf8Path) {
        fs::create_dir_all(to).unwrap();
        for entry in from.read_dir_utf8().unwrap() {
            let entry = entry.unwrap();
            let to = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                copy_folder(entry.path(), &to);
            } else {
                fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    let fixture = Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/projects")
        .join(name);
    let folder = bench.home.canonicalize_utf8().unwrap().join(name);
    copy_folder(&fixture, &folder);
    folder
}

fn open(engine: &Engine, folder: &Utf8Path) -> Project {
    let project = engine.open_project(folder).unwrap();
    assert_eq!(project.problems, [], "the fixture is in order");
    project
}

fn environment<'a>(project: &'a Project, name: &str) -> &'a Environment {
    project
        .environments
        .iter()
        .find(|environment| environment.name == name)
        .unwrap()
}

/// Names and ids; `-` where a canister was not created.
fn members(project: &Project, name: &str) -> Vec<(String, String)> {
    let id = |id: Option<canopic_engine::CanisterId>| {
        id.map_or_else(|| "-".to_owned(), |id| id.to_string())
    };
    environment(project, name)
        .canisters
        .iter()
        .map(|member| (member.name.clone(), id(member.id)))
        .collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, id)| ((*name).to_owned(), (*id).to_owned()))
        .collect()
}

#[tokio::test]
async fn a_folder_as_icp_new_makes_it_opens_with_names_and_ids_in_both_environments() {
    let bench = Bench::practice().await;
    let folder = copy(&bench, "hello");
    let project = open(&bench.engine, &folder);
    assert_eq!(project.name, "hello");
    assert_eq!(
        members(&project, "local"),
        pairs(&[
            ("backend", "tqzl2-p7777-77776-aaaaa-cai"),
            ("frontend", "txyno-ch777-77776-aaaaq-cai")
        ])
    );
    assert_eq!(
        members(&project, "ic"),
        pairs(&[
            ("backend", "um5iw-rqaaa-aaaaq-qaaba-cai"),
            ("frontend", "-")
        ]),
        "what was not created on mainnet has no id there"
    );
    assert_eq!(environment(&project, "ic").ground, Ground::Mainnet);
    let local = NetworkId::Local(folder.join(".icp/cache/networks/local").to_string());
    assert_eq!(
        environment(&project, "local").ground,
        Ground::Local(vec![local])
    );
}

#[tokio::test]
async fn a_folder_with_patterns_networks_and_environments_is_read_as_icp_reads_it() {
    let bench = Bench::practice().await;
    let project = open(&bench.engine, &copy(&bench, "workshop"));
    assert_eq!(
        members(&project, "staging"),
        pairs(&[
            ("anvil", "rkp4c-7iaaa-aaaaa-aaaca-cai"),
            ("bench", "um5iw-rqaaa-aaaaq-qaaba-cai"),
            ("desk", "ryjl3-tyaaa-aaaaa-aaaba-cai")
        ]),
        "an id that is left over is shown as well"
    );
    let declared: Vec<_> = environment(&project, "staging")
        .canisters
        .iter()
        .map(|member| member.is_declared)
        .collect();
    assert_eq!(declared, [false, true, true]);
    assert_eq!(
        members(&project, "lab"),
        pairs(&[
            ("bench", "-"),
            ("desk", "-"),
            ("lathe", "-"),
            ("press", "-")
        ])
    );
    let Ground::Elsewhere(address, key) = &environment(&project, "staging").ground else {
        panic!("it has an address")
    };
    assert_eq!(
        (address.to_string().as_str(), *key),
        (
            "https://stage.example/",
            Some(Fingerprint::of(&MAINNET_ROOT_KEY))
        )
    );
}

#[tokio::test]
async fn a_folder_with_dfx_json_opens_with_names_and_ids_in_both_environments() {
    let bench = Bench::practice().await;
    let project = open(&bench.engine, &copy(&bench, "market"));
    let names: Vec<_> = project
        .environments
        .iter()
        .map(|environment| environment.name.as_str())
        .collect();
    assert_eq!(names, ["staging", "local", "ic"]);
    assert_eq!(
        members(&project, "local"),
        pairs(&[
            ("internet_identity", "-"),
            ("market_backend", "bkyz2-fmaaa-aaaaa-qaaaq-cai"),
            ("market_frontend", "bd3sg-teaaa-aaaaa-qaaba-cai")
        ]),
        "dfx's own helper is not the project's"
    );
    assert_eq!(
        members(&project, "ic"),
        pairs(&[
            ("internet_identity", "rdmx6-jaaaa-aaaaa-aaadq-cai"),
            ("market_backend", "um5iw-rqaaa-aaaaq-qaaba-cai"),
            ("market_frontend", "ryjl3-tyaaa-aaaaa-aaaba-cai")
        ]),
        "a remote canister has the id that the manifest gives it"
    );
}

#[tokio::test]
async fn changes_on_disk_are_told_and_what_is_opened_is_remembered() {
    let bench = Bench::practice().await;
    let folder = copy(&bench, "hello");
    fs::remove_dir_all(folder.join(".icp")).unwrap();
    open(&bench.engine, &folder);
    let mut news = bench.engine.follow_projects();
    // The first deployment makes the folders and then the file: each step is seen, whenever it comes.
    let mappings = folder.join(".icp/data/mappings");
    fs::create_dir_all(&mappings).unwrap();
    fs::write(
        mappings.join("ic.ids.json"),
        r#"{"frontend": "ryjl3-tyaaa-aaaaa-aaaba-cai"}"#,
    )
    .unwrap();
    let seen = async {
        loop {
            assert_eq!(
                news.recv().await.unwrap(),
                folder,
                "no other project is open"
            );
            let project = bench.engine.projects().remove(0).1.unwrap();
            if members(&project, "ic")[1].1 != "-" {
                return project;
            }
        }
    };
    let project = tokio::time::timeout(Duration::from_secs(60), seen)
        .await
        .expect("the system tells of changes");
    assert_eq!(members(&project, "ic")[1].1, "ryjl3-tyaaa-aaaaa-aaaba-cai");

    fs::write(
        folder.join("backend/canister.yaml"),
        "name: kernel\nrecipe: {}\n",
    )
    .unwrap();
    let renamed = async {
        loop {
            news.recv().await.unwrap();
            let project = bench.engine.projects().remove(0).1.unwrap();
            if members(&project, "ic")
                .iter()
                .any(|(name, _)| name == "kernel")
            {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), renamed)
        .await
        .expect("files that the manifest names count as well");

    fs::remove_dir_all(&folder).unwrap();
    let (path, gone) = bench.engine.projects().remove(0);
    assert_eq!(
        (path, gone.unwrap_err().code),
        (folder.clone(), Code::ProjectUnreadable),
        "a folder that is gone is said, not forgotten"
    );
    bench.engine.close_project(&folder).unwrap();
    assert!(bench.engine.projects().is_empty());
}
