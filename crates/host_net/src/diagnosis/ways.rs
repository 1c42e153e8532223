//! The ways to targets, as far as they tell whose fault a silence is.

use std::collections::HashMap;
use std::fmt;
use std::mem;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use plugin::Deadline;

use crate::{Bound, Interface, Neighbour, Route, RouteLookup, Sockets};

/// Closer to the deadline no route is asked for.
const LEAST: Duration = Duration::from_millis(20);

/// The first host on a way: the index of the interface, and its address.
pub(crate) type Hop = (u32, IpAddr);

/// The way to an address, as far as it tells about faults here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) on_link: bool,
    pub(crate) is_broadcast: bool,
    pub(crate) link_down: bool,
    /// Whether the hop shares one entry of the table with all others on its link: it needs no place of its
    /// own.
    pub(crate) shares_entry: bool,
    /// The gateway, or the address itself.
    pub(crate) hop: Hop,
    /// Whether that does not answer on the link: `None` if the kernel has no entry for it.
    pub(crate) is_silent: Option<bool>,
}

/// The routes to addresses, each asked for once.
#[derive(Default)]
pub(crate) struct Routes {
    lookup: Option<RouteLookup>,
    /// The sockets that go there.
    sockets: Sockets,
    known: HashMap<SocketAddr, Option<Route>>,
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes").field("known", &self.known).finish_non_exhaustive()
    }
}

impl Routes {
    /// The routes of these sockets.
    pub(crate) fn by(sockets: Sockets) -> Self {
        Self { sockets, ..Self::default() }
    }

    /// Takes out what is known of them, and leaves none known.
    pub(crate) fn take(&mut self) -> Self {
        let none = Self::by(self.sockets.clone());
        mem::replace(self, none)
    }

    /// The route to an address: `None` if there is none, or no time is left to ask for it.
    pub(crate) fn to(&mut self, to: SocketAddr, deadline: &Deadline) -> Option<Route> {
        if let Some(known) = self.known.get(&to) {
            return *known;
        }
        if deadline.remaining() < LEAST {
            return None;
        }
        if self.lookup.is_none() {
            self.lookup = RouteLookup::open().ok();
        }
        let route = self.lookup.as_mut().and_then(|lookup| lookup.by(&self.sockets, to, deadline).ok());
        self.known.insert(to, route);
        route
    }
}

/// The routes, with the interfaces and the neighbours as they are in the end.
pub(crate) struct Ways {
    routes: Routes,
    bound: Bound,
    silent: HashMap<Hop, bool>,
}

impl Ways {
    /// Reads the interfaces and the neighbours: none where the kernel does not show them.
    pub(crate) fn new(routes: Routes, deadline: &Deadline) -> Self {
        let neighbours = Neighbour::read_all(deadline).unwrap_or_default();
        let silent = neighbours
            .into_iter()
            .map(|Neighbour { interface, address, is_silent }| ((interface, address), is_silent));
        Self { routes, bound: Bound::read(deadline).unwrap_or_default(), silent: silent.collect() }
    }

    /// The way to an address: `None` if there is none, or no time is left to ask for it.
    pub(crate) fn to(&mut self, to: SocketAddr, deadline: &Deadline) -> Option<Way> {
        let Route { interface, on_link, gateway, is_broadcast, .. } = self.routes.to(to, deadline)?;
        let known = self.bound.interface(interface);
        let hop = (interface, gateway.unwrap_or(to.ip()));
        Some(Way {
            on_link,
            is_broadcast,
            link_down: known.is_some_and(|interface| interface.link.fault().is_some()),
            shares_entry: known.is_some_and(|interface| shares_entry(interface, hop.1)),
            hop,
            is_silent: self.silent.get(&hop).copied(),
        })
    }
}

/// Whether a host has no entry of its own among the neighbours: IPv4 on a point-to-point link, where the
/// kernel has one for 0.0.0.0. IPv6 has one for each, also without any question on the link.
fn shares_entry(interface: &Interface, host: IpAddr) -> bool {
    host.is_ipv4() && interface.point_to_point
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ipv4_on_a_tunnel_shares_an_entry() {
        let rows = [
            (true, "192.0.2.1", true),
            (true, "2001:db8::1", false),
            (false, "192.0.2.1", false),
            (false, "2001:db8::1", false),
        ];
        for (point_to_point, host, expected) in rows {
            let interface = Interface { point_to_point, ..Interface::new(7, "tun0") };
            assert_eq!(shares_entry(&interface, host.parse().unwrap()), expected, "{point_to_point} {host}");
        }
    }
}
