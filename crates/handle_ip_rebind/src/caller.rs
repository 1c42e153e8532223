//! Independence from the caller: what it set, ignored or sends must not end a run in the middle, nor reach
//! the programs that it runs.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, getrlimit, setpgid, setpriority_process, setrlimit, umask};
use signal_hook::consts::{
    SIGALRM, SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ,
};
use signal_hook::flag;

/// The signals that would end a run, and SIGCHLD: where the caller ignores it, no program could be waited
/// for. A signal that has a handler here is at its default in every program that is run (execve(2)).
const SIGNALS: [i32; 10] =
    [SIGALRM, SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ];

/// Lets this run go on to its own end, which `--timeout` sets. When NRPE's time is up, it kills the process
/// group of what it has started, with root's right where it began as root; sudo passes on the signals that it
/// gets, and a terminal of sudo's own hangs up.
///
/// # Errors
/// The system's, if a signal cannot be handled. Then nothing may be changed.
pub(crate) fn leave() -> io::Result<()> {
    // Refused to the leader of a session alone, which is in no other process's group.
    let _ = setpgid(None, None);
    for signal in SIGNALS {
        flag::register(signal, Arc::new(AtomicBool::new(false)))?;
    }
    plugin::leave_signals();
    umask(Mode::WGRP | Mode::WOTH);
    // Who may not raise them runs within the caller's: then a write that fails is an error, and not the end.
    let _ = setpriority_process(None, 0);
    for resource in [Resource::Fsize, Resource::Cpu] {
        let Rlimit { maximum, .. } = getrlimit(resource);
        let unlimited = setrlimit(resource, Rlimit { current: None, maximum: None });
        let _ = unlimited.or_else(|_| setrlimit(resource, Rlimit { current: maximum, maximum }));
    }
    Ok(())
}
