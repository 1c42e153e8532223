//! Rows: the logs of sources, what their replica's channels drop, and what is said of it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::filter::Filters;
use crate::pair::tests::{linked, mariadb, texts};
use crate::row::Row;

/// Servers of `linked` that write in domains of their own numbers, with what is in the log of each, and
/// the filters of the last server's channels.
fn servers(sources: &[&str], logs: &[&str], filters: &[(&str, &str)]) -> Vec<Server> {
    let mut servers = linked(mariadb, sources);
    for (server, log) in servers.iter_mut().zip(logs) {
        server.gtid_domain_id = Some(server.server_id);
        server.gtids.history = Some((*log).to_owned());
    }
    let last = servers.last_mut().map(|server| server.channels.as_mut_slice()).unwrap_or_default();
    for (channel, (name, list)) in last.iter_mut().zip(filters) {
        let column = (format!("Replicate_{name}_Domain_Ids"), Some((*list).to_owned()));
        channel.filters = Filters::read(&Row::new([column]));
    }
    servers
}

fn judged(servers: &[Server], accepted: &[&str]) -> Vec<String> {
    let accepted: Vec<_> = accepted.iter().filter_map(|name| name.parse().ok()).collect();
    texts(judge(servers, &Links::find(servers), Expected { databases: &[], accepted: &accepted }))
}

#[test]
fn domains_that_are_dropped() {
    type Row<'a> = (&'a [&'a str], &'a [&'a str], &'a [(&'a str, &'a str)], &'a str);
    let rows: [Row<'_>; 15] = [
        (&["", "a"], &["1-1-5", ""], &[("Ignore", "1")], "CRITICAL b from a: Ignore drops all of 1"),
        (
            &["", "a"],
            &["1-1-5,7-1-1", ""],
            &[("Ignore", "7, 1")],
            "CRITICAL b from a: Ignore drops all of 1+1",
        ),
        (&["", "a"], &["1-1-5,7-1-1", ""], &[("Ignore", "7")], "WARNING b from a: Ignore drops 7"),
        (&["", "a"], &["1-1-5,7-1-1", ""], &[("Do", "1")], "WARNING b from a: Do drops 7"),
        (&["", "a"], &["1-1-5", ""], &[("Do", "11")], "CRITICAL b from a: Do drops all of 1"),
        (&["", "a"], &["1-1-5", ""], &[("Ignore", "11")], ""),
        (&["", "a"], &["1-1-5", ""], &[("Do", "1, 7")], ""),
        (&["", "a"], &["", ""], &[("Ignore", "1")], ""),
        // What the replica wrote itself comes back, also by an earlier server_id.
        (&["b", "a"], &["1-1-5,2-2-4", ""], &[("Ignore", "2")], ""),
        (&["b", "a"], &["1-1-5,2-9-4", ""], &[("Ignore", "2")], ""),
        // Both write in one domain.
        (&["b", "a"], &["2-1-5,2-2-4", ""], &[("Ignore", "2")], "CRITICAL b from a: Ignore drops all of 2"),
        // Each of three gets from the others what they write themselves.
        (
            &["bc", "ac", "ab"],
            &["1-1-5,2-2-5,3-3-5", "1-1-5,2-2-5,3-3-5", ""],
            &[("Do", "1"), ("Do", "2")],
            "",
        ),
        (
            &["bc", "ac", "ab"],
            &["1-1-5,2-2-5,3-3-5", "1-1-5,2-2-5,3-3-5", ""],
            &[("Ignore", "2,3"), ("Ignore", "1,3")],
            "",
        ),
        (
            &["bc", "ac", "ab"],
            &["1-1-5,2-2-5,3-3-5", "2-2-5,3-3-5", ""],
            &[("Do", "11"), ("Do", "2")],
            "CRITICAL c from a: Do drops all of 1",
        ),
        (
            &["", "", "ab"],
            &["1-1-5", "2-2-5", ""],
            &[("Ignore", "1")],
            "CRITICAL c from a: Ignore drops all of 1",
        ),
    ];
    for (sources, logs, filters, expected) in rows {
        let said = judged(&servers(sources, logs, filters), &[]).join(", ");
        let short = said
            .replace("Replicate_", "")
            .replace("_Domain_Ids", "")
            .replace("all of its source, domain ", "all of ")
            .replace("drops domain ", "drops ")
            .replace(" of its source", "")
            .replace(" and 1 more", "+1");
        assert_eq!(short, expected, "{logs:?} {filters:?}");
    }
}

/// What the source has from a server further up is not the replica's, whatever its default domain is.
#[test]
fn a_domain_that_others_write_in_is_not_the_replicas_own() {
    let said = |id: u64, log: &str| {
        let mut servers = servers(&["z", "a"], &[log, ""], &[("Ignore", "2")]);
        servers[0].channels[0].source_server_id = id;
        judged(&servers, &[])
    };
    let all = "CRITICAL b from a: Replicate_Ignore_Domain_Ids drops all of its source, domain 2";
    assert_eq!(said(3, "2-3-5"), [all]);
    let part = "WARNING b from a: Replicate_Ignore_Domain_Ids drops domain 2 of its source";
    assert_eq!(said(3, "1-1-5,2-3-5"), [part]);
    // Its own, by its id of now or of before.
    assert_eq!(said(2, "1-1-5,2-2-5,2-9-4"), [""; 0]);
}

/// Another channel may bring what this one drops: that is certain only if its source was asked. If all of a
/// source may be lost, no option accepts that.
#[test]
fn what_another_channel_takes() {
    const PERHAPS: &str = ", perhaps nobody else sends it";
    let warning = "WARNING c from a: Replicate_Ignore_Domain_Ids drops all of its source, domain 1, perhaps nobody else sends it";
    let all = "CRITICAL c from a: Replicate_Ignore_Domain_Ids drops all of its source, domain 1";
    let rows = [
        ("z", "", ("", ""), warning),
        ("z", "", ("Ignore", "9"), warning),
        ("z", "", ("Do", "1"), ""),
        ("z", "", ("Do", "9"), all),
        ("z", "", ("Ignore", "1"), all),
        ("b", "2-2-5", ("", ""), all),
        ("b", "2-2-5", ("Ignore", "9"), all),
        ("b", "2-2-5", ("Do", "1, 2"), all),
        ("b", "1-1-5,2-2-5", ("Ignore", "9"), ""),
        ("b", "1-1-5,2-2-5", ("Do", "1, 2"), ""),
        ("b", "1-1-5,2-2-5", ("", ""), ""),
    ];
    for (other, log, filter, expected) in rows {
        let sources = format!("a{other}");
        let filters: Vec<_> =
            [("Ignore", "1"), filter].into_iter().filter(|(name, _)| !name.is_empty()).collect();
        let servers = servers(&["", "", &sources], &["1-1-5", log, ""], &filters);
        for accepted in [&[][..], &["Replicate_Ignore_Domain_Ids"]] {
            assert_eq!(judged(&servers, accepted).join("\n"), expected, "{other} {log} {filter:?}");
        }
    }
    // It names the domain that its source writes in, which began anew.
    let filters = [("Ignore", "2"), ("Do", "2")];
    let reset = servers(&["b", "a", "ab"], &["1-1-5,2-2-5", "", ""], &filters);
    assert_eq!(judged(&reset, &[]), [""; 0]);
    // Of several domains: what both channels drop, and what the first one takes of its source.
    type Row<'a> = (&'a str, &'a str, &'a str, (&'a str, &'a str), &'a str);
    let rows: [Row<'_>; 14] = [
        // A part, which the other source may have or has too.
        ("z", "", "1-1-5,7-1-1", ("7", "7"), "WARNING drops domain 7 of its source"),
        ("b", "1-1-5,7-1-1", "1-1-5,7-1-1", ("7", "7"), "WARNING drops domain 7 of its source"),
        ("z", "", "1-1-5,7-1-1", ("7", ""), "WARNING drops domain 7 of its source, perhaps"),
        ("z", "", "1-1-5,7-1-1", ("1", "1"), "WARNING drops domain 1 of its source"),
        // All of it: the other one is not asked, or down.
        (
            "z",
            "",
            "1-1-5,7-1-1",
            ("1,7", ""),
            "WARNING drops all of its source, domain 1 and 1 more, perhaps",
        ),
        ("z", "", "1-1-5,7-1-1", ("1,7", "7"), "CRITICAL drops all of its source, domain 7"),
        ("z", "", "1-1-5,7-1-1", ("1,7", "1,7"), "CRITICAL drops all of its source, domain 1 and 1 more"),
        ("b", "1-1-5", "1-1-5,7-1-1", ("1,7", ""), "CRITICAL drops all of its source, domain 7"),
        // All that it writes itself, and what it takes of another one comes by that too.
        ("b", "2-2-5", "1-1-5,2-2-5", ("1", "1"), "CRITICAL drops all of its source, domain 1"),
        ("z", "", "1-1-5,2-2-5", ("1", "1"), "CRITICAL drops all of its source, domain 1"),
        ("z", "", "1-1-5,2-2-5", ("1", ""), "WARNING drops all of its source, domain 1, perhaps"),
        // Now, whatever it wrote before in a domain that both had.
        (
            "b",
            "0-1-3,0-2-3,2-2-5",
            "0-1-3,0-2-3,1-1-5,2-2-5",
            ("1", "1"),
            "CRITICAL drops all of its source, domain 1",
        ),
        // It writes nothing itself.
        ("z", "", "5-8-5,7-9-1", ("7", "7"), "WARNING drops domain 7 of its source"),
        ("b", "5-8-5", "5-8-5,7-9-1", ("7", "7"), "CRITICAL drops all of its source, domain 7"),
    ];
    for (other, others_log, log, (drops, others_drops), expected) in rows {
        let sources = format!("a{other}");
        let filters = [("Ignore", drops), ("Ignore", others_drops)];
        let servers = servers(&["", "", &sources], &[log, others_log, ""], &filters);
        let said = |accepted: &[&str]| {
            let said = judged(&servers, accepted).into_iter().filter(|line| line.contains("c from a: "));
            let short = said.map(|line| line.replace("c from a: Replicate_Ignore_Domain_Ids ", ""));
            short.collect::<Vec<_>>().join("\n").replace(PERHAPS, ", perhaps")
        };
        assert_eq!(said(&[]), expected, "{other} {others_log} {log} {filters:?}");
        let accepted = if expected.contains(" all of ") { expected } else { "" };
        assert_eq!(
            said(&["Replicate_Ignore_Domain_Ids"]),
            accepted,
            "{other} {others_log} {log} {filters:?}"
        );
    }
}

/// A writer that is not known is the replica itself, by an earlier server_id, only where nothing else comes
/// from servers that were not asked.
#[test]
fn a_writer_that_is_not_known() {
    let perhaps = "WARNING b from a: Replicate_Ignore_Domain_Ids drops all of its source, domain 2, perhaps others wrote it";
    let all = "CRITICAL b from a: Replicate_Ignore_Domain_Ids drops all of its source, domain 2";
    let part =
        "WARNING b from a: Replicate_Ignore_Domain_Ids drops domain 2 of its source, perhaps others wrote it";
    let rows: [(&[&str], &str, &str); 8] = [
        // y writes, z and a pass it on; z is not asked.
        (&["z", "a"], "2-9-5", perhaps),
        (&["z", "a"], "2-9-5,1-1-5", part),
        // It is gone.
        (&["", "a"], "2-9-5", perhaps),
        (&["bz", "a"], "2-9-5", perhaps),
        // A ring, all of which is asked; what else comes to the replica itself it has.
        (&["b", "a"], "2-9-5", ""),
        (&["b", "az"], "2-9-5", ""),
        (&["z", "a"], "1-1-5", ""),
        (&["z", "a"], "2-2-5", ""),
    ];
    for (sources, log, expected) in rows {
        let servers = servers(sources, &[log, ""], &[("Ignore", "2"), ("Ignore", "2")]);
        assert_eq!(judged(&servers, &[]).join("\n"), expected, "{sources:?} {log}");
        let accepted = if expected == part { "OK " } else { expected };
        assert_eq!(
            judged(&servers, &["Replicate_Ignore_Domain_Ids"]).join("\n"),
            accepted,
            "{sources:?} {log}"
        );
    }
    // The server above the source is asked, and names whom it replicates from.
    let mut chain = servers(&["z", "a", "b"], &["3-9-5", "3-9-5", ""], &[("Ignore", "3")]);
    chain[0].channels[0].source_server_id = 9;
    let all = all.replace("b from a", "c from b").replace("domain 2", "domain 3");
    assert_eq!(judged(&chain, &[]), [all]);
}

#[test]
fn a_part_may_be_dropped_on_purpose() {
    let part = servers(&["", "a"], &["1-1-5,7-1-1", ""], &[("Ignore", "7")]);
    let line = "WARNING b from a: Replicate_Ignore_Domain_Ids drops domain 7 of its source";
    assert_eq!(judged(&part, &["Replicate_Do_Domain_Ids"]), [line]);
    assert_eq!(judged(&part, &["Replicate_Ignore_Domain_Ids"]), ["OK "]);
    let all = servers(&["", "a"], &["1-1-5", ""], &[("Ignore", "1")]);
    let line = "CRITICAL b from a: Replicate_Ignore_Domain_Ids drops all of its source, domain 1";
    assert_eq!(judged(&all, &["Replicate_Ignore_Domain_Ids"]), [line]);
}
