//! What a thread that runs is about to do, by the words of its server: it waits for room on a full disk, or
//! passes over what comes next. There is no error and no lag meanwhile.

use plugin::State;

use crate::channel::{Channel, IoState, SqlState};

/// What MySQL says of a thread that cannot write.
const NO_ROOM: &str = "Waiting for disk space";

/// Returns what is wrong with threads that run.
pub(crate) fn faults(channel: &Channel) -> impl Iterator<Item = (State, String)> {
    let disk = waiting_for_disk(channel).map(|text| (State::Critical, text.to_owned()));
    let limit = at_limit(channel).map(|text| (State::Warning, text.to_owned()));
    disk.into_iter().chain(limit).chain(skipping(channel).map(|text| (State::Warning, text)))
}

/// Whether the IO thread fetches what its source has.
pub(crate) fn fetches(channel: &Channel) -> bool {
    channel.io == IoState::Yes && channel.io_text != NO_ROOM
}

/// Returns which thread waits for room on a disk. The IO thread writes the relay log alone.
fn waiting_for_disk(channel: &Channel) -> Option<&'static str> {
    if channel.io_text == NO_ROOM {
        return Some("IO thread waits for disk space for its relay log");
    }
    (channel.sql_text == NO_ROOM).then_some("SQL thread waits for disk space")
}

/// Returns that the IO thread fetches no more because relay_log_space_limit is reached, in the words of
/// MariaDB and of any MySQL. Where nothing is delayed on purpose, the lag tells it.
fn at_limit(channel: &Channel) -> Option<&'static str> {
    let text = &channel.io_text;
    let waits = text.starts_with("Waiting for the ") && text.ends_with("relay log space");
    (waits && channel.delay > 0.0).then_some("IO thread fetches no more, relay_log_space_limit is reached")
}

/// Returns that the next events will be skipped, as by a sql_slave_skip_counter that was set where nothing
/// had failed. Of a thread that is stopped, its error is told.
fn skipping(channel: &Channel) -> Option<String> {
    let s = if channel.to_skip == 1 { "" } else { "s" };
    (channel.to_skip > 0 && channel.sql == SqlState::Yes).then(|| {
        format!("will skip the next {} event{s} of its source, sql_slave_skip_counter", channel.to_skip)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Row;

    #[test]
    fn what_a_running_thread_is_about_to_do() {
        let said = |columns: &[(&str, &str)]| -> Vec<String> {
            let row =
                Row::new(columns.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))));
            faults(&Channel::read(&row)).map(|(state, text)| format!("{state} {text}")).collect()
        };
        let io = "CRITICAL IO thread waits for disk space for its relay log";
        let sql = "CRITICAL SQL thread waits for disk space";
        let limit = "WARNING IO thread fetches no more, relay_log_space_limit is reached";
        type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);
        let rows: [Case<'_>; 11] = [
            (&[("Replica_IO_State", "Waiting for disk space")], &[io]),
            (&[("Slave_IO_State", "Waiting for disk space")], &[io]),
            (&[("Replica_SQL_Running_State", "Waiting for disk space")], &[sql]),
            (&[("Replica_IO_State", "Waiting for source to send event")], &[]),
            (
                &[("Skip_Counter", "1"), ("Slave_SQL_Running", "Yes")],
                &["WARNING will skip the next 1 event of its source, sql_slave_skip_counter"],
            ),
            (
                &[("Skip_Counter", "7"), ("Replica_SQL_Running", "Yes")],
                &["WARNING will skip the next 7 events of its source, sql_slave_skip_counter"],
            ),
            (
                &[
                    ("Slave_IO_State", "Waiting for the slave SQL thread to free enough relay log space"),
                    ("SQL_Delay", "60"),
                ],
                &[limit],
            ),
            (
                &[
                    ("Replica_IO_State", "Waiting for the replica SQL thread to free relay log space"),
                    ("SQL_Delay", "60"),
                ],
                &[limit],
            ),
            (&[("Slave_IO_State", "Waiting for the slave SQL thread to free enough relay log space")], &[]),
            (&[("Skip_Counter", "7"), ("Slave_SQL_Running", "No")], &[]),
            (&[("Skip_Counter", "0"), ("Slave_SQL_Running", "Yes")], &[]),
        ];
        for (columns, expected) in rows {
            assert_eq!(said(columns), expected, "{columns:?}");
        }
    }
}
