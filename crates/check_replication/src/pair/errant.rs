//! What one server has and another has not, by GTID: transactions that have yet to come, and errant ones,
//! which a replica has and its sources have not and never will.
//!
//! The servers answer one after the other, so that a source asked before its replica looks as if it lacked
//! what it has written since. A transaction is errant only where the source was asked later: [`to_ask_again`]
//! says which sources are.

use plugin::Finding;

use super::ahead;
use super::executed::{All, Executed, Rest, of, read};
use super::links::Links;
use super::list::name;
use crate::gtid::{Accepted, GtidSet};
use crate::server::Server;

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

/// What each replica lacks of each of its sources: those that cannot be compared are left out,
/// as those that write without GTIDs.
pub(crate) fn lacks(servers: &[Server], links: &Links) -> Vec<Lack> {
    let executed = read(servers, |server| &server.gtids);
    let is_anonymous = |place: usize| servers.get(place).is_some_and(|server| server.is_anonymous);
    let lack = |replica: usize, source: usize| {
        let (own, theirs) = (of(&executed, replica)?, of(&executed, source)?);
        if is_anonymous(replica) || is_anonymous(source) {
            return None;
        }
        let id = servers.get(replica)?.server_id;
        Some(Lack { replica, source, count: theirs.yet_to_come(own, id)? })
    };
    let of_replica = |replica: usize| {
        let mut sources: Vec<usize> = links.sources(replica).collect();
        sources.sort_unstable();
        sources.dedup();
        sources.into_iter().filter_map(move |source| lack(replica, source))
    };
    (0..servers.len()).filter(|replica| links.by_gtid(*replica)).flat_map(of_replica).collect()
}

/// Which servers are to be asked for their GTIDs once more before [`judge`] can say that a transaction is
/// errant, and [`ahead::find`] that a replica is ahead: all above a replica that seems to be so.
pub(crate) fn to_ask_again(servers: &[Server], links: &Links) -> Vec<usize> {
    let executed = read(servers, |server| &server.gtids);
    let seems = |replica: usize| {
        errant(servers, &executed, &executed, links, replica).is_some_and(|rest| !rest.is_empty())
    };
    let above_errant =
        (0..servers.len()).filter(|replica| seems(*replica)).flat_map(|replica| links.upstream(replica));
    let ahead = ahead::find(servers, links).into_iter().map(|ahead| ahead.source);
    let mut places: Vec<usize> = above_errant.chain(ahead).collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// Judges the servers, after those of [`to_ask_again`] have answered again.
pub(crate) fn judge(servers: &[Server], links: &Links, accepted: &[Accepted]) -> Vec<Finding> {
    let (executed, later) = (read(servers, |server| &server.gtids), read(servers, Server::latest));
    let unread = servers.iter().zip(&later).filter_map(|(server, executed)| {
        let error = executed.as_ref().err()?;
        Some(Finding::unknown(format!("{}: {error}", server.asked)))
    });
    let mut findings: Vec<Finding> = unread.collect();
    for replica in 0..servers.len() {
        let rest = errant(servers, &executed, &later, links, replica).filter(|rest| !rest.is_empty());
        let Some(rest) = rest else { continue };
        let rest = rest.outside(accepted);
        if rest.is_empty() {
            continue;
        }
        let sources: Vec<&str> = links.sources(replica).map(|source| name(servers, source)).collect();
        let (own, sources) = (name(servers, replica), sources.join(" and "));
        let text = match rest {
            Rest::MySql(set) => {
                let (count, s) = (set.count(), if set.count() == 1 { "" } else { "s" });
                format!("{own} has {count} errant transaction{s}, unknown to {sources}: {set}")
            }
            Rest::MariaDb(history) => {
                format!("{own} has errant transactions, unknown to {sources}: up to {history}")
            }
        };
        findings.push(Finding::warning(text));
    }
    findings
}

/// What a replica had and its sources have not. None where that does not make it errant: the sources are not
/// all known, or something may yet reach them from this replica or from a stranger.
fn errant(servers: &[Server], executed: &All, later: &All, links: &Links, replica: usize) -> Option<Rest> {
    let above = links.upstream(replica);
    let all_known = above.iter().chain([&replica]).all(|place| links.strangers(*place).next().is_none());
    if above.is_empty() || above.contains(&replica) || !all_known || !links.by_gtid(replica) {
        return None;
    }
    let mut sources = links.sources(replica);
    let first = of(later, sources.next()?)?.clone();
    let theirs = sources.try_fold(first, |all, source| all.with(of(later, source)?))?;
    let above: Vec<&Server> = above.iter().filter_map(|place| servers.get(*place)).collect();
    match (of(executed, replica)?, &theirs) {
        (Executed::MySql(own), Executed::MySql(theirs)) => Some(Rest::MySql(errant_set(own, theirs, &above))),
        (Executed::MariaDb(own), Executed::MariaDb(theirs)) => {
            let id = servers.get(replica)?.server_id;
            let is_errant = |domain: u32, server: u32, number: u64| {
                let above = above.iter().any(|source| source.server_id == u64::from(server));
                let unknown = theirs.known.number(domain, server).is_none_or(|known| known < number);
                // What a third server wrote may be older than what the source remembers.
                let own = u64::from(server) == id;
                let last = theirs.position.last(domain);
                !above && unknown && (own || last.is_none_or(|last| last.number < number))
            };
            Some(Rest::MariaDb(own.known.only(is_errant)))
        }
        _ => None,
    }
}

/// A source's own transactions are another matter: see [`ahead`].
fn errant_set(own: &GtidSet, theirs: &GtidSet, above: &[&Server]) -> GtidSet {
    own.subtract(theirs).without(above.iter().filter_map(|source| source.server_uuid.as_deref()))
}

#[cfg(test)]
pub(crate) mod tests;
