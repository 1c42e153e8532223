//! Interfaces that a pattern or conditions tell: those without a lease beside one that has it, and their
//! leases.

use super::profiles::{FOLDER, profile};
use super::*;

/// What is said of a file of networkd with these conditions, which asks for a lease of IPv4.
fn networkd(matched: &str, more: &[(&str, &str)], present: &str) -> (String, Vec<String>) {
    let file = format!("[Match]\n{matched}\n[Network]\nDHCP=ipv4\n");
    let files: Vec<(&str, &str)> =
        more.iter().copied().chain([("/etc/systemd/network/20-b.network", file.as_str())]).collect();
    said(&args(), &files, present)
}

/// The details but for those about unexpected addresses.
fn expected(details: Vec<String>) -> Vec<String> {
    details.into_iter().filter(|detail| !detail.starts_with("note: unexpected")).collect()
}

#[test]
fn a_lost_lease_is_told_also_where_another_interface_has_one() {
    let first = "IP_BOUND OK - 1 address from networkd bound and usable, 1 dynamic";
    let lacks =
        |who: &str, of: &str, why: &str| Some(format!("note: {who} no IPv4 address (DHCP for {of}): {why}"));
    let rows = [
        ("Name=eth[03]", "192.0.2.1/24@eth3~3600", lacks("eth0 has", "eth[03]", "it is not required")),
        ("Name=eth[02]", "192.0.2.1/24@eth0~3600", lacks("eth2 has", "eth[02]", "it has no carrier")),
        ("Name=eth*", "192.0.2.1/24@eth3~3600", lacks("eth0, eth1, eth2 have", "eth*", "none is required")),
        ("Name=e* d*", "192.0.2.1/24@eth3~3600", lacks("eth0, eth1, eth2 have", "e* d*", "none is required")),
        (
            "Type=ether",
            "192.0.2.1/24@eth3~3600",
            lacks("eth0, eth1, eth2 have", "Type=ether", "none is required"),
        ),
        // A link-local address is none, a duplicate cannot be used, and one that was put there by hand is one.
        (
            "Name=eth[03]",
            "192.0.2.1/24@eth3~3600 169.254.1.1/16@eth0",
            lacks("eth0 has", "eth[03]", "it is not required"),
        ),
        (
            "Name=eth[03]",
            "192.0.2.1/24@eth3~3600 2001:db8::1/64@eth0",
            lacks("eth0 has", "eth[03]", "it is not required"),
        ),
        ("Name=eth[03]", "192.0.2.1/24@eth3~3600 192.0.2.2/24@eth0", None),
        ("Name=eth[03]", "192.0.2.1/24@eth3 192.0.2.2/24@eth0~60", None),
        ("Name=eth[03] !eth0", "192.0.2.1/24@eth3~3600", None),
        // Which interfaces have the driver is not known.
        ("Driver=virtio_net", "192.0.2.1/24@eth3~3600", None),
        ("Type=ether\nDriver=virtio_net", "192.0.2.1/24@eth3~3600", None),
    ];
    for (matched, present, note) in rows {
        let (line, details) = networkd(matched, &[], present);
        assert_eq!(line, first, "{matched} {present}");
        assert_eq!(expected(details), Vec::from_iter(note), "{matched} {present}");
    }
}

#[test]
fn a_permanent_address_of_another_interface_hides_no_lost_lease() {
    let (first, details) = networkd("Name=eth[03]", &[], "192.0.2.1/24@eth3");
    assert_eq!(first, "IP_BOUND OK - 1 address from networkd bound and usable, 1 dynamic");
    assert_eq!(expected(details), ["note: eth0 has no IPv4 address (DHCP for eth[03]): it is not required"]);
}

#[test]
fn an_interface_with_a_file_of_its_own_lacks_no_lease() {
    let rows = [
        "[Match]\nName=eth0\n[Link]\nUnmanaged=yes\n",
        "[Match]\nName=eth0\n[Link]\nActivationPolicy=manual\n",
        "[Match]\nName=eth0\n[Network]\nLinkLocalAddressing=no\n",
        "[Match]\nName=eth0\n[Network]\nBridge=br0\n",
        "[Match]\nName=eth0 eth7\n[Network]\nDescription=spare\n",
    ];
    for own in rows {
        let own = [("/etc/systemd/network/10-a.network", own)];
        let (_, details) = networkd("Name=eth[03]", &own, "192.0.2.1/24@eth3~3600");
        assert!(details.iter().all(|detail| !detail.contains("no IPv4 address")), "{own:?} {details:?}");
    }
}

#[test]
fn a_name_beside_patterns_is_required() {
    let missing = "CRITICAL - 1 of 1 address missing: eth0 has no IPv4 address (DHCP)";
    let one = "OK - 1 address from networkd bound and usable, 1 dynamic";
    let rows = [
        (
            "Name=eth0 e*3",
            "192.0.2.1/24@eth3~3600",
            missing.replace("1 of 1", "1 of 2").replace("address m", "addresses m"),
            None,
        ),
        (
            "Name=eth0 e*3",
            "192.0.2.1/24@eth0~3600",
            one.to_owned(),
            Some("note: e*3 has no IPv4 address (DHCP): it is not required"),
        ),
        ("Name=eth0 !eth3", "192.0.2.1/24@eth3", missing.to_owned(), None),
        (
            "Name=eth* !eth0",
            "192.0.2.1/24@eth3~3600",
            one.to_owned(),
            Some("note: eth1, eth2 have no IPv4 address (DHCP for eth* !eth0): none is required"),
        ),
    ];
    for (matched, present, first, note) in rows {
        let (line, details) = networkd(matched, &[], present);
        assert_eq!(line, format!("IP_BOUND {first}"), "{matched} {present}");
        assert_eq!(expected(details), Vec::from_iter(note.map(str::to_owned)), "{matched} {present}");
    }
    // An earlier file has it.
    let own =
        [("/etc/systemd/network/10-a.network", "[Match]\nName=eth0\n[Network]\nAddress=192.0.2.9/24\n")];
    let (line, _) = networkd("Name=eth0 e*3", &own, "192.0.2.9/24@eth0 192.0.2.1/24@eth3~3600");
    assert_eq!(line, "IP_BOUND OK - 2 addresses from networkd bound and usable, 1 dynamic");
}

#[test]
fn patterns_of_netplan_and_networkmanager_tell_a_lost_lease_too() {
    let file = netplan("    any: {match: {name: 'eth[03]'}, dhcp4: true}\n");
    let keyfile = profile("id=a", "method=auto\n[match]\ninterface-name=eth[03]");
    let path = format!("{FOLDER}/a.nmconnection");
    let any = profile("id=a", "method=auto");
    let rows = [
        ("/etc/netplan/a.yaml", &file, "eth0 has no IPv4 address (DHCP for eth[03]): it is not required"),
        (&*path, &keyfile, "eth0 has no IPv4 address (DHCP for eth[03]): it is not required"),
        (&*path, &any, "eth0, eth1, eth2 have no IPv4 address (DHCP for type=ethernet): none is required"),
    ];
    for (path, text, note) in rows {
        let (first, details) = said(&args(), &[(path, text)], "192.0.2.1/24@eth3~3600");
        assert!(first.starts_with("IP_BOUND OK - 1 address from "), "{text}: {first}");
        assert_eq!(details, [format!("note: {note}")], "{text}");
    }
}

#[test]
fn a_lease_by_conditions_is_never_unexpected() {
    let alarm = Args { unexpected: Some(plugin::State::Critical), ..args() };
    let path = format!("{FOLDER}/a.nmconnection");
    let (any, driver) = (
        profile("id=Wired connection 1", "method=auto"),
        profile("id=a", "method=auto\n[match]\ndriver=e1000e"),
    );
    let (drivers, all) = (
        netplan("    any: {match: {driver: '*'}, dhcp4: true}\n"),
        netplan("    any: {match: {}, dhcp4: true}\n"),
    );
    let network = "/etc/systemd/network/10-a.network";
    let ether = "[Match]\nType=ether\n[Network]\nDHCP=ipv4\n";
    let by_driver = "[Match]\nDriver=virtio_net\n[Network]\nDHCP=yes\n";
    let rows: [(&str, &str); 6] = [
        (&path, &any),
        (&path, &driver),
        ("/etc/netplan/a.yaml", &drivers),
        ("/etc/netplan/a.yaml", &all),
        (network, ether),
        (network, by_driver),
    ];
    let leased = "192.0.2.1/24@eth0~3600 2001:db8::1/64@eth0+1~3600";
    for (path, text) in rows {
        let (first, _) = said(&alarm, &[(path, text)], leased);
        assert!(first.starts_with("IP_BOUND OK - 1 address from "), "{text}: {first}");
    }
    // What is permanent was put there by hand, wifi is of another type, and eth0 may have a file of its own.
    let (first, _) = said(&alarm, &[(network, ether)], "192.0.2.1/24@eth0~3600 192.0.2.2/24@eth3");
    assert_eq!(first, "IP_BOUND CRITICAL - 1 unexpected address: 192.0.2.2");
    let wifi = any.replace("ethernet", "wifi");
    let (first, _) = said(&alarm, &[(&*path, &*wifi)], leased);
    assert_eq!(first, "IP_BOUND CRITICAL - 2 unexpected addresses: 192.0.2.1, 2001:db8::1");
    let own =
        ("/etc/systemd/network/05-a.network", "[Match]\nName=eth0\n[Network]\nAddress=198.51.100.1/24\n");
    let present = "198.51.100.1/24@eth0 192.0.2.1/24@eth0~3600 192.0.2.2/24@eth3~3600";
    let (first, _) = said(&alarm, &[own, (network, ether)], present);
    assert_eq!(first, "IP_BOUND CRITICAL - 1 unexpected address: 192.0.2.1");
}
