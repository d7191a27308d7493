//! What is known of a canister, and how well.

use canopic_engine::Reading;
use canopic_tests::Bench;

#[tokio::test]
async fn the_fleet_is_read_and_a_strangers_canister_shows_its_public_facts() {
    let bench = Bench::fleet().await;
    let canisters = bench.engine.canisters().await.unwrap();
    let public: Vec<_> = canisters
        .iter()
        .filter(|canister| matches!(canister.reading, Reading::Public(_)))
        .map(|canister| canister.name.as_str())
        .collect();
    assert_eq!(
        public,
        ["shipping_partner"],
        "only the neighbour's is not ours to see"
    );
}
