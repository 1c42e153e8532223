//! Panics, and checks that do not come to an end.

use std::fs;
use std::process::Command;
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use suite::host::public_folder;
use suite::needs::{Need, missing};
use suite::plugins;

use super::{in_time, outcome, plugin};

/// A FIFO that nobody writes, in a folder that goes with it.
pub(crate) fn silent_fifo() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fifo");
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    (folder, path.to_str().unwrap().to_owned())
}

/// The exit code and the first line, which must be there before `limit` milliseconds and a quarter of a
/// second.
fn within(limit: u64, arguments: &[&str]) -> (i32, String) {
    in_time(Duration::from_millis(limit), || {
        let outcome = outcome(&mut plugin(arguments));
        let line = outcome.first_line().strip_prefix("CONTRACT_PLUGIN ").unwrap_or_default().to_owned();
        ((outcome.code.unwrap(), line), outcome.elapsed)
    })
}

#[test]
fn a_panic_is_unknown_and_says_where() {
    for (act, what) in [
        ("panic", "of its own / accord"),
        ("panic-any", "no message"),
        ("panic-elsewhere", "on another thread"),
        ("panic-everywhere", "on thread "),
    ] {
        let (code, line) = within(0, &["--act", act, "--timeout=20"]);
        assert_eq!(code, 3, "{act}");
        assert!(
            line.starts_with("UNKNOWN - internal error at ") && line.contains("contract_plugin.rs:"),
            "{act}: {line}"
        );
        assert!(line.contains(what), "{act}: {line}");
        assert_eq!(within(0, &["--act", act, "--timeout=20", "--exit-ok"]).0, 0, "{act}");
    }
}

#[test]
fn what_hangs_is_ended_with_the_state_that_was_asked_for() {
    let (_folder, fifo) = silent_fifo();
    for act in ["hang", "spin", "read"] {
        for (state, code) in [("", 3), (":unknown", 3), (":warning", 1), (":CRITICAL", 2)] {
            let timeout = format!("--timeout=0.2{state}");
            let (seen, line) = within(200, &["--act", act, "--file", &fifo, &timeout]);
            let name = state.strip_prefix(':').unwrap_or("unknown").to_uppercase();
            let step = if act == "read" { format!(": looking into {fifo}") } else { String::new() };
            assert_eq!((seen, line), (code, format!("{name} - no result within 0.2 s{step}")), "{act}");
        }
        let (seen, line) =
            within(200, &["--act", act, "--file", &fifo, "--timeout=0.2:critical", "--exit-ok"]);
        assert_eq!((seen, line.starts_with("CRITICAL - no result within 0.2 s")), (0, true), "{act}: {line}");
    }
}

#[test]
fn without_a_timeout_the_answer_comes_before_check_nrpe_gives_up() {
    let (code, line) = within(8_000, &["--act=hang"]);
    assert_eq!((code, line.as_str()), (3, "UNKNOWN - no result within 8 s"));
}

#[test]
fn a_check_that_minds_its_deadline_speaks_for_itself() {
    let (code, line) = within(200, &["--act=late", "--state=warning", "--timeout=0.2:critical"]);
    assert_eq!((code, line.as_str()), (1, "WARNING - what there was in time"));
}

#[test]
fn a_check_that_gives_up_at_its_deadline_has_missed_it() {
    for (timeout, seen) in [("0.2", (3, "UNKNOWN - gave up")), ("0.2:critical", (2, "CRITICAL - gave up"))] {
        let (code, line) = within(200, &["--act=give-up", "--timeout", timeout]);
        assert_eq!((code, line.as_str()), seen);
    }
}

#[test]
fn a_fifo_that_nobody_writes_is_given_up() {
    let (_folder, fifo) = silent_fifo();
    let (code, line) = within(200, &["--act=read-file", "--file", &fifo, "--timeout=0.2"]);
    assert_eq!((code, line), (3, format!("UNKNOWN - reading {fifo}: it did not end within 0.2 s")));
}

#[test]
fn threads_that_still_run_do_not_hold_up_the_end() {
    let (code, line) = within(0, &["--act=linger", "--timeout=20"]);
    assert_eq!((code, line.as_str()), (0, "OK - items , single , flag false, thresholds /"));
}

#[test]
fn without_a_watchdog_there_is_no_check() {
    if missing(&[Need::Root, Need::Program("setpriv"), Need::Program("prlimit")]) {
        return;
    }
    // One process for this user, so no second thread: setpriv leaves root, whom the limit does not bind.
    // The folder that tests are built in need not be open to other users.
    let folder = public_folder();
    let program = folder.path().join("contract_plugin");
    fs::copy(plugins::binary("contract_plugin"), &program).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--reuid=64999", "--clear-groups", "prlimit", "--nproc=1:1"]).arg(program);
    let outcome = outcome(&mut command);
    let line = "CONTRACT_PLUGIN UNKNOWN - starting the watchdog: resource temporarily unavailable";
    assert_eq!(outcome.verdict(), (3, line));
}
