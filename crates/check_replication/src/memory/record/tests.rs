//! Rows: what servers told one after another, and what is known then.

use super::*;
use crate::pair::tests::{mariadb, server, uuid};

/// A server of MariaDB with this binary log, or of MySQL with these transactions.
fn with(id: u64, gtids: &str) -> Server {
    if gtids.contains(['U', 'V']) {
        let mut mysql = server("db-01", id);
        mysql.gtids.executed = Some(gtids.replace('U', &uuid(id)).replace('V', &uuid(9)));
        return mysql;
    }
    let mut mariadb = mariadb("db-01", id);
    mariadb.gtids.history = Some(gtids.to_owned());
    mariadb
}

/// FLUSH BINARY LOGS DELETE_DOMAIN_ID takes one domain, and RESET MASTER all of them.
#[test]
fn a_domain_that_was_deleted_is_no_log_that_started_again() {
    let rows: [(&[&str], &str, Option<&str>); 7] = [
        (&["0-1-2,5-1-1", "0-1-2"], "5-1-1", Some("5")),
        (&["0-1-2,5-1-1", "0-1-9", "0-1-10"], "5-1-1", Some("5")),
        (&["0-1-2,5-1-1,6-1-4", "6-1-4"], "0-1-2", Some("0")),
        (&["0-1-2,5-1-1", "0-1-1"], "0-1-2", None),
        (&["0-1-2,5-1-1", ""], "0-1-2", None),
        // A log that starts again later is no less bad.
        (&["0-1-2,5-1-1", "0-1-9", "0-1-1"], "0-1-9", None),
        (&["0-1-2,5-1-1", "0-1-1", "0-1-9"], "0-1-2", None),
    ];
    for (looks, before, domain) in rows {
        let mut records = Records::default();
        let mut said = Vec::new();
        for look in looks {
            said = records.take(&with(1, look)).unwrap();
            records = records.to_string().parse().unwrap();
        }
        let said = said.swap_remove(0);
        assert_eq!((said.before.as_str(), said.gone_domain()), (before, domain), "{looks:?}");
        records.take(&with(1, looks[looks.len() - 1])).unwrap();
        assert!(!records.acknowledge().is_empty());
        assert_eq!(records.take(&with(1, looks[looks.len() - 1])), Ok(vec![]), "{looks:?}");
    }
}

fn gone(before: &str, after: &str, by_another: bool) -> Restart {
    Restart { before: before.to_owned(), after: after.to_owned(), by_another }
}

#[test]
fn a_log_that_started_again_is_known_until_it_is_acknowledged() {
    let rows: [(&[&str], &str); 15] = [
        (&["1-1-3"], ""),
        (&["1-1-3", "1-1-3", "1-1-9"], ""),
        (&["1-1-3", "1-1-1"], "1-1-3 1-1-1"),
        (&["1-1-3", ""], "1-1-3 none"),
        (&["", "1-1-1"], ""),
        // It stays known when the numbers have caught up, and the next one too, each once.
        (&["1-1-3", "1-1-1", "1-1-3", "1-1-1"], "1-1-3 1-1-1"),
        (&["1-1-3", "1-1-1", "1-1-7", "1-1-2"], "1-1-3 1-1-1, 1-1-7 1-1-2"),
        // Each domain of one look, and the worst first.
        (&["0-1-9,5-1-1,6-1-1", "0-1-9"], "5-1-1 domain gone, 6-1-1 domain gone"),
        (&["0-1-9,5-1-1", "0-1-9", "0-1-1"], "0-1-9 0-1-1, 5-1-1 domain gone"),
        // Another domain, and other servers' transactions.
        (&["0-1-2,1-1-3", "0-1-2,1-1-2"], "1-1-3 1-1-2"),
        (&["1-1-3,1-2-9", "1-1-3"], ""),
        (&["U:1-5", "U:1-6"], ""),
        (&["U:1-5,V:1-9", "U:1-5"], ""),
        (&["U:1-5", "U:1-2"], "transaction 5 2"),
        (&["U:1-5", "V:1"], "transaction 5 none"),
    ];
    for (looks, expected) in rows {
        let mut records = Records::default();
        let mut said = Vec::new();
        for look in looks {
            said = records.take(&with(1, look)).unwrap();
            let text = records.to_string();
            assert_eq!(text.parse().map(|kept: Records| kept.known), Ok(records.known.clone()), "{text}");
        }
        let text = said.iter().map(|Restart { before, after, .. }| format!("{before} {after}"));
        assert_eq!(text.collect::<Vec<_>>().join(", "), expected, "{looks:?}");
        assert_eq!((records.acknowledge(), records.acknowledge()), (said, vec![]), "{looks:?}");
        assert_eq!(records.take(&with(1, looks[looks.len() - 1])), Ok(vec![]), "{looks:?}");
    }
}

#[test]
fn restarts_have_a_bound() {
    let mut records = Records::default();
    for number in (1..40).rev() {
        records.take(&with(1, &format!("1-1-{number}"))).unwrap();
    }
    let told = records.take(&with(1, "1-1-1")).unwrap();
    assert_eq!((told.len(), &told[0]), (MOST_RESTARTS, &gone("1-1-39", "1-1-38", false)));
    assert_eq!(records.acknowledge(), told);
    assert_eq!(records.take(&with(1, "1-1-1")), Ok(vec![]));
}

#[test]
fn servers_at_one_address_are_kept_apart() {
    let mut records = Records::default();
    assert_eq!(records.take(&with(1, "1-1-9")), Ok(vec![]));
    // The address moved to its replica, which has nearly all of it.
    let replica = |id: u64, gtids: &str| Server {
        channels: vec![crate::channel::Channel::read(&crate::row::Row::default())],
        ..with(id, gtids)
    };
    assert_eq!(records.take(&replica(2, "1-1-8,1-2-3")), Ok(vec![]));
    // What that wrote meanwhile the first has not when the address comes back, unless it is its replica.
    assert_eq!(records.clone().take(&with(1, "1-1-9")), Ok(vec![gone("1-2-3", "none", true)]));
    assert_eq!(records.take(&replica(1, "1-1-9")), Ok(vec![]));
    let lost = vec![gone("1-2-3", "1-2-1", false)];
    assert_eq!(records.take(&with(2, "1-2-1")), Ok(lost));
    for id in 3..40 {
        assert_eq!(records.take(&replica(id, "1-1-1")), Ok(vec![]));
    }
    assert_eq!(records.to_string().lines().count(), 1 + MOST);
    let mut without = with(1, "1-1-9");
    without.log_bin = Some(false);
    assert_eq!(Records::default().take(&without), Ok(vec![]));
}

#[test]
fn a_source_that_was_restored_as_another_host_is_known() {
    let named = |id: u64, host: &str, gtids: &str| Server { hostname: host.to_owned(), ..with(id, gtids) };
    let mut records = Records::default();
    assert_eq!(records.take(&named(1, "old", "0-1-9")), Ok(vec![]));
    // With its id, on a host of another name.
    let mut renamed = records.clone();
    assert_eq!(renamed.take(&named(1, "new", "0-1-5")), Ok(vec![gone("0-1-9", "0-1-5", false)]));
    // With another id, which stays known until it has all, or that is acknowledged.
    let mut other = records.clone();
    let lost = Ok(vec![gone("0-1-9", "0-1-5", true)]);
    assert_eq!((other.take(&with(7, "0-1-5")), other.take(&with(7, "0-1-5,0-7-20"))), (lost.clone(), lost));
    let mut caught_up = other.clone();
    assert_eq!(caught_up.take(&with(7, "0-1-9,0-7-20")), Ok(vec![]));
    assert_eq!((other.acknowledge(), other.acknowledge()), (vec![gone("0-1-9", "0-1-5", true)], vec![]));
    assert_eq!(other.take(&with(7, "0-1-5,0-7-20")), Ok(vec![]));
    // One that replicated from it and was promoted: its log may not have what its position has.
    let mut promoted = with(2, "");
    promoted.gtids.applied = Some("0-1-9".to_owned());
    assert_eq!(records.clone().take(&promoted), Ok(vec![]));
    // By uuid.
    let mut records = Records::default();
    assert_eq!(records.take(&with(1, "U:1-9")), Ok(vec![]));
    let mut mysql = with(2, "U:1-3");
    mysql.gtids.executed = Some(format!("{}:1-5", uuid(1)));
    assert_eq!(records.take(&mysql), Ok(vec![gone("transaction 9", "5", true)]));
}

/// A server whose binary log is at this place.
fn at(server: Server, file: &str, position: u64) -> Server {
    let columns = [("File", file.to_owned()), ("Position", position.to_string())];
    let row = crate::row::Row::new(columns.map(|(name, value)| (name.to_owned(), Some(value))));
    Server { log: crate::binary_log::BinaryLog::read(&[row]), ..server }
}

/// Numbers that caught up before the next look tell nothing, and the files of the log do.
#[test]
fn a_log_that_started_again_and_caught_up_is_known_by_its_place() {
    let purged =
        |gtids: &str, purged: &str| Server { purged: Some(purged.replace('U', &uuid(1))), ..with(1, gtids) };
    let back = vec![gone("bin.000007:900", "bin.000001:330", false)];
    let first = |gtids: &str| at(purged(gtids, ""), "bin.000007", 900);
    let rows = [
        (first("0-1-6"), at(with(1, "0-1-8"), "bin.000001", 330), back.clone()),
        (first("U:1-7"), at(purged("U:1-9", ""), "bin.000001", 330), back.clone()),
        (first("U:1-7"), at(purged("U:1-9", "U:1-6"), "bin.000001", 330), back.clone()),
        (
            first("0-1-6"),
            at(with(1, "0-1-8"), "bin.000007", 899),
            vec![gone("bin.000007:900", "bin.000007:899", false)],
        ),
        // What the numbers tell is told once.
        (first("0-1-6"), at(with(1, "0-1-2"), "bin.000001", 330), vec![gone("0-1-6", "0-1-2", false)]),
        // It went on, has another name now, or does not tell.
        (first("0-1-6"), at(with(1, "0-1-8"), "bin.000008", 4), vec![]),
        (first("0-1-6"), at(with(1, "0-1-8"), "log.000001", 330), vec![]),
        (first("0-1-6"), with(1, "0-1-8"), vec![]),
        (with(1, "0-1-6"), at(with(1, "0-1-8"), "bin.000001", 330), vec![]),
        // A replica that was rebuilt: it wrote nothing, or was told what it has.
        (first("0-2-6"), at(with(1, "0-2-8"), "bin.000001", 330), vec![]),
        (first("V:1-7"), at(purged("V:1-9", ""), "bin.000001", 330), vec![]),
        (first("U:1-7"), at(purged("U:1-9", "U:1-7"), "bin.000001", 330), vec![]),
        (first("U:1-7"), at(with(1, "U:1-9"), "bin.000001", 330), vec![]),
        // One that joined a cluster has the log of another member.
        (at(node("a", "0-1-6"), "bin.000007", 900), at(node("a", "0-1-8"), "bin.000001", 330), vec![]),
    ];
    for (before, now, expected) in rows {
        let mut records = Records::default();
        assert_eq!(records.take(&before), Ok(vec![]));
        let mut kept: Records = records.to_string().parse().unwrap();
        assert_eq!(kept.known, records.known);
        let shown = records.to_string();
        // It stays known until it is acknowledged.
        for _ in 0..2 {
            assert_eq!(kept.take(&now), Ok(expected.clone()), "{shown} then {kept}");
            let known: Records = kept.to_string().parse().unwrap();
            assert_eq!(known.known, kept.known);
        }
        assert_eq!((kept.acknowledge(), kept.take(&now)), (expected, Ok(vec![])));
    }
}

/// Without GTIDs the place of the log alone tells, unless the server may have written nothing itself.
#[test]
fn a_log_without_gtids_that_started_again_is_known_by_its_place() {
    let anonymous = |read_only: bool, channels: usize| Server {
        is_anonymous: true,
        read_only,
        channels: vec![crate::channel::Channel::read(&crate::row::Row::default()); channels],
        purged: Some(String::new()),
        ..with(1, "U:1")
    };
    let rows = [(false, 0, true), (false, 1, true), (true, 0, true), (true, 1, false)];
    for (read_only, channels, is_told) in rows {
        let server = || anonymous(read_only, channels);
        let mut records = Records::default();
        assert_eq!(records.take(&at(server(), "bin.000001", 425)), Ok(vec![]));
        assert_eq!(records.take(&at(server(), "bin.000001", 582)), Ok(vec![]));
        let told = records.take(&at(server(), "bin.000001", 158));
        let expected = Vec::from_iter(is_told.then(|| gone("bin.000001:582", "bin.000001:158", false)));
        assert_eq!(told, Ok(expected), "{read_only} {channels}");
        // It has caught up.
        assert_eq!(records.take(&at(server(), "bin.000001", 900)), told, "{read_only} {channels}");
    }
}

/// A look that may not see the log leaves what is known of its place, but not of one that started again.
#[test]
fn a_look_that_is_not_shown_the_log() {
    let at = |gtids: &str, file: &str, position: u64| at(with(1, gtids), file, position);
    let back = |before: &str, after: &str| vec![gone(before, after, false)];
    let rows = [
        (with(1, "0-1-7"), at("0-1-8", "bin.000001", 330), back("bin.000007:900", "bin.000001:330")),
        (with(1, "0-1-7"), at("0-1-8", "bin.000007", 950), vec![]),
        (with(1, "0-1-7"), at("0-1-8", "bin.000008", 4), vec![]),
        // What the numbers told meanwhile is told once.
        (with(1, "0-1-2"), at("0-1-8", "bin.000001", 330), back("0-1-6", "0-1-2")),
    ];
    for (hidden, now, expected) in rows {
        let mut records = Records::default();
        assert_eq!(records.take(&at("0-1-6", "bin.000007", 900)), Ok(vec![]));
        for _ in 0..2 {
            records.take(&hidden).unwrap();
            records = records.to_string().parse().unwrap();
        }
        assert_eq!(records.take(&now), Ok(expected.clone()), "{hidden:?}");
        assert_eq!((records.acknowledge(), records.take(&now)), (expected, Ok(vec![])));
    }
}

/// A floating address that goes to and fro between a source and its replica, which is promoted at last.
#[test]
fn a_server_that_was_seen_before_lacks_what_another_wrote_since() {
    let promoted = |gtids: &str| {
        let mut server = with(2, "");
        server.gtids.applied = Some(gtids.to_owned());
        server
    };
    let replica = |gtids: &str| Server {
        channels: vec![crate::channel::Channel::read(&crate::row::Row::default())],
        ..promoted(gtids)
    };
    let mut records = Records::default();
    for server in [with(1, "0-1-2"), replica("0-1-2"), with(1, "0-1-3")] {
        assert_eq!(records.take(&server), Ok(vec![]));
    }
    // It is promoted before or after the address is there, and stays known until it has all.
    let expected = Ok(vec![gone("0-1-3", "0-1-2", true)]);
    assert_eq!(records.clone().take(&promoted("0-1-2")), expected);
    assert_eq!(records.take(&replica("0-1-2")), Ok(vec![]));
    let mut kept: Records = records.to_string().parse().unwrap();
    for _ in 0..2 {
        assert_eq!(kept.take(&promoted("0-1-2")), expected);
        kept = kept.to_string().parse().unwrap();
    }
    assert_eq!(kept.clone().take(&promoted("0-1-3")), Ok(vec![]));
    // Once acknowledged, that is lost, and what comes after it is not.
    assert_eq!(kept.take(&promoted("0-1-2")), expected);
    assert_eq!((kept.acknowledge(), kept.acknowledge()), (vec![gone("0-1-3", "0-1-2", true)], vec![]));
    let mut kept: Records = kept.to_string().parse().unwrap();
    assert_eq!((kept.take(&promoted("0-1-2")), kept.take(&with(1, "0-1-5"))), (Ok(vec![]), Ok(vec![])));
    assert_eq!(kept.take(&promoted("0-1-2")), Ok(vec![gone("0-1-5", "0-1-2", true)]));
    // A replica that keeps no log of it knows the last of a domain alone.
    let mut of_three: Records = "check_replication log positions 2\n3\t0-3-4\n1\t0-1-5\n".parse().unwrap();
    assert_eq!(of_three.take(&promoted("0-1-5")), Ok(vec![]));
    // A server of MySQL that has a new uuid, and then is reset.
    let mut records = Records::default();
    let renamed = |gtids: &str| {
        let mut server = with(2, "U:1");
        server.gtids.executed = Some(gtids.replace('U', &uuid(1)));
        server
    };
    assert_eq!((records.take(&with(1, "U:1-5")), records.take(&renamed("U:1-5"))), (Ok(vec![]), Ok(vec![])));
    assert_eq!(records.take(&renamed("")), Ok(vec![gone("transaction 5", "none", true)]));
    assert_eq!(records.acknowledge(), vec![gone("transaction 5", "none", true)]);
    assert_eq!(records.take(&renamed("")), Ok(vec![]));
}

/// Each look tells one thing. What it did not tell is told by the next look, before or after others are
/// acknowledged.
#[test]
fn what_was_never_told_is_not_acknowledged() {
    let text = "check_replication log positions 2\n1\t0-1-9\n2\t0-2-8\n3\t0-3-7\n";
    let mut records: Records = text.parse().unwrap();
    // Its own log started again, and it lacks what two others wrote.
    let expected = [gone("0-3-7", "0-3-6", false), gone("0-2-8", "none", true), gone("0-1-9", "0-1-2", true)];
    let now = || with(3, "0-1-2,0-3-6");
    for told in expected {
        assert_eq!(records.take(&now()), Ok(vec![told.clone()]));
        let mut kept: Records = records.to_string().parse().unwrap();
        assert_eq!(kept.acknowledge(), vec![], "this run has told nothing");
        assert_eq!(kept.take(&now()), Ok(vec![told.clone()]));
        assert_eq!(records.acknowledge(), vec![told]);
    }
    assert_eq!((records.take(&now()), records.acknowledge()), (Ok(vec![]), vec![]));
    // A server without a log tells nothing of the one before it.
    let mut records: Records = "check_replication log positions 2\n1\t0-1-5\t0-1-9\t0-1-3\n".parse().unwrap();
    let mut without = with(2, "");
    without.log_bin = Some(false);
    assert_eq!((records.take(&without), records.acknowledge()), (Ok(vec![]), vec![]));
    assert_eq!(records.take(&with(1, "0-1-5")), Ok(vec![gone("0-1-9", "0-1-3", false)]));
}

/// A node of a Galera cluster, which its host's name tells from the others.
fn node(host: &str, gtids: &str) -> Server {
    let status = crate::row::Row::new(
        [("Variable_name", "wsrep_provider_name"), ("Value", "Galera")]
            .map(|(name, value)| (name.to_owned(), Some(value.to_owned()))),
    );
    let galera = crate::membership::Galera::read(&[status], &crate::row::Row::default()).unwrap();
    Server {
        hostname: host.to_owned(),
        membership: Some(crate::membership::Membership::Galera(galera)),
        ..with(1, gtids)
    }
}

/// The name stands in the file as it is looked up by.
#[test]
fn a_server_with_an_odd_name_is_known_again() {
    let mut records = Records::default();
    assert_eq!(records.take(&node("a\tb\r\n\u{7f}c", "0-1-9")), Ok(vec![]));
    let mut kept: Records = records.to_string().parse().unwrap();
    assert_eq!(kept.known, records.known);
    let lost = vec![gone("0-1-9", "0-1-5", false)];
    assert_eq!(kept.take(&node("a\tb\r\n\u{7f}c", "0-1-5")), Ok(lost));
}

/// Version 1 knew a server by the name of its host too.
#[test]
fn files_of_version_1_are_read() {
    let text = "check_replication log positions 1\n1@old:3306\t0-1-9\n2@b:3306\t0-2-4\t0-2-7\t0-2-4\n1@new:3306\t0-1-7\n";
    let mut records: Records = text.parse().unwrap();
    assert_eq!(records.take(&with(2, "0-2-5")), Ok(vec![gone("0-2-7", "0-2-4", false)]));
    assert_eq!(records.take(&with(1, "0-1-8")), Ok(vec![gone("0-1-9", "0-1-8", false)]));
    let kept = "check_replication log positions 3\n2\t0-2-5\t\t0-2-7\t0-2-4\n1\t0-1-8\t\t0-1-9\t0-1-8\n";
    assert_eq!(records.to_string(), kept);
    // The nodes of a cluster may share an id, and are kept apart by their hosts.
    let mut records = Records::default();
    assert_eq!(
        (records.take(&node("a", "0-1-9")), records.take(&node("b", "0-1-5"))),
        (Ok(vec![]), Ok(vec![]))
    );
    assert_eq!(records.take(&node("b", "0-1-4")), Ok(vec![gone("0-1-5", "0-1-4", false)]));
}

#[test]
fn what_is_no_such_file_is_refused() {
    for text in [
        "",
        "x",
        "check_replication log positions 4\n",
        "check_replication log positions 3\n1\t0-1-5\n",
        "check_replication log positions 3\n1\t0-1-5\tbin.000001\n",
        "check_replication log positions 3\n1\t0-1-5\t\t0-1-9\n",
        "check_replication log positions 1\nx\n",
        "check_replication log positions 1\nx\ty\tz\n",
        "check_replication log positions 2\n1\t0-1-5\t0-1-9\n",
        "check_replication log positions 2\n1\t0-1-5\t0-1-9\t0-1-5\t0-1-7\n",
        "check_replication log positions 2\n1\r2\t0-1-9\n",
        "check_replication log positions 2\n1\u{7f}\t0-1-9\n",
    ] {
        assert_eq!(text.parse::<Records>(), Err(InvalidRecords), "{text}");
    }
    for version in [1, 2, 3] {
        assert_eq!(format!("check_replication log positions {version}\n").parse(), Ok(Records::default()));
    }
}
