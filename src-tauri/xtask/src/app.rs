//! The app, started and watched: it says on standard output when its window is shown and when its board is painted.
//!
//! With `CANOPIC_MILESTONES=1` the app prints `milestone frame <ms>` and `milestone board <ms>`, each with the time since
//! its process started. Waiting for these lines is waiting for the thing itself, so nothing here sleeps.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::display::Display;
use crate::process::Owned;
use crate::trouble::Trouble;

/// How long the app may take to paint its board. It takes about a second; the rest is for a first
/// start on a busy machine, with nothing of the web view in the disk cache.
const PAINTED_WITHIN: Duration = Duration::from_secs(60);

/// How long the app has to be silent before it is looked at whether it still runs: by then
/// everything that it said before it ended has been read.
const SILENCE: Duration = Duration::from_millis(200);

/// How much of what the app said last is shown when it fails: enough for a panic and its place.
const LAST_WORDS: usize = 20;

/// The app while it runs.
pub struct App {
    process: Owned,
    lines: Receiver<String>,
    last_words: VecDeque<String>,
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
        let (sender, lines) = channel();
        if let Some(output) = process.child().stdout.take() {
            follow(output, sender.clone());
        }
        if let Some(errors) = process.child().stderr.take() {
            follow(errors, sender);
        }
        Ok(Self {
            process,
            lines,
            last_words: VecDeque::new(),
        })
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits until the app has reached a milestone: so many milliseconds after its process started.
    pub fn reach(&mut self, name: &str) -> Result<u64, Trouble> {
        let deadline = Instant::now() + PAINTED_WITHIN;
        loop {
            match self.listen()? {
                News::Line(line) => match parse_milestone(&line) {
                    Some((reached, milliseconds)) if reached == name => return Ok(milliseconds),
                    Some(_) => {}
                    None => self.keep(line),
                },
                News::Silence if Instant::now() < deadline => {}
                News::Silence => {
                    let seconds = PAINTED_WITHIN.as_secs();
                    let sentence = format!("The app did not reach `{name}` within {seconds} s.");
                    return Err(self.lament(&sentence));
                }
                News::End(status) => {
                    let sentence = format!("The app ended before it reached `{name}` ({status}).");
                    return Err(self.lament(&sentence));
                }
            }
        }
    }

    /// Waits for as long as it runs.
    pub fn wait(mut self) -> Result<(), Trouble> {
        loop {
            match self.listen()? {
                News::Line(line) => self.keep(line),
                News::Silence => {}
                News::End(status) if status.success() => return Ok(()),
                News::End(status) => {
                    return Err(self.lament(&format!("The app failed ({status}).")));
                }
            }
        }
    }

    /// Asks it to close; an app that does not is a failure.
    pub fn close(mut self) -> Result<(), Trouble> {
        if self.process.stop()? {
            return Ok(());
        }
        while let Ok(line) = self.lines.try_recv() {
            self.keep(line);
        }
        let sentence = "The app did not close when it was asked to, and was ended by force.";
        Err(self.lament(sentence))
    }

    fn listen(&mut self) -> Result<News, Trouble> {
        Ok(match self.lines.recv_timeout(SILENCE) {
            Ok(line) => News::Line(line),
            // Not the end of its output, but its own: what the web view leaves running for a moment
            // may keep the pipes open.
            Err(RecvTimeoutError::Timeout) => self
                .process
                .wait_at_most(Duration::ZERO)?
                .map_or(News::Silence, News::End),
            Err(RecvTimeoutError::Disconnected) => News::End(self.process.wait()?),
        })
    }

    fn keep(&mut self, line: String) {
        if self.last_words.len() == LAST_WORDS {
            self.last_words.pop_front();
        }
        self.last_words.push_back(line);
    }

    /// The sentence with the app's last words.
    fn lament(&self, sentence: &str) -> Trouble {
        let mut text = sentence.to_owned();
        if !self.last_words.is_empty() {
            text.push_str(" It said last:");
        }
        for line in &self.last_words {
            text.push_str("\n  ");
            text.push_str(line);
        }
        Trouble::Advice(text)
    }
}

enum News {
    Line(String),
    Silence,
    End(ExitStatus),
}

/// Reads what the app says until it closes the pipe, always: an app that nobody listens to would
/// stop at a full pipe.
fn follow(pipe: impl Read + Send + 'static, lines: Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            // Once nobody waits for news any more, reading on is all that is left to do.
            let _ = lines.send(String::from_utf8_lossy(&line).trim_end().to_owned());
        }
    });
}

fn parse_milestone(line: &str) -> Option<(&str, u64)> {
    let (name, milliseconds) = line.strip_prefix("milestone ")?.split_once(' ')?;
    Some((name, milliseconds.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_milestone_is_one() {
        let board = Some(("board", 812));
        assert_eq!(
            parse_milestone("milestone board 812"),
            board,
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
