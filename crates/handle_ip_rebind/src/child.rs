//! Running a configured program: fixed arguments, no shell, a clean environment, bounded in time.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use plugin::{clean, reason};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Serialize;
use state::{Trust, open_trusted};

use crate::config::Argv;

/// What a program finds in its environment.
const ENVIRONMENT: [(&str, &str); 2] =
    [("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"), ("LC_ALL", "C")];
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
}

impl Ran {
    /// A program that was not run, and why.
    pub(crate) fn not(argv: &Argv, why: String) -> Self {
        let words = [argv.program.to_string_lossy().into_owned()].into_iter().chain(argv.arguments.iter().cloned());
        Self { argv: words.collect(), fault: Some(why), output: String::new() }
    }
}

/// Runs a program until `limit` is over: then it is ended, with all that it started in its process group. What it prints goes to
/// `output`, a file and no pipe, so that a daemon which it starts and which keeps the pipe open holds up nobody.
pub(crate) fn run(argv: &Argv, mut output: File, limit: Duration) -> Ran {
    let fault = match start(argv, &output) {
        Ok(child) => wait(child, limit),
        Err(fault) => Some(fault),
    };
    Ran { fault, output: end_of(&mut output), ..Ran::not(argv, String::new()) }
}

fn start(argv: &Argv, output: &File) -> Result<Child, String> {
    open_trusted(&argv.program, &Trust::PROGRAM).map_err(|error| error.to_string())?;
    let to = || output.try_clone().map_or_else(|_| Stdio::null(), Stdio::from);
    let mut command = Command::new(&argv.program);
    command.args(&argv.arguments).env_clear().envs(ENVIRONMENT).current_dir("/").process_group(0);
    let child = command.stdin(Stdio::null()).stdout(to()).stderr(to()).spawn();
    child.map_err(|error| format!("{}: {}", argv.program.display(), reason(&error)))
}

/// Waits for a program, and says what went wrong.
fn wait(mut child: Child, limit: Duration) -> Option<String> {
    if let Some(status) = ended(&mut child, limit) {
        return fault(status);
    }
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    for signal in [Signal::TERM, Signal::KILL] {
        // Whoever has ended meanwhile needs no signal.
        let _ = group.map(|group| kill_process_group(group, signal));
        if ended(&mut child, GRACE).is_some() {
            break;
        }
    }
    Some(format!("did not end within {} s and was killed", limit.as_secs()))
}

fn ended(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let until = Instant::now() + limit;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            _ if Instant::now() >= until => return None,
            _ => thread::sleep(Duration::from_millis(5)),
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
    let read = output.seek(SeekFrom::Start(length.saturating_sub(KEPT))).and_then(|_| output.take(KEPT).read_to_end(&mut octets));
    read.map_or_else(|_| String::new(), |_| clean(&String::from_utf8_lossy(&octets)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(program: &str, arguments: &[&str], limit: u64) -> Ran {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        run(&Argv { program: program.into(), arguments }, tempfile::tempfile().unwrap(), Duration::from_millis(limit))
    }

    #[test]
    fn says_how_a_program_ended_and_what_it_printed() {
        let fine = ran("/bin/sh", &["-c", "echo one; echo two >&2; echo \"$0|$HOME|$PATH\"", "a $(b) ; c"], 5_000);
        assert_eq!(fine.fault, None);
        assert!(fine.output.starts_with("one two a $(b) ; c//"), "{}", fine.output);
        assert_eq!(ran("/bin/sh", &["-c", "exit 7"], 5_000).fault.as_deref(), Some("ended with 7"));
        assert_eq!(ran("/bin/sh", &["-c", "kill -9 $$"], 5_000).fault.as_deref(), Some("was ended by signal 9"));
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
}
