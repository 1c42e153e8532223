//! What a healthy host has for ever, and what else tells nothing of an outage, row by row.

use std::time::Duration;

use host_net::{Kind, Link};
use plugin::{Deadline, State};

use super::profiles::{FOLDER, keyfile, profile};
use super::*;
use crate::ListSource;

const NETWORKD: &str = "/etc/systemd/network";
const SHIPPED: &str = "/usr/lib/systemd/network";

/// Files by their paths.
type Files<'a> = &'a [(&'a str, &'a str)];

/// What is said of files where an unexpected address is critical.
fn strictly(files: &[(&str, &str)], present: &str) -> (String, Vec<String>) {
    said(&Args { unexpected: Some(State::Critical), ..args() }, files, present)
}

#[test]
fn an_interface_of_ifupdown_has_no_profile_of_networkmanager() {
    let wired = profile("id=Wired connection 1\ninterface-name=eth0", "method=auto");
    let path = format!("{FOLDER}/a.nmconnection");
    let interfaces =
        ("/etc/network/interfaces", "auto eth0\niface eth0 inet static\n address 192.0.2.99/24\n");
    let conf = |managed: &str| format!("[main]\nplugins=ifupdown,keyfile\n[ifupdown]\nmanaged={managed}\n");
    let main = "/etc/NetworkManager/NetworkManager.conf";
    let (off, on) = (conf("false"), conf("true"));
    let files = |conf| [(main, conf), (&*path, &*wired), interfaces];
    let (first, details) = said(&args(), &files(&off), "192.0.2.99/24@eth0");
    assert_eq!(first, "IP_BOUND OK - 1 address from ifupdown bound and usable");
    assert_eq!(details, [""; 0]);
    let (first, _) = said(&args(), &files(&off), "192.0.2.98/24@eth3");
    assert_eq!(first, "IP_BOUND CRITICAL - 1 of 1 address missing: 192.0.2.99, eth0 has no address at all");
    let (first, _) = said(&args(), &files(&on), "192.0.2.99/24@eth0");
    assert_eq!(first, "IP_BOUND CRITICAL - 1 of 2 addresses missing: eth0 has no IPv4 address (DHCP)");
}

#[test]
fn a_profile_that_networkmanager_made_for_itself_is_not_required() {
    let own = profile("id=a\ninterface-name=eth0", &keyfile("192.0.2.10/24"));
    let made = profile("id=Wired connection 1\ninterface-name=eth3", "method=auto");
    let mark = format!("{made}[.nmmeta]\nnm-generated=true\n");
    let (own_path, etc) = (format!("{FOLDER}/a.nmconnection"), format!("{FOLDER}/w.nmconnection"));
    let run = "/run/NetworkManager/system-connections/w.nmconnection";
    let lacks = "eth3 has no IPv4 address (DHCP)";
    let ok = "OK - 1 address from networkmanager bound and usable";
    let rows = [
        (run, &mark, "192.0.2.10/24@eth0", ok.to_owned(), Some(format!("note: {lacks}: it is not required"))),
        (
            run,
            &mark,
            "192.0.2.10/24@eth0 198.51.100.7/24@eth3~60",
            "OK - 2 addresses from networkmanager bound and usable, 1 dynamic".to_owned(),
            None,
        ),
        // No interface has an address.
        (
            run,
            &mark,
            "169.254.0.1/16@eth3",
            format!(
                "CRITICAL - 2 of 2 addresses missing: 192.0.2.10, eth0 has no address at all, and {lacks}"
            ),
            None,
        ),
        (run, &made, "192.0.2.10/24@eth0", format!("CRITICAL - 1 of 2 addresses missing: {lacks}"), None),
        (&etc, &mark, "192.0.2.10/24@eth0", format!("CRITICAL - 1 of 2 addresses missing: {lacks}"), None),
    ];
    for (path, text, present, expected, note) in rows {
        let (first, details) = strictly(&[(&own_path, &own), (path, text)], present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{path} {text} {present}");
        assert_eq!(details, Vec::from_iter(note), "{path} {text} {present}");
    }
}

/// An address that no file names does not tell that a host can be reached.
#[test]
fn what_networkmanager_made_is_required_where_nothing_else_gives_an_address() {
    let folder = "/run/NetworkManager/system-connections";
    let made = |name: &str| {
        let text = profile(&format!("id={name}\ninterface-name={name}"), "method=auto");
        format!("{text}[.nmmeta]\nnm-generated=true\n")
    };
    let (eth0, eth3) = (made("eth0"), made("eth3"));
    let (first, second) = (format!("{folder}/1.nmconnection"), format!("{folder}/2.nmconnection"));
    let one = [(&*first, &*eth0)];
    let both = [(&*first, &*eth0), (&*second, &*eth3)];
    let tunnel = "10.8.0.2/32@eth1";
    let ok = "OK - 1 address from networkmanager bound and usable, 1 dynamic";
    let lacks = |name: &str| format!("{name} has no IPv4 address (DHCP)");
    let of_one = format!("CRITICAL - 1 of 1 address missing: {}", lacks("eth0"));
    let of_both = format!("CRITICAL - 2 of 2 addresses missing: {}, 1 more", lacks("eth0"));
    let note = Some(format!("note: {}: it is not required", lacks("eth3")));
    let rows: [(Files<'_>, &str, &str, Option<String>); 4] = [
        (&one, "192.0.2.7/24@eth0~60", ok, None),
        (&one, "", &of_one, None),
        (&both, "192.0.2.7/24@eth0~60", ok, note),
        (&both, "", &of_both, None),
    ];
    for (files, present, expected, note) in rows {
        let deadline = Deadline::after(Duration::from_secs(60));
        let tree = Tree::in_memory(files.iter().copied(), &deadline);
        let present = format!("{tunnel} 169.254.0.1/16@eth3 {present}");
        let observed = observed_with(&args(), &tree, &present, |bound| {
            let tunnels = bound.interfaces.iter_mut().filter(|interface| interface.name == "eth1");
            tunnels.for_each(|interface| interface.link = Link::Up);
        });
        let text = evaluate(&args().limits(), &observed).render("IP_BOUND", 0);
        let mut details: Vec<String> = text.lines().skip(1).map(str::to_owned).collect();
        let line = text.lines().next().and_then(|line| line.split(" | ").next()).unwrap();
        details.retain(|detail| !detail.starts_with("note: unexpected: 10.8.0.2 on eth1"));
        assert_eq!(line, format!("IP_BOUND {expected}"), "{files:?} {present}");
        assert_eq!(details.first().cloned().filter(|_| note.is_some()), note, "{files:?} {present}");
    }
    // An expected address on a tunnel does not make this host reachable either.
    let mut named = args();
    named.addresses.from = vec!["networkmanager".parse().unwrap()];
    let deadline = Deadline::after(Duration::from_secs(60));
    let rows = [
        ("10.8.0.2", Kind::Tun, true),
        ("10.8.0.2", Kind::Tunnel, true),
        ("10.8.0.2", Kind::Other, false),
        ("10.8.0.3", Kind::Tun, false),
    ];
    for (address, kind, is_needed) in rows {
        named.addresses.ip = vec![address.parse().unwrap()];
        let tree = Tree::in_memory(one, &deadline);
        let present = format!("{tunnel} 169.254.0.1/16@eth0");
        let observed = observed_with(&named, &tree, &present, |bound| {
            let tunnels = bound.interfaces.iter_mut().filter(|interface| interface.name == "eth1");
            tunnels.for_each(|interface| (interface.kind, interface.link) = (kind, Link::Up));
        });
        let text = evaluate(&named.limits(), &observed).render("IP_BOUND", 0);
        let text = text.split(" | ").next().unwrap();
        assert_eq!(
            text.contains(&format!("missing: {}", lacks("eth0"))),
            is_needed,
            "{address} {kind:?}: {text}"
        );
    }
}

#[test]
fn what_is_bound_for_this_host_or_link_alone_is_not_judged() {
    let present = "192.0.2.1/24@eth0 fe80::1/64@eth1+c0 169.254.1.1/16@eth2 127.0.0.1/8@lo ::1/128@lo \
                   172.17.0.1/16@docker0 fe80::2/64@docker0+c0";
    let of = |interface: &[&str], link| {
        let args = Args { interface: interface.iter().map(|name| (*name).to_owned()).collect(), ..args() };
        let deadline = Deadline::after(Duration::from_secs(60));
        let tree = Tree::in_memory([("/etc/hosts", "")], &deadline);
        let mut observed = observed_with(&args, &tree, present, |bound| {
            for bridge in bound.interfaces.iter_mut().filter(|interface| interface.name == "docker0") {
                (bridge.link, bridge.empty_bridge) = (link, false);
            }
        });
        observed.expected.expect_all(&observed.bound);
        assert_eq!(observed.expected.source, ListSource::Bound);
        observed.conditions = observed.expected.conditions(&observed.bound, &[]);
        let text = evaluate(&args.limits(), &observed).render("IP_BOUND", 0);
        text.split(" | ").next().unwrap().to_owned()
    };
    let one = "IP_BOUND OK - 1 address bound here, all usable (no list, no configured address)";
    for link in [Link::Up, Link::NoCarrier, Link::Down] {
        assert_eq!(of(&[], link), one);
    }
    let named = "IP_BOUND CRITICAL - 172.17.0.1 bound but unusable: docker0 has no carrier";
    assert_eq!(of(&["docker0"], Link::NoCarrier), named);
}

#[test]
fn the_stock_file_of_a_container_is_an_expectation_where_its_interface_is_here() {
    let stock = (
        "/usr/lib/systemd/network/80-container-host0.network",
        "[Match]\nHost=box\nName=eth3\n[Network]\nDHCP=yes\nLinkLocalAddressing=yes\n",
    );
    let (box_, other) = (("/etc/hostname", "box\n"), ("/etc/hostname", "other\n"));
    let card = ("/sys/class/net/eth3/address", "52:54:00:00:00:03\n");
    let enabled = ("/etc/systemd/system/multi-user.target.wants/systemd-networkd.service", "");
    let nothing = "UNKNOWN - no address is expected: name them by --ip or --file, or add --bound to check those that are bound, see --help";
    let missing = "CRITICAL - 1 of 1 address missing: eth3 has no address (DHCP)";
    let lacks = "UNKNOWN - eth3 has no address (DHCP): it is not required, and no other address is expected: name them by --ip or --file, or add --bound";
    let rows: [(Files<'_>, &str, &str); 6] = [
        (&[stock, box_, card], "fe80::1/64@eth3+80", missing),
        (
            &[stock, box_, card],
            "192.0.2.1/24@eth3~3600",
            "OK - 1 address from networkd bound and usable, 1 dynamic",
        ),
        (&[stock, box_, card], "192.0.2.1/24@eth0", lacks),
        (&[stock, box_, card, enabled], "192.0.2.1/24@eth0", missing),
        (&[stock, box_], "fe80::1/64@eth3+80", nothing),
        (&[stock, other, card], "fe80::1/64@eth3+80", nothing),
    ];
    for (files, present, expected) in rows {
        let (first, _) = said(&args(), files, present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{files:?} {present}");
    }
}

#[test]
fn an_address_of_a_pool_is_not_unexpected_where_its_file_fits() {
    let own = ("/etc/systemd/network/10.network", "[Match]\nName=eth0\n[Network]\nAddress=192.0.2.10/24\n");
    let pool = |matched: &str| format!("[Match]\n{matched}\n[Network]\nAddress=0.0.0.0/28\nDHCPServer=yes\n");
    let fine = "IP_BOUND OK - 1 address from networkd bound and usable".to_owned();
    let extra = |address: &str| format!("IP_BOUND CRITICAL - 1 unexpected address: {address}");
    let rows = [
        ("Kind=veth\nName=eth3", "192.168.40.209/28@eth3", fine.clone()),
        ("Name=ve-* eth[3-9]", "10.0.0.1/28@eth3", fine.clone()),
        ("Name=ve-* eth[3-9]", "172.31.0.1/28@eth3", fine.clone()),
        ("Name=ve-*", "192.168.40.209/28@eth3", extra("192.168.40.209")),
        ("Name=eth3", "198.51.100.1/28@eth3", extra("198.51.100.1")),
        ("Name=eth3", "192.168.40.209/28@eth1", extra("192.168.40.209")),
        // Names do not tell the interfaces.
        ("Kind=veth", "192.168.40.209/28@eth3", extra("192.168.40.209")),
    ];
    for (matched, present, expected) in rows {
        for folder in [NETWORKD, SHIPPED] {
            let (path, text) = (format!("{folder}/80-ve.network"), pool(matched));
            let args = Args { unexpected: Some(State::Critical), no_dynamic: true, ..args() };
            let (first, _) = said(&args, &[own, (&path, &text)], &format!("192.0.2.10/24@eth0 {present}"));
            assert_eq!(first, expected, "{matched} {present}");
        }
    }
}

/// networkd 252 binds such an address for ever.
#[test]
fn an_address_of_a_prefix_that_networkd_assigns_is_not_unexpected() {
    let file = |matched: &str, sends: &str, prefix: &str| {
        format!(
            "[Match]\n{matched}\n[Network]\nIPv6SendRA={sends}\nAddress=192.0.2.10/24\n[IPv6Prefix]\n{prefix}"
        )
    };
    let assigned = "Prefix=2001:db8:1::/64\nAssign=yes\n[IPv6Prefix]\nPrefix=2001:db8:2::/64\nAssign=yes\n";
    let (one, two) = ("2001:db8:1::5/64@eth0", "2001:db8:2::5/64@eth0");
    let fine = "IP_BOUND OK - 1 address from networkd bound and usable".to_owned();
    let extra = |address: &str| format!("IP_BOUND CRITICAL - 1 unexpected address: {address}");
    let rows = [
        ("Name=eth0", "yes", assigned, one, fine.clone()),
        ("Name=eth0", "yes", assigned, two, fine.clone()),
        ("Type=ether", "yes", assigned, two, fine),
        ("Name=eth0", "yes", assigned, "2001:db8:3::5/64@eth0", extra("2001:db8:3::5")),
        ("Name=eth0", "yes", assigned, "2001:db8:1::5/64@eth3", extra("2001:db8:1::5")),
        ("Name=eth0", "no", assigned, one, extra("2001:db8:1::5")),
        ("Name=eth0", "yes", "Prefix=2001:db8:1::/64\n", one, extra("2001:db8:1::5")),
    ];
    for (matched, sends, prefix, present, expected) in rows {
        let text = file(matched, sends, prefix);
        let files = [("/etc/systemd/network/10.network", &*text)];
        let args = Args { unexpected: Some(State::Critical), no_dynamic: true, ..args() };
        let (first, _) = said(&args, &files, &format!("192.0.2.10/24@eth0 {present}"));
        assert_eq!(first, expected, "{matched} {sends} {prefix} {present}");
    }
    let text = file("Name=eth0", "yes", assigned);
    let rows = [
        (one, "OK - 2 addresses from networkd bound and usable, 1 dynamic"),
        ("", "CRITICAL - 1 of 2 addresses missing: eth0 has no IPv6 address (pool)"),
    ];
    for (present, expected) in rows {
        let files = [("/etc/systemd/network/10.network", &*text)];
        let found = said(&args(), &files, &format!("192.0.2.10/24@eth0 {present}"));
        assert_eq!(found, (format!("IP_BOUND {expected}"), Vec::new()), "{present}");
    }
}

#[test]
fn what_netplan_wrote_for_networkd_in_vain_is_a_warning_with_the_winner() {
    let file = |name: &str, address: &str| format!("[Match]\nName={name}\n[Network]\nAddress={address}/24\n");
    let (mine, made) = (file("eth0", "192.0.2.66"), file("eth0", "192.0.2.10"));
    let files = [
        ("/etc/netplan/a.yaml", "network: {version: 2, ethernets: {eth0: {addresses: [192.0.2.10/24]}}}\n"),
        ("/etc/systemd/network/05-mine.network", &*mine),
        ("/run/systemd/network/10-netplan-eth0.network", &*made),
    ];
    let rows = [
        ("192.0.2.66/24@eth0", "WARNING - 192.0.2.10 never bound: 05-mine.network is for eth0"),
        ("", "CRITICAL - 1 of 1 address missing: 192.0.2.66, eth0 has no address at all, 1 more fault"),
    ];
    for (present, expected) in rows {
        let (first, _) = said(&args(), &files, present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{present}");
    }
}

#[test]
fn the_note_says_which_file_has_the_interfaces_of_a_pattern() {
    let first = ("/etc/systemd/network/10.network", "[Match]\nName=eth0\n[Network]\nAddress=192.0.2.10/24\n");
    let second = |name: &str| format!("[Match]\nName={name}\n[Network]\nAddress=192.0.2.20/24\n");
    let card = ("/sys/class/net/eth0/address", "52:54:00:00:00:00\n");
    let other = ("/sys/class/net/eth3/address", "52:54:00:00:00:03\n");
    let note = "note: /etc/systemd/network/20.network: eth* fits only eth0, which 10.network has";
    let rows: [(&str, Files<'_>, Option<&str>, &str); 4] = [
        ("eth*", &[card], Some(note), ", eth* fits only eth0, which 10.network has"),
        ("eth*", &[card, other], None, ""),
        ("wl*", &[card], None, ", there is no wl* here"),
        ("eth*", &[], None, ""),
    ];
    for (name, cards, note, cause) in rows {
        let second = second(name);
        let files: Vec<(&str, &str)> = [first, ("/etc/systemd/network/20.network", &*second)]
            .into_iter()
            .chain(cards.iter().copied())
            .collect();
        let (line, details) = said(&args(), &files, "192.0.2.10/24@eth0");
        let missing = format!("IP_BOUND CRITICAL - 1 of 2 addresses missing: 192.0.2.20{cause}");
        assert_eq!(line, missing, "{files:?}");
        assert_eq!(details, Vec::from_iter(note.map(str::to_owned)), "{files:?}");
    }
}

/// As `keepalived -t` of version 2.2.7 says.
#[test]
fn an_address_of_the_other_family_does_not_float() {
    let refused = |address: &str, family: &str| {
        format!("WARNING - {address} never bound: vrrp_instance a is of {family}")
    };
    let nothing = "OK - 1 address from --ip bound and usable".to_owned();
    let (four, six) =
        ("virtual_ipaddress {\n 192.0.2.1/24\n }\n", "virtual_ipaddress {\n 2001:db8::1/64\n }\n");
    let both = "virtual_ipaddress {\n 192.0.2.1/24\n 2001:db8::1/64\n }\n";
    let rows = [
        (both.to_owned(), refused("2001:db8::1", "IPv4")),
        (format!("{six} {four}"), refused("192.0.2.1", "IPv6")),
        (format!("{four} {six}"), refused("2001:db8::1", "IPv4")),
        (format!("native_ipv6\n {both}"), refused("192.0.2.1", "IPv6")),
        (format!("unicast_peer {{\n 2001:db8::9\n }}\n {both}"), refused("192.0.2.1", "IPv6")),
        (format!("unicast_src_ip 2001:db8::9\n {both}"), refused("192.0.2.1", "IPv6")),
        (format!("unicast_src_ip x\n {both}"), refused("2001:db8::1", "IPv4")),
        (format!("mcast_src_ip 192.0.2.99\n {six}"), refused("2001:db8::1", "IPv4")),
        (format!("mcast_src_ip 2001:db8::9\n native_ipv6\n {six}"), nothing.clone()),
        (format!("unicast_src_ip 192.0.2.99\n native_ipv6\n {both}"), refused("2001:db8::1", "IPv4")),
        (format!("use_ipvlan ipv0\n {both}"), refused("2001:db8::1", "IPv4")),
        (format!("use_ipvlan bridge ipv0 2001:db8::7\n {both}"), refused("192.0.2.1", "IPv6")),
        (format!("use_ipvlan 2001:db8::7/64 bridge\n {both}"), refused("192.0.2.1", "IPv6")),
        (format!("{six} unicast_src_ip 192.0.2.99\n"), nothing.clone()),
        (format!("{four} {}", six.replace("address {", "address_excluded {")), nothing.clone()),
        (format!("{} {four}", six.replace("address {", "address_excluded {")), nothing),
    ];
    let mut named = args();
    named.addresses.ip = vec!["198.51.100.1".parse().unwrap()];
    named.addresses.from = vec!["keepalived".parse().unwrap()];
    for (text, expected) in rows {
        let text = format!("vrrp_instance a {{\n interface eth0\n virtual_router_id 5\n {text}}}\n");
        let files = [("/etc/keepalived/keepalived.conf", &*text)];
        let (first, _) = said(&named, &files, "198.51.100.1/24@eth0");
        assert_eq!(first, format!("IP_BOUND {expected}"), "{text}");
    }
}

/// ifup 0.8.41 binds such an address or not, by what the files do not tell.
#[test]
fn an_address_that_is_added_under_a_condition_is_not_unexpected() {
    let file = "auto eth0\niface eth0 inet static\n address 192.0.2.1/24\n up [ -e /run/x ] && ip addr add 192.0.2.2/24 dev eth0\n";
    let files = [("/etc/network/interfaces", file)];
    let rows = [
        ("192.0.2.1/24@eth0", "OK - 1 address from ifupdown bound and usable"),
        ("192.0.2.1/24@eth0 192.0.2.2/24@eth0", "OK - 1 address from ifupdown bound and usable"),
        ("192.0.2.1/24@eth0 192.0.2.3/24@eth0", "CRITICAL - 1 unexpected address: 192.0.2.3"),
    ];
    for (present, expected) in rows {
        let (first, _) = strictly(&files, present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{present}");
    }
}
