//! What servers and channels are judged by: thresholds and expectations, as the command line gives them.

use net::HostPort;
use plugin::{Range, Thresholds};

use crate::Args;
use crate::filter::Expected;
use crate::gtid::Accepted;
use crate::heartbeat::Table;
use crate::membership::Demands;
use crate::options::Role;
use crate::pair::{Shape, Writable};

/// The thresholds and expectations.
#[derive(Clone, Debug)]
pub(crate) struct Policy<'a> {
    /// Seconds that a channel may be behind its source.
    pub(crate) lag: Thresholds,
    /// What each server must be.
    pub(crate) role: Role,
    /// Whether it is said that each server replicates, also where a server need not have a channel.
    pub(crate) must_replicate: bool,
    /// How many channels a server must have: `None` for at least one.
    pub(crate) channels: Option<usize>,
    /// How many members a group must have at least.
    pub(crate) members: Option<usize>,
    /// The sources that a server must replicate from.
    pub(crate) sources: &'a [HostPort],
    /// What filters must not leave out.
    pub(crate) replicated: Expected<'a>,
    /// Which of several servers must take writes: `None` for any.
    pub(crate) writable: Option<Writable>,
    /// How several servers must replicate to each other.
    pub(crate) shape: Shape,
    /// The table that shows the lag: `None` for the servers' own word.
    pub(crate) heartbeats: Option<&'a Table>,
    /// Whether the SQL thread of a delayed channel may be stopped.
    pub(crate) may_be_stopped: bool,
    /// Errant transactions that are known.
    pub(crate) accepted: &'a [Accepted],
    /// Whether a log that started again is to be accepted.
    pub(crate) acknowledges: bool,
    /// Whether error texts are shown whole, with the statements in them.
    pub(crate) show_query: bool,
}

impl<'a> Policy<'a> {
    /// Takes it from the command line. The lag may be a minute (WARNING) and five (CRITICAL) unless it says
    /// otherwise; each default stands beside the other option, since a replica that is hours behind must not
    /// stay a WARNING only because that was tuned.
    pub(crate) fn new(args: &'a Args) -> Self {
        let Thresholds { warning, critical } = args.thresholds.clone();
        let expected = &args.expected;
        Self {
            lag: Thresholds {
                warning: warning.or_else(|| Some(Range::up_to(60.0))),
                critical: critical.or_else(|| Some(Range::up_to(300.0))),
            },
            role: expected.role.unwrap_or_default(),
            must_replicate: expected.role == Some(Role::Replica),
            channels: expected.channels.map(usize::from),
            members: expected.members.map(usize::from),
            sources: &expected.sources,
            replicated: Expected { databases: &expected.databases, accepted: &expected.filters },
            writable: expected.writable,
            shape: expected.shape,
            heartbeats: args.heartbeat.table.as_ref(),
            may_be_stopped: expected.stopped_sql,
            accepted: &expected.errant,
            acknowledges: args.memory.acknowledge,
            show_query: args.show_query,
        }
    }

    /// Returns what the members of a group or a cluster are judged by.
    pub(crate) fn of_members(&self) -> Demands<'_> {
        let may_be_read_only = self.writable == Some(Writable::Nowhere);
        Demands { members: self.members, lag: &self.lag, may_be_read_only }
    }

    /// Returns whether each server must be a member of a group or a cluster.
    pub(crate) fn expects_group(&self) -> bool {
        self.role == Role::Group || self.members.is_some()
    }

    /// Returns whether the command line asks for channels, which a member of a group need not have.
    pub(crate) fn expects_channels(&self) -> bool {
        self.channels.is_some() || !self.sources.is_empty()
    }
}
