//! The words of commands: which programs bind addresses, and which arguments ip(8) takes.

/// Programs that bind no address.
pub(super) const HARMLESS: [&str; 54] = [
    ":",
    "[",
    "grep",
    "pgrep",
    "seq",
    "arp",
    "arping",
    "bridge",
    "break",
    "cat",
    "chmod",
    "continue",
    "cut",
    "date",
    "echo",
    "ethtool",
    "exit",
    "export",
    "false",
    "head",
    "ifdown",
    "ifmetric",
    "ip",
    "ip6tables",
    "ip6tables-restore",
    "iptables",
    "iptables-restore",
    "iw",
    "iwconfig",
    "local",
    "logger",
    "mkdir",
    "modprobe",
    "nft",
    "ping",
    "printf",
    "readonly",
    "resolvectl",
    "resolvconf",
    "rm",
    "route",
    "sleep",
    "sort",
    "ssh",
    "sysctl",
    "tail",
    "tc",
    "test",
    "touch",
    "tr",
    "true",
    "uniq",
    "unset",
    "wg",
];
/// Words of `ip address add` that an argument follows, and those that stand alone.
pub(super) const WITH_ARGUMENT: [&str; 11] = [
    "broadcast",
    "brd",
    "anycast",
    "label",
    "scope",
    "valid_lft",
    "preferred_lft",
    "metric",
    "priority",
    "proto",
    "preference",
];
pub(super) const ALONE: [&str; 10] = [
    "home",
    "nodad",
    "noprefixroute",
    "autojoin",
    "mngtmpaddr",
    "optimistic",
    "permanent",
    "dynamic",
    "secondary",
    "temporary",
];

/// How many times a text says `ip ... address add`, `replace` or `change`, or `ifconfig`, wherever that is.
pub(super) fn bindings(text: &str) -> usize {
    let mut words = text
        .split(|c: char| c.is_ascii_whitespace() || "'\"`;&|(){}$".contains(c) || c.is_ascii_control())
        .filter(|word| !word.is_empty())
        .peekable();
    let mut number = 0;
    while let Some(word) = words.next() {
        number += usize::from(program(word) == "ifconfig");
        if program(word) != "ip" {
            continue;
        }
        while let Some(option) = words.next_if(|word| word.starts_with('-')) {
            number += usize::from(is_batch(option));
            takes_argument(option).then(|| words.next());
        }
        if words.next_if(|word| is_address(word)).is_some() {
            number += usize::from(words.next_if(|word| binds(word)).is_some());
        }
    }
    number
}

pub(super) fn program(word: &str) -> &str {
    word.rsplit_once('/').map_or(word, |(_, name)| name)
}

pub(super) fn is_batch(option: &str) -> bool {
    option.starts_with("-b") && !option.starts_with("-br")
}

pub(super) fn takes_argument(option: &str) -> bool {
    matches!(option, "-f" | "-family" | "-n" | "-netns" | "-l" | "-loops" | "-rc" | "-rcvbuf")
}

/// iproute2 takes any beginning of these words.
pub(super) fn is_address(word: &str) -> bool {
    !word.is_empty() && "address".starts_with(word) || word == "addr"
}

pub(super) fn is_link(word: &str) -> bool {
    !word.is_empty() && "link".starts_with(word)
}

pub(super) fn binds(word: &str) -> bool {
    !word.is_empty() && ["add", "change", "replace"].iter().any(|whole| whole.starts_with(word))
        || word == "chg"
}
