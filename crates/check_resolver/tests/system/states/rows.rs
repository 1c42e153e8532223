//! The rows: what resolv.conf has, what its nameservers do, and the line that tells it.

use super::State;

const BASE: State = State {
    what: "",
    conf: Some(""),
    servers: &[],
    hosts: "files dns",
    name: "--name=www.example.com",
    code: 0,
    line: ("", ""),
};
const ONE: Option<&str> = Some("nameserver 192.0.2.53");
const TWO: Option<&str> = Some("nameserver 192.0.2.53|nameserver 192.0.2.54");
const THREE: Option<&str> = Some("nameserver 192.0.2.53|nameserver 192.0.2.54|nameserver 192.0.2.55");
const FOUR: Option<&str> =
    Some("nameserver 192.0.2.53|nameserver 192.0.2.54|nameserver 192.0.2.55|nameserver 192.0.2.101");

pub(super) const STATES: [State; 35] = [
    State {
        what: "three answer",
        conf: THREE,
        servers: &["192.0.2.53=good", "192.0.2.54=good", "192.0.2.55=good"],
        line: ("OK - 3 nameservers resolve 1 name", ""),
        ..BASE
    },
    State {
        what: "one answers",
        conf: ONE,
        servers: &["192.0.2.53=good"],
        line: ("OK - 1 nameserver resolves 1 name", ""),
        ..BASE
    },
    State {
        what: "the first of three is silent",
        conf: THREE,
        servers: &["192.0.2.53=dead", "192.0.2.54=good", "192.0.2.55=good"],
        code: 1,
        line: ("WARNING - 1 of 3 nameservers fails: 192.0.2.53 no answer, a name takes 5.", " s here"),
        ..BASE
    },
    State {
        what: "the last of three is silent",
        conf: THREE,
        servers: &["192.0.2.53=good", "192.0.2.54=good", "192.0.2.55=dead"],
        code: 1,
        line: ("WARNING - 1 of 3 nameservers fails: 192.0.2.55 no answer", ""),
        ..BASE
    },
    State {
        what: "the first has no such name",
        conf: TWO,
        servers: &["192.0.2.53=nxdomain", "192.0.2.54=good"],
        code: 2,
        line: ("CRITICAL - 1 of 2 nameservers fails: 192.0.2.53 NXDOMAIN, this system does not resolve", ""),
        ..BASE
    },
    State {
        what: "the second has no such name",
        conf: TWO,
        servers: &["192.0.2.53=good", "192.0.2.54=nxdomain"],
        code: 1,
        line: ("WARNING - 1 of 2 nameservers fails: 192.0.2.54 NXDOMAIN", ""),
        ..BASE
    },
    State {
        what: "the first refuses",
        conf: TWO,
        servers: &["192.0.2.53=refused", "192.0.2.54=good"],
        code: 1,
        line: ("WARNING - 1 of 2 nameservers fails: 192.0.2.53 REFUSED", ""),
        ..BASE
    },
    State {
        what: "the first cannot resolve",
        conf: TWO,
        servers: &["192.0.2.53=servfail22", "192.0.2.54=good"],
        code: 1,
        line: ("WARNING - 1 of 2 nameservers fails: 192.0.2.53 SERVFAIL (no reachable authority)", ""),
        ..BASE
    },
    State {
        what: "the first does not run",
        conf: TWO,
        servers: &["192.0.2.53=closed", "192.0.2.54=good"],
        code: 1,
        line: ("WARNING - 1 of 2 nameservers fails: 192.0.2.53 refused: nothing listens there", ""),
        ..BASE
    },
    State {
        what: "no route leads to the first",
        conf: Some("nameserver 203.0.113.53|nameserver 192.0.2.54"),
        servers: &["192.0.2.54=good"],
        code: 1,
        line: ("WARNING - 1 of 2 nameservers fails: 203.0.113.53 no route from here", ""),
        ..BASE
    },
    State {
        what: "the first answers for its own zones only",
        conf: TWO,
        servers: &["192.0.2.53=ra0", "192.0.2.54=good"],
        code: 1,
        line: ("WARNING - 1 of 2 nameservers fails: 192.0.2.53 does not recurse", ""),
        ..BASE
    },
    State {
        what: "AAAA is lost, and this host has no IPv6",
        conf: ONE,
        servers: &["192.0.2.53=silent-aaaa"],
        code: 1,
        line: ("WARNING - 192.0.2.53: AAAA no answer", ""),
        ..BASE
    },
    State {
        what: "AAAA is lost, and this host has IPv6",
        conf: Some("nameserver 2001:db8::53"),
        servers: &["2001:db8::53=silent-aaaa"],
        code: 2,
        line: (
            "CRITICAL - the nameservers resolve, this system takes longer than ",
            " s (2001:db8::53: AAAA no answer)",
        ),
        ..BASE
    },
    State {
        what: "AAAA fails",
        conf: ONE,
        servers: &["192.0.2.53=servfail-aaaa"],
        code: 1,
        line: ("WARNING - 192.0.2.53: AAAA SERVFAIL", ""),
        ..BASE
    },
    State {
        what: "the only one is silent",
        conf: ONE,
        servers: &["192.0.2.53=dead"],
        code: 2,
        line: (
            "CRITICAL - 1 of 1 nameserver fails: 192.0.2.53 no answer, this system takes longer than ",
            " s",
        ),
        ..BASE
    },
    State {
        what: "both are silent",
        conf: TWO,
        servers: &["192.0.2.53=dead", "192.0.2.54=dead"],
        code: 2,
        line: (
            "CRITICAL - 2 of 2 nameservers fail: 192.0.2.53, 192.0.2.54 no answer, this system takes longer than ",
            " s",
        ),
        ..BASE
    },
    State {
        what: "both refuse",
        conf: TWO,
        servers: &["192.0.2.53=refused", "192.0.2.54=refused"],
        code: 2,
        line: (
            "CRITICAL - 2 of 2 nameservers fail: 192.0.2.53, 192.0.2.54 REFUSED, this system does not resolve",
            "",
        ),
        ..BASE
    },
    State {
        what: "both cannot resolve",
        conf: TWO,
        servers: &["192.0.2.53=servfail", "192.0.2.54=servfail"],
        code: 2,
        line: (
            "CRITICAL - 2 of 2 nameservers fail: 192.0.2.53, 192.0.2.54 SERVFAIL, this system does not resolve",
            "",
        ),
        ..BASE
    },
    State {
        what: "the only one that answers is the fourth",
        conf: FOUR,
        servers: &["192.0.2.53=dead", "192.0.2.54=dead", "192.0.2.55=dead", "192.0.2.101=good"],
        code: 2,
        line: (
            "CRITICAL - 3 of 3 nameservers fail: 192.0.2.53, 192.0.2.54, 192.0.2.55 no answer",
            ", 192.0.2.101 is never asked: the C library reads three",
        ),
        ..BASE
    },
    State {
        what: "a fourth beside three that answer",
        conf: FOUR,
        servers: &["192.0.2.53=good", "192.0.2.54=good", "192.0.2.55=good"],
        line: ("OK - 3 nameservers resolve 1 name", ""),
        ..BASE
    },
    State {
        what: "Windows wrote the file",
        conf: Some("nameserver 192.0.2.53\r"),
        servers: &["192.0.2.53=good"],
        code: 2,
        line: (
            "CRITICAL - line 1 of /etc/resolv.conf is ignored: it ends with a carriage return, so 127.0.0.1 is asked: ",
            "refused: nothing listens there",
        ),
        ..BASE
    },
    State {
        what: "Windows wrote a line",
        conf: Some("nameserver 192.0.2.53\r|nameserver 192.0.2.54"),
        servers: &["192.0.2.54=good"],
        code: 1,
        line: ("WARNING - line 1 of /etc/resolv.conf is ignored: it ends with a carriage return", ""),
        ..BASE
    },
    State {
        what: "a name in place of an address",
        conf: Some("nameserver ns.example.com|nameserver 192.0.2.54"),
        servers: &["192.0.2.54=good"],
        code: 1,
        line: ("WARNING - line 1 of /etc/resolv.conf is ignored: ns.example.com is not an address", ""),
        ..BASE
    },
    State {
        what: "no such address",
        conf: Some("nameserver 192.0.2.300|nameserver 192.0.2.54"),
        servers: &["192.0.2.54=good"],
        code: 1,
        line: ("WARNING - line 1 of /etc/resolv.conf is ignored: 192.0.2.300 is not an address", ""),
        ..BASE
    },
    State {
        what: "a link-local address without its interface",
        conf: Some("nameserver fe80::1|nameserver 192.0.2.54"),
        servers: &["192.0.2.54=good"],
        code: 1,
        line: (
            "WARNING - line 1 of /etc/resolv.conf is ignored: fe80::1 needs its interface, as in fe80::1%eth0",
            "",
        ),
        ..BASE
    },
    State {
        what: "an indented line",
        conf: Some("nameserver 192.0.2.54| nameserver 192.0.2.53"),
        servers: &["192.0.2.54=good"],
        code: 1,
        line: ("WARNING - line 2 of /etc/resolv.conf is ignored: a blank stands before nameserver", ""),
        ..BASE
    },
    State {
        what: "an empty file, and a server on this machine",
        servers: &["127.0.0.1=good"],
        code: 1,
        line: ("WARNING - no nameserver in /etc/resolv.conf, so 127.0.0.1 is asked, which resolves", ""),
        ..BASE
    },
    State {
        what: "an empty file, and none",
        conf: Some("search example.com|options timeout:1"),
        code: 2,
        line: (
            "CRITICAL - no nameserver in /etc/resolv.conf, so 127.0.0.1 is asked: refused: nothing listens there",
            "",
        ),
        ..BASE
    },
    State {
        what: "a link to a file that is not there",
        conf: None,
        code: 2,
        line: (
            "CRITICAL - /etc/resolv.conf is missing, so 127.0.0.1 is asked: refused: nothing listens there",
            "",
        ),
        ..BASE
    },
    State {
        what: "options and a search list",
        conf: Some(
            "search a.example b.example|options use-vc rotate ndots:3 trust-ad edns0|nameserver 192.0.2.53",
        ),
        servers: &["192.0.2.53=good"],
        line: ("OK - 1 nameserver resolves 1 name", ""),
        ..BASE
    },
    State {
        what: "EDNS is lost, which the system uses",
        conf: Some("options edns0|nameserver 192.0.2.53"),
        servers: &["192.0.2.53=noedns"],
        code: 2,
        line: (
            "CRITICAL - the nameservers resolve, this system takes longer than ",
            " s (192.0.2.53: answers only without EDNS)",
        ),
        ..BASE
    },
    State {
        what: "EDNS is lost, which the system does not use",
        conf: ONE,
        servers: &["192.0.2.53=noedns"],
        code: 1,
        line: ("WARNING - 192.0.2.53: answers only without EDNS", ""),
        ..BASE
    },
    State {
        what: "the system does not ask nameservers",
        conf: ONE,
        servers: &["192.0.2.53=good"],
        hosts: "files",
        code: 2,
        line: (
            "CRITICAL - the nameservers resolve, this system does not: hosts is files in nsswitch.conf",
            "",
        ),
        ..BASE
    },
    State {
        what: "the hosts file has another address",
        conf: ONE,
        servers: &["192.0.2.53=good"],
        name: "--name=www2.example.com/A=192.0.2.80",
        code: 2,
        line: (
            "CRITICAL - this system answers 192.0.2.7, which is not expected: hosts is files dns in nsswitch.conf",
            "",
        ),
        ..BASE
    },
    State {
        what: "IPv6, and the same one three times",
        conf: Some(
            "nameserver 2001:db8::53|nameserver 2001:db8::53|nameserver 2001:db8::53|nameserver 192.0.2.54",
        ),
        servers: &["2001:db8::53=good"],
        line: ("OK - 1 nameserver resolves 1 name", ""),
        ..BASE
    },
];
