//! Whether the monitor itself is at fault, so that what it says of the components must not be published.

use monitor_state::{Monitor, Written};

use crate::moment::length;

/// Why the monitor is not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// For the administrator.
    pub why: String,
    /// Since when, in seconds since 1970, where the monitor's state tells it.
    pub since: Option<u64>,
}

/// Returns the fault of a monitor whose state is too old or from the future, or that looks at nothing.
pub(crate) fn of_monitor(monitor: &Monitor, modified: u64, stale: u64, now: u64) -> Option<Fault> {
    let written = Written { modified, created: Some(monitor.created), read: now };
    if let Some(ahead) = written.ahead() {
        // How old it is cannot be told.
        let why = format!("its state is from the future, {} ahead", length(ahead));
        return Some(Fault { why, since: None });
    }
    let age = written.age();
    if age > stale {
        let (age, limit) = apart(age, stale);
        let why = format!("its state is {age} old, limit {limit}");
        return Some(Fault { why, since: Some(written.time()) });
    }
    if !monitor.active_service_checks && !monitor.passive_service_checks {
        return Some(Fault {
            why: "all service checks are disabled, active and passive".to_owned(),
            since: None,
        });
    }
    None
}

/// Returns two durations in words that differ: in seconds if they would read alike otherwise.
fn apart(seconds: u64, limit: u64) -> (String, String) {
    match (length(seconds), length(limit)) {
        (age, limit_text) if age == limit_text => (format!("{seconds} s"), format!("{limit} s")),
        words => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_that_is_too_old_is_not_believed() {
        let monitor = |created, active, passive| Monitor {
            created,
            started: 0,
            active_service_checks: active,
            passive_service_checks: passive,
            active_host_checks: true,
            passive_host_checks: true,
        };
        let disabled = "all service checks are disabled, active and passive";
        let rows = [
            (monitor(1_000, true, true), 1_000, 1_120, None),
            (monitor(1_000, true, true), 1_000, 1_121, Some("its state is 121 s old, limit 120 s")),
            (monitor(1_000, true, true), 1_000, 1_180, Some("its state is 3 min old, limit 2 min")),
            (monitor(1_000, true, true), 5_000, 5_000, Some("its state is 1 h 6 min old, limit 2 min")),
            (monitor(5_000, true, true), 1_000, 5_000, Some("its state is 1 h 6 min old, limit 2 min")),
            (monitor(5_060, true, true), 5_060, 5_000, None),
            (monitor(5_061, true, true), 5_000, 5_000, Some("its state is from the future, 1 min ahead")),
            (monitor(5_000, true, true), 9_000, 5_000, Some("its state is from the future, 1 h 6 min ahead")),
            (monitor(9_000, true, true), 1_000, 5_000, Some("its state is from the future, 1 h 6 min ahead")),
            (
                monitor(u64::MAX, true, true),
                5_000,
                5_000,
                Some("its state is from the future, 213503982334601 d 5 h ahead"),
            ),
            (monitor(1_000, false, true), 1_000, 1_000, None),
            (monitor(1_000, true, false), 1_000, 1_000, None),
            (monitor(1_000, false, false), 1_000, 1_000, Some(disabled)),
        ];
        for (monitor, modified, now, why) in rows {
            let fault = of_monitor(&monitor, modified, 120, now);
            assert_eq!(fault.map(|fault| fault.why).as_deref(), why, "{monitor:?} {modified} {now}");
        }
        assert_eq!(
            of_monitor(&monitor(1_000, true, true), 990, 120, 2_000).and_then(|fault| fault.since),
            Some(990)
        );
    }
}
