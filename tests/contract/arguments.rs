//! Arguments that cannot be right, and help and version.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use super::{line, outcome, plugin, run};

#[test]
fn a_wrong_argument_is_named() {
    let time = "not a time in seconds from 0.001 to 86400";
    let whole = "not a whole number from 0 to 1000000";
    let state = "the state is not warning, critical or unknown";
    let acts = "echo, empty, hostile, large, list, linger, late, give-up, error, error-lines, panic, panic-any, \
                panic-elsewhere, panic-everywhere, child, hang, partial, spin, read, read-file";
    let rows: &[(&[&str], String)] = &[
        (&["--bogus"], "--bogus is not an option".to_owned()),
        (&["-x"], "-x is not an option".to_owned()),
        (&["--sing=x"], "--sing is not an option, did you mean --single".to_owned()),
        (&["--itme=x"], "--itme is not an option, did you mean --item".to_owned()),
        (&["--verbos"], "--verbos is not an option, did you mean --verbose".to_owned()),
        // As clap would have it: --format.
        (&["--port=80"], "--port is not an option".to_owned()),
        (&["words"], "words belongs to no option".to_owned()),
        (&["--", "words"], "words belongs to no option".to_owned()),
        (&["critical"], "critical belongs to no option, did you mean --state=critical".to_owned()),
        (&["--item=a", "7"], "7 belongs to no option, did you mean --size=7".to_owned()),
        (&["~:10"], "-:10 belongs to no option, did you mean --warning=-:10".to_owned()),
        (&["/etc/ips"], "/etc/ips belongs to no option, did you mean --file=/etc/ips".to_owned()),
        (&[""], "an empty argument belongs to no option".to_owned()),
        (&["a|b\nc"], "a/b c belongs to no option".to_owned()),
        (&["--flag=yes"], "--flag takes no value, but yes was given".to_owned()),
        (&["--single"], "--single needs a value".to_owned()),
        (&["--act"], format!("--act needs a value, one of {acts}")),
        (&["--act=sleep"], format!("--act=sleep: not one of {acts}")),
        (&["--size=-1"], format!("--size=-1: {whole}")),
        (&["--size=\"1\""], format!("--size=1 (in quotes): {whole}")),
        (&["--size=1'"], format!("--size=1 (with a quote): {whole}")),
        (&["--size= 1"], format!("--size=1 (with a blank): {whole}")),
        (&["--act='hang'"], format!("--act=hang (in quotes): not one of {acts}")),
        (
            &["--warning=\"5\""],
            "--warning (in quotes): 5 is not a plain decimal number, write a range as in 0:10".to_owned(),
        ),
        (&["--file=a\nb"], "--file=a b: a path has no line end here".to_owned()),
        (&["--extra-opts=@a\nb"], "--extra-opts=@a b: a path has no line end here".to_owned()),
        (&["https://a/b"], "https://a/b belongs to no option".to_owned()),
        (&["192.0.2.0/24"], "192.0.2.0/24 belongs to no option".to_owned()),
        (&["--timeout", "0"], format!("--timeout=0: {time}")),
        (&["-t", "1e30"], format!("--timeout=1e30: {time}")),
        (&["--timeout=nan"], format!("--timeout=nan: {time}")),
        (&["--timeout=5."], format!("--timeout=5.: {time}, write 5")),
        (&["--timeout="], format!("--timeout with an empty value: {time}")),
        (&["--timeout=8:ok"], format!("--timeout=8:ok: {state}")),
        (
            &["--warning", "abc"],
            "--warning: abc is not a plain decimal number, write a range as in 0:10".to_owned(),
        ),
        (
            &["--critical=20:10"],
            "--critical=20:10: the start of the range is greater than its end".to_owned(),
        ),
        (&["-w", ""], "--warning with an empty value: the range is empty".to_owned()),
        (&["-w:"], "--warning=:: the range has no number, write it as in 0:10".to_owned()),
        (&["--single=1", "--single=2"], "--single is given twice".to_owned()),
        (&["-t5", "--timeout=5"], "--timeout is given twice".to_owned()),
        (&["-w1", "-c2", "-w1"], "--warning is given twice".to_owned()),
    ];
    for (arguments, what) in rows {
        assert_eq!(line(arguments), (3, format!("UNKNOWN - {what}, see --help")), "{arguments:?}");
        let all: Vec<&str> = ["--exit-ok"].into_iter().chain(arguments.iter().copied()).collect();
        assert_eq!(line(&all), (0, format!("UNKNOWN - {what}, see --help")), "{arguments:?}");
    }
}

#[test]
fn ranges_may_start_with_a_minus() {
    for arguments in [["-w", "-5:5"], ["--warning", "-5:5"]] {
        assert_eq!(line(&arguments), (0, "OK - items , single , flag false, thresholds -5:5/".to_owned()));
    }
    let both = line(&["--warning=-5:5", "-c-60:60"]);
    assert_eq!(both, (0, "OK - items , single , flag false, thresholds -5:5/-60:60".to_owned()));
}

#[test]
fn repeatable_options_add_up_and_a_flag_twice_is_a_flag() {
    let text = "OK - items a+b, single 1, flag true, thresholds /";
    let arguments = ["--single=1", "--item=a", "--flag", "--item=b", "--flag"];
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
    for (octets, shown) in
        [(&b"\xff\xfe"[..], "??"), (b"--single=\xc3(", "--single=?("), (b"--bo\xffgus", "--bo?gus")]
    {
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
        assert!(
            outcome.stdout.len() == first.len() + 1 && first.len() <= 1_000,
            "{prefix}: {} octets",
            outcome.stdout.len()
        );
        let end = if prefix == "--single=" { " more characters" } else { ", see --help" };
        assert!(first.ends_with(end), "{prefix}: {first}");
    }
    let many = vec!["--item=x"; 100_000];
    let (code, text) = line(&many);
    assert!(code == 0 && text.contains("items x+x+x") && text.ends_with(" more characters"), "{code} {text}");
}
