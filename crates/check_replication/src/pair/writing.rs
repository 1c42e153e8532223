//! Who may be written to, and whether two that are written to give out the same numbers.

use super::{critical, pairs, warning};
use crate::judge::Finding;
use crate::server::Server;

/// Which of the servers are expected to take writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Writable {
    /// Exactly one; the others are read_only or super_read_only
    One,
    /// All of them
    All,
}

/// Judges how many of the servers that answered are writable; `complete` is whether all did.
pub(super) fn expected(servers: &[Server], complete: bool, expected: Option<Writable>) -> Vec<Finding> {
    let (writable, read_only): (Vec<&Server>, Vec<&Server>) = servers.iter().partition(|server| is_writable(server));
    let mut findings = Vec::new();
    match (expected, writable.as_slice(), read_only.as_slice()) {
        (Some(Writable::One), [], _) if complete => findings.push(critical("no server is writable".to_owned())),
        (Some(Writable::One), [_, _, ..], _) => {
            findings.push(critical(format!("{} are writable, where one is expected", names(&writable))));
        }
        (Some(Writable::All), _, [one]) => findings.push(critical(format!("{} is read-only", one.asked))),
        (Some(Writable::All), _, [_, _, ..]) => findings.push(critical(format!("{} are read-only", names(&read_only)))),
        _ => {}
    }
    findings
}

/// Servers that are written to and give out the same numbers.
pub(super) fn colliding(servers: &[Server]) -> Option<Finding> {
    let colliding = pairs(servers).filter(|(one, other)| is_writable(one) && is_writable(other) && collide(one, other));
    let colliding: Vec<(&Server, &Server)> = colliding.collect();
    let (one, other) = colliding.first()?;
    let more = if colliding.len() > 1 { format!(" (and {} more pairs)", colliding.len() - 1) } else { String::new() };
    Some(warning(format!(
        "{} and {} give out the same auto_increment values: {} and {}{more}",
        one.asked,
        other.asked,
        progression(one),
        progression(other)
    )))
}

/// Whether clients may write: what super_read_only forbids to administrators, read_only forbids to everybody else.
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

/// "every 2nd from 1" in plain words.
fn progression(server: &Server) -> String {
    format!("every {} from {}", server.auto_increment_increment, server.auto_increment_offset)
}

/// Whether two servers can ever give out the same number. Theirs are `offset + n * increment`: two such sequences share a number
/// just where the offsets differ by a multiple of what both increments are multiples of.
fn collide(one: &Server, other: &Server) -> bool {
    let divisor = greatest_common_divisor(increment(one), increment(other));
    offset(one).abs_diff(offset(other)).is_multiple_of(divisor)
}

fn increment(server: &Server) -> u64 {
    server.auto_increment_increment.max(1)
}

/// An offset above the increment is ignored, by the manuals of both: then the numbers are the multiples of the increment.
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
        for (i1, o1, i2, o2) in (0..6_u64.pow(4)).map(|n| (n % 6 + 1, n / 6 % 6 + 1, n / 36 % 6 + 1, n / 216 + 1)) {
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
