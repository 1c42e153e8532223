//! The programs that read `/etc/network/interfaces`, and the words that they know.

use addresses::short;

use crate::promise::Place;
use crate::tree::Tree;

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

/// Where ifupdown2 has its parser.
const PARSERS: [&str; 2] = [
    "/usr/share/ifupdown2/ifupdown/networkinterfaces.py",
    "/usr/lib/python3/dist-packages/ifupdown2/ifupdown/networkinterfaces.py",
];

/// Which program reads the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavour {
    Ifupdown,
    Ifupdown2,
    IfupdownNg,
}

/// Returns whether the ifupdown2 of a tree includes files by a relative path, and those of a folder. Older
/// versions, as 3.0.0, do neither. Its own words tell; where it is not there, it does both.
pub(super) fn included(tree: &Tree<'_>) -> [bool; 2] {
    let parser = PARSERS.iter().find_map(|path| tree.read(path).ok().flatten());
    let Some(parser) = parser else { return [true, true] };
    let text = String::from_utf8_lossy(&parser);
    ["isabs(sourced_file)", "'source-directory'"].map(|word| text.contains(word))
}

/// Returns the words of an `auto` line that name interfaces, and a note where ifupdown-ng brings up the first
/// one alone: those who wrote the others want them all the same.
pub(super) fn selected<'a>(flavour: Flavour, rest: &'a str, place: &Place) -> (Vec<&'a str>, Option<String>) {
    let is_name = |word: &&str| flavour != Flavour::IfupdownNg || !word.starts_with('#');
    let words: Vec<&str> = rest.split_ascii_whitespace().take_while(is_name).collect();
    let second = words.get(1).filter(|_| flavour == Flavour::IfupdownNg);
    let note = second.map(|name| {
        format!("note: {place}: ifupdown-ng brings up the first name alone, not {}", short(name))
    });
    (words, note)
}

/// Returns the family and the method of an `iface` line as ifupdown-ng takes them: any other word is a
/// comment to it.
pub(super) fn hints(family: Option<String>, method: Option<String>) -> (Option<String>, Option<String>) {
    let is_known = matches!(family.as_deref(), Some("inet" | "inet6"));
    if is_known { (family, method) } else { (None, None) }
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
