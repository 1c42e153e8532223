//! Speaks for the process when its deadline has passed or a signal asks it to stop, and the check has not
//! spoken.
//!
//! SIGTERM, SIGINT and SIGHUP write into a socket that the watchdog polls. They are not blocked, because
//! children would inherit that; a handler ends with `exec`. A change of the deadline wakes the watchdog in
//! the same way. Its thread has a price (a stack, an arena of malloc, a signal stack). So it starts before
//! the first step that can block, and not earlier.

use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Once, OnceLock};
use std::thread;
use std::time::Instant;
use std::{fs, io};

use rustix::event::{PollFd, PollFlags};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::low_level::pipe;

use crate::failure::unknown;
use crate::grace::GRACE;
use crate::{Deadline, State, deadline, output, reason, wait_until};

/// The watchdog only waits and writes; it needs less than the 2 MiB which a thread gets by default.
const STACK: usize = 128 * 1024;
/// The signals that end a run, with their names.
const SIGNALS: [(i32, &str); 3] = [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT"), (SIGHUP, "SIGHUP")];

/// Whether the plugin handles signals itself.
static LEFT: AtomicBool = AtomicBool::new(false);
/// The run that is to be watched: its deadline, and when it began.
static RUN: OnceLock<(Deadline, Instant)> = OnceLock::new();
/// What wakes the watchdog, once it has started.
static WAKE: OnceLock<UnixStream> = OnceLock::new();

/// Leaves SIGTERM, SIGINT and SIGHUP to handlers of the plugin. This is for a program that runs until it is
/// stopped.
pub fn leave_signals() {
    LEFT.store(true, Ordering::SeqCst);
}

/// Announces the run that began at `start`: from its first step that can block on, it is watched.
pub(crate) fn prepare(deadline: Deadline, start: Instant) {
    // One process, one run: a second call would change nothing.
    let _ = RUN.set((deadline, start));
    deadline::before_steps(ensure);
}

/// Starts the watchdog unless it runs. Where that fails the run ends: without it there is no check.
pub(crate) fn ensure() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let Some((deadline, start)) = RUN.get() else { return };
        match spawn(deadline.clone(), *start) {
            // Set here alone.
            Ok(wake) => drop(WAKE.set(wake)),
            Err(error) => output::finish(&unknown(&format!("starting the watchdog: {}", reason(&error)))),
        }
    });
}

/// Makes it look at the deadline again.
pub(crate) fn wake() {
    // It wakes from what is in the socket already, if that is full.
    let _ = WAKE.get().map(|wake| rustix::io::write(wake, &[0]));
}

fn spawn(deadline: Deadline, start: Instant) -> io::Result<UnixStream> {
    let (wake, woken) = UnixStream::pair()?;
    let signal = Arc::new(AtomicUsize::new(0));
    for (place, (number, _)) in (1..).zip(SIGNALS) {
        if number == SIGHUP && is_ignored(number) {
            continue;
        }
        // Handlers run in this order: what is readable has its reason.
        flag::register_usize(number, Arc::clone(&signal), place)?;
        pipe::register(number, wake.try_clone()?)?;
    }
    let watch = move || watch(&deadline, start, &woken, &signal);
    thread::Builder::new().name("watchdog".to_owned()).stack_size(STACK).spawn(watch)?;
    Ok(wake)
}

/// Returns whether the caller made the run ignore this signal, as nohup(1) does with SIGHUP.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask.checked_shr(signal.unsigned_abs() - 1).unwrap_or_default() & 1 == 1)
}

fn watch(deadline: &Deadline, start: Instant, woken: &UnixStream, signal: &AtomicUsize) -> ! {
    loop {
        let until = deadline.at() + GRACE;
        if until <= Instant::now() {
            output::finish(&deadline.progress().report(deadline.state(), &deadline.missed()));
        }
        if wait_until(&mut [PollFd::new(woken, PollFlags::IN)], until) == Ok(true) {
            let _ = rustix::io::read(woken, &mut [0; 8]);
        }
        let name = signal.swap(0, Ordering::SeqCst).checked_sub(1).and_then(|place| SIGNALS.get(place));
        if let Some((_, name)) = name.filter(|_| !LEFT.load(Ordering::SeqCst)) {
            let why = format!("stopped by {name} after {:.1} s", start.elapsed().as_secs_f64());
            output::finish(&deadline.progress().report(State::Unknown, &why));
        }
    }
}
