//! The commands for Nagios and Icinga 2: what they name is made from what each plugin prints for `--help`, so
//! that an option that does not exist cannot be shipped, and a new plugin has its commands without a line by
//! hand.

use std::fmt::Write as _;

use plugin::Kind;
use suite::blocks::{Block, hold_file};
use suite::help::{self, HelpOption};
use suite::plugins;

use super::{helps, read, readmes};

/// What a scheduled check has no use for: help, what makes every state OK, what prints a list, and what
/// forgets.
const BY_HAND: [&str; 5] = ["--help", "--version", "--exit-ok", "--list", "--forget"];

/// What Icinga 2 calls a program, by its kind.
fn kinds(plugin: &str) -> &'static [&'static str] {
    match plugins::kind(plugin) {
        Kind::Check => &["CheckCommand"],
        Kind::Handle => &["EventCommand"],
        Kind::Notify => &["EventCommand", "NotificationCommand"],
        // A service of the monitor itself: it alarms where publishing fails.
        Kind::Publish => &["CheckCommand"],
    }
}

/// The start of a plugin's variables: `check_x_y --file` is `$x_y_file$`.
fn variable(plugin: &str, option: &HelpOption) -> String {
    let start = plugin.split_once('_').map_or(plugin, |(_, rest)| rest);
    format!("{start}_{}", option.long.trim_start_matches('-').replace('-', "_"))
}

fn argument(plugin: &str, option: &HelpOption) -> String {
    let (name, variable) = (&option.long, variable(plugin, option));
    let value = match option.takes_value {
        // Its value is optional, so that it must stand behind a =.
        true if name == "--extra-opts" => {
            format!("value = \"{name}=${variable}$\"\n            skip_key = true")
        }
        true => format!("value = \"${variable}$\""),
        false => format!("set_if = \"${variable}$\""),
    };
    let text = option.text.replace('\\', "\\\\").replace('"', "\\\"");
    format!(
        "        \"{name}\" = {{\n            {value}\n            description = \"{text}\"\n        }}\n"
    )
}

/// The whole file for Icinga 2.
fn icinga() -> String {
    let mut file = "// Silent outage plugins: their commands for Icinga 2. Generated from --help; put your own commands into another file. Set the\n\
        // variables in a host or a service: vars.ip_bound_file = \"/etc/silent-outage/addresses\". An array gives an option once for each\n\
        // value, and a flag takes true. The file belongs into a global zone, or into conf.d of a single Icinga.\n"
        .to_owned();
    for (plugin, help) in helps() {
        let options = help::options(&help);
        let arguments: String = options
            .iter()
            .filter(|option| !BY_HAND.contains(&&*option.long))
            .map(|option| argument(&plugin, option))
            .collect();
        for kind in kinds(&plugin) {
            write!(
                file,
                "\n// {}\nobject {kind} \"{plugin}\" {{\n    command = [ PluginDir + \"/{plugin}\" ]\n    arguments = {{\n{arguments}    }}\n}}\n",
                help::description(&plugin)
            )
            .unwrap();
        }
    }
    file
}

#[test]
fn icinga_has_every_option_of_every_plugin() {
    let path = plugins::workspace().join("nrpe-config/icinga2/silent-outage-commands.conf");
    hold_file(&path, &icinga());
}

#[test]
fn nagios_has_a_command_for_every_check() {
    let path = plugins::workspace().join("nrpe-config/nagios/silent-outage-commands.cfg");
    // What a handler or a notification is given of an event is written by hand.
    let commands = plugins::checks().map(|plugin| {
        let description = help::description(&plugin);
        let name =
            format!("    command_name        {plugin}\n    command_line        $USER1$/{plugin} $ARG1$\n");
        format!("# {description}\ndefine command {{\n{name}}}\n\n")
    });
    Block::between(&path, "# The plugins, from here", "# to here").hold(&commands.collect::<String>());
}

#[test]
fn a_name_tells_what_it_is_for() {
    let option = |long: &str, takes_value| HelpOption {
        long: long.to_owned(),
        short: None,
        takes_value,
        text: "Say \"a\\b\"".to_owned(),
    };
    assert_eq!(kinds("check_x"), ["CheckCommand"]);
    assert_eq!(kinds("handle_x"), ["EventCommand"]);
    assert_eq!(kinds("notify_x"), ["EventCommand", "NotificationCommand"]);
    let lines =
        |option: &HelpOption| argument("check_x_y", option).split_whitespace().collect::<Vec<_>>().join(" ");
    let text = r#"description = "Say \"a\\b\"""#;
    assert_eq!(lines(&option("--no-x", false)), format!("\"--no-x\" = {{ set_if = \"$x_y_no_x$\" {text} }}"));
    assert_eq!(lines(&option("--ip", true)), format!("\"--ip\" = {{ value = \"$x_y_ip$\" {text} }}"));
    let extra = "value = \"--extra-opts=$x_y_extra_opts$\" skip_key = true";
    assert_eq!(lines(&option("--extra-opts", true)), format!("\"--extra-opts\" = {{ {extra} {text} }}"));
}

/// The programs that a text runs as another user by their name alone, which is not on the `PATH` of an
/// installation.
fn without_a_path<'a>(text: &'a str, plugins: &[String]) -> Vec<&'a str> {
    let words: Vec<&str> = text.split_whitespace().map(|word| word.trim_matches(['`', ','])).collect();
    let ran = words.windows(3).filter_map(|window| match *window {
        ["-u", _, name] | [_, "--", name] => Some(name),
        _ => None,
    });
    ran.filter(|name| plugins.iter().any(|plugin| plugin == name)).collect()
}

#[test]
fn a_program_without_a_path_is_found() {
    let plugins = ["check_x".to_owned()];
    let text = "`runuser -u nagios -- check_x -h`, sudo -u nagios check_x, runuser -u nagios -- /usr/bin/check_x, check_x -- a";
    assert_eq!(without_a_path(text, &plugins), ["check_x", "check_x"]);
}

#[test]
fn what_runs_as_another_user_has_a_path() {
    let plugins = plugins::names();
    for (_, path) in readmes() {
        let text = read(&path);
        let found = without_a_path(&text, &plugins);
        assert!(found.is_empty(), "{}: another user does not find {found:?}", path.display());
    }
}
