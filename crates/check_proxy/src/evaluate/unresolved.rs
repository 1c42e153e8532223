//! The names that have no address: what is known of the other proxies is judged beside them.

use plugin::{Finding, Findings, State};

use crate::target::Unresolved;

/// Adds what is not resolved to what was found of other proxies, if there are any. The first line has it
/// whatever else stands there: after what is as bad or worse, as a remark. A silent resolver is `short` of
/// time.
pub(super) fn add(found: Option<Findings>, unresolved: &[Unresolved], short: State) -> Findings {
    let has_others = found.is_some();
    let mut findings = found.unwrap_or_default();
    let Some(first) = unresolved.first() else { return findings };
    let is_silence = unresolved.iter().any(|unresolved| unresolved.is_silence);
    let state = if is_silence { short } else { State::Unknown };
    let more = unresolved.len() - 1;
    let names = if more == 1 { "1 more name".to_owned() } else { format!("{more} more names") };
    let whys = unresolved.iter().map(|unresolved| &unresolved.why);
    if has_others && findings.state() >= state {
        let others = if more == 0 { String::new() } else { format!(" and {names}") };
        findings.extend([Finding::ok("").details(whys.map(|why| format!("{state}: {why}")))]);
        return findings.remark(format!("{}{others} unresolved", addresses::short(&first.name)));
    }
    findings.extend([if more == 0 {
        Finding::new(state, &first.why)
    } else {
        Finding::new(state, format!("{}, {names} unresolved", first.why)).details(whys.cloned())
    }]);
    findings
}
