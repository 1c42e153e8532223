//! Where --interface leads to. A target that it does not lead to is untested, and did not fail.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use host_net::{Bound, Kind, Link, RouteLookup, Sockets};
use plugin::Deadline;

use crate::cause::{Cause, Echo, Local};
use crate::monitor::silence;
use crate::options::Connecting;
use crate::target::Target;

/// Closer to the deadline the kernel is asked nothing more.
const LEAST: Duration = Duration::from_millis(20);
/// How long a look at the faults of this machine may take at the end of a run that is stopped.
const LOOK: Duration = Duration::from_millis(60);
/// Of how many targets that answer it is asked whether they have a route.
const SAMPLE: usize = 8;

/// Returns what routes are chosen by for the connections.
pub(crate) fn sockets(options: &Connecting, deadline: &Deadline) -> Sockets {
    let index = options.interface.as_ref().and_then(|name| {
        let bound = Bound::read(deadline).ok()?;
        Some(bound.by_name(name)?.index)
    });
    Sockets { interface: index, sources: options.source.clone(), ..Sockets::default() }
}

/// Returns whether this machine may be to blame for the silence of some of these targets, none of which
/// answers, by what the kernel shows at once.
pub(crate) fn is_to_blame(options: &Connecting, silent: &[Target]) -> bool {
    let deadline = Deadline::after(LOOK);
    let addresses: Vec<SocketAddr> = silent.iter().copied().map(SocketAddr::from).collect();
    if host_net::is_to_blame(sockets(options, &deadline), &addresses) {
        return true;
    }
    let silence = Cause::NoAnswer(Echo::NotAsked);
    let mut failed: Vec<(u32, Cause)> =
        (0..).zip(silent).map(|(place, _)| (place, silence.clone())).collect();
    excuse(options, silent, &mut failed, &deadline);
    failed.iter().any(|(_, cause)| matches!(cause, Cause::Local(_)))
}

/// Takes back the verdict on targets to which --interface cannot lead: lo leads to this machine alone, and no
/// other one to an address of loopback or of another interface, unless it has such addresses itself. A target
/// that is silent without a route is this machine's fault where the kernel refuses to send, where the
/// interface has lost its IPv4 address, and where the target is in no network of it, as after the loss of a
/// default route; but not if another such target answers without one, as on a link without numbers. Returns a
/// note on those whose verdict stands all the same, or on those that answer without a route.
pub(crate) fn excuse(
    options: &Connecting,
    targets: &[Target],
    failed: &mut [(u32, Cause)],
    deadline: &Deadline,
) -> Option<String> {
    let interface = options.interface.as_ref()?;
    let target = |place: u32| usize::try_from(place).ok().and_then(|place| targets.get(place)).copied();
    let is_judged = |cause: &Cause| {
        silence(cause).is_some() || matches!(cause, Cause::Refused | Cause::Icmp(_) | Cause::Unreachable(_))
    };
    if options.closed && deadline.remaining() < LEAST {
        // Silence of what nothing may have been sent to is no proof.
        let silent = failed.iter_mut().filter(|(_, cause)| silence(cause).is_some());
        silent.for_each(|(_, cause)| *cause = Cause::Local(Local::NoTime));
    }
    let mut ways = Ways::read(interface, options, deadline)?;
    for (place, cause) in failed.iter_mut().filter(|(_, cause)| is_judged(cause)) {
        let Some(target) = target(*place) else { continue };
        if !ways.lead_to(target.address, *cause == Cause::Refused, deadline) {
            *cause = Cause::Local(Local::Interface);
        }
    }
    let networks: Vec<(IpAddr, u8)> = ways.networks().collect();
    let mut stands = None;
    for v6 in [false, true] {
        let mut lacks =
            |target: Target| target.address.is_ipv6() == v6 && ways.lacks_route(target.into(), deadline);
        let silent = failed.iter().filter(|(_, cause)| silence(cause).is_some());
        let unrouted = silent.filter(|(place, _)| target(*place).is_some_and(&mut lacks));
        let unrouted: HashSet<u32> = unrouted.map(|(place, _)| *place).collect();
        // One in a network of the interface needs no route on any link.
        let shows =
            |target: Target| !networks.iter().any(|network| is_in(target.address, *network)) && lacks(target);
        if unrouted.is_empty() || heard(targets, failed).any(shows) {
            continue;
        }
        for (place, cause) in failed.iter_mut().filter(|(place, _)| unrouted.contains(place)) {
            // What may have gone elsewhere proves no port closed.
            let is_unsent = options.closed || *cause == Cause::Local(Local::NoRoute);
            let Some(Target { address, .. }) = target(*place) else { continue };
            match ways.lack(address, is_unsent) {
                Some(local) => *cause = Cause::Local(local),
                None => stands = stands.or(Some(address)),
            }
        }
    }
    let stands = stands.map(|address| format!("no route of {interface} covers {address}: see ip route show"));
    stands.or_else(|| note(interface, &mut ways, heard(targets, failed), deadline))
}

/// Returns a note on one of the targets that answer, if it has no route and is in no network of the
/// interface: silence of it would count as a fault of this machine.
fn note(
    interface: &str,
    ways: &mut Ways,
    heard: impl Iterator<Item = Target>,
    deadline: &Deadline,
) -> Option<String> {
    let elsewhere = heard.filter(|target| ways.lack(target.address, false).is_some());
    let few: Vec<Target> = elsewhere.take(SAMPLE).collect();
    let Target { address, .. } =
        few.into_iter().find(|target| ways.lacks_route((*target).into(), deadline))?;
    Some(format!(
        "note: no route of {interface} covers {address}, which answers all the same: add one by ip route, \
         else its outage is UNKNOWN if nothing without a route answers"
    ))
}

/// The targets from which an answer came, good or not.
fn heard(targets: &[Target], failed: &[(u32, Cause)]) -> impl Iterator<Item = Target> {
    let is_unheard = |cause: &Cause| silence(cause).is_some() || matches!(cause, Cause::Local(_));
    let unheard = failed.iter().filter(|(_, cause)| is_unheard(cause)).map(|(place, _)| *place);
    let unheard: HashSet<u32> = unheard.collect();
    (0..).zip(targets).filter(move |(place, _)| !unheard.contains(place)).map(|(_, target)| *target)
}

/// Where an interface leads to.
struct Ways {
    /// The sockets that are bound to it.
    sockets: Sockets,
    is_lo: bool,
    /// Whether it is a VRF or a port of one, which has addresses of its own: an address that this machine has
    /// elsewhere may be another host's there.
    is_vrf: bool,
    /// Whether it leads to one host alone, and so needs neither a route nor an address.
    is_point_to_point: bool,
    /// Whether it is down.
    is_down: bool,
    /// Its own addresses, or their peers, with the prefix lengths of their networks.
    own: Vec<(IpAddr, u8)>,
    routes: RouteLookup,
}

impl Ways {
    /// Reads what the kernel has: `None` if it does not tell.
    fn read(name: &str, options: &Connecting, deadline: &Deadline) -> Option<Self> {
        let bound = Bound::read(deadline).ok()?;
        let interface = bound.by_name(name)?;
        let index = interface.index;
        let controller = interface.controller.and_then(|index| bound.interface(index));
        let is_vrf = [Some(interface), controller].into_iter().flatten().any(|one| one.kind == Kind::Vrf);
        // The network of an address with a peer is that of the peer.
        let network = |local: IpAddr| {
            let mut peers = bound.peers.iter().filter(|peer| peer.interface == index);
            peers.find(|peer| peer.local == local).map_or(local, |peer| peer.address)
        };
        let own = bound.addresses.iter().filter(|one| one.interface == index);
        let own = own.map(|one| (network(one.address), one.prefix)).collect();
        Some(Self {
            sockets: Sockets {
                interface: Some(index),
                sources: options.source.clone(),
                ..Sockets::default()
            },
            is_lo: name == "lo",
            is_vrf,
            is_point_to_point: interface.point_to_point,
            is_down: interface.link == Link::Down,
            own,
            routes: RouteLookup::open().ok()?,
        })
    }

    /// Whether a packet to this address may reach a host that has it. Another host may have an address of
    /// this machine too, but only one that refuses is sure to.
    fn lead_to(&mut self, address: IpAddr, is_refused: bool, deadline: &Deadline) -> bool {
        let has_loopback = || {
            let mut own = self.own.iter();
            own.any(|(own, _)| own.is_loopback() && own.is_ipv6() == address.is_ipv6())
        };
        match (self.is_lo, address.is_loopback()) {
            (true, true) => true,
            // By IPv4, lo takes what is sent by it for this machine, unless its only source is loopback.
            (true, false) => {
                let is_own = |this: &mut Self, by| this.is_local(by, address, deadline).unwrap_or(true);
                let has_other = self.own.iter().any(|(own, _)| own.is_ipv4() && !own.is_loopback());
                is_own(self, self.sockets.interface) || (address.is_ipv4() && has_other && is_own(self, None))
            }
            (false, true) => has_loopback(),
            (false, false) if is_refused || self.is_vrf => true,
            (false, false) => {
                let by = self.sockets.interface;
                self.is_local(None, address, deadline) != Some(true)
                    || self.is_local(by, address, deadline) != Some(false)
            }
        }
    }

    /// Whether this machine takes what is sent to an address, by this interface: `None` if that is not known.
    fn is_local(&mut self, by: Option<u32>, address: IpAddr, deadline: &Deadline) -> Option<bool> {
        if deadline.remaining() < LEAST {
            return None;
        }
        self.routes.is_local(by, address, deadline).ok()
    }

    /// Whether no route leads to this address by the interface, as far as is known.
    fn lacks_route(&mut self, to: SocketAddr, deadline: &Deadline) -> bool {
        if self.is_lo || deadline.remaining() < LEAST {
            return false;
        }
        self.routes.is_routed(&self.sockets, to, deadline).is_ok_and(|is_routed| !is_routed)
    }

    /// The IPv4 networks of the interface.
    fn networks(&self) -> impl Iterator<Item = (IpAddr, u8)> {
        self.own.iter().copied().filter(|(own, prefix)| own.is_ipv4() && *prefix < 32)
    }

    /// What this machine lacks towards a target without a route: `None` if packets leave for it all the same.
    /// By an interface the kernel sends IPv4 without a route too, to the link, and IPv6 never: `is_unsent`.
    /// What is in no network of the interface is not on that link, unless the link has no numbers.
    fn lack(&self, address: IpAddr, is_unsent: bool) -> Option<Local> {
        let v6 = address.is_ipv6();
        let has_address = self.is_vrf || self.own.iter().any(|(own, _)| own.is_ipv6() == v6);
        let mut networks = self.networks().peekable();
        let is_elsewhere = networks.peek().is_some() && !networks.any(|network| is_in(address, network));
        match (is_unsent, has_address) {
            (true, _) if self.is_down => Some(Local::LinkDown),
            (true, true) => Some(Local::NoRouteBy),
            (true, false) => Some(Local::NoAddressOn { v6 }),
            (false, _) if v6 || self.is_vrf || self.is_point_to_point => None,
            (false, false) => Some(Local::NoAddressOn { v6 }),
            (false, true) => is_elsewhere.then_some(Local::NoRouteBy),
        }
    }
}

/// Whether an IPv4 address is in the network of another with this prefix length.
fn is_in(address: IpAddr, (other, prefix): (IpAddr, u8)) -> bool {
    match (address, other) {
        (IpAddr::V4(address), IpAddr::V4(other)) => {
            (address.to_bits() ^ other.to_bits()).leading_zeros() >= u32::from(prefix)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_left_without_a_route_is_excused_by_what_the_interface_lost() {
        let lack = |own: &[(&str, u8)], target: &str, change: &dyn Fn(&mut Ways)| {
            let mut ways = Ways {
                sockets: Sockets::default(),
                is_lo: false,
                is_vrf: false,
                is_point_to_point: false,
                is_down: false,
                own: own.iter().map(|(own, prefix)| (own.parse().unwrap(), *prefix)).collect(),
                routes: RouteLookup::open().unwrap(),
            };
            change(&mut ways);
            [true, false].map(|is_unsent| ways.lack(target.parse().unwrap(), is_unsent))
        };
        let no_address = |v6: bool| Some(Local::NoAddressOn { v6 });
        let (by, down) = (Some(Local::NoRouteBy), Some(Local::LinkDown));
        let plain = |_: &mut Ways| {};
        let point = |ways: &mut Ways| ways.is_point_to_point = true;
        let vrf = |ways: &mut Ways| ways.is_vrf = true;
        let is_down = |ways: &mut Ways| ways.is_down = true;
        let families = [(false, ("192.0.2.1", 24), "192.0.2.9"), (true, ("2001:db8::1", 64), "2001:db8::9")];
        for (v6, own, target) in families {
            assert_eq!(lack(&[own], target, &plain), [by, None]);
            assert_eq!(lack(&[own], target, &point), [by, None]);
            assert_eq!(lack(&[], target, &point), [no_address(v6), None]);
            assert_eq!(lack(&[], target, &vrf), [by, None]);
            assert_eq!(lack(&[own], target, &is_down), [down, None]);
        }
        assert_eq!(lack(&[], "192.0.2.9", &plain), [no_address(false); 2]);
        assert_eq!(lack(&[], "2001:db8::9", &plain), [no_address(true), None]);
        // What a default route led to is not on this link, unless the link has no numbers.
        let far = "198.51.100.9";
        for (own, expected) in [
            (&[("192.0.2.1", 24)][..], by),
            (&[("192.0.2.1", 32)], None),
            (&[("192.0.2.1", 32), ("203.0.113.1", 24)], by),
            (&[("192.0.2.1", 24), ("198.51.100.1", 24)], None),
        ] {
            assert_eq!(lack(own, far, &plain), [by, expected], "{own:?}");
        }
        assert_eq!(lack(&[("192.0.2.1", 24)], far, &point), [by, None]);
    }
}
