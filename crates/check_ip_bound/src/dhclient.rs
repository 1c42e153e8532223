//! What ISC's dhclient(8) shows of a lease by DHCP: while it runs for an interface and the address of its
//! last lease is not bound, the interface has none.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Where ifupdown, the network scripts and NetworkManager let it write its process number; the name of the
/// interface follows.
const NUMBERS: [&str; 3] = ["run/dhclient.", "run/dhclient-", "run/NetworkManager/dhclient-"];
/// Its settings, where its command line names none.
const SETTINGS: [&str; 2] = ["etc/dhcp/dhclient.conf", "etc/dhclient.conf"];
/// For this time after a change of the leases, its script may not yet have bound the address.
const BINDING: Duration = Duration::from_secs(10);
/// A larger file of leases is not read, in octets.
const LARGEST: u64 = 1 << 20;

/// Returns whether it runs for an interface of this host and has no lease there. What cannot be read shows
/// nothing.
pub(crate) fn has_no_lease(interface: &str, bound: &[IpAddr]) -> bool {
    is_without(Path::new("/"), interface, bound, SystemTime::now()).unwrap_or(false)
}

/// The same below `root`: `None` where that is not known.
fn is_without(root: &Path, interface: &str, bound: &[IpAddr], now: SystemTime) -> Option<bool> {
    let arguments = NUMBERS.iter().find_map(|begin| running(root, &format!("{begin}{interface}.pid")))?;
    let value = |option: &str| arguments.iter().skip_while(|word| *word != option).nth(1);
    let inside = |path: &str| root.join(path.trim_start_matches('/'));
    if arguments.iter().any(|word| word == "-6") || !arguments.iter().skip(1).any(|word| word == interface) {
        return None;
    }
    // It takes such an address when no server answers.
    let named = value("-cf").map(|path| vec![path.as_str()]).unwrap_or(SETTINGS.to_vec());
    if named.iter().filter_map(|path| fs::read_to_string(inside(path)).ok()).any(|text| has_own_leases(&text))
    {
        return None;
    }
    let leases = inside(value("-lf")?);
    let metadata = fs::metadata(&leases).ok()?;
    let age = now.duration_since(metadata.modified().ok()?).ok()?;
    if !metadata.is_file() || metadata.len() > LARGEST || age < BINDING {
        return None;
    }
    let last = last_lease(&fs::read_to_string(leases).ok()?, interface);
    Some(last.is_none_or(|address| !bound.contains(&address.into())))
}

/// The command line of the dhclient that this file names, if it still runs.
fn running(root: &Path, file: &str) -> Option<Vec<String>> {
    let number: u32 = fs::read_to_string(root.join(file)).ok()?.trim_ascii().parse().ok()?;
    let process = root.join(format!("proc/{number}"));
    let name = fs::read_to_string(process.join("comm")).ok()?;
    let line =
        fs::read_to_string(process.join("cmdline")).ok().filter(|_| name.trim_ascii() == "dhclient")?;
    Some(line.split('\0').map(str::to_owned).collect())
}

fn has_own_leases(settings: &str) -> bool {
    let lines = settings.lines().filter_map(|line| line.split('#').next());
    lines.into_iter().any(|line| line.contains("fixed-address"))
}

/// The address of the last lease of an interface (dhclient.leases(5)).
fn last_lease(text: &str, interface: &str) -> Option<Ipv4Addr> {
    let (mut last, mut address, mut is_its) = (None, None, false);
    for line in text.lines().map(str::trim_ascii) {
        let mut words = line.trim_end_matches(';').split_ascii_whitespace();
        match (words.next(), words.next()) {
            (Some("lease"), Some("{")) => (address, is_its) = (None, false),
            (Some("interface"), Some(name)) => is_its = name.trim_matches('"') == interface,
            (Some("fixed-address"), Some(text)) => address = text.parse().ok(),
            (Some("}"), None) if is_its => last = address.or(last),
            _ => {}
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASES: &str = "lease {\n  interface \"eth0\";\n  fixed-address 192.0.2.5;\n  expire never;\n}\n\
                          lease {\n  interface \"eth1\";\n  fixed-address 192.0.2.7;\n}\n\
                          lease {\n  interface \"eth0\";\n  fixed-address 192.0.2.6;\n  option routers 192.0.2.1;\n}\n";

    #[test]
    fn the_last_lease_of_an_interface_counts() {
        let rows = [(LEASES, "eth0", Some([192, 0, 2, 6])), (LEASES, "eth1", Some([192, 0, 2, 7]))];
        for (text, interface, expected) in rows {
            assert_eq!(last_lease(text, interface), expected.map(Ipv4Addr::from), "{interface}");
        }
        assert_eq!(last_lease(LEASES, "eth2"), None);
        assert_eq!(last_lease("", "eth0"), None);
    }

    #[test]
    fn dhclient_tells_what_it_leases() {
        let of_eth0 = "dhclient\0-4\0-lf\0/var/lib/dhcp/dhclient.eth0.leases\0eth0\0";
        let alias = "#fixed-address 192.0.2.9;\nlease {\n  fixed-address 192.0.2.9;\n}\n";
        let later = Duration::from_secs(60);
        type Row<'a> = (&'a str, &'a str, &'a str, &'a str, Duration, Option<bool>);
        let rows: [Row<'_>; 10] = [
            ("dhclient\n", of_eth0, "", LEASES, later, Some(true)),
            ("dhclient\n", of_eth0, "# fixed-address 192.0.2.9;\n", LEASES, later, Some(true)),
            ("dhclient\n", of_eth0, "", "", later, Some(true)),
            ("dhclient\n", of_eth0, "", &LEASES.replace("192.0.2.6", "192.0.2.77"), later, Some(false)),
            ("dhclient\n", of_eth0, "", LEASES, Duration::ZERO, None),
            ("dhclient\n", of_eth0, alias, LEASES, later, None),
            ("bash\n", of_eth0, "", LEASES, later, None),
            ("dhclient\n", "dhclient\0eth0\0", "", LEASES, later, None),
            ("dhclient\n", &of_eth0.replace("\0eth0", "\0eth1"), "", LEASES, later, None),
            ("dhclient\n", &of_eth0.replace("-4", "-6"), "", LEASES, later, None),
        ];
        for (name, line, settings, leases, age, expected) in rows {
            let root = tempfile::tempdir().unwrap();
            let write = |path: &str, content: &str| {
                let path = root.path().join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, content).unwrap();
            };
            write("run/dhclient.eth0.pid", "812\n");
            write("proc/812/comm", name);
            write("proc/812/cmdline", line);
            write("etc/dhcp/dhclient.conf", settings);
            write("var/lib/dhcp/dhclient.eth0.leases", leases);
            let bound = [IpAddr::from([192, 0, 2, 77])];
            let found = is_without(root.path(), "eth0", &bound, SystemTime::now() + age);
            assert_eq!(found, expected, "{name} {line} {settings} {leases}");
        }
        let nothing = tempfile::tempdir().unwrap();
        assert_eq!(is_without(nothing.path(), "eth0", &[], SystemTime::now()), None);
    }
}
