//! Turns a limit on the size of files (`ulimit -f`, LimitFSIZE) into the error of one write.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::SIGXFSZ;
use signal_hook::flag;

/// Makes a write beyond the limit an error ("file too large"). Otherwise SIGXFSZ would end the process
/// without a line (setrlimit(2)). A program that is run gets the signal as before, because a handler ends
/// with `exec`.
pub(crate) fn refuse_not_die() {
    // If the handler cannot be set, the system's default stays.
    let _ = flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
}
