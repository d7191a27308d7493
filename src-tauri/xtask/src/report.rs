//! What the tests say while they run and when they are done: a line per step, a log per stage, and the final count.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::counts::Counts;
use crate::process::Owned;
use crate::trouble::{Doing, Trouble};

/// No step may take longer. The whole of the tests has 40 minutes from nothing on two cores, and the longest step, compiling
/// everything, needs about ten of them there: what has not ended by then hangs.
const STEP_LIMIT: Duration = Duration::from_secs(30 * 60);

/// How often the line on a terminal shows that time passes.
const TICK: Duration = Duration::from_millis(200);

/// A program's end is the end of its output, unless something that it left running still holds the pipe; so much is waited
/// for what was already written.
const AFTERWORDS: Duration = Duration::from_secs(2);

/// How many lines of a failed step's log are shown: a panic with its message, or the last errors of a compiler.
const TAIL: usize = 25;

/// How many failures are listed by name before the log has to tell the rest.
const LISTED: usize = 20;

/// All stages together.
pub struct Report {
    logs: PathBuf,
    passed: usize,
    failed: usize,
    failures: Vec<String>,
}

impl Report {
    /// A report whose logs go to this folder.
    pub const fn new(logs: PathBuf) -> Self {
        Self {
            logs,
            passed: 0,
            failed: 0,
            failures: Vec::new(),
        }
    }

    /// Begins a stage, with an empty log and an empty folder for evidence.
    pub fn stage(&mut self, name: &'static str) -> Result<StageReport<'_>, Trouble> {
        println!("{name}");
        let log_path = self.logs.join(format!("{name}.log"));
        let evidence = self.logs.join(name);
        if evidence.exists() {
            fs::remove_dir_all(&evidence).doing(format!("empty {}", evidence.display()))?;
        }
        fs::create_dir_all(&evidence).doing(format!("make the folder {}", evidence.display()))?;
        let log = File::create(&log_path).doing(format!("write {}", log_path.display()))?;
        Ok(StageReport {
            report: self,
            name,
            log,
            log_path,
            evidence,
        })
    }

    /// The last words: what failed, and as the very last line the count.
    pub fn finish(self) -> ExitCode {
        if !self.failures.is_empty() {
            println!("\nFailed:");
            for failure in &self.failures {
                println!("  {failure}");
            }
        }
        println!("\n{} passed, {} failed", self.passed, self.failed);
        if self.failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

/// One stage while it runs.
pub struct StageReport<'r> {
    report: &'r mut Report,
    name: &'static str,
    log: File,
    log_path: PathBuf,
    evidence: PathBuf,
}

impl StageReport<'_> {
    /// Where the stage's tests leave screenshots and traces.
    pub fn evidence(&self) -> &Path {
        &self.evidence
    }

    /// Something that has to be done first; it counts only when it fails.
    pub fn prepare(&mut self, step: &str, command: &mut Command) -> Result<bool, Trouble> {
        let ended = self.follow(step, command)?;
        if ended.success {
            line(true, step, "", ended.took);
        } else {
            self.judge(step, Counts::check(false), &ended);
        }
        Ok(ended.success)
    }

    /// A check, which passes when the command succeeds.
    pub fn check(&mut self, step: &str, command: &mut Command) -> Result<bool, Trouble> {
        let ended = self.follow(step, command)?;
        self.judge(step, Counts::check(ended.success), &ended);
        Ok(ended.success)
    }

    /// A runner of tests, whose counts are read from its output or its report. No test at all is a failure.
    pub fn tests(
        &mut self,
        step: &str,
        command: &mut Command,
        read: impl FnOnce(&str) -> Counts,
    ) -> Result<bool, Trouble> {
        let ended = self.follow(step, command)?;
        let mut counts = read(&ended.output);
        if counts.passed + counts.failed == 0 {
            counts = Counts {
                failed: 1,
                failures: vec!["no test ran".into()],
                ..Counts::default()
            };
        }
        let passed = counts.failed == 0 && ended.success;
        self.judge(step, counts, &ended);
        Ok(passed)
    }

    /// Like `tests`, where having none is no failure.
    pub fn tests_if_any(
        &mut self,
        step: &str,
        command: &mut Command,
        read: impl FnOnce(&str) -> Counts,
    ) -> Result<bool, Trouble> {
        let ended = self.follow(step, command)?;
        let counts = read(&ended.output);
        let passed = counts.failed == 0 && ended.success;
        self.judge(step, counts, &ended);
        Ok(passed)
    }

    /// A check that was done here, with what it found.
    pub fn found(&mut self, step: &str, passed: bool, finding: &str) -> Result<(), Trouble> {
        self.write(&format!("{step}: {finding}\n"))?;
        let ended = Ended {
            success: passed,
            output: finding.to_owned(),
            took: Duration::ZERO,
        };
        let counts = Counts {
            failures: if passed {
                vec![]
            } else {
                vec![finding.to_owned()]
            },
            ..Counts::check(passed)
        };
        self.judge(step, counts, &ended);
        Ok(())
    }

    /// Something that was not done, and why; it counts neither way.
    pub fn left_out(&mut self, step: &str, why: &str) -> Result<(), Trouble> {
        println!("  - {step:<12} left out: {why}");
        self.write(&format!("{step}: left out: {why}\n"))
    }

    fn judge(&mut self, step: &str, mut counts: Counts, ended: &Ended) {
        if !ended.success && counts.failed == 0 {
            // The runner failed beside its tests: a crash on leaving, a file it could not compile.
            counts.failed = 1;
        }
        self.report.passed += counts.passed;
        self.report.failed += counts.failed;
        let remark = match (counts.passed, counts.failed) {
            (0 | 1, 0) | (0, 1) => String::new(),
            (passed, 0) => format!("{passed} passed"),
            (passed, failed) => format!("{passed} passed, {failed} failed"),
        };
        line(counts.failed == 0, step, &remark, ended.took);
        if counts.failed == 0 {
            return;
        }

        self.report.failures.push(format!(
            "{} / {step} ({})",
            self.name,
            self.log_path.display()
        ));
        for failure in counts.failures.iter().take(LISTED) {
            println!("      {failure}");
            self.report.failures.push(format!("    {failure}"));
        }
        if counts.failures.len() > LISTED {
            println!("      and {} more", counts.failures.len() - LISTED);
        }
        println!("      The end of {}:", self.log_path.display());
        let lines: Vec<&str> = ended.output.lines().collect();
        for line in &lines[lines.len().saturating_sub(TAIL)..] {
            println!("      | {line}");
        }
        if fs::read_dir(&self.evidence).is_ok_and(|mut entries| entries.next().is_some()) {
            println!("      Screenshots and traces: {}", self.evidence.display());
        }
    }

    /// Runs a step to its end, into the log and onto the line of a terminal.
    fn follow(&mut self, step: &str, command: &mut Command) -> Result<Ended, Trouble> {
        self.write(&format!("\n$ {}\n", words(command)))?;
        let begun = Instant::now();
        let (output, input) = io::pipe().doing("make a pipe")?;
        command
            .stdin(Stdio::null())
            .stdout(input.try_clone().doing("make a pipe")?)
            .stderr(input);
        // Colours are for people; a log that is searched is better without.
        command
            .env("NO_COLOR", "1")
            .env("CARGO_TERM_COLOR", "never")
            .env_remove("FORCE_COLOR")
            .env_remove("CLICOLOR_FORCE");
        let mut process = Owned::start(command, step)?;
        // The command holds the writing end; with it gone, the end of the output is the end of the programs that write there.
        command.stdout(Stdio::null()).stderr(Stdio::null());

        let (sender, lines) = channel();
        thread::spawn(move || {
            let mut output = BufReader::new(output).split(b'\n').map_while(Result::ok);
            // Nobody listens any more once the step is over.
            output.try_for_each(|line| sender.send(String::from_utf8_lossy(&line).into_owned()))
        });

        let mut text = String::new();
        let mut ending = None;
        let mut silent_since = Instant::now();
        let mut terminal = Terminal::new();
        loop {
            match lines.recv_timeout(TICK) {
                Ok(line) => {
                    silent_since = Instant::now();
                    self.write(&format!("{line}\n"))?;
                    terminal.show(step, begun.elapsed(), &line);
                    text.push_str(&line);
                    text.push('\n');
                }
                Err(RecvTimeoutError::Timeout) => terminal.show_time(step, begun.elapsed()),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if ending.is_none() {
                ending = process.wait_at_most(Duration::ZERO)?;
            } else if silent_since.elapsed() > AFTERWORDS {
                break;
            }
            if ending.is_none() && begun.elapsed() > STEP_LIMIT {
                let sentence = format!(
                    "This step did not end within {} minutes and was stopped.\n",
                    STEP_LIMIT.as_secs() / 60
                );
                process.stop()?;
                self.write(&sentence)?;
                text.push_str(&sentence);
                break;
            }
        }
        terminal.clear();
        let success = match ending {
            Some(status) => status.success(),
            None => process
                .wait_at_most(AFTERWORDS)?
                .is_some_and(|status| status.success()),
        };
        Ok(Ended {
            success,
            output: text,
            took: begun.elapsed(),
        })
    }

    fn write(&mut self, text: &str) -> Result<(), Trouble> {
        self.log
            .write_all(text.as_bytes())
            .doing(format!("write {}", self.log_path.display()))
    }
}

/// How a step ended.
struct Ended {
    success: bool,
    output: String,
    took: Duration,
}

/// The one line that moves, where there is a terminal to move it on.
struct Terminal {
    is_there: bool,
    last: String,
}

impl Terminal {
    fn new() -> Self {
        Self {
            is_there: io::stdout().is_terminal(),
            last: String::new(),
        }
    }

    fn show(&mut self, step: &str, took: Duration, line: &str) {
        if !line.trim().is_empty() {
            line.trim().clone_into(&mut self.last);
        }
        self.show_time(step, took);
    }

    fn show_time(&self, step: &str, took: Duration) {
        /// What fits beside the step and its time on a terminal of 80 columns.
        const ROOM: usize = 52;
        if self.is_there {
            let shown: String = self
                .last
                .chars()
                .filter(|character| !character.is_control())
                .take(ROOM)
                .collect();
            print!(
                "\r\x1b[2K  … {step:<12} {:>6.1} s  {shown}",
                took.as_secs_f64()
            );
            flush();
        }
    }

    fn clear(&self) {
        if self.is_there {
            print!("\r\x1b[2K");
            flush();
        }
    }
}

fn flush() {
    // A terminal that went away takes nothing with it: the log has it all.
    let _ = io::stdout().flush();
}

/// The line that stays when a step is over.
fn line(passed: bool, step: &str, remark: &str, took: Duration) {
    let sign = if passed { '✓' } else { '✗' };
    println!(
        "  {sign} {step:<12} {:>6.1} s  {remark}",
        took.as_secs_f64()
    );
}

/// The command as a person would type it.
fn words(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| {
        let word = word.to_string_lossy();
        if word.contains(' ') {
            format!("'{word}'")
        } else {
            word.into_owned()
        }
    }));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(name: &str) -> (Report, PathBuf) {
        let logs =
            std::env::temp_dir().join(format!("canopic-xtask-{}-{name}", std::process::id()));
        (Report::new(logs.clone()), logs)
    }

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn checks_and_tests_add_up_and_preparations_count_only_when_they_fail() {
        let (mut report, logs) = report("sum");
        let mut stage = report
            .stage("sum")
            .expect("the temporary folder can be written");
        stage
            .prepare("install", &mut shell("true"))
            .expect("sh runs");
        stage
            .check("fmt", &mut shell("echo fine"))
            .expect("sh runs");
        stage
            .check("lint", &mut shell("echo wrong >&2; exit 3"))
            .expect("sh runs");
        let run = |_: &str| Counts {
            passed: 7,
            failed: 2,
            failures: vec!["a".into(), "b".into()],
        };
        stage
            .tests("tests", &mut shell("exit 100"), run)
            .expect("sh runs");
        stage
            .prepare("compile", &mut shell("false"))
            .expect("sh runs");
        assert_eq!(
            (report.passed, report.failed),
            (8, 4),
            "fmt and seven tests; lint, two tests and compile"
        );

        let log = fs::read_to_string(logs.join("sum.log")).expect("the log was written");
        assert!(
            log.contains("$ sh -c 'echo fine'\nfine\n"),
            "the log tells what was run and what it said"
        );
        assert!(log.contains("wrong\n"), "both outputs are in the log");
        fs::remove_dir_all(logs).expect("writable");
    }

    #[test]
    fn no_test_at_all_is_a_failure_and_so_is_a_runner_that_fails_beside_its_tests() {
        let (mut report, logs) = report("none");
        let mut stage = report
            .stage("none")
            .expect("the temporary folder can be written");
        let none = |_: &str| Counts::default();
        assert!(
            !stage
                .tests("none", &mut shell("true"), none)
                .expect("sh runs"),
            "nothing was tested"
        );
        assert!(
            stage
                .tests_if_any("doctests", &mut shell("true"), none)
                .expect("sh runs"),
            "there may be no examples"
        );
        let all_passed = |_: &str| Counts {
            passed: 3,
            ..Counts::default()
        };
        assert!(
            !stage
                .tests("crash", &mut shell("exit 1"), all_passed)
                .expect("sh runs"),
            "the runner itself failed"
        );
        assert_eq!(
            (report.passed, report.failed),
            (3, 2),
            "three tests passed, two steps failed"
        );
        fs::remove_dir_all(logs).expect("writable");
    }

    #[test]
    fn a_step_ends_with_its_program_even_when_something_keeps_the_pipe() {
        let (mut report, logs) = report("pipe");
        let mut stage = report
            .stage("pipe")
            .expect("the temporary folder can be written");
        assert!(
            stage
                .check(
                    "daemon",
                    shell("sleep 60 & echo $! > \"$0\"; exit 0").arg(logs.join("id"))
                )
                .expect("sh runs"),
            "sh succeeded"
        );
        let left = fs::read_to_string(logs.join("id")).expect("sh wrote the number");
        assert!(
            shell(&format!("kill {left}"))
                .status()
                .expect("sh runs")
                .success(),
            "it was still running"
        );
        fs::remove_dir_all(logs).expect("writable");
    }
}
