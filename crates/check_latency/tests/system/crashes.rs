//! Runs that are killed while they write, and runs side by side: what is learned is the old or the new, and
//! never lost.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use suite::plugins;
use suite::process::run;

use crate::private_folder;

fn command(file: &Path, arguments: &[&str]) -> Command {
    let mut command = plugins::command("check_latency");
    command.args(["--pings=2", "--interval=0.02", "--wait=0.5", "--gateway=none", "--ip=127.0.0.1"]);
    command.arg(format!("--state-file={}", file.display())).args(arguments);
    command
}

/// How many runs of 127.0.0.1 are stored.
fn runs(file: &Path) -> u64 {
    record(file)["runs"].as_u64().unwrap()
}

/// What is stored of 127.0.0.1.
fn record(file: &Path) -> serde_json::Value {
    let stored: serde_json::Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    stored["targets"]["127.0.0.1"].clone()
}

#[test]
fn a_run_that_is_killed_leaves_the_old_or_the_new_file() {
    let folder = private_folder();
    let file = folder.path().join("paths.json");
    let many: Vec<String> = (1..=100).map(|number| format!("--ip=127.0.7.{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).chain(["--learn-every=0"]).collect();
    assert_eq!(run(&mut command(&file, &many)).code, Some(0));
    let mut stored = runs(&file);
    let (mut killed, mut random) = (0, 7_u64);
    for _ in 0..200 {
        let mut child = command(&file, &many).stdout(Stdio::null()).spawn().unwrap();
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        // A run takes some 60 ms, and writes at its end.
        thread::sleep(Duration::from_millis(40) + Duration::from_micros((random >> 33) % 40_000));
        let _ = child.kill();
        killed += u32::from(child.wait().unwrap().code().is_none());
        let now = runs(&file);
        assert!(now == stored || now == stored + 1, "{stored} became {now}");
        stored = now;
    }
    assert!(killed > 20, "only {killed} were killed");
    let next = run(&mut command(&file, &many));
    assert!(next.code == Some(0) && runs(&file) == stored + 1, "{}", next.stdout);
}

#[test]
fn twenty_at_once_lose_no_run() {
    for (every, expected) in [("0", 20), ("60", 1)] {
        let folder = private_folder();
        let file = folder.path().join("paths.json");
        let option = format!("--learn-every={every}");
        let children: Vec<_> =
            (0..20).map(|_| command(&file, &[&option]).stdout(Stdio::null()).spawn().unwrap()).collect();
        for mut child in children {
            assert_eq!(child.wait().unwrap().code(), Some(0));
        }
        assert_eq!(runs(&file), expected, "--learn-every={every}");
        // Whichever is stored first: none of them is a clock that was set back, which would drop the others.
        let last = record(&file)["last"].as_array().unwrap().len();
        assert_eq!(u64::try_from(last).unwrap(), expected.min(12), "--learn-every={every}");
    }
}
