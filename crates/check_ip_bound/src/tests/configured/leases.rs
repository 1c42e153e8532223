//! What the first line says of interfaces that get their address from outside.

use std::time::Duration;

use host_config::Tree;
use plugin::Deadline;
use rustix::time::{ClockId, clock_gettime};

use super::{netplan, observed, said};
use crate::Args;
use crate::Observations;
use crate::evaluate::evaluate;
use crate::fixture::args;

/// What is said where nothing is expected.
const NOTHING: &str = "UNKNOWN - no address is expected: name them by --ip or --file, or add --bound to check those that are bound, see --help";

#[test]
fn an_interface_with_dhcp_must_have_an_address() {
    let dhcp = netplan("    eth3: {dhcp4: true}\n");
    let optional = netplan("    eth3: {dhcp4: true, optional: true}\n");
    let down = netplan("    eth1: {dhcp4: true}\n");
    let absent = netplan("    eth9: {dhcp4: true}\n");
    let cable = netplan("    eth2: {dhcp6: true}\n");
    let held = netplan("    eth2: {dhcp4: true}\n");
    let excused = |why| {
        format!(
            "UNKNOWN - {why}, and no other address is expected: name them by --ip or --file, or add --bound"
        )
    };
    let optional_excused = excused("eth3 has no IPv4 address (DHCP): it is not required");
    let absent_excused = excused("eth9 has no IPv4 address (DHCP): there is no eth9 here");
    let cable_excused = excused("eth2 has no IPv6 address (DHCPv6 or router): it has no carrier");
    let held_excused = excused("eth2 has no usable IPv4 address (DHCP): it has no carrier");
    let rows = [
        (&dhcp, "192.0.2.1/24@eth3~3600", "OK - 1 address from netplan bound and usable, 1 dynamic"),
        (&dhcp, "192.0.2.1/24@eth0", "CRITICAL - 1 of 1 address missing: eth3 has no IPv4 address (DHCP)"),
        (&dhcp, "fe80::1/64@eth3", "CRITICAL - 1 of 1 address missing: eth3 has no IPv4 address (DHCP)"),
        (&dhcp, "169.254.7.7/16@eth3", "CRITICAL - 1 of 1 address missing: eth3 has no IPv4 address (DHCP)"),
        (&optional, "192.0.2.1/24@eth0", optional_excused.as_str()),
        (&optional, "fe80::1/64@eth0", "CRITICAL - 1 of 1 address missing: eth3 has no IPv4 address (DHCP)"),
        (
            &down,
            "192.0.2.1/24@eth0",
            "CRITICAL - 1 of 1 address missing: eth1 has no IPv4 address (DHCP): it is down",
        ),
        // What is excused is named.
        (&absent, "192.0.2.1/24@eth0", absent_excused.as_str()),
        (&cable, "192.0.2.1/24@eth0", cable_excused.as_str()),
        // A lease that is held without a carrier is worth nothing where no other address can be reached.
        (
            &held,
            "192.0.2.1/24@eth2~3600",
            "CRITICAL - 1 of 1 address missing: eth2 has no usable IPv4 address (DHCP): it has no carrier",
        ),
        (
            &held,
            "192.0.2.1/24@eth2~3600 172.17.0.1/16@docker0 127.0.0.1/8@lo",
            "CRITICAL - 1 of 1 address missing: eth2 has no usable IPv4 address (DHCP): it has no carrier",
        ),
        (
            &held,
            "192.0.2.1/24@eth2~3600 198.51.100.1/24@eth1",
            "CRITICAL - 1 of 1 address missing: eth2 has no usable IPv4 address (DHCP): it has no carrier",
        ),
        (&held, "192.0.2.1/24@eth2~3600 198.51.100.1/24@eth0", held_excused.as_str()),
    ];
    for (file, present, expected) in rows {
        let (first, _) = said(&args(), &[("/etc/netplan/a.yaml", file)], present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{file} {present}");
    }
    let (first, _) = said(
        &Args { no_dynamic: true, ..args() },
        &[("/etc/netplan/a.yaml", &netplan("    eth3: {dhcp4: true, addresses: [192.0.2.1/24]}\n"))],
        "192.0.2.1/24@eth3",
    );
    assert_eq!(first, "IP_BOUND OK - 1 address from netplan bound and usable");
}

#[test]
fn a_file_that_is_not_read_is_named_before_an_excuse() {
    let absent = netplan("    eth9: {dhcp4: true}\n");
    let local = "#!/bin/sh\nip addr add 198.51.100.1/24 dev eth0\n";
    let files = [("/etc/netplan/a.yaml", absent.as_str()), ("/etc/rc.local", local)];
    let (first, _) = said(&args(), &files, "192.0.2.1/24@eth0");
    let unread = "/etc/rc.local line 2 is here and is not read: name its addresses by --file, or add --bound";
    assert_eq!(first, format!("IP_BOUND UNKNOWN - {unread}"));
}

#[test]
fn a_script_that_an_up_line_runs_is_named_if_it_adds_addresses() {
    let alone = "auto eth0\niface eth0 inet manual\n";
    let beside = "auto eth0\niface eth0 inet static\n address 192.0.2.1/24\n";
    let unread = "/etc/vip.sh line 2 is here and is not read";
    let unknown = format!("IP_BOUND UNKNOWN - {unread}: name its addresses by --file, or add --bound");
    let ok = "IP_BOUND OK - 1 address from ifupdown bound and usable";
    let add = "#!/bin/sh\nip addr add 198.51.100.1/24 dev eth0\n";
    let tunnel = "[Interface]\nAddress = 198.51.100.1/24\n";
    let wg0 = "/etc/wireguard/wg0.conf";
    let rows = [
        (alone, "/etc/vip.sh", "/etc/vip.sh", add, unknown.as_str(), true),
        (beside, "/etc/vip.sh", "/etc/vip.sh", add, ok, true),
        (beside, "test -x /etc/vip.sh && . /etc/vip.sh", "/etc/vip.sh", add, ok, true),
        (beside, "sh -e /etc/vip.sh", "/etc/vip.sh", add, ok, true),
        (beside, "/etc/vip.sh", "/etc/vip.sh", "ip addr show\n", ok, false),
        (beside, "wg-quick up wg0", wg0, tunnel, ok, true),
        (beside, "wg-quick down wg0", wg0, tunnel, ok, false),
    ];
    for (stanza, command, path, content, expected, named) in rows {
        let interfaces = format!("{stanza} up {command}\n");
        let files = [("/etc/network/interfaces", interfaces.as_str()), (path, content)];
        let (first, details) = said(&args(), &files, "192.0.2.1/24@eth0");
        assert_eq!(first, expected, "{command}");
        let note = format!("note: {path} line 2 is here and is not read");
        assert_eq!(details.contains(&note) || first.contains(unread), named, "{command}: {details:?}");
    }
}

/// The interfaces(5) of Debian's ucarp, a command of it, and a route that binds nothing.
#[test]
fn an_address_that_moves_or_is_answered_for_is_not_expected() {
    let stanza = "auto eth0\niface eth0 inet static\n address 192.0.2.1/24\n";
    let local = "note: /etc/network/interfaces line 4: local route 198.51.100.0/28: the host answers for it, \
                 and binds no address of it";
    let rows = [
        (" ucarp-vid 1\n ucarp-vip 192.0.2.9\n ucarp-password x\n", None),
        (" up ucarp -i eth0 -s 192.0.2.1 -v 1 -p x -a 192.0.2.9 -B\n", None),
        (" up ip route add local 198.51.100.0/28 dev lo\n", Some(local.to_owned())),
    ];
    for (more, note) in rows {
        let text = format!("{stanza}{more}");
        let files = [("/etc/network/interfaces", text.as_str())];
        let (first, details) = said(&args(), &files, "192.0.2.1/24@eth0 192.0.2.9/32@eth0");
        assert_eq!(first, "IP_BOUND OK - 1 address from ifupdown bound and usable", "{more}");
        let unexpected = note.is_some().then(|| "note: unexpected: 192.0.2.9 on eth0 (permanent)".to_owned());
        let details: Vec<String> =
            details.into_iter().filter(|each| Some(each) != unexpected.as_ref()).collect();
        assert!(details.iter().all(|each| !each.contains("unexpected")), "{details:?}");
        assert!(note.is_none_or(|note| details.contains(&note)), "{details:?}");
    }
}

#[test]
fn an_interface_that_is_told_exactly_must_have_its_lease() {
    let eth3 = "CRITICAL - 1 of 1 address missing: eth3 has no IPv4 address (DHCP)";
    let gone = "UNKNOWN - 52:54:00:00:00:99 has no IPv4 address (DHCP): no card here has 52:54:00:00:00:99, \
                and no other address is expected: name them by --ip or --file, or add --bound";
    let rows = [
        ("Name=eth3\nMACAddress=52:54:00:00:00:03", eth3),
        ("Name=eth3\nDriver=virtio_net", eth3),
        ("Name=eth3 eth7", eth3),
        ("PermanentMACAddress=52:54:00:00:00:03", eth3),
        ("MACAddress=52:54:00:00:00:99", gone),
        ("Name=wl*", NOTHING),
    ];
    for (matched, expected) in rows {
        let file = format!("[Match]\n{matched}\n[Network]\nDHCP=ipv4\n");
        let files = [
            ("/etc/systemd/network/10-a.network", file.as_str()),
            ("/sys/class/net/eth3/address", "52:54:00:00:00:03\n"),
        ];
        let (first, _) = said(&args(), &files, "192.0.2.1/24@eth0");
        assert_eq!(first, format!("IP_BOUND {expected}"), "{matched}");
    }
}

#[test]
fn conditions_are_judged_as_a_pattern_of_names() {
    let ether = "no interface has an address (DHCP for Type=ether)";
    let by_hand =
        |name| format!("no interface has an address by DHCP (Type=ether), {name} has only 100.64.0.1");
    let missing = |what: &str| format!("CRITICAL - 1 of 1 address missing: {what}");
    let rows = [
        ("Name=eth*", "192.0.2.1/24@eth0~3600", "OK - 1 address from networkd bound and usable, 1 dynamic".to_owned()),
        ("Type=ether", "192.0.2.1/24@eth0~3600", "OK - 1 address from networkd bound and usable, 1 dynamic".to_owned()),
        ("Driver=virtio_net", "192.0.2.1/24@eth3~3600", "OK - 1 address from networkd bound and usable, 1 dynamic".to_owned()),
        ("Type=ether", "127.0.0.1/8@lo", missing(ether)),
        ("Type=ether", "172.17.0.1/16@docker0", missing(ether)),
        // A tunnel, or what a program bound by hand.
        ("Type=ether", "100.64.0.1/32@eth3", format!("UNKNOWN - {}: none is required, and no other address is expected: name them by --ip or --file, or add --bound", by_hand("eth3"))),
        ("Type=ether", "100.64.0.1/32@eth3 192.0.2.1/24@eth0~3600", "OK - 1 address from networkd bound and usable, 1 dynamic".to_owned()),
        ("Type=ether", "100.64.0.1/32@eth2", missing(&by_hand("eth2"))),
        ("Type=ether\nPath=pci-*", "127.0.0.1/8@lo", missing("no interface has an address (DHCP for Type=ether Path=pci-*)")),
        ("Kind=veth", "127.0.0.1/8@lo", missing("no interface has an address (DHCP for Kind=veth)")),
        ("Host=a\nHost=", "192.0.2.1/24@eth0~3600", "UNKNOWN - no address is expected: /etc/systemd/network/10-a.network has no condition in [Match]: networkd ignores it".to_owned()),
        ("Type=wlan", "192.0.2.1/24@eth0~3600", NOTHING.to_owned()),
        ("Type=wlan ether", "192.0.2.1/24@eth0~3600", "OK - 1 address from networkd bound and usable, 1 dynamic".to_owned()),
        ("Type=!loopback", "192.0.2.1/24@eth0~3600", "OK - 1 address from networkd bound and usable, 1 dynamic".to_owned()),
        ("Type=!wlan loopback", "192.0.2.1/24@eth0~3600", "OK - 1 address from networkd bound and usable, 1 dynamic".to_owned()),
        ("Type=e*", "192.0.2.1/24@eth0~3600", "OK - 1 address from networkd bound and usable, 1 dynamic".to_owned()),
        ("Type=!loopback", "127.0.0.1/8@lo", missing("no interface has an address (DHCP for Type=!loopback)")),
        ("Type=!ether", "192.0.2.1/24@eth0~3600", NOTHING.to_owned()),
        ("Type=bond", "192.0.2.1/24@eth0~3600", NOTHING.to_owned()),
        ("Type=ether\nMACAddress=52:54:00:00:00:99", "192.0.2.1/24@eth0~3600", "UNKNOWN - 52:54:00:00:00:99 has no address (DHCP): no card here has 52:54:00:00:00:99, and no other address is expected: name them by --ip or --file, or add --bound".to_owned()),
    ];
    for (matched, present, expected) in rows {
        let file = format!("[Match]\n{matched}\n[Network]\nDHCP=yes\n");
        let (first, _) = said(&args(), &[("/etc/systemd/network/10-a.network", &file)], present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{matched} {present}");
    }
    let profile = |kind| format!("[connection]\ntype={kind}\n[ipv4]\nmethod=auto\n");
    let rows = [
        (
            "ethernet",
            "192.0.2.1/24@eth0~3600",
            "OK - 1 address from networkmanager bound and usable, 1 dynamic".to_owned(),
        ),
        ("ethernet", "127.0.0.1/8@lo", missing("no interface has an IPv4 address (DHCP for type=ethernet)")),
        ("wifi", "192.0.2.1/24@eth0~3600", NOTHING.to_owned()),
    ];
    for (kind, present, expected) in rows {
        let files = [("/etc/NetworkManager/system-connections/a.nmconnection", &*profile(kind))];
        let (first, _) = said(&args(), &files, present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{kind} {present}");
    }
}

#[test]
fn a_match_of_netplan_is_judged_as_a_pattern_of_names() {
    let dynamic = "OK - 1 address from netplan bound and usable, 1 dynamic";
    let rows = [
        ("name: eth*", "192.0.2.1/24@eth0~3600", dynamic),
        ("driver: virtio_net", "192.0.2.1/24@eth0~3600", dynamic),
        ("driver: [virtio_net, e1000]", "192.0.2.1/24@eth0~3600", dynamic),
        ("", "192.0.2.1/24@eth0~3600", dynamic),
        (
            "driver: virtio_net",
            "127.0.0.1/8@lo",
            "CRITICAL - 1 of 1 address missing: no interface has an IPv4 address (DHCP for type=ethernet driver=virtio_net)",
        ),
    ];
    for (matched, present, expected) in rows {
        let file = netplan(&format!("    any: {{match: {{{matched}}}, dhcp4: true}}\n"));
        let (first, _) = said(&args(), &[("/etc/netplan/a.yaml", &file)], present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{matched} {present}");
    }
}

#[test]
fn conditions_are_about_interfaces_that_nothing_else_configures() {
    let files = [
        ("/etc/systemd/network/10-a.network", "[Match]\nName=eth0\n[Network]\nDHCP=ipv4\n"),
        ("/etc/systemd/network/20-b.network", "[Match]\nType=ether\n[Network]\nDHCP=ipv4\n"),
    ];
    let (first, _) = said(&args(), &files, "192.0.2.1/24@eth0~3600");
    assert_eq!(first, "IP_BOUND OK - 1 address from networkd bound and usable, 1 dynamic");
    let (first, _) = said(&args(), &files, "192.0.2.1/24@eth0~3600 192.0.2.2/24@eth3~3600");
    assert_eq!(first, "IP_BOUND OK - 2 addresses from networkd bound and usable, 2 dynamic");
}

#[test]
fn a_list_and_the_check_agree_on_optional_leases() {
    let keyfile = super::profiles::profile("id=a", "method=auto\n[match]\ninterface-name=eth*");
    let keyfile = ("/etc/NetworkManager/system-connections/a.nmconnection", keyfile);
    let network = |matched: &str| {
        ("/etc/systemd/network/10-a.network", format!("[Match]\n{matched}\n[Network]\nDHCP=yes\n"))
    };
    let rows = [
        (network("Name=eth*"), "192.0.2.1/24@eth0~3600", plugin::State::Ok, "eth* any optional"),
        (keyfile, "192.0.2.1/24@eth0~3600", plugin::State::Ok, "eth* ipv4 optional single"),
        (network("Name=eth0 eth*"), "192.0.2.1/24@eth0~3600", plugin::State::Ok, "eth* any optional"),
        (network("Type=ether"), "192.0.2.1/24@eth0~3600", plugin::State::Ok, "Type=ether any optional"),
        (network("Name=wl*"), "192.0.2.1/24@eth0~3600", plugin::State::Unknown, "wl* any optional"),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (file, present, state, line) in rows {
        let deadline = Deadline::after(Duration::from_secs(60));
        let tree = Tree::in_memory([file], &deadline);
        let observed = observed(&args(), &tree, present);
        let list = observed.expected.listing(&observed.bound);
        assert_eq!(list.state, state, "{line}");
        let text = list.render("IP_BOUND", 0);
        assert!(text.contains(&format!("# dynamic: {line} # ")), "{text}");
        let path = folder.path().join("list");
        std::fs::write(&path, text).unwrap();
        let mut of_list = args();
        of_list.addresses.file = vec![path];
        let by_list = super::observed(&of_list, &tree, present);
        let verdict = |observed: &Observations| evaluate(&args().limits(), observed).state;
        assert_eq!(verdict(&by_list), verdict(&observed), "{line}");
        let note = |observed: &Observations| {
            evaluate(&args().limits(), observed).render("IP_BOUND", 0).contains("none is required")
        };
        assert_eq!(note(&by_list), note(&observed), "{line}");
    }
}

#[test]
fn a_pattern_asks_for_a_lease_where_nothing_else_configures_the_interface() {
    let files = |name| {
        [
            (
                "/etc/systemd/network/10-a.network",
                "[Match]\nName=eth0\n[Network]\nAddress=192.0.2.1/24\n".to_owned(),
            ),
            ("/etc/systemd/network/20-b.network", format!("[Match]\nName={name}\n[Network]\nDHCP=ipv4\n")),
        ]
    };
    let rows = [
        ("eth[03]", Some("note: eth[03] has no IPv4 address (DHCP): it is not required")),
        ("eth[0]", None),
        ("wl*", None),
    ];
    for (name, note) in rows {
        let files = files(name);
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        let (first, details) = said(&args(), &files, "192.0.2.1/24@eth0");
        assert_eq!(first, "IP_BOUND OK - 1 address from networkd bound and usable", "{name}");
        assert_eq!(details, Vec::from_iter(note.map(str::to_owned)), "{name}");
    }
}

#[test]
fn the_cause_stands_beside_a_total_outage() {
    let rows = [
        ("eth9: {dhcp4: true}", "eth9 has no IPv4 address (DHCP): there is no eth9 here"),
        ("eth1: {dhcp4: true}", "eth1 has no IPv4 address (DHCP): it is down"),
        ("eth2: {dhcp4: true}", "eth2 has no IPv4 address (DHCP): it has no carrier"),
        ("eth3: {dhcp4: true}", "eth3 has no IPv4 address (DHCP)"),
    ];
    for (interface, cause) in rows {
        let file = netplan(&format!("    {interface}\n"));
        let (first, _) = said(&args(), &[("/etc/netplan/a.yaml", &file)], "127.0.0.1/8@lo");
        assert_eq!(first, format!("IP_BOUND CRITICAL - 1 of 1 address missing: {cause}"));
    }
}

#[test]
fn a_lease_on_a_bridge_without_its_ports_is_worth_nothing() {
    let file = "network:\n  version: 2\n  bridges:\n    docker0: {interfaces: [eth9], dhcp4: true}\n  ethernets: {eth9: {}}\n";
    let files = [("/etc/netplan/a.yaml", file)];
    let (first, _) = said(&args(), &files, "192.0.2.1/24@docker0~3600 192.0.2.2/24@eth0");
    let fault = "docker0 has none of its ports: there is no eth9 here";
    assert_eq!(first, format!("IP_BOUND CRITICAL - 1 of 1 address missing: {fault}"));
}

/// cPanel keeps the addresses that it binds beside the main one of the host.
#[test]
fn an_additional_address_of_cpanel_is_no_lease() {
    let lease = ("/etc/sysconfig/network-scripts/ifcfg-eth0", "DEVICE=eth0\nBOOTPROTO=dhcp\nONBOOT=yes\n");
    let additional =
        ("/etc/ips", "192.0.2.50:255.255.255.0:192.0.2.255\n192.0.2.51:255.255.255.0:192.0.2.255\n");
    let main = ("/var/cpanel/mainip", "192.0.2.1");
    let (both, own) = ("192.0.2.50/24@eth0 192.0.2.51/24@eth0", "192.0.2.1/24@eth0");
    let (two, three) = (vec![lease, additional], vec![lease, additional, main]);
    let ok = |count| format!("OK - {count} addresses from cpanel, ifcfg bound and usable, 1 dynamic");
    let gone = |which, all| {
        format!("CRITICAL - {which} of {all} addresses missing: eth0 has no IPv4 address (DHCP)")
    };
    let rows = [
        (&two, both.to_owned(), gone(1, 3)),
        (&two, format!("{own}~60 {both}"), ok(3)),
        (&three, format!("{own}~60 {both}"), ok(4)),
        // The main address may be a lease for ever.
        (&two, format!("{own} {both}"), ok(3)),
        (&three, format!("{own} {both}"), ok(4)),
        (&three, both.to_owned(), gone(2, 4).replace("eth0", "192.0.2.1, and eth0")),
    ];
    for (files, present, expected) in rows {
        let (first, _) = said(&args(), files, &present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{present}");
    }
}

/// The addresses are compared by what the configuration says of each, and not each with all.
#[test]
fn thousands_of_addresses_beside_a_lease_are_judged_in_time() {
    let took = |count: u32| {
        let list: Vec<String> =
            (0..count).map(|number| format!("10.9.{}.{}/32", number >> 8, number & 255)).collect();
        let file = format!("[Match]\nName=eth0\n[Network]\nDHCP=ipv4\nAddress={}\n", list.join("\nAddress="));
        let present = format!("{}@eth0", list.join("@eth0 "));
        let deadline = Deadline::after(Duration::from_secs(60));
        let tree = Tree::in_memory([("/etc/systemd/network/a.network", file.as_str())], &deadline);
        let observed = observed(&args(), &tree, &present);
        let start = processor_time();
        let text = evaluate(&args().limits(), &observed).render("IP_BOUND", 0);
        let said =
            format!("CRITICAL - 1 of {} addresses missing: eth0 has no IPv4 address (DHCP)", count + 1);
        assert!(text.starts_with(&format!("IP_BOUND {said} | ")), "{text}");
        processor_time() - start
    };
    let (small, large) = (took(2_000), took(16_000));
    assert!(large < 0.05 || large / small < 24.0, "{small:.4} s, {large:.4} s");
}

/// The processor time of this thread in seconds: other programs do not count.
fn processor_time() -> f64 {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap().as_secs_f64()
}
