//! The real binary and its ranges: alarms that are certain, hints, notes.

use super::*;

/// A clock that is read fresh.
const FRESH: [&str; 2] = ["--oid=1.3.6.1.4.1.8072.9999.1.1.0", "--cache-time=0"];

#[test]
fn a_host_that_is_fast_on_purpose_is_right() {
    let agent = agent(|| integer(now() + 300));
    let outcome = ask(&agent, &[&FRESH[..], &["--warning=290:310", "--critical=200:400"]].concat());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    // What is known no better than the range is wide is no alarm, whatever it hides.
    let cached = [&FRESH[..1], &["--warning=290:310", "--critical=299:301", "--timeout=1"]].concat();
    let outcome = ask(&agent, &cached);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    assert!(text(&outcome).1.contains("undecided: "), "{}", outcome.stdout);
    let outcome = ask(&agent, &[&FRESH[..], &["--warning=10:20"]].concat());
    assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
}

#[test]
fn an_alarm_that_zero_makes_says_what_is_allowed() {
    let (_server, option) = ntp(|question| vec![answer(question, 0.0)]);
    for (range, allowed) in
        [("290:310", "290 to 310 s"), ("-310:-290", "-310 to -290 s"), ("10:", "10 s or more")]
    {
        let outcome = check(&[&option, "-w", range]);
        assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
        let line = text(&outcome).1;
        assert!(line.ends_with(&format!(", allowed {allowed}")) && !line.contains("right"), "{line}");
    }
}

#[test]
fn a_coarse_reading_is_undecided_also_by_bare_numbers() {
    let agent = agent(|| integer(now()));
    let outcome =
        ask(&agent, &[&FRESH[..1], &["--cache-time=2", "-w", "0.5", "-c", "1", "--timeout=1"]].concat());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    let line = text(&outcome).1;
    assert!(line.starts_with("CLOCK_OFFSET OK - undecided: 127.0.0.1"), "{line}");
    assert!(line.ends_with(" s fast, too coarse for 0 to 1 s"), "{line}");
}

#[test]
fn a_quarter_of_an_hour_may_be_a_zone_mistake() {
    for ahead in [900.0, -900.0] {
        let (_server, option) = ntp(move |question| vec![answer(question, ahead)]);
        let outcome = check(&[&option]);
        assert!(text(&outcome).1.ends_with(", perhaps a time zone mistake"), "{}", outcome.stdout);
    }
}

#[test]
fn which_server_gave_no_time_and_why_is_on_the_first_line() {
    let (mute, silent) = ntp(|_| Vec::new());
    let (far, unsynchronised) = ntp(|question| vec![changed(answer(question, 0.0), 1, &[16])]);
    let outcome = check(&[&silent, &unsynchronised, "--timeout=1"]);
    let line = format!(
        "CLOCK_OFFSET UNKNOWN - none of 2 NTP servers gives a time: {} no answer, \
         {} not synchronised (leap 0, stratum 16)",
        mute.address(),
        far.address()
    );
    assert_eq!(text(&outcome), (3, line.as_str()));
}

#[test]
fn a_bare_number_that_alerts_on_a_slow_clock_is_asked_about() {
    let (_server, option) = ntp(|question| vec![answer(question, 0.05)]);
    let outcome = check(&[&option, "-w", "60", "-c", "120"]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
    let hint = ", 120 alerts on every slow clock: is -120:120 meant?";
    assert!(text(&outcome).1.ends_with(hint), "{}", outcome.stdout);
    let outcome = check(&[&option, "-w", "60", "-c", "120", "--absolute"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    assert!(outcome.first_line().contains("s offset_size=0.0"), "{}", outcome.stdout);
    let outcome = check(&[&option, "--absolute", "-w", "0.01"]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
    assert!(text(&outcome).1.ends_with(", allowed 0.01 s either way"), "{}", outcome.stdout);
}

#[test]
fn a_range_may_leave_out_its_start() {
    let (_server, option) = ntp(|question| vec![answer(question, -7.0)]);
    for (range, code) in [(":10", 0), (":5", 1), ("@:10", 1), ("@:5", 0)] {
        let outcome = check(&[&option, "-w", range]);
        assert_eq!(outcome.code, Some(code), "{range}: {}", outcome.stdout);
    }
    let outcome = check(&[&option, "-w", "-10..10"]);
    assert!(outcome.first_line().contains("write a range as in 0:10"), "{}", outcome.stdout);
}

#[test]
fn an_uncertainty_that_is_too_large_is_a_warning_if_asked_for() {
    let agent = agent(|| integer(now()));
    let slow = ["--oid=1.3.6.1.4.1.8072.9999.1.1.0", "--timeout=1"];
    let outcome = ask(&agent, &slow);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    let outcome = ask(&agent, &[&slow[..], &["--max-uncertainty=:1"]].concat());
    assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
    let line = text(&outcome).1;
    assert!(line.starts_with("CLOCK_OFFSET WARNING - clock of 127.0.0.1 known within "), "{line}");
    assert!(line.ends_with(" s, allowed 0 to 1 s"), "{line}");
    assert!(outcome.first_line().contains("s;0:1;;0 rtt="), "{}", outcome.stdout);
}

#[test]
fn a_stratum_that_is_not_allowed_is_a_warning_and_named() {
    let (_server, option) = ntp(|question| vec![answer(question, 0.0)]);
    let (other, far) = ntp(|question| vec![changed(answer(question, 0.0), 1, &[9])]);
    let outcome = check(&[&option, &far, "--stratum=1:5"]);
    let line = format!("CLOCK_OFFSET WARNING - stratum 9 of NTP server {}, allowed 1 to 5", other.address());
    assert_eq!(text(&outcome), (1, line.as_str()));
    assert!(outcome.first_line().ends_with(" stratum=9;1:5;;0"), "{}", outcome.stdout);
    assert_eq!(check(&[&option, &far, "--stratum=:9"]).code, Some(0));
}

#[test]
fn a_server_that_never_set_its_clock_is_believed_and_named() {
    let (server, option) = ntp(|question| vec![changed(answer(question, 0.0), 16, &[0; 8])]);
    let outcome = check(&[&option]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    let note =
        format!("\nNTP server {}: never set its clock, by its reference timestamp\n", server.address());
    assert!(outcome.stdout.contains(&note), "{}", outcome.stdout);
}

#[test]
fn a_monitor_that_is_off_is_named_first_unless_the_host_is_right() {
    let (server, option) = ntp(|question| vec![answer(question, 90.0)]);
    let right = agent(|| integer(now() + 90));
    let outcome = ask(&right, &[&FRESH[..], &[&option]].concat());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    let (slow, by) = monitor_slow(&outcome);
    assert!((slow - 90.0).abs() < 0.5 && by == server.address().to_string(), "{}", outcome.stdout);
    let wrong = agent(|| integer(now() + 7));
    let outcome = ask(&wrong, &[&FRESH[..], &[&option]].concat());
    assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
    assert!(text(&outcome).1.starts_with("CLOCK_OFFSET CRITICAL - this monitor "), "{}", outcome.stdout);
    let (slow, _) = monitor_slow(&outcome);
    assert!((slow - 90.0).abs() < 0.5, "{}", outcome.stdout);
}

/// By how many seconds the monitor is told to be slow, and by which server. On a busy machine some hundredths
/// of a second of them are an answer that waited.
fn monitor_slow(outcome: &Outcome) -> (f64, String) {
    let line = text(outcome).1.to_owned();
    let rest = line.split_once("this monitor ").unwrap().1;
    let (seconds, by) = rest.split_once(" s slow by NTP server ").unwrap();
    (seconds.parse().unwrap(), by.to_owned())
}

#[test]
fn a_wrong_date_is_told_from_a_wrong_zone() {
    for (days, words) in [(1, "1 d fast"), (2, "2 d fast"), (365, "365 d fast")] {
        let agent = agent(move || integer(now() + days * 86_400));
        let outcome = ask(&agent, &FRESH);
        assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
        let line = format!(" is {words}, the time of day is right, the date is wrong");
        assert!(text(&outcome).1.ends_with(&line), "{}", outcome.stdout);
    }
}
