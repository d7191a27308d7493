//! Operations as JSON: planned, confirmed, followed to the end, and what remains of them in the record.

use super::{Bench, is_running};
use camino::Utf8PathBuf;
use futures::StreamExt as _;
use serde_json::{Value, json};

#[tokio::test]
async fn what_was_done_is_told_and_leaves_the_app_as_a_record_that_verifies() {
    let bench = Bench::new();
    let running = bench.canister(is_running).await;
    bench
        .ask(json!({"request": "stopCanister", "canister": running["id"]}))
        .await;
    let activity = bench
        .ask(json!({"request": "activity", "wanted": {"text": running["id"]}}))
        .await;
    let entry = &activity["entries"][0];
    assert_eq!(
        (&entry["op"], &entry["outcome"], &activity["brokenAt"]),
        (&json!("stop"), &json!("done"), &Value::Null)
    );
    let left = bench.ask(json!({"request": "leftStopped"})).await;
    assert_eq!(left[0]["canister"], running["id"]);
    assert_eq!(
        left[0]["isWanted"], true,
        "stopping was all that was asked for"
    );

    let path = bench.home.join("record.json");
    let pick = |path: &Utf8PathBuf| bench.api.picked([path])[0].pick;
    bench
        .ask(
            json!({"request": "exportActivity", "form": "json", "wanted": {}, "pick": pick(&path)}),
        )
        .await;
    let verified = bench
        .ask(json!({"request": "verifyActivity", "pick": pick(&path)}))
        .await;
    assert_eq!(verified["acts"], 1);
    let mut record = std::fs::read(&path).unwrap();
    let middle = record.len() / 2;
    record[middle] ^= 1;
    std::fs::write(&path, record).unwrap();
    let failure = bench
        .fail(json!({"request": "verifyActivity", "pick": pick(&path)}))
        .await;
    assert!(
        ["recordBroken", "recordUnreadable"].contains(&failure["code"].as_str().unwrap()),
        "{failure:#}"
    );
}

#[tokio::test]
async fn several_canisters_are_planned_and_run_with_a_result_each() {
    let bench = Bench::new();
    let running = bench.canister(is_running).await;
    let partner = bench
        .canister(|canister| canister["reading"]["kind"] == "public")
        .await;
    let stop = |canister: &Value| json!({"op": "stop", "canister": canister["id"]});
    let plans = bench
        .ask(json!({"request": "planEach", "ops": [stop(&running), stop(&partner)]}))
        .await;
    assert_eq!(
        (&plans[0]["kind"], &plans[1]["failure"]["code"]),
        (&json!("plan"), &json!("notController"))
    );
    let begun = bench
        .ask(json!({"request": "runEach", "confirmed": [
            {"op": stop(&running), "fingerprint": plans[0]["plan"]["fingerprint"]},
            {"op": stop(&running), "fingerprint": "another world"},
        ]}))
        .await;
    assert_eq!(
        (&begun[0]["kind"], &begun[1]["kind"]),
        (&json!("job"), &json!("failed")),
        "{begun:#}"
    );
}

/// Plans an operation, confirms it, and follows its job to the end.
async fn ended(bench: &Bench, op: Value) -> Value {
    let mut news = std::pin::pin!(bench.api.follow().unwrap());
    let plan = bench
        .ask(json!({"request": "plan", "op": op.clone()}))
        .await;
    let number = bench
        .ask(json!({"request": "run", "op": op, "fingerprint": plan["fingerprint"]}))
        .await;
    loop {
        let news = serde_json::to_value(news.next().await.unwrap()).unwrap();
        let job = news["job"].clone();
        let kind = job["state"]["kind"].as_str().unwrap_or_default();
        if job["number"].as_f64() == number.as_f64() && !matches!(kind, "running" | "unwinding") {
            return job;
        }
    }
}

#[tokio::test]
async fn a_job_shows_what_it_took_and_what_a_drill_was_answered() {
    let bench = Bench::new();
    let canister = bench.canister(|canister| canister["name"] == "stock").await;
    let id = &canister["id"];
    let taken = ended(
        &bench,
        json!({"op": "takeSnapshot", "canister": id, "isStoppedMeanwhile": true, "replace": null, "name": "", "note": ""}),
    )
    .await;
    let snapshot = &taken["proof"]["canisters"][0]["snapshot"];
    assert!(snapshot.is_string(), "{taken:#}");
    let question =
        json!({"method": "total", "manner": "query", "arguments": "()", "expected": null});
    let drill = json!({"op": "drill", "canister": id, "snapshot": snapshot, "checks": [question], "purse": null});
    let plan = bench.ask(json!({"request": "plan", "op": drill})).await;
    let step = |name: &str| json!({"name": name, "target": null});
    assert_eq!(
        (&plan["steps"], &plan["undo"], &plan["isBlocked"]),
        (
            &json!(["makeTrial", "loadTrial", "checkAnswer", "deleteTrial"].map(step)),
            &json!("needless"),
            &json!(false)
        ),
        "{plan:#}"
    );
    let send = json!({"op": "sendSnapshot", "source": id, "snapshot": snapshot, "target": id, "mayReplace": true,
        "carriesSettings": false, "throughCopy": true, "waitsAtMostSeconds": null, "replace": [], "keepAs": "a name"});
    let plan = bench.ask(json!({"request": "plan", "op": send})).await;
    assert_eq!(plan["isBlocked"], true, "nothing is sent to itself");
    let remembered = bench
        .ask(json!({"request": "checkCalls", "canister": id}))
        .await;
    assert_eq!(remembered, json!([]), "planning remembers nothing");
}
