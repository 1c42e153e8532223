//! The interfaces that networkd does not make, each with the reason.

use super::said;
use crate::fixture::args;

const NO_VLAN: &str = "networkd makes no v5: no .network file has VLAN=v5";

/// As networkd 252 makes nothing of them.
#[test]
fn what_networkd_does_not_make_is_named() {
    let of = |file: &str, text: &str| (format!("/etc/systemd/network/{file}"), text.to_owned());
    let vlan = "[NetDev]\nName=v5\nKind=vlan\n[VLAN]\nId=5\n";
    let network = of("v.network", "[Match]\nName=v5\n[Network]\nAddress=192.0.2.5/24\n");
    let rows = [
        (vec![of("v.netdev", vlan)], NO_VLAN),
        (
            vec![
                of("v.netdev", vlan),
                of("p.network", "[Match]\nName=eth0\n[Network]\nVLAN=v6\nVLAN=v5\nVLAN=\n"),
            ],
            NO_VLAN,
        ),
        (
            vec![of("v.netdev", vlan), of("p.network", "[Match]\nName=eth0\n[Network]\nVLAN=v6\nVLAN=v5\n")],
            "there is no v5 here",
        ),
        (
            vec![of("v.netdev", vlan), of("p.network", "[Match]\nName=eth7\n[Network]\nVLAN=v5\n")],
            "v5 is not here: there is no eth7 here",
        ),
        (
            vec![
                of("v.netdev", "[NetDev]\nName=v5\nKind=macvlan\n"),
                of("p.network", "[Match]\nName=eth7\n[Network]\nMACVLAN=v5\n"),
            ],
            "v5 is not here: there is no eth7 here",
        ),
        (
            vec![of("v.netdev", "[NetDev]\nName=v5\nKind=ipvlan\n")],
            "networkd makes no v5: no .network file has IPVLAN=v5",
        ),
        (
            vec![of("v.netdev", "[NetDev]\nName=v5\nKind=gre\n[Tunnel]\nRemote=192.0.2.6\n")],
            "networkd makes no v5: no .network file has Tunnel=v5",
        ),
        (
            vec![of("v.netdev", "[NetDev]\nName=v5\nKind=gre\n[Tunnel]\nIndependent=no\n")],
            "networkd makes no v5: no .network file has Tunnel=v5",
        ),
        (
            vec![of("v.netdev", "[NetDev]\nName=v5\nKind=gre\n[Tunnel]\nIndependent=yes\n")],
            "there is no v5 here",
        ),
        (
            vec![of("v.netdev", "[NetDev]\nName=v5\nKind=ipip\n[Tunnel]\nAssignToLoopback=yes\n")],
            "there is no v5 here",
        ),
        (
            vec![
                of("v.netdev", "[NetDev]\nName=v5\nKind=sit\n"),
                of("p.network", "[Match]\nName=eth0\n[Network]\nTunnel=v5\n"),
            ],
            "there is no v5 here",
        ),
        (
            vec![of("v.netdev", "[NetDev]\nName=v5\nKind=vxlan\n[VXLAN]\nVNI=5\n")],
            "networkd makes no v5: no .network file has VXLAN=v5",
        ),
        (
            vec![of("v.netdev", "[NetDev]\nName=v5\nKind=xfrm\n[Xfrm]\nInterfaceId=5\n")],
            "networkd makes no v5: no .network file has Xfrm=v5",
        ),
        // The first kind counts, and a drop-in says what the file does not.
        (vec![of("v.netdev", vlan), of("v.netdev.d/a.conf", "[NetDev]\nKind=dummy\n")], NO_VLAN),
        (vec![of("v.netdev", "[NetDev]\nName=v5\nKind=vlan\nKind=dummy\n[VLAN]\nId=5\n")], NO_VLAN),
        (
            vec![of("v.netdev", "[NetDev]\nName=v5\nKind=vlan\n"), of("v.netdev.d/a.conf", "[VLAN]\nId=5\n")],
            NO_VLAN,
        ),
        (
            vec![
                of("v.netdev", "[NetDev]\nName=v6\nKind=x\n"),
                of("v.netdev.d/a.conf", "[NetDev]\nName=v5\n"),
            ],
            "networkd makes no v5, /etc/systemd/network/v.netdev line 3: no kind x",
        ),
        (
            vec![of("v.netdev", "[NetDev]\nName=v5\n"), of("v.netdev.d/a.conf", "[NetDev]\nKind=dummy\n")],
            "there is no v5 here",
        ),
        (
            vec![
                of("v5.netdev", "[NetDev]\nName=v5\nKind=dummy\n"),
                of("v5.netdev.d/a.conf", "[NetDev]\nName=\n"),
            ],
            "networkd makes no v5, /etc/systemd/network/v5.netdev line 1: no Name",
        ),
        // A name that no interface can have is ignored.
        (
            vec![of("v.netdev", "[NetDev]\nName=v5\nName=more-than-fifteen\nKind=x\n")],
            "networkd makes no v5, /etc/systemd/network/v.netdev line 4: no kind x",
        ),
        // An empty file is a mask.
        (vec![of("v.netdev", ""), of("v.netdev.d/a.conf", vlan)], "there is no v5 here"),
        (vec![of("v.netdev", "[NetDev]\nName=v5\nKind=dummy\n")], "there is no v5 here"),
        (
            vec![of("v.netdev", "[Match]\nHost=other\n[NetDev]\nName=v5\nKind=bridge\n")],
            "networkd makes no v5, /etc/systemd/network/v.netdev line 2: not for this host: Host=other",
        ),
        (
            vec![of("v.netdev", "[Match]\nHost=other\nHost=web1\n[NetDev]\nName=v5\nKind=bridge\n")],
            "there is no v5 here",
        ),
        (
            vec![of("v.netdev", "[Match]\nHost=other\nHost=\n[NetDev]\nName=v5\nKind=bridge\n")],
            "there is no v5 here",
        ),
    ];
    for (files, cause) in rows {
        let host = ("/etc/hostname".to_owned(), "web1\n".to_owned());
        let all: Vec<_> =
            files.iter().chain([&network, &host]).map(|(path, text)| (&**path, &**text)).collect();
        let (first, _) = said(&args(), &all, "198.51.100.1/24@eth0");
        let expected = format!("IP_BOUND CRITICAL - 1 of 1 address missing: 192.0.2.5, {cause}");
        assert_eq!(first, expected, "{files:?}");
    }
}

/// As NetworkManager 1.42.4 makes none of them.
#[test]
fn what_a_profile_is_on_is_named() {
    for kind in ["vlan", "macvlan", "macsec"] {
        let text = format!(
            "[connection]\nid=a\nuuid=30000000-0000-0000-0000-000000000001\ntype={kind}\ninterface-name=v5\n\
             [{kind}]\nparent=eth7\nid=5\nmode=2\n[ipv4]\nmethod=manual\naddress1=192.0.2.5/24\n\
             [ipv6]\nmethod=disabled\n"
        );
        let file = ("/etc/NetworkManager/system-connections/a.nmconnection", &*text);
        let (first, _) = said(&args(), &[file], "198.51.100.1/24@eth0");
        let cause = "v5 is not here: there is no eth7 here";
        assert_eq!(
            first,
            format!("IP_BOUND CRITICAL - 1 of 1 address missing: 192.0.2.5, {cause}"),
            "{kind}"
        );
    }
}
