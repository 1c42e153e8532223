//! Running a configured program: fixed arguments, no shell, a clean environment, bounded in time.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use plugin::{clean, reason};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use serde::Serialize;

use crate::config::Argv;
use crate::program::{PATH, Program};

/// What a program finds in its environment.
const ENVIRONMENT: [(&str, &str); 2] = [("PATH", PATH), ("LC_ALL", "C")];
/// How much of what it prints is kept: the end, in octets.
const KEPT: u64 = 400;
/// How long a program that was told to end may take for it.
const GRACE: Duration = Duration::from_millis(300);

/// What came of running a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Ran {
    /// The program and its arguments.
    pub(crate) argv: Vec<String>,
    /// What went wrong: none if it ended with 0.
    pub(crate) fault: Option<String>,
    /// The end of what it printed.
    pub(crate) output: String,
    /// Whether it was started at all.
    #[serde(skip)]
    pub(crate) is_started: bool,
}

impl Ran {
    /// A program that was not run, and why.
    pub(crate) fn not(argv: &Argv, why: String) -> Self {
        let words =
            [argv.program.to_string_lossy().into_owned()].into_iter().chain(argv.arguments.iter().cloned());
        Self { argv: words.collect(), fault: Some(why), output: String::new(), is_started: false }
    }
}

/// Runs a program until `limit` is over: then it is ended, with all that it started in its process group.
/// What it prints goes to `output`, a file and no pipe, so that a daemon which it starts and which keeps it
/// open does not delay the run.
pub(crate) fn run(argv: &Argv, mut output: File, limit: Duration) -> Ran {
    let child = match start(argv, &output) {
        Ok(child) => child,
        Err(fault) => return Ran::not(argv, fault),
    };
    let fault = wait(child, limit);
    Ran { fault, output: end_of(&mut output), is_started: true, ..Ran::not(argv, String::new()) }
}

fn start(argv: &Argv, output: &File) -> Result<Child, String> {
    let program = Program::open(&argv.program).map_err(|error| error.to_string())?;
    let mut command = program.command();
    let to = || output.try_clone().map_or_else(|_| Stdio::null(), Stdio::from);
    command.args(&argv.arguments).env_clear().envs(ENVIRONMENT).current_dir("/").process_group(0);
    let child = command.stdin(Stdio::null()).stdout(to()).stderr(to()).spawn();
    child.map_err(|error| format!("{}: {}", argv.program.display(), reason(&error)))
}

/// Waits for a program, and says what went wrong. It is not reaped before it is known whether it must be
/// signalled: until then no other process can have its number, nor that of its group.
fn wait(mut child: Child, limit: Duration) -> Option<String> {
    let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else {
        return Some("has no number".to_owned());
    };
    let process = match pidfd_open(group, PidfdFlags::empty()) {
        Ok(process) => process,
        Err(errno) => return Some(format!("cannot be waited for: {}", reason(&errno.into()))),
    };
    let mut signals = [Signal::TERM, Signal::KILL].into_iter();
    let mut is_over = has_ended(&process, limit);
    let in_time = is_over;
    while let Some(signal) = signals.next().filter(|_| !is_over) {
        // A group whose last process has just ended needs no signal.
        let _ = kill_process_group(group, signal);
        is_over = has_ended(&process, GRACE);
    }
    match child.try_wait() {
        Ok(Some(status)) if in_time => fault(status),
        Err(error) if in_time => Some(format!("cannot be waited for: {}", reason(&error))),
        _ => Some(format!("did not end within {} s and was killed", limit.as_secs())),
    }
}

/// Returns whether a process ends within this time.
fn has_ended(process: &OwnedFd, limit: Duration) -> bool {
    let until = Instant::now() + limit;
    loop {
        let Ok(timeout) = Timespec::try_from(until.saturating_duration_since(Instant::now())) else {
            return false;
        };
        match poll(&mut [PollFd::new(process, PollFlags::IN)], Some(&timeout)) {
            Ok(0) => return false,
            Ok(_) => return true,
            Err(Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}

fn fault(status: ExitStatus) -> Option<String> {
    match (status.code(), status.signal()) {
        (Some(0), _) => None,
        (Some(code), _) => Some(format!("ended with {code}")),
        (None, Some(signal)) => Some(format!("was ended by signal {signal}")),
        (None, None) => Some("ended without a status".to_owned()),
    }
}

/// The end of what a program has printed, as one line.
fn end_of(output: &mut File) -> String {
    let length = output.metadata().map_or(0, |metadata| metadata.len());
    let mut octets = Vec::new();
    let read = output
        .seek(SeekFrom::Start(length.saturating_sub(KEPT)))
        .and_then(|_| output.take(KEPT).read_to_end(&mut octets));
    read.map_or_else(|_| String::new(), |_| clean(&String::from_utf8_lossy(&octets)))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::*;

    fn ran(program: &str, arguments: &[&str], limit: u64) -> Ran {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        run(
            &Argv { program: program.into(), arguments },
            tempfile::tempfile().unwrap(),
            Duration::from_millis(limit),
        )
    }

    #[test]
    fn says_how_a_program_ended_and_what_it_printed() {
        let fine =
            ran("/bin/sh", &["-c", "echo one; echo two >&2; echo \"$0|$HOME|$PATH\"", "a $(b) ; c"], 5_000);
        assert_eq!(fine.fault, None);
        assert!(fine.output.starts_with("one two a $(b) ; c//"), "{}", fine.output);
        assert_eq!(ran("/bin/sh", &["-c", "exit 7"], 5_000).fault.as_deref(), Some("ended with 7"));
        assert_eq!(
            ran("/bin/sh", &["-c", "kill -9 $$"], 5_000).fault.as_deref(),
            Some("was ended by signal 9")
        );
        let long = ran("/bin/sh", &["-c", "head -c 100000 /dev/zero; echo end"], 5_000);
        assert_eq!((long.fault, long.output.ends_with("end"), long.output.len() <= 400), (None, true, true));
    }

    #[test]
    fn ends_what_takes_too_long_with_its_children() {
        let start = Instant::now();
        let seen = ran("/bin/sh", &["-c", "trap '' TERM; sleep 60 & sleep 60"], 100);
        assert_eq!(seen.fault.as_deref(), Some("did not end within 0 s and was killed"));
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_daemon_that_stays_holds_up_nobody() {
        let start = Instant::now();
        let seen = ran("/bin/sh", &["-c", "setsid sleep 2 & echo started"], 5_000);
        assert_eq!((seen.fault, seen.output.as_str()), (None, "started"));
        assert!(start.elapsed() < Duration::from_secs(2));
    }

    #[test]
    fn what_is_no_trusted_program_is_not_run() {
        assert!(ran("/nonexistent", &[], 100).fault.unwrap().contains("no such file or directory"));
        assert!(ran("/etc", &[], 100).fault.unwrap().contains("not a regular file"));
    }

    /// A link that another user exchanges all the time, in a folder of his: root's program or his own.
    #[test]
    fn what_is_run_is_what_was_checked() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let top = tempfile::tempdir().unwrap();
        let path = |name: &str| top.path().join(name);
        fs::set_permissions(top.path(), fs::Permissions::from_mode(0o755)).unwrap();
        // The one prints -u, and the other the number of its user.
        fs::copy("/bin/echo", path("own")).unwrap();
        fs::create_dir(path("theirs")).unwrap();
        fs::copy("/usr/bin/id", path("theirs/program")).unwrap();
        chown(path("theirs/program"), Some(64_999), None).unwrap();
        chown(path("theirs"), Some(64_999), None).unwrap();
        let is_over = AtomicBool::new(false);
        let mut seen = [0; 3];
        thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    for target in ["own", "theirs/program"] {
                        symlink(path(target), path("next")).unwrap();
                        fs::rename(path("next"), path("link")).unwrap();
                    }
                }
            });
            let start = Instant::now();
            while seen[0] + seen[2] < 50 && start.elapsed() < Duration::from_secs(30) {
                let ran = ran(path("link").to_str().unwrap(), &["-u"], 5_000);
                let place = match (ran.output.as_str(), &ran.fault) {
                    ("-u", None) => 0,
                    ("", Some(_)) => 1,
                    _ => 2,
                };
                seen[place] += 1;
            }
            is_over.store(true, Ordering::Relaxed);
        });
        assert!(seen[0] > 0 && seen[1] > 0, "both were there: {seen:?}");
        assert_eq!(seen[2], 0, "nothing else was run: {seen:?}");
    }
}
