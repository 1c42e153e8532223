//! Whether connections can be made from where the options say, and which targets have no such source.

use std::io;
use std::net::IpAddr;

use net::Source;
use plugin::reason;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use crate::options::Connecting;
use crate::target::Target;

/// Why connections cannot be made from where they should be.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// This machine cannot use the address.
    #[error("--source {address}: {}", reason(.why))]
    Address {
        /// The address.
        address: IpAddr,
        /// What the system said.
        why: io::Error,
    },
    /// Of two addresses of a family one would be passed over.
    #[error("--source {second}: for {} it is {first} already, see --help", family(.first))]
    Twice {
        /// The first address.
        first: IpAddr,
        /// The second one.
        second: IpAddr,
    },
    /// No target is of the family of any of the addresses.
    #[error("--source {0}: no target has an {family} address", family = family(.0))]
    Unused(IpAddr),
    /// Connections cannot be bound to the interface.
    #[error("--interface {name}: {}", reason(.why))]
    Interface {
        /// The interface.
        name: String,
        /// What the system said.
        why: io::Error,
    },
}

/// Checks the options `--source` and `--interface`.
///
/// # Errors
/// [`SourceError`].
pub(crate) fn check(options: &Connecting) -> Result<(), SourceError> {
    for (place, &second) in options.source.iter().enumerate() {
        let earlier = options.source.iter().take(place);
        if let Some(&first) = earlier.into_iter().find(|first| first.is_ipv6() == second.is_ipv6()) {
            return Err(SourceError::Twice { first, second });
        }
        let source = Source { addresses: vec![second], interface: None };
        try_source(&source, second.is_ipv6()).map_err(|why| SourceError::Address { address: second, why })?;
    }
    let Some(name) = &options.interface else { return Ok(()) };
    let source = Source { addresses: Vec::new(), interface: Some(name.clone()) };
    try_source(&source, false).map_err(|why| SourceError::Interface { name: name.clone(), why })
}

/// Checks that some target is of the family of a source.
///
/// # Errors
/// [`SourceError::Unused`].
pub(crate) fn check_use(sources: &[IpAddr], targets: &[Target]) -> Result<(), SourceError> {
    let is_used =
        |address: &IpAddr| targets.iter().any(|target| target.address.is_ipv6() == address.is_ipv6());
    // Where names hang there may be no target.
    let unused = sources.first().filter(|_| !targets.is_empty() && !sources.iter().any(is_used));
    unused.map_or(Ok(()), |first| Err(SourceError::Unused(*first)))
}

/// Returns a note on the targets for which no source is named, if one is for others.
pub(crate) fn note(sources: &[IpAddr], targets: &[Target]) -> Option<String> {
    let first = sources.first()?;
    let is_named =
        |target: &Target| sources.iter().any(|source| source.is_ipv6() == target.address.is_ipv6());
    let (count, what) = match targets.iter().filter(|target| !is_named(target)).count() {
        0 => return None,
        1 => (1, "target goes"),
        count => (count, "targets go"),
    };
    let other = if first.is_ipv6() { "IPv4" } else { "IPv6" };
    Some(format!(
        "note: {count} {other} {what} out from an address that the system chooses: --source names none for it"
    ))
}

fn family(address: &IpAddr) -> &'static str {
    if address.is_ipv6() { "IPv6" } else { "IPv4" }
}

/// Whether this machine can bind a socket so.
fn try_source(source: &Source, v6: bool) -> io::Result<()> {
    let family = if v6 { AddressFamily::INET6 } else { AddressFamily::INET };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    source.apply(&socket, v6)
}
