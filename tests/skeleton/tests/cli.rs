//! The command `check_skeleton` as a user runs it.

use std::process::Command;

use suite::process::run;

const BINARY: &str = env!("CARGO_BIN_EXE_check_skeleton");

#[test]
fn an_answer_an_alarm_and_an_error() {
    let rows = [
        ("1:", "/proc/version", "SKELETON CRITICAL - 0 B | size=0B;;1:;0"),
        ("0:", "/proc/version", "SKELETON OK - 0 B | size=0B;;0:;0"),
        ("0:", "/none", "SKELETON UNKNOWN - examining /none: no such file or directory"),
    ];
    for (range, file, line) in rows {
        let outcome = run(Command::new(BINARY).args(["--critical", range, "--file", file]));
        assert_eq!((outcome.first_line(), outcome.stderr.as_str()), (line, ""));
    }
}
