//! What ISC's dhclient(8) shows of a lease by DHCP: while the address of its last lease is not bound, it
//! holds none for the interface.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::dhcp_clients::{is_installed, may_hold, named};

/// Where ifupdown, the network scripts and NetworkManager let it write its process number; the name of the
/// interface follows.
const NUMBERS: [&str; 3] = ["run/dhclient.", "run/dhclient-", "run/NetworkManager/dhclient-"];
/// Where ifupdown and the network scripts let it keep its leases: what is before and after the name.
const LEASES: [(&str, &str); 3] = [
    ("var/lib/dhcp/dhclient.", ".leases"),
    ("var/lib/dhclient/dhclient-", ".leases"),
    ("var/lib/dhclient/dhclient--", ".lease"),
];
/// Its settings, where its command line names none.
const SETTINGS: [&str; 2] = ["etc/dhcp/dhclient.conf", "etc/dhclient.conf"];
/// For this time after a change of the leases, its script may not yet have bound the address.
const BINDING: Duration = Duration::from_secs(10);
/// A larger file of leases is not read, in octets.
const LARGEST: u64 = 1 << 20;

/// Returns whether it runs for an interface of the host at `root` and has no lease there: `None` where that
/// is not known.
pub(crate) fn is_without(root: &Path, interface: &str, bound: &[IpAddr], now: SystemTime) -> Option<bool> {
    let arguments =
        NUMBERS.iter().find_map(|begin| named(root, &format!("{begin}{interface}.pid"), "dhclient"))?;
    let value = |option: &str| arguments.iter().skip_while(|word| *word != option).nth(1);
    if arguments.iter().any(|word| word == "-6") || !arguments.iter().skip(1).any(|word| word == interface) {
        return None;
    }
    let settings = value("-cf").map(|path| vec![path.as_str()]).unwrap_or(SETTINGS.to_vec());
    let last = last_lease(root, &settings, value("-lf")?, interface, now)?;
    Some(last.is_none_or(|address| !bound.contains(&address.into())))
}

/// Returns whether it was started for an interface and has no lease that is bound, and neither it nor another
/// client runs that could hold one; `others` are the names of the other interfaces. `None` where that is not
/// known.
pub(crate) fn is_gone(
    root: &Path,
    interface: &str,
    others: &[&str],
    bound: &[IpAddr],
    now: SystemTime,
) -> Option<bool> {
    if !is_installed(root, "dhclient") {
        return None;
    }
    let paths = LEASES.map(|(begin, end)| format!("{begin}{interface}{end}"));
    let leases = paths.iter().find(|path| root.join(path).exists())?;
    // It makes the file when it starts, and writes each lease there before its script binds the address.
    let last = last_lease(root, &SETTINGS, leases, interface, now)?;
    let lost = last.is_none_or(|address| !bound.contains(&address.into()));
    // The processes are many: they come last.
    Some(lost && !may_hold(root, interface, others)?)
}

/// The address of the last lease of an interface in a file of leases, once its script has bound it. `None`
/// if that is not known.
fn last_lease(
    root: &Path,
    settings: &[&str],
    leases: &str,
    interface: &str,
    now: SystemTime,
) -> Option<Option<Ipv4Addr>> {
    let inside = |path: &str| root.join(path.trim_start_matches('/'));
    // It takes such an address when no server answers.
    if settings
        .iter()
        .filter_map(|path| fs::read_to_string(inside(path)).ok())
        .any(|text| has_own_leases(&text))
    {
        return None;
    }
    let metadata = fs::metadata(inside(leases)).ok()?;
    let age = now.duration_since(metadata.modified().ok()?).ok()?;
    if !metadata.is_file() || metadata.len() > LARGEST || age < BINDING {
        return None;
    }
    Some(last_of(&fs::read_to_string(inside(leases)).ok()?, interface))
}

fn has_own_leases(settings: &str) -> bool {
    let mut lines = settings.lines().filter_map(|line| line.split('#').next());
    lines.any(|line| line.contains("fixed-address"))
}

/// The address of the last lease of an interface (dhclient.leases(5)).
fn last_of(text: &str, interface: &str) -> Option<Ipv4Addr> {
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

    const LEASES_OF_ETH0: &str = "var/lib/dhcp/dhclient.eth0.leases";
    const LEASES: &str = "lease {\n  interface \"eth0\";\n  fixed-address 192.0.2.5;\n  expire never;\n}\n\
                          lease {\n  interface \"eth1\";\n  fixed-address 192.0.2.7;\n}\n\
                          lease {\n  interface \"eth0\";\n  fixed-address 192.0.2.6;\n  option routers 192.0.2.1;\n}\n";

    #[test]
    fn the_last_lease_of_an_interface_counts() {
        let rows = [(LEASES, "eth0", Some([192, 0, 2, 6])), (LEASES, "eth1", Some([192, 0, 2, 7]))];
        for (text, interface, expected) in rows {
            assert_eq!(last_of(text, interface), expected.map(Ipv4Addr::from), "{interface}");
        }
        // A block without an address tells nothing new.
        let without = format!("{LEASES}lease {{\n  interface \"eth0\";\n}}\n");
        assert_eq!(last_of(&without, "eth0"), Some(Ipv4Addr::new(192, 0, 2, 6)));
        assert_eq!(last_of(LEASES, "eth2"), None);
        assert_eq!(last_of("", "eth0"), None);
    }

    #[test]
    fn dhclient_tells_what_it_leases() {
        let of_eth0 = "dhclient\0-4\0-lf\0/var/lib/dhcp/dhclient.eth0.leases\0eth0\0";
        let alias = "#fixed-address 192.0.2.9;\nlease {\n  fixed-address 192.0.2.9;\n}\n";
        let later = Duration::from_secs(60);
        type Row<'a> = (&'a str, &'a str, &'a str, &'a str, Duration, Option<bool>);
        let filled = |octets: u64| LEASES.to_owned() + &"#".repeat(octets as usize - LEASES.len());
        let rows: [Row<'_>; 12] = [
            ("dhclient\n", of_eth0, "", LEASES, later, Some(true)),
            ("dhclient\n", of_eth0, "", &filled(LARGEST), later, Some(true)),
            ("dhclient\n", of_eth0, "", &filled(LARGEST + 1), later, None),
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
            let begin = leases.get(..200).unwrap_or(leases);
            assert_eq!(found, expected, "{name} {line} {settings} {begin} ({} octets)", leases.len());
        }
        let nothing = tempfile::tempdir().unwrap();
        assert_eq!(is_without(nothing.path(), "eth0", &[], SystemTime::now()), None);
    }
    #[test]
    fn a_lease_is_lost_where_no_client_runs() {
        let later = Duration::from_secs(60);
        let kept = LEASES_OF_ETH0;
        let own = "lease {\n  fixed-address 192.0.2.9;\n}\n";
        type Row<'a> = (&'a str, &'a str, &'a str, &'a str, Duration, Option<bool>);
        let duid = "default-duid \"\\000\\001\\000\\0012\\223\\254\\231fv\\312\\3764\\030\";\n";
        let rows: [Row<'_>; 11] = [
            (kept, LEASES, "", "", later, Some(true)),
            // As dhclient 4.4 leaves it where no server answers.
            (kept, duid, "", "", later, Some(true)),
            (kept, duid, "", "udhcpc\0-i\0eth0", later, Some(false)),
            ("var/lib/dhclient/dhclient--eth0.lease", LEASES, "", "", later, Some(true)),
            (kept, &LEASES.replace("192.0.2.6", "192.0.2.77"), "", "", later, Some(false)),
            (kept, "", "", "", later, Some(true)),
            // It takes its own.
            (kept, LEASES, own, "", later, None),
            (kept, LEASES, "", "", Duration::ZERO, None),
            (kept, LEASES, "", "udhcpc\0-i\0eth0", later, Some(false)),
            (kept, LEASES, "", "udhcpc\0-i\0eth1", later, Some(true)),
            ("var/lib/dhcp/dhclient.eth1.leases", LEASES, "", "", later, None),
        ];
        for (path, leases, settings, client, age, expected) in rows {
            let root = tempfile::tempdir().unwrap();
            let write = |path: &str, content: &str| {
                let path = root.path().join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, content).unwrap();
            };
            write("proc/1/comm", "init\n");
            write("proc/9/comm", client.split('\0').next().unwrap());
            write("proc/9/cmdline", client);
            write("etc/dhcp/dhclient.conf", settings);
            write(path, leases);
            let gone = || {
                let bound = [IpAddr::from([192, 0, 2, 77])];
                is_gone(root.path(), "eth0", &["eth1"], &bound, SystemTime::now() + age)
            };
            assert_eq!(gone(), None, "not installed: {path}");
            write("sbin/dhclient", "");
            assert_eq!(gone(), expected, "{path} {leases} {settings} {client}");
        }
    }
}
