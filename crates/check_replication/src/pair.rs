//! Several servers seen together: whether their changes reach each other, whether they can be told apart, who
//! may be written to.
//!
//! Whether a channel runs is judged channel by channel, elsewhere. Here a channel counts as soon as it is
//! configured.

pub(crate) mod ahead;
mod clusters;
pub(crate) mod domains;
pub(crate) mod errant;
mod executed;
mod links;
mod list;
pub(crate) mod namesakes;
pub(crate) mod past_end;
pub(crate) mod unfetched;
mod writing;

use plugin::Finding;

use crate::server::Server;

use list::{name, pairs};

pub(crate) use links::Links;
pub(crate) use writing::Writable;

/// Expected shape of the replication between the servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Shape {
    /// Writes of each server reach all others: in both directions between two, or around a ring
    #[default]
    Ring,
    /// One source with replicas, and replicas of those
    Tree,
}

/// Judges the servers that answered. Where not all did (`complete` is false), only what is certain without
/// the others is told.
pub(crate) fn judge(
    servers: &[Server],
    links: &Links,
    complete: bool,
    shape: Shape,
    writable: Option<Writable>,
) -> Vec<Finding> {
    let mut findings = identities(servers);
    findings.extend(links.to_themselves().map(|replica| {
        let name = name(servers, replica);
        Finding::critical(format!("{name} is configured to replicate from itself"))
    }));
    // The members of a group have no channels to each other.
    let (nodes, between) = clusters::one_for_each(servers, links);
    let in_groups = nodes.iter().all(|server| server.membership.is_some() || server.hides_group);
    if complete && nodes.len() > 1 && !in_groups {
        findings.extend(match shape {
            Shape::Ring => ring(&nodes, &between),
            Shape::Tree => tree(&nodes, &between),
        });
    }
    findings.extend(writing::expected(servers, complete, writable));
    findings.extend(writing::closed_cluster(servers, writable));
    findings.extend(writing::in_one_domain(servers, links, writable));
    findings.extend(filters_differ(servers, links).filter(|_| shape == Shape::Ring));
    // In a tree nobody should write to two of them.
    findings.extend(writing::colliding(servers).filter(|_| shape == Shape::Ring));
    findings
}

/// Two that replicate to each other and leave out different things: after a failover one lacks what the other
/// has.
fn filters_differ(servers: &[Server], links: &Links) -> Option<Finding> {
    let [one, other] = servers else { return None };
    let filters = |replica: usize, source: usize, server: &Server| {
        let mut channels = server.channels.iter().enumerate();
        channels
            .find(|(channel, _)| links.source(replica, *channel) == Some(source))
            .map(|(_, channel)| channel.filters.clone())
    };
    let (first, second) = (filters(0, 1, one)?, filters(1, 0, other)?);
    let (column, own, theirs) = first.difference(&second)?;
    let shown = |list: &str| if list.is_empty() { "none".to_owned() } else { list.to_owned() };
    let names = format!("{} and {}", one.asked, other.asked);
    Some(Finding::warning(format!(
        "{names} have different filters, {column}: {} and {}",
        shown(own),
        shown(theirs)
    )))
}

/// Servers that cannot be told apart do not take each other's changes. Those that even have the same uuid, or
/// the same name and port, may be one server by two names.
fn identities(servers: &[Server]) -> Vec<Finding> {
    let alike = |(one, other): (&Server, &Server)| {
        let names = format!("{} and {}", one.asked, other.asked);
        let same_place = (&one.hostname, one.port) == (&other.hostname, other.port);
        let twice = if same_place { ", perhaps one server by two names" } else { "" };
        if one.server_uuid.is_some() && one.server_uuid == other.server_uuid {
            return Some(Finding::critical(format!("{names} have the same server uuid{twice}")));
        }
        // The nodes of a cluster may share an id, and with wsrep_gtid_mode they must.
        let same_id = one.server_id == other.server_id && !clusters::are_nodes_of_one(one, other);
        same_id
            .then(|| Finding::critical(format!("{names} have the same server id {}{twice}", one.server_id)))
    };
    pairs(servers).filter_map(alike).collect()
}

/// What one writes must reach all the others.
fn ring(servers: &[Server], links: &Links) -> Vec<Finding> {
    let places = 0..servers.len();
    let alone: Vec<usize> = places.clone().filter(|place| links.sources(*place).next().is_none()).collect();
    if !alone.is_empty() {
        let is_tree = tree(servers, links).is_empty();
        let as_tree = |place| {
            let only = name(servers, place);
            format!("{only}: if it is the only source on purpose, as of a chain: --expect-shape=tree")
        };
        let fault = |place| {
            let text = without_source(servers, links, place);
            Finding::critical(text).details(is_tree.then(|| as_tree(place)))
        };
        return alone.into_iter().map(fault).collect();
    }
    let is_last =
        |place: &usize| !places.clone().any(|other| links.sources(other).any(|source| source == *place));
    let last: Vec<usize> = places.clone().filter(is_last).collect();
    if !last.is_empty() {
        let text = |place| format!("ring broken: no other server replicates from {}", name(servers, place));
        return last.into_iter().map(|place| Finding::critical(text(place))).collect();
    }
    if let Some(text) = keeps_to_itself(servers, links) {
        return vec![Finding::critical(format!("ring broken: {text}"))];
    }
    let mut missing = places
        .clone()
        .flat_map(|from| places.clone().map(move |to| (from, to)))
        .filter(|(from, to)| from != to && !links.reaches(*from, *to));
    let first = missing.next().map(|(from, to)| {
        let text =
            format!("ring broken: writes of {} do not reach {}", name(servers, from), name(servers, to));
        Finding::critical(text)
    });
    first.into_iter().collect()
}

/// The first server that does not pass on what others have from it alone.
fn keeps_to_itself(servers: &[Server], links: &Links) -> Option<String> {
    let places = 0..servers.len();
    // Only what a replica has from elsewhere at first hand need not be passed on.
    let is_needed = |place: usize, replica: usize| {
        let direct: Vec<usize> = links.sources(replica).collect();
        let upstream = links.upstream(place);
        let mut from_others = upstream.iter().filter(|from| **from != replica && **from != place);
        direct.contains(&place) && from_others.any(|from| !direct.contains(from))
    };
    let mut keep = servers.iter().zip(0..).filter(|(server, place)| {
        server.passes_on == Some(false) && places.clone().any(|replica| is_needed(*place, replica))
    });
    let (server, _) = keep.next()?;
    Some(format!("{} does not pass on what it replicates, log_slave_updates is off", server.asked))
}

/// Everything but one source must replicate from it, directly or not.
fn tree(servers: &[Server], links: &Links) -> Vec<Finding> {
    let alone: Vec<usize> =
        (0..servers.len()).filter(|place| links.sources(*place).next().is_none()).collect();
    match alone.as_slice() {
        [] => vec![Finding::critical("no source: every server is a replica".to_owned())],
        [source] => {
            let reached = |place: &usize| place == source || links.reaches(*source, *place);
            let text =
                |place| format!("writes of {} do not reach {}", name(servers, *source), name(servers, place));
            let lost = (0..servers.len()).filter(|place| !reached(place)).map(text);
            lost.chain(keeps_to_itself(servers, links)).map(Finding::critical).collect()
        }
        // Which of them is the source is not known, unless somebody replicates from just one.
        several => {
            let is_source = |place: &usize| {
                (0..servers.len()).any(|other| links.sources(other).any(|source| source == *place))
            };
            let lost: Vec<usize> = several.iter().copied().filter(|place| !is_source(place)).collect();
            let lost = if lost.is_empty() || lost.len() == several.len() { several.to_vec() } else { lost };
            lost.into_iter().map(|place| Finding::critical(without_source(servers, links, place))).collect()
        }
    }
}

/// That a server replicates from no other server, and from whom it does.
fn without_source(servers: &[Server], links: &Links, place: usize) -> String {
    let own = name(servers, place);
    let other = match servers {
        [one, other] => {
            format!("{own} does not replicate from {}", if place == 0 { &other.asked } else { &one.asked })
        }
        _ => format!("{own} replicates from no other server"),
    };
    match links.strangers(place).next() {
        None => other,
        Some(stranger) => format!("{other} but from {stranger}"),
    }
}

#[cfg(test)]
pub(crate) mod tests;
