//! The command `check_resolver` as a user runs it, against a nameserver that fails in every way: each state
//! of one server.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::net::UdpSocket;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use suite::process::{Outcome, run};

#[path = "fake/mod.rs"]
mod fake;
#[path = "cli/usage.rs"]
mod usage;

use fake::Fake;

const BINARY: &str = env!("CARGO_BIN_EXE_check_resolver");

fn check(arguments: &[&str]) -> Outcome {
    let outcome = run(Command::new(BINARY).args(arguments));
    assert_eq!(outcome.stderr, "", "{arguments:?}");
    outcome
}

/// The line without the name of the plugin, its performance data and what is measured.
fn said(outcome: &Outcome) -> String {
    let (_, line) = outcome.summary();
    let line = line.strip_prefix("RESOLVER ").unwrap_or(line);
    line.split(", slowest in ").next().unwrap_or_default().to_owned()
}

/// Runs it again where a busy machine kept it from its own end, so that the watchdog ended it.
fn in_its_time(arguments: &[&str]) -> Outcome {
    let mut runs = (0..10).map(|_| check(arguments));
    runs.find(|outcome| !outcome.stdout.contains("no result within ")).unwrap()
}

/// Runs all rows side by side, each with its own names and the fake's address for `@`.
fn hold(server: &Fake, rows: &[(&str, &str)]) {
    let address = server.address().to_string();
    thread::scope(|scope| {
        let running: Vec<_> = rows
            .iter()
            .map(|(arguments, line)| {
                let server = format!("--server={address}");
                let own = scope.spawn(move || {
                    let arguments: Vec<&str> =
                        std::iter::once(server.as_str()).chain(arguments.split(' ')).collect();
                    in_its_time(&arguments)
                });
                (arguments, line, own)
            })
            .collect();
        for (arguments, line, own) in running {
            let outcome = own.join().unwrap();
            assert_eq!(said(&outcome), line.replace('@', &address), "{arguments}: {}", outcome.stdout);
            assert!(outcome.elapsed < Duration::from_secs(8), "{arguments} took {:?}", outcome.elapsed);
        }
    });
}

#[test]
fn each_state_of_one_server_has_its_cause() {
    let server = Fake::start("127.0.0.1:0", true);
    let fails = "CRITICAL - 1 of 1 nameserver fails: @";
    let good = "OK - 1 nameserver resolves 1 name".to_owned();
    let failing = |reason: &str| format!("{fails} {reason}");
    let rows = [
        ("--name=good.test", good.clone()),
        ("--name=v4only.test", good.clone()),
        ("--name=v6only.test", good.clone()),
        ("--name=v4only.test/AAAA", failing("no AAAA record (NODATA)")),
        ("--name=v6only.test/A", failing("no A record (NODATA)")),
        ("--name=upper.test", good.clone()),
        ("--name=private.test", good.clone()),
        ("--name=lost.test", good.clone()),
        ("--name=late.test", good.clone()),
        ("--name=wrongid-good.test", good.clone()),
        ("--name=otherport-good.test", good.clone()),
        ("--name=tc.test", good.clone()),
        ("--name=zero.test=0.0.0.0", good.clone()),
        ("--name=good.test=192.0.2.80,2001:db8::/32", good.clone()),
        ("--name=good.test=192.0.2.81,2001:db8::/32", failing("answers 192.0.2.80, which is not expected")),
        ("--name=nodata.test", failing("no address (NODATA)")),
        ("--name=nxdomain.test", failing("NXDOMAIN")),
        ("--name=servfail.test", failing("SERVFAIL")),
        ("--name=servfail22.test", failing("SERVFAIL (no reachable authority)")),
        ("--name=expired.test", failing("SERVFAIL by DNSSEC (signature expired) or the clock is off")),
        ("--name=bogus.test", failing("SERVFAIL by DNSSEC or the clock is off")),
        ("--name=refused.test", failing("REFUSED")),
        ("--name=refused-bare.test", failing("REFUSED")),
        ("--name=notimp.test", failing("NOTIMP")),
        ("--name=formerr.test", failing("FORMERR")),
        ("--name=badvers.test", failing("BADVERS")),
        ("--name=loop.test", failing("CNAME loop")),
        ("--name=zero.test", failing("answers 0.0.0.0")),
        ("--name=loopback.test", failing("answers 127.0.0.1")),
        ("--name=ra0.test/A", failing("does not recurse")),
        ("--name=formerr-edns.test", "WARNING - @: answers only without EDNS".to_owned()),
        ("--name=formerr-opt.test", "WARNING - @: answers only without EDNS".to_owned()),
        ("--name=servfail-edns.test", "WARNING - @: answers only without EDNS".to_owned()),
        ("--name=refused-edns.test", "WARNING - @: answers only without EDNS".to_owned()),
        ("--name=badvers-edns.test", "WARNING - @: answers only without EDNS".to_owned()),
        ("--closed --name=refused-edns.test", "CRITICAL - 1 of 1 server resolves for strangers: @".to_owned()),
        ("--name=notimp-aaaa.test", "WARNING - @: AAAA NOTIMP".to_owned()),
        ("--name=formerr-aaaa.test", "WARNING - @: AAAA FORMERR".to_owned()),
        // It answers the second question.
        ("--name=once.test", good.clone()),
        ("--name=once22.test/A", good.clone()),
        ("--bogus=once22.bogus.test", failing("does not validate DNSSEC")),
        // It fails each second question, and nothing of that is DNSSEC's.
        ("--name=at-times.test/A", failing("SERVFAIL")),
        ("--name=stale.test", "WARNING - @: stale answer, its upstream fails".to_owned()),
        ("--name=stale.test --name=good.test", "WARNING - @: stale answer, its upstream fails".to_owned()),
        ("--name=stale-once.test", good.clone()),
        ("--name=servfail-aaaa.test", "WARNING - @: AAAA SERVFAIL".to_owned()),
        ("--name=nxdomain-aaaa.test", "WARNING - @: AAAA NXDOMAIN".to_owned()),
        ("--name=good.test --name=GOOD.test. --name=good.test/A", good.clone()),
        ("--absent=nxdomain.test", failing("invents an answer for a name that does not exist")),
        ("--secure=secure.test", "OK - 1 nameserver answers 1 question as expected".to_owned()),
        (
            "--secure=secure.test --secure=secure.TEST.",
            "OK - 1 nameserver answers 1 question as expected".to_owned(),
        ),
        ("--secure=good.test", failing("answers, but not as validated (AD=0)")),
        ("--secure=expired.test", failing("SERVFAIL by DNSSEC (signature expired) or the clock is off")),
        ("--bogus=bogus.test", "OK - 1 nameserver answers 1 question as expected".to_owned()),
        ("--bogus=good.test", failing("does not validate DNSSEC")),
        (
            "--bogus=secure.test",
            "UNKNOWN - secure.test proves nothing: validated (AD=1), name one with a broken signature".to_owned(),
        ),
        (
            "--bogus=nodata.test",
            "UNKNOWN - nodata.test proves nothing: no address (NODATA), name one that has an address".to_owned(),
        ),
        (
            "--bogus=servfail.test",
            "UNKNOWN - servfail.test proves nothing: SERVFAIL, its zone or the nameserver fails, add a --name"
                .to_owned(),
        ),
        (
            "--bogus=servfail22.test --name=good.test",
            "UNKNOWN - servfail22.test proves nothing: SERVFAIL (no reachable authority), its zone does not answer"
                .to_owned(),
        ),
        ("--bogus=expired.test", "OK - 1 nameserver answers 1 question as expected".to_owned()),
        ("--closed --name=refused.test", "OK - 1 server refuses strangers".to_owned()),
        ("--closed --name=good.test", "CRITICAL - 1 of 1 server resolves for strangers: @".to_owned()),
    ];
    let rows: Vec<(&str, &str)> = rows.iter().map(|(arguments, line)| (*arguments, line.as_str())).collect();
    hold(&server, &rows);
}

/// These wait for all tries and for what is asked after them.
#[test]
fn each_kind_of_silence_has_its_cause() {
    let server = Fake::start("127.0.0.1:0", true);
    let fails = "CRITICAL - 1 of 1 nameserver fails: @";
    let open = "CRITICAL - 1 of 1 server resolves for strangers:";
    let no_refusal = "UNKNOWN - @ does not refuse:";
    let rows = [
        ("--name=silent.test", format!("{fails} no answer")),
        ("--closed --name=silent.test", "OK - 1 server refuses strangers".to_owned()),
        ("--name=silent-udp.test", format!("{fails} no answer by UDP, TCP answers")),
        ("--name=noedns.test", "WARNING - @: answers only without EDNS".to_owned()),
        ("--name=silent-aaaa.test", "WARNING - @: AAAA no answer".to_owned()),
        ("--name=wrongid.test", format!("{fails} answers carry a wrong id")),
        ("--name=otherquestion.test", format!("{fails} answers another question")),
        ("--name=echo.test", format!("{fails} the question itself came back")),
        ("--name=short.test", format!("{fails} malformed answer: shorter than its header")),
        ("--name=pointer.test", format!("{fails} malformed answer: a record of its answer cannot be read")),
        // Whatever a resolver's answer looks like, it is no refusal.
        ("--closed --name=silent-udp.test", format!("{open} @")),
        ("--closed --name=wrongid.test", format!("{open} @")),
        ("--closed --name=otherport.test", format!("{open} @")),
        ("--closed --name=tc-closed.test", format!("{open} @")),
        ("--closed --name=otherquestion.test", format!("{no_refusal} answers another question")),
        ("--closed --name=echo.test", format!("{no_refusal} the question itself came back")),
        ("--closed --name=short.test", format!("{no_refusal} malformed answer: shorter than its header")),
        ("--name=tc-closed.test", format!("{fails} truncated, and TCP closed")),
        ("--name=tc-silent.test", format!("{fails} truncated, and TCP no answer")),
    ];
    let rows: Vec<(&str, &str)> = rows.iter().map(|(arguments, line)| (*arguments, line.as_str())).collect();
    hold(&server, &rows);
    let other = check(&[&format!("--server={}", server.address()), "--name=otherport.test/A"]);
    let from = said(&other);
    let start =
        format!("CRITICAL - 1 of 1 nameserver fails: {} answers come from another port, ", server.address());
    assert!(from.starts_with(&start) && from[start.len()..].parse::<u16>().is_ok(), "{from}");
}

/// An answer counts as long as the run asks, however late it comes.
#[test]
fn a_late_answer_is_slow_and_no_silence() {
    let server = Fake::start("127.0.0.1:0", true);
    let address = server.address().to_string();
    let rows = [
        ("--name=slow.test/A", format!("WARNING - slow: {address} took 3.")),
        ("--name=slow-aaaa.test", format!("WARNING - slow: {address} took 3.")),
        // By TCP as by UDP.
        ("--name=tc-slow.test/A --warning-time=2.5", format!("WARNING - slow: {address} took 2.")),
        ("--name=tc-slow.test/A", "OK - 1 nameserver resolves 1 name".to_owned()),
        (
            "--name=udp-slow.test/A",
            format!("CRITICAL - 1 of 1 nameserver fails: {address} no answer by UDP, TCP answers"),
        ),
        ("--name=slow.test/A --warning-time=5", "OK - 1 nameserver resolves 1 name".to_owned()),
        (
            "--name=slow-servfail.test/A",
            format!("CRITICAL - 1 of 1 nameserver fails: {address} SERVFAIL, 1 more fault"),
        ),
        ("--closed --name=slow.test", format!("CRITICAL - 1 of 1 server resolves for strangers: {address}")),
        (
            "--closed --tries=1 --name=slow.test/A",
            format!("CRITICAL - 1 of 1 server resolves for strangers: {address}"),
        ),
        (
            "--closed --name=slow-servfail.test/A",
            format!("CRITICAL - 1 of 1 server resolves for strangers: {address} (tried: SERVFAIL)"),
        ),
    ];
    thread::scope(|scope| {
        let run = |arguments: &str, line: &str| {
            let server = format!("--server={address}");
            let all: Vec<&str> = std::iter::once(server.as_str()).chain(arguments.split(' ')).collect();
            // TCP answers 0.1 s before its time is over: a busy machine may hold a run up by as much.
            let tries = if arguments.contains("udp-slow") { 10 } else { 1 };
            let mut lines = (0..tries).map(|_| said(&check(&all)));
            lines.find(|said| said.starts_with(line)).unwrap_or_else(|| said(&check(&all)))
        };
        let running = rows.map(|(arguments, line)| {
            let expected = line.clone();
            (arguments, line, scope.spawn(move || run(arguments, &expected)))
        });
        for (arguments, line, own) in running {
            let said = own.join().unwrap();
            assert!(said.starts_with(&line), "{arguments}: {said}, not {line}");
        }
    });
}

/// An open resolver that takes longer than the whole run is not closed.
#[test]
fn silence_cut_short_is_no_refusal() {
    let server = Fake::start("127.0.0.1:0", true);
    let line = "- @ undecided: no answer yet when the time ended, see --timeout and --tries";
    let rows = [
        ("--closed --name=late.test -t 1", format!("UNKNOWN {line}")),
        ("--closed --name=silent.test -t 1:critical", format!("CRITICAL {line}")),
        ("--closed --name=silent.test -t 4", format!("UNKNOWN {line}")),
        ("--closed --name=silent.test --try-timeout=5", format!("UNKNOWN {line}")),
        ("--closed --name=refused.test -t 1", "OK - 1 server refuses strangers".to_owned()),
    ];
    let rows: Vec<(&str, &str)> = rows.iter().map(|(arguments, line)| (*arguments, line.as_str())).collect();
    hold(&server, &rows);
}

/// With less than 2 s for an answer, silence is none.
#[test]
fn a_short_run_calls_no_server_silent() {
    let server = Fake::start("127.0.0.1:0", true);
    let line = "- @ undecided: no answer yet when the time ended, see --timeout";
    let rows = [
        ("--name=later.test/A -t 2", format!("UNKNOWN {line}")),
        ("--name=later.test -t 2:critical", format!("CRITICAL {line}")),
        ("--name=silent-aaaa.test -t 2:warning", format!("WARNING {line}")),
        ("--name=tc-silent.test/A -t 2", format!("UNKNOWN {line}")),
        ("--name=later.test/A", "OK - 1 nameserver resolves 1 name".to_owned()),
        ("--name=silent.test -t 4", "CRITICAL - 1 of 1 nameserver fails: @ no answer".to_owned()),
    ];
    let rows: Vec<(&str, &str)> = rows.iter().map(|(arguments, line)| (*arguments, line.as_str())).collect();
    hold(&server, &rows);
}

#[test]
fn a_server_without_tcp_and_one_that_is_not_there() {
    let server = Fake::start("127.0.0.1:0", false);
    hold(
        &server,
        &[("--name=tc-refused.test", "CRITICAL - 1 of 1 nameserver fails: @ truncated, and TCP refused")],
    );
    let address = server.address().to_string();
    drop(server);
    let outcome = check(&[&format!("--server={address}"), "--name=good.test"]);
    let line = format!("CRITICAL - 1 of 1 nameserver fails: {address} refused: nothing listens there");
    assert_eq!((said(&outcome), outcome.code), (line, Some(2)));
}

#[test]
fn several_servers_and_names_are_asked_side_by_side() {
    let servers: Vec<Fake> = (0..20).map(|_| Fake::start("127.0.0.1:0", true)).collect();
    let options: Vec<String> =
        servers.iter().map(|server| format!("--server={}", server.address())).collect();
    let mut arguments: Vec<&str> = options.iter().map(String::as_str).collect();
    let all_good = check(&[&arguments[..], &["--name=good.test", "--name=v4only.test"]].concat());
    assert_eq!(said(&all_good), "OK - 20 nameservers resolve 2 names");
    let doubled = check(&[arguments[0], arguments[1], arguments[0], "--name=good.test"]);
    assert_eq!(said(&doubled), "OK - 2 nameservers resolve 1 name");
    arguments.push("--name=silent.test");
    let silent = check(&arguments);
    assert!(said(&silent).starts_with("CRITICAL - 20 of 20 nameservers fail: "), "{}", silent.stdout);
    assert!(silent.elapsed < Duration::from_secs(7), "{:?}", silent.elapsed);
    assert_eq!(
        silent.stdout.lines().filter(|line| line.ends_with(" no answer")).count(),
        20,
        "{}",
        silent.stdout
    );
}

#[test]
fn a_lost_question_is_counted_and_a_late_answer_too() {
    let server = Fake::start("127.0.0.1:0", true);
    let option = format!("--server={}", server.address());
    let lost = check(&[&option, "--name=lost.test/A", "--tries=3", "--try-timeout=0.3"]);
    assert!(lost.first_line().contains(" second_try=1;;;0"), "{}", lost.stdout);
    // Its time counts from the first question on.
    let lost = check(&[&option, "--name=lost.test/A", "--try-timeout=0.3", "--critical-time=0.2"]);
    let start = format!("RESOLVER CRITICAL - slow: {} took ", server.address());
    assert!(lost.first_line().starts_with(&start), "{}", lost.stdout);
    let twice = check(&[&option, "--name=lost-twice.test/A"]);
    let (line, address) = (twice.first_line(), server.address());
    assert!(line.starts_with(&format!("RESOLVER WARNING - slow: {address} took 3.")), "{line}");
    assert!(line.contains(": 1 of 1 question answered only when asked again | "), "{line}");
    assert!(line.contains(" slowest=3.") && line.contains(" second_try=1;;;0"), "{line}");
    let once = check(&[&option, "--name=once.again.test/A"]);
    assert!(once.first_line().contains(" second_try=1;;;0"), "{}", once.stdout);
    let late = check(&[&option, "--name=late.test/A", "--warning-time=1.2"]);
    assert!(
        late.first_line().contains("WARNING - slow: ") && late.first_line().contains(" second_try=0"),
        "{}",
        late.stdout
    );
}

/// The silent server gets its second question a second after the first: by then the other one is judged.
#[test]
fn a_run_that_is_stopped_says_what_it_knows() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    silent.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let refuses = Fake::start("127.0.0.1:0", true);
    let mut command = Command::new(BINARY);
    let servers =
        [refuses.address(), silent.local_addr().unwrap()].map(|address| format!("--server={address}"));
    let child = command.args(servers).args(["--name=refused.test/A", "--timeout=60"]);
    let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    for _ in 0..2 {
        silent.recv(&mut [0; 512]).unwrap();
    }
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(2), Vec::new()));
    let output = String::from_utf8(output.stdout).unwrap();
    let (before, after) = output.lines().next().unwrap().split_once(" s, ").unwrap();
    assert!(before.starts_with("RESOLVER CRITICAL - stopped by SIGTERM after "), "{output}");
    assert_eq!(after, format!("partial: 1 of 2 asked, {} REFUSED", refuses.address()));
}
