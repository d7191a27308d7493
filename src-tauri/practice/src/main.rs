//! `canopic-practice`: the practice network as a program.

use canopic_practice::blocks::Pace;
use canopic_practice::{Options, start};
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "usage: canopic-practice [--listen 127.0.0.1:0] [--state DIR] [--demo] [--pace instant|mainnet] [--seed N] [--ready-file FILE]

Starts an embedded Internet Computer on a loopback address and prints, when it answers, one line of JSON:
url, root_key, default_effective_canister_id, subnets, control_url. Ends on Ctrl-C.

  --listen ADDRESS    where to listen; loopback only, port 0 takes a free one
  --state DIR         where the network lives on over restarts
  --demo              with the canisters of a small shop
  --pace P            instant: a block as soon as there is work; mainnet: one a second, as on the network (instant)
  --seed N            what keys and ids are derived from (1)
  --ready-file FILE   write the line of JSON to this file as well";

struct Arguments {
    options: Options,
    ready_file: Option<PathBuf>,
}

fn parse(mut given: impl Iterator<Item = String>) -> Result<Option<Arguments>, String> {
    let mut arguments = Arguments {
        options: Options::default(),
        ready_file: None,
    };
    while let Some(flag) = given.next() {
        let mut value = || given.next().ok_or_else(|| format!("{flag} needs a value"));
        match flag.as_str() {
            "--help" | "-h" => return Ok(None),
            "--demo" => arguments.options.demo = true,
            "--listen" => {
                let text = value()?;
                arguments.options.listen = text
                    .parse()
                    .map_err(|_| format!("{text} is not an address with a port"))?;
            }
            "--pace" => {
                arguments.options.pace = match value()?.as_str() {
                    "instant" => Pace::Instant,
                    "mainnet" => Pace::Mainnet,
                    other => return Err(format!("unknown pace {other}")),
                };
            }
            "--seed" => {
                let text = value()?;
                arguments.options.seed = text
                    .parse()
                    .map_err(|_| format!("{text} is not a seed: a natural number is needed"))?;
            }
            "--state" => arguments.options.state = Some(value()?.into()),
            "--ready-file" => arguments.ready_file = Some(value()?.into()),
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
    let network = match start(arguments.options).await {
        Ok(network) => network,
        Err(error) => return complain(&chain(&error)),
    };
    let line = match serde_json::to_string(network.ready()) {
        Ok(line) => line,
        Err(error) => return complain(&chain(&error)),
    };
    if let Some(file) = arguments.ready_file {
        // Under another name first: whoever waits for the file must never see half of it.
        let unfinished = file.with_extension("unfinished");
        if let Err(error) = std::fs::write(&unfinished, format!("{line}\n"))
            .and_then(|()| std::fs::rename(&unfinished, &file))
        {
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
