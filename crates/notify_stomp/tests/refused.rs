//! Options of the broker, the TLS and the login that are wrong: each is named, and the event is in the spool.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;

use suite::process::{Outcome, run};
use suite::stomp::{Broker, Manner, make_spool};

const BINARY: &str = env!("CARGO_BIN_EXE_notify_stomp");
const EVENT: [&str; 2] = ["--host=web1", "--state=DOWN"];

fn ended(command: &mut Command) -> Outcome {
    let outcome = run(command);
    assert_eq!(outcome.stderr, "", "{command:?}");
    outcome
}

/// How many events wait.
fn waiting(spool: &Path) -> usize {
    fs::read_dir(spool.join("new")).unwrap().count()
}

/// Whatever is wrong with reaching the broker never loses the event.
#[test]
fn a_wrong_option_of_the_broker_is_unknown_and_the_event_waits() {
    let folder = tempfile::tempdir().unwrap();
    let spool = make_spool(folder.path());
    let named = "--broker=127.0.0.1:1";
    let rows: [(&[&str], &str); 20] = [
        (&[], "no broker: name it by --broker, as in --broker=127.0.0.1, see --help"),
        (
            &["--broker=ex;ample:1"],
            "--broker=ex,ample:1: a host name has only ASCII letters, digits, dots, hyphens and underscores, see --help",
        ),
        (
            &["--broker=a:1:2"],
            "--broker=a:1:2: neither HOST:PORT nor an IPv6 address, which with a port is written [2001:db8::1]:61613, see --help",
        ),
        (
            &["--broker=127.0.0.1:+1"],
            "--broker=127.0.0.1:+1: the port after the colon is a number from 1 to 65535, as in 127.0.0.1:61613, see --help",
        ),
        (
            &["--broker=b:0"],
            "--broker=b:0: the port after the colon is a number from 1 to 65535, as in b:61613, see --help",
        ),
        (&["--broker="], "--broker=: the host is missing, see --help"),
        (&["--broker=tcp:b"], "--broker=tcp:b: write it without tcp:, see --help"),
        (
            &["--broker=[b]:1"],
            "--broker=[b]:1: brackets enclose a whole IPv6 address, as in [2001:db8::1]:61613, see --help",
        ),
        // One that is right does not hide one that is wrong.
        (
            &[named, "--broker=192.0.2.300"],
            "--broker=192.0.2.300: 192.0.2.300 has only digits and dots, but is no IPv4 address: that has four numbers from 0 to 255, see --help",
        ),
        (&[named, "--tls-ca=/nonexistent"], "--tls-ca has no effect without --tls: add --tls, see --help"),
        (&[named, "--tls", "--tls-ca=/nonexistent"], "reading /nonexistent: no such file or directory"),
        (&[named, "--tls", "--tls-ca=/dev/null"], "reading /dev/null: no certificate in it"),
        (
            &[named, "--tls", "--tls-cert=/dev/null"],
            "--tls-cert and --tls-key belong together: name both files, see --help",
        ),
        (&["--broker=failover:(ssl://b1)"], "--broker=ssl://b1: add --tls, see --help"),
        (&["--broker=ssl://b1:61614"], "--broker=ssl://b1:61614: add --tls, see --help"),
        (&["--broker=tcp://b1", "--tls"], "--broker=tcp://b1: with --tls its scheme is ssl, see --help"),
        (
            &[named, "--destination="],
            "no destination: name it by --destination, as in --destination=/topic/nagios, see --help",
        ),
        (
            &[named, "--destination=/topic/{stat}"],
            "--destination: {stat} is no placeholder, there are monitor, kind, host, service, state and state_type, see --help",
        ),
        (&[named, "--login=a\nb"], "--login has a line end, which STOMP cannot send, see --help"),
        (&[named, "--vhost=a\rb"], "--vhost has a line end, which STOMP cannot send, see --help"),
    ];
    for (count, (options, words)) in (1..).zip(rows) {
        let mut command = Command::new(BINARY);
        command.arg(format!("--spool={}", spool.display())).args(EVENT).args(options);
        if !options.iter().any(|option| option.starts_with("--destination")) {
            command.arg("--destination=/topic/nagios");
        }
        let outcome = ended(&mut command);
        let line = format!("STOMP UNKNOWN - {words}, event {count} waits in the spool");
        assert_eq!((outcome.summary(), waiting(&spool)), ((3, line.as_str()), count), "{options:?}");
    }
    // Once it is right, all of them arrive.
    let broker = Broker::start(Manner::Confirms).unwrap();
    let mut flush = Command::new(BINARY);
    flush.args(["--flush", "--destination=/topic/nagios"]);
    flush.arg(format!("--spool={}", spool.display())).arg(format!("--broker={}", broker.address()));
    assert_eq!(ended(&mut flush).code, Some(0));
    let sequences: Vec<String> = broker.sent().iter().map(|event| event.value("sequence")).collect();
    assert_eq!(sequences, (1..=rows.len()).map(|sequence| sequence.to_string()).collect::<Vec<_>>());
    // Without a spool it is lost, and that is said.
    let mut command = Command::new(BINARY);
    let outcome = ended(
        command
            .args(["--spool=/nonexistent/spool", "--destination=/topic/nagios", "--broker=b:0"])
            .args(EVENT),
    );
    let line = "STOMP CRITICAL - event lost: making /nonexistent/spool: no such file or directory, and --broker=b:0: the port after the \
                colon is a number from 1 to 65535, as in b:61613, see --help";
    assert_eq!(outcome.summary(), (2, line));
}

/// The same where the command line itself is refused, on it or in the file of options.
#[test]
fn a_refused_command_line_leaves_the_event_in_the_spool() {
    let folder = tempfile::tempdir().unwrap();
    let spool = make_spool(folder.path());
    let file = folder.path().join("options.ini");
    let named = format!("spool={}\ndestination=/topic/nagios\nbroker=127.0.0.1:1\n", spool.display());
    let rows: [(&str, &[&str], &str); 6] = [
        ("", &["--passcode=x"], "--passcode"),
        ("", &["--tls=yes"], "--tls"),
        ("", &["--not-an-option"], "--not-an-option"),
        ("", &["--login"], "--login"),
        ("tls=yes\n", &[], "--tls"),
        ("brokr=b\n", &[], "brokr"),
    ];
    for (count, (line, options, named_in)) in (1..).zip(rows) {
        fs::write(&file, format!("[notify_stomp]\n{named}{line}")).unwrap();
        let mut command = Command::new(BINARY);
        let outcome =
            ended(command.arg(format!("--extra-opts=@{}", file.display())).args(EVENT).args(options));
        let end = format!(", event {count} waits in the spool");
        let (code, text) = outcome.summary();
        assert!(code == 3 && text.contains(named_in) && text.ends_with(&end), "{options:?}: {text}");
        assert_eq!(waiting(&spool), count);
    }
    // What is no event is refused as before.
    for options in [&["--flush", "--tls=yes"][..], &["--tls=yes"], &["--cat=/topic/x", "--tls=yes"]] {
        let outcome = ended(Command::new(BINARY).arg(format!("--spool={}", spool.display())).args(options));
        assert!(outcome.code == Some(3) && !outcome.stdout.contains("event"), "{}", outcome.stdout);
    }
    assert_eq!(waiting(&spool), rows.len());
}

/// A spool with a line end in its name is refused; the event is in it, or said to be lost.
#[test]
fn an_event_for_a_spool_with_a_line_end_is_not_lost_without_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let there = folder.path().join("a\nb");
    fs::create_dir(&there).unwrap();
    let spool = make_spool(&there);
    let missing = folder.path().join("missing\n/spool");
    let rows = [(&spool, 3, ", event 1 waits in the spool"), (&missing, 2, "")];
    for (path, code, end) in rows {
        let option = format!("--spool={}", path.display());
        let outcome = ended(Command::new(BINARY).arg(&option).arg("--destination=/topic/nagios").args(EVENT));
        let shown = option.replace('\n', " ");
        let refused = format!("{shown}: a path has no line end here, see --help{end}");
        let (seen, line) = outcome.summary();
        assert!(seen == code && line.ends_with(&refused), "{line}");
        assert_eq!(seen == 2, line.starts_with("STOMP CRITICAL - event lost: "), "{line}");
    }
    assert_eq!(waiting(&spool), 1);
}
