//! The machine that measures, and the hosts on it.

use std::fs::{self, File};
use std::os::fd::AsFd as _;
use std::path::Path;
use std::thread;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::host::Host;

/// The machine and the kernel, for whoever compares two tables.
pub(super) fn machine() -> String {
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

/// Moves this thread, and what it starts, into the host.
///
/// # Panics
/// If the host is gone, or without root.
pub fn enter(host: &Host) {
    let namespace = File::open(Path::new("/run/netns").join(host.name()));
    let moved = namespace
        .map(|namespace| move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)));
    assert!(matches!(moved, Ok(Ok(()))), "entering {}: {moved:?}", host.name());
}
