//! Whether a source still speaks. A frozen one looks healthy until slave_net_timeout has passed, a minute by
//! default. What shows it before are heartbeats: an idle source sends one each period, half of that time
//! unless configured otherwise.
//!
//! MariaDB only counts them, so two looks are needed, more than a period apart: where the deadline leaves no
//! time for that, nothing is known and nothing said. MySQL's performance_schema tells when the last one came,
//! to who may read it.

use std::time::{Duration, Instant};

use crate::channel::{Channel, IoState};
use crate::row::Row;

/// How many periods there may be none, for a busy source or network.
const PERIODS: f64 = 1.5;
/// And that long.
const SLACK: f64 = 0.3;
/// What the second look itself may take.
const LOOK: Duration = Duration::from_millis(500);
/// After which time a connection that is being made is looked at again: one that has just begun has no error
/// yet either.
const CONNECTING: Duration = Duration::from_millis(1000);

/// A channel whose source was silent.
#[derive(Clone, Debug, PartialEq)]
pub struct Silence {
    /// The channel's name.
    pub channel: String,
    /// For how many seconds at least.
    pub seconds: f64,
    /// The period of its heartbeats in seconds.
    pub period: f64,
}

/// When MySQL last heard of each source, by its own clock.
pub(crate) const QUERY: &str = "SELECT s.CHANNEL_NAME, s.SERVICE_STATE, c.HEARTBEAT_INTERVAL, UNIX_TIMESTAMP(NOW(6)) AS now_at, \
     UNIX_TIMESTAMP(s.LAST_HEARTBEAT_TIMESTAMP) AS heartbeat_at, \
     UNIX_TIMESTAMP(s.LAST_QUEUED_TRANSACTION_END_QUEUE_TIMESTAMP) AS queued_at, \
     UNIX_TIMESTAMP(s.QUEUEING_TRANSACTION_START_QUEUE_TIMESTAMP) AS queueing_at \
     FROM performance_schema.replication_connection_status s \
     JOIN performance_schema.replication_connection_configuration c ON c.CHANNEL_NAME = s.CHANNEL_NAME";

/// Returns [`QUERY`] with the last transaction that each channel applied.
pub(crate) fn query_with_applied() -> String {
    let applied = ", UNIX_TIMESTAMP((SELECT MAX(w.LAST_APPLIED_TRANSACTION_ORIGINAL_COMMIT_TIMESTAMP) \
        FROM performance_schema.replication_applier_status_by_worker w WHERE w.CHANNEL_NAME = s.CHANNEL_NAME)) AS applied_at FROM ";
    QUERY.replacen(" FROM ", applied, 1)
}

/// How long to wait before a second look, if one tells anything and there is time for it.
pub(crate) fn pause(channels: &[Channel], stop: Instant) -> Option<Duration> {
    let left = stop.saturating_duration_since(Instant::now()).saturating_sub(LOOK);
    let pauses = channels.iter().filter_map(|channel| match (&channel.io, patience(channel)) {
        (IoState::Connecting, _) if channel.io_errno == 0 => Some(CONNECTING),
        (IoState::Yes, patience) => patience,
        _ => None,
    });
    pauses.filter(|pause| *pause <= left).max()
}

/// How long a living source can be silent at most; none where it sends no heartbeats, or the server does not
/// count them.
fn patience(channel: &Channel) -> Option<Duration> {
    channel.heartbeats?;
    let period = channel.heartbeat_period.filter(|period| *period > 0.0)?;
    Duration::try_from_secs_f64(period * PERIODS + SLACK).ok()
}

/// The channels of which nothing was heard between two looks that were `pause` apart.
pub(crate) fn compare(before: &[Channel], after: &[Channel], pause: Duration) -> Vec<Silence> {
    let heard = |old: &Channel, new: &Channel| {
        (old.heartbeats, &old.read_position, &old.gtid_io_pos)
            != (new.heartbeats, &new.read_position, &new.gtid_io_pos)
    };
    let silence = |new: &Channel| {
        let old = before.iter().find(|old| old.name == new.name)?;
        let running = old.io == IoState::Yes && new.io == IoState::Yes;
        let silent = running && patience(new)? <= pause && !heard(old, new);
        let period = new.heartbeat_period?;
        silent.then(|| Silence { channel: new.name.clone(), seconds: pause.as_secs_f64(), period })
    };
    after.iter().filter_map(silence).collect()
}

/// Returns the silent channels in the answer to [`QUERY`]. A source that is in the midst of a transaction is
/// not silent, and of one that was never heard of since the connection began nothing is known.
pub(crate) fn read(rows: &[Row]) -> Vec<Silence> {
    let silence = |row: &Row| {
        let number = |name: &str| row.number::<f64>(&[name]);
        let period = number("HEARTBEAT_INTERVAL").filter(|period| *period > 0.0)?;
        let heard = number("heartbeat_at")?.max(number("queued_at").unwrap_or_default());
        let busy =
            number("queueing_at").is_some_and(|at| at > 0.0) || row.text(&["SERVICE_STATE"]) != Some("ON");
        let seconds = number("now_at")? - heard;
        let silent = heard > 0.0 && !busy && seconds > period * PERIODS + SLACK;
        silent.then(|| Silence { channel: row.owned(&["CHANNEL_NAME"]), seconds, period })
    };
    rows.iter().filter_map(silence).collect()
}

/// Notes on each channel how old the last transaction is that it applied, out of the answer to
/// [`query_with_applied`]: none since the start of the threads reads as 0.
pub(crate) fn note_applied(rows: &[Row], channels: &mut [Channel]) {
    for channel in channels {
        let row = rows.iter().find(|row| row.owned(&["CHANNEL_NAME"]) == channel.name);
        let number = |name: &str| row.and_then(|row| row.number::<f64>(&[name]));
        let applied = number("applied_at").filter(|at| *at > 0.0);
        channel.applied_age = number("now_at").zip(applied).map(|(now, at)| (now - at).max(0.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(io: &str, heartbeats: &str, period: &str, position: &str) -> Channel {
        let columns = [
            ("Slave_IO_Running", io),
            ("Slave_SQL_Running", "Yes"),
            ("Slave_received_heartbeats", heartbeats),
            ("Slave_heartbeat_period", period),
            ("Read_Master_Log_Pos", position),
        ];
        Channel::read(&Row::new(columns.map(|(name, value)| (name.to_owned(), Some(value.to_owned())))))
    }

    #[test]
    fn a_second_look_only_where_it_tells_anything() {
        let rows = [
            (channel("Yes", "5", "1.000", "4"), Some(1.8)),
            (channel("Yes", "5", "30.000", "4"), None),
            (channel("Yes", "5", "0.000", "4"), None),
            (channel("Yes", "", "1.000", "4"), None),
            (channel("No", "5", "1.000", "4"), None),
            (channel("Connecting", "5", "30.000", "4"), Some(1.0)),
            (Channel { io_errno: 2003, ..channel("Connecting", "5", "1.000", "4") }, None),
        ];
        for (channel, seconds) in rows {
            let stop = Instant::now() + Duration::from_secs(8);
            assert_eq!(
                pause(std::slice::from_ref(&channel), stop).map(|pause| pause.as_secs_f64()),
                seconds,
                "{channel:?}"
            );
        }
    }

    #[test]
    fn silence_is_neither_heartbeat_nor_event() {
        let pause = Duration::from_millis(1800);
        let before = [channel("Yes", "5", "1.000", "4")];
        let silent = |after: Channel| !compare(&before, &[after], pause).is_empty();
        assert!(silent(channel("Yes", "5", "1.000", "4")));
        assert!(!silent(channel("Yes", "6", "1.000", "4")));
        assert!(!silent(channel("Yes", "5", "1.000", "900")));
        assert!(!silent(channel("Connecting", "5", "1.000", "4")));
        assert!(!silent(channel("Yes", "5", "30.000", "4")), "not looked at for that long");
        assert!(compare(&[], &before, pause).is_empty());
    }

    #[test]
    fn mysql_tells_when_what_it_applied_was_committed() {
        let age = |applied: Option<&str>| {
            let columns = [("CHANNEL_NAME", Some("")), ("now_at", Some("1000.5")), ("applied_at", applied)];
            let row = Row::new(columns.map(|(name, value)| (name.to_owned(), value.map(str::to_owned))));
            let mut channels = [channel("Yes", "5", "1.000", "4")];
            note_applied(&[row], &mut channels);
            channels[0].applied_age
        };
        assert_eq!(age(Some("990.0")), Some(10.5));
        assert_eq!(age(Some("1001.0")), Some(0.0), "by a clock that is ahead");
        assert_eq!((age(Some("0")), age(Some("0.000000")), age(None)), (None, None, None));
        assert!(
            query_with_applied()
                .contains(" AS applied_at FROM performance_schema.replication_connection_status s JOIN")
        );
    }

    #[test]
    fn mysql_tells_when_it_last_heard() {
        let row = |state: &str, heartbeat: &str, queued: &str, queueing: &str| {
            let columns = [
                ("CHANNEL_NAME", "c"),
                ("SERVICE_STATE", state),
                ("HEARTBEAT_INTERVAL", "5.000"),
                ("now_at", "1000.5"),
                ("heartbeat_at", heartbeat),
                ("queued_at", queued),
                ("queueing_at", queueing),
            ];
            Row::new(columns.map(|(name, value)| (name.to_owned(), Some(value.to_owned()))))
        };
        let silent = Silence { channel: "c".to_owned(), seconds: 10.5, period: 5.0 };
        assert_eq!(read(&[row("ON", "990.0", "0", "0")]), [silent]);
        for living in [
            row("ON", "995.0", "0", "0"),
            row("ON", "990.0", "999", "0"),
            row("ON", "990.0", "0", "991"),
            row("ON", "0", "0", "0"),
            row("CONNECTING", "990.0", "0", "0"),
            Row::default(),
        ] {
            assert_eq!(read(std::slice::from_ref(&living)), [], "{living:?}");
        }
    }
}
