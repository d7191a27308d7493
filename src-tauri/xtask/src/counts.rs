//! How many tests passed and failed, read from what each runner reports.

use serde_json::Value;

/// The tests of one runner.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tests that ran and passed.
    pub passed: usize,
    /// Tests that failed, timed out or could not run.
    pub failed: usize,
    /// The names of those, with what they left behind.
    pub failures: Vec<String>,
}

impl Counts {
    /// One check that is no test.
    pub fn check(passed: bool) -> Self {
        Self {
            passed: usize::from(passed),
            failed: usize::from(!passed),
            failures: Vec::new(),
        }
    }

    /// Nextest: `Summary [ 0.01s] 4 tests run: 1 passed (1 slow), 2 failed, 1 timed out, 3 skipped`, then every failure again.
    pub fn of_nextest(output: &str) -> Self {
        let mut lines = output
            .lines()
            .map(str::trim)
            .skip_while(|line| !line.starts_with("Summary ["));
        let Some((_, parts)) = lines.next().and_then(|line| line.split_once(" run: ")) else {
            return Self::default();
        };
        let mut counts = Self::default();
        // What stands in brackets tells more of the number before it and is no number of its own.
        for part in without_brackets(parts).split(',') {
            let (number, kind) = part.trim().split_once(' ').unwrap_or_default();
            let number: usize = number.parse().unwrap_or_default();
            match kind.trim() {
                "passed" => counts.passed += number,
                "skipped" => {}
                _ => counts.failed += number,
            }
        }
        counts.failures = lines
            .filter_map(|line| {
                line.split_once(" [").and_then(|(verdict, rest)| {
                    rest.split_once("] ").map(|(_, name)| (verdict, name))
                })
            })
            .filter(|(verdict, _)| {
                verdict.chars().next().is_some_and(char::is_uppercase)
                    && !verdict.starts_with("PASS")
            })
            .map(|(verdict, name)| format!("{} ({})", name.trim(), verdict.to_lowercase()))
            .collect();
        counts
    }

    /// What Rust's own test runner says, of examples in documentation for instance: `test result: ok. 3 passed; 1 failed; ...`, once a program.
    pub fn of_libtest(output: &str) -> Self {
        let mut counts = Self::default();
        for line in output.lines().map(str::trim) {
            if let Some(result) = line.strip_prefix("test result: ") {
                for part in result.split(['.', ';']) {
                    match part.trim().split_once(' ') {
                        Some((number, "passed")) => counts.passed += number.parse().unwrap_or(0),
                        Some((number, "failed")) => counts.failed += number.parse().unwrap_or(0),
                        _ => {}
                    }
                }
            } else if let Some(name) = line
                .strip_prefix("test ")
                .and_then(|rest| rest.strip_suffix(" ... FAILED"))
            {
                counts.failures.push(name.to_owned());
            }
        }
        counts
    }

    /// Vitest's report in Jest's form. A file that can't even be loaded has no tests and counts as one failure.
    pub fn of_vitest(report: &Value) -> Self {
        let mut counts = Self::default();
        for file in items(&report["testResults"]) {
            let tests = items(&file["assertionResults"]);
            for test in tests {
                match test["status"].as_str() {
                    Some("passed") => counts.passed += 1,
                    Some("failed") => counts.fail(text(&test["fullName"])),
                    _ => {}
                }
            }
            if tests.is_empty() && file["status"] == "failed" {
                counts.fail(text(&file["name"]));
            }
        }
        counts
    }

    /// Playwright's report: suites within suites, each with tests; errors outside of any test count as failures.
    pub fn of_playwright(report: &Value) -> Self {
        let mut counts = Self::default();
        let mut suites: Vec<(String, &Value)> = vec![(String::new(), report)];
        while let Some((path, suite)) = suites.pop() {
            let below = |item: &Value| format!("{path}{}", item["title"].as_str().unwrap_or("?"));
            let inner = items(&suite["suites"]).iter().rev();
            suites.extend(inner.map(|suite| (format!("{} › ", below(suite)), suite)));
            for spec in items(&suite["specs"]) {
                for test in items(&spec["tests"]) {
                    match test["status"].as_str() {
                        Some("expected" | "flaky") => counts.passed += 1,
                        Some("unexpected") => {
                            counts.fail(&below(spec));
                            counts.failures.extend(attachments(test));
                        }
                        _ => {}
                    }
                }
            }
        }
        for error in items(&report["errors"]) {
            counts.fail(text(&error["message"]));
        }
        counts
    }

    fn fail(&mut self, name: &str) {
        self.failed += 1;
        self.failures
            .push(name.lines().next().unwrap_or_default().to_owned());
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("a test without a name")
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The screenshots and traces of a failed test.
fn attachments(test: &Value) -> impl Iterator<Item = String> {
    items(&test["results"])
        .iter()
        .flat_map(|result| items(&result["attachments"]))
        .filter_map(|attachment| {
            Some(format!(
                "  {}: {}",
                attachment["name"].as_str()?,
                attachment["path"].as_str()?
            ))
        })
}

fn without_brackets(text: &str) -> String {
    let mut depth = 0_usize;
    text.chars()
        .filter(|character| {
            match character {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => return depth == 0,
            }
            false
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn counts(passed: usize, failed: usize, failures: &[&str]) -> Counts {
        Counts {
            passed,
            failed,
            failures: failures.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    #[test]
    fn nextest_counts_every_way_to_fail() {
        let output = "
        PASS [   0.004s] (1/5) engine a
        FAIL [   0.004s] (2/5) engine b
     Summary [   0.010s] 5 tests run: 2 passed (1 slow, 1 flaky), 1 failed, 1 exec failed, 1 timed out, 3 skipped
        FAIL [   0.004s] (2/5) engine b
     XFAIL [         ] (4/5) engine c
     TIMEOUT [  60.0s] (5/5) engine d
error: test run failed";
        let expected = [
            "(2/5) engine b (fail)",
            "(4/5) engine c (xfail)",
            "(5/5) engine d (timeout)",
        ];
        assert_eq!(
            Counts::of_nextest(output),
            counts(2, 3, &expected),
            "skipped tests and remarks in brackets do not count"
        );
    }

    #[test]
    fn nextest_without_a_summary_ran_nothing() {
        assert_eq!(
            Counts::of_nextest("error: could not compile `engine`"),
            Counts::default(),
            "no test ran"
        );
    }

    #[test]
    fn doctests_add_up_over_crates() {
        let output = "running 2 tests\ntest src/lib.rs - a (line 3) ... ok\ntest src/lib.rs - b (line 9) ... FAILED\n\
            test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.21s\n\
            test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s\n";
        assert_eq!(
            Counts::of_libtest(output),
            counts(4, 1, &["src/lib.rs - b (line 9)"]),
            "the sum of both crates"
        );
    }

    #[test]
    fn vitest_counts_a_file_that_cannot_load() {
        let report = json!({ "testResults": [
            { "name": "a.test.ts", "status": "failed", "assertionResults": [
                { "status": "passed", "fullName": "bytes one" },
                { "status": "failed", "fullName": "bytes two" },
                { "status": "pending", "fullName": "bytes three" },
            ] },
            { "name": "b.test.ts", "status": "failed", "message": "no such module", "assertionResults": [] },
        ] });
        assert_eq!(
            Counts::of_vitest(&report),
            counts(1, 2, &["bytes two", "b.test.ts"]),
            "two failures of different kinds"
        );
    }

    #[test]
    fn playwright_counts_nested_suites_and_names_the_evidence() {
        let trace = json!({ "attachments": [{ "name": "trace", "path": "out/trace.zip" }, { "name": "inline" }] });
        let report = json!({
            "errors": [{ "message": "the bridge did not start\nat line 3" }],
            "suites": [{
                "title": "board.spec.ts",
                "specs": [{ "title": "shows", "tests": [{ "status": "expected" }, { "status": "skipped" }] }],
                "suites": [{
                    "title": "dark",
                    "specs": [{ "title": "stops", "tests": [{ "status": "unexpected", "results": [trace] }] }],
                }],
            }],
        });
        let expected = [
            "board.spec.ts › dark › stops",
            "  trace: out/trace.zip",
            "the bridge did not start",
        ];
        assert_eq!(
            Counts::of_playwright(&report),
            counts(1, 2, &expected),
            "an error outside of tests fails, too"
        );
    }
}
