//! What is kept of the servers that answered at one address: a line for each, as a floating address moves.

use std::fmt;
use std::str::FromStr;

use super::log::Log;
use crate::gtid::InvalidGtid;
use crate::server::Server;

/// The first line of a file: what it is, and the version of the format.
const HEAD: &str = "check_replication log positions 1";
/// The most servers that are kept for one address; the one that was seen least recently goes first.
const MOST: usize = 16;

/// A binary log that started again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Restart {
    /// The highest GTID that was seen before.
    pub before: String,
    /// The one that was seen then.
    pub after: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Record {
    identity: String,
    highest: Log,
    restart: Option<Restart>,
}

/// The servers that answered at one address, the one seen last at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records(Vec<Record>);

/// A text that is not of this version of this file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a file of this version of check_replication")]
pub struct InvalidRecords;

impl Records {
    /// Takes what a server tells now, and returns whether its log started again at any time since that was
    /// acknowledged. Nothing is known of a server without a binary log.
    pub(crate) fn take(&mut self, server: &Server) -> Result<Option<Restart>, InvalidGtid> {
        let Some((identity, now)) = Log::of(server)? else { return Ok(None) };
        let place = self.0.iter().position(|record| record.identity == identity);
        let before = place.map(|place| self.0.remove(place));
        let restart = before.and_then(|record| {
            let lost = record.highest.lost_in(&now).map(|(before, after)| Restart { before, after });
            record.restart.or(lost)
        });
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push(Record { identity, highest: now, restart: restart.clone() });
        Ok(restart)
    }

    /// Forgets that the log of the server seen last started again, and returns whether it had.
    pub(crate) fn acknowledge(&mut self) -> bool {
        self.0.last_mut().is_some_and(|record| record.restart.take().is_some())
    }
}

impl FromStr for Records {
    type Err = InvalidRecords;

    fn from_str(text: &str) -> Result<Self, InvalidRecords> {
        let lines = text.strip_prefix(HEAD).and_then(|rest| rest.strip_prefix('\n')).ok_or(InvalidRecords)?;
        lines.lines().map(|line| parse_line(line).ok_or(InvalidRecords)).collect::<Result<_, _>>().map(Self)
    }
}

fn parse_line(line: &str) -> Option<Record> {
    let fields: Vec<&str> = line.split('\t').collect();
    let (identity, highest, restart) = match fields.as_slice() {
        [identity, highest] => (identity, highest, None),
        [identity, highest, before, after] => {
            (identity, highest, Some(Restart { before: (*before).to_owned(), after: (*after).to_owned() }))
        }
        _ => return None,
    };
    let highest = Log::parse(identity, highest).ok()?;
    Some(Record { identity: (*identity).to_owned(), highest, restart })
}

impl fmt::Display for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}")?;
        for Record { identity, highest, restart } in &self.0 {
            // What a server calls itself must not look like another line.
            let identity: String =
                identity.chars().map(|c| if c.is_whitespace() || c.is_control() { '_' } else { c }).collect();
            write!(f, "{identity}\t{highest}")?;
            if let Some(Restart { before, after }) = restart {
                write!(f, "\t{before}\t{after}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pair::tests::{mariadb, server, uuid};

    /// A server of MariaDB with this binary log, or of MySQL with these transactions.
    fn with(id: u64, gtids: &str) -> Server {
        if gtids.contains(['U', 'V']) {
            let mut mysql = server("db-01", id);
            mysql.gtids.executed = Some(gtids.replace('U', &uuid(id)).replace('V', &uuid(9)));
            return mysql;
        }
        let mut mariadb = mariadb("db-01", id);
        mariadb.gtids.history = Some(gtids.to_owned());
        mariadb
    }

    #[test]
    fn a_log_that_started_again_is_known_until_it_is_acknowledged() {
        let rows: [(&[&str], &str); 12] = [
            (&["1-1-3"], ""),
            (&["1-1-3", "1-1-3", "1-1-9"], ""),
            (&["1-1-3", "1-1-1"], "1-1-3 1-1-1"),
            (&["1-1-3", ""], "1-1-3 none"),
            (&["", "1-1-1"], ""),
            // It stays known when the numbers have caught up, with the first that was lost.
            (&["1-1-3", "1-1-1", "1-1-7", "1-1-2"], "1-1-3 1-1-1"),
            // Another domain, and other servers' transactions.
            (&["0-1-2,1-1-3", "0-1-2,1-1-2"], "1-1-3 1-1-2"),
            (&["1-1-3,1-2-9", "1-1-3"], ""),
            (&["U:1-5", "U:1-6"], ""),
            (&["U:1-5,V:1-9", "U:1-5"], ""),
            (&["U:1-5", "U:1-2"], "transaction 5 2"),
            (&["U:1-5", "V:1"], "transaction 5 none"),
        ];
        for (looks, expected) in rows {
            let mut records = Records::default();
            let mut said = None;
            for look in looks {
                said = records.take(&with(1, look)).unwrap();
                let text = records.to_string();
                assert_eq!(text.parse(), Ok(records.clone()), "{text}");
            }
            let said = said.map(|Restart { before, after }| format!("{before} {after}")).unwrap_or_default();
            assert_eq!(said, expected, "{looks:?}");
            assert_eq!(
                (records.acknowledge(), records.acknowledge()),
                (!expected.is_empty(), false),
                "{looks:?}"
            );
            assert_eq!(records.take(&with(1, looks[looks.len() - 1])), Ok(None), "{looks:?}");
        }
    }

    #[test]
    fn servers_at_one_address_are_kept_apart() {
        let mut records = Records::default();
        assert_eq!(records.take(&with(1, "1-1-9")), Ok(None));
        assert_eq!(records.take(&with(2, "1-2-3")), Ok(None));
        assert_eq!(records.take(&with(1, "1-1-9")), Ok(None));
        let lost = Some(Restart { before: "1-2-3".to_owned(), after: "1-2-1".to_owned() });
        assert_eq!(records.take(&with(2, "1-2-1")), Ok(lost));
        for id in 3..40 {
            assert_eq!(records.take(&with(id, "1-1-1")), Ok(None));
        }
        assert_eq!(records.to_string().lines().count(), 1 + MOST);
        let mut without = with(1, "1-1-9");
        without.log_bin = Some(false);
        assert_eq!(Records::default().take(&without), Ok(None));
    }

    #[test]
    fn what_is_no_such_file_is_refused() {
        for text in [
            "",
            "x",
            "check_replication log positions 2\n",
            "check_replication log positions 1\nx\n",
            "check_replication log positions 1\nx\ty\tz\n",
        ] {
            assert_eq!(text.parse::<Records>(), Err(InvalidRecords), "{text}");
        }
        assert_eq!("check_replication log positions 1\n".parse(), Ok(Records::default()));
    }
}
