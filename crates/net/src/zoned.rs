//! Addresses with their zone: the interface of a link-local one.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

use crate::name::{Zone, interface};

/// Says that the interface of a link-local address is not known: it has no zone, or its zone is not an
/// interface of this machine.
#[derive(Debug)]
pub struct NoInterface {
    /// Where the address is written, before a space; empty on the command line.
    place: String,
    /// The address.
    address: Ipv6Addr,
    /// The zone, if it has one.
    zone: Option<Zone>,
}

impl NoInterface {
    /// Names the place where the address is written, as in `/etc/list line 3: `.
    pub fn at(self, place: impl Into<String>) -> Self {
        Self { place: place.into(), ..self }
    }

    /// Returns the zone that is not an interface of this machine; empty if there is no zone.
    pub fn zone(&self) -> String {
        self.zone.as_ref().map(Zone::to_string).unwrap_or_default()
    }
}

impl fmt::Display for NoInterface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, address, zone } = self;
        match zone {
            Some(zone) => write!(f, "{place}{address}%{zone}: there is no interface {zone} on this machine"),
            None => write!(f, "{place}{address} needs its interface: write {address}%eth0"),
        }
    }
}

impl std::error::Error for NoInterface {}

/// Returns where to connect to an address, with the scope id of its zone if it has one.
///
/// # Errors
/// [`NoInterface`]: the zone is not an interface of this machine, or a link-local address has no zone.
pub fn zoned(address: IpAddr, zone: Option<&str>, port: u16) -> Result<SocketAddr, NoInterface> {
    match address {
        IpAddr::V4(_) => Ok(SocketAddr::new(address, port)),
        IpAddr::V6(address) => scoped(address, zone.and_then(Zone::parse).as_ref(), port),
    }
}

pub(crate) fn scoped(address: Ipv6Addr, zone: Option<&Zone>, port: u16) -> Result<SocketAddr, NoInterface> {
    let missing = || NoInterface { place: String::new(), address, zone: zone.cloned() };
    let scope = match zone {
        Some(zone) => zone.scope_id().ok_or_else(missing)?,
        None if address.is_unicast_link_local() => return Err(missing()),
        None => 0,
    };
    Ok(SocketAddrV6::new(address, port, 0, scope).into())
}

/// Returns the name of an interface by its number, which is the scope id of link-local addresses; the number
/// itself where there is no such interface.
pub fn zone_name(scope: u32) -> String {
    interface(scope).unwrap_or_else(|| scope.to_string())
}

/// Returns an address and its port with the name of its zone: `[fe80::1%eth0]:161`.
pub fn shown(at: SocketAddr) -> String {
    if scope(at) == 0 { at.to_string() } else { format!("[{}]:{}", shown_address(at), at.port()) }
}

/// Returns an address without its port, with the name of its zone: `fe80::1%eth0`.
pub fn shown_address(at: SocketAddr) -> String {
    match scope(at) {
        0 => at.ip().to_string(),
        scope => format!("{}%{}", at.ip(), zone_name(scope)),
    }
}

fn scope(at: SocketAddr) -> u32 {
    if let SocketAddr::V6(at) = at { at.scope_id() } else { 0 }
}

#[cfg(test)]
mod tests {
    use nix::net::if_::if_nametoindex;

    use super::*;

    #[test]
    fn a_zone_becomes_a_scope_id() {
        let lo = if_nametoindex("lo").unwrap();
        let zoned = |zone| zoned("fe80::1".parse().unwrap(), zone, 161).map_err(|why| why.to_string());
        assert_eq!(zoned(Some("lo")), Ok(format!("[fe80::1%{lo}]:161").parse().unwrap()));
        assert_eq!((zone_name(lo), zone_name(4_000_000)), ("lo".to_owned(), "4000000".to_owned()));
        assert_eq!(zoned(None), Err("fe80::1 needs its interface: write fe80::1%eth0".to_owned()));
        assert_eq!(
            zoned(Some("4711")),
            Err("fe80::1%4711: there is no interface 4711 on this machine".to_owned())
        );
        assert_eq!(
            zoned(Some("nosuch0")),
            Err("fe80::1%nosuch0: there is no interface nosuch0 on this machine".to_owned())
        );
    }
}
