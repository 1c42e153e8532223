//! Why a thread of a replica does not run, from its error number: the classes that an administrator acts on.
//!
//! Numbers: MySQL's and MariaDB's error references; above 13000 MySQL 8.0 gave new ones to what the error log
//! says.

use std::borrow::Cow;

/// Why the thread that fetches events fails. The number tells most; for those that stand for several things,
/// the text is looked at. The file and the position are those that it read up to.
pub(crate) fn io_cause(errno: u32, text: &str, (file, position): (&str, u64)) -> Option<Cow<'static, str>> {
    let says = |words: &[&str]| words.iter().any(|word| text.to_ascii_lowercase().contains(word));
    let cause = match errno {
        1236 | 13114 => return Some(log_cause(text, file, position)),
        1044 | 1045 | 1698 => "credentials refused by the source",
        1820 | 1862 => "password of the replication account expired",
        3118 | 4151 => "replication account locked",
        3955 | 4150 => "replication account blocked after failed logins",
        1130 => "replica host not allowed by the source",
        1129 => "replica host blocked by the source",
        1040 | 1203 => "too many connections on the source",
        1142 | 1227 => "replication account lacks a privilege",
        1153 if says(&["replica_max_allowed_packet"]) => "event larger than replica_max_allowed_packet",
        1153 => "event larger than slave_max_allowed_packet",
        1158..=1161 | 2002 | 2003 => "source unreachable",
        2005 => "name of the source not resolved",
        2006 | 2013 | 2055 => "connection to the source lost",
        3159 => "the source takes only connections with TLS",
        2026 => "no TLS with the source",
        2059 | 1251 | 1524 => "authentication method not available",
        2061 => "login needs TLS or the public key of the source",
        4052 => "another replica has the same server id",
        1593 | 13117 if says(&["uuid"]) => "equal server uuids",
        1593 | 13117 if says(&["equal", "server id", "server-id"]) => "equal server ids",
        1593 | 13117 if says(&["gtid_mode"]) => "gtid_mode of source and replica differ",
        1593 | 13117 => "fatal error of the IO thread",
        1595 | 13119 => "relay log not writable",
        1597 | 13120 if says(&["register", "binlog_dump"]) && says(&["access denied", "privilege"]) => {
            "replication account lacks REPLICATION SLAVE"
        }
        1597 | 13120 => "source refuses what the replica asks",
        _ => return None,
    };
    Some(cause.into())
}

/// Returns whether the source could not be connected to, or the connection was lost.
pub(crate) fn is_unreachable(errno: u32) -> bool {
    matches!(errno, 1158..=1161 | 2002 | 2003 | 2006 | 2013 | 2055)
}

/// Returns how many times the thread tried to connect before it gave up, as MySQL tells it: "This was attempt
/// 10/10, with a delay of 60 seconds between attempts". `None` if tries are left.
pub(crate) fn tries(text: &str) -> Option<u32> {
    let attempt = text.split_once("This was attempt ")?.1.split(',').next()?;
    let (tried, most) = attempt.split_once('/')?;
    let (tried, most) = (tried.parse::<u32>().ok()?, most.parse::<u32>().ok()?);
    (tried >= most).then_some(most)
}

/// What error 1236 stands for. Each text is one that a server has: MariaDB's sql/sql_repl.cc, MySQL's
/// sql/rpl_binlog_sender.cc and messages_to_error_log.txt.
fn log_cause(text: &str, file: &str, position: u64) -> Cow<'static, str> {
    let lower = text.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let cause = match () {
        () if says(&["same server_uuid", "same server_id"]) => {
            "another replica has the same server id or uuid"
        }
        () if says(&["has diverged", "gtid strict mode"]) => {
            "diverged: the replica has transactions that the source has not"
        }
        () if says(&[
            "not in the master's binlog",
            "more gtids than the source",
            "more gtids than the master",
        ]) =>
        {
            let position = after(text, "start from GTID ").unwrap_or("its position");
            return format!("source does not have {position}: it was reset, or the replica is ahead").into();
        }
        () if says(&["impossible position", "position > file size"]) => {
            // MariaDB says where; MySQL does not, but has not moved on.
            let asked = after(text, "first event '").zip(after(text, "' at "));
            let (file, position) = asked
                .map_or_else(|| (file, position.to_string()), |(file, position)| (file, position.to_owned()));
            return format!("position {position} does not exist in {file}").into();
        }
        () if says(&["binary log is not open"]) => "the source writes no binary log",
        // A position inside an event reads as the length of one.
        () if says(&["max_allowed_packet"]) => "event larger than max_allowed_packet, or position wrong",
        () if says(&["bogus data", "corrupt", "truncated", "checksum"]) => {
            "binary log of the source damaged, or position wrong"
        }
        // What a source says to a replica that was connected while it was reset, or that asks for a file.
        () if is_lost(text) => "binary log purged on the source, or the source was reset",
        () if says(&["purged", "could not find", "doesn't exist", "missing"]) => {
            "binary log purged on the source"
        }
        // MySQL's source that was reset while the replica was connected, and that has written since.
        () if says(&["i/o error reading log event"]) => {
            "binary log of the source not readable, or the source was reset: compare before START REPLICA"
        }
        () => "binary log of the source not readable",
    };
    cause.into()
}

/// Returns whether error 1236 is that a file of the log was not found.
pub(crate) fn is_lost(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["could not find next log", "could not find first log file"].iter().any(|word| lower.contains(word))
}

/// The word after `before`, up to what cannot be part of a file name, a position or a GTID.
fn after<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    let rest = text.split_once(before)?.1;
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c))).unwrap_or(rest.len());
    rest.get(..end).filter(|word| !word.is_empty() && word.len() <= 64)
}

/// Why the thread that applies events fails.
pub(crate) fn sql_cause(errno: u32) -> Option<&'static str> {
    Some(match errno {
        1062 | 1022 | 1586 => "duplicate key",
        1032 => "missing row",
        1451 | 1452 | 1216 | 1217 => "foreign key",
        1146 | 1051 => "missing table",
        1050 => "table exists already",
        1304 => "routine exists already",
        1359 => "trigger exists already",
        1537 => "event exists already",
        1305 => "missing routine",
        1360 => "missing trigger",
        1539 => "missing event",
        1644 => "SIGNAL of a trigger or routine",
        4025 | 3819 => "CHECK constraint",
        3750 => "table without a primary key",
        3944 => "statement where rows are required",
        1049 | 1008 => "missing database",
        1007 => "database exists already",
        1054 | 1091 | 1060 | 1061 | 1364 => "tables differ",
        1677 | 1535 | 13146 => "column types differ",
        1396 => "account exists already or is missing",
        1410 => "missing account",
        1205 => "lock wait timeout",
        1213 => "deadlock",
        1290 | 1836 => "server is read only",
        1064 => "syntax not understood",
        1594 | 13118 | 1872 | 1871 => "relay log broken",
        1950 => "GTID out of order",
        1756 | 1755 => "a parallel worker failed",
        1021 | 1114 => "disk or table full",
        1030 | 1034 | 126 | 145 => "storage engine error",
        1153 => "packet too large",
        1236 => "binary log not readable",
        1227 | 1142 | 1370 => "privilege missing",
        3530 => "role not granted",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_gave_up_has_no_try_left() {
        let rows = [
            ("This was attempt 1/1, with a delay of 1 seconds between attempts. Message: x", Some(1)),
            ("This was attempt 10/10, with a delay", Some(10)),
            ("This was attempt 2/10, with a delay", None),
            ("This was attempt x/y, with a delay", None),
            ("error connecting to master - retry-time: 1  maximum-retries: 100000", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(
                tries(&format!("Error connecting to source 'repl@db-01:3306'. {text}")),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn numbers_of_many_meanings_are_told_apart_by_their_text() {
        let rows = [
            (
                1593,
                "... because master and slave have equal MariaDB server ids; these ids must be different",
                Some("equal server ids"),
            ),
            (13117, "... because source and replica have equal MySQL server ids", Some("equal server ids")),
            (
                13117,
                "... because source and replica have equal MySQL server UUIDs",
                Some("equal server uuids"),
            ),
            (
                1593,
                "the slave I/O thread stops because a fatal error is encountered",
                Some("fatal error of the IO thread"),
            ),
            (
                1236,
                "Could not find GTID state requested by slave in any binlog files",
                Some("binary log purged on the source"),
            ),
            (
                13114,
                "Got fatal error 1236 from source when reading data from binary log: 'A replica with the same server_uuid/server_id \
                 as this replica has connected to the source; the first event '' at 4'",
                Some("another replica has the same server id or uuid"),
            ),
            (
                1236,
                "log event entry exceeded max_allowed_packet",
                Some("event larger than max_allowed_packet, or position wrong"),
            ),
            (
                1236,
                "Got fatal error 1236 from master when reading data from binary log: 'could not find next log; the first event '.' at 4, \
                 the last event read from 'A-bin.000005' at 4, the last byte read from 'A-bin.000005' at 4.'",
                Some("binary log purged on the source, or the source was reset"),
            ),
            (
                1236,
                "Error: connecting slave requested to start from GTID 1-2-2, which is not in the master's binlog. Since the master's binlog \
                 contains GTIDs with higher sequence numbers, it probably means that the slave has diverged due to executing extra erroneous \
                 transactions",
                Some("diverged: the replica has transactions that the source has not"),
            ),
            (
                1236,
                "Error: connecting slave requested to start from GTID 1-1-3, which is not in the master's binlog",
                Some("source does not have 1-1-3: it was reset, or the replica is ahead"),
            ),
            (
                13114,
                "Replica has more GTIDs than the source has, using the source's SERVER_UUID. This may indicate that the the last binary log file \
                 was truncated or lost",
                Some("source does not have its position: it was reset, or the replica is ahead"),
            ),
            (
                1236,
                "Client requested master to start replication from impossible position; the first event 'bin.000001' at 99999, the last event \
                 read from 'bin.000001' at 4",
                Some("position 99999 does not exist in bin.000001"),
            ),
            (
                13114,
                "Client requested source to start replication from position > file size; the first event 'bin.000001' at 99999, the last",
                Some("position 99999 does not exist in bin.000001"),
            ),
            (13114, "position > file size", Some("position 4 does not exist in bin.000007")),
            (1236, "Binary log is not open", Some("the source writes no binary log")),
            (
                1236,
                "Could not find first log file name in binary log index file",
                Some("binary log purged on the source, or the source was reset"),
            ),
            (
                13114,
                "Cannot replicate because the source purged required binary logs",
                Some("binary log purged on the source"),
            ),
            (
                1236,
                "bogus data in log event; the first",
                Some("binary log of the source damaged, or position wrong"),
            ),
            (1236, "something new", Some("binary log of the source not readable")),
            (
                1597,
                "Master command COM_REGISTER_SLAVE failed: Access denied for user 'repl'@'127.0.0.1' (using password: YES) (Errno: 1045)",
                Some("replication account lacks REPLICATION SLAVE"),
            ),
            (1597, "something else", Some("source refuses what the replica asks")),
            (
                13117,
                "The replication receiver thread cannot start because the source has GTID_MODE = OFF and this server has GTID_MODE = ON.",
                Some("gtid_mode of source and replica differ"),
            ),
            (
                13114,
                "Got fatal error 1236 from source when reading data from binary log: 'I/O error reading log event; the first event '' at 4, the \
                 last event read from './binlog.000001' at 817, the last byte read from './binlog.000001' at 817.'",
                Some(
                    "binary log of the source not readable, or the source was reset: compare before START REPLICA",
                ),
            ),
            (
                1153,
                "Got a packet bigger than 'slave_max_allowed_packet' bytes",
                Some("event larger than slave_max_allowed_packet"),
            ),
            (
                1153,
                "Got a packet bigger than 'max_allowed_packet' bytes",
                Some("event larger than slave_max_allowed_packet"),
            ),
            (
                1153,
                "Got a packet bigger than 'replica_max_allowed_packet' bytes",
                Some("event larger than replica_max_allowed_packet"),
            ),
            (1045, "", Some("credentials refused by the source")),
            (0, "", None),
            (9999, "", None),
        ];
        for (errno, text, cause) in rows {
            assert_eq!(io_cause(errno, text, ("bin.000007", 4)).as_deref(), cause, "{errno} {text}");
        }
        assert_eq!(
            (sql_cause(1062), sql_cause(1032), sql_cause(3530), sql_cause(7)),
            (Some("duplicate key"), Some("missing row"), Some("role not granted"), None)
        );
        for (errno, cause) in [
            (1304, "routine exists already"),
            (1364, "tables differ"),
            (1644, "SIGNAL of a trigger or routine"),
            (3750, "table without a primary key"),
            (3944, "statement where rows are required"),
            (4025, "CHECK constraint"),
        ] {
            assert_eq!(sql_cause(errno), Some(cause));
        }
    }
}
