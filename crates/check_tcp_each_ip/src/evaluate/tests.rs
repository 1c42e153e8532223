//! What `evaluate` promises, row by row.

use std::time::Duration;

use clap::Parser as _;

mod undecided;

use super::*;
use net::IcmpError;

use crate::Args;
use crate::cause::Echo;

const ICMP: Cause = Cause::Icmp(IcmpError { v6: false, kind: 3, code: 13, from: None });
const SILENT: Cause = Cause::NoAnswer(Echo::Silent);

/// `count` addresses from 192.0.2.0 on, each with the `ports`, and what became of those that failed.
fn seen(count: u8, ports: &[u16], failed: &[(u32, Cause)]) -> Observations {
    let target = |last| {
        ports.iter().map(move |&port| Target {
            address: IpAddr::from([192, 0, 2, last]),
            scope: 0,
            port,
            name: None,
        })
    };
    let targets: Vec<Target> = (0..count).flat_map(target).collect();
    let stood = targets.len() > failed.len();
    let slowest = stood.then_some((Duration::from_micros(43_210), 0));
    Observations {
        unresolved: Vec::new(),
        notes: Vec::new(),
        limited: None,
        targets,
        failed: failed.to_vec(),
        closed: Vec::new(),
        slowest,
        second_try: 0,
        one_try_counts: true,
        certificate_days: None,
        ping_refused: None,
        late: State::Unknown,
    }
}

fn judge(options: &[&str], seen: &Observations) -> String {
    let args = Args::parse_from(["check_tcp_each_ip"].iter().chain(options));
    evaluate(&Allowed::new(&args.limits, &args.connecting), seen).render("TCP_EACH_IP", 0)
}

#[test]
fn says_which_fail_and_why() {
    let one = seen(1, &[80], &[]);
    assert_eq!(
        judge(&[], &one),
        "TCP_EACH_IP OK - 1 address answers on port 80 in 0.043 s | failed=0;;0;0;1 untested=0;;;0;1 second_try=0;;;0;1 \
         slowest=0.04321s;;;0\n"
    );
    let rows = [
        (seen(254, &[80], &[]), "OK - 254 addresses answer on port 80, slowest 192.0.2.0 in 0.043 s"),
        (seen(9, &[25, 80], &[]), "OK - 18 targets answer, slowest 192.0.2.0 port 25 in 0.043 s"),
        (
            seen(254, &[80], &[(12, SILENT), (13, SILENT), (40, Cause::Refused)]),
            "CRITICAL - 3 of 254 fail, port 80: 192.0.2.12-13 silent (no ping), 192.0.2.40 refused",
        ),
        (seen(1, &[80], &[(0, Cause::Refused)]), "CRITICAL - 1 of 1 fails, port 80: 192.0.2.0 refused"),
        (
            seen(9, &[25, 80], &[(2, Cause::Refused), (4, Cause::Refused), (5, SILENT)]),
            "CRITICAL - 3 of 18 targets fail: 192.0.2.1-2 port 25 refused, 192.0.2.2 port 80 silent (no ping)",
        ),
        (
            seen(
                9,
                &[25],
                &[
                    (1, Cause::Refused),
                    (2, SILENT),
                    (3, ICMP),
                    (4, Cause::NoBanner),
                    (5, Cause::ClosedSilently),
                ],
            ),
            "CRITICAL - 5 of 9 fail, port 25: 192.0.2.1 refused, 192.0.2.2 silent (no ping), 3 other",
        ),
        (
            seen(
                250,
                &[25],
                &(0..200)
                    .map(|place| (place, if place % 2 == 0 { SILENT } else { ICMP }))
                    .collect::<Vec<_>>(),
            ),
            "CRITICAL - 200 of 250 fail, port 25: 100 prohibited, 100 silent (no ping)",
        ),
        (
            seen(250, &[25], &(0..250).step_by(2).map(|place| (place, SILENT)).collect::<Vec<_>>()),
            "CRITICAL - 125 of 250 fail, port 25: 192.0.2.0 and 124 more addresses silent (no ping)",
        ),
    ];
    for (seen, line) in rows {
        let output = judge(&[], &seen);
        assert_eq!(output.split(" | ").next().unwrap(), format!("TCP_EACH_IP {line}"));
    }
}

#[test]
fn the_details_say_what_to_do() {
    let icmp =
        Cause::Icmp(IcmpError { v6: false, kind: 3, code: 13, from: Some("198.51.100.1".parse().unwrap()) });
    let failed = [(1, icmp), (2, SILENT), (3, Cause::NoAnswer(Echo::Answers)), (4, Cause::NoNeighbour)];
    let output = judge(&[], &seen(9, &[80], &failed));
    let details: Vec<&str> = output.lines().skip(1).collect();
    let expected = [
        "192.0.2.1: prohibited (ICMP type 3 code 13 from 198.51.100.1)",
        "192.0.2.2: silent (no ping): the address or its host",
        "192.0.2.3: silent (answers ping): the service or a firewall",
        "192.0.2.4: no neighbour: nothing on the link has this address",
        "note: 2 silent targets are next to some with ICMP errors, which routers limit: perhaps the same cause",
    ];
    assert_eq!(details, expected);
}

#[test]
fn what_is_our_own_fault_is_unknown() {
    let all = |local| (0..9).map(|place| (place, Cause::Local(local))).collect::<Vec<_>>();
    assert_eq!(
        judge(&[], &seen(9, &[80], &all(Local::NoRoute))),
        "TCP_EACH_IP UNKNOWN - 9 of 9 untested, port 80: 192.0.2.0-8 no route from here | failed=0;;0;0;9 \
         untested=9;;;0;9 second_try=0;;;0;9 slowest=U;;;0\n192.0.2.0-8: no route from here: this machine has no route to it: see ip route get\n"
    );
    let both = [(1, Cause::Refused), (2, Cause::Local(Local::NoTime))];
    let output = judge(&[], &seen(9, &[80], &both));
    assert!(
        output
            .starts_with("TCP_EACH_IP CRITICAL - 1 of 9 fails, port 80: 192.0.2.1 refused, 1 more fault | "),
        "{output}"
    );
    let untested = "UNKNOWN: 1 of 9 untested, port 80: 192.0.2.2 not reached in time";
    assert_eq!(output.lines().nth(2), Some(untested));
    let allowed = judge(&["-c", "5"], &seen(9, &[80], &both));
    assert!(
        allowed
            .starts_with("TCP_EACH_IP UNKNOWN - 1 of 9 untested, port 80: 192.0.2.2 not reached in time | "),
        "{allowed}"
    );
    assert!(
        allowed.contains("\nOK: 1 of 9 fails (allowed up to 5), port 80: 192.0.2.1 refused\n"),
        "{allowed}"
    );
    let late = Observations { late: State::Critical, ..seen(9, &[80], &[(2, Cause::Local(Local::NoTime))]) };
    assert!(
        judge(&[], &late)
            .starts_with("TCP_EACH_IP CRITICAL - 1 of 9 untested, port 80: 192.0.2.2 not reached")
    );
    let own = Observations { late: State::Critical, ..seen(9, &[80], &[(2, Cause::Local(Local::NoRoute))]) };
    assert!(judge(&[], &own).starts_with("TCP_EACH_IP UNKNOWN - "));
}

#[test]
fn counts_and_shares_decide() {
    let two = seen(10, &[80], &[(1, Cause::Refused), (2, Cause::Refused)]);
    let rows: [(&[&str], &str, &str); 9] = [
        (&["-w", "1"], "WARNING - 2 of 10 fail, port 80", "failed=2;1;;0;10 untested"),
        (&["-w", "1", "-c", "2"], "WARNING - 2 of 10 fail, port 80", "failed=2;1;2;0;10 untested"),
        (&["-w", "0", "-c", "1"], "CRITICAL - 2 of 10 fail, port 80", "failed=2;0;1;0;10 untested"),
        (&["-c", "2"], "OK - 2 of 10 fail (allowed up to 2), port 80", "failed=2;;2;0;10 untested"),
        (
            &["-w", "1:3", "-c", "5"],
            "OK - 2 of 10 fail (allowed 1 to 3), port 80",
            "failed=2;1:3;5;0;10 untested",
        ),
        (
            &["-w", "2", "-c", "50%"],
            "OK - 2 of 10 fail (allowed up to 2 and up to 50%), port 80",
            "failed=2;2;;0;10 failed_share=20%;;50;0;100 untested",
        ),
        (
            &["-c", "20%"],
            "OK - 2 of 10 fail (allowed up to 20%), port 80",
            "failed=2;;;0;10 failed_share=20%;;20;0;100 untested",
        ),
        (
            &["-c", "19.9%"],
            "CRITICAL - 2 of 10 fail, port 80",
            "failed=2;;;0;10 failed_share=20%;;19.9;0;100 untested",
        ),
        (
            &["-w", "1", "-c", "50%"],
            "WARNING - 2 of 10 fail, port 80",
            "failed=2;1;;0;10 failed_share=20%;;50;0;100 untested",
        ),
    ];
    for (options, line, data) in rows {
        let output = judge(options, &two);
        assert!(
            output.starts_with(&format!("TCP_EACH_IP {line}: 192.0.2.1-2 refused | ")),
            "{options:?}: {output}"
        );
        assert!(output.contains(&format!(" | {data}=")), "{options:?}: {output}");
    }
}

#[test]
fn a_slow_connection_may_alert() {
    let fine = seen(10, &[80], &[]);
    assert!(
        judge(&["--warning-time", "0.05", "--critical-time", "1"], &fine).starts_with("TCP_EACH_IP OK - ")
    );
    let slow = judge(&["--warning-time=0.04321", "--critical-time=0.043209"], &fine);
    assert_eq!(
        slow,
        "TCP_EACH_IP CRITICAL - slow: 192.0.2.0 port 80 took 0.043210 s, limit 0.043209 | failed=0;;0;0;10 \
         untested=0;;;0;10 second_try=0;;;0;10 slowest=0.04321s;0.04321;0.043209;0\n"
    );
    let warning = judge(&["--warning-time=0.02", "--critical-time=1"], &fine);
    assert!(
        warning.starts_with("TCP_EACH_IP WARNING - slow: 192.0.2.0 port 80 took 0.043 s, limit 0.02 | "),
        "{warning}"
    );
    let none = seen(1, &[80], &[(0, SILENT)]);
    let output = judge(&["--warning-time", "1", "-c", "1"], &none);
    let line = "TCP_EACH_IP OK - 1 of 1 fails (allowed up to 1), port 80: 192.0.2.0 silent (no ping) | ";
    assert!(output.starts_with(line) && output.contains(" slowest=U;1;;0\n"), "{output}");
}

#[test]
fn text_from_a_service_stays_text() {
    let output = judge(&[], &seen(2, &[80], &[(1, Cause::unexpected("220", "a|b=1 \u{1b}[2J"))]));
    assert_eq!(output.lines().nth(1), Some("192.0.2.1: unexpected answer without 220: a/b=1  [2J"));
    assert_eq!(output.lines().count(), 2, "{output}");
}

#[test]
fn what_must_be_closed_and_what_answers_otherwise_have_their_words() {
    let other = || Cause::unexpected("220", "550 go away");
    let closed = |count, by: &[Cause]| {
        let closed = (0..).zip(by.iter().cloned()).collect();
        Observations { slowest: None, closed, ..seen(count, &[3306], &[]) }
    };
    let rows: [(&[&str], Observations, &str); 12] = [
        (&["--closed"], closed(1, &[Cause::Refused]), "OK - 1 address is closed on port 3306 | failed=0;"),
        (
            &["--closed"],
            closed(9, &[const { Cause::Refused }; 9]),
            "OK - 9 addresses are closed on port 3306 | failed=0;",
        ),
        (
            &["--closed"],
            closed(3, &[Cause::Refused, SILENT, ICMP]),
            "OK - 3 addresses are closed on port 3306: 2 refused, 1 silent | failed=0;",
        ),
        (
            &["--closed"],
            closed(2, &[SILENT, Cause::NoAnswer(Echo::Answers)]),
            "OK - 2 addresses are closed on port 3306: 0 refused, 2 silent | failed=0;",
        ),
        // A dead network.
        (
            &["--closed"],
            closed(9, &[const { SILENT }; 9]),
            "UNKNOWN - 9 of 9 unproven, port 3306: 192.0.2.0-8 silent (no ping) | failed=0;",
        ),
        (
            &["--closed"],
            closed(2, &[Cause::NoNeighbour, Cause::NoAnswer(Echo::NotAsked)]),
            "UNKNOWN - 2 of 2 unproven, port 3306: 192.0.2.0 no neighbour, 192.0.2.1 silent | failed=0;",
        ),
        (
            &["--closed"],
            seen(9, &[3306], &[(2, Cause::Open), (3, Cause::Open)]),
            "CRITICAL - 2 of 9 fail, port 3306: 192.0.2.2-3 open | failed=2;",
        ),
        (
            &["--closed"],
            Observations { slowest: None, ..seen(1, &[3306], &[(0, Cause::Local(Local::Unconfirmed))]) },
            "UNKNOWN - 1 of 1 untested, port 3306: 192.0.2.0 failed once, no time for the second try | failed=0;",
        ),
        (
            &["--expect=220"],
            seen(9, &[25], &[(2, other())]),
            "CRITICAL - 1 of 9 fails, port 25: 192.0.2.2 unexpected answer without 220 | failed=1;",
        ),
        (
            &["--expect=220", "--mismatch=warning"],
            seen(9, &[25], &[(2, other())]),
            "WARNING - 1 of 9 answers otherwise, port 25: 192.0.2.2 unexpected answer without 220 | failed=0;",
        ),
        (
            &["--expect=220", "--mismatch=warning"],
            seen(9, &[25], &[(2, other()), (3, SILENT)]),
            "CRITICAL - 1 of 9 fails, port 25: 192.0.2.3 silent (no ping), 1 more fault | failed=1;",
        ),
        (
            &["--expect=220", "--mismatch=ok"],
            seen(9, &[25], &[(2, other())]),
            "OK - 9 addresses answer on port 25, slowest 192.0.2.0 in 0.043 s, 1 unexpected answer allowed | failed=0;",
        ),
    ];
    for (options, seen, line) in rows {
        let output = judge(options, &seen);
        assert!(output.starts_with(&format!("TCP_EACH_IP {line}")), "{options:?} {output}");
    }
    let unproven = judge(&["--closed"], &closed(9, &[const { SILENT }; 9]));
    let advice = "\nsilence is that of a dead network too: check a port that refuses beside these, or let ping through\n";
    assert!(unproven.contains(" silent=9;;;0;9") && unproven.ends_with(advice), "{unproven}");
    let fine = judge(&["--expect=220", "--mismatch=ok"], &seen(9, &[25], &[(2, other())]));
    let detail = "mismatched=1;;;0;9\n192.0.2.2: unexpected answer without 220: 550 go away\n";
    assert!(fine.ends_with(detail), "{fine}");
}
