//! One server's conversation: connect, log in, ask for its variables and channels, look again where that
//! tells more, say goodbye.

use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use net::{Stream, Waiting};
use plugin::Deadline;

use crate::answer::{Answer, Refusal, if_told, lacks_privilege, refusal};
use crate::channel::{Channel, IoState};
use crate::connection::Packets;
use crate::endpoint::Endpoint;
use crate::failure::{Failure, Kind, Step};
use crate::heartbeat::{Heartbeats, Table};
use crate::liveness;
use crate::login::{self, Login};
use crate::membership::{
    GALERA_STATUS, GROUP_MEMBERS, Galera, Group, Membership, is_node, is_out, members_and_applier,
};
use crate::monitor::Monitor;
use crate::more;
use crate::redact;
use crate::request::Request;
use crate::row::Row;
use crate::server::{Flavour, Gtids, SEMI_SYNC, Server};
use crate::statements;
use crate::tls_level::TlsLevel;

/// How long an election may keep a primary read-only before it is looked at again.
const ELECTION: Duration = Duration::from_secs(1);
/// The error of a column that a release does not have.
const NO_COLUMN: u16 = 1054;
/// What is left of the deadline after that.
const RESERVE: Duration = Duration::from_secs(1);
/// The same after a look at flow control: with --timeout=3 there are two of a second.
const LOOK_RESERVE: Duration = Duration::from_millis(500);

/// Asks over a Unix socket that is connected already, as user and password `probe`, within `limit`: for tests
/// with a server that is a test.
///
/// # Errors
/// [`Refusal`]: why there is no answer.
pub fn over(socket: UnixStream, limit: Duration) -> Result<Answer, Refusal> {
    let deadline = Deadline::after(limit);
    let tls = || Err(Failure::new(Step::Login, Kind::Closed));
    let login = Login {
        user: "probe",
        password: "probe",
        level: TlsLevel::Off,
        asked_by: "",
        key: None,
        certified: false,
        tls: &tls,
        name: "",
    };
    let request = Request {
        asked: "probe".to_owned(),
        several: false,
        gtids: false,
        state: false,
        group: false,
        semi_sync: false,
        databases: &[],
        log: false,
        heartbeats: None,
        deadline,
    };
    let failed = |cause| Failure::new(Step::Connect, Kind::from(cause));
    let stream = Stream::connected(socket, &Waiting::until(&request.deadline)).map_err(failed)?;
    ask_over(stream, None, &login, &request).map(|(answer, _)| answer)
}

/// Asks one server everything; the connection comes back where it may be needed once more.
pub(crate) fn ask(
    endpoint: &Endpoint<'_>,
    monitor: &Monitor,
    login: &Login<'_>,
    request: &Request<'_>,
) -> Result<(Answer, Option<Packets>), Refusal> {
    let (stream, address) = endpoint.connect(monitor, &request.deadline)?;
    ask_over(stream, address, login, request)
}

fn ask_over(
    stream: Stream<'static>,
    address: Option<SocketAddr>,
    login: &Login<'_>,
    request: &Request<'_>,
) -> Result<(Answer, Option<Packets>), Refusal> {
    let mut packets = Packets::new(stream);
    let private = |packets: &Packets, refusal: Refusal| Refusal {
        private: packets.is_private(),
        socket: packets.is_unix(),
        certified: login.certified && packets.is_private() && !packets.is_unix(),
        ..refusal
    };
    let greeting = login::login(&mut packets, login).map_err(|failure| private(&packets, failure.into()))?;
    let answer = converse(&mut packets, address, &greeting, request);
    let answer = answer.map_err(|failure| refusal(&mut packets, &greeting, failure));
    let kept = if request.several { Some(packets) } else { packets.quit() };
    Ok((answer?, kept))
}

fn converse(
    packets: &mut Packets,
    address: Option<SocketAddr>,
    greeting: &str,
    request: &Request<'_>,
) -> Result<Answer, Failure> {
    let variables = statements::variables(packets, greeting, request)?;
    let (flavour, version) = crate::server::known(greeting, &variables);
    let (statement, rows) = statements::channels(packets, flavour, version)?;
    let mut server = Server::read(&request.asked, address, greeting, &variables, &rows);
    if flavour == Flavour::MySql {
        worker_errors(packets, &mut server.channels)?;
    }
    let mut answer = Answer { server, silent: Vec::new(), heartbeats: None, hidden: None, hidden_log: None };
    // A member may be a replica as well. MySQL has no variable that every server knows and that tells so.
    let may_be_node = request.group || answer.server.channels.is_empty() || is_node(&variables);
    if flavour == Flavour::MySql || may_be_node {
        membership(packets, greeting, &variables, request, &mut answer)?;
    }
    if variables.switch(&[SEMI_SYNC]) == Some(true) {
        answer.server.commits_waiting = more::ask_stuck(packets, request)?;
    }
    more::ask(packets, greeting, request, &mut answer)?;
    match request.heartbeats {
        Some(_) if answer.server.channels.is_empty() => {}
        Some((table, zone)) => match heartbeats(packets, table) {
            Ok(rows) => answer.heartbeats = Some(Ok(Heartbeats::read(&rows, zone))),
            // That a table cannot be read must not hide what its channels suffer from.
            Err(failure) if failure.errno().is_some() => {
                answer.heartbeats = Some(Err(Box::new(refusal(packets, greeting, failure))));
            }
            Err(failure) => return Err(failure),
        },
        None => look_again(packets, statement, &request.deadline, &mut answer)?,
    }
    Ok(answer)
}

/// Returns the rows of a table of heartbeats, of pt-heartbeat's or else of MaxScale's columns.
fn heartbeats(packets: &mut Packets, table: &Table) -> Result<Vec<Row>, Failure> {
    match packets.query(&table.query()) {
        // An error that holds for both is told of the first.
        Err(failure) if failure.errno() == Some(NO_COLUMN) => {
            packets.query(&table.query_of_maxscale()).map_err(|second| match second.errno() {
                Some(_) => failure,
                None => second,
            })
        }
        rows => rows,
    }
}

/// Asks what the server is a member of, and whether it is Aurora. That an account may not see a group matters
/// only where there is one.
fn membership(
    packets: &mut Packets,
    greeting: &str,
    variables: &Row,
    request: &Request<'_>,
    answer: &mut Answer,
) -> Result<(), Failure> {
    // Aurora's documentation has that variable. None of its servers was asked so far, nor one of MySQL that
    // has the variables of Galera, as Percona XtraDB Cluster.
    const NAMES: &str = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('group_replication_group_name', 'aurora_version', \
        'wsrep_provider', 'wsrep_on', 'wsrep_reject_queries', 'wsrep_cluster_address')";
    let server = &mut answer.server;
    if server.flavour == Flavour::MariaDb {
        server.membership = galera(packets, variables, &request.deadline)?.map(Membership::Galera);
        return Ok(());
    }
    // Every account may see the name, and few a member.
    let names = Row::of_pairs(&packets.query(NAMES).or_else(if_told)?);
    server.aurora = names.filled(&["aurora_version"]);
    server.is_out = server.is_out || is_out(&names);
    if is_node(&names) {
        server.membership = galera(packets, &names, &request.deadline)?.map(Membership::Galera);
        return Ok(());
    }
    if !request.group && names.filled(&["group_replication_group_name"]).is_none() {
        return Ok(());
    }
    match group(packets, &server.channels, &request.deadline) {
        Ok(group) => server.membership = group.map(Membership::Group),
        Err(failure) if lacks_privilege(&failure) => {
            server.hides_group = true;
            answer.hidden = Some(Box::new(refusal(packets, greeting, failure)));
        }
        // Servers before 5.7 have no such table.
        Err(failure) => drop(if_told(failure)?),
    }
    Ok(())
}

/// Returns what a node sees of its Galera cluster, and what its flow control holds meanwhile.
fn galera(packets: &mut Packets, variables: &Row, deadline: &Deadline) -> Result<Option<Galera>, Failure> {
    let mut look = || -> Result<Option<Galera>, Failure> {
        Ok(Galera::read(&packets.query(GALERA_STATUS).or_else(if_told)?, variables))
    };
    let mut asked_at = Instant::now();
    let Some(mut node) = look()? else { return Ok(None) };
    while let Some(pause) = node.until_next_look(deadline.remaining().saturating_sub(LOOK_RESERVE)) {
        thread::sleep(pause);
        let now = Instant::now();
        let Some(later) = look()? else { break };
        node = later.after(&node, now.duration_since(asked_at));
        asked_at = now;
    }
    Ok(Some(node))
}

/// Asks a member once more which members it sees.
pub(crate) fn ask_view(packets: &mut Packets, server: &mut Server) -> Result<(), Failure> {
    let later = match &server.membership {
        Some(Membership::Group(_)) => {
            Group::read(&packets.query(GROUP_MEMBERS)?, false).map(Membership::Group)
        }
        Some(Membership::Galera(_)) => {
            Galera::read(&packets.query(GALERA_STATUS)?, &Row::default()).map(Membership::Galera)
        }
        None => None,
    };
    if let Some((now, later)) = server.membership.as_mut().zip(later) {
        now.see(later);
    }
    Ok(())
}

/// Returns what the server sees of its group. One whose settings are not those of its role is asked
/// again, since an election sets them for a moment.
fn group(packets: &mut Packets, channels: &[Channel], deadline: &Deadline) -> Result<Option<Group>, Failure> {
    let is_fed = channels.iter().any(|channel| !channel.is_group_replication());
    let first = Group::read(&members(packets)?, is_fed);
    if !first.as_ref().is_some_and(Group::is_set_wrong) || deadline.remaining() < ELECTION + RESERVE {
        return Ok(first);
    }
    thread::sleep(ELECTION);
    let again = members(packets).or_else(if_told)?;
    Ok(Group::read(&again, is_fed).or(first))
}

/// Returns the members of a group as a server sees them. One before 8.0 does not tell what its applier is at,
/// nor does one to an account that may not read all of these tables.
fn members(packets: &mut Packets) -> Result<Vec<Row>, Failure> {
    match packets.query(&members_and_applier()) {
        Err(failure) if failure.errno() == Some(NO_COLUMN) || lacks_privilege(&failure) => {
            packets.query(GROUP_MEMBERS)
        }
        rows => rows,
    }
}

/// MySQL's coordinator stops with the number of a worker's error and without its text, which names the table.
/// An account that may not read that has learnt nothing.
fn worker_errors(packets: &mut Packets, channels: &mut [Channel]) -> Result<(), Failure> {
    const QUERY: &str = "SELECT CHANNEL_NAME, LAST_ERROR_NUMBER, LAST_ERROR_MESSAGE \
        FROM performance_schema.replication_applier_status_by_worker WHERE LAST_ERROR_NUMBER <> 0";
    let is_vague = |channel: &Channel| channel.sql_errno != 0 && redact::table(&channel.sql_error).is_none();
    if !channels.iter().any(is_vague) {
        return Ok(());
    }
    let rows = packets.query(QUERY).or_else(if_told)?;
    for channel in channels.iter_mut().filter(|channel| is_vague(channel)) {
        let is_its = |row: &&Row| {
            row.owned(&["CHANNEL_NAME"]) == channel.name
                && row.number(&["LAST_ERROR_NUMBER"]) == Some(channel.sql_errno)
        };
        if let Some(text) = rows.iter().find(is_its).and_then(|row| row.filled(&["LAST_ERROR_MESSAGE"])) {
            channel.sql_error = text;
        }
    }
    Ok(())
}

/// Looks whether the sources still speak, where that can be seen in time.
fn look_again(
    packets: &mut Packets,
    statement: &str,
    deadline: &Deadline,
    answer: &mut Answer,
) -> Result<(), Failure> {
    let channels = &mut answer.server.channels;
    if let Some(pause) = liveness::pause(channels, deadline.at()) {
        thread::sleep(pause);
        let later: Vec<Channel> = packets.query(statement)?.iter().map(Channel::read).collect();
        answer.silent = liveness::compare(channels, &later, pause);
        *channels = later;
    } else if answer.server.flavour == Flavour::MySql
        && channels.iter().any(|channel| channel.io == IoState::Yes)
    {
        // An account that may not read it has learnt nothing, which is no failure.
        let rows = match packets.query(&liveness::query_with_applied()) {
            // It may have a right to the other tables alone.
            Err(failure) if lacks_privilege(&failure) => packets.query(liveness::QUERY),
            answer => answer,
        };
        let rows = rows.or_else(if_told)?;
        answer.silent = liveness::read(&rows);
        liveness::note_applied(&rows, channels);
    }
    Ok(())
}

/// Asks once more for the GTIDs alone.
pub(crate) fn ask_gtids(packets: &mut Packets, server: &mut Server) -> Result<(), Failure> {
    let row = packets
        .query(&statements::select(Gtids::names(server.flavour)))?
        .into_iter()
        .next()
        .unwrap_or_default();
    server.later = Some(Gtids::read(&row));
    Ok(())
}

/// Asks once more for the channels.
pub(crate) fn ask_channels(packets: &mut Packets, server: &Server) -> Result<Vec<Channel>, Failure> {
    let (_, rows) = statements::channels(packets, server.flavour, server.version)?;
    Ok(rows.iter().map(Channel::read).collect())
}

/// Asks how many commits wait for an acknowledgement by semi-sync. MySQL renamed the variable in 8.0.26.
pub(crate) fn ask_commits_waiting(packets: &mut Packets, server: &mut Server) -> Result<(), Failure> {
    let rows = packets.query("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_%_wait_sessions'")?;
    server.commits_waiting = rows.first().and_then(|row| row.number(&["Value"])).unwrap_or_default();
    Ok(())
}
