//! What every plugin that talks to a network shares, under one [`plugin::Deadline`].
//!
//! It knows nothing of any plugin, and of no protocol above TLS and ICMP echo.

mod cause;
mod getent;
mod host;
mod host_port;
mod name;
mod resolve;
mod socket;
mod stream;
pub mod tls;
mod waiting;

pub use cause::Cause;
pub use getent::{Family, ResolveError};
pub use host::{Host, NoInterface};
pub use host_port::HostPort;
pub use name::{InvalidHost, Name, Zone};
pub use resolve::{Resolver, resolve, resolve_addresses};
pub use stream::{Connector, Stream};
pub use waiting::{SlowPath, SlowPathAction, Waiting};
