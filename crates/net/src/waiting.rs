//! How a connection waits: until the deadline, until the process is asked to stop, and with something to do
//! if it takes long.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use plugin::{Deadline, wait_until};
use rustix::event::{PollFd, PollFlags};

use crate::cause::Mark;

/// Something to do once if waiting takes longer than its time, while the waiting goes on.
pub struct SlowPathAction<'a> {
    at: Instant,
    action: Mutex<Option<Box<dyn FnOnce() + Send + 'a>>>,
}

impl<'a> SlowPathAction<'a> {
    /// Does `action` in the first wait that lasts until `patience` from now.
    pub fn after(patience: Duration, action: impl FnOnce() + Send + 'a) -> Self {
        Self { at: Instant::now() + patience, action: Mutex::new(Some(Box::new(action))) }
    }

    /// Does it if its time has come. Returns how long until then, `None` if it is done.
    pub fn run_if_due(&self) -> Option<Duration> {
        let mut action = self.action.lock().unwrap_or_else(PoisonError::into_inner);
        action.as_ref()?;
        let left = self.at.saturating_duration_since(Instant::now());
        if !left.is_zero() {
            return Some(left);
        }
        action.take().into_iter().for_each(|action| action());
        None
    }
}

impl fmt::Debug for SlowPathAction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlowPathAction").field("at", &self.at).finish_non_exhaustive()
    }
}

/// What is called before each wait: it returns how long to wait at most until it is called again, `None` for
/// no limit of its own. It is [`SlowPathAction::run_if_due`] in general.
pub type SlowPath<'a> = &'a (dyn Fn() -> Option<Duration> + Sync + 'a);

/// How a connection waits. Clones share the deadline, which may be changed meanwhile.
#[derive(Clone)]
pub struct Waiting<'a> {
    deadline: Deadline,
    stop: Option<&'a UnixStream>,
    slow: Option<SlowPath<'a>>,
}

impl<'a> Waiting<'a> {
    /// Waits until this deadline.
    pub fn until(deadline: &Deadline) -> Self {
        Self { deadline: deadline.clone(), stop: None, slow: None }
    }

    /// Ends every wait with [`crate::Cause::Stopped`] as soon as `stop` is readable.
    #[must_use]
    pub fn stopped_by(self, stop: Option<&'a UnixStream>) -> Self {
        Self { stop, ..self }
    }

    /// Does something if waiting takes long.
    #[must_use]
    pub fn meanwhile(self, slow: Option<SlowPath<'a>>) -> Self {
        Self { slow, ..self }
    }

    /// Returns the deadline.
    pub fn deadline(&self) -> &Deadline {
        &self.deadline
    }

    /// Waits until `fd` is ready for `flags`, at most until `until`.
    ///
    /// # Errors
    /// Timed out or stopped; or what the system says.
    pub(crate) fn ready(&self, fd: impl AsFd, flags: PollFlags, until: Instant) -> io::Result<()> {
        let fd = fd.as_fd();
        loop {
            let early = self.slow.and_then(|slow| slow());
            let now = Instant::now();
            if self.is_ready(fd, flags, early.map_or(until, |early| until.min(now + early)))? {
                return Ok(());
            }
            if until <= now {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
    }

    /// Whether `fd` became ready until `until`.
    fn is_ready(&self, fd: BorrowedFd<'_>, flags: PollFlags, until: Instant) -> io::Result<bool> {
        let mut fds = vec![PollFd::from_borrowed_fd(fd, flags)];
        fds.extend(self.stop.map(|stop| PollFd::new(stop, PollFlags::IN)));
        let is_ready = wait_until(&mut fds, until)?;
        if fds.get(1).is_some_and(|stop| !stop.revents().is_empty()) {
            return Err(Mark::Stopped.into());
        }
        Ok(is_ready)
    }
}

impl fmt::Debug for Waiting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting")
            .field("deadline", &self.deadline)
            .field("stop", &self.stop)
            .finish_non_exhaustive()
    }
}
