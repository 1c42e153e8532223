//! The days before the page, from the logs of the monitor.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use suite::process;

use crate::site::{Site, TWO, now, two};

const DAY: u64 = 86_400;

/// A log of this day, counted back from today: London fails for 864 s at noon, and Paris works.
fn log(days_ago: u64) -> String {
    let start = (now() / DAY - days_ago) * DAY;
    let mut text = format!("[{start}] LOG ROTATION: DAILY\n[{start}] LOG VERSION: 2.0\n");
    for (host, ..) in two([0; 4]) {
        text += &format!("[{start}] CURRENT HOST STATE: {host};UP;HARD;1;secret-output\n");
        text += &format!("[{start}] CURRENT SERVICE STATE: {host};proxy;OK;HARD;1;secret-output\n");
    }
    for hour in 1..24 {
        let at = start + hour * 3_600;
        text += &format!("[{at}] Auto-save of retention data completed successfully.\n");
        if hour == 12 {
            text += &format!("[{at}] SERVICE ALERT: lon-1;proxy;CRITICAL;HARD;3;secret-output\n");
            text += &format!("[{}] SERVICE ALERT: lon-1;proxy;OK;HARD;3;secret-output\n", at + 864);
        }
    }
    text
}

fn uptimes(site: &Site) -> [String; 2] {
    let history = site.json("history.json");
    [0, 1].map(|place| history["components"][place]["uptime_percent"].to_string())
}

#[test]
fn logs_of_past_days_fill_the_history_once() {
    let site = Site::new(TWO);
    for days_ago in 1..=3 {
        site.write(&format!("{days_ago}.log"), log(days_ago));
    }
    let path = |days_ago: u64| site.path(&format!("{days_ago}.log")).display().to_string();
    let date = |days_ago| {
        process::run(Command::new("date").arg("-u").arg("+%F").arg(format!("-d@{}", now() - days_ago * DAY)))
            .stdout
            .trim()
            .to_owned()
    };
    // The order of the files is that of their time, and a file can be named with an option of its own.
    let (first, second, third) = (path(3), path(1), format!("--import={}", path(2)));
    let (code, line) = site.line(&["--import", &first, &second, &third]);
    let expected = format!("STATUS OK - imported 3 days from 3 logs, {} to {}: 3 outages", date(3), date(1));
    assert_eq!((code, line), (0, expected));
    assert!(site.published().is_empty(), "nothing is published by an import");

    site.services(&two([0; 4]), 0);
    site.run(&[]);
    // 3 days less the last hour, in which no log is, of which three times 864 s are an outage: 98.98 %.
    assert_eq!(uptimes(&site), ["98.98".to_owned(), "100.0".to_owned()]);
    let history = site.json("history.json");
    let incidents = history["incidents"].as_array().unwrap();
    assert_eq!(incidents.len(), 3);
    assert!(incidents.iter().all(|incident| incident["seconds"] == 864), "{incidents:?}");
    for file in site
        .published()
        .into_iter()
        .map(|(_, content)| content)
        .chain([fs::read(site.path("state/history.jsonl")).unwrap()])
    {
        let text = String::from_utf8_lossy(&file).into_owned();
        assert!(!text.contains("secret") && !text.contains("lon-1"), "{text}");
    }

    let again = (0, "STATUS OK - nothing to import: the history has all days of 3 logs".to_owned());
    assert_eq!(site.line(&["--import", &first, &second, &third]), again);
    site.run(&[]);
    assert_eq!(uptimes(&site), ["98.98".to_owned(), "100.0".to_owned()]);
}

#[test]
fn a_history_that_runs_keeps_its_own_days() {
    let site = Site::new(TWO);
    site.services(&two([0; 4]), 0);
    site.run(&[]);
    site.write("today.log", log(0).lines().take(10).map(|line| format!("{line}\n")).collect::<String>());
    let today = site.path("today.log").display().to_string();
    let nothing = (0, "STATUS OK - nothing to import: the history has all days of 1 log".to_owned());
    assert_eq!(site.line(&["--import", &today]), nothing);
    site.write("old.log", log(1));
    let (code, line) = site.line(&["--import", &today, &site.path("old.log").display().to_string()]);
    assert!(code == 0 && line.starts_with("STATUS OK - imported 1 day from 2 logs, "), "{line}");
    site.run(&[]);
    assert_eq!(site.json("history.json")["incidents"].as_array().unwrap().len(), 1);
}

#[test]
fn what_no_log_tells_is_named() {
    let site = Site::new(TWO);
    site.write("one.log", log(1).replace("par-", "rome-"));
    let outcome = site.run(&["--import", &site.path("one.log").display().to_string()]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stdout.lines().any(|line| line == "no log tells of Paris"), "{outcome:?}");
}

#[test]
fn logs_that_cannot_be_used_change_nothing() {
    let site = Site::new(TWO);
    site.write("a.log", log(2));
    site.write("b.log", log(2) + &log(1));
    site.write("packed.log", b"\x1f\x8b\x08\x00");
    site.write("empty.log", "");
    site.write("other.log", log(1).replace("lon-", "a-").replace("par-", "b-"));
    let name = |name: &str| site.path(name).display().to_string();
    let packed = "STATUS UNKNOWN - reading @/packed.log: it is no log of a monitor, or a packed one";
    let rows: [(&[&str], &str); 7] = [
        (&["a.log", "b.log"], "STATUS UNKNOWN - @/b.log overlaps with another log: name each log once"),
        (&["a.log", "a.log"], "STATUS UNKNOWN - @/a.log overlaps with another log: name each log once"),
        (&["a.log", "packed.log"], packed),
        (&["empty.log"], "STATUS UNKNOWN - reading @/empty.log: it is no log of a monitor, or a packed one"),
        (&["none.log"], "STATUS UNKNOWN - reading @/none.log: no such file or directory"),
        (&["out"], "STATUS UNKNOWN - reading @/out: not a regular file"),
        (&["other.log"], "STATUS UNKNOWN - the logs tell of no source of the configuration"),
    ];
    for (logs, expected) in rows {
        let names: Vec<String> = logs.iter().map(|log| name(log)).collect();
        let mut arguments = vec!["--import"];
        arguments.extend(names.iter().map(String::as_str));
        assert_eq!(site.line(&arguments), (3, expected.to_owned()), "{logs:?}");
        assert!(!site.path("state/history.jsonl").exists());
    }
    for arguments in [&["--import"][..], &["--import", "/a.log", "--preview"]] {
        assert_eq!(site.line(arguments).0, 3, "{arguments:?}");
    }
}

#[test]
fn logs_that_have_nothing_are_not_ok() {
    let site = Site::new(TWO);
    let future = |days: u64| {
        // A log of a future day.
        let text = log(0);
        let moved = |line: &str| {
            let (at, rest) = line.trim_start_matches('[').split_once(']').unwrap();
            format!("[{}]{rest}\n", at.parse::<u64>().unwrap() + days * DAY)
        };
        text.lines().map(moved).collect::<String>()
    };
    site.write("future.log", future(400));
    site.write("old.log", log(200));
    site.write("moment.log", log(2).lines().take(10).map(|line| format!("{line}\n")).collect::<String>());
    let name = |name: &str| site.path(name).display().to_string();
    let ended =
        process::run(Command::new("date").arg("-u").arg("+%F").arg(format!("-d@{}", now() - 200 * DAY)));
    let old = format!(
        "STATUS UNKNOWN - nothing imported: the logs end on {}, and the history keeps 90 days",
        ended.stdout.trim()
    );
    let moment = "STATUS UNKNOWN - nothing imported: the logs do not show that the monitor ran";
    let (code, line) = site.line(&["--import", &name("future.log")]);
    let expected = "STATUS UNKNOWN - the logs begin in the future: @/future.log begins 399 d ";
    assert!(code == 3 && line.starts_with(expected) && line.ends_with(" from now"), "{line}");
    assert_eq!(site.line(&["--import", &name("old.log")]), (3, old));
    assert_eq!(site.line(&["--import", &name("moment.log")]), (3, moment.to_owned()));
    assert!(!site.path("state/history.jsonl").exists());
    site.write("good.log", log(1));
    let outcome = site.run(&["--import", &name("good.log"), &name("future.log")]);
    let left_out = format!("{} begins in the future, left out", name("future.log"));
    assert!(outcome.code == Some(0) && outcome.stdout.lines().any(|line| line == left_out), "{outcome:?}");
    assert!(outcome.stdout.starts_with("STATUS OK - imported 1 day from 1 log, "), "{outcome:?}");
}

#[test]
fn an_import_waits_for_a_run_and_does_not_pretend() {
    let site = Site::new(TWO);
    site.services(&two([0; 4]), 0);
    site.run(&[]);
    site.write("old.log", log(1));
    let lock = fs::File::open(site.path("state/lock")).unwrap();
    lock.lock().unwrap();
    let old = site.path("old.log").display().to_string();
    let (code, line) = site.line(&["--import", &old, "-t", "1"]);
    assert!(code == 3 && !line.contains("imported 1 day"), "{line}");
    // The other run ends while the import waits for it.
    let other = thread::spawn(move || {
        thread::sleep(Duration::from_millis(500));
        drop(lock);
    });
    let (code, line) = site.line(&["--import", &old]);
    assert!(code == 0 && line.starts_with("STATUS OK - imported 1 day "), "{line}");
    other.join().unwrap();
}

#[test]
fn a_clock_that_was_set_back_is_told() {
    let site = Site::new(TWO);
    let start = (now() / DAY - 1) * DAY;
    let log = |back: u64| {
        let mut text = String::new();
        for (host, ..) in two([0; 4]) {
            text += &format!("[{start}] CURRENT HOST STATE: {host};UP;HARD;1;x\n");
            text += &format!("[{start}] CURRENT SERVICE STATE: {host};proxy;OK;HARD;1;x\n");
        }
        let at = start + 7_200 - back;
        text += &format!("[{}] x\n[{}] x\n", start + 3_600, start + 7_200);
        text += &format!("[{at}] SERVICE ALERT: lon-1;proxy;CRITICAL;HARD;3;x\n");
        text += &format!("[{}] SERVICE ALERT: lon-1;proxy;OK;HARD;3;x\n[{}] x\n", at + 600, start + 9_000);
        site.write("back.log", text);
        site.run(&["--import", &site.path("back.log").display().to_string()]).stdout
    };
    let told = "\nthe clock of the logs was set back by 29 min: outages within that time are not counted\n";
    let stdout = log(1_740);
    assert!(stdout.contains(" to ") && stdout.contains(": 0 outages") && stdout.contains(told), "{stdout}");
    std::fs::remove_file(site.path("state/history.jsonl")).unwrap();
    let stdout = log(59);
    assert!(stdout.contains(": 1 outage\n") && !stdout.contains("clock"), "{stdout}");
}
