//! The command `handle_ip_rebind` as NRPE runs it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

use suite::process::run;

const BINARY: &str = env!("CARGO_BIN_EXE_handle_ip_rebind");

#[test]
fn an_event_that_is_none_is_refused_in_one_line() {
    for event in ["$(reboot)", "CRITICAL-SOFT-1;reboot", "CRITICAL|SOFT|1", "", "`id`", "CRITICAL-SOFT-1\nx"] {
        let outcome = run(Command::new(BINARY).arg(format!("--event={event}")));
        assert_eq!((outcome.code, outcome.stderr.as_str(), outcome.stdout.lines().count()), (Some(3), "", 1), "{event:?}");
        assert!(outcome.stdout.contains("TIMER, or STATE-TYPE-ATTEMPT"), "{}", outcome.stdout);
    }
}
