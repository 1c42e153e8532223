//! The judgement turned round, by `--closed`: every server must refuse.

use domain::base::iana::OptRcode;
use plugin::{Finding, Findings, Report, State};

use crate::allowed::Allowed;
use crate::fault::Fault;
use crate::plan::Outcome;
use crate::{Observations, Server, lines};

/// How many servers the first line names.
const NAMED: usize = 3;

/// Returns the report: a server that resolves for strangers can be used for attacks on others.
pub(crate) fn evaluate(allowed: &Allowed, observed: &Observations) -> Report {
    let total = observed.servers.len();
    let open: Vec<&Server> =
        observed.servers.iter().filter(|server| resolves_for_strangers(server)).collect();
    let metrics = allowed.failed(open.len(), total, false);
    let state = metrics.iter().map(plugin::Metric::state).max().unwrap_or(State::Unknown);
    let text = if open.is_empty() { String::new() } else { open_text(&open, total) };
    let mut finding = Finding::new(state, text).verbose_details(lines::details(observed));
    finding = metrics.into_iter().chain(lines::metrics(allowed, observed)).fold(finding, Finding::metric);
    let mut findings = Findings::from_iter([finding]);
    findings.extend(observed.servers.iter().filter(|server| !open.contains(server)).filter_map(not_asked));
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
    let named: Vec<&str> = open.iter().take(NAMED).map(|server| server.shown.as_str()).collect();
    let more = open.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{} of {total} {noun} {verb} for strangers: {}{more}", open.len(), named.join(", "))
}

fn outcomes(server: &Server) -> impl Iterator<Item = &Outcome> {
    server.outcomes.iter().flatten()
}

/// Whether an answer comes of resolving, or from the cache of names that others asked for. A server may
/// answer for its own zones.
fn resolves(outcome: &Outcome) -> bool {
    let Ok(answered) = &outcome.answer else { return false };
    let reply = &answered.reply;
    let answers = matches!(reply.rcode, OptRcode::NOERROR | OptRcode::NXDOMAIN | OptRcode::SERVFAIL);
    answers && (reply.ra || (reply.records > 0 && !reply.aa))
}

/// Silence proves nothing where the question did not leave this machine.
fn not_asked(server: &Server) -> Option<Finding> {
    let own = |outcome: &Outcome| match &outcome.answer {
        Err(fault @ (Fault::Local(_) | Fault::NoRoute | Fault::NoInterface(_))) => Some(fault.to_string()),
        _ => None,
    };
    outcomes(server).find_map(own).map(|why| Finding::unknown(format!("{} not asked: {why}", server.shown)))
}
