//! GTID domains of a source that a replica of MariaDB drops by DO_DOMAIN_IDS or IGNORE_DOMAIN_IDS.
//!
//! Its positions go past what it drops: both threads run, the lag is 0, and it seems to have all.

use std::collections::BTreeSet;

use plugin::Finding;

use super::links::Links;
use super::list::name;
use crate::channel::Channel;
use crate::filter::Expected;
use crate::gtid::History;
use crate::judge::subject;
use crate::server::Server;

/// Whether a replica needs a domain of a source by this channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// No other channel takes it.
    Surely,
    /// Another channel takes it if its source has it, and that source was not asked.
    Perhaps,
    /// No other channel takes it, and the replica itself may have written it by an earlier server_id.
    PerhapsOwn,
    /// Another channel takes it too.
    Not,
}

/// Whether a channel takes a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Yes,
    No,
    /// Its source was not asked, or did not tell.
    Unknown,
}

/// What a channel drops that its replica needs by it.
struct Loss {
    domains: BTreeSet<u32>,
    /// Whether nothing of the source comes by the channel but what others bring as well.
    is_all: bool,
    /// What it may be, and what would tell, if that is not sure.
    doubts: Vec<(&'static str, &'static str)>,
}

/// Judges every channel whose source was asked too. Filters that are accepted in `expected` may drop a part.
pub(crate) fn judge(servers: &[Server], links: &Links, expected: Expected<'_>) -> Vec<Finding> {
    let of_channel = |replica: usize, place: usize, channel: &Channel| {
        let by = channel.filters.of_domains()?;
        let source = links.source(replica, place).map(|source| name(servers, source));
        let subject = subject(name(servers, replica), source, channel);
        Loss::find(servers, links, (replica, place))?.judge(&subject, by, expected)
    };
    let all = servers.iter().enumerate().flat_map(|(replica, server)| {
        server.channels.iter().enumerate().map(move |(place, channel)| (replica, place, channel))
    });
    all.filter_map(|(replica, place, channel)| of_channel(replica, place, channel)).collect()
}

impl Loss {
    /// Finds that of a channel of a replica. `None` if its source does not tell.
    fn find(servers: &[Server], links: &Links, (replica, place): (usize, usize)) -> Option<Self> {
        let own = servers.get(replica)?;
        let source = servers.get(links.source(replica, place)?)?;
        let history = history(source)?.only(|_, id, _| u64::from(id) != own.server_id);
        let filters = &own.channels.get(place)?.filters;
        let needs = needs(servers, links, (replica, place), &history);
        let (dropped, taken): (Vec<_>, Vec<_>) =
            needs.into_iter().partition(|(domain, _)| filters.drops_domain(*domain).is_some());
        let of = |wanted: &[Need]| -> BTreeSet<u32> {
            dropped.iter().filter(|(_, need)| wanted.contains(need)).map(|(domain, _)| *domain).collect()
        };
        let (surely, unsure) = (of(&[Need::Surely]), of(&[Need::Perhaps, Need::PerhapsOwn]));
        let is_sure = !surely.is_empty();
        let lost = if is_sure { &surely } else { &unsure };
        let is_all = !taken.iter().any(|(domain, need)| comes(source, &history, lost, *domain, *need));
        let doubts = [
            (Need::Perhaps, "perhaps nobody else sends it", "ask the sources of the other channels too"),
            (Need::PerhapsOwn, "perhaps others wrote it", "ask all servers above its source too"),
        ];
        let doubts = doubts.into_iter().filter(|(need, ..)| !is_sure && !of(&[*need]).is_empty());
        Some(Self {
            domains: if is_sure && is_all { surely } else { &surely | &unsure },
            is_all,
            doubts: doubts.map(|(_, doubt, ask)| (doubt, ask)).collect(),
        })
    }

    /// `None` if it is nothing.
    fn judge(&self, subject: &str, by: &str, expected: Expected<'_>) -> Option<Finding> {
        let what = listed(&self.domains)?;
        let what = if self.is_all {
            format!("{subject}: {by} drops all of its source, {what}")
        } else {
            format!("{subject}: {by} drops {what} of its source")
        };
        let accept = format!("{subject}: if that is on purpose, give --accept-filter={by}");
        let found = match self.doubts.first() {
            None if self.is_all => return Some(Finding::critical(what)),
            None => Finding::warning(what),
            Some((doubt, _)) => Finding::warning(format!("{what}, {doubt}")),
        };
        let found = found.details(self.doubts.iter().map(|(_, ask)| format!("{subject}: {ask}")));
        Some(if self.is_all { found } else { expected.accept(by, found.detail(accept)) })
    }
}

/// Whether something of what is `lost` with other domains of a source comes all the same by one that is
/// taken. What others bring as well tells that only by who wrote there, and not where all is lost that the
/// source itself writes now.
fn comes(source: &Server, history: &History, lost: &BTreeSet<u32>, domain: u32, need: Need) -> bool {
    let of_lost = history.only(|domain, _, _| lost.contains(&domain));
    let mut here = history.iter().filter(|(known, ..)| *known == domain);
    let is_shared = here.any(|(_, id, _)| of_lost.iter().any(|(_, writer, _)| writer == id));
    let by_source = || of_lost.iter().filter(|(_, id, _)| u64::from(*id) == source.server_id);
    match need {
        Need::Surely => true,
        Need::Perhaps => is_shared || by_source().next().is_none(),
        Need::PerhapsOwn | Need::Not => {
            is_shared && !by_source().any(|(known, ..)| source.gtid_domain_id == Some(u64::from(known)))
        }
    }
}

/// Each domain in what others than a replica wrote of a source's `history`, without the replica's own.
fn needs(
    servers: &[Server],
    links: &Links,
    (replica, place): (usize, usize),
    history: &History,
) -> Vec<(u32, Need)> {
    let above = Above::find(servers, links, (replica, place));
    let default = servers.get(replica).and_then(|own| own.gtid_domain_id);
    let need = |domain: u32| {
        let mut writers = history.iter().filter(|(known, ..)| *known == domain);
        // In a domain of its own its source has what the replica wrote, perhaps by an earlier server_id.
        let may_be_own = default == Some(u64::from(domain))
            && !writers.any(|(_, id, _)| above.ids.contains(&u64::from(id)));
        if may_be_own && above.is_complete {
            return None;
        }
        Some(match elsewhere(servers, links, replica, place, domain) {
            Takes::Yes => Need::Not,
            Takes::Unknown => Need::Perhaps,
            Takes::No if may_be_own => Need::PerhapsOwn,
            Takes::No => Need::Surely,
        })
    };
    let domains: BTreeSet<u32> = history.iter().map(|(domain, ..)| domain).collect();
    domains.into_iter().filter_map(|domain| Some((domain, need(domain)?))).collect()
}

/// Who writes what a channel gets.
struct Above {
    /// The ids of all servers that are known.
    ids: BTreeSet<u64>,
    /// Whether what the replica writes comes back, and nothing else comes from servers that are not known.
    is_complete: bool,
}

impl Above {
    fn find(servers: &[Server], links: &Links, (replica, place): (usize, usize)) -> Self {
        let source = links.source(replica, place);
        let further = source.map(|source| links.upstream_up_to(source, replica)).unwrap_or_default();
        let places: BTreeSet<usize> =
            source.into_iter().chain(further.iter().copied()).filter(|place| *place != replica).collect();
        let above = || places.iter().filter_map(|place| servers.get(*place));
        let sources = above().flat_map(|server| &server.channels).map(|channel| channel.source_server_id);
        let is_known = |place: &usize| links.strangers(*place).next().is_none();
        Self {
            ids: servers.iter().map(|server| server.server_id).chain(sources).collect(),
            is_complete: further.contains(&replica)
                && places.iter().all(is_known)
                && above().all(|server| server.membership.is_none()),
        }
    }
}

/// Whether another channel of the replica takes this domain: its source has it, or its own list names it.
fn elsewhere(servers: &[Server], links: &Links, replica: usize, place: usize, domain: u32) -> Takes {
    let takes = |other: usize, channel: &Channel| {
        if other == place || channel.filters.drops_domain(domain).is_some() {
            return Takes::No;
        }
        let is_named = channel.filters.of_domains().is_some_and(|by| by.contains("_Do_"));
        let source = links.source(replica, other).and_then(|source| servers.get(source));
        let Some((source, history)) = source.and_then(|source| Some((source, history(source)?))) else {
            return if is_named { Takes::Yes } else { Takes::Unknown };
        };
        let has = history.iter().any(|(known, ..)| known == domain);
        // One that was reset has not written in its own yet.
        let is_its_own = is_named && source.gtid_domain_id == Some(u64::from(domain));
        if has || is_its_own { Takes::Yes } else { Takes::No }
    };
    let channels = servers.get(replica).map(|server| server.channels.as_slice()).unwrap_or_default();
    let all: Vec<Takes> = channels.iter().enumerate().map(|(other, channel)| takes(other, channel)).collect();
    let first = |wanted: Takes| all.contains(&wanted).then_some(wanted);
    first(Takes::Yes).or_else(|| first(Takes::Unknown)).unwrap_or(Takes::No)
}

/// The domains and servers in the binary log of a server.
fn history(server: &Server) -> Option<History> {
    server.gtids.history.as_ref()?.parse().ok()
}

/// "domain 0", "domain 0 and 2 more".
fn listed(domains: &BTreeSet<u32>) -> Option<String> {
    let (first, more) = (domains.first()?, domains.len() - 1);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    Some(format!("domain {first}{more}"))
}

#[cfg(test)]
mod tests;
