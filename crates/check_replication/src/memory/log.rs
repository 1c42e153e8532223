//! What a server has numbered itself: its own part of its GTIDs.

use std::fmt;

use crate::gtid::{GtidSet, History, InvalidGtid, Position};
use crate::server::{Flavour, Gtids, Server};

/// What stands in place of a last number where a whole domain is gone and others went on.
pub(super) const GONE: &str = "domain gone";

/// The transactions that a server wrote first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Log {
    MySql(GtidSet),
    MariaDb(History),
}

impl Log {
    /// Returns what tells the server from others that may answer at its address, and its own transactions.
    /// `None` if it has no binary log or did not tell.
    pub(super) fn of(server: &Server) -> Result<Option<(String, Self)>, InvalidGtid> {
        let gtids = server.latest();
        Ok(match (server.flavour, &gtids.executed, &gtids.history) {
            (Flavour::MySql, Some(executed), _) => {
                let Some(uuid) = &server.server_uuid else { return Ok(None) };
                Some((uuid.to_ascii_lowercase(), Self::MySql(executed.parse::<GtidSet>()?.of(uuid))))
            }
            (Flavour::MariaDb, _, Some(history)) if server.log_bin != Some(false) => {
                let own = |_, id, _| u64::from(id) == server.server_id;
                let own = history.parse::<History>()?.only(own);
                // A server that was restored on a new host has its id, and nothing else, of the old one. Only
                // the nodes of a cluster may share an id.
                let identity = match server.membership {
                    None => server.server_id.to_string(),
                    Some(_) => format!("{}@{}:{}", server.server_id, server.hostname, server.port),
                };
                Some((identity, Self::MariaDb(own)))
            }
            _ => None,
        })
    }

    /// Returns every transaction that a server has, as far as it tells.
    pub(super) fn all_of(server: &Server) -> Result<Self, InvalidGtid> {
        let Gtids { executed, current, logged, applied, history } = server.latest();
        if server.flavour == Flavour::MySql {
            return executed.as_deref().unwrap_or_default().parse().map(Self::MySql);
        }
        let mut all = History::default();
        for text in [current, logged, applied, history].into_iter().flatten() {
            all = all.union(&text.parse()?);
        }
        Ok(Self::MariaDb(all))
    }

    /// Returns the further of both, of two logs of one server.
    pub(super) fn union(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::MySql(one), Self::MySql(other)) => Self::MySql(one.union(other)),
            (Self::MariaDb(one), Self::MariaDb(other)) => Self::MariaDb(one.union(other)),
            _ => self.clone(),
        }
    }

    /// Returns these as far as they are also there.
    pub(super) fn within(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::MySql(own), Self::MySql(other)) => Self::MySql(own.subtract(&own.subtract(other))),
            (Self::MariaDb(own), Self::MariaDb(other)) => Self::MariaDb(own.within(other)),
            _ => self.clone(),
        }
    }

    /// Whether a log of MySQL that starts again follows on these: a server that was rebuilt and was told what
    /// it has, or whose log was moved, has them in gtid_purged; one that was reset has not.
    pub(super) fn is_purged_in(&self, server: &Server) -> Result<bool, InvalidGtid> {
        Ok(match (self, &server.purged) {
            (Self::MySql(own), Some(purged)) => own.subtract(&purged.parse()?).is_empty(),
            (Self::MySql(_), None) => true,
            (Self::MariaDb(_), _) => false,
        })
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::MySql(set) => set.is_empty(),
            Self::MariaDb(history) => history.is_empty(),
        }
    }

    /// Returns those of which it is not certain that a server applied them. One of MariaDB that does not log
    /// what it applies remembers the last one of each domain alone.
    pub(super) fn not_applied(&self, server: &Server) -> Result<Self, InvalidGtid> {
        let (Self::MariaDb(own), Some(applied)) = (self, &server.latest().applied) else {
            return Ok(self.clone());
        };
        let applied = applied.parse::<Position>()?;
        let is_open = |domain, _, number| applied.last(domain).is_none_or(|last| last.number < number);
        Ok(Self::MariaDb(own.only(is_open)))
    }

    /// Returns for each domain in which `now` lacks some of these what was their last and what is the last of
    /// `now`. MySQL's are of one domain. The latter is [`GONE`] if whole domains are all that is lacking:
    /// FLUSH BINARY LOGS DELETE_DOMAIN_ID takes one, and RESET MASTER all of them.
    pub(super) fn lost_in(&self, now: &Self) -> Vec<(String, String)> {
        match (self, now) {
            (Self::MySql(before), Self::MySql(now)) => {
                let Some(lost) = before.subtract(now).last() else { return Vec::new() };
                let now = now.last().map_or_else(|| "none".to_owned(), |last| last.to_string());
                vec![(format!("transaction {lost}"), now)]
            }
            (Self::MariaDb(before), Self::MariaDb(now)) => {
                let lost = before.ahead_of(now);
                let goes_on = before.iter().any(|(domain, server, number)| {
                    now.number(domain, server).is_some_and(|now| now >= number)
                });
                let is_gone = |domain: u32| goes_on && now.iter().all(|(other, ..)| other != domain);
                let one = |(domain, server, number)| {
                    let last = match now.number(domain, server) {
                        Some(last) => format!("{domain}-{server}-{last}"),
                        None if is_gone(domain) => GONE.to_owned(),
                        None => "none".to_owned(),
                    };
                    (format!("{domain}-{server}-{number}"), last)
                };
                lost.iter().map(one).collect()
            }
            // One identity is of one kind.
            _ => Vec::new(),
        }
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MySql(set) => set.fmt(f),
            Self::MariaDb(history) => history.fmt(f),
        }
    }
}

impl Log {
    /// Parses what [`fmt::Display`] wrote of the server with this identity.
    pub(super) fn parse(identity: &str, text: &str) -> Result<Self, InvalidGtid> {
        let id = identity.split('@').next().unwrap_or_default();
        let is_mariadb = !id.is_empty() && id.bytes().all(|octet| octet.is_ascii_digit());
        if is_mariadb { text.parse().map(Self::MariaDb) } else { text.parse().map(Self::MySql) }
    }
}
