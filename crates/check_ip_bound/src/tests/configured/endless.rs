//! What an interface gets from outside and has for ever: the kernel calls it permanent.

use super::said;
use crate::Args;
use clap::Parser as _;

/// As networkd 252 binds what a DHCP server and a router give without an end.
#[test]
fn a_lease_that_never_ends_is_not_unexpected() {
    let args = Args::parse_from(["check_ip_bound", "--unexpected=critical"]);
    let ok = |count: &str, dynamic: &str| format!("OK - {count} from networkd bound and usable{dynamic}");
    let one = || ok("1 address", ", 1 dynamic");
    let unexpected = |what: &str| format!("CRITICAL - {what}");
    let rows = [
        ("DHCP=ipv4", "198.51.100.58/24@eth0", one()),
        ("DHCP=yes", "198.51.100.58/24@eth0 2001:db8::7/64@eth0+380", one()),
        ("DHCP=yes", "198.51.100.58/24@eth0~60 2001:db8::7/64@eth0+380 2001:db8:1::7/64@eth0+380", one()),
        ("DHCP=ipv6", "2001:db8::7/64@eth0+380", one()),
        (
            "DHCP=ipv4\nAddress=192.0.2.1/24",
            "198.51.100.58/24@eth0 192.0.2.1/24@eth0",
            ok("2 addresses", ", 1 dynamic"),
        ),
        // One of the two is no lease, and of a second one beside a lease that ends, it is known which.
        (
            "DHCP=ipv4",
            "198.51.100.58/24@eth0 198.51.100.200/24@eth0",
            unexpected("2 unexpected addresses: 198.51.100.58, 198.51.100.200"),
        ),
        (
            "DHCP=ipv4",
            "198.51.100.58/24@eth0~60 198.51.100.200/24@eth0",
            unexpected("1 unexpected address: 198.51.100.200"),
        ),
        // Not configured so, on another interface, and of a type, where it may be that of a tunnel.
        (
            "Address=192.0.2.1/24",
            "192.0.2.1/24@eth0 2001:db8::7/64@eth0+380",
            unexpected("1 unexpected address: 2001:db8::7"),
        ),
        (
            "DHCP=ipv4",
            "198.51.100.58/24@eth0 198.51.100.59/24@eth3",
            unexpected("1 unexpected address: 198.51.100.59"),
        ),
    ];
    for (lines, present, expected) in rows {
        let file = format!("[Match]\nName=eth0\n[Network]\n{lines}\n");
        let (first, _) = said(&args, &[("/etc/systemd/network/a.network", &file)], present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{lines} {present}");
    }
    let file = "[Match]\nType=ether\n[Network]\nDHCP=ipv6\n";
    let (first, details) =
        said(&args, &[("/etc/systemd/network/a.network", file)], "2001:db8::7/64@eth0+380");
    assert_eq!(first, format!("IP_BOUND {}", one()));
    assert!(!details.iter().any(|line| line.contains("only permanent")), "{details:?}");
}
