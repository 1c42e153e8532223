//! What a system test needs of the machine. Where it is missing, the test says so and skips; in CI it fails instead.

use std::env;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Where programs are, besides PATH: a user's PATH lacks the folders for administrators, and plugins have their own.
const FOLDERS: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/lib/nagios/plugins", "/usr/lib64/nagios/plugins"];

/// One thing that a test needs.
#[derive(Clone, Copy, Debug)]
pub enum Need {
    /// The right to make network namespaces and to start daemons as another user.
    Root,
    /// A program of this name; `tests/run` installs the packages that have them.
    Program(&'static str),
}

/// Whether something that a test needs is missing: then it must return. Says what on standard error, past the test's capture.
///
/// # Panics
/// If something is missing and the environment has CI=true, where nothing may be skipped.
pub fn missing(needs: &[Need]) -> bool {
    let lacks = |need: &&Need| match need {
        Need::Root => !rustix::process::geteuid().is_root(),
        Need::Program(name) => program(name).is_none(),
    };
    let Some(need) = needs.iter().find(lacks) else { return false };
    let what = match need {
        Need::Root => "root".to_owned(),
        Need::Program(name) => format!("the program {name}"),
    };
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    assert!(env::var("CI").as_deref() != Ok("true"), "{test} needs {what}, and CI may not skip it: tests/run installs it");
    // Without a standard error there is nobody to tell.
    let _ = writeln!(io::stderr(), "skipped {test}: it needs {what}");
    true
}

/// Where a program is.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(FOLDERS.iter().map(|folder| Path::new(folder).to_owned()));
    folders.map(|folder| folder.join(name)).find(|program| program.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_skips_and_in_ci_fails() {
        assert!(!missing(&[Need::Program("sh")]));
        let is_ci = env::var("CI").as_deref() == Ok("true");
        let outcome = std::panic::catch_unwind(|| missing(&[Need::Program("sh"), Need::Program("no_program_is_called_so")]));
        assert_eq!(outcome.ok(), (!is_ci).then_some(true));
    }
}
