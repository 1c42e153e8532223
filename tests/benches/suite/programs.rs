//! The programs under measurement: our release binaries, built first, and the ones of others.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use suite::{needs, plugins};

/// Where the release binaries are.
pub(crate) struct Programs(PathBuf);

impl Programs {
    /// The path of one of our own release binaries.
    pub(crate) fn own(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The path of a program that a package brings: none, with a word on it, if it is not installed.
    pub(crate) fn other(name: &str) -> Option<PathBuf> {
        let found = needs::program(name);
        if found.is_none() {
            println!("no {name} on this machine: its rows are left out");
        }
        found
    }
}

/// Builds all release binaries of the workspace.
pub(crate) fn build() -> Programs {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--release", "--workspace", "--bins", "--quiet"]).current_dir(plugins::workspace());
    assert!(command.status().unwrap().success(), "{command:?} failed");
    // This benchmark is in the folder `deps` of the same profile.
    let folder = env::current_exe().unwrap().ancestors().nth(2).map(Path::to_owned).unwrap();
    Programs(folder)
}

/// The machine and the kernel, for whoever compares two tables.
pub(crate) fn machine() -> String {
    let first = |path: &str, key: &str| {
        let text = fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default().to_owned();
        line.rsplit(": ").next().unwrap_or_default().to_owned()
    };
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let model = first("/proc/cpuinfo", "model name");
    let kernel = first("/proc/sys/kernel/osrelease", "");
    let load = first("/proc/loadavg", "");
    format!("{cores} cores of {model}, kernel {kernel}, load {}", load.split(' ').next().unwrap_or_default())
}
