//! The judgement turned round, by `--closed`: every server must refuse.

use domain::base::iana::OptRcode;
use plugin::{Finding, Findings, Report, State};

use crate::allowed::Allowed;
use crate::fault::Fault;
use crate::ignored::ignored;
use crate::lines::NAMED;
use crate::outcome::Outcome;
use crate::{Observations, Server, lines};

/// Returns the report: a server that resolves for strangers can be used for attacks on others.
pub(crate) fn evaluate(allowed: &Allowed, observed: &Observations) -> Report {
    let total = observed.servers.len();
    let open: Vec<&Server> =
        observed.servers.iter().filter(|server| resolves_for_strangers(server)).collect();
    let metrics = allowed.failed(open.len(), total, false);
    let rest = observed.servers.iter().filter(|server| !open.contains(server));
    let undecided: Vec<Finding> = rest.filter_map(|server| undecided(server, allowed.cut)).collect();
    // None that is open is no fault where one may be.
    let is_known = !open.is_empty() || undecided.is_empty();
    let state = if is_known { allowed.state(open.len(), total, false) } else { State::Ok };
    let text = if open.is_empty() { String::new() } else { open_text(&open, total) };
    let mut finding = Finding::new(state, text).verbose_details(lines::details(observed));
    finding = metrics.into_iter().chain(lines::metrics(allowed, observed)).fold(finding, Finding::metric);
    let mut findings = Findings::from_iter([finding]);
    findings.extend(undecided);
    findings.extend(observed.file.iter().filter_map(ignored));
    findings.report(match (open.len(), total) {
        (0, 1) => "1 server refuses strangers".to_owned(),
        (0, total) => format!("{total} servers refuse strangers"),
        _ => format!("{} as allowed", open_text(&open, total)),
    })
}

/// Whether a server answered any question as a resolver does.
pub(crate) fn resolves_for_strangers(server: &Server) -> bool {
    outcomes(server).any(resolves)
}

fn open_text(open: &[&Server], total: usize) -> String {
    let (noun, verb) = if total == 1 { ("server", "resolves") } else { ("servers", "resolve") };
    let named: Vec<String> = open.iter().take(NAMED).map(|server| named(server)).collect();
    let more = open.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{} of {total} {noun} {verb} for strangers: {}{more}", open.len(), named.join(", "))
}

/// The server, with SERVFAIL where nothing else came: it tried to resolve, and failed.
fn named(server: &Server) -> String {
    let is_servfail = |outcome: &Outcome| {
        outcome.answer.as_ref().is_ok_and(|answered| answered.reply.rcode == OptRcode::SERVFAIL)
    };
    let only_tries = outcomes(server).filter(|outcome| resolves(outcome)).all(is_servfail);
    if only_tries { format!("{} (tried: SERVFAIL)", server.shown) } else { server.shown.clone() }
}

fn outcomes(server: &Server) -> impl Iterator<Item = &Outcome> {
    server.outcomes.iter().flatten()
}

/// Whether anything that came in answer is a resolver's, however it came.
fn resolves(outcome: &Outcome) -> bool {
    outcome.resolves || outcome.answer.as_ref().is_ok_and(|answered| answered.reply.resolves())
}

/// Why it is not known whether a server refuses: silence proves nothing where the question did not leave this
/// machine or had too little time, and what came may be no refusal.
fn undecided(server: &Server, cut: State) -> Option<Finding> {
    let shown = &server.shown;
    let why = |outcome: &Outcome| match outcome.answer.as_ref().err()? {
        fault @ (Fault::Local(_) | Fault::NotSent(_) | Fault::NoInterface(_) | Fault::Unscoped) => {
            Some(Finding::unknown(format!("{shown} not asked: {fault}")))
        }
        Fault::NoAnswer | Fault::NotYet | Fault::OnlyTcp if outcome.is_cut => {
            let text =
                format!("{shown} undecided: no answer yet when the time ended, see --timeout and --tries");
            Some(Finding::new(cut, text))
        }
        Fault::NoAnswer | Fault::Refused | Fault::Prohibited | Fault::Unreachable(_) | Fault::OnlyTcp => None,
        fault => Some(Finding::unknown(format!("{shown} does not refuse: {fault}"))),
    };
    outcomes(server).find_map(why)
}
