//! What every plugin that talks to a network shares, under one [`plugin::Deadline`].
//!
//! It knows nothing of any plugin, and of no protocol above TLS and ICMP echo.

mod cause;
mod checksum;
mod echo;
mod getent;
mod host;
mod host_port;
mod icmp_error;
mod name;
mod resolve;
mod socket;
mod source;
mod stamped;
mod stream;
pub mod tls;
mod waiting;

pub use cause::Cause;
pub use checksum::checksum;
pub use echo::{Echo, EchoError, EchoResult, Event as EchoEvent};
pub use getent::{Family, ResolveError};
pub use host::{Host, NoInterface};
pub use host_port::HostPort;
pub use icmp_error::{IcmpError, keep_icmp_errors, take_icmp_error};
pub use name::{InvalidHost, Name, Zone};
pub use resolve::{Resolver, resolve, resolve_addresses};
pub use source::{Source, is_own};
pub use stream::{Connector, Stream};
pub use waiting::{SlowPath, SlowPathAction, Waiting};
