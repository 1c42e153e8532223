//! The command `check_skeleton` as a user runs it.

use std::process::Command;

use suite::process::run;

#[test]
fn an_answer_an_alarm_and_an_error() {
    let rows = [
        ("--critical=1:", "/proc/version", "SKELETON CRITICAL - 0 B | size=0B;;1:;0"),
        ("--critical=0:", "/proc/version", "SKELETON OK - 0 B | size=0B;;0:;0"),
        (
            "--critical=0:",
            "/nonexistent",
            "SKELETON UNKNOWN - examining /nonexistent: no such file or directory",
        ),
    ];
    for (option, file, line) in rows {
        let outcome = run(Command::new(env!("CARGO_BIN_EXE_check_skeleton")).args([option, "--file", file]));
        assert_eq!((outcome.first_line(), outcome.stderr.as_str()), (line, ""));
    }
}
