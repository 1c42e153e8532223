//! Times in seconds: one grammar for every option of every program.

use suite::help;

use super::all;

/// What looks like a time and is none, or is one of another grammar.
const REFUSED: [&str; 15] =
    ["", "5.", ".5", ".", "1.2.3", "+1", "-1", "1e2", "1_0", "1,5", "1 s", "5s", "inf", "nan", "0x10"];

#[test]
fn every_option_of_seconds_has_the_same_grammar() {
    let mut options = 0;
    for plugin in all() {
        for option in help::options(&plugin.help) {
            if !plugin.help.contains(&format!("{} <SECONDS", option.long)) {
                continue;
            }
            options += 1;
            for value in REFUSED {
                plugin.refuses(
                    &[&format!("{}={value}", option.long)],
                    &[&option.long, "not a time in seconds from "],
                );
            }
        }
    }
    assert!(options >= 10, "{options} options of seconds, of which --timeout is one in every program");
}
