//! Ports that patterns tell.

use super::*;

fn bridge(ports: &str) -> String {
    format!("auto docker0\niface docker0 inet static\n\taddress 192.0.2.1/24\n\tbridge_ports {ports}\n")
}

/// The bridge is empty and has no carrier.
#[test]
fn a_bridge_waits_for_its_guests() {
    let present = "192.0.2.1/24@docker0 192.0.2.2/24@eth0";
    let ok = "OK - 1 address from ifupdown bound and usable";
    let none = "CRITICAL - 192.0.2.1 bound but unusable: docker0 has none of its ports: ";
    let rows = [
        ("none", ok.to_owned()),
        ("regex tap.*", ok.to_owned()),
        ("regex (tap|vnet).* noregex", ok.to_owned()),
        ("regex bond.*", format!("{none}there is no bond* here")),
        ("regex nic.*", format!("{none}there is no nic* here")),
        ("regex enp.*", format!("{none}there is no enp* here")),
        ("regex (tap|eth).*", format!("{none}eth0 is not a port of it")),
        ("regex tap.* noregex eth0", format!("{none}eth0 is not a port of it")),
        ("tap0", format!("{none}there is no tap0 here")),
    ];
    for (ports, expected) in rows {
        let file = bridge(ports);
        let (first, details) = said(&args(), &[("/etc/network/interfaces", &file)], present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{ports} {details:?}");
    }
}

/// As networkd 252 binds what a bridge has when the bridge has a carrier, and not before.
#[test]
fn networkd_waits_for_the_first_guest_of_a_bridge() {
    let netdev = |settings: &str| format!("[NetDev]\nName=docker0\nKind=bridge\n{settings}");
    let network =
        |settings: &str| format!("[Match]\nName=docker0\n[Network]\nAddress=192.0.2.1/24\n{settings}");
    let other = "[Match]\nName=eth0\n[Network]\nAddress=192.0.2.9/24\n";
    let port = "[Match]\nName=eth0\n[Network]\nBridge=docker0\n";
    let (both, one) = ("192.0.2.1/24@docker0 192.0.2.9/24@eth0", "192.0.2.9/24@eth0");
    let missing = "CRITICAL - 1 of 2 addresses missing: 192.0.2.1, docker0 has no carrier";
    let ok = "OK - 1 address from networkd bound and usable";
    let rows = [
        (network(""), other, one, ok),
        (network("ConfigureWithoutCarrier=no\n"), other, one, ok),
        (network("ConfigureWithoutCarrier=yes\n"), other, one, missing),
        (network("").replace("docker0", "docker*"), other, one, ok),
        (
            network("").replace("docker0", "d* eth3"),
            other,
            one,
            "CRITICAL - 1 of 2 addresses missing: 192.0.2.1",
        ),
        (
            network("").replace("docker0", "eth4"),
            other,
            one,
            "CRITICAL - 1 of 2 addresses missing: 192.0.2.1, there is no eth4 here",
        ),
        (
            network(""),
            "",
            "",
            "UNKNOWN - 192.0.2.1 is not bound while docker0 has no port, and no other address is expected: name them by --ip or \
             --file, or add --bound",
        ),
        (network(""), other, both, "OK - 2 addresses from networkd bound and usable"),
        (network(""), other, "", "CRITICAL - 1 of 1 address missing: 192.0.2.9, eth0 has no address at all"),
        (
            network(""),
            port,
            "",
            "CRITICAL - 1 of 1 address missing: 192.0.2.1, docker0 has no carrier, 1 more fault",
        ),
    ];
    for (bridge, card, present, expected) in rows {
        let netdev = netdev("");
        let files = [
            ("/etc/systemd/network/a.netdev", netdev.as_str()),
            ("/etc/systemd/network/b.network", bridge.as_str()),
            ("/etc/systemd/network/c.network", card),
        ];
        let (first, details) = said(&args(), &files, present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{bridge}{card} {details:?}");
        let note = "note: 192.0.2.1/24 is not bound while docker0 has no port".to_owned();
        let waits = expected == ok || present.is_empty() && card != port;
        assert_eq!(details.contains(&note), waits, "{details:?}");
    }
}

/// With networkd 252, none of these files makes a port.
#[test]
fn a_bridge_that_should_have_a_port_waits_for_none() {
    let earlier = "[Match]\nName=e*\n[Network]\nAddress=192.0.2.9/24\n";
    let port = "[Match]\nName=eth0\n[Network]\nBridge=docker0\n";
    let host = port.replace("Name=eth0", "Name=eth0\nHost=other");
    let missing = "CRITICAL - 1 of 2 addresses missing: 192.0.2.1, docker0 has no carrier";
    let one_more = "CRITICAL - 1 of 2 addresses missing: 192.0.2.1, docker0 has no carrier, 1 more fault";
    let ok = "OK - 1 address from networkd bound and usable";
    let rows = [
        ("c.network", port.to_owned(), missing),
        ("c.network", port.replace("Bridge", "bridge"), missing),
        ("c.network", port.replace("Name=eth0", "Name=eth3 eth0"), one_more),
        ("d.network.d/a.conf", port.to_owned(), missing),
        ("c.network", port.replace("docker0", "docker1"), ok),
        // Guests come and go.
        ("c.network", port.replace("eth0", "vnet* tap*"), ok),
        ("c.network", port.replace("eth0", "vnet* eth0"), one_more),
        ("c.network", host, ok),
    ];
    for (name, content, expected) in rows {
        let path = format!("/etc/systemd/network/{name}");
        let files = [
            ("/etc/hostname", "me\n"),
            ("/etc/systemd/network/a.netdev", "[NetDev]\nName=docker0\nKind=bridge\n"),
            ("/etc/systemd/network/a.network", "[Match]\nName=docker0\n[Network]\nAddress=192.0.2.1/24\n"),
            ("/etc/systemd/network/b.network", earlier),
            (path.as_str(), content.as_str()),
        ];
        let (first, details) = said(&args(), &files, "192.0.2.9/24@eth0");
        assert_eq!(first, format!("IP_BOUND {expected}"), "{name} {content} {details:?}");
    }
}

/// As networkd 252 makes each card that fits a port.
#[test]
fn each_card_that_a_file_of_networkd_makes_a_port_must_be_one() {
    let netdev = ("/etc/systemd/network/a.netdev", "[NetDev]\nName=docker0\nKind=bridge\n");
    let address =
        ("/etc/systemd/network/c.network", "[Match]\nName=docker0\n[Network]\nAddress=192.0.2.1/24\n");
    let lacks = "WARNING - docker0 lacks 1 of 2 ports: eth3 is not a port of it";
    let ok = "OK - 1 address from networkd bound and usable";
    let none = "CRITICAL - 192.0.2.1 bound but unusable: docker0 has none of its ports: ";
    let rows = [
        ("Name=eth[03]", &["eth0", "eth3"][..], ok.to_owned()),
        ("Name=eth[03]", &["eth0"], lacks.to_owned()),
        ("Name=eth[03]", &[], format!("{none}eth0 is not a port of it")),
        ("Type=ether", &["eth0"], lacks.to_owned()),
        ("Driver=veth", &["eth0"], lacks.to_owned()),
        ("Driver=veth", &["eth0", "eth3"], ok.to_owned()),
        ("Driver=veth", &[], format!("{none}eth0 is not a port of it")),
    ];
    let entries = [("type", "1\n"), ("iflink", "7\n"), ("ifindex", "2\n"), ("uevent", "INTERFACE=x\n")];
    let cable =
        |name: &'static str| entries.map(|(entry, text)| (format!("/sys/class/net/{name}/{entry}"), text));
    let cables: Vec<(String, &str)> = ["eth0", "eth3"].into_iter().flat_map(cable).collect();
    for (conditions, there, expected) in rows {
        let file = format!("[Match]\n{conditions}\n[Network]\nBridge=docker0\n");
        let mut files: Vec<(&str, &str)> = cables.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        files.extend([netdev, ("/etc/systemd/network/b.network", &*file), address]);
        let deadline = Deadline::after(Duration::from_secs(60));
        let tree = Tree::in_memory(files, &deadline);
        let join = |bound: &mut Bound| {
            let index = bound.by_name("docker0").unwrap().index;
            for each in &mut bound.interfaces {
                if there.contains(&each.name.as_str()) {
                    each.controller = Some(index);
                } else if each.name == "docker0" && !there.is_empty() {
                    (each.link, each.empty_bridge) = (host_net::Link::Up, false);
                }
            }
        };
        let found = observed_with(&args(), &tree, "192.0.2.1/24@docker0", join);
        let text = evaluate(&args().limits(), &found).render("IP_BOUND", 0);
        let first = text.split(" | ").next().unwrap();
        assert_eq!(first, format!("IP_BOUND {expected}"), "{conditions} {there:?} {text}");
    }
}
