//! A check that is watched from its first step on: each step that hangs is still answered in time, and what
//! needs no wait has no second thread.

use std::process::Command;
use std::time::Duration;

use suite::process::threads;

use super::time::silent_fifo;
use super::{in_time, outcome, plugin};

fn stepwise(arguments: &[&str]) -> Command {
    let mut command = plugin(arguments);
    command.env("CONTRACT_STEPWISE", "1");
    command
}

#[test]
fn each_step_that_hangs_is_answered_in_time() {
    let (_folder, fifo) = silent_fifo();
    let rows: [(&[&str], String); 3] = [
        (&["--act=read", "--file", &fifo], format!("CRITICAL - no result within 0.2 s: looking into {fifo}")),
        (
            &["--act=read-file", "--file", &fifo],
            format!("CRITICAL - reading {fifo}: it did not end within 0.2 s"),
        ),
        (
            &[&format!("--extra-opts=x@{fifo}")],
            format!("CRITICAL - reading {fifo}: it did not end within 0.2 s"),
        ),
    ];
    for (arguments, line) in &rows {
        let (code, seen) = in_time(Duration::from_millis(200), || {
            let outcome = outcome(stepwise(arguments).arg("--timeout=0.2:critical"));
            ((outcome.code, outcome.first_line().to_owned()), outcome.elapsed)
        });
        assert_eq!((code, seen), (Some(2), format!("CONTRACT_PLUGIN {line}")), "{arguments:?}");
    }
}

#[test]
fn what_needs_no_wait_starts_no_thread() {
    if suite::needs::missing(&[suite::needs::Need::Program("strace")]) {
        return;
    }
    assert_eq!(threads(&stepwise(&[])).unwrap(), 0);
    assert_eq!(threads(&plugin(&[])).unwrap(), 1);
    assert_eq!(
        threads(&stepwise(&["--act=read", "--file=/dev/null"])).unwrap(),
        1,
        "a step that can block is watched"
    );
}
