//! Who was there and is not us: the real `icp`, asked what became of a canister.

use crate::app::App;
use canopic_tests::Icp;
use std::sync::Arc;

/// The real `icp` on the app's practice network.
pub struct Witness {
    icp: Arc<Icp>,
}

impl Witness {
    pub async fn of(app: &App) -> Self {
        let (address, root_key) = app.network().await;
        let icp = tokio::task::spawn_blocking(move || Icp::new(&address, &root_key)).await;
        Self {
            icp: Arc::new(icp.unwrap()),
        }
    }

    pub async fn ask(&self, words: &[&str]) -> String {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        let icp = self.icp.clone();
        let asked = tokio::task::spawn_blocking(move || {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            icp.ask(&words)
        });
        asked.await.unwrap()
    }

    /// How many orders there are, as the canister tells anybody.
    pub async fn total(&self, orders: &str) -> String {
        self.ask(&["canister", "call", orders, "total", "()", "--query"])
            .await
    }
}
