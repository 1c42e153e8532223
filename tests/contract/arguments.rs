//! Arguments that cannot be right, and help and version.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use super::{line, outcome, plugin, run};

#[test]
fn what_is_wrong_with_the_arguments_is_named() {
    let time = "not a time in seconds from 0.001 to 86400";
    let timeout = |value: &str, what: &str| format!("invalid value '{value}' for '--timeout [SECONDS[:STATE]]': {what}");
    let range = |option: &str, value: &str, what: &str| format!("invalid value '{value}' for '--{option} [RANGE]': {what}");
    let rows: &[(&[&str], String)] = &[
        (&["--bogus"], "unexpected argument '--bogus' found".to_owned()),
        (&["-x"], "unexpected argument '-x' found".to_owned()),
        (&["--sing=x"], "unexpected argument '--sing' found".to_owned()),
        (&["words"], "unexpected argument 'words' found".to_owned()),
        (&["--", "words"], "unexpected argument 'words' found".to_owned()),
        (&[""], "unexpected argument '' found".to_owned()),
        (&["a|b\nc"], "unexpected argument 'a/b c' found".to_owned()),
        (&["--flag=yes"], "unexpected value 'yes' for '--flag' found; no more were expected".to_owned()),
        (&["--single"], "a value is required for '--single [SINGLE]' but none was supplied".to_owned()),
        (&["--size=-1"], "invalid value '-1' for '--size [SIZE]': invalid digit found in string".to_owned()),
        (&["--timeout", "0"], timeout("0", time)),
        (&["-t", "1e30"], timeout("1e30", time)),
        (&["--timeout=nan"], timeout("nan", time)),
        (&["--timeout=8:ok"], timeout("8:ok", "\"ok\" is not warning, critical or unknown")),
        (&["--warning", "abc"], range("warning", "abc", "\"abc\" is not a plain decimal number")),
        (&["--critical=20:10"], range("critical", "20:10", "the start of the range is greater than its end")),
        (&["-w", ""], range("warning", "", "the range is empty")),
    ];
    for (arguments, what) in rows {
        assert_eq!(line(arguments), (3, format!("UNKNOWN - {what}")), "{arguments:?}");
        let all: Vec<&str> = ["--exit-ok"].into_iter().chain(arguments.iter().copied()).collect();
        assert_eq!(line(&all), (0, format!("UNKNOWN - {what}")), "{arguments:?}");
    }
}

#[test]
fn ranges_may_start_with_a_minus() {
    for arguments in [["-w", "-5:5"], ["--warning", "-5:5"]] {
        assert_eq!(line(&arguments), (0, "OK - items ; single ; flag false; thresholds -5:5/".to_owned()));
    }
    let both = line(&["--warning=-5:5", "-c-60:60"]);
    assert_eq!(both, (0, "OK - items ; single ; flag false; thresholds -5:5/-60:60".to_owned()));
}

#[test]
fn of_two_values_the_last_counts() {
    let text = "OK - items a+b; single 2; flag true; thresholds /";
    let arguments = ["--single=1", "--item=a", "--flag", "--item=b", "--flag", "--single=2"];
    assert_eq!(line(&arguments), (0, text.to_owned()));
}

#[test]
fn help_and_version_are_printed_whole() {
    for help in ["--help", "-h"] {
        let (code, lines) = run(&[help]);
        assert_eq!((code, lines.first().map(String::as_str)), (3, Some("Misbehaves on demand")));
        assert!(lines.iter().any(|line| line.contains("--extra-opts")), "{lines:#?}");
        assert_eq!(run(&[help, "--exit-ok"]).0, 0);
    }
    for version in ["--version", "-V"] {
        assert_eq!(run(&[version]), (3, vec![format!("contract_plugin {}", env!("CARGO_PKG_VERSION"))]));
    }
}

#[test]
fn invalid_utf8_is_named() {
    for (octets, shown) in [(&b"\xff\xfe"[..], "??"), (b"--single=\xc3(", "--single=?("), (b"--bo\xffgus", "--bo?gus")] {
        let outcome = outcome(plugin(&["--flag"]).arg(OsStr::from_bytes(octets)));
        let line = outcome.stdout.trim_end();
        assert_eq!(outcome.code, Some(3), "{line}");
        assert!(line.starts_with("CONTRACT_PLUGIN UNKNOWN - ") && line.contains(shown), "{line}");
        assert!(!line.contains('\n') && !line.contains('\u{fffd}'), "{line}");
    }
}

#[test]
fn an_enormous_argument_is_cut_to_one_line() {
    for prefix in ["", "--", "--timeout=", "--warning=", "--single="] {
        let argument = format!("{prefix}{}", "9".repeat(100_000));
        let outcome = outcome(&mut plugin(&[&argument]));
        assert_eq!(outcome.code, Some(if prefix == "--single=" { 0 } else { 3 }), "{prefix}");
        let first = outcome.first_line();
        assert!(outcome.stdout.len() == first.len() + 1 && first.len() <= 1_000, "{prefix}: {} octets", outcome.stdout.len());
        assert!(first.ends_with(" more characters"), "{prefix}: {first}");
    }
    let many = vec!["--item=x"; 100_000];
    let (code, text) = line(&many);
    assert!(code == 0 && text.contains("items x+x+x") && text.ends_with(" more characters"), "{code} {text}");
}
