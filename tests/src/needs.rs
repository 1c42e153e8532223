//! What a system test needs of the machine. Where it is missing, the test says so and skips; in CI it fails
//! instead, unless it is the kernel that lacks it, or has a table that is too large.

use std::env;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Where programs are, besides PATH: a user's PATH lacks the folders for administrators, and plugins have
/// their own.
const FOLDERS: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/lib/nagios/plugins", "/usr/lib64/nagios/plugins"];

/// One thing that a test needs.
#[derive(Clone, Copy, Debug)]
pub enum Need {
    /// The right to make network namespaces and to start daemons as another user.
    Root,
    /// A program of this name; `tests/run` installs the packages that have them.
    Program(&'static str),
    /// A server of another release, unpacked by `tests/servers/fetch`: its folder and its program, as in
    /// mysql97/bin/mysqld.
    Server(&'static str),
    /// A kernel whose table of neighbours takes no more than this many entries, so that a test may fill it.
    /// All hosts of one machine share it.
    NeighboursUpTo(u32),
    /// A kernel that has file systems which a program serves.
    Fuse,
}

/// Whether something that a test needs is missing: then it must return. Names it on standard error, past the
/// test's capture, and in the file of the variable SUITE_SKIPPED, from which `tests/run` counts.
///
/// # Panics
/// If something is missing and the environment has CI=true, where a test is skipped only for what the kernel
/// lacks, or for a table of it that is too large.
pub fn missing(needs: &[Need]) -> bool {
    let Some((need, what)) = first_missing(needs) else { return false };
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    assert!(
        env::var("CI").as_deref() != Ok("true") || need.is_of_kernel(),
        "{test} needs {what}, and CI may not skip it: tests/run installs programs"
    );
    let line = format!("skipped {test}: it needs {what}\n");
    // Without a standard error there is no one to tell.
    let _ = io::stderr().write_all(line.as_bytes());
    if let Some(path) = env::var_os("SUITE_SKIPPED") {
        let written = File::options()
            .append(true)
            .create(true)
            .open(&path)
            .and_then(|mut file| file.write_all(line.as_bytes()));
        assert!(written.is_ok(), "writing {}: {written:?}", path.display());
    }
    true
}

impl Need {
    /// Whether the kernel decides it: nothing that is installed meets it.
    fn is_of_kernel(self) -> bool {
        matches!(self, Need::NeighboursUpTo(_) | Need::Fuse)
    }
}

/// The first of these needs that is not met, and the same in words: the kernel's come last.
fn first_missing(needs: &[Need]) -> Option<(Need, String)> {
    let (of_kernel, others): (Vec<Need>, Vec<Need>) = needs.iter().partition(|need| need.is_of_kernel());
    others.into_iter().chain(of_kernel).find_map(|need| Some((need, unmet(need)?)))
}

/// What is missing if a need is not met.
fn unmet(need: Need) -> Option<String> {
    match need {
        Need::Root => (!rustix::process::geteuid().is_root()).then(|| "root".to_owned()),
        Need::Program(name) => program(name).is_none().then(|| format!("the program {name}")),
        Need::Server(path) => server(path).is_none().then(|| format!("the server {path}")),
        Need::Fuse => (!Path::new("/dev/fuse").exists()).then(|| "/dev/fuse".to_owned()),
        Need::NeighboursUpTo(most) => neighbours()
            .is_none_or(|limit| limit > most)
            .then(|| format!("net.ipv4.neigh.default.gc_thresh3 of at most {most}")),
    }
}

/// How many IPv4 neighbours the kernel takes: `None` if that cannot be read.
pub fn neighbours() -> Option<u32> {
    std::fs::read_to_string("/proc/sys/net/ipv4/neigh/default/gc_thresh3").ok()?.trim().parse().ok()
}

/// Where a program is.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(FOLDERS.iter().map(|folder| Path::new(folder).to_owned()));
    folders.map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// Where a server of another release is: below the folder of what was built, or of the variable
/// CARGO_TARGET_DIR.
pub fn server(path: &str) -> Option<PathBuf> {
    let test = env::current_exe().unwrap_or_default();
    let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let folders = test.ancestors().skip(1).map(Path::to_owned).chain(target);
    folders.map(|folder| folder.join("servers").join(path)).find(|program| program.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_need_that_is_not_met_is_named() {
        let first_missing =
            |needs: &[Need]| first_missing(needs).map(|(need, what)| (need.is_of_kernel(), what));
        assert_eq!(first_missing(&[Need::Program("sh")]), None);
        let needs = [Need::NeighboursUpTo(0), Need::Program("sh"), Need::Program("no_program_is_called_so")];
        assert_eq!(first_missing(&needs), Some((false, "the program no_program_is_called_so".to_owned())));
        assert!(!missing(&[Need::Program("sh")]));
        let most = "net.ipv4.neigh.default.gc_thresh3 of at most 0";
        assert_eq!(first_missing(&[Need::NeighboursUpTo(0)]), Some((true, most.to_owned())));
    }
}
