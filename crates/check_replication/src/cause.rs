//! Why a thread of a replica does not run, from its error number: the classes that an administrator acts on.
//!
//! Numbers: MySQL's and MariaDB's error references; above 13000 MySQL 8.0 gave new ones to what the error log
//! says.

/// Why the thread that fetches events fails. The number tells most; for 1593 and 1236, which stand for
/// several things, the text is looked at.
pub(crate) fn io_cause(errno: u32, text: &str) -> Option<&'static str> {
    let says = |words: &[&str]| words.iter().any(|word| text.to_ascii_lowercase().contains(word));
    Some(match errno {
        1044 | 1045 | 1698 => "credentials refused by the source",
        1820 | 1862 => "password of the replication account expired",
        3118 | 4151 => "replication account locked",
        1130 => "replica host not allowed by the source",
        1129 => "replica host blocked by the source",
        1040 | 1203 => "too many connections on the source",
        1142 | 1227 => "replication account lacks a privilege",
        1158..=1161 | 2002 | 2003 => "source unreachable",
        2005 => "name of the source not resolved",
        2006 | 2013 | 2055 => "connection to the source lost",
        2026 | 3159 => "no TLS with the source",
        2059 | 1251 | 1524 => "authentication method not available",
        2061 => "login needs TLS or the public key of the source",
        4052 => "another replica has the same server id",
        1593 | 13117 if says(&["uuid"]) => "equal server uuids",
        1593 | 13117 if says(&["equal", "server id", "server-id"]) => "equal server ids",
        1236 | 13114
            if says(&[
                "purged",
                "could not find",
                "not in the master's binlog",
                "doesn't exist",
                "missing",
            ]) =>
        {
            "binary log purged on the source"
        }
        1236 | 13114 if says(&["same server_uuid", "same server_id"]) => {
            "another replica has the same server id or uuid"
        }
        1236 | 13114 => "binary log of the source not readable",
        1593 | 13117 => "fatal error of the IO thread",
        1595 | 13121 => "relay log not writable",
        1597 | 13119 => "source refuses what the replica asks",
        _ => return None,
    })
}

/// Why the thread that applies events fails.
pub(crate) fn sql_cause(errno: u32) -> Option<&'static str> {
    Some(match errno {
        1062 | 1022 | 1586 => "duplicate key",
        1032 => "missing row",
        1451 | 1452 | 1216 | 1217 => "foreign key",
        1146 => "missing table",
        1050 => "table exists already",
        1049 => "missing database",
        1007 => "database exists already",
        1054 | 1091 | 1060 | 1061 => "tables differ",
        1677 | 1535 | 13146 => "column types differ",
        1396 => "account exists already or is missing",
        1205 => "lock wait timeout",
        1213 => "deadlock",
        1290 | 1836 => "server is read only",
        1064 => "syntax not understood",
        1594 | 13120 | 1872 | 1871 => "relay log broken",
        1950 => "GTID out of order",
        1756 | 1755 => "a parallel worker failed",
        1021 | 1114 => "disk or table full",
        1030 | 1034 | 126 | 145 => "storage engine error",
        1153 => "packet too large",
        1236 => "binary log not readable",
        1227 | 1142 | 1370 => "privilege missing",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
                Some("binary log of the source not readable"),
            ),
            (1045, "", Some("credentials refused by the source")),
            (0, "", None),
            (9999, "", None),
        ];
        for (errno, text, cause) in rows {
            assert_eq!(io_cause(errno, text), cause, "{errno} {text}");
        }
        assert_eq!(
            (sql_cause(1062), sql_cause(1032), sql_cause(7)),
            (Some("duplicate key"), Some("missing row"), None)
        );
    }
}
