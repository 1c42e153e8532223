//! Lines for which a program refuses all its files, or aborts: what is bound may not be bound after the next
//! boot.

use plugin::{Finding, State};

use crate::words::with_marks;
use crate::{Expected, Observations};

/// Judges them: `state` is OK for a note.
pub(crate) fn judge(state: State, observed: &Observations) -> [Finding; 2] {
    let Expected { refused, aborting, .. } = &observed.expected;
    let does = ["netplan refuses all its files", "at its next start networkd aborts and binds nothing"];
    [(does[0], refused), (does[1], aborting)].map(|(does, lines)| {
        let [first, rest @ ..] = lines.as_slice() else { return Finding::ok("") };
        let text = format!("{does}: {first}");
        if state == State::Ok {
            return Finding::ok("").detail(format!("note: {text}")).details(rest.iter().cloned());
        }
        Finding::new(state, with_marks(&text)).details(rest.iter().cloned())
    })
}
