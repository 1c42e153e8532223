//! Rows of what stands beside the count of failures: causes, performance data, details, and the judgement
//! turned round.

use domain::base::Rtype;

use super::*;
use crate::closed;
use crate::question::{Asked, ZoneOption};
use crate::uplinks::{Unknown, Uplinks};

#[test]
fn expired_signatures_point_at_the_clock() {
    let mut observed = seen(&[], "192.0.2.53=expired,expired 192.0.2.54=expired,192.0.2.80", Some(TWO), None);
    let secure =
        |name: &str| name.parse::<Asked>().unwrap().question(1, vec![Rtype::A], Expect::Secure).unwrap();
    observed.questions = vec![secure("a.example"), secure("b.example")];
    let line = "CRITICAL - 2 of 2 nameservers fail: 192.0.2.53 SERVFAIL by DNSSEC (signature expired) or the clock is off, \
                192.0.2.54 SERVFAIL by DNSSEC (signature expired)";
    assert_eq!(summary("", &observed), line);
    // From the second question on the server tells no cause.
    let unknown = "SERVFAIL by DNSSEC or the clock is off";
    observed.servers = servers("::1=bogus,bogus");
    assert_eq!(summary("", &observed), format!("CRITICAL - 1 of 1 nameserver fails: ::1 {unknown}"));
    observed.questions.push("c.example/A".parse::<NameOption>().unwrap().question(1).unwrap());
    observed.servers = servers("::1=bogus,bogus,192.0.2.80");
    assert_eq!(
        summary("", &observed),
        format!("CRITICAL - 1 of 1 nameserver fails: ::1 a.example {unknown}")
    );
}

#[test]
fn uplinks_of_a_stub_are_judged_beside_it() {
    let missing = || Err(Unknown::Lacking("/run/x is missing".to_owned()));
    let unreadable = || Err(Unknown::Unreadable("reading /run/x: permission denied".to_owned()));
    let good = "OK - 1 nameserver resolves 1 name, slowest in 0.012 s";
    let fails =
        "CRITICAL - 1 of 1 nameserver fails: 127.0.0.53 no answer, this system takes longer than 7.7 s";
    let both = "all 2 uplinks of 127.0.0.53 fail: 192.0.2.53 no answer, 192.0.2.54 REFUSED";
    let rows = [
        ("192.0.2.80", Ok("192.0.2.53=192.0.2.80"), good.to_owned()),
        // systemd-resolved follows aliases in any order.
        ("192.0.2.80", Ok("192.0.2.53=disorder"), good.to_owned()),
        (
            "192.0.2.80",
            Ok("192.0.2.53=disorder-nowhere"),
            "WARNING - uplink 192.0.2.53 of 127.0.0.53: answers 0.0.0.0".to_owned(),
        ),
        (
            "192.0.2.80",
            Ok("192.0.2.53=no 192.0.2.54=192.0.2.80"),
            "WARNING - uplink 192.0.2.53 of 127.0.0.53: no answer".to_owned(),
        ),
        (
            "192.0.2.80",
            Ok("192.0.2.53=no"),
            "WARNING - uplink 192.0.2.53 of 127.0.0.53: no answer".to_owned(),
        ),
        ("192.0.2.80", Ok("192.0.2.53=no 192.0.2.54=refused"), format!("WARNING - {both}")),
        ("no", Ok("192.0.2.53=no 192.0.2.54=refused"), format!("{fails}, {both}")),
        ("no", Ok("192.0.2.53=no"), format!("{fails}, its uplink fails: 192.0.2.53 no answer")),
        ("no", Ok("192.0.2.53=no 192.0.2.54=192.0.2.80"), format!("{fails}, 1 more fault")),
        ("no", Ok("192.0.2.53=192.0.2.80"), fails.to_owned()),
        (
            "192.0.2.80",
            missing(),
            format!("{good}, the uplinks of 127.0.0.53 are not known: /run/x is missing"),
        ),
        ("no", missing(), fails.to_owned()),
        (
            "192.0.2.80",
            unreadable(),
            "WARNING - the uplinks of 127.0.0.53 are not known: reading /run/x: permission denied".to_owned(),
        ),
    ];
    for (said, uplinks, line) in rows {
        let system = if said == "no" { too_slow() } else { GOOD };
        let stub = format!("127.0.0.53={said}");
        let mut observed = seen(&[NAME], &stub, Some("nameserver 127.0.0.53\n"), system);
        observed.uplinks = Some(uplinks_of(uplinks.map(servers)));
        assert_eq!(summary("", &observed), line, "{observed:?}");
    }
    let mut observed = seen(&[NAME], "127.0.0.53=no", Some("nameserver 127.0.0.53\n"), too_slow());
    observed.uplinks = Some(uplinks_of(missing().map(servers)));
    let output = evaluate(&allowed(""), &observed).render("RESOLVER", 0);
    assert!(output.contains("\nthe uplinks of 127.0.0.53 are not known: /run/x is missing\n"), "{output}");
}

/// The uplinks of a stub, asked by plain DNS.
fn uplinks_of(servers: Result<Vec<Server>, Unknown>) -> Uplinks {
    Uplinks { stub: "127.0.0.53".to_owned(), by_tls: Vec::new(), validated: Vec::new(), servers }
}

#[test]
fn uplinks_that_are_asked_by_tls_may_be_silent_to_plain_dns() {
    let good = "OK - 1 nameserver resolves 1 name, slowest in 0.012 s";
    let note = ", the uplinks of 127.0.0.53 use TLS: no answer to plain DNS is not a failure";
    let fails = "WARNING - uplink 192.0.2.53 of 127.0.0.53: ";
    let rows = [
        ("192.0.2.53=no 192.0.2.54=closed", format!("{good}{note}")),
        ("192.0.2.53=192.0.2.80", good.to_owned()),
        ("192.0.2.53=refused 192.0.2.54=no", format!("{fails}REFUSED")),
        ("192.0.2.53=servfail 192.0.2.54=no", format!("{fails}SERVFAIL")),
        ("192.0.2.53=0.0.0.0 192.0.2.54=no", format!("{fails}answers 0.0.0.0")),
        // A firewall that lets TLS alone through.
        ("192.0.2.53=forbidden 192.0.2.54=tcp", format!("{good}{note}")),
        ("192.0.2.53=rejected 192.0.2.54=unsent", format!("{good}{note}")),
        ("192.0.2.53=far 192.0.2.54=no", format!("{fails}host unreachable")),
        // No link asks the third one by TLS.
        (
            "192.0.2.53=no 192.0.2.54=192.0.2.80 192.0.2.55=192.0.2.80",
            format!(
                "{good}, uplink 192.0.2.53 of 127.0.0.53 uses TLS: no answer to plain DNS is not a failure"
            ),
        ),
        ("192.0.2.53=no 192.0.2.55=no", "WARNING - uplink 192.0.2.55 of 127.0.0.53: no answer".to_owned()),
    ];
    let by_tls = ["192.0.2.53", "192.0.2.54"].map(str::to_owned).to_vec();
    for (uplinks, line) in rows {
        let mut observed = seen(&[NAME], "127.0.0.53=192.0.2.80", Some("nameserver 127.0.0.53\n"), GOOD);
        let stub = "127.0.0.53".to_owned();
        observed.uplinks = Some(Uplinks {
            stub,
            by_tls: by_tls.clone(),
            validated: Vec::new(),
            servers: Ok(servers(uplinks)),
        });
        assert_eq!(summary("", &observed), line, "{uplinks}");
    }
}

#[test]
fn a_bogus_name_proves_nothing_where_its_zone_does_not_answer() {
    let bogus =
        |name: &str| name.parse::<Asked>().unwrap().question(1, vec![Rtype::A], Expect::Bogus).unwrap();
    let valid = "b.example proves nothing: validated (AD=1), name one with a broken signature";
    let nothing = "UNKNOWN - b.example proves nothing: SERVFAIL, its zone";
    let rows = [
        ("::1=192.0.2.80,expired", "OK - 1 nameserver answers 2 questions as expected, slowest in 0.012 s".to_owned()),
        ("::1=192.0.2.80,servfail", format!("{nothing} does not answer")),
        ("::1=192.0.2.80,servfail ::2=192.0.2.80,servfail", format!("{nothing} does not answer")),
        ("::1=192.0.2.80,nxdomain", "UNKNOWN - b.example proves nothing: NXDOMAIN, name one that exists".to_owned()),
        ("::1=192.0.2.80,nodata", "UNKNOWN - b.example proves nothing: no address (NODATA), name one that has an address".to_owned()),
        ("::1=192.0.2.80,valid", format!("UNKNOWN - {valid}")),
        // It validates the other one.
        ("::1=valid,192.0.2.80", "UNKNOWN - b.example proves nothing: not signed, name one with a broken signature".to_owned()),
        (
            "::1=valid,signed",
            "CRITICAL - 1 of 1 nameserver fails: ::1 b.example does not validate DNSSEC".to_owned(),
        ),
        // A cache may have what was broken.
        ("::1=192.0.2.80,valid ::2=192.0.2.80,expired", format!("UNKNOWN - {valid}")),
        (
            "::1=192.0.2.80,valid ::2=192.0.2.80,192.0.2.80",
            "CRITICAL - 1 of 2 nameservers fails: ::2 b.example does not validate DNSSEC, 1 more fault".to_owned(),
        ),
        // The other one shows that the zone is there.
        (
            "::1=192.0.2.80,servfail ::2=192.0.2.80,expired",
            "CRITICAL - 1 of 2 nameservers fails: ::1 b.example SERVFAIL".to_owned(),
        ),
        (
            "::1=192.0.2.80,servfail ::2=192.0.2.80,192.0.2.80",
            "CRITICAL - 2 of 2 nameservers fail: ::1 b.example SERVFAIL, ::2 b.example does not validate DNSSEC"
                .to_owned(),
        ),
        // It shows the broken signature that the second one serves the name without.
        (
            "::1=valid,expired ::2=valid,192.0.2.80",
            "CRITICAL - 1 of 2 nameservers fails: ::2 b.example does not validate DNSSEC".to_owned(),
        ),
        (
            "::1=valid,expired ::2=valid,192.0.2.80 ::3=valid,valid",
            format!("UNKNOWN - {}", valid.replace("validated (AD=1)", "not signed")),
        ),
        (
            "::1=valid,signed ::2=valid,192.0.2.80",
            "CRITICAL - 1 of 2 nameservers fails: ::1 b.example does not validate DNSSEC, 1 more fault".to_owned(),
        ),
        // Resolvers are silent while they wait for its servers.
        (
            "::1=192.0.2.80,no",
            "UNKNOWN - b.example proves nothing: no answer, its zone does not answer".to_owned(),
        ),
        (
            "::1=192.0.2.80,no ::2=192.0.2.80,no",
            "UNKNOWN - b.example proves nothing: no answer, its zone does not answer".to_owned(),
        ),
        ("::1=no,no", "CRITICAL - 1 of 1 nameserver fails: ::1 no answer".to_owned()),
        (
            "::1=192.0.2.80,no ::2=192.0.2.80,expired",
            "CRITICAL - 1 of 2 nameservers fails: ::1 b.example no answer".to_owned(),
        ),
        // One that fails by itself is told once.
        ("::1=servfail,servfail", "CRITICAL - 1 of 1 nameserver fails: ::1 SERVFAIL".to_owned()),
        (
            "::1=servfail,servfail ::2=192.0.2.80,servfail",
            "CRITICAL - 1 of 2 nameservers fails: ::1 SERVFAIL, 1 more fault".to_owned(),
        ),
    ];
    for (servers, line) in rows {
        let mut observed = seen(&[NAME], servers, None, None);
        observed.questions.push(bogus("b.example"));
        assert_eq!(summary("", &observed), line, "{servers}");
    }
    let mut alone = seen(&[], "::1=servfail", None, None);
    alone.questions = vec![bogus("b.example")];
    assert_eq!(summary("", &alone), format!("{nothing} or the nameserver fails, add a --name"));
}

/// The stub shows the broken signature that an uplink serves the name without.
#[test]
fn an_uplink_does_not_validate_what_its_stub_shows_as_broken() {
    let mut observed = seen(&[NAME], "127.0.0.53=valid,expired", Some("nameserver 127.0.0.53\n"), GOOD);
    let bogus = "b.example".parse::<Asked>().unwrap().question(1, vec![Rtype::A], Expect::Bogus).unwrap();
    observed.questions.push(bogus);
    let uplinks = Ok(servers("192.0.2.53=valid,192.0.2.80"));
    observed.uplinks = Some(uplinks_of(uplinks));
    let line = "WARNING - uplink 192.0.2.53 of 127.0.0.53: does not validate DNSSEC";
    assert_eq!(summary("", &observed), line);
    // A stub that validates itself gives programs nothing else.
    observed.uplinks.as_mut().unwrap().validated = vec!["192.0.2.53".to_owned()];
    assert!(summary("", &observed).starts_with("OK - "));
    observed.uplinks.as_mut().unwrap().servers = Ok(servers("192.0.2.53=servfail,192.0.2.80"));
    assert_eq!(summary("", &observed), "WARNING - uplink 192.0.2.53 of 127.0.0.53: SERVFAIL");
}

#[test]
fn every_series_is_there_in_every_run() {
    let rows = [
        (
            "",
            "::1=192.0.2.80 ::2=late ::3=no",
            "failed=1;0;2;0;3 slowest=0.012s;;;0 second_try=1;;;0 system=0.002s;;;0",
        ),
        ("", "::1=no", "failed=1;0;0;0;1 slowest=U;;;0 second_try=0;;;0 system=0.002s;;;0"),
        (
            "-w 50% -c 1 --warning-time 1",
            "::1=192.0.2.80 ::2=no",
            "failed=1;;1;0;2 failed_share=50%;50;;0;100 slowest=0.012s;1;;0 second_try=0;;;0 system=0.002s;;;0",
        ),
    ];
    for (options, servers, data) in rows {
        let line = first_line(options, &seen(&[NAME], servers, Some(TWO), GOOD));
        assert_eq!(line.split(" | ").nth(1), Some(data), "{options} {servers}");
    }
    // Without a name that has addresses the system is not asked.
    let mut observed = seen(&["www.example.com/MX"], "::1=192.0.2.80", Some(TWO), None);
    observed.asks_system = true;
    let data = "failed=0;0;0;0;1 slowest=0.012s;;;0 second_try=0;;;0 system=U;;;0";
    let (line, seen) = (first_line("", &observed), "OK - 1 nameserver resolves 1 name, slowest in 0.012 s");
    let note = "this system itself was not asked: no --name has A or AAAA";
    assert_eq!(line, format!("RESOLVER {seen}, {note} | {data}"));
}

#[test]
fn details_tell_each_answer() {
    let observed = seen(&[NAME], "192.0.2.53=192.0.2.80 192.0.2.54=expired", Some(TWO), GOOD);
    let output = evaluate(&allowed(""), &observed).render("RESOLVER", 1);
    let details: Vec<&str> = output.lines().skip(1).collect();
    let expected = [
        "192.0.2.53 www.example.com A: NOERROR, flags ra edns, 12.000 ms, 192.0.2.80, TTL 60",
        "192.0.2.54 www.example.com A: SERVFAIL, flags ra edns, 12.000 ms, no record, EDE 7 (signature expired): late, answers with CD=1",
        "this system: 192.0.2.80 in 0.002 s, hosts is files dns in nsswitch.conf",
    ];
    assert_eq!(details, expected);
}

/// The text of an extended error is the server's: it makes no line of its own.
#[test]
fn an_answer_has_one_line_whatever_it_says() {
    let mut observed = seen(&[NAME], "192.0.2.53=expired", Some("nameserver 192.0.2.53\n"), None);
    let answer = observed.servers[0].outcomes[0][0].answer.as_mut().unwrap();
    answer.reply.errors = vec![(22, "x\nCRITICAL: payroll down\r\nz".to_owned())];
    let output = evaluate(&allowed(""), &observed).render("RESOLVER", 1);
    let details: Vec<&str> = output.lines().skip(1).collect();
    let line = "192.0.2.53 www.example.com A: SERVFAIL, flags ra edns, 12.000 ms, no record, \
                EDE 22 (no reachable authority): x CRITICAL: payroll down  z, answers with CD=1";
    assert_eq!(details, [line]);
}

#[test]
fn closed_servers_refuse() {
    let rows = [
        ("::1=refused ::2=no", "OK - 2 servers refuse strangers"),
        ("::1=authority", "OK - 1 server refuses strangers"),
        ("192.0.2.53=192.0.2.80 ::2=no", "CRITICAL - 1 of 2 servers resolve for strangers: 192.0.2.53"),
        ("192.0.2.53=nxdomain", "CRITICAL - 1 of 1 server resolves for strangers: 192.0.2.53"),
        (
            "192.0.2.53=servfail",
            "CRITICAL - 1 of 1 server resolves for strangers: 192.0.2.53 (tried: SERVFAIL)",
        ),
        ("192.0.2.53=servfail+nxdomain", "CRITICAL - 1 of 1 server resolves for strangers: 192.0.2.53"),
        ("192.0.2.53=nodata-closed", "OK - 1 server refuses strangers"),
        ("192.0.2.53=notimp", "OK - 1 server refuses strangers"),
        ("192.0.2.53=here ::2=refused", "UNKNOWN - 192.0.2.53 not asked: host unreachable"),
        (
            "192.0.2.53=refused 192.0.2.54=cut",
            "UNKNOWN - 192.0.2.54 undecided: no answer yet when the time ended, see --timeout and --tries",
        ),
        ("fe80::1=unscoped ::2=refused", "UNKNOWN - fe80::1 not asked: needs its interface"),
        ("192.0.2.53=noroute ::2=refused", "UNKNOWN - 192.0.2.53 not asked: no route from here"),
    ];
    for (servers, line) in rows {
        let observed = seen(&[NAME], servers, None, None);
        let output = closed::evaluate(&allowed("--closed"), &observed).render("RESOLVER", 0);
        let summary = output.split(" | ").next().unwrap();
        assert_eq!(summary, format!("RESOLVER {line}"), "{servers}");
        // None that is open is judged as every other number is, unless one may be.
        let output = closed::evaluate(&allowed("--closed -c 1:"), &observed).render("RESOLVER", 0);
        let is_judged = output.starts_with("RESOLVER CRITICAL - failed is 0, limit 1: |");
        assert_eq!(is_judged, line.starts_with("OK"), "{output}");
    }
}

#[test]
fn aaaa_costs_nothing_where_no_program_asks_for_it() {
    let conf = "options no-aaaa\nnameserver ::1\n";
    for aaaa in ["no", "servfail"] {
        let observed = seen(&["www.example.com"], &format!("::1=192.0.2.80+{aaaa}"), Some(conf), GOOD);
        assert_eq!(summary("", &observed), "OK - 1 nameserver resolves 1 name, slowest in 0.012 s");
        let output = evaluate(&allowed(""), &observed).render("RESOLVER", 1);
        assert!(output.contains("no program here asks for AAAA (no-aaaa)"), "{output}");
    }
    // A fault with EDNS costs time for programs that ask for A as well.
    let observed = seen(&["www.example.com"], "::1=plain+no", Some(conf), GOOD);
    assert_eq!(summary("", &observed), "WARNING - ::1: answers only without EDNS");
}

#[test]
fn a_name_counts_once_whatever_is_asked_of_it() {
    let names = ["a.test", "A.test./A", "a.test/MX", "b.test/A"];
    let good = "192.0.2.80+192.0.2.80,192.0.2.80,192.0.2.80";
    let all_well = seen(&names, &format!("::1={good},192.0.2.80"), None, None);
    assert_eq!(summary("", &all_well), "OK - 1 nameserver resolves 2 names, slowest in 0.012 s");
    let rows = [
        (format!("{good},servfail"), "b.test SERVFAIL"),
        ("192.0.2.80+192.0.2.80,192.0.2.80,servfail,192.0.2.80".to_owned(), "a.test/MX SERVFAIL"),
        ("192.0.2.80+192.0.2.80,servfail,192.0.2.80,192.0.2.80".to_owned(), "A.test/A SERVFAIL"),
        ("servfail+servfail,192.0.2.80,192.0.2.80,192.0.2.80".to_owned(), "a.test SERVFAIL"),
    ];
    for (said, why) in rows {
        let line = format!("CRITICAL - 1 of 1 nameserver fails: ::1 {why}");
        assert_eq!(summary("", &seen(&names, &format!("::1={said}"), None, None)), line);
    }
}

/// AAAA that is asked for alone and beside A is one cause.
#[test]
fn aaaa_that_fails_is_told_once() {
    let (fails, good) = ("CRITICAL - 1 of 1 nameserver fails: ::1", "192.0.2.80");
    let rows = [
        (
            &["a.test/AAAA", "A.test."][..],
            format!("servfail,{good}+servfail"),
            format!("{fails} a.test/AAAA SERVFAIL"),
        ),
        (
            &["A.test.", "a.test/AAAA"],
            format!("{good}+servfail,servfail"),
            format!("{fails} a.test/AAAA SERVFAIL"),
        ),
        // Another cause, another name, and a server that fails by itself.
        (
            &["a.test/AAAA", "a.test"],
            format!("servfail,{good}+no"),
            format!("{fails} a.test/AAAA SERVFAIL, and ::1: AAAA no answer"),
        ),
        (
            &["a.test/AAAA", "b.test"],
            format!("servfail,{good}+servfail"),
            format!("{fails} a.test SERVFAIL, and ::1: AAAA SERVFAIL"),
        ),
        (
            &["b.test/A", "a.test/AAAA", "a.test"],
            format!("refused,servfail,{good}+servfail"),
            format!("{fails} b.test REFUSED, and ::1: AAAA SERVFAIL"),
        ),
    ];
    for (names, said, line) in rows {
        assert_eq!(summary("", &seen(names, &format!("::1={said}"), None, None)), line, "{names:?} {said}");
    }
}

#[test]
fn a_name_that_is_missing_proves_no_way_upstream_alone() {
    let absent = || "a.example".parse::<ZoneOption>().unwrap().question(1).unwrap();
    let mut observed = seen(&[], "::1=nxdomain", None, None);
    observed.questions = vec![absent()];
    let good = "OK - 1 nameserver answers 1 question as expected, slowest in 0.012 s";
    let note = "NXDOMAIN may come from the nameserver itself: add a --name";
    assert_eq!(summary("", &observed), format!("{good}, {note}"));
    let mut observed = seen(&[NAME], "::1=192.0.2.80,nxdomain", None, None);
    observed.questions.push(absent());
    assert_eq!(summary("", &observed), good.replace("1 question", "2 questions"));
    let mut observed = seen(&[], "::1=servfail", None, None);
    observed.questions = vec![absent()];
    let output = evaluate(&allowed(""), &observed).render("RESOLVER", 0);
    assert!(output.starts_with("RESOLVER CRITICAL") && !output.contains(note), "{output}");
}
