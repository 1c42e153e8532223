//! The plugins of this workspace, found by looking into `crates/`, and their binaries.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The top of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

/// What a program is for, told by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A plugin, `check_*`: it looks, judges and changes nothing.
    Check,
    /// An event handler, `handle_*` or `notify_*`: Nagios runs it when a state has changed, and it does something about it.
    Handler,
}

/// The kind of a program of this name.
///
/// # Panics
/// If the name tells none.
pub fn kind(name: &str) -> Kind {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    assert!(starts(&["check_", "handle_", "notify_"]), "{name} is neither check_*, nor handle_* or notify_*");
    if starts(&["check_"]) { Kind::Check } else { Kind::Handler }
}

/// The names of all plugins and event handlers, sorted: each folder under `crates/` with a `src/main.rs`.
pub fn names() -> Vec<String> {
    let folders = fs::read_dir(workspace().join("crates")).into_iter().flatten().flatten();
    let plugins = folders.filter(|folder| folder.path().join("src/main.rs").is_file());
    let mut names: Vec<String> = plugins.map(|folder| folder.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A program built from this workspace, beside the running test.
///
/// # Panics
/// If it is not there.
pub fn binary(name: &str) -> PathBuf {
    let test = env::current_exe().unwrap_or_default();
    let path = test.ancestors().skip(1).map(|folder| folder.join(name)).find(|path| path.is_file());
    assert!(path.is_some(), "no program {name} beside {}: build it with `cargo build --workspace`", test.display());
    path.unwrap_or_default()
}

/// A command that runs a program built from this workspace.
pub fn command(name: &str) -> Command {
    Command::new(binary(name))
}
