//! What the first line says of the leases that blocks of dhcpcd.conf ask for.

use super::{netplan, said};
use crate::fixture::args;

/// dhcpcd takes each interface: only a block says that one is meant.
#[test]
fn a_block_of_dhcpcd_asks_for_a_lease_where_no_other_source_gives_an_address() {
    let block =
        ("/etc/dhcpcd.conf", "interface eth3\nmetric 300\ninterface eth0\nstatic ip_address=192.0.2.1/24\n");
    let other = |addresses: &str| netplan(&format!("    eth3: {{addresses: [{addresses}]}}\n"));
    let (ipv4, ipv6) = (other("192.0.2.3/24"), other("2001:db8::3/64"));
    let missing = "eth3 has no IPv4 address (DHCP)";
    let rows = [
        (None, "192.0.2.1/24@eth0", format!("CRITICAL - 1 of 2 addresses missing: {missing}")),
        (
            None,
            "192.0.2.1/24@eth0 192.0.2.3/24@eth3~3600",
            "OK - 2 addresses from dhcpcd bound and usable, 1 dynamic".to_owned(),
        ),
        (
            Some(&ipv4),
            "192.0.2.1/24@eth0 192.0.2.3/24@eth3",
            "OK - 2 addresses from netplan, dhcpcd bound and usable".to_owned(),
        ),
        (
            Some(&ipv4),
            "192.0.2.1/24@eth0",
            "CRITICAL - 1 of 2 addresses missing: 192.0.2.3, eth3 has no address at all".to_owned(),
        ),
        (
            Some(&ipv6),
            "192.0.2.1/24@eth0 2001:db8::3/64@eth3",
            format!("CRITICAL - 1 of 3 addresses missing: {missing}"),
        ),
    ];
    for (netplan, present, expected) in rows {
        let files = netplan.map(|text| ("/etc/netplan/a.yaml", text.as_str()));
        let files: Vec<(&str, &str)> = files.into_iter().chain([block]).collect();
        assert_eq!(said(&args(), &files, present).0, format!("IP_BOUND {expected}"), "{files:?} {present}");
    }
    let nothing = "UNKNOWN - 192.0.2.1 is not certain: dhcpcd may take its profile, and no other address is expected: name them by --ip or --file, or add --bound";
    let profiles = [("/etc/dhcpcd.conf", "profile a\nstatic ip_address=192.0.2.1/24\n")];
    assert_eq!(said(&args(), &profiles, "192.0.2.1/24@eth0").0, format!("IP_BOUND {nothing}"));
}

/// Where the file is a leftover, the block may be for an interface that another program leaves without one.
#[test]
fn a_block_of_dhcpcd_requires_nothing_where_another_source_may_give_the_interface_an_address() {
    let keyfile = |lines: &str| {
        let path = "/etc/NetworkManager/system-connections/a.nmconnection";
        (path, format!("[connection]\nid=a\nuuid=5c8aefb0-1111-4222-8333-000000000001\n{lines}"))
    };
    let network = |lines: &str| ("/etc/systemd/network/a.network", format!("[Match]\n{lines}"));
    let manual = "[ipv4]\nmethod=manual\naddress1=192.0.2.1/24\n";
    let of_netplan = |lines: &str| ("/etc/netplan/a.yaml", netplan(lines));
    let rows = [
        (keyfile(&format!("type=ethernet\n{manual}")), None),
        (keyfile(&format!("type=ethernet\n[match]\ninterface-name=eth*\n{manual}")), None),
        (network("Name=eth*\n[Network]\nAddress=192.0.2.1/24\n"), None),
        (network("Name=eth0 eth3*\n[Network]\nAddress=192.0.2.1/24\n"), None),
        (network("Type=ether\n[Network]\nAddress=192.0.2.1/24\n"), None),
        (of_netplan("    a: {match: {name: 'eth*'}, addresses: [192.0.2.1/24]}\n"), None),
        // These are not for it, or give it no IPv4 address.
        (keyfile(&format!("type=wifi\n{manual}")), Some("2")),
        (network("Name=eth[0-2]\n[Network]\nAddress=192.0.2.1/24\n"), Some("2")),
        (network("Type=wlan\n[Network]\nAddress=192.0.2.1/24\n"), Some("2")),
        (network("Name=eth0\n[Network]\nAddress=192.0.2.1/24\n"), Some("2")),
        (network("Name=eth*\n[Network]\nAddress=2001:db8::1/64\n"), Some("2")),
    ];
    let missing = "eth3 has no IPv4 address (DHCP)";
    let present = "192.0.2.1/24@eth0 2001:db8::1/64@eth0";
    for ((path, text), count) in &rows {
        let block = ("/etc/dhcpcd.conf", "interface eth3\n");
        let (first, details) = said(&args(), &[(*path, text), block], present);
        let note = format!("note: {missing}: it is not required");
        match count {
            Some(count) => {
                assert_eq!(first, format!("IP_BOUND CRITICAL - 1 of {count} addresses missing: {missing}"));
            }
            None => assert!(first.starts_with("IP_BOUND OK - 1 address from "), "{text}: {first}"),
        }
        assert_eq!(details.contains(&note), count.is_none(), "{text}: {details:?}");
        // dhcpcd starts at boot: it asks for a lease in any case.
        let enabled = ("/etc/systemd/system/multi-user.target.wants/dhcpcd.service", "");
        let (first, _) = said(&args(), &[(*path, text), block, enabled], present);
        assert_eq!(first, format!("IP_BOUND CRITICAL - 1 of 2 addresses missing: {missing}"), "{text}");
        // Without any address, no excuse counts.
        let (first, _) = said(&args(), &[(*path, text), block], "");
        assert!(first.contains(missing), "{text}: {first}");
    }
}

/// A block may be left of dhcpcd, which is no longer installed. NetworkManager has no file for its own
/// profile.
#[test]
fn a_block_of_dhcpcd_requires_nothing_where_only_another_program_is_installed() {
    let file = ("/etc/dhcpcd.conf", "interface eth3\nmetric 300\n");
    let (other, own) = (("/usr/sbin/NetworkManager", ""), ("/usr/sbin/dhcpcd", ""));
    let keyfile = (
        "/etc/NetworkManager/system-connections/a.nmconnection",
        "[connection]\nid=a\nuuid=5c8aefb0-1111-4222-8333-000000000001\ntype=ethernet\ninterface-name=eth0\n\
         [ipv4]\nmethod=manual\naddress1=192.0.2.1/24\n",
    );
    let missing = |total: u32| {
        let addresses = if total == 1 { "address" } else { "addresses" };
        format!("CRITICAL - 1 of {total} {addresses} missing: eth3 has no IPv4 address (DHCP)")
    };
    let ok = "OK - 1 address from networkmanager bound and usable".to_owned();
    let nothing = "UNKNOWN - eth3 has no IPv4 address (DHCP): it is not required, and no other address is \
                   expected: name them by --ip or --file, or add --bound";
    let enabled = ("/etc/systemd/system/multi-user.target.wants/dhcpcd.service", "");
    let rows: [(&[(&str, &str)], String); 8] = [
        (&[file], missing(1)),
        (&[file, own], missing(1)),
        (&[file, own, other], missing(1)),
        (&[file, other], nothing.to_owned()),
        (&[file, keyfile], missing(2)),
        (&[file, keyfile, own, other], missing(2)),
        (&[file, keyfile, other], ok.clone()),
        // The link is left of it too.
        (&[file, keyfile, other, enabled], ok),
    ];
    for (files, expected) in rows {
        let (first, details) = said(&args(), files, "192.0.2.1/24@eth0");
        assert_eq!(first, format!("IP_BOUND {expected}"), "{files:?} {details:?}");
    }
}

/// A file with patterns asks by DHCP too.
#[test]
fn a_block_of_dhcpcd_requires_nothing_where_a_pattern_asks_for_the_same() {
    let network = |name: &str| format!("[Match]\nName={name}\n[Network]\nDHCP=ipv4\n");
    let block = ("/etc/dhcpcd.conf", "interface eth3\ninterface eth0\nstatic ip_address=192.0.2.1/24\n");
    let missing = "eth3 has no IPv4 address (DHCP)";
    for (name, expected) in [
        ("eth*", "OK - 1 address from networkd, dhcpcd bound and usable".to_owned()),
        ("br*", format!("CRITICAL - 1 of 2 addresses missing: {missing}")),
    ] {
        let files = [("/etc/systemd/network/a.network", network(name)), (block.0, block.1.to_owned())];
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        let (first, _) = said(&args(), &files, "192.0.2.1/24@eth0");
        assert_eq!(first, format!("IP_BOUND {expected}"), "{name}");
    }
}

/// The unit may be of one interface, and what starts it another program than systemd.
#[test]
fn a_block_of_dhcpcd_that_is_started_at_boot_is_required_beside_a_pattern() {
    let network = "[Match]\nName=eth*\n[Network]\nDHCP=ipv4\n";
    let block = "interface eth3\ninterface eth0\nstatic ip_address=192.0.2.1/24\n";
    let files = [("/etc/systemd/network/a.network", network), ("/etc/dhcpcd.conf", block)];
    let missing = "CRITICAL - 1 of 2 addresses missing: eth3 has no IPv4 address (DHCP)";
    let ok = "OK - 1 address from networkd, dhcpcd bound and usable";
    let systemd = "/usr/lib/systemd/systemd";
    let rows: [(&[&str], &str); 12] = [
        (&["/etc/systemd/system/multi-user.target.wants/dhcpcd.service"], missing),
        (&["/etc/systemd/system/multi-user.target.wants/dhcpcd@eth3.service"], missing),
        (&["/etc/systemd/system/multi-user.target.wants/dhcpcd@eth1.service"], ok),
        (&["/etc/runlevels/default/dhcpcd"], missing),
        (&["/etc/runit/runsvdir/default/dhcpcd"], missing),
        (&["/var/service/dhcpcd"], missing),
        (&["/etc/rc2.d/S03dhcpcd"], missing),
        (&["/etc/rc2.d/K03dhcpcd"], ok),
        // systemd makes a unit of a script that has none.
        (&["/etc/rc2.d/S03dhcpcd", systemd], missing),
        (&["/etc/rc2.d/S03dhcpcd", systemd, "/lib/systemd/system/dhcpcd5.service"], missing),
        (&["/etc/rc2.d/S03dhcpcd", systemd, "/lib/systemd/system/dhcpcd.service"], ok),
        (&["/etc/rc2.d/S03dhcpcd", "/lib/systemd/system/dhcpcd.service"], missing),
    ];
    for (paths, expected) in rows {
        let all: Vec<(&str, &str)> = files.into_iter().chain(paths.iter().map(|path| (*path, ""))).collect();
        let (first, _) = said(&args(), &all, "192.0.2.1/24@eth0");
        assert_eq!(first, format!("IP_BOUND {expected}"), "{paths:?}");
    }
}

/// dhcpcd 9.4.1 takes `arping` as an option of the interface, and the profile of an address that answers in
/// place of the interface's own address.
#[test]
fn an_interface_with_arping_has_its_own_address_or_that_of_a_profile() {
    let own = "interface eth3\narping 192.0.2.254\nstatic ip_address=192.0.2.3/24\n";
    let own_first = "interface eth3\nstatic ip_address=192.0.2.3/24\narping 192.0.2.254\n";
    let for_all = "arping 192.0.2.254\ninterface eth3\nstatic ip_address=192.0.2.3/24\n";
    let profile = "profile 192.0.2.254\nstatic ip_address=198.51.100.3/24\n";
    let broken = "profile 192.0.2.254\nstatic ip_address=198.51.100.x/24\n";
    let lease = "interface eth3\narping 192.0.2.254\n";
    let fallback = "interface eth3\nfallback 192.0.2.254\n";
    let missing = "CRITICAL - 1 of 1 address missing: 192.0.2.3";
    let no_lease = "CRITICAL - 1 of 1 address missing: eth3 has no IPv4 address (DHCP)";
    let ok = "OK - 1 address from dhcpcd bound and usable";
    let leased = "OK - 1 address from dhcpcd bound and usable, 1 dynamic";
    let (of_it, of_profile, other) = ("192.0.2.3/24@eth3", "198.51.100.3/24@eth3", "192.0.2.9/24@eth3");
    let rows = [
        (own, "", of_it, ok),
        (own, "", other, missing),
        (own, broken, of_it, ok),
        (own, profile, of_it, ok),
        (own, profile, of_profile, ok),
        (own, profile, other, missing),
        (own_first, profile, of_profile, ok),
        (own_first, profile, other, missing),
        (for_all, profile, of_profile, ok),
        (lease, profile, of_profile, leased),
        (lease, profile, "198.51.100.3/24@eth0", no_lease),
        (fallback, profile, of_profile, leased),
        // Without arping, no profile replaces it.
        ("interface eth3\nstatic ip_address=192.0.2.3/24\n", profile, of_profile, missing),
    ];
    for (block, profile, present, expected) in rows {
        let file = format!("{block}{profile}");
        let (first, details) = said(&args(), &[("/etc/dhcpcd.conf", &file)], present);
        assert!(first.starts_with(&format!("IP_BOUND {expected}")), "{file} {present}: {first}");
        let unexpected = details.iter().any(|line| line.contains("unexpected"));
        assert_eq!(unexpected, present == other, "{file} {present}: {details:?}");
    }
}
