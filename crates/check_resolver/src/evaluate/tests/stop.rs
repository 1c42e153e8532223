//! Rows of where programs here end their search, and of what a run has no time for.

use super::*;

/// The C library takes the first answer, whatever further nameservers know. That this system has an address
/// shows nothing of them if the hosts file or the search list may have given it.
#[test]
fn programs_stop_at_the_first_answer_although_they_have_an_address_from_elsewhere() {
    let nxdomain = "CRITICAL - 1 of 2 nameservers fails: ::1 NXDOMAIN, and programs here stop at its answer";
    let wrong =
        "CRITICAL - 1 of 2 nameservers fails: ::1 answers 127.0.0.1, and programs here stop at its answer";
    let nodata =
        "CRITICAL - 1 of 2 nameservers fails: ::1 no A record (NODATA), and programs here stop at its answer";
    let known = "WARNING - 1 of 2 nameservers fails: ::1 NXDOMAIN";
    let known_wrong = "WARNING - 1 of 2 nameservers fails: ::1 answers 127.0.0.1";
    let rows = [
        ("", "192.0.2.80", "::1=nxdomain", nxdomain),
        ("", "192.0.2.80", "::1=127.0.0.1", wrong),
        ("search wild.test\n", "", "::1=nxdomain", nxdomain),
        ("search wild.test\n", "", "::1=nodata", nodata),
        // It comes first.
        ("search wild.test\noptions ndots:3\n", "", "::1=127.0.0.1", wrong),
        // It does not come after an address.
        ("search wild.test\n", "", "::1=127.0.0.1", known_wrong),
        // Another module or cache gives it to programs here.
        ("", "", "::1=nxdomain", known),
        ("", "192.0.2.7", "::1=nxdomain", known),
    ];
    for (conf, hosts, first, line) in rows {
        for options in ["", "-c 1"] {
            let conf = format!("{conf}{TWO}");
            let mut observed = seen(&[NAME], &format!("{first} ::2=192.0.2.80"), Some(&conf), GOOD);
            let system = &mut observed.system.as_mut().unwrap().1;
            system.hosts = hosts.split_whitespace().map(|address| address.parse().unwrap()).collect();
            let is_by_count = line.starts_with("WARNING") && !options.is_empty();
            let said = summary(options, &observed);
            assert!(
                said == line || is_by_count && said.starts_with("OK"),
                "{conf} {hosts} {options}: {said}"
            );
        }
    }
}

#[test]
fn programs_stop_at_the_first_nameserver_that_answers() {
    let two = "www.example.net/A";
    let of = |failing: &str| format!("CRITICAL - 2 of 3 nameservers fail: {failing}, and programs here stop");
    let rows = [
        (
            &[NAME][..],
            "::1=refused ::2=nxdomain ::3=192.0.2.80",
            of("::1 REFUSED, ::2 NXDOMAIN") + " at the answer of ::2",
        ),
        (
            &[NAME],
            "::1=no ::2=127.0.0.1 ::3=192.0.2.80",
            of("::1 no answer, ::2 answers 127.0.0.1") + " at the answer of ::2",
        ),
        (
            &[NAME],
            "::1=no ::2=192.0.2.80 ::3=nxdomain",
            "WARNING - 2 of 3 nameservers fail: ::1 no answer, ::3 NXDOMAIN".to_owned(),
        ),
        (
            &[NAME],
            "::1=disorder ::2=192.0.2.80",
            "CRITICAL - 1 of 2 nameservers fails: ::1 aliases out of order: the C library finds no address, \
             and programs here stop at its answer"
                .to_owned(),
        ),
        (
            &[NAME],
            "::1=192.0.2.80 ::2=disorder",
            "WARNING - 1 of 2 nameservers fails: ::2 aliases out of order: the C library finds no address"
                .to_owned(),
        ),
        // For each name the first one that answers may be another one.
        (
            &[NAME, two],
            "::1=servfail,nxdomain ::2=192.0.2.80,192.0.2.80 ::3=192.0.2.80,192.0.2.80",
            "CRITICAL - 1 of 3 nameservers fails: ::1 SERVFAIL, and programs here stop at the answer of ::1 \
             for www.example.net"
                .to_owned(),
        ),
        (
            &[two, NAME],
            "::1=nxdomain,servfail ::2=192.0.2.80,192.0.2.80 ::3=192.0.2.80,192.0.2.80",
            "CRITICAL - 1 of 3 nameservers fails: ::1 NXDOMAIN, and programs here stop at its answer"
                .to_owned(),
        ),
    ];
    for (names, servers, line) in rows {
        for options in ["", "-w 2", "-c 2"] {
            let is_by_count = line.starts_with("WARNING") && !options.is_empty();
            let said = summary(options, &seen(names, servers, Some(TWO), None));
            assert!(said == line || is_by_count && said.starts_with("OK"), "{servers} {options}: {said}");
        }
    }
    let conf = "options rotate\nnameserver ::1\nnameserver ::2\nnameserver ::3\n";
    let line = of("::1 no answer, ::3 NXDOMAIN") + " (rotate)";
    let said = summary("", &seen(&[NAME], "::1=no ::2=192.0.2.80 ::3=nxdomain", Some(conf), GOOD));
    assert_eq!(said, line.replace("here stop", "here that begin with ::3 stop"));
}

/// A run of less than 2 s neither acquits nor blames a nameserver that gave nothing.
#[test]
fn a_server_without_an_answer_yet_is_undecided() {
    let undecided = "undecided: no answer yet when the time ended, see --timeout";
    let rows = [
        ("::1=yet", too_slow_after(1.7), format!("UNKNOWN - ::1 {undecided}")),
        ("::1=yet ::2=yet", too_slow_after(1.7), format!("UNKNOWN - ::1, ::2 {undecided}")),
        ("::1=yet ::2=192.0.2.80", too_slow_after(1.7), format!("UNKNOWN - ::1 {undecided}")),
        (
            "::1=yet ::2=yet ::3=yet ::4=yet",
            too_slow_after(1.7),
            format!("UNKNOWN - ::1, ::2, ::3 and 1 more server {undecided}"),
        ),
        (
            "::1=yet ::2=yet ::3=yet ::4=yet ::5=yet",
            too_slow_after(1.7),
            format!("UNKNOWN - ::1, ::2, ::3 and 2 more servers {undecided}"),
        ),
        (
            "::1=yet ::2=192.0.2.80",
            not_found(),
            "CRITICAL - this system does not resolve, 1 more fault".to_owned(),
        ),
        (
            "::1=yet ::2=refused",
            None,
            "WARNING - 1 of 2 nameservers fails: ::2 REFUSED, 1 more fault".to_owned(),
        ),
    ];
    for (servers, system, line) in rows {
        assert_eq!(summary("", &seen(&[NAME], servers, Some(TWO), system)), line, "{servers}");
    }
    let observed = seen(&["www.example.com"], "::1=192.0.2.80+yet", Some(TWO), GOOD);
    assert_eq!(summary("", &observed), format!("UNKNOWN - ::1 {undecided}"));
    let observed = seen(&[NAME], "127.0.0.1=yet", Some(""), None);
    let line = "WARNING - no nameserver in /etc/resolv.conf, so 127.0.0.1 is asked";
    assert!(summary("", &observed).starts_with(line), "{observed:?}");
}

/// As getent of glibc 2.36 does.
#[test]
fn the_search_ends_with_every_code_but_three() {
    let stops = ", and programs here stop at its answer";
    let rows = [
        ("formerr", "FORMERR", stops),
        ("notauth", "NOTAUTH", stops),
        ("loop", "CNAME loop", stops),
        ("nodata", "no A record (NODATA)", stops),
        ("servfail", "SERVFAIL", ""),
        ("notimp", "NOTIMP", ""),
        ("refused", "REFUSED", ""),
        ("badvers", "BADVERS", ""),
    ];
    for (said, reason, stops) in rows {
        let observed = seen(&[NAME], &format!("::1={said} ::2=192.0.2.80"), Some(TWO), None);
        let state = if stops.is_empty() { "WARNING" } else { "CRITICAL" };
        let line = format!("{state} - 1 of 2 nameservers fails: ::1 {reason}{stops}");
        assert_eq!(summary("", &observed), line);
    }
}

/// Programs take an address that was not validated, and may get one for which this run did not wait.
#[test]
fn the_search_ends_well_with_an_address_that_was_not_validated() {
    let rows = [
        (
            "::1=192.0.2.80 ::2=nxdomain",
            "CRITICAL - 2 of 2 nameservers fail: ::1 answers, but not as validated (AD=0), ::2 NXDOMAIN",
        ),
        (
            "::1=192.0.2.80 ::2=nxdomain ::3=valid",
            "WARNING - 2 of 3 nameservers fail: ::1 answers, but not as validated (AD=0), ::2 NXDOMAIN",
        ),
        ("::1=yet ::2=nxdomain ::3=valid", "WARNING - 1 of 3 nameservers fails: ::2 NXDOMAIN, 1 more fault"),
    ];
    for (servers, line) in rows {
        let mut observed = seen(&[NAME], servers, Some(TWO), None);
        observed.questions[0].expect = Expect::Secure;
        assert_eq!(summary("", &observed), line, "{servers}");
    }
}
