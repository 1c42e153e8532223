//! What the first line says where the host's configuration tells what is expected, row by row.

use std::time::Duration;

use host_config::Tree;
use host_net::Bound;
use plugin::Deadline;

use crate::evaluate::evaluate;
use crate::fixture::{args, bound};
use crate::{Args, Expected, Observations};

mod copies;
mod devices;
mod dhcpcd;
mod endless;
mod given;
mod gone;
mod guessed;
mod hardware;
mod leases;
mod ports;
mod profiles;
mod quiet;
mod refused;
mod rivals;
mod unleased;
mod unmade;

/// Returns the first line without its performance data, and the details, for files and bound addresses.
fn said(args: &Args, files: &[(&str, &str)], present: &str) -> (String, Vec<String>) {
    let deadline = Deadline::after(Duration::from_secs(60));
    let tree = Tree::in_memory(files.iter().copied(), &deadline);
    let text = evaluate(&args.limits(), &observed(args, &tree, present)).render("IP_BOUND", 0);
    let mut lines = text.lines().map(str::to_owned);
    let first = lines.next().unwrap();
    (first.split(" | ").next().unwrap().to_owned(), lines.collect())
}

/// Returns what is observed where a tree configures the addresses.
fn observed(args: &Args, tree: &Tree<'_>, present: &str) -> Observations {
    observed_with(args, tree, present, |_| ())
}

/// Returns it as [`observed`] does, with the interfaces as `change` makes them.
fn observed_with(
    args: &Args,
    tree: &Tree<'_>,
    present: &str,
    change: impl FnOnce(&mut Bound),
) -> Observations {
    let deadline = Deadline::after(Duration::from_secs(60));
    let mut expected = Expected::read_from(&args.expectations(), tree, &deadline);
    let mut bound = bound(present);
    change(&mut bound);
    expected.choose(&bound);
    let port_faults = crate::ports::faults(&expected.ports, &expected.vlans, &bound);
    let conditions = expected.conditions(&bound, &port_faults);
    let routes = Vec::new();
    Observations { expected, bound, conditions, port_faults, routes, promotes_all: None, uptime: None }
}

/// A file of netplan with these lines for interfaces.
fn netplan(interfaces: &str) -> String {
    format!("network:\n  version: 2\n  ethernets:\n{interfaces}")
}

#[test]
fn two_cards_that_are_swapped_are_a_warning() {
    let file = netplan("    eth0: {addresses: [192.0.2.1/24]}\n    eth3: {addresses: [198.51.100.1/24]}\n");
    let files = [("/etc/netplan/a.yaml", file.as_str())];
    let (first, details) = said(&args(), &files, "192.0.2.1/24@eth3 198.51.100.1/24@eth0");
    assert_eq!(first, "IP_BOUND WARNING - 2 addresses not on their interface: 192.0.2.1, 198.51.100.1");
    assert!(details.contains(&"192.0.2.1 is on eth3, configured on eth0".to_owned()), "{details:?}");
    let (first, _) = said(&args(), &files, "192.0.2.1/24@eth0 198.51.100.1/24@eth0");
    assert_eq!(first, "IP_BOUND WARNING - 198.51.100.1 is on eth0, configured on eth3");
    let note = Args { misplaced: plugin::State::Ok, ..args() };
    let (first, details) = said(&note, &files, "192.0.2.1/24@eth0 198.51.100.1/24@eth0");
    assert_eq!(first, "IP_BOUND OK - 2 addresses from netplan bound and usable");
    assert!(details.contains(&"note: 198.51.100.1 is on eth0, configured on eth3".to_owned()), "{details:?}");
}

#[test]
fn a_list_keeps_the_interfaces() {
    let file = netplan("    eth0: {addresses: [192.0.2.1/24]}\n    eth3: {addresses: [198.51.100.1/24]}\n");
    let deadline = Deadline::after(Duration::from_secs(60));
    let tree = Tree::in_memory([("/etc/netplan/a.yaml", file.as_str())], &deadline);
    let folder = tempfile::tempdir().unwrap();
    let rows = [
        ("192.0.2.1/24@eth0 198.51.100.1/24@eth3", "OK - 2 addresses"),
        (
            "192.0.2.1/24@eth3 198.51.100.1/24@eth0",
            "WARNING - 2 addresses not on their interface: 192.0.2.1, 198.51.100.1",
        ),
        (
            "192.0.2.1/24@eth0",
            "CRITICAL - 1 of 2 addresses missing: 198.51.100.1, eth3 has no address at all",
        ),
    ];
    for (present, expected) in rows {
        let configured = observed(&args(), &tree, present);
        let text = configured.expected.listing(&configured.bound).render("IP_BOUND", 0);
        assert!(text.contains("\n192.0.2.1/24 # on: eth0 # /etc/netplan/a.yaml line 4\n"), "{text}");
        let path = folder.path().join("list");
        std::fs::write(&path, text).unwrap();
        let mut of_list = args();
        of_list.addresses.file = vec![path];
        for observed in [configured, observed(&of_list, &tree, present)] {
            let text = evaluate(&args().limits(), &observed).render("IP_BOUND", 0);
            assert!(text.starts_with(&format!("IP_BOUND {expected}")), "{present}: {text}");
        }
    }
}

#[test]
fn a_list_of_another_host_misplaces_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    let deadline = Deadline::after(Duration::from_secs(60));
    let tree = Tree::in_memory([("/etc/hosts", "")], &deadline);
    let rows = [
        ("192.0.2.1 # on: ens3 # /etc/netplan/a.yaml line 4", "OK - 1 address"),
        ("192.0.2.1 # on: web server", "OK - 1 address"),
        ("192.0.2.1 # on: ens3:1 eth0", "OK - 1 address"),
        ("192.0.2.1 # on: ens3 eth3", "WARNING - 192.0.2.1 is on eth0, configured on eth3"),
    ];
    for (line, expected) in rows {
        std::fs::write(&path, line).unwrap();
        let mut of_list = args();
        of_list.addresses.file = vec![path.clone()];
        let text =
            evaluate(&args().limits(), &observed(&of_list, &tree, "192.0.2.1/24@eth0")).render("IP_BOUND", 0);
        assert!(text.starts_with(&format!("IP_BOUND {expected}")), "{line}: {text}");
    }
    // The configuration is of this host, also where a list repeats it.
    let file = netplan("    ens3: {addresses: [192.0.2.1/24]}\n");
    let tree = Tree::in_memory([("/etc/netplan/a.yaml", file)], &deadline);
    std::fs::write(&path, "192.0.2.1 # on: ens3").unwrap();
    for files in [Vec::new(), vec![path]] {
        let mut of_both = args();
        (of_both.addresses.file, of_both.addresses.from) = (files, vec!["auto".parse().unwrap()]);
        let text =
            evaluate(&args().limits(), &observed(&of_both, &tree, "192.0.2.1/24@eth0")).render("IP_BOUND", 0);
        let expected = "IP_BOUND WARNING - 192.0.2.1 is on eth0, configured on ens3";
        assert!(text.starts_with(expected), "{text}");
    }
}

#[test]
fn an_address_of_a_file_that_never_applies_is_a_warning() {
    let files = [
        ("/etc/systemd/network/10-lan.network", "[Match]\nName=eth0\n[Network]\nAddress=192.0.2.1/24\n"),
        ("/etc/systemd/network/70-lan.network", "[Match]\nName=eth0\n[Network]\nAddress=192.0.2.2/24\n"),
    ];
    let (first, _) = said(&args(), &files, "192.0.2.1/24@eth0");
    assert_eq!(first, "IP_BOUND WARNING - 192.0.2.2 never bound: 10-lan.network is for eth0");
    let (first, _) = said(&args(), &files, "192.0.2.1/24@eth0 192.0.2.2/24@eth0");
    assert_eq!(first, "IP_BOUND OK - 1 address from networkd bound and usable");
    let (first, _) = said(&args(), &files, "192.0.2.9/24@eth0");
    assert_eq!(first, "IP_BOUND CRITICAL - 1 of 1 address missing: 192.0.2.1, 1 more fault");
    // A drop-in whose file is not here has a reason of its own.
    let drop_in = ("/etc/systemd/network/05-a.network.d/a.conf", "[Network]\nAddress=192.0.2.3/24\n");
    let (first, details) = said(&args(), &[files[0], files[1], drop_in], "192.0.2.1/24@eth0");
    let text = "192.0.2.2 never bound: 10-lan.network is for eth0, 1 more for another reason";
    assert_eq!(first, format!("IP_BOUND WARNING - {text}"));
    let reason = "192.0.2.3: never bound, there is no 05-a.network (/etc/systemd/network/05-a.network.d/a.conf line 2)";
    assert!(details.iter().any(|detail| detail == reason), "{details:?}");
    let (first, _) = said(&args(), &[files[0], drop_in], "192.0.2.1/24@eth0");
    assert_eq!(first, "IP_BOUND WARNING - 192.0.2.3 never bound: there is no 05-a.network");
}

#[test]
fn a_line_that_is_not_understood_hides_no_outage() {
    let interfaces =
        "auto eth0\niface eth0 inet static\naddress 192.0.2.1/24\nup ip addr add $MORE dev eth0\n";
    let files = [("/etc/network/interfaces", interfaces)];
    let (first, details) = said(&args(), &files, "192.0.2.9/24@eth0");
    assert_eq!(first, "IP_BOUND CRITICAL - 1 of 1 address missing: 192.0.2.1, 1 more fault");
    let unknown = "UNKNOWN: /etc/network/interfaces line 4: $MORE is not an IP address (with a variable)";
    assert!(
        details.contains(&unknown.replace('$', "")) || details.contains(&unknown.to_owned()),
        "{details:?}"
    );
    let (first, details) = said(&args(), &files, "192.0.2.1/24@eth0");
    assert_eq!(
        first,
        "IP_BOUND UNKNOWN - /etc/network/interfaces line 4: MORE is not an IP address (with a variable)"
    );
    assert!(details.iter().any(|detail| detail.contains("--list")), "{details:?}");
}

#[test]
fn the_bound_addresses_make_a_list() {
    let present = "192.0.2.1/24@eth0 192.0.2.2/24@eth3~3600 192.0.2.3/32@lo 2001:db8::1/64@eth0 fe80::1/64@eth0 \
                   172.17.0.1/16@docker0 198.51.100.9/24@eth0 203.0.113.1/24@eth3 127.0.0.1/8@lo";
    let args = Args {
        floating: vec!["198.51.100.9".parse().unwrap()],
        ignore: vec!["203.0.113.0/24".parse().unwrap()],
        ..args()
    };
    let floating = [("198.51.100.9".parse().unwrap(), "--floating".to_owned())];
    let report = crate::extra::listing(&bound(present), &args, &floating);
    assert_eq!(
        report.render("IP_BOUND", 0),
        "# 3 addresses bound here\n192.0.2.1/24 # bound on eth0\n192.0.2.3/32 # bound on lo\n\
         2001:db8::1/64 # bound on eth0\n# floating: 198.51.100.9 # --floating\n"
    );
    // The kernel can have an IPv4-mapped IPv6 address, which a list would read as the IPv4 address.
    let mut mapped = bound("192.0.2.1/24@eth0 2001:db8::1/64@eth0");
    mapped.addresses[1].address = "::ffff:192.0.2.9".parse().unwrap();
    let report = crate::extra::listing(&mapped, &args, &[]);
    assert_eq!(report.render("IP_BOUND", 0), "# 1 address bound here\n192.0.2.1/24 # bound on eth0\n");
    let nothing = crate::extra::listing(&bound("127.0.0.1/8@lo"), &args, &[]);
    assert_eq!(nothing.state, plugin::State::Unknown, "an empty list replaces no complete one");
}

#[test]
fn floating_addresses_alone_are_no_expectation() {
    let keepalived = "vrrp_instance a {\n interface eth0\n virtual_ipaddress {\n 192.0.2.100\n }\n}\n";
    let files = [("/etc/keepalived/keepalived.conf", keepalived)];
    let (first, details) = said(&args(), &files, "192.0.2.1/24@eth0");
    let expected = "IP_BOUND UNKNOWN - no address is expected beside floating ones: name them by --ip or --file, or add --bound";
    assert_eq!(first, expected);
    assert!(
        details.contains(&"note: floating 192.0.2.100 is not here (not bound)".to_owned()),
        "{details:?}"
    );
}

#[test]
fn secondaries_go_with_the_primary_of_their_own_interface() {
    let file = netplan(
        "    eth0: {addresses: [192.0.2.10/24]}\n    eth3: {addresses: [192.0.2.12/24, 192.0.2.13/24, 198.51.100.1/24]}\n",
    );
    let of_its_own = "192.0.2.12-13: not bound, nor is any other of the same /24 on eth3: with promote_secondaries off, \
                      secondaries go with their primary";
    let back = "192.0.2.13-14: not bound, only 192.0.2.12 of 192.0.2.0/24 is on eth3: with promote_secondaries off, \
                secondaries go with their primary";
    let rows = [
        ("192.0.2.10/24@eth0 198.51.100.1/24@eth3", Some(of_its_own)),
        ("192.0.2.10/24@eth0 192.0.2.99/24@eth0 198.51.100.1/24@eth3", Some(of_its_own)),
        // Another address of the subnet is there on eth3: they were not lost with their primary.
        ("192.0.2.10/24@eth0 192.0.2.98/24@eth3 192.0.2.99/24@eth3+81 198.51.100.1/24@eth3", None),
        ("198.51.100.1/24@eth3 192.0.2.9/24@eth3+81", None),
    ];
    for (present, expected) in rows {
        let told = told_of_promotion(&file, present);
        assert_eq!(told.as_deref(), expected, "{present}");
    }
    let more = netplan(
        "    eth0: {addresses: [192.0.2.10/24]}\n    eth3: {addresses: [192.0.2.12/24, 192.0.2.13/24, 192.0.2.14/24]}\n",
    );
    let told = told_of_promotion(&more, "192.0.2.10/24@eth0 192.0.2.12/24@eth3");
    assert_eq!(told.as_deref(), Some(back));
}

/// What is said of addresses that went with their primary, on a host where they do.
fn told_of_promotion(netplan: &str, present: &str) -> Option<String> {
    let deadline = Deadline::after(Duration::from_secs(60));
    let tree = Tree::in_memory([("/etc/netplan/a.yaml", netplan)], &deadline);
    let observed = Observations { promotes_all: Some(false), ..observed(&args(), &tree, present) };
    let text = evaluate(&args().limits(), &observed).render("IP_BOUND", 0);
    text.lines().find(|line| line.contains("promote_secondaries")).map(str::to_owned)
}

#[test]
fn a_vlan_is_missing_with_what_carries_it() {
    let interfaces = "auto vlan10\niface vlan10 inet static\n address 192.0.2.1/24\n vlan-raw-device eth9\n";
    let netplan = "network:\n  version: 2\n  ethernets: {eth9: {}}\n  vlans:\n    vlan10: {id: 10, link: eth9, addresses: [192.0.2.1/24]}\n";
    let carrier = ("/etc/systemd/network/a.network", "[Match]\nName=eth9\n[Network]\nVLAN=vlan10\n");
    let vlan = ("/etc/systemd/network/b.network", "[Match]\nName=vlan10\n[Network]\nAddress=192.0.2.1/24\n");
    let profile = "[connection]\ntype=vlan\ninterface-name=vlan10\n[vlan]\nparent=eth9\nid=10\n[ipv4]\nmethod=manual\naddress1=192.0.2.1/24\n";
    let ifcfg = "DEVICE=vlan10\nVLAN=yes\nPHYSDEV=eth9\nONBOOT=yes\nIPADDR=192.0.2.1\nPREFIX=24\n";
    let suse = "STARTMODE='auto'\nETHERDEVICE='eth9'\nIPADDR='192.0.2.1/24'\n";
    let rows: [&[(&str, &str)]; 6] = [
        &[("/etc/network/interfaces", interfaces)],
        &[("/etc/netplan/a.yaml", netplan)],
        &[carrier, vlan],
        &[("/etc/NetworkManager/system-connections/v.nmconnection", profile)],
        &[("/etc/sysconfig/network-scripts/ifcfg-vlan10", ifcfg)],
        &[("/etc/sysconfig/network/ifcfg-vlan10", suse)],
    ];
    for files in rows {
        let (first, _) = said(&args(), files, "192.0.2.9/24@eth0");
        let cause = "192.0.2.1, vlan10 is not here: there is no eth9 here";
        assert_eq!(first, format!("IP_BOUND CRITICAL - 1 of 1 address missing: {cause}"), "{files:?}");
    }
}

#[test]
fn an_expected_address_on_a_tunnel_that_is_down_is_unusable() {
    for kind in [host_net::Kind::Tun, host_net::Kind::Dummy] {
        let mut bound = bound("192.0.2.1/24@eth0 192.0.2.2/24@eth1");
        for interface in bound.interfaces.iter_mut().filter(|interface| interface.name == "eth1") {
            interface.kind = kind;
        }
        let list = addresses::List::parse("ips", 0, b"192.0.2.1\n192.0.2.2\n").unwrap();
        let expected = Expected::new(&args().expectations(), vec![list], Vec::new());
        let conditions = expected.conditions(&bound, &[]);
        let (port_faults, routes) = (Vec::new(), Vec::new());
        let observed = Observations {
            expected,
            bound,
            conditions,
            port_faults,
            routes,
            promotes_all: None,
            uptime: None,
        };
        let text = evaluate(&args().limits(), &observed).render("IP_BOUND", 0);
        let line = "IP_BOUND CRITICAL - 1 of 2 addresses unusable: 192.0.2.2, eth1 is down | ";
        assert!(text.starts_with(line), "{kind:?}: {text}");
    }
}
