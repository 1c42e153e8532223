//! By which ranges a clock is judged, and whether the state is certain.

use plugin::{Range, State, Thresholds};

use crate::interval::Interval;

/// What --warning and --critical judge.
const JUDGED: &str = "the offset in seconds (slow is negative)";

/// The options on what is judged.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct Options {
    /// The offset that is allowed
    #[command(flatten)]
    pub thresholds: Thresholds,
    /// Judge the size of the offset, fast or slow: -w 5 allows 5 s either way
    #[arg(long)]
    pub absolute: bool,
    /// Report WARNING if the uncertainty in seconds is outside this range: too coarse to see a wrong clock
    #[arg(long, value_name = "RANGE")]
    pub max_uncertainty: Option<Range>,
    /// Report WARNING if the stratum of an NTP server that agrees is outside this range
    #[arg(long, value_name = "RANGE", requires = "ntp")]
    pub stratum: Option<Range>,
}

/// Returns what names the judged value in the help of --warning and --critical.
pub(crate) fn options() -> impl Fn(clap::Arg) -> clap::Arg {
    Thresholds::judge(JUDGED, "-5:5", "-60:60")
}

/// The ranges of one run.
#[derive(Clone, Debug)]
pub(crate) struct Judging {
    /// What judges the offset, or its size.
    pub(crate) thresholds: Thresholds,
    /// Whether the size is judged.
    pub(crate) absolute: bool,
    pub(crate) max_uncertainty: Option<Range>,
    pub(crate) stratum: Option<Range>,
}

/// By default the thresholds are 5 s and a minute to either side.
impl From<Options> for Judging {
    fn from(options: Options) -> Self {
        let default = match options.absolute {
            true => [Range::up_to(5.0), Range::up_to(60.0)],
            false => [Range::between(-5.0, 5.0), Range::between(-60.0, 60.0)],
        };
        let [warning, critical] = default.map(Some);
        let thresholds = options.thresholds.or(Thresholds { warning, critical });
        let Options { absolute, max_uncertainty, stratum, .. } = options;
        Self { thresholds, absolute, max_uncertainty, stratum }
    }
}

/// The states that an offset can have.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Possible<'a> {
    /// The mildest one, which is certain.
    pub(crate) certain: State,
    /// The worst one.
    pub(crate) worst: State,
    /// The range that makes it certain, and a value of the offset that it alerts on: `None` if it is OK.
    pub(crate) certain_limit: Option<(&'a Range, f64)>,
    /// The same for the worst one.
    pub(crate) limit: Option<(&'a Range, f64)>,
}

impl Judging {
    /// The states of an offset that is somewhere in this interval.
    pub(crate) fn possible(&self, offset: Interval) -> Possible<'_> {
        let judged = if self.absolute { offset.size() } else { offset };
        let (mild, bad) = self.thresholds.extremes(judged.low, judged.high);
        let limit = |value: f64| self.thresholds.alerting(value).map(|range| (range, value));
        Possible {
            certain: self.thresholds.state(mild),
            worst: self.thresholds.state(bad),
            certain_limit: limit(mild),
            limit: limit(bad),
        }
    }

    /// Whether the uncertainty of an offset is no more than is allowed.
    pub(crate) fn is_fine_enough(&self, offset: Interval) -> bool {
        self.max_uncertainty.as_ref().is_none_or(|range| !range.alerts(offset.half_width()))
    }

    /// The number of a bare range that alerts on every slow clock, if that is what alerts on this one: most who
    /// write `-w 60` mean both directions.
    pub(crate) fn one_sided(&self, possible: &Possible<'_>) -> Option<String> {
        let (range, value) = possible.limit.filter(|(range, _)| range.is_bare() && !self.absolute)?;
        (value < 0.0 && !range.alerts(-value)).then(|| range.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judging(warning: &str, critical: &str, absolute: bool) -> Judging {
        let range = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
        let thresholds = Thresholds { warning: range(warning), critical: range(critical) };
        Options { thresholds, absolute, max_uncertainty: range("1"), stratum: None }.into()
    }

    #[test]
    fn an_alarm_is_certain_whatever_the_range() {
        use State::{Critical, Ok, Warning};
        let rows = [
            ("", "", false, (5.2, 0.5), (Ok, Warning)),
            ("", "", false, (-60.2, 0.5), (Warning, Critical)),
            ("", "", true, (-60.2, 0.5), (Warning, Critical)),
            ("290:310", "200:400", false, (300.0, 30.0), (Ok, Warning)),
            ("290:310", "200:400", false, (300.0, 500.0), (Ok, Critical)),
            ("290:310", "200:400", false, (0.0, 0.5), (Critical, Critical)),
            ("290:310", "200:400", true, (-300.0, 1.0), (Ok, Ok)),
            ("~:-10", "", false, (0.0, 20.0), (Ok, Warning)),
            ("1:", "", false, (0.0, 2.0), (Ok, Warning)),
            ("@-1:1", "", false, (0.0, 2.0), (Ok, Warning)),
            ("@-1:1", "", false, (0.0, 0.5), (Warning, Warning)),
            ("60", "120", true, (-0.05, 0.01), (Ok, Ok)),
            ("60", "120", false, (-0.05, 0.01), (Critical, Critical)),
        ];
        for (warning, critical, absolute, (middle, half), states) in rows {
            let judging = judging(warning, critical, absolute);
            let possible = judging.possible(Interval::around(middle, half));
            assert_eq!((possible.certain, possible.worst), states, "{middle} by {warning} and {critical}");
        }
    }

    #[test]
    fn a_bare_number_is_asked_about_where_it_alone_makes_the_alarm() {
        let rows = [
            ("60", "120", -0.05, Some("120")),
            ("60", "", -0.05, Some("60")),
            ("60", "120", -90.0, Some("120")),
            ("60", "120", -130.0, None),
            ("60", "120", 70.0, None),
            ("0:60", "", -0.05, None),
            ("-60:60", "", -90.0, None),
        ];
        for (warning, critical, offset, number) in rows {
            let judging = judging(warning, critical, false);
            let possible = judging.possible(Interval::around(offset, 0.001));
            assert_eq!(judging.one_sided(&possible).as_deref(), number, "{offset} by {warning}, {critical}");
        }
        let absolute = judging("60", "120", true);
        assert_eq!(absolute.one_sided(&absolute.possible(Interval::around(-70.0, 0.1))), None);
    }

    #[test]
    fn what_is_too_coarse_is_known() {
        let judging = judging("", "", false);
        assert!(judging.is_fine_enough(Interval::around(-7.0, 0.9)));
        assert!(!judging.is_fine_enough(Interval::around(0.0, 1.1)));
    }
}
