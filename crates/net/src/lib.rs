//! What every plugin that talks to a network shares, under one [`plugin::Deadline`].
//!
//! It knows nothing of any plugin, and of no protocol above TLS and ICMP echo.

mod host;
mod host_port;
mod name;

pub use host::{Host, NoInterface};
pub use host_port::HostPort;
pub use name::{InvalidHost, Name, Zone};
