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
        "LATENCY UNKNOWN - 4 of 4 targets and the gateway {GATEWAY} are worse at once: the network of this monitor"
    );
    assert_eq!((line(&told), told.code), (own, Some(3)), "{}", told.stdout);
}
