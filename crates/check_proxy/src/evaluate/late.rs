//! The proxies for which there was no time. They make an outage of all others no better, and may decide
//! whether there is one.

use std::net::IpAddr;

use plugin::{AllowedFailures, Finding, State};

use super::judged::Judged;
use crate::fault::Fault;

/// How many there was no time for.
pub(super) fn count(judged: &[Judged<'_>]) -> usize {
    late(judged).count()
}

/// Returns of how many proxies so many failing ones are a share: where all fail that were asked, of these.
pub(super) fn total(failing: usize, judged: &[Judged<'_>]) -> usize {
    let asked = judged.len() - count(judged);
    if failing > 0 && failing == asked { asked } else { judged.len() }
}

/// Returns how bad it is that so many fail: certainly, whichever of those that were not asked fail too.
pub(super) fn state(allowed: &AllowedFailures, failing: usize, judged: &[Judged<'_>]) -> State {
    let total = total(failing, judged);
    let most = total.min(failing + count(judged));
    allowed.states(failing..=most, Some(total)).0
}

/// Returns how bad it is that none fails, whichever of those fail that may: OK where one does.
pub(super) fn state_of_none(allowed: &AllowedFailures, judged: &[Judged<'_>]) -> State {
    if judged.is_empty() || judged.iter().any(|judged| judged.verdict.fails()) {
        return State::Ok;
    }
    let may_fail = |judged: &&Judged<'_>| {
        let verdict = &judged.verdict;
        verdict.local.is_some() || verdict.undecided.is_some() || !verdict.excused.is_empty()
    };
    allowed.states(0..=judged.iter().filter(may_fail).count(), Some(judged.len())).0
}

/// Returns what is said where none that was asked fails.
pub(super) fn not_asked(judged: &[Judged<'_>], state: State) -> Option<Finding> {
    let (late, total) = (count(judged), judged.len());
    let text = match judged {
        _ if late == 0 => return None,
        [judged] => format!("{} {}", judged.target, Fault::LATE),
        _ => format!("{late} of {total} proxies not asked in time: {}", addresses(judged, 60)),
    };
    Some(Finding::new(state, text))
}

/// Returns the line that lists them, where there are several proxies.
pub(super) fn detail(judged: &[Judged<'_>]) -> Option<String> {
    let is_any = judged.len() > 1 && count(judged) > 0;
    is_any.then(|| format!("not asked in time: {}", addresses(judged, 1_000)))
}

/// Their addresses, as runs.
fn addresses(judged: &[Judged<'_>], room: usize) -> String {
    let addresses: Vec<IpAddr> = late(judged).map(|judged| judged.target.address.ip()).collect();
    addresses::brief(&addresses, room)
}

fn late<'a, 'b>(judged: &'b [Judged<'a>]) -> impl Iterator<Item = &'b Judged<'a>> {
    judged.iter().filter(|judged| judged.verdict.is_late())
}
