//! Judges what was observed: each server and its channels, then the servers together.

mod together;

use std::cmp::Reverse;

use plugin::{Finding, Findings, Labels, Metric, Report, State, Unit};

use crate::Observations;
use crate::answer::{Answer, Refusal};
use crate::channel::{Channel, IoState, SqlState};
use crate::filter;
use crate::judge::{self, ChannelView, subject};
use crate::membership::Membership;
use crate::memory::{MemoryError, Remembered, Restart};
use crate::names::Names;
use crate::options::Role;
use crate::pair::Shape;
use crate::policy::Policy;
use crate::refusal::{self, privilege};
use crate::renamed::own_names;
use crate::server::{Flavour, SOCKET, Server};
use crate::skipping;
use crate::target::PORT;
use together::Together;

/// The channel of a group, by which its series is called as those of other channels are.
const APPLIER: &str = "group_replication_applier";

/// Makes the report.
pub(crate) fn evaluate(policy: &Policy<'_>, observations: &Observations) -> Report {
    let servers = &observations.servers;
    let answers: Vec<&Answer> = servers.iter().filter_map(|(_, answer)| answer.as_ref().ok()).collect();
    let together = Together::of(policy, &answers, answers.len() == servers.len());
    // Of several servers the shape says which must be a replica of which.
    let alone = servers.len() == 1 || (!together.complete && policy.shape == Shape::Ring);
    let account = (observations.user.as_str(), observations.seconds);
    let each = servers.iter().map(|(name, answer)| (name.as_str(), answer.as_ref()));
    let mut findings = judge_each(policy, account, alone, &together, each);
    // Their notes stand after what each server is, of which the first is the line where all is well.
    let omitted =
        answers.iter().enumerate().flat_map(|(place, answer)| omissions(policy, &together, place, answer));
    findings.extend(omitted);
    findings.extend(together.judge());
    // Behind what is wrong with a member itself stands what the others see of it.
    findings.extend(answers.iter().flat_map(|answer| of_other_members(policy, answer)));
    let kept = observations.remembered.iter();
    findings.extend(kept.flat_map(|kept| remembered(policy.acknowledges, kept)));
    let silent = servers.iter().filter(|(_, answer)| policy.acknowledges && answer.is_err());
    findings.extend(
        silent.map(|(name, _)| Finding::unknown(format!("{name}: no answer, so nothing is acknowledged"))),
    );
    let all_well = all_fine(&answers)
        .or_else(|| findings.iter().find(|first| !first.text.is_empty()).map(|first| first.text.clone()))
        .unwrap_or_default();
    let report = Findings::from_iter(findings).report(all_well);
    let several = servers.len() > 1;
    let metrics = servers.iter().flat_map(|(name, answer)| {
        let name = several.then_some(if name.contains('/') { SOCKET } else { name.as_str() });
        answer.as_ref().map_or_else(|_| unknown(policy, name), |answer| measure(policy, name, answer))
    });
    metrics.chain(together.measure()).fold(report, Report::metric)
}

/// The worst fault of one of several servers, as far as its own answer tells: for a run that is stopped
/// before the others have answered. None if there is none.
pub(crate) fn fault(
    policy: &Policy<'_>,
    account: Account<'_>,
    name: &str,
    answer: Result<&Answer, &Refusal>,
) -> Option<Finding> {
    let together = Together::of(policy, &[], false);
    let mut findings = judge_each(policy, account, false, &together, [(name, answer)].into_iter());
    findings.extend(answer.iter().flat_map(|answer| omissions(policy, &together, 0, answer)));
    findings.extend(answer.iter().flat_map(|answer| of_other_members(policy, answer)));
    let faults = findings.into_iter().filter(|finding| finding.state != State::Ok);
    // Of equally bad ones the first.
    faults.rev().max_by_key(|finding| finding.state)
}

/// The account that was logged in with, and the time given, in seconds.
type Account<'a> = (&'a str, f64);

/// Judges each server and its channels. Those that do not answer come first: they may be why the channels of
/// others do not run.
fn judge_each<'a>(
    policy: &Policy<'_>,
    (user, seconds): Account<'_>,
    alone: bool,
    together: &Together<'_>,
    servers: impl Iterator<Item = (&'a str, Result<&'a Answer, &'a Refusal>)>,
) -> Vec<Finding> {
    let refused = |name: &str, why: &Refusal| refusal::judge(name, user, seconds, policy.heartbeats, why);
    let (mut silent, mut findings) = (Vec::new(), Vec::new());
    let mut place = 0;
    for (name, answer) in servers {
        match answer {
            Ok(answer) => {
                let unread = answer.heartbeats.as_ref().and_then(|heartbeats| heartbeats.as_ref().err());
                findings.extend(unread.map(|why| refused(&answer.server.asked, why)));
                findings.extend(judge_server(policy, alone, together, place, answer));
                place += 1;
            }
            Err(why) => silent.push(refused(name, why)),
        }
    }
    silent.extend(findings);
    silent
}

/// What the positions that were kept tell, and what this run `acknowledges` of that.
fn remembered(acknowledges: bool, kept: &Result<Vec<Remembered>, MemoryError>) -> Vec<Finding> {
    let one = |Remembered { name, restarts, acknowledged }: &Remembered| {
        let list = |restarts: &[Restart]| -> Vec<String> {
            restarts.iter().map(|restart| format!("{name}: {}", what(restart))).collect()
        };
        let and_more = |restarts: &[Restart]| match restarts.len() {
            0 | 1 => String::new(),
            all => format!(" and {} more", all - 1),
        };
        let left = match restarts.as_deref() {
            Err(why) => Some(Finding::unknown(format!("{name}: {why}"))),
            Ok(all @ [restart, rest @ ..]) if restart.gone_domain().is_some() => {
                let text = format!(
                    "{name}: {}{}: deleted there, or the log started again",
                    what(restart),
                    and_more(all)
                );
                let todo = format!("{name}: after FLUSH BINARY LOGS DELETE_DOMAIN_ID run --acknowledge");
                Some(Finding::warning(text).details(list(rest)).detail(todo))
            }
            Ok(all @ [restart, rest @ ..]) => {
                let text = format!(
                    "{name}: {}{}: replicas may have skipped transactions",
                    what(restart),
                    and_more(all)
                );
                let todo = format!("{name}: compare its replicas with it, then run --acknowledge");
                Some(Finding::critical(text).details(list(rest)).detail(todo))
            }
            Ok([]) => None,
        };
        let done = acknowledged
            .iter()
            .map(|restart| Finding::ok(format!("{name}: acknowledged: {}", what(restart))));
        let none = acknowledges && restarts.is_ok() && acknowledged.is_empty();
        let none = none.then(|| Finding::ok(format!("{name}: nothing to acknowledge")));
        left.into_iter().chain(done).chain(none).collect::<Vec<_>>()
    };
    match kept {
        Ok(servers) => servers.iter().flat_map(one).collect(),
        Err(why) => vec![Finding::unknown(why.to_string())],
    }
}

/// What happened to a binary log.
fn what(restart: &Restart) -> String {
    let Restart { before, after, by_another } = restart;
    if let Some(domain) = restart.gone_domain() {
        return format!("domain {domain} is gone from its binary log ({before})");
    }
    let what = match by_another {
        true => "another server lacks what the one before it wrote",
        false => "binary log started again",
    };
    format!("{what} ({before}, then {after})")
}

/// What is said of several channels that are all fine.
fn all_fine(answers: &[&Answer]) -> Option<String> {
    let lags: Vec<f64> =
        answers.iter().flat_map(|answer| ChannelView::all(answer)).map(|view| view.lag()).collect();
    let worst = (lags.iter().copied().fold(f64::NAN, f64::max) * 10.0).round() / 10.0;
    let who = match answers {
        [] => return None,
        [answer] => answer.server.asked.clone(),
        several => format!("{} servers", several.len()),
    };
    let behind = if worst.is_nan() { String::new() } else { format!(", at most {worst} s behind") };
    (lags.len() > 1).then(|| format!("{who}: {} channels run{behind}", lags.len()))
}

/// What a member of a group or a cluster sees of the others.
fn of_other_members(policy: &Policy<'_>, answer: &Answer) -> Vec<Finding> {
    let Server { asked, membership, .. } = &answer.server;
    membership.as_ref().map(|member| member.judge(asked, &policy.of_members()).of_others).unwrap_or_default()
}

/// What is wrong with one server and its channels, or that each of them is fine.
fn judge_server(
    policy: &Policy<'_>,
    alone: bool,
    together: &Together<'_>,
    place: usize,
    answer: &Answer,
) -> Vec<Finding> {
    let Server { asked, channels, .. } = &answer.server;
    let mut findings = match (&answer.server.membership, &answer.hidden) {
        (Some(membership), _) => membership.judge(asked, &policy.of_members()).own,
        (None, Some(hidden)) => vec![privilege::no_group(asked, hidden)],
        (None, None) if policy.expects_group() => {
            let why = if answer.server.is_out { ": wsrep_on is OFF" } else { "" };
            vec![Finding::critical(format!("{asked}: not a member of a group or a Galera cluster{why}"))]
        }
        (None, None) => Vec::new(),
    };
    let is_replica = channels.iter().any(|channel| !channel.is_group_replication());
    // A member of a group needs no channel that is not asked for, and what is wrong with it is said.
    let is_plain = findings.is_empty() && answer.server.membership.is_none();
    if is_replica || is_plain || policy.expects_channels() {
        let aurora = aurora(policy, alone && is_plain, &answer.server);
        findings.extend(
            aurora.map_or_else(
                || expectations(policy, alone, is_plain, asked, channels),
                |aurora| vec![aurora],
            ),
        );
    }
    findings.extend(out_of_cluster(policy, &answer.server));
    let unused = policy.heartbeats.filter(|_| channels.is_empty() && !is_plain);
    findings.extend(unused.map(|table| {
        Finding::ok("").detail(format!("{asked}: the table {table} is not read: it has no channel"))
    }));
    // Where all is well, the first finding is the line: of a replica, its channel.
    let member_is_well = is_replica && findings.iter().all(|finding| finding.state == State::Ok);
    let member = if member_is_well { std::mem::take(&mut findings) } else { Vec::new() };
    findings.extend(ChannelView::all(answer).enumerate().map(|(channel, view)| {
        let source = together.source(place, channel);
        let source_log = together.source_log(place, channel);
        let view = ChannelView { source, source_log, may_be_stopped: policy.may_be_stopped, ..view };
        judge::judge(&view, &policy.lag, policy.show_query)
    }));
    findings.extend(member);
    findings
}

/// What is said of a server that has a cluster configured and does not join it. It may have been taken out on
/// purpose.
fn out_of_cluster(policy: &Policy<'_>, server: &Server) -> Option<Finding> {
    let is_told = policy.expects_group() || server.membership.is_some();
    let text = format!("{}: not in the Galera cluster of its configuration, wsrep_on is OFF", server.asked);
    let todo = format!("{}: where that is on purpose, remove its wsrep_cluster_address", server.asked);
    (server.is_out && !is_told).then(|| Finding::warning(text).detail(todo))
}

/// What is said of an Aurora without a channel. Its readers share the storage of the writer and have none:
/// no statement that is asked here tells how far they are.
fn aurora(policy: &Policy<'_>, is_alone: bool, server: &Server) -> Option<Finding> {
    let Server { asked, channels, aurora, .. } = server;
    let version = aurora
        .as_ref()
        .filter(|_| channels.is_empty() && !policy.expects_channels() && !policy.must_replicate)?;
    if policy.role == Role::None {
        let what = format!("Aurora {version}: the lag of its readers is not checked");
        return Some(Finding::ok(format!("{asked}: no channel, as expected ({what})")));
    }
    let text = format!("{asked}: Aurora {version} without a channel, its readers are not checked here");
    let reader = format!("{asked}: a reader needs no channel: --expect=none");
    let replica = format!("{asked}: a replica of another cluster needs one: --expect=replica");
    is_alone.then(|| Finding::unknown(text).detail(reader).detail(replica))
}

/// What a server leaves out: databases that are expected, errors, and acknowledgements.
fn omissions(policy: &Policy<'_>, together: &Together<'_>, place: usize, answer: &Answer) -> Vec<Finding> {
    let Server { asked, channels, log, existence, semi_sync, read_only, .. } = &answer.server;
    let names = Names {
        is_mariadb: answer.server.flavour == Flavour::MariaDb,
        is_lower: existence.as_ref().is_some_and(|existence| existence.folds),
    };
    let filtered = channels.iter().enumerate().flat_map(|(number, channel)| {
        let subject = subject(asked, together.source(place, number), channel);
        let context = filter::Context {
            source: channel.source_server_id,
            by_rows: together.source_by_rows(place, number),
            names,
        };
        let dropped = skipping::of_source(&subject, channel, together.source_passes_on(place, number));
        dropped.into_iter().chain(filter::judge(&subject, &channel.filters, context, policy.replicated))
    });
    let mut findings: Vec<Finding> = filtered.collect();
    let has = |number: usize, database: &str| together.source_has(place, number, database);
    let mut own = own_names(policy.replicated.databases, channels, names, &has);
    if let Some(existence) = existence {
        findings.extend(existence.judge(asked, &own));
        own = existence.settled(&own);
    }
    let by_rows = answer.server.by_rows;
    findings.extend(log.iter().flat_map(|log| log.judge(asked, by_rows, names, &own, policy.replicated)));
    findings.extend(answer.hidden_log.iter().map(|why| match privilege::no_log(asked, why) {
        hidden if policy.replicated.databases.is_empty() => Finding::ok("").verbose_detail(hidden.text),
        hidden => hidden,
    }));
    findings.extend(skipping::judge(&answer.server, policy.replicated));
    findings.extend(skipping::of_marked(&answer.server, policy.replicated));
    let runs = channels.iter().any(|channel| channel.io == IoState::Yes);
    findings.extend(semi_sync.iter().flat_map(|semi_sync| semi_sync.judge(asked, *read_only, runs)));
    findings
}

/// Whether the server replicates as it should. One that is `plain`, not a member of a group, must have a
/// channel if it is judged alone.
fn expectations(policy: &Policy<'_>, alone: bool, plain: bool, name: &str, all: &[Channel]) -> Vec<Finding> {
    let channels: Vec<&Channel> = all.iter().filter(|channel| !channel.is_group_replication()).collect();
    if policy.role == Role::None {
        let (state, text) = match channels.as_slice() {
            [] => (State::Ok, format!("{name}: not a replica, as expected")),
            [first, ..] => (
                State::Critical,
                format!("{}: replication configured, none expected", subject(name, None, first)),
            ),
        };
        return vec![Finding::new(state, text)];
    }
    let wanted = policy.channels.unwrap_or(channels.len().max(usize::from(alone && plain)));
    let mut findings = Vec::new();
    if channels.len() != wanted {
        let text = match channels.len() {
            0 if plain => format!("{name}: not a replica: no channel is configured"),
            found => format!("{name}: {found} of {wanted} expected channels configured"),
        };
        findings.push(Finding::new(State::Critical, text));
    }
    let is = |channel: &Channel, place: &net::HostPort| {
        let port = place
            .port
            .is_none_or(|port| port == if channel.source_port == 0 { PORT } else { channel.source_port });
        port && place.host.is(&channel.source_host)
    };
    let missing = policy.sources.iter().filter(|place| !channels.iter().any(|channel| is(channel, place)));
    findings.extend(missing.map(|place| {
        Finding::new(State::Critical, format!("{name}: no channel from {}", place.shown(PORT)))
    }));
    findings
}

/// The lag of each channel and how many there are. The default channel of a single server is just "lag".
fn measure(policy: &Policy<'_>, server: Option<&str>, answer: &Answer) -> Vec<Metric> {
    let views = ChannelView::all(answer).filter(|view| !view.channel.is_group_replication());
    let name = server.unwrap_or_default();
    let mut labels = Labels::default();
    let lag = |view: ChannelView<'_>| {
        let runs = view.channel.io == IoState::Yes && view.channel.sql == SqlState::Yes;
        let state = policy.lag.state(view.lag());
        (
            runs,
            Reverse(state),
            labels.distinct(view.metric(label(&["lag", name, &view.channel.name]), &policy.lag)),
        )
    };
    let mut lags: Vec<(bool, Reverse<State>, Metric)> = views.map(lag).collect();
    // An NRPE packet may cut the line: the figures of channels that do not run come first, then the worst.
    lags.sort_by_key(|(runs, state, _)| (*runs, *state));
    let mut metrics: Vec<Metric> = lags.into_iter().map(|(_, _, lag)| lag).collect();
    metrics.push(Metric::count(label(&["channels", name]), metrics.len()));
    let membership = answer.server.membership.as_ref();
    metrics.extend(membership.and_then(Membership::lag).map(|lag| {
        let lag = Metric::new(label(&["lag", name, APPLIER]), lag).unit(Unit::Seconds);
        lag.thresholds(policy.lag.clone()).min(0.0)
    }));
    let members = membership.map(Membership::size);
    metrics.extend(members.map(|size| Metric::count(label(&["members", name]), size)));
    metrics.extend((members.is_none() && policy.expects_group()).then(|| unknown_count("members", name)));
    metrics
}

/// Returns the series of a server that did not answer: those that it has when it is as expected.
fn unknown(policy: &Policy<'_>, server: Option<&str>) -> Vec<Metric> {
    let name = server.unwrap_or_default();
    let lag = || {
        let lag = Metric::new(label(&["lag", name]), f64::NAN);
        lag.unit(Unit::Seconds).thresholds(policy.lag.clone()).min(0.0)
    };
    let has_lag = policy.expects_channels() || (policy.role == Role::Replica && !policy.expects_group());
    let mut metrics = Vec::from_iter(has_lag.then(lag));
    metrics.push(unknown_count("channels", name));
    metrics.extend(policy.expects_group().then(|| unknown_count("members", name)));
    metrics
}

fn unknown_count(what: &str, server: &str) -> Metric {
    Metric::new(label(&[what, server]), f64::NAN).min(0.0)
}

fn label(parts: &[&str]) -> String {
    parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests;
