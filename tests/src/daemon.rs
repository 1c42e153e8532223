//! A daemon in the foreground, stopped by its process id when it is dropped.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::wait::holds_within;

/// How long a daemon may take to start or to stop.
const LIMIT: Duration = Duration::from_secs(20);

/// A running daemon.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts it with what it prints going into the file `log`, and waits until it is `ready`, which is given
    /// its process id.
    ///
    /// # Panics
    /// If it cannot be started, ends, or is not ready within 20 s: then with what it said.
    pub fn start(command: &mut Command, log: &Path, ready: impl Fn(u32) -> bool) -> Self {
        Self::start_within(LIMIT, command, log, ready)
    }

    /// The same for a daemon that takes longer.
    ///
    /// # Panics
    /// If it cannot be started, ends, or is not ready within `limit`: then with what it said.
    #[expect(clippy::panic, reason = "a test's helper: a daemon that does not start must fail the test")]
    pub fn start_within(
        limit: Duration,
        command: &mut Command,
        log: &Path,
        ready: impl Fn(u32) -> bool,
    ) -> Self {
        let output = || {
            File::options().create(true).append(true).open(log).map_or_else(|_| Stdio::null(), Stdio::from)
        };
        let child = command.stdin(Stdio::null()).stdout(output()).stderr(output()).spawn();
        let child = child.unwrap_or_else(|error| panic!("starting {command:?}: {error}"));
        let mut daemon = Self { child, log: log.to_owned() };
        holds_within(limit, || ready(daemon.id()) || !daemon.is_running());
        let ended = daemon.child.try_wait();
        assert!(
            daemon.is_running() && ready(daemon.id()),
            "{command:?} did not start, {ended:?}: {}",
            daemon.said()
        );
        daemon
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// What it has printed or logged so far.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_else(|error| format!("no log: {error}"))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
            && self.is_running()
        {
            let _ = kill_process(pid, Signal::TERM);
        }
        holds_within(LIMIT, || !self.is_running());
        // Does nothing where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
