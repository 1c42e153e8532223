//! What a server is to its group or cluster.

use super::*;

/// A server that left its group or cluster is no member, however well it runs.
#[test]
fn what_is_no_member_of_a_group_is_critical() {
    let of = |is_out: bool| {
        let mut answer = captured("mysql97-not-replica");
        answer.server.is_out = is_out;
        answer
    };
    let no_member = "CRITICAL - db-02: not a member of a group or a Galera cluster";
    for (options, is_out, line) in [
        ("--expect=group", false, no_member.to_owned()),
        ("--expect-members=2", false, no_member.to_owned()),
        ("--expect=group", true, format!("{no_member}: wsrep_on is OFF")),
    ] {
        let said = lines(of(is_out), &[options]);
        assert!(said.starts_with(&format!("REPLICATION {line} | ")), "{options}: {said}");
    }
}

/// Only --expect-writable=none accepts a primary that takes no writes.
#[test]
fn a_read_only_primary_of_a_group_is_critical_unless_none_is_writable() {
    let primary = || {
        let mut answer = captured("mysql97-not-replica");
        answer.server.membership = Some(crate::membership::tests::read_only_primary());
        answer.server.read_only = true;
        answer
    };
    let refuses = "CRITICAL - db-02: primary of its group takes no writes, super_read_only is ON";
    for (options, line) in [
        (&[] as &[&str], refuses),
        (&["--expect-writable=none"], "OK - db-02: ONLINE as read-only primary, group of 2 members"),
    ] {
        let said = lines(primary(), options);
        assert!(said.starts_with(&format!("REPLICATION {line}")), "{options:?}: {said}");
    }
}
