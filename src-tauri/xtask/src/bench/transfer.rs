//! `cargo xtask bench transfer`: Canopic and the real `icp` move the same snapshots on the same network, in turns.
//!
//! The program `tests/benches/transfer.rs` runs both and prints a line for each value; here they become medians, ratios and a table.
//! A ratio is `icp`'s time divided by ours: above one, ours is quicker.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

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
    ("dense", "download"),
    ("sparse", "download"),
    ("dense", "upload"),
    ("sparse", "upload"),
];

/// Mebibytes that both are compared at.
const COMPARED: [u32; 2] = [64, 512];

/// Mebibytes that only ours is measured at.
const LARGE: u32 = 4096;

/// Runs it and tells what came of it.
pub fn transfer(places: &Places, contest: &Contest) -> Result<(), Trouble> {
    let icp = machine::provide_icp(places)?;
    let run = |bench: &str| -> Result<String, Trouble> {
        let mut command = places.cargo();
        command
            .args(["bench", "--locked", "--quiet", "--package", "canopic-tests"])
            .args(["--bench", bench, "--", contest.pace.as_str()])
            .env("CANOPIC_ICP", &icp)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit());
        if let (Some(address), Some(id)) = (&contest.network, &contest.effective_id) {
            command
                .env("CANOPIC_NETWORK_URL", address)
                .env("CANOPIC_EFFECTIVE_CANISTER_ID", id);
        }
        let output = command
            .output()
            .doing(format!("run the benchmark {bench}"))?;
        if !output.status.success() {
            return Err(Trouble::Advice(format!(
                "The benchmark {bench} failed; what it said is above."
            )));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let mut output = run("transfer")?;
    if contest.pace == "instant" {
        output += &run("verify")?;
    }
    let figures = figures(&output);
    for (name, value) in &figures {
        println!("{name:<34} {value}");
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

/// A line of the table, where both were measured.
fn line(what: &str, ours: f64, theirs: f64, peaks: [Option<u64>; 2]) -> String {
    let memory = peaks.map(|peak| {
        peak.map_or_else(String::new, |kilobytes| {
            format!("{:>6.0} MB", kilobytes as f64 / 1024.0)
        })
    });
    format!(
        "{what:<34} ours {ours:>7.0} ms {}   icp {theirs:>7.0} ms {}   {:.2}x",
        memory[0],
        memory[1],
        theirs / ours
    )
}

/// All figures under their names; what was not measured is not among them.
fn figures(output: &str) -> Vec<(String, f64)> {
    let value = |name: &str| median(values_of(name, output));
    let peak = |names: &[String]| {
        let values = names.iter().flat_map(|name| values_of(name, output));
        values.max()
    };
    let mut figures = vec![];
    let mut named: Vec<[String; 2]> = vec![];
    for (density, way) in DISCIPLINES {
        let mut worst: Option<f64> = None;
        for size in COMPARED {
            let name = |who: &str| format!("{density}-{size}-{way}-{who}");
            let (ours, theirs) = (
                value(&format!("{}-ms", name("ours"))),
                value(&format!("{}-ms", name("icp"))),
            );
            named.push(["ours", "icp"].map(|who| format!("{}-kb", name(who))));
            let (Some(ours), Some(theirs)) = (ours, theirs) else {
                continue;
            };
            let peaks = ["ours", "icp"].map(|who| peak(&[format!("{}-kb", name(who))]));
            let what = format!("{way}, {density}, {size} MiB");
            println!("{}", line(&what, ours, theirs, peaks));
            let ratio = theirs / ours;
            worst = Some(worst.map_or(ratio, |worst| worst.min(ratio)));
            figures.push((format!("{way}_{density}_{size}_ratio"), rounded(ratio)));
        }
        // The mark is held at every size: the lowest ratio counts.
        let ratio = match (density, way) {
            ("dense", "download") => "download_ratio".to_owned(),
            _ => format!("{way}_{density}_ratio"),
        };
        figures.extend(worst.map(|worst| (ratio, rounded(worst))));
    }
    let large = ["download", "upload"].map(|way| format!("size-{LARGE}-{way}-ours"));
    let megabytes = |kilobytes: u64| rounded(kilobytes as f64 / 1024.0);
    for (who, name) in [(0, "peak_rss_mb"), (1, "icp_peak_rss_mb")] {
        let mut names: Vec<String> = named.iter().map(|pair| pair[who].clone()).collect();
        if who == 0 {
            names.extend(large.iter().map(|name| format!("{name}-kb")));
        }
        figures.extend(peak(&names).map(|peak| (name.to_owned(), megabytes(peak))));
    }
    for (way, name) in ["download", "upload"].iter().zip(&large) {
        let peak = peak(&[format!("{name}-kb")]);
        figures.extend(peak.map(|peak| (format!("peak_{way}_{LARGE}_mb"), megabytes(peak))));
        let time = value(&format!("{name}-ms"));
        figures.extend(time.map(|time| (format!("time_{way}_{LARGE}_ms"), time)));
    }
    for way in ["download", "upload"] {
        for who in ["ours", "icp"] {
            let name = format!("bad-{way}-{who}");
            let Some(well) = value(&format!("{name}-well")) else {
                continue;
            };
            figures.push((format!("bad_weather_{way}_{who}_finished"), well));
            let time = value(&format!("{name}-ms"));
            figures.extend(time.map(|time| (format!("bad_weather_{way}_{who}_ms"), time)));
        }
    }
    if let (Some(verified), Some(hashed)) = (value("verify-ms"), value("hash-ms")) {
        figures.push(("verify_ratio".to_owned(), rounded(hashed / verified)));
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
        let output = "dense-64-download-icp-ms 900\ndense-64-download-icp-ms 1000\ndense-64-download-icp-ms 5000\n\
                      dense-64-download-ours-ms 400\ndense-64-download-ours-ms 390\ndense-64-download-ours-ms 401\n\
                      dense-512-download-icp-ms 9000\ndense-512-download-ours-ms 4000\n\
                      dense-64-download-ours-kb 51200\nsize-4096-upload-ours-kb 61440\nsize-4096-upload-ours-ms 77\n\
                      bad-upload-icp-well 0\nverify-ms 100\nhash-ms 90\n";
        let figures = figures(output);
        let value = |wanted: &str| {
            let found = figures.iter().find(|(name, _)| name == wanted);
            found.map(|(_, value)| *value)
        };
        assert_eq!(
            value("download_dense_64_ratio"),
            Some(2.5),
            "one slow run does not count"
        );
        assert_eq!(
            value("download_ratio"),
            Some(2.25),
            "the size where it is lowest counts"
        );
        assert_eq!(value("peak_rss_mb"), Some(60.0), "the highest of all");
        assert_eq!(value("time_upload_4096_ms"), Some(77.0));
        assert_eq!(value("bad_weather_upload_icp_finished"), Some(0.0));
        assert_eq!(value("verify_ratio"), Some(0.9), "hashing alone is quicker");
        assert_eq!(value("upload_dense_ratio"), None, "nothing is made up");
    }
}
