//! The unmodified `icp` against the practice network: it must not notice that this is not the Internet Computer.

#![allow(clippy::unwrap_used, missing_docs)]

use canopic_practice::{Network, Options};
use canopic_tests::Icp;

async fn network() -> Network {
    canopic_practice::start(Options {
        demo: true,
        ..Options::default()
    })
    .await
    .unwrap()
}

/// `icp` as a child process must not hold up the network that runs in this one.
async fn ask(icp: &std::sync::Arc<Icp>, arguments: &[&str]) -> String {
    let icp = icp.clone();
    let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
    tokio::task::spawn_blocking(move || {
        icp.ask(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    })
    .await
    .unwrap()
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn icp_reads_the_status_and_stops_and_starts() {
    let network = network().await;
    let icp = std::sync::Arc::new(Icp::new(&network.ready().url, &network.ready().root_key));
    let id = network.fleet()[0].id.to_text();

    let status = json(&ask(&icp, &["canister", "status", &id, "--json"]).await);
    assert_eq!(status["status"], "Running", "{status:#}");
    ask(&icp, &["canister", "stop", &id]).await;
    let status = json(&ask(&icp, &["canister", "status", &id, "--json"]).await);
    assert_eq!(status["status"], "Stopped", "{status:#}");
    ask(&icp, &["canister", "start", &id]).await;
    let status = json(&ask(&icp, &["canister", "status", &id, "--json"]).await);
    assert_eq!(status["status"], "Running", "{status:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn icp_falls_back_to_public_facts_where_it_has_no_rights() {
    let network = network().await;
    let icp = std::sync::Arc::new(Icp::new(&network.ready().url, &network.ready().root_key));
    let mut public = 0;
    for member in network.fleet() {
        let status = json(
            &ask(
                &icp,
                &["canister", "status", &member.id.to_text(), "--json"],
            )
            .await,
        );
        if status.get("cycles").is_none() {
            public += 1;
            assert!(
                status["controllers"]
                    .as_array()
                    .is_some_and(|all| !all.is_empty()),
                "controllers are public: {status:#}"
            );
        }
    }
    assert_eq!(
        public, 1,
        "exactly one canister of the fleet belongs to somebody else"
    );
}
