//! SIGTERM, SIGINT and SIGHUP during a run: the program always prints one line in time before it ends.

use std::fs;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use suite::wait::eventually;

use super::time::silent_fifo;
use super::{in_time, plugin};

/// Whether the process handles SIGTERM and has its watchdog: then the plugin's own code has begun.
fn is_watched(child: &Child) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let caught =
        status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigCgt:")?.trim(), 16).ok());
    let threads = fs::read_dir(format!("/proc/{}/task", child.id())).map_or(0, Iterator::count);
    caught.is_some_and(|mask| mask & (1 << 14) != 0) && threads > 1
}

/// Whether its first thread waits: then the act has done what it does before.
fn is_parked(child: &Child) -> bool {
    let status = fs::read_to_string(format!("/proc/{0}/task/{0}/stat", child.id())).unwrap_or_default();
    status.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with('S'))
}

/// The plugin with these arguments and no signal ignored: under nohup, and in the background of a shell, some
/// are, and it leaves these so.
fn heeding(arguments: &[&str]) -> Command {
    let mut command = Command::new("env");
    command.arg("--default-signal=TERM,INT,HUP").arg(plugin(&[]).get_program()).args(arguments);
    command.env_remove("MP_CONFIG_FILE");
    command
}

/// The exit code and the output of the plugin that gets the signal once it is watched, and how long it took
/// from then on.
fn stopped(signal: Signal, arguments: &[&str]) -> ((Option<i32>, String), Duration) {
    let mut child = heeding(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    eventually("the watchdog", Duration::from_secs(10), || {
        is_watched(&child) && (!arguments.contains(&"--act=partial") || is_parked(&child))
    });
    let start = Instant::now();
    kill_process(Pid::from_child(&child), signal).unwrap();
    let code = child.wait().unwrap().code();
    let (elapsed, mut output, mut error) = (start.elapsed(), String::new(), String::new());
    child.stdout.take().unwrap().read_to_string(&mut output).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
    assert_eq!(error, "", "{arguments:?}");
    ((code, output), elapsed)
}

/// The line without its number of seconds.
fn line(output: &str) -> String {
    let (before, rest) = output.trim_end().split_once(" after ").unwrap_or((output, ""));
    let (seconds, after) = rest.split_once(" s").unwrap_or((rest, ""));
    assert!(seconds.parse::<f64>().is_ok_and(|seconds| seconds < 10.0), "{output}");
    format!("{before} after TIME{after}")
}

#[test]
fn a_signal_is_answered_by_one_line_whatever_is_done() {
    let (_folder, fifo) = silent_fifo();
    for (signal, name) in [(Signal::TERM, "SIGTERM"), (Signal::INT, "SIGINT"), (Signal::HUP, "SIGHUP")] {
        for act in ["hang", "spin", "read", "read-file"] {
            let arguments = ["--timeout=30:critical", "--act", act, "--file", &fifo];
            let (code, output) = in_time(Duration::ZERO, || stopped(signal, &arguments));
            assert_eq!(code, Some(3), "{act}: {output}");
            assert_eq!(
                line(&output),
                format!("CONTRACT_PLUGIN UNKNOWN - stopped by {name} after TIME"),
                "{act}"
            );
        }
    }
    let (code, _) =
        in_time(Duration::ZERO, || stopped(Signal::TERM, &["--timeout=30", "--act=hang", "--exit-ok"]));
    assert_eq!(code, Some(0));
}

#[test]
fn a_hangup_that_the_caller_ignores_ends_no_run() {
    let plain = plugin(&["--timeout=30", "--act=hang"]);
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$@\"", "sh"]).arg(plain.get_program()).args(plain.get_args());
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    eventually("the watchdog", Duration::from_secs(10), || is_watched(&child));
    let mut output = String::new();
    kill_process(Pid::from_child(&child), Signal::HUP).unwrap();
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3));
    child.stdout.take().unwrap().read_to_string(&mut output).unwrap();
    assert_eq!(line(&output), "CONTRACT_PLUGIN UNKNOWN - stopped by SIGTERM after TIME");
}

#[test]
fn what_is_known_until_then_is_said_and_is_never_ok() {
    for (state, code, name, more) in [
        ("ok", 3, "UNKNOWN", ""),
        ("unknown", 3, "UNKNOWN", ", 192.0.2.3 refused"),
        ("warning", 1, "WARNING", ", 192.0.2.3 refused"),
        ("critical", 2, "CRITICAL", ", 192.0.2.3 refused"),
    ] {
        let arguments = ["--timeout=30", "--act=partial", "--state", state];
        let (seen, output) = in_time(Duration::ZERO, || stopped(Signal::TERM, &arguments));
        assert_eq!(seen, Some(code), "{output}");
        let first = line(output.lines().next().unwrap());
        assert_eq!(
            first,
            format!("CONTRACT_PLUGIN {name} - stopped by SIGTERM after TIME, partial: 3 of 5 asked{more}")
        );
        assert_eq!(
            output.lines().nth(1),
            Some(format!("{}: 192.0.2.3 refused", state.to_uppercase()).as_str())
        );
    }
}

#[test]
fn a_missed_deadline_says_what_is_known_too() {
    let outcome = super::outcome(&mut plugin(&["--timeout=0.2", "--act=partial", "--state=critical"]));
    let line = "CONTRACT_PLUGIN CRITICAL - no result within 0.2 s, partial: 3 of 5 asked, 192.0.2.3 refused";
    assert_eq!((outcome.code, outcome.first_line()), (Some(2), line));
}

#[test]
fn a_child_gets_the_signals_that_the_plugin_gets() {
    let outcome = super::outcome(&mut heeding(&["--act=child"]));
    assert_eq!(outcome.code, Some(0));
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    let mask = |name: &str| {
        lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap().to_owned()
    };
    for name in ["SigBlk", "SigIgn", "SigCgt"] {
        let mask = u64::from_str_radix(&mask(name), 16).unwrap();
        assert_eq!(mask & ((1 << 14) | (1 << 1) | 1), 0, "{name} has SIGTERM, SIGINT or SIGHUP: {lines:#?}");
    }
}
