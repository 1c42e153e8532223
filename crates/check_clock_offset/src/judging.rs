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
    /// Report WARNING if the uncertainty in seconds is outside this range: too coarse to see a wrong clock.
    /// Default: any
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    pub max_uncertainty: Option<Range>,
    /// Report WARNING if the stratum of an NTP server that agrees is outside this range: 1:4. Default: any
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true, requires = "ntp")]
    pub stratum: Option<Range>,
}

/// Returns what names the judged value in the help of --warning and --critical.
pub(crate) fn options() -> impl Fn(clap::Arg) -> clap::Arg {
    Thresholds::judge(JUDGED, "-5:5, also beside --critical", "-60:60, also beside --warning")
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

/// By default the thresholds are 5 s and a minute to either side. Each default stands beside the other
/// option, since a clock that is hours off must not stay a WARNING only because that was tuned. A range that
/// does not allow a clock that is right stands alone: the default would contradict it.
impl From<Options> for Judging {
    fn from(options: Options) -> Self {
        let size = || Thresholds { warning: Some(Range::up_to(5.0)), critical: Some(Range::up_to(60.0)) };
        let default = if options.absolute { size() } else { both_ways() };
        let Thresholds { warning, critical } = options.thresholds.clone();
        let is_alone = |given: &Option<Range>| given.as_ref().is_some_and(|range| range.alerts(0.0));
        let thresholds = Thresholds {
            critical: critical.clone().or_else(|| default.critical.filter(|_| !is_alone(&warning))),
            warning: warning.clone().or_else(|| default.warning.filter(|_| !is_alone(&critical))),
        };
        let Options { absolute, max_uncertainty, stratum, .. } = options;
        Self { thresholds, absolute, max_uncertainty, stratum }
    }
}

/// The default: 5 s and a minute to either side.
fn both_ways() -> Thresholds {
    let [warning, critical] = [5.0, 60.0].map(|end| Some(Range::between(-end, end)));
    Thresholds { warning, critical }
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
    /// The range that makes the worst one, and a value that it alerts on: `None` if that is OK.
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

    /// Whether the state is the same wherever in its interval an offset is, and the interval is small enough.
    pub(crate) fn is_clear(&self, offset: Interval) -> bool {
        let possible = self.possible(offset);
        possible.certain == possible.worst && self.is_fine_enough(offset)
    }

    /// Whether the uncertainty of an offset is no more than is allowed.
    pub(crate) fn is_fine_enough(&self, offset: Interval) -> bool {
        self.max_uncertainty.as_ref().is_none_or(|range| !range.alerts(offset.half_width()))
    }

    /// The bare range that alerts on every slow clock, if that is what alerts on this one: most who write
    /// `-w 60` mean both directions, and those would make it milder or decide that it is OK.
    pub(crate) fn one_sided(&self, offset: Interval) -> Option<&Range> {
        let possible = self.possible(offset);
        let (range, _) = possible.certain_limit.or(possible.limit)?;
        let mirrored = self.mirrored();
        let meant = mirrored.possible(offset);
        let decides = meant.worst == State::Ok && possible.worst != State::Ok;
        (range.is_bare() && !self.absolute && (decides || meant.certain < possible.certain)).then_some(range)
    }

    /// Whether this machine's own clock is certainly off, in whichever direction: by the ranges of the host's
    /// clock, or by the default ones where those do not allow a clock that is right.
    pub(crate) fn is_off(&self, own: Interval) -> bool {
        let mirrored = self.mirrored();
        let allows_zero = mirrored.thresholds.state(0.0) == State::Ok;
        let by = if allows_zero { mirrored } else { Self { thresholds: both_ways(), ..mirrored } };
        [own, -own].into_iter().any(|own| by.possible(own).certain != State::Ok)
    }

    /// Returns these thresholds with each bare number for both directions.
    fn mirrored(&self) -> Self {
        let Thresholds { warning, critical } = &self.thresholds;
        let mirrored = |range: &Option<Range>| range.as_ref().map(Range::mirrored);
        let thresholds = Thresholds { warning: mirrored(warning), critical: mirrored(critical) };
        if self.absolute { self.clone() } else { Self { thresholds, ..self.clone() } }
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
    fn each_default_stands_beside_the_other_option() {
        let rows = [
            ("", "", false, "-5:5 -60:60"),
            ("-10:10", "", false, "-10:10 -60:60"),
            ("", "-300:300", false, "-5:5 -300:300"),
            ("", "-1:1", false, "-5:5 -1:1"),
            ("10", "", true, "10 60"),
            ("", "120", true, "5 120"),
            // The default is stricter than the option, and holds.
            ("-100:100", "", false, "-100:100 -60:60"),
            ("290:310", "", false, "290:310 none"),
            ("", "290:310", false, "none 290:310"),
            ("~:-10", "", false, "~:-10 none"),
            ("", "@~:", false, "none @~:"),
            ("290:310", "200:400", false, "290:310 200:400"),
        ];
        for (warning, critical, absolute, expected) in rows {
            let Thresholds { warning: one, critical: other } =
                judging(warning, critical, absolute).thresholds;
            let [one, other] =
                [one, other].map(|range| range.map_or("none".to_owned(), |range| range.to_string()));
            assert_eq!(format!("{one} {other}"), expected, "{warning} {critical}");
        }
    }

    #[test]
    fn a_bare_number_is_asked_about_where_it_alone_makes_the_alarm() {
        let rows = [
            ("60", "120", (-0.05, 0.001), Some("120")),
            ("60", "120", (0.0, 0.5), Some("120")),
            ("60", "", (-0.05, 0.001), Some("60")),
            ("60", "120", (-90.0, 0.001), Some("120")),
            ("60", "-120:120", (-3.0, 0.001), Some("60")),
            ("-60:60", "120", (-3.0, 0.001), Some("120")),
            ("60", "120", (-130.0, 0.001), None),
            ("60", "120", (70.0, 0.001), None),
            ("0:60", "", (-0.05, 0.001), None),
            ("-60:60", "", (-90.0, 0.001), None),
            // Both directions would leave it undecided just so.
            ("0.5", "1", (0.0, 2.0), None),
            ("0.5", "1", (1.0, 0.2), None),
            ("0.5", "1", (-1.0, 0.2), Some("1")),
        ];
        for (warning, critical, (middle, half), number) in rows {
            let judging = judging(warning, critical, false);
            let one_sided = judging.one_sided(Interval::around(middle, half)).map(ToString::to_string);
            assert_eq!(one_sided.as_deref(), number, "{middle} by {warning}, {critical}");
        }
        let absolute = judging("60", "120", true);
        assert_eq!(absolute.one_sided(Interval::around(-70.0, 0.1)), None);
    }

    #[test]
    fn this_machines_own_clock_is_off_in_either_direction() {
        let rows = [
            ("", "", false, 7.0, true),
            ("", "", false, 4.0, false),
            ("", "", true, -7.0, true),
            ("60", "120", false, -3.0, false),
            ("60", "120", false, -70.0, true),
            ("~:60", "", false, -70.0, true),
            ("290:310", "200:400", false, 0.0, false),
            ("290:310", "200:400", false, 300.0, true),
            ("@-1:1", "", false, 0.0, false),
        ];
        for (warning, critical, absolute, own, off) in rows {
            let judging = judging(warning, critical, absolute);
            assert_eq!(judging.is_off(Interval::around(own, 0.01)), off, "{own} by {warning}, {critical}");
        }
    }

    #[test]
    fn what_is_too_coarse_is_known() {
        let judging = judging("", "", false);
        assert!(judging.is_fine_enough(Interval::around(-7.0, 0.9)));
        assert!(!judging.is_fine_enough(Interval::around(0.0, 1.1)));
    }
}
