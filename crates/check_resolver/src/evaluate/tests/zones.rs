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
            "WARNING - www.example.com fails on all 2 nameservers (SERVFAIL), other names resolve: its zone, not the nameservers",
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
        (
            &two,
            "192.0.2.53=servfail,192.0.2.80 192.0.2.54=servfail,no",
            "WARNING - 1 of 2 nameservers fails: 192.0.2.54 no answer, 1 more fault",
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
