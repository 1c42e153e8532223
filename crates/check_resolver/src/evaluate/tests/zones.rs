//! Rows of names whose zone fails.

use domain::base::Rtype;

use super::*;
use crate::question::{Asked, ZoneOption};

#[test]
fn a_zone_or_a_type_may_fail_alone() {
    let two = ["www.example.com/A", "www.example.net/A"];
    let rows = [
        (
            &two[..],
            "192.0.2.53=servfail,192.0.2.80 192.0.2.54=servfail,192.0.2.80",
            "WARNING - www.example.com fails on all 2 nameservers (SERVFAIL), other names may come from caches: perhaps its zone",
        ),
        (
            &two,
            "192.0.2.53=disorder,192.0.2.80 192.0.2.54=disorder,192.0.2.80",
            "WARNING - www.example.com fails on all 2 nameservers (aliases out of order: the C library finds no address), other names may come from caches: perhaps its zone",
        ),
        // One server alone cannot tell.
        (
            &two,
            "192.0.2.53=servfail,192.0.2.80",
            "CRITICAL - 1 of 1 nameserver fails: 192.0.2.53 www.example.com SERVFAIL",
        ),
        (
            &two,
            "192.0.2.53=servfail,servfail 192.0.2.54=servfail,servfail",
            "CRITICAL - 2 of 2 nameservers fail: 192.0.2.53, 192.0.2.54 SERVFAIL",
        ),
        // Nor can one beside a server that resolves nothing.
        (
            &two,
            "192.0.2.53=servfail,192.0.2.80 192.0.2.54=servfail,no",
            "CRITICAL - 2 of 2 nameservers fail: 192.0.2.53 www.example.com SERVFAIL, 192.0.2.54 SERVFAIL",
        ),
        (
            &two,
            "192.0.2.53=no,no 192.0.2.54=servfail,192.0.2.80",
            "CRITICAL - 2 of 2 nameservers fail: 192.0.2.53 no answer, 192.0.2.54 www.example.com SERVFAIL",
        ),
        (
            &two,
            "192.0.2.53=no,no 192.0.2.54=no,no 192.0.2.55=servfail,192.0.2.80",
            "CRITICAL - 3 of 3 nameservers fail: 192.0.2.53, 192.0.2.54 no answer, 192.0.2.55 www.example.com SERVFAIL",
        ),
        // Only the second server is shown to reach others.
        (
            &["www.example.com/A", "*.example.net/A", "*.example.org/A"],
            "192.0.2.53=192.0.2.80,servfail,no 192.0.2.54=192.0.2.80,servfail,192.0.2.80",
            "CRITICAL - 2 of 2 nameservers fail: 192.0.2.53, 192.0.2.54 *.example.net SERVFAIL",
        ),
        // A cache may have answered the other name.
        (
            &["www.example.com/A", "*.example.net/A"],
            "192.0.2.53=192.0.2.80,servfail 192.0.2.54=192.0.2.80,servfail",
            "CRITICAL - 2 of 2 nameservers fail: 192.0.2.53, 192.0.2.54 *.example.net SERVFAIL",
        ),
        // A wrong address is never the zone's fault.
        (
            &two,
            "192.0.2.53=127.0.0.1,192.0.2.80 192.0.2.54=127.0.0.1,192.0.2.80",
            "CRITICAL - 2 of 2 nameservers fail: 192.0.2.53, 192.0.2.54 www.example.com answers 127.0.0.1",
        ),
        (
            &["www.example.com"],
            "192.0.2.53=192.0.2.80+no 192.0.2.54=192.0.2.80+nodata",
            "WARNING - 192.0.2.53: AAAA no answer",
        ),
        (
            &["www.example.com", "www.example.net"],
            "192.0.2.53=192.0.2.80+no,192.0.2.80+no 192.0.2.54=192.0.2.80+no,192.0.2.80+nodata",
            "WARNING - 192.0.2.53, 192.0.2.54: AAAA no answer",
        ),
    ];
    for (names, servers, line) in rows {
        assert_eq!(summary("", &seen(names, servers, Some(TWO), None)), line, "{servers}");
    }
    // Two others are witnesses, and the cause is theirs.
    let three = "192.0.2.53=no,no 192.0.2.54=servfail,192.0.2.80 192.0.2.55=servfail,192.0.2.80";
    let output =
        evaluate(&allowed(""), &seen(&["www.example.com/A", "*.example.net/A"], three, Some(TWO), None))
            .render("RESOLVER", 0);
    let line = "RESOLVER WARNING - 1 of 3 nameservers fails: 192.0.2.53 no answer, 1 more fault | ";
    let zone = "\nWARNING: www.example.com fails on all 3 nameservers (SERVFAIL), other names resolve: its zone, not the nameservers\n";
    assert!(output.starts_with(line) && output.contains(zone), "{output}");
}

#[test]
fn a_dead_zone_of_another_kind_is_told_as_a_zone() {
    let secure =
        || "s.example".parse::<Asked>().unwrap().question(1, vec![Rtype::A], Expect::Secure).unwrap();
    let absent = || "a.example".parse::<ZoneOption>().unwrap().question(1).unwrap();
    let zone = |name: &str, fault: &str| {
        format!(
            "WARNING - {name} fails on all 2 nameservers ({fault}), other names resolve: its zone, not the nameservers"
        )
    };
    let fails = "CRITICAL - 2 of 2 nameservers fail: ::1, ::2";
    let rows = [
        ("*.example.com/A", secure(), "no", zone("s.example", "no answer")),
        ("*.example.com/A", secure(), "servfail", zone("s.example", "SERVFAIL")),
        (NAME, secure(), "192.0.2.80", format!("{fails} s.example answers, but not as validated (AD=0)")),
        ("*.example.com/A", absent(), "no", zone("*.a.example", "no answer")),
        ("*.example.com/A", absent(), "servfail", zone("*.a.example", "SERVFAIL")),
        (
            "*.example.com/A",
            absent(),
            "192.0.2.80",
            format!("{fails} *.a.example invents an answer for a name that does not exist"),
        ),
        // The other name may come from caches: then nothing shows that the nameservers reach others.
        (NAME, absent(), "servfail", format!("{fails} *.a.example SERVFAIL")),
        (NAME, secure(), "servfail", format!("{fails} s.example SERVFAIL")),
    ];
    for (name, question, said, line) in rows {
        let servers = format!("::1=192.0.2.80,{said} ::2=192.0.2.80,{said}");
        let mut observed = seen(&[name], &servers, Some(TWO), None);
        observed.questions.push(question);
        assert_eq!(summary("", &observed), line, "{name} {said}");
    }
}

/// A cache may have other names of its zone, and several zones do not fail at once.
#[test]
fn the_servers_are_acquitted_of_one_zone_alone() {
    let fails = "CRITICAL - 2 of 2 nameservers fail: ::1, ::2";
    let zone = |name: &str, fault: &str, whose: &str| {
        format!("WARNING - {name} fails on all 2 nameservers ({fault}), {whose}")
    };
    let perhaps = "other names may come from caches: perhaps its zone";
    let surely = "other names resolve: its zone, not the nameservers";
    let good = "192.0.2.80";
    let rows: [(&[&str], String, String); 12] = [
        (
            &["www.plain.test/A", "ns.plain.test/A"],
            format!("{good},no"),
            zone("ns.plain.test", "no answer", perhaps),
        ),
        (
            &["www.plain.test/A", "plain.test/A"],
            format!("{good},no"),
            zone("plain.test", "no answer", perhaps),
        ),
        (
            &["www.plain.test/A", "www.Plain.TEST/MX"],
            format!("{good},no"),
            format!("{fails} www.Plain.TEST/MX no answer"),
        ),
        (
            &["*.plain.test/A", "*.plain.test/AAAA"],
            format!("{good},servfail"),
            format!("{fails} *.plain.test/AAAA SERVFAIL"),
        ),
        (
            &["*.wild.plain.test/A", "ns.plain.test/A"],
            format!("{good},no"),
            zone("ns.plain.test", "no answer", surely),
        ),
        (
            &["www.plain.test/A", "www.other.test/A"],
            format!("{good},no"),
            zone("www.other.test", "no answer", perhaps),
        ),
        (
            &["a.w.test/A", "a.x.test/A", "a.y.test/A", "a.z.test/A"],
            format!("{good},servfail,no,nxdomain"),
            format!("{fails} a.x.test SERVFAIL"),
        ),
        (
            &["*.w.test/A", "a.x.test/A", "a.y.test/A"],
            format!("{good},servfail,servfail"),
            format!("{fails} a.x.test SERVFAIL"),
        ),
        (
            &["a.w.test/A", "a.x.test/A", "b.x.test/A"],
            format!("{good},no,no"),
            zone("a.x.test", "no answer", perhaps).replace("fails", "and 1 more name fail"),
        ),
        (
            &["a.w.test/A", "a.x.test/A", "b.x.test/A", "c.x.test/A"],
            format!("{good},no,no,servfail"),
            zone("a.x.test", "no answer", perhaps).replace("fails", "and 2 more names fail"),
        ),
        (
            &["www.plain.test/A", "*.other.test/A", "ns.plain.test/A"],
            format!("{good},{good},no"),
            zone("ns.plain.test", "no answer", surely),
        ),
        (&["com/A", "net/A"], format!("{good},no"), zone("net", "no answer", perhaps)),
    ];
    for (names, said, line) in rows {
        assert_eq!(
            summary("", &seen(names, &format!("::1={said} ::2={said}"), None, None)),
            line,
            "{names:?}"
        );
    }
}

/// A server may give NXDOMAIN to --absent by itself, and resolve nothing.
#[test]
fn a_name_that_must_not_exist_acquits_no_nameserver() {
    let absent = || "example.org".parse::<ZoneOption>().unwrap().question(1).unwrap();
    let bogus = "b.example".parse::<Asked>().unwrap().question(1, vec![Rtype::A], Expect::Bogus).unwrap();
    let fails = "CRITICAL - 2 of 2 nameservers fail: ::1, ::2";
    let rows = [
        ("nxdomain", "NXDOMAIN"),
        ("servfail", "SERVFAIL"),
        ("no", "no answer"),
        ("refused", "REFUSED"),
        ("nodata", "no A record (NODATA)"),
    ];
    for (said, why) in rows {
        let servers = format!("::1={said},nxdomain ::2={said},nxdomain");
        for name in [NAME, "*.example.com/A"] {
            let mut observed = seen(&[name], &servers, None, None);
            observed.questions.push(absent());
            assert_eq!(summary("", &observed), format!("{fails} {} {why}", name.trim_end_matches("/A")));
        }
    }
    let mut observed = seen(&[], "::1=nxdomain,no ::2=nxdomain,no", None, None);
    observed.questions = vec![absent(), bogus];
    assert_eq!(summary("", &observed), format!("{fails} b.example no answer"));
    observed.servers = servers("::1=nxdomain,servfail");
    let alone = "SERVFAIL, its zone or the nameserver fails, add a --name";
    assert_eq!(summary("", &observed), format!("UNKNOWN - b.example proves nothing: {alone}"));
    // RA=0 does not recurse, and programs that ask for such a name get the right answer.
    let mut observed =
        seen(&[NAME], "::1=192.0.2.80,nxdomain-closed ::2=192.0.2.80,nxdomain", Some(TWO), None);
    observed.questions.push(absent());
    let line = "WARNING - 1 of 2 nameservers fails: ::1 *.example.org does not recurse";
    assert_eq!(summary("", &observed), line);
    // A random name that resolves acquits them beside it.
    let mut observed = seen(
        &[NAME, "*.example.net/A"],
        "::1=servfail,192.0.2.80,nxdomain ::2=servfail,192.0.2.80,nxdomain",
        None,
        None,
    );
    observed.questions.push(absent());
    assert!(summary("", &observed).ends_with("other names resolve: its zone, not the nameservers"));
}

/// Each reason is told, and a server that refuses, or is silent where the zone has an answer, is at fault
/// itself.
#[test]
fn servers_that_do_not_agree_are_no_fault_of_the_zone() {
    let zone = |faults: &str| {
        format!(
            "WARNING - www.example.com fails on all 2 nameservers ({faults}), other names resolve: its zone, not the nameservers"
        )
    };
    let fails = |one: &str, other: &str| {
        format!("CRITICAL - 2 of 2 nameservers fail: ::1 www.example.com {one}, ::2 www.example.com {other}")
    };
    let rows = [
        ("nxdomain", "servfail", zone("NXDOMAIN and SERVFAIL")),
        ("servfail", "no", zone("SERVFAIL and no answer")),
        ("notimp", "notimp", zone("NOTIMP")),
        ("nxdomain", "refused", fails("NXDOMAIN", "REFUSED")),
        ("servfail", "refused", fails("SERVFAIL", "REFUSED")),
        ("refused", "no", fails("REFUSED", "no answer")),
        ("refused", "notimp", fails("REFUSED", "NOTIMP")),
        ("no", "nxdomain", fails("no answer", "NXDOMAIN")),
        ("nodata", "no", fails("no A record (NODATA)", "no answer")),
    ];
    let good = "192.0.2.80";
    for (one, other, line) in rows {
        let servers = format!("::1={one},{good} ::2={other},{good}");
        assert_eq!(summary("", &seen(&[NAME, "*.example.net/A"], &servers, None, None)), line);
    }
    // One that resolves nothing says nothing of the zone.
    let servers = format!("::1=nxdomain,{good} ::2=nxdomain,{good} ::3=refused,refused");
    let line = "WARNING - 1 of 3 nameservers fails: ::3 REFUSED, 1 more fault";
    let said = summary("", &seen(&[NAME, "*.example.net/A"], &servers, Some(TWO), None));
    assert_eq!(said, line);
}
