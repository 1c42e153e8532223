//! Profiles of NetworkManager that compete for cards that they do not name.

use super::profiles::{FOLDER, cards, keyfile, of_cards, profile};
use super::*;

const TWO: [&str; 2] = ["eth0", "eth3"];

pub(super) fn named(name: &str, last: u8) -> String {
    profile(&format!("interface-name={name}"), &keyfile(&format!("192.0.2.{last}/24")))
}

fn matching(condition: &str, last: u8) -> String {
    let text = profile("", &keyfile(&format!("198.51.100.{last}/24")));
    text.replace("[ipv4]", &format!("[match]\n{condition}\n[ipv4]"))
}

fn missing(what: &str) -> String {
    format!("CRITICAL - {what}")
}

fn ok(count: &str) -> String {
    format!("OK - {count} from networkmanager bound and usable")
}

#[test]
fn a_pattern_and_a_name_compete_for_a_card() {
    let pattern = |last| matching("interface-name=eth*;", last);
    let any = profile("", &keyfile("203.0.113.1/24"));
    let one = &TWO[..1];
    let rows = [
        (vec![named("eth0", 1), pattern(1)], one, "192.0.2.1/24@eth0", ok("1 address")),
        (vec![named("eth0", 1), pattern(1)], one, "198.51.100.1/24@eth0", ok("1 address")),
        (
            vec![named("eth0", 1), pattern(1)],
            one,
            "203.0.113.9/24@eth0",
            missing("1 of 1 address missing: 192.0.2.1"),
        ),
        // Each has a card of its own.
        (
            vec![named("eth0", 1), pattern(1)],
            &TWO,
            "192.0.2.1/24@eth0",
            missing("1 of 2 addresses missing: 198.51.100.1"),
        ),
        (
            vec![named("eth0", 1), pattern(1)],
            &TWO,
            "192.0.2.1/24@eth0 198.51.100.1/24@eth3",
            ok("2 addresses"),
        ),
        // Two of the same pattern.
        (vec![pattern(1), pattern(2)], one, "198.51.100.2/24@eth0", ok("1 address")),
        (
            vec![pattern(1), pattern(2)],
            &TWO,
            "198.51.100.2/24@eth0",
            missing("1 of 2 addresses missing: 198.51.100.1"),
        ),
        // Also where no card is known.
        (vec![pattern(1), pattern(2)], &[], "198.51.100.2/24@eth0", ok("1 address")),
        // One for any card takes that of a name.
        (vec![named("eth0", 1), any.clone()], one, "203.0.113.1/24@eth0", ok("1 address")),
        (vec![named("eth0", 1), any.clone()], one, "192.0.2.1/24@eth0", ok("1 address")),
        (
            vec![named("eth0", 1), any.clone()],
            one,
            "198.51.100.9/24@eth0",
            missing("1 of 1 address missing: 192.0.2.1"),
        ),
        (
            vec![named("eth0", 1), any, pattern(1)],
            &TWO,
            "198.51.100.1/24@eth0 203.0.113.1/24@eth3",
            ok("2 addresses"),
        ),
    ];
    for (profiles, cards, present, expected) in rows {
        let (first, details) = of_cards(&profiles, cards, present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{profiles:?} {cards:?} {present} {details:?}");
    }
}

/// After a boot NetworkManager may give a card to a profile for any card, by DHCP, in place of its own: that
/// the address is gone is the outage.
#[test]
fn a_lease_of_any_card_does_not_replace_an_address_of_this_one() {
    let any = |ipv4: &str| profile("", ipv4);
    let one = &TWO[..1];
    let lease = "198.51.100.9/24@eth0+0~3600";
    let rows = [
        (vec![named("eth0", 1), any("method=auto")], lease, missing("1 of 1 address missing: 192.0.2.1")),
        (vec![named("eth0", 1), any("method=auto")], "192.0.2.1/24@eth0", ok("1 address")),
        // Which of two for any card is active, the files do not tell.
        (
            vec![any(&keyfile("203.0.113.1/24")), any("method=auto")],
            lease,
            "OK - 1 address from networkmanager bound and usable, 1 dynamic".to_owned(),
        ),
    ];
    for (profiles, present, expected) in rows {
        let (first, details) = of_cards(&profiles, one, present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{profiles:?} {present} {details:?}");
    }
}

/// The cards of these tests have the driver x.
#[test]
fn a_driver_tells_the_cards() {
    let driver = |name: &str, last| matching(&format!("driver={name};"), last);
    let rows = [
        (vec![driver("x", 1), driver("x", 2)], "198.51.100.2/24@eth0", ok("1 address")),
        (vec![driver("x", 1), named("eth0", 1)], "192.0.2.1/24@eth0", ok("1 address")),
        // A card that is gone may have failed.
        (
            vec![driver("y", 1), named("eth0", 1)],
            "192.0.2.1/24@eth0",
            missing("1 of 2 addresses missing: 198.51.100.1, on no interface with driver=y"),
        ),
        (
            vec![driver("!x", 1), named("eth0", 1)],
            "192.0.2.1/24@eth0",
            missing("1 of 2 addresses missing: 198.51.100.1, on no interface with driver=!x"),
        ),
    ];
    for (profiles, present, expected) in rows {
        let (first, details) = of_cards(&profiles, &TWO[..1], present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{profiles:?} {present} {details:?}");
    }
    let (_, details) = of_cards(&[driver("x", 1)], &TWO[..1], "198.51.100.1/24@eth0");
    assert!(details.is_empty(), "{details:?}");
}

#[test]
fn a_wireless_card_is_in_one_network_at_a_time() {
    let network = |connection: &str, last: u8| {
        let text = profile(connection, &keyfile(&format!("192.0.2.{last}/24"))).replace("ethernet", "wifi");
        text.replace("[ipv4]", &format!("[wifi]\nssid=network {last}\n[ipv4]"))
    };
    for connection in ["", "interface-name=eth0"] {
        let both = [network(connection, 1), network(connection, 2)];
        let cause = if connection.is_empty() { ", there is no interface of type=wifi here" } else { "" };
        let rows = [
            ("192.0.2.1/24@eth0", ok("1 address")),
            ("192.0.2.2/24@eth0", ok("1 address")),
            ("192.0.2.3/24@eth0", missing(&format!("1 of 1 address missing: 192.0.2.1{cause}"))),
        ];
        for (present, expected) in rows {
            let (first, details) = of_cards(&both, &[], present);
            assert_eq!(first, format!("IP_BOUND {expected}"), "{connection} {present} {details:?}");
        }
    }
}

/// netplan and ifcfg files give NetworkManager profiles too.
#[test]
fn profiles_of_other_files_compete_too() {
    let netplan = |renderer: &str, definitions: &str| {
        format!("network:\n  version: 2\n  renderer: {renderer}\n  ethernets:\n{definitions}")
    };
    let (one, pattern) = (
        "    a: {match: {name: eth0}, addresses: [192.0.2.1/24]}\n",
        "    b: {match: {name: 'eth*'}, addresses: [192.0.2.2/24]}\n",
    );
    let yaml = ("/etc/netplan/a.yaml", netplan("NetworkManager", one));
    let both = ("/etc/netplan/a.yaml", netplan("NetworkManager", &format!("{one}{pattern}")));
    let networkd = ("/etc/netplan/a.yaml", netplan("networkd", one));
    let ifcfg =
        ("/etc/sysconfig/network-scripts/ifcfg-eth0", "ONBOOT=yes\nIPADDR=192.0.2.1\nPREFIX=24\n".to_owned());
    let lease = (ifcfg.0, "ONBOOT=yes\nBOOTPROTO=dhcp\n".to_owned());
    let settings = ("/etc/NetworkManager/NetworkManager.conf", "[main]\n".to_owned());
    let own = ("/etc/NetworkManager/system-connections/a.nmconnection", named("eth0", 3));
    let made = ("/run/NetworkManager/system-connections/netplan-a.nmconnection", named("eth0", 1));
    let other = ("/etc/NetworkManager/system-connections/b.nmconnection", named("eth3", 9));
    let (mut card, device) = (cards(&TWO[..1]), "1 of 2 addresses missing: ");
    let device_file = card.pop().unwrap();
    let sys = [(&*card[0].0, card[0].1.clone()), (&*device_file.0, device_file.1.clone())];
    let ok = "OK - 1 address from";
    let rows = [
        (vec![both.clone()], "192.0.2.1/24@eth0", format!("{ok} netplan")),
        (vec![both.clone()], "192.0.2.2/24@eth0", format!("{ok} netplan")),
        (vec![both.clone()], "192.0.2.7/24@eth0", missing("1 of 1 address missing: 192.0.2.1")),
        (vec![both, own.clone(), made.clone()], "192.0.2.3/24@eth0", format!("{ok} networkmanager")),
        (vec![yaml.clone(), own.clone()], "192.0.2.3/24@eth0", format!("{ok} networkmanager")),
        (vec![yaml.clone(), own.clone()], "192.0.2.1/24@eth0", format!("{ok} networkmanager")),
        (vec![yaml.clone(), own.clone(), made.clone()], "192.0.2.3/24@eth0", format!("{ok} networkmanager")),
        (vec![yaml.clone(), made.clone()], "192.0.2.1/24@eth0", format!("{ok} networkmanager, netplan")),
        (vec![yaml.clone(), made], "192.0.2.3/24@eth0", missing("1 of 1 address missing: 192.0.2.1")),
        (vec![yaml, own.clone()], "192.0.2.7/24@eth0", missing("1 of 1 address missing: 192.0.2.1")),
        // networkd binds its own beside that.
        (vec![networkd, own.clone()], "192.0.2.3/24@eth0", missing(&format!("{device}192.0.2.1"))),
        (
            vec![ifcfg.clone(), settings.clone(), own.clone()],
            "192.0.2.1/24@eth0",
            format!("{ok} networkmanager"),
        ),
        (
            vec![ifcfg.clone(), settings.clone(), own.clone()],
            "192.0.2.3/24@eth0",
            format!("{ok} networkmanager"),
        ),
        (vec![lease, settings.clone(), own.clone()], "192.0.2.3/24@eth0", format!("{ok} networkmanager")),
        (vec![ifcfg.clone(), own], "192.0.2.3/24@eth0", missing(&format!("{device}192.0.2.1"))),
        (vec![ifcfg, settings, other], "192.0.2.9/24@eth3", missing(&format!("{device}192.0.2.1"))),
    ];
    for (mut files, present, expected) in rows {
        files.extend(sys.clone());
        let named: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        let (first, details) = said(&args(), &named, present);
        assert!(
            first.starts_with(&format!("IP_BOUND {expected}")),
            "{first} {named:?} {present} {details:?}"
        );
    }
}

const MADE: &str = "/run/NetworkManager/system-connections/netplan-";

/// What netplan writes for NetworkManager is no rival of the definition that it is made of.
#[test]
fn an_address_that_netplan_did_not_apply_is_missing() {
    let yaml = |more: &str| {
        format!(
            "network:\n  version: 2\n  renderer: NetworkManager\n  ethernets:\n    eth0: {{addresses: [192.0.2.1/24, 192.0.2.2/24]}}\n{more}"
        )
    };
    let made = (format!("{MADE}eth0.nmconnection"), named("eth0", 1));
    let own = ("/etc/NetworkManager/system-connections/a.nmconnection".to_owned(), named("eth0", 3));
    let pattern = "    any: {match: {name: 'eth*'}, dhcp4: true}\n";
    let made_of_pattern =
        (format!("{MADE}any.nmconnection"), matching("interface-name=eth*;", 9).replace("manual", "auto"));
    let made_of_pattern = (made_of_pattern.0, made_of_pattern.1.replace("address1=198.51.100.9/24\n", ""));
    let lacks = "1 of 2 addresses missing: 192.0.2.2";
    let rows = [
        ("", vec![made.clone()], "192.0.2.1/24@eth0", missing(lacks)),
        ("", vec![made.clone(), own.clone()], "192.0.2.1/24@eth0", missing(lacks)),
        ("", vec![made.clone(), own], "192.0.2.3/24@eth0", ok("1 address")),
        (pattern, vec![made, made_of_pattern], "192.0.2.1/24@eth0", missing(lacks)),
    ];
    for (more, files, present, expected) in rows {
        let yaml = yaml(more);
        let mut named: Vec<(&str, &str)> = vec![("/etc/netplan/a.yaml", &yaml)];
        named.extend(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        let card = cards(&TWO[..1]);
        named.extend(card.iter().map(|(path, text)| (&**path, text.as_str())));
        let (first, details) = said(&args(), &named, present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{named:?} {present} {details:?}");
    }
}

/// Leases of different interfaces are no common profile.
#[test]
fn profiles_for_other_interfaces_are_not_the_same() {
    let yaml = "network:\n  version: 2\n  renderer: NetworkManager\n  ethernets:\n    eth0: {addresses: [192.0.2.1/24]}\n    any: {match: {name: 'e*0'}, dhcp4: true}\n  wifis:\n    eth3: {access-points: {a: {}}, addresses: [198.51.100.2/24]}\n    all: {access-points: {a: {}}, match: {name: 'e*3'}, dhcp4: true}\n";
    let lease = |pattern: &str, kind: &str| {
        format!("[connection]\ntype={kind}\n[match]\ninterface-name={pattern};\n[ipv4]\nmethod=auto\n")
    };
    let fixed = |name: &str, kind: &str, address: &str| {
        profile(&format!("interface-name={name}"), &keyfile(address)).replace("ethernet", kind)
    };
    let files = [
        ("/etc/netplan/a.yaml".to_owned(), yaml.to_owned()),
        (format!("{MADE}eth0.nmconnection"), fixed("eth0", "ethernet", "192.0.2.1/24")),
        (format!("{MADE}any.nmconnection"), lease("e*0", "ethernet")),
        (format!("{MADE}eth3-x.nmconnection"), fixed("eth3", "wifi", "198.51.100.2/24")),
        (format!("{MADE}all-x.nmconnection"), lease("e*3", "wifi")),
    ];
    let card = cards(&["eth0", "eth3"]);
    let mut named: Vec<(&str, &str)> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
    named.extend(card.iter().map(|(path, text)| (&**path, text.as_str())));
    named.push(("/sys/class/net/eth3/phy80211/name", "phy0\n"));
    let present = "198.51.100.2/24@eth3";
    let (first, details) = said(&args(), &named, present);
    assert_eq!(
        first, "IP_BOUND CRITICAL - 1 of 2 addresses missing: 192.0.2.1, eth0 has no address at all",
        "{details:?}"
    );
}

/// netplan refuses such files as a whole.
#[test]
fn netplan_has_no_drivers_for_networkmanager() {
    let text = |more: &str| {
        format!(
            "network:\n  version: 2\n  renderer: NetworkManager\n  ethernets:\n    a:\n      match: {{driver: x}}\n      addresses: [192.0.2.1/24]\n{more}"
        )
    };
    let rows = [
        (
            "",
            "WARNING - netplan refuses all its files: /etc/netplan/a.yaml line 6: a: netplan does not match by driver for NetworkManager",
        ),
        ("      set-name: eth0\n", "OK - 1 address from netplan bound and usable"),
        ("      renderer: networkd\n", "OK - 1 address from netplan bound and usable"),
    ];
    for (more, expected) in rows {
        let (first, _) = said(&args(), &[("/etc/netplan/a.yaml", &text(more))], "192.0.2.1/24@eth0");
        assert_eq!(first, format!("IP_BOUND {expected}"), "{more}");
    }
}

/// Returns the first line, the configuration being that of profiles or of a list made of them.
fn unexpected(profiles: &[String], present: &str) -> Vec<String> {
    let deadline = Duration::from_secs(60);
    let deadline = Deadline::after(deadline);
    let files: Vec<(String, String)> = ('a'..)
        .zip(profiles)
        .map(|(name, text)| (format!("{FOLDER}/{name}.nmconnection"), text.clone()))
        .collect();
    let tree = Tree::in_memory(files, &deadline);
    let alarm = Args { unexpected: Some(plugin::State::Warning), no_dynamic: true, ..args() };
    let configured = observed(&alarm, &tree, present);
    let list = configured.expected.listing(&configured.bound).render("IP_BOUND", 0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    std::fs::write(&path, &list).unwrap();
    let mut of_list = Args { unexpected: Some(plugin::State::Warning), no_dynamic: true, ..args() };
    of_list.addresses.file = vec![path];
    let empty = Tree::in_memory([("/etc/hosts", "")], &deadline);
    let first = |observed: &Observations| {
        let text = evaluate(&alarm.limits(), observed).render("IP_BOUND", 0);
        text.split(" | ").next().unwrap().replace(" from networkmanager", "")
    };
    vec![first(&configured), first(&observed(&of_list, &empty, present))]
}

#[test]
fn an_address_that_may_be_bound_is_not_unexpected() {
    let shared = |address: &str| profile("interface-name=eth3", &format!("method=shared\n{address}"));
    let other = named("eth0", 1);
    let extra = |address: &str| format!("IP_BOUND WARNING - 1 unexpected address: {address}");
    let ok = |count: &str| format!("IP_BOUND OK - {count} bound and usable");
    let rows = [
        (vec![other.clone(), shared("")], "10.42.0.1/24@eth3", ok("1 address")),
        (vec![other.clone(), shared("")], "10.42.1.1/24@eth3", ok("1 address")),
        (vec![other.clone(), shared("")], "10.42.0.1/24@eth0", extra("10.42.0.1")),
        (vec![other.clone(), shared("")], "10.43.0.1/24@eth3", extra("10.43.0.1")),
        (
            vec![other.clone(), shared("address1=203.0.113.1/24")],
            "203.0.113.1/24@eth3 10.42.0.1/24@eth3",
            extra("10.42.0.1"),
        ),
        // One of two profiles is active, and a program bound the address of the other one.
        (vec![other.clone(), named("eth0", 2)], "192.0.2.2/24@eth0", ok("1 address")),
        (vec![other, named("eth0", 2)], "192.0.2.2/24@eth3", extra("192.0.2.2")),
    ];
    for (profiles, present, expected) in rows {
        let found = unexpected(&profiles, &format!("192.0.2.1/24@eth0 {present}"));
        assert_eq!(found, [expected.clone(), expected], "{profiles:?} {present}");
    }
}
