//! What a replica passes over on purpose: errors of its SQL thread, missing rows, and all that its source
//! writes. Both threads run meanwhile, and the lag is 0.

use plugin::Finding;

use crate::channel::Channel;
use crate::filter::{Expected, MARKED};
use crate::server::{Flavour, Server};

/// The errors by which data differ: ER_KEY_NOT_FOUND, ER_DUP_ENTRY, and those of foreign keys:
/// ER_NO_REFERENCED_ROW, ER_ROW_IS_REFERENCED and both of today.
const OF_DATA: [&str; 7] = ["1032", "1062", "1216", "1217", "1451", "1452", "all"];

/// Judges the errors that a server skips, unless that is `expected`. MariaDB counts what it has skipped, and
/// MySQL does not.
pub(crate) fn judge(server: &Server, expected: Expected<'_>) -> Vec<Finding> {
    let Server { asked, skip_errors, skipped, .. } = server;
    let s = if *skipped == 1 { "" } else { "s" };
    let mut findings = Vec::new();
    let skipping = |errors: &String| match skipped {
        0 if skips_uncounted(server, errors) => {
            Finding::warning(format!("{asked}: {errors}: its data may differ, and no error tells"))
        }
        0 => Finding::ok("").verbose_detail(format!("{asked}: {errors}")),
        _ => Finding::warning(format!(
            "{asked}: {skipped} error{s} of its SQL thread skipped since its start, {errors}: its data differ"
        )),
    };
    findings.extend(skip_errors.iter().map(|errors| {
        let name = errors.split(' ').next().unwrap_or_default();
        expected.accept(name, skipping(errors))
    }));
    findings.extend(server.idempotent.filter(|_| applies(server)).map(|name| {
        let text = format!("{asked}: skips missing rows and duplicate keys, {name} is IDEMPOTENT");
        expected.accept(name, Finding::warning(text))
    }));
    findings
}

/// Judges a replica of MariaDB that drops what sessions with skip_replication write: a note, unless databases
/// are `expected`.
pub(crate) fn of_marked(server: &Server, expected: Expected<'_>) -> Option<Finding> {
    let value = server.marked.as_ref().filter(|_| applies(server))?;
    let text =
        format!("{}: drops what sessions with skip_replication write, {MARKED} is {value}", server.asked);
    Some(match expected.databases {
        [] => Finding::ok("").verbose_detail(text),
        _ => expected.accept(MARKED, Finding::warning(text)),
    })
}

/// Judges a channel that drops what its source itself writes. `passes_on` is whether the source sends what
/// others write as well, `None` if it was not asked: then it may.
pub(crate) fn of_source(subject: &str, channel: &Channel, passes_on: Option<bool>) -> Option<Finding> {
    let id = channel.source_server_id;
    channel.filters.ignores(id).then(|| {
        let has = format!("{subject}: IGNORE_SERVER_IDS has {id}, its source:");
        match passes_on {
            Some(false) => Finding::critical(format!("{has} all of it is dropped")),
            Some(true) | None => Finding::warning(format!("{has} what it writes itself is dropped")),
        }
    })
}

/// Whether a server of MySQL skips errors by which data differ.
fn skips_uncounted(server: &Server, errors: &str) -> bool {
    let list = errors.rsplit(' ').next().unwrap_or_default();
    let is_of_data = |error: &str| OF_DATA.iter().any(|one| error.trim().eq_ignore_ascii_case(one));
    server.flavour == Flavour::MySql && applies(server) && list.split(',').any(is_of_data)
}

/// Whether a server applies what another one writes.
fn applies(server: &Server) -> bool {
    server.channels.iter().any(|channel| !channel.is_group_replication())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::filter::FilterName;
    use crate::pair::tests::{linked, mariadb, server, texts};
    use crate::row::Row;

    fn replica(make: fn(&str, u64) -> Server, change: impl Fn(&mut Server)) -> Vec<String> {
        let mut servers = linked(make, &["b", "a"]);
        let mut own = servers.swap_remove(0);
        change(&mut own);
        texts(judge(&own, Expected::default()))
    }

    #[test]
    fn errors_that_may_be_skipped() {
        let of_mysql = |accepted: &[&str], is_mysql: bool| {
            let accepted: Vec<FilterName> = accepted.iter().map(|name| name.parse().unwrap()).collect();
            let mut server = linked(if is_mysql { server } else { mariadb }, &["b", "a"]).swap_remove(0);
            let (errors, mode) = match is_mysql {
                true => ("replica_skip_errors is 1062", "replica_exec_mode"),
                false => ("slave_skip_errors is 1062", "slave_exec_mode"),
            };
            (server.skip_errors, server.skipped, server.idempotent) =
                (Some(errors.to_owned()), 3, Some(mode));
            texts(judge(&server, Expected { databases: &[], accepted: &accepted }))
        };
        let said = |accepted: &[&str]| of_mysql(accepted, false);
        let errors = "WARNING a: 3 errors of its SQL thread skipped since its start, slave_skip_errors is 1062: its data differ";
        let rows = "WARNING a: skips missing rows and duplicate keys, slave_exec_mode is IDEMPOTENT";
        assert_eq!(said(&[]), [errors, rows]);
        assert_eq!(said(&["replicate_do_db", "binlog_do_db"]), [errors, rows]);
        // Each by both of its names, whichever the server has.
        for (name, is_mode) in [
            ("slave_skip_errors", false),
            ("replica_skip_errors", false),
            ("replica-skip-errors", false),
            ("slave_exec_mode", true),
            ("replica_exec_mode", true),
            ("Slave-Exec-Mode", true),
        ] {
            for is_mysql in [false, true] {
                let said = of_mysql(&[name], is_mysql);
                assert_eq!((said[0] == "OK ", said[1] == "OK "), (!is_mode, is_mode), "{name} {said:?}");
            }
        }
        assert_eq!(said(&["SLAVE_EXEC_MODE"]), [errors, "OK "]);
        assert_eq!(said(&["slave_skip_errors"]), ["OK ", rows]);
    }

    #[test]
    fn errors_that_are_skipped_without_a_count() {
        let rows: [(&str, bool); 9] = [
            ("1032", true),
            ("1007,1062", true),
            ("ALL", true),
            ("1452", true),
            ("1007,1451", true),
            ("1007,1008,1050,1051,1054,1060,1061,1068,1094,1146", false),
            ("10620", false),
            ("1205", false),
            ("OFF", false),
        ];
        for (list, told) in rows {
            let errors = format!("replica_skip_errors is {list}");
            let line = format!("WARNING a: {errors}: its data may differ, and no error tells");
            let skips = |server: &mut Server| server.skip_errors = Some(errors.clone());
            let expected = if told { line } else { "OK ".to_owned() };
            assert_eq!(replica(server, skips), [expected], "{list}");
            assert_eq!(replica(mariadb, skips), ["OK "], "{list}");
            let no_replica = |server: &mut Server| {
                skips(server);
                server.channels.clear();
            };
            assert_eq!(replica(server, no_replica), ["OK "], "{list}");
        }
    }

    #[test]
    fn rows_that_are_skipped() {
        let read = |version: &str, name: &str, mode: &str| {
            let columns = [("version", version), (name, mode)];
            let row = Row::new(columns.map(|(name, value)| (name.to_owned(), Some(value.to_owned()))));
            Server::read("a", None, "", &row, &[]).idempotent
        };
        assert_eq!(read("9.7.4", "replica_exec_mode", "IDEMPOTENT"), Some("replica_exec_mode"));
        assert_eq!(read("10.11.19-MariaDB", "slave_exec_mode", "IDEMPOTENT"), Some("slave_exec_mode"));
        assert_eq!(read("10.11.19-MariaDB", "slave_exec_mode", "STRICT"), None);
        // There it is the mode that replication needs.
        assert_eq!(read("8.0.36-cluster", "replica_exec_mode", "IDEMPOTENT"), None);
        assert_eq!(read("5.7.30-ndb-7.6.14", "slave_exec_mode", "IDEMPOTENT"), None);
        let skips = |server: &mut Server| server.idempotent = Some("slave_exec_mode");
        let line = "WARNING a: skips missing rows and duplicate keys, slave_exec_mode is IDEMPOTENT";
        assert_eq!(replica(mariadb, skips), [line]);
        assert_eq!(
            replica(mariadb, |server| {
                skips(server);
                server.channels.clear();
            }),
            Vec::<String>::new()
        );
    }

    #[test]
    fn what_is_marked_for_skip() {
        let read = |value: &str| {
            let columns = [("version", "10.11.19-MariaDB"), (MARKED, value)];
            let row = Row::new(columns.map(|(name, value)| (name.to_owned(), Some(value.to_owned()))));
            Server::read("a", None, "", &row, &[]).marked
        };
        let databases = ["shop".to_owned()];
        let accepted = MARKED.parse().map(|name| [name]).unwrap_or_else(|_| unreachable!());
        let said = |value: &str, databases: &[String], accepted: &[FilterName], has_channel: bool| {
            let mut server = linked(mariadb, &["b", "a"]).swap_remove(0);
            server.marked = read(value);
            server.channels.retain(|_| has_channel);
            texts(of_marked(&server, Expected { databases, accepted }).into_iter().collect())
        };
        let nothing = Vec::<String>::new();
        for value in ["REPLICATE", "replicate", ""] {
            assert_eq!(said(value, &databases, &[], true), nothing, "{value}");
        }
        for value in ["FILTER_ON_SLAVE", "FILTER_ON_MASTER"] {
            let line =
                format!("WARNING a: drops what sessions with skip_replication write, {MARKED} is {value}");
            assert_eq!(said(value, &databases, &[], true), [line]);
            assert_eq!(said(value, &databases, &accepted, true), ["OK "]);
            assert_eq!(said(value, &[], &[], true), ["OK "]);
            assert_eq!(said(value, &databases, &[], false), nothing);
        }
    }

    #[test]
    fn a_source_that_is_dropped() {
        let rows = [
            ("1", Some(false), "CRITICAL s: IGNORE_SERVER_IDS has 1, its source: all of it is dropped"),
            ("3, 1", Some(false), "CRITICAL s: IGNORE_SERVER_IDS has 1, its source: all of it is dropped"),
            (
                "1",
                Some(true),
                "WARNING s: IGNORE_SERVER_IDS has 1, its source: what it writes itself is dropped",
            ),
            ("1", None, "WARNING s: IGNORE_SERVER_IDS has 1, its source: what it writes itself is dropped"),
            ("2,11", None, ""),
            ("2,11", Some(false), ""),
            ("", Some(false), ""),
        ];
        for (ids, passes_on, expected) in rows {
            let columns = [("Replicate_Ignore_Server_Ids", ids), ("Master_Server_Id", "1")];
            let row = Row::new(columns.map(|(name, value)| (name.to_owned(), Some(value.to_owned()))));
            let found = of_source("s", &Channel::read(&row), passes_on);
            assert_eq!(texts(found.into_iter().collect()).join(""), expected, "{ids}");
        }
    }
}
