//! check_latency in simulated worlds, and against a far end with vices.
//!
//! What needs hosts needs root and the packages that `tests/run` installs. A test that misses something says
//! so and skips, and with CI=true it fails. Every test has network namespaces of its own.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[cfg(test)]
mod crashes;
#[cfg(test)]
mod far_end;
#[cfg(test)]
mod gateways;
#[cfg(test)]
mod local_time;
#[cfg(test)]
mod look;
#[cfg(test)]
mod paths;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod second_opinion;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod strange;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use suite::needs::Need;
use tempfile::TempDir;

/// What a test needs that makes hosts.
#[cfg(test)]
const NEEDS: [Need; 3] = [Need::Root, Need::Program("ip"), Need::Program("nft")];

/// A folder of this user's alone.
#[cfg(test)]
fn private_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    folder
}
