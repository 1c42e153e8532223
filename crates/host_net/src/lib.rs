//! What this host's kernel has: the addresses that are bound, the interfaces that bear them, the routes and
//! the neighbours.
//!
//! - [`Bound`] is each address with its interface, prefix and flags, each interface with the state of its
//!   link.
//! - [`DefaultRoute`] is where packets to the rest of the world go, [`TableRoute`] any route of any table.
//! - `RouteLookup` tells by which way an address is reached, `Neighbour` which neighbours answer, and
//!   `NeighbourTable` whether their table overflows.
//! - `Diagnosis` tells whether this machine is to blame for the silence of addresses, by the routes of the
//!   `Sockets` that meet it.
//! - `bind` and `unbind` give an interface an address, and take it away again.
//!
//! On Linux all of it goes over one kind of netlink socket (`netlink.rs`), which bounds each wait by the
//! deadline; elsewhere, and where netlink is refused, [`Bound`] is read by getifaddrs(3).
//!
//! Plugins use it that judge this host's addresses, or tell this machine's faults from a target's. It leaves
//! the expected addresses to `host_config` and the command line, and the judgement of a missing one to the
//! plugins.
//!
//! ```
//! use std::time::Duration;
//!
//! use host_net::Bound;
//! use plugin::Deadline;
//!
//! let bound = Bound::read(&Deadline::after(Duration::from_secs(8)))?;
//! for address in &bound.addresses {
//!     let name = bound.interface(address.interface).map_or("?", |interface| interface.name.as_str());
//!     println!("{}/{} on {name}", address.address, address.prefix);
//! }
//! # Ok::<(), host_net::ReadBoundError>(())
//! ```

mod bound;
#[cfg(target_os = "linux")]
mod change;
#[cfg(target_os = "linux")]
mod diagnosis;
#[cfg(target_os = "linux")]
mod neighbour;
#[cfg(target_os = "linux")]
mod neighbours;
#[cfg(target_os = "linux")]
mod netlink;
mod portable;
mod read;
#[cfg(target_os = "linux")]
mod route_lookup;
mod routes;
#[cfg(target_os = "linux")]
mod rtnetlink;
#[cfg(target_os = "linux")]
mod rtroute;
#[cfg(target_os = "linux")]
mod sockets;

pub use bound::{Bound, BoundAddress, Flags, Interface, Kind, Lifetime, Link, Lookup, Peer};
#[cfg(target_os = "linux")]
pub use change::{ChangeError, PrefixRoute, bind, unbind};
#[cfg(target_os = "linux")]
pub use diagnosis::{Diagnosis, Explanation, Silence, is_to_blame};
#[cfg(target_os = "linux")]
pub use neighbour::Neighbour;
#[cfg(target_os = "linux")]
pub use neighbours::NeighbourTable;
pub use read::ReadBoundError;
#[cfg(target_os = "linux")]
pub use route_lookup::{Route, RouteLookup};
pub use routes::{DefaultRoute, TableRoute};
#[cfg(target_os = "linux")]
pub use sockets::{Protocol, Sockets};
