//! The states of resolv.conf as programs on the host meet them: each with what the machine's own way gives.

use std::time::Duration;

use suite::needs::missing;
use suite::process::in_time;

use super::{NEEDS, check, fake, fake_as, fake_by_udp, host, said, silent};

const THREE: [&str; 3] = ["192.0.2.53", "192.0.2.54", "192.0.2.55"];

fn lines(servers: &[&str]) -> String {
    servers.iter().map(|server| format!("nameserver {server}\n")).collect()
}

#[test]
fn the_first_server_is_silent_and_each_name_waits() {
    if missing(&NEEDS) {
        return;
    }
    let host = host(&THREE, &lines(&THREE));
    let _living = ["192.0.2.54:53", "192.0.2.55:53"].map(|address| fake(&host, address));
    let _dead = silent(&host, "192.0.2.53:53");
    let outcome = check(&host, &["--name=good.test"]);
    let (code, line) = said(&outcome);
    assert_eq!(code, 1, "{line}");
    assert!(
        line.starts_with("WARNING - 1 of 3 nameservers fails: 192.0.2.53 no answer, a name takes 5."),
        "{line}"
    );
    // With less time than the C library waits for the first one, nothing shows that this system fails.
    let (code, line) = said(&check(&host, &["--name=good.test", "-t", "3"]));
    let start = "WARNING - 1 of 3 nameservers fails: 192.0.2.53 no answer, this system takes longer than 2.";
    assert!(code == 1 && line.starts_with(start), "{line}");
}

/// The C library reads a file that is too large for the plugin, and waits for its server.
#[test]
fn a_file_that_cannot_be_read_is_told_at_once() {
    if missing(&NEEDS) {
        return;
    }
    let text = format!("nameserver 192.0.2.53\n{}\n", "#".repeat(65_536));
    let host = host(&["192.0.2.53"], &text);
    let _dead = silent(&host, "192.0.2.53:53");
    let outcome = in_time(Duration::from_secs(4), || check(&host, &["--name=good.test"]));
    let line = "UNKNOWN - reading /etc/resolv.conf: larger than 65536 octets";
    assert_eq!(said(&outcome), (3, line.to_owned()));
}

#[test]
fn all_are_silent_and_the_fourth_is_never_asked() {
    if missing(&NEEDS) {
        return;
    }
    let four = [&THREE[..], &["192.0.2.101"]].concat();
    let host = host(&four, &lines(&four));
    let _dead = THREE.map(|address| silent(&host, &format!("{address}:53")));
    let _fourth = fake(&host, "192.0.2.101:53");
    let outcome = check(&host, &["--name=good.test"]);
    let (code, line) = said(&outcome);
    let start = "CRITICAL - 3 of 3 nameservers fail: 192.0.2.53, 192.0.2.54, 192.0.2.55 no answer";
    let end = ", this system takes longer than 7.7 s, 192.0.2.101 is never asked: the C library reads three";
    assert_eq!((code, line), (2, format!("{start}{end}")));
    assert!(outcome.elapsed < Duration::from_secs(9), "{:?}", outcome.elapsed);
}

#[test]
fn each_way_of_failing_has_its_line() {
    if missing(&NEEDS) {
        return;
    }
    let host = host(&THREE, &lines(&THREE[..2]));
    let fakes = ["192.0.2.53:53", "192.0.2.54:53"].map(|address| fake(&host, address));
    let both = "2 of 2 nameservers fail: 192.0.2.53";
    let rows = [
        ("--name=good.test", 0, "OK - 2 nameservers resolve 1 name".to_owned()),
        (
            "--name=nxdomain.test",
            2,
            format!("CRITICAL - {both}, 192.0.2.54 NXDOMAIN, this system does not resolve"),
        ),
        (
            "--name=servfail.test",
            2,
            format!("CRITICAL - {both}, 192.0.2.54 SERVFAIL, this system does not resolve"),
        ),
        (
            "--name=good.test/A=192.0.2.81",
            2,
            format!(
                "CRITICAL - {both}, 192.0.2.54 answers 192.0.2.80, which is not expected, this system too"
            ),
        ),
    ];
    for (argument, code, line) in rows {
        assert_eq!(said(&check(&host, &[argument])), (code, line), "{argument}");
    }
    let two = said(&check(&host, &["--name=servfail.test", "--name=good.test"]));
    let line = "WARNING - servfail.test fails on all 2 nameservers (SERVFAIL), other names may come from caches: \
                perhaps its zone";
    assert_eq!(two, (1, line.to_owned()));
    // A silent nameserver is no witness against the zone.
    let _dead = silent(&host, "192.0.2.55:53");
    let beside = ["--server=192.0.2.55", "--server=192.0.2.53", "--name=good.test", "--name=servfail.test"];
    let line = "CRITICAL - 2 of 2 nameservers fail: 192.0.2.55 no answer, 192.0.2.53 servfail.test SERVFAIL";
    assert_eq!(said(&check(&host, &beside)), (2, line.to_owned()));
    host.etc("nsswitch.conf", "hosts: files\n");
    let line = "CRITICAL - the nameservers resolve, this system does not: hosts is files in nsswitch.conf";
    assert_eq!(said(&check(&host, &["--name=good.test"])), (2, line.to_owned()));
    assert_eq!(said(&check(&host, &["--name=good.test", "--no-system"])).0, 0);
    host.etc("hosts", "192.0.2.7 good.test\n");
    let line = "CRITICAL - this system answers 192.0.2.7, which is not expected: from /etc/hosts";
    assert_eq!(said(&check(&host, &["--name=good.test/A=192.0.2.80"])), (2, line.to_owned()));
    host.etc("hosts", "127.0.1.1 good.test\n");
    let line = "CRITICAL - this system answers 127.0.1.1: from /etc/hosts";
    assert_eq!(said(&check(&host, &["--name=good.test"])), (2, line.to_owned()));
    assert_eq!(said(&check(&host, &["--name=good.test", "--no-system"])).0, 0);
    host.etc("hosts", "192.0.2.7 good.test\n");
    drop(fakes);
    let closed = "CRITICAL - 2 of 2 nameservers fail: 192.0.2.53, 192.0.2.54 refused: nothing listens there, \
                  this system resolves it all the same: from /etc/hosts, 1 more fault";
    assert_eq!(said(&check(&host, &["--name=good.test/A"])), (2, closed.to_owned()));
}

#[test]
fn the_file_may_name_nothing_or_too_much() {
    if missing(&NEEDS) {
        return;
    }
    let host = host(&["192.0.2.53"], "search example.com\n");
    let line =
        "CRITICAL - no nameserver in /etc/resolv.conf, so 127.0.0.1 is asked: refused: nothing listens there";
    assert_eq!(said(&check(&host, &["--name=good.test"])), (2, line.to_owned()));
    let _local = fake(&host, "127.0.0.1:53");
    let line = "WARNING - no nameserver in /etc/resolv.conf, so 127.0.0.1 is asked, which resolves";
    assert_eq!(said(&check(&host, &["--name=good.test"])), (1, line.to_owned()));
    let _server = fake(&host, "192.0.2.53:53");
    let rows = [
        ("nameserver 192.0.2.300\nnameserver 192.0.2.53\n", "192.0.2.300 is not an address"),
        ("nameserver 192.0.2.54\r\nnameserver 192.0.2.53\n", "it ends with a carriage return"),
    ];
    for (text, why) in rows {
        host.etc("resolv.conf", text);
        let line = format!("WARNING - line 1 of /etc/resolv.conf is ignored: {why}");
        assert_eq!(said(&check(&host, &["--name=good.test"])), (1, line));
    }
    // It is one of the three, so that 127.0.0.1 is not asked in its place.
    let rows = [
        (
            "nameserver fe80::1\n",
            2,
            "CRITICAL - 1 of 1 nameserver fails: fe80::1 needs its interface, this system does not resolve",
        ),
        (
            "nameserver fe80::1\nnameserver 192.0.2.53\n",
            1,
            "WARNING - 1 of 2 nameservers fails: fe80::1 needs its interface",
        ),
    ];
    for (text, code, line) in rows {
        host.etc("resolv.conf", text);
        assert_eq!(said(&check(&host, &["--name=good.test"])), (code, line.to_owned()));
    }
}

#[test]
fn what_resolv_conf_makes_programs_do_is_told() {
    if missing(&NEEDS) {
        return;
    }
    let not = "CRITICAL - the nameservers resolve, this system does not: /etc/resolv.conf makes it";
    let rows = [
        ("192.0.2.53", "use-vc", format!("{not} ask by TCP alone (use-vc)")),
        ("192.0.2.54", "timeout:1 attempts:1", format!("{not} give up after 1 s (timeout:1 attempts:1)")),
        ("192.0.2.55", "edns0 timeout:1", format!("{not} ask with EDNS (edns0), 1 more fault")),
    ];
    let host = host(&THREE, "");
    let _udp = fake_by_udp(&host, "192.0.2.53:53");
    let _others = [("late", "192.0.2.54:53"), ("noedns", "192.0.2.55:53")]
        .map(|(does, address)| fake_as(&host, does, address));
    for (server, options, line) in rows {
        host.etc("resolv.conf", &format!("nameserver {server}\noptions {options}\n"));
        let outcome = check(&host, &["--name=good.test"]);
        assert_eq!(said(&outcome), (2, line.clone()), "{}", outcome.stdout);
        // That the hosts file has the name proves nothing of others.
        host.etc("hosts", "192.0.2.80 good.test\n");
        let outcome = check(&host, &["--name=good.test"]);
        let line = line.replace("does not", "only what /etc/hosts has");
        assert_eq!(said(&outcome), (2, line), "{}", outcome.stdout);
        host.etc("hosts", "127.0.0.1 localhost\n");
    }
}

/// Of two nameservers the first is silent, and the hosts file has the name that is asked for.
#[test]
fn the_wait_of_programs_is_seen_beside_the_hosts_file() {
    if missing(&NEEDS) {
        return;
    }
    let host = host(&THREE, &lines(&THREE[..2]));
    host.etc("hosts", "192.0.2.80 good.test\n");
    let _dead = silent(&host, "192.0.2.53:53");
    let _living = fake(&host, "192.0.2.54:53");
    let (code, line) = said(&check(&host, &["--name=good.test", "-w", "1", "-c", "1"]));
    let start = "WARNING - 1 of 2 nameservers fails: 192.0.2.53 no answer, a name takes 5.";
    assert!(code == 1 && line.starts_with(start), "{line}");
}

/// The installer of Debian writes the host's own name into the hosts file so.
#[test]
fn the_own_name_of_a_host_may_be_its_loopback_address() {
    if missing(&NEEDS) {
        return;
    }
    let node = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let name = format!("{}.good.test", node.trim().split('.').next().unwrap());
    let host = host(&THREE[..1], &lines(&THREE[..1]));
    let _server = fake_as(&host, "good", "192.0.2.53:53");
    host.etc("hosts", &format!("127.0.1.1 {name}\n127.0.1.1 other.good.test\n"));
    let is_own = node.trim() == name || !node.contains('.');
    let good = (0, "OK - 1 nameserver resolves 1 name".to_owned());
    let wrong = |name: &str| (2, format!("CRITICAL - this system answers 127.0.1.1{name}: from /etc/hosts"));
    if is_own {
        let outcome = check(&host, &[&format!("--name={name}")]);
        assert_eq!(said(&outcome), good);
        assert!(outcome.stdout.contains("this system has 127.0.1.1 from /etc/hosts"), "{}", outcome.stdout);
    }
    let expected = said(&check(&host, &[&format!("--name={name}/A=192.0.2.80")]));
    assert_eq!(expected, wrong(", which is not expected"));
    assert_eq!(said(&check(&host, &["--name=other.good.test"])), wrong(""));
}

#[test]
fn an_address_from_the_hosts_file_is_told() {
    if missing(&NEEDS) {
        return;
    }
    let host = host(&THREE[..1], &lines(&THREE[..1]));
    let _server = fake(&host, "192.0.2.53:53");
    host.etc("hosts", "192.0.2.7 good.test\n");
    let outcome = check(&host, &["--name=good.test"]);
    assert_eq!(said(&outcome), (0, "OK - 1 nameserver resolves 1 name".to_owned()));
    let (line, _) = outcome.first_line().split_once(" | ").unwrap();
    assert!(line.ends_with(" s, this system has 192.0.2.7 from /etc/hosts"), "{line}");
}
