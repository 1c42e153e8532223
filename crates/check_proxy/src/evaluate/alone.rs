//! A proxy that was asked alone, and the page that does not come from here either.
//!
//! Which of the two is at fault cannot be told from one proxy, so the state stays that of the proxy, and the
//! line says both.

use super::judged::Judged;
use crate::fault::Fault;

/// Adds to the only reason of a single proxy why a page does not come from here either. Each of the `pages`
/// has a name and that fault, if the proxy tells the same of it.
pub(super) fn add_page(pages: &[(&str, Option<&Fault>)], judged: &mut [Judged<'_>]) {
    if !tells_of_page(judged) {
        return;
    }
    let alike: Vec<(&str, &Fault)> = pages.iter().filter_map(|(name, why)| Some((*name, (*why)?))).collect();
    let Some((name, why)) = alike.first() else { return };
    let name = if alike.len() == pages.len() { "page" } else { name };
    for reason in judged.iter_mut().flat_map(|only| &mut only.verdict.reasons) {
        *reason += &format!(", nor does the {name} answer from here: {}", why.brief_without_proxy());
    }
}

/// Returns whether there is a single proxy with a single reason, and that tells of a page.
pub(super) fn tells_of_page(judged: &[Judged<'_>]) -> bool {
    matches!(judged, [only] if only.verdict.past_login && only.verdict.reasons.len() == 1)
}
