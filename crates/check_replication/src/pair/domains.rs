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

/// Judges every channel whose source was asked too. Filters that are accepted in `expected` may drop a part.
pub(crate) fn judge(servers: &[Server], links: &Links, expected: Expected<'_>) -> Vec<Finding> {
    let of_channel = |replica: usize, place: usize, channel: &Channel| {
        let by = channel.filters.of_domains()?;
        let needed = needed(servers, links, replica, place)?;
        let dropped: Vec<u32> =
            needed.iter().copied().filter(|domain| channel.filters.drops_domain(*domain).is_some()).collect();
        let source = links.source(replica, place).map(|source| name(servers, source));
        let subject = subject(name(servers, replica), source, channel);
        let what = listed(&dropped)?;
        Some(if dropped.len() == needed.len() {
            Finding::critical(format!("{subject}: {by} drops all of its source, {what}"))
        } else {
            let text = format!("{subject}: {by} drops {what} of its source");
            let todo = format!("{subject}: if that is on purpose, give --accept-filter={by}");
            expected.accept(by, Finding::warning(text).detail(todo))
        })
    };
    let all = servers.iter().enumerate().flat_map(|(replica, server)| {
        server.channels.iter().enumerate().map(move |(place, channel)| (replica, place, channel))
    });
    all.filter_map(|(replica, place, channel)| of_channel(replica, place, channel)).collect()
}

/// The domains that a replica gets by this channel alone. `None` if its source does not tell.
fn needed(servers: &[Server], links: &Links, replica: usize, place: usize) -> Option<BTreeSet<u32>> {
    let own = servers.get(replica)?;
    let source = servers.get(links.source(replica, place)?)?;
    let history = history(source)?;
    // In a domain of its own its source has what the replica wrote, perhaps by an earlier server_id.
    let is_own = |domain: u32| {
        let writes = u32::try_from(source.server_id).is_ok_and(|id| history.number(domain, id).is_some());
        own.gtid_domain_id == Some(u64::from(domain)) && !writes
    };
    let of_others = history.iter().filter(|(_, server, _)| u64::from(*server) != own.server_id);
    let domains = of_others.map(|(domain, ..)| domain).filter(|domain| !is_own(*domain));
    Some(domains.filter(|domain| !is_taken(servers, links, replica, place, *domain)).collect())
}

/// Whether another channel of the replica takes this domain: by its own list, or because its source has it.
fn is_taken(servers: &[Server], links: &Links, replica: usize, place: usize, domain: u32) -> bool {
    let has = |other: usize| {
        let source = links.source(replica, other).and_then(|source| servers.get(source));
        let history = source.and_then(history);
        history.is_some_and(|history| history.iter().any(|(known, ..)| known == domain))
    };
    let channels = servers.get(replica).map(|server| server.channels.as_slice()).unwrap_or_default();
    channels.iter().enumerate().any(|(other, channel)| {
        let takes = channel.filters.drops_domain(domain).is_none();
        other != place && takes && (channel.filters.of_domains().is_some() || has(other))
    })
}

/// The domains and servers in the binary log of a server.
fn history(server: &Server) -> Option<History> {
    server.gtids.history.as_ref()?.parse().ok()
}

/// "domain 0", "domain 0 and 2 more".
fn listed(domains: &[u32]) -> Option<String> {
    let (first, more) = domains.split_first()?;
    let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
    Some(format!("domain {first}{more}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Filters;
    use crate::pair::tests::{linked, mariadb, texts};
    use crate::row::Row;

    /// Servers of `linked` that write in domains of their own numbers, with what is in the log of each, and
    /// the filters of the last server's channels.
    fn servers(sources: &[&str], logs: &[&str], filters: &[(&str, &str)]) -> Vec<Server> {
        let mut servers = linked(mariadb, sources);
        for (server, log) in servers.iter_mut().zip(logs) {
            server.gtid_domain_id = Some(server.server_id);
            server.gtids.history = Some((*log).to_owned());
        }
        let last = servers.last_mut().map(|server| server.channels.as_mut_slice()).unwrap_or_default();
        for (channel, (name, list)) in last.iter_mut().zip(filters) {
            let column = (format!("Replicate_{name}_Domain_Ids"), Some((*list).to_owned()));
            channel.filters = Filters::read(&Row::new([column]));
        }
        servers
    }

    fn judged(servers: &[Server], accepted: &[&str]) -> Vec<String> {
        let accepted: Vec<_> = accepted.iter().filter_map(|name| name.parse().ok()).collect();
        texts(judge(servers, &Links::find(servers), Expected { databases: &[], accepted: &accepted }))
    }

    #[test]
    fn domains_that_are_dropped() {
        type Row<'a> = (&'a [&'a str], &'a [&'a str], &'a [(&'a str, &'a str)], &'a str);
        let rows: [Row<'_>; 15] = [
            (&["", "a"], &["1-1-5", ""], &[("Ignore", "1")], "CRITICAL b from a: Ignore drops all of 1"),
            (
                &["", "a"],
                &["1-1-5,7-1-1", ""],
                &[("Ignore", "7, 1")],
                "CRITICAL b from a: Ignore drops all of 1+1",
            ),
            (&["", "a"], &["1-1-5,7-1-1", ""], &[("Ignore", "7")], "WARNING b from a: Ignore drops 7"),
            (&["", "a"], &["1-1-5,7-1-1", ""], &[("Do", "1")], "WARNING b from a: Do drops 7"),
            (&["", "a"], &["1-1-5", ""], &[("Do", "11")], "CRITICAL b from a: Do drops all of 1"),
            (&["", "a"], &["1-1-5", ""], &[("Ignore", "11")], ""),
            (&["", "a"], &["1-1-5", ""], &[("Do", "1, 7")], ""),
            (&["", "a"], &["", ""], &[("Ignore", "1")], ""),
            // What the replica wrote itself comes back, also by an earlier server_id.
            (&["b", "a"], &["1-1-5,2-2-4", ""], &[("Ignore", "2")], ""),
            (&["b", "a"], &["1-1-5,2-9-4", ""], &[("Ignore", "2")], ""),
            // Both write in one domain.
            (
                &["b", "a"],
                &["2-1-5,2-2-4", ""],
                &[("Ignore", "2")],
                "CRITICAL b from a: Ignore drops all of 2",
            ),
            // Each of three gets from the others what they write themselves.
            (
                &["bc", "ac", "ab"],
                &["1-1-5,2-2-5,3-3-5", "1-1-5,2-2-5,3-3-5", ""],
                &[("Do", "1"), ("Do", "2")],
                "",
            ),
            (
                &["bc", "ac", "ab"],
                &["1-1-5,2-2-5,3-3-5", "1-1-5,2-2-5,3-3-5", ""],
                &[("Ignore", "2,3"), ("Ignore", "1,3")],
                "",
            ),
            (
                &["bc", "ac", "ab"],
                &["1-1-5,2-2-5,3-3-5", "2-2-5,3-3-5", ""],
                &[("Do", "11"), ("Do", "2")],
                "CRITICAL c from a: Do drops all of 1",
            ),
            (
                &["", "", "ab"],
                &["1-1-5", "2-2-5", ""],
                &[("Ignore", "1")],
                "CRITICAL c from a: Ignore drops all of 1",
            ),
        ];
        for (sources, logs, filters, expected) in rows {
            let said = judged(&servers(sources, logs, filters), &[]).join(", ");
            let short = said
                .replace("Replicate_", "")
                .replace("_Domain_Ids", "")
                .replace("all of its source, domain ", "all of ")
                .replace("drops domain ", "drops ")
                .replace(" of its source", "")
                .replace(" and 1 more", "+1");
            assert_eq!(short, expected, "{logs:?} {filters:?}");
        }
    }

    #[test]
    fn a_part_may_be_dropped_on_purpose() {
        let part = servers(&["", "a"], &["1-1-5,7-1-1", ""], &[("Ignore", "7")]);
        let line = "WARNING b from a: Replicate_Ignore_Domain_Ids drops domain 7 of its source";
        assert_eq!(judged(&part, &["Replicate_Do_Domain_Ids"]), [line]);
        assert_eq!(judged(&part, &["Replicate_Ignore_Domain_Ids"]), ["OK "]);
        let all = servers(&["", "a"], &["1-1-5", ""], &[("Ignore", "1")]);
        let line = "CRITICAL b from a: Replicate_Ignore_Domain_Ids drops all of its source, domain 1";
        assert_eq!(judged(&all, &["Replicate_Ignore_Domain_Ids"]), [line]);
    }
}
