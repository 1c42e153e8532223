//! From the past of the logs to the history: the days that it lacks, and no other.

use std::collections::BTreeSet;

use crate::ledger::{DAYS, Ledger};
use crate::moment::DAY;
use crate::outage::Outage;

use super::replay::SILENCE;

/// What was added to a history.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Filled {
    /// The first day, by its number since 1970.
    pub(crate) first: u64,
    /// The last day, by its number since 1970.
    pub(crate) last: u64,
    /// How many outages.
    pub(crate) outages: usize,
}

/// Adds the days of `past` before the first day of this history, as far as they are kept. `None` if there is
/// none.
pub(crate) fn precede(ledger: &mut Ledger, past: &Ledger, now: u64) -> Option<Filled> {
    let until = first_day(ledger);
    let from = (now / DAY).saturating_sub(DAYS - 1);
    let mut days = BTreeSet::new();
    for (id, track) in &past.tracks {
        let added = track.days.iter().filter(|(day, _)| **day >= from && until.is_none_or(|end| **day < end));
        for (day, sums) in added {
            days.insert(*day);
            ledger.tracks.entry(id.clone()).or_default().days.insert(*day, *sums);
        }
    }
    let (first, last) = (*days.first()?, *days.last()?);
    let outages = past.outages.iter().filter_map(|outage| before(past, outage, until, now));
    let outages: Vec<Outage> =
        outages.filter(|outage| outage.end.is_none_or(|end| end >= from * DAY)).collect();
    let filled = Filled { first, last, outages: outages.len() };
    ledger.outages.precede(outages);
    Some(filled)
}

/// The reason why the logs have no day for the history.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Lack {
    /// They end on this day, which is older than every day that is kept.
    Old(u64),
    /// They show no time in which the monitor ran.
    NoTime,
}

/// Returns what the logs of `past` lack if [`precede`] added none of their days. `None` if the history
/// already has all of them.
pub(crate) fn lack(ledger: &Ledger, past: &Ledger, now: u64) -> Option<Lack> {
    let last = past.last / DAY;
    match first_day(ledger) {
        _ if last < (now / DAY).saturating_sub(DAYS - 1) => Some(Lack::Old(last)),
        Some(first) if first <= last => None,
        _ => Some(Lack::NoTime),
    }
}

/// The first day of which the history tells; `None` if there was no run yet.
fn first_day(ledger: &Ledger) -> Option<u64> {
    let days = ledger.tracks.values().filter_map(|track| track.days.keys().next()).copied();
    let last = (ledger.last > 0).then_some(ledger.last / DAY);
    days.chain(last).min()
}

/// The part of an outage before this day. One that lasts at the end of the logs goes on if the next run can
/// see so.
fn before(past: &Ledger, outage: &Outage, day: Option<u64>, now: u64) -> Option<Outage> {
    let until = day.map_or(u64::MAX, |day| day * DAY);
    if outage.start >= until {
        return None;
    }
    let seen = outage.seen.min(until);
    let goes_on = outage.end.is_none() && day.is_none() && now.saturating_sub(seen) <= SILENCE;
    let end = (!goes_on).then(|| outage.end.unwrap_or(seen).min(until));
    // Where the pauses of one that is cut lie is not kept, but the days tell how much of it was observed.
    let apart = match day.filter(|_| seen < outage.seen) {
        Some(day) => (seen - outage.start).saturating_sub(observed(past, outage, day)),
        None => outage.apart,
    };
    Some(Outage { seen, end, apart, changed: outage.changed.min(until), ..outage.clone() })
}

/// Returns for how many seconds an outage was observed before this day: the outage time of the days without
/// that of earlier outages.
fn observed(past: &Ledger, outage: &Outage, day: u64) -> u64 {
    let days = past.track(&outage.component).into_iter().flat_map(|track| track.days.range(..day));
    let all: u64 = days.map(|(_, [_, _, partial, major, ..])| u64::from(*partial) + u64::from(*major)).sum();
    let is_earlier = |other: &&Outage| other.component == outage.component && other.start < outage.start;
    let earlier: u64 = past.outages.iter().filter(is_earlier).map(Outage::duration).sum();
    all.saturating_sub(earlier)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Run;
    use crate::status::Status;

    /// A past of the component "a", working but for the outages in `[start, end)`, up to `last`.
    fn past(from: u64, outages: &[(u64, u64)], last: u64) -> Ledger {
        let mut ledger = Ledger { vouches: u64::MAX, ..Ledger::default() };
        ledger.look_at(vec!["a".to_owned()]);
        let mut add = |at, status| {
            ledger.add(&Run { at, fault: None, statuses: vec![Some(status)], baseline: Default::default() });
        };
        add(from, Status::Operational);
        for (start, end) in outages {
            add(*start, Status::Major);
            if *end <= last {
                add(*end, Status::Operational);
            }
        }
        if outages.last().is_none_or(|(_, end)| *end <= last) {
            add(last, Status::Operational);
        } else {
            add(last, Status::Major);
        }
        ledger
    }

    fn days(ledger: &Ledger) -> Vec<u64> {
        ledger.track("a").map(|track| track.days.keys().copied().collect()).unwrap_or_default()
    }

    fn outages(ledger: &Ledger) -> Vec<(u64, Option<u64>)> {
        ledger.outages.iter().map(|outage| (outage.start, outage.end)).collect()
    }

    const NOW: u64 = 20_000 * DAY + 3_600;

    #[test]
    fn an_empty_history_takes_all_that_is_kept() {
        let from = 19_000 * DAY;
        let old = (19_500 * DAY, 19_500 * DAY + 60);
        let new = (19_990 * DAY, 19_990 * DAY + 60);
        let mut ledger = Ledger::default();
        let filled = precede(&mut ledger, &past(from, &[old, new], NOW - 60), NOW);
        assert_eq!(filled, Some(Filled { first: 19_911, last: 20_000, outages: 1 }));
        assert_eq!(days(&ledger).len(), 90);
        assert_eq!(outages(&ledger), [(new.0, Some(new.1))]);
        assert_eq!((ledger.last, ledger.known()), (0, vec![]), "the next run begins anew");
        assert_eq!(precede(&mut ledger, &past(from, &[], NOW - 60), NOW), None, "once");
    }

    #[test]
    fn an_outage_that_may_last_is_open() {
        for (last, end) in
            [(NOW - 60, None), (NOW - SILENCE, None), (NOW - SILENCE - 1, Some(NOW - SILENCE - 1))]
        {
            let mut ledger = Ledger::default();
            precede(&mut ledger, &past(NOW - DAY, &[(NOW - 9_000, u64::MAX)], last), NOW);
            assert_eq!(outages(&ledger), [(NOW - 9_000, end)]);
        }
    }

    #[test]
    fn days_of_the_history_stay_as_they_are() {
        let first = 19_995 * DAY;
        let own = past(first + 7_200, &[(first + 9_000, first + 9_060)], NOW - 60);
        let mut ledger = own.clone();
        let earlier =
            past(first - 3 * DAY, &[(first - 600, first + 600), (first + 9_000, first + 9_060)], NOW);
        let filled = precede(&mut ledger, &earlier, NOW);
        assert_eq!(filled, Some(Filled { first: 19_992, last: 19_994, outages: 1 }));
        assert_eq!(days(&ledger), (19_992..=20_000).collect::<Vec<_>>());
        assert_eq!(outages(&ledger), [(first - 600, Some(first)), (first + 9_000, Some(first + 9_060))]);
        let kept = |ledger: &Ledger| {
            ledger.track("a").unwrap().days.range(19_995..).map(|(_, sums)| *sums).collect::<Vec<_>>()
        };
        assert_eq!(kept(&ledger), kept(&own));
        assert_eq!(precede(&mut ledger, &earlier, NOW), None, "once");
    }

    #[test]
    fn the_day_of_a_first_run_without_time_is_its_own() {
        let mut ledger = Ledger { last: NOW - 60, ..Ledger::default() };
        let filled = precede(&mut ledger, &past(NOW - 2 * DAY, &[], NOW - 60), NOW);
        assert_eq!(filled, Some(Filled { first: 19_998, last: 19_999, outages: 0 }));
    }

    #[test]
    fn what_logs_lack_is_told() {
        let old = past(19_000 * DAY, &[], 19_500 * DAY + 60);
        assert_eq!(lack(&Ledger::default(), &old, NOW), Some(Lack::Old(19_500)));
        let moment = Ledger { last: NOW - DAY, ..Ledger::default() };
        assert_eq!(lack(&Ledger::default(), &moment, NOW), Some(Lack::NoTime));
        let later = Ledger { last: NOW - 60, ..Ledger::default() };
        assert_eq!(lack(&later, &moment, NOW), Some(Lack::NoTime), "before the history");
        assert_eq!(lack(&later, &past(NOW - 600, &[], NOW - 60), NOW), None);
    }

    #[test]
    fn an_outage_that_is_cut_is_as_long_as_it_was_observed() {
        let first = 19_995 * DAY;
        let mut earlier = Ledger { vouches: 600, ..Ledger::default() };
        earlier.look_at(vec!["a".to_owned()]);
        let runs = [
            (-9_000, 'm'),
            (-8_900, 'o'),
            (-5_000, 'm'),
            (-4_800, 'm'),
            (-600, 'm'),
            (-300, 'm'),
            (60, 'm'),
            (9_000, 'm'),
            (9_060, 'o'),
        ];
        for (at, letter) in runs {
            let statuses = vec![Status::of_letter(letter)];
            let at = first.saturating_add_signed(at);
            earlier.add(&Run { at, fault: None, statuses, baseline: Default::default() });
        }
        let mut ledger = Ledger { last: first + 60, ..Ledger::default() };
        precede(&mut ledger, &earlier, NOW);
        let outages: Vec<_> = ledger.outages.iter().map(|outage| (outage.end, outage.duration())).collect();
        assert_eq!(outages, [(Some(first - 8_900), 100), (Some(first), 200 + 600 + 600)]);
    }
}
