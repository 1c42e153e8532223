//! Rows: a replica, its source, and whether the replica is ahead.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::pair::errant::tests::executed;
use crate::pair::tests::{mariadb, server, texts};
use crate::server::Gtids;

fn found(servers: &[Server]) -> Vec<String> {
    texts(judge(servers, &Links::find(servers), &[]))
}

type Row<'a> = (fn(&str, u64) -> Server, &'a [&'a str], &'a [&'a str], &'a str);

#[test]
fn a_source_that_lost_what_its_replica_has() {
    let lost = "source reset, restored or log lost";
    let rows: [Row<'_>; 14] = [
        (mariadb, &["", "a"], &["1-1-3", "1-1-3"], ""),
        (mariadb, &["", "a"], &["1-1-4", "1-1-3"], ""),
        (mariadb, &["", "a"], &["1-1-1", "1-1-3"], "b is ahead of its source a (1-1-3 past 1-1-1): "),
        (mariadb, &["", "a"], &["", "1-1-3"], "b is ahead of its source a (1-1-3 past none): "),
        // Each domain for itself, and what the replica wrote is another matter.
        (
            mariadb,
            &["", "a"],
            &["0-1-9,1-1-1", "0-1-9,1-1-3"],
            "b is ahead of its source a (1-1-3 past 1-1-1): ",
        ),
        (mariadb, &["", "a"], &["1-1-3", "1-2-9"], ""),
        // In a ring one of them has lost its own.
        (
            mariadb,
            &["b", "a"],
            &["1-1-1,2-2-5", "1-1-3,2-2-5"],
            "b is ahead of its source a (1-1-3 past 1-1-1): ",
        ),
        (mariadb, &["b", "a"], &["1-1-3,2-2-5", "1-1-3,2-2-6"], ""),
        // Through a server between them.
        (
            mariadb,
            &["", "a", "b"],
            &["1-1-1", "1-1-1", "1-1-3"],
            "c is ahead of its source a (1-1-3 past 1-1-1): ",
        ),
        (server, &["", "a"], &["U1:1-3", "U1:1-3"], ""),
        (server, &["", "a"], &["U1:1-3", "U1:1-2,U2:1"], ""),
        (server, &["", "a"], &["U1:1", "U1:1-3"], "b is ahead of its source a (2 transactions): "),
        (server, &["", "a"], &["", "U1:1,U2:5"], "b is ahead of its source a (1 transaction): "),
        (
            server,
            &["b", "a"],
            &["U1:1,U2:1", "U1:1-2,U2:1-2"],
            "b is ahead of its source a (1 transaction): ",
        ),
    ];
    for (make, sources, gtids, text) in rows {
        let expected = if text.is_empty() { vec![] } else { vec![format!("CRITICAL {text}{lost}")] };
        assert_eq!(found(&executed(make, sources, gtids)), expected, "{sources:?} {gtids:?}");
    }
}

/// FLUSH BINARY LOGS DELETE_DOMAIN_ID takes one domain, and RESET MASTER all of them.
#[test]
fn a_domain_that_was_deleted_on_the_source() {
    let gone = "WARNING a has no domain 5 and its replica b has 5-1-1: deleted there, or source reset";
    let lost = |what: &str| {
        format!("CRITICAL b is ahead of its source a ({what}): source reset, restored or log lost")
    };
    let rows: [(&str, &str, &str, &str); 8] = [
        ("0-1-9", "0-1-9,5-1-1", "", gone),
        // What the replica has yet to get changes nothing.
        ("0-1-12", "0-1-9,5-1-1", "", gone),
        ("0-1-9", "0-1-9,5-1-1", "5-1-1", ""),
        ("0-1-9", "0-1-9,5-1-1", "5-1-7", ""),
        // Its id accepts what a source wrote by mistake, and no log that was lost.
        ("0-1-9", "0-1-9,5-1-1", "1", gone),
        ("", "5-1-1", "5-1-1", ""),
        ("0-1-1", "0-1-9,5-1-1", "5-1-1", &lost("0-1-9 past 0-1-1")),
        ("0-1-9,5-1-1", "0-1-9,5-1-3", "5-1-3", &lost("5-1-3 past 5-1-1")),
    ];
    for (source, replica, accepted, expected) in rows {
        let servers = executed(mariadb, &["", "a"], &[source, replica]);
        let accepted: Vec<Accepted> = accepted.parse().into_iter().collect();
        let said = texts(judge(&servers, &Links::find(&servers), &accepted));
        assert_eq!(said.join("\n"), expected, "{source} {replica} {accepted:?}");
    }
}

#[test]
fn what_the_source_wrote_meanwhile_and_what_does_not_count() {
    let mut servers = executed(mariadb, &["", "a"], &["1-1-1", "1-1-3"]);
    let ahead = found(&servers);
    servers[0].later = Some(Gtids { current: Some("1-1-3".to_owned()), ..Gtids::default() });
    assert_eq!((ahead.len(), found(&servers)), (1, vec![]));
    // A source that did not answer again.
    servers[0].later = Some(Gtids::default());
    assert_eq!(found(&servers), [""; 0]);
    // A replica that goes by positions in files, or was moved to where its source began again.
    servers[0].later = None;
    servers[1].gtids.current = Some("1-1-1".to_owned());
    servers[1].gtids.history = Some("1-1-3".to_owned());
    assert_eq!(found(&servers).len(), 1);
    servers[1].gtids.applied = Some("1-1-1".to_owned());
    assert_eq!(found(&servers), [""; 0]);
    servers[1].gtids.applied = None;
    servers[1].channels[0].using_gtid = Some("No".to_owned());
    assert_eq!(found(&servers), [""; 0]);
}

/// The source replicated once, and its gtid_slave_pos still has numbers of itself.
#[test]
fn what_is_left_in_gtid_slave_pos_of_the_source_does_not_count() {
    let lost = "source reset, restored or log lost";
    for (leftover, log, what) in [
        ("0-1-2", "", "0-1-4 past none"),
        ("0-1-2", "0-1-1", "0-1-4 past 0-1-1"),
        ("0-1-9", "0-1-1", "0-1-4 past 0-1-1"),
        ("0-1-9", "0-1-4", ""),
    ] {
        let mut servers = executed(mariadb, &["", "a"], &["0-1-9", "0-1-4"]);
        servers[0].gtids.applied = Some(leftover.to_owned());
        servers[0].gtids.history = Some(log.to_owned());
        let line = format!("CRITICAL b is ahead of its source a ({what}): {lost}");
        let expected = if what.is_empty() { vec![] } else { vec![line] };
        assert_eq!(found(&servers), expected, "{leftover} {log}");
    }
}

#[test]
fn a_commit_that_waits_for_semi_sync_is_not_lost() {
    let mut servers = executed(server, &["", "a"], &["U1:1", "U1:1-2"]);
    servers[0].commits_waiting = 1;
    let waits = ["WARNING a commit on a waits for a semi-sync acknowledgement"];
    assert_eq!(found(&servers), waits);
    assert_eq!(waiting(&servers).count(), 0);
    // By --semi-sync it is told already.
    let row = |(name, value): (&str, &str)| {
        let columns = [("Variable_name", name), ("Value", value)];
        crate::row::Row::new(columns.map(|(name, value)| (name.to_owned(), Some(value.to_owned()))))
    };
    let variables = [("rpl_semi_sync_source_enabled", "ON")].map(row);
    let status =
        [("Rpl_semi_sync_source_wait_sessions", "1"), ("Rpl_semi_sync_source_clients", "0")].map(row);
    servers[0].semi_sync = Some(SemiSync::read(&variables, &status));
    assert_eq!(found(&servers), [""; 0]);
    servers[0].semi_sync = None;
    // MariaDB has it in its log, so that a replica which is ahead is ahead.
    let mut servers = executed(mariadb, &["", "a"], &["1-1-1", "1-1-3"]);
    let ahead = found(&servers);
    servers[0].commits_waiting = 1;
    assert_eq!(ahead.len(), 1);
    assert_eq!(
        (found(&servers), texts(waiting(&servers).collect())),
        (ahead, waits.map(str::to_owned).into())
    );
}
