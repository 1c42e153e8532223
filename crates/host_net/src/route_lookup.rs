//! The way to an address: what the kernel's routing tables say, asked address by address (rtnetlink(7),
//! RTM_GETROUTE).

use std::io;
use std::net::{IpAddr, SocketAddr};

use netlink_packet_core::NlasIterator;
use plugin::Deadline;
use rustix::io::Errno;

use crate::neighbour::read_address;
use crate::netlink::{NetlinkError, NetlinkSocket};
use crate::sockets::{Flow, Protocol, Sockets};

/// linux/rtnetlink.h.
const RTM_NEWROUTE: u16 = 24;
const RTM_GETROUTE: u16 = 26;
/// struct rtmsg, and the attributes behind it.
const HEADER: usize = 12;
const RTA_DST: u16 = 1;
const RTA_SRC: u16 = 2;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PREFSRC: u16 = 7;
/// What rules choose by, too; Linux before 4.18 passes over them.
const RTA_IP_PROTO: u16 = 27;
const RTA_DPORT: u16 = 29;
/// linux/in.h.
const IPPROTO_TCP: u8 = 6;
const IPPROTO_UDP: u8 = 17;
/// A router of another family: its family, and its address.
const RTA_VIA: u16 = 18;
const VIA_ADDRESS: usize = 2;
/// The place of rtm_type in struct rtmsg, and its value for an address that is reached over a link.
const TYPE: usize = 7;
const RTN_UNICAST: u8 = 1;
/// The values of rtm_type for an address of this machine and for a broadcast address.
const RTN_LOCAL: u8 = 2;
const RTN_BROADCAST: u8 = 3;
/// A flag of struct rtmsg: the route of the table is asked for, not the way (since Linux 4.13).
const RTM_F_FIB_MATCH: u32 = 0x2000;

/// The way to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The index of the interface.
    pub interface: u32,
    /// Whether the address itself is a neighbour on the link: no gateway is between, and it is not this
    /// machine's own.
    pub on_link: bool,
    /// The next router: `None` where there is none between.
    pub gateway: Option<IpAddr>,
    /// Whether this machine takes what is sent to it: one of its addresses, or of a whole network that it
    /// takes for its own (`ip route add local`).
    pub is_local: bool,
    /// Whether it is the broadcast address of a network of this machine.
    pub is_broadcast: bool,
    /// The address of this machine that the system sends from.
    pub source: Option<IpAddr>,
}

/// Asks the routing tables, address by address.
pub struct RouteLookup(NetlinkSocket);

impl RouteLookup {
    /// Opens it.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn open() -> io::Result<Self> {
        NetlinkSocket::open().map(Self).map_err(io::Error::other)
    }

    /// Returns the way to `address`.
    ///
    /// # Errors
    /// If there is none, or the kernel does not answer in time.
    pub fn to(&mut self, address: IpAddr, deadline: &Deadline) -> io::Result<Route> {
        self.way(Flow::to(address), deadline).map_err(io::Error::other)
    }

    /// Returns the way of these sockets to an address and port, as connect(2) finds it. Where no route of
    /// IPv4 leads there by the interface that they are bound to, the kernel takes the address for a neighbour
    /// on its link.
    ///
    /// # Errors
    /// If there is none, or the kernel does not answer in time.
    pub fn by(&mut self, sockets: &Sockets, to: SocketAddr, deadline: &Deadline) -> io::Result<Route> {
        let flow = Flow::of(sockets, to);
        let mut way = |flow| self.way(flow, deadline).map_err(io::Error::other);
        let first = way(flow)?;
        if flow.source.is_some() {
            return Ok(Route { source: flow.source, ..first });
        }
        // By IPv4 connect(2) chooses the source by a first look, and the way by a second one from there.
        match first.source.filter(|_| to.is_ipv4()) {
            source @ Some(_) => Ok(way(Flow { source, ..flow }).map_or(first, |way| Route { source, ..way })),
            None => Ok(first),
        }
    }

    /// Returns whether this machine takes what is sent to `address`, by the interface of this index if one is
    /// given.
    ///
    /// # Errors
    /// If the kernel does not answer in time, or cannot say.
    pub fn is_local(
        &mut self,
        interface: Option<u32>,
        address: IpAddr,
        deadline: &Deadline,
    ) -> io::Result<bool> {
        match self.way(Flow { interface, ..Flow::to(address) }, deadline) {
            Ok(route) => Ok(route.is_local),
            Err(error) => no_route(error),
        }
    }

    /// Returns whether a route of the tables leads these sockets to an address and port. Linux before 4.13
    /// does not tell: then one does.
    ///
    /// # Errors
    /// If the kernel does not answer in time, or cannot say.
    pub fn is_routed(&mut self, sockets: &Sockets, to: SocketAddr, deadline: &Deadline) -> io::Result<bool> {
        let flow = Flow::of(sockets, to);
        let chosen = || self.by(sockets, to, deadline).ok()?.source;
        let question = request(Flow { source: flow.source.or_else(chosen), ..flow }, RTM_F_FIB_MATCH);
        match self.0.ask(RTM_GETROUTE, &question, deadline, RTM_NEWROUTE) {
            Ok(_) => Ok(true),
            Err(error) => no_route(error),
        }
    }

    /// Returns the way that the kernel chooses.
    fn way(&mut self, flow: Flow, deadline: &Deadline) -> Result<Route, NetlinkError> {
        parse(&self.0.ask(RTM_GETROUTE, &request(flow, 0), deadline, RTM_NEWROUTE)?)
    }
}

/// Returns false if the kernel has no route; any other error tells nothing of the routes.
fn no_route(error: NetlinkError) -> io::Result<bool> {
    match error {
        NetlinkError::Refused(Errno::HOSTUNREACH | Errno::NETUNREACH) => Ok(false),
        error => Err(io::Error::other(error)),
    }
}

/// A struct rtmsg, and what is asked for: the destination, the source, the interface, the protocol and port.
fn request(Flow { to: address, source, interface, port }: Flow, flags: u32) -> Vec<u8> {
    let octets = |address: IpAddr| match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let bits = |address: IpAddr| if address.is_ipv4() { 32 } else { 128 };
    let source = source.filter(|source| source.is_ipv4() == address.is_ipv4());
    let family = if address.is_ipv4() { 2 } else { 10 };
    let mut body = vec![family, bits(address), source.map_or(0, bits), 0, 0, 0, 0, 0];
    body.extend(flags.to_ne_bytes());
    let mut add = |kind: u16, value: &[u8]| {
        body.extend(u16::try_from(value.len() + 4).unwrap_or(0).to_ne_bytes());
        body.extend(kind.to_ne_bytes());
        body.extend(value);
        body.resize(body.len().next_multiple_of(4), 0);
    };
    add(RTA_DST, &octets(address));
    if let Some(source) = source {
        add(RTA_SRC, &octets(source));
    }
    if let Some(interface) = interface {
        add(RTA_OIF, &interface.to_ne_bytes());
    }
    if let Some((protocol, port)) = port {
        let protocol = match protocol {
            Protocol::Tcp => IPPROTO_TCP,
            Protocol::Udp => IPPROTO_UDP,
        };
        add(RTA_IP_PROTO, &[protocol]);
        add(RTA_DPORT, &port.to_be_bytes());
    }
    body
}

fn parse(payload: &[u8]) -> Result<Route, NetlinkError> {
    let kind = payload.get(TYPE);
    let is = |wanted: u8| kind == Some(&wanted);
    let (on_link, is_local, is_broadcast) = (is(RTN_UNICAST), is(RTN_LOCAL), is(RTN_BROADCAST));
    let mut route = Route { interface: 0, on_link, gateway: None, is_local, is_broadcast, source: None };
    for attribute in NlasIterator::new(payload.get(HEADER..).unwrap_or_default()) {
        let attribute = attribute?;
        match attribute.kind() {
            RTA_OIF => {
                route.interface = attribute.value().first_chunk().copied().map_or(0, u32::from_ne_bytes)
            }
            RTA_PREFSRC => route.source = read_address(attribute.value()),
            RTA_GATEWAY => (route.on_link, route.gateway) = (false, read_address(attribute.value())),
            RTA_VIA => {
                let address = attribute.value().get(VIA_ADDRESS..).and_then(read_address);
                (route.on_link, route.gateway) = (false, address);
            }
            _ => {}
        }
    }
    Ok(route)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Bound;

    #[test]
    fn loopback_is_reached_over_loopback() {
        let deadline = Deadline::after(Duration::from_secs(8));
        let bound = Bound::read(&deadline).unwrap();
        let mut routes = RouteLookup::open().unwrap();
        for address in ["127.0.0.1", "127.1.2.3", "127.0.0.1"] {
            let route = routes.to(address.parse().unwrap(), &deadline).unwrap();
            assert!(bound.interface(route.interface).unwrap().loopback);
            assert!(route.is_local && !route.on_link && !route.is_broadcast);
        }
    }

    #[test]
    fn an_interface_leads_by_its_own_routes_alone() {
        let deadline = Deadline::after(Duration::from_secs(8));
        let lo = Bound::read(&deadline).unwrap().by_name("lo").unwrap().index;
        let mut routes = RouteLookup::open().unwrap();
        let (own, other) = ("127.0.0.1".parse().unwrap(), "192.0.2.1".parse().unwrap());
        let [to_own, to_other] = [own, other].map(|address| SocketAddr::new(address, 80));
        let by_lo = |sources: &[IpAddr]| Sockets {
            interface: Some(lo),
            sources: sources.to_vec(),
            ..Sockets::default()
        };
        let way = routes.by(&by_lo(&[]), to_own, &deadline).unwrap();
        assert!(way.is_local && way.interface == lo && way.source == Some(own), "{way:?}");
        for sources in [&[][..], &[own]] {
            assert!(routes.is_routed(&by_lo(sources), to_own, &deadline).unwrap());
            assert!(!routes.is_routed(&by_lo(sources), to_other, &deadline).unwrap(), "{sources:?}");
        }
        // Without a route the kernel takes it for a neighbour.
        assert!(routes.by(&by_lo(&[]), to_other, &deadline).unwrap().on_link);
        let v6 = "[2001:db8::1]:80".parse().unwrap();
        assert!(routes.is_routed(&by_lo(&[]), v6, &deadline).is_ok_and(|is| !is));
        for (address, expected) in [(own, true), (other, false), ("2001:db8::1".parse().unwrap(), false)] {
            assert_eq!(routes.is_local(Some(lo), address, &deadline).unwrap(), expected, "{address}");
        }
        // Only a missing route is none.
        assert!(no_route(NetlinkError::Refused(Errno::NOBUFS)).is_err());
        assert!(no_route(NetlinkError::Refused(Errno::NETUNREACH)).is_ok_and(|is| !is));
    }

    #[test]
    fn a_broadcast_address_is_told_apart() {
        let deadline = Deadline::after(Duration::from_secs(8));
        let route = RouteLookup::open().unwrap().to("127.255.255.255".parse().unwrap(), &deadline).unwrap();
        assert!(route.is_broadcast && !route.is_local && !route.on_link);
    }

    #[test]
    fn a_gateway_is_no_neighbour() {
        let on_link =
            [&[2, 32, 0, 0, 254, 0, 0, 1, 0, 0, 0, 0][..], &[8, 0, 4, 0], &7_u32.to_ne_bytes()].concat();
        let route = |interface, on_link, gateway: Option<&str>| {
            let gateway = gateway.map(|address| address.parse().unwrap());
            Route { interface, on_link, gateway, is_local: false, is_broadcast: false, source: None }
        };
        assert_eq!(parse(&on_link).unwrap(), route(7, true, None));
        let routed = [&on_link[..], &[8, 0, 5, 0, 192, 0, 2, 1]].concat();
        assert_eq!(parse(&routed).unwrap(), route(7, false, Some("192.0.2.1")));
        let via = [&on_link[..], &[22, 0, 18, 0, 10, 0, 0xfe, 0x80], &[0; 13], &[1, 0, 0]].concat();
        assert_eq!(parse(&via).unwrap(), route(7, false, Some("fe80::1")));
        assert_eq!(parse(&[]).unwrap(), route(0, false, None));
        assert!(parse(&[&on_link[..], &[200, 0, 5, 0]].concat()).is_err());
    }
}
