//! What one server has and another has not, by GTID: transactions that have yet to come, and errant ones,
//! which a replica has and its sources have not and never will.
//!
//! The servers answer one after the other, so that a source asked before its replica looks as if it lacked
//! what it has written since. A transaction is errant only where the source was asked later: [`to_ask_again`]
//! says who is.

use std::collections::BTreeMap;

use plugin::Finding;

use super::links::Links;
use super::list::name;
use crate::gtid::{GtidSet, InvalidGtid, Position};
use crate::server::{Flavour, Server};

/// What a server has executed.
#[derive(Clone, Debug, PartialEq)]
enum Executed {
    MySql(GtidSet),
    MariaDb(Position),
}

impl Executed {
    /// None where the server did not tell, which is not the same as that there is nothing.
    fn read(server: &Server) -> Result<Option<Self>, InvalidGtid> {
        Ok(match (server.flavour, &server.gtid_executed, &server.gtid_current_pos) {
            (Flavour::MySql, Some(executed), _) => Some(Self::MySql(executed.parse()?)),
            (Flavour::MariaDb, _, Some(current)) => {
                let current: Position = current.parse()?;
                let logged = server.gtid_binlog_pos.as_deref().unwrap_or_default();
                Some(Self::MariaDb(current.furthest(&logged.parse()?)))
            }
            _ => None,
        })
    }

    /// What is here and not there. Sets and positions cannot be compared: of those nothing is claimed.
    fn without(&self, other: &Self) -> Rest {
        match (self, other) {
            (Self::MySql(own), Self::MySql(other)) => Rest::MySql(own.subtract(other)),
            (Self::MariaDb(own), Self::MariaDb(other)) => Rest::MariaDb(own.ahead_of(other)),
            _ => Rest::MySql(GtidSet::default()),
        }
    }

    /// What is here or there.
    fn with(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::MySql(own), Self::MySql(other)) => Some(Self::MySql(own.union(other))),
            (Self::MariaDb(own), Self::MariaDb(other)) => Some(Self::MariaDb(own.furthest(other))),
            _ => None,
        }
    }
}

/// Transactions that one server has and another has not.
enum Rest {
    MySql(GtidSet),
    MariaDb(BTreeMap<u32, u64>),
}

impl Rest {
    fn count(&self) -> u64 {
        match self {
            Self::MySql(set) => set.count(),
            Self::MariaDb(domains) => domains.values().copied().fold(0, u64::saturating_add),
        }
    }

    /// The set itself, or the domains.
    fn describe(&self) -> String {
        match self {
            Self::MySql(set) => set.to_string(),
            Self::MariaDb(domains) => {
                let domains: Vec<String> =
                    domains.iter().map(|(domain, by)| format!("{by} in domain {domain}")).collect();
                domains.join(", ")
            }
        }
    }
}

/// What a replica lacks of one of its sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lack {
    /// The replica's place among the servers.
    pub replica: usize,
    /// The source's.
    pub source: usize,
    /// How many transactions. MariaDB numbers them in each domain, and a number may have been left out: so at
    /// most that many.
    pub count: u64,
}

/// What each replica lacks of each of its sources: those that cannot be compared are left out.
pub(crate) fn lacks(servers: &[Server], links: &Links) -> Vec<Lack> {
    let executed = read(servers);
    let lack = |replica: usize, source: usize| {
        let (own, theirs) = (of(&executed, replica)?, of(&executed, source)?);
        own.with(theirs).map(|_| Lack { replica, source, count: theirs.without(own).count() })
    };
    let of_replica = |replica: usize| {
        let mut sources: Vec<usize> = links.sources(replica).collect();
        sources.sort_unstable();
        sources.dedup();
        sources.into_iter().filter_map(move |source| lack(replica, source))
    };
    (0..servers.len()).filter(|replica| links.by_gtid(*replica)).flat_map(of_replica).collect()
}

/// Which servers are to be asked for their GTIDs once more, in this order, before `judge` can say that a
/// transaction is errant: everybody above a replica that seems to have some, the nearest first.
pub(crate) fn to_ask_again(servers: &[Server], links: &Links) -> Vec<usize> {
    let executed = read(servers);
    let mut order: Vec<usize> = Vec::new();
    for replica in 0..servers.len() {
        if errant(&executed, links, replica).is_some_and(|rest| rest.count() > 0) {
            let above = links.upstream(replica);
            order.retain(|place| !above.contains(place));
            order.extend(above);
        }
    }
    order
}

/// Judges the servers, after those of [`to_ask_again`] have answered again.
pub(crate) fn judge(servers: &[Server], links: &Links) -> Vec<Finding> {
    let executed = read(servers);
    let unread = servers.iter().zip(&executed).filter_map(|(server, executed)| {
        let error = executed.as_ref().err()?;
        Some(Finding::unknown(format!("{}: {error}", server.asked)))
    });
    let mut findings: Vec<Finding> = unread.collect();
    for replica in 0..servers.len() {
        let Some(rest) = errant(&executed, links, replica).filter(|rest| rest.count() > 0) else { continue };
        let sources: Vec<&str> = links.sources(replica).map(|source| name(servers, source)).collect();
        let (own, count, sources) = (name(servers, replica), rest.count(), sources.join(" and "));
        let s = if count == 1 { "" } else { "s" };
        let text =
            format!("{own} has {count} errant transaction{s}, unknown to {sources}: {}", rest.describe());
        findings.push(Finding::warning(text));
    }
    findings.extend(parted(servers, &executed, links));
    findings
}

/// What each server has executed.
type All = Vec<Result<Option<Executed>, InvalidGtid>>;

fn read(servers: &[Server]) -> All {
    servers.iter().map(Executed::read).collect()
}

fn of(executed: &All, place: usize) -> Option<&Executed> {
    executed.get(place)?.as_ref().ok()?.as_ref()
}

/// What a replica has and its sources have not. None where that does not make it errant: the sources are not
/// all known, or something may yet reach them from this replica or from a stranger.
fn errant(executed: &All, links: &Links, replica: usize) -> Option<Rest> {
    let above = links.upstream(replica);
    let all_known = above.iter().chain([&replica]).all(|place| links.strangers(*place).next().is_none());
    if above.is_empty() || above.contains(&replica) || !all_known || !links.by_gtid(replica) {
        return None;
    }
    let mut sources = links.sources(replica);
    let first = of(executed, sources.next()?)?.clone();
    let theirs = sources.try_fold(first, |all, source| all.with(of(executed, source)?))?;
    let own = of(executed, replica)?;
    own.with(&theirs).map(|_| own.without(&theirs))
}

/// MariaDB: a number of a domain that two servers gave to different transactions.
fn parted<'a>(
    servers: &'a [Server],
    executed: &'a All,
    links: &'a Links,
) -> impl Iterator<Item = Finding> + 'a {
    let pair = |replica: usize, source: usize| {
        let (Executed::MariaDb(own), Executed::MariaDb(theirs)) =
            (of(executed, replica)?, of(executed, source)?)
        else {
            return None;
        };
        let domain = own.parted_from(theirs).into_iter().next()?;
        let number = own.last(domain)?.number;
        let (own, theirs) = (name(servers, replica), name(servers, source));
        let text = format!(
            "{own} and {theirs} have different transactions with the number {number} of GTID domain {domain}"
        );
        Some(Finding::warning(text))
    };
    let is_first = |replica: usize, source: usize| {
        replica < source || !links.sources(source).any(|other| other == replica)
    };
    (0..servers.len()).filter(|replica| links.by_gtid(*replica)).flat_map(move |replica| {
        let sources = links.sources(replica).filter(move |source| is_first(replica, *source));
        sources.filter_map(move |source| pair(replica, source))
    })
}

#[cfg(test)]
pub(crate) mod tests;
