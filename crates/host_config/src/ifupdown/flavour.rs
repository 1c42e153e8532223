//! The programs that read `/etc/network/interfaces`, and the words that they know.

/// The address families of ifupdown and their methods, of any version.
const METHODS: [(&str, &[&str]); 6] = [
    (
        "inet",
        &["static", "dhcp", "manual", "loopback", "bootp", "ppp", "wvdial", "ipv4ll", "tunnel", "hso", "ec2"],
    ),
    ("inet6", &["static", "dhcp", "auto", "manual", "loopback", "tunnel", "v4tunnel", "6to4"]),
    ("can", &["static"]),
    ("ipx", &["static", "dynamic"]),
    ("x25", &["static"]),
    ("meta", &["none"]),
];

/// Which program reads the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavour {
    Ifupdown,
    Ifupdown2,
    IfupdownNg,
}

/// Returns what ifupdown does not know of the words of an `iface` line: `None` if it knows them, or there are
/// none, as ifupdown2 and ifupdown-ng allow.
pub(super) fn unknown_words(name: &str, family: Option<&str>, method: Option<&str>) -> Option<String> {
    let family = family?;
    let Some(method) = method else { return Some(format!("{name}: {family}: no method")) };
    match METHODS.iter().find(|(known, _)| *known == family) {
        Some((_, methods)) if methods.contains(&method) => None,
        Some(_) => Some(format!("{name}: {family} {method}: unknown method")),
        None => Some(format!("{name}: {family} {method}: unknown address family")),
    }
}
