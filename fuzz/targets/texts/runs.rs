//! Runs of addresses: what is printed stands for just the addresses given, and what is left out is counted.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use addresses::{all, brief};

pub(crate) fn run(input: &[u8]) {
    // Spans of 18 octets: the family, how many, and the first address; what is left over is the room.
    let (spans, rest) = input.as_chunks::<18>();
    let room = rest.first().copied().unwrap_or(40);
    let mut given = Vec::new();
    for &[family, count, ref start @ ..] in spans.iter().take(8) {
        let start = u128::from_be_bytes(*start);
        for number in 0..u128::from(count) {
            given.push(match family & 1 {
                // As the rest of the crate has it: an IPv4-mapped address is the IPv4 address that it stands
                // for.
                1 => IpAddr::V6(Ipv6Addr::from_bits(start.wrapping_add(number))).to_canonical(),
                _ => IpAddr::V4(Ipv4Addr::from_bits(start.wrapping_add(number) as u32)),
            });
        }
    }
    let expected: BTreeSet<IpAddr> = given.iter().copied().collect();
    let whole = all(&given);
    assert_eq!(expand(&whole).into_iter().collect::<BTreeSet<_>>(), expected, "{whole}");
    assert_eq!(expand(&whole).len(), expected.len(), "an address stands twice in {whole}");

    let short = brief(&given, room.into());
    let (shown, more) = match short.rsplit_once(" and ") {
        Some((shown, more)) => {
            (shown, more.strip_suffix(" more").expect("so many more").parse().expect("a number"))
        }
        None => (short.as_str(), 0),
    };
    assert_eq!(expand(shown).len() + more, expected.len(), "{short}");
    assert!(expand(shown).iter().eq(expected.iter().take(expected.len() - more)), "{short}");
    let one_run = !shown.contains(", ");
    assert!(short.len() <= room.into() || one_run, "{short:?} does not fit into {room}");
}

/// The addresses that `192.0.2.10-19, 192.0.2.31` stands for.
fn expand(text: &str) -> Vec<IpAddr> {
    text.split(", ").filter(|run| !run.is_empty()).flat_map(expand_run).collect()
}

fn expand_run(run: &str) -> Vec<IpAddr> {
    let Some((first, last)) = run.split_once('-') else { return vec![run.parse().expect("an address")] };
    // An end without a separator stands for the last part of the address.
    let last = match first.rfind(['.', ':']) {
        Some(end) if !last.contains(['.', ':']) => format!("{}{last}", &first[..=end]),
        _ => last.to_owned(),
    };
    match (first.parse().expect("an address"), last.parse().expect("an address")) {
        (IpAddr::V4(first), IpAddr::V4(last)) => {
            (first.to_bits()..=last.to_bits()).map(|bits| Ipv4Addr::from_bits(bits).into()).collect()
        }
        (IpAddr::V6(first), IpAddr::V6(last)) => {
            (first.to_bits()..=last.to_bits()).map(|bits| Ipv6Addr::from_bits(bits).into()).collect()
        }
        _ => panic!("{run} is a run of two families"),
    }
}
