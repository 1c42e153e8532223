//! The rows: what resolv.conf has, what its nameservers do, and the line that tells it.

use super::State;

const ONE: Option<&str> = Some("nameserver 192.0.2.53");
const TWO: Option<&str> = Some("nameserver 192.0.2.53|nameserver 192.0.2.54");
const THREE: Option<&str> = Some("nameserver 192.0.2.53|nameserver 192.0.2.54|nameserver 192.0.2.55");
const FOUR: Option<&str> =
    Some("nameserver 192.0.2.53|nameserver 192.0.2.54|nameserver 192.0.2.55|nameserver 192.0.2.101");

/// A host that looks names up in its hosts file and by these nameservers.
const fn row(
    what: &'static str,
    conf: Option<&'static str>,
    servers: &'static str,
    line: &'static str,
) -> State {
    State { what, conf, servers, hosts: "files dns", name: "--name=www.example.com", line }
}

pub(super) const STATES: [State; 38] = [
    row(
        "three answer",
        THREE,
        "192.0.2.53=good 192.0.2.54=good 192.0.2.55=good",
        "OK - 3 nameservers resolve 1 name",
    ),
    row("one answers", ONE, "192.0.2.53=good", "OK - 1 nameserver resolves 1 name"),
    row(
        "the first of three is silent",
        THREE,
        "192.0.2.53=dead 192.0.2.54=good 192.0.2.55=good",
        "WARNING - 1 of 3 nameservers fails: 192.0.2.53 no answer, a name takes 5.# s here",
    ),
    row(
        "only the last of three answers",
        THREE,
        "192.0.2.53=dead 192.0.2.54=dead 192.0.2.55=good",
        "WARNING - 2 of 3 nameservers fail: 192.0.2.53, 192.0.2.54 no answer, this system takes longer than # s",
    ),
    row(
        "the last of three is silent",
        THREE,
        "192.0.2.53=good 192.0.2.54=good 192.0.2.55=dead",
        "WARNING - 1 of 3 nameservers fails: 192.0.2.55 no answer",
    ),
    row(
        "the first has no such name",
        TWO,
        "192.0.2.53=nxdomain 192.0.2.54=good",
        "CRITICAL - 1 of 2 nameservers fails: 192.0.2.53 NXDOMAIN, this system does not resolve",
    ),
    row(
        "the second has no such name",
        TWO,
        "192.0.2.53=good 192.0.2.54=nxdomain",
        "WARNING - 1 of 2 nameservers fails: 192.0.2.54 NXDOMAIN",
    ),
    row(
        "the first refuses",
        TWO,
        "192.0.2.53=refused 192.0.2.54=good",
        "WARNING - 1 of 2 nameservers fails: 192.0.2.53 REFUSED",
    ),
    row(
        "the first cannot resolve",
        TWO,
        "192.0.2.53=servfail22 192.0.2.54=good",
        "WARNING - 1 of 2 nameservers fails: 192.0.2.53 SERVFAIL (no reachable authority)",
    ),
    row(
        "the first cannot read the question",
        TWO,
        "192.0.2.53=formerr 192.0.2.54=good",
        "CRITICAL - 1 of 2 nameservers fails: 192.0.2.53 FORMERR, this system does not resolve",
    ),
    row(
        "the first does not run",
        TWO,
        "192.0.2.53=closed 192.0.2.54=good",
        "WARNING - 1 of 2 nameservers fails: 192.0.2.53 refused: nothing listens there",
    ),
    row(
        "no route leads to the first",
        Some("nameserver 203.0.113.53|nameserver 192.0.2.54"),
        "192.0.2.54=good",
        "WARNING - 1 of 2 nameservers fails: 203.0.113.53 no route from here",
    ),
    row(
        "the first answers for its own zones only",
        TWO,
        "192.0.2.53=ra0 192.0.2.54=good",
        "WARNING - 1 of 2 nameservers fails: 192.0.2.53 does not recurse",
    ),
    row(
        "AAAA is lost, and this host has no IPv6",
        ONE,
        "192.0.2.53=silent-aaaa",
        "WARNING - 192.0.2.53: AAAA no answer",
    ),
    row(
        "AAAA is lost, and this host has IPv6",
        Some("nameserver 2001:db8::53"),
        "2001:db8::53=silent-aaaa",
        "WARNING - 2001:db8::53: AAAA no answer, this system takes longer than # s",
    ),
    row("AAAA fails", ONE, "192.0.2.53=servfail-aaaa", "WARNING - 192.0.2.53: AAAA SERVFAIL"),
    row(
        "the only one is silent",
        ONE,
        "192.0.2.53=dead",
        "CRITICAL - 1 of 1 nameserver fails: 192.0.2.53 no answer, this system takes longer than # s",
    ),
    row(
        "both are silent",
        TWO,
        "192.0.2.53=dead 192.0.2.54=dead",
        "CRITICAL - 2 of 2 nameservers fail: 192.0.2.53, 192.0.2.54 no answer, this system takes longer than # s",
    ),
    row(
        "both refuse",
        TWO,
        "192.0.2.53=refused 192.0.2.54=refused",
        "CRITICAL - 2 of 2 nameservers fail: 192.0.2.53, 192.0.2.54 REFUSED, this system does not resolve",
    ),
    row(
        "both cannot resolve",
        TWO,
        "192.0.2.53=servfail 192.0.2.54=servfail",
        "CRITICAL - 2 of 2 nameservers fail: 192.0.2.53, 192.0.2.54 SERVFAIL, this system does not resolve",
    ),
    row(
        "the only one that answers is the fourth",
        FOUR,
        "192.0.2.53=dead 192.0.2.54=dead 192.0.2.55=dead 192.0.2.101=good",
        "CRITICAL - 3 of 3 nameservers fail: 192.0.2.53, 192.0.2.54, 192.0.2.55 no answer#, 192.0.2.101 is never asked: the C library reads three",
    ),
    row(
        "a fourth beside three that answer",
        FOUR,
        "192.0.2.53=good 192.0.2.54=good 192.0.2.55=good",
        "OK - 3 nameservers resolve 1 name",
    ),
    row(
        "Windows wrote the file",
        Some("nameserver 192.0.2.53\r"),
        "192.0.2.53=good",
        "CRITICAL - line 1 of /etc/resolv.conf is ignored: it ends with a carriage return, so 127.0.0.1 is asked: #refused: nothing listens there",
    ),
    row(
        "Windows wrote a line",
        Some("nameserver 192.0.2.53\r|nameserver 192.0.2.54"),
        "192.0.2.54=good",
        "WARNING - line 1 of /etc/resolv.conf is ignored: it ends with a carriage return",
    ),
    row(
        "a name in place of an address",
        Some("nameserver ns.example.com|nameserver 192.0.2.54"),
        "192.0.2.54=good",
        "WARNING - line 1 of /etc/resolv.conf is ignored: ns.example.com is not an address",
    ),
    row(
        "no such address",
        Some("nameserver 192.0.2.300|nameserver 192.0.2.54"),
        "192.0.2.54=good",
        "WARNING - line 1 of /etc/resolv.conf is ignored: 192.0.2.300 is not an address",
    ),
    row(
        "a link-local address without its interface",
        Some("nameserver fe80::1|nameserver 192.0.2.54"),
        "192.0.2.54=good",
        "WARNING - 1 of 2 nameservers fails: fe80::1 needs its interface",
    ),
    row(
        "an indented line",
        Some("nameserver 192.0.2.54| nameserver 192.0.2.53"),
        "192.0.2.54=good",
        "WARNING - line 2 of /etc/resolv.conf is ignored: a blank stands before nameserver",
    ),
    row(
        "an empty file, and a server on this machine",
        Some(""),
        "127.0.0.1=good",
        "WARNING - no nameserver in /etc/resolv.conf, so 127.0.0.1 is asked, which resolves",
    ),
    row(
        "an empty file, and none",
        Some("search example.com|options timeout:1"),
        "",
        "CRITICAL - no nameserver in /etc/resolv.conf, so 127.0.0.1 is asked: refused: nothing listens there",
    ),
    row(
        "a link to a file that is not there",
        None,
        "",
        "CRITICAL - /etc/resolv.conf is a dangling link to /run/nowhere/resolv.conf, so 127.0.0.1 is asked: refused: nothing listens there",
    ),
    row(
        "options and a search list",
        Some("search a.example b.example|options use-vc rotate ndots:3 trust-ad edns0|nameserver 192.0.2.53"),
        "192.0.2.53=good",
        "OK - 1 nameserver resolves 1 name",
    ),
    row(
        "EDNS is lost, which the system uses",
        Some("options edns0|nameserver 192.0.2.53"),
        "192.0.2.53=noedns",
        "CRITICAL - the nameservers resolve, this system takes longer than # s (192.0.2.53: answers only without EDNS): /etc/resolv.conf makes it ask with EDNS (edns0)",
    ),
    State {
        hosts: "files [NOTFOUND=merge] dns",
        ..row(
            "merge ends the search, where the hosts file has no such name",
            ONE,
            "192.0.2.53=good",
            "CRITICAL - the nameservers resolve, this system does not: hosts is files [NOTFOUND=merge] dns in nsswitch.conf",
        )
    },
    row(
        "EDNS is lost, which the system does not use",
        ONE,
        "192.0.2.53=noedns",
        "WARNING - 192.0.2.53: answers only without EDNS",
    ),
    State {
        hosts: "files",
        ..row(
            "the system does not ask nameservers",
            ONE,
            "192.0.2.53=good",
            "CRITICAL - the nameservers resolve, this system does not: hosts is files in nsswitch.conf",
        )
    },
    State {
        name: "--name=www2.example.com/A=192.0.2.80",
        ..row(
            "the hosts file has another address",
            ONE,
            "192.0.2.53=good",
            "CRITICAL - this system answers 192.0.2.7, which is not expected: from /etc/hosts",
        )
    },
    row(
        "IPv6, and the same one three times",
        Some("nameserver 2001:db8::53|nameserver 2001:db8::53|nameserver 2001:db8::53|nameserver 192.0.2.54"),
        "2001:db8::53=good",
        "OK - 1 nameserver resolves 1 name",
    ),
];
