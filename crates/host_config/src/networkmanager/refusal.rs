//! Why NetworkManager ignores a whole profile for its content, as libnm verifies it. What only a release that
//! is not known here judges, as a setting of an unusual type of connection, is not looked at.

use std::net::IpAddr;

use addresses::short;

use super::keyfile::Keyfile;
use crate::promise::Place;

/// The types of connections, with those that newer releases have.
const TYPES: [&str; 36] = [
    "6lowpan",
    "802-11-olpc-mesh",
    "802-11-wireless",
    "802-3-ethernet",
    "adsl",
    "bluetooth",
    "bond",
    "bridge",
    "cdma",
    "dummy",
    "ethernet",
    "generic",
    "geneve",
    "gsm",
    "hsr",
    "infiniband",
    "ip-tunnel",
    "ipvlan",
    "loopback",
    "macsec",
    "macvlan",
    "ovs-bridge",
    "ovs-interface",
    "ovs-port",
    "pppoe",
    "team",
    "tun",
    "veth",
    "vlan",
    "vpn",
    "vrf",
    "vxlan",
    "wifi",
    "wifi-p2p",
    "wireguard",
    "wpan",
];
/// What a type of connections cannot do without.
const NEEDED: [(&str, &str, &str); 13] = [
    ("bond", "connection", "interface-name"),
    ("bridge", "connection", "interface-name"),
    ("dummy", "connection", "interface-name"),
    ("team", "connection", "interface-name"),
    ("veth", "connection", "interface-name"),
    ("vrf", "connection", "interface-name"),
    ("wireguard", "connection", "interface-name"),
    ("ip-tunnel", "ip-tunnel", "mode"),
    ("macsec", "macsec", "parent"),
    ("macvlan", "macvlan", "parent"),
    ("veth", "veth", "peer"),
    ("vlan", "vlan", "parent"),
    ("vrf", "vrf", "table"),
];
/// The longest name of an interface that the kernel takes, and those that it needs for itself.
const LONGEST: usize = 15;
const RESERVED: [&str; 5] = [".", "..", "all", "default", "bonding_masters"];

/// Returns why NetworkManager ignores a profile, with its line: `None` if it takes it, as far as that is
/// known.
pub(super) fn refusal(file: &Keyfile, path: &str) -> Option<(String, Place)> {
    let first = || Place::new(path, 1);
    bad_type(file)
        .map(|(what, place)| (what, place.unwrap_or_else(first)))
        .or_else(|| bad_uuid(file))
        .or_else(|| bad_name(file))
        .or_else(|| lacking(file).map(|what| (what, first())))
        .or_else(|| ["ipv4", "ipv6"].into_iter().find_map(|family| bad_family(file, family, first())))
}

/// Without a type, NetworkManager takes the only group that has the name of one.
fn bad_type(file: &Keyfile) -> Option<(String, Option<Place>)> {
    match file.written("connection", "type") {
        Some(kind) if TYPES.contains(&kind.value.as_str()) => None,
        Some(kind) => Some((format!("type: {} is not known", short(&kind.value)), Some(kind.place.clone()))),
        None if file.groups().any(|group| TYPES.contains(&group)) => None,
        None => Some(("it has no type".to_owned(), None)),
    }
}

fn bad_uuid(file: &Keyfile) -> Option<(String, Place)> {
    let uuid = file.written("connection", "uuid")?;
    let hexadecimal = |text: &str| text.bytes().filter(u8::is_ascii_hexdigit).count();
    let rest = |text: &str| text.bytes().filter(|octet| *octet == b'-').count();
    let good = match uuid.value.len() {
        36 => hexadecimal(&uuid.value) == 32 && rest(&uuid.value) == 4,
        // Of early releases.
        40 => hexadecimal(&uuid.value) == 40,
        _ => false,
    };
    (!good).then(|| (format!("uuid: {} is not a UUID", short(&uuid.value)), uuid.place.clone()))
}

fn bad_name(file: &Keyfile) -> Option<(String, Place)> {
    let name = file.written("connection", "interface-name")?;
    // Those of Open vSwitch are not the kernel's.
    let is_of_kernel = file.value("connection", "type").is_none_or(|kind| !kind.value.starts_with("ovs-"));
    let text = name.value.as_str();
    let bad = text.is_empty()
        || text.len() > LONGEST
        || RESERVED.contains(&text)
        || text.contains(['/', ':', '%'])
        || text.contains(|c: char| c.is_ascii_whitespace());
    (bad && is_of_kernel)
        .then(|| (format!("interface-name: {} is not a valid name", short(text)), name.place.clone()))
}

/// A VLAN may name the hardware address of its card instead.
fn lacking(file: &Keyfile) -> Option<String> {
    let kind = file.value("connection", "type")?.value.as_str();
    let has = |group: &str, key: &str| {
        let by_address = || {
            ["ethernet", "802-3-ethernet"].into_iter().any(|card| file.written(card, "mac-address").is_some())
        };
        file.written(group, key).is_some()
            || key == "interface-name" && file.written(kind, key).is_some()
            || key == "parent" && by_address()
    };
    let lacks = NEEDED.iter().find(|(of, group, key)| *of == kind && !has(group, key))?;
    Some(format!("it has no {} in [{}]", lacks.2, lacks.1))
}

/// A group of a family must have a method, and its gateway must be an address.
fn bad_family(file: &Keyfile, family: &str, first: Place) -> Option<(String, Place)> {
    let begins = || file.keys(family).map(|(_, written)| written.place.clone()).min().unwrap_or(first);
    if file.groups().any(|group| group == family) && file.written(family, "method").is_none() {
        return Some((format!("[{family}] has no method"), begins()));
    }
    let gateway = file.written(family, "gateway")?;
    let is_address = |text: &str| text.parse().is_ok_and(|it: IpAddr| it.is_ipv4() == (family == "ipv4"));
    let what = || format!("[{family}] gateway: {} is no address", short(&gateway.value));
    (!is_address(&gateway.value)).then(|| (what(), gateway.place.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "00000000-0000-0000-0000-000000000001";

    /// As `nmcli --offline connection modify` of 1.42.4 takes or refuses them.
    #[test]
    fn refuses_what_networkmanager_refuses() {
        let good = format!(
            "[connection]\nid=a\nuuid={UUID}\ntype=ethernet\ninterface-name=eth0\n\
             [ipv4]\nmethod=manual\naddress1=192.0.2.1/24\n"
        );
        let with = |from: &str, to: &str| good.replace(from, to);
        let and = |more: &str| format!("{good}{more}\n");
        let no_type = with("type=ethernet\n", "");
        let mac = "[ethernet]\nmac-address=52:54:00:00:00:01\n";
        let rows = [
            (good.clone(), None),
            (no_type.clone(), Some("it has no type (line 1)")),
            (no_type.clone() + "[ethernet]\n", None),
            (no_type.clone() + "[802-3-ethernet]\nmtu=1400\n", None),
            (no_type + "[bridge-port]\n", Some("it has no type (line 1)")),
            (with("=ethernet", "=802-3-ethernet"), None),
            (with("=ethernet", "="), Some("type: an empty field is not known (line 4)")),
            (with("=ethernet", "=Ethernet"), Some("type: Ethernet is not known (line 4)")),
            (with("=ethernet", "=ethernet "), Some("type: ethernet  is not known (line 4)")),
            (with("[connection]", "[Connection]"), Some("it has no type (line 1)")),
            (with(UUID, "junk"), Some("uuid: junk is not a UUID (line 3)")),
            (with(UUID, &"a".repeat(40)), None),
            (
                with(UUID, &"a".repeat(39)),
                Some("uuid: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa is not a UUID (line 3)"),
            ),
            (with(UUID, "0000000-00000-0000-0000-00000000000A"), None),
            (with(&format!("uuid={UUID}\n"), ""), None),
            (with("=eth0", "=eth0 "), Some("interface-name: eth0  is not a valid name (line 5)")),
            (with("=eth0", "="), Some("interface-name: an empty field is not a valid name (line 5)")),
            (with("=eth0", "=abcdefghijklmno"), None),
            (
                with("=eth0", "=abcdefghijklmnop"),
                Some("interface-name: abcdefghijklmnop is not a valid name (line 5)"),
            ),
            (with("=eth0", "=eth0:1"), Some("interface-name: eth0:1 is not a valid name (line 5)")),
            (with("=eth0", "=eth%d"), Some("interface-name: eth%d is not a valid name (line 5)")),
            (with("=eth0", "=all"), Some("interface-name: all is not a valid name (line 5)")),
            (with("=ethernet", "=ovs-bridge").replace("=eth0", "=a:b"), None),
            (with("interface-name=eth0\n", ""), None),
            (with("=ethernet", "=bridge"), None),
            (
                with("=ethernet", "=bridge").replace("interface-name=eth0\n", ""),
                Some("it has no interface-name in [connection] (line 1)"),
            ),
            (
                with("=ethernet", "=bridge").replace("interface-name=eth0\n", "")
                    + "[bridge]\ninterface-name=br0\n",
                None,
            ),
            (with("=ethernet", "=vlan"), Some("it has no parent in [vlan] (line 1)")),
            (with("=ethernet", "=vlan") + "[vlan]\nparent=eth1\n", None),
            (with("=ethernet", "=vlan") + mac, None),
            (with("=ethernet", "=vrf"), Some("it has no table in [vrf] (line 1)")),
            (with("=ethernet", "=vxlan"), None),
            (and("[ipv6]"), Some("[ipv6] has no method (line 1)")),
            (and("[ipv6]\nmay-fail=false"), Some("[ipv6] has no method (line 10)")),
            (with("method=manual\n", ""), Some("[ipv4] has no method (line 7)")),
            (and("gateway=192.0.2.254"), None),
            (and("gateway=junk"), Some("[ipv4] gateway: junk is no address (line 9)")),
            (and("gateway=192.0.2.254 "), Some("[ipv4] gateway: 192.0.2.254  is no address (line 9)")),
            (and("gateway=2001:db8::1"), Some("[ipv4] gateway: 2001:db8::1 is no address (line 9)")),
            (and("gateway="), Some("[ipv4] gateway: an empty field is no address (line 9)")),
            (and("mtu=junk\n[foo]\nbar=1"), None),
        ];
        for (text, expected) in rows {
            let file = Keyfile::parse("f", text.as_bytes()).unwrap();
            let found = refusal(&file, "f").map(|(what, place)| format!("{what} (line {})", place.line));
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
