//! What can stop a chore, in the words that the person at the terminal reads.

use std::error::Error;
use std::io;

/// Why a chore stopped.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The operating system refused something.
    #[error("could not {doing}")]
    System {
        /// What was being done, as it follows "could not".
        doing: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A report of another program is not what this code understands.
    #[error("could not read {what}")]
    Unreadable {
        /// Which report.
        what: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A program ran and failed; it has already said why on the terminal.
    #[error("could not {doing}: {program} ended with {ending}")]
    Failed {
        /// What was being done.
        doing: String,
        /// The program.
        program: String,
        /// How it ended.
        ending: String,
    },
    /// Something that only the person can put right; whole sentences with the way on.
    #[error("{0}")]
    Advice(String),
}

impl Trouble {
    /// The message with everything that caused it.
    pub fn whole(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text
    }
}

/// Names what was being done when the system refused.
pub trait Doing<T> {
    /// `doing` follows "could not".
    fn doing(self, doing: impl Into<String>) -> Result<T, Trouble>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, doing: impl Into<String>) -> Result<T, Trouble> {
        self.map_err(|source| Trouble::System {
            doing: doing.into(),
            source,
        })
    }
}
