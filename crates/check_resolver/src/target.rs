//! What one question is about, and how long it may take.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use domain::base::Rtype;

use crate::question::WireName;

/// Who is asked what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    /// The server.
    pub(crate) to: SocketAddr,
    /// The name.
    pub(crate) name: &'a WireName,
    /// The type.
    pub(crate) kind: Rtype,
}

/// How long a question may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// How often it is sent.
    pub(crate) tries: u8,
    /// How long after the last sending it is sent again.
    pub(crate) every: Duration,
    /// The end of all.
    pub(crate) end: Instant,
}
