//! An upload that a person pauses keeps what has landed, on the network too, until that person lets it go on or calls it off.

use super::{
    assert_whole, download, folder, upload,
    whole::{Counter, once, struck},
};
use canopic_engine::{CanisterId, Code, Conduct, End, Engine, JobId, JobView, State};
use canopic_practice::faults::Effect;
use canopic_tests::{
    Bench, errand,
    memory::{self, Shape},
};
use std::{fs, sync::Arc};

/// An upload that was paused in the middle, in folders of its own.
struct Paused {
    bench: Bench,
    id: CanisterId,
    engine: Arc<Engine>,
    job: JobId,
}

fn view(engine: &Engine, job: JobId) -> JobView {
    let (jobs, _) = engine.follow();
    jobs.into_iter().find(|view| view.job.id == job).unwrap()
}

async fn paused() -> Paused {
    let bench = Bench::practice().await;
    let (id, snapshot) = memory::settle(&bench, Shape::mebibytes(64, None)).await;
    let copy = folder(&bench, "copy");
    super::carried_out(&bench.engine, &download(id, &snapshot, &copy)).await;
    let home = folder(&bench, "home");
    fs::create_dir_all(&home).unwrap();
    let engine = bench.open_engine(&home, Conduct::default());

    // Frozen in the middle of it, so that there is a middle.
    bench
        .network()
        .break_it([once("upload_canister_snapshot_data", 8, Effect::Freeze)]);
    let job = errand::begin(&engine, &upload(id, &copy)).await;
    struck(&bench).await;
    engine.pause(job).unwrap();
    engine.rest(job).await.unwrap();
    bench.network().mend();
    let view = view(&engine, job);
    assert!(view.job.is_paused() && !view.is_at_work, "{view:?}");
    assert_eq!(
        engine.pause(job).unwrap_err().code,
        Code::JobNotFound,
        "what rests is not paused again"
    );
    Paused {
        bench,
        id,
        engine,
        job,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_upload_rests_over_a_restart_and_goes_on_where_it_was() {
    let Paused {
        bench,
        id,
        engine,
        job,
    } = paused().await;
    drop(engine);
    let engine = bench.open_engine(&folder(&bench, "home"), Conduct::default());
    engine.resume().await.unwrap();
    let found = view(&engine, job);
    assert!(found.job.is_paused(), "paused over a restart");
    assert!(!found.is_at_work, "nobody goes on with it unasked");
    assert!(
        engine.inherited().is_empty(),
        "nobody is told that it was left unfinished: a person paused it"
    );
    assert_eq!(
        memory::snapshots(&bench, id).await.len(),
        2,
        "what has landed stays on the network"
    );

    let written = Counter::of(&bench, "upload_canister_snapshot_data");
    engine.go_on(job).await.unwrap();
    let ended = engine.rest(job).await.unwrap();
    assert_eq!(ended.state, State::Ended(End::Done), "{:?}", ended.failure);
    assert!(
        written.count() < 32,
        "only what had not landed is sent: {} of 33 pieces",
        written.count()
    );
    let made = memory::snapshots(&bench, id).await;
    let again = folder(&bench, "again");
    super::carried_out(&bench.engine, &download(id, &made[1], &again)).await;
    assert_whole(&again, Shape::mebibytes(64, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_upload_that_is_called_off_leaves_nothing() {
    let Paused {
        bench,
        id,
        engine,
        job,
    } = paused().await;
    engine.cancel(job).await.unwrap();
    let ended = engine.rest(job).await.unwrap();
    assert_eq!(
        ended.state,
        State::Ended(End::Undone),
        "{:?}",
        ended.failure
    );
    assert_eq!(
        memory::snapshots(&bench, id).await.len(),
        1,
        "no half of a snapshot is left behind"
    );
    assert_eq!(
        engine.go_on(job).await.unwrap_err().code,
        Code::JobNotFound,
        "what is over does not go on"
    );
}
