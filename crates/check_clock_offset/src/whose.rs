//! Whose clock an agent shows. One at an address of this machine shows this machine's, unless the port is
//! forwarded or the agent passes on what another one shows: the uptime tells.

use std::fs;
use std::net::SocketAddr;

use crate::own::is_own;
use crate::value::Value;

/// The usual port of an agent. Another one is rather the way to another machine.
const PORT: u16 = 161;
/// Hundredths of a second by which two readings of one uptime may differ: some agents count whole seconds.
const SLACK: u32 = 150;

/// Whose clock an agent shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Another machine's, by its address.
    Other,
    /// Perhaps this machine's: the address is.
    Perhaps,
    /// This machine's, by its uptime too.
    Own,
}

impl Whose {
    /// Returns whose clock an agent shows, as far as its address tells.
    pub(crate) fn by_address(agent: SocketAddr) -> Self {
        if is_own(agent) { Self::Perhaps } else { Self::Other }
    }

    /// Returns whose clock an agent at an address of this machine shows that is not this machine's as far as
    /// its answers tell.
    pub(crate) fn by_port(agent: SocketAddr) -> Self {
        if agent.port() == PORT { Self::Perhaps } else { Self::Other }
    }
}

/// Returns how long this machine has been up, as TimeTicks, from where its agent reads that too. `None` if
/// that cannot be read.
pub(crate) fn uptime() -> Option<u32> {
    ticks(&fs::read_to_string("/proc/uptime").ok()?)
}

/// Returns whether an uptime (hrSystemUptime.0) is that of this machine, which was `before` when it was asked
/// for, and is `now`.
pub(crate) fn is_uptime(told: &Value, before: u32, now: u32) -> bool {
    let Value::Ticks(told) = told else { return false };
    let earliest = before.wrapping_sub(SLACK);
    told.wrapping_sub(earliest) <= now.wrapping_add(SLACK).wrapping_sub(earliest)
}

/// Returns whether an `extend` runs date(1), which prints the clock of the machine that runs it.
pub(crate) fn is_date(command: &Value) -> bool {
    matches!(command, Value::Octets(path) if path.rsplit(|octet| *octet == b'/').next() == Some(b"date"))
}

/// Reads the first number of /proc/uptime, seconds with two places, as TimeTicks, which begin anew after 497
/// days.
fn ticks(text: &str) -> Option<u32> {
    let (seconds, rest) = text.split_ascii_whitespace().next()?.split_once('.')?;
    let ticks = seconds.parse::<u64>().ok()?.checked_mul(100)? + rest.get(..2)?.parse::<u64>().ok()?;
    u32::try_from(ticks % (1 << 32)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uptime_of_this_machine_is_told_from_another() {
        let rows = [
            (1_000_000, 1_000_010, 1_000_005, true),
            (1_000_000, 1_000_010, 1_000_000, true),
            // Whole seconds, cut off.
            (1_000_099, 1_000_110, 1_000_000, true),
            (1_000_000, 1_000_010, 999_800, false),
            (1_000_000, 1_000_010, 1_000_200, false),
            (1_000_000, 1_000_010, 0, false),
            // TimeTicks begin anew.
            (u32::MAX - 5, 5, u32::MAX, true),
            (u32::MAX - 5, 5, 2, true),
            (50, 60, 55, true),
            (50, 60, u32::MAX, true),
            (50, 60, u32::MAX - 200, false),
        ];
        for (before, now, told, expected) in rows {
            assert_eq!(
                is_uptime(&Value::Ticks(told), before, now),
                expected,
                "{told} from {before} to {now}"
            );
        }
        assert!(!is_uptime(&Value::Number(55), 50, 60));
    }

    #[test]
    fn an_uptime_is_read_as_ticks() {
        assert_eq!(ticks("56492.07 100321.18\n"), Some(5_649_207));
        assert_eq!(ticks("42949672.96 1.00\n"), Some(0));
        for bad in ["", "1 2", "1.x 2", "x.00", "1.0"] {
            assert_eq!(ticks(bad), None, "{bad}");
        }
        assert!(uptime().is_some());
    }

    #[test]
    fn a_command_that_prints_the_clock_is_known() {
        let is_date = |path: &str| is_date(&Value::Octets(path.as_bytes().to_vec()));
        assert!(is_date("/bin/date") && is_date("date"));
        assert!(!is_date("/usr/local/bin/clock-of-proxy7") && !is_date("/bin/update") && !is_date(""));
    }
}
