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
        // A link-local address is none, a duplicate cannot be used, and one that was put there by hand is
        // one.
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
    let keyfile = profile("id=a\nmulti-connect=3", "method=auto\n[match]\ninterface-name=eth[03]");
    let path = format!("{FOLDER}/a.nmconnection");
    let any = profile("id=a\nmulti-connect=3", "method=auto");
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

/// NetworkManager 1.42.4 brings up one of two veths by a profile for a pattern, and both with
/// multi-connect=3.
#[test]
fn a_profile_for_one_interface_at_a_time_lacks_no_second_lease() {
    let paths = ["a", "b"].map(|name| format!("{FOLDER}/{name}.nmconnection"));
    let matching = |more: &str, names: &str| {
        profile(&format!("id=a{more}"), &format!("method=auto\n[match]\ninterface-name={names}"))
    };
    let (one, any) = (matching("", "eth*"), profile("id=a", "method=auto"));
    let netplan =
        "network: {renderer: NetworkManager, ethernets: {any: {match: {name: 'eth*'}, dhcp4: true}}}";
    let (own, second) = (matching("", "eth0"), matching("", "eth?"));
    let multiple = ["1", "2", "3"].map(|how| matching(&format!("\nmulti-connect={how}"), "eth*"));
    let (leased, two) = ("192.0.2.1/24@eth3~3600", "192.0.2.1/24@eth3~3600 192.0.2.2/24@eth0~3600");
    let all = "note: eth0, eth1, eth2 have no IPv4 address (DHCP for eth*): none is required";
    let rest = "note: eth1, eth2, eth3 have no IPv4 address (DHCP for eth*): none is required";
    type Row<'a> = (Vec<(&'a str, &'a str)>, &'a str, &'a [&'a str]);
    let rows: [Row<'_>; 11] = [
        (vec![(&paths[0], &one)], leased, &[]),
        (vec![(&paths[0], &multiple[0])], leased, &[]),
        (vec![(&paths[0], &multiple[1])], leased, &[]),
        (vec![(&paths[0], &multiple[2])], leased, &[all]),
        (vec![(&paths[0], &any)], leased, &[]),
        (vec![("/etc/netplan/a.yaml", netplan)], leased, &[]),
        (vec![("/etc/netplan/a.yaml", netplan), (&paths[0], &one)], leased, &[]),
        // What was put there by hand is no lease, and that of a profile for eth0 alone is not its own.
        (vec![(&paths[0], &one)], "192.0.2.1/24@eth3", &[all]),
        (vec![(&paths[0], &own), (&paths[1], &one)], "192.0.2.1/24@eth0~3600", &[rest]),
        // A second profile has a second interface.
        (vec![(&paths[0], &one), (&paths[1], &second)], two, &[]),
        (vec![(&paths[0], &one), (&paths[1], &one)], leased, &[all]),
    ];
    for (files, present, notes) in rows {
        let (first, details) = said(&args(), &files, present);
        assert!(first.starts_with("IP_BOUND OK - "), "{files:?}: {first}");
        assert_eq!(expected(details), notes, "{files:?} {present}");
    }
    let both = [(&*paths[0], &*one), (&*paths[1], &*second)];
    let (_, details) = said(&args(), &both, leased);
    assert_eq!(details, [all.to_owned(), all.replace("eth*", "eth?")]);
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
