//! Limits on how many of several things may fail: their number, or their share in per cent.

use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::{InvalidRange, Metric, Range, State, Thresholds, Unit};

/// The share that all of them are, in per cent.
const ALL: f64 = 100.0;

/// A range on a number of failures or, with a `%` after it, on their share in per cent: `2`, `5%`, `@1:3`.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    range: Range,
    /// Whether it judges the share.
    is_share: bool,
}

/// Explains why a text is not a [`Limit`].
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InvalidLimit {
    /// Not a range.
    #[error(transparent)]
    Range(#[from] InvalidRange),
    /// A share that no number of failures has, so that it never alarms, or always.
    #[error("a share is 0 to 100%, not {0}%")]
    Share(f64),
}

impl FromStr for Limit {
    type Err = InvalidLimit;

    fn from_str(text: &str) -> Result<Self, InvalidLimit> {
        let (range, is_share) = text.strip_suffix('%').map_or((text, false), |range| (range, true));
        let range: Range = range.parse()?;
        let is_impossible = |end: &f64| end.is_finite() && !(0.0..=ALL).contains(end);
        match range.ends().into_iter().find(is_impossible).filter(|_| is_share) {
            Some(end) => Err(InvalidLimit::Share(end)),
            None => Ok(Self { range, is_share }),
        }
    }
}

/// How many of several things may fail, as the options `--warning` and `--critical` say it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AllowedFailures {
    number: Thresholds,
    /// In per cent: `None` if no limit is a share.
    share: Option<Thresholds>,
}

impl AllowedFailures {
    /// Returns the limits of the two options: `None` without any.
    pub fn new(warning: Option<&Limit>, critical: Option<&Limit>) -> Option<Self> {
        let given = |is_share: bool| {
            let range = |limit: Option<&Limit>| {
                limit.filter(|limit| limit.is_share == is_share).map(|limit| limit.range.clone())
            };
            Thresholds { warning: range(warning), critical: range(critical) }
        };
        let share = Some(given(true)).filter(|share| *share != Thresholds::default());
        (warning.is_some() || critical.is_some()).then(|| Self { number: given(false), share })
    }

    /// The limits by which one failure is critical.
    pub fn one_is_critical() -> Self {
        Thresholds { warning: None, critical: Some(Range::up_to(0.0)) }.into()
    }

    /// Returns how bad it is that `failed` out of `total` fail.
    pub fn state(&self, failed: usize, total: usize) -> State {
        let by_share = self.share.as_ref().map(|limits| limits.state(share(failed, total)));
        by_share.into_iter().fold(self.number.state(failed as f64), State::max)
    }

    /// Returns the state if `failed` fail and the total is not known yet. Limits on a share do not count.
    pub fn state_of_number(&self, failed: usize) -> State {
        self.number.state(failed as f64)
    }

    /// Returns the mildest and the worst state of these numbers of failures, where it is not known which of
    /// them it is. If the total is not known yet (`None`), limits on a share do not count.
    pub fn states(&self, failed: RangeInclusive<usize>, total: Option<usize>) -> (State, State) {
        let state = |failed| match total {
            Some(total) => self.state(failed, total),
            None => self.state_of_number(failed),
        };
        let of_number = changes(&self.number, 1.0);
        let of_share = self.share.iter().flat_map(|share| changes(share, total.unwrap_or(0) as f64 / ALL));
        let between = of_number.chain(of_share).filter(|number| failed.contains(number));
        let (least, most) = (state(*failed.start()), state(*failed.end()));
        between.map(state).fold((least.min(most), least.max(most)), |(mildest, worst), state| {
            (mildest.min(state), worst.max(state))
        })
    }

    /// Returns the metrics with the limits that judge them: the number by this label and, where a limit is a
    /// share, that as `LABEL_share` in per cent.
    pub fn metrics(&self, label: &str, failed: usize, total: usize) -> Vec<Metric> {
        let count = Metric::count(label, failed).max(total as f64);
        self.judged(label, count, share(failed, total))
    }

    /// Returns the metrics if the total is not known yet. The number has no maximum, and the share is
    /// unknown.
    pub fn metrics_of_number(&self, label: &str, failed: usize) -> Vec<Metric> {
        self.judged(label, Metric::count(label, failed), f64::NAN)
    }

    fn judged(&self, label: &str, count: Metric, share: f64) -> Vec<Metric> {
        let of_share = |limits: &Thresholds| {
            let metric = Metric::new(format!("{label}_share"), share).unit(Unit::Percent);
            metric.thresholds(limits.clone()).min(0.0).max(ALL)
        };
        let count = count.thresholds(self.number.clone());
        std::iter::once(count).chain(self.share.as_ref().map(of_share)).collect()
    }

    /// Returns how many may fail without an alarm, in words: `up to 5`, `outside 1 to 3`, `up to 2 and up to
    /// 5%`. Of two ranges of a kind the narrower one is named, and both where neither is.
    pub fn in_words(&self) -> String {
        let shares = self.share.iter().flat_map(|share| deciding(share).map(|range| (range, "%")));
        let all = deciding(&self.number).map(|range| (range, "")).chain(shares);
        all.map(|(range, unit)| range.in_words_of_count(unit)).collect::<Vec<_>>().join(" and ")
    }
}

impl From<Thresholds> for AllowedFailures {
    /// The limits on the number alone.
    fn from(number: Thresholds) -> Self {
        Self { number, share: None }
    }
}

/// Returns the ranges that decide whether there is an alarm. A range that allows every number of the other
/// range does not decide.
fn deciding(limits: &Thresholds) -> impl Iterator<Item = &Range> {
    let (warning, critical) = match (&limits.warning, &limits.critical) {
        (Some(warning), Some(critical)) if warning.is_within(critical) => (Some(warning), None),
        (Some(warning), Some(critical)) if critical.is_within(warning) => (None, Some(critical)),
        (warning, critical) => (warning.as_ref(), critical.as_ref()),
    };
    warning.into_iter().chain(critical)
}

/// The numbers beside which the state changes, of limits that are ends of ranges in this unit.
fn changes(limits: &Thresholds, unit: f64) -> impl Iterator<Item = usize> {
    let ranges = [&limits.warning, &limits.critical].into_iter().flatten();
    let ends = ranges.flat_map(Range::ends).map(move |end| (end * unit).floor());
    // One more on each side than would do: a share is not exact.
    ends.flat_map(|end| [-1.0, 0.0, 1.0, 2.0].map(|step| (end + step) as usize))
}

/// `failed` out of `total`, in per cent.
fn share(failed: usize, total: usize) -> f64 {
    if total == 0 { 0.0 } else { ALL * failed as f64 / total as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(text: &str) -> Limit {
        text.parse().unwrap()
    }

    #[test]
    fn a_limit_may_be_a_share() {
        let read = |text: &str| text.parse::<Limit>().map(|limit| (limit.range.to_string(), limit.is_share));
        assert_eq!(read("5"), Ok(("5".to_owned(), false)));
        assert_eq!(read("101"), Ok(("101".to_owned(), false)));
        for share in ["0", "5", "100", "99.9", "@10:20", "~:50", "10:", "0:100", "@0:100"] {
            assert_eq!(read(&format!("{share}%")), Ok((share.to_owned(), true)));
        }
        for text in ["", "%", "5%%", "5 %", "x%", "20:10%"] {
            assert!(matches!(read(text), Err(InvalidLimit::Range(_))), "{text}");
        }
    }

    #[test]
    fn a_share_beyond_all_would_never_alarm() {
        let rows = [
            ("101%", "101"),
            ("100.1%", "100.1"),
            ("1000000%", "1000000"),
            ("50:101%", "101"),
            ("101:%", "101"),
            ("@0:101%", "101"),
            ("~:101%", "101"),
            ("-5:5%", "-5"),
            ("-1:%", "-1"),
        ];
        for (text, end) in rows {
            let error = format!("a share is 0 to 100%, not {end}%");
            assert_eq!(text.parse::<Limit>().map_err(|error| error.to_string()), Err(error));
        }
    }

    /// The limits of the two options, where `-` is none.
    fn limits(warning: &str, critical: &str) -> AllowedFailures {
        let given = |text: &str| (text != "-").then(|| limit(text));
        AllowedFailures::new(given(warning).as_ref(), given(critical).as_ref()).unwrap_or_default()
    }

    #[test]
    fn numbers_and_shares_are_judged_apart_and_the_worst_counts() {
        use State::{Critical, Ok, Warning};
        let rows = [
            ("1", "50%", [Ok, Ok, Warning, Critical], "up to 1 and up to 50%"),
            ("-", "50%", [Ok, Ok, Ok, Critical], "up to 50%"),
            ("1", "-", [Ok, Ok, Warning, Warning], "up to 1"),
            ("-", "@2:3", [Ok, Ok, Critical, Critical], "outside 2 to 3"),
            ("1:2", "-", [Warning, Ok, Ok, Warning], "1 to 2"),
            ("1:", "-", [Warning, Ok, Ok, Ok], "1 or more"),
            ("-", "0:2", [Ok, Ok, Ok, Critical], "up to 2"),
            ("~:", "-", [Ok; 4], "any number"),
            ("0:", "-", [Ok; 4], "any number"),
            ("25%", "50%", [Ok, Ok, Warning, Critical], "up to 25%"),
            ("25:50%", "-", [Warning, Ok, Ok, Warning], "25 to 50%"),
            ("-", "25:%", [Critical, Ok, Ok, Ok], "25% or more"),
            // The narrower range is named, or both if neither is narrower.
            ("1", "2", [Ok, Ok, Warning, Critical], "up to 1"),
            ("2", "1", [Ok, Ok, Critical, Critical], "up to 1"),
            ("~:1", "2", [Ok, Ok, Warning, Critical], "up to 1"),
            ("@3:3", "1", [Ok, Ok, Critical, Critical], "up to 1"),
            ("@2:3", "@2:2", [Ok, Ok, Critical, Warning], "outside 2 to 3"),
            ("@0:", "~:", [Warning; 4], "below 0"),
            ("@2:", "2", [Ok, Ok, Warning, Critical], "below 2"),
            ("@0:1", "1:", [Critical, Warning, Ok, Ok], "outside 0 to 1"),
            ("@2:2", "5", [Ok, Ok, Warning, Ok], "not 2 and up to 5"),
            ("@1:1", "2", [Ok, Warning, Ok, Critical], "not 1 and up to 2"),
            ("2:2", "-", [Warning, Warning, Ok, Warning], "2"),
            ("50:50%", "-", [Warning, Warning, Ok, Warning], "50%"),
            ("-", "@50:50%", [Ok, Ok, Critical, Ok], "not 50%"),
            ("-", "@0", [Critical, Ok, Ok, Ok], "not 0"),
            ("0", "-", [Ok, Warning, Warning, Warning], "up to 0"),
            ("1:", "2", [Warning, Ok, Ok, Critical], "1 or more and up to 2"),
            ("-", "-", [Ok, Ok, Ok, Ok], ""),
        ];
        for (warning, critical, states, words) in rows {
            let limits = limits(warning, critical);
            assert_eq!([0, 1, 2, 3].map(|failed| limits.state(failed, 4)), states, "{warning} {critical}");
            assert_eq!(limits.in_words(), words);
        }
        assert_eq!(AllowedFailures::new(None, None), None);
        assert_eq!([1, 2].map(|failed| limits("1", "0%").state_of_number(failed)), [Ok, Warning]);
        assert_eq!(limits("-", "0%").state(0, 0), Ok, "none of none fails");
        assert_eq!(AllowedFailures::one_is_critical().state(1, 4), Critical);
    }

    #[test]
    fn where_the_number_is_not_known_the_mildest_and_the_worst_state_are() {
        let all = [
            ("1", "50%"),
            ("-", "@20:22"),
            ("-", "20:22"),
            ("13:", "60%"),
            ("33.3:66.7%", "@3:3"),
            ("@7.5:9", "-"),
            ("~:", "0%"),
        ];
        for (warning, critical) in all {
            let limits = limits(warning, critical);
            for (first, last, total) in [(0, 38, 38), (12, 37, 38), (7, 7, 9), (0, 3, 3), (19, 23, 1_000)] {
                let states = || (first..=last).map(|failed| limits.state(failed, total));
                let expected = (states().min().unwrap(), states().max().unwrap());
                let words = format!("{warning} {critical} {first} to {last} of {total}");
                assert_eq!(limits.states(first..=last, Some(total)), expected, "{words}");
            }
        }
        assert_eq!(limits("-", "0%").states(1..=usize::MAX, None), (State::Ok, State::Ok));
        assert_eq!(limits("-", "20:22").states(1..=usize::MAX, None), (State::Ok, State::Critical));
    }

    #[test]
    fn the_metrics_have_the_limits_that_judge_them() {
        let printed =
            |metrics: Vec<Metric>| metrics.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let of_three = |limits: AllowedFailures| printed(limits.metrics("failed", 1, 3));
        assert_eq!(of_three(limits("1", "50%")), "failed=1;1;;0;3 failed_share=33.333333%;;50;0;100");
        assert_eq!(of_three(limits("-", "-")), "failed=1;;;0;3");
        let so_far = |limits: AllowedFailures| printed(limits.metrics_of_number("failed", 1));
        assert_eq!(so_far(limits("1", "50%")), "failed=1;1;;0 failed_share=U;;50;0;100");
        assert_eq!(so_far(limits("-", "-")), "failed=1;;;0");
    }
}
