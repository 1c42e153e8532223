//! What is kept of the servers that answered at one address: a line for each, as a floating address moves.

use std::fmt;
use std::str::FromStr;

use super::log::Log;
use crate::gtid::InvalidGtid;
use crate::server::Server;

/// The first line of a file: what it is, and the version of the format.
const HEAD: &str = "check_replication log positions 2";
/// The same of version 1, which knew a server of MariaDB by its id, host name and port.
const HEAD_1: &str = "check_replication log positions 1";
/// The most servers that are kept for one address; the one that was seen least recently goes first.
const MOST: usize = 16;

/// A binary log that started again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Restart {
    /// The highest GTID that was seen before.
    pub before: String,
    /// The one that was seen then.
    pub after: String,
    /// Whether that is another server's, which took the place of the one before.
    pub by_another: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Record {
    identity: String,
    highest: Log,
    restart: Option<Restart>,
}

/// The servers that answered at one address, the one seen last at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records {
    known: Vec<Record>,
    /// What a server has that lacks what others at this address wrote. It is not kept: that is found again
    /// until it is acknowledged, or the server has all of it.
    lacking: Option<Log>,
}

/// A text that is not of this version of this file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a file of this version of check_replication")]
pub struct InvalidRecords;

impl Records {
    /// Takes what a server tells now, and returns whether its log started again at any time since that was
    /// acknowledged. Nothing is known of a server without a binary log.
    pub(crate) fn take(&mut self, server: &Server) -> Result<Option<Restart>, InvalidGtid> {
        let Some((identity, now)) = Log::of(server)? else { return Ok(None) };
        let identity = one_field(&identity);
        let before = self.remove(&identity);
        let by_another = self.missing_in(server)?;
        let own = before.and_then(|before| before.restart.or_else(|| restart(&before.highest, &now, false)));
        self.keep(Record { identity, highest: now, restart: own.clone() });
        Ok(own.or(by_another))
    }

    /// Forgets that the log of the server seen last started again, and what it lacks of others; returns
    /// whether there was anything of that.
    pub(crate) fn acknowledge(&mut self) -> bool {
        let own = self.known.last_mut().is_some_and(|record| record.restart.take().is_some());
        let Some(all) = self.lacking.take() else { return own };
        for record in &mut self.known {
            record.highest = record.highest.within(&all);
        }
        true
    }

    /// What other servers wrote at this address and this one has not, whichever was there first. One that is a
    /// replica may yet get it: a floating address moves to such a server.
    fn missing_in(&mut self, server: &Server) -> Result<Option<Restart>, InvalidGtid> {
        self.lacking = None;
        if !server.channels.is_empty() || server.membership.is_some() {
            return Ok(None);
        }
        let all = Log::all_of(server)?;
        for record in self.known.iter().rev() {
            if let Some(lost) = restart(&record.highest.not_applied(server)?, &all, true) {
                self.lacking = Some(all);
                return Ok(Some(lost));
            }
        }
        Ok(None)
    }

    /// Removes the record of a server. One of version 1 may have several, by other names of its host.
    fn remove(&mut self, identity: &str) -> Option<Record> {
        let is_its = |record: &Record| {
            record.identity == identity
                || !identity.contains('@')
                    && record.identity.split_once('@').is_some_and(|(id, _)| id == identity)
        };
        let (its, others): (Vec<Record>, Vec<Record>) =
            std::mem::take(&mut self.known).into_iter().partition(is_its);
        self.known = others;
        its.into_iter().reduce(|one, other| Record {
            highest: one.highest.union(&other.highest),
            restart: one.restart.or(other.restart),
            identity: other.identity,
        })
    }

    fn keep(&mut self, record: Record) {
        if self.known.len() >= MOST {
            self.known.remove(0);
        }
        self.known.push(record);
    }
}

impl FromStr for Records {
    type Err = InvalidRecords;

    fn from_str(text: &str) -> Result<Self, InvalidRecords> {
        let rest = [HEAD, HEAD_1].iter().find_map(|head| text.strip_prefix(head)).ok_or(InvalidRecords)?;
        let lines = rest.strip_prefix('\n').ok_or(InvalidRecords)?.lines();
        let known = lines.map(|line| parse_line(line).ok_or(InvalidRecords)).collect::<Result<_, _>>()?;
        Ok(Self { known, lacking: None })
    }
}

/// What `now` lacks of the log `before`.
fn restart(before: &Log, now: &Log, by_another: bool) -> Option<Restart> {
    before.lost_in(now).map(|(before, after)| Restart { before, after, by_another })
}

/// What a server calls itself, so that it does not look like another field or line: kept and looked up so.
fn one_field(identity: &str) -> String {
    identity.chars().map(|c| if c.is_whitespace() || c.is_control() { '_' } else { c }).collect()
}

fn parse_line(line: &str) -> Option<Record> {
    if line.contains(|c: char| c.is_control() && c != '\t') {
        return None;
    }
    let fields: Vec<&str> = line.split('\t').collect();
    let (identity, highest, restart) = match fields.as_slice() {
        [identity, highest] => (identity, highest, None),
        [identity, highest, before, after] => {
            let (before, after) = ((*before).to_owned(), (*after).to_owned());
            (identity, highest, Some(Restart { before, after, by_another: false }))
        }
        _ => return None,
    };
    let highest = Log::parse(identity, highest).ok()?;
    Some(Record { identity: (*identity).to_owned(), highest, restart })
}

impl fmt::Display for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}")?;
        for Record { identity, highest, restart } in &self.known {
            write!(f, "{identity}\t{highest}")?;
            if let Some(Restart { before, after, .. }) = restart {
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

    fn gone(before: &str, after: &str, by_another: bool) -> Restart {
        Restart { before: before.to_owned(), after: after.to_owned(), by_another }
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
            let said =
                said.map(|Restart { before, after, .. }| format!("{before} {after}")).unwrap_or_default();
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
        // The address moved to its replica, which has nearly all of it.
        let replica = |id: u64, gtids: &str| Server {
            channels: vec![crate::channel::Channel::read(&crate::row::Row::default())],
            ..with(id, gtids)
        };
        assert_eq!(records.take(&replica(2, "1-1-8,1-2-3")), Ok(None));
        // What that wrote meanwhile the first has not when the address comes back, unless it is its replica.
        assert_eq!(records.clone().take(&with(1, "1-1-9")), Ok(Some(gone("1-2-3", "none", true))));
        assert_eq!(records.take(&replica(1, "1-1-9")), Ok(None));
        let lost = Some(gone("1-2-3", "1-2-1", false));
        assert_eq!(records.take(&with(2, "1-2-1")), Ok(lost));
        for id in 3..40 {
            assert_eq!(records.take(&replica(id, "1-1-1")), Ok(None));
        }
        assert_eq!(records.to_string().lines().count(), 1 + MOST);
        let mut without = with(1, "1-1-9");
        without.log_bin = Some(false);
        assert_eq!(Records::default().take(&without), Ok(None));
    }

    #[test]
    fn a_source_that_was_restored_as_another_host_is_known() {
        let named =
            |id: u64, host: &str, gtids: &str| Server { hostname: host.to_owned(), ..with(id, gtids) };
        let mut records = Records::default();
        assert_eq!(records.take(&named(1, "old", "0-1-9")), Ok(None));
        // With its id, on a host of another name.
        let mut renamed = records.clone();
        assert_eq!(renamed.take(&named(1, "new", "0-1-5")), Ok(Some(gone("0-1-9", "0-1-5", false))));
        // With another id, which stays known until it has all, or that is acknowledged.
        let mut other = records.clone();
        let lost = Ok(Some(gone("0-1-9", "0-1-5", true)));
        assert_eq!(
            (other.take(&with(7, "0-1-5")), other.take(&with(7, "0-1-5,0-7-20"))),
            (lost.clone(), lost)
        );
        let mut caught_up = other.clone();
        assert_eq!(caught_up.take(&with(7, "0-1-9,0-7-20")), Ok(None));
        assert_eq!((other.acknowledge(), other.acknowledge()), (true, false));
        assert_eq!(other.take(&with(7, "0-1-5,0-7-20")), Ok(None));
        // One that replicated from it and was promoted: its log may not have what its position has.
        let mut promoted = with(2, "");
        promoted.gtids.applied = Some("0-1-9".to_owned());
        assert_eq!(records.clone().take(&promoted), Ok(None));
        // By uuid.
        let mut records = Records::default();
        assert_eq!(records.take(&with(1, "U:1-9")), Ok(None));
        let mut mysql = with(2, "U:1-3");
        mysql.gtids.executed = Some(format!("{}:1-5", uuid(1)));
        assert_eq!(records.take(&mysql), Ok(Some(gone("transaction 9", "5", true))));
    }

    /// A floating address that goes to and fro between a source and its replica, which is promoted at last.
    #[test]
    fn a_server_that_was_seen_before_lacks_what_another_wrote_since() {
        let promoted = |gtids: &str| {
            let mut server = with(2, "");
            server.gtids.applied = Some(gtids.to_owned());
            server
        };
        let replica = |gtids: &str| Server {
            channels: vec![crate::channel::Channel::read(&crate::row::Row::default())],
            ..promoted(gtids)
        };
        let mut records = Records::default();
        for server in [with(1, "0-1-2"), replica("0-1-2"), with(1, "0-1-3")] {
            assert_eq!(records.take(&server), Ok(None));
        }
        // It is promoted before or after the address is there, and stays known until it has all.
        let expected = Ok(Some(gone("0-1-3", "0-1-2", true)));
        assert_eq!(records.clone().take(&promoted("0-1-2")), expected);
        assert_eq!(records.take(&replica("0-1-2")), Ok(None));
        let mut kept: Records = records.to_string().parse().unwrap();
        for _ in 0..2 {
            assert_eq!(kept.take(&promoted("0-1-2")), expected);
            kept = kept.to_string().parse().unwrap();
        }
        assert_eq!(kept.clone().take(&promoted("0-1-3")), Ok(None));
        // Once acknowledged, that is lost, and what comes after it is not.
        assert_eq!(kept.take(&promoted("0-1-2")), expected);
        assert_eq!((kept.acknowledge(), kept.acknowledge()), (true, false));
        let mut kept: Records = kept.to_string().parse().unwrap();
        assert_eq!((kept.take(&promoted("0-1-2")), kept.take(&with(1, "0-1-5"))), (Ok(None), Ok(None)));
        assert_eq!(kept.take(&promoted("0-1-2")), Ok(Some(gone("0-1-5", "0-1-2", true))));
        // A replica that keeps no log of it knows the last of a domain alone.
        let mut of_three: Records =
            "check_replication log positions 2\n3\t0-3-4\n1\t0-1-5\n".parse().unwrap();
        assert_eq!(of_three.take(&promoted("0-1-5")), Ok(None));
        // A server of MySQL that has a new uuid, and then is reset.
        let mut records = Records::default();
        let renamed = |gtids: &str| {
            let mut server = with(2, "U:1");
            server.gtids.executed = Some(gtids.replace('U', &uuid(1)));
            server
        };
        assert_eq!((records.take(&with(1, "U:1-5")), records.take(&renamed("U:1-5"))), (Ok(None), Ok(None)));
        assert_eq!(records.take(&renamed("")), Ok(Some(gone("transaction 5", "none", true))));
        assert_eq!((records.acknowledge(), records.take(&renamed(""))), (true, Ok(None)));
    }

    /// A node of a Galera cluster, which its host's name tells from the others.
    fn node(host: &str, gtids: &str) -> Server {
        let status = crate::row::Row::new(
            [("Variable_name", "wsrep_provider_name"), ("Value", "Galera")]
                .map(|(name, value)| (name.to_owned(), Some(value.to_owned()))),
        );
        let galera = crate::membership::Galera::read(&[status], &crate::row::Row::default()).unwrap();
        Server {
            hostname: host.to_owned(),
            membership: Some(crate::membership::Membership::Galera(galera)),
            ..with(1, gtids)
        }
    }

    /// The name stands in the file as it is looked up by.
    #[test]
    fn a_server_with_an_odd_name_is_known_again() {
        let mut records = Records::default();
        assert_eq!(records.take(&node("a\tb\r\n\u{7f}c", "0-1-9")), Ok(None));
        let mut kept: Records = records.to_string().parse().unwrap();
        assert_eq!(kept, records);
        let lost = Some(gone("0-1-9", "0-1-5", false));
        assert_eq!(kept.take(&node("a\tb\r\n\u{7f}c", "0-1-5")), Ok(lost));
    }

    /// Version 1 knew a server by the name of its host too.
    #[test]
    fn files_of_version_1_are_read() {
        let text = "check_replication log positions 1\n1@old:3306\t0-1-9\n2@b:3306\t0-2-4\t0-2-7\t0-2-4\n1@new:3306\t0-1-7\n";
        let mut records: Records = text.parse().unwrap();
        assert_eq!(records.take(&with(2, "0-2-5")), Ok(Some(gone("0-2-7", "0-2-4", false))));
        assert_eq!(records.take(&with(1, "0-1-8")), Ok(Some(gone("0-1-9", "0-1-8", false))));
        let kept = "check_replication log positions 2\n2\t0-2-5\t0-2-7\t0-2-4\n1\t0-1-8\t0-1-9\t0-1-8\n";
        assert_eq!(records.to_string(), kept);
        // The nodes of a cluster may share an id, and are kept apart by their hosts.
        let mut records = Records::default();
        assert_eq!(
            (records.take(&node("a", "0-1-9")), records.take(&node("b", "0-1-5"))),
            (Ok(None), Ok(None))
        );
        assert_eq!(records.take(&node("b", "0-1-4")), Ok(Some(gone("0-1-5", "0-1-4", false))));
    }

    #[test]
    fn what_is_no_such_file_is_refused() {
        for text in [
            "",
            "x",
            "check_replication log positions 3\n",
            "check_replication log positions 1\nx\n",
            "check_replication log positions 1\nx\ty\tz\n",
            "check_replication log positions 2\n1\r2\t0-1-9\n",
            "check_replication log positions 2\n1\u{7f}\t0-1-9\n",
        ] {
            assert_eq!(text.parse::<Records>(), Err(InvalidRecords), "{text}");
        }
        for version in [1, 2] {
            assert_eq!(
                format!("check_replication log positions {version}\n").parse(),
                Ok(Records::default())
            );
        }
    }
}
