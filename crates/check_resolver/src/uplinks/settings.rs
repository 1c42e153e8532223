//! How systemd-resolved asks its uplinks: resolved.conf(5) with its drop-ins, and what systemd-networkd notes
//! of each link, which goes before them (systemd.network(5), `DNSOverTLS=` and `DNSSEC=`).

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
const MOST_LINKS: usize = 5000;

/// How the uplinks are asked.
pub(super) struct Settings {
    /// For all that no link has a word of.
    defaults: Ways,
    /// The servers for all links.
    global: Vec<IpAddr>,
    links: Vec<Link>,
}

/// What is set: `None` where nothing valid is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ways {
    /// By TLS alone. With `opportunistic` plain DNS is tried too.
    by_tls: Option<bool>,
    /// systemd-resolved validates itself. With `allow-downgrade` it takes what an uplink gives that does not
    /// know DNSSEC.
    validates: Option<bool>,
}

/// What is set for one link.
#[derive(Debug, PartialEq, Eq)]
struct Link {
    servers: Vec<IpAddr>,
    ways: Ways,
}

impl Settings {
    /// Reads the files. One that cannot be read changes nothing.
    pub(super) fn read(deadline: &Deadline) -> Self {
        let entries = read_dir(LINKS).into_iter().flatten().flatten().take(MOST_LINKS);
        let contents = entries.filter_map(|entry| regular::read(&entry.path(), deadline).ok());
        let links = contents.map(|content| Link::parse(&content)).filter(|link| !link.servers.is_empty());
        let (defaults, global) = for_all(deadline);
        Self { defaults, global, links: links.collect() }
    }

    /// Returns whether this server is asked by TLS alone: on every link that has it, and for all.
    pub(super) fn is_by_tls(&self, server: &HostPort) -> bool {
        self.holds(server, |ways| ways.by_tls)
    }

    /// Returns whether systemd-resolved validates what this server answers: on every link that has it, and
    /// for all.
    pub(super) fn is_validated(&self, server: &HostPort) -> bool {
        self.holds(server, |ways| ways.validates)
    }

    fn holds(&self, server: &HostPort, way: impl Fn(&Ways) -> Option<bool>) -> bool {
        let default = way(&self.defaults).unwrap_or(false);
        let has =
            |servers: &[IpAddr]| server.host.address().is_some_and(|address| servers.contains(&address));
        let mut links = self.links.iter().filter(|link| has(&link.servers)).peekable();
        let is_global = links.peek().is_none() || has(&self.global);
        (default || !is_global) && links.all(|link| way(&link.ways).unwrap_or(default))
    }
}

impl Link {
    fn parse(content: &[u8]) -> Self {
        let text = String::from_utf8_lossy(content);
        let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        let servers = value("DNS").unwrap_or_default().split_ascii_whitespace().filter_map(address);
        let by_tls = value("DNS_OVER_TLS").and_then(|value| value_of(value, "opportunistic"));
        let validates = value("DNSSEC").and_then(|value| value_of(value, "allow-downgrade"));
        Self { servers: servers.collect(), ways: Ways { by_tls, validates } }
    }
}

/// The address of a server as systemd writes it: `ADDRESS[:PORT][%LINK][#NAME]`, IPv6 in brackets before a
/// port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.split(['#', '%']).next()?;
    let bare = text.strip_prefix('[').and_then(|text| Some(text.split_once(']')?.0));
    let bare = bare.or_else(|| Some(text.split_once(':').filter(|(_, port)| !port.contains(':'))?.0));
    bare.unwrap_or(text).parse().ok()
}

/// Returns what is in force for all, and the servers for all.
fn for_all(deadline: &Deadline) -> (Ways, Vec<IpAddr>) {
    let read = |path: &Path| regular::read(path, deadline).ok();
    let main = FOLDERS.iter().find_map(|folder| read(&Path::new(folder).join("resolved.conf")));
    let contents = main.into_iter().chain(drop_ins().into_values().filter_map(|path| read(&path)));
    let (mut ways, mut global) = (Ways::default(), Vec::new());
    contents.for_each(|content| ways.read(&content, &mut global));
    (ways, global)
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

impl Ways {
    /// Takes what a file sets at last, and its servers for all links.
    fn read(&mut self, content: &[u8], servers: &mut Vec<IpAddr>) {
        let text = String::from_utf8_lossy(content);
        let mut is_in_section = false;
        for line in text.lines().map(str::trim) {
            if line.starts_with('[') {
                is_in_section = line == "[Resolve]";
            }
            let Some((key, value)) = line.split_once('=').filter(|_| is_in_section) else { continue };
            let value = value.trim_start();
            match key.trim_end() {
                "DNS" if value.is_empty() => servers.clear(),
                "DNS" => servers.extend(value.split_ascii_whitespace().filter_map(address)),
                "DNSOverTLS" => self.by_tls = value_of(value, "opportunistic").or(self.by_tls),
                "DNSSEC" => self.validates = value_of(value, "allow-downgrade").or(self.validates),
                _ => {}
            }
        }
    }
}

/// The meaning of a word; `half` is one that does not mean it in full.
fn value_of(text: &str, half: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "yes" | "y" | "true" | "t" | "on" => Some(true),
        "0" | "no" | "n" | "false" | "f" | "off" => Some(false),
        word => (word == half).then_some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(content: &[u8]) -> (Ways, Vec<IpAddr>) {
        let (mut ways, mut servers) = (Ways::default(), Vec::new());
        ways.read(content, &mut servers);
        (ways, servers)
    }

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
                "# This is private data. Do not parse.\nADMIN_STATE=configured\n{servers}\nNTP=\nDNS_OVER_TLS={value}\nDNSSEC=yes\nDNSSEC_NTA=\n"
            )
        };
        for (value, is_tls) in rows {
            let ways = Ways { by_tls: is_tls, validates: Some(true) };
            let expected = Link { servers: addresses.clone(), ways };
            assert_eq!(Link::parse(noted(value).as_bytes()), expected, "{value}");
            for is_default in [true, false] {
                let defaults = Ways { by_tls: Some(is_default), validates: None };
                let links = vec![Link::parse(noted(value).as_bytes())];
                let settings = Settings { defaults, global: Vec::new(), links };
                let is_tls = is_tls.unwrap_or(is_default);
                for (server, expected) in
                    [("192.0.2.53", is_tls), ("fe80::1%eth0", is_tls), ("192.0.2.99", is_default)]
                {
                    let server: HostPort = server.parse().unwrap();
                    assert_eq!(settings.is_by_tls(&server), expected, "{server} {value}");
                    assert_eq!(settings.is_validated(&server), server.shown(53) != "192.0.2.99");
                }
            }
        }
        // A server of two links is asked by plain DNS where one of them does so.
        let links = ["yes", "no"].map(|value| Link::parse(noted(value).as_bytes())).into();
        let defaults = Ways { by_tls: Some(true), validates: Some(false) };
        let settings = Settings { defaults, global: Vec::new(), links };
        assert!(!settings.is_by_tls(&"192.0.2.53".parse().unwrap()));
        // So is one that is for all links too.
        for (default, expected) in [(false, false), (true, true)] {
            let defaults = Ways { by_tls: Some(default), validates: None };
            let links = vec![Link::parse(noted("yes").as_bytes())];
            let settings = Settings { defaults, global: vec![addresses[0]], links };
            assert_eq!(settings.is_by_tls(&"192.0.2.53".parse().unwrap()), expected);
        }
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
            assert_eq!(parsed(text.as_bytes()).0.by_tls, expected, "{text:?}");
        }
        assert_eq!(parsed(&[0xff; 70_000]), (Ways::default(), Vec::new()));
        let (_, servers) = parsed(b"[Resolve]\nDNS=192.0.2.1\nDNS=\nDNS=192.0.2.2 2001:db8::1#name x\n");
        assert_eq!(servers, ["192.0.2.2", "2001:db8::1"].map(|text| text.parse::<IpAddr>().unwrap()));
        let validates = |value: &str| parsed(format!("[Resolve]\nDNSSEC={value}\n").as_bytes()).0.validates;
        let values = ["yes", "no", "allow-downgrade", "maybe"].map(validates);
        assert_eq!(values, [Some(true), Some(false), Some(false), None]);
    }
}
