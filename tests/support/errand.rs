//! A process of its own that runs one operation to its end, so that it can be killed in the middle and its memory be measured.
//!
//! It is the very program that starts it, with a variable set: that program hands itself over to [`carry_out`] then. A process that
//! finds a job of its own unfinished goes on with it instead of beginning another.

use crate::Bench;
use camino::{Utf8Path, Utf8PathBuf};
use canopic_engine::{End, Endpoint, Engine, JobId, Op, Places, PracticeDoor, State};
use canopic_practice::demo;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::{
    process::{Child, Command, Stdio},
    sync::Arc,
};

const VARIABLE: &str = "CANOPIC_TEST_ERRAND";

/// What the process has to do, and where.
#[derive(Clone, Serialize, Deserialize)]
pub struct Errand {
    /// Where the network is.
    pub address: String,
    /// Its key, hexadecimal.
    pub root_key: String,
    /// The folder of its settings and its journal.
    pub home: Utf8PathBuf,
    /// What is to be done.
    pub op: Op,
}

impl Errand {
    /// An errand on the network of a bench.
    pub fn on(bench: &Bench, home: &Utf8Path, op: Op) -> Self {
        Self {
            address: bench.address().to_owned(),
            root_key: hex::encode(bench.root_key()),
            home: home.to_owned(),
            op,
        }
    }

    /// Starts the program that runs now once more, with these arguments, to do it.
    ///
    /// # Panics
    ///
    /// Where it cannot be started.
    pub fn start(&self, arguments: &[&str]) -> Child {
        let program = std::env::current_exe().expect("a running program has a place");
        Command::new(program)
            .args(arguments)
            .env(
                VARIABLE,
                serde_json::to_string(self).expect("an errand is plain data"),
            )
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("what runs now can be started again")
    }
}

struct Door(Errand);

impl PracticeDoor for Door {
    fn open(&self) -> BoxFuture<'_, Result<Endpoint, Box<dyn std::error::Error + Send + Sync>>> {
        Box::pin(async {
            Ok(Endpoint {
                address: self.0.address.clone(),
                root_key: hex::decode(&self.0.root_key)?,
                play_key: Some(demo::OWNER_SEED),
                canisters: vec![],
                historian: None,
            })
        })
    }
}

/// Plans an operation and runs it as planned.
///
/// # Panics
///
/// Where it cannot be planned or begun.
pub async fn begin(engine: &Engine, op: &Op) -> JobId {
    let plan = engine.plan(op).await.expect("it can be planned");
    engine
        .run(op.clone(), &plan.fingerprint)
        .await
        .expect("the world has not moved since it was planned")
}

/// Opens the app's own files in a folder once and closes them again: as they are on every day but the first.
///
/// # Panics
///
/// Where the folder cannot be used.
pub fn move_in(errand: &Errand) {
    drop(open(errand));
}

fn open(errand: &Errand) -> Engine {
    let folders = Places::below(&errand.home)
        .open()
        .expect("nobody else uses the folder");
    Engine::open(Arc::new(folders), Arc::new(Door(errand.clone())))
        .expect("its own files are readable")
}

/// Does what the environment says; false where it says nothing.
///
/// # Panics
///
/// Where it does not end well.
pub async fn carry_out() -> bool {
    let Ok(text) = std::env::var(VARIABLE) else {
        return false;
    };
    let errand: Errand = serde_json::from_str(&text).expect("it was written by `start`");
    let engine = open(&errand);
    engine.resume().await.expect("the network is there");
    let newest = engine.follow().0.pop().map(|view| view.job);
    let job = match newest {
        Some(job) if job.is_under_way() || job.state == State::Ended(End::Done) => job.id,
        _ => begin(&engine, &errand.op).await,
    };
    let job = engine.rest(job).await.expect("the job exists");
    assert_eq!(
        job.state,
        State::Ended(End::Done),
        "it ends as planned: {:?}",
        job.failure
    );
    true
}
