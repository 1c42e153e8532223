//! The keys of the mappings within a network definition.

use super::form::Form;
use super::form::Form::{AnyCase, As, Boolean, Each, Keys, Text, TextOr, Whole, Word};
use super::{routes, scalars};

pub(super) const NUMBER: Form = As(scalars::is_number, "a number");
const ADDRESS: Form = As(scalars::is_address, "an address");
const NETWORK: Form = As(scalars::is_network, "a network");
pub(super) const HARDWARE: Form = As(scalars::is_hardware, "a hardware address");

pub(super) const MATCH: &[(&str, Form)] = &[
    ("driver", Form::OneOrMore(scalars::is_driver, "a driver")),
    ("macaddress", HARDWARE),
    ("name", As(scalars::is_name, "a name")),
];

pub(super) const OPTIONS: Form = Keys(&[("label", Text), ("lifetime", AnyCase(&["0", "forever"]))]);

pub(super) const NAMESERVERS: Form = Keys(&[("addresses", Each(&ADDRESS)), ("search", Each(&Text))]);

pub(super) const OVERRIDES: Form = Keys(&[
    ("hostname", Text),
    ("route-metric", NUMBER),
    ("send-hostname", Boolean),
    ("use-dns", Boolean),
    ("use-domains", Text),
    ("use-hostname", Boolean),
    ("use-mtu", Boolean),
    ("use-ntp", Boolean),
    ("use-routes", Boolean),
]);

const DOMAINS: Form = AnyCase(&["true", "on", "yes", "y", "false", "off", "no", "n", "route"]);

pub(super) const RA_OVERRIDES: Form =
    Keys(&[("table", NUMBER), ("use-dns", Boolean), ("use-domains", DOMAINS)]);

const TYPES: Form = AnyCase(&[
    "unicast",
    "anycast",
    "blackhole",
    "broadcast",
    "local",
    "multicast",
    "nat",
    "prohibit",
    "throw",
    "unreachable",
    "xresolve",
]);

pub(super) const ROUTE: Form = Whole(
    &[
        ("advertised-mss", NUMBER),
        ("advertised-receive-window", NUMBER),
        ("congestion-window", NUMBER),
        ("from", NETWORK),
        ("metric", NUMBER),
        ("mtu", NUMBER),
        ("on-link", Boolean),
        ("scope", AnyCase(&["global", "link", "host"])),
        ("table", NUMBER),
        ("to", As(|text| text == "default" || scalars::is_network(text), "a network")),
        ("type", TYPES),
        ("via", NETWORK),
    ],
    routes::route,
);

pub(super) const RULE: Form = Whole(
    &[
        ("from", NETWORK),
        ("mark", NUMBER),
        ("priority", NUMBER),
        ("table", NUMBER),
        ("to", NETWORK),
        ("type-of-service", As(scalars::is_octet, "0 to 255")),
    ],
    routes::rule,
);

const MODES: Form = Word(&[
    "balance-rr",
    "active-backup",
    "balance-xor",
    "broadcast",
    "802.3ad",
    "balance-tlb",
    "balance-alb",
    "balance-tcp",
    "balance-slb",
]);

/// A word of two from the version on whose library has this text.
const LACP_RATE: Form =
    Form::WordSince(&["slow", "fast"], "unknown lacp-rate value '%s' (expected 'fast' or 'slow')");

pub(super) const BOND: Form = Keys(&[
    ("ad-select", Text),
    ("all-members-active", Boolean),
    ("all-slaves-active", Boolean),
    ("arp-all-targets", Text),
    ("arp-interval", Text),
    ("arp-ip-targets", Each(&As(scalars::is_four, "an IPv4 address"))),
    ("arp-validate", Text),
    ("down-delay", Text),
    ("fail-over-mac-policy", Text),
    ("gratuitious-arp", NUMBER),
    ("gratuitous-arp", NUMBER),
    ("lacp-rate", LACP_RATE),
    ("learn-packet-interval", Text),
    ("mii-monitor-interval", Text),
    ("min-links", NUMBER),
    ("mode", MODES),
    ("packets-per-member", NUMBER),
    ("packets-per-slave", NUMBER),
    ("primary", Text),
    ("primary-reselect-policy", Text),
    ("resend-igmp", NUMBER),
    ("transmit-hash-policy", Text),
    ("up-delay", Text),
]);

pub(super) const BRIDGE: Form = Keys(&[
    ("ageing-time", Text),
    ("aging-time", Text),
    ("forward-delay", Text),
    ("hello-time", Text),
    ("max-age", Text),
    ("path-cost", Form::All(&NUMBER)),
    ("port-priority", Form::All(&As(scalars::is_port_priority, "0 to 63"))),
    ("priority", NUMBER),
    ("stp", Boolean),
]);

const MANAGEMENT: Form =
    Word(&["none", "psk", "psk-sha256", "eap", "eap-sha256", "eap-suite-b-192", "sae", "802.1x"]);

pub(super) const AUTH: Form = Keys(&[
    ("anonymous-identity", Text),
    ("ca-certificate", Text),
    ("client-certificate", Text),
    ("client-key", Text),
    ("client-key-password", Text),
    ("identity", Text),
    ("key-management", MANAGEMENT),
    ("method", Word(&["tls", "peap", "ttls", "leap", "pwd"])),
    ("password", Text),
    ("phase2-auth", Text),
]);

pub(super) const ACCESS_POINT: Form = Keys(&[
    ("auth", AUTH),
    ("band", Word(&["5GHz", "5G", "2.4GHz", "2.4G"])),
    ("bssid", HARDWARE),
    ("channel", NUMBER),
    ("hidden", Boolean),
    ("mode", Word(&["infrastructure", "adhoc", "ap"])),
    ("networkmanager", MANAGER),
    ("password", Text),
]);

pub(super) const MANAGER: Form = Keys(&[
    ("device", Text),
    ("name", Text),
    ("passthrough", Form::All(&Text)),
    ("stable-id", Text),
    ("uuid", Text),
]);

const FLAGS: Form = Each(&AnyCase(&["agent-owned", "not-saved", "not-required"]));

pub(super) const KEY: Form =
    TextOr(&[("input", Text), ("output", Text), ("private", Text), ("private-key-flags", FLAGS)]);

pub(super) const PEER: Form = Keys(&[
    ("allowed-ips", Each(&As(scalars::is_allowed, "a network"))),
    ("endpoint", As(scalars::is_endpoint, "an address or name with a port")),
    ("keepalive", NUMBER),
    ("keys", Keys(&[("public", Text), ("shared", Text)])),
]);

pub(super) const SWITCH: Form = Keys(&[
    (
        "controller",
        Keys(&[("addresses", Each(&Text)), ("connection-mode", Word(&["in-band", "out-of-band"]))]),
    ),
    ("external-ids", Form::All(&Text)),
    ("fail-mode", Word(&["standalone", "secure"])),
    ("lacp", Word(&["active", "passive", "off"])),
    ("mcast-snooping", Boolean),
    ("other-config", Form::All(&Text)),
    ("protocols", PROTOCOLS),
    ("rstp", Boolean),
]);

const PROTOCOLS: Form = Each(&Word(&[
    "OpenFlow10",
    "OpenFlow11",
    "OpenFlow12",
    "OpenFlow13",
    "OpenFlow14",
    "OpenFlow15",
    "OpenFlow16",
]));

pub(super) const GLOBAL_SWITCH: Form = Keys(&[
    ("external-ids", Form::All(&Text)),
    ("other-config", Form::All(&Text)),
    ("ports", Each(&Form::Pair(&Text))),
    ("protocols", PROTOCOLS),
    ("ssl", Keys(&[("ca-cert", Text), ("certificate", Text), ("private-key", Text)])),
]);
