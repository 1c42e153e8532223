//! A file's content against what it should be: by meaning where its format is known, else by octets.

use crate::hosts::Hosts;
use crate::lines::{cut, first_difference};
use crate::resolver::Resolver;

/// The files that are compared by meaning.
pub(crate) const HOSTNAME: &str = "/etc/hostname";
pub(crate) const HOSTS: &str = "/etc/hosts";
pub(crate) const RESOLVER: &str = "/etc/resolv.conf";

/// Where a host's network is configured: what a provider's start script edits, besides name, hosts and
/// resolver, and what cloud-init writes.
const NETWORK: [&str; 7] = [
    "/etc/network/",
    "/etc/sysconfig/network",
    "/etc/netplan/",
    "/etc/NetworkManager/",
    "/etc/systemd/network/",
    "/etc/conf.d/net",
    "/etc/netctl/",
];

/// Returns whether a file configures the host's network.
pub(crate) fn is_network(path: &str) -> bool {
    NETWORK.iter().any(|start| path.starts_with(start))
}

/// What a file should hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The same as this copy of the reference.
    Copy(Vec<u8>),
    /// These servers and this search list; an empty one is not compared.
    Resolver(Vec<String>, Vec<String>),
}

/// Returns how the content of `path` differs, with the path; `None` if it is as it should be.
pub fn difference(path: &str, expected: &Expected, found: &[u8], exact: bool) -> Option<String> {
    let copy = match expected {
        Expected::Resolver(servers, search) => {
            return Resolver::new(found)
                .difference_from(servers, search)
                .map(|text| format!("{path}: {text}"));
        }
        Expected::Copy(copy) => copy.as_slice(),
    };
    if found.is_empty() && !copy.is_empty() {
        return Some(format!("{path} is empty"));
    }
    let meaning = match path {
        _ if exact => None,
        HOSTNAME | HOSTS if found == copy => return None,
        HOSTNAME => Some(name_difference(found, copy)),
        HOSTS => Some(Hosts::parse(found).difference(&Hosts::parse(copy))),
        RESOLVER => Some(Resolver::new(found).difference(&Resolver::new(copy))),
        _ => None,
    };
    match meaning {
        Some(difference) => difference.map(|text| format!("{path}: {text}")),
        None => first_difference(copy, found).map(|line| format!("{path} line {line} differs")),
    }
}

/// Returns the name in a hostname file: its first line that is neither blank nor a comment (hostname(5)),
/// without the dot at its end. `None` if there is no such line.
pub(crate) fn host_name(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    let name = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))?;
    Some(without_dot(name).to_owned())
}

/// Returns a name without the dot at its end, which is not part of it. A single dot stays as it is.
pub(crate) fn without_dot(name: &str) -> &str {
    name.strip_suffix('.').filter(|name| !name.is_empty()).unwrap_or(name)
}

fn name_difference(found: &[u8], expected: &[u8]) -> Option<String> {
    let (found, expected) = (host_name(found), host_name(expected));
    let word = |name: Option<String>| name.map_or_else(|| "no name".to_owned(), |name| cut(&name));
    (found != expected).then(|| format!("{}, not {}", word(found), word(expected)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_is_compared_by_meaning_and_the_rest_by_octets() {
        let rows: [(&str, &str, &str, bool, Option<&str>); 13] = [
            (HOSTNAME, "proxy7.example.com\n", "proxy7.example.com.\n", false, None),
            (HOSTNAME, "proxy7\n", "# the name\n\n proxy7 \r\n", false, None),
            (HOSTNAME, "proxy7\n", "vz2542\n", false, Some("/etc/hostname: vz2542, not proxy7")),
            (HOSTNAME, "proxy7\n", "#\n", false, Some("/etc/hostname: no name, not proxy7")),
            (HOSTNAME, "proxy7\n", "", false, Some("/etc/hostname is empty")),
            (HOSTNAME, "proxy7\n", "# the name\nproxy7\n", true, Some("/etc/hostname line 1 differs")),
            (HOSTS, "::1 a\n", "::1  a # it\n", false, None),
            (RESOLVER, "nameserver ::1\n", "# it\nnameserver ::1\n", false, None),
            (RESOLVER, "nameserver ::1\n", "nameserver ::1", true, Some("/etc/resolv.conf line 1 differs")),
            ("/etc/ntp.conf", "a\nb\n", "a\nb\n", false, None),
            ("/etc/ntp.conf", "a\nb\n", "a\n# b\n", false, Some("/etc/ntp.conf line 2 differs")),
            ("/etc/empty", "", "", false, None),
            ("/etc/empty", "", "x", false, Some("/etc/empty line 1 differs")),
        ];
        for (path, expected, found, exact, text) in rows {
            let seen = difference(path, &Expected::Copy(expected.into()), found.as_bytes(), exact);
            assert_eq!(seen.as_deref(), text, "{path} {found:?}");
        }
        let given = Expected::Resolver(vec!["127.0.0.1".to_owned()], Vec::new());
        let text = "/etc/resolv.conf: no nameserver, expected 127.0.0.1";
        assert_eq!(difference(RESOLVER, &given, b"", true).as_deref(), Some(text));
    }
}
