//! The statements that servers of all kinds and versions understand, and what to ask where one does not.

use crate::connection::Packets;
use crate::failure::{Failure, Kind, Step};
use crate::filter::MARKED;
use crate::request::Request;
use crate::row::Row;
use crate::server::{Flavour, Gtids, SEMI_SYNC, Version, identify};

/// ER_PARSE_ERROR: the server does not know the statement.
const NOT_UNDERSTOOD: u16 = 1064;
/// ER_UNKNOWN_SYSTEM_VARIABLE.
const NO_VARIABLE: u16 = 1193;

/// Returns the statement that shows these variables, each under its own name.
pub(crate) fn select(names: &[&str]) -> String {
    let list: Vec<String> = names.iter().map(|name| format!("@@global.{name} AS {name}")).collect();
    format!("SELECT {}", list.join(", "))
}

/// Reads the variables in one row, each under its own name.
pub(crate) fn variables(
    packets: &mut Packets,
    greeting: &str,
    request: &Request<'_>,
) -> Result<Row, Failure> {
    let names = names(identify(greeting), request);
    match packets.query(&select(&names)) {
        Ok(rows) => Ok(rows.into_iter().next().unwrap_or_default()),
        // Not the server that it says it is.
        Err(failure) if matches!(failure.errno(), Some(NO_VARIABLE | NOT_UNDERSTOOD)) => {
            variables_there(packets, names)
        }
        Err(failure) => Err(failure),
    }
}

/// Returns the variables that a server of this kind and version has, as far as they are needed.
fn names((flavour, version): (Flavour, Version), request: &Request<'_>) -> Vec<&'static str> {
    let sets = request.gtids;
    let since = |known: Version| version >= known;
    let mut names = vec!["version", "server_id", "read_only", "hostname", "port"];
    names.extend(["auto_increment_increment", "auto_increment_offset"]);
    names.extend((!request.databases.is_empty()).then_some("binlog_format"));
    let is_new = flavour == Flavour::MySql && since(Version(8, 0, 26));
    names.push(if is_new { "replica_skip_errors" } else { "slave_skip_errors" });
    names.push(if is_new { "replica_exec_mode" } else { "slave_exec_mode" });
    match flavour {
        Flavour::MariaDb => {
            // A server that was built without Galera has none of these, which costs it one statement more.
            let galera =
                since(Version(10, 1, 0)).then_some(["wsrep_provider", "wsrep_on", "wsrep_cluster_address"]);
            names.extend(galera.into_iter().flatten());
            names.extend(since(Version(10, 3, 6)).then_some("wsrep_reject_queries"));
            names.extend((sets || request.log).then_some(MARKED));
            // Before, it was a plugin's.
            let semi_sync = request.several && !request.semi_sync && since(Version(10, 3, 3));
            names.extend(semi_sync.then_some(SEMI_SYNC));
            let gtids =
                Gtids::names(flavour).iter().chain(&["log_bin", "log_slave_updates", "gtid_domain_id"]);
            names.extend(gtids.take(if sets { usize::MAX } else { 1 }));
        }
        Flavour::MySql => {
            names.extend(since(Version(5, 6, 0)).then_some("server_uuid"));
            names.extend(since(Version(5, 7, 8)).then_some("super_read_only"));
            // It can be long, and SHOW REPLICA STATUS holds it too.
            let of_gtids = ["gtid_executed", "gtid_mode"];
            names.extend((sets && since(Version(5, 6, 5))).then_some(of_gtids).into_iter().flatten());
            names.extend((request.state && since(Version(5, 6, 5))).then_some("gtid_purged"));
            names.extend(sets.then_some(if is_new { "log_replica_updates" } else { "log_slave_updates" }));
        }
    }
    names
}

/// Reads those of the variables that there are, with what any kind of server may have.
fn variables_there(packets: &mut Packets, mut names: Vec<&str>) -> Result<Row, Failure> {
    names.extend(["server_uuid", "super_read_only", "log_bin", "log_slave_updates", "log_replica_updates"]);
    names.extend(["gtid_purged", "gtid_mode"]);
    names.extend(["slave_skip_errors", "replica_skip_errors", "slave_exec_mode", "replica_exec_mode"]);
    names.extend(Gtids::names(Flavour::MySql).iter().chain(Gtids::names(Flavour::MariaDb)));
    let list = names.join("', '");
    let rows = packets.query(&format!("SHOW GLOBAL VARIABLES WHERE Variable_name IN ('{list}')"))?;
    Ok(Row::of_pairs(&rows))
}

/// The channels, and the statement that showed them: the server's own first, and another only where it does
/// not know that one.
pub(crate) fn channels(
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

/// Returns the statement that shows where a server's own binary log is, and its filters.
pub(crate) fn binary_log(flavour: Flavour, version: Version) -> &'static str {
    match flavour {
        Flavour::MySql if version >= Version(8, 2, 0) => "SHOW BINARY LOG STATUS",
        _ => "SHOW MASTER STATUS",
    }
}
