//! The command `notify_stomp` as Nagios runs it, against brokers that do on purpose what real ones do by
//! accident. What holds for all programs is in the suite's conformance test; what needs real brokers is in
//! its system tests.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use suite::process::{Outcome, run};
use suite::stomp::{Broker, Manner, Sent, make_spool};
use suite::wait::holds_within;
use tempfile::TempDir;

#[path = "cli/brokers.rs"]
mod brokers;
#[path = "cli/kept.rs"]
mod kept;
#[path = "cli/left_out.rs"]
mod left_out;
#[path = "cli/loss.rs"]
mod loss;
#[path = "cli/proof.rs"]
mod proof;
#[path = "cli/refused.rs"]
mod refused;
#[path = "cli/rest.rs"]
mod rest;
#[path = "cli/snapshot.rs"]
mod snapshot;
#[path = "cli/spool.rs"]
mod spool;
#[path = "cli/transactions.rs"]
mod transactions;

const BINARY: &str = env!("CARGO_BIN_EXE_notify_stomp");
const EVENT: [&str; 4] = ["--host=web1", "--service=HTTP", "--state=CRITICAL", "--state-type=HARD"];

/// A spool of its own.
struct Spool(TempDir);

impl Spool {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        make_spool(folder.path());
        Self(folder)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("spool")
    }

    fn waiting(&self) -> Vec<String> {
        names(&self.path().join("new"))
    }

    /// The command with this spool and broker.
    fn command(&self, broker: impl std::fmt::Display) -> Command {
        self.command_to(broker, "/topic/nagios")
    }

    fn command_to(&self, broker: impl std::fmt::Display, destination: &str) -> Command {
        let mut command = Command::new(BINARY);
        command.arg(format!("--spool={}", self.path().display())).arg(format!("--broker={broker}"));
        command.arg(format!("--destination={destination}"));
        command
    }

    fn event(&self, broker: &Broker, arguments: &[&str]) -> Outcome {
        ended(self.command(broker.address()).args(EVENT).args(arguments))
    }

    fn flush(&self, broker: &Broker) -> Outcome {
        ended(self.command(broker.address()).arg("--flush"))
    }
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn ended(command: &mut Command) -> Outcome {
    let outcome = run(command);
    assert_eq!(outcome.stderr, "", "{command:?}");
    outcome
}

/// The exit code and the line without its performance data.
fn text(outcome: &Outcome) -> (i32, &str) {
    (outcome.code.unwrap(), outcome.first_line().split(" | ").next().unwrap())
}

fn sequences(sent: &[Sent]) -> Vec<u64> {
    sent.iter().map(|event| event.value("sequence").parse().unwrap()).collect()
}

#[test]
fn an_event_is_sent_confirmed_and_gone() {
    let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
    let outcome = spool
        .event(&broker, &["--attempt=3", "--max-attempts=3", "--perfdata='a b'=5%;80;90", "--time-t=17"]);
    assert_eq!(text(&outcome), (0, format!("STOMP OK - event 1 confirmed by {}", broker.address()).as_str()));
    assert_eq!(
        outcome.first_line().split(" | ").nth(1),
        Some("sent=1;;;0 waiting=0;;;0 oldest=0s;;;0 dropped=0;;;0 broken=0;;;0 lost=0;;;0 refused=0;;;0")
    );
    // The broker may read the last frame after its sender has ended.
    holds_within(Duration::from_secs(10), || broker.frames().len() >= 3);
    let frames = broker.frames();
    let commands: Vec<&str> = frames.iter().map(|frame| frame.command.as_str()).collect();
    assert_eq!(commands, ["CONNECT", "SEND", "DISCONNECT"]);
    assert_eq!(frames[0].headers, ["accept-version:1.0,1.1,1.2", "heart-beat:0,0", "host:/"]);
    let length = format!("content-length:{}", frames[1].body.len());
    let monitor = format!("monitor:{}", rustix::system::uname().nodename().to_str().unwrap());
    let headers = [
        "destination:/topic/nagios",
        "content-type:application/json",
        "persistent:true",
        &monitor,
        "kind:service",
        "host:web1",
        "service:HTTP",
        "state:CRITICAL",
        "state_type:HARD",
        "receipt:1",
        &length,
    ];
    assert_eq!(frames[1].headers, headers);
    let rows = [
        ("hostname", "\"web1\""),
        ("kind", "\"service\""),
        ("attempt", "3"),
        ("time_t", "17"),
        ("state_time", "null"),
    ];
    for (key, value) in rows {
        assert_eq!(frames[1].value(key), value, "{key}");
    }
    let data = r#"[{"label":"a b","value":5,"unit":"%","warn":"80","crit":"90","min":null,"max":null}]"#;
    assert_eq!(frames[1].value("performance_data"), sorted(data));
    assert_eq!(spool.waiting(), [""; 0]);
}

/// JSON with its keys sorted, as the test's own reader shows it.
fn sorted(json: &str) -> String {
    serde_json::from_str::<serde_json::Value>(json).unwrap().to_string()
}

#[test]
fn the_oldest_and_the_newest_version_of_stomp_are_spoken() {
    for version in ["1.0", "1.1", "1.2"] {
        let (broker, spool) = (Broker::start(Manner::Speaks(version)).unwrap(), Spool::new());
        let command = spool.command_to(broker.address(), "/queue/a:b").args(EVENT).output().unwrap();
        assert_eq!(command.status.code(), Some(0), "{version}");
        let expected = if version == "1.0" { "/queue/a:b" } else { "/queue/a\\cb" };
        assert_eq!(broker.sent()[0].header("destination"), Some(expected), "{version}");
    }
    let (broker, spool) = (Broker::start(Manner::Speaks("3.0")).unwrap(), Spool::new());
    let line = format!("STOMP WARNING - 1 event waits: {}: it wants to speak STOMP 3.0", broker.address());
    assert_eq!(text(&spool.event(&broker, &[])), (1, line.as_str()));
}

#[test]
fn what_cannot_be_sent_waits_and_goes_in_order_with_the_next() {
    let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
    let address = broker.address();
    drop(broker);
    for number in 1..=3 {
        let outcome = ended(spool.command(address).args(EVENT));
        let events = if number == 1 { "1 event waits".to_owned() } else { format!("{number} events wait") };
        assert_eq!(
            text(&outcome),
            (1, format!("STOMP WARNING - {events}: {address}: connection refused").as_str())
        );
    }
    assert_eq!(spool.waiting().len(), 3);
    for name in spool.waiting() {
        let mode = fs::metadata(spool.path().join("new").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(fs::metadata(spool.path()).unwrap().permissions().mode() & 0o777, 0o700);
    let broker = Broker::start_at(address, Manner::Confirms).unwrap();
    let outcome = spool.event(&broker, &[]);
    assert_eq!(
        text(&outcome),
        (0, format!("STOMP OK - event 4 and 3 before it confirmed by {address}").as_str())
    );
    assert_eq!(sequences(&broker.sent()), [1, 2, 3, 4]);
    assert_eq!(text(&spool.flush(&broker)), (0, "STOMP OK - nothing waits"));
}

#[test]
fn what_was_sent_and_not_confirmed_is_sent_again_with_the_same_id() {
    let (broker, spool) = (Broker::start(Manner::Breaks(1)).unwrap(), Spool::new());
    let address = broker.address();
    assert_eq!(spool.event(&broker, &[]).code, Some(0));
    assert_eq!(spool.event(&broker, &["--retry=0"]).code, Some(0));
    drop(broker);
    let broken = Broker::start_at(address, Manner::Breaks(0)).unwrap();
    let outcome = spool.event(&broken, &[]);
    let line = format!(
        "STOMP WARNING - 1 event waits: {address}: it closed the connection while waiting for a receipt"
    );
    assert_eq!(text(&outcome), (1, line.as_str()));
    let first = broken.sent().remove(0);
    drop(broken);
    let broker = Broker::start_at(address, Manner::Confirms).unwrap();
    assert_eq!(
        text(&spool.flush(&broker)),
        (0, format!("STOMP OK - 1 event confirmed by {address}").as_str())
    );
    assert_eq!(broker.sent()[0].body, first.body);
    assert_eq!(first.value("sequence"), "3");
}

#[test]
fn a_broker_that_refuses_or_talks_nonsense_keeps_nothing_from_the_spool() {
    let connected = "CONNECTED\nversion:1.2\n\n\0";
    let rows: [(Manner, &str); 11] = [
        (
            Manner::Says(b"CONNECTED\nversion:1.2\n\n\0MESSAGE\n\n\0".to_vec()),
            ": MESSAGE in place of a RECEIPT",
        ),
        (
            Manner::Says(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
            ": the answer is not STOMP: HTTP/1.1 400 Bad Request\\r\\n\\r\\n",
        ),
        (Manner::Says(vec![0xff; 100]), ": the answer is not STOMP"),
        (
            Manner::Says(b"CONNECTED\nversion\n\n\0".to_vec()),
            ": the answer has a header that is none: version",
        ),
        (
            Manner::Says(b"CONNECTED\ncontent-length:99999999999\n\n\0".to_vec()),
            ": the answer has more than 16777216 octets",
        ),
        (
            Manner::Says(b"CONNECTED\ncontent-length:-1\n\n\0".to_vec()),
            ": the content-length of the answer is wrong",
        ),
        (
            Manner::Says([b"CONNECTED\n".to_vec(), vec![b'a'; 70_000]].concat()),
            ": the headers of the answer have more than 65536 octets",
        ),
        (Manner::Says(b"ERROR\nmessage:go away\n\n\0".to_vec()), " refuses the login: go away"),
        (Manner::Says(b"RECEIPT\nreceipt-id:1\n\n\0".to_vec()), ": RECEIPT in place of CONNECTED"),
        (
            Manner::Says(format!("{connected}RECEIPT\nreceipt-id:7\n\n\0").into()),
            ": confirms what is not on its way: receipt-id 7",
        ),
        (Manner::Says(format!("{connected}MESSAGE\n\n\0").into()), ": MESSAGE in place of a RECEIPT"),
    ];
    for (manner, why) in rows {
        let (broker, spool) = (Broker::start(manner.clone()).unwrap(), Spool::new());
        let outcome = spool.event(&broker, &[]);
        // What a broker says is more than that it says nonsense: it will refuse again.
        let (state, code) =
            if why.starts_with(" refuses the login") { ("CRITICAL", 2) } else { ("WARNING", 1) };
        let line = format!("STOMP {state} - 1 event waits: {}{why}", broker.address());
        assert!(
            outcome.code == Some(code) && outcome.first_line().starts_with(&line),
            "{manner:?}: {}",
            outcome.stdout
        );
        assert_eq!(spool.waiting().len(), 1);
    }
}

/// A busy machine may hold any run up: of many, one must be as quick as is promised.
#[test]
fn a_silent_broker_holds_nobody_up_for_longer_than_the_timeout_and_then_not_at_all() {
    for manner in [Manner::Silent, Manner::Forgets] {
        let broker = Broker::start(manner.clone()).unwrap();
        let address = broker.address();
        let doing = if manner == Manner::Silent { "logging in" } else { "waiting for a receipt" };
        let is_first_quick = |spool: &Spool| {
            let outcome = spool.event(&broker, &["--timeout=1"]);
            let line = format!("STOMP WARNING - 1 event waits: {address}: no answer while {doing}");
            assert_eq!(text(&outcome), (1, line.as_str()));
            outcome.elapsed < Duration::from_millis(1250)
        };
        let spool = (0..20).map(|_| Spool::new()).find(is_first_quick).unwrap();
        let is_next_quick = |waiting: usize| {
            let outcome = spool.event(&broker, &["--timeout=1"]);
            let line = format!("STOMP WARNING - {waiting} events wait: {address} was silent ");
            let (code, text) = text(&outcome);
            let is_told = text.starts_with(&line) && text.contains(" s ago, asked again in ");
            assert!(code == 1 && is_told, "{text}");
            outcome.elapsed < Duration::from_millis(300)
        };
        assert!((2..22).any(is_next_quick), "{manner:?}");
    }
}

/// The state of a missed deadline is that of the option, where it is worse than that events wait.
#[test]
fn the_timeout_says_what_a_silent_broker_is() {
    // Two seconds: on a busy machine the spool alone may take one.
    for (option, state) in [("2:critical", 2), ("2:warning", 1), ("2:unknown", 1), ("2", 1)] {
        let (broker, spool) = (Broker::start(Manner::Silent).unwrap(), Spool::new());
        let outcome = spool.event(&broker, &[&format!("--timeout={option}")]);
        assert_eq!(outcome.code, Some(state), "{option}: {}", outcome.stdout);
        assert!(outcome.stdout.contains("1 event waits: "), "{option}: {}", outcome.stdout);
    }
}

#[test]
fn hostile_text_arrives_as_text() {
    let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
    // Every character but NUL, which no argument can hold; broken UTF-8; what would be a header or a frame of
    // its own.
    let octets: Vec<u8> = (1..=255).collect();
    let rows: [(&[u8], &str); 5] = [
        (&octets, ""),
        (b"\nreceipt:9\n\nx\r\nSEND\n", "\nreceipt:9\n\nx\r\nSEND\n"),
        (b"\"},{\"state\":\"OK\"", "\"},{\"state\":\"OK\""),
        ("\u{202e}\u{1f600}\u{fffd}".as_bytes(), "\u{202e}\u{1f600}\u{fffd}"),
        (b"a\xc3", "a\u{fffd}"),
    ];
    for (given, expected) in rows {
        let mut output = b"--output=".to_vec();
        output.extend(given);
        let service = [b"--service=", given].concat();
        let arguments = [OsStr::from_bytes(&output), OsStr::from_bytes(&service)];
        let outcome = ended(spool.command(broker.address()).args(["--host=h", "--state=UP"]).args(arguments));
        assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
        let sent = broker.sent().pop().unwrap();
        let expected = if expected.is_empty() {
            String::from_utf8_lossy(given).into_owned()
        } else {
            expected.to_owned()
        };
        let (first, rest) = expected.split_once('\n').unwrap_or((&expected, ""));
        assert_eq!(sent.value("output"), serde_json::Value::from(first).to_string());
        assert_eq!(sent.value("long_output"), serde_json::Value::from(rest).to_string());
        assert_eq!(sent.value("service"), serde_json::Value::from(expected).to_string());
        assert!(sent.body.iter().all(|octet| *octet >= b' '), "one line, and no control character");
    }
}

#[test]
fn a_megabyte_of_output_is_cut_and_says_so() {
    let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
    // The kernel lets one argument hold 128 KiB, and all of them 2 MiB.
    let long = "\u{1}".repeat(130_000);
    let names = ["output", "long-output", "perfdata", "address", "monitor", "host", "service"];
    let mut command = spool.command(broker.address());
    command.arg("--state=OK").args(names.map(|name| format!("--{name}={long}")));
    assert_eq!(ended(&mut command).code, Some(0));
    let sent = broker.sent().remove(0);
    assert_eq!(sent.value("output").len(), 65_536 * 6 + 2);
    let cut = r#"["hostname","address","service","output","long_output","perfdata","monitor"]"#;
    assert_eq!(sent.value("truncated"), cut);
}

#[test]
fn two_at_once_send_each_event_once_and_in_order() {
    let (broker, spool) = (Broker::start(Manner::Confirms).unwrap(), Spool::new());
    let children: Vec<_> = (0..24)
        .map(|_| {
            spool.command(broker.address()).args(EVENT).stdout(std::process::Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(sequences(&broker.sent()), (1..=24).collect::<Vec<u64>>());
    assert_eq!(spool.waiting(), [""; 0]);
}
