//! IP addresses by the thousand: lists of them read from files, those bound on this host, and a brief way to print many.
//!
//! - [`List`] reads a file of addresses, of the kinds that administrators and hosting panels keep.
//! - [`Bound`] is what the kernel has: each address with its interface, prefix and flags, each interface with its link state.
//! - [`DefaultRoute`] is where packets to the rest of the world go.
//! - `RouteLookup` and `NeighbourTable` say by which way an address is reached, and whether the table of neighbours overflows.
//! - [`config`] reads what the host's own configuration promises.
//! - `bind` and `unbind` give an interface an address, and take it away again.
//! - [`brief`] prints many addresses as runs.
//!
//! What a missing or unusable address means is not decided here: that is the plugins' part.

mod address;
mod bound;
#[cfg(target_os = "linux")]
mod change;
pub mod config;
mod list;
#[cfg(target_os = "linux")]
mod neighbours;
#[cfg(target_os = "linux")]
mod netlink;
mod portable;
mod ports;
#[cfg(target_os = "linux")]
mod route_lookup;
mod routes;
#[cfg(target_os = "linux")]
mod rtnetlink;
#[cfg(target_os = "linux")]
mod rtroute;
mod runs;

pub use address::{Expected, InvalidAddress};
pub use bound::{Bound, BoundAddress, Flags, Interface, Lifetime, Link, Lookup, ReadBoundError};
#[cfg(target_os = "linux")]
pub use change::{ChangeError, bind, unbind};
pub use list::{Entry, List, ListError, OwnPort};
#[cfg(target_os = "linux")]
pub use neighbours::NeighbourTable;
pub use ports::{InvalidPort, parse_ports};
#[cfg(target_os = "linux")]
pub use route_lookup::{Route, RouteLookup};
pub use routes::DefaultRoute;
pub use runs::{all, brief};
