//! The names that have no address: what is known of the other proxies is judged beside them.

use std::cmp::Reverse;

use plugin::{Finding, Findings, State};

use crate::target::Unresolved;

/// Adds what is not resolved to what was found of other proxies, if there are any. The first line has it
/// whatever else stands there: after what is as bad or worse, as a remark. A silent resolver is `short` of
/// time. Each name has the state of its own cause, and the worst is named first.
pub(super) fn add(found: Option<Findings>, unresolved: &[Unresolved], short: State) -> Findings {
    let has_others = found.is_some();
    let mut findings = found.unwrap_or_default();
    let state_of = |name: &Unresolved| if name.is_silence { short } else { State::Unknown };
    let mut names: Vec<(State, &Unresolved)> = unresolved.iter().map(|name| (state_of(name), name)).collect();
    names.sort_by_key(|(state, _)| Reverse(*state));
    let [(state, first), others @ ..] = names.as_slice() else { return findings };
    let is_one_state = others.iter().all(|(other, _)| other == state);
    let with_state = |(state, name): &(State, &Unresolved)| format!("{state}: {}", name.why);
    let line = |name: &(State, &Unresolved)| if is_one_state { name.1.why.clone() } else { with_state(name) };
    let more = match others.len() {
        0 => String::new(),
        1 => "1 more name".to_owned(),
        more => format!("{more} more names"),
    };
    if has_others && findings.state() >= *state {
        let and = if more.is_empty() { "" } else { " and " };
        findings.extend([Finding::ok("").details(names.iter().map(with_state))]);
        return findings.remark(format!("{}{and}{more} unresolved", addresses::short(&first.name)));
    }
    findings.extend([match more.as_str() {
        "" => Finding::new(*state, &first.why),
        more => {
            Finding::new(*state, format!("{}, {more} unresolved", first.why)).details(names.iter().map(line))
        }
    }]);
    findings
}
