//! The programs that ask for leases by DHCP and run on this host: of a lease of IPv4 that none of them holds,
//! nothing is left.

use std::fs;
use std::path::{Path, PathBuf};

/// Programs that ask for a lease by DHCP, by the names of their processes (15 octets of them).
const CLIENTS: [&str; 11] = [
    "dhclient",
    "dhclient3",
    "dhcpcd",
    "udhcpc",
    "pump",
    "NetworkManager",
    "systemd-network",
    "connmand",
    "wickedd-dhcp4",
    "dhcpcanon",
    "busybox",
];
/// Where programs for administrators are.
const FOLDERS: [&str; 3] = ["usr/sbin", "sbin", "usr/local/sbin"];

/// Returns the command line of the process of this program that a file names, if it still runs.
pub(crate) fn named(root: &Path, file: &str, program: &str) -> Option<Vec<String>> {
    let number: u32 = fs::read_to_string(root.join(file)).ok()?.trim_ascii().parse().ok()?;
    let process = root.join(format!("proc/{number}"));
    let name = fs::read_to_string(process.join("comm")).ok()?;
    words(&process).filter(|_| name.trim_ascii() == program)
}

/// Returns whether a program runs that may hold a lease for an interface of IPv4; `others` are the names of
/// the other interfaces. `None` if the processes of other users are not shown.
pub(crate) fn may_hold(root: &Path, interface: &str, others: &[&str]) -> Option<bool> {
    fs::metadata(root.join("proc/1/comm")).ok()?;
    let processes = fs::read_dir(root.join("proc")).ok()?.flatten().map(|entry| entry.path());
    let is_client = |process: &PathBuf| {
        let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
        CLIENTS.contains(&name.trim_ascii()) && !is_elsewhere(root, process)
    };
    let holds = |process: PathBuf| {
        let words = words(&process).unwrap_or_default();
        let names = |name: &str| words.iter().skip(1).any(|word| word == name);
        let other = || others.iter().any(|other| names(other)) && !names(interface);
        let busy = || words.first().is_some_and(|word| word.ends_with("busybox")) && !names("udhcpc");
        !names("-6") && !busy() && !other()
    };
    Some(processes.filter(is_client).any(holds))
}

/// Returns whether a program for administrators is installed.
pub(crate) fn is_installed(root: &Path, program: &str) -> bool {
    FOLDERS.iter().any(|folder| root.join(folder).join(program).is_file())
}

fn words(process: &Path) -> Option<Vec<String>> {
    let line = fs::read_to_string(process.join("cmdline")).ok()?;
    Some(line.split('\0').map(str::to_owned).collect())
}

/// Whether a process is known to be in another network namespace.
fn is_elsewhere(root: &Path, process: &Path) -> bool {
    let namespace = |process: &Path| fs::read_link(process.join("ns/net")).ok();
    let own = namespace(&root.join("proc/self"));
    own.zip(namespace(process)).is_some_and(|(own, other)| own != other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_of_another_interface_holds_no_lease() {
        let rows = [
            ("dhclient", "/sbin/dhclient\0-4\0eth0\0", true),
            ("dhclient", "/sbin/dhclient\0-4\0eth1\0", false),
            ("dhclient", "/sbin/dhclient\0eth0\0eth1\0", true),
            ("dhclient", "/sbin/dhclient\0", true),
            ("dhclient", "/sbin/dhclient\0-6\0eth0\0", false),
            ("udhcpc", "udhcpc\0-i\0eth1\0", false),
            ("udhcpc", "udhcpc\0-i\0eth0\0", true),
            ("busybox", "/bin/busybox\0udhcpc\0-i\0eth0\0", true),
            ("busybox", "/bin/busybox\0crond\0", false),
            ("NetworkManager", "/usr/sbin/NetworkManager\0--no-daemon\0", true),
            ("systemd-network", "/lib/systemd/systemd-networkd\0", true),
            ("dhcpcd", "dhcpcd: eth1 [ip4]\0", true),
            ("nginx", "nginx\0eth0\0", false),
        ];
        for (name, line, expected) in rows {
            let root = tempfile::tempdir().unwrap();
            for (number, name, line) in [(1, "init", "init\0"), (77, name, line)] {
                let process = root.path().join(format!("proc/{number}"));
                fs::create_dir_all(&process).unwrap();
                fs::write(process.join("comm"), format!("{name}\n")).unwrap();
                fs::write(process.join("cmdline"), line).unwrap();
            }
            assert_eq!(may_hold(root.path(), "eth0", &["eth1"]), Some(expected), "{name} {line}");
        }
        let hidden = tempfile::tempdir().unwrap();
        fs::create_dir_all(hidden.path().join("proc/77")).unwrap();
        assert_eq!(may_hold(hidden.path(), "eth0", &["eth1"]), None);
    }
}
