//! Arguments that no plugin may take.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use suite::{help, plugins, process};

use super::all;

#[test]
fn what_is_unknown_is_refused_by_name() {
    for plugin in all() {
        plugin.refuses(&["--bogus"], &["--bogus"]);
        plugin.refuses(&["--bogus=1"], &["--bogus"]);
        plugin.refuses(&["--hel"], &["--hel"]);
        plugin.refuses(&["stray"], &["stray"]);
        plugin.refuses(&["--", "stray"], &["stray"]);
        plugin.refuses(&["192.0.2.1"], &["192.0.2.1"]);
        plugin.refuses(&[""], &["empty argument"]);
    }
}

#[test]
fn a_timeout_that_cannot_be_is_refused() {
    for plugin in all() {
        for value in ["0", "0.0001", "-1", "1e30", "nan", "inf", "", "8s", "86401"] {
            plugin.refuses(&[&format!("--timeout={value}")], &["--timeout", value]);
        }
        plugin.refuses(&["-t", "0"], &["--timeout", "0"]);
        plugin.refuses(&["-t", "1e30"], &["--timeout", "1e30"]);
        for value in ["8:ok", "8:OK", "8:", "8:2", "8:bad"] {
            plugin.refuses(&["--timeout", value], &["--timeout", value]);
        }
    }
}

#[test]
fn a_range_that_is_none_is_refused() {
    for plugin in all() {
        for option in ["--warning", "--critical"].into_iter().filter(|option| plugin.has(option)) {
            for value in ["abc", "20:10", "10:abc", "nan", "inf", "10:20:30", "10 ", "1e3", "@"] {
                plugin.refuses(&[option, value], &[option, value.trim()]);
                plugin.refuses(&[&format!("{option}={value}")], &[option, value.trim()]);
            }
            plugin.refuses(&[&format!("{option}=")], &[option]);
        }
    }
}

#[test]
fn an_option_without_its_value_is_refused() {
    for plugin in all() {
        for option in help::options(&plugin.help) {
            match option.takes_value {
                true if option.long == "--extra-opts" => {}
                true => plugin.refuses(&[&option.long], &[&option.long]),
                false => plugin.refuses(&[&format!("{}=x", option.long)], &[&option.long]),
            }
        }
    }
}

#[test]
fn arguments_that_are_not_utf8_or_far_too_long_are_one_line() {
    for plugin in all() {
        let long = "x".repeat(100_000);
        for argument in [OsStr::from_bytes(b"--\xff\xfe"), OsStr::from_bytes(b"\xff"), OsStr::new(&long)] {
            let outcome = process::run(plugins::confined(&plugin.name).arg(argument));
            assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(3), ""), "{}", plugin.name);
            assert!(
                outcome.stdout.starts_with(&format!("{} UNKNOWN - ", plugin.title)),
                "{}",
                outcome.stdout
            );
            assert!(
                outcome.stdout.len() <= 1_001 && outcome.stdout.lines().count() == 1,
                "{}",
                outcome.stdout
            );
        }
    }
}

#[test]
fn extra_opts_that_cannot_be_had_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plugins.ini");
    fs::write(&file, "[bogus]\n\nno-such-option=1\n[late]\ntimeout=0\n").unwrap();
    let file = file.to_str().unwrap();
    let fifo = folder.path().join("fifo");
    mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let fifo = fifo.to_str().unwrap();
    for plugin in all() {
        plugin.refuses(
            &["--extra-opts=@/nonexistent/plugins.ini"],
            &["/nonexistent/plugins.ini: no such file or directory"],
        );
        plugin
            .refuses(&[&format!("--extra-opts=@{file}")], &[file, &format!("no section [{}]", plugin.name)]);
        plugin.refuses(&[&format!("--extra-opts=missing@{file}")], &[file, "no section [missing]"]);
        plugin.refuses(&[&format!("--extra-opts=bogus@{file}")], &[file, "line 3", "no-such-option"]);
        plugin.refuses(&[&format!("--extra-opts=late@{file}")], &["--timeout"]);
        plugin.refuses(&[&format!("--extra-opts=@{fifo}"), "--timeout=0.2"], &[fifo]);
        plugin.refuses(&[&format!("--extra-opts=@{}", folder.path().display())], &["is a directory"]);
    }
}

#[test]
fn who_asks_for_nothing_is_told_what_to_give_and_where_help_is() {
    let mut advised = 0;
    for plugin in all() {
        let (_, line) = plugin.ask(&["--timeout=2"]);
        let text = line.split(" | ").next().unwrap();
        if [": give ", ": name it by --", ": name its "].iter().any(|advice| text.contains(advice)) {
            advised += 1;
            assert!(text.ends_with(", see --help"), "{line}");
        }
    }
    assert!(advised >= 7, "only {advised} lines with advice");
}
