//! The routes of this host, and the default ones among them: where packets to the rest of the world go.

use std::fmt;
use std::net::IpAddr;

/// One way of a default route in the main table; a multipath route has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DefaultRoute {
    /// Whether it is a route of IPv6.
    pub ipv6: bool,
    /// The priority: the smallest is the one that is used.
    pub metric: u32,
    /// The next router: `None` where the route leads onto a link as it is, or nowhere.
    pub gateway: Option<IpAddr>,
    /// The index of the interface that it leaves by.
    pub interface: Option<u32>,
    /// What becomes of packets, as in rtnetlink(7): 1 is unicast.
    pub kind: u8,
    /// Who made the route, as in linux/rtnetlink.h's RTPROT_.
    pub origin: u8,
}

/// What tells a route from another, as "via 192.0.2.254 by dhcp metric 100"; the interface's name is the
/// caller's to add.
impl fmt::Display for DefaultRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.gateway, self.kind) {
            (Some(gateway), 1) => write!(f, "via {gateway}")?,
            (None, 1) => f.write_str("onto a link")?,
            (_, 6) => f.write_str("blackhole")?,
            (_, 7) => f.write_str("unreachable")?,
            (_, 8) => f.write_str("prohibit")?,
            (_, kind) => write!(f, "of type {kind}")?,
        }
        match self.origin {
            9 => f.write_str(" by router advertisement")?,
            16 => f.write_str(" by dhcp")?,
            _ => {}
        }
        if self.metric == 0 { Ok(()) } else { write!(f, " metric {}", self.metric) }
    }
}

/// One way of a route of any table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableRoute {
    /// The network that it leads to: `None` of a default route.
    pub destination: Option<IpAddr>,
    /// The prefix length of that network.
    pub prefix: u8,
    /// The table, as in linux/rtnetlink.h's RT_TABLE_: 254 is the main table.
    pub table: u32,
    /// Where packets go, as of a default route.
    pub way: DefaultRoute,
}
