//! The programs under measurement: our release binaries, built first, and the ones of others.
#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{needs, plugins};

/// Where the release binaries are.
#[derive(Debug)]
pub(super) struct Programs(PathBuf);

impl Programs {
    /// Builds the release binaries of a plugin and of the suite. In CI those of the whole workspace, which
    /// stand built there: linking each takes as long as measuring it.
    pub(super) fn build(plugin: &str) -> Self {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let is_ci = env::var_os("CI").is_some_and(|value| value == "true");
        let which: &[&str] =
            if is_ci { &["--workspace"] } else { &["--package", plugin, "--package", "suite"] };
        let mut command = Command::new(cargo);
        // What cargo tells the benchmark of itself: with it, build scripts that look at these would run
        // again, and all that depends on them would be built again, for each benchmark.
        let starts = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
        for (name, _) in env::vars_os() {
            if starts.iter().any(|start| name.as_encoded_bytes().starts_with(start.as_bytes())) {
                command.env_remove(name);
            }
        }
        command
            .args(["build", "--release", "--bins", "--quiet"])
            .args(which)
            .current_dir(plugins::workspace());
        let built = command.status();
        assert!(built.as_ref().is_ok_and(|status| status.success()), "{command:?}: {built:?}");
        // The benchmark is in the folder `deps` of its profile, which is beside that of the release.
        let benchmark = env::current_exe().unwrap_or_default();
        Self(benchmark.ancestors().nth(3).map(|profiles| profiles.join("release")).unwrap_or_default())
    }

    /// The path of one of our own release binaries.
    pub(super) fn own(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

/// Returns the path of a program that a package brings: `None`, with a word on it, if it is not installed.
pub fn other(name: &str) -> Option<PathBuf> {
    let found = needs::program(name);
    if found.is_none() {
        println!("no {name} on this machine: its rows are left out");
    }
    found
}

/// Asserts that what is timed does what it is timed for: it succeeds, and its first line starts with
/// `expected`.
///
/// # Panics
/// If it does something else.
pub fn says(mut command: Command, expected: &str) {
    let outcome = crate::process::run(&mut command);
    let (code, line) = outcome.verdict();
    let right = if expected.is_empty() { line.is_empty() } else { line.starts_with(expected) };
    assert!(code == 0 && right, "{command:?} gives {code}, {line:?}{}, not {expected:?}", outcome.stderr);
}

/// Returns a command of a program and its arguments.
pub fn command(program: PathBuf, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// Returns the same program with the same arguments.
pub fn again(command: &Command) -> Command {
    let mut again = Command::new(command.get_program());
    again.args(command.get_args());
    again
}

/// Writes a file and returns its path as text.
///
/// # Panics
/// If it cannot be written.
pub fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    let written = fs::write(&path, text);
    assert!(written.is_ok(), "writing {}: {written:?}", path.display());
    path.to_string_lossy().into_owned()
}
