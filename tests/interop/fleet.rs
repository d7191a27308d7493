//! The Motoko modules of the demo fleet, built again: here npm is at hand, which brings the compiler.

use std::path::Path;
use std::process::Command;

#[test]
fn the_motoko_modules_are_what_the_compiler_gives_again() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = super::module("");
    for entry in std::fs::read_dir(Path::new(&fleet)).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
    }
    for arguments in [
        &["ci", "--ignore-scripts", "--prefer-offline"][..],
        &["run", "check"],
    ] {
        let npm = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .expect("npm can be started");
        let said = String::from_utf8_lossy(&npm.stdout) + String::from_utf8_lossy(&npm.stderr);
        assert!(npm.status.success(), "npm {}: {said}", arguments.join(" "));
    }
}
