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
mod look;
#[cfg(test)]
mod opinions;
#[cfg(test)]
mod servers;
#[cfg(test)]
mod through;

use suite::host::Host;
use suite::plugins;
use suite::process::{Outcome, run};

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
