//! `--extra-opts`: options from an ini file.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::Duration;

use suite::needs::{Need, missing};
use tempfile::TempDir;

use super::time::silent_fifo;
use super::{in_time, line, outcome, plugin};

/// An ini file with this content, in a folder that goes with it.
fn ini(content: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plugins.ini");
    fs::write(&path, content).unwrap();
    (folder, path.to_str().unwrap().to_owned())
}

/// What the plugin says with `--extra-opts=[SECTION]@FILE` and these arguments, FILE holding `content`.
fn with(content: &str, section: &str, arguments: &[&str]) -> (i32, String) {
    let (_folder, path) = ini(content);
    let extra = format!("--extra-opts={section}@{path}");
    let arguments: Vec<&str> = [extra.as_str()].into_iter().chain(arguments.iter().copied()).collect();
    let (code, text) = line(&arguments);
    (code, text.replace(&path, "FILE"))
}

const CONTENT: &str = "; comment\n[other]\nsingle=no\n[contract_plugin]\nitem=a\n item = b \nsingle=of the file\nflag\nwarning=5:\n";

#[test]
fn the_section_of_the_plugin_gives_options() {
    let expected = (0, "OK - items a+b, single of the file, flag true, thresholds 5:/".to_owned());
    assert_eq!(with(CONTENT, "", &[]), expected);
    assert_eq!(with(CONTENT, "contract_plugin", &[]), expected);
    assert_eq!(with(&CONTENT.replace('\n', "\r\n"), "", &[]), expected);
    assert_eq!(
        with(CONTENT, "other", &[]),
        (0, "OK - items , single no, flag false, thresholds /".to_owned())
    );
    assert_eq!(with("[x]\n", "x", &[]), (0, "OK - items , single , flag false, thresholds /".to_owned()));
}

#[test]
fn the_command_line_wins() {
    let rows: [(&[&str], &str); 6] = [
        (&["--item=c"], "items c, single of the file, flag true, thresholds 5:/"),
        (&["--single=mine", "--flag"], "items a+b, single mine, flag true, thresholds 5:/"),
        (&["--item", "c", "--item", "d"], "items c+d, single of the file, flag true, thresholds 5:/"),
        (&["-w", "7:"], "items a+b, single of the file, flag true, thresholds 7:/"),
        (&["-c7:"], "items a+b, single of the file, flag true, thresholds 5:/7:"),
        (&["--single="], "items a+b, single , flag true, thresholds 5:/"),
    ];
    for (arguments, expected) in rows {
        assert_eq!(with(CONTENT, "", arguments), (0, format!("OK - {expected}")), "{arguments:?}");
    }
}

#[test]
fn the_common_options_may_stand_there_too() {
    assert_eq!(with("[x]\nexit-ok\nstate=critical\n", "x", &[]).0, 0);
    let seen = in_time(Duration::from_millis(200), || {
        let (_folder, path) = ini("[x]\nact=hang\ntimeout=0.2:warning\n");
        let outcome = outcome(&mut plugin(&[&format!("--extra-opts=x@{path}")]));
        ((outcome.code, outcome.stdout), outcome.elapsed)
    });
    assert_eq!(seen, (Some(1), "CONTRACT_PLUGIN WARNING - no result within 0.2 s\n".to_owned()));
    let (_folder, path) = ini("[x]\nact=large\nsize=3000\nverbose\n");
    let outcome = outcome(&mut plugin(&[&format!("--extra-opts=x@{path}")]));
    assert_eq!(outcome.stdout.matches("detail ").count(), 3_000);
}

#[test]
fn a_wrong_line_of_the_file_is_named_with_its_number() {
    let rows = [
        ("[x]\n\nbogus=1\n", "line 3: no option is called bogus, see --help"),
        ("[x]\nsingel=1\n", "line 2: no option is called singel, did you mean single, see --help"),
        ("[x]\nhelp\n", "line 2: no option is called help, see --help"),
        ("[x]\nversion\n", "line 2: no option is called version, see --help"),
        ("[x]\nextra-opts=y\n", "line 2: no option is called extra-opts, see --help"),
        ("[x]\nw=5\n", "line 2: no option is called w, see --help"),
        ("[x]\npasscode:s3cr3t=1\n", "line 2: no equals sign after passcode, write passcode=VALUE"),
        ("[x]\n:s3cr3t\n", "line 2: no option before its value, write NAME=VALUE"),
        ("[x]\n[y\n", "line 2: a section without its ]"),
        (
            "[x]\n--item=1\n",
            "line 2: neither a section nor option=value, the option by its long name and without dashes",
        ),
        (
            "[x]\nitem=1\n= 5\n",
            "line 3: neither a section nor option=value, the option by its long name and without dashes",
        ),
        ("[y]\nitem=1\n", "no section [x]"),
        ("", "no section [x]"),
        ("single=1\n[x]\n", "line 1: an option above the first [section]"),
        ("# comment\n\nflag\n[x]\nitem=1\n", "line 3: an option above the first [section]"),
        ("[X]\n", "no section [x]"),
    ];
    for (content, what) in rows {
        assert_eq!(with(content, "x", &[]), (3, format!("UNKNOWN - reading FILE: {what}")), "{content:?}");
    }
    assert_eq!(
        with("[x]\n", "", &[]),
        (3, "UNKNOWN - reading FILE: no section [contract_plugin]".to_owned())
    );
}

#[test]
fn several_sections_are_read_in_their_order() {
    let content = "[a]\nitem=1\nflag\nwarning=5:\n[b]\nitem=2\nflag\nsingle=of b\nverbose\n[c]\nitem=3\nsingle=of c\nverbose\n";
    let (_folder, path) = ini(content);
    let sections = |names: &[&str], more: &[&str]| {
        let extra = names.iter().map(|name| format!("--extra-opts={name}@{path}"));
        let arguments: Vec<String> =
            extra.chain(more.iter().map(|argument| (*argument).to_owned())).collect();
        let (code, text) = line(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        (code, text.replace(&path, "FILE"))
    };
    let ok = |text: &str| (0, format!("OK - {text}"));
    assert_eq!(sections(&["a", "b"], &[]), ok("items 1+2, single of b, flag true, thresholds 5:/"));
    assert_eq!(sections(&["b", "a"], &[]), ok("items 2+1, single of b, flag true, thresholds 5:/"));
    assert_eq!(
        sections(&["a", "c"], &["--item=mine"]),
        ok("items mine, single of c, flag true, thresholds 5:/")
    );
    let twice = (3, "UNKNOWN - single is given twice: FILE line 8, FILE line 12".to_owned());
    assert_eq!(sections(&["a", "b", "c"], &[]), twice);
    assert_eq!(
        sections(&["a", "b", "c"], &["--single=mine"]),
        ok("items 1+2+3, single mine, flag true, thresholds 5:/")
    );
    assert_eq!(
        sections(&["b", "b"], &[]),
        (3, "UNKNOWN - single is given twice: FILE line 8, FILE line 8".to_owned())
    );
    let same_section = with("[x]\nsingle=1\n\nsingle=2\n", "x", &[]);
    assert_eq!(same_section, (3, "UNKNOWN - single is given twice: FILE line 2, FILE line 4".to_owned()));
}

#[test]
fn a_secret_that_others_can_read_is_named() {
    let (folder, path) = ini("[x]\nsecret=abc\n[y]\nitem=1\n[z]\n");
    for (above, mode, section, is_told) in [
        (0o755, 0o644, "x", true),
        (0o711, 0o644, "x", true),
        (0o750, 0o644, "x", false),
        (0o755, 0o640, "x", false),
        (0o755, 0o600, "x", false),
        (0o755, 0o644, "z", false),
    ] {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(above)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let extra = format!("--extra-opts={section}@{path}");
        let seen = outcome(&mut plugin(&[&extra, &format!("--extra-opts=y@{path}")]));
        let detail = format!("{path} holds secret and every account here can read it: chmod o= {path}");
        let details: Vec<&str> = seen.stdout.lines().skip(1).collect();
        assert_eq!(
            (seen.code, details == [detail.as_str()], details.is_empty()),
            (Some(0), is_told, !is_told),
            "{above:o} {mode:o} {section}"
        );
        assert!(!seen.stdout.contains("abc"), "{}", seen.stdout);
    }
    // Lines that a program reads have no remark among them.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let seen = outcome(&mut plugin(&[&format!("--extra-opts=x@{path}"), "--act=list"]));
    assert_eq!(seen.stdout, "one\ntwo\n");
}

#[test]
fn thresholds_of_the_first_section_are_not_dropped() {
    let content = "[limits]\nwarning=10\ncritical=20\n[more]\nitem=1\n";
    let (_folder, path) = ini(content);
    let (first, second) = (format!("--extra-opts=limits@{path}"), format!("--extra-opts=more@{path}"));
    assert_eq!(
        line(&[&first, &second]),
        (0, "OK - items 1, single , flag false, thresholds 10/20".to_owned())
    );
}

#[test]
fn a_mark_of_utf8_hides_no_section() {
    assert_eq!(
        with("\u{feff}[x]\nitem=1\n", "x", &[]),
        (0, "OK - items 1, single , flag false, thresholds /".to_owned())
    );
}

#[test]
fn a_blank_in_place_of_the_equals_sign_is_explained() {
    for value in ["x@/nonexistent/x.ini", "x", "@/etc/x.ini"] {
        let what = format!(
            "UNKNOWN - --extra-opts takes its value after an equals sign, write --extra-opts={value}, see --help"
        );
        assert_eq!(line(&["--extra-opts", value]), (3, what.clone()));
        assert_eq!(line(&["--flag", "--extra-opts", value, "--item=a"]), (3, what));
    }
}

#[test]
fn an_option_without_its_value_takes_nothing_else_for_it() {
    for content in ["[x]\nwarning\n", "[x]\nwarning=\n", "[x]\nwarning = \ncritical=5\n"] {
        let (code, text) = with(content, "x", &["--single=x"]);
        assert_eq!(code, 3, "{content:?}: {text}");
        assert!(
            text.contains("warning") && !text.contains("critical") && !text.contains("single"),
            "{content:?}: {text}"
        );
    }
}

#[test]
fn a_usage_error_names_a_section_without_options() {
    let what = "UNKNOWN - --bogus is not an option";
    let said = |content: &str| with(content, "x", &["--bogus"]);
    let empty = format!("{what} ([x] of FILE is empty), see --help");
    assert_eq!(said("[x]\n# item=1\n[y]\nitem=1\n"), (3, empty));
    assert_eq!(said("[x]\nitem=1\n"), (3, format!("{what}, see --help")));
}

#[test]
fn a_bad_value_in_the_file_is_an_error_of_the_option() {
    let what = "UNKNOWN - reading FILE: line 3: --warning=20:10: the start of the range is greater than its end, see --help";
    assert_eq!(with("[x]\nitem=1\nwarning=20:10\n", "x", &[]), (3, what.to_owned()));
}

#[test]
fn a_file_that_cannot_be_read_is_an_error() {
    let missing = line(&["--extra-opts=@/nonexistent/x.ini"]);
    assert_eq!(missing, (3, "UNKNOWN - reading /nonexistent/x.ini: no such file or directory".to_owned()));
    assert_eq!(
        line(&["--extra-opts=x@"]),
        (3, "UNKNOWN - --extra-opts names no file after its @, see --help".to_owned())
    );
    assert_eq!(line(&["--extra-opts=x@/"]), (3, "UNKNOWN - reading /: is a directory".to_owned()));
    let zeros = line(&["--extra-opts=x@/dev/zero"]);
    assert_eq!(zeros, (3, "UNKNOWN - reading /dev/zero: larger than 1048576 octets".to_owned()));
    let named = outcome(plugin(&["--extra-opts"]).env("MP_CONFIG_FILE", "/nonexistent/y.ini"));
    assert_eq!(
        named.first_line(),
        "CONTRACT_PLUGIN UNKNOWN - reading /nonexistent/y.ini: no such file or directory"
    );
}

#[test]
fn a_fifo_that_nobody_writes_is_given_up() {
    for (state, code) in [("", 3), (":critical", 2)] {
        let (_folder, fifo) = silent_fifo();
        let seen = in_time(Duration::from_millis(200), || {
            let arguments = [format!("--extra-opts=x@{fifo}"), format!("--timeout=0.2{state}")];
            let outcome = outcome(plugin(&[]).args(arguments));
            ((outcome.code, outcome.first_line().to_owned()), outcome.elapsed)
        });
        assert_eq!(seen.0, Some(code), "{seen:?}");
        assert!(seen.1.ends_with(&format!(" - reading {fifo}: it did not end within 0.2 s")), "{seen:?}");
    }
}

#[test]
fn the_variable_names_the_file() {
    let (_folder, path) = ini(CONTENT);
    for (extra, single) in
        [("--extra-opts", "of the file"), ("--extra-opts=", "of the file"), ("--extra-opts=other", "no")]
    {
        let outcome = outcome(plugin(&[extra]).env("MP_CONFIG_FILE", &path));
        assert!(outcome.stdout.contains(&format!(", single {single},")), "{extra}: {outcome:?}");
    }
    let without = outcome(plugin(&[]).env("MP_CONFIG_FILE", &path));
    assert!(without.stdout.contains(", single ,"), "{without:?}");
}

/// The plugin in a mount namespace of its own, whose /etc and /usr/local/etc hold only what `script` writes.
fn elsewhere(script: &str) -> String {
    let program = suite::plugins::binary("contract_plugin");
    let script = format!(
        "mount -t tmpfs none /etc && mount -t tmpfs none /usr/local/etc && {script} exec \"$0\" --extra-opts"
    );
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &script]).arg(program).env_remove("MP_CONFIG_FILE");
    outcome(&mut command).stdout.trim_end().replace("CONTRACT_PLUGIN ", "")
}

#[test]
fn without_a_name_the_file_is_one_of_four() {
    if missing(&[Need::Root, Need::Program("unshare")]) {
        return;
    }
    let places = [
        "/usr/local/etc/monitoring-plugins/monitoring-plugins.ini",
        "/etc/nagios/plugins.ini",
        "/etc/monitoring-plugins.ini",
        "/etc/monitoring-plugins/monitoring-plugins.ini",
    ];
    let none = elsewhere("");
    assert!(none.starts_with("UNKNOWN - --extra-opts names no file"), "{none}");
    let mut script = String::new();
    for (number, place) in places.iter().enumerate() {
        assert!(none.contains(place), "{none}");
        script += &format!(
            "mkdir -p $(dirname {place}) && printf '[contract_plugin]\\nsingle={number}\\n' > {place} && "
        );
        let seen = elsewhere(&script);
        assert_eq!(
            seen,
            format!("OK - items , single {number}, flag false, thresholds /"),
            "{place} comes before those below"
        );
    }
}
