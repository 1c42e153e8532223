//! Transactions that a replica has not even fetched, while it says that it is 0 s behind: that figure is of
//! what it has fetched alone, so that an IO thread which is far behind does not show in it.
//!
//! What the source had at the first look is compared with what its replica had fetched then and at a later
//! look: on a link that keeps up, all of it has come by then.

use plugin::Finding;

use super::executed::{Executed, of, read};
use super::links::Links;
use super::list::name;
use crate::channel::{Channel, IoState, SqlState};
use crate::server::{Flavour, Server};

/// A rest that takes at most this many times as long as what came between the looks is about to arrive.
const ABOUT_TO_COME: u64 = 10;

/// The value of replicate_events_marked_for_skip by which the source of a replica sends less.
const ON_SOURCE: &str = "FILTER_ON_MASTER";

/// Transactions that a replica has not fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Unfetched {
    replica: usize,
    source: usize,
    count: u64,
}

/// What replicas had not fetched at the first look, of channels that run and are 0 s behind by their own
/// word.
fn find(servers: &[Server], links: &Links) -> Vec<Unfetched> {
    compared(servers, links, |server| Some(&server.channels))
}

/// The replicas of which more than what is about to come is still not fetched at the later look, or that had
/// none.
pub(crate) fn to_ask_again(servers: &[Server], links: &Links) -> Vec<usize> {
    let has_later = |place: usize| servers.get(place).is_some_and(|server| server.channels_later.is_some());
    let first = find(servers, links).into_iter().map(|first| first.replica);
    let staying = staying(servers, links).into_iter().map(|(first, _)| first.replica);
    let mut replicas: Vec<usize> = first.filter(|replica| !has_later(*replica)).chain(staying).collect();
    replicas.sort_unstable();
    replicas.dedup();
    replicas
}

/// Those that were asked for their channels again, with how many transactions are still not fetched.
fn staying(servers: &[Server], links: &Links) -> Vec<(Unfetched, u64)> {
    let later = compared(servers, links, |server| server.channels_later.as_deref());
    let stays = |first: &Unfetched| {
        let is_same = |rest: &&Unfetched| (rest.replica, rest.source) == (first.replica, first.source);
        let rest = later.iter().find(is_same)?.count;
        let came = first.count.saturating_sub(rest);
        (rest > came.saturating_mul(ABOUT_TO_COME)).then_some((*first, rest))
    };
    find(servers, links).iter().filter_map(stays).collect()
}

/// Judges those that were asked for their channels again.
pub(crate) fn judge(servers: &[Server], links: &Links) -> Vec<Finding> {
    let text = |(Unfetched { replica, source, .. }, count): (Unfetched, u64)| {
        let is_exact = servers.get(replica).is_some_and(|replica| replica.flavour == Flavour::MySql);
        let (up_to, are) = (if is_exact { "" } else { "up to " }, if count == 1 { " is" } else { "s are" });
        let (own, theirs) = (name(servers, replica), name(servers, source));
        Finding::warning(format!(
            "{own} from {theirs}: 0 s behind by its own word, but {up_to}{count} transaction{are} not fetched"
        ))
    };
    staying(servers, links).into_iter().map(text).collect()
}

/// What is not fetched by `channels` of what their sources had at the first look.
fn compared(
    servers: &[Server],
    links: &Links,
    channels: fn(&Server) -> Option<&[Channel]>,
) -> Vec<Unfetched> {
    let executed = read(servers, |server| &server.gtids);
    let lack = |replica: usize, source: usize| {
        let server = servers.get(replica)?;
        let own =
            channels(server)?.iter().try_fold(of(&executed, replica)?.clone(), Executed::and_fetched)?;
        let count = of(&executed, source)?.yet_to_come(&own, server.server_id)?;
        (count > 0).then_some(Unfetched { replica, source, count })
    };
    let of_replica = |(replica, server): (usize, &Server)| {
        let channels =
            server.channels.iter().enumerate().filter(|(_, channel)| is_comparable(channel, server));
        let mut sources: Vec<usize> =
            channels.filter_map(|(channel, _)| links.source(replica, channel)).collect();
        sources.sort_unstable();
        sources.dedup();
        sources.into_iter().filter_map(|source| lack(replica, source)).collect::<Vec<_>>()
    };
    let replicas = servers.iter().enumerate().filter(|(replica, _)| links.by_gtid(*replica));
    replicas.flat_map(of_replica).collect()
}

/// Whether a channel runs, seems to be up to date, and gets by GTID all that its source has.
fn is_comparable(channel: &Channel, replica: &Server) -> bool {
    let runs = channel.io == IoState::Yes && channel.sql == SqlState::Yes && channel.lag == Some(0.0);
    let by_gtid = replica.flavour == Flavour::MariaDb || channel.auto_position == Some(true);
    // What its source leaves out is never fetched.
    let is_sent_all = replica.marked.as_ref().is_none_or(|value| !value.eq_ignore_ascii_case(ON_SOURCE));
    runs && by_gtid && is_sent_all && !channel.filters.by_origin()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::pair::errant::tests::executed;
    use crate::pair::tests::{mariadb, server, texts, uuid};

    /// The second replicates from the first, and has fetched up to these at the first and at a later look.
    fn pair(make: fn(&str, u64) -> Server, gtids: [&str; 2], fetched: [&str; 2]) -> Vec<Server> {
        let mut servers = executed(make, &["", "a"], &gtids);
        let channel = &mut servers[1].channels[0];
        (channel.io, channel.sql, channel.lag) = (IoState::Yes, SqlState::Yes, Some(0.0));
        channel.auto_position = Some(true);
        let at = |text: &str| {
            let mut channel = channel.clone();
            match text.strip_prefix("U1") {
                Some(numbers) => channel.retrieved_gtid_set = Some(format!("{}{numbers}", uuid(1))),
                None => channel.gtid_io_pos = Some(text.to_owned()),
            }
            vec![channel]
        };
        let [first, later] = fetched.map(at);
        (servers[1].channels, servers[1].channels_later) = (first, Some(later));
        servers
    }

    fn judged(servers: &[Server]) -> Vec<String> {
        texts(judge(servers, &Links::find(servers)))
    }

    #[test]
    fn what_has_not_come_by_the_second_look() {
        type Row<'a> = (fn(&str, u64) -> Server, [&'a str; 2], [&'a str; 2], &'a str);
        let rows: [Row<'_>; 12] = [
            (mariadb, ["0-1-200", "0-1-5"], ["0-1-5", "0-1-5"], "up to 195 transactions are"),
            (mariadb, ["0-1-200", "0-1-5"], ["0-1-5", "0-1-6"], "up to 194 transactions are"),
            (mariadb, ["0-1-6", "0-1-5"], ["0-1-5", "0-1-5"], "up to 1 transaction is"),
            // It came, was on its way, or will be here in a moment.
            (mariadb, ["0-1-200", "0-1-5"], ["0-1-200", "0-1-200"], ""),
            (mariadb, ["0-1-200", "0-1-5"], ["0-1-5", "0-1-900"], ""),
            (mariadb, ["0-1-200", "0-1-5"], ["0-1-5", "0-1-30"], ""),
            // What was fetched waits for the SQL thread, of which the lag tells.
            (mariadb, ["0-1-200", "0-1-5"], ["0-1-200", "0-1-200"], ""),
            (mariadb, ["0-1-200", "0-1-5"], ["0-1-x", "0-1-x"], ""),
            (server, ["U1:1-200", "U1:1-5"], ["U1:1-5", "U1:1-5"], "195 transactions are"),
            (server, ["U1:1-6", "U1:1-5"], ["U1:1-5", "U1:1-5"], "1 transaction is"),
            (server, ["U1:1-200", "U1:1-5"], ["U1:1-5", "U1:1-200"], ""),
            (server, ["U1:1-200", "U1:1-5"], ["U1:6-200", "U1:6-200"], ""),
        ];
        for (make, gtids, fetched, expected) in rows {
            let line = format!("WARNING b from a: 0 s behind by its own word, but {expected} not fetched");
            let expected = if expected.is_empty() { vec![] } else { vec![line] };
            assert_eq!(judged(&pair(make, gtids, fetched)), expected, "{gtids:?} {fetched:?}");
        }
    }

    /// A large transaction comes as a whole, with what was written after it.
    #[test]
    fn who_is_asked_again() {
        let asked = |servers: &[Server]| to_ask_again(servers, &Links::find(servers));
        let mut large = pair(mariadb, ["0-1-200", "0-1-5"], ["0-1-5", "0-1-5"]);
        assert_eq!(asked(&large), [1]);
        large[1].channels_later = None;
        assert_eq!((asked(&large), judged(&large)), (vec![1], vec![]));
        large[1].channels_later = pair(mariadb, ["", ""], ["", "0-1-200"])[1].channels_later.clone();
        assert_eq!((asked(&large), judged(&large)), (vec![], vec![]));
        assert_eq!(asked(&pair(mariadb, ["0-1-5", "0-1-5"], ["0-1-5", "0-1-5"])), [0; 0]);
        let marked = |value: &str| {
            let mut servers = pair(mariadb, ["0-1-6", "0-1-5"], ["0-1-5", "0-1-5"]);
            servers[1].marked = Some(value.to_owned());
            (asked(&servers), judged(&servers).len())
        };
        // Its source does not send what is marked, and it drops that itself.
        assert_eq!(marked("FILTER_ON_MASTER"), (vec![], 0));
        assert_eq!(marked("FILTER_ON_SLAVE"), (vec![1], 1));
    }

    #[test]
    fn what_is_not_compared() {
        let base = || pair(server, ["U1:1-200", "U1:1-5"], ["U1:1-5", "U1:1-5"]);
        assert_eq!(judged(&base()).len(), 1);
        let changes: [fn(&mut Server); 6] = [
            |server| server.marked = Some("FILTER_ON_MASTER".to_owned()),
            |server| server.channels_later = None,
            |server| server.channels[0].io = IoState::Connecting,
            |server| server.channels[0].lag = Some(9.0),
            |server| server.channels[0].lag = None,
            |server| server.channels[0].auto_position = Some(false),
        ];
        for change in changes {
            let mut servers = base();
            change(&mut servers[1]);
            assert_eq!(judged(&servers), Vec::<String>::new());
        }
    }
}
