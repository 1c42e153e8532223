//! The states of components by lines of a log, held against sums by hand.

use monitor_state::log::parse;

use super::*;
use crate::ledger::Sums;

/// A component of the proxy services, and one of a host itself.
const CONFIG: &str = r#"
title = "Example"
url = "https://status.example.com/"
[[group]]
name = "All"
  [[group.component]]
  name = "London"
  id = "london"
  from = ["lon-*!proxy"]
  [[group.component]]
  name = "Router"
  id = "router"
  from = ["router"]
"#;

const NOW: u64 = 1_000_000;

fn config() -> Config {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, CONFIG).unwrap();
    Config::read(&path, &plugin::Deadline::after(std::time::Duration::from_secs(60))).unwrap()
}

fn replay(notes: &[Note], soft: bool, lines: &str) -> Past {
    replay_at(NOW, notes, soft, lines)
}

fn replay_at(now: u64, notes: &[Note], soft: bool, lines: &str) -> Past {
    let config = config();
    let mut replay = Replay::new(&config, notes, soft, now);
    lines.lines().for_each(|line| replay.line(parse(line).unwrap()));
    replay.finish()
}

/// The seconds of a component: operational, degraded, partial, major, maintenance, unknown.
fn sums(past: &Past, id: &str) -> Sums {
    let mut all = Sums::default();
    for day in past.ledger.track(id).unwrap().days.values() {
        all.iter_mut().zip(day).for_each(|(sum, seconds)| *sum += seconds);
    }
    all
}

fn london(lines: &str) -> Sums {
    sums(&replay(&[], false, lines), "london")
}

/// Both proxies are known as good from 1000 on.
const GOOD: &str = "[1000] CURRENT HOST STATE: lon-1;UP;HARD;1;fine\n[1000] CURRENT HOST STATE: lon-2;UP;HARD;1;fine\n\
                    [1000] CURRENT SERVICE STATE: lon-1;proxy;OK;HARD;1;fine\n\
                    [1000] CURRENT SERVICE STATE: lon-2;proxy;OK;HARD;1;fine\n";

#[test]
fn a_line_of_the_future_tells_nothing() {
    let down = "[1200] SERVICE ALERT: lon-1;proxy;CRITICAL;HARD;1;x\n[1300] HOST ALERT: router;DOWN;HARD;1;x";
    let past = replay_at(1_150, &[], false, &format!("{GOOD}[1100] LOG VERSION: 2.0\n{down}"));
    assert_eq!(sums(&past, "london"), [150, 0, 0, 0, 0, 0]);
    assert!(past.ledger.outages.iter().next().is_none());
    assert_eq!(past.missing, ["Router"]);
    let past = replay_at(1_200, &[], false, &format!("{GOOD}{down}"));
    assert_eq!(past.ledger.outages.iter().count(), 1, "of this moment");
}

#[test]
fn time_is_in_the_state_that_the_log_tells() {
    let rows: [(&str, Sums); 13] = [
        ("[1100] LOG VERSION: 2.0", [100, 0, 0, 0, 0, 0]),
        ("[1100] SERVICE ALERT: lon-1;proxy;CRITICAL;HARD;1;x\n[1150] x", [100, 0, 0, 50, 0, 0]),
        ("[1100] SERVICE ALERT: lon-1;proxy;CRITICAL;SOFT;1;x\n[1150] x", [150, 0, 0, 0, 0, 0]),
        ("[1100] SERVICE ALERT: lon-1;proxy;WARNING;HARD;1;x\n[1150] x", [100, 50, 0, 0, 0, 0]),
        ("[1100] SERVICE ALERT: lon-1;proxy;UNKNOWN;HARD;1;x\n[1150] x", [100, 0, 0, 0, 0, 50]),
        // A recovery from SOFT never comes as HARD.
        (
            "[1100] SERVICE ALERT: lon-1;proxy;CRITICAL;SOFT;1;x\n[1120] SERVICE ALERT: lon-1;proxy;OK;SOFT;2;x\n[1150] x",
            [150, 0, 0, 0, 0, 0],
        ),
        (
            "[1100] HOST ALERT: lon-1;DOWN;HARD;1;x\n[1150] HOST ALERT: lon-1;UP;HARD;1;x\n[1160] x",
            [110, 0, 0, 50, 0, 0],
        ),
        ("[1100] HOST ALERT: lon-1;UNREACHABLE;HARD;1;x\n[1150] x", [100, 0, 0, 0, 0, 50]),
        (
            "[1100] HOST ALERT: other;DOWN;HARD;1;x\n[1150] SERVICE ALERT: lon-1;disk;CRITICAL;HARD;1;x\n[1160] x",
            [160, 0, 0, 0, 0, 0],
        ),
        // What one second tells counts as a whole.
        (
            "[1100] SERVICE ALERT: lon-1;proxy;CRITICAL;HARD;1;x\n[1100] SERVICE ALERT: lon-1;proxy;OK;HARD;1;x\n[1150] x",
            [150, 0, 0, 0, 0, 0],
        ),
        // The clock was set back.
        (
            "[1100] SERVICE ALERT: lon-1;proxy;CRITICAL;HARD;1;x\n[900] SERVICE ALERT: lon-1;proxy;OK;HARD;1;x\n[1150] x",
            [150, 0, 0, 0, 0, 0],
        ),
        // A day of twelve thousand seconds, with a line each hour.
        ("[4600] x\n[8200] x\n[11800] x", [10_800, 0, 0, 0, 0, 0]),
        // A downtime is maintenance.
        (
            "[1100] SERVICE DOWNTIME ALERT: lon-1;proxy;STARTED; x\n[1110] SERVICE ALERT: lon-1;proxy;CRITICAL;HARD;1;x\n\
             [1150] SERVICE DOWNTIME ALERT: lon-1;proxy;STOPPED; x\n[1160] x",
            [100, 0, 0, 10, 50, 0],
        ),
    ];
    for (lines, expected) in rows {
        assert_eq!(london(&format!("{GOOD}{lines}")), expected, "{lines}");
    }
}

#[test]
fn time_after_now_does_not_count() {
    let lines = format!("{GOOD}[2000] x\n[2100] SERVICE ALERT: lon-1;proxy;CRITICAL;HARD;1;x\n[3000] x");
    assert_eq!(sums(&replay_at(2_500, &[], false, &lines), "london"), [1_100, 0, 0, 400, 0, 0]);
}

#[test]
fn time_in_which_the_monitor_did_not_run_counts_nowhere() {
    let rows: [(&str, Sums, u64); 7] = [
        (
            "[1100] Caught SIGTERM, shutting down...\n[1101] Successfully shutdown... (PID=1)\n[1500] Nagios 4.4.6 starting... (PID=2)\n[1600] x",
            [200, 0, 0, 0, 0, 0],
            400,
        ),
        // Killed: nothing tells how long it ran after its last line.
        ("[1100] x\n[1500] Nagios 4.4.6 starting... (PID=2)\n[1600] x", [200, 0, 0, 0, 0, 0], 400),
        (
            "[1100] Caught SIGHUP, restarting...\n[1102] Nagios 4.4.6 starting... (PID=2)\n[1600] x",
            [598, 0, 0, 0, 0, 0],
            2,
        ),
        // A state is kept over a restart.
        (
            "[1100] SERVICE ALERT: lon-1;proxy;CRITICAL;HARD;1;x\n[1110] Caught SIGTERM, shutting down...\n[1500] Naemon 1.4.1 starting... (PID=2)\n\
             [1510] SERVICE ALERT: lon-1;proxy;OK;HARD;1;x\n[1600] x",
            [190, 0, 0, 20, 0, 0],
            390,
        ),
        // A start that is in no log is seen by the first check.
        (
            "[1100] Caught SIGTERM, shutting down...\n[1500] SERVICE ALERT: lon-1;proxy;OK;HARD;1;x\n[1600] x",
            [200, 0, 0, 0, 0, 0],
            400,
        ),
        // A log is missing: what changed in it is not known until the next list of all states.
        (
            "[1100] x\n[9000] x\n[9100] CURRENT HOST STATE: lon-1;UP;HARD;1;fine\n[9100] CURRENT SERVICE STATE: lon-1;proxy;OK;HARD;1;fine\n\
             [9100] CURRENT SERVICE STATE: lon-2;proxy;OK;HARD;1;fine\n[9150] x",
            [150, 0, 0, 0, 0, 100],
            7_900,
        ),
        ("[8200] x\n[15401] x\n[15500] x", [7_200, 0, 0, 0, 0, 99], 7_201),
    ];
    for (lines, expected, silent) in rows {
        let past = replay(&[], false, &format!("{GOOD}{lines}"));
        assert_eq!((sums(&past, "london"), past.silent), (expected, silent), "{lines}");
    }
}

#[test]
fn what_no_line_tells_is_unknown() {
    assert_eq!(
        london("[1000] x\n[1100] SERVICE ALERT: lon-1;proxy;OK;HARD;1;x\n[1200] x"),
        [100, 0, 0, 0, 0, 100]
    );
    let unchecked = GOOD.replace("lon-2;proxy;OK;HARD;1;fine", "lon-2;proxy;OK;HARD;1;");
    assert_eq!(london(&format!("{unchecked}[1100] x")), [0, 0, 0, 0, 0, 100]);
    // One that the monitor no longer has after a rotation.
    let less = GOOD
        .replace("[1000]", "[1100]")
        .replace("CURRENT SERVICE STATE: lon-2;proxy", "CURRENT SERVICE STATE: lon-2;disk");
    let past = replay(&[], false, &format!("{GOOD}{less}[1150] x"));
    assert_eq!(sums(&past, "london"), [100, 0, 0, 0, 0, 50]);
    assert_eq!((past.sources, past.missing), (2, vec!["Router".to_owned()]));
    let nothing = replay(&[], false, "");
    assert_eq!((nothing.sources, nothing.silent, nothing.missing.len()), (0, 0, 2));
}

#[test]
fn a_host_is_a_source_too() {
    let past = replay(
        &[],
        false,
        "[1000] INITIAL HOST STATE: router;UP;HARD;1;x\n[1100] HOST ALERT: router;DOWN;HARD;1;x\n[1150] HOST DOWNTIME ALERT: router;STARTED; x\n[1180] HOST DOWNTIME ALERT: router;CANCELLED; x\n[1200] x",
    );
    assert_eq!(sums(&past, "router"), [100, 0, 0, 70, 30, 0]);
    let outages: Vec<_> =
        past.ledger.outages.iter().map(|outage| (outage.start, outage.end, outage.changes)).collect();
    assert_eq!(outages, [(1_100, None, 2)]);
}

#[test]
fn a_soft_problem_is_degraded_on_wish() {
    let lines = format!("{GOOD}[1100] SERVICE ALERT: lon-1;proxy;CRITICAL;SOFT;1;x\n[1150] x");
    assert_eq!(sums(&replay(&[], true, &lines), "london"), [100, 50, 0, 0, 0, 0]);
}

#[test]
fn work_that_was_written_by_hand_counts() {
    let note = |start, end| Note {
        id: String::new(),
        title: String::new(),
        on: vec!["London".to_owned()],
        status: Status::Maintenance,
        start,
        end,
        changed: 0,
        text: String::new(),
    };
    let lines = format!(
        "{GOOD}[1100] SERVICE ALERT: lon-1;proxy;CRITICAL;HARD;1;x\n[1200] Caught SIGTERM, shutting down...\n[1300] Nagios 4 starting... (PID=1)\n[1400] x"
    );
    let rows = [
        (note(1_050, Some(1_150)), [50, 0, 0, 150, 100, 0]),
        (note(500, None), [0, 0, 0, 0, 300, 0]),
        (note(1_250, Some(1_350)), [100, 0, 0, 150, 50, 0]),
        (note(1_210, Some(1_290)), [100, 0, 0, 200, 0, 0]),
    ];
    for (note, expected) in rows {
        let text = format!("{note:?}");
        assert_eq!(sums(&replay(&[note], false, &lines), "london"), expected, "{text}");
    }
}

#[test]
fn ninety_days_are_kept_however_long_the_logs_are() {
    let day = |number: u64| number * DAY;
    let config = config();
    let mut replay = Replay::new(&config, &[], false, day(500));
    for hour in 0..200 * 24 {
        let at = day(100) + hour * 3_600;
        let line = format!(
            "[{at}] CURRENT SERVICE STATE: lon-1;proxy;{};HARD;1;x",
            if hour % 24 == 5 { "CRITICAL" } else { "OK" }
        );
        replay.line(parse(&line).unwrap());
    }
    let past = replay.finish();
    assert_eq!(past.ledger.track("london").unwrap().days.len(), 90);
    assert_eq!(sums(&past, "london")[3], 90 * 3_600);
}
