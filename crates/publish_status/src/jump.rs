//! Whether so many sources went bad that the monitor itself is the likelier cause.
//!
//! A monitor that stops resolving names fails its checks one after the other, over some minutes. So what counts
//! is how many sources were good within a window and are bad now, not the step from one run to the next.

use std::fmt::Write as _;

use crate::fault::Fault;
use crate::members::sorted;
use crate::moment::length;

/// The shortest window, in seconds: a check every five minutes with its attempts is through by then.
const WINDOW: u64 = 600;
/// For how long a jump is remembered, in seconds: until then another one is held back only for what the first
/// left of the time. Else an outage with a good run now and then would never be published.
const REMEMBERED: u64 = 3_600;

/// So many sources at once that the monitor is not believed, or was not at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jump {
    /// When it was first seen, in seconds since 1970; later by a long pause in it.
    pub since: u64,
    /// When it was last seen, in seconds since 1970.
    pub last: u64,
    /// Whether the last run held it back.
    pub is_held: bool,
}

impl Jump {
    /// Returns one that begins now, or goes on after a pause. A pause that is longer than the window does not
    /// count as time in which it was held back.
    fn seen(before: Option<Self>, window: u64, hold: u64, now: u64) -> Self {
        let since = match before {
            None => now,
            Some(Self { since, last, .. }) if now.saturating_sub(last) <= window => since,
            Some(Self { since, last, .. }) => now.saturating_sub(last.saturating_sub(since)),
        };
        // A clock that was set back must not hold for longer.
        let is_held = now.checked_sub(since).is_some_and(|held| held < hold);
        Self { since, last: now, is_held }
    }

    /// Returns what is left of it in a run without a jump. One that was believed in the end lasts as long as
    /// most sources are bad.
    fn after(self, are_most_bad: bool, hold: u64, now: u64) -> Self {
        let was_believed = self.last.saturating_sub(self.since) >= hold;
        Self { last: if was_believed && are_most_bad { now } else { self.last }, is_held: false, ..self }
    }

    fn is_remembered(&self, window: u64, now: u64) -> bool {
        now.saturating_sub(self.last) <= REMEMBERED.max(window)
    }
}

/// What the last runs left for the judgement of a jump.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The keys of the sources that were bad, sorted; `None` before the first run.
    pub bad: Option<Vec<u64>>,
    /// Those of them that went bad within the window, sorted, and when, in seconds since 1970.
    pub recent: Vec<(u64, u64)>,
    /// The last jump, as long as it is remembered.
    pub jump: Option<Jump>,
}

/// The limits of a jump.
#[derive(Clone, Copy, Debug)]
pub struct Sanity {
    /// How many per cent of all sources may go bad within the window; `None` for any number.
    pub percent: Option<u8>,
    /// For how long a jump beyond that is held back, in seconds. The window is as long, and ten minutes at
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
    /// Those that are bad in a downtime, sorted: they do not go bad when it ends.
    pub(crate) excused: Vec<u64>,
    /// Those that vanished, sorted.
    pub(crate) gone: Vec<u64>,
    /// How many there are, with those that vanished.
    pub(crate) count: usize,
}

/// Judges how many sources went bad within the window: the baseline for the next run, and the fault if there
/// were too many.
pub(crate) fn judge(before: &Baseline, seen: Seen, sanity: Sanity, now: u64) -> (Baseline, Option<Fault>) {
    let Sanity { percent, hold } = sanity;
    let accept = |recent, jump| {
        let bad = sorted(seen.bad.iter().chain(&seen.excused).copied());
        (Baseline { bad: Some(bad), recent, jump }, None)
    };
    let (Some(known_bad), Some(percent)) = (&before.bad, percent) else { return accept(Vec::new(), None) };
    let window = hold.max(WINDOW);
    let jump = before.jump.filter(|jump| jump.is_remembered(window, now));
    // The window stands still while a jump is held back: it must not end because time passes.
    let from = jump.filter(|jump| jump.is_held).map_or(now, |jump| jump.since).saturating_sub(window);
    let when = |key: &u64| {
        if known_bad.binary_search(key).is_err() {
            return seen.known.binary_search(key).is_ok().then_some(now);
        }
        let place = before.recent.binary_search_by_key(key, |(key, _)| *key).ok()?;
        before.recent.get(place).map(|(_, at)| *at).filter(|at| *at > from)
    };
    let fresh: Vec<(u64, u64)> = seen.bad.iter().filter_map(|key| when(key).map(|at| (*key, at))).collect();
    let are_most = |count: usize| count * 100 > usize::from(percent) * seen.count;
    if !are_most(fresh.len()) {
        let jump = jump.map(|jump| jump.after(are_most(seen.bad.len()), hold, now));
        return accept(fresh, jump);
    }
    let jump = Jump::seen(jump, window, hold, now);
    if !jump.is_held {
        return accept(Vec::new(), Some(jump));
    }
    let gone = fresh.iter().filter(|(key, _)| seen.gone.binary_search(key).is_ok()).count();
    let mut why = format!("{} of {} sources {}", fresh.len(), seen.count, what(fresh.len(), gone));
    // Writing to a text cannot fail.
    let _ = write!(why, " within {}, limit {percent}%", length(window));
    let left = hold.saturating_sub(now.saturating_sub(jump.since));
    let _ = write!(why, ", held for {} more", length(left));
    let baseline = Baseline {
        bad: Some(without_jump(known_bad, &seen)),
        recent: before.recent.clone(),
        jump: Some(jump),
    };
    (baseline, Some(Fault { why, since: None }))
}

fn what(all: usize, gone: usize) -> &'static str {
    match gone {
        0 => "went bad",
        _ if gone == all => "vanished",
        _ => "went bad or vanished",
    }
}

/// The bad sources of the baseline while a jump is held back: also those that are new, which never were good,
/// and those in a downtime.
fn without_jump(known_bad: &[u64], seen: &Seen) -> Vec<u64> {
    let new = seen.bad.iter().filter(|key| seen.known.binary_search(key).is_err());
    sorted(known_bad.iter().chain(new).chain(&seen.excused).copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SANITY: Sanity = Sanity { percent: Some(50), hold: 600 };

    fn seen(bad: &[u64], count: u64) -> Seen {
        Seen {
            known: (1..=count).collect(),
            bad: bad.to_vec(),
            excused: Vec::new(),
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

    /// Since when a jump is held back, if it is.
    fn held_since(baseline: &Baseline) -> Option<u64> {
        baseline.jump.filter(|jump| jump.is_held).map(|jump| jump.since)
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
        assert_eq!((held.bad.as_deref(), held_since(&held)), (Some(&[][..]), Some(1_120)));
        let (held, fault) = of_four(&held, &[1, 2, 3, 4], 1_719);
        assert_eq!(
            fault.as_deref(),
            Some("4 of 4 sources went bad within 10 min, limit 50%, held for 1 s more")
        );
        let (after, fault) = of_four(&held, &[1, 2, 3, 4], 1_720);
        assert_eq!((after.bad.as_deref(), held_since(&after), fault), (Some(&[1, 2, 3, 4][..]), None, None));
        assert_eq!(of_four(&after, &[1, 2, 3, 4], 1_780).1, None, "what was published stays so");

        let (after, fault) = of_four(&held, &[1], 1_300);
        assert_eq!((held_since(&after), fault), (None, None), "it was a short one");
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

    /// Plays runs of a minute each on four sources, `x` for all bad and `.` for all good, and returns `h` where
    /// a jump is held back and `x` or `.` where it is published.
    fn play(runs: &str) -> String {
        let mut baseline = of_four(&Baseline::default(), &[], 1_000).0;
        let mut played = String::new();
        for (minute, run) in (1..).zip(runs.chars()) {
            let bad: &[u64] = if run == 'x' { &[1, 2, 3, 4] } else { &[] };
            let (after, fault) = of_four(&baseline, bad, 1_000 + minute * 60);
            played.push(if fault.is_some() { 'h' } else { run });
            baseline = after;
        }
        played
    }

    #[test]
    fn good_runs_do_not_hold_a_jump_for_longer() {
        let bad = |minutes: usize| "x".repeat(minutes);
        let held = |minutes: usize| "h".repeat(minutes);
        // A good run every ten minutes: held for ten minutes from the first on, and then never again.
        let flapping = format!("{}.", bad(9)).repeat(30);
        let expected = format!("{}.{}", held(9), &flapping[10..]);
        assert_eq!(play(&flapping), expected);
        // The same after a long outage.
        let long = format!("{}.{}", bad(200), bad(20));
        assert_eq!(play(&long), format!("{}{}.{}", held(10), bad(190), bad(20)));
        // A pause that is longer than the window is no time in which it was held back.
        let pause = ".".repeat(30);
        let apart = format!("{}{pause}{}", bad(4), bad(20));
        assert_eq!(play(&apart), format!("{}{pause}{}{}", held(4), held(7), bad(13)));
        let many = format!("{}{pause}", bad(4)).repeat(10);
        let held_twice = format!("{}{pause}", held(4)).repeat(2);
        assert!(play(&many).starts_with(&held_twice), "{}", play(&many));
        assert_eq!(play(&many).matches('h').count(), 13, "{}", play(&many));
        // After an hour without one, it is another jump.
        let pause = ".".repeat(61);
        let other = format!("{}{pause}{}", bad(9), bad(20));
        assert_eq!(play(&other), format!("{}{pause}{}{}", held(9), held(10), bad(10)));
    }

    #[test]
    fn what_is_bad_in_a_downtime_does_not_go_bad_when_it_ends() {
        let in_downtime = |bad: &[u64], excused: &[u64]| Seen { excused: excused.to_vec(), ..seen(bad, 4) };
        let good = of_four(&Baseline::default(), &[], 1_000).0;
        let (during, fault) = run(&good, in_downtime(&[], &[1, 2, 3]), 1_060);
        assert_eq!((during.bad.as_deref(), fault), (Some(&[1, 2, 3][..]), None));
        assert_eq!(of_four(&during, &[1, 2, 3], 1_120).1, None, "it ended");
        assert_eq!(of_four(&during, &[1, 2, 3, 4], 1_120).1, None, "one of four went bad");
        let well = run(&during, in_downtime(&[], &[]), 1_120).0;
        assert!(of_four(&well, &[1, 2, 3], 1_180).1.is_some(), "they were good in between");
        // While a jump is held back, too.
        let (held, fault) = of_four(&good, &[1, 2, 3], 1_060);
        assert!(fault.is_some());
        let (during, fault) = run(&held, in_downtime(&[3], &[1, 2]), 1_120);
        assert_eq!(fault, None);
        assert_eq!(of_four(&during, &[1, 2, 3], 1_180).1, None);
    }
}
