//! The way to an address: what the kernel's routing tables say, asked address by address (rtnetlink(7),
//! RTM_GETROUTE).

use std::io;
use std::net::IpAddr;

use netlink_packet_core::NlasIterator;
use plugin::Deadline;

use crate::neighbour::read_address;
use crate::netlink::{NetlinkError, NetlinkSocket};

/// linux/rtnetlink.h.
const RTM_NEWROUTE: u16 = 24;
const RTM_GETROUTE: u16 = 26;
/// struct rtmsg, and the attributes behind it.
const HEADER: usize = 12;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
/// A router of another family: its family, and its address.
const RTA_VIA: u16 = 18;
const VIA_ADDRESS: usize = 2;
/// The place of rtm_type in struct rtmsg, and its value for an address that is reached over a link.
const TYPE: usize = 7;
const RTN_UNICAST: u8 = 1;
/// The values of rtm_type for an address of this machine and for a broadcast address.
const RTN_LOCAL: u8 = 2;
const RTN_BROADCAST: u8 = 3;

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
        let answer = self.0.ask(RTM_GETROUTE, &request(address), deadline, RTM_NEWROUTE);
        answer.and_then(|payload| parse(&payload)).map_err(io::Error::other)
    }
}

/// A struct rtmsg with the family and the length of the destination, and the destination.
fn request(address: IpAddr) -> Vec<u8> {
    let (family, octets) = match address {
        IpAddr::V4(address) => (2, address.octets().to_vec()),
        IpAddr::V6(address) => (10, address.octets().to_vec()),
    };
    let bits = u8::try_from(octets.len() * 8).unwrap_or(0);
    let length = u16::try_from(octets.len() + 4).unwrap_or(0);
    let mut body = vec![family, bits, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    body.extend(length.to_ne_bytes());
    body.extend(RTA_DST.to_ne_bytes());
    body.extend(octets);
    body
}

fn parse(payload: &[u8]) -> Result<Route, NetlinkError> {
    let kind = payload.get(TYPE);
    let is = |wanted: u8| kind == Some(&wanted);
    let (on_link, is_local, is_broadcast) = (is(RTN_UNICAST), is(RTN_LOCAL), is(RTN_BROADCAST));
    let mut route = Route { interface: 0, on_link, gateway: None, is_local, is_broadcast };
    for attribute in NlasIterator::new(payload.get(HEADER..).unwrap_or_default()) {
        let attribute = attribute?;
        match attribute.kind() {
            RTA_OIF => {
                route.interface = attribute.value().first_chunk().copied().map_or(0, u32::from_ne_bytes)
            }
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
            Route { interface, on_link, gateway, is_local: false, is_broadcast: false }
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
