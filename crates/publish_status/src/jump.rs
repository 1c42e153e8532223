//! Whether so many sources went bad that the monitor itself is the likelier cause.
//!
//! A monitor that stops resolving names fails its checks one after the other, over some minutes. So what counts
//! is how many sources were good within a window and are bad now, not the step from one run to the next.

use std::fmt::Write as _;

use crate::fault::Fault;
use crate::moment::length;

/// The shortest window, in seconds: a check every five minutes with its attempts is through by then.
const WINDOW: u64 = 600;

/// What the last runs left for the judgement of a jump.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The keys of the sources that were bad, sorted; `None` before the first run.
    pub bad: Option<Vec<u64>>,
    /// Those of them that went bad within the window, sorted, and when, in seconds since 1970.
    pub recent: Vec<(u64, u64)>,
    /// Since when a jump is held back, in seconds since 1970.
    pub held_since: Option<u64>,
}

/// The limits of a jump.
#[derive(Clone, Copy, Debug)]
pub struct Sanity {
    /// How many per cent of all sources may go bad within the window; `None` for any number.
    pub percent: Option<u8>,
    /// For how long a jump beyond that is held back, in seconds. The window is as long, and [`WINDOW`] at
    /// least.
    pub hold: u64,
}

/// The sources of one run, by their keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Those that the last run knew, sorted. Only these can go bad: one that is new was never good.
    pub(crate) known: Vec<u64>,
    /// Those that are bad now, sorted, with those that vanished.
    pub(crate) bad: Vec<u64>,
    /// Those that vanished, sorted.
    pub(crate) gone: Vec<u64>,
    /// How many there are, with those that vanished.
    pub(crate) count: usize,
}

/// Judges how many sources went bad within the window: the baseline for the next run, and the fault if there
/// were too many.
pub(crate) fn judge(before: &Baseline, seen: Seen, sanity: Sanity, now: u64) -> (Baseline, Option<Fault>) {
    let accept = |bad, recent| (Baseline { bad: Some(bad), recent, held_since: None }, None);
    let (Some(known_bad), Some(percent)) = (&before.bad, sanity.percent) else {
        return accept(seen.bad, Vec::new());
    };
    let window = sanity.hold.max(WINDOW);
    // The window stands still while a jump is held back: it must not end because time passes.
    let from = before.held_since.unwrap_or(now).saturating_sub(window);
    let when = |key: &u64| {
        if known_bad.binary_search(key).is_err() {
            return seen.known.binary_search(key).is_ok().then_some(now);
        }
        let place = before.recent.binary_search_by_key(key, |(key, _)| *key).ok()?;
        before.recent.get(place).map(|(_, at)| *at).filter(|at| *at > from)
    };
    let fresh: Vec<(u64, u64)> = seen.bad.iter().filter_map(|key| when(key).map(|at| (*key, at))).collect();
    if fresh.len() * 100 <= usize::from(percent) * seen.count {
        return accept(seen.bad, fresh);
    }
    let since = before.held_since.unwrap_or(now);
    // A clock that was set back must not hold for longer.
    let held = now.checked_sub(since).unwrap_or(sanity.hold);
    if held >= sanity.hold {
        return accept(seen.bad, Vec::new());
    }
    let gone = fresh.iter().filter(|(key, _)| seen.gone.binary_search(key).is_ok()).count();
    let mut why = format!("{} of {} sources {}", fresh.len(), seen.count, what(fresh.len(), gone));
    // Writing to a text cannot fail.
    let _ = write!(why, " within {}, limit {percent}%", length(window));
    let _ = write!(why, ", held for {} more", length(sanity.hold - held));
    let baseline = Baseline {
        bad: Some(with_new(known_bad, &seen)),
        recent: before.recent.clone(),
        held_since: Some(since),
    };
    (baseline, Some(Fault { why, since: Some(since) }))
}

fn what(all: usize, gone: usize) -> &'static str {
    match gone {
        0 => "went bad",
        _ if gone == all => "vanished",
        _ => "went bad or vanished",
    }
}

/// The baseline of a jump that is held back, with the sources that are new and bad: they never were good.
fn with_new(known_bad: &[u64], seen: &Seen) -> Vec<u64> {
    let new = seen.bad.iter().filter(|key| seen.known.binary_search(key).is_err());
    let mut bad: Vec<u64> = known_bad.iter().chain(new).copied().collect();
    bad.sort_unstable();
    bad.dedup();
    bad
}

#[cfg(test)]
mod tests {
    use super::*;

    const SANITY: Sanity = Sanity { percent: Some(50), hold: 600 };

    fn seen(bad: &[u64], count: u64) -> Seen {
        Seen {
            known: (1..=count).collect(),
            bad: bad.to_vec(),
            gone: Vec::new(),
            count: usize::try_from(count).unwrap(),
        }
    }

    fn run(before: &Baseline, seen: Seen, now: u64) -> (Baseline, Option<String>) {
        let (after, fault) = judge(before, seen, SANITY, now);
        (after, fault.map(|fault| fault.why))
    }

    fn of_four(before: &Baseline, bad: &[u64], now: u64) -> (Baseline, Option<String>) {
        run(before, seen(bad, 4), now)
    }

    #[test]
    fn a_jump_is_held_back_and_then_believed() {
        let (first, fault) = of_four(&Baseline::default(), &[1, 2, 3], 1_000);
        assert_eq!(fault, None, "nothing to compare with");
        let (before, fault) = of_four(&first, &[], 1_060);
        assert_eq!((before.bad.as_deref(), fault), (Some(&[][..]), None));
        assert_eq!(of_four(&before, &[1, 2], 1_120).1, None, "half is not more than half");

        let (held, fault) = of_four(&before, &[1, 2, 3], 1_120);
        assert_eq!(
            fault.as_deref(),
            Some("3 of 4 sources went bad within 10 min, limit 50%, held for 10 min more")
        );
        assert_eq!((held.bad.as_deref(), held.held_since), (Some(&[][..]), Some(1_120)));
        let (held, fault) = of_four(&held, &[1, 2, 3, 4], 1_719);
        assert_eq!(
            fault.as_deref(),
            Some("4 of 4 sources went bad within 10 min, limit 50%, held for 1 s more")
        );
        let (after, fault) = of_four(&held, &[1, 2, 3, 4], 1_720);
        assert_eq!((after.bad.as_deref(), after.held_since, fault), (Some(&[1, 2, 3, 4][..]), None, None));
        assert_eq!(of_four(&after, &[1, 2, 3, 4], 1_780).1, None, "what was published stays so");

        let (after, fault) = of_four(&held, &[1], 1_300);
        assert_eq!((after.held_since, fault), (None, None), "it was a short one");
        assert_eq!(of_four(&held, &[1, 2, 3], 500).1, None, "the clock was set back");
        let off = Sanity { percent: None, hold: 600 };
        assert_eq!(judge(&before, seen(&[1, 2, 3, 4], 4), off, 1_120).1, None);
        let at_once = Sanity { percent: Some(50), hold: 0 };
        assert_eq!(judge(&before, seen(&[1, 2, 3, 4], 4), at_once, 1_120).1, None);
        assert_eq!(run(&before, Seen::default(), 1_120).1, None, "no source at all");
    }

    #[test]
    fn steps_within_the_window_are_one_jump() {
        let step = |number: u64| (1..=2 * number).collect::<Vec<u64>>();
        let mut baseline = of_four(&Baseline::default(), &[], 1_000).0;
        let mut faults = Vec::new();
        // A fifth more of ten sources in each minute, and then no more for an hour.
        for minute in 1..=70 {
            let now = 1_000 + minute * 60;
            let (after, fault) = run(&baseline, seen(&step(minute.min(5)), 10), now);
            faults.push(fault.is_some());
            baseline = after;
        }
        let held: Vec<usize> =
            (1..).zip(&faults).filter(|(_, held)| **held).map(|(minute, _)| minute).collect();
        assert_eq!(held, (3..13).collect::<Vec<_>>(), "from the third step on, for ten minutes");

        // The same steps, each eleven minutes after the last: that many things can fail in an hour.
        let mut baseline = of_four(&Baseline::default(), &[], 1_000).0;
        for number in 1..=5 {
            let (after, fault) = run(&baseline, seen(&step(number), 10), 1_000 + number * 660);
            assert_eq!(fault, None, "step {number}");
            baseline = after;
        }
    }

    #[test]
    fn the_window_is_as_long_as_the_hold() {
        let sanity = Sanity { percent: Some(50), hold: 1_800 };
        let mut baseline = of_four(&Baseline::default(), &[], 1_000).0;
        for (bad, now, is_held) in
            [(&[1][..], 1_060, false), (&[1, 2], 2_000, false), (&[1, 2, 3], 2_800, true)]
        {
            let (after, fault) = judge(&baseline, seen(bad, 4), sanity, now);
            assert_eq!(fault.is_some(), is_held, "{bad:?}");
            baseline = after;
        }
    }

    #[test]
    fn the_first_run_after_a_long_pause_is_compared_with_the_last_before_it() {
        let before = of_four(&Baseline::default(), &[], 1_000).0;
        assert!(of_four(&before, &[1, 2, 3], 90_000).1.is_some());
    }

    #[test]
    fn only_what_was_good_goes_bad() {
        let before = of_four(&Baseline::default(), &[1], 1_000).0;
        let new = |bad: Vec<u64>| Seen { bad, count: 14, ..seen(&[], 4) };
        let ten: Vec<u64> = (11..=20).collect();
        let (after, fault) = run(&before, new([&[1][..], &ten].concat()), 1_060);
        assert_eq!((after.recent.len(), fault), (0, None), "ten that are new");
        // While a jump is held back, too.
        let (held, fault) = run(&before, Seen { count: 4, ..seen(&[1, 2, 3, 4], 4) }, 1_060);
        assert!(fault.is_some());
        let (held, _) = run(&held, new([&[1, 2, 3, 4][..], &ten].concat()), 1_120);
        let all = Seen { known: (1..=20).collect(), ..new([&[1, 2][..], &ten].concat()) };
        assert_eq!(run(&held, all, 1_180).1, None);
    }

    #[test]
    fn what_vanishes_goes_bad() {
        let before = of_four(&Baseline::default(), &[], 1_000).0;
        let rows = [
            (&[2, 3, 4][..], "3 of 4 sources vanished within 10 min"),
            (&[4][..], "3 of 4 sources went bad or vanished within 10 min"),
        ];
        for (gone, expected) in rows {
            let why = run(&before, Seen { gone: gone.to_vec(), ..seen(&[2, 3, 4], 4) }, 1_060).1.unwrap();
            assert!(why.starts_with(expected), "{why}");
        }
    }
}
