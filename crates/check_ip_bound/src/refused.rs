//! Lines for which a program refuses all its files, aborts or does not start: what is bound may not be bound
//! after the next boot.

use plugin::{Finding, State};

use crate::words::with_marks;
use crate::{Expected, Observations};

/// Judges them: `state` is OK for a note.
pub(crate) fn judge(state: State, observed: &Observations) -> [Finding; 3] {
    let Expected { refused, aborting, stopping, .. } = &observed.expected;
    let findings = [
        ("netplan refuses all its files", refused),
        ("at its next start networkd aborts and binds nothing", aborting),
        ("at its next start keepalived stops and binds nothing", stopping),
    ];
    findings.map(|(does, lines)| {
        let [first, rest @ ..] = lines.as_slice() else { return Finding::ok("") };
        let text = format!("{does}: {first}");
        if state == State::Ok {
            return Finding::ok("").detail(format!("note: {text}")).details(rest.iter().cloned());
        }
        Finding::new(state, with_marks(&text)).details(rest.iter().cloned())
    })
}
