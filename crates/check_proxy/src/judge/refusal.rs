//! Whether a proxy refuses clients without a valid login: whether they got the page, and what else they got
//! that proves nothing.

use plugin::State;

use super::reason::{Reason, grouped};
use crate::fault::Fault;
use crate::got::{Got, got, is_refused};
use crate::observation::{Observation, PageObservation};
use crate::request_options::Answer;
use crate::strangers::Strangers;

/// What strangers got that is neither the page nor a refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Undecided {
    /// In few words.
    pub(crate) what: String,
    /// Whether the customer got that page.
    is_served: bool,
}

impl Undecided {
    /// As it is said of one proxy.
    pub(crate) fn words(&self) -> String {
        format!("strangers: undecided: {}", self.what)
    }

    /// How bad it is: where the page came to the customer, it is the proxy that gives strangers something
    /// else.
    pub(crate) fn state(&self) -> State {
        if self.is_served { State::Warning } else { State::Unknown }
    }
}

/// Returns the ways in which the proxy serves strangers.
pub(super) fn serves_strangers(seen: &Observation) -> Vec<String> {
    if seen.strangers == Strangers::Allow {
        return Vec::new();
    }
    let came = |page: &PageObservation| has_got(&page.stranger);
    let is_407 =
        |page: &&PageObservation| page.stranger.as_ref().is_some_and(|answer| answer.has_status(407));
    let of = |secure: bool| seen.pages.iter().filter(move |page| page.secure == secure);
    let served = |secure: bool| of(secure).any(|page| came(page) && !is_407(&page));
    let mut reasons: Vec<String> = match (served(false), served(true)) {
        (true, true) => vec!["open: serves strangers by http and https".to_owned()],
        (true, false) => vec!["open: serves strangers by http".to_owned()],
        (false, true) => vec!["open: serves strangers by https".to_owned()],
        (false, false) => Vec::new(),
    };
    if seen.pages.iter().filter(is_407).any(came) {
        reasons.push("open: the 407 carries the page".to_owned());
    }
    reasons
}

/// Returns the pages that the unknown user gets and strangers do not, as reasons.
pub(super) fn takes_any_password(seen: &Observation) -> Vec<String> {
    if seen.strangers == Strangers::Allow {
        return Vec::new();
    }
    let pages = seen.pages.iter().filter(|page| !has_got(&page.stranger) && has_got(&page.random));
    let reasons: Vec<Reason> = pages.map(|page| Reason::new(page.secure, "takes any password")).collect();
    grouped(&reasons, seen.has_both())
}

fn has_got(answer: &Option<Answer>) -> bool {
    answer.as_ref().is_some_and(|answer| got(answer) == Got::Page)
}

/// Returns the reasons where nothing listens that could refuse: no customer's request tells that then.
pub(super) fn not_there(seen: &Observation) -> Vec<String> {
    if seen.strangers != Strangers::Only || is_proxy(seen) {
        return Vec::new();
    }
    let reason = |page: &PageObservation| {
        let mut faults = page.of_others().filter_map(|answer| answer.fault.as_ref());
        let is_gone =
            |fault: &&Fault| matches!(fault, Fault::Refused | Fault::NoNeighbour | Fault::Unreachable { .. });
        let fault = faults.find(is_gone)?;
        Some(Reason::of(page.secure, fault))
    };
    grouped(&seen.pages.iter().filter_map(reason).collect::<Vec<_>>(), seen.has_both())
}

/// Whether an answer shows a proxy: one that only proxies give, or one that names squid or tinyproxy.
fn is_proxy(seen: &Observation) -> bool {
    let answers = seen.pages.iter().flat_map(PageObservation::of_others);
    answers.filter_map(|answer| answer.fault.as_ref()).any(|fault| match fault {
        Fault::Status(status) => status.code == 407 || status.names_proxy(),
        fault => fault.is_of_socks(),
    })
}

/// What a client that is no customer got for a page, which is neither the page nor a refusal.
struct Other {
    fault: Fault,
    /// Whether it has a random login.
    has_login: bool,
}

/// Returns what strangers got that is neither the page nor a refusal.
pub(super) fn undecided(seen: &Observation) -> Option<Undecided> {
    if seen.strangers == Strangers::Allow {
        return None;
    }
    // Where customers are asked too, they tell whether it is a proxy.
    let is_shown = seen.strangers != Strangers::Only || is_proxy(seen);
    let others: Vec<(&PageObservation, Other)> =
        seen.pages.iter().filter_map(|page| Some((page, other(page, seen.strangers, is_shown)?))).collect();
    let reasons: Vec<Reason> = others.iter().map(|(page, other)| other.reason(page.secure)).collect();
    let what = grouped(&reasons, seen.has_both()).join(", ");
    let is_perhaps_none = !is_shown && others.iter().all(|(_, other)| may_be_no_proxy(&other.fault));
    let what = if is_perhaps_none { format!("{what}, perhaps no proxy") } else { what };
    let is_served = others.iter().any(|(page, _)| page.has_served());
    (!others.is_empty()).then_some(Undecided { what, is_served })
}

/// Returns what proves nothing about strangers: of them, or of the unknown user.
fn other(page: &PageObservation, strangers: Strangers, is_shown: bool) -> Option<Other> {
    let got_else = |answer: &Option<Answer>, beside: &Option<Answer>| match answer.as_ref().map(got)? {
        Got::Else(fault) => Some(fault),
        // Whatever answers CONNECT is not the page.
        Got::NoPage(fault) => {
            let is_refusal = page.secure || page.has_served() || is_refused(beside);
            (!is_shown || !is_refusal).then_some(fault)
        }
        // Where customers are asked too, they tell whether the page is silent.
        Got::Silence => (strangers == Strangers::Only && !is_refused(beside)).then_some(Fault::Silent),
        // The port takes connections: it took the customer's.
        Got::Refused(fault) if fault.is_unconnected() => page.has_served().then_some(fault),
        Got::Refused(fault) => (!is_shown).then_some(fault),
        Got::Page | Got::Unasked => None,
    };
    let of = |answer, beside, has_login| Some(Other { fault: got_else(answer, beside)?, has_login });
    of(&page.stranger, &page.random, false).or_else(|| of(&page.random, &page.stranger, true))
}

impl Other {
    fn reason(&self, secure: bool) -> Reason {
        let reason = match &self.fault {
            Fault::Silent => Reason::new(secure, "no answer"),
            // It may have seen no password.
            Fault::Status(status) if status.refuses_login() => Reason::new(secure, status.code.to_string()),
            fault => Reason::of(secure, fault),
        };
        if self.has_login { reason.with_random_login() } else { reason }
    }
}

/// Whether a server that is no proxy is likely to say or do this.
fn may_be_no_proxy(fault: &Fault) -> bool {
    match fault {
        Fault::Status(status) => status.answers_connect || matches!(status.code, 400 | 404 | 405 | 501),
        fault => matches!(fault, Fault::Closed | Fault::Reset),
    }
}
