//! What holds for every plugin and every event handler of the workspace, found by looking into `crates/`, and
//! for every source file. An event handler keeps the same promise on its command line and its output; only
//! the shape of its package and of its README differ.
#![expect(clippy::panic, clippy::unwrap_used, reason = "what a test cannot read fails the test")]

use plugin::Kind;
use suite::{help, plugins};

#[path = "conformance/arguments.rs"]
mod arguments;
#[path = "conformance/causes.rs"]
mod causes;
#[path = "conformance/circles.rs"]
mod circles;
#[path = "conformance/files.rs"]
mod files;
#[path = "conformance/first_lines.rs"]
mod first_lines;
#[path = "conformance/linking.rs"]
mod linking;
#[path = "conformance/manual.rs"]
mod manual;
#[path = "conformance/maps.rs"]
mod maps;
#[path = "conformance/numbers.rs"]
mod numbers;
#[path = "conformance/once.rs"]
mod once;
#[path = "conformance/parsers.rs"]
mod parsers;
#[path = "conformance/release.rs"]
mod release;
#[path = "conformance/second_try.rs"]
mod second_try;
#[path = "conformance/seconds.rs"]
mod seconds;
#[path = "conformance/streams.rs"]
mod streams;

/// A plugin or an event handler: its name, what kind of program it is, as it calls itself in its output, its
/// description, and its --help.
struct Plugin {
    name: String,
    kind: Kind,
    title: String,
    description: String,
    help: String,
}

impl Plugin {
    /// Runs the plugin: the exit code and the first line, which must keep the promise of every plugin.
    fn ask(&self, arguments: &[&str]) -> (i32, String) {
        let outcome = self.run(arguments);
        (outcome.code.unwrap(), outcome.first_line().to_owned())
    }

    fn run(&self, arguments: &[&str]) -> suite::process::Outcome {
        let outcome =
            suite::process::run(plugins::confined(&self.name).args(arguments).env_remove("MP_CONFIG_FILE"));
        assert!(matches!(outcome.code, Some(0..=3)), "{} {arguments:?}: {outcome:?}", self.name);
        assert!(!outcome.first_line().trim().is_empty(), "{} {arguments:?}: {outcome:?}", self.name);
        assert_eq!(outcome.stderr, "", "{} {arguments:?}: {outcome:?}", self.name);
        outcome
    }

    /// Asserts that the plugin refuses these arguments: UNKNOWN, and a first line that names each of `parts`.
    fn refuses(&self, arguments: &[&str], parts: &[&str]) {
        let (code, line) = self.ask(arguments);
        assert_eq!(code, 3, "{} {arguments:?}: {line}", self.name);
        assert!(
            line.starts_with(&format!("{} UNKNOWN - ", self.title)),
            "{} {arguments:?}: {line}",
            self.name
        );
        for part in parts {
            assert!(line.contains(part), "{} {arguments:?}: no {part:?} in {line:?}", self.name);
        }
        assert_eq!(
            self.ask(&[arguments, &["--exit-ok"]].concat()).0,
            0,
            "{} {arguments:?} --exit-ok",
            self.name
        );
    }

    /// Whether --help has this option.
    fn has(&self, option: &str) -> bool {
        help::options(&self.help).iter().any(|known| known.long == option)
    }
}

/// All plugins, and the one to start from. There is at least one, or nothing would be tested here.
fn all() -> Vec<Plugin> {
    let names = plugins::names();
    assert!(!names.is_empty(), "no plugin under crates/");
    let plugin = |name: String| {
        let kind = plugins::kind(&name);
        let title = name.split_once('_').map(|(_, title)| title.to_uppercase()).unwrap();
        let description = help::description(&name);
        let help = suite::process::run(plugins::command(&name).arg("--help")).stdout;
        Plugin { name, kind, title, description, help }
    };
    names.into_iter().chain([plugins::SKELETON.to_owned()]).map(plugin).collect()
}
