//! Rows of what was observed and the first line that it makes.

mod causes;
mod few;
mod itself;

use clap::Parser as _;

use super::*;
use crate::Args;
use crate::ntp::{Measured, NtpError, Sample};
use crate::readings::{Reading, Readings, Shown};
use crate::snmp::SnmpError;

fn args(more: &[&str]) -> Args {
    Args::parse_from([&["check_clock_offset", "--hostname=proxy7"], more].concat())
}

/// A host that is ahead by `offset`, as seen by one reading of 12 ms half a second before the next whole
/// one.
fn host(offset: f64, greatest_age: f64) -> HostClock {
    let shown = Shown { value: 1_795_319_407.0 + offset - 0.494, resolution: 1.0 };
    let reading = Reading { sent: 1_795_319_407.0, received: 1_795_319_407.012, shown };
    let (agent, readings) = ("192.0.2.7:161".parse().unwrap(), Readings::new(greatest_age, reading));
    HostClock { agent, readings, whose: Whose::Other, elsewhere: None }
}

fn server(name: &str, offset: f64) -> Sample {
    server_of(name, offset, 2)
}

fn server_of(name: &str, offset: f64, stratum: u8) -> Sample {
    let offset = Interval::around(offset, 0.008);
    let result = Ok(Measured { offset, round_trip: 0.01, stratum, never_set: false, is_free_running: false });
    Sample { name: name.to_owned(), is_own: false, is_replaced: false, result }
}

fn broken(name: &str, why: NtpError) -> Sample {
    Sample { name: name.to_owned(), is_own: false, is_replaced: false, result: Err(why) }
}

fn judge(more: &[&str], host: Option<HostClock>, ntp: Vec<Sample>) -> String {
    evaluated(more, host.map(Ok), ntp)
}

fn evaluated(more: &[&str], host: Option<Result<HostClock, HostError>>, ntp: Vec<Sample>) -> String {
    let hostname = host.is_some().then(|| "proxy7".to_owned());
    let is_ambiguous = false;
    let (is_waiting, silent) = (false, State::Critical);
    let observations = Observations { hostname, is_ambiguous, host, ntp, is_waiting, silent };
    evaluate(&args(more).judging.into(), &observations).render("CLOCK_OFFSET", 0)
}

#[test]
fn a_host_is_judged_by_this_machines_clock() {
    let rows: [(f64, f64, &[&str], &str); 9] = [
        (
            -7.21,
            0.0,
            &[],
            "WARNING - proxy7 is 7.2 s slow, allowed -5 to 5 s | offset=-7.21s;-5:5;-60:60 uncertainty=0.506s;;;0 rtt=0.012s;;;0\n",
        ),
        (
            0.0,
            0.0,
            &[],
            "OK - proxy7 is right within 0.51 s | offset=0s;-5:5;-60:60 uncertainty=0.506s;;;0 rtt=0.012s;;;0\n",
        ),
        (
            5.2,
            0.0,
            &[],
            "OK - undecided: proxy7 is 4.7 to 5.7 s fast, too coarse for -5 to 5 s | offset=5.2s;-5:5;-60:60 uncertainty=0.506s;;;0 rtt=0.012s;;;0\n",
        ),
        (
            -60.2,
            0.0,
            &[],
            "WARNING - proxy7 is 59.7 to 60.7 s slow, allowed -5 to 5 s | offset=-60.2s;-5:5;-60:60 uncertainty=0.506s;;;0 \
             rtt=0.012s;;;0\n",
        ),
        (
            3600.2,
            0.0,
            &[],
            "CRITICAL - proxy7 is 1 h fast, perhaps a time zone mistake | offset=3600.2s;-5:5;-60:60 \
             uncertainty=0.506s;;;0 rtt=0.012s;;;0\n",
        ),
        (
            -1_795_319_402.0,
            0.0,
            &[],
            "CRITICAL - proxy7 is 20779 d 4 h slow, it shows 1970-01-01 00:00:04 UTC | offset=-1795319402s;-5:5;-60:60 \
             uncertainty=0.506s;;;0 rtt=0.012s;;;0\n",
        ),
        (
            -20.0,
            31.0,
            &[],
            "OK - undecided: proxy7 is 20.51 s slow to 11.51 s fast, too coarse for -5 to 5 s | offset=-4.5s;-5:5;-60:60 uncertainty=16.006s;;;0 \
             rtt=0.012s;;;0\n192.0.2.7:161 may answer from a cache, up to 31 s old: 1 reading\n",
        ),
        (
            7.0,
            0.0,
            &["--warning=10"],
            "OK - proxy7 is 7.0 s fast | offset=7s;10;-60:60 uncertainty=0.506s;;;0 rtt=0.012s;;;0\n",
        ),
        (
            -7.0,
            0.0,
            &["--critical=-1:1"],
            "CRITICAL - proxy7 is 7.0 s slow, allowed -1 to 1 s | offset=-7s;-5:5;-1:1 uncertainty=0.506s;;;0 rtt=0.012s;;;0\n",
        ),
    ];
    for (offset, age, more, line) in rows {
        assert_eq!(judge(more, Some(host(offset, age)), vec![]), format!("CLOCK_OFFSET {line}"));
    }
}

#[test]
fn servers_tell_whose_clock_is_off() {
    let three = |offset: f64| {
        vec![server("192.0.2.1", offset), server("192.0.2.2", offset), server("192.0.2.3", offset)]
    };
    let slow = judge(&[], Some(host(-7.21, 0.0)), three(0.001));
    let data = "uncertainty=0.514s;;;0 rtt=0.012s;;;0 monitor_offset=-0.001s ntp_servers=3;;;0;3\n";
    assert_eq!(
        slow,
        format!(
            "CLOCK_OFFSET WARNING - proxy7 is 7.2 s slow, allowed -5 to 5 s, this monitor right within 0.01 s of 3 NTP servers | \
             offset=-7.211s;-5:5;-60:60 {data}"
        )
    );
    let monitor = judge(&[], Some(host(7.21, 0.0)), three(7.21));
    let line = "CLOCK_OFFSET OK - proxy7 is right within 0.52 s, this monitor 7.21 s slow by 3 NTP servers | offset=0s;";
    assert!(monitor.starts_with(line), "{monitor}");
    let mut liar = three(0.0);
    liar.push(server("192.0.2.9", 35.2));
    let seen = judge(&[], Some(host(0.0, 0.0)), liar);
    let line = "right within 0.008 s of 3 of 4 NTP servers, falseticker 192.0.2.9 | ";
    assert!(seen.contains(line), "{seen}");
    assert!(seen.ends_with("\nNTP server 192.0.2.9: falseticker, 35.20 s ahead of the majority\n"), "{seen}");
}

#[test]
fn ranges_that_do_not_hold_zero_alarm_only_for_certain() {
    let ranges = ["--warning=290:310", "--critical=200:400"];
    let rows = [
        (300.0, 0.0, "OK - proxy7 is 300.0 s fast"),
        (309.8, 0.0, "OK - undecided: proxy7 is 309.3 to 310.3 s fast, too coarse for 290 to 310 s"),
        (320.0, 0.0, "WARNING - proxy7 is 320.0 s fast, allowed 290 to 310 s"),
        (0.0, 0.0, "CRITICAL - proxy7 is 0.51 s slow to 0.51 s fast, allowed 200 to 400 s"),
        (300.0, 31.0, "OK - undecided: proxy7 is 299.5 to 331.5 s fast, too coarse for 290 to 310 s"),
    ];
    for (offset, age, line) in rows {
        let seen = judge(&ranges, Some(host(offset, age)), vec![]);
        assert!(seen.starts_with(&format!("CLOCK_OFFSET {line} | ")), "{seen}");
    }
}

#[test]
fn a_bare_number_is_asked_about() {
    let hint = "120 alerts on every slow clock: is -120:120 meant?";
    let rows = [
        (-3.0, format!("CRITICAL - proxy7 is 3.0 s slow, {hint}")),
        (0.0, format!("OK - proxy7 is right within 0.51 s, but {hint}")),
        (-130.0, "CRITICAL - proxy7 is 130.0 s slow, allowed 0 to 120 s".to_owned()),
        (130.0, "CRITICAL - proxy7 is 130.0 s fast, allowed 0 to 120 s".to_owned()),
    ];
    for (offset, line) in rows {
        let seen = judge(&["-w60", "-c120"], Some(host(offset, 0.0)), vec![]);
        assert!(seen.starts_with(&format!("CLOCK_OFFSET {line} | ")), "{seen}");
    }
    let absolute = judge(&["-w60", "-c120", "--absolute"], Some(host(-70.0, 0.0)), vec![]);
    let line = "CLOCK_OFFSET WARNING - proxy7 is 70.0 s slow, allowed 60 s either way | \
                offset=-70s offset_size=70s;60;120 uncertainty=0.506s;;;0 rtt=0.012s;;;0\n";
    assert_eq!(absolute, line);
}

#[test]
fn an_alarm_of_ranges_that_do_not_hold_zero_never_reads_like_an_ok() {
    let ranges = ["--warning=290:310", "--critical=200:400"];
    let servers = || vec![server("192.0.2.1", 0.0), server("192.0.2.2", 0.0)];
    let monitor = "this monitor right within 0.008 s of 2 NTP servers";
    let rows = [
        (0.0, format!("CRITICAL - proxy7 is 0.52 s slow to 0.52 s fast, allowed 200 to 400 s, {monitor}")),
        (320.0, format!("WARNING - proxy7 is 320.0 s fast, allowed 290 to 310 s, {monitor}")),
        (3600.0, format!("CRITICAL - proxy7 is 1 h fast, allowed 200 to 400 s, {monitor}")),
        (300.0, format!("OK - proxy7 is 300.0 s fast, {monitor}")),
    ];
    for (offset, line) in rows {
        let seen = judge(&ranges, Some(host(offset, 0.0)), servers());
        assert!(seen.starts_with(&format!("CLOCK_OFFSET {line} | ")), "{seen}");
    }
    let rows = [
        ("-310:-290", "0.008 s slow to 0.008 s fast by 2 NTP servers, allowed -310 to -290 s"),
        ("10:", "0.008 s slow to 0.008 s fast by 2 NTP servers, allowed 10 s or more"),
        ("~:-10", "0.008 s slow to 0.008 s fast by 2 NTP servers, allowed up to -10 s"),
        ("@-1:1", "0.008 s slow to 0.008 s fast by 2 NTP servers, allowed outside -1 to 1 s"),
        ("@~:", "right within 0.008 s of 2 NTP servers, but the range alerts on every offset"),
        ("@~:10", "0.008 s slow to 0.008 s fast by 2 NTP servers, allowed above 10 s"),
        ("@-1:", "0.008 s slow to 0.008 s fast by 2 NTP servers, allowed below -1 s"),
    ];
    for (range, words) in rows {
        let seen = judge(&["--ntp=pool", &format!("--warning={range}")], None, servers());
        assert!(seen.starts_with(&format!("CLOCK_OFFSET WARNING - this host is {words} | ")), "{seen}");
    }
}

#[test]
fn what_a_bare_number_cannot_decide_is_undecided() {
    let coarse = judge(&["-w0.2", "-c0.4"], Some(host(0.0, 0.0)), vec![]);
    let line = "OK - undecided: proxy7 is 0.51 s slow to 0.51 s fast, too coarse for 0 to 0.4 s | ";
    assert!(coarse.starts_with(&format!("CLOCK_OFFSET {line}")), "{coarse}");
    let cached = judge(&["-w60", "-c120"], Some(host(0.0, 300.0)), vec![]);
    assert!(cached.starts_with("CLOCK_OFFSET OK - undecided: proxy7 is 0.51 s slow to 300."), "{cached}");
}

#[test]
fn a_monitor_that_is_off_is_named_first_whatever_else_is_wrong() {
    let off = || vec![server("192.0.2.1", 90.0)];
    let monitor = "this monitor 90.00 s slow by NTP server 192.0.2.1";
    let unread =
        || HostError::Snmp(SnmpError::Unsupported("192.0.2.7:161".parse().unwrap(), "no".to_owned()));
    let silent = evaluated(&[], Some(Err(unread())), off());
    assert!(
        silent.starts_with(&format!("CLOCK_OFFSET UNKNOWN - {monitor}, 192.0.2.7:161: no | ")),
        "{silent}"
    );
    let coarse = judge(&["--max-uncertainty=:1"], Some(host(90.0, 31.0)), off());
    let line = format!(
        "CLOCK_OFFSET WARNING - {monitor}, clock of proxy7 known within 16.02 s, allowed 0 to 1 s | "
    );
    assert!(coarse.starts_with(&line), "{coarse}");
    // A monitor that is right is not named first by ranges that a right clock is outside of.
    let late = judge(&["--warning=290:310"], Some(host(0.0, 0.0)), vec![server("192.0.2.1", 0.0)]);
    assert!(late.starts_with("CLOCK_OFFSET WARNING - proxy7 is 0.52 s slow to "), "{late}");
}

#[test]
fn a_monitor_that_is_off_is_named_first_unless_the_host_is_right() {
    let off = || vec![server("192.0.2.1", 90.0)];
    let rows = [
        (90.0, "OK - proxy7 is right within 0.52 s, this monitor 90.00 s slow by NTP server 192.0.2.1"),
        (0.0, "CRITICAL - this monitor 90.00 s slow by NTP server 192.0.2.1, proxy7 is 90.0 s slow"),
        (
            95.0,
            "OK - undecided: this monitor 90.00 s slow by NTP server 192.0.2.1, \
             proxy7 is 4.5 to 5.5 s fast, too coarse for -5 to 5 s",
        ),
    ];
    for (offset, line) in rows {
        let seen = judge(&[], Some(host(offset, 0.0)), off());
        assert!(seen.starts_with(&format!("CLOCK_OFFSET {line}")), "{seen}");
    }
}

#[test]
fn what_is_too_coarse_or_too_far_is_a_warning_if_asked_for() {
    let coarse = judge(&["--max-uncertainty=:1"], Some(host(0.0, 31.0)), vec![]);
    let line = "CLOCK_OFFSET WARNING - clock of proxy7 known within 16.01 s, allowed 0 to 1 s | ";
    assert!(coarse.starts_with(line) && coarse.contains("uncertainty=16.006s;0:1;;0 "), "{coarse}");
    let alarm = judge(&["--max-uncertainty=:0.1"], Some(host(90.0, 0.0)), vec![]);
    assert!(alarm.starts_with("CLOCK_OFFSET CRITICAL - proxy7 is 90.0 s fast"), "{alarm}");
    let servers = || vec![server("192.0.2.1", 0.0), server("192.0.2.2", 0.0)];
    let far = judge(&["--ntp=192.0.2.1", "--stratum=1"], None, servers());
    let line = "CLOCK_OFFSET WARNING - stratum 2 of NTP server 192.0.2.1 and 1 more, allowed 0 to 1 | ";
    assert!(far.starts_with(line) && far.contains(" stratum=2;1;;0\n"), "{far}");
    let unknown = judge(&["--ntp=192.0.2.1", "--stratum=1"], None, vec![broken_server()]);
    assert!(unknown.contains(" stratum=U;1;;0\n"), "{unknown}");
    // The series has the stratum that makes the state, or else the highest.
    let of = |strata: &[u8], range: &str| {
        let server = |(number, stratum): (usize, &u8)| server_of(&format!("192.0.2.{number}"), 0.0, *stratum);
        let seen = judge(
            &["--ntp=192.0.2.1", &format!("--stratum={range}")],
            None,
            strata.iter().enumerate().map(server).collect(),
        );
        seen.lines().next().unwrap().rsplit_once(' ').unwrap().1.to_owned()
    };
    assert_eq!(of(&[2, 3, 1], "3"), "stratum=3;3;;0");
    assert_eq!(of(&[2, 5, 1], "3"), "stratum=5;3;;0");
    assert_eq!(of(&[2, 5, 1], "2:"), "stratum=1;2:;;0");
}

#[test]
fn this_hosts_own_clock_is_judged_by_servers() {
    let seen = judge(&[], None, vec![server("192.0.2.1", 7.0)]);
    let line = "CLOCK_OFFSET WARNING - this host is 7.00 s slow by NTP server 192.0.2.1, allowed -5 to 5 s | offset=-7s;-5:5;-60:60 \
                uncertainty=0.008s;;;0 rtt=0.01s;;;0 ntp_servers=1;;;0;1\n";
    assert_eq!(seen, line);
    let zone = judge(&[], None, vec![server("192.0.2.1", -3600.002)]);
    assert!(zone.contains("is 1 h fast by NTP server 192.0.2.1, perhaps a time zone mistake |"), "{zone}");
}

#[test]
fn without_a_reference_nothing_is_ok() {
    let unsynchronised = || NtpError::Unsynchronised { leap: 3, stratum: 0 };
    let rows = [
        (vec![broken("192.0.2.1", NtpError::Silent)], "CRITICAL - NTP server 192.0.2.1: no answer"),
        (
            vec![broken("192.0.2.1", unsynchronised())],
            "UNKNOWN - NTP server 192.0.2.1: not synchronised (leap 3, stratum 0)",
        ),
        (
            vec![broken("192.0.2.1", NtpError::Silent), broken("192.0.2.2", NtpError::Silent)],
            "CRITICAL - none of 2 NTP servers gives a time: 192.0.2.1 and 192.0.2.2 no answer",
        ),
        (
            vec![broken("192.0.2.1", NtpError::Silent), broken("192.0.2.2", unsynchronised())],
            "UNKNOWN - none of 2 NTP servers gives a time: 192.0.2.1 no answer, \
             192.0.2.2 not synchronised (leap 3, stratum 0)",
        ),
        (
            vec![server("192.0.2.1", 0.0), server("192.0.2.2", 7.0)],
            "UNKNOWN - no majority among 2 NTP servers, 7.0 s apart",
        ),
    ];
    for (samples, line) in rows {
        let own = judge(&[], None, samples.clone());
        let servers = format!("ntp_servers=0;;;0;{}", samples.len());
        let first =
            format!("CLOCK_OFFSET {line} | offset=U;-5:5;-60:60 uncertainty=U;;;0 rtt=U;;;0 {servers}");
        assert_eq!(own.lines().next(), Some(first.as_str()));
        let data = " | offset=U;-5:5;-60:60 uncertainty=U;;;0 rtt=0.012s;;;0";
        let hosted = judge(&[], Some(host(-7.21, 0.0)), samples);
        let expected = format!(
            "CLOCK_OFFSET {line}, by this monitor alone proxy7 is 7.2 s slow{data} monitor_offset=U {servers}"
        );
        assert_eq!(hosted.lines().next(), Some(expected.as_str()));
    }
}

#[test]
fn a_host_that_cannot_be_read_has_every_series() {
    let broken =
        || HostError::Snmp(SnmpError::Unsupported("192.0.2.7:161".parse().unwrap(), "no".to_owned()));
    let line = "CLOCK_OFFSET UNKNOWN - 192.0.2.7:161: no | offset=U;-5:5;-60:60 uncertainty=U;;;0 rtt=U;;;0";
    assert_eq!(evaluated(&[], Some(Err(broken())), vec![]), format!("{line}\n"));
    let compared = evaluated(&[], Some(Err(broken())), vec![server("192.0.2.1", 7.0)]);
    let monitor = "UNKNOWN - this monitor 7.00 s slow by NTP server 192.0.2.1, 192";
    let line = line.replace("UNKNOWN - 192", monitor);
    assert_eq!(compared, format!("{line} monitor_offset=-7s ntp_servers=1;;;0;1\n"));
    let nothing = evaluated(&[], Some(Err(broken())), vec![broken_server()]);
    let both = "CLOCK_OFFSET CRITICAL - NTP server 192.0.2.1: no answer, and 192.0.2.7:161: no | ";
    assert!(nothing.starts_with(both), "{nothing}");
}

fn broken_server() -> Sample {
    broken("192.0.2.1", NtpError::Silent)
}

#[test]
fn part_of_the_servers_may_be_silent() {
    let seen = judge(&[], None, vec![server("192.0.2.2", 0.0), server("192.0.2.3", 0.0), broken_server()]);
    let line = "CLOCK_OFFSET OK - this host is right within 0.008 s of 2 of 3 NTP servers, 1 gave no time | ";
    assert!(seen.starts_with(line) && seen.ends_with("\nNTP server 192.0.2.1: no answer\n"), "{seen}");
}
