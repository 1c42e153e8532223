//! What netplan 0.106 and 1.1 refuse at boot, while its addresses are still bound from before.

use super::*;

/// The library of a version after 1.1.2, by a message of it, which knows a new key.
const NEW: &str = "The priority setting is mandatory for NetworkManager routing-policy\n\0new-key\0";

/// Returns the first line for a file of netplan, and for its library.
fn netplan(args: &Args, text: &str, library: &str) -> String {
    let yaml = format!("network:\n  version: 2\n  ethernets:\n    eth3: {{}}\n{text}");
    let files =
        [("/etc/netplan/a.yaml", yaml.as_str()), ("/usr/lib/x86_64-linux-gnu/libnetplan.so.1", library)];
    said(args, &files[..if library.is_empty() { 1 } else { 2 }], "192.0.2.1/24@eth0").0
}

#[test]
fn what_netplan_refuses_is_a_warning_before_the_next_boot() {
    let ok = "OK - 1 address from netplan bound and usable";
    let refused = |line: u32, what: &str| {
        format!("WARNING - netplan refuses all its files: /etc/netplan/a.yaml line {line}: {what}")
    };
    let rows = [
        ("mtu: 1500", "", ok.to_owned()),
        ("mtu: 9k", "", refused(5, "mtu 9k is not a number")),
        ("optional: maybe", "", refused(5, "maybe is neither true nor false")),
        ("hair-pin: true", "", refused(5, "ethernets have no key hair-pin")),
        // Which version is here, its library tells.
        ("hairpin: true", "", ok.to_owned()),
        ("hairpin: true", "hairpin\0", ok.to_owned()),
        ("hairpin: true", "dhcp4\0", refused(5, "ethernets have no key hairpin")),
        ("new-key: true", NEW, ok.to_owned()),
        ("new-key: true", "new-key\0", refused(5, "ethernets have no key new-key")),
        ("new-key: true", "new-keys\0", refused(5, "ethernets have no key new-key")),
        ("id: 5", "id\0", refused(5, "ethernets have no key id")),
        (
            "macaddress: 00-00-5e-00-53-01",
            "",
            refused(5, "macaddress 00-00-5e-00-53-01 is not a hardware address"),
        ),
        ("link-local: [ipv5]", "", refused(5, "link-local knows no ipv5")),
        ("nameservers: {address: [192.0.2.53]}", "", refused(5, "nameservers has no key address")),
        ("gateway4: 192.0.2.254/24", "", refused(5, "gateway4 192.0.2.254/24 is not an IPv4 address")),
    ];
    for (key, library, expected) in rows {
        let text = format!("    eth0: {{addresses: [192.0.2.1/24], {key}}}\n");
        assert_eq!(netplan(&args(), &text, library), format!("IP_BOUND {expected}"), "{key} {library}");
    }
    let whole = [
        ("  vlans:\n    eth0: {id: 5, addresses: [192.0.2.1/24]}\n", "eth0 has no link"),
        (
            "  vlans:\n    eth0: {id: 5, link: eth9, addresses: [192.0.2.1/24]}\n",
            "eth9 of eth0 is not defined",
        ),
        ("  vrfs:\n    eth0: {addresses: [192.0.2.1/24]}\n", "eth0 has no table"),
    ];
    for (text, what) in whole {
        let line = netplan(&args(), text, "");
        assert!(
            line.starts_with("IP_BOUND WARNING - netplan refuses") && line.ends_with(what),
            "{text} {line}"
        );
    }
}

/// An address that is missing comes first, and without the alarm a line that hides addresses is still told.
#[test]
fn what_is_worse_comes_first() {
    let text = "    eth0: {addresses: [192.0.2.1/24, 192.0.2.2/24], mtu: 9k}\n";
    let line = netplan(&args(), text, "");
    assert!(
        line.starts_with("IP_BOUND CRITICAL - 1 of 2 addresses missing: 192.0.2.2, 1 more fault"),
        "{line}"
    );
    let mut noted = args();
    noted.shadowed = plugin::State::Ok;
    let text = "    eth0: {addresses: [192.0.2.1/24, 192.0.2.300/24]}\n";
    let line = netplan(&noted, text, "");
    assert!(line.starts_with("IP_BOUND UNKNOWN - /etc/netplan/a.yaml line 5: "), "{line}");
}

/// As networkd 252.39 does at its start, in a network namespace: it aborts where the interface of such a
/// section is here, and binds nothing of any file. 257 takes an address of a pool, or ignores the section.
#[test]
fn a_line_on_which_networkd_aborts_is_a_warning_before_the_next_boot() {
    let file = "/etc/systemd/network/b.network";
    let aborts = |length: &str| {
        format!(
            "IP_BOUND WARNING - at its next start networkd aborts and binds nothing: {file} line 4: Peer= \
             without Address= needs a prefix length as /{length}"
        )
    };
    let ok = "IP_BOUND OK - 1 address from networkd bound and usable".to_owned();
    let no_pool = "IP_BOUND CRITICAL - 1 of 2 addresses missing: eth3 has no IPv6 address (pool)".to_owned();
    let rows = [
        ("252", "eth3", "Peer=2001:db8::9", aborts("64")),
        ("252", "eth3", "Peer=2001:db8::9/0", aborts("64")),
        ("252", "eth3", "Peer=192.0.2.9/0", aborts("24")),
        ("252", "eth[3]", "Peer=2001:db8::9", aborts("64")),
        // Its peer of a length takes an address of a pool, which must be here too.
        ("252", "eth3", "Peer=2001:db8::9/128", no_pool.clone()),
        // A peer that is written later counts, and so does an address.
        ("252", "eth3", "Peer=2001:db8::9\nPeer=2001:db8::9/128", no_pool),
        ("252", "eth3", "Peer=2001:db8::9\nAddress=192.0.2.1", ok.clone()),
        ("252", "eth9", "Peer=2001:db8::9", ok.clone()),
        ("252", "eth3", "Address=::", ok.clone()),
        ("257", "eth3", "Peer=2001:db8::9", ok.clone()),
        ("", "eth3", "Peer=2001:db8::9", ok.clone()),
    ];
    for (version, name, section, expected) in rows {
        let other = format!("[Match]\nName={name}\n[Address]\n{section}\n");
        let own = "[Match]\nName=eth0\n[Address]\nAddress=192.0.2.1/24\n";
        let library = format!("/usr/lib/systemd/libsystemd-shared-{version}.so");
        let files = [
            ("/etc/systemd/network/a.network", own),
            (file, other.as_str()),
            ("/sys/class/net/eth3/ifindex", "2\n"),
            ("/sys/class/net/eth0/ifindex", "3\n"),
            (library.as_str(), ""),
        ];
        let files = &files[..if version.is_empty() { 4 } else { 5 }];
        let line = said(&args(), files, "192.0.2.1/24@eth0").0;
        assert_eq!(line, expected, "{version} {name} {section}");
        if expected.contains("WARNING") {
            let missing = said(&args(), files, "192.0.2.7/24@eth0").0;
            let cause = format!("missing: 192.0.2.1, networkd aborts on {file} line 4");
            assert!(missing.contains(&cause), "{missing}");
        }
    }
}

/// As keepalived 2.2.7 does: it ends where an interface of its configuration is not here.
#[test]
fn an_interface_without_which_keepalived_stops_is_a_warning_before_the_next_boot() {
    let file = "/etc/keepalived/keepalived.conf";
    let stops = format!(
        "IP_BOUND WARNING - at its next start keepalived stops and binds nothing: {file} line 5: there is no eth9 here"
    );
    let missing = "IP_BOUND CRITICAL - 1 of 1 address missing: 192.0.2.1, keepalived stops: there is no eth9 here, 1 more fault"
        .to_owned();
    let ok = "IP_BOUND OK - 1 address from keepalived bound and usable".to_owned();
    let rows =
        [("eth9", "192.0.2.1/24@eth0", stops), ("eth9", "", missing), ("eth0", "192.0.2.1/24@eth0", ok)];
    for (name, present, expected) in rows {
        let text = format!(
            "static_ipaddress {{\n 192.0.2.1/24 dev eth0\n}}\nvrrp_instance a {{\n interface {name}\n \
             virtual_ipaddress {{\n 192.0.2.100\n }}\n}}\n"
        );
        let files = [
            (file, text.as_str()),
            ("/sys/class/net/eth0/ifindex", "3\n"),
            ("/usr/sbin/keepalived", ""),
            ("/etc/systemd/system/multi-user.target.wants/keepalived.service", ""),
        ];
        let (first, details) = said(&args(), &files, present);
        assert_eq!(first, expected, "{details:?}");
    }
}
