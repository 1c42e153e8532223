//! How far the check is, for a user at a terminal: one line on standard error, again and again.
//! NRPE and Nagios give no terminal and never see it.

use std::env;
use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::judged::Judged;

/// The time before the first line and between two of them.
const INTERVAL: Duration = Duration::from_millis(250);

/// Shows while `work` runs how many targets were tried.
pub(crate) fn shown<T>(judged: &Judged, work: impl FnOnce() -> T) -> T {
    if !std::io::stderr().is_terminal() || env::var_os("NRPE_PROGRAMVERSION").is_some() {
        return work();
    }
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        // Without a thread to show it, it is not shown.
        let shower = thread::Builder::new().spawn_scoped(scope, || show(judged, &over));
        let result = work();
        over.store(true, Ordering::Relaxed);
        if let Ok(shower) = &shower {
            shower.thread().unpark();
        }
        result
    })
}

fn show(judged: &Judged, over: &AtomicBool) {
    let start = Instant::now();
    let mut written = false;
    loop {
        thread::park_timeout(INTERVAL);
        if over.load(Ordering::Relaxed) {
            break;
        }
        let seconds = start.elapsed().as_secs();
        write(&format!("\r{} of {} in {seconds} s ", judged.asked(), judged.total()));
        written = true;
    }
    if written {
        write("\r\x1b[K");
    }
}

/// Writes the line. It is not needed: an error is ignored.
fn write(text: &str) {
    let _ = rustix::io::write(rustix::stdio::stderr(), text.as_bytes());
}
