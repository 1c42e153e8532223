//! Speaks for the process when its deadline has passed or a signal asks it to stop, and the check has not
//! spoken.
//!
//! SIGTERM and SIGINT write into sockets that the watchdog polls. They are not blocked, since children would
//! inherit that; a handler ends with `exec`. What is changed in the deadline wakes it in the same way.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

use crate::{Deadline, State, output};

/// What a check that honours the deadline may take to put its partial results together, before the watchdog
/// speaks for it.
const GRACE: Duration = Duration::from_millis(150);
/// The watchdog only waits and writes; it needs less than the 2 MiB which a thread gets by default.
const STACK: usize = 128 * 1024;

/// Whether the plugin handles signals itself.
static LEFT: AtomicBool = AtomicBool::new(false);

/// Waits for the end of a deadline, which may be changed, and for signals.
#[derive(Debug)]
pub(crate) struct Watchdog {
    wake: UnixStream,
}

/// Leaves SIGTERM and SIGINT to handlers that the plugin has set up: for what runs until it is stopped.
pub fn leave_signals() {
    LEFT.store(true, Ordering::SeqCst);
}

impl Watchdog {
    /// Starts the watchdog of a run that began at `start`.
    pub(crate) fn start(deadline: Deadline, start: Instant) -> io::Result<Self> {
        let (wake, woken) = UnixStream::pair()?;
        let mut sources = vec![("", woken)];
        for (name, signal) in [("SIGTERM", SIGTERM), ("SIGINT", SIGINT)] {
            let (read, write) = UnixStream::pair()?;
            pipe::register(signal, write)?;
            sources.push((name, read));
        }
        let watch = move || watch(&deadline, start, &sources);
        thread::Builder::new().name("watchdog".to_owned()).stack_size(STACK).spawn(watch)?;
        Ok(Self { wake })
    }

    /// Makes it look at the deadline again.
    pub(crate) fn wake(&self) {
        // It wakes from what is in the socket already, if that is full.
        let _ = rustix::io::write(&self.wake, &[0]);
    }
}

/// Waits for what is readable in `sources`, each with the name of its signal; the one that only wakes has
/// none.
fn watch(deadline: &Deadline, start: Instant, sources: &[(&str, UnixStream)]) -> ! {
    loop {
        let remaining = (deadline.at() + GRACE).saturating_duration_since(Instant::now());
        if remaining.is_zero() {
            output::finish(&deadline.progress().report(deadline.state(), &deadline.missed()));
        }
        // Longer than a timespec holds is as long as it holds.
        let timeout = Timespec::try_from(remaining).unwrap_or(Timespec { tv_sec: i64::MAX, tv_nsec: 0 });
        let mut polled: Vec<PollFd<'_>> =
            sources.iter().map(|(_, source)| PollFd::new(source, PollFlags::IN)).collect();
        if poll(&mut polled, Some(&timeout)).is_err() {
            continue;
        }
        for ((name, source), _) in
            sources.iter().zip(polled).filter(|(_, polled)| polled.revents().contains(PollFlags::IN))
        {
            let _ = rustix::io::read(source, &mut [0; 8]);
            if !name.is_empty() && !LEFT.load(Ordering::SeqCst) {
                let why = format!("stopped by {name} after {:.1} s", start.elapsed().as_secs_f64());
                output::finish(&deadline.progress().report(State::Unknown, &why));
            }
        }
    }
}
