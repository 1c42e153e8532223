//! Addresses in documents and configurations: only those set aside for documentation (RFC 5737, RFC 3849), a
//! host's own, those of a link, which are the same everywhere, and the networks that are no host's (RFC
//! 6890).

use std::net::IpAddr;

use suite::plugins;

use super::options::files;
use super::{read, readmes};

/// Networks that a document says to leave alone: reserved, 6to4's relays, and those that embed IPv4 or
/// discard.
const NO_HOSTS: [&str; 5] = ["240.0.0.0", "192.88.99.0", "::", "64:ff9b::", "100::"];

/// Whether an address may stand in an example.
fn may_stand(address: IpAddr) -> bool {
    if NO_HOSTS.iter().any(|network| network.parse() == Ok(address)) {
        return true;
    }
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let documentation = [[192, 0, 2], [198, 51, 100], [203, 0, 113]];
            let [a, b, c, _] = address.octets();
            documentation.contains(&[a, b, c])
                || address.is_link_local()
                || address.is_loopback()
                || address.is_unspecified()
        }
        IpAddr::V6(address) => {
            let [first, second, ..] = address.segments();
            (first, second) == (0x2001, 0xdb8)
                || address.is_unicast_link_local()
                || address.is_loopback()
                || address.is_unspecified()
        }
    }
}

/// The addresses in a text: words of digits, letters, points and colons that are one.
fn addresses(text: &str) -> impl Iterator<Item = IpAddr> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | ':')));
    words.filter_map(|word| word.trim_end_matches(['.', ':']).parse().ok())
}

#[test]
fn addresses_are_found() {
    let text =
        "ping 192.0.2.1, 2001:db8::1/64 (8.8.8.8). 010.1.1.1, 0.1.0 at 12:30: 203.0.113.9: a::b fe80::1%eth0";
    let found: Vec<String> = addresses(text).map(|address| address.to_string()).collect();
    assert_eq!(found, ["192.0.2.1", "2001:db8::1", "8.8.8.8", "203.0.113.9", "a::b", "fe80::1"]);
    for (address, expected) in [
        ("192.0.2.1", true),
        ("192.0.3.1", false),
        ("::ffff:192.0.2.1", true),
        ("::ffff:192.0.3.1", false),
        ("2001:db8::1", true),
        ("2001:db9::1", false),
        ("127.0.0.1", true),
        ("169.254.0.1", true),
        ("240.0.0.0", true),
        ("240.0.0.1", false),
        ("100::", true),
        ("100::1", false),
    ] {
        assert_eq!(may_stand(address.parse().unwrap()), expected, "{address}");
    }
}

#[test]
fn examples_use_addresses_of_documentation() {
    let top = plugins::workspace();
    let mut paths: Vec<_> = readmes().into_iter().map(|(_, path)| path).collect();
    paths.extend(["CONTRIBUTING.md", "CHANGELOG.md"].map(|name| top.join(name)));
    paths.extend(files(&top.join("nrpe-config")));
    for path in paths {
        for line in read(&path).lines() {
            for address in addresses(line) {
                assert!(
                    may_stand(address),
                    "{}: {address} is no address of documentation: {line}",
                    path.display()
                );
            }
        }
    }
}
