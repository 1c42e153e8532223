//! The second look at servers that are judged together: a source whose replica seems to have transactions
//! that it has not is asked again, since it may have written them meanwhile.

use std::thread;
use std::time::{Duration, Instant};

use plugin::{Deadline, Thresholds};

use crate::answer::{Answer, Refusal};
use crate::ask;
use crate::connection::Packets;
use crate::failure::Failure;
use crate::judge::is_log_lost;
use crate::membership::{self, Membership};
use crate::more;
use crate::pair::{Links, ahead, errant, past_end, unfetched};
use crate::server::{Flavour, Gtids, LaterChannels, Server};

/// How long a commit may take between the binary log, from which replicas have it, and @@gtid_executed.
const COMMIT: Duration = Duration::from_millis(500);
/// How long what a source has written may take to be fetched by its replicas, and how many times that: a
/// large transaction comes as a whole, and a connection may have to begin again.
const FETCH: Duration = Duration::from_millis(500);
const FETCHES: u32 = 6;
/// How long it may take until all members of a group or a cluster see that one has left or come.
const VIEW: Duration = Duration::from_secs(1);
/// What is left of the deadline for the answers.
const RESERVE: Duration = Duration::from_secs(1);

/// What one server answered and the connection to it, or why it did not.
pub(crate) type Asked = Result<(Answer, Option<Packets>), Refusal>;

type Open<'a> = Vec<&'a mut (Answer, Option<Packets>)>;

/// Asks again where that is needed to be sure, and ends the connections. `lag` is how long what is not
/// fetched may still take.
pub(crate) fn complete(
    mut answers: Vec<(String, Asked)>,
    lag: &Thresholds,
    deadline: &Deadline,
) -> Vec<(String, Result<Answer, Refusal>)> {
    let start = Instant::now();
    look_for_split(&mut answers, deadline);
    let mut open: Open<'_> = answers.iter_mut().filter_map(|(_, asked)| asked.as_mut().ok()).collect();
    let servers = servers(&open);
    let links = Links::find(&servers);
    for place in errant::to_ask_again(&servers, &links) {
        again(&mut open, place, ask::ask_gtids);
    }
    ask_logs(&mut open, sources_of_lost(&servers, &links).into_iter());
    let mut sources = sources_of_ahead(&open, &links);
    if !sources.is_empty() && deadline.remaining() > COMMIT + RESERVE {
        thread::sleep(COMMIT);
        sources.retain(|place| again(&mut open, *place, ask::ask_gtids));
        for place in sources.into_iter().filter(|place| is_mysql(&servers, *place)) {
            again(&mut open, place, ask::ask_commits_waiting);
        }
    }
    look_at_positions(&mut open, &links, deadline);
    look_for_fetched(&mut open, &links, lag, start, deadline);
    let end = |(answer, packets): (Answer, Option<Packets>)| {
        packets.and_then(Packets::quit);
        answer
    };
    answers.into_iter().map(|(name, asked)| (name, asked.map(end))).collect()
}

/// Asks members that see different members of their group or cluster again: when one leaves or joins, those
/// that were asked before that see others than those that were asked after. One that does not answer any more
/// is no longer a member.
fn look_for_split(answers: &mut [(String, Asked)], deadline: &Deadline) {
    if !are_split(answers) || deadline.remaining() < VIEW + RESERVE {
        return;
    }
    thread::sleep(VIEW);
    for (_, asked) in answers {
        let Ok((Answer { server, .. }, Some(packets))) = asked else { continue };
        if let Err(failure) = ask::ask_view(packets, server) {
            *asked = Err(failure.into());
        }
    }
}

fn are_split(answers: &[(String, Asked)]) -> bool {
    let answered = answers.iter().filter_map(|(_, asked)| asked.as_ref().ok());
    let members: Vec<&Membership> =
        answered.filter_map(|(answer, _)| answer.server.membership.as_ref()).collect();
    membership::are_split(&members)
}

/// Asks replicas that have not fetched all of their sources for their channels again, until that is about to
/// come. A heartbeat tells more. The first look was at `start`.
fn look_for_fetched(
    open: &mut Open<'_>,
    links: &Links,
    lag: &Thresholds,
    start: Instant,
    deadline: &Deadline,
) {
    for look in 0..FETCHES {
        let mut replicas = unfetched::to_ask_again(&servers(open), links, lag);
        replicas.retain(|place| open.get(*place).is_some_and(|(answer, _)| answer.heartbeats.is_none()));
        if replicas.is_empty() || deadline.remaining() < FETCH + RESERVE {
            return;
        }
        if look == 0 {
            // By the octets of their logs it shows how much is left.
            ask_logs(open, replicas.iter().flat_map(|replica| links.sources(*replica)));
        }
        thread::sleep(FETCH);
        let mut answered = false;
        for place in replicas {
            let Some((answer, Some(packets))) = open.get_mut(place) else { continue };
            // One that does not answer again has told nothing more.
            let Ok(channels) = ask::ask_channels(packets, &answer.server) else { continue };
            answer.server.channels_later = Some(LaterChannels { after: start.elapsed(), channels });
            answered = true;
        }
        if !answered {
            return;
        }
    }
}

/// Asks one server once more. One that does not answer any more leaves what it said before, which is not
/// enough to compare it with others.
fn again(
    open: &mut Open<'_>,
    place: usize,
    question: fn(&mut Packets, &mut Server) -> Result<(), Failure>,
) -> bool {
    let Some((answer, Some(packets))) = open.get_mut(place) else { return false };
    let answered = question(packets, &mut answer.server).is_ok();
    if !answered {
        answer.server.later = Some(Gtids::default());
    }
    answered
}

/// Asks servers for their binary log, but one whose log is known. One that may not show it leaves the cause
/// open.
fn ask_logs(open: &mut Open<'_>, places: impl Iterator<Item = usize>) {
    for place in places {
        let Some((answer, Some(packets))) = open.get_mut(place) else { continue };
        if answer.server.log.is_none() {
            let _ = more::ask_log(packets, &mut answer.server);
        }
    }
}

/// The sources that have lost the file which a replica wants.
fn sources_of_lost(servers: &[Server], links: &Links) -> Vec<usize> {
    let lost = servers.iter().enumerate().flat_map(|(replica, server)| {
        let lost = server.channels.iter().enumerate().filter(|(_, channel)| is_log_lost(channel));
        lost.filter_map(move |(channel, _)| links.source(replica, channel))
    });
    let mut sources: Vec<usize> = lost.collect();
    sources.sort_unstable();
    sources.dedup();
    sources
}

fn sources_of_ahead(open: &Open<'_>, links: &Links) -> Vec<usize> {
    let mut sources: Vec<usize> =
        ahead::find(&servers(open), links).into_iter().map(|ahead| ahead.source).collect();
    sources.sort_unstable();
    sources.dedup();
    sources
}

fn servers(open: &Open<'_>) -> Vec<Server> {
    open.iter().map(|(answer, _)| answer.server.clone()).collect()
}

/// Asks sources whose replicas go by positions in files where their logs end, and again those that seem to
/// end before a replica.
fn look_at_positions(open: &mut Open<'_>, links: &Links, deadline: &Deadline) {
    for place in past_end::sources(&servers(open), links) {
        ask_end(open, place);
    }
    let past: Vec<usize> =
        past_end::find(&servers(open), links).into_iter().map(|past| past.source).collect();
    if !past.is_empty() && deadline.remaining() > COMMIT + RESERVE {
        thread::sleep(COMMIT);
        past.into_iter().for_each(|place| ask_end(open, place));
    }
}

/// Asks a server where its binary log ends now. One that may not show it leaves that open.
fn ask_end(open: &mut Open<'_>, place: usize) {
    let Some((answer, Some(packets))) = open.get_mut(place) else { return };
    if more::ask_end(packets, &mut answer.server).is_err() {
        answer.server.log_later = None;
    }
}

fn is_mysql(servers: &[Server], place: usize) -> bool {
    servers.get(place).is_some_and(|server| server.flavour == Flavour::MySql)
}
