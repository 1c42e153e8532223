//! Holds `plugin::run` to its promise, by a plugin that misbehaves on demand (`src/bin/contract_plugin.rs`):
//! whatever a check does, exit code 0 to 3, one non-empty first line on standard output in time, nothing on
//! standard error, no death by a signal.
#![expect(clippy::panic, clippy::unwrap_used, reason = "what a test cannot set up fails the test")]

use std::process::Command;
use std::time::Duration;

use suite::plugins;
use suite::process::{self, Outcome};

#[path = "contract/arguments.rs"]
mod arguments;
#[path = "contract/extra_opts.rs"]
mod extra_opts;
#[path = "contract/formats.rs"]
mod formats;
#[path = "contract/output.rs"]
mod output;
#[path = "contract/signals.rs"]
mod signals;
#[path = "contract/stepwise.rs"]
mod stepwise;
#[path = "contract/streams.rs"]
mod streams;
#[path = "contract/terminal.rs"]
mod terminal;
#[path = "contract/time.rs"]
mod time;

/// How much later than its deadline a plugin may end.
const LATE: Duration = Duration::from_millis(250);

/// The plugin that misbehaves, with these arguments.
fn plugin(arguments: &[&str]) -> Command {
    let mut command = plugins::command("contract_plugin");
    command.args(arguments).env_remove("MP_CONFIG_FILE");
    command
}

/// What comes of running `command`, which must keep the promise.
fn outcome(command: &mut Command) -> Outcome {
    let outcome = process::run(command);
    assert!(matches!(outcome.code, Some(0..=3)), "{command:?}: {outcome:?}");
    assert!(!outcome.first_line().trim().is_empty(), "{command:?}: {outcome:?}");
    assert_eq!(outcome.stderr, "", "{command:?}: {outcome:?}");
    outcome
}

/// The exit code and all lines of the plugin with these arguments.
fn run(arguments: &[&str]) -> (i32, Vec<String>) {
    let outcome = outcome(&mut plugin(arguments));
    (outcome.code.unwrap(), outcome.stdout.lines().map(str::to_owned).collect())
}

/// The exit code and the only line of the plugin with these arguments, without its name.
fn line(arguments: &[&str]) -> (i32, String) {
    let (code, lines) = run(arguments);
    let [line] = lines.as_slice() else { panic!("{arguments:?}: not one line: {lines:#?}") };
    (code, line.strip_prefix("CONTRACT_PLUGIN ").unwrap_or(line).to_owned())
}

/// What `attempt` comes to, which must end before `limit` and a quarter of a second. Three attempts, because
/// a busy machine can delay any one of them, whereas a plugin that is late by itself is always late.
fn in_time<T>(limit: Duration, attempt: impl Fn() -> (T, Duration)) -> T {
    let mut took = Vec::new();
    for _ in 0..3 {
        let (result, elapsed) = attempt();
        if elapsed <= limit + LATE {
            return result;
        }
        took.push(elapsed);
    }
    panic!("later than {limit:?} + {LATE:?} at each attempt: {took:?}")
}
