//! Interfaces as canisters publish them.

use canopic_engine::{Code, MethodKind, Shape};
use canopic_tests::Bench;

/// A module without metadata that tells its interface when asked, as old ones do.
const OLD: &str = r#"(module
  (import "ic0" "msg_reply" (func $reply))
  (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
  (memory 1)
  (data (i32.const 0) "DIDL\00\01\71\1aservice : { f : () -> () }")
  (func (export "canister_query __get_candid_interface_tmp_hack")
    (call $append (i32.const 0) (i32.const 34))
    (call $reply)))"#;

const MUTE: &str = r#"(module (func (export "canister_query look")))"#;

const BROKEN: &str = r#"(module
  (@custom "icp:public candid:service" "service : {\n  f : (nat -> () }")
  (func (export "canister_query look")))"#;

#[tokio::test]
async fn a_motoko_canister_tells_its_interface_by_certificate() {
    let bench = Bench::fleet().await;
    let shop = bench.engine.interface(bench.id("shop_backend")).await;
    let shop = shop.unwrap().expect("Motoko publishes the interface");
    let order = shop.method("order").unwrap();
    assert_eq!(order.signature.kind, MethodKind::Update);
    assert_eq!(order.signature.arguments.len(), 3);
    assert!(
        matches!(order.signature.results[0].shape, Shape::Variant(_)),
        "{:?}",
        order.signature.results
    );
    assert_eq!(
        shop.method("shelf").unwrap().signature.kind,
        MethodKind::Query
    );
}

#[tokio::test]
async fn what_a_canister_does_not_publish_is_asked_for_or_not_known() {
    let bench = Bench::any().await;
    let (old, mute, empty) = (
        bench.create().await,
        bench.create().await,
        bench.create().await,
    );
    bench.install(old, OLD).await;
    bench.install(mute, MUTE).await;
    let interface = bench.engine.interface(old).await.unwrap();
    assert_eq!(interface.expect("it tells when asked").methods[0].name, "f");
    for silent in [mute, empty] {
        assert_eq!(bench.engine.interface(silent).await.unwrap(), None);
    }
}

#[tokio::test]
async fn an_interface_that_is_not_candid_is_said_with_its_place() {
    let bench = Bench::any().await;
    let id = bench.create().await;
    bench.install(id, BROKEN).await;
    let error = bench.engine.interface(id).await.unwrap_err();
    assert_eq!(
        (error.code, error.facts["line"].as_str()),
        (Code::InterfaceMalformed, "2"),
        "{}",
        error.chain()
    );
}
