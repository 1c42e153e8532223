//! The files: whole, for all to read, and not touched without need.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use boon::{Compiler, Schemas};
use suite::process;

use crate::site::{Site, TWO, two};

#[test]
fn files_are_for_all_to_read_and_the_state_for_none() {
    let site = Site::of_each_state();
    let inner = site.command(&[]);
    let mut outer = Command::new("/bin/sh");
    outer.args(["-c", "umask 077; exec \"$@\"", "sh"]).arg(inner.get_program()).args(inner.get_args());
    assert_eq!(process::run(&mut outer).code, Some(0));
    let modes = |folder: &str| {
        let files = fs::read_dir(site.path(folder)).unwrap().flatten();
        files.map(|file| file.metadata().unwrap().mode() & 0o777).collect::<Vec<_>>()
    };
    assert_eq!(modes("out"), [0o644; 6]);
    assert_eq!(modes("state"), [0o600; 3]);
    // The feed and the history stay as they are for long.
    site.run(&[]);
    for (name, mode) in [("feed.atom", 0o600), ("history.json", 0o640)] {
        fs::set_permissions(site.path("out").join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    site.run(&[]);
    assert_eq!(modes("out"), [0o644; 6], "what was closed meanwhile is open again");
}

#[test]
fn what_does_not_change_is_not_touched() {
    let site = Site::new(TWO);
    site.services(&two([0, 0, 0, 0]), 0);
    site.run(&[]);
    // The second run is the first that knows of observed time.
    let inodes = || {
        let files = fs::read_dir(site.path("out")).unwrap().flatten();
        files
            .map(|file| (file.file_name().into_string().unwrap(), file.metadata().unwrap().ino()))
            .collect::<BTreeMap<_, _>>()
    };
    let next_second = || {
        let start = crate::site::now();
        suite::wait::eventually("the next second", Duration::from_secs(3), || crate::site::now() > start);
    };
    next_second();
    site.run(&[]);
    next_second();
    let before = inodes();
    site.run(&[]);
    let after = inodes();
    let changed: Vec<&String> =
        before.iter().filter(|(name, inode)| after.get(*name) != Some(inode)).map(|(name, _)| name).collect();
    // The badge tells the minute alone.
    let changed: Vec<&String> = changed.into_iter().filter(|name| *name != "status.svg").collect();
    assert_eq!(changed, ["fragment.html", "index.html", "summary.json"]);
}

#[test]
fn what_a_killed_run_left_is_cleared_away() {
    let site = Site::new(TWO);
    site.services(&two([0, 0, 0, 0]), 0);
    site.run(&[]);
    // The last of these does not change, so that no run writes it.
    for name in ["index.html", "summary.json", "feed.atom"] {
        site.write(&format!("out/.{name}.new"), "half");
    }
    site.run(&[]);
    let names: Vec<_> = site.published().into_iter().map(|(name, _)| name).collect();
    let expected = ["feed.atom", "fragment.html", "history.json", "index.html", "status.svg", "summary.json"];
    assert_eq!(names, expected);
}

#[test]
fn the_page_needs_nothing_else() {
    let site = Site::of_each_state();
    site.run(&[]);
    let page = site.read("out/index.html");
    for word in [
        "http-equiv=\"Content-Security-Policy\" content=\"default-src &#39;none&#39;",
        "<noscript>",
        "lang=\"en\"",
    ] {
        assert!(page.contains(word), "no {word}");
    }
    let addresses: Vec<&str> = page
        .split("http")
        .skip(1)
        .filter(|rest| rest.starts_with("://") || rest.starts_with("s://"))
        .collect();
    assert_eq!(addresses, [""; 0], "no address of anything else");
    assert!(page.contains("São Paulo &#60;b&#62;"), "a name is text");
    assert!(page.len() < 60 << 10);
    let fragment = site.read("out/fragment.html");
    let times: Vec<&str> =
        fragment.split("<time datetime=").skip(1).filter_map(|rest| rest.split(['>', '<']).nth(1)).collect();
    assert!(
        times.len() == 2 && times.iter().all(|time| time.contains(" 20") && time.ends_with(" UTC")),
        "{fragment}"
    );
    assert!(fragment.contains("</time>, good until <time "), "{fragment}");
}

#[test]
fn a_page_of_forty_components_is_small() {
    let component = |number| {
        format!(
            "[[group.component]]\nname = \"A component of our network, number {number}\"\nfrom = [\"lon-1!proxy\"]\n"
        )
    };
    let components: String = (0..40).map(component).collect();
    let head = "title = \"Example\"\nurl = \"https://status.example.com/\"\n[[group]]\nname = \"All\"\n";
    let site = Site::new(&format!("{head}{components}"));
    site.services(&two([0, 0, 0, 0]), 0);
    site.run(&[]);
    // Each day of each component in another state than the day before.
    let mut history: serde_json::Value =
        serde_json::from_str(site.read("state/history.jsonl").lines().next().unwrap()).unwrap();
    let today = crate::site::now() / 86_400;
    for track in history["ledger"]["tracks"].as_object_mut().unwrap().values_mut() {
        for day in today - 89..=today {
            let mut sums = [0; 6];
            sums[(day % 6) as usize] = 86_400;
            track["days"][day.to_string()] = serde_json::json!(sums);
        }
    }
    site.write("state/history.jsonl", format!("{history}\n"));
    assert_eq!(site.run(&[]).code, Some(0));
    let size = fs::metadata(site.path("out/index.html")).unwrap().len();
    assert!(size < 60 << 10, "{size}");
}

#[test]
fn the_history_is_as_its_schema_says() {
    let site = Site::of_each_state();
    site.run(&[]);
    let mut schemas = Schemas::new();
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("history-1.schema.json");
    let schema = Compiler::new().compile(schema.to_str().unwrap(), &mut schemas).unwrap();
    schemas.validate(&site.json("history.json"), schema).unwrap();
}

#[test]
fn of_two_at_once_the_second_touches_nothing() {
    let site = Site::new(TWO);
    site.services(&two([0, 0, 0, 0]), 0);
    site.run(&[]);
    let before = site.published();
    let lock = fs::File::options().write(true).open(site.path("state/lock")).unwrap();
    lock.lock().unwrap();
    site.services(&two([2, 0, 0, 0]), 0);
    assert_eq!(site.line(&[]), (0, "STATUS OK - already running, this run does nothing".to_owned()));
    assert_eq!(site.published(), before);
    let busy = "\nanother run holds @/state/lock, so that a run now would do nothing\n";
    let preview = || site.run(&["--preview"]).stdout.replace(&site.folder.path().display().to_string(), "@");
    assert!(preview().contains(busy), "{}", preview());
    lock.unlock().unwrap();
    assert!(!preview().contains("another run"), "{}", preview());
    assert_eq!(site.line(&[]).1, "STATUS OK - 2 components published, 1 operational, 1 major outage");
}

/// A preview takes a shared lock for a moment, to see whether a run holds it.
#[test]
fn a_preview_keeps_no_run_from_publishing() {
    let site = Site::new(TWO);
    site.services(&two([0, 0, 0, 0]), 0);
    site.run(&[]);
    let lock = fs::File::open(site.path("state/lock")).unwrap();
    let (end, ended) = mpsc::channel::<()>();
    let moment = Duration::from_millis(2);
    let looks = thread::spawn(move || {
        while ended.recv_timeout(moment) == Err(RecvTimeoutError::Timeout) {
            lock.lock_shared().unwrap();
            thread::sleep(moment * 5);
            lock.unlock().unwrap();
        }
    });
    let lines: Vec<String> = (0..10).map(|_| site.line(&[]).1).collect();
    drop(end);
    looks.join().unwrap();
    assert_eq!(lines, vec!["STATUS OK - 2 components published, all operational"; 10]);
}

#[test]
fn one_that_hangs_while_the_page_grows_old_is_an_alarm() {
    let site = Site::new(TWO);
    site.services(&two([0, 0, 0, 0]), 0);
    site.run(&[]);
    let lock = fs::File::options().write(true).open(site.path("state/lock")).unwrap();
    lock.lock().unwrap();
    let written = |name: &str, seconds| {
        let file = fs::File::options().write(true).open(site.path(name)).unwrap();
        file.set_modified(std::time::SystemTime::now() - Duration::from_secs(seconds)).unwrap();
    };
    written("out/index.html", 110);
    assert_eq!(site.line(&[]).0, 0, "it is good for two minutes");
    written("out/index.html", 130);
    let line = "STATUS CRITICAL - page not renewed for 2 min: a run that hangs holds @/state/lock";
    assert_eq!(site.line(&[]), (2, line.to_owned()));
    // The first run of all hangs.
    fs::remove_file(site.path("out/index.html")).unwrap();
    assert_eq!(site.line(&[]).0, 0);
    written("state/lock", 130);
    assert_eq!(site.line(&[]), (2, line.to_owned()));
}

#[test]
fn a_run_that_is_killed_leaves_whole_files() {
    let site = Site::new(TWO);
    site.services(&two([0, 0, 0, 0]), 0);
    for round in 0..200 {
        let mut child = site.command(&[]).stdout(std::process::Stdio::null()).spawn().unwrap();
        // Somewhere in the few milliseconds of a run.
        thread::sleep(Duration::from_micros(round * 60));
        child.kill().unwrap();
        child.wait().unwrap();
        if let Ok(page) = fs::read_to_string(site.path("out/index.html")) {
            assert!(page.ends_with("</html>\n"), "round {round}");
        }
    }
    let (code, line) = site.line(&[]);
    assert_eq!((code, line.as_str()), (0, "STATUS OK - 2 components published, all operational"));
    let ledger = site.read("state/history.jsonl");
    assert!(ledger.ends_with('\n'));
    let history = site.json("history.json");
    for component in history["components"].as_array().unwrap() {
        for day in component["days"].as_array().unwrap() {
            assert_eq!((&day["status"], &day["uptime_percent"]), (&"operational".into(), &100.0.into()));
        }
    }
}

#[test]
fn a_limit_on_the_size_of_files_is_told() {
    let site = Site::new(TWO);
    site.services(&two([0, 0, 0, 0]), 0);
    assert_eq!(site.line(&[]).0, 0);
    let before = site.published();
    site.services(&two([2, 0, 0, 0]), 0);
    let within = |blocks: u32| {
        let program = site.command(&[]);
        let mut command = std::process::Command::new("bash");
        command.args(["-c", &format!("ulimit -f {blocks}; exec \"$0\" \"$@\"")]).arg(program.get_program());
        let outcome = suite::process::run(command.args(program.get_args()));
        let (code, line) = outcome.summary();
        (code, line.replace(&site.folder.path().display().to_string(), "@"))
    };
    let too_large = |what: &str| (2, format!("STATUS CRITICAL - page not written: {what}: file too large"));
    assert_eq!(within(4), too_large("writing @/out/.index.html.new"));
    assert_eq!(within(0), too_large("appending to @/state/history.jsonl"));
    assert_eq!(site.published(), before, "no part of a file is left");
    assert_eq!(site.line(&[]).0, 0);
}
