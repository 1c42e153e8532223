//! check_clock_offset against real SNMP agents and NTP servers, whose time of day `faketime` sets.
//!
//! Needs root and the packages that `tests/run` installs. A test that misses something says so and skips, and
//! with CI=true it fails. Every test has network namespaces of its own.

#[cfg(test)]
mod accuracy;
#[cfg(test)]
mod addresses;
#[cfg(test)]
mod agents;
#[cfg(test)]
mod caches;
#[cfg(test)]
mod itself;
#[cfg(test)]
mod look;
#[cfg(test)]
mod lost;
#[cfg(test)]
mod opinions;
#[cfg(test)]
mod own_faults;
#[cfg(test)]
mod servers;
#[cfg(test)]
mod through;

use std::time::Duration;

use suite::clocks::Clock;
use suite::host::{self, Host};
use suite::plugins;
use suite::process::{Outcome, run};
use suite::wait::eventually;

/// A monitor and a proxy on one cable, both with IPv4 and IPv6: 198.51.100.1 and .7, 2001:db8::1 and ::7.
fn network() -> (Host, Host) {
    let (monitor, proxy) = host::cabled();
    for (host, number) in [(&monitor, 1), (&proxy, 7)] {
        host.ip(&["addr", "add", &format!("198.51.100.{number}/24"), "dev", "eth0"]);
        host.ip(&["addr", "add", &format!("2001:db8::{number}/64"), "dev", "eth0", "nodad"]);
    }
    (monitor, proxy)
}

/// Starts an NTP server on the proxy, and one on the monitor that takes its time from there. It is
/// synchronised.
fn synchronised((monitor, proxy): &(Host, Host), offset: &str) -> [Clock; 2] {
    let upstream = Clock::server(proxy, offset, "local stratum 10");
    let own = Clock::server(monitor, offset, "server 198.51.100.7 iburst minpoll -3 maxpoll -3");
    // Its first answers are as uncertain as its first measurement.
    let is_synchronised = || {
        let reading = check(monitor, &["--ntp=127.0.0.1"]);
        reading.0.code != Some(3) && reading.value("uncertainty") < 0.05
    };
    eventually("the own server is synchronised", Duration::from_secs(60), is_synchronised);
    [upstream, own]
}

/// Runs the plugin in a host.
fn check(host: &Host, arguments: &[&str]) -> Reading {
    Reading(run(host.command(plugins::binary("check_clock_offset")).args(arguments)))
}

/// What check_clock_offset said.
#[derive(Clone, Debug)]
struct Reading(Outcome);

impl Reading {
    /// The exit code and the text of the first line.
    fn verdict(&self) -> (i32, &str) {
        self.0.summary()
    }

    /// A value of the performance data.
    fn value(&self, label: &str) -> f64 {
        let data = self.0.first_line().split(" | ").nth(1).unwrap_or_default();
        let value = data.split(' ').find_map(|value| value.strip_prefix(label)?.strip_prefix('='));
        let number = value.and_then(|value| value.split([';', 's']).next()?.parse().ok());
        assert!(number.is_some(), "no {label} in {:?}", self.0);
        number.unwrap_or(f64::NAN)
    }

    /// Asserts that the true offset is in the interval that it states, but for `slack` that `faketime` may be
    /// off by.
    fn holds(&self, offset: f64, slack: f64) {
        let error = (self.value("offset") - offset).abs();
        assert!(
            error <= self.value("uncertainty") + slack,
            "{offset} is not in what was stated: {:?}",
            self.0
        );
    }
}
