//! Duplicate address detection (RFC 4862) and what it makes of IPv6 addresses.

use std::time::Duration;

use suite::host::{Host, cabled};
use suite::needs::missing;
use suite::wait::eventually;

use super::{HOSTS, check};

/// What `ip` knows of an address.
fn flags(host: &Host, address: &str) -> String {
    host.ip(&["-o", "addr", "show", "to", address]).stdout
}

/// Makes detection on eth0 take this long: one probe, no random delay before it.
fn detect_for(host: &Host, milliseconds: u32) {
    host.sysctl("net/ipv6/conf/eth0/router_solicitation_delay", "0");
    host.sysctl("net/ipv6/conf/eth0/dad_transmits", "1");
    host.sysctl("net/ipv6/neigh/eth0/retrans_time_ms", &milliseconds.to_string());
}

#[test]
fn an_address_that_another_host_has_is_missing() {
    if missing(&HOSTS) {
        return;
    }
    let (host, other) = cabled();
    detect_for(&host, 500);
    other.ip(&["addr", "add", "2001:db8::dad/64", "dev", "eth0", "nodad"]);
    host.ip(&["addr", "add", "2001:db8::dad/64", "dev", "eth0"]);
    let limit = Duration::from_secs(10);
    eventually("2001:db8::dad fails detection", limit, || {
        flags(&host, "2001:db8::dad").contains("dadfailed")
    });

    let outcome = check(&host, &["--ip=2001:DB8:0::0DAD"]);
    let summary = "IP_BOUND CRITICAL - 2001:db8::dad bound but unusable: duplicate on eth0";
    let data = "missing=1;;0;0;1 unusable=1;;;0;1 not_bound=0;;;0;1 bound=3;;;0 unexpected=U;;;0";
    assert_eq!(outcome.verdict(), (2, format!("{summary} | {data}").as_str()));
    assert_eq!(outcome.stdout.lines().nth(1), None);
    assert_eq!(
        check(&other, &["--ip=2001:db8::dad"]).code,
        Some(0),
        "the host that had it first still has it"
    );
}

#[test]
fn a_tentative_address_is_given_two_seconds() {
    if missing(&HOSTS) {
        return;
    }
    let (host, _other) = cabled();
    detect_for(&host, 1500);
    host.ip(&["addr", "add", "2001:db8::7e/64", "dev", "eth0"]);
    let before = flags(&host, "2001:db8::7e");
    let outcome = check(&host, &["--ip=2001:db8::7e"]);
    assert!(before.contains("tentative"), "{before}");
    let line = "IP_BOUND OK - 1 address bound and usable | missing=0;;0;0;1 unusable=0;;;0;1 not_bound=0;;;0;1 bound=3;;;0 unexpected=U;;;0";
    assert_eq!(outcome.verdict(), (0, line));
}

#[test]
fn an_address_that_stays_tentative_is_missing() {
    if missing(&HOSTS) {
        return;
    }
    let (host, _other) = cabled();
    detect_for(&host, 60_000);
    host.ip(&["addr", "add", "2001:db8::7e/64", "dev", "eth0"]);
    let outcome = check(&host, &["--ip=2001:db8::7e"]);
    let summary = "IP_BOUND CRITICAL - 2001:db8::7e bound but unusable: still tentative on eth0";
    let data = "missing=1;;0;0;1 unusable=1;;;0;1 not_bound=0;;;0;1 bound=3;;;0 unexpected=U;;;0";
    assert_eq!(outcome.verdict(), (2, format!("{summary} | {data}").as_str()));
    assert_eq!(outcome.stdout.lines().nth(1), None);
    let elapsed = outcome.elapsed;
    assert!((Duration::from_secs(2)..Duration::from_secs(7)).contains(&elapsed), "it waited {elapsed:?}");

    // A deadline that comes before the two seconds still leaves time to say what was seen.
    let hurried = check(&host, &["--ip=2001:db8::7e", "--timeout=1"]);
    assert_eq!(hurried.verdict(), (2, format!("{summary} | {data}").as_str()));
}

#[test]
fn an_optimistic_address_is_usable_at_once() {
    if missing(&HOSTS) {
        return;
    }
    let (host, _other) = cabled();
    detect_for(&host, 60_000);
    host.sysctl("net/ipv6/conf/eth0/optimistic_dad", "1");
    host.ip(&["addr", "add", "2001:db8::7e/64", "dev", "eth0", "optimistic"]);
    let flags = flags(&host, "2001:db8::7e");
    assert!(flags.contains("optimistic") && flags.contains("tentative"), "{flags}");
    let outcome = check(&host, &["--ip=2001:db8::7e"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
}

#[test]
fn a_deprecated_address_is_a_note_and_no_alarm() {
    if missing(&HOSTS) {
        return;
    }
    let (host, _other) = cabled();
    host.ip(&["addr", "add", "2001:db8::1/64", "dev", "eth0", "nodad", "preferred_lft", "0"]);
    assert!(flags(&host, "2001:db8::1").contains("deprecated"));
    let outcome = check(&host, &["--ip=2001:db8::1"]);
    let line = "IP_BOUND OK - 1 address bound and usable | missing=0;;0;0;1 unusable=0;;;0;1 not_bound=0;;;0;1 bound=3;;;0 unexpected=U;;;0";
    assert_eq!(outcome.verdict(), (0, line));
    assert_eq!(outcome.stdout.lines().nth(1), Some("note: 2001:db8::1 is deprecated on eth0"));
}

#[test]
fn a_link_that_went_down_took_its_ipv6_addresses_along() {
    if missing(&HOSTS) {
        return;
    }
    let (host, _other) = cabled();
    host.ip_batch(
        "addr add 2001:db8::1/64 dev eth0 nodad\naddr add 192.0.2.1/24 dev eth0\nlink set eth0 down\n",
    );
    let outcome = check(&host, &["--ip=2001:db8::1", "--ip=192.0.2.1"]);
    assert_eq!(outcome.code, Some(2));
    let details: Vec<&str> = outcome.stdout.lines().skip(1).collect();
    assert_eq!(details, ["192.0.2.1: on eth0, which is down", "2001:db8::1: not bound"]);
}
