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
use crate::gtid::{Accepted, History};
use crate::semi_sync::SemiSync;
use crate::server::{Flavour, Server};

/// A replica that is ahead of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ahead {
    /// The replica's place among the servers.
    pub replica: usize,
    /// The source's, which may have other servers between itself and the replica.
    pub source: usize,
    what: What,
}

impl Ahead {
    /// Whether that is no domain which was deleted at the source, and not all of it `accepted`.
    pub(super) fn is_lost(&self, accepted: &[Accepted]) -> bool {
        match &self.what {
            What::Lost(_) => true,
            What::Domains(gone, goes_on) => !goes_on && !rest(gone, accepted).is_empty(),
        }
    }
}

/// What the replica has.
#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    /// Transactions that the source has no more, for people.
    Lost(String),
    /// Domains of which the source has nothing at all, and whether it went on in others: FLUSH BINARY LOGS
    /// DELETE_DOMAIN_ID takes one, and RESET MASTER all of them.
    Domains(History, bool),
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
                (count > 0).then(|| What::Lost(format!("{count} transaction{s}")))
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

/// The first domain in which a replica of MariaDB has a greater number of the source than the source, else
/// those that the source has not. Where the replica goes on counts: its own log may hold what it had before
/// it was moved. Of the source its binary log counts: what its gtid_slave_pos has of itself is left over
/// from another time.
fn further(own: &Log, theirs: &Log, source: &Server) -> Option<What> {
    let id = u32::try_from(source.server_id).ok()?;
    let logged = theirs.logged.as_ref().unwrap_or(&theirs.known);
    let of_source = own.known.only(|_, server, _| server == id);
    let applied = |domain, number| {
        let last = own.applied.last(domain).filter(|last| last.server == id);
        last.map_or(number, |last| last.number)
    };
    let ahead = |(domain, _, number): (u32, u32, u64)| {
        let (number, known) = (applied(domain, number), logged.number(domain, id)?);
        (known < number).then(|| What::Lost(format!("{domain}-{id}-{number} past {domain}-{id}-{known}")))
    };
    let goes_on = of_source.iter().any(|(domain, ..)| logged.number(domain, id).is_some());
    let domains = || {
        let gone = of_source.only(|domain, _, _| logged.number(domain, id).is_none());
        (!gone.is_empty()).then_some(What::Domains(gone, goes_on))
    };
    of_source.iter().find_map(ahead).or_else(domains)
}

/// What is left of domains that a source has no more without those that are `accepted` by their GTIDs: a
/// server's id would accept all that it writes.
fn rest(gone: &History, accepted: &[Accepted]) -> History {
    let by_gtid = accepted.iter().filter(|accepted| matches!(accepted, Accepted::UpTo(_)));
    by_gtid.fold(gone.clone(), |gone, accepted| accepted.outside_of_history(&gone))
}

/// Judges those that are still ahead after a second look at their sources, but for what is `accepted`.
pub(crate) fn judge(servers: &[Server], links: &Links, accepted: &[Accepted]) -> Vec<Finding> {
    const LOST: &str = "source reset, restored or log lost";
    let mut waiting = Vec::new();
    let mut findings = Vec::new();
    for Ahead { replica, source, what } in find(servers, links) {
        let (own, theirs) = (name(servers, replica), name(servers, source));
        // MariaDB has them in its log too.
        if servers.get(source).is_some_and(|server| is_mysql(server) && server.commits_waiting > 0) {
            waiting.push(source);
            continue;
        }
        let why = match links.by_id_at(replica, source) {
            Some(at) => format!("reset, restored, or {at} has its id"),
            None => LOST.to_owned(),
        };
        let ahead =
            |what: &str| Finding::critical(format!("{own} is ahead of its source {theirs} ({what}): {why}"));
        findings.extend(match what {
            What::Lost(what) => Some(ahead(&what)),
            What::Domains(gone, goes_on) => {
                let rest = rest(&gone, accepted);
                let first = rest.iter().next();
                first.map(|(domain, server, number)| match goes_on {
                    true => gone_from(theirs, own, domain, &rest),
                    false => ahead(&format!("{domain}-{server}-{number} past none")),
                })
            }
        });
    }
    waiting.sort_unstable();
    waiting.dedup();
    findings.extend(waiting.into_iter().filter_map(|source| servers.get(source)).filter_map(waits));
    findings
}

/// Finds servers of MariaDB on which commits wait, whatever their replicas have.
pub(crate) fn waiting(servers: &[Server]) -> impl Iterator<Item = Finding> {
    let waiting = servers.iter().filter(|server| !is_mysql(server) && server.commits_waiting > 0);
    waiting.filter_map(waits)
}

fn is_mysql(server: &Server) -> bool {
    server.flavour == Flavour::MySql
}

/// That a commit on a server is not acknowledged, where what it says of semi-sync does not tell that already.
fn waits(server: &Server) -> Option<Finding> {
    let is_told = server.semi_sync.as_ref().is_some_and(SemiSync::is_waiting);
    let text = format!("a commit on {} waits for a semi-sync acknowledgement", server.asked);
    (!is_told).then(|| Finding::warning(text))
}

/// That a source has nothing of this domain, and perhaps of others, while it went on elsewhere.
fn gone_from(source: &str, replica: &str, domain: u32, gone: &History) -> Finding {
    let text = format!(
        "{source} has no domain {domain} and its replica {replica} has {gone}: deleted there, or source reset"
    );
    Finding::warning(text)
        .detail(format!("after FLUSH BINARY LOGS DELETE_DOMAIN_ID give --accept-errant={gone}"))
}

#[cfg(test)]
mod tests;
