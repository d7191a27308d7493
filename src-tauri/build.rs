//! Declares the shell's commands, so that the capability file can allow exactly these and nothing else.

fn main() {
    let commands = tauri_build::AppManifest::new()
        .commands(&["request", "follow", "painted", "pick", "notify", "reveal"]);
    let attributes = tauri_build::Attributes::new().app_manifest(commands);
    if let Err(error) = tauri_build::try_build(attributes) {
        println!("cargo::error={error:#}");
    }
}
