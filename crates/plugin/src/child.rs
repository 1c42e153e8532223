//! A child process that ends with the run, also where a signal or the deadline ends that, and with it what it
//! has started itself.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdout, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// The children that run, each the first of a process group of its own.
static RUNNING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// A child that only asks something, so that it may be killed at any moment. Dropping it kills it, and so
/// does the end of the run by SIGTERM, SIGINT or the deadline: it would go on for as long as it waits, as
/// `getent` does for a silent nameserver. Its own children die with it.
///
/// If SIGKILL ends the plugin, the child goes on: no handler runs then. The child has its own process group,
/// so that a signal to the plugin's group does not reach it either. Start only programs that end by
/// themselves.
#[derive(Debug)]
pub struct BoundChild {
    child: Child,
    pid: Pid,
}

impl BoundChild {
    /// Starts the command, in a process group of its own.
    ///
    /// # Errors
    /// What the system reports.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        // Between the two no signal can find a child that is not listed.
        let mut running = running();
        let child = command.process_group(0).spawn()?;
        let pid = Pid::from_child(&child);
        running.push(pid);
        Ok(Self { child, pid })
    }

    /// Returns its standard output, if that is a pipe and was not taken before.
    pub fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// What the system reports.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        // Its number stays its own until it is waited for, so that the end of the run can still kill it.
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while self.is_listed() && waitid(WaitId::Pid(self.pid), ended).is_err_and(|why| why == Errno::INTR) {}
        let mut running = running();
        if let Some(place) = running.iter().position(|pid| *pid == self.pid) {
            running.swap_remove(place);
            kill(self.pid);
        }
        self.child.wait()
    }

    fn is_listed(&self) -> bool {
        running().contains(&self.pid)
    }
}

impl Drop for BoundChild {
    fn drop(&mut self) {
        if self.is_listed() {
            kill(self.pid);
        }
        let _ = self.wait();
    }
}

/// Kills the children that run: the process is about to exit, and nothing waits for them any more.
pub(crate) fn kill_all() {
    for pid in running().drain(..) {
        kill(pid);
    }
}

/// Kills a group. All of it may have ended in the meantime.
fn kill(group: Pid) {
    let _ = kill_process_group(group, Signal::KILL);
}

fn running() -> MutexGuard<'static, Vec<Pid>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::Stdio;
    use std::time::{Duration, Instant};

    use super::*;

    /// A shell that starts a child, both with the same output. Returns once both run.
    fn family(script: &str) -> (BoundChild, ChildStdout) {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdout(Stdio::piped());
        let mut child = BoundChild::spawn(&mut command).unwrap();
        let mut output = child.take_stdout().unwrap();
        output.read_exact(&mut [0]).unwrap();
        (child, output)
    }

    #[test]
    fn a_child_ends_with_all_that_it_started() {
        let start = Instant::now();
        let mut ended = BoundChild::spawn(&mut Command::new("true")).unwrap();
        assert!(ended.wait().unwrap().success());
        assert!(!running().contains(&ended.pid));
        let dropped = BoundChild::spawn(Command::new("sleep").arg("60")).unwrap();
        let pid = dropped.pid;
        drop(dropped);
        assert!(rustix::process::test_kill_process(pid).is_err(), "it is gone");
        // The output is closed once both have ended.
        let both = "sleep 60 & echo; wait";
        let (dropped, mut output) = family(both);
        drop(dropped);
        assert_eq!(output.read(&mut [0]).unwrap(), 0);
        let (mut left, mut output) = family("sleep 60 & echo");
        assert!(left.wait().unwrap().success());
        assert_eq!(output.read(&mut [0]).unwrap(), 0);
        let (mut killed, mut output) = family(both);
        assert!(running().contains(&killed.pid));
        kill_all();
        assert_eq!(output.read(&mut [0]).unwrap(), 0);
        assert_eq!(killed.wait().unwrap().signal(), Some(9));
        assert!(start.elapsed() < Duration::from_secs(40), "{:?}", start.elapsed());
    }
}
