//! From what was seen to a report. Pure: it neither asks nor prints.

mod together;

use plugin::{Metric, Report, State};

use crate::ask::{Answer, Refusal};
use crate::channel::Channel;
use crate::judge::{self, Finding, Known, subject};
use crate::options::{Expected, Role};
use crate::pair::Shape;
use crate::refusal;
use crate::server::Server;
use crate::target::PORT;
use crate::{Args, Observations};
use together::Together;

/// The report: the worst finding first, the others counted, each on a line of its own.
pub(crate) fn evaluate(args: &Args, seen: &Observations) -> Report {
    let several = seen.servers.len() > 1;
    let answers: Vec<&Answer> = seen.servers.iter().filter_map(|(_, answer)| answer.as_ref().ok()).collect();
    let together = Together::of(args, &answers, answers.len() == seen.servers.len());
    // Of several servers the shape says who must be a replica of whom.
    let alone = !several || (!together.complete && args.expected.shape == Shape::Ring);
    let mut findings = Vec::new();
    let mut metrics = Vec::new();
    let mut place = 0;
    let refused = |name: &str, why: &Refusal| refusal::judge(name, &seen.user, seen.seconds, args.heartbeat.table.as_ref(), why);
    for (name, answer) in &seen.servers {
        match answer {
            Ok(answer) => {
                let unread = answer.heartbeats.as_ref().and_then(|heartbeats| heartbeats.as_ref().err());
                findings.extend(unread.map(|why| refused(&answer.server.asked, why)));
                findings.extend(judge_server(args, alone, &together, place, answer));
                metrics.extend(measure(args, several.then_some(name.as_str()), answer));
                place += 1;
            }
            Err(why) => findings.push(refused(name, why)),
        }
    }
    findings.extend(together.judge());
    metrics.extend(together.measure());
    report(findings, all_fine(&answers), metrics)
}

/// What is said of several channels that are all fine.
fn all_fine(answers: &[&Answer]) -> Option<String> {
    let lags: Vec<f64> = answers.iter().flat_map(|answer| Known::all(answer)).map(|known| known.lag()).collect();
    let worst = (lags.iter().copied().fold(f64::NAN, f64::max) * 10.0).round() / 10.0;
    let who = match answers {
        [] => return None,
        [answer] => answer.server.asked.clone(),
        several => format!("{} servers", several.len()),
    };
    let behind = if worst.is_nan() { String::new() } else { format!(", at most {worst} s behind") };
    (lags.len() > 1).then(|| format!("{who}: {} channels run{behind}", lags.len()))
}

/// What is wrong with one server and its channels, or that each of them is fine.
fn judge_server(args: &Args, alone: bool, together: &Together<'_>, place: usize, answer: &Answer) -> Vec<Finding> {
    let Server { asked, channels, .. } = &answer.server;
    let mut findings = expectations(&args.expected, alone, asked, channels);
    let thresholds = args.thresholds();
    findings.extend(Known::all(answer).enumerate().map(|(channel, known)| {
        let known = Known { source: together.source(place, channel), ..known };
        judge::judge(&known, &thresholds, args.show_query)
    }));
    findings
}

/// Whether the server is what it should be.
fn expectations(expected: &Expected, alone: bool, name: &str, all: &[Channel]) -> Vec<Finding> {
    let channels: Vec<&Channel> = all.iter().filter(|channel| !channel.is_group_replication()).collect();
    if expected.role == Role::None {
        let (state, text) = match channels.as_slice() {
            [] => (State::Ok, format!("{name}: not a replica, as expected")),
            [first, ..] => (State::Critical, format!("{}: there should be no replication", subject(name, None, first))),
        };
        return vec![Finding::new(state, text)];
    }
    let wanted = expected.channels.unwrap_or(channels.len().max(usize::from(alone)));
    let mut findings = Vec::new();
    if channels.len() != wanted {
        let text = match channels.len() {
            0 => format!("{name}: not a replica: no channel is configured"),
            found => format!("{name}: {found} of {wanted} expected channels configured"),
        };
        findings.push(Finding::new(State::Critical, text));
    }
    let is = |channel: &Channel, place: &net::HostPort| {
        let port = place.port.is_none_or(|port| port == if channel.source_port == 0 { PORT } else { channel.source_port });
        port && place.host.is(&channel.source_host)
    };
    let missing = expected.sources.iter().filter(|place| !channels.iter().any(|channel| is(channel, place)));
    findings.extend(missing.map(|place| Finding::new(State::Critical, format!("{name}: no channel from {}", place.shown(PORT)))));
    findings
}

/// The lag of each channel and how many there are. The default channel of a single server is just "lag".
fn measure(args: &Args, server: Option<&str>, answer: &Answer) -> Vec<Metric> {
    let label = |what: &str, channel: &str| {
        let parts = [what, server.unwrap_or_default(), channel];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_")
    };
    let known = Known::all(answer).filter(|known| !known.channel.is_group_replication());
    let mut metrics: Vec<Metric> =
        known.map(|known| known.metric(label("lag", &known.channel.name), &args.thresholds())).collect();
    metrics.push(Metric::count(label("channels", ""), metrics.len()));
    metrics
}

/// Puts the findings in order, the worst first.
pub(crate) fn report(mut findings: Vec<Finding>, fine: Option<String>, metrics: Vec<Metric>) -> Report {
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.state));
    let state = findings.first().map_or(State::Unknown, |first| first.state);
    let wrong = findings.iter().filter(|finding| finding.state != State::Ok).count();
    let first = findings.first().map(|first| first.text.as_str()).unwrap_or("nothing was asked");
    let summary = match (wrong, findings.len()) {
        (0 | 1, 0 | 1) | (1, _) => first.to_owned(),
        (0, _) => fine.unwrap_or_else(|| first.to_owned()),
        (wrong, _) => format!("{first} (and {} more)", wrong - 1),
    };
    let lines = findings.len() > 1;
    let report = metrics.into_iter().fold(Report::new(state, summary), Report::metric);
    findings.into_iter().fold(report, |report, finding| {
        let report = if lines { report.detail(format!("{}: {}", finding.state, finding.text)) } else { report };
        finding.more.into_iter().fold(report, |report, (level, line)| match level {
            0 => report.detail(line),
            _ => report.verbose_detail(line),
        })
    })
}

#[cfg(test)]
mod tests;
