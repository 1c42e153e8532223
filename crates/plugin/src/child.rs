//! A child process that ends with the run, also where a signal or the deadline ends that.

use std::io;
use std::process::{Child, ChildStdout, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, kill_process};

/// The children that run.
static RUNNING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// A child that only asks something, so that it may be killed at any moment. Dropping it kills it, and so does
/// the end of the run by SIGTERM, SIGINT or the deadline: it would go on for as long as it waits, as `getent`
/// does for a silent nameserver.
#[derive(Debug)]
pub struct BoundChild {
    child: Child,
    pid: Pid,
}

impl BoundChild {
    /// Starts the command.
    ///
    /// # Errors
    /// What the system reports.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        // Between the two no signal can find a child that is not listed.
        let mut running = running();
        let child = command.spawn()?;
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
        self.forget();
        self.child.wait()
    }

    /// Its number is another process's once it has been waited for.
    fn forget(&self) {
        running().retain(|pid| *pid != self.pid);
    }
}

impl Drop for BoundChild {
    fn drop(&mut self) {
        // Does nothing where it has ended already.
        let _ = self.child.kill();
        let _ = self.wait();
    }
}

/// Kills the children that run: the process is about to exit, and nothing waits for them any more.
pub(crate) fn kill_all() {
    for pid in running().drain(..) {
        // It may have ended in the meantime, and is not waited for yet.
        let _ = kill_process(pid, Signal::KILL);
    }
}

fn running() -> MutexGuard<'static, Vec<Pid>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    #[test]
    fn a_child_is_listed_until_it_is_waited_for() {
        let mut ended = BoundChild::spawn(&mut Command::new("true")).unwrap();
        assert!(ended.wait().unwrap().success());
        assert!(!running().contains(&ended.pid));
        let mut killed = BoundChild::spawn(Command::new("sleep").arg("60")).unwrap();
        assert!(running().contains(&killed.pid));
        kill_all();
        assert_eq!(killed.child.wait().unwrap().signal(), Some(9));
        let dropped = BoundChild::spawn(Command::new("sleep").arg("60")).unwrap();
        let pid = dropped.pid;
        drop(dropped);
        assert!(rustix::process::test_kill_process(pid).is_err(), "it is gone");
    }
}
