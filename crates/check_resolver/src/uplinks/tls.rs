//! Which uplinks systemd-resolved asks by TLS alone: resolved.conf(5) with its drop-ins, and what
//! systemd-networkd notes of each link, which goes before them (systemd.network(5), `DNSOverTLS=`).

use std::collections::BTreeMap;
use std::fs::read_dir;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use net::HostPort;
use plugin::Deadline;

use crate::regular;

/// The one that counts most first.
const FOLDERS: [&str; 4] = ["/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd"];

/// What systemd-networkd notes of the links that it manages, a file for each by its index.
const LINKS: &str = "/run/systemd/netif/links";
/// The most files of links that are read.
const MOST_LINKS: usize = 1000;

/// The uplinks that are asked by TLS alone.
pub(super) struct Tls {
    /// Whether all are that no link has a word of.
    is_default: bool,
    links: Vec<Link>,
}

/// What is set for one link.
#[derive(Debug, PartialEq, Eq)]
struct Link {
    servers: Vec<IpAddr>,
    /// `None` if it has no word of its own.
    is_tls: Option<bool>,
}

impl Tls {
    /// Reads the files. One that cannot be read changes nothing.
    pub(super) fn read(deadline: &Deadline) -> Self {
        let entries = read_dir(LINKS).into_iter().flatten().flatten().take(MOST_LINKS);
        let contents = entries.filter_map(|entry| regular::read(&entry.path(), deadline).ok());
        let links = contents.map(|content| Link::parse(&content)).filter(|link| !link.servers.is_empty());
        Self { is_default: is_default(deadline), links: links.collect() }
    }

    /// Returns whether this server is asked by TLS alone: on every link that has it.
    pub(super) fn is_only_way(&self, server: &HostPort) -> bool {
        let has = |link: &&Link| server.host.address().is_some_and(|address| link.servers.contains(&address));
        let mut links = self.links.iter().filter(has).peekable();
        match links.peek() {
            None => self.is_default,
            Some(_) => links.all(|link| link.is_tls.unwrap_or(self.is_default)),
        }
    }
}

impl Link {
    fn parse(content: &[u8]) -> Self {
        let text = String::from_utf8_lossy(content);
        let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        let servers = value("DNS").unwrap_or_default().split_ascii_whitespace().filter_map(address);
        Self { servers: servers.collect(), is_tls: value("DNS_OVER_TLS").and_then(value_of) }
    }
}

/// The address of a server as systemd writes it: `ADDRESS[:PORT][%LINK][#NAME]`, IPv6 in brackets before a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.split(['#', '%']).next()?;
    let bare = text.strip_prefix('[').and_then(|text| Some(text.split_once(']')?.0));
    let bare = bare.or_else(|| Some(text.split_once(':').filter(|(_, port)| !port.contains(':'))?.0));
    bare.unwrap_or(text).parse().ok()
}

/// Returns whether `DNSOverTLS=yes` is in force for all. With `opportunistic` plain DNS is tried too.
fn is_default(deadline: &Deadline) -> bool {
    let read = |path: &Path| regular::read(path, deadline).ok();
    let main = FOLDERS.iter().find_map(|folder| read(&Path::new(folder).join("resolved.conf")));
    let contents = main.into_iter().chain(drop_ins().into_values().filter_map(|path| read(&path)));
    contents.rev().find_map(|content| setting(&content)).unwrap_or(false)
}

/// The drop-ins by name; of the same name that of the first folder counts.
fn drop_ins() -> BTreeMap<String, PathBuf> {
    let mut paths = BTreeMap::new();
    for folder in FOLDERS {
        let entries = read_dir(Path::new(folder).join("resolved.conf.d")).into_iter().flatten().flatten();
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".conf") && !name.starts_with('.') {
                paths.entry(name).or_insert(entry.path());
            }
        }
    }
    paths
}

/// Returns what a file sets at last: whether it is TLS alone. `None` if it sets nothing that is valid.
fn setting(content: &[u8]) -> Option<bool> {
    let text = String::from_utf8_lossy(content);
    let (mut is_in_section, mut found) = (false, None);
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            is_in_section = line == "[Resolve]";
        }
        let Some((key, value)) = line.split_once('=').filter(|_| is_in_section) else { continue };
        if key.trim_end() == "DNSOverTLS" {
            found = value_of(value.trim_start()).or(found);
        }
    }
    found
}

fn value_of(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "yes" | "y" | "true" | "t" | "on" => Some(true),
        "0" | "no" | "n" | "false" | "f" | "off" | "opportunistic" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As systemd-networkd 252 writes it.
    #[test]
    fn a_link_has_a_word_of_its_own() {
        let servers =
            "DNS=192.0.2.53#dns.example [2001:db8::53]:853#x fe80::1%3 192.0.2.54:853 2001:db8::54 junk";
        let addresses = ["192.0.2.53", "2001:db8::53", "fe80::1", "192.0.2.54", "2001:db8::54"];
        let addresses: Vec<IpAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
        let rows = [
            ("yes", Some(true)),
            ("no", Some(false)),
            ("opportunistic", Some(false)),
            ("", None),
            ("maybe", None),
        ];
        let noted = |value: &str| {
            format!(
                "# This is private data. Do not parse.\nADMIN_STATE=configured\n{servers}\nNTP=\nDNS_OVER_TLS={value}\n"
            )
        };
        for (value, is_tls) in rows {
            let expected = Link { servers: addresses.clone(), is_tls };
            assert_eq!(Link::parse(noted(value).as_bytes()), expected, "{value}");
            for is_default in [true, false] {
                let tls = Tls { is_default, links: vec![Link::parse(noted(value).as_bytes())] };
                let is_tls = is_tls.unwrap_or(is_default);
                for (server, expected) in
                    [("192.0.2.53", is_tls), ("fe80::1%eth0", is_tls), ("192.0.2.99", is_default)]
                {
                    assert_eq!(tls.is_only_way(&server.parse().unwrap()), expected, "{server} {value}");
                }
            }
        }
        // A server of two links is asked by plain DNS where one of them does so.
        let links = ["yes", "no"].map(|value| Link::parse(noted(value).as_bytes())).into();
        let tls = Tls { is_default: true, links };
        assert!(!tls.is_only_way(&"192.0.2.53".parse().unwrap()));
    }

    #[test]
    fn the_last_valid_value_of_the_section_counts() {
        let rows = [
            ("", None),
            ("[Resolve]\nDNSOverTLS=yes\n", Some(true)),
            ("[Resolve]\n DNSOverTLS = TRUE\n", Some(true)),
            ("[Resolve]\nDNSOverTLS=opportunistic\n", Some(false)),
            ("[Resolve]\nDNSOverTLS=yes\nDNSOverTLS=no\n", Some(false)),
            ("[Resolve]\nDNSOverTLS=yes\nDNSOverTLS=\nDNSOverTLS=maybe\n", Some(true)),
            ("[Resolve]\n#DNSOverTLS=yes\n;DNSOverTLS=yes\n", None),
            ("DNSOverTLS=yes\n[Other]\nDNSOverTLS=yes\n", None),
            ("[Other]\n[Resolve]\nDNS=192.0.2.1\nDNSOverTLS=on\n[Other]\nDNSOverTLS=no\n", Some(true)),
        ];
        for (text, expected) in rows {
            assert_eq!(setting(text.as_bytes()), expected, "{text:?}");
        }
        assert_eq!(setting(&[0xff; 70_000]), None);
    }
}
