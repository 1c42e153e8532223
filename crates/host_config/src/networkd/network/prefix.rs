//! The `[IPv6Prefix]` sections of `.network` files.

use std::net::{IpAddr, Ipv6Addr};

use addresses::HostAddress;

use super::super::unit::{Assignment, Section, boolean};
use crate::located::{Asked, Located};

/// Returns the first line for which networkd ignores a section.
pub(super) fn refused(section: &Section) -> Option<&Assignment> {
    section.assignments.iter().find(|each| {
        let value = each.value.value.as_str();
        match each.key.as_str() {
            "Assign" | "OnLink" | "AddressAutoconfiguration" => boolean(value).is_none(),
            "Prefix" => value.parse::<HostAddress>().map_or(true, |network| network.address.is_ipv4()),
            "RouteMetric" => value.parse::<u32>().is_err(),
            "PreferredLifetimeSec" | "ValidLifetimeSec" => {
                value != "infinity" && !value.starts_with(|first: char| first.is_ascii_digit())
            }
            _ => false,
        }
    })
}

/// The network of an `[IPv6Prefix]` section: of several, the last that is one.
pub(super) fn prefix(section: &Section) -> Option<Located<HostAddress>> {
    let network = |each: &Assignment| {
        let value =
            each.value.value.parse::<HostAddress>().ok().filter(|network| network.address.is_ipv6())?;
        Some(Located { value, place: each.value.place.clone() })
    };
    section.assignments.iter().rev().filter(|each| each.key == "Prefix").find_map(network)
}

/// The tokens of an `[IPv6Prefix]` section: an empty one starts anew.
fn tokens(section: &Section) -> impl Iterator<Item = &Located> {
    let all: Vec<&Located> =
        section.assignments.iter().filter(|each| each.key == "Token").map(|each| &each.value).collect();
    let from = all.iter().rposition(|token| token.value.is_empty()).map_or(0, |last| last + 1);
    all.into_iter().skip(from)
}

/// The end of an address that a token says: `None` of one that the interface or the prefix decides.
fn suffix(token: &str) -> Option<Ipv6Addr> {
    token.strip_prefix("static:").unwrap_or(token).parse().ok()
}

/// Whether a token leaves the address to the interface or to the prefix.
pub(super) fn has_other_token(section: &Section) -> bool {
    tokens(section).any(|token| token.value == "eui64" || token.value.starts_with("prefixstable"))
}

/// The addresses of a prefix that tokens tell.
pub(super) fn static_tokens(section: &Section, prefix: HostAddress) -> impl Iterator<Item = Located<Asked>> {
    const END: u128 = u64::MAX as u128;
    let network = match prefix.address {
        IpAddr::V6(network) => u128::from(network) & !END,
        IpAddr::V4(_) => 0,
    };
    let of_token = move |token: &Located| {
        let end = u128::from(suffix(&token.value)?) & END;
        let address = IpAddr::V6(Ipv6Addr::from(network | end));
        let expected = HostAddress { address, prefix: prefix.prefix };
        Some(Located { value: Asked::Address(expected), place: token.place.clone() })
    };
    tokens(section).filter_map(of_token)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use crate::Source;
    use crate::tree::Tree;

    /// As networkd 252.39 and 257.13 bind it in a namespace.
    #[test]
    fn a_value_that_is_none_takes_the_address() {
        let rows = [
            ("", true),
            ("OnLink=yes", true),
            ("Foo=", true),
            ("Token=x", true),
            ("PreferredLifetimeSec=2h", true),
            ("ValidLifetimeSec=infinity", true),
            ("Assign=", false),
            ("Assign=x", false),
            ("OnLink=", false),
            ("AddressAutoconfiguration=x", false),
            ("PreferredLifetimeSec=", false),
            ("ValidLifetimeSec=x", false),
            ("RouteMetric=x", false),
            ("Prefix=", false),
            ("Prefix=192.0.2.0/24", false),
        ];
        for (line, expected) in rows {
            let text = format!(
                "[Match]\nName=eth0\n[Network]\nIPv6SendRA=yes\n[IPv6Prefix]\nPrefix=2001:db8::/64\nAssign=yes\n\
                 Token=::7\n{line}\n"
            );
            let deadline = Deadline::after(Duration::from_secs(60));
            let files = [("/etc/systemd/network/a.network", text.as_str())];
            let found = Source::Networkd.read(&Tree::in_memory(files, &deadline)).unwrap().unwrap();
            assert_eq!(!found.promises.is_empty(), expected, "{line}");
            assert_eq!(found.notes.is_empty(), expected, "{line}");
        }
    }
}
