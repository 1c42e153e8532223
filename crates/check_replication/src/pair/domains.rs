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

/// The domains that a replica may get by one channel alone.
struct Needed {
    /// Those that no other channel of it takes.
    surely: BTreeSet<u32>,
    /// Those that another channel takes if its source has them, and that source was not asked.
    perhaps: BTreeSet<u32>,
}

/// Whether a channel takes a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Yes,
    No,
    /// Its source was not asked, or did not tell.
    Unknown,
}

/// Judges every channel whose source was asked too. Filters that are accepted in `expected` may drop a part.
pub(crate) fn judge(servers: &[Server], links: &Links, expected: Expected<'_>) -> Vec<Finding> {
    let of_channel = |replica: usize, place: usize, channel: &Channel| {
        let by = channel.filters.of_domains()?;
        let needed = needed(servers, links, replica, place)?;
        let dropped = |domains: &BTreeSet<u32>| -> BTreeSet<u32> {
            domains.iter().copied().filter(|domain| channel.filters.drops_domain(*domain).is_some()).collect()
        };
        let (surely, perhaps) = (dropped(&needed.surely), dropped(&needed.perhaps));
        let source = links.source(replica, place).map(|source| name(servers, source));
        let subject = subject(name(servers, replica), source, channel);
        let accept = format!("{subject}: if that is on purpose, give --accept-filter={by}");
        Some(match listed(&surely) {
            Some(what) if surely.len() == needed.surely.len() => {
                Finding::critical(format!("{subject}: {by} drops all of its source, {what}"))
            }
            Some(_) => {
                let what = listed(&surely.union(&perhaps).copied().collect())?;
                let text = format!("{subject}: {by} drops {what} of its source");
                expected.accept(by, Finding::warning(text).detail(accept))
            }
            None => {
                let what = listed(&perhaps)?;
                let text =
                    format!("{subject}: {by} drops {what} of its source, perhaps nobody else sends it");
                let todo = format!("{subject}: ask the sources of the other channels too");
                expected.accept(by, Finding::warning(text).detail(todo).detail(accept))
            }
        })
    };
    let all = servers.iter().enumerate().flat_map(|(replica, server)| {
        server.channels.iter().enumerate().map(move |(place, channel)| (replica, place, channel))
    });
    all.filter_map(|(replica, place, channel)| of_channel(replica, place, channel)).collect()
}

/// The domains that a replica gets by this channel alone. `None` if its source does not tell.
fn needed(servers: &[Server], links: &Links, replica: usize, place: usize) -> Option<Needed> {
    let own = servers.get(replica)?;
    let source = servers.get(links.source(replica, place)?)?;
    let history = history(source)?;
    let above = source.channels.iter().map(|channel| channel.source_server_id);
    let others: BTreeSet<u64> = servers.iter().map(|server| server.server_id).chain(above).collect();
    // In a domain of its own its source has what the replica wrote, perhaps by an earlier server_id.
    let is_own = |domain: u32| {
        let is_others = |id: u64| id != own.server_id && others.contains(&id);
        let mut writers = history.iter().filter(|(known, ..)| *known == domain);
        own.gtid_domain_id == Some(u64::from(domain)) && !writers.any(|(_, id, _)| is_others(u64::from(id)))
    };
    let of_others = history.iter().filter(|(_, server, _)| u64::from(*server) != own.server_id);
    let domains: BTreeSet<u32> =
        of_others.map(|(domain, ..)| domain).filter(|domain| !is_own(*domain)).collect();
    let only = |wanted: Takes| -> BTreeSet<u32> {
        let is_it = |domain: &u32| elsewhere(servers, links, replica, place, *domain) == wanted;
        domains.iter().copied().filter(is_it).collect()
    };
    Some(Needed { surely: only(Takes::No), perhaps: only(Takes::Unknown) })
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

    /// What the source has from a server further up is not the replica's, whatever its default domain is.
    #[test]
    fn a_domain_that_others_write_in_is_not_the_replicas_own() {
        let said = |id: u64, log: &str| {
            let mut servers = servers(&["z", "a"], &[log, ""], &[("Ignore", "2")]);
            servers[0].channels[0].source_server_id = id;
            judged(&servers, &[])
        };
        let all = "CRITICAL b from a: Replicate_Ignore_Domain_Ids drops all of its source, domain 2";
        assert_eq!(said(3, "2-3-5"), [all]);
        let part = "WARNING b from a: Replicate_Ignore_Domain_Ids drops domain 2 of its source";
        assert_eq!(said(3, "1-1-5,2-3-5"), [part]);
        // Its own, by its id of now or of before.
        assert_eq!(said(2, "1-1-5,2-2-5,2-9-4"), [""; 0]);
    }

    /// Another channel may bring what this one drops: that is certain only if its source was asked.
    #[test]
    fn what_another_channel_takes() {
        let warning = "WARNING c from a: Replicate_Ignore_Domain_Ids drops domain 1 of its source, perhaps nobody else sends it";
        let all = "CRITICAL c from a: Replicate_Ignore_Domain_Ids drops all of its source, domain 1";
        let rows = [
            ("z", "", ("", ""), warning),
            ("z", "", ("Ignore", "9"), warning),
            ("z", "", ("Do", "1"), ""),
            ("z", "", ("Do", "9"), all),
            ("z", "", ("Ignore", "1"), all),
            ("b", "2-2-5", ("", ""), all),
            ("b", "2-2-5", ("Ignore", "9"), all),
            ("b", "2-2-5", ("Do", "1, 2"), all),
            ("b", "1-1-5,2-2-5", ("Ignore", "9"), ""),
            ("b", "1-1-5,2-2-5", ("Do", "1, 2"), ""),
            ("b", "1-1-5,2-2-5", ("", ""), ""),
        ];
        for (other, log, filter, expected) in rows {
            let sources = format!("a{other}");
            let filters: Vec<_> =
                [("Ignore", "1"), filter].into_iter().filter(|(name, _)| !name.is_empty()).collect();
            let servers = servers(&["", "", &sources], &["1-1-5", log, ""], &filters);
            assert_eq!(judged(&servers, &[]).join("\n"), expected, "{other} {log} {filter:?}");
            let accepted = judged(&servers, &["Replicate_Ignore_Domain_Ids"]).join("\n");
            assert_eq!(accepted.starts_with("CRITICAL"), expected == all, "{other} {log} {filter:?}");
        }
        // It names the domain that its source writes in, which began anew.
        let filters = [("Ignore", "2"), ("Do", "2")];
        let reset = servers(&["b", "a", "ab"], &["1-1-5,2-2-5", "", ""], &filters);
        assert_eq!(judged(&reset, &[]), [""; 0]);
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
