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
        // One of the two is not a lease; beside a lease that ends, it is known which.
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

/// What each program writes into its files for it. What the kernel takes by default is not asked for.
#[test]
fn what_a_router_advertises_is_not_unexpected_where_it_is_asked_for() {
    let args = Args::parse_from(["check_ip_bound", "--unexpected=critical"]);
    let networkd = |lines: &str| {
        let text = format!("[Match]\nName=eth0\n[Network]\nAddress=192.0.2.1/24\n{lines}\n");
        ("/etc/systemd/network/a.network", text)
    };
    let netplan = |keys: &str| {
        let text = format!("network:\n  ethernets:\n    eth0: {{addresses: [192.0.2.1/24]{keys}}}\n");
        ("/etc/netplan/a.yaml", text)
    };
    let profile = |six: &str| {
        let text = format!(
            "[connection]\nid=a\nuuid=30000000-0000-0000-0000-000000000001\ntype=ethernet\ninterface-name=eth0\n\
             [ipv4]\nmethod=manual\naddress1=192.0.2.1/24\n[ipv6]\nmethod={six}\n"
        );
        ("/etc/NetworkManager/system-connections/a.nmconnection", text)
    };
    let ifcfg = |lines: &str| {
        let text = format!("DEVICE=eth0\nONBOOT=yes\nIPADDR=192.0.2.1\nPREFIX=24\n{lines}\n");
        ("/etc/sysconfig/network-scripts/ifcfg-eth0", text)
    };
    let rows = [
        (networkd("IPv6AcceptRA=yes"), false),
        (networkd("DHCPPrefixDelegation=yes"), false),
        (networkd("IPv6AcceptRA=yes\nIPv6AcceptRA=no"), true),
        (networkd("IPv6AcceptRA=junk"), true),
        (networkd(""), true),
        (netplan(", accept-ra: true"), false),
        (netplan(", accept-ra: false"), true),
        (netplan(""), true),
        (profile("auto"), false),
        (profile("dhcp"), false),
        (profile("disabled"), true),
        (ifcfg("IPV6INIT=yes\nIPV6_AUTOCONF=yes"), false),
        (ifcfg("IPV6INIT=yes\nIPV6_AUTOCONF=no"), true),
    ];
    let own = "192.0.2.1/24@eth0";
    for ((path, text), told) in rows {
        let said = |more: &str| said(&args, &[(path, &*text)], &format!("{own} {more}")).0;
        for advertised in ["2001:db8::7/64@eth0~600", "2001:db8::7/64@eth0+380", "fd00::7/64@eth0~600"] {
            assert_eq!(said(advertised).contains("CRITICAL"), told, "{text} {advertised}");
        }
        // Neither one that was added by hand, nor one elsewhere.
        for other in ["2001:db8::7/64@eth0", "2001:db8::7/64@eth3~600", "192.0.2.9/24@eth0"] {
            assert!(said(other).contains("1 unexpected address"), "{text} {other}");
        }
    }
}
