//! Running a configured program: fixed arguments, no shell, a clean environment, bounded in time.

mod output;

use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use plugin::{reason, wait_until};
use rustix::event::{PollFd, PollFlags};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use serde::Serialize;

use crate::config::Argv;
use crate::program::{PATH, Program};
use output::Output;

/// What a program finds in its environment.
const ENVIRONMENT: [(&str, &str); 2] = [("PATH", PATH), ("LC_ALL", "C")];
/// What reads on where a daemon keeps the output open.
const READER: &str = "/bin/cat";
/// The least time that a program is given: one that would be killed at once is not started.
const LEAST: Duration = Duration::from_secs(1);
/// Why such a program was not run.
const NO_TIME: &str = "not started: no time left, the next run starts it";
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
    /// Whether the next run must start it, because there was no time for it.
    #[serde(skip)]
    pub(crate) is_owed: bool,
}

impl Ran {
    /// A program that was not run, and why.
    pub(crate) fn not(argv: &Argv, why: String) -> Self {
        Self { argv: words(argv), fault: Some(why), output: String::new(), is_started: false, is_owed: false }
    }
}

/// Returns a program and its arguments.
pub(crate) fn words(argv: &Argv) -> Vec<String> {
    let program = argv.program.to_string_lossy().into_owned();
    [program].into_iter().chain(argv.arguments.iter().cloned()).collect()
}

/// Returns the name of a program without its directory.
pub(crate) fn name(argv: &[String]) -> &str {
    let path = argv.first().map_or("", String::as_str);
    path.rsplit('/').next().unwrap_or(path)
}

/// Returns the name and the arguments of a program, as an administrator types them.
pub(crate) fn shown(argv: &[String]) -> String {
    let arguments = argv.iter().skip(1).map(String::as_str);
    [name(argv)].into_iter().chain(arguments).collect::<Vec<_>>().join(" ")
}

/// Runs a program until `limit` is over: then it is ended, with all that it started in its process group.
/// With less than a second left it is not started.
///
/// What it prints goes through a pipe, which is read all the time: its end is kept, and nothing of it uses
/// the disk. A daemon that it starts and that keeps the pipe open does not delay the run. It must neither be
/// ended by the next word that it prints (SIGPIPE) nor wait for a reader for ever, so a process is left that
/// reads and drops it.
pub(crate) fn run(argv: &Argv, limit: Duration) -> Ran {
    if limit < LEAST {
        return Ran { is_owed: true, ..Ran::not(argv, NO_TIME.to_owned()) };
    }
    let (child, mut output) = match start(argv) {
        Ok(started) => started,
        Err(fault) => return Ran::not(argv, fault),
    };
    let fault = wait(child, &mut output, limit);
    let printed = output.end();
    if output.is_open() {
        leave_reader(output);
    }
    Ran { fault, output: printed, is_started: true, ..Ran::not(argv, String::new()) }
}

fn start(argv: &Argv) -> Result<(Child, Output), String> {
    let program = Program::open(&argv.program).map_err(|error| error.to_string())?;
    let failed = |error| format!("{}: {}", argv.program.display(), reason(&error));
    let (output, to) = Output::open().map_err(failed)?;
    let also = to.try_clone().map_err(failed)?;
    let mut command = program.command();
    fresh(command.args(&argv.arguments)).current_dir("/");
    let child = command.stdin(Stdio::null()).stdout(to).stderr(also).spawn();
    Ok((child.map_err(failed)?, output))
}

/// Gives a command the environment and the process group that all programs get.
fn fresh(command: &mut Command) -> &mut Command {
    command.env_clear().envs(ENVIRONMENT).process_group(0)
}

/// Leaves a process that reads what a daemon still prints, and ends with it.
fn leave_reader(output: Output) {
    if let Ok(program) = Program::open(Path::new(READER)) {
        let mut command = program.command();
        // Without it, the daemon finds the pipe closed.
        let _ = fresh(&mut command)
            .current_dir("/")
            .stdin(output.into_reader())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
    }
}

/// Waits for a program, and says what went wrong. It is not reaped before it is known whether it must be
/// signalled: until then no other process can have its number, nor that of its group.
fn wait(mut child: Child, output: &mut Output, limit: Duration) -> Option<String> {
    let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else {
        return Some("has no number".to_owned());
    };
    let process = match pidfd_open(group, PidfdFlags::empty()) {
        Ok(process) => process,
        Err(errno) => return Some(format!("cannot be waited for: {}", reason(&errno.into()))),
    };
    let mut signals = [Signal::TERM, Signal::KILL].into_iter();
    let mut is_over = has_ended(&process, output, limit);
    let in_time = is_over;
    while let Some(signal) = signals.next().filter(|_| !is_over) {
        // A group whose last process has just ended needs no signal.
        let _ = kill_process_group(group, signal);
        is_over = has_ended(&process, output, GRACE);
    }
    match child.try_wait() {
        Ok(Some(status)) if in_time => fault(status),
        Err(error) if in_time => Some(format!("cannot be waited for: {}", reason(&error))),
        _ => Some(format!("did not end within {} s and was killed", limit.as_secs())),
    }
}

/// Returns whether a process ends within this time, and reads meanwhile what it prints.
fn has_ended(process: &OwnedFd, output: &mut Output, limit: Duration) -> bool {
    let until = Instant::now() + limit;
    loop {
        let mut waiting = vec![PollFd::new(process, PollFlags::IN)];
        waiting.extend(output.waiting());
        let found = wait_until(&mut waiting, until);
        let is_over = waiting.first().is_some_and(|process| !process.revents().is_empty());
        drop(waiting);
        output.read();
        // The pipe of one that prints without end is always ready.
        if is_over || found != Ok(true) || Instant::now() >= until {
            return is_over;
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::*;

    fn ran(program: &str, arguments: &[&str], limit: u64) -> Ran {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        run(&Argv { program: program.into(), arguments }, Duration::from_millis(limit))
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
        let seen = ran("/bin/sh", &["-c", "trap '' TERM; sleep 60 & sleep 60"], 1_000);
        assert_eq!(seen.fault.as_deref(), Some("did not end within 1 s and was killed"));
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn what_would_be_killed_at_once_is_not_started() {
        let seen = ran("/bin/sh", &["-c", "true"], 999);
        assert_eq!(seen.fault.as_deref(), Some("not started: no time left, the next run starts it"));
        assert!(seen.is_owed && !seen.is_started);
    }

    #[test]
    fn what_prints_without_end_is_read_and_dropped() {
        let seen = ran("/bin/sh", &["-c", "yes; true"], 1_000);
        assert_eq!(seen.fault.as_deref(), Some("did not end within 1 s and was killed"));
        assert!(seen.output.ends_with(" y") && seen.output.len() <= 400, "{}", seen.output);
    }

    /// It is neither ended by what it prints after the run has gone on, nor does it wait for a reader.
    #[test]
    fn a_daemon_may_go_on_printing() {
        let top = tempfile::tempdir().unwrap();
        let done = top.path().join("done");
        let daemon = format!(
            "(sleep 0.3; head -c 1000000 /dev/zero; echo more >/dev/stderr; echo $? >{0}.new; mv {0}.new {0}) & echo started",
            done.display()
        );
        let seen = ran("/bin/sh", &["-c", &daemon], 5_000);
        assert_eq!((seen.fault, seen.output.as_str()), (None, "started"));
        let start = Instant::now();
        while !done.exists() && start.elapsed() < Duration::from_secs(20) {
            thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(fs::read_to_string(&done).unwrap(), "0\n");
    }

    #[test]
    fn no_descriptor_of_this_process_is_a_programs() {
        // One as NRPE leaves them, without close-on-exec.
        let inherited = fs::File::open("/dev/null").unwrap();
        rustix::io::fcntl_setfd(&inherited, rustix::io::FdFlags::empty()).unwrap();
        let _ = std::os::fd::IntoRawFd::into_raw_fd(inherited);
        crate::caller::close_for_programs();
        let seen = ran("/bin/sh", &["-c", "ls /proc/$$/fd"], 5_000);
        assert_eq!((seen.fault, seen.output.as_str()), (None, "0 1 2"));
    }

    #[test]
    fn a_daemon_that_stays_holds_up_nobody() {
        let start = Instant::now();
        let seen = ran("/bin/sh", &["-c", "setsid sleep 8 & echo started"], 15_000);
        assert_eq!((seen.fault, seen.output.as_str()), (None, "started"));
        assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    }

    #[test]
    fn what_is_no_trusted_program_is_not_run() {
        assert!(ran("/nonexistent", &[], 1_000).fault.unwrap().contains("no such file or directory"));
        assert!(ran("/etc", &[], 1_000).fault.unwrap().contains("not a regular file"));
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
