//! What every program that talks to a network shares, under one [`plugin::Deadline`].
//!
//! | to | use |
//! | --- | --- |
//! | read a host and a port from an option | [`HostPort`], [`Host`] |
//! | get the addresses of names | [`resolve()`], [`Resolver`] for several at once |
//! | talk over TCP, a Unix socket or TLS | [`Connector`], [`Stream`], [`Waiting`], with a [`Cause`] for each end |
//! | set TLS up, and judge certificates | [`tls::Settings`], [`tls::Authorities`], [`tls::Fault`] |
//! | ask by UDP, with several tries, at several addresses | [`Udp`], [`exchange()`] |
//! | receive UDP from any address | [`UnconnectedUdp`] |
//! | send from an address or an interface | [`Source`] |
//! | ping | [`Echo`] |
//! | read ICMP errors | [`IcmpError`] |
//! | tell what this machine lacks | [`local_words()`], [`Lack`] |
//!
//! It leaves every protocol above TLS and ICMP echo to the programs, and knows nothing of async. Each wait is
//! [`plugin::wait_until`]; a plugin that holds thousands of connections has an epoll loop of its own.
//!
//! ```no_run
//! use net::{Cause, Connector, HostPort, Waiting, resolve, tls};
//!
//! let deadline = plugin::Deadline::after(std::time::Duration::from_secs(8));
//! let target: HostPort = "www.example.com:443".parse()?;
//! let addresses = resolve(&target.host, target.port_or(443), &deadline)?;
//! let client = tls::Settings::default().load(&deadline)?;
//! let connector = Connector::new(Waiting::until(&deadline));
//! let (stream, _) = connector.connect_any(&addresses, deadline.remaining())?;
//! match stream.secure(&client, &target.host.bare(), Vec::new()) {
//!     Ok(mut stream) => stream.send_all(b"GET / HTTP/1.0\r\n\r\n")?,
//!     Err(Cause::Tls(fault)) => println!("{target}: {fault}"),
//!     Err(cause) => return Err(cause.into()),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cause;
mod checksum;
mod ear;
mod echo;
mod exchange;
mod getent;
mod host;
mod host_port;
mod icmp_error;
mod lack;
mod local;
mod name;
mod resolve;
mod socket;
mod source;
mod stamped;
mod stream;
#[cfg(test)]
mod tests;
pub mod tls;
pub mod udp;
mod unconnected;
mod unusable;
mod waiting;
mod zoned;

pub use cause::Cause;
pub use checksum::checksum;
pub use echo::{Echo, EchoError, EchoResult, Event as EchoEvent, no_ping_socket};
pub use exchange::{Exchanged, STAGGER, Silence, Unanswered, Verdict, exchange};
pub use getent::{Family, ResolveError, parse as getent_addresses};
pub use host::Host;
pub use host_port::HostPort;
pub use icmp_error::{IcmpError, Told, drop_icmp_errors, keep_icmp_errors, take_icmp_error, told};
pub use lack::Lack;
pub use local::local_words;
pub use name::{InvalidHost, Name, Zone};
pub use resolve::{Resolver, alternate_families, resolve};
pub use source::{Source, is_own};
pub use stream::{Connector, Stream};
pub use udp::Udp;
pub use unconnected::UnconnectedUdp;
pub use unusable::{Unusable, divided, is_written_as_loopback, without_own};
pub use waiting::{SlowPath, SlowPathAction, Waiting};
pub use zoned::{NoInterface, shown, shown_address, zone_name, zoned};
