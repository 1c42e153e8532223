//! The command `handle_ip_rebind` as NRPE runs it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use suite::process::run;

const BINARY: &str = env!("CARGO_BIN_EXE_handle_ip_rebind");

#[test]
fn an_event_that_is_none_is_refused_in_one_line() {
    for event in ["$(reboot)", "CRITICAL-SOFT-1;reboot", "CRITICAL|SOFT|1", "", "`id`", "CRITICAL-SOFT-1\nx"]
    {
        let outcome = run(Command::new(BINARY).arg(format!("--event={event}")));
        assert_eq!(
            (outcome.code, outcome.stderr.as_str(), outcome.stdout.lines().count()),
            (Some(3), "", 1),
            "{event:?}"
        );
        assert!(outcome.stdout.contains("an event is TIMER, STATE-SOFT-ATTEMPT"), "{}", outcome.stdout);
    }
}

/// What it says of a configuration with this text, run as an event that does nothing.
fn configured(text: &str) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let (config, top) = (folder.path().join("config.toml"), folder.path().display().to_string());
    fs::write(&config, text.replace('@', &top)).unwrap();
    fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
    let outcome =
        run(Command::new(BINARY).arg("--event=OK-HARD-1").arg(format!("--config={}", config.display())));
    assert_eq!((outcome.stderr.as_str(), outcome.stdout.lines().count()), ("", 1), "{outcome:?}");
    (outcome.code.unwrap(), outcome.first_line().replace(&top, "@"))
}

#[test]
fn an_event_on_which_nothing_is_done_is_an_answer_and_a_record() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let text = format!("interface = \"eth0\"\nfiles = [\"/etc/ips\"]\nlog = \"{}\"\n", log.display());
    let line = "IP_REBIND OK - nothing is done on OK-HARD (but on CRITICAL-SOFT-2, CRITICAL-HARD, TIMER)";
    assert_eq!(configured(&text), (0, line.to_owned()));
    let record = fs::read_to_string(&log).unwrap();
    assert!(record.starts_with("{\"version\":1,\"time\":") && record.ends_with("}\n"), "{record}");
    assert!(record.contains("\"end\":\"not_acted_on\"") && record.lines().count() == 1, "{record}");
    assert_eq!(fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_bad_configuration_is_one_line_that_names_it() {
    let base = "interface = \"eth0\"\nfiles = [\"/etc/ips\"]\n";
    let rows = [
        ("enabled = tru".to_owned(), "configuration @/config.toml line 1: "),
        (
            format!("{base}comand = [\"/bin/true\"]\n"),
            "configuration @/config.toml line 3: unknown setting comand, see the manual page",
        ),
        (format!("{base}log = \"/dev/full\"\n"), "log: /dev/full: not a regular file"),
        (format!("{base}log = \"@/none/log\"\n"), "log: opening @/none: no such file or directory"),
        (
            format!("{base}on = [\"CRITICAL;reboot\"]\n"),
            "configuration @/config.toml line 3: on: CRITICAL,reboot is not TIMER",
        ),
        (String::new(), "configuration @/config.toml: interface is not set: name one in quotes"),
        ("x".repeat(1 << 19), "configuration: reading @/config.toml: larger than 262144 octets"),
    ];
    for (text, start) in rows {
        let (code, line) = configured(&text);
        assert!(code == 3 && line.starts_with(&format!("IP_REBIND UNKNOWN - {start}")), "{line}");
    }
}
