//! IP addresses as text: one, a list of thousands, its ports, and a brief way to print many.
//!
//! - [`HostAddress`] is an address with the prefix length that may stand with it, in any spelling.
//! - [`ZonedAddress`] is one to connect to, with the zone of a link-local one.
//! - [`List`] parses a file of addresses, of the kinds that administrators and hosting panels keep: `ADDRESS
//!   [PORTS] [LABEL]`. [`Fields`] are the ports and labels of its lines.
//! - [`netmask()`] parses the netmask that a panel writes after an address.
//! - [`subnet_ends`] is the network's own and the broadcast address of an IPv4 subnet.
//! - [`parse_ports`] parses `80,443`, `8000-8010` and `https`.
//! - [`brief`] and [`all`] print many addresses as runs.
//!
//! Plugins use it for options that take addresses and for lines that print them, `host_config` and `host_net`
//! for text that contains them. It reads no file and asks no kernel: `host_config` and `host_net` do that,
//! and the plugins judge a missing address.
//!
//! ```
//! use addresses::{List, all};
//!
//! let list = List::parse("/etc/ips", 0, b"192.0.2.10 # web\n192.0.2.11\n2001:db8::1\n")?;
//! let parsed: Vec<_> = list.entries.iter().map(|entry| entry.expected.address).collect();
//! assert_eq!(all(&parsed), "192.0.2.10-11, 2001:db8::1");
//! # Ok::<(), addresses::ListError>(())
//! ```

mod address;
mod list;
mod netmask;
mod ports;
mod runs;
mod services;
mod subnet;

pub use address::{HostAddress, InvalidAddress, ZonedAddress, short};
pub use list::{Entry, Fields, List, ListError, OwnLabel, OwnNetwork, OwnPorts, OwnZone, ambiguous, netmask};
pub use ports::{InvalidPort, PortRange, parse_ports};
pub use runs::{all, brief, brief_with_noun};
pub use subnet::subnet_ends;
