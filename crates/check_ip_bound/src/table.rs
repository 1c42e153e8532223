//! What `-v` shows on a terminal: each expected address with its interface, its source and its state, in
//! columns.

use std::net::IpAddr;

use addresses::HostAddress;

use crate::Observations;
use crate::condition::Condition;
use crate::copies::Copy;
use crate::dynamic::{Lease, leases};
use crate::held;

/// The columns.
type Row = [String; 4];

/// Returns the lines of the table: the expected addresses, the interfaces that must have a dynamic one, and
/// the addresses that may be here.
pub(crate) fn lines(observed: &Observations) -> Vec<String> {
    let head = ["ADDRESS", "INTERFACE", "SOURCE", "STATE"].map(str::to_owned);
    let rows: Vec<Row> = std::iter::once(head)
        .chain(expected(observed))
        .chain(copies(observed))
        .chain(dynamic(observed))
        .chain(floating(observed))
        .collect();
    let mut widths = [0; 4];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: &Row| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn expected(observed: &Observations) -> Vec<Row> {
    let mut conditions = observed.conditions.iter().peekable();
    let mut lookup = observed.bound.lookup();
    let row = |entry: &addresses::Entry| {
        // Both are in the same order.
        let condition = conditions.next_if(|(other, _)| other == entry).map(|(_, condition)| *condition);
        let address = entry.expected.address;
        let on: Vec<&str> =
            lookup.places(address).iter().map(|place| observed.name(place.interface)).collect();
        let interface = if on.is_empty() { configured(observed, address) } else { on.join(", ") };
        let source = Some(observed.expected.origin(entry)).filter(|origin| !origin.is_empty());
        let source = source.unwrap_or_else(|| "--bound".to_owned());
        [entry.expected.to_string(), interface, source, state(observed, entry.expected, condition)]
    };
    observed.expected.entries.iter().map(row).collect()
}

/// The interfaces that lack an address which others have.
fn copies(observed: &Observations) -> Vec<Row> {
    let (_, lacking) = observed.copies();
    let origin = |expected: HostAddress| {
        let entry = observed.expected.entries.iter().find(|entry| entry.expected == expected);
        entry.map(|entry| observed.expected.origin(entry)).unwrap_or_default()
    };
    let row = |copy: Copy| {
        let state = copy.condition.reason(copy.expected, &observed.bound, &observed.expected.on);
        let state = state.unwrap_or_else(|| "usable".to_owned());
        [copy.expected.to_string(), copy.interface, origin(copy.expected), state]
    };
    lacking.into_iter().map(row).collect()
}

/// The interface that the configuration names for an address.
fn configured(observed: &Observations, address: IpAddr) -> String {
    let interfaces = &observed.expected.interfaces;
    let first = interfaces.partition_point(|(other, _)| *other < address);
    let named = interfaces.get(first).filter(|(other, _)| *other == address);
    named.map_or_else(|| "-".to_owned(), |(_, name)| name.clone())
}

fn state(observed: &Observations, expected: HostAddress, condition: Option<Condition>) -> String {
    let condition = condition.unwrap_or(Condition::Usable);
    match condition.reason(expected, &observed.bound, &observed.expected.on) {
        None if matches!(condition, Condition::Deprecated(_)) => "usable, deprecated".to_owned(),
        None => "usable".to_owned(),
        Some(reason) => reason,
    }
}

fn dynamic(observed: &Observations) -> Vec<Row> {
    let leases = leases(&observed.expected, &observed.bound);
    let row = |(lease, dynamic): (Lease, &host_config::Dynamic)| {
        let state = match lease {
            Lease::Has => "has an address".to_owned(),
            Lease::Missing(why) => format!("missing: {why}"),
            Lease::Excused(why) | Lease::Idle(why) => format!("not required: {why}"),
        };
        let address = format!("dynamic {}", dynamic.family);
        [address, dynamic.interface.clone(), dynamic.place.to_string(), state]
    };
    leases.into_iter().zip(&observed.expected.dynamic).map(row).collect()
}

fn floating(observed: &Observations) -> Vec<Row> {
    let row = |(address, place): &(IpAddr, String)| {
        let places = observed.bound.places(*address);
        let on: Vec<&str> = places.iter().map(|place| observed.name(place.interface)).collect();
        let interface = if on.is_empty() { "-".to_owned() } else { on.join(", ") };
        let (_, reason) = held::floating(observed, *address);
        let state = reason.unwrap_or_else(|| "usable".to_owned());
        [address.to_string(), interface, place.clone(), format!("floating, {state}")]
    };
    observed.expected.floating.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{args, observed};
    use crate::{Args, ListSource};

    #[test]
    fn each_address_has_a_line() {
        let args = Args { floating: vec!["192.0.2.100".parse().unwrap()], ..args() };
        let present = "192.0.2.1/24@eth0 192.0.2.2/24@eth1 2001:db8::1/64@eth3+a0 203.0.113.9/24@eth0";
        let list = "192.0.2.1 192.0.2.2/24 198.51.100.7 2001:db8::1";
        let mut observed = observed(&args, list, ListSource::Named, present);
        observed.expected.interfaces = vec![("198.51.100.7".parse().unwrap(), "eth9".to_owned())];
        let place = host_config::Place { file: "f".to_owned(), line: 3 };
        observed.expected.dynamic = vec![host_config::Dynamic {
            interface: "eth2".to_owned(),
            family: host_config::Family::V4,
            giver: host_config::Giver::Network,
            required: true,
            spare: false,
            single: false,
            place,
        }];
        let expected = "\
ADDRESS       INTERFACE  SOURCE      STATE
192.0.2.1     eth0       ips line 1  usable
192.0.2.2/24  eth1       ips line 2  on eth1, which is down
198.51.100.7  eth9       ips line 3  not bound
2001:db8::1   eth3       ips line 4  usable, deprecated
dynamic ipv4  eth2       f line 3    not required: eth2 has no IPv4 address (DHCP): it has no carrier
192.0.2.100   -          --floating  floating, not bound";
        assert_eq!(lines(&observed).join("\n"), expected);
    }
}
