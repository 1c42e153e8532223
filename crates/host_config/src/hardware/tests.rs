//! Hardware addresses, row by row.

use std::time::Duration;

use plugin::Deadline;

use super::*;

/// A port of a bond shows the address of the bond, and a bridge, a bond or a VLAN that of what it is on.
#[test]
fn an_address_is_that_of_the_interface_below() {
    let deadline = Deadline::after(Duration::from_secs(60));
    let (first, second) = ("00:00:5e:00:53:01\n", "00:00:5e:00:53:02\n");
    let files = [
        ("/sys/class/net/eth0/address", first),
        ("/sys/class/net/eth0/bonding_slave/perm_hwaddr", first),
        ("/sys/class/net/eth1/address", first),
        ("/sys/class/net/eth1/bonding_slave/perm_hwaddr", second),
        ("/sys/class/net/bond0/address", first),
        ("/sys/class/net/bond0/lower_eth0/address", first),
        ("/sys/class/net/br0/address", first),
        ("/sys/class/net/br0/lower_bond0/address", first),
        ("/sys/class/net/veth0/address", "00:00:5e:00:53:03\n"),
        ("/sys/class/net/veth1/address", "00:00:5e:00:53:03\n"),
    ];
    let tree = Tree::in_memory(files, &deadline);
    let cards = Cards::new(&tree);
    let rows = [
        ("00:00:5E:00:53:01", Some("eth0")),
        ("00:00:5E:00:53:02", Some("eth1")),
        ("00:00:5E:00:53:03", None),
        ("00:00:5E:00:53:04", None),
    ];
    for (address, name) in rows {
        assert_eq!(cards.name(address), name, "{address}");
    }
}

/// The kernel's driver of bonds keeps a file of its own among the interfaces.
#[test]
fn the_list_of_bonds_is_no_interface() {
    let deadline = Deadline::after(Duration::from_secs(60));
    let files = [("/sys/class/net/bonding_masters", "bond0\n"), ("/sys/class/net/bond0/type", "1\n")];
    let tree = Tree::in_memory(files, &deadline);
    assert_eq!(Cards::new(&tree).interfaces(), ["bond0"]);
}

#[test]
fn a_hardware_address_is_written_in_several_ways() {
    let rows = [
        ("52:54:00:12:34:5A", Some("52:54:00:12:34:5a")),
        ("52-54-0-12-34-5a", Some("52:54:00:12:34:5a")),
        ("5254.0012.345a", Some("52:54:00:12:34:5a")),
        ("52:54:00:12:34", None),
        ("52:54:00:12:34:100", None),
        ("52:54:00:12:34:+5", None),
        ("permanent", None),
        ("", None),
    ];
    for (text, expected) in rows {
        assert_eq!(normal(text).as_deref(), expected, "{text}");
    }
}
