//! The addresses of --source: what no question can come from is refused at once. A socket can be bound to
//! more than that, and silence would be blamed on servers.

use std::net::{IpAddr, Ipv4Addr};

use host_net::RouteLookup;
use net::{Family, Host, is_own, is_written_as_loopback};
use plugin::Deadline;

/// Why no question can come from an address of --source.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It is not bound here.
    #[error("--source={0} is not an address of this machine")]
    Foreign(IpAddr),
    /// It stands for several hosts.
    #[error("--source={0} is a {1} address, see --help")]
    Several(IpAddr, &'static str),
    /// Only this machine can be asked from there.
    #[error("--source={0} is loopback: it does not reach {1}, see --help")]
    Loopback(IpAddr, Box<Host>),
    /// All hosts are asked at addresses of the other family.
    #[error("--source={0}: no host is asked at an {family} address", family = family(.0))]
    Useless(IpAddr),
}

/// Checks that questions to these hosts can come from these addresses.
///
/// # Errors
/// [`SourceError`] of the first address that none can come from.
pub(super) fn usable(
    sources: &[IpAddr],
    hosts: &[&Host],
    allowed: Family,
    deadline: &Deadline,
) -> Result<(), SourceError> {
    for source in sources {
        if let Some(what) = several(*source, deadline) {
            return Err(SourceError::Several(*source, what));
        }
        if source.is_unspecified() || !is_own(*source) {
            return Err(SourceError::Foreign(*source));
        }
        let asked = hosts.iter().filter(|host| is_of(host, *source));
        // From loopback an own address is reached too.
        let is_here = |host: &Host| is_written_as_loopback(host) || host.address().is_some_and(is_own);
        let other = source.is_loopback().then(|| asked.copied().find(|host| !is_here(host)));
        if let Some(host) = other.flatten() {
            return Err(SourceError::Loopback(*source, Box::new(host.clone())));
        }
    }
    // A name may have addresses of both families.
    let is_useful = |source: &IpAddr| allowed.has(*source) && hosts.iter().any(|host| is_of(host, *source));
    match sources.first() {
        Some(first) if !sources.iter().any(is_useful) => Err(SourceError::Useless(*first)),
        _ => Ok(()),
    }
}

/// Whether a host may have an address of the family of `source`.
fn is_of(host: &Host, source: IpAddr) -> bool {
    host.address().is_none_or(|address| family(&address).has(source))
}

/// What an address is that stands for several hosts, also by the routes of this machine.
fn several(source: IpAddr, deadline: &Deadline) -> Option<&'static str> {
    if source.is_multicast() {
        return Some("multicast");
    }
    let is_of_a_network = || RouteLookup::open()?.to(source, deadline).map(|route| route.is_broadcast);
    let is_broadcast = source == Ipv4Addr::BROADCAST || is_of_a_network().unwrap_or(false);
    is_broadcast.then_some("broadcast")
}

fn family(address: &IpAddr) -> Family {
    if address.is_ipv4() { Family::V4 } else { Family::V6 }
}
