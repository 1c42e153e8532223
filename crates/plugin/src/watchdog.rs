//! Speaks for the process when its deadline has passed or a signal asks it to stop, and the check has not spoken.
//!
//! SIGTERM and SIGINT are blocked in every thread, so that they wait where the watchdog polls for them: no handler, and no signal
//! that comes before the watchdog runs is lost. Children do not inherit this, since Rust gives them an empty mask. Elsewhere than on
//! Linux a signal does what it does by default.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};

use crate::{Deadline, State, output};

/// What a check that honours the deadline may take to put its partial results together, before the watchdog speaks for it.
const GRACE: Duration = Duration::from_millis(150);
/// The watchdog only waits and writes; it needs less than the 2 MiB which a thread gets by default.
const STACK: usize = 128 * 1024;

/// Whether the plugin handles signals itself.
static LEFT: AtomicBool = AtomicBool::new(false);

/// Waits for the end of a deadline, which may be changed, and for signals.
#[derive(Debug)]
pub(crate) struct Watchdog {
    wake: Arc<OwnedFd>,
}

/// The signals that end a run.
fn signals() -> SigSet {
    SigSet::from_iter([Signal::SIGTERM, Signal::SIGINT])
}

/// Holds back the signals that end a run until a watchdog takes them. Before any other thread starts.
pub(crate) fn hold_signals() {
    // It fails on an invalid argument only; then signals do what they do by default.
    let _ = signals().thread_block();
}

/// Leaves SIGTERM and SIGINT to handlers that the plugin has set up: for what runs until it is stopped.
pub fn leave_signals() {
    LEFT.store(true, Ordering::SeqCst);
    // As above.
    let _ = signals().thread_unblock();
}

impl Watchdog {
    /// Starts the watchdog of a run that began at `start`.
    pub(crate) fn start(deadline: Deadline, start: Instant) -> io::Result<Self> {
        let wake = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let signals = SignalFd::with_flags(&signals(), SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        let woken = Arc::clone(&wake);
        thread::Builder::new()
            .name("watchdog".to_owned())
            .stack_size(STACK)
            .spawn(move || watch(&deadline, start, &signals, &woken))?;
        Ok(Self { wake })
    }

    /// Makes it look at the deadline again.
    pub(crate) fn wake(&self) {
        // A counter that is full wakes it too.
        let _ = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
    }
}

fn watch(deadline: &Deadline, start: Instant, signals: &SignalFd, woken: &OwnedFd) -> ! {
    loop {
        let remaining = (deadline.at() + GRACE).saturating_duration_since(Instant::now());
        if remaining.is_zero() {
            output::finish(&deadline.progress().report(deadline.state(), &deadline.missed()));
        }
        // Longer than a timespec holds is as long as it holds.
        let timeout = Timespec::try_from(remaining).unwrap_or(Timespec { tv_sec: i64::MAX, tv_nsec: 0 });
        let is_left = LEFT.load(Ordering::SeqCst);
        let mut sources = vec![PollFd::new(woken, PollFlags::IN)];
        if !is_left {
            sources.push(PollFd::new(signals, PollFlags::IN));
        }
        // An interrupted wait is as good as a short one.
        let _ = poll(&mut sources, Some(&timeout));
        let _ = rustix::io::read(woken, &mut [0; 8]);
        if let Some(name) = (!is_left && !LEFT.load(Ordering::SeqCst)).then(|| taken(signals)).flatten() {
            let why = format!("stopped by {name} after {:.1} s", start.elapsed().as_secs_f64());
            output::finish(&deadline.progress().report(State::Unknown, &why));
        }
    }
}

/// The name of the signal that has come.
fn taken(signals: &SignalFd) -> Option<&'static str> {
    let signal = i32::try_from(signals.read_signal().ok()??.ssi_signo).ok()?;
    Signal::try_from(signal).ok().map(Signal::as_str)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_child_does_not_hold_back_signals() {
        let blocked = |status: &str| {
            let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).unwrap().trim();
            u64::from_str_radix(mask, 16).unwrap() & ((1 << 14) | (1 << 1))
        };
        hold_signals();
        let own = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        assert_eq!(blocked(&own), (1 << 14) | (1 << 1), "SIGTERM and SIGINT wait here");
        let child = Command::new("cat").arg("/proc/self/status").output().unwrap();
        assert_eq!(blocked(&String::from_utf8(child.stdout).unwrap()), 0);
    }
}
