//! Transactions that a replica has not even fetched, while it says that it is 0 s behind: that figure is of
//! what it has fetched alone, so that an IO thread which is far behind does not show in it.
//!
//! What the source had at the first look is compared with what its replica had fetched then and at a later
//! look: on a link that keeps up, all of it has come by then.

use plugin::{Finding, State, Thresholds};

use super::executed::{Executed, of, read};
use super::links::Links;
use super::list::name;
use crate::channel::{Channel, SqlState};
use crate::server::{Flavour, Server};
use crate::thread_state;

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
/// none. `lag` is how long the rest may take.
pub(crate) fn to_ask_again(servers: &[Server], links: &Links, lag: &Thresholds) -> Vec<usize> {
    let has_later = |place: usize| servers.get(place).is_some_and(|server| server.channels_later.is_some());
    let first = find(servers, links).into_iter().map(|first| first.replica);
    let staying = staying(servers, links, lag).into_iter().map(|(first, _)| first.replica);
    let mut replicas: Vec<usize> = first.filter(|replica| !has_later(*replica)).chain(staying).collect();
    replicas.sort_unstable();
    replicas.dedup();
    replicas
}

/// Those that were asked for their channels again, with how many transactions are still not fetched.
fn staying(servers: &[Server], links: &Links, lag: &Thresholds) -> Vec<(Unfetched, u64)> {
    let later = compared(servers, links, |server| Some(&server.channels_later.as_ref()?.channels));
    let stays = |first: &Unfetched| {
        let is_same = |rest: &&Unfetched| (rest.replica, rest.source) == (first.replica, first.source);
        let rest = later.iter().find(is_same)?.count;
        let came = first.count.saturating_sub(rest);
        if rest > 0 && has_read_all(servers, links, first) {
            return Some((*first, rest));
        }
        let is_on_its_way =
            rest == 1 && came == 0 && between_looks(servers, links, first).any(|(old, new)| moved(old, new));
        let by_number = seconds_left(servers.get(first.replica)?, came as f64, rest as f64);
        let seconds = seconds_by_octets(servers, links, first).map_or(by_number, |left| left.min(by_number));
        (!is_on_its_way && lag.state(seconds) != State::Ok).then_some((*first, rest))
    };
    find(servers, links).iter().filter_map(stays).collect()
}

/// How many seconds the rest takes at the pace of what came between the looks.
fn seconds_left(replica: &Server, came: f64, rest: f64) -> f64 {
    let between = replica.channels_later.as_ref().map(|later| later.after.as_secs_f64());
    if rest <= 0.0 {
        return 0.0;
    }
    if came <= 0.0 { f64::INFINITY } else { between.unwrap_or_default() * rest / came }
}

/// The same by the octets of the source's binary log, of which those of a transaction count that is not here
/// as a whole, and those behind it. `None` where the source did not show its log, or the replica reads an
/// earlier file of it, or has read all of it.
fn seconds_by_octets(servers: &[Server], links: &Links, first: &Unfetched) -> Option<f64> {
    let (end_file, end) = servers.get(first.source)?.log.as_ref()?.end();
    let replica = servers.get(first.replica)?;
    let left = |(old, new): (&Channel, &Channel)| {
        let (file, position) = &new.read_position;
        let begin = if old.read_position.0 == *file { old.read_position.1 } else { 0 };
        let came = position.saturating_sub(begin);
        let rest = (file == end_file).then(|| end.saturating_sub(*position)).filter(|rest| *rest > 0)?;
        Some(seconds_left(replica, came as f64, rest as f64))
    };
    between_looks(servers, links, first).filter_map(left).reduce(f64::min)
}

/// Whether the log of the source is read up to its end, for which it was asked after its GTIDs: what is not
/// here then never comes.
fn has_read_all(servers: &[Server], links: &Links, first: &Unfetched) -> bool {
    let log = servers.get(first.source).and_then(|source| source.log.as_ref());
    let is_read = |(_, new): (&Channel, &Channel)| {
        let (file, position) = &new.read_position;
        log.is_some_and(|log| log.end().0 == file && log.end().1 <= *position)
    };
    let mut channels = between_looks(servers, links, first).peekable();
    channels.peek().is_some() && channels.all(is_read)
}

/// The channels from the source at both looks.
fn between_looks<'a>(
    servers: &'a [Server],
    links: &'a Links,
    first: &'a Unfetched,
) -> impl Iterator<Item = (&'a Channel, &'a Channel)> {
    let server = servers.get(first.replica);
    let channels = server.into_iter().flat_map(|server| server.channels.iter().enumerate());
    let of_source = channels.filter(|(place, _)| links.source(first.replica, *place) == Some(first.source));
    of_source.filter_map(move |(_, old)| {
        let mut later = server?.channels_later.iter().flat_map(|later| &later.channels);
        later.find(|new| new.name == old.name).map(|new| (old, new))
    })
}

/// Whether anything came between the looks: a large transaction counts when all of it is here.
fn moved(old: &Channel, new: &Channel) -> bool {
    old.read_position != new.read_position
}

/// Judges those that were asked for their channels again. `lag` is how long the rest may take.
pub(crate) fn judge(servers: &[Server], links: &Links, lag: &Thresholds) -> Vec<Finding> {
    let text = |(Unfetched { replica, source, .. }, count): (Unfetched, u64)| {
        let is_exact = servers.get(replica).is_some_and(|replica| replica.flavour == Flavour::MySql);
        let (up_to, are) = (if is_exact { "" } else { "up to " }, if count == 1 { " is" } else { "s are" });
        let (own, theirs) = (name(servers, replica), name(servers, source));
        Finding::warning(format!(
            "{own} from {theirs}: 0 s behind by its own word, but {up_to}{count} transaction{are} not fetched"
        ))
    };
    staying(servers, links, lag).into_iter().map(text).collect()
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
    let runs = thread_state::fetches(channel) && channel.sql == SqlState::Yes && channel.lag == Some(0.0);
    let by_gtid = replica.flavour == Flavour::MariaDb || channel.auto_position == Some(true);
    // What its source leaves out is never fetched.
    let is_sent_all = replica.marked.as_ref().is_none_or(|value| !value.eq_ignore_ascii_case(ON_SOURCE));
    runs && by_gtid && is_sent_all && !channel.filters.by_origin()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::time::Duration;

    use plugin::Range;

    use super::*;
    use crate::binary_log::BinaryLog;
    use crate::channel::IoState;
    use crate::pair::errant::tests::executed;
    use crate::pair::tests::{mariadb, server, texts, uuid};
    use crate::row::Row;
    use crate::server::LaterChannels;

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
        let [first, channels] = fetched.map(at);
        let later = LaterChannels { after: Duration::from_millis(500), channels };
        (servers[1].channels, servers[1].channels_later) = (first, Some(later));
        servers
    }

    /// The lag may be so many seconds.
    fn lag(seconds: f64) -> Thresholds {
        Thresholds { warning: Some(Range::up_to(seconds)), critical: None }
    }

    fn judged(servers: &[Server]) -> Vec<String> {
        texts(judge(servers, &Links::find(servers), &lag(5.0)))
    }

    /// What came, and how long ago the first look was, tell how long the rest takes.
    #[test]
    fn the_rest_may_take_as_long_as_the_lag_may_be() {
        let pair = |later: &str, seconds: u64| {
            let mut servers = pair(mariadb, ["0-1-200", "0-1-100"], ["0-1-100", later]);
            servers[1].channels_later.as_mut().unwrap().after = Duration::from_secs(seconds);
            servers
        };
        // One a second, of 99, and ten a second, of 90.
        for (later, seconds, limit, told) in [
            ("0-1-101", 1, 60.0, true),
            ("0-1-101", 1, 99.0, false),
            ("0-1-101", 3, 99.0, true),
            ("0-1-110", 1, 60.0, false),
            ("0-1-110", 1, 8.9, true),
            ("0-1-110", 1, 9.0, false),
            ("0-1-100", 1, 1e9, true),
        ] {
            let servers = pair(later, seconds);
            let (links, lag) = (Links::find(&servers), lag(limit));
            let asked = !to_ask_again(&servers, &links, &lag).is_empty();
            let judged = !judge(&servers, &links, &lag).is_empty();
            assert_eq!((asked, judged), (told, told), "{later} in {seconds} s of {limit}");
        }
    }

    /// A large transaction counts when it is here as a whole: until then its bytes come.
    #[test]
    fn one_transaction_that_is_on_its_way() {
        let said = |gtids: [&str; 2], later: (&str, u64), name: &str| {
            let mut servers = pair(mariadb, gtids, ["0-1-5", "0-1-5"]);
            servers[1].channels[0].read_position = ("bin.000009".to_owned(), 700);
            let channel = &mut servers[1].channels_later.as_mut().unwrap().channels[0];
            channel.read_position = (later.0.to_owned(), later.1);
            name.clone_into(&mut channel.name);
            let asked = to_ask_again(&servers, &Links::find(&servers), &lag(60.0));
            assert_eq!(asked.len(), judged(&servers).len());
            asked.len()
        };
        let (one, two) = (["0-1-6", "0-1-5"], ["0-1-7", "0-1-5"]);
        assert_eq!(said(one, ("bin.000009", 701), ""), 0);
        assert_eq!(said(one, ("bin.000010", 4), ""), 0);
        // Nothing comes, or to another channel, or so slowly that more waits.
        assert_eq!(said(one, ("bin.000009", 700), ""), 1);
        assert_eq!(said(one, ("bin.000009", 701), "other"), 1);
        assert_eq!(said(two, ("bin.000009", 701), ""), 1);
    }

    /// A source that writes here.
    fn log(file: &str, position: u64) -> Option<BinaryLog> {
        let columns = [("File", file), ("Position", &position.to_string())];
        BinaryLog::read(&[Row::new(columns.map(|(name, value)| (name.to_owned(), Some(value.to_owned()))))])
    }

    /// What is behind a large transaction comes after it: the octets of the source's log tell when.
    #[test]
    fn octets_tell_what_is_on_its_way() {
        let said = |fetched: &str, positions: [(&str, u64); 2], end: (&str, u64)| {
            let mut servers = pair(mariadb, ["0-1-9", "0-1-5"], ["0-1-5", fetched]);
            let [old, new] = positions.map(|(file, position)| (file.to_owned(), position));
            servers[0].log = log(end.0, end.1);
            servers[1].channels[0].read_position = old;
            let later = servers[1].channels_later.as_mut().unwrap();
            (later.after, later.channels[0].read_position) = (Duration::from_secs(1), new);
            let asked = to_ask_again(&servers, &Links::find(&servers), &lag(5.0));
            assert_eq!(asked.len(), judged(&servers).len());
            asked.len()
        };
        let (none, some) = ("0-1-5", "0-1-6");
        let hundred = [("bin.2", 700), ("bin.2", 800)];
        // A hundred octets a second, of which 500 may be left.
        assert_eq!(said(none, hundred, ("bin.2", 1300)), 0);
        assert_eq!(said(none, hundred, ("bin.2", 1301)), 1);
        // All of its log is read, or nothing comes.
        for at in [800, 4] {
            assert_eq!((said(none, hundred, ("bin.2", at)), said(some, hundred, ("bin.2", at))), (1, 1));
            assert_eq!(said("0-1-9", hundred, ("bin.2", at)), 0);
        }
        let nothing = [("bin.2", 700), ("bin.2", 700)];
        assert_eq!(said(none, nothing, ("bin.2", 700)), 1);
        assert_eq!(said(none, nothing, ("bin.2", 701)), 1);
        // Of a new file what came is all of it; how much there is of others is not known.
        assert_eq!(said(none, [("bin.1", 9000), ("bin.2", 100)], ("bin.2", 600)), 0);
        assert_eq!(said(none, [("bin.1", 9000), ("bin.2", 100)], ("bin.2", 601)), 1);
        assert_eq!(said(none, hundred, ("bin.3", 4)), 1);
        assert_eq!(said(none, hundred, ("", 0)), 1);
        // One small transaction before a large one.
        assert_eq!(said(some, [("bin.2", 0), ("bin.2", 100)], ("bin.2", 601)), 0);
    }

    /// What is not in the log never comes, as by gtid_purged at the source: other bytes do not excuse it.
    #[test]
    fn a_single_transaction_that_never_comes() {
        let said = |end: u64| {
            let mut servers = pair(server, ["U1:1-6", "U1:1-5"], ["U1:1-5", "U1:1-5"]);
            servers[0].log = log("bin.2", end);
            servers[1].channels[0].read_position = ("bin.2".to_owned(), 700);
            servers[1].channels_later.as_mut().unwrap().channels[0].read_position = ("bin.2".to_owned(), 800);
            judged(&servers).len()
        };
        assert_eq!([801, 800, 700].map(said), [0, 1, 1]);
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
        let asked = |servers: &[Server]| to_ask_again(servers, &Links::find(servers), &lag(5.0));
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
        let changes: [fn(&mut Server); 7] = [
            |server| server.marked = Some("FILTER_ON_MASTER".to_owned()),
            |server| server.channels_later = None,
            |server| server.channels[0].io = IoState::Connecting,
            |server| server.channels[0].lag = Some(9.0),
            |server| server.channels[0].lag = None,
            |server| server.channels[0].io_text = "Waiting for disk space".to_owned(),
            |server| server.channels[0].auto_position = Some(false),
        ];
        for change in changes {
            let mut servers = base();
            change(&mut servers[1]);
            assert_eq!(judged(&servers), Vec::<String>::new());
        }
    }
}
