//! What shows that a permanent address is not the lease of its interface. A lease that never ends is
//! permanent too, as is each of busybox's udhcpc: so it counts as one, unless the kernel,
//! systemd-networkd, dhclient, dhcpcd or NetworkManager shows that there is none.

use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::time::SystemTime;

use host_config::{Dynamic, Giver};
use host_net::{Bound, BoundAddress, Interface, TableRoute};
use plugin::Deadline;

use crate::dynamic::{is_for, leased};
use crate::expected::Expected;
use crate::interfaces::is_local;
use crate::no_lease::NoLease;
use crate::{dhclient, dhcpcd, nm_lease};

/// linux/rtnetlink.h: a route that leads somewhere, and the table of this host's own addresses; a route that
/// the kernel made for an address, and one of a lease.
const RTN_UNICAST: u8 = 1;
const RT_TABLE_LOCAL: u32 = 255;
const RTPROT_KERNEL: u8 = 2;
const RTPROT_DHCP: u8 = 16;
/// Where systemd-networkd has the state of links and their leases by DHCP, by the index of the interface
/// (networkctl(1) reads them).
const NETWORKD: &str = "/run/systemd/netif";

/// Returns where no permanent address is a lease: where no route leaves by the interface, since a lease
/// brings one, and where systemd-networkd manages the interface and has no lease, or dhclient or dhcpcd has
/// none, whether it runs or not, or NetworkManager has lost it or never had one. What cannot be read shows
/// nothing.
pub(crate) fn find(expected: &Expected, bound: &Bound, deadline: &Deadline) -> Vec<NoLease> {
    let doubtful = doubtful(expected, bound, |_| true);
    let mut found = Vec::new();
    for ipv6 in [false, true] {
        let of_family: Vec<u32> =
            doubtful.iter().filter(|each| each.1 == ipv6).map(|(interface, _)| *interface).collect();
        if of_family.is_empty() {
            continue;
        }
        let is_asked = |interface: u32| of_family.contains(&interface);
        let counts = |route: &TableRoute| leads_away(route) && route.way.interface.is_none_or(is_asked);
        let routes = TableRoute::read(ipv6, counts, deadline).ok();
        let why = |index: u32| match &routes {
            Some(routes) if !leaves_by(index, routes) => Some(", no route leaves by it"),
            Some(routes) if is_kept(index, routes) => None,
            _ if !ipv6 && networkd_has_no_lease(NETWORKD, index) => Some(" of systemd-networkd"),
            _ if !ipv6 => client_without_lease(index, expected, bound),
            _ => None,
        };
        found.extend(
            of_family.iter().filter_map(|&interface| Some(NoLease { interface, ipv6, why: why(interface)? })),
        );
    }
    found
}

/// The interfaces, by index, on which only permanent addresses can be the lease, and whether it is one of
/// IPv6.
fn doubtful(expected: &Expected, bound: &Bound, is_asked: impl Fn(&Dynamic) -> bool) -> Vec<(u32, bool)> {
    let mut doubtful = Vec::new();
    let from_outside = expected.dynamic.iter().filter(|dynamic| dynamic.giver == Giver::Network);
    for dynamic in from_outside.filter(|dynamic| is_asked(dynamic)) {
        for interface in bound.interfaces.iter().filter(|interface| is_for(dynamic, interface, expected)) {
            let leased: Vec<&BoundAddress> = leased(dynamic, interface, expected, bound).collect();
            if leased.iter().all(|each| each.flags.permanent() && !each.flags.advertised()) {
                doubtful.extend(leased.iter().map(|each| (interface.index, each.address.is_ipv6())));
            }
        }
    }
    doubtful.sort_unstable();
    doubtful.dedup();
    doubtful
}

/// Whether packets for others take this route: of IPv6, any interface has one to its link, and one to each of
/// its addresses that has a network of its own.
fn leads_away(route: &TableRoute) -> bool {
    let is_of_link = |network: IpAddr| is_local(network) || network.is_multicast();
    let is_of_itself = route.way.origin == RTPROT_KERNEL && route.way.ipv6 && route.prefix == 128;
    route.way.kind == RTN_UNICAST
        && route.table != RT_TABLE_LOCAL
        && !is_of_itself
        && !route.destination.is_some_and(is_of_link)
}

/// Whether one of the routes leaves by an interface. Of a next hop that has a number of its own, the kernel
/// may not tell which.
fn leaves_by(index: u32, routes: &[TableRoute]) -> bool {
    routes.iter().any(|route| route.way.interface.is_none_or(|interface| interface == index))
}

/// Whether an interface has routes of a lease. systemd-networkd takes them away with the lease, unless its
/// file says `KeepConfiguration=`: then the address stays too, for ever, and is a lease no more after a
/// restart.
fn is_kept(index: u32, routes: &[TableRoute]) -> bool {
    routes.iter().any(|route| route.way.interface == Some(index) && route.way.origin == RTPROT_DHCP)
}

/// Whether systemd-networkd manages an interface, and has no lease by DHCP for it.
fn networkd_has_no_lease(folder: &str, index: u32) -> bool {
    let Ok(link) = fs::read_to_string(format!("{folder}/links/{index}")) else { return false };
    let manages = link.lines().any(|line| line.starts_with("NETWORK_FILE=/"))
        && !link.lines().any(|line| line == "ADMIN_STATE=unmanaged");
    let lease = fs::metadata(format!("{folder}/leases/{index}"));
    manages && lease.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// Where the settings of dhcpcd are, of ifupdown and of the network scripts.
const OF_DHCPCD: &str = "/etc/dhcpcd.conf";
const OF_IFUPDOWN: &str = "/etc/network/interfaces";
const OF_SCRIPTS: &str = "/etc/sysconfig/network-scripts/";
/// What runs in place of the network scripts, and has clients of its own.
const NETWORKMANAGER: &str = "/usr/sbin/NetworkManager";

/// Returns which client has no lease for an interface: the end of the note that starts with "192.0.2.77 is
/// no lease".
fn client_without_lease(index: u32, expected: &Expected, bound: &Bound) -> Option<&'static str> {
    let interface = bound.interface(index)?;
    let addresses: Vec<IpAddr> = bound.addresses.iter().map(|each| each.address).collect();
    let others: Vec<&str> = bound
        .interfaces
        .iter()
        .map(|each| each.name.as_str())
        .filter(|name| *name != interface.name)
        .collect();
    let is_of = |folder: &str| is_asked_by(folder, interface, expected);
    let by_settings = is_of(OF_DHCPCD);
    // Other programs have clients of their own: what dhclient left is old there.
    let is_its_own = is_of(OF_IFUPDOWN) || is_of(OF_SCRIPTS) && !Path::new(NETWORKMANAGER).exists();
    let all = bound;
    let (root, name, bound, now) = (Path::new("/"), &*interface.name, &*addresses, SystemTime::now());
    let of_dhclient = dhclient::is_without(root, name, bound, now);
    let of_dhcpcd = dhcpcd::is_without(root, name, by_settings, bound, now);
    // What runs in place of NetworkManager knows more.
    let is_managed = of_dhclient.is_none() && of_dhcpcd.is_none();
    match () {
        () if of_dhclient == Some(true) => Some(" of dhclient"),
        () if of_dhcpcd == Some(true) => Some(" of dhcpcd"),
        () if is_managed && nm_lease::has_no_lease(index, bound) => Some(" of NetworkManager"),
        () if is_managed && networkmanager_has_had_none(interface, expected, all) => {
            Some(" of NetworkManager")
        }
        () if is_its_own && dhclient::is_gone(root, name, &others, bound, now) == Some(true) => {
            Some(", dhclient does not run")
        }
        () if (is_its_own || by_settings)
            && dhcpcd::is_gone(root, name, &others, by_settings, bound, now) == Some(true) =>
        {
            Some(", dhcpcd does not run")
        }
        () => None,
    }
}

/// Whether NetworkManager has had no lease of IPv4 for an interface by one of the profiles that ask for it.
fn networkmanager_has_had_none(interface: &Interface, expected: &Expected, bound: &Bound) -> bool {
    let from_outside = expected.dynamic.iter().filter(|dynamic| dynamic.giver == Giver::Network);
    let asking: Vec<&Dynamic> = from_outside.filter(|dynamic| is_for(dynamic, interface, expected)).collect();
    let files: Vec<&str> = asking.iter().map(|dynamic| &*dynamic.place.file).collect();
    let held = asking.iter().flat_map(|dynamic| leased(dynamic, interface, expected, bound));
    let permanent: Vec<&BoundAddress> = held.filter(|each| each.address.is_ipv4()).collect();
    let is_marked = bound.addresses.iter().any(|each| each.flags.no_prefix_route());
    nm_lease::has_had_none(interface.index, &files, &permanent, is_marked)
}

/// Whether only files that begin so ask for an address of this interface from outside.
fn is_asked_by(folder: &str, interface: &Interface, expected: &Expected) -> bool {
    let from_outside = expected.dynamic.iter().filter(|dynamic| dynamic.giver == Giver::Network);
    let mut its = from_outside.filter(|dynamic| is_for(dynamic, interface, expected)).peekable();
    its.peek().is_some() && its.all(|dynamic| dynamic.place.file.starts_with(folder))
}

/// Returns a note for each interface whose only lease may be a permanent address.
pub(crate) fn notes(expected: &Expected, bound: &Bound) -> Vec<String> {
    let name = |index: u32| bound.interface(index).map(|interface| interface.name.as_str());
    let note = |(index, ipv6): (u32, bool)| {
        let family = if ipv6 { "IPv6" } else { "IPv4" };
        let name = name(index)?;
        Some(format!("note: {name} has only permanent {family} addresses: a lease that never ends, or none"))
    };
    let is_asked = |dynamic: &Dynamic| dynamic.required && expected.demands_dynamic;
    doubtful(expected, bound, is_asked).into_iter().filter_map(note).collect()
}

#[cfg(test)]
mod tests {
    use host_net::DefaultRoute;

    use super::*;

    /// A unicast route of the main table by eth0 (2), or as `change` makes it.
    fn route(to: &str, change: impl Fn(&mut TableRoute)) -> TableRoute {
        let (destination, prefix) = to.split_once('/').unwrap();
        let destination: Option<IpAddr> = destination.parse().ok();
        let ipv6 = destination.is_some_and(|destination| destination.is_ipv6());
        let way = DefaultRoute { ipv6, metric: 0, gateway: None, interface: Some(2), kind: 1, origin: 2 };
        let mut route = TableRoute { destination, prefix: prefix.parse().unwrap(), table: 254, way };
        change(&mut route);
        route
    }

    #[test]
    fn a_route_to_others_leaves_by_its_interface() {
        let same = |_: &mut TableRoute| {};
        let rows = [
            (route("/0", same), true),
            (route("192.0.2.0/24", same), true),
            (route("2001:db8::/64", same), true),
            // Of a VRF, or by rules.
            (route("192.0.2.0/24", |route| route.table = 1001), true),
            (route("192.0.2.0/24", |route| route.way.interface = None), true),
            (route("fe80::/64", same), false),
            (route("ff00::/8", same), false),
            (route("192.0.2.77/32", |route| route.table = 255), false),
            (route("192.0.2.77/32", same), true),
            (route("2001:db8::77/128", same), false),
            (route("2001:db8::77/128", |route| route.way.origin = 3), true),
            (route("192.0.2.0/24", |route| route.way.kind = 6), false),
            (route("192.0.2.0/24", |route| route.way.interface = Some(3)), false),
        ];
        for (route, expected) in rows {
            let kept: Vec<TableRoute> = Some(route).into_iter().filter(leads_away).collect();
            assert_eq!(leaves_by(2, &kept), expected, "{route:?}");
        }
        let of_lease = |origin| is_kept(2, &[route("/0", |route| route.way.origin = origin)]);
        assert_eq!([16, 2, 3].map(of_lease), [true, false, false]);
        assert!(!is_kept(3, &[route("/0", |route| route.way.origin = 16)]));
    }

    #[test]
    fn networkd_tells_what_it_manages_and_leases() {
        let managed =
            "# This is private data.\nADMIN_STATE=configuring\nNETWORK_FILE=/etc/systemd/network/a.network\n";
        let rows = [
            (Some(managed), false, true),
            (Some(managed), true, false),
            (Some("ADMIN_STATE=unmanaged\nNETWORK_FILE=/etc/systemd/network/a.network\n"), false, false),
            (Some("ADMIN_STATE=initialized\n"), false, false),
            (None, false, false),
        ];
        for (link, is_leased, expected) in rows {
            let folder = tempfile::tempdir().unwrap();
            for (part, content) in [("links", link), ("leases", is_leased.then_some("ADDRESS=192.0.2.5\n"))] {
                fs::create_dir(folder.path().join(part)).unwrap();
                if let Some(content) = content {
                    fs::write(folder.path().join(part).join("2"), content).unwrap();
                }
            }
            let path = folder.path().display().to_string();
            assert_eq!(networkd_has_no_lease(&path, 2), expected, "{link:?} {is_leased}");
        }
    }
}
