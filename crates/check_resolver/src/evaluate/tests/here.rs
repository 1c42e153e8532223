//! Rows of what the machine's own way gives, beside the servers.

use super::*;

#[test]
fn what_costs_time_is_told_with_the_time() {
    let rows = [
        ("no", GOOD, "WARNING - ::1: AAAA no answer"),
        ("no", Some(Ok(5.04)), "WARNING - ::1: AAAA no answer, a name takes 5.0 s here"),
        ("no", too_slow(), "WARNING - ::1: AAAA no answer, this system takes longer than 7.7 s"),
        (
            "tcp",
            too_slow(),
            "WARNING - ::1: AAAA no answer by UDP, TCP answers, this system takes longer than 7.7 s",
        ),
        // The C library does not wait for AAAA here: something else takes the time.
        (
            "servfail",
            too_slow(),
            "CRITICAL - the nameservers resolve, this system takes longer than 7.7 s (::1: AAAA SERVFAIL)",
        ),
    ];
    for (aaaa, system, line) in rows {
        let servers = format!("::1=192.0.2.80+{aaaa}");
        let observed = seen(&["www.example.com"], &servers, Some("nameserver ::1\n"), system);
        assert_eq!(summary("", &observed), line);
    }
}

#[test]
fn the_system_is_not_blamed_for_a_zone() {
    let two = ["www.example.com/A", "www.example.net/A"];
    let observed = seen(&two, "::1=servfail,192.0.2.80 ::2=servfail,192.0.2.80", Some(TWO), not_found());
    let line = "WARNING - www.example.com fails on all 2 nameservers (SERVFAIL), other names may come from caches: perhaps its zone";
    assert_eq!(summary("", &observed), line);
}

#[test]
fn a_name_that_the_system_did_not_resolve_stops_at_the_first_server() {
    let two = ["www.example.com/A", "www.example.net/A"];
    let servers = "192.0.2.53=192.0.2.80,nxdomain 192.0.2.54=192.0.2.80,192.0.2.80";
    let line = "CRITICAL - 1 of 2 nameservers fails: 192.0.2.53 www.example.net NXDOMAIN, and programs here stop at its answer";
    assert_eq!(summary("", &seen(&two, servers, Some(TWO), GOOD)), line);
}

#[test]
fn a_wrong_address_that_programs_get_is_critical() {
    let first = seen(
        &["www.example.com/A=192.0.2.81"],
        "192.0.2.53=192.0.2.80 192.0.2.54=192.0.2.81",
        Some(TWO),
        GOOD,
    );
    let line = "CRITICAL - 1 of 2 nameservers fails: 192.0.2.53 answers 192.0.2.80, which is not expected, this system too";
    assert_eq!(summary("", &first), line);
    let rows = [
        ("www.example.com", "192.0.2.80 ::1", "CRITICAL - this system answers ::1"),
        ("www.example.com", "127.0.1.1", "CRITICAL - this system answers 127.0.1.1"),
        ("www.example.com", "0.0.0.0", "CRITICAL - this system answers 0.0.0.0"),
        (
            "www.example.com=127.0.1.1,192.0.2.80",
            "127.0.1.1",
            "OK - 1 nameserver resolves 1 name, slowest in 0.012 s",
        ),
        // What is not asked for is not judged: the system gives both families.
        (
            "www.example.com/A=192.0.2.80",
            "192.0.2.80 2001:db8::80",
            "OK - 1 nameserver resolves 1 name, slowest in 0.012 s",
        ),
        ("www.example.com/A", "2001:db8::80", "OK - 1 nameserver resolves 1 name, slowest in 0.012 s"),
    ];
    for (name, addresses, line) in rows {
        let mut observed = seen(&[name], "192.0.2.53=192.0.2.80", Some(TWO), GOOD);
        let addresses = addresses.split(' ').map(|address| address.parse().unwrap()).collect();
        observed.system.as_mut().unwrap().1.result = Ok(addresses);
        assert_eq!(summary("", &observed), line, "{name}");
    }
}

#[test]
fn a_machine_without_ipv6_need_not_resolve_a_name_of_ipv6() {
    let only_ipv4 = || Some(Err((SystemFault::OnlyIpv4, 0.01)));
    let rows = [
        ("www.example.com/AAAA", "::1=2001:db8::80", "OK - 1 nameserver resolves 1 name, slowest in 0.012 s"),
        (
            "www.example.com",
            "::1=nodata+2001:db8::80",
            "OK - 1 nameserver resolves 1 name, slowest in 0.012 s",
        ),
        (
            "www.example.com",
            "::1=192.0.2.80+2001:db8::80",
            "CRITICAL - the nameservers resolve, this system does not",
        ),
        (
            "www.example.com",
            "::1=nxdomain+nxdomain",
            "CRITICAL - 1 of 1 nameserver fails: ::1 NXDOMAIN, this system does not resolve",
        ),
    ];
    for (name, servers, line) in rows {
        assert_eq!(summary("", &seen(&[name], servers, Some(TWO), only_ipv4())), line, "{servers}");
    }
}

#[test]
fn an_address_of_the_hosts_file_is_told_as_one() {
    let rows = [
        ("192.0.2.7", "CRITICAL - this system answers 192.0.2.7, which is not expected: from /etc/hosts"),
        ("192.0.2.8", "CRITICAL - this system answers 192.0.2.7, which is not expected"),
    ];
    for (hosts, line) in rows {
        let mut observed = seen(&["www.example.com/A=192.0.2.80"], "::1=192.0.2.80", Some(TWO), GOOD);
        let system = &mut observed.system.as_mut().unwrap().1;
        (system.result, system.hosts) =
            (Ok(vec!["192.0.2.7".parse().unwrap()]), vec![hosts.parse().unwrap()]);
        assert_eq!(summary("", &observed), line);
    }
    let mut observed = seen(&[NAME], "::1=closed", Some(TWO), GOOD);
    observed.system.as_mut().unwrap().1.hosts = vec!["192.0.2.80".parse().unwrap()];
    let line = "CRITICAL - 1 of 1 nameserver fails: ::1 refused: nothing listens there, \
                this system resolves it all the same: from /etc/hosts";
    assert_eq!(summary("", &observed), line);
}

/// That the hosts file has the name does not show that programs here get any other one.
#[test]
fn an_address_of_the_hosts_file_shows_nothing_of_other_names() {
    let good = "OK - 1 nameserver resolves 1 name, slowest in 0.012 s";
    let alone = |state: &str, sources: &str| {
        let has = "this system asks no nameserver, and has www.example.com from /etc/hosts";
        format!("{state} - {has}: hosts is {sources} in nsswitch.conf")
    };
    let unsent = "no question could be sent: neighbour table full here";
    let rows = [
        ("files dns", "192.0.2.80", "192.0.2.80", good.to_owned()),
        ("files", "192.0.2.80", "192.0.2.80", alone("CRITICAL", "files")),
        ("files [NOTFOUND=return] dns", "192.0.2.80", "192.0.2.80", {
            alone("CRITICAL", "files [NOTFOUND=return] dns")
        }),
        ("files ldap", "192.0.2.80", "192.0.2.80", alone("WARNING", "files ldap")),
        ("files resolve [!UNAVAIL=return] dns", "192.0.2.80", "192.0.2.80", good.to_owned()),
        // Another source gives it.
        ("files ldap", "", "192.0.2.80", good.to_owned()),
        (
            "files dns",
            "192.0.2.80",
            "table",
            format!("CRITICAL - {unsent}, this system resolves it all the same: from /etc/hosts"),
        ),
        ("files dns", "", "table", format!("UNKNOWN - {unsent}")),
    ];
    for (sources, hosts, server, line) in rows {
        let mut observed = seen(&[NAME], &format!("::1={server}"), Some("nameserver ::1\n"), GOOD);
        let system = &mut observed.system.as_mut().unwrap().1;
        system.sources = Some(sources.to_owned());
        system.hosts = hosts.split_whitespace().map(|address| address.parse().unwrap()).collect();
        assert_eq!(summary("", &observed), line, "{sources} {hosts} {server}");
    }
}

/// A machine that gets no name but those of its hosts file is down, however many nameservers may fail.
#[test]
fn the_hosts_file_does_not_make_up_for_every_nameserver() {
    let same = "this system resolves it all the same: from /etc/hosts";
    let silent = format!("CRITICAL - 2 of 2 nameservers fail: ::1, ::2 no answer, {same}");
    let rows = [
        (&[NAME][..], "::1=no ::2=no", silent),
        (&[NAME], "::1=closed ::2=refused", {
            format!(
                "CRITICAL - 2 of 2 nameservers fail: ::1 refused: nothing listens there, ::2 REFUSED, {same}"
            )
        }),
        // They resolve another one.
        (
            &[NAME, "www.example.net/A"],
            "::1=refused,192.0.2.80 ::2=no,192.0.2.80",
            "OK - 0 of 2 nameservers resolve".to_owned(),
        ),
        (&[NAME], "::1=no ::2=192.0.2.80", "OK - 1 of 2 nameservers resolves".to_owned()),
        // It may resolve.
        (&[NAME], "::1=yet ::2=refused", "UNKNOWN - ::1 undecided".to_owned()),
    ];
    for (names, servers, line) in rows {
        let mut observed = seen(names, servers, Some(TWO), GOOD);
        observed.system.as_mut().unwrap().1.hosts = vec!["192.0.2.80".parse().unwrap()];
        let said = summary("-c 2", &observed);
        assert!(said.starts_with(&line), "{servers}: {said}");
    }
}

#[test]
fn the_system_must_give_what_is_expected() {
    let observed = seen(&["www.example.com/A=192.0.2.81"], "::1=192.0.2.81", Some(TWO), GOOD);
    let line = "CRITICAL - this system answers 192.0.2.80, which is not expected";
    assert_eq!(summary("", &observed), line);
}

/// A system that was stopped before a nameserver that answers had its turn says no more than that it takes
/// longer.
#[test]
fn the_time_that_is_given_does_not_decide_whether_the_system_fails() {
    let fails = |failed: &str, took: f64| {
        let verb = if failed.contains(',') { "2 of 3 nameservers fail" } else { "1 of 2 nameservers fails" };
        format!("{verb}: {failed} no answer, this system takes longer than {took:.1} s")
    };
    let (first, three) = ("::1=no ::2=192.0.2.80", "::1=no ::2=no ::3=192.0.2.80");
    let alone = |took: f64| format!("the nameservers resolve, this system takes longer than {took:.1} s");
    let both = "2 of 2 nameservers fail: ::1, ::2 no answer, this system takes longer than 2.7 s";
    let rows = [
        ("", first, 2.7, format!("WARNING - {}", fails("::1", 2.7))),
        ("", first, 5.9, format!("WARNING - {}", fails("::1", 5.9))),
        ("", first, 6.1, format!("CRITICAL - {}", fails("::1", 6.1))),
        ("", three, 7.7, format!("WARNING - {}", fails("::1, ::2", 7.7))),
        ("", three, 9.1, format!("CRITICAL - {}", fails("::1, ::2", 9.1))),
        ("options timeout:1", first, 2.7, format!("CRITICAL - {}", fails("::1", 2.7))),
        ("options timeout:1 single-request", first, 2.7, format!("WARNING - {}", fails("::1", 2.7))),
        ("search a.example b.example", first, 6.1, format!("CRITICAL - {}", fails("::1", 6.1))),
        (
            "search a.example b.example\noptions ndots:3",
            first,
            6.1,
            format!("WARNING - {}", fails("::1", 6.1)),
        ),
        ("options rotate", "::2=192.0.2.80 ::1=no", 2.7, format!("WARNING - {}", fails("::1", 2.7))),
        ("", "::2=192.0.2.80 ::1=no", 2.7, format!("CRITICAL - {}", fails("::1", 2.7))),
        ("", "::1=192.0.2.80 ::2=192.0.2.80", 0.7, format!("WARNING - {}", alone(0.7))),
        ("", "::1=192.0.2.80 ::2=192.0.2.80", 1.7, format!("CRITICAL - {}", alone(1.7))),
        ("", "::1=no ::2=no", 2.7, format!("CRITICAL - {both}")),
    ];
    for (options, servers, took, line) in rows {
        let conf = format!("{options}\nnameserver ::1\nnameserver ::2\n");
        let observed = seen(&[NAME], servers, Some(&conf), Some(Err((SystemFault::TooSlow, took))));
        let said = summary("", &observed);
        let said = said.split(": /etc/resolv.conf makes it").next().unwrap();
        assert_eq!(said, line, "{options} {servers} {took}");
    }
}

/// A machine on which no name resolves is down, however many nameservers may fail.
#[test]
fn a_system_without_a_result_fails_where_every_nameserver_does() {
    let longer = "this system takes longer than";
    let rows = [
        (
            "::1=no ::2=no",
            2.7,
            format!("CRITICAL - 2 of 2 nameservers fail: ::1, ::2 no answer, {longer} 2.7 s"),
        ),
        (
            "::1=no ::2=no",
            7.7,
            format!("CRITICAL - 2 of 2 nameservers fail: ::1, ::2 no answer, {longer} 7.7 s"),
        ),
        (
            "::1=table ::2=table",
            7.7,
            format!("CRITICAL - no question could be sent: neighbour table full here, {longer} 7.7 s"),
        ),
    ];
    for (servers, took, line) in rows {
        for options in ["", "-w 0", "-c 2", "-w 2 -c 100%"] {
            let observed = seen(&[NAME], servers, Some(TWO), too_slow_after(took));
            assert_eq!(summary(options, &observed), line, "{options} {servers} {took}");
        }
    }
}

/// The limits allow nameservers that fail. How long programs here wait is a fault of its own.
#[test]
fn a_long_wait_is_told_however_many_nameservers_may_fail() {
    let fails = "1 of 2 nameservers fails: ::1 no answer";
    let good = "1 of 2 nameservers resolves 1 name, slowest in 0.012 s, allowed";
    let rows = [
        (too_slow_after(2.7), format!("WARNING - {fails}, this system takes longer than 2.7 s")),
        (too_slow_after(7.7), format!("CRITICAL - {fails}, this system takes longer than 7.7 s")),
        (Some(Ok(5.04)), format!("WARNING - {fails}, a name takes 5.0 s here")),
        (Some(Ok(2.0)), format!("WARNING - {fails}, a name takes 2.0 s here")),
        (Some(Ok(1.9)), format!("OK - {good}: {fails}")),
        (GOOD, format!("OK - {good}: {fails}")),
        (None, format!("OK - {good}: {fails}")),
        // A run of 2 s stops it then.
        (too_slow_after(1.7), format!("OK - {good}: {fails}")),
    ];
    for (system, line) in rows {
        for options in ["-c 1", "-w 1", "-w 1 -c 1", "-w 50%"] {
            let observed = seen(&[NAME], "::1=no ::2=192.0.2.80", Some(TWO), system.clone());
            assert_eq!(summary(options, &observed), line, "{options}");
        }
    }
    // Where an answer takes as long, that is told: up to a time that is too long whatever the answers take.
    let observed = seen(&[NAME], "::1=no ::2=slow", Some(TWO), Some(Ok(2.9)));
    assert!(summary("-c 1", &observed).starts_with("OK - 1 of 2 nameservers resolves 1 name"));
    let observed = seen(&[NAME], "::1=no ::2=slow", Some(TWO), Some(Ok(3.1)));
    assert_eq!(summary("-c 1", &observed), format!("WARNING - {fails}, a name takes 3.1 s here"));
}

#[test]
fn a_name_that_takes_long_here_is_told_however_slow_the_answers_are() {
    let here = "a name takes 5.0 s here, the nameservers answer within 2.900 s";
    let by = "/etc/resolv.conf makes it ask";
    let fine = "OK - 1 nameserver resolves 1 name, slowest in 2.900 s";
    let rows = [
        ("", 5.0, format!("WARNING - {here}")),
        ("options use-vc", 5.0, format!("WARNING - {here}: {by} by TCP alone (use-vc)")),
        ("options single-request-reopen", 5.0, {
            format!("WARNING - {here}: {by} for A and AAAA one after the other (single-request-reopen)")
        }),
        // No longer than the answer takes.
        ("", 3.0, fine.to_owned()),
        ("", 3.8, fine.to_owned()),
    ];
    for (options, took, line) in rows {
        let conf = format!("{options}\nnameserver ::1\n");
        assert_eq!(summary("", &seen(&[NAME], "::1=slower", Some(&conf), Some(Ok(took)))), line, "{options}");
    }
}

#[test]
fn lost_packets_are_why_programs_here_wait() {
    let why = "1 of 2 questions answered only when asked again";
    let good = "OK - 1 nameserver resolves 1 name, slowest in 0.012 s";
    let rows = [
        (GOOD, good.to_owned()),
        (Some(Ok(5.0)), {
            format!("WARNING - a name takes 5.0 s here, the nameservers answer within 0.012 s: {why}")
        }),
        (too_slow(), {
            format!("CRITICAL - the nameservers resolve, this system takes longer than 7.7 s: {why}")
        }),
        (not_found(), format!("CRITICAL - the nameservers resolve, this system does not: {why}")),
    ];
    for (system, line) in rows {
        let observed = seen(&["www.example.com"], "::1=192.0.2.80+late", Some("nameserver ::1\n"), system);
        assert_eq!(summary("", &observed), line);
    }
}

/// What programs here do not ask for costs them no time.
#[test]
fn a_silent_aaaa_is_no_wait_where_no_program_asks_for_it() {
    let servers = "::1=192.0.2.80+no ::2=192.0.2.80+192.0.2.80";
    let alone = "the nameservers resolve, this system takes longer than";
    let longer = "this system takes longer than";
    let rows = [
        ("options no-aaaa", servers, 2.7, format!("CRITICAL - {alone} 2.7 s")),
        ("options no-aaaa", servers, 0.7, format!("WARNING - {alone} 0.7 s")),
        ("", servers, 2.7, format!("WARNING - ::1: AAAA no answer, {longer} 2.7 s")),
        // The same of A is a wait, and then the second one has its turn.
        (
            "options no-aaaa",
            "::1=no+192.0.2.80 ::2=192.0.2.80+no",
            2.7,
            format!("WARNING - 1 of 2 nameservers fails: ::1 A no answer, {longer} 2.7 s"),
        ),
        ("options no-aaaa single-request", "::1=no ::2=192.0.2.80", 6.1, {
            let fails = "1 of 2 nameservers fails: ::1 no answer";
            format!("CRITICAL - {fails}, {longer} 6.1 s")
        }),
        (
            "options no-aaaa use-vc",
            "::1=192.0.2.80+no",
            7.7,
            format!("CRITICAL - {alone} 7.7 s: /etc/resolv.conf makes it ask by TCP alone (use-vc)"),
        ),
    ];
    for (options, servers, took, line) in rows {
        let conf = format!("{options}\nnameserver ::1\nnameserver ::2\n");
        let system = Some(Err((SystemFault::TooSlow, took)));
        let observed = seen(&["www.example.com"], servers, Some(&conf), system);
        assert_eq!(summary("", &observed), line, "{options} {servers} {took}");
    }
}
