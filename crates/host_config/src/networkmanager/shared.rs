//! The address that NetworkManager chooses for a shared connection.

use std::net::Ipv4Addr;

use addresses::HostAddress;

use crate::promise::Possible;

/// The first address of a network that NetworkManager chooses for a shared connection without one: 10.42.0.1,
/// or 10.42.1.1 where another has that.
pub(crate) fn shared(interface: Option<&str>) -> Possible {
    let network = HostAddress { address: Ipv4Addr::new(10, 42, 0, 0).into(), prefix: Some(16) };
    let why = "NetworkManager chooses the address of a shared connection";
    Possible { addresses: network, interface: interface.map(str::to_owned), why: why.to_owned() }
}
