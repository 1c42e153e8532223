//! A total outage: where no target answers, time that ran out does not make it doubtful.

use crate::cause::{Cause, Local};

/// From how many targets on silence is an outage, whatever the others would have done.
const ENOUGH: usize = 100;

/// How many targets were tried and do not answer, and how many were not reached: `None` if the outage is not
/// total, or not known to be. `failed` are the causes of all targets that do not answer of `total`; whether a
/// single try of a few of them proves anything, `one_try_counts` says.
pub(crate) fn total_outage<'a>(
    failed: impl IntoIterator<Item = &'a Cause>,
    total: usize,
    one_try_counts: bool,
) -> Option<(usize, usize)> {
    let (mut tried, mut once, mut not_reached) = (0, 0, 0);
    for cause in failed {
        match cause {
            Cause::Local(Local::NoTime) => not_reached += 1,
            Cause::Local(Local::Unconfirmed) => once += 1,
            // The fault of this machine may be that of all the others too.
            Cause::Local(_) => return None,
            cause if cause.is_an_answer() => return None,
            _ => tried += 1,
        }
    }
    tried += once;
    let is_all = tried + not_reached == total;
    let is_outage = is_all && is_outage(tried, not_reached, once == 0 || one_try_counts);
    is_outage.then_some((tried, not_reached))
}

/// Returns whether silence of all that were tried is an outage, whatever those do that were not reached: of a
/// few only if they are all, and if it `is_proved` that each is silent.
pub(crate) fn is_outage(tried: usize, not_reached: usize, is_proved: bool) -> bool {
    tried >= ENOUGH || (not_reached == 0 && is_proved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::Echo;

    #[test]
    fn silence_of_everything_is_an_outage() {
        let silent = Cause::NoAnswer(Echo::Silent);
        let once = Cause::Local(Local::Unconfirmed);
        let never = Cause::Local(Local::NoTime);
        // What each of so many targets does, of how many, and the outage.
        type Row<'a> = (&'a [(usize, &'a Cause)], usize, Option<(usize, usize)>);
        let of = |causes: &[(usize, &Cause)], total, one_try_counts| {
            let all = causes.iter().flat_map(|(count, cause)| std::iter::repeat_n((*cause).clone(), *count));
            total_outage(&all.collect::<Vec<_>>(), total, one_try_counts)
        };
        let rows: [Row<'_>; 9] = [
            (&[(1, &silent)], 1, Some((1, 0))),
            (&[(1, &silent), (1, &once)], 2, Some((2, 0))),
            (&[(60, &silent), (40, &once), (900, &never)], 1_000, Some((100, 900))),
            (&[(60, &silent), (39, &once), (901, &never)], 1_000, None),
            (&[(1_000, &never)], 1_000, None),
            // One of them answers.
            (&[(999, &silent)], 1_000, None),
            (&[(999, &silent), (1, &Cause::Refused)], 1_000, None),
            (&[(999, &once), (1, &Cause::NoBanner)], 1_000, None),
            // Perhaps the link of all of them is down.
            (&[(999, &silent), (1, &Cause::Local(Local::LinkDown))], 1_000, None),
        ];
        for (causes, total, outage) in rows {
            assert_eq!(of(causes, total, true), outage, "{causes:?} of {total}");
        }
        // A single short try of a few may have been one lost packet each.
        assert_eq!(of(&[(99, &once)], 99, false), None);
        assert_eq!(of(&[(1, &once), (1, &silent)], 2, false), None);
        assert_eq!(of(&[(100, &once)], 100, false), Some((100, 0)));
        assert_eq!(of(&[(2, &silent)], 2, false), Some((2, 0)));
    }
}
