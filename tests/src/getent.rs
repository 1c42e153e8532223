//! A `getent` of a test's own: its names have the addresses, the errors and the silence that the test wants.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::host::public_folder;

/// A folder with a program `getent`. Dropping it removes it.
#[derive(Debug)]
pub struct Getent(TempDir);

/// Makes a `getent` that does for each name what the cases of sh(1) say, as in `"hang) exec sleep 60 ;;"`. It
/// prints nothing for other names. Names for loopback addresses end with `.localhost`: others are a fault of
/// the hosts file.
///
/// # Panics
/// If it cannot be written.
pub fn fake(cases: &str) -> Getent {
    let folder = public_folder();
    let file = folder.path().join("getent");
    // The first argument is the database, the second the name.
    let made = fs::write(&file, format!("#!/bin/sh\ncase $2 in\n{cases}\nesac\n"))
        .and_then(|()| fs::set_permissions(&file, fs::Permissions::from_mode(0o755)));
    assert!(made.is_ok(), "making {}: {made:?}", file.display());
    Getent(folder)
}

impl Getent {
    /// Returns the PATH by which this program is found first.
    pub fn path(&self) -> String {
        format!("{}:/usr/bin:/bin", self.0.path().display())
    }

    /// Returns the command of a program that finds this `getent`.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.env("PATH", self.path());
        command
    }
}
