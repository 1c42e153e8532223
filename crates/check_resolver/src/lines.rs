//! The details with -v, and the metrics that every judgement prints.

use plugin::{Metric, Unit};

use crate::allowed::Allowed;
use crate::fault::{code_text, extended};
use crate::message::Reply;
use crate::outcome::{Answered, Outcome};
use crate::question::Question;
use crate::{Observations, Server};

/// How many addresses of an answer are shown.
const ADDRESSES: usize = 8;
/// How many servers a line names.
pub(crate) const NAMED: usize = 3;

/// Returns servers with the reason of each, once for all that follow each other:
/// `192.0.2.53, 192.0.2.54 no answer and 2 more`
pub(crate) fn grouped(failing: &[(&Server, String)]) -> String {
    let mut groups: Vec<(String, &str)> = Vec::new();
    for (server, why) in failing.iter().take(NAMED) {
        match groups.last_mut().filter(|(_, former)| former == why) {
            Some((servers, _)) => *servers += &format!(", {}", server.shown),
            None => groups.push((server.shown.clone(), why)),
        }
    }
    let named: Vec<String> = groups.into_iter().map(|(servers, why)| format!("{servers} {why}")).collect();
    let more = failing.len().saturating_sub(NAMED);
    named.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() }
}

/// One line for each server, name and type.
pub(crate) fn details(observed: &Observations) -> Vec<String> {
    let uplinks = observed.uplinks.iter().flat_map(|uplinks| uplinks.servers.iter().flatten());
    let servers = observed.servers.iter().chain(uplinks);
    let of_server = |server: &Server| {
        let questions = observed.questions.iter().zip(&server.outcomes);
        let lines = questions.flat_map(|(question, outcomes)| of_question(&server.shown, question, outcomes));
        lines.collect::<Vec<_>>()
    };
    let mut lines: Vec<String> = servers.flat_map(of_server).collect();
    let never_asked = observed.file.iter().flat_map(|file| &file.conf.never_asked);
    lines.extend(
        never_asked.map(|server| format!("{server} is never asked: the C library reads three nameservers")),
    );
    if let Some((_, system)) = &observed.system {
        let got = match &system.result {
            Ok(addresses) => {
                addresses.iter().take(ADDRESSES).map(ToString::to_string).collect::<Vec<_>>().join(" ")
            }
            Err(_) => "no address".to_owned(),
        };
        lines.push(format!("this system: {got} in {:.3} s, {}", system.took, system.sources_in_words()));
    }
    lines
}

fn of_question(server: &str, question: &Question, outcomes: &[Outcome]) -> Vec<String> {
    let line = |(kind, outcome): (_, &Outcome)| {
        let name = &question.name;
        let said = match &outcome.answer {
            Ok(answered) => of_answer(answered, outcome),
            Err(fault) => fault.to_string(),
        };
        format!("{server} {name} {kind}: {said}")
    };
    question.types.iter().zip(outcomes).map(line).collect()
}

fn of_answer(answered: &Answered, outcome: &Outcome) -> String {
    let Reply { rcode, addresses, records, ttl, errors, .. } = &answered.reply;
    let mut parts = vec![
        code_text(*rcode),
        flags(&answered.reply),
        format!("{:.3} ms", answered.took.as_secs_f64() * 1000.0),
    ];
    let more = addresses.len().saturating_sub(ADDRESSES);
    match (addresses.is_empty(), records) {
        (true, 0) => parts.push("no record".to_owned()),
        (true, 1) => parts.push("1 record".to_owned()),
        (true, records) => parts.push(format!("{records} records")),
        (false, _) => {
            let shown: Vec<String> = addresses.iter().take(ADDRESSES).map(ToString::to_string).collect();
            parts.push(shown.join(" ") + &if more > 0 { format!(" and {more} more") } else { String::new() });
        }
    }
    parts.extend(ttl.map(|ttl| format!("TTL {ttl}")));
    parts.extend(errors.iter().map(|(code, text)| {
        let name = extended(*code).map(|name| format!(" ({name})")).unwrap_or_default();
        format!("EDE {code}{name}{}{text}", if text.is_empty() { "" } else { ": " })
    }));
    let marks = [
        (answered.is_repeated, "second try"),
        (outcome.is_plain, "without EDNS"),
        (answered.reply.is_out_of_order, "aliases out of order"),
        (outcome.is_dnssec, "answers with CD=1"),
    ];
    parts.extend(marks.iter().filter(|(is, _)| *is).map(|(_, mark)| (*mark).to_owned()));
    parts.join(", ")
}

fn flags(reply: &Reply) -> String {
    let flags =
        [(reply.aa, "aa"), (reply.tc, "tc"), (reply.ra, "ra"), (reply.ad, "ad"), (reply.edns, "edns")];
    let set: Vec<&str> = flags.iter().filter(|(is, _)| *is).map(|(_, flag)| *flag).collect();
    if set.is_empty() { "no flags".to_owned() } else { format!("flags {}", set.join(" ")) }
}

/// The slowest answer: in seconds, with the server and the name.
pub(crate) fn slowest(observed: &Observations) -> Option<(f64, &str, &str)> {
    let of_server =
        |server| answers(observed, server).map(|(name, answered)| (answered.took.as_secs_f64(), name));
    let all = observed
        .servers
        .iter()
        .flat_map(|server| of_server(server).map(|(took, name)| (took, server.shown.as_str(), name)));
    all.max_by(|one, other| one.0.total_cmp(&other.0))
}

/// The metrics after that of the failures.
pub(crate) fn metrics(allowed: &Allowed, observed: &Observations) -> Vec<Metric> {
    let repeated = |server| answers(observed, server).filter(|(_, answered)| answered.is_repeated).count();
    let second_try = observed.servers.iter().map(repeated).sum();
    let mut metrics = vec![
        allowed.slowest(slowest(observed).map(|(seconds, ..)| seconds)),
        Metric::count("second_try", second_try),
    ];
    let took = observed.system.as_ref().map(|(_, system)| system.took);
    let took = took.or_else(|| observed.asks_system.then_some(f64::NAN));
    metrics.extend(took.map(|took| Metric::new("system", took).unit(Unit::Seconds).min(0.0)));
    metrics
}

fn answers<'a>(
    observed: &'a Observations,
    server: &'a Server,
) -> impl Iterator<Item = (&'a str, &'a Answered)> {
    observed.questions.iter().zip(&server.outcomes).flat_map(|(question, outcomes)| {
        outcomes.iter().filter_map(|outcome| Some((question.shown.as_str(), outcome.answer.as_ref().ok()?)))
    })
}
