//! Many addresses printed briefly, as runs: `192.0.2.10-19, 192.0.2.31 and 40 more`.

use std::net::IpAddr;

/// The addresses as runs, as many as fit into `room` characters, and the number of those left out. At least
/// the first run stands there, whatever the room. Sorted and without duplicates, whatever the order given.
pub fn brief(addresses: &[IpAddr], room: usize) -> String {
    brief_with(addresses, room, |count| format!(" and {count} more"))
}

/// Prints addresses as [`brief`] does, with the noun after the number of the rest, for lines in which
/// "40 more" could mean something else: `192.0.2.10-19 and 40 more addresses`.
pub fn brief_with_noun(addresses: &[IpAddr], room: usize) -> String {
    let noun = |count| if count == 1 { "address" } else { "addresses" };
    brief_with(addresses, room, |count| format!(" and {count} more {}", noun(count)))
}

fn brief_with(addresses: &[IpAddr], room: usize, more: impl Fn(usize) -> String) -> String {
    let runs = runs(addresses);
    let total: usize = runs.iter().map(Run::len).sum();
    let mut text = String::new();
    let mut shown = 0;
    for run in &runs {
        let next = if shown == 0 { run.print() } else { format!(", {}", run.print()) };
        let left = total - shown - run.len();
        let tail = if left == 0 { 0 } else { more(left).len() };
        if shown > 0 && text.len() + next.len() + tail > room {
            return text + &more(total - shown);
        }
        text += &next;
        shown += run.len();
    }
    text
}

/// All the addresses as runs.
pub fn all(addresses: &[IpAddr]) -> String {
    brief(addresses, usize::MAX)
}

/// Consecutive addresses of one family.
#[derive(Debug)]
struct Run {
    first: IpAddr,
    last: IpAddr,
}

impl Run {
    /// How many addresses there are in the run; a run is made of a slice's elements, so it fits.
    fn len(&self) -> usize {
        usize::try_from(bits(self.last) - bits(self.first)).unwrap_or(usize::MAX).saturating_add(1)
    }

    /// `192.0.2.10-19` where all but the last part is the same, else both ends in full.
    fn print(&self) -> String {
        let first = self.first.to_string();
        if self.first == self.last {
            return first;
        }
        let last = self.last.to_string();
        let separator = if self.first.is_ipv4() { '.' } else { ':' };
        let end = match (first.rsplit_once(separator), last.rsplit_once(separator)) {
            (Some((head, tail)), Some((same, end))) if head == same && !tail.is_empty() => end,
            _ => &last,
        };
        format!("{first}-{end}")
    }
}

fn runs(addresses: &[IpAddr]) -> Vec<Run> {
    let mut sorted = addresses.to_vec();
    sorted.sort();
    sorted.dedup();
    let mut runs: Vec<Run> = Vec::new();
    for address in sorted {
        match runs.last_mut() {
            Some(run) if follows(run.last, address) => run.last = address,
            _ => runs.push(Run { first: address, last: address }),
        }
    }
    runs
}

fn follows(before: IpAddr, address: IpAddr) -> bool {
    before.is_ipv4() == address.is_ipv4() && bits(before).checked_add(1) == Some(bits(address))
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(text: &str) -> Vec<IpAddr> {
        text.split_whitespace().map(|address| address.parse().unwrap()).collect()
    }

    #[test]
    fn prints_runs() {
        let rows = [
            ("", ""),
            ("192.0.2.31", "192.0.2.31"),
            ("192.0.2.13 192.0.2.12", "192.0.2.12-13"),
            ("192.0.2.31 192.0.2.10 192.0.2.11 192.0.2.12 192.0.2.10", "192.0.2.10-12, 192.0.2.31"),
            ("192.0.2.255 192.0.3.0", "192.0.2.255-192.0.3.0"),
            ("2001:db8::9 2001:db8::a 2001:db8::b", "2001:db8::9-b"),
            ("2001:db8:: 2001:db8::1", "2001:db8::-2001:db8::1"),
            ("2001:db8::ffff 2001:db8::1:0", "2001:db8::ffff-2001:db8::1:0"),
            ("255.255.255.254 255.255.255.255 :: ::1", "255.255.255.254-255, ::-::1"),
        ];
        for (given, printed) in rows {
            assert_eq!(all(&addresses(given)), printed);
        }
    }

    #[test]
    fn counts_what_does_not_fit() {
        let run: Vec<IpAddr> = (10..20).map(|last| IpAddr::from([192, 0, 2, last])).collect();
        let rest: Vec<IpAddr> = (0..41).map(|index| IpAddr::from([192, 0, 2, 31 + 2 * index])).collect();
        let given = [run, rest].concat();
        assert_eq!(brief(&given, 40), "192.0.2.10-19, 192.0.2.31 and 40 more");
        assert_eq!(brief(&given, 36), "192.0.2.10-19 and 41 more");
        assert_eq!(brief(&given, 0), "192.0.2.10-19 and 41 more");
        assert_eq!(brief_with_noun(&given, 50), "192.0.2.10-19, 192.0.2.31 and 40 more addresses");
        assert_eq!(brief_with_noun(&given[..11], 24), "192.0.2.10-19 and 1 more address");
        assert_eq!(brief(&given[..11], 25), "192.0.2.10-19, 192.0.2.31");
        assert_eq!(brief(&given[..11], 24), "192.0.2.10-19 and 1 more");
        for room in 0..1000 {
            let text = brief(&given, room);
            assert!(text.len() <= room.max("192.0.2.10-19 and 41 more".len()), "{text} in {room}");
        }
    }
}
