//! How far the check is, for somebody who watches at a terminal: one line on standard error, again and again.
//! NRPE and Nagios give no terminal and never see it.

use std::env;
use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The time before the first line and between two of them.
const INTERVAL: Duration = Duration::from_millis(250);

/// Counts what has an end, and shows it while `work` runs.
pub(crate) fn shown<T>(total: usize, done: &AtomicUsize, work: impl FnOnce() -> T) -> T {
    if !std::io::stderr().is_terminal() || env::var_os("NRPE_PROGRAMVERSION").is_some() {
        return work();
    }
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        // Without a thread to show it, it is not shown.
        let shower = thread::Builder::new().spawn_scoped(scope, || show(total, done, &over));
        let result = work();
        over.store(true, Ordering::Relaxed);
        if let Ok(shower) = &shower {
            shower.thread().unpark();
        }
        result
    })
}

fn show(total: usize, done: &AtomicUsize, over: &AtomicBool) {
    let start = Instant::now();
    let mut written = false;
    loop {
        thread::park_timeout(INTERVAL);
        if over.load(Ordering::Relaxed) {
            break;
        }
        let seconds = start.elapsed().as_secs();
        write(&format!("\r{} of {total} in {seconds} s ", done.load(Ordering::Relaxed)));
        written = true;
    }
    if written {
        write("\r\x1b[K");
    }
}

/// Whoever does not read it misses nothing.
fn write(text: &str) {
    let _ = rustix::io::write(rustix::stdio::stderr(), text.as_bytes());
}
