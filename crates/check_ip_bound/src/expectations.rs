//! What the command line, or another program, expects of this host: all that probing needs, and nothing of
//! how it is judged.

use std::net::IpAddr;
use std::time::Duration;

use host_config::AddressOptions;

use crate::options::Ignored;

/// What is expected of this host: made by [`crate::Args::expectations`].
#[derive(Clone, Debug)]
pub struct Expectations {
    /// The sources of the expected addresses.
    pub addresses: AddressOptions,
    /// Whether it is enough that each bound address is usable, where no source names one.
    pub bound: bool,
    /// Whether interfaces that are configured for DHCP or router advertisements may be without an address.
    pub no_dynamic: bool,
    /// How long ago a list may have been written.
    pub file_max_age: Option<Duration>,
    /// The interfaces that the addresses must be on: any if empty.
    pub interface: Vec<String>,
    /// Where any address is expected.
    pub ignore: Vec<Ignored>,
    /// The routers of the only default route of their families.
    pub gateway: Vec<IpAddr>,
    /// The addresses that must not be bound here.
    pub absent: Vec<IpAddr>,
    /// The addresses that may be here or on another host.
    pub floating: Vec<IpAddr>,
    /// Whether the time since boot is needed.
    pub uptime: bool,
}
