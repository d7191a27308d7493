//! What is wrong in a project, file by file. The good ones stand as fixtures in the tests that cross crates.

#![allow(clippy::unwrap_used)]

use super::*;
use std::fs;

struct Folder {
    path: Utf8PathBuf,
    _keep: tempfile::TempDir,
}

impl Folder {
    fn with(files: &[(&str, &str)]) -> Self {
        let keep = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(keep.path().canonicalize().unwrap())
            .unwrap()
            .join("shop");
        fs::create_dir(&path).unwrap();
        let folder = Self { path, _keep: keep };
        for (file, text) in files {
            folder.write(file, text);
        }
        folder
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self) -> Project {
        read(&self.path, &Neighbourhood::default()).unwrap()
    }

    fn problems(&self) -> Vec<(String, Option<u32>, ProblemKind, String)> {
        let problems = self.read().problems;
        problems
            .into_iter()
            .map(|problem| {
                (
                    problem.file.to_string(),
                    problem.line,
                    problem.kind,
                    problem.subject,
                )
            })
            .collect()
    }
}

fn canister(name: &str) -> String {
    format!("name: {name}\nbuild:\n  steps:\n    - type: pre-built\n      path: a.wasm\n")
}

fn names(project: &Project, environment: &str) -> Vec<String> {
    let environment = project
        .environments
        .iter()
        .find(|other| other.name == environment)
        .unwrap();
    environment
        .canisters
        .iter()
        .map(|member| member.name.clone())
        .collect()
}

#[test]
fn every_mistake_is_said_with_file_and_line_and_hides_nothing_else() {
    use ProblemKind::{
        DuplicateName, Malformed, MalformedId, MalformedName, MissingKey, NotFound, Outside,
        UnknownCanister, UnknownKey, UnknownNetwork,
    };
    let folder = Folder::with(&[
        (
            "icp.yaml",
            "canisters:\n  - good\n  - broken\n  - missing\n  - ../elsewhere\n  - nothing/*\n  - name: a b\n    build: {}\n  - name: good\n    recipe: {}\ncolour: red\nenvironments:\n  - name: staging\n    network: nowhere\n    canisters: [good, ghost]\n  - network: ic\n",
        ),
        (
            "good/canister.yaml",
            &format!("{}settings:\n  freezing: 3\nsize: 1\n", canister("good")),
        ),
        ("broken/canister.yaml", "name: [broken\n"),
        (
            ".icp/data/mappings/ic.ids.json",
            "{\n  \"good\": \"um5iw-rqaaa-aaaaq-qaaba-cai\",\n  \"ghost\": \"not an id\"\n}",
        ),
    ]);
    let mut found = folder.problems();
    found.retain(|(.., kind, _)| *kind != Malformed);
    let text = |text: &str| text.to_owned();
    let icp = || text("icp.yaml");
    assert_eq!(
        found,
        [
            (icp(), Some(11), UnknownKey, text("colour")),
            (icp(), Some(4), NotFound, text("missing")),
            (icp(), Some(5), Outside, text("../elsewhere")),
            (
                text("good/canister.yaml"),
                Some(8),
                UnknownKey,
                text("size")
            ),
            (
                text("good/canister.yaml"),
                Some(7),
                UnknownKey,
                text("freezing")
            ),
            (icp(), Some(7), MalformedName, text("a b")),
            (icp(), Some(9), DuplicateName, text("good")),
            (icp(), Some(14), UnknownNetwork, text("nowhere")),
            (icp(), Some(15), UnknownCanister, text("ghost")),
            (icp(), Some(16), MissingKey, text("name")),
            (
                text(".icp/data/mappings/ic.ids.json"),
                Some(3),
                MalformedId,
                text("ghost")
            ),
        ]
    );
    let broken = folder
        .problems()
        .into_iter()
        .find(|(.., kind, _)| *kind == Malformed)
        .unwrap();
    assert_eq!(broken.0, "broken/canister.yaml");
    let project = folder.read();
    assert_eq!(names(&project, "ic"), ["good"], "what is good is shown");
    let ic = project
        .environments
        .iter()
        .find(|environment| environment.name == "ic")
        .unwrap();
    assert!(ic.canisters[0].id.is_some(), "and has its id");
}

#[test]
fn a_manifest_that_cannot_be_read_leaves_the_ids_that_are_on_disk() {
    let folder = Folder::with(&[
        ("icp.yaml", "canisters:\n\t- a\n"),
        (
            ".icp/data/mappings/ic.ids.json",
            "{\"shop\": \"um5iw-rqaaa-aaaaq-qaaba-cai\"}",
        ),
    ]);
    let project = folder.read();
    assert_eq!(
        (project.problems[0].kind, project.problems[0].line),
        (ProblemKind::Malformed, Some(2)),
        "{:?}",
        project.problems
    );
    let ic = project
        .environments
        .iter()
        .find(|environment| environment.name == "ic")
        .unwrap();
    assert_eq!(
        (ic.canisters[0].name.as_str(), ic.canisters[0].is_declared),
        ("shop", false)
    );
}

#[test]
fn broken_files_of_dfx_are_said_with_their_line() {
    let folder = Folder::with(&[
        (
            "dfx.json",
            "{\n  \"canisters\": {\n    \"shop\": {},\n  }\n}",
        ),
        (
            "canister_ids.json",
            "{\n  \"shop\": {\n    \"ic\": \"aaaaa-ab\",\n    \"staging\": \"um5iw-rqaaa-aaaaq-qaaba-cai\"\n  }\n}",
        ),
    ]);
    let found = folder.problems();
    let found: Vec<_> = found
        .iter()
        .map(|(file, line, kind, _)| (file.as_str(), *line, *kind))
        .collect();
    assert_eq!(
        found,
        [
            ("dfx.json", Some(4), ProblemKind::Malformed),
            ("canister_ids.json", Some(3), ProblemKind::MalformedId)
        ]
    );
    assert_eq!(
        names(&folder.read(), "staging"),
        ["shop"],
        "the ids alone still make an environment"
    );
}

#[test]
fn json_that_is_no_yaml_is_read_all_the_same() {
    let folder = Folder::with(&[(
        "dfx.json",
        "{\n\t\"canisters\": {\n\t\t\"shop\": { \"note\": \"\\ud83c\\udfdb\" }\n\t}\n}",
    )]);
    let project = folder.read();
    assert_eq!(
        (names(&project, "local"), project.problems),
        (vec!["shop".to_owned()], vec![])
    );
}

#[cfg(unix)]
#[test]
fn no_link_leads_out_of_the_folder() {
    let outside = Folder::with(&[
        ("canister.yaml", &canister("secret")),
        ("ids.json", "{\"secret\": \"um5iw-rqaaa-aaaaq-qaaba-cai\"}"),
    ]);
    let folder = Folder::with(&[("icp.yaml", "canisters:\n  - linked\n  - '*'\n  - good\n")]);
    std::os::unix::fs::symlink(&outside.path, folder.path.join("linked")).unwrap();
    fs::create_dir_all(folder.path.join("good")).unwrap();
    std::os::unix::fs::symlink(
        outside.path.join("canister.yaml"),
        folder.path.join("good/canister.yaml"),
    )
    .unwrap();
    fs::create_dir_all(folder.path.join(".icp/data/mappings")).unwrap();
    std::os::unix::fs::symlink(
        outside.path.join("ids.json"),
        folder.path.join(".icp/data/mappings/ic.ids.json"),
    )
    .unwrap();
    let project = folder.read();
    assert_eq!(
        names(&project, "ic"),
        Vec::<String>::new(),
        "nothing of outside is shown"
    );
    let outside: Vec<_> = project
        .problems
        .iter()
        .filter(|problem| problem.kind == ProblemKind::Outside)
        .map(|problem| problem.file.as_str())
        .collect();
    assert_eq!(
        outside,
        [
            "good/canister.yaml",
            "good/canister.yaml",
            ".icp/data/mappings/ic.ids.json"
        ]
    );
}

#[test]
fn huge_and_deep_files_end_in_a_limit() {
    let folder = Folder::with(&[("icp.yaml", &format!("# {}\n", "x".repeat(2_000_000)))]);
    assert_eq!(folder.problems()[0].2, ProblemKind::TooLarge);
    folder.write(
        "icp.yaml",
        &format!("canisters: {}{}", "[".repeat(100), "]".repeat(100)),
    );
    assert_eq!(folder.problems()[0].2, ProblemKind::TooDeep);
    let nested = Folder::with(&[(
        "dfx.json",
        &format!("{}{}", "[".repeat(5_000), "]".repeat(5_000)),
    )]);
    assert_eq!(
        nested.problems()[0].2,
        ProblemKind::Malformed,
        "JSON's reader stops by itself"
    );
    let many: Vec<_> = (0..3_000)
        .map(|number| format!("  - name: c{number}\n    build: {{}}\n"))
        .collect();
    let many = many.concat();
    folder.write("icp.yaml", &format!("canisters:\n{many}"));
    assert_eq!(
        names(&folder.read(), "local").len(),
        3_000,
        "a large project is no hostile one"
    );
}

#[test]
fn a_folder_without_a_project_is_said_as_such() {
    let folder = Folder::with(&[("README.md", "")]);
    let error = read(&folder.path, &Neighbourhood::default()).unwrap_err();
    assert_eq!(
        (error.code, error.facts["path"].as_str()),
        (Code::ProjectNotFound, folder.path.as_str())
    );
    let error = read(&folder.path.join("gone"), &Neighbourhood::default()).unwrap_err();
    assert_eq!(error.code, Code::ProjectUnreadable);
}
