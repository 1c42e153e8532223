//! `--help` and `--version`.

use suite::help;

use super::all;

/// What every plugin has, by the Monitoring Plugins Development Guidelines and by our own habit.
const COMMON: [(&str, Option<&str>); 6] = [
    ("--help", Some("-h")),
    ("--version", Some("-V")),
    ("--timeout", Some("-t")),
    ("--verbose", Some("-v")),
    ("--exit-ok", None),
    ("--extra-opts", None),
];
/// What these must mean where a plugin has them.
const RESERVED: [(&str, Option<&str>); 3] =
    [("--warning", Some("-w")), ("--critical", Some("-c")), ("--hostname", Some("-H"))];

#[test]
fn help_starts_with_the_description_and_names_the_common_options() {
    for plugin in all() {
        let name = &plugin.name;
        assert!(!plugin.description.is_empty(), "{name}: no description in its Cargo.toml");
        assert_eq!(plugin.ask(&["--help"]), (3, plugin.description.clone()), "{name} --help");
        assert_eq!(plugin.ask(&["-h"]), (3, plugin.description.clone()), "{name} -h");
        let options = help::options(&plugin.help);
        let short = |long: &str| {
            options.iter().find(|option| option.long == long).map(|option| option.short.as_deref())
        };
        for (long, expected) in COMMON {
            assert_eq!(short(long), Some(expected), "{name} {long}");
        }
        for (long, expected) in RESERVED {
            assert!(short(long).is_none_or(|short| short == expected), "{name}: {long} without {expected:?}");
        }
        let reserved = COMMON.iter().chain(&RESERVED);
        let reserved: Vec<_> =
            reserved.filter_map(|(long, short)| short.map(|short| (short, *long))).collect();
        for option in options {
            let owner = option
                .short
                .as_deref()
                .and_then(|short| reserved.iter().find(|(reserved, _)| *reserved == short));
            assert!(
                owner.is_none_or(|(_, long)| *long == option.long),
                "{name}: {option:?} uses a short name of {owner:?}"
            );
        }
    }
}

#[test]
fn every_option_has_a_text() {
    for plugin in all() {
        let options = help::options(&plugin.help);
        assert!(options.len() >= COMMON.len(), "{}: {options:?}", plugin.name);
        for option in options {
            assert!(option.text.split(' ').count() >= 2, "{}: no text for {}", plugin.name, option.long);
            assert!(
                !option.text.ends_with('.'),
                "{}: a full stop at the end of the text of {}",
                plugin.name,
                option.long
            );
        }
    }
}

/// Values that limit or judge something: without the option, the reader must know what holds.
const LIMITS: [&str; 13] = [
    "RANGE", "RANGE[%]", "SECONDS", "NUMBER", "N", "STATE", "LEVEL", "POINTS", "PERCENT", "RTA,PL%", "PORT",
    "TIMES", "MESSAGES",
];

#[test]
fn an_option_that_limits_or_judges_names_its_default() {
    for plugin in all() {
        for option in help::options(&plugin.help) {
            // What takes over a macro of Nagios limits nothing.
            let of_event = option.text.contains('$');
            let limits =
                LIMITS.iter().any(|value| plugin.help.contains(&format!("{} <{value}>", option.long)));
            let named = ["efault", "Without "].iter().any(|word| option.text.contains(word));
            assert!(named || of_event || !limits, "{} {}: {}", plugin.name, option.long, option.text);
        }
    }
}

#[test]
fn version_is_name_and_number() {
    for plugin in all() {
        let expected = (3, format!("{} {}", plugin.name, env!("CARGO_PKG_VERSION")));
        assert_eq!(plugin.ask(&["--version"]), expected);
        assert_eq!(plugin.ask(&["-V"]), expected);
        assert_eq!(plugin.run(&["--version"]).stdout.lines().count(), 1);
        assert_eq!(plugin.ask(&["--version", "--exit-ok"]).0, 0);
    }
}
