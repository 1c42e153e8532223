//! Whether the monitor itself is at fault, so that what it says of the components must not be published.

use monitor_state::Monitor;

use crate::moment::length;

/// Why the monitor is not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// For the administrator.
    pub why: String,
    /// Since when, in seconds since 1970, where the monitor's state tells it.
    pub since: Option<u64>,
}

/// What the last runs left for the judgement of a jump.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The keys of the sources that were bad, sorted; `None` before the first run.
    pub bad: Option<Vec<u64>>,
    /// Since when a jump is held back, in seconds since 1970.
    pub held_since: Option<u64>,
}

/// The limits of a jump.
#[derive(Clone, Copy, Debug)]
pub struct Sanity {
    /// How many per cent of all sources may go bad within one run; `None` for any number.
    pub percent: Option<u8>,
    /// For how long a jump beyond that is held back, in seconds.
    pub hold: u64,
}

/// Returns the fault of a monitor whose state is too old or that looks at nothing.
pub(crate) fn of_monitor(monitor: &Monitor, modified: u64, stale: u64, now: u64) -> Option<Fault> {
    let written = monitor.created.min(modified);
    let age = now.saturating_sub(written);
    if age > stale {
        let why = format!("its state is {} old, limit {}", length(age), length(stale));
        return Some(Fault { why, since: Some(written) });
    }
    if !monitor.active_service_checks && !monitor.passive_service_checks {
        return Some(Fault {
            why: "all service checks are disabled, active and passive".to_owned(),
            since: None,
        });
    }
    None
}

/// Judges how many sources went bad since the last run: the baseline for the next one, and the fault if there
/// were too many.
pub(crate) fn of_jump(
    before: &Baseline,
    bad: Vec<u64>,
    sources: usize,
    sanity: Sanity,
    now: u64,
) -> (Baseline, Option<Fault>) {
    let accept = |bad| (Baseline { bad: Some(bad), held_since: None }, None);
    let (Some(known), Some(percent)) = (&before.bad, sanity.percent) else { return accept(bad) };
    let fresh = bad.iter().filter(|key| known.binary_search(key).is_err()).count();
    if fresh * 100 <= usize::from(percent) * sources {
        return accept(bad);
    }
    let since = before.held_since.unwrap_or(now);
    // A clock that was set back must not hold for longer.
    let held = now.checked_sub(since).unwrap_or(sanity.hold);
    if held >= sanity.hold {
        return accept(bad);
    }
    let left = length(sanity.hold - held);
    let why =
        format!("{fresh} of {sources} sources went bad at once, limit {percent}%, held for {left} more");
    (Baseline { bad: before.bad.clone(), held_since: Some(since) }, Some(Fault { why, since: Some(since) }))
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
        };
        let disabled = "all service checks are disabled, active and passive";
        let rows = [
            (monitor(1_000, true, true), 1_000, 1_120, None),
            (monitor(1_000, true, true), 1_000, 1_121, Some("its state is 2 min old, limit 2 min")),
            (monitor(1_000, true, true), 5_000, 5_000, Some("its state is 1 h 6 min old, limit 2 min")),
            (monitor(5_000, true, true), 1_000, 5_000, Some("its state is 1 h 6 min old, limit 2 min")),
            (monitor(9_000, true, true), 9_000, 5_000, None),
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

    #[test]
    fn a_jump_is_held_back_and_then_believed() {
        let sanity = Sanity { percent: Some(50), hold: 600 };
        let run = |before: &Baseline, bad: &[u64], now| {
            let (after, fault) = of_jump(before, bad.to_vec(), 4, sanity, now);
            (after, fault.map(|fault| fault.why))
        };
        let (first, fault) = run(&Baseline::default(), &[1, 2, 3], 1_000);
        assert_eq!(fault, None, "nothing to compare with");
        let (before, fault) = run(&first, &[], 1_060);
        assert_eq!((before.bad.as_deref(), fault), (Some(&[][..]), None));
        assert_eq!(run(&before, &[1, 2], 1_120).1, None, "half is not more than half");

        let (held, fault) = run(&before, &[1, 2, 3], 1_120);
        assert_eq!(
            fault.as_deref(),
            Some("3 of 4 sources went bad at once, limit 50%, held for 10 min more")
        );
        assert_eq!((held.bad.as_deref(), held.held_since), (Some(&[][..]), Some(1_120)));
        let (held, fault) = run(&held, &[1, 2, 3, 4], 1_719);
        assert_eq!(fault.as_deref(), Some("4 of 4 sources went bad at once, limit 50%, held for 1 s more"));
        let (after, fault) = run(&held, &[1, 2, 3, 4], 1_720);
        assert_eq!((after.bad.as_deref(), after.held_since, fault), (Some(&[1, 2, 3, 4][..]), None, None));

        let (after, fault) = run(&held, &[1], 1_300);
        assert_eq!((after.held_since, fault), (None, None), "it was a short one");
        assert_eq!(run(&held, &[1, 2, 3], 500).1, None, "the clock was set back");
        let off = Sanity { percent: None, hold: 600 };
        assert_eq!(of_jump(&before, vec![1, 2, 3, 4], 4, off, 1_120).1, None);
        assert_eq!(of_jump(&before, Vec::new(), 0, sanity, 1_120).1, None);
    }
}
