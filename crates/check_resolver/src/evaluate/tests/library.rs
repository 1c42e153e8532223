//! Rows of what resolv.conf makes this system do, and of addresses from elsewhere.

use super::*;

type Got = Option<Result<f64, (SystemFault, f64)>>;

#[test]
fn what_resolv_conf_makes_the_c_library_do_is_blamed_before_nsswitch() {
    let not = "CRITICAL - the nameservers resolve, this system does not:";
    let long = "CRITICAL - the nameservers resolve, this system takes longer than 7.7 s";
    let dead = "WARNING - 1 of 2 nameservers fails: ::1 no answer";
    let by = "/etc/resolv.conf makes it";
    let no_cause = not.trim_end_matches(':');
    let rows: [(&str, &str, Got, String); 21] = [
        (
            "timeout:1 attempts:1",
            "::1=slow",
            not_found(),
            format!("{not} {by} give up after 1 s (timeout:1 attempts:1)"),
        ),
        (
            "timeout:2 attempts:1",
            "::1=slow",
            not_found(),
            format!("{not} {by} give up after 2 s (timeout:2 attempts:1)"),
        ),
        // A dead nameserver costs the wait, and the C library goes on to the next one.
        (
            "timeout:1 attempts:1",
            "::1=no ::2=192.0.2.80",
            Some(Ok(1.04)),
            format!("{dead}, a name takes 1.0 s here"),
        ),
        ("use-vc", "::1=no ::2=192.0.2.80", Some(Ok(5.04)), format!("{dead}, a name takes 5.0 s here")),
        (
            "use-vc",
            "::1=no ::2=192.0.2.80",
            too_slow(),
            format!("{}, this system takes longer than 7.7 s", dead.replace("WARNING", "CRITICAL")),
        ),
        (
            "single-request ndots:5",
            "::1=no ::2=192.0.2.80",
            Some(Ok(5.04)),
            format!("{dead}, a name takes 5.0 s here"),
        ),
        (
            "timeout:1",
            "::1=late",
            not_found(),
            format!("{not} 1 of 1 question answered only when asked again"),
        ),
        (
            "timeout:1",
            "::1=late",
            Some(Ok(1.04)),
            "OK - 1 nameserver resolves 1 name, slowest in 0.012 s".to_owned(),
        ),
        ("attempts:1", "::1=late", not_found(), format!("{not} {by} give up after 5 s (attempts:1)")),
        ("attempts:0", "::1=192.0.2.80", not_found(), format!("{not} {by} give up after 0 s (attempts:0)")),
        ("timeout:1", "::1=192.0.2.80", not_found(), no_cause.to_owned()),
        ("timeout:3", "::1=slow", not_found(), no_cause.to_owned()),
        ("use-vc", "::1=192.0.2.80", not_found(), format!("{not} {by} ask by TCP alone (use-vc)")),
        ("use-vc", "::1=192.0.2.80", too_slow(), format!("{long}: {by} ask by TCP alone (use-vc)")),
        (
            "use-vc timeout:1 attempts:1",
            "::1=late",
            not_found(),
            format!("{not} {by} ask by TCP alone (use-vc) and give up after 1 s (timeout:1 attempts:1)"),
        ),
        ("edns0", "::1=plain", not_found(), format!("{not} {by} ask with EDNS (edns0), 1 more fault")),
        (
            "edns0 trust-ad",
            "::1=plain",
            too_slow(),
            format!("{long} (::1: answers only without EDNS): {by} ask with EDNS (edns0)"),
        ),
        ("edns0 trust-ad", "::1=192.0.2.80", not_found(), no_cause.to_owned()),
        (
            "use-vc",
            "::1=refused ::2=192.0.2.80",
            not_found(),
            format!(
                "CRITICAL - 1 of 2 nameservers fails: ::1 REFUSED, this system does not resolve: {by} ask by TCP alone (use-vc)"
            ),
        ),
        (
            "use-vc",
            "::1=refused",
            not_found(),
            "CRITICAL - 1 of 1 nameserver fails: ::1 REFUSED, this system does not resolve".to_owned(),
        ),
        (
            "single-request",
            "::1=no ::2=192.0.2.80",
            Some(Ok(10.04)),
            format!(
                "WARNING - 1 of 2 nameservers fails: ::1 no answer, a name takes 10.0 s here: {by} ask for A and AAAA one after the other (single-request)"
            ),
        ),
    ];
    for (options, servers, system, line) in rows {
        let conf = format!("search example.net\noptions {options}\nnameserver ::1\n");
        assert_eq!(summary("", &seen(&[NAME], servers, Some(&conf), system)), line, "{options} {servers}");
    }
}

#[test]
fn nsswitch_is_blamed_where_its_line_does_not_reach_the_nameservers() {
    let mdns = "files mdns4_minimal [NOTFOUND=return] dns";
    let rows = [
        ("files", NAME, ": hosts is files in nsswitch.conf"),
        ("files [NOTFOUND=return] dns", NAME, ": hosts is files [NOTFOUND=return] dns in nsswitch.conf"),
        ("files dns", NAME, ""),
        ("", NAME, ": hosts is empty in nsswitch.conf"),
        (mdns, NAME, ""),
        (mdns, "printer.local/A", ": hosts is files mdns4_minimal [NOTFOUND=return] dns in nsswitch.conf"),
        ("none", NAME, ""),
        ("unreadable", NAME, ": nsswitch.conf cannot be read"),
    ];
    for (sources, name, cause) in rows {
        let mut observed = seen(&[name], "::1=192.0.2.80", Some("nameserver ::1\n"), not_found());
        let system = &mut observed.system.as_mut().unwrap().1;
        system.is_unreadable = sources == "unreadable";
        system.sources = Some(sources.to_owned()).filter(|_| !["none", "unreadable"].contains(&sources));
        let line = format!("CRITICAL - the nameservers resolve, this system does not{cause}");
        assert_eq!(summary("", &observed), line, "{sources}");
    }
}

/// What a server gives and the C library takes all the same.
#[test]
fn nsswitch_is_not_blamed_for_a_name_that_the_nameservers_have() {
    let fails = "CRITICAL - 1 of 1 nameserver fails: ::1";
    let all_the_same = "this system resolves it all the same";
    let rows = [
        ("www.example.com", "::1=servfail+2001:db8::80", format!("{fails} A SERVFAIL, {all_the_same}")),
        ("www.example.com", "::1=no+2001:db8::80", format!("{fails} A no answer, {all_the_same}")),
        ("www.example.com/AAAA", "::1=nodata", format!("{fails} no AAAA record (NODATA), {all_the_same}")),
        (NAME, "::1=authority", format!("{fails} does not recurse, {all_the_same}")),
    ];
    for (name, servers, line) in rows {
        assert_eq!(summary("", &seen(&[name], servers, Some("nameserver ::1\n"), GOOD)), line);
    }
}

#[test]
fn a_module_is_guessed_where_the_name_may_be_its_own() {
    let mdns = "files mdns4_minimal [NOTFOUND=return] dns";
    let good = "OK - 1 nameserver resolves 1 name, slowest in 0.012 s";
    let note = ", this system has 192.0.2.7, perhaps from mdns4_minimal";
    let rows = [
        ("printer.local/A", "::1=192.0.2.80", note),
        ("printer.local/A=192.0.2.0/24", "::1=192.0.2.80", ""),
        ("printer.local/A", "::1=192.0.2.80 ::2=192.0.2.80", note),
        ("printer.local/A", "::1=192.0.2.80 ::2=192.0.2.81", ""),
    ];
    for (name, servers, note) in rows {
        let mut observed = seen(&[name], servers, Some("nameserver ::1\n"), GOOD);
        let system = &mut observed.system.as_mut().unwrap().1;
        (system.result, system.sources) = (Ok(vec!["192.0.2.7".parse().unwrap()]), Some(mdns.to_owned()));
        let line = summary("", &observed).replace("2 nameservers resolve", "1 nameserver resolves");
        assert_eq!(line, format!("{good}{note}"), "{name} {servers}");
    }
}

#[test]
fn resolv_conf_is_not_blamed_where_nameservers_are_not_asked() {
    let conf = "options use-vc\nnameserver ::1\n";
    for sources in ["files", "files resolve [!UNAVAIL=return] dns"] {
        let mut observed = seen(&[NAME], "::1=192.0.2.80", Some(conf), not_found());
        observed.system.as_mut().unwrap().1.sources = Some(sources.to_owned());
        let line = format!(
            "CRITICAL - the nameservers resolve, this system does not: hosts is {sources} in nsswitch.conf"
        );
        assert_eq!(summary("", &observed), line);
    }
}

#[test]
fn names_of_ipv6_or_without_a_dot_may_be_left_out() {
    let rows = [
        ("www.example.com", "::1=nodata+2001:db8::80", "no-aaaa", "ask for no AAAA (no-aaaa)"),
        ("www/A", "::1=192.0.2.80", "no-tld-query", "ask for no name without a dot (no-tld-query)"),
    ];
    for (name, servers, options, way) in rows {
        let conf = format!("options {options}\nnameserver ::1\n");
        let line = format!(
            "CRITICAL - the nameservers resolve, this system does not: /etc/resolv.conf makes it {way}"
        );
        assert_eq!(summary("", &seen(&[name], servers, Some(&conf), not_found())), line);
    }
}

#[test]
fn a_slow_system_is_a_fault_of_its_own() {
    let line = "WARNING - a name takes 5.0 s here, the nameservers answer within 0.012 s:";
    let rows = [
        ("", 5.04, line.trim_end_matches(':').to_owned()),
        (
            "options ndots:5",
            5.04,
            format!("{line} /etc/resolv.conf makes it try its search list first (ndots:5)"),
        ),
        ("options ndots:2", 5.04, line.trim_end_matches(':').to_owned()),
        ("", 1.9, "OK - 1 nameserver resolves 1 name, slowest in 0.012 s".to_owned()),
    ];
    for (options, took, line) in rows {
        let conf = format!("search example.net\n{options}\nnameserver ::1\n");
        assert_eq!(
            summary("", &seen(&[NAME], "::1=192.0.2.80", Some(&conf), Some(Ok(took)))),
            line,
            "{options}"
        );
    }
    // Where the nameservers are as slow, those are the ones to look at.
    let slow = seen(&[NAME], "::1=slow", Some(TWO), Some(Ok(2.1)));
    assert_eq!(summary("", &slow), "OK - 1 nameserver resolves 1 name, slowest in 2.001 s");
}

#[test]
fn with_rotate_any_server_is_the_first_of_some_program() {
    let servers = "::1=192.0.2.80 ::2=nxdomain";
    let line = "CRITICAL - 1 of 2 nameservers fails: ::2 NXDOMAIN, and programs here that begin with it stop (rotate)";
    for system in [GOOD, None] {
        let conf = Some("options rotate\nnameserver ::1\nnameserver ::2\n");
        assert_eq!(summary("", &seen(&[NAME], servers, conf, system)), line);
    }
    let conf = Some("options rotate\nnameserver ::1\nnameserver ::2\n");
    let line = "WARNING - 1 of 2 nameservers fails: ::2 no answer";
    assert_eq!(summary("", &seen(&[NAME], "::1=192.0.2.80 ::2=no", conf, GOOD)), line);
}

#[test]
fn addresses_from_elsewhere_are_told() {
    let good = "OK - 1 nameserver resolves 1 name, slowest in 0.012 s";
    let mdns = "files mdns4_minimal [NOTFOUND=return] dns";
    let rows = [
        ("files dns", "192.0.2.7", "192.0.2.7", ", this system has 192.0.2.7 from /etc/hosts"),
        ("files dns", "192.0.2.80 192.0.2.7", "192.0.2.7", ", this system has 192.0.2.7 from /etc/hosts"),
        (mdns, "192.0.2.7", "192.0.2.7", ", this system has 192.0.2.7 from /etc/hosts"),
        (mdns, "192.0.2.7", "", ""),
        ("files ldap sss dns", "192.0.2.7", "", ", this system has 192.0.2.7, perhaps from ldap or sss"),
        // Each answer may have others of its addresses.
        (mdns, "192.0.2.7 192.0.2.80", "", ""),
        ("files dns", "192.0.2.7", "", ""),
        (mdns, "192.0.2.80", "192.0.2.80", ""),
        (mdns, "192.0.2.80 2001:db8::7", "", ""),
    ];
    for (sources, addresses, hosts, note) in rows {
        let list = |text: &str| text.split_whitespace().map(|address| address.parse().unwrap()).collect();
        let mut observed = seen(&[NAME], "::1=192.0.2.80", Some("nameserver ::1\n"), GOOD);
        let system = &mut observed.system.as_mut().unwrap().1;
        (system.result, system.hosts, system.sources) =
            (Ok(list(addresses)), list(hosts), Some(sources.to_owned()));
        assert_eq!(summary("", &observed), format!("{good}{note}"), "{sources} {addresses}");
    }
}

#[test]
fn an_address_by_the_search_list_is_told() {
    let good = "OK - 1 nameserver resolves 1 name, slowest in 0.012 s";
    let note = "perhaps from the search list of resolv.conf";
    let first = "asked first (ndots:5)";
    let ndots = "search wild.test\noptions ndots:5\nnameserver ::1\n";
    let bad = "CRITICAL - this system answers 192.0.2.90, which is not expected";
    let rows = [
        (ndots, NAME, "::1=192.0.2.80", format!("{good}, this system has 192.0.2.90, {note}, {first}")),
        (ndots, "www.example.com/A=192.0.2.80", "::1=192.0.2.80", format!("{bad}: {note}, {first}")),
        (ndots, "www.example.com/A=192.0.2.0/24", "::1=192.0.2.80", good.to_owned()),
        ("nameserver ::1\n", "www.example.com/A=192.0.2.80", "::1=192.0.2.80", bad.to_owned()),
        ("search wild.test\nnameserver ::1\n", NAME, "::1=192.0.2.80", good.to_owned()),
        (
            "search wild.test\nnameserver ::1\n",
            "www/A",
            "::1=192.0.2.80",
            format!("{good}, this system has 192.0.2.90, {note}"),
        ),
        (
            "search wild.test\nnameserver ::1\n",
            NAME,
            "::1=nxdomain",
            format!(
                "CRITICAL - 1 of 1 nameserver fails: ::1 NXDOMAIN, this system resolves it all the same: {note}"
            ),
        ),
    ];
    for (conf, name, servers, line) in rows {
        let mut observed = seen(&[name], servers, Some(conf), GOOD);
        observed.system.as_mut().unwrap().1.result = Ok(vec!["192.0.2.90".parse().unwrap()]);
        assert_eq!(summary("", &observed), line, "{conf:?} {name}");
    }
}

/// The C library asks a server as often as it is listed, and waits for it as often.
#[test]
fn a_server_that_is_listed_twice_has_two_turns() {
    let fails = "1 of 2 nameservers fails: ::1 no answer, this system takes longer than";
    let silent = "nameserver ::1\nnameserver ::1\nnameserver ::2\n";
    let rows = [
        (silent, 7.7, format!("WARNING - {fails} 7.7 s")),
        (silent, 9.1, format!("CRITICAL - {fails} 9.1 s")),
        ("nameserver ::1\nnameserver ::2\nnameserver ::1\n", 6.1, format!("CRITICAL - {fails} 6.1 s")),
    ];
    for (conf, took, line) in rows {
        let observed = seen(&[NAME], "::1=no ::2=192.0.2.80", Some(conf), too_slow_after(took));
        assert_eq!(summary("", &observed), line, "{conf:?} {took}");
    }
    // One that cannot be asked has a turn, and is passed over at once.
    let conf = "nameserver ::1\nnameserver fe80::1\nnameserver ::2\n";
    for (took, state) in [(5.9, "WARNING"), (6.1, "CRITICAL")] {
        let servers = "::1=no fe80::1=unscoped ::2=192.0.2.80";
        let observed = seen(&[NAME], servers, Some(conf), too_slow_after(took));
        let line =
            "2 of 3 nameservers fail: ::1 no answer, fe80::1 needs its interface, this system takes longer";
        assert_eq!(summary("", &observed), format!("{state} - {line} than {took} s"));
    }
}
