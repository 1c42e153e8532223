//! One channel judged: its two threads, why they do not run, how far it is behind.

use plugin::{Metric, State, Thresholds, Unit};

use crate::ask::Answer;
use crate::cause::{io_cause, sql_cause};
use crate::channel::{Channel, IoState, SqlState};
use crate::liveness::Silence;
use crate::redact::{redact, table};
use crate::server::Server;
use crate::target;

/// What is wrong, or that nothing is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finding {
    /// How bad it is.
    pub(crate) state: State,
    /// Which thing, and what is wrong with it.
    pub(crate) text: String,
    /// What else there is to say: its verbosity, and the line.
    pub(crate) more: Vec<(u8, String)>,
}

impl Finding {
    pub(crate) fn new(state: State, text: String) -> Self {
        Self { state, text, more: Vec::new() }
    }
}

/// A channel as it is called in our lines: "db-02 from db-01", and its name if it has one. A `source` that was asked too goes by
/// the name that it was asked by.
pub(crate) fn subject(server: &str, source: Option<&str>, channel: &Channel) -> String {
    if channel.is_group_replication() {
        return format!("{server} channel {}", channel.name);
    }
    let source = source.map_or_else(|| target::source(&channel.source_host, channel.source_port), str::to_owned);
    match channel.name.as_str() {
        "" => format!("{server} from {source}"),
        name => format!("{server} from {source} (channel {name})"),
    }
}

/// A heartbeat may be that far in the future, by another clock, in seconds.
const FUTURE: f64 = -2.0;

/// One channel with what else is known of it.
pub(crate) struct Known<'a> {
    /// What its server is called.
    pub(crate) server: &'a str,
    /// The channel.
    pub(crate) channel: &'a Channel,
    /// What its source is called, if that was asked too.
    pub(crate) source: Option<&'a str>,
    /// For how long its source was silent.
    pub(crate) silent: Option<&'a Silence>,
    /// By the table of heartbeats, if that was asked: the age of its source's, if there is one.
    pub(crate) heartbeat: Option<Option<f64>>,
}

impl<'a> Known<'a> {
    /// Each channel of a server.
    pub(crate) fn all(answer: &'a Answer) -> impl Iterator<Item = Self> {
        let Server { asked, server_id, channels, .. } = &answer.server;
        channels.iter().map(move |channel| Self {
            server: asked,
            channel,
            source: None,
            silent: answer.silent.iter().find(|silence| silence.channel == channel.name),
            heartbeat: answer
                .heartbeats
                .as_ref()
                .and_then(|heartbeats| heartbeats.as_ref().ok())
                .map(|heartbeats| heartbeats.of(channel, *server_id, channels).and_then(|heartbeat| heartbeat.age)),
        })
    }

    /// Seconds behind the source beyond what was configured; not a number where nobody knows.
    pub(crate) fn lag(&self) -> f64 {
        let lag = match self.heartbeat {
            Some(age) => age.filter(|age| *age >= FUTURE),
            None => self.channel.lag,
        };
        lag.map_or(f64::NAN, |lag| (lag - self.channel.delay).max(0.0))
    }

    /// The same as performance data.
    pub(crate) fn metric(&self, label: String, thresholds: &Thresholds) -> Metric {
        Metric::new(label, self.lag()).unit(Unit::Seconds).thresholds(thresholds.clone()).min(0.0)
    }
}

/// Judges one channel; `whole` is whether error texts may be shown whole.
pub(crate) fn judge(known: &Known<'_>, thresholds: &Thresholds, whole: bool) -> Finding {
    let Known { server, channel, source, silent, .. } = *known;
    let mut wrong: Vec<(State, String)> =
        if channel.is_group_replication() { group_replication(channel).into_iter().collect() } else { threads(channel) };
    let running = wrong.is_empty();
    wrong.extend(silent.map(|silence| {
        let Silence { seconds, period, .. } = silence;
        (
            State::Critical,
            format!("nothing heard from the source for {seconds:.1} s, where a heartbeat is due each {period} s: frozen source"),
        )
    }));
    wrong.extend((running && !channel.is_group_replication()).then(|| behind(known, thresholds)).flatten());
    let state = wrong.iter().map(|(state, _)| *state).max().unwrap_or(State::Ok);
    let texts: Vec<String> = wrong.into_iter().map(|(_, text)| text).collect();
    let said = if texts.is_empty() { fine(known) } else { texts.join(", ") };
    Finding { state, text: format!("{}: {said}", subject(server, source, channel)), more: errors(channel, whole) }
}

/// What is wrong with the threads.
fn threads(channel: &Channel) -> Vec<(State, String)> {
    let (io, sql) = (io(channel), sql(channel));
    let stopped = channel.io == IoState::No && channel.sql == SqlState::No;
    if stopped && channel.io_errno == 0 && channel.sql_errno == 0 {
        return vec![(State::Critical, "both threads stopped, no error".to_owned())];
    }
    [sql, io].into_iter().flatten().map(|text| (State::Critical, text)).collect()
}

fn io(channel: &Channel) -> Option<String> {
    let errno = channel.io_errno;
    let why = || with_error(errno, io_cause(errno, &channel.io_error), &channel.io_error);
    match &channel.io {
        IoState::Yes => None,
        IoState::No => Some(format!("IO thread stopped, {}", why())),
        IoState::Connecting if errno == 0 => {
            Some("IO thread connecting, no error: frozen source, or another replica with the same server id".to_owned())
        }
        IoState::Connecting => Some(format!("IO thread connecting, {}", why())),
        IoState::Other(word) => Some(format!("IO thread in the unknown state {word:?}")),
    }
}

fn sql(channel: &Channel) -> Option<String> {
    let errno = channel.sql_errno;
    match &channel.sql {
        SqlState::Yes => None,
        SqlState::No => {
            let place = table(&channel.sql_error).map(|table| format!(" in {table}")).unwrap_or_default();
            Some(format!("SQL thread stopped, {}{place}", with_error(errno, sql_cause(errno), &channel.sql_error)))
        }
        SqlState::Other(word) => Some(format!("SQL thread in the unknown state {word:?}")),
    }
}

/// The error by its number and class; one without a class by its own text, as far as that may be shown.
fn with_error(errno: u32, cause: Option<&str>, text: &str) -> String {
    match (errno, cause) {
        (0, _) => "no error".to_owned(),
        (errno, Some(cause)) => format!("error {errno} {cause}"),
        (errno, None) => format!("error {errno} {}", redact(text)).trim_end().to_owned(),
    }
}

/// Group replication's own channels are started and stopped by it: the recovery channel runs only while a member catches up, and
/// the applier fetches nothing by itself.
fn group_replication(channel: &Channel) -> Option<(State, String)> {
    let failed = channel.sql_errno != 0 || channel.io_errno != 0;
    let applier = channel.name.ends_with("applier") && channel.sql != SqlState::Yes;
    (failed || applier).then(|| {
        let sql = with_error(channel.sql_errno, sql_cause(channel.sql_errno), &channel.sql_error);
        let io = with_error(channel.io_errno, io_cause(channel.io_errno, &channel.io_error), &channel.io_error);
        let why = if channel.sql_errno == 0 && channel.io_errno != 0 { io } else { sql };
        (State::Critical, format!("group replication stopped, {why}"))
    })
}

/// Whether a channel that runs is too far behind.
fn behind(known: &Known<'_>, thresholds: &Thresholds) -> Option<(State, String)> {
    let lag = known.lag();
    let unknown = match known.heartbeat {
        None => "runs, but how far behind is not known (NULL)".to_owned(),
        Some(None) => "runs, but its source has no heartbeat in the table".to_owned(),
        Some(Some(age)) => {
            format!("runs, but its heartbeat is {:.0} s in the future: another clock or time zone (--heartbeat-utc)", -age)
        }
    };
    match thresholds.state(lag) {
        State::Ok => None,
        _ if lag.is_nan() => Some((State::Unknown, unknown)),
        state => Some((state, seconds_behind(known))),
    }
}

fn fine(known: &Known<'_>) -> String {
    match known.channel.is_group_replication() {
        true => "runs".to_owned(),
        false => format!("runs, {}", seconds_behind(known)),
    }
}

fn seconds_behind(known: &Known<'_>) -> String {
    let Known { channel, .. } = known;
    // Heartbeats have fractions, which nobody reads here.
    let lag = (known.lag() * 10.0).round() / 10.0;
    let by = if known.heartbeat.is_some() { " by its heartbeat" } else { "" };
    let waiting = channel.remaining.map(|remaining| format!(", next in {remaining} s")).unwrap_or_default();
    match channel.delay {
        delay if delay > 0.0 => format!("{lag} s behind beyond its delay of {delay} s{by}{waiting}"),
        _ => format!("{lag} s behind{by}"),
    }
}

/// The error texts: redacted for who looks closer, whole for who asks for it.
fn errors(channel: &Channel, whole: bool) -> Vec<(u8, String)> {
    let line = |thread: &str, errno: u32, text: &str| match errno {
        0 => None,
        errno if whole => Some((0, format!("{thread} error {errno}: {text}"))),
        errno => Some((1, format!("{thread} error {errno}: {} (all of it with --show-query)", redact(text)))),
    };
    let all = [line("IO", channel.io_errno, &channel.io_error), line("SQL", channel.sql_errno, &channel.sql_error)];
    all.into_iter().flatten().collect()
}
