//! The expected addresses as a list that --file takes.

use std::net::IpAddr;

use addresses::{Entry, HostAddress};
use host_config::{Dynamic, Giver, Ports, Possible};
use host_net::Bound;
use plugin::{Deadline, Report, State};

use crate::Expectations;
use crate::dynamic::expects_something;
use crate::expected::Expected;

impl Expected {
    /// Returns the expected addresses as a list that --file takes, each with its place. Floating addresses
    /// are comments: a host that reads the list must not expect them as its own. `bound` is what the
    /// addresses would be compared with.
    pub(crate) fn listing(&self, bound: &Bound) -> Report {
        let placed = |entry: &Entry| {
            let (expected, origin) = (entry.expected, self.origin(entry));
            // networkd binds addresses that no list may have, as multicast.
            if !expected.to_string().parse().is_ok_and(|read: HostAddress| read == expected) {
                return vec![format!("# not in a list, by its kind: {expected} # {origin}")];
            }
            let on = self.on_interfaces(expected.address, bound).into_iter();
            on.map(|on| format!("{expected}{on} # {origin}")).collect::<Vec<_>>()
        };
        let entries: Vec<String> = self.entries.iter().flat_map(placed).collect();
        let mut lines = vec![format!("# {}{}", crate::words::addresses(entries.len()), self.from())];
        let dynamic = self.dynamic.iter().filter(|_| self.demands_dynamic);
        // In a list, what alone gives the host its address has to have one.
        let gives = |each: &Dynamic| each.required && each.giver == Giver::Network;
        let alone = self.entries.is_empty() && !self.dynamic.iter().any(gives);
        lines.extend(dynamic.map(|dynamic| line_of_dynamic(dynamic, alone)));
        lines.extend(self.ports.iter().map(line_of_ports));
        let possible = self.possible.iter().filter(|possible| !self.expects(possible.addresses.address));
        let marked = possible.map(|possible| ("possible", possible));
        // These are expected: a list without them would be quiet where they are the outage.
        let marked = marked.chain(self.guessed.iter().map(|guessed| ("guessed", guessed)));
        lines.extend(marked.map(|(mark, Possible { addresses, interface, why })| {
            let on = interface.iter().filter(|name| is_word(name)).map(|name| format!(" {name}"));
            let on = on.collect::<String>();
            format!("# {mark}: {addresses}{on} # {why}")
        }));
        lines.extend(entries);
        lines.extend(self.floating.iter().map(|(address, place)| format!("# floating: {address} # {place}")));
        lines.extend(self.notes.iter().chain(&self.remarks).map(|note| format!("# {note}")));
        lines.extend(self.unknown.iter().map(|line| format!("# not understood: {line}")));
        // A name that is written over several lines must not make lines of the list.
        let lines = lines.iter().map(|line| line.replace(char::is_control, " "));
        let mut report = Report::listing(lines);
        // A list that came out shorter or empty must not replace a complete one.
        let required = self.demands_dynamic && self.dynamic.iter().any(|each| each.required);
        let expects = !self.entries.is_empty() || required || expects_something(self, bound);
        if !self.unknown.is_empty() || !expects {
            report.state = State::Unknown;
        }
        report
    }
}

/// Whether a comment of a list can have a name: one with a number sign or a blank would be read as another.
fn is_word(name: &str) -> bool {
    !name.contains(|each: char| each == '#' || each.is_whitespace())
}

/// The comment for what gets its address from outside; `alone`, if nothing else gives the host one.
fn line_of_dynamic(dynamic: &Dynamic, alone: bool) -> String {
    let optional = if dynamic.required || dynamic.spare && alone { "" } else { " optional" };
    let single = if dynamic.single && !optional.is_empty() { " single" } else { "" };
    let Dynamic { interface, family, place, .. } = dynamic;
    // Several patterns of what is optional are words of their own.
    let is_read = if optional.is_empty() { is_word(interface) } else { !interface.contains('#') };
    if !is_read {
        return format!("# not in a list, by its name: {interface} {family} # {place}");
    }
    let by: String = dynamic.giver.word().iter().map(|word| format!(" {word}")).collect();
    format!("# dynamic: {interface} {family}{optional}{single}{by} # {place}")
}

/// The comment for the ports of a bridge or the like.
fn line_of_ports(each: &Ports) -> String {
    let Ports { interface, ports, waits, place, .. } = each;
    let said = match ports.as_slice() {
        [] if *waits => "none waits".to_owned(),
        [] => "none".to_owned(),
        ports => ports.join(" "),
    };
    if !is_word(interface) || !ports.iter().all(|port| is_word(port)) {
        return format!("# not in a list, by a name: the ports of {interface}, {said} # {place}");
    }
    format!("# ports: {interface} {said} # {place}")
}

impl Expected {
    fn expects(&self, address: IpAddr) -> bool {
        self.entries.binary_search_by_key(&address, |entry| entry.expected.address).is_ok()
    }

    /// The interfaces that an address is configured on, as comments that --file reads back: one for each that
    /// must have it, or one with all of which one is enough.
    fn on_interfaces(&self, address: IpAddr, bound: &Bound) -> Vec<String> {
        let on = |name: &str| if is_word(name) { format!(" # on: {name}") } else { String::new() };
        let first = self.on_each.partition_point(|(each, _)| *each < address);
        let each = self.on_each.get(first..).unwrap_or_default();
        let end = each.partition_point(|(each, _)| *each == address);
        let each = each.get(..end).unwrap_or_default();
        if self.only_entry(each).is_some() {
            return each.iter().map(|(_, name)| on(name)).collect();
        }
        let here = self.each_here(address, bound);
        if here.len() > 1 {
            return here.into_iter().map(on).collect();
        }
        let mut names: Vec<&str> = self.interfaces_of(address).collect();
        names.dedup();
        // Without one of the names, the address would be misplaced there.
        if !names.iter().all(|name| is_word(name)) {
            names.clear();
        }
        vec![if names.is_empty() { String::new() } else { format!(" # on: {}", names.join(" ")) }]
    }
}

/// Returns the addresses that move between hosts: those of --floating, and those of the configuration as far
/// as it can be read. An unusable part of it does not make the list empty.
pub fn floating(expectations: &Expectations, deadline: &Deadline) -> Vec<(IpAddr, String)> {
    Expected::read(expectations, deadline).floating
}
