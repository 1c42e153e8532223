//! Lines and files of a log, and what they tell.

use std::fs;
use std::time::Duration;

use plugin::State;

use super::*;

fn told(text: &str) -> String {
    let line = format!("[1795640914] {text}");
    let LogLine { at, event } = parse(&line).unwrap();
    assert_eq!(at, 1_795_640_914);
    match event {
        LogEvent::State(LogState { host, service, occasion, state, is_hard, is_checked }) => {
            let kind = if is_hard { "hard" } else { "soft" };
            let checked = if is_checked { "" } else { " unchecked" };
            format!("{occasion:?} {host} {} {} {kind}{checked}", service.unwrap_or("-"), state.word())
        }
        LogEvent::Downtime { host, service, begins } => {
            format!("{} {host} {}", if begins { "begins" } else { "ends" }, service.unwrap_or("-"))
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn lines_that_tell_of_a_state() {
    let rows = [
        ("SERVICE ALERT: a;b c;CRITICAL;SOFT;1;out;put", "Alert a b c CRITICAL soft"),
        ("SERVICE ALERT: a;b;OK;HARD;3;", "Alert a b OK hard"),
        ("SERVICE ALERT: a;b;UNKNOWN;HARD;3", "Alert a b UNKNOWN hard"),
        ("HOST ALERT: a;DOWN;HARD;1;gone", "Alert a - DOWN hard"),
        ("HOST ALERT: a;UNREACHABLE;SOFT;1;gone", "Alert a - UNREACHABLE soft"),
        ("CURRENT HOST STATE: a;UP;HARD;1;fine", "Current a - UP hard"),
        ("CURRENT HOST STATE: a;UP;HARD;1;", "Current a - UP hard unchecked"),
        ("CURRENT SERVICE STATE: a;b;OK;HARD;1; ", "Current a b OK hard unchecked"),
        ("CURRENT SERVICE STATE: a;b;WARNING;HARD;1;", "Current a b WARNING hard"),
        ("INITIAL SERVICE STATE: a;b;OK;HARD;1;fine", "Initial a b OK hard"),
        ("INITIAL HOST STATE: a;DOWN;HARD;1;", "Initial a - DOWN hard"),
        ("HOST DOWNTIME ALERT: a;STARTED; Host has entered a period of scheduled downtime", "begins a -"),
        ("SERVICE DOWNTIME ALERT: a;b;STOPPED; Service has exited", "ends a b"),
        ("SERVICE DOWNTIME ALERT: a;b;CANCELLED; Scheduled downtime", "ends a b"),
        ("Nagios 4.4.6 starting... (PID=17)", "Started"),
        ("Icinga 1.14.2 starting... (PID=17)", "Started"),
        ("Naemon 1.4.1 starting... (PID=17)", "Started"),
        ("Caught SIGTERM, shutting down...", "Stopped"),
        ("Successfully shutdown... (PID=17)", "Stopped"),
        ("PROGRAM_SHUTDOWN event encountered, shutting down...", "Stopped"),
        ("Bailing out due to one or more errors encountered in the configuration files.", "Stopped"),
    ];
    for (text, expected) in rows {
        assert_eq!(told(text), expected, "{text}");
    }
}

#[test]
fn all_other_lines_only_have_a_time() {
    let others = [
        "",
        "Caught SIGHUP, restarting...",
        "LOG ROTATION: DAILY",
        "Auto-save of retention data completed successfully.",
        "SERVICE ALERT: a;b;BROKEN;HARD;1;x",
        "SERVICE ALERT: a;b;UP;HARD;1;x",
        "SERVICE ALERT: a;b;OK;WEAK;1;x",
        "SERVICE ALERT: a",
        "SERVICE ALERT: ;b;OK;HARD;1;x",
        "HOST ALERT: a;OK;HARD;1;x",
        "HOST ALERT: ;UP;HARD;1;x",
        "HOST DOWNTIME ALERT: a;DELETED; x",
        "SERVICE FLAPPING ALERT: a;b;STARTED; x",
        "SERVICE NOTIFICATION: admin;a;b;CRITICAL;notify;Nagios 4 starting... (PID=1)",
        "EXTERNAL COMMAND: ADD_HOST_COMMENT;a;1;x;Caught SIGTERM, shutting down...",
        "PASSIVE SERVICE CHECK: a;b;2;Successfully shutdown... (PID=1)",
        "Warning: Nagios 4 starting... (PID=1)",
    ];
    for text in others {
        assert_eq!(told(text), "Other", "{text}");
    }
    for line in
        ["", "[", "[] x", "[a] x", "[1]x", "1 x", "[-1] x", "[+1] x", "[99999999999999999999] x", " [1] x"]
    {
        assert_eq!(parse(line), None, "{line}");
    }
}

fn deadline() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}

#[test]
fn a_file_is_read_line_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let long = format!("[3] SERVICE ALERT: a;b;OK;HARD;1;{}\n", "x".repeat(200_000));
    let content = [&b"garbage\n[1] one\n[2] \xff\n"[..], long.as_bytes(), b"[4] last\n[5] half"].concat();
    fs::write(&path, content).unwrap();
    let mut times = Vec::new();
    read(&path, &deadline(), |line| times.push(line.at)).unwrap();
    assert_eq!(times, [1, 2, 3, 4]);
    assert_eq!(beginning(&path, &deadline()).unwrap(), 1);
    // The monitor is still writing the last line, however long it is.
    for length in [65_535, 65_536, 65_537, 131_072, 200_000] {
        let half = &long.as_bytes()[..length.min(long.len() - 1)];
        fs::write(&path, [b"[1] one\n", half].concat()).unwrap();
        times.clear();
        read(&path, &deadline(), |line| times.push(line.at)).unwrap();
        assert_eq!(times, [1], "{length}");
        fs::write(&path, [half, b"\n[4] last\n"].concat()).unwrap();
        times.clear();
        read(&path, &deadline(), |line| times.push(line.at)).unwrap();
        assert_eq!(times, [3, 4], "{length}");
    }
    fs::write(&path, b"\xff\xfe\n[7] \xff\n").unwrap();
    assert_eq!(beginning(&path, &deadline()).unwrap(), 7);
}

#[test]
fn another_kind_of_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let refused = |content: &[u8]| {
        fs::write(&path, content).unwrap();
        beginning(&path, &deadline()).unwrap_err().to_string().replace(&path.display().to_string(), "@")
    };
    let why = "reading @: it is no log of a monitor, or a packed one";
    for content in [&b""[..], b"\n", b"[1] half", b"\x1f\x8b\x08", &b"x\n".repeat(1_000)] {
        assert_eq!(refused(content), why);
    }
    let folder = beginning(folder.path(), &deadline()).unwrap_err().to_string();
    assert!(folder.ends_with(": not a regular file"), "{folder}");
    let over = Deadline::new(std::time::Instant::now(), Duration::ZERO, State::Unknown);
    assert!(read(&path, &over, |_| {}).unwrap_err().to_string().ends_with("not at its end within 0 s"));
}
