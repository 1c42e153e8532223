//! Independence from the caller: what it set, ignored or sends must not end a run in the middle, nor reach
//! the programs that it runs.

use std::fs;
use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use nix::unistd::close;
use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, getrlimit, setpgid, setpriority_process, setrlimit, umask};
use signal_hook::consts::{
    FORBIDDEN, SIGABRT, SIGALRM, SIGBUS, SIGCHLD, SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM, SIGUSR1,
    SIGUSR2, SIGXCPU, SIGXFSZ,
};
use signal_hook::flag;

/// The signals that are sure to come, and SIGCHLD: where the caller ignores it, no program could be waited
/// for. A signal that has a handler here is at its default in every program that is run (execve(2)).
const SIGNALS: [i32; 10] =
    [SIGALRM, SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ];
/// The last of the real-time signals, each of which ends a process too (signal(7)).
const LAST: i32 = 64;
/// What is left as it is: a fault of this program itself, and a closed output, which Rust ignores already.
const LEFT: [i32; 3] = [SIGABRT, SIGBUS, SIGPIPE];

/// The limits that a process has none of by default.
const UNLIMITED: [Resource; 6] =
    [Resource::Fsize, Resource::Cpu, Resource::As, Resource::Data, Resource::Rss, Resource::Locks];
/// The default limit on the stack of a process, in octets.
const STACK: u64 = 8 << 20;
/// Where a process has its value for the kernel's choice of what to end when memory is short.
const OOM_SCORE: &str = "/proc/self/oom_score_adj";
/// The default limit on open files of a process.
const OPEN_FILES: u64 = 1_024;

/// The standard streams.
const STREAMS: RawFd = 2;
/// fcntl(2): O_CLOEXEC, as /proc has it.
const CLOSED_FOR_PROGRAMS: u32 = 0o2_000_000;

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
    let others = (1..=LAST)
        .filter(|signal| !SIGNALS.contains(signal) && !LEFT.contains(signal) && !FORBIDDEN.contains(signal));
    for signal in others {
        // Two of them are refused, which the C library keeps for itself.
        let _ = flag::register(signal, Arc::new(AtomicBool::new(false)));
    }
    plugin::leave_signals();
    close_for_programs();
    umask(Mode::WGRP | Mode::WOTH);
    // Who may not raise them runs within the caller's: then a write that fails is an error, and not the end.
    let _ = setpriority_process(None, 0);
    lift_limits();
    // The kernel would end what a caller offered it first, and never what it protected
    // (proc_pid_oom_score_adj(5)).
    let _ = fs::write(OOM_SCORE, "0");
    Ok(())
}

/// Sets the limits of this run and of its programs to those of a process that init starts, as far as the
/// system allows it. For the others it sets the highest that is allowed.
fn lift_limits() {
    for resource in UNLIMITED {
        let Rlimit { maximum, .. } = getrlimit(resource);
        let unlimited = setrlimit(resource, Rlimit { current: None, maximum: None });
        let _ = unlimited.or_else(|_| setrlimit(resource, Rlimit { current: maximum, maximum }));
    }
    for resource in [Resource::Nproc, Resource::Memlock, Resource::Sigpending, Resource::Msgqueue] {
        let Rlimit { maximum, .. } = getrlimit(resource);
        let _ = setrlimit(resource, Rlimit { current: maximum, maximum });
    }
    let Rlimit { current, maximum } = getrlimit(Resource::Stack);
    if current.is_some_and(|current| current < STACK) {
        let current = Some(maximum.map_or(STACK, |hard| hard.min(STACK)));
        let _ = setrlimit(Resource::Stack, Rlimit { current, maximum });
    }
}

/// Raises the limit on open files to the usual one if the caller's is lower. Otherwise a descriptor to read a
/// list could be missing after the binding.
pub(crate) fn raise_open_files() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= OPEN_FILES) {
        return;
    }
    let raised = Rlimit { current: Some(OPEN_FILES), maximum: maximum.map(|hard| hard.max(OPEN_FILES)) };
    if setrlimit(Resource::Nofile, raised).is_err() {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

/// Closes what the caller left open, as NRPE does: no program that runs as root inherits it, and no daemon
/// keeps it open. What this program has opened itself is closed for programs anyway.
pub(crate) fn close_for_programs() {
    let Ok(all) = fs::read_dir("/proc/self/fd") else { return };
    let numbers = all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let numbers: Vec<RawFd> = numbers.filter(|number| *number > STREAMS).collect();
    for number in numbers.into_iter().filter(|number| is_inherited(*number)) {
        // One that cannot be closed stays.
        let _ = close(number);
    }
}

/// Whether programs would inherit a descriptor.
fn is_inherited(number: RawFd) -> bool {
    let Ok(status) = fs::read_to_string(format!("/proc/self/fdinfo/{number}")) else { return false };
    let flags = status.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    flags.is_some_and(|flags| flags & CLOSED_FOR_PROGRAMS == 0)
}
