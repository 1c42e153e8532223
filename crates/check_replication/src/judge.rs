//! One channel judged: its two threads, why they do not run, how far it is behind.

use std::borrow::Cow;

use plugin::{Finding, Metric, State, Thresholds, Unit};

use crate::answer::Answer;
use crate::binary_log::BinaryLog;
use crate::cause::{io_cause, is_lost, is_unreachable, tries};
use crate::channel::{Channel, IoState, SqlState};
use crate::heartbeat::Heartbeat;
use crate::liveness::Silence;
use crate::redact::{of_applier, redact};
use crate::server::Server;
use crate::silence::{connecting, silence_of};
use crate::stopped_sql::{has_error, why, with_error};
use crate::target;
use crate::thread_state;

/// A channel as it is called in our lines: "db-02 from db-01", and its name if it has one. A `source` that
/// was asked too goes by the name that it was asked by.
pub(crate) fn subject(server: &str, source: Option<&str>, channel: &Channel) -> String {
    if channel.is_group_replication() {
        return format!("{server} channel {}", channel.name);
    }
    let source =
        source.map_or_else(|| target::source(&channel.source_host, channel.source_port), str::to_owned);
    match channel.name.as_str() {
        "" => format!("{server} from {source}"),
        name => format!("{server} from {source} (channel {name})"),
    }
}

/// A heartbeat may be that far in the future, by another clock, in seconds.
const FUTURE: f64 = -2.0;

/// One channel with what else is known of it.
pub(crate) struct ChannelView<'a> {
    /// What its server is called.
    pub(crate) server: &'a str,
    /// The channel.
    pub(crate) channel: &'a Channel,
    /// What its source is called, if that was asked too.
    pub(crate) source: Option<&'a str>,
    /// For how long its source was silent.
    pub(crate) silent: Option<&'a Silence>,
    /// By the table of heartbeats, if that was asked: its source's, if there is one.
    pub(crate) heartbeat: Option<Option<&'a Heartbeat>>,
    /// Its source's binary log, if that was asked for.
    pub(crate) source_log: Option<&'a BinaryLog>,
    /// Whether its SQL thread may be stopped on purpose.
    pub(crate) may_be_stopped: bool,
}

impl<'a> ChannelView<'a> {
    /// Each channel of a server.
    pub(crate) fn all(answer: &'a Answer) -> impl Iterator<Item = Self> {
        let Server { asked, server_id, channels, .. } = &answer.server;
        channels.iter().map(move |channel| Self {
            server: asked,
            channel,
            source: None,
            source_log: None,
            may_be_stopped: false,
            silent: answer.silent.iter().find(|silence| silence.channel == channel.name),
            heartbeat: answer
                .heartbeats
                .as_ref()
                .and_then(|heartbeats| heartbeats.as_ref().ok())
                .map(|heartbeats| heartbeats.of(channel, *server_id, channels)),
        })
    }

    /// Seconds behind the source beyond what was configured; not a number if not known.
    pub(crate) fn lag(&self) -> f64 {
        let lag = match self.heartbeat {
            Some(heartbeat) => {
                let age = heartbeat.and_then(|heartbeat| heartbeat.age.as_ref().ok().copied());
                age.filter(|age| *age >= FUTURE)
            }
            None => self.channel.lag,
        };
        lag.map_or(f64::NAN, |lag| (lag - self.channel.delay).max(0.0))
    }

    /// Returns the lag in tenths of seconds: heartbeats have fractions that a line does not need.
    fn tenths(&self) -> f64 {
        (self.lag() * 10.0).round() / 10.0
    }

    /// Returns the lag as performance data.
    pub(crate) fn metric(&self, label: String, thresholds: &Thresholds) -> Metric {
        Metric::new(label, self.lag()).unit(Unit::Seconds).thresholds(thresholds.clone()).min(0.0)
    }
}

/// Judges one channel; `whole` is whether error texts may be shown whole.
pub(crate) fn judge(view: &ChannelView<'_>, thresholds: &Thresholds, whole: bool) -> Finding {
    let ChannelView { server, channel, source, silent, .. } = *view;
    let mut wrong: Vec<(State, String)> = if channel.is_group_replication() {
        group_replication(channel).into_iter().collect()
    } else {
        threads(view)
    };
    let is_held = view.may_be_stopped && is_held(channel);
    if is_held {
        wrong.clear();
    }
    let running = wrong.is_empty();
    wrong.extend(thread_state::faults(channel));
    wrong.extend(silent.map(|silence| (State::Critical, silence_of(silence, source))));
    wrong.extend(
        (running && !is_held && !channel.is_group_replication()).then(|| behind(view, thresholds)).flatten(),
    );
    let state = wrong.iter().map(|(state, _)| *state).max().unwrap_or(State::Ok);
    let texts: Vec<String> = wrong.into_iter().map(|(_, text)| text).collect();
    let said = if texts.is_empty() && is_held {
        format!("SQL thread stopped, allowed with its delay of {} s", channel.delay)
    } else if texts.is_empty() {
        fine(view)
    } else {
        texts.join(", ")
    };
    let subject = subject(server, source, channel);
    let filters: Vec<String> = channel.filters.texts().map(|text| format!("{subject}: {text}")).collect();
    let applied = applied(channel).map(|text| format!("{subject}: {text}"));
    let finding =
        Finding::new(state, format!("{subject}: {said}")).verbose_details(filters).verbose_details(applied);
    let finding = finding.details(to_stop(channel).map(|text| format!("{subject}: {text}")));
    let errors = errors(channel, whole);
    if whole { finding.details(errors) } else { finding.verbose_details(errors) }
}

/// Returns how old what was applied last is, which tells a quiet source from a lag.
fn applied(channel: &Channel) -> Option<String> {
    let by_age = |age| format!("the last transaction that it applied was committed {age:.1} s ago");
    let by_time = |time| format!("the last event that it applied was written at {time}");
    channel.applied_age.map(by_age).or_else(|| channel.applied_event_time.as_ref().map(by_time))
}

/// Returns that the channel will stop by itself, which may be forgotten by then.
fn to_stop(channel: &Channel) -> Option<String> {
    let until = channel.until.as_ref().filter(|_| channel.sql == SqlState::Yes)?;
    Some(format!("will stop at the end of START REPLICA UNTIL ({until})"))
}

/// Whether the SQL thread of a delayed channel was stopped without an error and nothing else is wrong.
fn is_held(channel: &Channel) -> bool {
    let stopped = channel.sql == SqlState::No && !has_error(channel);
    stopped && channel.io == IoState::Yes && channel.delay > 0.0
}

/// What is wrong with the threads.
fn threads(view: &ChannelView<'_>) -> Vec<(State, String)> {
    let ChannelView { channel, .. } = *view;
    let (io, sql) = (io(view), sql(channel));
    let stopped = channel.io == IoState::No && channel.sql == SqlState::No;
    if stopped && channel.io_errno == 0 && !has_error(channel) {
        // The condition stays after the end was reached, and after STOP REPLICA before that.
        let until = channel
            .until
            .as_ref()
            .map(|condition| format!(": perhaps at the end of START REPLICA UNTIL ({condition})"));
        let text = format!("both threads stopped, no error{}", until.unwrap_or_default());
        return vec![(State::Critical, text)];
    }
    [sql, io].into_iter().flatten().map(|text| (State::Critical, text)).collect()
}

fn io(view: &ChannelView<'_>) -> Option<String> {
    let ChannelView { channel, source_log: log, .. } = *view;
    let errno = channel.io_errno;
    let why = || {
        let cause = why_io(channel, log);
        let with_tls = matches!(errno, 1045) && channel.tls == Some(false);
        let or = if with_tls { ", or its account needs TLS" } else { "" };
        format!("{}{or}", with_error(errno, cause.as_deref(), &redact(&channel.io_error)))
    };
    match &channel.io {
        IoState::Yes => None,
        IoState::No => Some(format!("IO thread stopped, {}{}", why(), no_more_tries(view))),
        IoState::Connecting if errno == 0 => Some(connecting(view.source)),
        IoState::Connecting => Some(format!("IO thread connecting, {}", why())),
        IoState::Other(word) => Some(format!("IO thread in unknown state {word}")),
    }
}

/// That a thread which could not connect tries no more, as far as that is known: of MySQL by the tries, and
/// of both by a source that was asked too and answers. Empty otherwise: it may have been stopped by hand.
fn no_more_tries(view: &ChannelView<'_>) -> String {
    // MySQL counts tries for every error: what the source refuses, START REPLICA alone does not mend.
    if !is_unreachable(view.channel.io_errno) {
        return String::new();
    }
    let tries = tries(&view.channel.io_error).map(|tries| {
        let ies = if tries == 1 { "y" } else { "ies" };
        format!(", gave up after {tries} tr{ies}")
    });
    let answers = view.source.map(|source| format!(", {source} answers this check"));
    match (tries, answers) {
        (None, None) => String::new(),
        (tries, answers) => {
            format!("{}{}: START REPLICA", tries.unwrap_or_default(), answers.unwrap_or_default())
        }
    }
}

fn why_io(channel: &Channel, log: Option<&BinaryLog>) -> Option<Cow<'static, str>> {
    let (file, position) = &channel.read_position;
    let explained = log.filter(|_| is_log_lost(channel)).and_then(|log| log.explains((file, *position)));
    if explained.is_some() {
        return explained;
    }
    io_cause(channel.io_errno, &channel.io_error, (file, *position))
}

/// Whether the source has lost the file that a replica wants, which may have been purged or reset.
pub(crate) fn is_log_lost(channel: &Channel) -> bool {
    matches!(channel.io_errno, 1236 | 13114) && is_lost(&channel.io_error)
}

fn sql(channel: &Channel) -> Option<String> {
    match &channel.sql {
        SqlState::Yes => None,
        SqlState::No if !has_error(channel) && channel.until.is_some() => {
            Some("SQL thread stopped at the position of START REPLICA UNTIL".to_owned())
        }
        SqlState::No => Some(format!("SQL thread stopped, {}", why(channel))),
        SqlState::Other(word) => Some(format!("SQL thread in unknown state {word}")),
    }
}

/// Group replication's own channels are started and stopped by it: the recovery channel runs only while a
/// member catches up, and the applier fetches nothing by itself.
fn group_replication(channel: &Channel) -> Option<(State, String)> {
    let failed = has_error(channel) || channel.io_errno != 0;
    let applier = channel.name.ends_with("applier") && channel.sql != SqlState::Yes;
    (failed || applier).then(|| {
        let text = redact(&channel.io_error);
        let io = with_error(channel.io_errno, why_io(channel, None).as_deref(), &text);
        let why = if !has_error(channel) && channel.io_errno != 0 { io } else { why(channel) };
        (State::Critical, format!("group replication stopped, {why}"))
    })
}

/// Whether a channel that runs is too far behind.
fn behind(view: &ChannelView<'_>, thresholds: &Thresholds) -> Option<(State, String)> {
    let lag = view.lag();
    let unknown = match view.heartbeat.map(|heartbeat| heartbeat.map(|heartbeat| &heartbeat.age)) {
        None => "runs, lag not known (NULL)".to_owned(),
        Some(None) => "runs, but the table has no heartbeat of its source".to_owned(),
        Some(Some(Ok(age))) => {
            format!(
                "runs, but its heartbeat is {:.0} s in the future: wrong clock or zone, see --heartbeat-utc",
                -age
            )
        }
        Some(Some(Err(text))) => format!("runs, but ts of its heartbeat is not a time: {text}"),
    };
    match thresholds.state(lag) {
        State::Ok => None,
        _ if lag.is_nan() => Some((State::Unknown, unknown)),
        state => {
            let limit = thresholds.alerting(lag).map(|limit| format!(", limit {limit}")).unwrap_or_default();
            let text = match writer_stopped(view) {
                Some(text) => format!("{text}{limit}, the server itself reports 0 s"),
                None => format!("{}{limit}", seconds_behind(view)),
            };
            Some((state, text))
        }
    }
}

/// Returns what it means that a heartbeat is old and the server itself knows of no lag. `None` if it does.
fn writer_stopped(view: &ChannelView<'_>) -> Option<String> {
    /// A quarter of an hour, in which time zones differ, in seconds.
    const QUARTER: f64 = 900.0;
    /// A day: a zone never shows as whole days.
    const DAY: f64 = 86_400.0;
    /// The furthest zone from UTC.
    const FURTHEST: f64 = 14.0 * 3600.0;
    /// How far a lag may be from a quarter: heartbeats come once a second.
    const NEAR: f64 = 2.0;
    let age = view.heartbeat??.age.as_ref().ok().filter(|_| view.channel.lag == Some(0.0))?;
    let beyond = |unit: f64| (age / unit - (age / unit).round()).abs() * unit;
    let is_zone = *age < FURTHEST + NEAR && beyond(QUARTER) < NEAR && beyond(DAY) > NEAR;
    let cause = if is_zone { "writer stopped, or a time zone" } else { "writer stopped or source frozen" };
    let lag = view.tenths();
    let delay = Some(view.channel.delay).filter(|delay| *delay > 0.0);
    let delay = delay.map(|delay| format!(" beyond its delay of {delay} s")).unwrap_or_default();
    Some(format!("heartbeat{} {lag} s old{delay}: {cause}", stranger(view).unwrap_or_default()))
}

/// Returns whose heartbeat it is, if it is not the source's own: only the source of its source, whose
/// heartbeats it passes on, or a stranger.
fn stranger(view: &ChannelView<'_>) -> Option<String> {
    let source = view.channel.source_server_id;
    let id = view.heartbeat.flatten()?.server_id;
    (source != 0 && id != source).then(|| format!(" of server {id}, its source has none,"))
}

fn fine(view: &ChannelView<'_>) -> String {
    match view.channel.delay {
        _ if view.channel.is_group_replication() => "runs".to_owned(),
        delay if delay > 0.0 && view.tenths() == 0.0 => format!("up to date with its delay of {delay} s"),
        _ => format!("runs, {}", seconds_behind(view)),
    }
}

fn seconds_behind(view: &ChannelView<'_>) -> String {
    let lag = view.tenths();
    let by = match view.heartbeat {
        None => String::new(),
        Some(_) => match stranger(view) {
            Some(of) => format!(" by the heartbeat{}", of.trim_end_matches(',')),
            None => " by its heartbeat".to_owned(),
        },
    };
    match view.channel.delay {
        delay if delay > 0.0 => format!("{lag} s behind its delay of {delay} s{by}"),
        _ => format!("{lag} s behind{by}"),
    }
}

/// The error texts: redacted, or `whole`.
fn errors(channel: &Channel, whole: bool) -> Vec<String> {
    // Errors of the IO thread hold no statement.
    let io = (channel.io_errno != 0).then(|| format!("IO error {}: {}", channel.io_errno, channel.io_error));
    let sql = has_error(channel).then(|| match whole {
        true => format!("SQL error {}: {}", channel.sql_errno, channel.sql_error),
        false => {
            let text = of_applier(channel.sql_errno, &channel.sql_error);
            format!("SQL error {}: {text} (all of it with --show-query)", channel.sql_errno)
        }
    });
    io.into_iter().chain(sql).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn a_channel_that_will_stop_by_itself_is_noted() {
        let rows = fixture::rows("mariadb1011-healthy", "SHOW ALL SLAVES STATUS");
        let mut channel = Channel::read(rows.first().unwrap());
        assert_eq!(to_stop(&channel), None);
        channel.until = Some("Gtid".to_owned());
        assert_eq!(to_stop(&channel).as_deref(), Some("will stop at the end of START REPLICA UNTIL (Gtid)"));
        channel.sql = SqlState::No;
        assert_eq!(to_stop(&channel), None, "it has");
    }

    /// MariaDB gives an error whose source had another one no number.
    #[test]
    fn an_error_without_a_number_is_no_stop_by_hand() {
        let rows = fixture::rows("mariadb1011-healthy", "SHOW ALL SLAVES STATUS");
        let mut channel = Channel::read(rows.first().unwrap());
        (channel.delay, channel.sql) = (60.0, SqlState::No);
        assert!(is_held(&channel));
        channel.sql_error = "Query caused different errors on master and slave.".to_owned();
        assert!(!is_held(&channel));
        let said = "SQL thread stopped, a statement had another result than on the source";
        assert_eq!(sql(&channel).as_deref(), Some(said));
        channel.until = Some("Gtid".to_owned());
        assert_eq!(sql(&channel).as_deref(), Some(said));
    }
}
