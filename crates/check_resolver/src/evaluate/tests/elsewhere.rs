//! Rows of names that come from elsewhere than the nameservers, and of those that come late.

use super::*;

/// The answer of a search list shows nothing of full names.
#[test]
fn the_search_list_does_not_make_up_for_every_nameserver() {
    let fails = "CRITICAL - 1 of 1 nameserver fails: ::1";
    let same = "this system resolves it all the same: perhaps from the search list of resolv.conf";
    let rows = [
        ("search corp.test", "files dns", "nxdomain", format!("{fails} NXDOMAIN, {same}")),
        ("search corp.test", "files dns", "servfail", format!("{fails} SERVFAIL, {same}")),
        ("search corp.test", "files dns", "nodata", format!("{fails} ")),
        // It may have the name from elsewhere.
        ("search corp.test", "files sss dns", "nxdomain", "OK - 0 of 1 nameserver resolves".to_owned()),
        ("", "files dns", "nxdomain", "OK - 0 of 1 nameserver resolves".to_owned()),
        ("search corp.test", "files dns", "closed", "OK - 0 of 1 nameserver resolves".to_owned()),
    ];
    for (search, sources, server, line) in rows {
        for options in ["-c 1", "-w 1"] {
            let conf = format!("{search}\nnameserver ::1\n");
            let mut observed = seen(&[NAME], &format!("::1={server}"), Some(&conf), GOOD);
            observed.system.as_mut().unwrap().1.sources = Some(sources.to_owned());
            let said = summary(options, &observed);
            assert!(said.starts_with(&line), "{search} {sources} {server}: {said}");
        }
    }
    // The nameservers alone were asked, or could not be asked alone.
    let mut observed = seen(&[NAME], "::1=nodata", Some("search corp.test\nnameserver ::1\n"), GOOD);
    observed.system.as_mut().unwrap().1.sources = Some("files sss dns".to_owned());
    for (is_of_dns, start) in [(Some(true), "CRITICAL - 1 of 1"), (Some(false), "OK - 0"), (None, "OK - 0")] {
        observed.system.as_mut().unwrap().1.is_of_dns = is_of_dns;
        let said = summary("-c 1", &observed);
        assert!(said.starts_with(start), "{is_of_dns:?} {said}");
    }
    // The nameserver resolves another one.
    let conf = Some("search corp.test\nnameserver ::1\n");
    let observed = seen(&[NAME, "www.example.net/A"], "::1=nxdomain,192.0.2.80", conf, GOOD);
    assert!(summary("-c 1", &observed).starts_with("OK - 0 of 1 nameserver resolves 2 names"));
}

/// The C library waits for both answers, and then asks for the one that is lost by itself.
#[test]
fn a_server_that_loses_one_of_two_answers_costs_twice_the_wait() {
    let rows =
        [("no+192.0.2.80", 7.7, "WARNING"), ("no+192.0.2.80", 11.1, "CRITICAL"), ("no+no", 7.7, "CRITICAL")];
    for (first, took, state) in rows {
        let servers = format!("::1={first} ::2=192.0.2.80+192.0.2.80");
        let observed = seen(&["www.example.com"], &servers, Some(TWO), too_slow_after(took));
        let said = summary("", &observed);
        assert!(said.starts_with(state), "{first} {took}: {said}");
    }
}

/// The hosts file has the name, and with a dot at its end the nameservers were asked for it.
#[test]
fn what_programs_get_of_other_names_counts_beside_the_hosts_file() {
    let slow = || Some(Err((SystemFault::TooSlow, 7.7)));
    let only = "this system resolves only what /etc/hosts has";
    let rows = [
        ("::1=192.0.2.80", not_found(), {
            "CRITICAL - the nameservers resolve, this system only what /etc/hosts has".to_owned()
        }),
        ("::1=192.0.2.80", slow(), {
            "CRITICAL - the nameservers resolve, this system takes longer than 7.7 s".to_owned()
        }),
        ("::1=servfail ::2=192.0.2.80", not_found(), {
            format!("CRITICAL - 1 of 2 nameservers fails: ::1 SERVFAIL, {only}")
        }),
        ("::1=nxdomain ::2=192.0.2.80", not_found(), {
            let stops = "programs here stop at its answer";
            format!("CRITICAL - 1 of 2 nameservers fails: ::1 NXDOMAIN, and {stops}")
        }),
        ("::1=no ::2=192.0.2.80", Some(Ok(5.0)), {
            "WARNING - 1 of 2 nameservers fails: ::1 no answer, a name takes 5.0 s here".to_owned()
        }),
        ("::1=no", slow(), {
            let same = "this system resolves it all the same: from /etc/hosts";
            format!("CRITICAL - 1 of 1 nameserver fails: ::1 no answer, {same}")
        }),
    ];
    for (servers, system, line) in rows {
        let mut observed = seen(&[NAME], servers, Some(TWO), system);
        observed.system.as_mut().unwrap().1.hosts = vec!["192.0.2.80".parse().unwrap()];
        assert_eq!(summary("", &observed), line, "{servers}");
    }
}
