//! Programs that are started here: run to their end, or owned and stopped again.

use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::trouble::{Doing, Trouble};

/// A program asked to stop gets this long to put its things in order. The app writes its journal and stops the practice
/// network, which takes well under a second; the rest is for a machine that is busy building.
const GRACE: Duration = Duration::from_secs(10);

/// How often to look whether a process has ended; the standard library has no waiting with a limit.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A process that does not outlive its owner.
pub struct Owned {
    child: Child,
}

impl Owned {
    /// Starts the program.
    pub fn start(command: &mut Command, doing: &str) -> Result<Self, Trouble> {
        let child = command
            .spawn()
            .doing(format!("{doing} ({})", program(command)))?;
        Ok(Self { child })
    }

    /// The process itself.
    pub const fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it ends.
    pub fn wait(&mut self) -> Result<ExitStatus, Trouble> {
        self.child.wait().doing("wait for a process")
    }

    /// Waits until it ends, at most so long.
    pub fn wait_at_most(&mut self, limit: Duration) -> Result<Option<ExitStatus>, Trouble> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait().doing("wait for a process")? {
                return Ok(Some(status));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            #[expect(
                clippy::disallowed_methods,
                reason = "looking again at a process that has ended is all that can be done"
            )]
            thread::sleep(LOOK_AGAIN);
        }
    }

    /// Asks it to end, waits, and ends it by force when it does not. True when it went by itself.
    pub fn stop(&mut self) -> Result<bool, Trouble> {
        if self.wait_at_most(Duration::ZERO)?.is_some() {
            return Ok(true);
        }
        ask_to_end(&self.child);
        if self.wait_at_most(GRACE)?.is_some() {
            return Ok(true);
        }
        self.child.kill().doing("end a process")?;
        self.child.wait().doing("wait for a process")?;
        Ok(false)
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // Whatever goes wrong while leaving, there is nobody left to tell.
        let _ = self.stop();
    }
}

#[cfg(unix)]
fn ask_to_end(child: &Child) {
    use rustix::process::{Pid, Signal, kill_process};
    if let Some(process) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // It may have ended a moment ago; waiting for it then says so.
        let _ = kill_process(process, Signal::TERM);
    }
}

#[cfg(not(unix))]
const fn ask_to_end(_child: &Child) {
    // Windows has no polite signal for a process without a console; the force after the grace is all there is.
}

/// Runs a program with the terminal as its own and insists on success.
pub fn succeed(command: &mut Command, doing: &str) -> Result<(), Trouble> {
    let status = command
        .status()
        .doing(format!("{doing} ({})", program(command)))?;
    if status.success() {
        return Ok(());
    }
    Err(Trouble::Failed {
        doing: doing.into(),
        program: program(command),
        ending: status.to_string(),
    })
}

/// What a program prints to standard output when it succeeds; nothing when it fails or is not there.
pub fn answer(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The program's name for a message.
pub fn program(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}
