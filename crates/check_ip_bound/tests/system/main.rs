//! check_ip_bound on real hosts: every kind of address and interface, a real NRPE and a real Nagios.
//!
//! Needs root and the packages that `tests/run` installs. A test that misses something says so and skips, and
//! with CI=true it fails. Every test has network namespaces of its own.

#[cfg(test)]
mod detection;
#[cfg(test)]
mod dhcp;
#[cfg(test)]
mod hack;
#[cfg(test)]
mod leases;
#[cfg(test)]
mod links;
#[cfg(test)]
mod look;
#[cfg(test)]
mod moving;
#[cfg(test)]
mod networkd;
#[cfg(test)]
mod nrpe;
#[cfg(test)]
mod promised;
#[cfg(test)]
mod refused;
#[cfg(test)]
mod renewed;
#[cfg(test)]
mod scheduled;
#[cfg(test)]
mod slow;

use suite::host::Host;
use suite::needs::Need;
use suite::plugins;
use suite::process::{Outcome, run};

/// What a test needs that makes hosts.
const HOSTS: [Need; 2] = [Need::Root, Need::Program("ip")];

/// Runs the plugin in a host.
fn check(host: &Host, arguments: &[&str]) -> Outcome {
    run(host.command(plugins::binary("check_ip_bound")).args(arguments))
}
