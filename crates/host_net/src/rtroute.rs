//! The routes by rtnetlink: one dump of a family's routes, of which all or the default ones are kept.

use std::net::IpAddr;

use netlink_packet_core::NlasIterator;
use netlink_packet_route::route::{RouteFlags, RouteHeader};
use plugin::Deadline;

use crate::netlink::{NetlinkError, NetlinkSocket};
use crate::routes::{DefaultRoute, TableRoute};
use crate::rtnetlink::attribute::{ip, number};

/// linux/rtnetlink.h.
const RTM_NEWROUTE: u16 = 24;
const RTM_GETROUTE: u16 = 26;
const ROUTE_HEADER: usize = 12;
const NEXTHOP_HEADER: usize = 8;
const MAIN_TABLE: u32 = 254;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

/// How often a table that changed while it was read is read again.
const TRIES: usize = 20;

/// Returns the default routes of the main table, a multipath route as its several ways.
pub(crate) fn read(ipv6: bool, deadline: &Deadline) -> Result<Vec<DefaultRoute>, NetlinkError> {
    let is_default = |header: &RouteHeader| header.destination_prefix_length == 0;
    let ways = dump(ipv6, deadline, is_default, |route| route.table == MAIN_TABLE)?;
    Ok(ways.into_iter().map(|route| route.way).collect())
}

/// Returns the routes of all tables that are to be kept, a multipath route as its several ways.
pub(crate) fn read_all(
    ipv6: bool,
    keeps: impl Fn(&TableRoute) -> bool,
    deadline: &Deadline,
) -> Result<Vec<TableRoute>, NetlinkError> {
    dump(ipv6, deadline, |_| true, keeps)
}

/// Returns the routes of the main table that are to be kept, of those that are read by their prefix length
/// and their origin.
pub(crate) fn read_main(
    ipv6: bool,
    reads: impl Fn(u8, u8) -> bool,
    keeps: impl Fn(&TableRoute) -> bool,
    deadline: &Deadline,
) -> Result<Vec<TableRoute>, NetlinkError> {
    let reads = |header: &RouteHeader| {
        u32::from(header.table) == MAIN_TABLE
            && reads(header.destination_prefix_length, u8::from(header.protocol))
    };
    dump(ipv6, deadline, reads, keeps)
}

fn dump(
    ipv6: bool,
    deadline: &Deadline,
    reads: impl Fn(&RouteHeader) -> bool,
    keeps: impl Fn(&TableRoute) -> bool,
) -> Result<Vec<TableRoute>, NetlinkError> {
    let mut dump = NetlinkSocket::open()?;
    let mut request = [0; ROUTE_HEADER];
    if let Some(family) = request.first_mut() {
        *family = if ipv6 { AF_INET6 } else { AF_INET };
    }
    for _ in 0..TRIES {
        let mut routes = Vec::new();
        let add = |payload: &[u8]| {
            routes.extend(ways(payload, ipv6, &reads)?.into_iter().filter(&keeps));
            Ok(())
        };
        if dump.run(RTM_GETROUTE, &request, deadline, RTM_NEWROUTE, add)? {
            return Ok(routes);
        }
    }
    Err(NetlinkError::Changing)
}

/// The ways of the route in an RTM_NEWROUTE message: none unless it is to be read.
fn ways(
    payload: &[u8],
    ipv6: bool,
    reads: impl Fn(&RouteHeader) -> bool,
) -> Result<Vec<TableRoute>, NetlinkError> {
    let header = RouteHeader::parse(payload)?;
    if !reads(&header) || header.flags.contains(RouteFlags::Cloned) {
        return Ok(Vec::new());
    }
    let prefix = header.destination_prefix_length;
    let mut destination = None;
    let mut table = u32::from(header.table);
    let (kind, origin) = (u8::from(header.kind), u8::from(header.protocol));
    let mut route = DefaultRoute { ipv6, metric: 0, gateway: None, interface: None, kind, origin };
    let mut ways = Vec::new();
    for attribute in NlasIterator::new(payload.get(ROUTE_HEADER..).unwrap_or_default()) {
        let attribute = attribute?;
        let value = attribute.value();
        match attribute.kind() {
            1 => destination = ip(value),
            4 => route.interface = number(value),
            5 => route.gateway = ip(value),
            6 => route.metric = number(value).unwrap_or(0),
            9 => ways = next_hops(value)?,
            15 => table = number(value).unwrap_or(table),
            18 => route.gateway = via(value),
            _ => {}
        }
    }
    let of_table = |way| TableRoute { destination, prefix, table, way };
    match ways.as_slice() {
        [] => Ok(vec![of_table(route)]),
        ways => Ok(ways
            .iter()
            .map(|(interface, gateway)| {
                of_table(DefaultRoute { interface: *interface, gateway: *gateway, ..route })
            })
            .collect()),
    }
}

/// The interface and the gateway of a way.
type Way = (Option<u32>, Option<IpAddr>);

/// The ways of RTA_MULTIPATH: each a struct rtnexthop with attributes behind it.
fn next_hops(mut rest: &[u8]) -> Result<Vec<Way>, NetlinkError> {
    let mut ways = Vec::new();
    while let Some((length, _)) =
        rest.split_first_chunk().map(|(length, rest)| (u16::from_ne_bytes(*length), rest))
    {
        let length = usize::from(length);
        let Some(hop) = rest.get(NEXTHOP_HEADER..length) else {
            return Err(NetlinkError::Answer("a next hop that is cut off".to_owned()));
        };
        let mut gateway = None;
        for attribute in NlasIterator::new(hop) {
            let attribute = attribute?;
            match attribute.kind() {
                5 => gateway = ip(attribute.value()),
                18 => gateway = via(attribute.value()),
                _ => {}
            }
        }
        ways.push((rest.get(4..8).and_then(number), gateway));
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(ways)
}

/// RTA_VIA: an address family, then an address of it.
fn via(value: &[u8]) -> Option<IpAddr> {
    ip(value.get(2..)?)
}
