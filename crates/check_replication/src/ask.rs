//! One server's conversation: connect, log in, ask for its variables and channels, look again where that
//! tells more, say goodbye.

use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use net::{Stream, Waiting};
use plugin::Deadline;

use crate::channel::{Channel, IoState};
use crate::connection::Packets;
use crate::endpoint::Endpoint;
use crate::failure::{Failure, Kind, Step};
use crate::heartbeat::{Heartbeats, Table, Zone};
use crate::liveness::{self, Silence};
use crate::login::{self, Login};
use crate::membership::{GALERA_STATUS, GROUP_MEMBERS, Galera, Group, Membership};
use crate::redact;
use crate::row::Row;
use crate::server::{Flavour, Gtids, Server, Version, identify};
use crate::tls_level::TlsLevel;

/// ER_PARSE_ERROR: the server does not know the statement.
const NOT_UNDERSTOOD: u16 = 1064;
/// ER_UNKNOWN_SYSTEM_VARIABLE.
const NO_VARIABLE: u16 = 1193;

/// What one server answered.
#[derive(Debug)]
pub struct Answer {
    /// What it said.
    pub server: Server,
    /// Channels whose source was silent for longer than its heartbeats allow.
    pub silent: Vec<Silence>,
    /// The rows of --heartbeat-table, if it was asked for, or why the server does not show them.
    pub heartbeats: Option<Result<Heartbeats, Box<Refusal>>>,
    /// Why the group of this server is not shown, if it has one.
    pub hidden: Option<Box<Refusal>>,
}

/// Why there is no answer, and what else is known.
#[derive(Debug)]
pub struct Refusal {
    /// Why.
    pub failure: Failure,
    /// What the greeting said, if it came so far.
    pub server: Option<(Flavour, Version)>,
    /// The account as the server knows it, as in mon@%, if it said so.
    pub account: Option<String>,
    /// Whether the connection went through TLS or a Unix socket, on which none is needed.
    pub private: bool,
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self { failure, server: None, account: None, private: false }
    }
}

/// Asks over a Unix socket that is connected already, as user and password `probe`, within `limit`: for tests
/// with a server that is a test.
///
/// # Errors
/// [`Refusal`]: why there is no answer.
pub fn over(socket: UnixStream, limit: Duration) -> Result<Answer, Refusal> {
    let deadline = Deadline::after(limit);
    let tls = || Err(Failure::new(Step::Login, Kind::Closed));
    let login =
        Login { user: "probe", password: "probe", level: TlsLevel::Off, key: None, tls: &tls, name: "" };
    let request = Request {
        asked: "probe".to_owned(),
        several: false,
        gtids: false,
        group: false,
        heartbeats: None,
        deadline,
    };
    let failed = |cause| Failure::new(Step::Connect, Kind::from(cause));
    let stream = Stream::connected(socket, &Waiting::until(&request.deadline)).map_err(failed)?;
    ask_over(stream, None, &login, &request).map(|(answer, _)| answer)
}

/// What one server is asked.
pub(crate) struct Request<'a> {
    /// The name that the user gave it.
    pub(crate) asked: String,
    /// Whether several are asked: then the connection stays for more.
    pub(crate) several: bool,
    /// Whether its GTIDs are compared with those of others, or with earlier ones.
    pub(crate) gtids: bool,
    /// Whether it must be a member of a group.
    pub(crate) group: bool,
    /// The table of heartbeats, and what its times are in.
    pub(crate) heartbeats: Option<(&'a Table, Zone)>,
    /// The end of the whole conversation.
    pub(crate) deadline: Deadline,
}

/// Asks one server everything; the connection comes back where it may be needed once more.
pub(crate) fn ask(
    endpoint: &Endpoint<'_>,
    login: &Login<'_>,
    request: &Request<'_>,
) -> Result<(Answer, Option<Packets>), Refusal> {
    let (stream, address) = endpoint.connect(&request.deadline)?;
    ask_over(stream, address, login, request)
}

fn ask_over(
    stream: Stream<'static>,
    address: Option<SocketAddr>,
    login: &Login<'_>,
    request: &Request<'_>,
) -> Result<(Answer, Option<Packets>), Refusal> {
    let mut packets = Packets::new(stream);
    let private = |packets: &Packets, refusal: Refusal| Refusal { private: packets.is_private(), ..refusal };
    let greeting = login::login(&mut packets, login).map_err(|failure| private(&packets, failure.into()))?;
    let answer = converse(&mut packets, address, &greeting, request);
    let answer = answer.map_err(|failure| refusal(&mut packets, &greeting, failure));
    let kept = if request.several { Some(packets) } else { packets.quit() };
    Ok((answer?, kept))
}

/// Why a server that has let us in does not answer, with its name for the account where that lacks a
/// privilege.
fn refusal(packets: &mut Packets, greeting: &str, failure: Failure) -> Refusal {
    Refusal {
        server: Some(identify(greeting)),
        account: lacks_privilege(&failure).then(|| account(packets)).flatten(),
        private: packets.is_private(),
        failure,
    }
}

fn converse(
    packets: &mut Packets,
    address: Option<SocketAddr>,
    greeting: &str,
    request: &Request<'_>,
) -> Result<Answer, Failure> {
    let variables = variables(packets, greeting, request.gtids)?;
    let (flavour, version) = crate::server::known(greeting, &variables);
    let (statement, rows) = channels(packets, flavour, version)?;
    let mut server = Server::read(&request.asked, address, greeting, &variables, &rows);
    if flavour == Flavour::MySql {
        worker_errors(packets, &mut server.channels)?;
    }
    let mut answer = Answer { server, silent: Vec::new(), heartbeats: None, hidden: None };
    // A server that is no replica may be a member of a group, whose channels no statement lists on MySQL 9.
    if request.group || answer.server.channels.iter().all(Channel::is_group_replication) {
        membership(packets, greeting, request.group, &mut answer)?;
    }
    match request.heartbeats {
        Some(_) if answer.server.channels.is_empty() => {}
        Some((table, zone)) => match packets.query(&table.query()) {
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

/// Asks what the server is a member of. That an account may not see it matters only where there is a group.
fn membership(
    packets: &mut Packets,
    greeting: &str,
    expected: bool,
    answer: &mut Answer,
) -> Result<(), Failure> {
    const NAME: &str = "SHOW GLOBAL VARIABLES LIKE 'group_replication_group_name'";
    let server = &mut answer.server;
    if server.flavour == Flavour::MariaDb {
        let status = packets.query(GALERA_STATUS).or_else(if_told)?;
        server.membership = Galera::read(&status).map(Membership::Galera);
        return Ok(());
    }
    match packets.query(GROUP_MEMBERS) {
        Ok(rows) => server.membership = Group::read(&rows).map(Membership::Group),
        Err(failure) if lacks_privilege(&failure) => {
            let name = packets.query(NAME).or_else(if_told)?;
            let named = name.first().is_some_and(|row| row.filled(&["Value"]).is_some());
            if named || expected {
                answer.hidden = Some(Box::new(refusal(packets, greeting, failure)));
            }
        }
        // Servers before 5.7 have no such table.
        Err(failure) => drop(if_told(failure)?),
    }
    Ok(())
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

/// An error of the server means that it tells nothing here, and any other that the connection is lost.
fn if_told(failure: Failure) -> Result<Vec<Row>, Failure> {
    if failure.errno().is_some() { Ok(Vec::new()) } else { Err(failure) }
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
        answer.silent = liveness::read(&packets.query(liveness::QUERY).or_else(if_told)?);
    }
    Ok(())
}

/// Asks once more for the GTIDs alone.
pub(crate) fn ask_gtids(packets: &mut Packets, server: &mut Server) -> Result<(), Failure> {
    let row = packets.query(&select(Gtids::names(server.flavour)))?.into_iter().next().unwrap_or_default();
    server.later = Some(Gtids::read(&row));
    Ok(())
}

/// Asks how many commits wait for an acknowledgement by semi-sync. MySQL renamed the variable in 8.0.26.
pub(crate) fn ask_commits_waiting(packets: &mut Packets, server: &mut Server) -> Result<(), Failure> {
    let rows = packets.query("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_%_wait_sessions'")?;
    server.commits_waiting = rows.first().and_then(|row| row.number(&["Value"])).unwrap_or_default();
    Ok(())
}

fn select(names: &[&str]) -> String {
    let list: Vec<String> = names.iter().map(|name| format!("@@global.{name} AS {name}")).collect();
    format!("SELECT {}", list.join(", "))
}

/// The variables in one row, each under its own name.
fn variables(packets: &mut Packets, greeting: &str, sets: bool) -> Result<Row, Failure> {
    let (flavour, version) = identify(greeting);
    let mut names = vec![
        "version",
        "server_id",
        "read_only",
        "hostname",
        "port",
        "auto_increment_increment",
        "auto_increment_offset",
    ];
    match flavour {
        Flavour::MariaDb if sets => {
            names.extend(Gtids::names(flavour).iter().chain(&["log_bin", "log_slave_updates"]))
        }
        Flavour::MariaDb => names.push("gtid_current_pos"),
        Flavour::MySql => {
            names.extend((version >= Version(5, 6, 0)).then_some("server_uuid"));
            names.extend((version >= Version(5, 7, 8)).then_some("super_read_only"));
            // It can be long, and SHOW REPLICA STATUS holds it too.
            names.extend((sets && version >= Version(5, 6, 5)).then_some("gtid_executed"));
            let passes_on =
                if version >= Version(8, 0, 26) { "log_replica_updates" } else { "log_slave_updates" };
            names.extend(sets.then_some(passes_on));
        }
    }
    match packets.query(&select(&names)) {
        Ok(rows) => Ok(rows.into_iter().next().unwrap_or_default()),
        // Not the server that it says it is.
        Err(failure) if matches!(failure.errno(), Some(NO_VARIABLE | NOT_UNDERSTOOD)) => {
            names.extend([
                "server_uuid",
                "super_read_only",
                "log_bin",
                "log_slave_updates",
                "log_replica_updates",
            ]);
            names.extend(Gtids::names(Flavour::MySql).iter().chain(Gtids::names(Flavour::MariaDb)));
            let rows = packets
                .query(&format!("SHOW GLOBAL VARIABLES WHERE Variable_name IN ('{}')", names.join("', '")))?;
            let pair =
                |row: &Row| Some((row.filled(&["Variable_name"])?, row.text(&["Value"]).map(str::to_owned)));
            Ok(Row::new(rows.iter().filter_map(pair)))
        }
        Err(failure) => Err(failure),
    }
}

/// The channels, and the statement that showed them: the server's own first, and another only where it does
/// not know that one.
fn channels(
    packets: &mut Packets,
    flavour: Flavour,
    version: Version,
) -> Result<(&'static str, Vec<Row>), Failure> {
    const ALL: &str = "SHOW ALL SLAVES STATUS";
    const NEW: &str = "SHOW REPLICA STATUS";
    const OLD: &str = "SHOW SLAVE STATUS";
    let statements = match flavour {
        // Named connections are in no other statement, and it keeps the old words.
        Flavour::MariaDb => [ALL, OLD, NEW],
        Flavour::MySql if version >= Version(8, 0, 22) => [NEW, OLD, ALL],
        Flavour::MySql => [OLD, NEW, ALL],
    };
    let mut not_understood = None;
    for statement in statements {
        match packets.query(statement) {
            Ok(rows) => return Ok((statement, rows)),
            Err(failure) if failure.errno() == Some(NOT_UNDERSTOOD) => {
                not_understood = not_understood.or(Some(failure))
            }
            Err(failure) => return Err(failure),
        }
    }
    Err(not_understood.unwrap_or_else(|| Failure::new(Step::Statement, Kind::Closed)))
}

/// Whether the account may not ask what it asked.
pub(crate) fn lacks_privilege(failure: &Failure) -> bool {
    matches!(failure.errno(), Some(1142 | 1143 | 1227 | 1370)) && failure.step == Step::Statement
}

/// The account that was logged in, as it stands in the server's tables.
fn account(packets: &mut Packets) -> Option<String> {
    let rows = packets.query("SELECT CURRENT_USER() AS account").ok()?;
    rows.first().and_then(|row| row.filled(&["account"]))
}
