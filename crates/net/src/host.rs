//! A host without a port: a name, an IPv4 address or an IPv6 address with its zone; and the grammar that it
//! shares with [`crate::HostPort`].

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use crate::name::{InvalidHost, Name, Zone};
use crate::zoned::{NoInterface, scoped};

/// The prefixes with which other programs choose the transport.
const TRANSPORTS: [&str; 6] = ["udp:", "udp4:", "udp6:", "tcp:", "tcp4:", "tcp6:"];

/// A host as an option names it: the value of an option `HOST`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name, to be resolved.
    Name(Name),
    /// An IPv4 address, also where it was written as ::ffff:192.0.2.1.
    V4(Ipv4Addr),
    /// An IPv6 address; the zone is there if and only if the address is link-local.
    V6(Ipv6Addr, Option<Zone>),
}

impl Host {
    /// Returns the address; `None` for a name.
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Name(_) => None,
            Self::V4(address) => Some((*address).into()),
            Self::V6(address, _) => Some((*address).into()),
        }
    }

    /// Returns the name; `None` for an address.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name.as_str()),
            Self::V4(_) | Self::V6(..) => None,
        }
    }

    /// Returns the host as certificates and requests name it: a name without the dot at its end, an address
    /// without its zone.
    pub fn bare(&self) -> String {
        match self {
            Self::Name(name) => name.as_str().trim_end_matches('.').to_owned(),
            Self::V4(address) => address.to_string(),
            Self::V6(address, _) => address.to_string(),
        }
    }

    /// Returns where to send, with the scope id of the zone; `None` for a name.
    ///
    /// # Errors
    /// [`NoInterface`]: the zone is not an interface of this machine, or a link-local address has no zone.
    pub fn socket_address(&self, port: u16) -> Result<Option<SocketAddr>, NoInterface> {
        match self {
            Self::Name(_) => Ok(None),
            Self::V4(address) => Ok(Some(SocketAddr::new((*address).into(), port))),
            Self::V6(address, zone) => scoped(*address, zone.as_ref(), port).map(Some),
        }
    }

    /// Whether `text`, as another program writes it, means this host: names regardless of case and of a dot
    /// at the end, addresses by their value.
    pub fn is(&self, text: &str) -> bool {
        let bare = |name: &str| name.trim_end_matches('.').to_ascii_lowercase();
        match self {
            Self::Name(name) => bare(name.as_str()) == bare(text),
            address => {
                text.parse::<IpAddr>().is_ok_and(|other| address.address() == Some(other.to_canonical()))
            }
        }
    }

    /// Reads a host with or without a port.
    pub(crate) fn parse_with_port(text: &str) -> Result<(Self, Option<u16>), InvalidHost> {
        refuse_transport(text)?;
        if let Some(rest) = text.strip_prefix('[') {
            let (host, rest) = rest.split_once(']').ok_or(InvalidHost::Brackets)?;
            let host = Self::parse_v6(host)?.ok_or(InvalidHost::Brackets)?;
            let port = match rest.strip_prefix(':') {
                Some(port) => Some(parse_port(port, &format!("[{host}]"))?),
                None if rest.is_empty() => None,
                None => return Err(InvalidHost::Brackets),
            };
            return Ok((host, port));
        }
        if let Some(host) = Self::parse_v6(text)? {
            return Ok((host, None));
        }
        match text.split_once(':') {
            None => Ok((Self::parse_plain(text)?, None)),
            Some((_, rest)) if rest.contains(':') => Err(InvalidHost::Colons),
            Some((host, port)) => {
                let host = Self::parse_plain(host)?;
                let port = parse_port(port, &host.to_string())?;
                Ok((host, Some(port)))
            }
        }
    }

    /// Reads an IPv6 address without brackets; `None` if it is not one.
    fn parse_v6(text: &str) -> Result<Option<Self>, InvalidHost> {
        let (address, zone) =
            text.split_once('%').map_or((text, None), |(address, zone)| (address, Some(zone)));
        let Ok(address) = address.parse::<Ipv6Addr>() else { return Ok(None) };
        let zone = match (address.is_unicast_link_local(), zone) {
            (true, None) => return Err(InvalidHost::NoZone(address)),
            (true, Some(zone)) => Some(Zone::parse(zone).ok_or(InvalidHost::Zone(address))?),
            (false, Some(_)) => return Err(InvalidHost::NotLinkLocal(address)),
            (false, None) => None,
        };
        Ok(Some(address.to_ipv4_mapped().map_or(Self::V6(address, zone), Self::V4)))
    }

    /// Reads a name or an IPv4 address.
    fn parse_plain(text: &str) -> Result<Self, InvalidHost> {
        match text.parse() {
            Ok(address) => Ok(Self::V4(address)),
            Err(_) => Name::parse(text).map(Self::Name),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::V4(address) => address.fmt(f),
            Self::V6(address, None) => address.fmt(f),
            Self::V6(address, Some(zone)) => write!(f, "{address}%{zone}"),
        }
    }
}

/// Reads what [`crate::HostPort`] reads, without a port.
impl FromStr for Host {
    type Err = InvalidHost;

    fn from_str(text: &str) -> Result<Self, InvalidHost> {
        match Self::parse_with_port(text)? {
            (host, None) => Ok(host),
            (host, Some(_)) => Err(InvalidHost::NoPort(host.to_string())),
        }
    }
}

/// Refuses the prefixes of net-snmp and others, and URLs.
fn refuse_transport(text: &str) -> Result<(), InvalidHost> {
    let starts =
        |prefix: &&str| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let transport = TRANSPORTS.iter().copied().find(starts);
    let url = || {
        text.split_once("://")
            .map(|(scheme, _)| format!("{}://", scheme.chars().take(20).collect::<String>()))
    };
    match url().or_else(|| transport.map(str::to_owned)) {
        Some(prefix) => Err(InvalidHost::Transport(prefix)),
        None => Ok(()),
    }
}

fn parse_port(text: &str, host: &str) -> Result<u16, InvalidHost> {
    let digits = text.bytes().all(|octet| octet.is_ascii_digit());
    let port = if digits { text.parse().ok() } else { None };
    port.filter(|port| *port > 0).ok_or_else(|| InvalidHost::Port(host.to_owned()))
}

#[cfg(test)]
mod tests {
    use nix::net::if_::if_nametoindex;

    use super::*;

    #[test]
    fn a_host_takes_no_port() {
        assert_eq!("db-01".parse::<Host>().unwrap().to_string(), "db-01");
        assert_eq!("[2001:db8::1]".parse::<Host>().unwrap().to_string(), "2001:db8::1");
        let why = |text: &str| text.parse::<Host>().unwrap_err().to_string();
        assert_eq!(why("db-01:80"), "no port is taken here: write db-01");
        assert_eq!(why("[2001:db8::1]:80"), "no port is taken here: write 2001:db8::1");
        assert_eq!(why("a:1:2").split(',').next(), Some("neither HOST:PORT nor an IPv6 address"));
        assert_eq!(why(""), "the host is missing");
    }

    #[test]
    fn a_zone_becomes_a_scope_id() {
        let to =
            |text: &str| text.parse::<Host>().unwrap().socket_address(161).map_err(|why| why.to_string());
        let lo = if_nametoindex("lo").unwrap();
        assert_eq!(to("fe80::1%lo"), Ok(Some(format!("[fe80::1%{lo}]:161").parse().unwrap())));
        assert_eq!(to(&format!("fe80::1%{lo}")), to("fe80::1%lo"));
        assert_eq!(
            to("fe80::1%4711"),
            Err("fe80::1%4711: there is no interface 4711 on this machine".to_owned())
        );
        assert_eq!(
            to("fe80::1%nosuch0"),
            Err("fe80::1%nosuch0: there is no interface nosuch0 on this machine".to_owned())
        );
        assert_eq!(to("2001:db8::1"), Ok(Some("[2001:db8::1]:161".parse().unwrap())));
        assert_eq!(to("192.0.2.1"), Ok(Some("192.0.2.1:161".parse().unwrap())));
        assert_eq!(to("db-01"), Ok(None));
    }

    #[test]
    fn certificates_name_a_host_without_dot_and_zone() {
        for (text, bare) in
            [("a.example.", "a.example"), ("192.0.2.1", "192.0.2.1"), ("[fe80::1%eth0]", "fe80::1")]
        {
            assert_eq!(text.parse::<Host>().unwrap().bare(), bare);
        }
    }

    #[test]
    fn another_programs_spelling_means_the_same_host() {
        let rows = [
            ("DB-01.example.com", "db-01.EXAMPLE.com.", true),
            ("db-01", "db-01.example.com", false),
            ("2001:db8::1", "2001:DB8:0:0::1", true),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "db-01", false),
        ];
        for (own, other, same) in rows {
            assert_eq!(own.parse::<Host>().unwrap().is(other), same, "{own} {other}");
        }
    }
}
