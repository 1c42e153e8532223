//! The addresses of `.network` files, by the `[Address]` section of systemd.network(5).

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use addresses::{HostAddress, InvalidAddress, short};

use super::unit::{Section, boolean};
use crate::located::{Asked, Located};
use crate::promise::{Family, Place, Promises, Remark};

/// The longest label that the kernel takes, in octets.
const LONGEST_LABEL: usize = 15;

/// What an IPv4 address cannot have.
const OF_IPV6: [&str; 2] = ["HomeAddress", "ManageTemporaryAddress"];

/// What of an address is put into a set of nftables, and the families of its table.
const SOURCES: [&str; 3] = ["address", "prefix", "ifindex"];
const FAMILIES: [&str; 6] = ["arp", "bridge", "inet", "ip", "ip6", "netdev"];

/// Returns the address of an `[Address]` section. With a peer, the prefix length that the kernel shows is the
/// peer's. networkd ignores a section without an address, one of which it refuses a value, and one of two
/// families; with a peer alone, it takes an address of a pool.
/// Systemd `after_252` passes over a broadcast address beside an IPv6 address instead, takes an empty value
/// as the default, and ignores a section with what is for IPv6 alone.
pub(super) fn address_section(
    section: Section,
    after_252: bool,
    to: &mut Promises,
) -> Option<Located<Asked>> {
    let (mut address, mut peer, mut family) = (None, None, None);
    let is_ipv4 =
        section.assignments.iter().any(|each| family_of(&each.key, &each.value.value) == Some(Family::V4));
    for each in &section.assignments {
        let (key, value) = (each.key.as_str(), each.value.value.as_str());
        let mut ignore = |why: &str| {
            let what = format!("{key}={value}{why}: networkd ignores the section");
            to.notes.push(format!("note: {}: {what}", each.value.place));
        };
        let is_flag = after_252 && OF_IPV6.contains(&key);
        if key == "Address" && value.is_empty() || !is_taken(key, value, after_252) {
            ignore("");
            return None;
        }
        if is_flag && boolean(value) == Some(true) && is_ipv4 {
            ignore(" is for IPv6 addresses");
            return None;
        }
        let of = family_of(key, value).filter(|_| key != "Broadcast" || !after_252);
        if family.is_some() && of.is_some() && of != family {
            ignore(" is of another family than the rest");
            return None;
        }
        family = of.or(family);
        match key {
            "Address" => address = Some(asked(&each.value, to)?),
            "Peer" => peer = Some(of_peer(&each.value)?),
            _ => {}
        }
    }
    let Some(mut address) = address else {
        return peer_alone(peer, &section.name.place, after_252, to);
    };
    if peer.is_some()
        && let Asked::Address(expected) = &mut address.value
    {
        expected.prefix = None;
    }
    Some(address)
}

/// What a section without `Address=` asks for.
fn peer_alone(
    peer: Option<Located<Asked>>,
    place: &Place,
    after_252: bool,
    to: &mut Promises,
) -> Option<Located<Asked>> {
    let what = "an [Address] section without Address=: networkd";
    let Some(peer) = peer else {
        to.remarks.push(place.remark(format!("{what} ignores it")));
        return None;
    };
    let does = match (lacks_length(&peer), after_252) {
        (true, false) => "252 aborts on it where its interface is here, and binds no address of any file",
        (true, true) if matches!(peer.value, Asked::Pool(_, Some(0))) => "ignores it",
        _ => "takes an address of a pool",
    };
    to.notes.push(format!("note: {place}: {what} {does}"));
    Some(peer).filter(|_| does != "ignores it")
}

/// Whether no pool fits a peer: 252 takes the length of the class of an IPv4 address that has none, and no
/// length for an IPv6 address.
fn lacks_length(peer: &Located<Asked>) -> bool {
    matches!(peer.value, Asked::Pool(_, Some(0)) | Asked::Pool(Family::V6, None))
}

/// Returns the remark on an address on which systemd up to 252 aborts where its interface is here.
pub(super) fn aborting(asked: &Located<Asked>) -> Option<Remark> {
    let Asked::Pool(family, _) = asked.value else { return None };
    let length = if family == Family::V6 { 64 } else { 24 };
    let what = format!("Peer= without Address= needs a prefix length as /{length}");
    lacks_length(asked).then(|| asked.place.remark(what))
}

/// The family of an address in an `[Address]` section: `None` of what is no address.
fn family_of(key: &str, value: &str) -> Option<Family> {
    let address = value.split('/').next().filter(|_| matches!(key, "Address" | "Peer" | "Broadcast"))?;
    let address: IpAddr = address.parse().ok()?;
    Some(if address.is_ipv6() { Family::V6 } else { Family::V4 })
}

/// The address of a pool for a peer, where nothing else is said.
fn of_peer(written: &Located) -> Option<Located<Asked>> {
    let length = in_decimal(&written.value)?.split_once('/').and_then(|(_, length)| length.parse().ok());
    let family = family_of("Peer", &written.value)?;
    Some(Located { value: Asked::Pool(family, length), place: written.place.clone() })
}

/// Whether networkd takes the value of a key beside the address.
fn is_taken(key: &str, value: &str, after_252: bool) -> bool {
    match key {
        "Scope"
        | "DuplicateAddressDetection"
        | "HomeAddress"
        | "ManageTemporaryAddress"
        | "PrefixRoute"
        | "AddPrefixRoute"
        | "AutoJoin"
            if value.is_empty() && after_252 =>
        {
            true
        }
        "NFTSet" if after_252 => value.split_ascii_whitespace().all(is_set_of_nft),
        "Label" => value.len() <= LONGEST_LABEL,
        "Peer" => in_decimal(value).is_some_and(|value| value.parse::<HostAddress>().is_ok()),
        "Broadcast" => value.is_empty() || boolean(value).is_some() || value.parse::<Ipv4Addr>().is_ok(),
        "Scope" => matches!(value, "host" | "link" | "global") || value.parse::<u8>().is_ok(),
        "PreferredLifetime" => matches!(value, "" | "forever" | "infinity" | "0"),
        "RouteMetric" => value.parse::<u32>().is_ok(),
        "DuplicateAddressDetection" => {
            matches!(value, "both" | "none" | "ipv4" | "ipv6") || boolean(value).is_some()
        }
        "HomeAddress" | "ManageTemporaryAddress" | "PrefixRoute" | "AddPrefixRoute" | "AutoJoin" => {
            boolean(value).is_some()
        }
        _ => true,
    }
}

/// Whether a word names a set of nftables, as `address:inet:filter:hosts`.
fn is_set_of_nft(word: &str) -> bool {
    let parts: Vec<&str> = word.split(':').collect();
    let [source, family, table, set] = parts.as_slice() else { return false };
    SOURCES.contains(source) && FAMILIES.contains(family) && !table.is_empty() && !set.is_empty()
}

/// Returns the address that is written; networkd passes over what is none, with a warning.
pub(super) fn asked(written: &Located, to: &mut Promises) -> Option<Located<Asked>> {
    let text = written.value.as_str();
    let located = |value| Located { value, place: written.place.clone() };
    let decimal = in_decimal(text);
    if let Some(unusual) = decimal.as_deref().and_then(unusual) {
        return Some(located(Asked::Address(unusual)));
    }
    let read = match decimal {
        Some(decimal) => written.place.address_or_pool(&decimal),
        None => Err(written.place.error(no_address(text))),
    };
    match read {
        Ok(value) => Some(located(value)),
        Err(error) => {
            to.notes.push(format!("note: {error}: {}", consequence(text)));
            None
        }
    }
}

/// Returns an address that networkd binds and that no list has: IPv4 multicast and the limited broadcast, and
/// an IPv4-mapped one, which the kernel has as IPv6.
fn unusual(text: &str) -> Option<HostAddress> {
    let (address, length) = text.split_once('/').map_or((text, None), |(text, length)| (text, Some(length)));
    let (address, bits) = match address.parse().ok()? {
        IpAddr::V4(four) if four.is_multicast() || four.is_broadcast() => (IpAddr::V4(four), 32),
        IpAddr::V6(six) if six.to_ipv4_mapped().is_some() => (IpAddr::V6(six), 128),
        _ => return None,
    };
    let prefix = length.map(str::parse).transpose().ok()?;
    prefix.is_none_or(|prefix| prefix <= bits).then_some(HostAddress { address, prefix })
}

/// Why a text is no address for networkd.
fn no_address(text: &str) -> InvalidAddress {
    if text.contains(['#', '"', '\'']) || text.contains(char::is_whitespace) {
        return InvalidAddress::Syntax(short(text));
    }
    let bits = if text.contains(':') { 128 } else { 32 };
    InvalidAddress::Prefix(short(text), bits)
}

/// What comes of a text that is no address.
fn consequence(text: &str) -> &'static str {
    let address = text.split('/').next().and_then(|address| address.parse::<Ipv6Addr>().ok());
    match () {
        () if address.is_some_and(|address| address.is_multicast()) => "the kernel refuses it",
        () if text.contains(['#', ';']) => "networkd knows no comment after a value and ignores the line",
        () if text.contains(char::is_whitespace) => "networkd takes one address a line and ignores this one",
        () if text.contains(['"', '\'']) => "networkd takes no quotes and ignores the line",
        () => "networkd ignores the line",
    }
}

/// Returns an address with its prefix length in decimal. systemd reads the length `/024` as octal and `/0x18`
/// as hexadecimal (strtoul(3) with base 0). `None` if the length is not a number.
fn in_decimal(text: &str) -> Option<Cow<'_, str>> {
    let Some((address, length)) = text.split_once('/') else { return Some(Cow::Borrowed(text)) };
    let length = length.trim_ascii_start();
    let length = length.strip_prefix('+').unwrap_or(length);
    let based = |prefixes: [&str; 2], base| {
        let digits = prefixes.iter().find_map(|prefix| length.strip_prefix(prefix))?;
        Some((digits, base))
    };
    let marked =
        based(["0x", "0X"], 16).or_else(|| based(["0b", "0B"], 2)).or_else(|| based(["0o", "0O"], 8));
    let octal = length.strip_prefix('0').filter(|digits| !digits.is_empty()).map(|digits| (digits, 8));
    let (digits, base) = marked.or(octal).unwrap_or((length, 10));
    let number = u8::from_str_radix(digits, base).ok().filter(|_| !digits.starts_with('+'))?;
    Some(Cow::Owned(format!("{address}/{number}")))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use super::*;
    use crate::Source;
    use crate::tree::Tree;

    #[test]
    fn a_prefix_length_is_read_as_strtoul_does() {
        let rows = [
            ("192.0.2.1", Some("192.0.2.1")),
            ("192.0.2.1/24", Some("192.0.2.1/24")),
            ("192.0.2.1/024", Some("192.0.2.1/20")),
            ("192.0.2.1/0x18", Some("192.0.2.1/24")),
            ("192.0.2.1/0b11000", Some("192.0.2.1/24")),
            ("192.0.2.1/ +24", Some("192.0.2.1/24")),
            ("192.0.2.1/0", Some("192.0.2.1/0")),
            ("2001:db8::1/0100", Some("2001:db8::1/64")),
            ("192.0.2.1/08", None),
            ("192.0.2.1/-1", None),
            ("192.0.2.1/++1", None),
            ("192.0.2.1/256", None),
            ("192.0.2.1/", None),
        ];
        for (text, expected) in rows {
            assert_eq!(in_decimal(text).as_deref(), expected, "{text}");
        }
    }

    /// As networkd 252.39 and 257.13 bound such sections in a namespace.
    #[test]
    fn later_versions_take_empty_values_and_refuse_others() {
        let rows = [
            ("192.0.2.1/24", "PrefixRoute=", "257"),
            ("192.0.2.1/24", "AddPrefixRoute=", "257"),
            ("192.0.2.1/24", "AutoJoin=", "257"),
            ("192.0.2.1/24", "Scope=", "257"),
            ("192.0.2.1/24", "DuplicateAddressDetection=", "257"),
            ("192.0.2.1/24", "HomeAddress=", "257"),
            ("192.0.2.1/24", "ManageTemporaryAddress=", "257"),
            ("192.0.2.1/24", "HomeAddress=yes", "252"),
            ("192.0.2.1/24", "HomeAddress=no", "252 257"),
            ("192.0.2.1/24", "ManageTemporaryAddress=yes", "252"),
            ("2001:db8::1/64", "HomeAddress=yes", "252 257"),
            ("192.0.2.1/24", "NFTSet=x", "252"),
            ("192.0.2.1/24", "NFTSet=address:inet:a:b", "252 257"),
            ("192.0.2.1/24", "NFTSet=", "252 257"),
            ("192.0.2.1/24", "RouteMetric=", ""),
            ("192.0.2.1/24", "Label=", "252 257"),
        ];
        for (address, line, expected) in rows {
            let text = format!("[Match]\nName=eth0\n[Address]\n{line}\nAddress={address}\n");
            let binds = |version: &&str| {
                let library = format!("/usr/lib/systemd/libsystemd-shared-{version}.so");
                let files = [("/etc/systemd/network/a.network", text.as_str()), (library.as_str(), "")];
                let deadline = Deadline::after(Duration::from_secs(60));
                let found = Source::Networkd.read(&Tree::in_memory(files, &deadline)).unwrap().unwrap();
                found.promises.iter().any(|promise| promise.expected.to_string() == address)
            };
            let bound: Vec<&str> = ["252", "257"].into_iter().filter(binds).collect();
            assert_eq!(bound.join(" "), expected, "{line}");
        }
    }

    /// As networkd 252 binds them.
    #[test]
    fn an_address_that_no_list_has_is_bound_all_the_same() {
        let rows = [
            ("224.0.0.5/24", Some("224.0.0.5/24")),
            ("224.0.0.5", Some("224.0.0.5")),
            ("255.255.255.255/32", Some("255.255.255.255/32")),
            ("::ffff:192.0.2.1/96", Some("::ffff:192.0.2.1/96")),
            ("224.0.0.5/33", None),
            ("::ffff:192.0.2.1/129", None),
            ("192.0.2.1/24", None),
            ("2001:db8::1/64", None),
        ];
        for (text, expected) in rows {
            let found = unusual(text).map(|it| match it.prefix {
                Some(prefix) => format!("{}/{prefix}", it.address),
                None => it.address.to_string(),
            });
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_value_that_networkd_refuses_takes_the_section_along() {
        let rows = [
            ("Label", "eth0:0123456789", true),
            ("Label", "eth0:0123456789a", false),
            ("PreferredLifetime", "600", false),
            ("PreferredLifetime", "infinity", true),
            ("Scope", "77", true),
            ("Scope", "foo", false),
            ("Broadcast", "192.0.2.255", true),
            ("Broadcast", "foo", false),
            ("Peer", "", false),
            ("Peer", "192.0.2.9/32", true),
            ("AddPrefixRoute", "foo", false),
            ("RouteMetric", "foo", false),
            ("Foo", "bar", true),
        ];
        for (key, value, taken) in rows {
            assert_eq!(is_taken(key, value, false), taken, "{key}={value}");
        }
    }
    /// As networkd 252.39 and 257 do with such a section alone in the file of an interface that is here.
    #[test]
    fn a_peer_alone_may_end_networkd() {
        let aborts = "252 aborts on it where its interface is here, and binds no address of any file";
        let pool = "takes an address of a pool";
        let rows = [
            ("2001:db8::9", aborts, pool),
            ("2001:db8::9/64", pool, pool),
            ("192.0.2.9", pool, pool),
            ("192.0.2.9/0", aborts, "ignores it"),
        ];
        let place = Place::new("f", 1);
        for (peer, before, after) in rows {
            for (after_252, does) in [(false, before), (true, after)] {
                let written = Located { value: peer.to_owned(), place: place.clone() };
                let mut all = Promises::default();
                let asked = peer_alone(of_peer(&written), &place, after_252, &mut all);
                let note = format!("note: f line 1: an [Address] section without Address=: networkd {does}");
                assert_eq!((all.notes, asked.is_some()), (vec![note], does != "ignores it"), "{peer}");
            }
        }
    }
}
