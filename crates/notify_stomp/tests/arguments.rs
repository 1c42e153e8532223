//! Arguments that notify_stomp refuses: each is named in one line.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

use suite::process::run;
use suite::stomp::make_spool;

const BINARY: &str = env!("CARGO_BIN_EXE_notify_stomp");

#[test]
fn a_wrong_argument_is_named() {
    let rows: [(&[&str], &str); 10] = [
        (
            &["--flush", "--spool-size=-1"],
            "--spool-size=-1: not a whole number from 1 to 1048576, see --help",
        ),
        (
            &[],
            "no event: name its host by --host and its state by --state, or take both --from-env, or send what waits by --flush, see --help",
        ),
        (
            &["--flush", "--destination=/topic/x"],
            "no broker: name it by --broker, as in --broker=127.0.0.1, see --help",
        ),
        (
            &["--flush", "--destination=/topic/x", "--broker=ex;ample:1"],
            "--broker=ex,ample:1: a host name has only ASCII letters, digits, dots, hyphens and underscores, see --help",
        ),
        (&["--cat=/topic/x"], "no broker: name it by --broker, as in --broker=127.0.0.1, see --help"),
        (&["--cat=/topic/x", "--in-order"], "--in-order needs --count, see --help"),
        (&["--in-order"], "--in-order needs --cat and --count, see --help"),
        (
            &["--flush", "--destination=/topic/x", "--broker=amqp://b"],
            "--broker=amqp://b: write it without amqp://, see --help",
        ),
        (
            &["--passcode=x"],
            "--passcode on the command line is no secret: give it by --extra-opts, see --help",
        ),
        (&["/etc/hosts"], "/etc/hosts belongs to no option, see --help"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let spool = make_spool(folder.path());
    for (arguments, message) in rows {
        let outcome = run(Command::new(BINARY).args(arguments).arg(format!("--spool={}", spool.display())));
        assert_eq!(outcome.stderr, "", "{arguments:?}");
        assert_eq!(outcome.summary(), (3, format!("STOMP UNKNOWN - {message}").as_str()), "{arguments:?}");
    }
}

/// Else they would do nothing there.
#[test]
fn options_of_one_kind_of_run_are_refused_in_another() {
    let flushes = ["--flush", "--acknowledge", "--retry-refused"];
    let of_others =
        ["--count=1", "--in-order", "--status-file=/x", "--from-env", "--time-t=1", "--monitor-start=1"];
    let pairs = flushes.iter().flat_map(|run| of_others.map(|option| (*run, option)));
    let more =
        [("--snapshot", "--count=1"), ("--snapshot", "--in-order"), ("--cat=/topic/x", "--status-file=/x")];
    let events = ["--from-env", "--time-t=1", "--monitor-start=1"];
    let more = more.into_iter().chain(
        ["--snapshot", "--cat=/topic/x"].into_iter().flat_map(|run| events.map(|option| (run, option))),
    );
    for (run_for, option) in pairs.chain(more) {
        let outcome = run(Command::new(BINARY).args([run_for, option]));
        let name = |text: &'static str| text.split('=').next().unwrap();
        let names = format!("{} and {}", name(run_for), name(option));
        let line = format!("STOMP UNKNOWN - {names} cannot be used together, see --help");
        assert_eq!(outcome.summary(), (3, line.as_str()), "{run_for} {option}");
    }
}

/// A graph has no gap where the options are wrong, or the run can do nothing.
#[test]
fn a_run_that_could_do_nothing_has_its_performance_data() {
    let rest = "dropped=U;;;0 broken=U;;;0 lost=U;;;0 refused=U;;;0";
    let event = format!("sent=U;;;0 waiting=U;;;0 oldest=U;;;0 {rest}");
    let flush = |limits: &str| format!("sent=U;;;0 waiting=U;;;0 oldest=U;{limits};0 {rest}");
    let snapshot = "objects=U;;;0 confirmed=U;;;0".to_owned();
    let rows: [(&[&str], &str); 7] = [
        (&[], &event),
        (&["--no-such-option"], &event),
        (&["--flush", "--no-such-option"], &flush("60;600")),
        (&["--acknowledge", "--spool-size=-1"], &flush("60;600")),
        (&["--flush", "--warning=5", "--spool=/proc/no/such"], &flush("5;600")),
        (&["--snapshot", "--count=1"], &snapshot),
        (&["--snapshot", "--destination=/topic/x"], &snapshot),
    ];
    for (arguments, data) in rows {
        let outcome = run(Command::new(BINARY).args(arguments));
        let (code, line) = outcome.verdict();
        assert_eq!((code, line.split(" | ").nth(1)), (3, Some(data)), "{arguments:?}: {line}");
    }
}
