//! Rows: what members of a group tell of their appliers and of their settings, and the finding.

use super::*;

/// Servers before 8.0, and those that show the members alone, do not tell what the applier is at.
#[test]
fn how_far_the_applier_is_behind() {
    let secondary = "1 ONLINE, 2 ONLINE PRIMARY";
    let well = "OK a: ONLINE as secondary, group of 2 members";
    type Case<'a> = (&'a [(&'a str, &'a str)], Option<f64>, &'a str);
    let rows: [Case<'_>; 8] = [
        (&[], None, well),
        (&[("applying", "0")], Some(0.0), well),
        (&[("applying", "2"), ("applying_for", "0.000301")], Some(0.000_301), well),
        // One transaction that waits for a lock.
        (
            &[
                ("applying", "1"),
                ("applying_for", "61.04"),
                ("committed_for", "61.05"),
                ("clocks_differ", "0.01"),
            ],
            Some(61.04),
            "WARNING a: applier is 61 s behind its group, limit 60",
        ),
        // Many transactions wait, and each takes a moment.
        (
            &[("applying", "4"), ("applying_for", "0.1"), ("committed_for", "400"), ("clocks_differ", "0")],
            Some(400.0),
            "CRITICAL a: applier is 400 s behind its group, limit 300",
        ),
        // The clock of the primary is slow, then fast.
        (
            &[
                ("applying", "1"),
                ("applying_for", "0.1"),
                ("committed_for", "400"),
                ("clocks_differ", "399.5"),
            ],
            Some(0.5),
            well,
        ),
        (
            &[
                ("applying", "1"),
                ("applying_for", "0.1"),
                ("committed_for", "-300"),
                ("clocks_differ", "-400"),
            ],
            Some(100.0),
            "WARNING a: applier is 100 s behind its group, limit 60",
        ),
        // What is applied is told, and not when it was committed.
        (&[("applying", "1"), ("applying_for", "-0.1")], Some(0.0), well),
    ];
    for (columns, lag, text) in rows {
        let group = group_with(secondary, "1", ("0", ""), columns, false);
        assert_eq!(group.lag, lag, "{columns:?}");
        assert_eq!(said(&Membership::Group(group), None), [text], "{columns:?}");
    }
    let query = members_and_applier();
    assert!(!query.contains('{') && query.ends_with("FROM performance_schema.replication_group_members m"));
}

#[test]
fn why_a_member_does_not_catch_up() {
    let error = "Error connecting to source \u{27}rpl@db-02:3306\u{27}. This was attempt 1/1";
    let rows = [
        (("0", ""), ("0", ""), "RECOVERING, catching up with its group"),
        (
            ("1045", error),
            ("0", ""),
            "RECOVERING, its recovery channel has error 1045 credentials refused by the source",
        ),
        (("9999", "\u{27}se cret\u{27}"), ("0", ""), "RECOVERING, its recovery channel has error 9999 ..."),
        (("0", ""), ("1062", ""), "RECOVERING, applier error 1062 duplicate key"),
    ];
    for ((number, text), applier, expected) in rows {
        let columns = [("recovery_number", number), ("recovery_text", text)];
        let group = group_with("2 ONLINE PRIMARY, 1 RECOVERING", "1", applier, &columns, false);
        assert_eq!(said(&Membership::Group(group), None), [format!("WARNING a: {expected}")]);
    }
}

/// Members of releases that do not tell who is the primary are none of them a secondary.
#[test]
fn a_secondary_that_takes_writes() {
    let open = [("read_only", "0"), ("super_read_only", "0")];
    let taken = "WARNING a: secondary of its group takes writes, super_read_only is OFF";
    let well = "OK a: ONLINE as secondary, group of 2 members";
    let rows = [
        ("1 ONLINE, 2 ONLINE PRIMARY", open, taken),
        ("1 ONLINE, 2 ONLINE PRIMARY", [("read_only", "1"), ("super_read_only", "0")], well),
        ("1 ONLINE PRIMARY, 2 ONLINE PRIMARY", open, "OK a: ONLINE as primary, group of 2 members"),
        ("1 ONLINE, 2 ONLINE", open, well),
    ];
    for (members, settings, text) in rows {
        let group = group_with(members, "1", ("0", ""), &settings, false);
        assert_eq!(group.is_set_wrong(), text == taken, "{members} {settings:?}");
        assert_eq!(said(&Membership::Group(group), None), [text], "{members} {settings:?}");
    }
}
