//! The network at its own pace: what it does not take at once.
#![allow(clippy::unwrap_used)]

use canopic_practice::limits::Rate;
use canopic_practice::{Network, Options, start};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Asks as nobody does who has an agent: without trying again.
async fn get(network: &Network, path: &str) -> String {
    let address = network
        .ready()
        .url
        .trim_start_matches("http://")
        .trim_end_matches('/');
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![];
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn requests_past_the_rate_get_429_but_the_control_endpoint_answers() {
    let network = start(Options {
        // Never fills again: what is let in does not depend on how long the test takes.
        rate: Some(Rate {
            burst: 3,
            per_second: 0,
        }),
        ..Options::default()
    })
    .await
    .unwrap();
    for number in 1..=3 {
        let answer = get(&network, "/api/v2/status").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{number}: {answer}");
    }
    for number in 4..=5 {
        let answer = get(&network, "/api/v2/status").await;
        assert!(answer.starts_with("HTTP/1.1 429"), "{number}: {answer}");
        assert!(answer.contains("error: rate_limited"), "in words: {answer}");
    }
    let steering = get(&network, "/_/faults").await;
    assert!(
        steering.starts_with("HTTP/1.1 200"),
        "who has run into the limit can still steer: {steering}"
    );
    network.stop().await;
}
