//! The proxies that answered an unknown user only in the second try: their authentication helper is slow.

use std::net::IpAddr;
use std::time::Duration;

use super::judged::Judged;
use crate::fault::Fault;
use crate::observation::PageObservation;
use crate::request_options::Answer;

/// Returns the line that names them, with the longest time that one took.
pub(super) fn note(judged: &[Judged<'_>]) -> Option<String> {
    let slow: Vec<(IpAddr, Duration)> = judged
        .iter()
        .filter_map(|judged| Some((judged.target.address.ip(), waited(&judged.seen?.pages)?)))
        .collect();
    let longest = slow.iter().map(|(_, waited)| *waited).max()?;
    let addresses: Vec<IpAddr> = slow.into_iter().map(|(address, _)| address).collect();
    let (to, seconds) = (if addresses.len() == 1 { "" } else { "up to " }, longest.as_secs_f64());
    let named = addresses::brief(&addresses, 1_000);
    Some(format!("note: {named} answered an unknown user only after {to}{seconds:.1} s: new logins are slow"))
}

/// The longest time until the answer, of those that came in a second try after a silence.
fn waited(pages: &[PageObservation]) -> Option<Duration> {
    let of_answer = |answer: &Answer| {
        let is_silent = |one: &Answer| matches!(one.fault, Some(Fault::Silent | Fault::SocksLoginSilent));
        let is_late = !is_silent(answer) && answer.before.iter().any(is_silent);
        let all = answer.before.iter().chain([answer]).filter_map(|one| one.took);
        is_late.then(|| all.sum())
    };
    pages.iter().filter_map(|page| of_answer(page.random.as_ref()?)).max()
}
