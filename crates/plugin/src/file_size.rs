//! A limit on the size of files (`ulimit -f`, LimitFSIZE) as the error of one write.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::SIGXFSZ;
use signal_hook::flag;

/// Makes a write beyond the limit an error ("file too large"), where SIGXFSZ would end the process without a
/// line (setrlimit(2)). A program that is run gets the signal as ever: a handler ends with `exec`.
pub(crate) fn refuse_not_die() {
    // Where it cannot be set, all is as the system has it.
    let _ = flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
}
