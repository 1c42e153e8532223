//! The keys of a network definition of each kind.

use super::form::Form;
use super::form::Form::{Any, AnyCase, As, Boolean, Each, Text, Word};
use super::{nested, scalars};

const NUMBER: Form = nested::NUMBER;
const FOUR: Form = As(scalars::is_four, "an IPv4 address");
const SIX: Form = As(scalars::is_six, "an IPv6 address");
const ADDRESS: Form = As(scalars::is_address, "an address");

/// The keys of every kind of device.
const COMMON: [(&str, Form); 31] = [
    ("accept-ra", Boolean),
    ("activation-mode", Any),
    ("addresses", Any),
    ("critical", Boolean),
    ("dhcp-identifier", AnyCase(&["duid", "mac"])),
    ("dhcp4", Any),
    ("dhcp4-overrides", nested::OVERRIDES),
    ("dhcp6", Any),
    ("dhcp6-overrides", nested::OVERRIDES),
    ("gateway4", FOUR),
    ("gateway6", SIX),
    ("hairpin", Boolean),
    ("ignore-carrier", Boolean),
    ("ipv6-address-generation", Word(&["eui64", "stable-privacy"])),
    ("ipv6-address-token", SIX),
    ("ipv6-mtu", NUMBER),
    ("ipv6-privacy", Boolean),
    ("link-local", Each(&AnyCase(&["ipv4", "ipv6"]))),
    ("macaddress", As(scalars::is_hardware_to_set, "a hardware address")),
    ("mtu", NUMBER),
    ("nameservers", nested::NAMESERVERS),
    ("neigh-suppress", Boolean),
    ("networkmanager", nested::MANAGER),
    ("openvswitch", nested::SWITCH),
    ("optional", Any),
    ("optional-addresses", Each(&AnyCase(&["dhcp4", "dhcp6", "ipv4-ll", "ipv6-ra", "static"]))),
    ("port-mac-learning", Boolean),
    ("ra-overrides", nested::RA_OVERRIDES),
    ("renderer", Any),
    ("routes", Each(&nested::ROUTE)),
    ("routing-policy", Each(&nested::RULE)),
];

const WAKE: Form = Each(&AnyCase(&[
    "any",
    "default",
    "disconnect",
    "magic_pkt",
    "gtk_rekey_failure",
    "eap_identity_req",
    "four_way_handshake",
    "rfkill_release",
    "tcp",
]));

/// The keys of cards, and of what else is matched.
const OF_CARDS: [(&str, Form); 14] = [
    ("emit-lldp", Boolean),
    ("generic-receive-offload", Boolean),
    ("generic-segmentation-offload", Boolean),
    ("large-receive-offload", Boolean),
    ("match", Any),
    ("receive-checksum-offload", Boolean),
    ("set-name", Any),
    ("tcp-segmentation-offload", Boolean),
    ("tcp6-segmentation-offload", Boolean),
    ("transmit-checksum-offload", Boolean),
    ("wakeonlan", Boolean),
    ("wakeonwlan", WAKE),
    ("auth", nested::AUTH),
    ("link", Text),
];

/// The keys of one kind of device each.
const OF_KIND: [(&str, &str, Form); 49] = [
    ("ethernets", "delay-virtual-functions-rebind", Boolean),
    ("ethernets", "embedded-switch-mode", Word(&["switchdev", "legacy"])),
    ("ethernets", "infiniband-mode", Word(&["datagram", "connected"])),
    ("ethernets", "virtual-function-count", NUMBER),
    ("wifis", "access-points", Form::All(&nested::ACCESS_POINT)),
    ("wifis", "regulatory-domain", Text),
    ("modems", "apn", Text),
    ("modems", "auto-config", Boolean),
    ("modems", "device-id", Text),
    ("modems", "network-id", Text),
    ("modems", "number", Text),
    ("modems", "password", Text),
    ("modems", "pin", Text),
    ("modems", "sim-id", Text),
    ("modems", "sim-operator-id", Text),
    ("modems", "username", Text),
    ("bonds", "interfaces", Any),
    ("bonds", "parameters", nested::BOND),
    ("bridges", "interfaces", Any),
    ("bridges", "parameters", nested::BRIDGE),
    ("vlans", "id", NUMBER),
    ("vlans", "link", Any),
    ("vrfs", "interfaces", Any),
    ("vrfs", "table", NUMBER),
    ("tunnels", "ageing", NUMBER),
    ("tunnels", "aging", NUMBER),
    ("tunnels", "arp-proxy", Boolean),
    ("tunnels", "checksums", Each(&AnyCase(&CHECKSUMS))),
    ("tunnels", "do-not-fragment", Boolean),
    ("tunnels", "extensions", Each(&AnyCase(&["group-policy", "generic-protocol"]))),
    ("tunnels", "flow-label", NUMBER),
    ("tunnels", "id", NUMBER),
    ("tunnels", "key", nested::KEY),
    ("tunnels", "keys", nested::KEY),
    ("tunnels", "limit", NUMBER),
    ("tunnels", "link", Text),
    ("tunnels", "local", ADDRESS),
    ("tunnels", "mac-learning", Boolean),
    ("tunnels", "mark", NUMBER),
    ("tunnels", "mode", Word(&MODES)),
    ("tunnels", "notifications", Each(&AnyCase(&["l2-miss", "l3-miss"]))),
    ("tunnels", "peers", Each(&nested::PEER)),
    ("tunnels", "port", NUMBER),
    ("tunnels", "port-range", Form::Pair(&NUMBER)),
    ("tunnels", "remote", ADDRESS),
    ("tunnels", "short-circuit", Boolean),
    ("tunnels", "ttl", NUMBER),
    ("tunnels", "type-of-service", NUMBER),
    ("virtual-ethernets", "peer", Text),
];

const CHECKSUMS: [&str; 5] = ["udp", "zero-udp6-tx", "zero-udp6-rx", "remote-tx", "remote-rx"];

const MODES: [&str; 13] = [
    "ipip",
    "gre",
    "sit",
    "isatap",
    "vti",
    "ip6ip6",
    "ipip6",
    "ip6gre",
    "vti6",
    "gretap",
    "ip6gretap",
    "vxlan",
    "wireguard",
];

/// Returns the form of a key of a definition of this kind: `None` where it has no such key.
pub(super) fn form(kind: &str, name: &str) -> Option<Form> {
    // netplan takes the keys of a card in a definition for NetworkManager.
    let kind = if kind == "nm-devices" { "ethernets" } else { kind };
    let is_card = matches!(kind, "ethernets" | "wifis" | "modems");
    let only_some = |name: &str| match name {
        "link" => kind == "ethernets",
        "auth" => kind != "modems",
        _ => true,
    };
    let of_cards = OF_CARDS.iter().filter(|(name, _)| is_card && only_some(name));
    let of_kind = OF_KIND.iter().filter(|(of, ..)| *of == kind).map(|(_, name, form)| (name, form));
    let mut all = COMMON.iter().chain(of_cards).map(|(name, form)| (name, form)).chain(of_kind);
    all.find(|(known, _)| **known == name).map(|(_, form)| *form)
}

/// Returns whether another kind of device has this key.
pub(super) fn is_elsewhere(name: &str) -> bool {
    OF_CARDS.iter().any(|(known, _)| *known == name) || OF_KIND.iter().any(|(_, known, _)| *known == name)
}
