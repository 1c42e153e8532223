//! What netplan 0.106 to 1.1 takes in a network definition beside what is read here: it refuses all its
//! files for one key that it does not know there, or for one value of another form. Then it generates
//! nothing at the next boot, and nothing is bound.

use std::net::{Ipv4Addr, Ipv6Addr};

use addresses::short;

use super::yaml::{Value, boolean};
use crate::promise::Place;

/// The form of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    /// What is read elsewhere, or of a form that versions differ in.
    Any,
    Boolean,
    Number,
    Text,
    Four,
    Six,
    Hardware,
    Sequence,
    /// A sequence of these words.
    Words(&'static [&'static str]),
    /// A mapping with these keys; none where any is taken.
    Mapping(&'static [&'static str]),
}

/// Why netplan refuses a line, where its version does or does not know a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) place: Place,
    pub(super) what: String,
    /// The key that is not known here: a later version may know it.
    pub(super) word: Option<String>,
}

const OVERRIDES: Form = Form::Mapping(&[
    "hostname",
    "route-metric",
    "send-hostname",
    "use-dns",
    "use-domains",
    "use-hostname",
    "use-mtu",
    "use-ntp",
    "use-routes",
]);
const WAKE: Form = Form::Words(&[
    "any",
    "default",
    "disconnect",
    "magic_pkt",
    "gtk_rekey_failure",
    "eap_identity_req",
    "four_way_handshake",
    "rfkill_release",
    "tcp",
]);

/// The keys of every kind of device.
const COMMON: [(&str, Form); 31] = [
    ("accept-ra", Form::Boolean),
    ("activation-mode", Form::Any),
    ("addresses", Form::Any),
    ("critical", Form::Boolean),
    ("dhcp-identifier", Form::Text),
    ("dhcp4", Form::Any),
    ("dhcp4-overrides", OVERRIDES),
    ("dhcp6", Form::Any),
    ("dhcp6-overrides", OVERRIDES),
    ("gateway4", Form::Four),
    ("gateway6", Form::Six),
    ("hairpin", Form::Boolean),
    ("ignore-carrier", Form::Boolean),
    ("ipv6-address-generation", Form::Text),
    ("ipv6-address-token", Form::Six),
    ("ipv6-mtu", Form::Number),
    ("ipv6-privacy", Form::Boolean),
    ("link-local", Form::Words(&["ipv4", "ipv6"])),
    ("macaddress", Form::Hardware),
    ("mtu", Form::Number),
    ("nameservers", Form::Mapping(&["addresses", "search"])),
    ("neigh-suppress", Form::Boolean),
    ("networkmanager", Form::Any),
    ("openvswitch", Form::Any),
    ("optional", Form::Any),
    ("optional-addresses", Form::Words(&["dhcp4", "dhcp6", "ipv4-ll", "ipv6-ra", "static"])),
    ("port-mac-learning", Form::Boolean),
    ("ra-overrides", Form::Mapping(&[])),
    ("renderer", Form::Any),
    ("routes", Form::Sequence),
    ("routing-policy", Form::Sequence),
];

/// The keys of cards, and of what else is matched.
const OF_CARDS: [(&str, Form); 14] = [
    ("emit-lldp", Form::Boolean),
    ("generic-receive-offload", Form::Boolean),
    ("generic-segmentation-offload", Form::Boolean),
    ("large-receive-offload", Form::Boolean),
    ("match", Form::Any),
    ("receive-checksum-offload", Form::Boolean),
    ("set-name", Form::Any),
    ("tcp-segmentation-offload", Form::Boolean),
    ("tcp6-segmentation-offload", Form::Boolean),
    ("transmit-checksum-offload", Form::Boolean),
    ("wakeonlan", Form::Boolean),
    ("wakeonwlan", WAKE),
    ("auth", Form::Any),
    ("link", Form::Any),
];

/// The keys of one kind of device each.
const OF_KIND: [(&str, &str, Form); 47] = [
    ("ethernets", "delay-virtual-functions-rebind", Form::Boolean),
    ("ethernets", "embedded-switch-mode", Form::Text),
    ("ethernets", "infiniband-mode", Form::Text),
    ("ethernets", "virtual-function-count", Form::Number),
    ("wifis", "access-points", Form::Mapping(&[])),
    ("wifis", "regulatory-domain", Form::Text),
    ("modems", "apn", Form::Text),
    ("modems", "auto-config", Form::Boolean),
    ("modems", "device-id", Form::Text),
    ("modems", "network-id", Form::Text),
    ("modems", "number", Form::Text),
    ("modems", "password", Form::Text),
    ("modems", "pin", Form::Text),
    ("modems", "sim-id", Form::Text),
    ("modems", "sim-operator-id", Form::Text),
    ("modems", "username", Form::Text),
    ("bonds", "interfaces", Form::Any),
    ("bonds", "parameters", Form::Mapping(&[])),
    ("bridges", "interfaces", Form::Any),
    ("bridges", "parameters", Form::Mapping(&[])),
    ("vlans", "id", Form::Number),
    ("vlans", "link", Form::Any),
    ("vrfs", "interfaces", Form::Any),
    ("vrfs", "table", Form::Number),
    ("tunnels", "ageing", Form::Number),
    ("tunnels", "checksums", Form::Sequence),
    ("tunnels", "do-not-fragment", Form::Boolean),
    ("tunnels", "extensions", Form::Sequence),
    ("tunnels", "flow-label", Form::Number),
    ("tunnels", "id", Form::Number),
    ("tunnels", "key", Form::Any),
    ("tunnels", "keys", Form::Any),
    ("tunnels", "limit", Form::Number),
    ("tunnels", "link", Form::Any),
    ("tunnels", "local", Form::Text),
    ("tunnels", "mac-learning", Form::Boolean),
    ("tunnels", "mark", Form::Number),
    ("tunnels", "mode", Form::Text),
    ("tunnels", "notifications", Form::Sequence),
    ("tunnels", "peers", Form::Sequence),
    ("tunnels", "port", Form::Number),
    ("tunnels", "port-range", Form::Sequence),
    ("tunnels", "remote", Form::Text),
    ("tunnels", "short-circuit", Form::Boolean),
    ("tunnels", "ttl", Form::Number),
    ("tunnels", "type-of-service", Form::Number),
    ("virtual-ethernets", "peer", Form::Text),
];

/// The keys that not every version of those knows.
const LATER: [&str; 3] = ["hairpin", "port-mac-learning", "ra-overrides"];

/// Returns why netplan refuses a key of a definition of this kind, or its value: `None` if it takes both, or
/// where that is not known.
pub(super) fn refusal(kind: &str, key: Value<'_>, value: Value<'_>) -> Option<Refusal> {
    // A definition for NetworkManager may be of any kind.
    if kind == "nm-devices" {
        return None;
    }
    let name = key.text("a key").ok()?;
    let Some(form) = form(kind, name) else {
        let is_elsewhere = OF_CARDS.iter().any(|(known, _)| *known == name)
            || OF_KIND.iter().any(|(_, known, _)| *known == name);
        let what = format!("{kind} have no key {}", short(name));
        let word = (!is_elsewhere).then(|| name.to_owned());
        return Some(Refusal { place: key.place(), what, word });
    };
    let later = LATER.contains(&name).then(|| name.to_owned());
    let wrong = wrong(name, form, value);
    let refused = |(place, what)| Refusal { place, what, word: None };
    wrong.map(refused).or_else(|| {
        let what = format!("{kind} have no key {name}");
        later.map(|name| Refusal { place: key.place(), what, word: Some(name) })
    })
}

/// Returns whether a version of netplan is known that knows this key.
pub(super) fn is_known(name: &str) -> bool {
    LATER.contains(&name)
}

fn form(kind: &str, name: &str) -> Option<Form> {
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

/// Returns what is wrong with a value of a form, and where.
fn wrong(name: &str, form: Form, value: Value<'_>) -> Option<(Place, String)> {
    let text = || value.text(name).ok();
    let is_number = |text: &str| text.is_empty() || text.parse::<u32>().is_ok();
    let says = |what: &str| {
        let said = text().map_or_else(String::new, |text| format!(" {}", short(text)));
        Some((value.place(), format!("{name}{said} is not {what}")))
    };
    let scalar = |fits: bool, what: &str| if fits { None } else { says(what) };
    match form {
        Form::Any => None,
        Form::Boolean => scalar(boolean(value).is_ok(), "a boolean"),
        Form::Number => scalar(text().is_some_and(is_number), "a number"),
        Form::Text => scalar(text().is_some(), "a plain value"),
        Form::Four => scalar(text().is_some_and(|text| text.parse::<Ipv4Addr>().is_ok()), "an IPv4 address"),
        Form::Six => scalar(text().is_some_and(|text| text.parse::<Ipv6Addr>().is_ok()), "an IPv6 address"),
        Form::Hardware => scalar(text().is_some_and(is_hardware), "a hardware address"),
        Form::Sequence => scalar(value.items(name).is_ok(), "a sequence"),
        Form::Words(words) => {
            let Ok(mut items) = value.items(name) else { return says("a sequence") };
            let other = |item: &Value<'_>| item.text(name).map_or(true, |word| !words.contains(&word));
            items.find(other).map(|item| {
                let word = item.text(name).unwrap_or_default();
                (item.place(), format!("{name} knows no {}", short(word)))
            })
        }
        Form::Mapping(keys) => {
            let Ok(mut entries) = value.entries(name) else { return says("a mapping") };
            let other =
                |(key, _): &(Value<'_>, Value<'_>)| key.text(name).is_ok_and(|key| !keys.contains(&key));
            let (key, _) = entries.find(|entry| !keys.is_empty() && other(entry))?;
            let word = key.text(name).unwrap_or_default();
            Some((key.place(), format!("{name} have no key {}", short(word))))
        }
    }
}

/// Whether netplan takes this as a hardware address to set: of Ethernet or InfiniBand, or a word of
/// NetworkManager, which its later versions know.
fn is_hardware(text: &str) -> bool {
    is_address(text) || matches!(text, "permanent" | "preserve" | "random" | "stable" | "stable-ssid")
}

/// Whether this is a hardware address for netplan: octets of two digits with colons.
pub(super) fn is_address(text: &str) -> bool {
    let is_octet = |field: &str| field.len() == 2 && field.bytes().all(|digit| digit.is_ascii_hexdigit());
    matches!(text.split(':').count(), 6 | 20) && text.split(':').all(is_octet)
}
