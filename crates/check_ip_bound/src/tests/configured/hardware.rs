//! Interfaces that the configuration or a list tells by hardware address, where only the kernel that the
//! addresses are compared with knows which these are.

use host_net::{Bound, Kind};

use super::{args, observed_with};
use crate::Args;
use crate::evaluate::evaluate;

const CARD: &str = "00:00:5e:00:53:01";

/// Makes eth0 the card, and eth3 a bridge with eth0 as port.
fn with_card(bound: &mut Bound) {
    let index = bound.by_name("eth3").unwrap().index;
    for interface in &mut bound.interfaces {
        match interface.name.as_str() {
            "eth0" => (interface.hardware, interface.controller) = (CARD.to_owned(), Some(index)),
            "eth3" => (interface.hardware, interface.kind) = (CARD.to_owned(), Kind::Bridge),
            _ => {}
        }
    }
}

/// Returns the first line without its performance data.
fn first(args: &Args, files: &[(&str, &str)], present: &str, change: impl FnOnce(&mut Bound)) -> String {
    let deadline = plugin::Deadline::after(std::time::Duration::from_secs(60));
    let tree = host_config::Tree::in_memory(files.iter().copied(), &deadline);
    let text = evaluate(&args.limits(), &observed_with(args, &tree, present, change)).render("IP_BOUND", 0);
    text.split(" | ").next().unwrap().to_owned()
}

#[test]
fn a_port_is_known_by_its_hardware_address() {
    let bridge = ("/etc/systemd/network/b.network", "[Match]\nName=eth3\n[Network]\nAddress=192.0.2.1/24\n");
    let networkd = format!("[Match]\nMACAddress={}\n[Network]\nBridge=eth3\n", CARD.to_uppercase());
    let profile = format!(
        "[connection]\ntype=ethernet\nmaster=eth3\nslave-type=bridge\n[ethernet]\nmac-address={CARD}\n"
    );
    let netplan = format!(
        "network:\n  version: 2\n  ethernets: {{lan: {{match: {{macaddress: '{CARD}'}}}}}}\n  bridges:\n    eth3: {{interfaces: [lan]}}\n"
    );
    let ifcfg = format!("HWADDR={CARD}\nBRIDGE=eth3\nONBOOT=yes\n");
    let rows = [
        ("/etc/systemd/network/a.network", networkd),
        ("/etc/NetworkManager/system-connections/a.nmconnection", profile),
        ("/etc/netplan/a.yaml", netplan),
        ("/etc/sysconfig/network-scripts/ifcfg-lan", ifcfg),
    ];
    for (path, content) in rows {
        let files = [bridge, (path, content.as_str())];
        let found = first(&args(), &files, "192.0.2.1/24@eth3", with_card);
        assert!(found.starts_with("IP_BOUND OK - 1 address"), "{path}: {found}");
        let unplugged = |bound: &mut Bound| {
            with_card(bound);
            let eth0 = bound.interfaces.iter_mut().find(|each| each.name == "eth0");
            eth0.unwrap().controller = None;
        };
        let found = first(&args(), &files, "192.0.2.1/24@eth3", unplugged);
        assert!(found.ends_with("eth3 has none of its ports: eth0 is not a port of it"), "{path}: {found}");
    }
}

#[test]
fn an_interface_that_lacks_its_address_is_known_by_its_hardware_address() {
    let networkd = format!("[Match]\nMACAddress={CARD}\n[Network]\nDHCP=ipv4\n");
    let files = [("/etc/systemd/network/a.network", networkd.as_str())];
    let card = |bound: &mut Bound| {
        bound
            .interfaces
            .iter_mut()
            .filter(|each| each.name == "eth0")
            .for_each(|each| CARD.clone_into(&mut each.hardware));
    };
    let missing = "IP_BOUND CRITICAL - 1 of 2 addresses missing: eth0 has no IPv4 address (DHCP)";
    let found = first(&args(), &files, "192.0.2.9/24@eth3", card);
    assert_eq!(found, missing.replace("1 of 2 addresses", "1 of 1 address"));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    std::fs::write(&path, format!("# dynamic: {} ipv4\n192.0.2.9\n", CARD.to_uppercase())).unwrap();
    let mut of_list = args();
    of_list.addresses.file = vec![path];
    assert_eq!(first(&of_list, &[], "192.0.2.9/24@eth3", card), missing);
    let found = first(&of_list, &[], "192.0.2.9/24@eth3 192.0.2.8/24@eth0~3600", card);
    assert!(found.starts_with("IP_BOUND OK - 2 addresses"), "{found}");
}

/// A card that shows another address than it was made with is here.
#[test]
fn a_card_that_was_given_another_address_is_not_said_to_be_gone() {
    let given = "02:00:00:00:53:01";
    let networkd = |key: &str| format!("[Match]\n{key}={CARD}\n[Network]\nAddress=192.0.2.9/24\n");
    let netplan = format!(
        "network:\n  version: 2\n  ethernets:\n    lan: {{match: {{macaddress: '{CARD}'}}, macaddress: '{given}', addresses: [192.0.2.9/24]}}\n"
    );
    let rows = [
        ("/etc/systemd/network/a.network", networkd("PermanentMACAddress")),
        ("/etc/netplan/a.yaml", netplan),
    ];
    for (path, content) in rows {
        for (permanent, cause) in [(CARD, ""), ("", ", no card here has 00:00:5e:00:53:01")] {
            let card = |bound: &mut Bound| {
                let eth0 = bound.interfaces.iter_mut().find(|each| each.name == "eth0").unwrap();
                (eth0.hardware, eth0.permanent) = (given.to_owned(), permanent.to_owned());
            };
            let found = first(&args(), &[(path, content.as_str())], "198.51.100.1/24@eth0", card);
            let expected = format!("IP_BOUND CRITICAL - 1 of 1 address missing: 192.0.2.9{cause}");
            assert_eq!(found, expected, "{path} {permanent}");
        }
    }
}

/// As netplan 0.106 writes it: networkd leaves a card alone that does not have the name of `set-name`.
#[test]
fn a_card_that_was_not_renamed_must_have_its_lease() {
    let yaml = format!(
        "network:\n  version: 2\n  ethernets:\n    a: {{match: {{macaddress: '{CARD}'}}, set-name: lan0, dhcp4: true}}\n    \
         eth3: {{addresses: [192.0.2.1/24]}}\n"
    );
    let missing = "IP_BOUND CRITICAL - 1 of 2 addresses missing: eth0 has no IPv4 address (DHCP)";
    let absent = "IP_BOUND OK - 1 address from netplan bound and usable";
    let rows = [
        // The card is gone, or it has the name.
        ("ens3", "192.0.2.1/24@eth3", absent),
        ("lan0", "192.0.2.1/24@eth3", absent),
        ("eth0", "192.0.2.1/24@eth3", missing),
        (
            "eth0",
            "192.0.2.1/24@eth3 198.51.100.7/24@eth0",
            "IP_BOUND OK - 2 addresses from netplan bound and usable, 1 dynamic",
        ),
    ];
    for (here, present, expected) in rows {
        let path = format!("/sys/class/net/{here}/address");
        let files = [("/etc/netplan/a.yaml", yaml.as_str()), (path.as_str(), CARD)];
        let found = first(&args(), &files, present, |_| {});
        assert_eq!(found, expected, "{here}");
    }
}
