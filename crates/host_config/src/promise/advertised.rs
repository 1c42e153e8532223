//! What an interface may have of a router.

use addresses::HostAddress;

use super::Possible;
use super::place::Place;

/// The addresses that a router may advertise: global ones and unique local ones.
const ADVERTISED: [&str; 2] = ["2000::/3", "fc00::/7"];

impl Possible {
    /// Returns the addresses that an interface may have of a router, where it is configured to take them;
    /// none tells any interface.
    pub(crate) fn advertised(interface: Option<&str>, place: &Place) -> impl Iterator<Item = Self> {
        let networks: Vec<HostAddress> =
            ADVERTISED.iter().filter_map(|network| network.parse().ok()).collect();
        let (interface, why) = (interface.map(str::to_owned), format!("{place}: what a router advertises"));
        let possible = move |addresses| Self { addresses, interface: interface.clone(), why: why.clone() };
        networks.into_iter().map(possible)
    }

    /// Returns whether these are the addresses that a router may advertise: one that was added by hand is
    /// none of them.
    pub fn is_advertised(&self) -> bool {
        self.addresses.address.is_ipv6() && self.addresses.prefix.is_some_and(|prefix| prefix < 8)
    }
}
