//! `cargo xtask bench transfer`: Canopic and the real `icp` move the same snapshots on the same network, in turns.
//!
//! The program `tests/benches/transfer.rs` runs both and prints a line for each value; here they become medians, ratios and a table.
//! A ratio is `icp`'s time divided by ours: above one, ours is quicker.

use std::path::PathBuf;
use std::process::Stdio;
use std::{fs, iter};

use clap::Args;

use super::values_of;
use crate::machine;
use crate::places::Places;
use crate::trouble::{Doing, Trouble};

/// Where the benchmark of transfers runs and where its figures go.
#[derive(Args)]
pub struct Contest {
    /// Transfers only: run on the network at this address instead of a practice network.
    #[arg(long, requires = "effective_id")]
    network: Option<String>,
    /// Transfers only: a canister id beside which that network makes canisters.
    #[arg(long, requires = "network")]
    effective_id: Option<String>,
    /// Transfers only: write the figures to this file as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Transfers only: `mainnet` measures an upload at the network's own pace, and nothing else.
    #[arg(long, value_parser = ["instant", "mainnet"], default_value = "instant")]
    pace: String,
}

/// What both did, in the order of the table.
const DISCIPLINES: [(&str, &str); 4] = [
    ("dense-download", "download, full memory"),
    ("sparse-download", "download, half-empty memory"),
    ("dense-upload", "upload, full memory"),
    ("sparse-upload", "upload, half-empty memory"),
];

/// Mebibytes of the snapshots that memory is measured at.
const SIZES: [u32; 3] = [64, 512, 4096];

/// Runs it and tells what came of it.
pub fn transfer(places: &Places, contest: &Contest) -> Result<(), Trouble> {
    let icp = machine::provide_icp(places)?;
    let mut command = places.cargo();
    command
        .args(["bench", "--locked", "--quiet", "--package", "canopic-tests"])
        .args(["--bench", "transfer", "--", contest.pace.as_str()])
        .env("CANOPIC_ICP", icp)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    if let (Some(address), Some(id)) = (&contest.network, &contest.effective_id) {
        command
            .env("CANOPIC_NETWORK_URL", address)
            .env("CANOPIC_EFFECTIVE_CANISTER_ID", id);
    }
    let output = command.output().doing("run the benchmark of transfers")?;
    if !output.status.success() {
        return Err(Trouble::Advice(
            "The benchmark of transfers failed; what it said is above.".into(),
        ));
    }
    let output = String::from_utf8_lossy(&output.stdout);
    let figures = figures(&output);
    for (name, value) in &figures {
        println!("{name:<28} {value}");
    }
    if let Some(path) = &contest.json {
        let json: serde_json::Map<_, _> = figures
            .into_iter()
            .map(|(name, value)| (name, value.into()))
            .collect();
        let text = serde_json::to_string_pretty(&json).map_err(|error| {
            Trouble::Advice(format!("The figures cannot be written as JSON: {error}"))
        })?;
        fs::write(path, text + "\n").doing(format!("write {}", path.display()))?;
    }
    Ok(())
}

fn median(mut values: Vec<u64>) -> Option<f64> {
    values.sort_unstable();
    values.get(values.len() / 2).map(|value| *value as f64)
}

/// Rounded to hundredths: more would be noise.
fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// All figures under their names; what was not measured is not among them.
fn figures(output: &str) -> Vec<(String, f64)> {
    let value = |name: &str| median(values_of(name, output));
    let mut figures = vec![];
    for (name, what) in DISCIPLINES {
        let (ours, theirs) = (
            value(&format!("{name}-ours-ms")),
            value(&format!("{name}-icp-ms")),
        );
        let (Some(ours), Some(theirs)) = (ours, theirs) else {
            continue;
        };
        println!(
            "{what:<28} ours {ours:>7} ms   icp {theirs:>7} ms   {:.2}x",
            theirs / ours
        );
        let ratio = if name == "dense-download" {
            "download_ratio".to_owned()
        } else {
            let (density, direction) = name.split_once('-').unwrap_or((name, ""));
            format!("{direction}_{density}_ratio")
        };
        figures.push((ratio, rounded(theirs / ours)));
        figures.extend(
            [("ours", ours), ("icp", theirs)]
                .map(|(who, time)| (format!("{}_{who}_ms", name.replace('-', "_")), time)),
        );
    }
    let peak = |who: &str| {
        let names = DISCIPLINES
            .iter()
            .map(|(name, _)| format!("{name}-{who}-kb"));
        let sizes = SIZES.iter().flat_map(|size| {
            ["download", "upload"].map(|way| format!("size-{size}-{way}-{who}-kb"))
        });
        names
            .chain(sizes)
            .flat_map(|name| values_of(&name, output))
            .max()
    };
    let mebibytes = |kilobytes: u64| rounded(kilobytes as f64 / 1024.0);
    for (who, name) in [("ours", "peak_rss_mb"), ("icp", "icp_peak_rss_mb")] {
        figures.extend(peak(who).map(|peak| (name.to_owned(), mebibytes(peak))));
    }
    for (size, way) in SIZES
        .iter()
        .flat_map(|size| iter::repeat(size).zip(["download", "upload"]))
    {
        let measured = |unit: &str| value(&format!("size-{size}-{way}-ours-{unit}"));
        figures.extend(
            measured("kb").map(|peak| (format!("peak_{way}_{size}_mb"), rounded(peak / 1024.0))),
        );
        figures.extend(measured("ms").map(|time| (format!("time_{way}_{size}_ms"), time)));
    }
    figures.extend(
        value("paced-percent-of-blocks")
            .map(|percent| ("mainnet_pace_percent_of_blocks".to_owned(), percent)),
    );
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_of_medians_and_say_how_much_quicker_ours_is() {
        let output = "dense-download-icp-ms 900\ndense-download-icp-ms 1000\ndense-download-icp-ms 5000\n\
                      dense-download-ours-ms 400\ndense-download-ours-ms 390\ndense-download-ours-ms 401\n\
                      dense-download-ours-kb 51200\nsize-512-upload-ours-kb 61440\nsize-512-upload-ours-ms 77\n";
        let figures = figures(output);
        let value = |wanted: &str| {
            let found = figures.iter().find(|(name, _)| name == wanted);
            found.map(|(_, value)| *value)
        };
        assert_eq!(
            value("download_ratio"),
            Some(2.5),
            "one slow run does not count"
        );
        assert_eq!(value("peak_rss_mb"), Some(60.0), "the highest of all");
        assert_eq!(value("time_upload_512_ms"), Some(77.0));
        assert_eq!(value("upload_dense_ratio"), None, "nothing is made up");
    }
}
