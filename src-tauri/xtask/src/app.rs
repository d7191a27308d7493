//! The app, started and watched: it says on standard output when its window is shown and when its board is painted.
//!
//! With `CANOPIC_MILESTONES=1` the app prints `milestone frame <ms>` and `milestone board <ms>`, each with the time since
//! its process started. Waiting for these lines is waiting for the thing itself, so nothing here sleeps.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::display::Display;
use crate::process::Owned;
use crate::trouble::Trouble;

/// How long the app may take to paint its board. It takes about a second; a busy machine on its first start, with nothing
/// in the disk cache, has been seen to take ten.
pub const PAINTED_WITHIN: Duration = Duration::from_secs(60);

/// How much of what the app said last is shown when it fails: enough for a panic and its place.
const LAST_WORDS: usize = 20;

/// The app while it runs.
pub struct App {
    process: Owned,
    milestones: Receiver<Milestone>,
    last_words: Arc<Mutex<VecDeque<String>>>,
}

/// Something that the app has reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Milestone {
    /// `frame` or `board`.
    pub name: String,
    /// Milliseconds since the app's process started.
    pub milliseconds: u64,
}

impl App {
    /// Starts the app on a virtual screen; in a home folder of its own when one is given.
    pub fn start(
        program: &Path,
        arguments: &[OsString],
        display: &Display,
        home: Option<&Path>,
    ) -> Result<Self, Trouble> {
        let mut command = Command::new(program);
        display.lend(command.args(arguments).env("CANOPIC_MILESTONES", "1"));
        if let Some(home) = home {
            command.env("CANOPIC_HOME", home);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = Owned::start(&mut command, "start the app")?;

        let last_words = Arc::new(Mutex::new(VecDeque::new()));
        let (sender, milestones) = channel();
        let output = process.child().stdout.take();
        let errors = process.child().stderr.take();
        // Both pipes are read to their end all the time: an app that nobody listens to would stop at a full pipe.
        if let Some(output) = output {
            follow(output, Arc::clone(&last_words), Some(sender));
        }
        if let Some(errors) = errors {
            follow(errors, Arc::clone(&last_words), None);
        }
        Ok(Self {
            process,
            milestones,
            last_words,
        })
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits until the app has reached a milestone.
    pub fn reach(&mut self, name: &str) -> Result<Milestone, Trouble> {
        let deadline = Instant::now() + PAINTED_WITHIN;
        loop {
            match self
                .milestones
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(milestone) if milestone.name == name => return Ok(milestone),
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => {
                    let seconds = PAINTED_WITHIN.as_secs();
                    return Err(self.lament(&format!(
                        "The app did not reach `{name}` within {seconds} s."
                    )));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let ending = self
                        .process
                        .wait_at_most(PAINTED_WITHIN)?
                        .map_or_else(|| "closed its output".into(), |status| status.to_string());
                    return Err(self.lament(&format!(
                        "The app ended before it reached `{name}` ({ending})."
                    )));
                }
            }
        }
    }

    /// Waits for as long as it runs.
    pub fn wait(mut self) -> Result<(), Trouble> {
        let status = self.process.wait()?;
        if status.success() {
            return Ok(());
        }
        Err(self.lament(&format!("The app failed ({status}).")))
    }

    /// Asks it to close; an app that does not is a failure.
    pub fn close(mut self) -> Result<(), Trouble> {
        if self.process.stop()? {
            return Ok(());
        }
        Err(self.lament("The app did not close when it was asked to, and was ended by force."))
    }

    /// The sentence with the app's last words.
    fn lament(&self, sentence: &str) -> Trouble {
        let words = self
            .last_words
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut text = sentence.to_owned();
        if !words.is_empty() {
            text.push_str(" It said last:");
        }
        for line in words.iter() {
            text.push_str("\n  ");
            text.push_str(line);
        }
        Trouble::Advice(text)
    }
}

/// Reads what the app says until it closes the pipe.
fn follow(
    pipe: impl Read + Send + 'static,
    last_words: Arc<Mutex<VecDeque<String>>>,
    milestones: Option<Sender<Milestone>>,
) {
    thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            if let (Some(sender), Some(milestone)) = (&milestones, parse_milestone(&line)) {
                // Nobody waits any more: the app is being closed.
                let _ = sender.send(milestone);
                continue;
            }
            let mut words = last_words.lock().unwrap_or_else(PoisonError::into_inner);
            if words.len() == LAST_WORDS {
                words.pop_front();
            }
            words.push_back(line);
        }
    });
}

fn parse_milestone(line: &str) -> Option<Milestone> {
    let mut words = line.strip_prefix("milestone ")?.split(' ');
    let milestone = Milestone {
        name: words.next()?.to_owned(),
        milliseconds: words.next()?.parse().ok()?,
    };
    words.next().is_none().then_some(milestone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_milestone_is_one() {
        let board = Milestone {
            name: "board".into(),
            milliseconds: 812,
        };
        assert_eq!(
            parse_milestone("milestone board 812"),
            Some(board),
            "the form that the app promises"
        );
        for line in [
            "milestone board",
            "milestone board soon",
            "milestone board 8 12",
            "a milestone board 812",
            "",
        ] {
            assert_eq!(
                parse_milestone(line),
                None,
                "{line:?} is something else that the app says"
            );
        }
    }
}
