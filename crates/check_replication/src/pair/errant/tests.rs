//! Rows: what servers have executed, what some lack, and what is errant.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::pair::tests::{linked, mariadb, server, texts, uuid};
use crate::server::Flavour;

/// The servers of `linked`, with what each has executed.
pub(crate) fn executed(make: fn(&str, u64) -> Server, sources: &[&str], gtids: &[&str]) -> Vec<Server> {
    let mut servers = linked(make, sources);
    for (server, gtid) in servers.iter_mut().zip(gtids) {
        let text = (1..4).fold((*gtid).to_owned(), |text, id| text.replace(&format!("U{id}"), &uuid(id)));
        match server.flavour {
            Flavour::MySql => server.gtids.executed = Some(text),
            Flavour::MariaDb => server.gtids.current = Some(text),
        }
    }
    servers
}

/// What replicas lack as "b-a=3", who is to be asked again, and what is found.
fn transactions(servers: &[Server]) -> (String, Vec<usize>, Vec<String>) {
    let links = Links::find(servers);
    let lack =
        |lack: Lack| format!("{}-{}={}", name(servers, lack.replica), name(servers, lack.source), lack.count);
    let lacks: Vec<String> = lacks(servers, &links).into_iter().map(lack).collect();
    (lacks.join(" "), to_ask_again(servers, &links), texts(judge(servers, &links, &[])))
}

type Transactions<'a> = (&'a [&'a str], &'a [&'a str], &'a str, &'a [usize], &'a [&'a str]);

#[test]
fn errant_transactions_of_mysql() {
    let rows: &[Transactions<'_>] = &[
        (&["", "a"], &["U1:1-5", "U1:1-5"], "b-a=0", &[], &[]),
        (&["", "a"], &["U1:1-5", "U1:1-3"], "b-a=2", &[], &[]),
        (&["", "a"], &["U1:1-5:tag:1-4", "U1:1-5:tag:1"], "b-a=3", &[], &[]),
        (
            &["", "a"],
            &["U1:1-5", "U1:1-3,U2:1-2"],
            "b-a=2",
            &[0],
            &["WARNING b has 2 errant transactions, unknown to a: 00000000-0000-0000-0000-000000000002:1-2"],
        ),
        (
            &["", "a"],
            &["U1:1-5", "U1:1-5,U2:tag:7"],
            "b-a=0",
            &[0],
            &["WARNING b has 1 errant transaction, unknown to a: 00000000-0000-0000-0000-000000000002:tag:7"],
        ),
        // In a ring what one has reaches the other in time.
        (&["b", "a"], &["U1:1-5,U2:1", "U1:1-3,U2:1-4"], "a-b=3 b-a=2", &[], &[]),
        // Half a ring: a gets nothing of b's.
        (
            &["", "a"],
            &["U1:1-5,U2:1", "U1:1-5,U2:1-4"],
            "b-a=0",
            &[0],
            &["WARNING b has 3 errant transactions, unknown to a: 00000000-0000-0000-0000-000000000002:2-4"],
        ),
        // A chain: what each had is compared with what the one above it has later.
        (
            &["", "a", "b"],
            &["U1:1-5", "U1:1-5,U2:1", "U1:1-5,U2:1,U3:1"],
            "b-a=0 c-b=0",
            &[0, 1],
            &[
                "WARNING b has 1 errant transaction, unknown to a: 00000000-0000-0000-0000-000000000002:1",
                "WARNING c has 1 errant transaction, unknown to b: 00000000-0000-0000-0000-000000000003:1",
            ],
        ),
        // Several sources: what one of them has is not errant.
        (&["", "", "ab"], &["U1:1-5", "U2:1-2", "U1:1-5,U2:1-2"], "c-a=0 c-b=0", &[], &[]),
        (
            &["", "", "ab"],
            &["U1:1-5", "U2:1-2", "U1:1-5,U2:1-2,U3:1"],
            "c-a=0 c-b=0",
            &[0, 1],
            &[
                "WARNING c has 1 errant transaction, unknown to a and b: 00000000-0000-0000-0000-000000000003:1",
            ],
        ),
        // A stranger may have them, or may bring them.
        (&["", "az"], &["U1:1-5", "U1:1-5,U2:1-2"], "b-a=0", &[], &[]),
        (&["z", "a"], &["U1:1-5", "U1:1-5,U2:1-2"], "b-a=0", &[], &[]),
        (&["", ""], &["U1:1-5", "U2:1-2"], "", &[], &[]),
        (&["", "a"], &["U1:1-5", "junk"], "", &[], &["UNKNOWN b: not a GTID: junk"]),
    ];
    for (sources, gtids, lacks, again, findings) in rows {
        let expected =
            ((*lacks).to_owned(), again.to_vec(), findings.iter().map(|text| (*text).to_owned()).collect());
        assert_eq!(transactions(&executed(server, sources, gtids)), expected, "{sources:?} {gtids:?}");
    }
}

#[test]
fn errant_transactions_of_mariadb() {
    let rows: &[Transactions<'_>] = &[
        (&["", "a"], &["0-1-5", "0-1-5"], "b-a=0", &[], &[]),
        (&["", "a"], &["0-1-5,1-1-9", "0-1-3,1-1-8"], "b-a=3", &[], &[]),
        (
            &["", "a"],
            &["0-1-5", "0-2-7"],
            "b-a=0",
            &[0],
            &["WARNING b has errant transactions, unknown to a: up to 0-2-7"],
        ),
        (
            &["", "a"],
            &["0-1-5", "0-1-3,2-2-1,3-2-4"],
            "b-a=2",
            &[0],
            &["WARNING b has errant transactions, unknown to a: up to 2-2-1,3-2-4"],
        ),
        (
            &["", "a"],
            &["0-1-7", "0-2-7"],
            "b-a=0",
            &[0],
            &["WARNING b has errant transactions, unknown to a: up to 0-2-7"],
        ),
        (&["b", "a"], &["0-1-7", "0-2-7"], "a-b=0 b-a=0", &[], &[]),
        (&["b", "a"], &["1-1-7,2-2-3", "1-1-5,2-2-4"], "a-b=1 b-a=2", &[], &[]),
        (&["", "", "ab"], &["1-1-7", "2-2-3", "1-1-7,2-2-3"], "c-a=0 c-b=0", &[], &[]),
    ];
    for (sources, gtids, lacks, again, findings) in rows {
        let expected =
            ((*lacks).to_owned(), again.to_vec(), findings.iter().map(|text| (*text).to_owned()).collect());
        assert_eq!(transactions(&executed(mariadb, sources, gtids)), expected, "{sources:?} {gtids:?}");
    }
    // By positions in files, numbers mean nothing.
    for (sources, gtids) in
        [(["", "a"], ["0-1-5", "0-2-7"]), (["", "a"], ["0-1-7", "0-2-7"]), (["b", "a"], ["0-1-7", "0-2-7"])]
    {
        let mut servers = executed(mariadb, &sources, &gtids);
        let channels = servers.iter_mut().flat_map(|server| &mut server.channels);
        channels.for_each(|channel| channel.using_gtid = Some("No".to_owned()));
        assert_eq!(transactions(&servers), (String::new(), vec![], vec![]), "{sources:?} {gtids:?}");
    }
    // What a replica without binary log has applied shows in the one, what it has logged since in the other.
    let mut servers = executed(mariadb, &["", "a"], &["0-1-5", "0-1-5"]);
    servers.last_mut().unwrap().gtids.logged = Some("0-2-6".to_owned());
    assert_eq!(transactions(&servers).2, ["WARNING b has errant transactions, unknown to a: up to 0-2-6"]);
    // They stay errant when the source has written more, until they are accepted.
    servers.first_mut().unwrap().gtids.current = Some("0-1-9".to_owned());
    assert_eq!(transactions(&servers).2, ["WARNING b has errant transactions, unknown to a: up to 0-2-6"]);
    for (accepted, left) in [("0-2-5", 1), ("0-2-6", 0), ("2", 0), ("3", 1)] {
        let links = Links::find(&servers);
        assert_eq!(judge(&servers, &links, &[accepted.parse().unwrap()]).len(), left, "{accepted}");
    }
    // What a third server wrote before the source was set up is not errant.
    servers.last_mut().unwrap().gtids.history = Some("0-2-6,0-7-5,0-1-9".to_owned());
    assert_eq!(transactions(&servers).2, ["WARNING b has errant transactions, unknown to a: up to 0-2-6"]);
    servers.last_mut().unwrap().gtids.history = Some("0-7-10".to_owned());
    assert_eq!(
        transactions(&servers).2,
        ["WARNING b has errant transactions, unknown to a: up to 0-2-6,0-7-10"]
    );
    // A source that did not tell any more has not lost what it had.
    servers.first_mut().unwrap().gtids.current = None;
    assert_eq!(transactions(&servers), (String::new(), vec![], vec![]));
    let mut silent = executed(server, &["", "a"], &["", "U1:1-5,U2:1"]);
    silent.first_mut().unwrap().gtids.executed = None;
    assert_eq!(transactions(&silent), (String::new(), vec![], vec![]));
    // A set and a position cannot be compared.
    let mut mixed = executed(mariadb, &["", "a"], &["0-1-5", "0-1-5"]);
    *mixed.first_mut().unwrap() = executed(server, &[""], &["U1:1-9"]).remove(0);
    assert_eq!(transactions(&mixed), (String::new(), vec![], vec![]));
}

/// Positions of an earlier setup in gtid_slave_pos, and what the replica wrote itself, are not missing on it.
#[test]
fn what_a_source_does_not_send_is_not_missing() {
    let rows = [
        // The source's binary log and gtid_slave_pos, and the position of the replica with the id 2.
        ("0-1-5", "", "0-1-3", "b-a=2"),
        ("0-1-5", "7-9-100", "0-1-5", "b-a=0"),
        ("0-1-5", "7-9-100", "0-1-4", "b-a=1"),
        ("0-1-5,7-9-100", "7-9-100", "0-1-5", "b-a=100"),
        ("0-1-5,7-2-100", "7-2-100", "0-1-5", "b-a=0"),
        ("0-1-5,0-2-9", "0-2-9", "0-1-5", "b-a=0"),
        ("0-1-8,0-2-9", "0-2-9", "0-1-5", "b-a=3"),
        ("", "0-9-5", "", "b-a=0"),
    ];
    for (history, applied, position, expected) in rows {
        let mut servers = executed(mariadb, &["", "a"], &[&format!("{history},{applied}"), position]);
        servers[0].gtids.history = Some(history.to_owned());
        servers[0].gtids.applied = Some(applied.to_owned());
        assert_eq!(transactions(&servers).0, expected, "{history} {applied} {position}");
    }
}

/// What is written without GTIDs is not counted: 0 would say that nothing is missing.
#[test]
fn what_is_missing_without_gtids_is_not_known() {
    for anonymous in [0, 1] {
        let mut servers = executed(server, &["", "a"], &["U1:1", "U1:1"]);
        servers[anonymous].is_anonymous = true;
        assert_eq!(transactions(&servers), (String::new(), vec![], vec![]));
    }
}
