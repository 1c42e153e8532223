//! Is it the page's own fault that no proxy brings it?

use crate::direct::least;
use crate::fault::Fault;
use crate::got::{Got, got};
use crate::judge::is_past_login;
use crate::observation::{Observation, PageObservation};
use crate::target::Target;

/// Whether the page in this place may be at fault: proxies took the password, and none brought it to anyone.
pub(crate) fn suspects_page(proxies: &[(Target, Option<Observation>)], place: usize) -> bool {
    let pages = || proxies.iter().filter_map(|(_, seen)| seen.as_ref()?.pages.get(place));
    pages().filter(|page| is_past_login(page)).count() >= least(proxies.len()) && !pages().any(has_come)
}

fn has_come(page: &PageObservation) -> bool {
    let to_customer =
        page.customer.as_ref().is_some_and(|answer| answer.fault.as_ref().is_none_or(Fault::has_page));
    let to_others =
        [&page.stranger, &page.random].into_iter().flatten().any(|answer| got(answer) == Got::Page);
    to_customer || to_others
}
