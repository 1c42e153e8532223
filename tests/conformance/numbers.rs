//! Numbers: one grammar for every option of every program.

use suite::help;

use super::{Plugin, all};

/// What the values of options that take a whole number are called.
const WHOLE: [&str; 9] = ["NUMBER", "PORT", "PORT[,PORT]", "TIMES", "N", "MESSAGES", "MIB", "DAYS", "DEPTH"];
/// What those of options are called whose numbers may have a point, or where a word may stand in place of the
/// number.
const OTHERS: [&str; 6] = ["POINTS", "PERCENT", "PERCENT|off", "SECONDS", "RANGE", "RANGE[%]"];
/// What looks like a number and is none here.
const REFUSED: [&str; 9] = ["", "+1", "-1", " 1", "1 ", "1.", "1e3", "0x1", "\"1\""];

/// The options of the plugin whose values are called so, those aside that take over a macro of Nagios: a
/// number that is none there must not lose the event.
fn options(plugin: &Plugin, names: &[&str]) -> Vec<String> {
    let is_macro = |option: &help::HelpOption| option.text.contains('$');
    let is_of = |option: &help::HelpOption| {
        names.iter().any(|name| plugin.help.contains(&format!("{} <{name}>", option.long)))
    };
    let options = help::options(&plugin.help).into_iter();
    options.filter(|option| is_of(option) && !is_macro(option)).map(|option| option.long).collect()
}

#[test]
fn every_option_of_a_number_has_the_same_grammar() {
    let mut seen = 0;
    for plugin in all() {
        let whole = options(&plugin, &WHOLE);
        for option in whole.iter().chain(&options(&plugin, &OTHERS)) {
            seen += 1;
            for value in REFUSED {
                plugin.refuses(&[&format!("{option}={value}")], &[option, ", see --help"]);
            }
        }
        for option in whole {
            // Zeros in front change nothing, except in a list of ports: 007 is no port there.
            let is_list = plugin.help.contains(&format!("{option} <PORT[,PORT]>"));
            let (_, line) = plugin.ask(&[&format!("{option}=01"), "--timeout=2"]);
            assert_eq!(line.contains(" not a "), is_list, "{} {option}=01: {line}", plugin.name);
            let value = "99999999999";
            let what = if is_list { "is not a port of 1 to 65535" } else { "not a whole number from " };
            plugin.refuses(&[&format!("{option}={value}")], &[&option, value, what]);
        }
    }
    assert!(seen >= 40, "{seen} options of numbers");
}
