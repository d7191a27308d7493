//! One job as a page to read and print: what was planned, what happened when, and what proves it.

use super::{Entry, Outcome, ended, escaped, moment, named, words};
use crate::{
    Code, Engine, Error, JobId, Result,
    job::{Job, StepState},
    journal::milliseconds,
    ops::Step,
    settings::replace_file,
};
use camino::Utf8Path;
use serde_json::Value;
use std::{fmt::Write as _, time::SystemTime};

const HEAD: &str = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>TITLE · Canopic</title>\n<style>\n\
    :root{color-scheme:light dark;font:14px/1.5 system-ui,sans-serif}\n\
    body{max-width:60rem;margin:2rem auto;padding:0 1rem}\n\
    table{width:100%;border-collapse:collapse}\n\
    th,td{padding:.5rem .75rem;border-top:1px solid #8884;text-align:left;vertical-align:top}\n\
    thead th{border-top:0}\n\
    code,small,pre{font-size:.85em;overflow-wrap:anywhere;white-space:pre-wrap}\n\
    @media print{body{margin:0}tr{break-inside:avoid}}\n\
    </style>\n</head>\n<body>\n<h1>TITLE</h1>\n";

/// The page, byte for byte. It follows from the job and the moment alone.
fn page(job: &Job, now: u64) -> Vec<u8> {
    let entry = Entry::from(job);
    let names: Vec<_> = entry
        .targets
        .iter()
        .map(|target| escaped(&target.name))
        .collect();
    let title = format!("{}: {}", capital(&words(&entry.op)), names.join(", "));
    let mut page = HEAD.replace("TITLE", &title);
    let ids: Vec<_> = entry
        .targets
        .iter()
        .map(|target| format!("<code>{}</code>", target.id))
        .collect();
    let proof = match (entry.proven_at, entry.outcome) {
        (Some(at), _) => format!("Certified by the network {}", moment(at)),
        (None, Outcome::Paused | Outcome::UnderWay) => "Not yet".to_owned(),
        (None, _) => "No certificate".to_owned(),
    };
    let rows = [
        ("Outcome", capital(&words(&entry.outcome))),
        ("Proof", proof),
        ("Began", moment(entry.began_at)),
        ("Ended", ended(&entry)),
        ("Canisters", ids.join("<br>")),
        (
            "Network",
            format!(
                "{} · root key <code>{}</code>",
                escaped(&entry.network_id.to_string()),
                entry.network
            ),
        ),
        ("Signed by", format!("<code>{}</code>", entry.who)),
        ("Planned", named(&entry.plan)),
        ("Stays all the same", named(&entry.stays)),
        ("Expected cost", format!("{} cycles", entry.cost)),
        ("Job", entry.job.to_string()),
    ];
    page.push_str("<table>\n<tbody>\n");
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(page, "<tr><th>{name}</th><td>{value}</td></tr>");
    }
    page.push_str("</tbody>\n</table>\n");
    if let Some(failure) = &entry.failure {
        let _ = writeln!(
            page,
            "<h2>Why it did not come out as planned</h2>\n<p>{}</p>\n<pre>{}</pre>",
            capital(&words(&failure.code)),
            escaped(&failure.report)
        );
    }
    page.push_str(
        "<h2>Steps</h2>\n<table>\n<thead><tr><th>Step</th><th>Began</th><th>Took</th><th>Certified</th><th>What came of it</th></tr></thead>\n<tbody>\n",
    );
    for (step, state) in job.deed.plan.steps.iter().zip(&job.steps) {
        page.push_str(&row(job, step, state));
    }
    page.push_str("</tbody>\n</table>\n");
    if !job.deed.plan.twin.is_empty() {
        let _ = writeln!(
            page,
            "<h2>The same in a terminal</h2>\n<pre>{}</pre>",
            escaped(&job.deed.plan.twin.join("\n"))
        );
    }
    let _ = writeln!(page, "<p><small>Written {}.</small></p>", moment(now));
    page.push_str("</body>\n</html>\n");
    page.into_bytes()
}

fn row(job: &Job, step: &Step, state: &StepState) -> String {
    let took = state
        .began_at
        .zip(state.ended_at)
        .and_then(|(began, ended)| {
            let took = ended.duration_since(began).ok()?;
            Some(format!("{:.1} s", took.as_secs_f64()))
        });
    let mut outcome = String::new();
    if let Some(Value::Object(facts)) = &state.output {
        for (name, value) in facts {
            let value = match value {
                Value::String(text) => text.clone(),
                Value::Null => continue,
                other => other.to_string(),
            };
            let _ = write!(
                outcome,
                "{}: <code>{}</code><br>",
                escaped(name),
                escaped(&value)
            );
        }
    }
    let name = job.deed.plan.target_of(step).map(|target| &target.name);
    format!(
        "<tr><td>{}<br><small>{} <code>{}</code></small></td><td>{}</td><td>{}</td><td>{}</td><td>{outcome}</td></tr>\n",
        capital(&words(&step.name())),
        name.map(|name| escaped(name)).unwrap_or_default(),
        step.verb().canister(),
        state
            .began_at
            .map(|at| moment(milliseconds(at)))
            .unwrap_or_default(),
        took.unwrap_or_default(),
        state.proven_at.map(moment).unwrap_or_default(),
    )
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

impl Engine {
    /// One job as a page to read and print.
    pub fn job_report(&self, id: JobId, now: SystemTime) -> Result<Vec<u8>> {
        let (jobs, _) = self.jobs.follow();
        let found = jobs.iter().find(|view| view.job.id == id);
        let view = found.ok_or_else(|| {
            Error::new(Code::JobNotFound, "writing the report of a job").with("job", id)
        })?;
        Ok(page(&view.job, milliseconds(now)))
    }

    /// Writes that page to a file that a person picked, in place of what is there.
    pub fn save_job_report(&self, id: JobId, path: &Utf8Path, now: SystemTime) -> Result<()> {
        let page = self.job_report(id, now)?;
        replace_file(path, &page).map_err(|error| {
            Error::new(Code::FolderUnusable, "writing the report of a job")
                .with("path", path)
                .because(error)
        })
    }
}
