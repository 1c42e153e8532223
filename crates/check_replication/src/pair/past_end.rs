//! A replica that goes by positions in files and has read past the end of its source's binary log: the source
//! was reset, restored from a backup, or lost its log in a crash. What it writes until its log is that long
//! again never comes, with both threads running and no lag.
//!
//! The replica was asked before its source's log, which only grows: what is written meanwhile cannot look
//! like this.

use plugin::Finding;

use super::links::Links;
use super::list::name;
use crate::channel::Channel;
use crate::server::{Flavour, Server};
use crate::thread_state;

/// A replica that has read past the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PastEnd {
    /// The replica's place among the servers.
    replica: usize,
    /// The source's.
    pub(crate) source: usize,
    /// What the replica has read, and where the log ends.
    what: String,
}

/// Returns the sources whose logs are to be asked for: of channels that run by positions alone.
pub(crate) fn sources(servers: &[Server], links: &Links) -> Vec<usize> {
    let mut sources: Vec<usize> = channels(servers, links).map(|(_, source, _)| source).collect();
    sources.sort_unstable();
    sources.dedup();
    sources
}

/// Finds the replicas, as far as their sources were asked.
pub(crate) fn find(servers: &[Server], links: &Links) -> Vec<PastEnd> {
    let past = |(replica, source, channel): (usize, usize, &Channel)| {
        let (file, position) = &channel.read_position;
        let log = servers.get(source)?.log_later.as_ref()?;
        let (end, end_position) = log.end();
        let what = format!("{file}:{position} past {end}:{end_position}");
        log.ends_before((file, *position)).then_some(PastEnd { replica, source, what })
    };
    channels(servers, links).filter_map(past).collect()
}

/// Judges them.
pub(crate) fn judge(servers: &[Server], links: &Links) -> Vec<Finding> {
    let finding = |PastEnd { replica, source, what }: PastEnd| {
        let (own, theirs) = (name(servers, replica), name(servers, source));
        let why = "source reset, restored or log lost";
        Finding::critical(format!("{own} is ahead of its source {theirs} ({what}): {why}"))
    };
    find(servers, links).into_iter().map(finding).collect()
}

/// The channels that fetch by positions what GTIDs do not tell, each with its replica and its source.
fn channels<'a>(
    servers: &'a [Server],
    links: &'a Links,
) -> impl Iterator<Item = (usize, usize, &'a Channel)> {
    let of_server = move |(replica, server): (usize, &'a Server)| {
        let of_channel = move |(place, channel)| Some((replica, links.source(replica, place)?, channel));
        server.channels.iter().enumerate().filter_map(of_channel)
    };
    let all = servers.iter().enumerate().flat_map(of_server);
    all.filter(|(_, source, channel)| {
        servers.get(*source).is_some_and(|source| goes_by_position(channel, source))
    })
}

/// Whether a channel that fetches is connected to this server, and no GTIDs tell what it has.
fn goes_by_position(channel: &Channel, source: &Server) -> bool {
    let is_it = match (&channel.source_uuid, &source.server_uuid) {
        (Some(theirs), Some(own)) => theirs == own,
        _ => channel.source_server_id == source.server_id,
    };
    let without_gtids = match source.flavour {
        Flavour::MySql => source.is_anonymous || source.gtids.executed.is_none(),
        Flavour::MariaDb => channel.using_gtid.as_deref() == Some("No"),
    };
    // Each node of a cluster has a log of its own, and all may have one id.
    is_it && without_gtids && source.membership.is_none() && thread_state::fetches(channel)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::binary_log::BinaryLog;
    use crate::channel::IoState;
    use crate::pair::tests::{linked, mariadb, server, texts};
    use crate::row::Row;

    /// A replica b that has read this of its source a, whose log ends there.
    fn pair(make: fn(&str, u64) -> Server, read: (&str, u64), end: (&str, u64)) -> Vec<Server> {
        let mut servers = linked(make, &["", "a"]);
        let columns = [("File", end.0.to_owned()), ("Position", end.1.to_string())];
        let row = Row::new(columns.map(|(name, value)| (name.to_owned(), Some(value))));
        servers[0].log_later = BinaryLog::read(&[row]);
        servers[0].is_anonymous = true;
        let channel = &mut servers[1].channels[0];
        channel.io = IoState::Yes;
        channel.using_gtid = Some("No".to_owned());
        channel.read_position = (read.0.to_owned(), read.1);
        servers
    }

    fn said(servers: &[Server]) -> Vec<String> {
        texts(judge(servers, &Links::find(servers)))
    }

    #[test]
    fn a_replica_that_has_read_past_the_end_of_the_log() {
        let rows = [
            (("bin.000001", 425), ("bin.000001", 158), true),
            (("bin.000007", 4), ("bin.000001", 900), true),
            (("bin.000001", 425), ("bin.000001", 425), false),
            (("bin.000001", 425), ("bin.000002", 158), false),
            // The files were given another name.
            (("old.000007", 4), ("bin.000001", 900), false),
        ];
        for (read, end, is_past) in rows {
            let what = format!("{}:{} past {}:{}", read.0, read.1, end.0, end.1);
            let line =
                format!("CRITICAL b is ahead of its source a ({what}): source reset, restored or log lost");
            for make in [server, mariadb] {
                let servers = pair(make, read, end);
                assert_eq!(sources(&servers, &Links::find(&servers)), [0]);
                assert_eq!(said(&servers), Vec::from_iter(is_past.then(|| line.clone())), "{read:?} {end:?}");
            }
        }
    }

    #[test]
    fn what_another_log_has_tells_nothing() {
        type Change<'a> = (&'a str, fn(&mut [Server]));
        let changes: [Change<'_>; 7] = [
            ("no log was shown", |servers| servers[0].log_later = None),
            ("the replica connects", |servers| servers[1].channels[0].io = IoState::Connecting),
            ("it is stopped", |servers| servers[1].channels[0].io = IoState::No),
            ("it goes by GTID", |servers| servers[1].channels[0].using_gtid = Some("Slave_Pos".to_owned())),
            // A floating address has moved.
            ("it reads another server", |servers| servers[1].channels[0].source_server_id = 9),
            ("it reads another uuid", |servers| {
                servers[0].server_uuid = Some("u1".to_owned());
                servers[1].channels[0].source_uuid = Some("u9".to_owned());
            }),
            ("a node of a cluster", |servers| {
                servers[0].membership = Some(crate::membership::tests::group("1 ONLINE", "1", ("0", "")));
            }),
        ];
        for (what, change) in changes {
            let mut servers = pair(mariadb, ("bin.000001", 425), ("bin.000001", 158));
            change(&mut servers);
            assert_eq!(said(&servers), [""; 0], "{what}");
        }
        let mut servers = pair(server, ("bin.000001", 425), ("bin.000001", 158));
        servers[0].is_anonymous = false;
        assert_eq!(said(&servers), [""; 0], "GTIDs tell it");
    }
}
