//! Addresses that are bound and yet of no use, and addresses that are fine however they came to be bound:
//! IPv4 and the links.

use std::time::Duration;

use suite::host::{bare, cabled};
use suite::needs::missing;
use suite::wait::eventually;

use super::{HOSTS, check};

#[test]
fn each_state_of_a_link_and_of_an_address_has_its_verdict() {
    if missing(&HOSTS) {
        return;
    }
    let (host, other) = cabled();
    host.cable("eth1", &other, "eth1");
    host.cable("eth2", &other, "eth2");
    host.cable("eth3", &other, "eth3");
    host.bridge("br0", &["eth3"]);
    host.ip_batch(
        "addr add 192.0.2.1/24 dev eth0\n\
         addr add 192.0.2.2/24 dev eth0\n\
         addr add 192.0.2.3/32 dev eth0\n\
         addr add 192.0.2.5/24 dev eth0\n\
         addr add 192.0.2.5/24 dev eth1\n\
         addr add 192.0.2.40/24 dev eth1\n\
         addr add 192.0.2.41/24 dev eth1\n\
         addr add 192.0.2.50/24 dev eth2\n\
         addr add 192.0.2.60/24 dev br0\n\
         addr add 192.0.2.7/32 dev lo\n\
         link set eth1 down\n",
    );
    other.ip(&["link", "set", "eth2", "down"]);
    other.ip(&["link", "set", "eth3", "down"]);
    let lost = |link: &str| host.ip(&["-o", "link", "show", link]).stdout.contains("NO-CARRIER");
    eventually("eth2 and br0 lose their carrier", Duration::from_secs(10), || lost("eth2") && lost("br0"));
    assert!(host.ip(&["-o", "addr", "show", "eth0"]).stdout.contains("192.0.2.2/24 scope global secondary"));

    // The options, the exit code, the first line up to the performance data, and the details.
    let rows: [(&[&str], i32, &str, &str); 15] = [
        (&["--ip=192.0.2.1"], 0, "OK - 1 address bound and usable", ""),
        (&["--ip=192.0.2.2", "--ip=192.0.2.3"], 0, "OK - 2 addresses bound and usable", ""),
        (&["--ip=192.0.2.2/24"], 0, "OK - 1 address bound and usable", ""),
        (&["--ip=192.0.2.3/32", "--interface=eth0"], 0, "OK - 1 address bound and usable", ""),
        (&["--ip=192.0.2.5"], 0, "OK - 1 address bound and usable", ""),
        (&["--ip=192.0.2.7"], 0, "OK - 1 address bound and usable", ""),
        (&["--ip=192.0.2.4"], 2, "CRITICAL - 1 of 1 address missing: 192.0.2.4", ""),
        (
            &["--ip=192.0.2.3/24"],
            2,
            "CRITICAL - 192.0.2.3 bound but unusable: on eth0 with prefix 32, not 24",
            "",
        ),
        (
            &["--ip=192.0.2.7", "--interface=eth0"],
            2,
            "CRITICAL - 192.0.2.7 bound but unusable: on lo, not on eth0",
            "",
        ),
        (
            &["--ip=192.0.2.5", "--interface=eth1"],
            2,
            "CRITICAL - 192.0.2.5 bound but unusable: eth1 is down",
            "",
        ),
        (
            &["--ip=192.0.2.40", "--ip=192.0.2.41"],
            2,
            "CRITICAL - 2 of 2 addresses unusable: 192.0.2.40-41, eth1 is down",
            "",
        ),
        (&["--ip=192.0.2.50"], 2, "CRITICAL - 192.0.2.50 bound but unusable: eth2 has no carrier", ""),
        (&["--ip=192.0.2.60"], 2, "CRITICAL - 192.0.2.60 bound but unusable: br0 has no carrier", ""),
        (
            &["--ip=192.0.2.1", "--ip=192.0.2.4", "--ip=192.0.2.40"],
            2,
            "CRITICAL - 1 of 3 addresses missing: 192.0.2.4, and 1 unusable: 192.0.2.40, eth1 is down",
            "192.0.2.4: not bound\n192.0.2.40: on eth1, which is down\n",
        ),
        (
            &["--ip=192.0.2.4", "--ip=192.0.2.1", "--warning=0", "--critical=1"],
            1,
            "WARNING - 1 of 2 addresses missing: 192.0.2.4",
            "",
        ),
    ];
    for (arguments, code, summary, details) in rows {
        let outcome = check(&host, arguments);
        let (first, rest) = outcome.stdout.split_once('\n').unwrap();
        let seen = (outcome.code, first.split(" | ").next().unwrap(), rest);
        assert_eq!(seen, (Some(code), format!("IP_BOUND {summary}").as_str(), details), "{arguments:?}");
    }
}

#[test]
fn performance_data_counts_missing_unusable_and_bound() {
    if missing(&HOSTS) {
        return;
    }
    let (host, _other) = cabled();
    host.ip(&["link", "add", "eth1", "type", "veth", "peer", "name", "eth2"]);
    host.ip_batch("addr add 192.0.2.1/24 dev eth0\naddr add 192.0.2.2/24 dev eth1\n");
    let outcome = check(&host, &["--ip=192.0.2.1", "--ip=192.0.2.2", "--ip=192.0.2.3", "--ip=192.0.2.3"]);
    // 127.0.0.1, ::1, and the two.
    let data = "missing=2;;0;0;3 unusable=1;;;0;3 not_bound=1;;;0;3 bound=4;;;0 unexpected=U;;;0";
    let expected = format!(
        "IP_BOUND CRITICAL - 1 of 3 addresses missing: 192.0.2.3, and 1 unusable: 192.0.2.2, eth1 is down | {data}"
    );
    assert_eq!(outcome.verdict(), (2, expected.as_str()));
}

#[test]
fn without_a_list_every_bound_address_must_be_usable() {
    if missing(&HOSTS) {
        return;
    }
    let (host, other) = cabled();
    host.cable("eth1", &other, "eth1");
    host.ip_batch("addr add 192.0.2.1/24 dev eth0\naddr add 192.0.2.2/24 dev eth1\n");
    let line = "IP_BOUND OK - 2 addresses bound here, all usable (no list, no configured address) | missing=0;;0;0;2 unusable=0;;;0;2 not_bound=0;;;0;2 bound=4;;;0 unexpected=U;;;0";
    assert_eq!(check(&host, &["--bound"]).verdict(), (0, line));
    let unsaid = "IP_BOUND UNKNOWN - no address is expected: name them by --ip or --file, or add --bound to check those that are bound, see --help";
    assert_eq!(check(&host, &[]).verdict(), (3, unsaid));
    host.ip(&["link", "set", "eth1", "down"]);
    let outcome = check(&host, &["--bound"]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
    assert!(
        outcome
            .first_line()
            .contains(" - 1 of 2 addresses unusable: 192.0.2.2, eth1 is down | missing=1;;0;0;2 "),
        "{}",
        outcome.stdout
    );

    let empty = check(&bare(), &["--bound"]);
    let line = "IP_BOUND UNKNOWN - only loopback and link-local addresses are bound here: nothing to check by --bound";
    assert_eq!(empty.verdict(), (3, line));
}

#[test]
fn an_empty_bridge_is_an_outage_only_for_those_who_ask_for_its_address() {
    if missing(&HOSTS) {
        return;
    }
    let (host, _other) = cabled();
    host.bridge("br0", &["eth0"]);
    host.ip_batch("addr add 192.0.2.3/24 dev br0\nlink set eth0 nomaster\n");
    let lost = || host.ip(&["-o", "link", "show", "br0"]).stdout.contains("NO-CARRIER");
    eventually("br0 loses its carrier with its last port", Duration::from_secs(10), lost);
    let outcome = check(&host, &["--bound"]);
    let note = "note: 192.0.2.3 is on br0, a bridge without ports";
    assert_eq!((outcome.code, outcome.stdout.lines().nth(1)), (Some(0), Some(note)));
    let outcome = check(&host, &["--ip=192.0.2.3"]);
    let line = "IP_BOUND CRITICAL - 192.0.2.3 bound but unusable: on br0, a bridge without ports | ";
    assert!(outcome.code == Some(2) && outcome.stdout.starts_with(line), "{}", outcome.stdout);
}

/// The kernel's verdict is that of a ping from the other end of the cable.
#[test]
fn an_address_on_a_port_of_a_bridge_is_of_no_use() {
    if missing(&HOSTS) {
        return;
    }
    let (host, other) = cabled();
    host.bridge("br0", &["eth0"]);
    host.ip_batch("addr add 192.0.2.1/24 dev eth0\n");
    other.ip_batch("addr add 192.0.2.2/24 dev eth0\n");
    let answers = || {
        host.ip(&["neigh", "flush", "all"]);
        other.ip(&["neigh", "flush", "all"]);
        let ping = other.command("ping").args(["-c2", "-i0.2", "-W1", "192.0.2.1"]).output().unwrap();
        ping.status.success()
    };
    let steps: [(&str, bool, &str); 5] = [
        ("", false, "CRITICAL - 192.0.2.1 bound but unusable: on eth0, a port of the bridge br0"),
        (
            "link set br0 down\n",
            false,
            "CRITICAL - 192.0.2.1 bound but unusable: on eth0, a port of the bridge br0",
        ),
        (
            "link set br0 up\naddr add 192.0.2.9/24 dev br0\naddr del 192.0.2.1/24 dev eth0\naddr add 192.0.2.1/32 dev eth0\n",
            true,
            "OK - 1 address bound and usable",
        ),
        (
            "addr del 192.0.2.1/32 dev eth0\naddr add 192.0.2.1/24 dev eth0\n",
            true,
            "OK - 1 address bound and usable",
        ),
        ("addr del 192.0.2.9/24 dev br0\nlink set eth0 nomaster\n", true, "OK - 1 address bound and usable"),
    ];
    for (change, expected, line) in steps {
        host.ip_batch(change);
        assert_eq!(answers(), expected, "{change}");
        let outcome = check(&host, &["--ip=192.0.2.1"]);
        assert!(outcome.stdout.starts_with(&format!("IP_BOUND {line} | ")), "{change}{}", outcome.stdout);
    }
}

#[test]
fn a_primary_that_took_its_secondaries_along_is_said_once() {
    if missing(&HOSTS) {
        return;
    }
    let (host, _other) = cabled();
    for interface in ["all", "eth0"] {
        host.sysctl(&format!("net/ipv4/conf/{interface}/promote_secondaries"), "0");
    }
    let addresses: Vec<String> = (1..=40).map(|last| format!("192.0.2.{last}")).collect();
    host.ip_batch(
        &addresses.iter().map(|address| format!("addr add {address}/24 dev eth0\n")).collect::<String>(),
    );
    host.ip(&["addr", "add", "198.51.100.1/24", "dev", "eth0"]);
    let mut arguments: Vec<String> = addresses.iter().map(|address| format!("--ip={address}")).collect();
    arguments.push("--ip=198.51.100.1".to_owned());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    assert_eq!(check(&host, &arguments).code, Some(0));

    host.ip(&["addr", "del", "192.0.2.1/24", "dev", "eth0"]);
    assert!(!host.ip(&["addr"]).stdout.contains("192.0.2."), "the kernel kept the secondaries");
    let outcome = check(&host, &arguments);
    let data = "missing=40;;0;0;41 unusable=0;;;0;41 not_bound=40;;;0;41 bound=3;;;0 unexpected=U;;;0";
    let first = format!(
        "IP_BOUND CRITICAL - 40 of 41 addresses missing: 192.0.2.1-40, perhaps lost with their primary | {data}"
    );
    assert_eq!(outcome.verdict(), (2, first.as_str()));
    let details: Vec<&str> = outcome.stdout.lines().skip(1).collect();
    let cause = "192.0.2.1-40: not bound, nor is any other of the same /24: with promote_secondaries off, secondaries go with \
                 their primary";
    assert_eq!(details, [cause]);

    // Putting the primary back does not bring the others back.
    host.ip(&["addr", "add", "192.0.2.1/24", "dev", "eth0"]);
    let outcome = check(&host, &arguments);
    assert_eq!(outcome.code, Some(2));
    let cause = "192.0.2.2-40: not bound, only 192.0.2.1 of 192.0.2.0/24 is: with promote_secondaries off, secondaries go with \
                 their primary";
    assert_eq!(outcome.stdout.lines().skip(1).collect::<Vec<_>>(), [cause]);
}
