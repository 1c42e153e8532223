//! The proxies that answered an unknown user, or served the customer, only in a second try after a silence:
//! their authentication helper is slow.

use std::time::Duration;

use super::judged::Judged;
use crate::fault::Fault;
use crate::observation::PageObservation;
use crate::request_options::Answer;
use crate::target::Target;

/// How many proxies a line names.
const SHOWN: usize = 50;

/// Returns the lines that name them, with the longest time that one took.
pub(super) fn notes(judged: &[Judged<'_>]) -> impl Iterator<Item = String> {
    let of_random = |page: &PageObservation| waited(page.random.as_ref()?);
    let of_customer = |page: &PageObservation| {
        let customer = page.customer.as_ref().filter(|answer| answer.fault.is_none())?;
        waited(customer)
    };
    let customer = note(judged, "served the customer", "by a second try", of_customer);
    note(judged, "answered an unknown user", "new logins are slow", of_random).into_iter().chain(customer)
}

fn note(
    judged: &[Judged<'_>],
    did: &str,
    why: &str,
    waited: impl Fn(&PageObservation) -> Option<Duration>,
) -> Option<String> {
    let slow: Vec<(&Target, Duration)> = judged
        .iter()
        .filter_map(|judged| {
            let longest = judged.seen?.pages.iter().filter_map(&waited).max()?;
            Some((judged.target, longest))
        })
        .collect();
    let longest = slow.iter().map(|(_, waited)| *waited).max()?;
    let (to, seconds) = (if slow.len() == 1 { "" } else { "up to " }, longest.as_secs_f64());
    let shown: Vec<String> = slow.iter().take(SHOWN).map(|(target, _)| target.to_string()).collect();
    let more = if slow.len() > SHOWN { format!(" and {} more", slow.len() - SHOWN) } else { String::new() };
    let named = shown.join(", ") + &more;
    Some(format!("note: {named} {did} only after {to}{seconds:.1} s: {why}"))
}

/// The time until an answer that came in a later try after a silence.
fn waited(answer: &Answer) -> Option<Duration> {
    let is_silent = |one: &Answer| matches!(one.fault, Some(Fault::Silent | Fault::SocksLoginSilent));
    let is_late = !is_silent(answer) && answer.before.iter().any(is_silent);
    let all = answer.before.iter().chain([answer]).filter_map(|one| one.took);
    is_late.then(|| all.sum())
}
