//! The gateways that targets are compared with: which they are, and what is said of them.

use suite::needs::missing;

use crate::NEEDS;
use crate::far_end::Vice;
use crate::paths::{Lab, line};

const THREE: [&str; 3] = ["--ip=192.0.2.1", "--ip=192.0.2.2", "--ip=192.0.2.3"];
const GATEWAY: &str = "198.51.100.254";

/// Has the three targets and the gateway fall silent, or answer again.
fn silence(lab: &Lab, addresses: &[&str], is_silent: bool) {
    let vice = Vice { loses: (u32::from(is_silent), 1), ..Vice::default() };
    addresses.iter().for_each(|address| lab.far.set(address, vice.clone()));
}

/// An administrator adds the router to the list of a service that knows its gateway.
#[test]
fn a_gateway_that_becomes_a_target_stays_the_control() {
    if missing(&NEEDS) {
        return;
    }
    let lab = Lab::new();
    lab.learn(&THREE, 4);
    silence(&lab, &["192.0.2.1", "192.0.2.2", "192.0.2.3", GATEWAY], true);
    let router = format!("--ip={GATEWAY}");
    let told = lab.run(&[&THREE[..], &[&router]].concat());
    let own = format!(
        "LATENCY UNKNOWN - 3 of 3 targets and the gateway {GATEWAY} are worse at once: the network of this monitor"
    );
    assert_eq!((line(&told), told.code), (own, Some(3)), "{}", told.stdout);
}

/// A router that is a target too is no witness of its own trouble: one dead target of two is no two thirds.
#[test]
fn a_gateway_that_is_a_target_makes_no_majority() {
    if missing(&NEEDS) {
        return;
    }
    let lab = Lab::new();
    let router = format!("--ip={GATEWAY}");
    let all = [&router, THREE[0], THREE[1]];
    lab.learn(&all, 4);
    silence(&lab, &["192.0.2.1", GATEWAY], true);
    let told = lab.run(&all);
    let both = format!("2 of 3 targets: {GATEWAY} does not answer, 192.0.2.1 does not answer");
    let line_of_both = format!("LATENCY CRITICAL - {both} (the gateway does not answer)");
    assert_eq!((line(&told), told.code), (line_of_both, Some(2)), "{}", told.stdout);
}

/// A default route with two next hops, of which the first never answers pings.
#[test]
fn of_two_next_hops_the_one_that_is_learned_is_the_control() {
    if missing(&NEEDS) {
        return;
    }
    let lab = Lab::new();
    lab.far.router.ip(&["addr", "add", "198.51.100.250/24", "dev", "eth0"]);
    let hops = ["nexthop", "via", "198.51.100.250", "nexthop", "via", GATEWAY];
    lab.far.monitor.ip(&[&["route", "replace", "default"][..], &hops].concat());
    lab.learn(&THREE, 4);
    silence(&lab, &["192.0.2.1", "192.0.2.2", "192.0.2.3", GATEWAY], true);
    let told = lab.run(&[&THREE[..], &["-v"]].concat());
    let own = format!(
        "LATENCY UNKNOWN - 3 of 3 targets and the gateway {GATEWAY} are worse at once: the network of this monitor"
    );
    assert_eq!((line(&told), told.code), (own, Some(3)), "{}", told.stdout);
    let young = "\nno control yet: the gateway 198.51.100.250 is learned, once it answers pings\n";
    assert!(told.stdout.contains(young), "{}", told.stdout);
}

/// A gateway that is named is that of its family: the other one keeps the gateway of its default route.
#[test]
fn each_family_has_a_control_beside_a_gateway_that_is_named() {
    if missing(&NEEDS) {
        return;
    }
    let lab = Lab::new();
    let v6 = ["2001:db8:2::1", "2001:db8:2::2", "2001:db8:2::3"];
    let list: Vec<String> = v6.iter().map(|address| format!("--ip={address}")).collect();
    let named = format!("--gateway={GATEWAY}");
    let all: Vec<&str> = THREE.into_iter().chain(list.iter().map(String::as_str)).chain([&*named]).collect();
    lab.learn(&all, 4);
    silence(&lab, &[&v6[..], &["2001:db8:51::254"]].concat(), true);
    let own = "LATENCY UNKNOWN - 3 of 3 targets and the gateway 2001:db8:51::254 are worse at once: the network of this monitor";
    let told = lab.run(&[&all[..], &["--no-learn"]].concat());
    assert_eq!((line(&told), told.code), (own.to_owned(), Some(3)), "{}", told.stdout);
    let told = lab.run(&[&all[..], &["--no-learn", "--gateway=none"]].concat());
    assert_eq!(told.code, Some(2), "{}", told.stdout);
    let refused = lab.run(&["--ip=192.0.2.1", "--gateway=198.51.100.255"]);
    let expected = "LATENCY UNKNOWN - --gateway 198.51.100.255: a broadcast address";
    assert_eq!((line(&refused), refused.code), (expected.to_owned(), Some(3)));
}

/// A gateway that answers as another, as after a change of routers, or is silent beside few targets.
#[test]
fn a_gateway_with_a_fault_of_its_own_is_named() {
    if missing(&NEEDS) {
        return;
    }
    let lab = Lab::new();
    lab.learn(&THREE, 4);
    lab.far.set(GATEWAY, Vice { as_other: Some("192.0.2.250"), ..Vice::default() });
    let well = lab.run(&[&THREE[..], &["-v"]].concat());
    assert_eq!(line(&well), "LATENCY OK - 3 targets as usual");
    let below = format!("\ngateway {GATEWAY}: answers as 192.0.2.250, no control in this run\n");
    assert!(well.stdout.contains(&below), "{}", well.stdout);
    silence(&lab, &["192.0.2.1"], true);
    let dead = "LATENCY CRITICAL - 192.0.2.1 does not answer since HH:MM";
    assert_eq!(line(&lab.run(&THREE)), format!("{dead} (the gateway answers as 192.0.2.250)"));
    silence(&lab, &[GATEWAY], true);
    assert_eq!(line(&lab.run(&THREE)), format!("{dead} (the gateway does not answer)"));
    lab.far.set("192.0.2.1", Vice { as_other: Some("192.0.2.250"), ..Vice::default() });
    let strange = "LATENCY WARNING - 192.0.2.1 answers as 192.0.2.250 (the gateway does not answer)";
    assert_eq!(line(&lab.run(&THREE)), strange);
    silence(&lab, &["192.0.2.1"], false);
    let limited = lab.run(&[&THREE[..], &["--limit-warning=0,50%"]].concat());
    assert!(line(&limited).starts_with("LATENCY WARNING - 3 of 3 targets: "), "{}", limited.stdout);
    assert!(line(&limited).ends_with(" (the gateway does not answer)"), "{}", limited.stdout);
}
