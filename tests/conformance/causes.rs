//! An error names its cause once.

use std::collections::BTreeSet;

use suite::{help, plugins};

use super::all;
use super::files::{files, read};

/// A file that does not exist.
const NONE: &str = "/nonexistent/silent-outage-plugins";

/// The parts of a first line that stand in it more than once.
fn repeated(line: &str) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    line.split(": ").filter(|part| !seen.insert(*part)).collect()
}

#[test]
fn an_error_names_its_cause_once() {
    assert_eq!(repeated("X UNKNOWN - reading /a: gone: /a: gone"), ["gone"]);
    for plugin in all() {
        let files = help::options(&plugin.help).into_iter().filter(|option| option.takes_value);
        let calls = files.map(|option| vec![format!("{}={NONE}", option.long)]).chain([Vec::new()]);
        for mut call in calls {
            call.push("--timeout=5".to_owned());
            let words: Vec<&str> = call.iter().map(String::as_str).collect();
            let (_, line) = plugin.ask(&words);
            assert_eq!(repeated(&line), [""; 0], "{} {call:?}: {line}", plugin.name);
        }
    }
}

/// `#[from]`, `#[source]` and a field called `source` hand the cause on, to be printed after the error's own
/// text.
#[test]
fn an_error_that_hands_its_cause_on_does_not_print_it() {
    let doubled = |variant: &str| {
        let (printed, fields) = variant.split_once(")]").unwrap_or_default();
        // The last variant has the rest of the file behind it.
        let fields = fields.split("\n}").next().unwrap_or_default();
        let unnamed = fields.contains("#[from]") || fields.contains("#[source]");
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let named =
            printed.split(|c| !is_word(c)).any(|word| word == "source") && fields.contains(" source: ");
        unnamed && (printed.contains("{0") || printed.contains(".0")) || named
    };
    assert!(doubled("\"the configuration {0}\")]\n    Trust(#[from] TrustError),\n"));
    assert!(
        !doubled("transparent)]\n    Trust(#[from] TrustError),\n")
            && !doubled("\"the log {0}\")]\n    Log(TrustError),\n")
    );
    let mut variants = 0;
    for path in files(&plugins::workspace().join("crates"), ".rs") {
        let text = read(&path);
        for variant in text.split("#[error(").skip(1) {
            variants += 1;
            assert!(
                !doubled(variant),
                "{}: #[error({}",
                path.display(),
                variant.lines().next().unwrap_or_default()
            );
        }
    }
    assert!(variants > 50, "{variants} variants of errors");
}
