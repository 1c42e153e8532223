//! Rows: what members see, and the finding.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod applier;
mod flow;

use plugin::{Range, Thresholds};

use super::*;
use crate::row::Row;

fn row(columns: &[(&str, &str)]) -> Row {
    Row::new(columns.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))))
}

/// All that is said of a member called a: of itself, then of the others.
fn said(member: &Membership, expected: Option<usize>) -> Vec<String> {
    said_by(member, expected, false)
}

/// The same, where it may be read-only.
fn said_by(member: &Membership, members: Option<usize>, may_be_read_only: bool) -> Vec<String> {
    let lag = Thresholds { warning: Some(Range::up_to(60.0)), critical: Some(Range::up_to(300.0)) };
    let demands = Demands { members, lag: &lag, may_be_read_only };
    let Judged { own, of_others } = member.judge("a", &demands);
    texts([own, of_others].concat())
}

/// What the server with the id "1" sees of members as in "1 ONLINE PRIMARY, 2 UNREACHABLE".
pub(crate) fn group(members: &str, own: &str, error: (&str, &str)) -> Membership {
    Membership::Group(group_with(members, own, error, &[], false))
}

/// A primary that takes no writes, in a group of two.
pub(crate) fn read_only_primary() -> Membership {
    let settings = [("read_only", "1"), ("super_read_only", "1"), ("offline_mode", "0")];
    Membership::Group(group_with("1 ONLINE PRIMARY, 2 ONLINE", "1", ("0", ""), &settings, false))
}

/// The same as [`group`] with these settings, and with a channel from outside if it `is_fed`.
fn group_with(
    members: &str,
    own: &str,
    error: (&str, &str),
    settings: &[(&str, &str)],
    is_fed: bool,
) -> Group {
    let rows: Vec<Row> = members
        .split(", ")
        .map(|member| {
            let mut words = member.split(' ');
            let (id, state) = (words.next().unwrap(), words.next().unwrap());
            let id = if id == "-" { "" } else { id };
            let host = format!("db-0{id}");
            let columns = [
                ("MEMBER_ID", id),
                ("MEMBER_HOST", &host),
                ("MEMBER_PORT", "3306"),
                ("MEMBER_STATE", state),
                ("MEMBER_ROLE", words.next().unwrap_or("SECONDARY")),
                ("own_id", own),
                ("error_number", error.0),
                ("error_text", error.1),
            ];
            row(&[&columns[..], settings].concat())
        })
        .collect();
    Group::read(&rows, is_fed).unwrap()
}

fn texts(findings: Vec<Finding>) -> Vec<String> {
    findings.into_iter().map(|finding| format!("{} {}", finding.state, finding.text)).collect()
}

#[test]
fn members_of_a_group() {
    let none = ("0", "");
    let text = "Worker 1 failed; Could not execute Write_rows event on table shop.t; Duplicate entry 'x'";
    let rows = [
        ("1 ONLINE PRIMARY, 2 ONLINE, 3 ONLINE", none, None, "OK a: ONLINE as primary, group of 3 members"),
        ("2 ONLINE PRIMARY, 1 ONLINE", none, Some(2), "OK a: ONLINE as secondary, group of 2 members"),
        ("1 ONLINE PRIMARY", none, Some(1), "OK a: ONLINE as primary, group of 1 member"),
        ("1 ONLINE PRIMARY, 2 ONLINE", none, Some(3), "CRITICAL a: 2 of 3 expected members"),
        ("1 ONLINE PRIMARY, 2 RECOVERING, 3 ONLINE", none, None, "WARNING a: member db-02 is RECOVERING"),
        ("1 ONLINE PRIMARY, 2 UNREACHABLE, 3 ONLINE", none, None, "CRITICAL a: member db-02 is UNREACHABLE"),
        (
            "1 ONLINE PRIMARY, 2 UNREACHABLE, 3 UNREACHABLE",
            none,
            None,
            "CRITICAL a: no majority, reaches 1 of 3 members: writes block",
        ),
        (
            "1 ONLINE PRIMARY, 2 UNREACHABLE",
            none,
            None,
            "CRITICAL a: no majority, reaches 1 of 2 members: writes block",
        ),
        ("2 ONLINE PRIMARY, 1 RECOVERING", none, None, "WARNING a: RECOVERING, catching up with its group"),
        ("- OFFLINE", none, None, "CRITICAL a: OFFLINE in its group"),
        ("1 ERROR", none, None, "CRITICAL a: ERROR in its group"),
        (
            "1 ERROR",
            ("1062", text),
            None,
            "CRITICAL a: ERROR in its group, applier error 1062 duplicate key in shop.t",
        ),
        ("1 ERROR", ("9999", ""), None, "CRITICAL a: ERROR in its group, applier error 9999"),
        ("2 ONLINE", none, None, "CRITICAL a: not among the 1 member of its own group"),
        ("2 ONLINE, 3 ONLINE", none, None, "CRITICAL a: not among the 2 members of its own group"),
    ];
    for (members, error, expected, text) in rows {
        assert_eq!(said(&group(members, "1", error), expected), [text], "{members}");
    }
    assert_eq!(Group::read(&[], false), None);
}

#[test]
fn members_whose_settings_refuse_what_they_are_for() {
    let primary = "1 ONLINE PRIMARY, 2 ONLINE, 3 ONLINE";
    let secondary = "1 ONLINE, 2 ONLINE PRIMARY, 3 ONLINE";
    let open = [("read_only", "0"), ("super_read_only", "0"), ("offline_mode", "0")];
    let read_only = [("read_only", "1"), ("super_read_only", "0"), ("offline_mode", "0")];
    let super_read_only = [("read_only", "1"), ("super_read_only", "1"), ("offline_mode", "0")];
    let offline = [("read_only", "0"), ("super_read_only", "0"), ("offline_mode", "1")];
    let well = "OK a: ONLINE as primary, group of 3 members";
    let as_secondary = "OK a: ONLINE as secondary, group of 3 members";
    let closed = "CRITICAL a: lets no ordinary account in, offline_mode is ON";
    type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], bool, &'a str);
    let rows: [Row<'_>; 10] = [
        (primary, &[], false, well),
        (primary, &open, false, well),
        (
            primary,
            &super_read_only,
            false,
            "CRITICAL a: primary of its group takes no writes, super_read_only is ON",
        ),
        (primary, &read_only, false, "CRITICAL a: primary of its group takes no writes, read_only is ON"),
        // The primary of a replica cluster, which another cluster writes to.
        (primary, &super_read_only, true, "OK a: ONLINE as read-only primary, group of 3 members"),
        (secondary, &super_read_only, false, as_secondary),
        (primary, &offline, false, closed),
        (primary, &offline, true, closed),
        (secondary, &offline, false, closed),
        (
            "1 RECOVERING, 2 ONLINE PRIMARY",
            &offline,
            false,
            "WARNING a: RECOVERING, catching up with its group",
        ),
    ];
    for (members, settings, is_fed, text) in rows {
        let group = group_with(members, "1", ("0", ""), settings, is_fed);
        assert_eq!(group.is_set_wrong(), text.starts_with("CRITICAL"), "{members} {settings:?}");
        assert_eq!(said(&Membership::Group(group), None), [text], "{members} {settings:?}");
    }
    // Where no server is to be written to, it may be read-only, and not offline.
    for (settings, said) in
        [(&super_read_only, "OK a: ONLINE as read-only primary, group of 3 members"), (&offline, closed)]
    {
        let group = Membership::Group(group_with(primary, "1", ("0", ""), settings, false));
        assert_eq!(said_by(&group, None, true), [said], "{settings:?}");
    }
    // Another member's fault is told too.
    let group = group_with("1 ONLINE PRIMARY, 2 RECOVERING, 3 ONLINE", "1", ("0", ""), &read_only, false);
    assert_eq!(said(&Membership::Group(group), None).len(), 2);
}

/// A node of Galera, by status, number of its state and its name, readiness, size, view and flow control.
fn galera(
    status: &str,
    state: &str,
    comment: &str,
    ready: &str,
    size: &str,
    view: &str,
    paused: &str,
) -> Membership {
    let rows = [
        ("wsrep_provider_name", "Galera"),
        ("wsrep_cluster_status", status),
        ("wsrep_local_state", state),
        ("wsrep_local_state_comment", comment),
        ("wsrep_ready", ready),
        ("wsrep_cluster_size", size),
        ("wsrep_cluster_state_uuid", "u"),
        ("wsrep_cluster_conf_id", view),
        ("wsrep_flow_control_paused", paused),
    ];
    let rows = rows.map(|(name, value)| row(&[("Variable_name", name), ("Value", value)]));
    Membership::Galera(Galera::read(&rows, &Row::default()).unwrap())
}

#[test]
fn nodes_of_galera() {
    let rows = [
        (galera("Primary", "4", "Synced", "ON", "3", "1", "0"), "OK a: Synced, Galera cluster of 3 members"),
        (
            galera("Primary", "2", "Donor/Desynced", "ON", "3", "1", "0"),
            "WARNING a: Galera node is Donor/Desynced",
        ),
        (
            galera("Primary", "1", "Joining", "OFF", "3", "1", "0"),
            "WARNING a: Galera node is Joining, not ready for queries",
        ),
        (
            galera("Primary", "4", "Synced", "OFF", "3", "1", "0"),
            "CRITICAL a: Galera node is Synced, not ready for queries",
        ),
        (
            galera("Primary", "0", "Initialized", "OFF", "3", "1", "0"),
            "CRITICAL a: Galera node is Initialized, not ready for queries",
        ),
        (
            galera("non-Primary", "0", "Initialized", "OFF", "1", "1", "0"),
            "CRITICAL a: Galera node is non-Primary (Initialized), sees 1 member: writes are refused",
        ),
        (galera("Primary", "4", "Synced", "ON", "2", "1", "0"), "CRITICAL a: 2 of 3 expected members"),
        (
            galera("Primary", "4", "Synced", "ON", "3", "1", "0.42"),
            "WARNING a: flow control held writes back 42% of the time",
        ),
    ];
    for (node, text) in rows {
        assert_eq!(said(&node, Some(3)), [text]);
    }
    let healthy =
        [("wsrep_provider_name", "Galera"), ("wsrep_cluster_status", "Primary"), ("wsrep_local_state", "4")];
    let healthy = healthy.map(|(name, value)| row(&[("Variable_name", name), ("Value", value)]));
    for (name, value, text) in [
        (
            "wsrep_reject_queries",
            "ALL",
            "CRITICAL a: Galera node rejects queries, wsrep_reject_queries is ALL",
        ),
        (
            "wsrep_reject_queries",
            "ALL_KILL",
            "CRITICAL a: Galera node rejects queries, wsrep_reject_queries is ALL_KILL",
        ),
        ("wsrep_on", "0", "CRITICAL a: writes do not reach the other members, wsrep_on is OFF"),
    ] {
        let node = Galera::read(&healthy, &row(&[(name, value), ("wsrep_ready", "ON")])).unwrap();
        let said = said(&Membership::Galera(node), None);
        assert!(said.contains(&text.to_owned()), "{said:?}");
    }
    let plain = [
        row(&[("Variable_name", "wsrep_ready"), ("Value", "OFF")]),
        row(&[("Variable_name", "wsrep_provider_name"), ("Value", "")]),
    ];
    assert_eq!(Galera::read(&plain, &Row::default()), None);
}

#[test]
fn several_see_one_group_or_a_split() {
    let three = "1 ONLINE PRIMARY, 2 ONLINE, 3 ONLINE";
    let (one, two) = (group(three, "1", ("0", "")), group(three, "2", ("0", "")));
    assert_eq!(texts(judge_together(&[("a", &one), ("b", &two)])), [""; 0]);
    let alone = group("3 ONLINE PRIMARY", "3", ("0", ""));
    let split = ["CRITICAL split: a and c see different members"];
    assert_eq!(texts(judge_together(&[("a", &one), ("b", &two), ("c", &alone)])), split);
    let out = group("3 ERROR", "3", ("0", ""));
    assert_eq!(texts(judge_together(&[("c", &out), ("a", &one), ("b", &two)])), [""; 0]);
    let (one, other) = (
        galera("Primary", "4", "Synced", "ON", "3", "1", "0"),
        galera("Primary", "4", "Synced", "ON", "3", "2", "0"),
    );
    assert_eq!(texts(judge_together(&[("a", &one), ("b", &one)])), [""; 0]);
    assert_eq!(texts(judge_together(&[("a", &one), ("c", &other)])), split);
}

/// Two halves of a cluster that were both made primary by hand: each counts its views on, so that their
/// numbers and sizes are the same.
#[test]
fn a_galera_cluster_of_two_primary_halves() {
    let node = |addresses: &str, id: &str, index: &str| {
        let status = [
            ("provider_name", "Galera"),
            ("cluster_status", "Primary"),
            ("cluster_size", "2"),
            ("cluster_conf_id", "4"),
            ("cluster_state_uuid", "u"),
            ("incoming_addresses", addresses),
            ("gcomm_uuid", id),
            ("local_index", index),
        ];
        let rows =
            status.map(|(name, value)| row(&[("Variable_name", &format!("wsrep_{name}")), ("Value", value)]));
        Membership::Galera(Galera::read(&rows, &Row::default()).unwrap())
    };
    let one = node("192.0.2.1:3306,192.0.2.2:3306", "x", "0");
    let rows = [
        ("192.0.2.1:3306,192.0.2.2:3306", "y", "1", false),
        ("192.0.2.2:3306,192.0.2.1:3306", "y", "1", false),
        ("192.0.2.3:3306,192.0.2.4:3306", "y", "1", true),
        ("192.0.2.1:3306,192.0.2.2:3306", "y", "0", true),
        // Asked by two names, and one that does not tell.
        ("192.0.2.1:3306,192.0.2.2:3306", "x", "0", false),
        ("192.0.2.1:3306,192.0.2.2:3306", "", "", false),
    ];
    for (addresses, id, index, is_split) in rows {
        let other = node(addresses, id, index);
        let said = texts(judge_together(&[("a", &one), ("b", &other)]));
        let split = is_split.then(|| "CRITICAL split: a and b see different members".to_owned());
        assert_eq!(said, Vec::from_iter(split), "{addresses} {id} {index}");
        assert_eq!(one.shares_writes(&other), !is_split);
    }
}
