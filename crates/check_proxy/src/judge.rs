//! What is wrong with one proxy, from what it answered: the reasons, what is worst first.

mod reason;
mod refusal;

use std::time::Duration;

use net::HostPort;

use crate::ask::{Passage, Tried};
use crate::direct::same::is_same;
use crate::fault::Fault;
use crate::got::is_refused;
use crate::observation::{Observation, PageObservation};
use crate::request_options::Answer;
use reason::{Reason, grouped};
use refusal::{Undecided, not_there, serves_strangers, takes_any_password, undecided};

/// What is wrong with one proxy.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Verdict {
    /// Whether the proxy serves strangers or random logins.
    pub(crate) open: bool,
    /// Whether the proxy serves strangers.
    pub(crate) serves_strangers: bool,
    /// What strangers got that is neither the page nor a refusal: `None` if there is no such thing, or if it
    /// is open anyway.
    pub(crate) undecided: Option<Undecided>,
    /// What is wrong with it, in few words each.
    pub(crate) reasons: Vec<String>,
    /// Why nothing can be said from here: `None` if it was asked.
    pub(crate) local: Option<String>,
    /// Whether that and all else that is not known is only for lack of time.
    pub(crate) is_short: bool,
    /// Whether nothing is wrong but that it wants a login that this check does not speak, or that the user's
    /// name does not go with.
    pub(crate) unspoken: bool,
    /// Whether nothing is wrong but that it took the password and then did not bring a page: that may be the
    /// page's fault.
    pub(crate) past_login: bool,
    /// What is the fault of the pages, and what is not known beside the reasons, in few words each.
    pub(crate) excused: Vec<String>,
    /// Whether it answered nothing at all.
    pub(crate) mute: bool,
    /// The longest time for a page by http, and by https.
    pub(crate) times: [Option<Duration>; 2],
}

impl Verdict {
    /// Whether something is wrong with it.
    pub(crate) fn fails(&self) -> bool {
        !self.reasons.is_empty()
    }

    /// Whether the time was over before it could be asked.
    pub(crate) fn is_late(&self) -> bool {
        self.local.as_deref() == Some(Fault::LATE)
    }

    /// The time for the slowest of its pages.
    pub(crate) fn slowest(&self) -> Option<Duration> {
        self.times.into_iter().flatten().max()
    }
}

/// Judges one proxy, which was also asked for these forbidden targets.
pub(crate) fn judge(seen: &Observation, forbidden: &[HostPort]) -> Verdict {
    judge_beside(seen, forbidden, &[])
}

/// Judges one proxy as [`judge`] does, where pages do not come without a proxy either, for the reason in
/// their place: a proxy that took the password is excused where it tells the same of them.
pub(crate) fn judge_beside(seen: &Observation, forbidden: &[HostPort], direct: &[Option<&Fault>]) -> Verdict {
    let is_excused = |place: usize, page: &PageObservation| {
        direct.get(place).is_some_and(|direct| direct.is_some_and(|direct| is_excused(page, direct)))
    };
    let pages = || seen.pages.iter().enumerate();
    let faults: Vec<(&PageObservation, Fault)> = pages()
        .filter(|(place, page)| !is_excused(*place, page))
        .filter_map(|(_, page)| Some((page, page.customer.as_ref()?.fault.clone()?)))
        .collect();
    let mut reasons = serves_strangers(seen);
    let serves_strangers = !reasons.is_empty();
    reasons.extend(takes_any_password(seen));
    let open = !reasons.is_empty();
    reasons.extend(lets_through(seen, forbidden));
    reasons.extend(not_there(seen));
    // A wrong login was judged for another page.
    let is_helper_well = seen.pages.iter().any(|page| {
        has_fault(&page.random, &Fault::SocksLogin)
            || page.random.as_ref().is_some_and(|answer| answer.has_status(407))
    });
    let texts = |excused: bool| -> Vec<String> {
        let pages = pages().filter(|(place, page)| is_excused(*place, page) == excused);
        let reasons = pages.filter_map(|(_, page)| reason(page, is_helper_well));
        grouped(&reasons.collect::<Vec<_>>(), seen.has_both())
    };
    let past_login =
        reasons.is_empty() && !faults.is_empty() && faults.iter().all(|(page, _)| is_past_login(page));
    let unspoken = reasons.is_empty()
        && !faults.is_empty()
        && faults.iter().all(|(_, fault)| matches!(fault, Fault::Unspoken(_) | Fault::ColonInUser));
    reasons.extend(texts(false));
    let mut excused = texts(true);
    let untried = untried(seen, forbidden);
    let unknown = first(local(seen).chain(untried.iter().cloned())).filter(|_| reasons.is_empty());
    excused.extend(first(untried.into_iter()).filter(|_| !reasons.is_empty()).map(|unknown| unknown.text));
    Verdict {
        is_short: unknown.as_ref().is_some_and(|unknown| unknown.is_short),
        open,
        serves_strangers,
        undecided: undecided(seen).filter(|_| !open),
        unspoken,
        past_login,
        excused,
        mute: seen.pages.iter().all(is_mute),
        times: [false, true].map(|secure| time(seen, secure)),
        reasons,
        local: unknown.map(|unknown| unknown.text),
    }
}

/// Why it is not known whether all is well.
#[derive(Clone, Debug)]
struct Unknown {
    text: String,
    /// Whether only the time was too short.
    is_short: bool,
}

/// Returns what is said first: what no longer time would tell.
fn first(unknowns: impl Iterator<Item = Unknown>) -> Option<Unknown> {
    unknowns.min_by_key(|unknown| unknown.is_short)
}

/// Why requests for the pages could not be made, or the customer's page could not be proved here.
fn local(seen: &Observation) -> impl Iterator<Item = Unknown> {
    let of_page = |page: &PageObservation| {
        [(&page.stranger, false), (&page.random, false), (&page.customer, true)].map(
            |(answer, is_customer)| {
                let fault = answer.as_ref()?.fault.as_ref()?;
                let is_unknown = fault.is_local() || (is_customer && fault.is_unverifiable());
                let text = match fault {
                    Fault::Short { what, .. } if page.has_served() => {
                        format!("serves the customer, to others {what}")
                    }
                    fault => fault.brief(),
                };
                is_unknown.then(|| Unknown { text, is_short: fault.is_short() })
            },
        )
    };
    seen.pages.iter().flat_map(of_page).flatten()
}

/// Why it is not known whether forbidden targets can be reached.
fn untried(seen: &Observation, forbidden: &[HostPort]) -> Vec<Unknown> {
    let unknown = |target: &HostPort, why: &str| {
        format!("not known whether it lets customers through to {target}: {why}")
    };
    let text = |target: &HostPort, tried: &Tried| match &tried.passage {
        // It was asked.
        Passage::Unasked(fault @ Fault::Short { .. }) if tried.answer.took.is_some() => {
            Some(format!("forbidden {target}: {}", fault.brief()))
        }
        Passage::Unasked(fault) => Some(format!("was not asked for {target}: {}", fault.brief())),
        Passage::Unclear(fault) => Some(format!("forbidden {target}: undecided: {}", fault.brief())),
        Passage::Failed(fault) if fails_alike(seen, fault) => {
            Some(unknown(target, &format!("{} as for the page", fault.brief())))
        }
        Passage::Silent if !seen.pages.iter().any(PageObservation::has_served) => {
            Some(unknown(target, "no answer, as for the page"))
        }
        _ => None,
    };
    let unknowns = forbidden.iter().zip(&seen.forbidden).filter_map(|(target, tried)| {
        let is_short = matches!(&tried.passage, Passage::Unasked(fault) if fault.is_short());
        Some(Unknown { text: text(target, tried)?, is_short })
    });
    unknowns.collect()
}

/// Whether the page got the same answer: that of a proxy which can do nothing says nothing of its rules. A
/// page that came proves that it can.
fn fails_alike(seen: &Observation, fault: &Fault) -> bool {
    if seen.pages.iter().any(PageObservation::has_served) {
        return false;
    }
    let mut faults = seen.pages.iter().filter_map(|page| page.customer.as_ref()?.fault.as_ref());
    faults.any(|own| match (own, fault) {
        (Fault::Status(own), Fault::Status(other)) => own.code >= 500 && other.code >= 500,
        (own, fault) => own == fault,
    })
}

/// A silent proxy tried to reach the target if the same proxy answered for the page.
fn lets_through(seen: &Observation, forbidden: &[HostPort]) -> Vec<String> {
    let serves = seen.pages.iter().any(PageObservation::has_served);
    let through = |passage: &Passage| match passage {
        Passage::Connected => true,
        Passage::Failed(fault) => !fails_alike(seen, fault),
        Passage::Silent => serves,
        Passage::Refused | Passage::Unclear(_) | Passage::Unasked(_) => false,
    };
    let targets = forbidden.iter().zip(&seen.forbidden).filter(|(_, tried)| through(&tried.passage));
    targets.map(|(target, _)| format!("lets customers through to {target}")).collect()
}

/// Returns the fault of one page. The answers to other clients explain a silence: that of an unknown user
/// tells nothing of a helper that `is_helper_well`.
fn reason(page: &PageObservation, is_helper_well: bool) -> Option<Reason> {
    let Some(fault) = page.customer.as_ref()?.fault.as_ref() else {
        return answers_no_new_login(page).filter(|_| !is_helper_well);
    };
    let text = match fault {
        fault if fault.is_local() || fault.is_unverifiable() => return None,
        Fault::Silent if is_answered_no(&page.stranger) && has_fault(&page.random, &Fault::Silent) => {
            "refuses strangers, does not answer any login: its authentication helper hangs".to_owned()
        }
        Fault::Silent if is_answered_no(&page.stranger) && is_answered_no(&page.random) => {
            "takes the password, then no page: its DNS or its way to the page hangs".to_owned()
        }
        Fault::SocksLoginSilent if has_fault(&page.random, &Fault::SocksLogin) => {
            "does not answer our login: its authentication helper hangs".to_owned()
        }
        Fault::SocksLoginSilent => "does not answer any login: its authentication helper hangs".to_owned(),
        Fault::SocksRequestSilent { login } => {
            let takes = if *login { "takes the password" } else { "connects" };
            format!("{takes}, then no page: its DNS or its way to the page hangs")
        }
        fault => return Some(Reason::of(page.secure, fault)),
    };
    Some(Reason::new(page.secure, text))
}

/// The proxy serves the customer, whose login it may have kept, and asks its helper for others in vain: a
/// stranger, for whom no helper is needed, was answered.
fn answers_no_new_login(page: &PageObservation) -> Option<Reason> {
    let is_answered = page
        .stranger
        .as_ref()
        .is_some_and(|answer| [401, 403, 407].into_iter().any(|code| answer.has_status(code)));
    let hangs = (is_answered && has_fault(&page.random, &Fault::Silent))
        || has_fault(&page.random, &Fault::SocksLoginSilent);
    hangs
        .then(|| Reason::new(page.secure, "answers no new login: its authentication helper hangs or is slow"))
}

fn has_fault(answer: &Option<Answer>, fault: &Fault) -> bool {
    answer.as_ref().is_some_and(|answer| answer.fault.as_ref() == Some(fault))
}

/// Whether a refusal was answered, of the proxy or, as far as it can be told, of the page's server: the proxy
/// is not frozen.
fn is_answered_no(answer: &Option<Answer>) -> bool {
    let is_no = |answer: &Answer| answer.has_status(401) || answer.has_status(403);
    is_refused(answer) || answer.as_ref().is_some_and(is_no)
}

/// Whether the proxy took the customer's login, or would have taken any, and then did not bring the page.
pub(crate) fn is_past_login(page: &PageObservation) -> bool {
    let Some(fault) = page.customer.as_ref().and_then(|answer| answer.fault.as_ref()) else { return false };
    // Where strangers are allowed, no unknown user asks, and a silence for all may be the page's.
    let by_address = page.random.is_none() && has_fault(&page.stranger, &Fault::Silent);
    let refused = |answer: &Option<Answer>| answer.is_none() || is_answered_no(answer);
    let is_past = (refused(&page.stranger) && refused(&page.random)) || by_address;
    fault.is_past_login() || (*fault == Fault::Silent && is_past)
}

/// Whether a proxy took the customer's login, and tells of the page what its server does `direct`ly.
pub(crate) fn is_excused(page: &PageObservation, direct: &Fault) -> bool {
    let fault = page.customer.as_ref().and_then(|answer| answer.fault.as_ref());
    is_past_login(page) && fault.is_some_and(|fault| is_same(direct, fault))
}

/// Whether nothing was answered: no connection, or no answer to any client.
fn is_mute(page: &PageObservation) -> bool {
    let mut answers = [&page.stranger, &page.random, &page.customer].into_iter().flatten();
    answers.all(|answer| {
        matches!(
            answer.fault,
            Some(
                Fault::Refused
                    | Fault::NoAnswer
                    | Fault::Silent
                    | Fault::NoNeighbour
                    | Fault::Unreachable { .. }
                    | Fault::Prohibited
                    | Fault::Local(_)
                    | Fault::Late
                    | Fault::Short { .. }
            )
        )
    })
}

fn time(seen: &Observation, secure: bool) -> Option<Duration> {
    let pages = seen.pages.iter().filter(|page| page.secure == secure && page.has_served());
    pages.filter_map(|page| page.customer.as_ref()?.took).max()
}
