//! Addresses in files that never apply: an administrator wrote them, and they will never be bound.

use std::net::IpAddr;

use plugin::{Finding, State};

use crate::Observations;
use crate::words::runs;

/// Judges them: `state` is OK for a note.
pub(crate) fn judge(state: State, observed: &Observations) -> Finding {
    let elsewhere = |address: IpAddr| {
        let expected = observed.expected.entries.iter().any(|entry| entry.expected.address == address);
        expected || !observed.bound.places(address).is_empty()
    };
    let found: Vec<_> =
        observed.expected.shadowed.iter().filter(|(address, ..)| !elsewhere(*address)).collect();
    let Some((_, why, _)) = found.first() else { return Finding::ok("") };
    // The first reason with its addresses, and how many more there are.
    let same = found.iter().filter(|(_, other, _)| other == why);
    let list: Vec<IpAddr> = same.map(|(address, ..)| *address).collect();
    let more = match found.len() - list.len() {
        0 => String::new(),
        1 => ", 1 more for another reason".to_owned(),
        count => format!(", {count} more for other reasons"),
    };
    let tail = format!(" never bound: {why}{more}");
    let text = format!("{}{tail}", runs(&list, &tail));
    let details =
        found.iter().map(|(address, why, place)| format!("{address}: never bound, {why} ({place})"));
    if state == State::Ok {
        return Finding::ok("").detail(format!("note: {text}")).verbose_details(details);
    }
    Finding::new(state, text).details(details)
}
