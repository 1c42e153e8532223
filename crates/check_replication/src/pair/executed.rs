//! What a server has executed, by GTID, and what of it another server has not.

use crate::channel::Channel;
use crate::gtid::{Accepted, GtidSet, History, InvalidGtid, Last, Position};
use crate::server::{Flavour, Gtids, Server};

/// What a server has executed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Executed {
    MySql(GtidSet),
    MariaDb(Log),
}

/// What MariaDB tells of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Log {
    /// The last transaction of each domain.
    pub(super) position: Position,
    /// The last that was applied from a source of each domain: where it goes on.
    pub(super) applied: Position,
    /// The last of each domain and server, as far as that is known.
    pub(super) known: History,
    /// The same in its binary log alone; `None` if it did not tell.
    pub(super) logged: Option<History>,
}

impl Log {
    /// Returns the last transaction of each domain that a replica with this server_id gets from here: what is
    /// in the binary log, and not its own. What gtid_slave_pos has of another time never comes.
    fn sent_to(&self, replica: u64) -> Position {
        let Some(logged) = &self.logged else { return self.position.clone() };
        let others = logged.iter().filter(|(_, server, _)| u64::from(*server) != replica);
        others.map(|(domain, server, number)| (domain, Last { server, number })).collect()
    }
}

/// All servers in their order. `None` where one did not tell, which is not the same as that there is nothing.
pub(super) type All = Vec<Result<Option<Executed>, InvalidGtid>>;

/// Reads what every server had executed at the first look, or at the last one.
pub(super) fn read(servers: &[Server], gtids: fn(&Server) -> &Gtids) -> All {
    servers.iter().map(|server| Executed::read(server.flavour, gtids(server))).collect()
}

/// Returns what is known of one of them.
pub(super) fn of(executed: &All, place: usize) -> Option<&Executed> {
    executed.get(place)?.as_ref().ok()?.as_ref()
}

impl Executed {
    fn read(flavour: Flavour, gtids: &Gtids) -> Result<Option<Self>, InvalidGtid> {
        Ok(match (flavour, &gtids.executed, &gtids.current) {
            (Flavour::MySql, Some(executed), _) => Some(Self::MySql(executed.parse()?)),
            (Flavour::MariaDb, _, Some(current)) => {
                let texts =
                    [Some(current), gtids.logged.as_ref(), gtids.applied.as_ref(), gtids.history.as_ref()];
                let mut known = History::default();
                for text in texts.into_iter().flatten() {
                    known = known.union(&text.parse()?);
                }
                let position = current.parse::<Position>()?;
                let logged = gtids.logged.as_deref().unwrap_or_default().parse()?;
                let applied = gtids.applied.as_deref().unwrap_or_default().parse()?;
                let position = position.furthest(&logged);
                let logged = gtids.history.as_ref().map(|text| text.parse()).transpose()?;
                Some(Self::MariaDb(Log { position, applied, known, logged }))
            }
            _ => None,
        })
    }

    /// Returns how many transactions a `replica` with this server_id has yet to get from here; `None` where
    /// they cannot be compared. MariaDB numbers them in each domain, and a number may have been left out: so
    /// at most that many.
    pub(super) fn yet_to_come(&self, replica: &Self, id: u64) -> Option<u64> {
        match (self, replica) {
            (Self::MySql(own), Self::MySql(other)) => Some(own.subtract(other).count()),
            (Self::MariaDb(own), Self::MariaDb(other)) => {
                let domains = own.sent_to(id).ahead_of(&other.position);
                Some(domains.values().copied().fold(0, u64::saturating_add))
            }
            _ => None,
        }
    }

    /// Returns this with what a channel has fetched and not yet applied; `None` if that cannot be read.
    pub(super) fn and_fetched(self, channel: &Channel) -> Option<Self> {
        Some(match self {
            Self::MySql(own) => {
                let sets = [&channel.retrieved_gtid_set, &channel.executed_gtid_set];
                let sets = sets.into_iter().flatten().map(|text| text.parse::<GtidSet>().ok());
                Self::MySql(sets.collect::<Option<Vec<_>>>()?.iter().fold(own, |all, set| all.union(set)))
            }
            Self::MariaDb(Log { position, applied, known, logged }) => {
                let positions = [&channel.gtid_io_pos, &channel.gtid_slave_pos];
                let positions = positions.into_iter().flatten().map(|text| text.parse::<Position>().ok());
                let all = positions.collect::<Option<Vec<_>>>()?;
                let position = all.iter().fold(position, |own, other| own.furthest(other));
                Self::MariaDb(Log { position, applied, known, logged })
            }
        })
    }

    /// Returns what is here or there; `None` where they cannot be compared.
    pub(super) fn with(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::MySql(own), Self::MySql(other)) => Some(Self::MySql(own.union(other))),
            (Self::MariaDb(own), Self::MariaDb(other)) => Some(Self::MariaDb(Log {
                position: own.position.furthest(&other.position),
                applied: own.applied.furthest(&other.applied),
                known: own.known.union(&other.known),
                logged: own.logged.as_ref().zip(other.logged.as_ref()).map(|(own, other)| own.union(other)),
            })),
            _ => None,
        }
    }
}

/// Transactions that one server has and another has not.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Rest {
    MySql(GtidSet),
    MariaDb(History),
}

impl Rest {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::MySql(set) => set.is_empty(),
            Self::MariaDb(history) => history.is_empty(),
        }
    }

    /// What is left without what is accepted.
    pub(super) fn outside(self, accepted: &[Accepted]) -> Self {
        accepted.iter().fold(self, |rest, accepted| match rest {
            Self::MySql(set) => Self::MySql(accepted.outside_of_set(&set)),
            Self::MariaDb(history) => Self::MariaDb(accepted.outside_of_history(&history)),
        })
    }
}
