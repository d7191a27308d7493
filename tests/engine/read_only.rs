//! A network that matters opens for reading only: the rule stands below every way to change something.

use super::networks::practice;
use camino::Utf8PathBuf;
use canopic_engine::{
    Access, Arguments, CanisterId, Code, Creation, End, Engine, GivenKey, Manner, MethodCall,
    NetworkId, Op, Payment, Placement, Places, Purse, Result, Scope, SettingsChange, State,
    Surroundings,
};
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

async fn run(engine: &Engine, op: Op) -> Result<Option<CanisterId>> {
    let plan = engine.plan(&op).await.unwrap();
    let job = engine.run(op, &plan.fingerprint).await?;
    let job = engine.rest(job).await.unwrap();
    assert_eq!(job.state, State::Ended(End::Done), "{:?}", job.failure);
    Ok(job.made())
}

fn create(neighbour: CanisterId) -> Op {
    Op::Create {
        creation: Box::new(Creation {
            placement: Placement::Beside {
                canister: neighbour,
            },
            settings: SettingsChange::default(),
            payment: Payment::new(5_000_000_000_000, SystemTime::now()),
            purse: Some(Purse::Gift),
            name: String::new(),
        }),
    }
}

fn update(canister: CanisterId) -> MethodCall {
    MethodCall {
        canister,
        method: "anything".to_owned(),
        manner: Manner::Update,
        arguments: Arguments::Bytes(b"DIDL\0\0".to_vec()),
        remember: false,
    }
}

#[tokio::test]
async fn nothing_is_changed_until_somebody_unlocks_it() {
    let folder = tempfile::tempdir().unwrap();
    let home = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
    let folders = Places::below(&home).open().unwrap();
    let engine = Engine::open(Arc::new(folders), Arc::new(practice::Embedded::default()))
        .unwrap()
        .within(Surroundings::of_a_test(&home));
    let theirs = canopic_practice::start(canopic_practice::Options {
        seed: 9,
        demo: true,
        ..canopic_practice::Options::default()
    })
    .await
    .unwrap();
    let neighbour = CanisterId::from(theirs.fleet()[0].id);
    let key = GivenKey::Pasted(theirs.ready().root_key.clone());
    let added = engine
        .add_network("Production", &theirs.ready().url, &key)
        .await;
    let network = added.unwrap().id;
    engine.choose_network(&network).unwrap();
    assert_eq!(engine.access(), Access::Open, "nobody has marked it yet");
    let first = run(&engine, create(neighbour)).await.unwrap().unwrap();
    let second = run(&engine, create(neighbour)).await.unwrap().unwrap();

    engine.guard_network(&network, true).unwrap();
    assert_eq!(engine.access(), Access::ReadOnly(vec![]));
    for refused in [
        run(&engine, Op::Stop { canister: first })
            .await
            .unwrap_err(),
        run(&engine, create(neighbour)).await.unwrap_err(),
        engine.call(&update(first)).await.unwrap_err(),
    ] {
        assert_eq!(refused.code, Code::ReadOnly, "{}", refused.chain());
    }
    let seen = engine.canister(first, true).await.unwrap();
    assert!(
        seen.reading.status().is_some(),
        "looking is always possible"
    );

    engine.unlock(Scope::Canister(first));
    assert_eq!(engine.access(), Access::ReadOnly(vec![first]));
    run(&engine, Op::Stop { canister: first }).await.unwrap();
    let refused = run(&engine, Op::Stop { canister: second })
        .await
        .unwrap_err();
    assert_eq!(
        refused.code,
        Code::ReadOnly,
        "the other one is still locked"
    );
    let refused = run(&engine, create(neighbour)).await.unwrap_err();
    assert_eq!(
        refused.code,
        Code::ReadOnly,
        "a new canister needs the whole network"
    );

    let before = SystemTime::now();
    engine.unlock(Scope::Minutes(15));
    let Access::Until(until) = engine.access() else {
        panic!("it is unlocked: {:?}", engine.access())
    };
    let length = until.duration_since(before).unwrap();
    assert!(length >= Duration::from_secs(15 * 60) && length < Duration::from_secs(16 * 60));
    run(&engine, Op::Stop { canister: second }).await.unwrap();

    engine.lock_network();
    assert_eq!(engine.access(), Access::ReadOnly(vec![]));
    engine.unlock(Scope::Minutes(15));
    engine.choose_network(&NetworkId::Practice).unwrap();
    engine.choose_network(&network).unwrap();
    assert_eq!(
        engine.access(),
        Access::ReadOnly(vec![]),
        "leaving locks it"
    );
    theirs.stop().await;
}

#[tokio::test]
async fn mainnet_is_guarded_and_the_practice_network_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let home = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
    let folders = Places::below(&home).open().unwrap();
    let engine = Engine::open(Arc::new(folders), Arc::new(practice::Embedded::default())).unwrap();
    assert_eq!(engine.access(), Access::Open);
    engine.choose_network(&NetworkId::Mainnet).unwrap();
    assert_eq!(engine.access(), Access::ReadOnly(vec![]));
    let error = engine
        .guard_network(&NetworkId::Mainnet, false)
        .unwrap_err();
    assert_eq!(
        error.code,
        Code::NetworkUnknown,
        "nobody takes the lock off mainnet for good"
    );
}
