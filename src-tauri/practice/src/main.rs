//! `canopic-practice`: the practice network as a program, and as a stand-in for the launcher that `icp` starts networks with.
//!
//! With `ICP_CLI_NETWORK_LAUNCHER_PATH` pointing here, `icp network start` gives the arguments of its launcher contract:
//! `--interface-version`, `--state-dir`, `--bind`, `--gateway-port` and `--status-dir`, and reads `status.json` in the status folder.

use canopic_practice::blocks::Pace;
use canopic_practice::{Options, Ready, start};
use serde_json::json;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use std::{fs, io};

const USAGE: &str = "usage: canopic-practice [--listen 127.0.0.1:0] [--state DIR] [--demo] [--pace instant|mainnet]
                        [--checkpoint SECONDS] [--free] [--seed N] [--ready-file FILE]

Starts an embedded Internet Computer on a loopback address and prints, when it answers, one line of JSON:
url, root_key, default_effective_canister_id, subnets, control_url. Ends on Ctrl-C.

  --listen ADDRESS    where to listen; loopback only, port 0 takes a free one
  --state DIR         where the network lives on over restarts
  --demo              with the canisters of a small shop
  --pace P            instant: a block as soon as there is work; mainnet: one a second, with limits on requests and on
                      what canisters write (instant)
  --checkpoint SECONDS  how long from checkpoint to checkpoint (600)
  --free              nothing costs any cycles
  --seed N            what keys and ids are derived from (1)
  --ready-file FILE   write the line of JSON to this file as well

It also understands the arguments that icp gives to its network launcher: --interface-version, --state-dir, --bind,
--gateway-port, --status-dir, --verbose, --domain, --subnet, --ii, --nns, --artificial-delay-ms.";

#[derive(Default)]
struct Arguments {
    options: Options,
    ready_file: Option<PathBuf>,
    /// Where icp waits for `status.json`.
    status_folder: Option<PathBuf>,
}

fn parse(given: impl Iterator<Item = String>) -> Result<Option<Arguments>, String> {
    // `--flag=value` is the same as `--flag value`.
    let mut given = given.flat_map(|argument| match argument.split_once('=') {
        Some((flag, value)) if flag.starts_with("--") => vec![flag.to_owned(), value.to_owned()],
        _ => vec![argument],
    });
    let mut arguments = Arguments::default();
    let options = &mut arguments.options;
    while let Some(flag) = given.next() {
        let mut value = || given.next().ok_or_else(|| format!("{flag} needs a value"));
        match flag.as_str() {
            "--help" | "-h" => return Ok(None),
            "--demo" => options.demo = true,
            "--free" => options.free = true,
            "--listen" => {
                let text = value()?;
                options.listen = text
                    .parse()
                    .map_err(|_| format!("{text} is not an address with a port"))?;
            }
            "--bind" => {
                let text = value()?;
                options.listen.set_ip(
                    text.parse::<IpAddr>()
                        .map_err(|_| format!("{text} is not an address"))?,
                );
            }
            "--gateway-port" => {
                let text = value()?;
                options
                    .listen
                    .set_port(text.parse().map_err(|_| format!("{text} is not a port"))?);
            }
            "--pace" => {
                options.pace = match value()?.as_str() {
                    "instant" => Pace::Instant,
                    "mainnet" => Pace::Mainnet,
                    other => return Err(format!("unknown pace {other}")),
                };
            }
            "--checkpoint" => {
                let text = value()?;
                let seconds = text.parse().ok().filter(|seconds| *seconds > 0);
                options.checkpoint = seconds
                    .map(Duration::from_secs)
                    .ok_or_else(|| format!("{text} is not a number of seconds"))?;
            }
            "--seed" => {
                let text = value()?;
                options.seed = text
                    .parse()
                    .map_err(|_| format!("{text} is not a seed: a natural number is needed"))?;
            }
            "--state" | "--state-dir" => options.state = Some(value()?.into()),
            "--ready-file" => arguments.ready_file = Some(value()?.into()),
            "--status-dir" => arguments.status_folder = Some(value()?.into()),
            "--interface-version" => {
                let version = value()?;
                if !version.starts_with("1.") {
                    return Err(format!(
                        "the launcher interface {version} is not known, only 1"
                    ));
                }
            }
            // Every practice network has the system canisters, and the same subnets; names of its own need no telling, and
            // delays come with the pace.
            "--verbose" | "--ii" | "--nns" => {}
            "--domain" | "--subnet" | "--artificial-delay-ms" => {
                value()?;
            }
            _ => return Err(format!("unknown argument {flag}")),
        }
    }
    Ok(Some(arguments))
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match parse(std::env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => return say(USAGE),
        Err(complaint) => return complain(&format!("{complaint}\n\n{USAGE}")),
    };
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let network = match start(arguments.options).await {
        Ok(network) => network,
        Err(error) => return complain(&chain(&error)),
    };
    let line = match serde_json::to_string(network.ready()) {
        Ok(line) => line,
        Err(error) => return complain(&chain(&error)),
    };
    let files = [
        arguments.ready_file.map(|file| (file, line.clone())),
        arguments
            .status_folder
            .map(|folder| (folder.join("status.json"), launcher_status(network.ready()))),
    ];
    for (file, line) in files.into_iter().flatten() {
        if let Err(error) = write_whole(&file, &line) {
            return complain(&format!("write {}: {error}", file.display()));
        }
    }
    say(&line);
    tokio::select! {
        () = interrupted() => {}
        () = network.crashed() => return complain("crashed, as it was told"),
    }
    network.stop().await;
    ExitCode::SUCCESS
}

/// What icp reads when its launcher is ready.
fn launcher_status(ready: &Ready) -> String {
    let port = ready
        .url
        .trim_end_matches('/')
        .rsplit(':')
        .next()
        .and_then(|port| port.parse::<u16>().ok());
    json!({
        "v": "1",
        "gateway_port": port,
        "root_key": ready.root_key,
        "default_effective_canister_id": ready.default_effective_canister_id,
        "supported_features": [],
    })
    .to_string()
}

/// Writes under another name first: whoever waits for the file must never see half of it.
fn write_whole(file: &Path, line: &str) -> io::Result<()> {
    let unfinished = file.with_extension("unfinished");
    fs::write(&unfinished, format!("{line}\n"))?;
    fs::rename(&unfinished, file)
}

/// Waits for Ctrl-C, or for the end that a supervisor asks for.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => return,
                _ = terminated.recv() => return,
            }
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

#[expect(
    clippy::print_stdout,
    reason = "the line of JSON is the program's output"
)]
fn say(line: &str) -> ExitCode {
    println!("{line}");
    ExitCode::SUCCESS
}

fn complain(line: &str) -> ExitCode {
    eprintln!("canopic-practice: {line}");
    ExitCode::FAILURE
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parsed(line: &str) -> Result<Option<Arguments>, String> {
        parse(line.split(' ').map(str::to_owned))
    }

    #[test]
    fn the_arguments_of_icp_are_understood() {
        let line = "--interface-version 1.1.0 --state-dir s --bind 127.0.0.1 --gateway-port 8000 --status-dir t --verbose --subnet=application --domain=local";
        let arguments = parsed(line).unwrap().unwrap();
        assert_eq!(
            arguments.options.listen,
            "127.0.0.1:8000".parse().unwrap(),
            "address and port come apart"
        );
        assert_eq!(
            arguments.options.state,
            Some("s".into()),
            "icp's state is ours"
        );
        assert_eq!(arguments.status_folder, Some("t".into()), "icp waits there");
    }

    #[test]
    fn what_is_not_understood_is_told() {
        for (line, word) in [
            ("--listen", "needs a value"),
            ("--seed x", "natural number"),
            ("--nonsense", "unknown"),
            ("--interface-version 2.0", "not known"),
        ] {
            let complaint = parsed(line).map(|_| ()).unwrap_err();
            assert!(complaint.contains(word), "{line}: {complaint}");
        }
    }
}
