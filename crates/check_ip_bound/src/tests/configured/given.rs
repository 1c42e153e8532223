//! What the first line says of interfaces that this host itself gives an address: NetworkManager for a shared
//! connection, networkd of its pools.

use super::profiles::{FOLDER, keyfile, profile};
use super::*;

const NETWORKD: &str = "/etc/systemd/network/a.network";

/// The first line for these lines of a file of networkd, where eth0 has an address of its own.
fn of_networkd(lines: &str, present: &str) -> String {
    let static_one =
        ("/etc/systemd/network/b.network", "[Match]\nName=eth0\n[Network]\nAddress=192.0.2.1/24\n");
    said(&args(), &[(NETWORKD, lines), static_one], &format!("192.0.2.1/24@eth0 {present}")).0
}

#[test]
fn an_interface_with_a_pool_of_networkd_must_have_an_address() {
    let all = |count: &str| format!("IP_BOUND OK - {count} from networkd bound and usable, 1 dynamic");
    let missing = |what: &str| format!("IP_BOUND CRITICAL - 1 of 2 addresses missing: {what} (pool)");
    let alone = "IP_BOUND OK - 1 address from networkd bound and usable".to_owned();
    let v4 = "[Match]\nName=eth3\n[Network]\nDHCPServer=yes\nAddress=0.0.0.0/28\n";
    let v6 = "[Match]\nName=eth3\n[Network]\nAddress=::/64\nAddress=::/96\n";
    let (no_v4, no_v6) = (missing("eth3 has no IPv4 address"), missing("eth3 has no IPv6 address"));
    let rows = [
        (v4, "192.168.68.1/28@eth3", all("2 addresses")),
        (v4, "", no_v4.clone()),
        (v4, "fe80::1/64@eth3 169.254.1.1/16@eth3 2001:db8::1/64@eth3", no_v4.clone()),
        // Another program's lease is an address too.
        (v4, "198.51.100.7/24@eth3~60", all("2 addresses")),
        (v6, "fd02:1485::1/64@eth3", all("2 addresses")),
        (v6, "192.168.68.1/28@eth3", no_v6),
        ("[Match]\nName=eth3\n[Address]\nAddress=0.0.0.0/24\nPeer=192.0.2.9/32\n", "", no_v4),
        (
            "[Match]\nName=eth1\n[Network]\nAddress=0.0.0.0/24\n",
            "",
            "IP_BOUND CRITICAL - 1 of 2 addresses missing: eth1 has no IPv4 address (pool): it is down"
                .to_owned(),
        ),
        // What yields for DHCP yields here.
        ("[Match]\nName=eth2\n[Network]\nAddress=0.0.0.0/24\n", "", alone.clone()),
        ("[Match]\nName=eth9\n[Network]\nAddress=0.0.0.0/24\n", "", alone.clone()),
        ("[Match]\nName=eth[3]\n[Network]\nAddress=0.0.0.0/24\n", "", alone.clone()),
        (
            "[Match]\nName=eth3\n[Link]\nRequiredForOnline=no\n[Network]\nAddress=0.0.0.0/24\n",
            "",
            alone.clone(),
        ),
        (
            "[Match]\nName=eth3\n[Link]\nActivationPolicy=manual\n[Network]\nAddress=0.0.0.0/24\n",
            "",
            alone.clone(),
        ),
        ("[Match]\nName=eth3\n[Network]\nBridge=br0\nAddress=0.0.0.0/24\n", "", alone.clone()),
        // networkd 252 takes none of these.
        (
            "[Match]\nName=eth3\n[Network]\nAddress=0.0.0.0/8\nAddress=0.0.0.0/0\nAddress=0.0.0.0\n",
            "",
            alone.clone(),
        ),
        ("[Match]\nName=eth3\n[Network]\nAddress=::/0\nAddress=::\n", "", alone.clone()),
        ("[Match]\nName=eth3\n[Network]\nAddress=::/40\nAddress=::/63\n", "", alone.clone()),
        (
            "[Match]\nName=eth3\n[Network]\nDHCPServer=yes\n[DHCPServer]\nServerAddress=0.0.0.0/24\n",
            "",
            alone,
        ),
    ];
    for (lines, present, expected) in rows {
        assert_eq!(of_networkd(lines, present), expected, "{lines} {present}");
    }
}

/// As networkd 252 binds it: the address of the pool stays, and that of the lease goes by itself.
#[test]
fn a_pool_beside_a_lease_is_an_address_of_its_own() {
    let file = |dhcp: &str| format!("[Match]\nName=eth3\n[Network]\nDHCP={dhcp}\nAddress=0.0.0.0/24\n");
    let all = "OK - 3 addresses from networkd bound and usable, 2 dynamic";
    let missing = |what: &str| format!("CRITICAL - 1 of 3 addresses missing: eth3 has no {what}");
    let no_lease = missing("IPv4 address (DHCP)");
    let (pool, lease) = ("10.0.0.1/24@eth3", "198.51.100.7/24@eth3~60");
    let rows = [
        ("ipv4", format!("{pool} {lease}"), all.to_owned()),
        ("ipv4", pool.to_owned(), no_lease.clone()),
        ("ipv4", lease.to_owned(), missing("IPv4 address (pool)")),
        ("ipv4", format!("{pool} 2001:db8::7/64@eth3~60"), no_lease.clone()),
        ("ipv4", format!("{pool} 192.0.2.9/32@eth3"), no_lease),
        // A lease for ever is permanent.
        ("ipv4", format!("{pool} 198.51.100.7/24@eth3"), all.to_owned()),
        ("yes", format!("{pool} 2001:db8::7/64@eth3~60"), all.to_owned()),
        ("yes", format!("{pool} 2001:db8::7/64@eth3"), all.to_owned()),
        ("yes", pool.to_owned(), missing("address (DHCP)")),
        ("ipv6", format!("{pool} 2001:db8::7/64@eth3~60"), all.to_owned()),
        ("ipv6", pool.to_owned(), missing("IPv6 address (DHCPv6 or router)")),
        ("ipv6", "2001:db8::7/64@eth3~60".to_owned(), missing("IPv4 address (pool)")),
    ];
    for (dhcp, present, expected) in rows {
        assert_eq!(of_networkd(&file(dhcp), &present), format!("IP_BOUND {expected}"), "{dhcp} {present}");
    }
}

/// netplan hands it on to networkd as it is, and makes a shared connection of a wireless network of its own.
#[test]
fn netplan_asks_for_a_pool_or_shares_too() {
    let plan = |renderer: &str, interface: &str| {
        format!(
            "network:\n  version: 2\n  renderer: {renderer}\n  ethernets:\n    eth0: {{addresses: [192.0.2.1/24]}}\n{interface}"
        )
    };
    let pool = |length: &str| plan("networkd", &format!("    eth3: {{addresses: [{length}]}}\n"));
    let wireless = |settings: &str| plan("NetworkManager", &format!("  wifis:\n    eth3: {{{settings}}}\n"));
    let (own, other) = ("h: {mode: ap, password: 12345678}", "o: {password: 12345678}");
    let ok = |count: &str| format!("OK - {count} from netplan bound and usable");
    let missing = |what: &str| format!("CRITICAL - 1 of 2 addresses missing: eth3 has no {what}");
    let (one, two) = (ok("1 address"), ok("2 addresses"));
    let leased = format!("{two}, 1 dynamic");
    let rows = [
        (pool("0.0.0.0/24"), "10.0.0.1/24@eth3", leased.clone()),
        (pool("0.0.0.0/24"), "", missing("IPv4 address (pool)")),
        (pool("'::/64'"), "", missing("IPv6 address (pool)")),
        // networkd has no such pool.
        (pool("0.0.0.0/8, '::/48'"), "", one.clone()),
        (wireless(&format!("access-points: {{{own}}}")), "10.42.0.1/24@eth3", leased.clone()),
        (wireless(&format!("access-points: {{{own}}}")), "", missing("IPv4 address (shared)")),
        (wireless(&format!("dhcp4: true, access-points: {{{own}}}")), "", missing("IPv4 address (shared)")),
        (
            wireless(&format!("dhcp4: true, access-points: {{{own}, {other}}}")),
            "",
            missing("IPv4 address (DHCP)"),
        ),
        (wireless(&format!("access-points: {{{own}, {other}}}")), "", one.clone()),
        (wireless(&format!("access-points: {{{other}}}")), "", one.clone()),
        (wireless(&format!("addresses: [192.0.2.9/24], access-points: {{{own}}}")), "192.0.2.9/24@eth3", two),
        (wireless(&format!("optional: true, access-points: {{{own}}}")), "", one),
    ];
    for (text, present, expected) in rows {
        let files = [("/etc/netplan/a.yaml", text.as_str())];
        let (first, details) = said(&args(), &files, &format!("192.0.2.1/24@eth0 {present}"));
        assert_eq!(first, format!("IP_BOUND {expected}"), "{text} {present} {details:?}");
    }
    let (first, _) = said(
        &args(),
        &[("/etc/netplan/a.yaml", &plan("NetworkManager", "    eth3: {addresses: [0.0.0.0/24]}\n"))],
        "192.0.2.1/24@eth0",
    );
    assert_eq!(
        first,
        "IP_BOUND UNKNOWN - /etc/netplan/a.yaml line 6: 0.0.0.0/24 is not an address that a host can have"
    );
}

#[test]
fn a_shared_connection_must_have_an_address() {
    let own = profile("id=a\ninterface-name=eth0", &keyfile("192.0.2.10/24"));
    let shared = |connection: &str, ipv4: &str| profile(&format!("id=s\n{connection}"), ipv4);
    let ok = |count: &str| format!("IP_BOUND OK - {count} from networkmanager bound and usable");
    let lacks = "eth3 has no IPv4 address (shared)";
    let missing = format!("IP_BOUND CRITICAL - 1 of 2 addresses missing: {lacks}");
    let (one, both) = (ok("1 address"), ok("2 addresses"));
    let leased = format!("{both}, 1 dynamic");
    let named = "interface-name=eth3";
    let of_nothing = "IP_BOUND WARNING - eth3 has no controller: there is no br0 here".to_owned();
    let rows = [
        (shared(named, "method=shared"), "", missing.clone()),
        (shared(named, "method=shared"), "10.42.0.1/24@eth3", leased.clone()),
        (shared(named, "method=shared"), "10.42.1.1/24@eth3", leased),
        (shared(named, "method=shared\naddress1="), "", missing),
        (shared(named, "method=shared\naddress1=192.0.2.9/24"), "192.0.2.9/24@eth3", both),
        (shared("interface-name=eth2", "method=shared"), "", one.clone()),
        (shared("interface-name=eth9", "method=shared"), "", one.clone()),
        (shared("interface-name=eth3\nautoconnect=false", "method=shared"), "", one.clone()),
        (shared("interface-name=eth3\nmaster=br0\nslave-type=bridge", "method=shared"), "", of_nothing),
        (shared("[match]\ninterface-name=eth[3]", "method=shared"), "", one),
    ];
    for (file, present, expected) in rows {
        let files =
            [(format!("{FOLDER}/a.nmconnection"), own.as_str()), (format!("{FOLDER}/s.nmconnection"), &file)];
        let files = files.each_ref().map(|(path, text)| (path.as_str(), *text));
        let (first, _) = said(&args(), &files, &format!("192.0.2.10/24@eth0 {present}"));
        assert_eq!(first, expected, "{file} {present}");
    }
}

/// The uplink of a host that shares it is not what it shares.
#[test]
fn a_shared_connection_does_not_stand_in_for_a_lease() {
    let shared = profile("id=s\ninterface-name=eth0", "method=shared");
    let made = profile("id=Wired connection 1\ninterface-name=eth3", "method=auto")
        + "[.nmmeta]\nnm-generated=true\n";
    let path = format!("{FOLDER}/s.nmconnection");
    let files =
        [(path.as_str(), shared.as_str()), ("/run/NetworkManager/system-connections/w.nmconnection", &made)];
    let rows = [
        (
            "10.42.0.1/24@eth0 198.51.100.7/24@eth3~60",
            "OK - 2 addresses from networkmanager bound and usable, 2 dynamic",
        ),
        ("10.42.0.1/24@eth0", "CRITICAL - 1 of 2 addresses missing: eth3 has no IPv4 address (DHCP)"),
        ("198.51.100.7/24@eth3~60", "CRITICAL - 1 of 2 addresses missing: eth0 has no IPv4 address (shared)"),
    ];
    for (present, expected) in rows {
        assert_eq!(said(&args(), &files, present).0, format!("IP_BOUND {expected}"), "{present}");
    }
    let deadline = Deadline::after(Duration::from_secs(60));
    let observed = observed(&args(), &Tree::in_memory(files, &deadline), "10.42.0.1/24@eth0");
    let list = observed.expected.listing(&observed.bound).render("IP_BOUND", 0);
    assert!(list.contains("\n# dynamic: eth3 ipv4 # "), "{list}");
}

#[test]
fn a_list_keeps_what_gives_the_address() {
    let pool = "[Match]\nName=eth3\n[Network]\nAddress=0.0.0.0/28\n";
    let pattern = "[Match]\nName=ve-*\n[Network]\nAddress=0.0.0.0/28\n";
    let files = [(NETWORKD, pool), ("/etc/systemd/network/b.network", pattern)];
    let deadline = Deadline::after(Duration::from_secs(60));
    let tree = Tree::in_memory(files, &deadline);
    let observed = observed(&args(), &tree, "192.0.2.1/24@eth0");
    let list = observed.expected.listing(&observed.bound).render("IP_BOUND", 0);
    let lines: Vec<&str> = list.lines().filter(|line| line.starts_with("# dynamic: ")).collect();
    let of_pattern = "# dynamic: ve-* ipv4 optional pool # /etc/systemd/network/b.network line 4";
    assert_eq!(lines, ["# dynamic: eth3 ipv4 pool # /etc/systemd/network/a.network line 4", of_pattern]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    std::fs::write(&path, list).unwrap();
    let args =
        Args { addresses: host_config::AddressOptions { file: vec![path], ..args().addresses }, ..args() };
    let (first, _) = said(&args, &[], "192.0.2.1/24@eth0");
    assert_eq!(first, "IP_BOUND CRITICAL - 1 of 1 address missing: eth3 has no IPv4 address (pool)");
}

/// A comment of a list ends at a number sign: eth#0 would be read as eth, or not at all.
#[test]
fn a_list_leaves_out_names_that_it_cannot_have() {
    let files = [
        (NETWORKD, "[Match]\nName=eth#0\n[Network]\nDHCP=ipv4\n"),
        ("/etc/systemd/network/b.network", "[Match]\nName=eth#1\n[Network]\nAddress=192.0.2.9/24\n"),
        ("/etc/systemd/network/c.network", "[Match]\nName=eth0\n[Network]\nAddress=192.0.2.1/24\n"),
    ];
    let deadline = Deadline::after(Duration::from_secs(60));
    let observed = observed(&args(), &Tree::in_memory(files, &deadline), "192.0.2.1/24@eth0");
    let list = observed.expected.listing(&observed.bound).render("IP_BOUND", 0);
    assert!(list.contains("\n# not in a list, by its name: eth#0 ipv4 # "), "{list}");
    assert!(list.contains("\n192.0.2.9/24 # /etc/systemd/network/b.network line 4"), "{list}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    std::fs::write(&path, list).unwrap();
    let args =
        Args { addresses: host_config::AddressOptions { file: vec![path], ..args().addresses }, ..args() };
    let (first, _) = said(&args, &[], "192.0.2.1/24@eth0 192.0.2.9/24@eth3");
    assert!(first.starts_with("IP_BOUND OK - 2 addresses "), "{first}");
}
