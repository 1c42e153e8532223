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
    let list: Vec<IpAddr> = found.iter().map(|(address, ..)| *address).collect();
    let tail = format!(" never bound: {why}");
    let text = format!("{}{tail}", runs(&list, &tail));
    let details =
        found.iter().map(|(address, why, place)| format!("{address}: never bound, {why} ({place})"));
    if state == State::Ok {
        return Finding::ok("").detail(format!("note: {text}")).verbose_details(details);
    }
    Finding::new(state, text).details(details)
}
