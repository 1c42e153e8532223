//! Arguments that notify_stomp refuses: each is named in one line.

use std::process::Command;

use suite::process::run;

const BINARY: &str = env!("CARGO_BIN_EXE_notify_stomp");

#[test]
fn what_is_wrong_is_named() {
    let rows: [(&[&str], &str); 11] = [
        (
            &[],
            "no event: name its host by --host and its state by --state, or take both --from-env, or send what waits by --flush",
        ),
        (&["--host=h"], "no state: give SERVICESTATE or HOSTSTATE by --state"),
        (
            &["--host=h", "--state=BAD"],
            "--state BAD: none of OK, WARNING, CRITICAL, UNKNOWN, UP, DOWN, UNREACHABLE, PENDING",
        ),
        (&["--host=h", "--state=OK", "--attempt=x"], "--attempt x: not a whole number"),
        (
            &["--host=h", "--state=OK"],
            "no destination: name it by --destination, as in --destination=/topic/nagios",
        ),
        (&["--flush", "--destination=/topic/x"], "no broker: name it by --broker, as in --broker=127.0.0.1"),
        (
            &["--flush", "--destination=/topic/x", "--broker=ex;ample:1"],
            "--broker=ex,ample:1: a host name has only ASCII letters, digits, dots, hyphens and underscores",
        ),
        (
            &["--flush", "--broker=b"],
            "no destination: name it by --destination, as in --destination=/topic/nagios",
        ),
        (
            &["--from-env"],
            "--from-env: no NAGIOS_HOSTNAME in the environment: nagios.cfg needs enable_environment_macros=1",
        ),
        (&["--cat=/topic/x"], "no broker: name it by --broker, as in --broker=127.0.0.1"),
        (&["--passcode=x"], "--passcode on the command line is no secret: give it by --extra-opts"),
    ];
    for (arguments, message) in rows {
        let outcome = run(Command::new(BINARY).args(arguments));
        assert_eq!(outcome.stderr, "", "{arguments:?}");
        assert_eq!(outcome.verdict(), (3, format!("STOMP UNKNOWN - {message}").as_str()), "{arguments:?}");
    }
}
