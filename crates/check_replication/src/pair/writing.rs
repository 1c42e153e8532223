//! Who may be written to, and whether two that are written to give out the same numbers.

use plugin::Finding;

use super::clusters::are_nodes_of_one;
use super::links::Links;
use super::list::pairs;
use crate::membership::Membership;
use crate::server::Server;

/// Which of the servers are expected to take writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Writable {
    /// Exactly one server; the others are read_only or super_read_only
    One,
    /// All servers
    All,
    /// No server: all are read_only or super_read_only
    #[value(name = "none")]
    Nowhere,
}

/// Judges how many of the servers that answered are writable; `complete` is whether all did.
pub(super) fn expected(servers: &[Server], complete: bool, expected: Option<Writable>) -> Vec<Finding> {
    let (writable, read_only): (Vec<&Server>, Vec<&Server>) =
        servers.iter().partition(|server| is_writable(server));
    let mut findings = Vec::new();
    match (expected, writable.as_slice(), read_only.as_slice()) {
        (Some(Writable::One), [], _) if complete => {
            findings.push(Finding::critical("no server is writable".to_owned()))
        }
        (Some(Writable::One), [_, _, ..], _) => {
            findings.push(Finding::critical(format!("{} are writable, one expected", names(&writable))));
        }
        (Some(Writable::Nowhere), [one], _) => {
            findings.push(Finding::critical(format!("{} is writable, none expected", one.asked)));
        }
        (Some(Writable::Nowhere), [_, _, ..], _) => {
            findings.push(Finding::critical(format!("{} are writable, none expected", names(&writable))));
        }
        (Some(Writable::All), _, [one]) => {
            findings.push(Finding::critical(format!("{} is read-only", one.asked)))
        }
        (Some(Writable::All), _, [_, _, ..]) => {
            findings.push(Finding::critical(format!("{} are read-only", names(&read_only))))
        }
        _ => {}
    }
    findings
}

/// Galera clusters all of whose nodes were asked and are read-only: applications cannot write. One that
/// replicates from outside is so on purpose, and another one where that is expected.
pub(super) fn closed_cluster(servers: &[Server], expected: Option<Writable>) -> Option<Finding> {
    let nodes = |first: &Server| -> Vec<&Server> {
        let is_in = |server: &&Server| server.membership.as_ref().is_some_and(Membership::is_in);
        servers.iter().filter(is_in).filter(|server| are_nodes_of_one(first, server)).collect()
    };
    let closed = servers.iter().find_map(|first| {
        let (size, nodes) = (first.membership.as_ref()?.size(), nodes(first));
        let is_closed = |node: &&Server| !is_writable(node) && node.channels.is_empty();
        (!nodes.is_empty() && nodes.len() == size && nodes.iter().all(is_closed)).then_some((first, size))
    });
    let (first, size) = closed.filter(|_| expected.is_none())?;
    let text = match size {
        1 => format!("{}: the only node of its Galera cluster is read-only", first.asked),
        size => format!("{}: all {size} nodes of its Galera cluster are read-only", first.asked),
    };
    let accept = format!("{}: if that is on purpose: --expect-writable=none", first.asked);
    Some(Finding::critical(format!("{text}: applications cannot write")).detail(accept))
}

/// MariaDB: servers that are to be written to and number their transactions in one GTID domain, so that a
/// number stands for two transactions. That both do write at a moment is chance.
pub(super) fn in_one_domain(
    servers: &[Server],
    links: &Links,
    expected: Option<Writable>,
) -> Option<Finding> {
    let meet = |one: usize, other: usize| {
        let (first, second) = (servers.get(one)?, servers.get(other)?);
        let domain = first.gtid_domain_id.filter(|domain| second.gtid_domain_id == Some(*domain))?;
        let both = links.reaches(one, other) && links.reaches(other, one);
        let text = format!(
            "{} and {} are to be written to in one GTID domain, {domain}: give each a gtid_domain_id of its own",
            first.asked, second.asked
        );
        (both && links.by_gtid(one) && links.by_gtid(other)).then(|| Finding::warning(text))
    };
    let places = 0..servers.len();
    let mut all = places.clone().flat_map(|one| (one + 1..servers.len()).map(move |other| (one, other)));
    all.find_map(|(one, other)| meet(one, other)).filter(|_| expected == Some(Writable::All))
}

/// Servers that are written to and give out the same numbers.
pub(super) fn colliding(servers: &[Server]) -> Option<Finding> {
    let colliding = pairs(servers).filter(|(one, other)| {
        is_writable(one) && is_writable(other) && !are_nodes_of_one(one, other) && collide(one, other)
    });
    // A secondary of a group that is writable has a fault of its own.
    let is_secondary = |server: &Server| server.membership.as_ref().is_some_and(Membership::is_secondary);
    let colliding = colliding.filter(|(one, other)| !is_secondary(one) && !is_secondary(other));
    let colliding: Vec<(&Server, &Server)> = colliding.collect();
    let (one, other) = colliding.first()?;
    let more = match colliding.len() - 1 {
        0 => String::new(),
        1 => ", 1 more pair".to_owned(),
        more => format!(", {more} more pairs"),
    };
    let steps = match (increment(one), increment(other)) {
        (step, same) if step == same => format!("both step {step}"),
        (step, other) => format!("steps {step} and {other}"),
    };
    let text = format!("{} and {}: auto_increment collides, {steps}{more}", one.asked, other.asked);
    Some(Finding::warning(text).details([numbers(one), numbers(other)]))
}

/// Whether clients may write: what super_read_only forbids to administrators, read_only forbids to all
/// others.
fn is_writable(server: &Server) -> bool {
    !server.read_only && server.super_read_only != Some(true)
}

/// "a and b", "a, b and c".
fn names(servers: &[&Server]) -> String {
    let names: Vec<&str> = servers.iter().map(|server| server.asked.as_str()).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// Which numbers a server gives out.
fn numbers(server: &Server) -> String {
    let Server { asked, auto_increment_increment: increment, auto_increment_offset: offset, .. } = server;
    format!("{asked}: auto_increment_increment {increment}, auto_increment_offset {offset}")
}

/// Whether two servers can ever give out the same number. Theirs are `offset + n * increment`: two such
/// sequences share a number just where the offsets differ by a multiple of what both increments are multiples
/// of.
fn collide(one: &Server, other: &Server) -> bool {
    let divisor = greatest_common_divisor(increment(one), increment(other));
    offset(one).abs_diff(offset(other)).is_multiple_of(divisor)
}

fn increment(server: &Server) -> u64 {
    server.auto_increment_increment.max(1)
}

/// An offset above the increment is ignored, by the manuals of both: then the numbers are the multiples of
/// the increment.
fn offset(server: &Server) -> u64 {
    if server.auto_increment_offset > increment(server) { 0 } else { server.auto_increment_offset }
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pair::tests::server;

    #[test]
    fn agrees_with_counting() {
        for (i1, o1, i2, o2) in
            (0..6_u64.pow(4)).map(|n| (n % 6 + 1, n / 6 % 6 + 1, n / 36 % 6 + 1, n / 216 + 1))
        {
            let mut servers = [server("a", 1), server("b", 2)];
            for (server, (increment, offset)) in servers.iter_mut().zip([(i1, o1), (i2, o2)]) {
                (server.auto_increment_increment, server.auto_increment_offset) = (increment, offset);
            }
            let [one, other] = &servers;
            let numbers = |increment: u64, offset: u64| {
                let start = if offset > increment { increment } else { offset };
                (0..100).map(move |n| start + n * increment)
            };
            let shared = numbers(i1, o1).any(|number| numbers(i2, o2).any(|theirs| theirs == number));
            assert_eq!(collide(one, other), shared, "every {i1} from {o1} and every {i2} from {o2}");
        }
    }
}
