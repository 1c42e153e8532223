//! What one server answered, or why it did not.

use crate::connection::Packets;
use crate::failure::{Failure, Step};
use crate::heartbeat::Heartbeats;
use crate::liveness::Silence;
use crate::role;
use crate::row::Row;
use crate::server::{Flavour, Server, Version, identify};

/// What one server answered.
#[derive(Debug)]
pub struct Answer {
    /// What it said.
    pub server: Server,
    /// Channels whose source was silent for longer than its heartbeats allow.
    pub silent: Vec<Silence>,
    /// The rows of --heartbeat-table, if it was asked for, or why the server does not show them.
    pub heartbeats: Option<Result<Heartbeats, Box<Refusal>>>,
    /// Why the group of this server is not shown, if it has one.
    pub hidden: Option<Box<Refusal>>,
    /// Why its binary log is not shown, if that was asked for.
    pub hidden_log: Option<Box<Refusal>>,
}

/// Why there is no answer, and what else is known.
#[derive(Debug)]
pub struct Refusal {
    /// Why.
    pub failure: Failure,
    /// What the greeting said, if it came so far.
    pub server: Option<(Flavour, Version)>,
    /// The account as the server knows it, as in mon@%, if it said so.
    pub account: Option<String>,
    /// A role of that account which would let it, and which is not active.
    pub role: Option<String>,
    /// Whether the connection went through TLS or a Unix socket, on which none is needed.
    pub private: bool,
    /// Whether it is a Unix socket, on which accounts that need TLS are refused.
    pub socket: bool,
    /// Whether a client certificate was given on a connection through TLS.
    pub certified: bool,
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            server: None,
            account: None,
            role: None,
            private: false,
            socket: false,
            certified: false,
        }
    }
}

/// Why a server that has let us in does not answer, with its name for the account where that lacks a
/// privilege.
pub(crate) fn refusal(packets: &mut Packets, greeting: &str, failure: Failure) -> Refusal {
    Refusal {
        server: Some(identify(greeting)),
        account: lacks_privilege(&failure).then(|| account(packets)).flatten(),
        role: lacks_privilege(&failure).then(|| role::idle(packets)).flatten(),
        private: packets.is_private(),
        socket: packets.is_unix(),
        certified: false,
        failure,
    }
}

/// An error of the server means that it tells nothing here, and any other that the connection is lost.
pub(crate) fn if_told(failure: Failure) -> Result<Vec<Row>, Failure> {
    if failure.errno().is_some() { Ok(Vec::new()) } else { Err(failure) }
}

/// Whether the account may not ask what it asked.
pub(crate) fn lacks_privilege(failure: &Failure) -> bool {
    matches!(failure.errno(), Some(1142 | 1143 | 1227 | 1370)) && failure.step == Step::Statement
}

/// The account that was logged in, as it stands in the server's tables.
fn account(packets: &mut Packets) -> Option<String> {
    let rows = packets.query("SELECT CURRENT_USER() AS account").ok()?;
    rows.first().and_then(|row| row.filled(&["account"]))
}
