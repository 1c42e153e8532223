//! The command `check_clock_offset` as a user runs it, against servers that answer in every wrong way that
//! was seen in the field. What holds for all plugins is in the suite's conformance test; what needs real
//! daemons is in its system tests.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use suite::ntp::{answer, changed, timestamp};
use suite::process::{Outcome, in_time, run};
use suite::responder::Responder;
use suite::snmp::{Question, tlv};

#[path = "cli/agents.rs"]
mod agents;
#[path = "cli/judging.rs"]
mod judging;
#[path = "cli/lost.rs"]
mod lost;
#[path = "cli/names.rs"]
mod names;

const BINARY: &str = env!("CARGO_BIN_EXE_check_clock_offset");

fn check(arguments: &[&str]) -> Outcome {
    let outcome = run(Command::new(BINARY).args(arguments));
    assert_eq!(outcome.stderr, "", "{arguments:?}");
    outcome
}

/// The exit code and the line without its performance data.
fn text(outcome: &Outcome) -> (i32, &str) {
    (outcome.code.unwrap(), outcome.first_line().split(" | ").next().unwrap())
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn ntp(answers: impl FnMut(&[u8]) -> Vec<Vec<u8>> + Send + 'static) -> (Responder, String) {
    let server = Responder::start(answers).unwrap();
    let option = format!("--ntp={}", server.address());
    (server, option)
}

/// An agent of version 1 or 2c whose variable has this encoded value.
fn agent(value: impl Fn() -> Vec<u8> + Send + 'static) -> Responder {
    Responder::start(move |octets| vec![Question::read(octets).answer(&[value(), value()])]).unwrap()
}

fn ask(agent: &Responder, more: &[&str]) -> Outcome {
    let fixed = ["--hostname=127.0.0.1", "--port", &agent.port()].map(str::to_owned);
    let more = if more.iter().any(|option| option.starts_with("--timeout")) {
        more.to_vec()
    } else {
        [more, &["--timeout=3"]].concat()
    };
    let all: Vec<&str> = fixed.iter().map(String::as_str).chain(more).collect();
    check(&all)
}

fn integer(number: u64) -> Vec<u8> {
    tlv(2, &number.to_be_bytes()[3..])
}

#[test]
fn a_good_server_is_believed() {
    let (_server, option) = ntp(|question| vec![answer(question, 0.0)]);
    let (code, line) = (check(&[&option]).code, check(&[&option]).stdout);
    assert_eq!(code, Some(0), "{line}");
    assert!(line.starts_with("CLOCK_OFFSET OK - this host is right within 0.0"), "{line}");
    assert!(line.contains(" of NTP server 127.0.0.1:") && line.contains(" ntp_servers=1;;;0;1\n"), "{line}");
}

#[test]
fn the_sign_is_that_of_this_clock() {
    for (ahead, code, words) in [(7.0, 1, " s slow"), (-90.0, 2, " s fast")] {
        let (_server, option) = ntp(move |question| vec![answer(question, ahead)]);
        let outcome = check(&[&option]);
        assert_eq!(outcome.code, Some(code), "{}", outcome.stdout);
        // As far as a busy machine answers in time.
        let told = outcome.first_line().split_once("this host is ").unwrap().1;
        let (told, rest) = told.split_once(words).unwrap();
        assert!((told.parse::<f64>().unwrap() - ahead.abs()).abs() < 0.05, "{}", outcome.stdout);
        assert!(rest.starts_with(" by NTP server "), "{}", outcome.stdout);
        let offset: f64 =
            outcome.stdout.split("offset=").nth(1).unwrap().split('s').next().unwrap().parse().unwrap();
        assert!((offset + ahead).abs() < 0.05, "{offset} for {ahead}");
    }
}

/// Every wrong answer of the field notes' tables, and more: none is OK, and each is told by its name.
#[test]
fn no_wrong_answer_of_a_server_is_ok() {
    type Answers = fn(&[u8]) -> Vec<Vec<u8>>;
    let rows: [(Answers, &str); 19] = [
        (|question| vec![changed(answer(question, 0.0), 1, &[16])], "not synchronised (leap 0, stratum 16)"),
        (|question| vec![changed(answer(question, 0.0), 8, &[0, 30])], "up to 30.0 s from its own reference"),
        (|question| vec![changed(answer(question, 0.0), 0, &[0x23])], "an answer of mode 3, not of a server"),
        (|question| vec![changed(answer(question, 0.0), 0, &[0x25])], "an answer of mode 5, not of a server"),
        (|question| vec![question.to_vec()], "an answer of mode 3, not of a server"),
        (|_| vec![vec![0x24, 2]], "an answer of 2 octets, not 48"),
        (|question| vec![answer(question, 0.0)[..40].to_vec()], "an answer of 40 octets, not 48"),
        (|_| vec![vec![]], "an answer of 0 octets, not 48"),
        (
            |question| vec![changed(answer(question, 1800.0), 24, &[7; 8])],
            "an answer to another question (wrong origin timestamp)",
        ),
        (
            |question| vec![changed(answer(question, 0.0), 40, &[0; 8])],
            "an answer without a transmit timestamp",
        ),
        (
            |question| vec![changed(answer(question, 0.0), 32, &[0; 8])],
            "an answer without a receive timestamp",
        ),
        (|question| vec![changed(answer(question, 0.0), 0, &[0xe4])], "not synchronised (leap 3, stratum 2)"),
        (
            |question| {
                vec![changed(answer(question, 0.0), 0, &[0xe4, 0, 6, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])]
            },
            "not synchronised (leap 3, stratum 0)",
        ),
        (|question| vec![kiss(question, b"RATE")], "refuses: kiss of death RATE (asked too often)"),
        (|question| vec![kiss(question, b"INIT")], "not synchronised (leap 3, INIT: not since its start)"),
        (|question| vec![kiss(question, b"DENY")], "refuses: kiss of death DENY (access denied)"),
        (
            |question| vec![changed(answer(question, 0.0), 16, &timestamp(5.0))],
            "impossible timestamps: sent before the clock was set",
        ),
        (
            |question| vec![changed(answer(question, 0.0), 16, &timestamp(-90_000.0))],
            "last set its clock 25 h ago",
        ),
        (|_| vec![], "no answer"),
    ];
    for (answers, why) in rows {
        let (server, option) = ntp(answers);
        let outcome = in_time(Duration::from_millis(1_250), || check(&[&option, "--timeout=1"]));
        let line = format!("CLOCK_OFFSET UNKNOWN - NTP server {}: {why}", server.address());
        assert_eq!(text(&outcome), (3, line.as_str()));
    }
}

fn kiss(question: &[u8], code: &[u8; 4]) -> Vec<u8> {
    changed(changed(answer(question, 0.0), 0, &[0xe4, 0]), 12, code)
}

#[test]
fn a_forged_answer_does_not_hide_the_true_one() {
    let (_server, option) = ntp(|question| {
        let forged = changed(answer(question, 1800.0), 24, &[7; 8]);
        let unasked_kiss = changed(kiss(question, b"DENY"), 24, &[0; 8]);
        vec![forged, unasked_kiss, vec![1, 2], answer(question, 0.0)]
    });
    let outcome = check(&[&option]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
}

#[test]
fn a_good_answer_before_a_kiss_of_death_counts() {
    let mut asked = 0;
    let (_server, option) = ntp(move |question| {
        asked += 1;
        if asked == 1 { vec![answer(question, 0.0)] } else { vec![kiss(question, b"RATE")] }
    });
    assert_eq!(check(&[&option]).code, Some(0));
    let outcome = check(&[&option]);
    assert_eq!(outcome.code, Some(3));
    assert!(outcome.first_line().contains("kiss of death RATE"), "{}", outcome.stdout);
}

#[test]
fn a_delayed_answer_is_no_alarm() {
    // One way takes 400 ms: half of that looks like an offset, and is known to be uncertain.
    let (_server, option) = ntp(|question| {
        let reply = answer(question, 0.0);
        let end = Instant::now() + Duration::from_millis(400);
        while Instant::now() < end {
            std::thread::yield_now();
        }
        vec![reply]
    });
    let outcome = check(&[&option, "--warning=-0.1:0.1", "--critical=-1:1"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
}

#[test]
fn a_closed_port_is_known_at_once() {
    for arguments in [
        &["--ntp=127.0.0.1:9"][..],
        &["--hostname=127.0.0.1", "--port=9"],
        &["-H127.0.0.1:9"],
        &["-H", "[::1]:9"],
    ] {
        let all = [arguments, &["--timeout=8:critical"]].concat();
        let outcome = in_time(Duration::from_secs(1), || check(&all));
        assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
        assert!(outcome.first_line().contains("connection refused"), "{}", outcome.stdout);
    }
}

#[test]
fn a_host_may_have_its_port_beside_it() {
    let agent = agent(|| integer(now()));
    let host = format!("--hostname={}", agent.address());
    let outcome = check(&[&host, "--port=9", "--oid=1.3.6.1.4.1.8072.9999.1.1.0", "--cache-time=0"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    assert!(outcome.first_line().contains(&format!(" {} is right ", agent.address())), "{}", outcome.stdout);
}

#[test]
fn the_majority_decides_and_the_falseticker_is_named() {
    let good = [ntp(|question| vec![answer(question, 0.0)]), ntp(|question| vec![answer(question, 0.01)])];
    let (liar, lie) = ntp(|question| vec![answer(question, 1800.0)]);
    let outcome = check(&[&good[0].1, &lie, &good[1].1]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    let named = format!("of 2 of 3 NTP servers, falseticker {}", liar.address());
    assert!(outcome.first_line().contains(&named), "{}", outcome.stdout);
    let outcome = check(&[&good[0].1, &lie]);
    assert_eq!(text(&outcome), (3, "CLOCK_OFFSET UNKNOWN - no majority among 2 NTP servers, 30 min apart"));
}

#[test]
fn a_server_whose_name_has_no_address_is_not_all_of_them() {
    let (_server, good) = ntp(|question| vec![answer(question, 0.0)]);
    let outcome = check(&[&good, "--ntp=no-such-server.invalid"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    assert!(outcome.first_line().contains(" of 1 of 2 NTP servers, 1 gave no time |"), "{}", outcome.stdout);
    let why = "\nNTP server no-such-server.invalid: resolving no-such-server.invalid: no address found, see check_resolver\n";
    assert!(outcome.stdout.contains(why), "{}", outcome.stdout);
    let outcome = check(&["--ntp=no-such-server.invalid", "--timeout=8:critical"]);
    assert_eq!(outcome.code, Some(3), "{}", outcome.stdout);
}
