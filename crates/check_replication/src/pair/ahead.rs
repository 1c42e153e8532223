//! A replica that is ahead of its source: it has transactions that the source wrote and has no more. The
//! source was reset, restored from a backup, or lost its log in a crash. Replication by GTID then skips what
//! the source writes next, with both threads running and no lag.
//!
//! The replica's first look is compared with the source's last one, which is later: what the source wrote
//! meanwhile cannot look like this.

use plugin::Finding;

use super::executed::{Executed, Log, of, read};
use super::links::Links;
use super::list::name;
use crate::server::Server;

/// A replica that is ahead of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ahead {
    /// The replica's place among the servers.
    pub replica: usize,
    /// The source's, which may have other servers between itself and the replica.
    pub source: usize,
    /// What the replica has.
    what: String,
}

/// Finds them. Numbers count where the replica goes by GTID alone: by positions in files, a replica may have
/// been moved to a source that was reset on purpose.
pub(crate) fn find(servers: &[Server], links: &Links) -> Vec<Ahead> {
    let (executed, later) = (read(servers, |server| &server.gtids), read(servers, Server::latest));
    let pair = |replica: usize, source: usize| {
        let from = servers.get(source)?;
        let what = match (of(&executed, replica)?, of(&later, source)?) {
            (Executed::MySql(own), Executed::MySql(theirs)) => {
                let rest = own.of(from.server_uuid.as_deref()?).subtract(theirs);
                let (count, s) = (rest.count(), if rest.count() == 1 { "" } else { "s" });
                (count > 0).then(|| format!("{count} transaction{s}"))
            }
            (Executed::MariaDb(own), Executed::MariaDb(theirs)) => further(own, theirs, from),
            _ => None,
        };
        Some(Ahead { replica, source, what: what? })
    };
    (0..servers.len())
        .filter(|replica| links.by_gtid(*replica))
        .flat_map(|replica| links.upstream(replica).into_iter().map(move |source| (replica, source)))
        .filter(|(replica, source)| replica != source)
        .filter_map(|(replica, source)| pair(replica, source))
        .collect()
}

/// The first domain in which a replica of MariaDB has a greater number of the source than the source. Where
/// it goes on counts: its own log may hold what it had before it was moved. Of the source its binary log
/// counts: what its gtid_slave_pos has of itself is left over from another time.
fn further(own: &Log, theirs: &Log, source: &Server) -> Option<String> {
    let id = u32::try_from(source.server_id).ok()?;
    own.known.iter().filter(|(_, server, _)| *server == id).find_map(|(domain, _, number)| {
        let applied = own.applied.last(domain).filter(|last| last.server == id).map(|last| last.number);
        let number = applied.unwrap_or(number);
        let ahead = |has: String| format!("{domain}-{id}-{number} past {has}");
        match theirs.logged.as_ref().unwrap_or(&theirs.known).number(domain, id) {
            None => Some(ahead("none".to_owned())),
            Some(known) if known < number => Some(ahead(format!("{domain}-{id}-{known}"))),
            Some(_) => None,
        }
    })
}

/// Judges those that are still ahead after a second look at their sources.
pub(crate) fn judge(servers: &[Server], links: &Links) -> Vec<Finding> {
    let mut waiting = Vec::new();
    let mut findings = Vec::new();
    for Ahead { replica, source, what } in find(servers, links) {
        let (own, theirs) = (name(servers, replica), name(servers, source));
        if servers.get(source).is_some_and(|server| server.commits_waiting > 0) {
            waiting.push(source);
        } else {
            let text =
                format!("{own} is ahead of its source {theirs} ({what}): source reset, restored or log lost");
            findings.push(Finding::critical(text));
        }
    }
    waiting.sort_unstable();
    waiting.dedup();
    let text =
        |source| format!("a commit on {} waits for a semi-sync acknowledgement", name(servers, source));
    findings.extend(waiting.into_iter().map(|source| Finding::warning(text(source))));
    findings
}

#[cfg(test)]
mod tests;
