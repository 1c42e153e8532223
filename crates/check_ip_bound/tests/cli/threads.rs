//! When a second thread is worth its price: to watch what may wait, and to read a long list while the kernel
//! answers.

use std::env;
use std::fs;
use std::process::Command;

use rustix::fs::{major, stat};
use suite::needs::{Need, missing};
use suite::process::threads;

use super::{BINARY, check, text};

/// The threads beside the first of a run with this list.
fn with_list(path: &str) -> usize {
    threads(Command::new(BINARY).args(["--file", path])).unwrap()
}

#[test]
fn what_cannot_wait_starts_no_thread() {
    if missing(&[Need::Program("strace")]) {
        return;
    }
    assert_eq!(threads(Command::new(BINARY).arg("--ip=127.0.0.1")).unwrap(), 0);
    assert_eq!(with_list("/dev/null"), 1, "a device may wait");
    // Beside the tests, which are on a disk where /tmp may be in memory alone.
    let folder = tempfile::tempdir_in(env::current_exe().unwrap().parent().unwrap()).unwrap();
    let path = folder.path().join("ips");
    fs::write(&path, "127.0.0.1\n").unwrap();
    // The file system of a container shows no disk: there it may be one of the network.
    let on_a_disk = major(stat(&path).unwrap().st_dev) != 0;
    assert_eq!(with_list(path.to_str().unwrap()), usize::from(!on_a_disk));
    let link = folder.path().join("link");
    std::os::unix::fs::symlink("/proc/self/status", &link).unwrap();
    assert_eq!(with_list(link.to_str().unwrap()), 1, "what a link leads to counts");
}

#[test]
fn a_long_list_says_what_a_short_one_says() {
    let folder = tempfile::tempdir_in(env::current_exe().unwrap().parent().unwrap()).unwrap();
    let path = folder.path().join("ips");
    let rows = [
        ("127.0.0.1\n", 0, "OK - 1 address bound and usable"),
        ("192.0.2.1\n", 2, "CRITICAL - 1 of 2 addresses missing: 192.0.2.1"),
        ("nonsense\n", 3, "UNKNOWN - PATH line LAST: nonsense is not an IP address"),
    ];
    for (last, code, line) in rows {
        for lines in [1, 7_000] {
            fs::write(&path, "127.0.0.1\n".repeat(lines) + last).unwrap();
            let path = path.to_str().unwrap();
            let line = line.replace("PATH", path).replace("LAST", &(lines + 1).to_string());
            let outcome = check(&["--file", path]);
            assert_eq!(text(&outcome), (code, format!("IP_BOUND {line}").as_str()), "{lines} lines");
        }
    }
}
