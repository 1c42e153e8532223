//! First lines have nothing that Nagios strips or changes on the way to an event handler or a notification.

use std::fs;

use suite::{help, plugins};

use super::files::{files, read};
use super::{Plugin, all};

/// The characters that Nagios strips (illegal_macro_output_chars) or changes (`;`), and what starts
/// performance data.
const STRIPPED: [char; 10] = ['\'', '"', '`', ';', '$', '<', '>', '&', '|', '~'];
/// All of them in a text that no option means, with what TOML, SQL and a shell would trip over.
const HOSTILE: &str = "it's \"a\" `b`; $c <d> & |e ~f";

/// What no label of performance data has; ranges have `~`, `:` and `;`.
const BAD_IN_DATA: [char; 8] = ['"', '`', '\\', '$', '<', '>', '&', '|'];

/// The text of the first line of what the plugin says.
fn text(plugin: &Plugin, arguments: &[&str]) -> String {
    let (_, line) = plugin.ask(arguments);
    let (head, data) = line.split_once(" | ").unwrap_or((&line, ""));
    assert!(!data.contains(BAD_IN_DATA), "{} {arguments:?}: {line}", plugin.name);
    head.to_owned()
}

fn assert_bare(plugin: &Plugin, arguments: &[&str]) {
    let line = text(plugin, arguments);
    assert!(!line.contains(STRIPPED), "{} {arguments:?}: {line}", plugin.name);
}

#[test]
fn no_error_of_the_command_line_has_what_nagios_strips() {
    for plugin in all() {
        for arguments in [
            &["--bogus"][..],
            &[HOSTILE],
            &["--", HOSTILE],
            &["--hel"],
            &["192.0.2.1"],
            &["--timeout=5", "-t5"],
            &[],
        ] {
            assert_bare(&plugin, &[&["--timeout=2"], arguments].concat());
            assert_bare(&plugin, arguments);
        }
        for option in help::options(&plugin.help)
            .into_iter()
            .filter(|option| option.long != "--help" && option.long != "--version")
        {
            for value in [HOSTILE, "", "~:$x", "'", "/nonexistent/it's", "\"192.0.2.1\""] {
                assert_bare(&plugin, &["--timeout=2", &format!("{}={value}", option.long)]);
            }
            assert_bare(&plugin, &[&option.long]);
        }
    }
}

#[test]
fn no_error_of_a_file_has_what_nagios_strips() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("it's; $a");
    let path = file.to_str().unwrap().to_owned();
    for plugin in all() {
        for content in [
            HOSTILE.to_owned(),
            format!("[x]\n{HOSTILE}\n"),
            format!("[{HOSTILE}]\n"),
            "[x]\ntimeout='5'\n".to_owned(),
        ] {
            fs::write(&file, content).unwrap();
            assert_bare(&plugin, &[&format!("--extra-opts=x@{path}")]);
            for option in ["--file", "--config", "--defaults-file", "--tls-ca"]
                .into_iter()
                .filter(|option| plugin.has(option))
            {
                assert_bare(&plugin, &["--timeout=2", &format!("{option}={path}")]);
            }
        }
    }
}

#[test]
fn every_usage_error_says_where_help_is() {
    for plugin in all() {
        for arguments in [
            &["--bogus"][..],
            &["stray"],
            &["192.0.2.1"],
            &["--timeout=x"],
            &["--timeout"],
            &["-t5", "-t5"],
            &["--exit-ok=1"],
            &["--extra-opts", "x@y"],
            &["--extra-opts=@"],
        ] {
            let line = text(&plugin, arguments);
            assert!(line.ends_with(", see --help"), "{} {arguments:?}: {line}", plugin.name);
        }
    }
}

/// The beginnings of messages that begin with an option and tell what this host, a list or a server has:
/// whether the option is right cannot be known from the command line.
const OF_THE_HOST: [&str; 14] = [
    "--extra-opts names no file, and there is none",
    "--forget ",
    "--from-env: ",
    "--in-order: ",
    "--interface ",
    "--livestatus ",
    "--root: ",
    "--source {address}: ",
    "--source {0}: no target",
    "--source={0} is not an address of this machine",
    "--source={0}: no host is asked",
    "--state-file ",
    "--user={0}: ",
    "--user={user}: ",
];

/// The text of each `#[error("...")]`.
fn messages(source: &str) -> impl Iterator<Item = &str> {
    let attributes = source.split("#[error(").skip(1);
    attributes.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
}

/// An error that the command line alone shows: its message begins with the option.
#[test]
fn a_message_that_begins_with_an_option_says_where_help_is() {
    let sources = files(&plugins::workspace().join("crates"), ".rs");
    let sources: Vec<String> = sources.iter().map(|path| read(path)).collect();
    let all: Vec<&str> = sources.iter().flat_map(|source| messages(source)).collect();
    let of_option: Vec<&str> = all.into_iter().filter(|text| text.starts_with("--")).collect();
    let (told, untold): (Vec<&str>, Vec<&str>) =
        of_option.into_iter().partition(|text| text.ends_with(", see --help"));
    assert!(told.len() > 20, "{told:?}");
    for text in &untold {
        assert!(OF_THE_HOST.iter().any(|start| text.starts_with(start)), "no see --help: {text}");
    }
    for start in OF_THE_HOST {
        assert!(untold.iter().any(|text| text.starts_with(start)), "no message begins so: {start}");
    }
}
