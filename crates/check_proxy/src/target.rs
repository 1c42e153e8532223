//! The proxies that are asked: from the command line, from files with a port and a label a line, and from
//! names.

use std::collections::HashSet;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use addresses::{Entry, Fields, HostAddress, List, OwnLabel, ZonedAddress, short};
use host_config::{ConfigError, check_files, read_list_with_fields};
use net::{ResolveError, Resolver, zoned};
use plugin::Deadline;

use crate::options::Proxies;

/// A proxy. It prints as in messages: without the port where that is the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Where it is.
    pub(crate) address: SocketAddr,
    /// What the list calls it.
    pub(crate) label: Option<String>,
    /// The port that is not shown.
    pub(crate) default: u16,
}

/// Why it is not known which proxies to ask.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// There is none.
    #[error("no proxy: name it by --ip, --file or --hostname, as in --ip=192.0.2.1")]
    None,
    /// A file cannot be read or has a bad line.
    #[error(transparent)]
    File(#[from] ConfigError),
    /// All bits that a prefix length or a netmask leaves to hosts are zero.
    #[error("{place}{given} is a network: name its addresses")]
    Network {
        /// The file and the line: empty on the command line.
        place: String,
        /// What is given.
        given: HostAddress,
    },
    /// All of those bits are one.
    #[error("{place}{given} is a broadcast address")]
    Broadcast {
        /// The file and the line: empty on the command line.
        place: String,
        /// What is given.
        given: HostAddress,
    },
    /// What stands where a port does begins with a digit, and is none.
    #[error("{place}{field} is not a port of 1 to 65535: a label begins with a letter")]
    Port {
        /// The file and the line.
        place: String,
        /// What stands there.
        field: String,
    },
    /// A name has no address.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.address.port() == self.default { self.address.ip().fmt(f) } else { self.address.fmt(f) }
    }
}

impl Target {
    /// The address with the label.
    pub(crate) fn in_full(&self) -> String {
        self.label.as_ref().map_or_else(|| self.to_string(), |label| format!("{self} ({label})"))
    }
}

/// Returns every proxy once, in the order in which they are given.
pub(crate) fn targets(proxies: &Proxies, deadline: &Deadline) -> Result<Vec<Target>, TargetError> {
    let default = proxies.default_port();
    let unlabelled = |address| Target { address, label: None, default };
    let mut all = Vec::new();
    for ZonedAddress { host, zone } in &proxies.ip {
        check_host(*host, String::new)?;
        all.push(unlabelled(zoned(host.address, zone.as_deref(), default).map_err(ResolveError::from)?));
    }
    check_files(&proxies.file)?;
    for (number, file) in (0..).zip(&proxies.file) {
        let (list, fields) = read_list_with_fields(file, number, deadline)?;
        all.extend(listed(&list, &fields, default)?);
    }
    for addresses in Resolver::new(deadline).all(proxies.hostname.iter().map(|host| (host, default))) {
        all.extend(addresses?.into_iter().map(unlabelled));
    }
    let mut known = HashSet::new();
    all.retain(|target| known.insert(target.address));
    if all.is_empty() { Err(TargetError::None) } else { Ok(all) }
}

/// A prefix length tells nothing of a host's address; a network is none.
fn check_host(given: HostAddress, place: impl Fn() -> String) -> Result<(), TargetError> {
    let (bits, length) = match given.address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    // A link of two hosts has no address but theirs (RFC 3021, RFC 6164).
    let Some(prefix) = given.prefix.filter(|prefix| *prefix < length - 1) else { return Ok(()) };
    let mask = u128::MAX >> (128 - u32::from(length - prefix));
    match bits & mask {
        0 => Err(TargetError::Network { place: place(), given }),
        host if host == mask && length == 32 => Err(TargetError::Broadcast { place: place(), given }),
        _ => Ok(()),
    }
}

/// An entry with several ports is several proxies.
fn listed(list: &List, fields: &Fields, default: u16) -> Result<Vec<Target>, TargetError> {
    let (mut ports, mut labels) = (fields.ports.iter().peekable(), fields.labels.iter().peekable());
    let (mut zones, mut networks) = (fields.zones.iter().peekable(), fields.networks.iter().peekable());
    let line = |entry: &Entry| format!("{} line {}: ", list.source, entry.line);
    if let Some(OwnLabel { entry, field, .. }) = fields.mistyped_port() {
        let entry = usize::try_from(*entry).ok().and_then(|entry| list.entries.get(entry));
        return Err(TargetError::Port { place: entry.map(line).unwrap_or_default(), field: short(field) });
    }
    let mut all = Vec::with_capacity(list.entries.len());
    for (place, entry) in (0..).zip(&list.entries) {
        let label = labels.next_if(|label| label.entry == place).map(|label| label.label.clone());
        let mut own = Vec::new();
        while let Some(port) = ports.next_if(|port| port.entry == place) {
            own.extend(port.range.ports());
        }
        if own.is_empty() {
            own.push(default);
        }
        let network = networks.next_if(|network| network.entry == place).map(|network| network.prefix);
        let given = HostAddress { prefix: entry.expected.prefix.or(network), ..entry.expected };
        check_host(given, || line(entry))?;
        let zone = zones.next_if(|zone| zone.entry == place).map(|own| own.zone.as_str());
        for port in own {
            let address = zoned(entry.expected.address, zone, port);
            let address = address.map_err(|why| ResolveError::from(why.at(line(entry))))?;
            all.push(Target { address, label: label.clone(), default });
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_ports_and_labels() {
        let content =
            b"192.0.2.1\n192.0.2.2 8080,8081 lon\n2001:db8::3 1080\n192.0.2.4 web4\n192.0.2.5 http-alt\n192.0.2.6 81-82\n";
        let (list, fields) = List::parse_with_fields("proxies", 0, content).unwrap();
        let shown: Vec<String> = listed(&list, &fields, 3128).unwrap().iter().map(Target::in_full).collect();
        let expected = [
            "192.0.2.1",
            "192.0.2.2:8080 (lon)",
            "192.0.2.2:8081 (lon)",
            "[2001:db8::3]:1080",
            "192.0.2.4 (web4)",
            "192.0.2.5:8080",
            "192.0.2.6:81",
            "192.0.2.6:82",
        ];
        assert_eq!(shown, expected);
        let refused = |content: &str| {
            let (list, fields) = List::parse_with_fields("proxies", 0, content.as_bytes())
                .map_err(|error| error.to_string())?;
            listed(&list, &fields, 3128).map(|_| ()).map_err(|error| error.to_string())
        };
        let network = "proxies line 2: 192.0.2.0/30 is a network: name its addresses".to_owned();
        assert_eq!(refused("192.0.2.9/24\n192.0.2.0/30\n"), Err(network.clone()));
        assert_eq!(refused("192.0.2.9 255.255.255.0\n192.0.2.0 255.255.255.252\n"), Err(network));
        let broadcast = "proxies line 1: 192.0.2.3/30 is a broadcast address".to_owned();
        assert_eq!(refused("192.0.2.3/30\n"), Err(broadcast));
        let network = "proxies line 1: 2001:db8::/64 is a network: name its addresses".to_owned();
        assert_eq!(refused("2001:db8::/64\n"), Err(network));
        assert_eq!(
            refused("192.0.2.0/31\n192.0.2.1/32\n2001:db8::/128\n2001:db8::/127\n192.0.2.2/30\n"),
            Ok(())
        );
        let digit = |line: u8, field: &str| {
            Err(format!(
                "proxies line {line}: {field} is not a port of 1 to 65535: a label begins with a letter"
            ))
        };
        let port = "proxies line 2: 3128x is not a port of 1 to 65535\n".to_owned();
        assert_eq!(refused("192.0.2.1\n192.0.2.2 3128x\n"), Err(port));
        assert_eq!(refused("192.0.2.1\n192.0.2.2 312x\n"), digit(2, "312x"));
        assert_eq!(refused("192.0.2.1 31x28 lon-1\n"), digit(1, "31x28"));
        assert_eq!(refused("192.0.2.1 3128 3rd\n192.0.2.2 lon-1\n"), Ok(()));
        let (list, fields) =
            List::parse_with_fields("proxies", 0, b"fe80::1%lo\nfe80::1%nosuch0 80\n").unwrap();
        let why = listed(&list, &fields, 3128).unwrap_err().to_string();
        assert_eq!(why, "proxies line 2: fe80::1%nosuch0: there is no interface nosuch0 on this machine");
    }
}
