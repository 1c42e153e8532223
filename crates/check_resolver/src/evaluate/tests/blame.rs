//! Rows of who is to blame for a name that fails on every server: its zone, the clock of the servers, or what
//! they decide themselves.

use domain::base::Rtype;

use super::*;
use crate::question::Asked;

const FAILS: &str = "CRITICAL - 2 of 2 nameservers fail: ::1, ::2";

/// What was seen of these names, and of more that must come validated.
fn with_secure(names: &[&str], secure: &[&str], servers: &str) -> Observations {
    let mut observed = seen(names, servers, None, None);
    observed.questions.extend(
        secure
            .iter()
            .map(|name| name.parse::<Asked>().unwrap().question(1, vec![Rtype::A], Expect::Secure).unwrap()),
    );
    observed
}

/// The names, those that must come validated, what each of two servers says, and the line.
type Row<'a> = (&'a [&'a str], &'a [&'a str], [String; 2], String);

/// A name that is not signed resolves with every key and clock.
#[test]
fn only_a_validated_name_acquits_servers_of_a_failure_by_dnssec() {
    let of_zone = |faults: &str, whose: &str| {
        format!("WARNING - www.example.net fails on all 2 nameservers (SERVFAIL by DNSSEC{faults}), {whose}")
    };
    let expired = " (signature expired)";
    let perhaps = "perhaps its zone, or the clock is off: add a --secure of another zone";
    // A validated answer may be older than a key or a clock that is wrong by now.
    let cached = "other names may come from caches: perhaps its zone";
    let clock = |names: &str| format!("{FAILS} {names} or the clock is off");
    let names = ["www.example.net/A", "*.example.com/A"];
    let good = "192.0.2.80";
    let rows: [Row<'_>; 12] = [
        (&names, &[], [format!("expired,{good}"), format!("expired,{good}")], of_zone(expired, perhaps)),
        (&names, &[], [format!("bogus,{good}"), format!("bogus,{good}")], of_zone("", perhaps)),
        (
            &names,
            &["s.test"],
            [format!("expired,{good},valid"), format!("expired,{good},valid")],
            of_zone(expired, cached),
        ),
        // The other name itself is validated.
        (&names, &[], ["expired,valid".into(), "expired,valid".into()], of_zone(expired, cached)),
        (
            &[names[0], NAME],
            &["s.test"],
            [format!("expired,{good},valid"), format!("expired,{good},valid")],
            of_zone(expired, cached),
        ),
        // One server alone is shown to validate.
        (&names, &[], ["expired,valid".into(), format!("expired,{good}")], of_zone(expired, perhaps)),
        // Nothing else resolves, or another zone fails so too.
        (
            &names[..1],
            &["s.test"],
            ["expired,expired".into(), "expired,expired".into()],
            clock("SERVFAIL by DNSSEC (signature expired)"),
        ),
        (
            &names,
            &["s.test"],
            [format!("expired,{good},bogus"), format!("expired,{good},bogus")],
            clock("www.example.net SERVFAIL by DNSSEC (signature expired)"),
        ),
        (
            &["www.example.net/A", "www.example.org/A", "*.example.com/A"],
            &[],
            [format!("expired,bogus,{good}"), format!("expired,bogus,{good}")],
            clock("www.example.net SERVFAIL by DNSSEC (signature expired)"),
        ),
        // The same name and zone is not both.
        (
            &names,
            &["www.example.net"],
            [format!("expired,{good},expired"), format!("expired,{good},expired")],
            clock("www.example.net/A SERVFAIL by DNSSEC (signature expired)"),
        ),
        // Of two servers one fails.
        (
            &names,
            &[],
            [format!("expired,{good}"), format!("{good},{good}")],
            "CRITICAL - 1 of 2 nameservers fails: ::1 www.example.net SERVFAIL by DNSSEC (signature expired) \
             or the clock is off"
                .to_owned(),
        ),
        (
            &names,
            &["s.test"],
            [format!("expired,{good},valid"), format!("{good},{good},valid")],
            "CRITICAL - 1 of 2 nameservers fails: ::1 www.example.net SERVFAIL by DNSSEC (signature expired)"
                .to_owned(),
        ),
    ];
    for (names, secure, [one, other], line) in rows {
        let observed = with_secure(names, secure, &format!("::1={one} ::2={other}"));
        let output = evaluate(&allowed(""), &observed).render("RESOLVER", 0);
        assert_eq!(summary("", &observed), line, "{names:?} {secure:?} {one} {other}");
        assert!(line.contains("its zone") || !output.contains("its zone"), "{output}");
    }
}

/// What the servers block or refuse, or have the zone of, is no fault of another one's zone.
#[test]
fn what_servers_decide_themselves_is_no_fault_of_the_zone() {
    let zone = "WARNING - www.example.com fails on all 2 nameservers (NXDOMAIN), other names resolve: its zone, \
                not the nameservers";
    let rows = [
        ("nxdomain", zone.to_owned(), "NXDOMAIN"),
        ("blocked", format!("{FAILS} www.example.com NXDOMAIN (blocked)"), "NXDOMAIN (blocked)"),
        (
            "own-nxdomain",
            format!("{FAILS} www.example.com NXDOMAIN (authoritative)"),
            "NXDOMAIN (authoritative)",
        ),
        ("refused", format!("{FAILS} www.example.com REFUSED"), "REFUSED"),
        ("prohibited", format!("{FAILS} www.example.com REFUSED (prohibited)"), "REFUSED (prohibited)"),
        ("blocked-servfail", format!("{FAILS} www.example.com SERVFAIL (censored)"), "SERVFAIL (censored)"),
        (
            "blocked-nodata",
            format!("{FAILS} www.example.com no A record (NODATA), blocked"),
            "no A record (NODATA), blocked",
        ),
        (
            "blocked-address",
            format!("{FAILS} www.example.com answers 0.0.0.0, filtered"),
            "answers 0.0.0.0, filtered",
        ),
    ];
    for (said, line, alone) in rows {
        let servers = format!("::1={said},192.0.2.80 ::2={said},192.0.2.80");
        assert_eq!(summary("", &seen(&[NAME, "*.example.net/A"], &servers, None, None)), line);
        let line = format!("CRITICAL - 1 of 1 nameserver fails: ::1 {alone}");
        assert_eq!(summary("", &seen(&[NAME], &format!("::1={said}"), None, None)), line);
        let line = format!("CRITICAL - /etc/resolv.conf is missing, so 127.0.0.1 is asked: {alone}");
        assert_eq!(summary("", &seen(&[NAME], &format!("127.0.0.1={said}"), Some("missing"), None)), line);
    }
}
