//! Lines for which a program refuses all its files: what is bound may not be bound after the next boot.

use plugin::{Finding, State};

use crate::Observations;
use crate::words::with_marks;

/// Judges them: `state` is OK for a note.
pub(crate) fn judge(state: State, observed: &Observations) -> Finding {
    let [first, rest @ ..] = observed.expected.refused.as_slice() else { return Finding::ok("") };
    let text = format!("netplan refuses all its files: {first}");
    if state == State::Ok {
        return Finding::ok("").detail(format!("note: {text}")).details(rest.iter().cloned());
    }
    Finding::new(state, with_marks(&text)).details(rest.iter().cloned())
}
