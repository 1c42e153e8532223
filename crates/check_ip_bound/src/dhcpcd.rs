//! What dhcpcd(8) shows of a lease by DHCP: it writes the lease before it binds the address, and removes it
//! when it expires.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::dhcp_clients::{is_installed, may_hold, named};

/// Its settings.
const SETTINGS: &str = "etc/dhcpcd.conf";
/// Where it keeps its leases, by its release.
const FOLDERS: [&str; 3] = ["var/lib/dhcpcd", "var/lib/dhcpcd5", "var/db/dhcpcd"];
/// For this time after a change of the leases, it may not yet have bound the address.
const BINDING: Duration = Duration::from_secs(10);
/// A lease is a message of DHCP: a larger file is not read, in octets.
const LARGEST: u64 = 1 << 16;
/// Where the address stands in it: yiaddr of RFC 2131.
const ADDRESS: usize = 16;

/// Returns whether it runs for an interface of the host at `root` and has no lease there; `by_settings`:
/// its settings ask for it. `None` where that is not known.
pub(crate) fn is_without(
    root: &Path,
    interface: &str,
    by_settings: bool,
    bound: &[IpAddr],
    now: SystemTime,
) -> Option<bool> {
    let of_one = ["run/dhcpcd/{}.pid", "run/dhcpcd/{}-4.pid", "run/dhcpcd-{}.pid", "run/dhcpcd-{}-4.pid"];
    let of_one = of_one.map(|path| path.replace("{}", interface));
    let of_all = ["run/dhcpcd/pid", "run/dhcpcd.pid"].map(str::to_owned);
    let mut files = of_one.iter().chain(of_all.iter().filter(|_| by_settings));
    files.find_map(|file| named(root, file, "dhcpcd"))?;
    let last = last_lease(root, interface, now)?;
    Some(last.is_none_or(|address| !bound.contains(&address.into())))
}

/// Returns whether neither it nor another client runs that could hold a lease for an interface; `others` are
/// the names of the other interfaces. `None` where that is not known.
pub(crate) fn is_gone(
    root: &Path,
    interface: &str,
    others: &[&str],
    by_settings: bool,
    bound: &[IpAddr],
    now: SystemTime,
) -> Option<bool> {
    if !is_installed(root, "dhcpcd") {
        return None;
    }
    let last = last_lease(root, interface, now)?;
    let lost = last.map_or(by_settings, |address| !bound.contains(&address.into()));
    // The processes are many: they come last.
    Some(lost && !may_hold(root, interface, others)?)
}

/// The address of its lease for an interface, once it has bound it. `None` if that is not known.
fn last_lease(root: &Path, interface: &str, now: SystemTime) -> Option<Option<Ipv4Addr>> {
    // A profile takes the place of a lease when no server answers.
    let settings = fs::read_to_string(root.join(SETTINGS)).unwrap_or_default();
    if settings.lines().any(|line| line.trim_ascii_start().starts_with("fallback")) {
        return None;
    }
    let is_old = |path: &Path| {
        let changed = fs::metadata(path).and_then(|metadata| metadata.modified()).ok()?;
        now.duration_since(changed).ok().filter(|age| *age >= BINDING)
    };
    let folder = FOLDERS.iter().map(|folder| root.join(folder)).find(|folder| folder.exists())?;
    is_old(&folder)?;
    let names = fs::read_dir(&folder).ok()?.flatten().map(|entry| entry.file_name());
    let its = names.filter(|name| name.to_str().is_some_and(|name| is_of(name, interface)));
    let file = match its.collect::<Vec<_>>().as_slice() {
        [] => return Some(None),
        [only] => folder.join(only),
        _ => return None,
    };
    is_old(&file)?;
    let is_plain = fs::metadata(&file).is_ok_and(|found| found.is_file() && found.len() <= LARGEST);
    is_plain.then(|| fs::read(&file).ok()).flatten().and_then(|message| Some(Some(address(&message)?)))
}

/// Whether a file has the lease of an interface, perhaps in one of several wireless networks.
fn is_of(name: &str, interface: &str) -> bool {
    let name = name.strip_suffix(".lease").map(|name| name.strip_prefix("dhcpcd-").unwrap_or(name));
    let rest = name.and_then(|name| name.strip_prefix(interface));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

fn address(message: &[u8]) -> Option<Ipv4Addr> {
    let octets: [u8; 4] = message.get(ADDRESS..ADDRESS + 4)?.try_into().ok()?;
    Some(Ipv4Addr::from(octets)).filter(|address| !address.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A host with an eth0 and the address 192.0.2.77.
    struct Host(tempfile::TempDir);

    impl Host {
        fn new() -> Self {
            let host = Self(tempfile::tempdir().unwrap());
            host.write("proc/1/comm", "init\n");
            host.write("usr/sbin/dhcpcd", "");
            fs::create_dir_all(host.0.path().join("var/lib/dhcpcd")).unwrap();
            host
        }

        fn write(&self, path: &str, content: impl AsRef<[u8]>) {
            let path = self.0.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }

        fn lease(&self, name: &str, last: u8) {
            let mut message = vec![0; 300];
            message[ADDRESS..ADDRESS + 4].copy_from_slice(&[192, 0, 2, last]);
            self.write(&format!("var/lib/dhcpcd/{name}"), message);
        }

        fn runs(&self, file: &str) {
            self.write(file, "812\n");
            self.write("proc/812/comm", "dhcpcd\n");
            self.write("proc/812/cmdline", "dhcpcd: eth0 [ip4] [ip6]\0");
        }

        /// With the settings of dhcpcd and without, whether it runs without a lease, and is gone.
        fn seen(&self, age: u64) -> [Option<bool>; 4] {
            let (root, bound) = (self.0.path(), [IpAddr::from([192, 0, 2, 77])]);
            let now = SystemTime::now() + Duration::from_secs(age);
            [
                is_without(root, "eth0", true, &bound, now),
                is_without(root, "eth0", false, &bound, now),
                is_gone(root, "eth0", &["eth1"], true, &bound, now),
                is_gone(root, "eth0", &["eth1"], false, &bound, now),
            ]
        }
    }

    #[test]
    fn dhcpcd_shows_what_it_leases() {
        let (yes, no) = (Some(true), Some(false));
        type Row<'a> = (&'a str, &'a [(&'a str, u8)], u64, [Option<bool>; 4]);
        let rows: [Row<'_>; 12] = [
            ("run/dhcpcd/eth0.pid", &[], 60, [yes, yes, no, no]),
            ("run/dhcpcd-eth0.pid", &[("eth0.lease", 5)], 60, [yes, yes, no, no]),
            ("run/dhcpcd/eth0.pid", &[("eth0.lease", 77)], 60, [no, no, no, no]),
            ("run/dhcpcd/pid", &[("eth1.lease", 77)], 60, [yes, None, no, no]),
            ("run/dhcpcd/eth1.pid", &[], 60, [None, None, no, no]),
            ("run/dhcpcd/pid", &[("wlan0-net.lease", 5)], 60, [yes, None, no, no]),
            ("run/dhcpcd/pid", &[("eth0-net.lease", 77)], 60, [no, None, no, no]),
            // It is about to bind the address.
            ("run/dhcpcd/pid", &[("eth0.lease", 5)], 5, [None; 4]),
            ("", &[], 60, [None, None, yes, no]),
            ("", &[("eth0.lease", 5)], 60, [None, None, yes, yes]),
            ("", &[("eth0.lease", 77)], 60, [None, None, no, no]),
            ("", &[("eth0.lease", 5), ("eth0-net.lease", 5)], 60, [None; 4]),
        ];
        for (number, leases, age, expected) in rows {
            let host = Host::new();
            leases.iter().for_each(|(name, last)| host.lease(name, *last));
            if !number.is_empty() {
                host.runs(number);
            }
            assert_eq!(host.seen(age), expected, "{number} {leases:?} {age}");
        }
    }

    #[test]
    fn what_takes_the_place_of_a_lease_is_no_lost_lease() {
        let host = Host::new();
        host.runs("run/dhcpcd/pid");
        host.write(
            "etc/dhcpcd.conf",
            "profile fixed\nstatic ip_address=192.0.2.77/24\ninterface eth0\nfallback fixed\n",
        );
        assert_eq!(host.seen(60), [None; 4]);
        // Neither is one that cannot be read, nor where another client runs, or dhcpcd is not installed.
        let host = Host::new();
        host.write("var/lib/dhcpcd/eth0.lease", "short");
        assert_eq!(host.seen(60), [None; 4]);
        let host = Host::new();
        host.lease("eth0.lease", 5);
        host.write("proc/9/comm", "udhcpc\n");
        host.write("proc/9/cmdline", "udhcpc\0-i\0eth0\0");
        assert_eq!(host.seen(60), [None, None, Some(false), Some(false)]);
        fs::remove_file(host.0.path().join("usr/sbin/dhcpcd")).unwrap();
        assert_eq!(host.seen(60), [None; 4]);
    }
}
