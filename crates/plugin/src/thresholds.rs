//! A warning and a critical range, as options of a plugin and as judges of a number.

use crate::{Range, State};

/// The ranges of `--warning` and `--critical`; flatten it into a plugin's `Args`.
///
/// The texts of the two options do not say what is judged. A doc comment on the flattened field does not show
/// in `--help`, so say it by [`Thresholds::judge`], with sign, unit and default:
///
/// ```
/// use clap::Parser as _;
/// use plugin::Thresholds;
///
/// #[derive(clap::Parser)]
/// #[command(mut_args(Thresholds::judge("the number of missing addresses", "", "0")))]
/// struct Args {
///     #[command(flatten)]
///     thresholds: Thresholds,
/// }
///
/// let help = <Args as clap::CommandFactory>::command().render_help().to_string();
/// assert!(help.contains("[default: 0]"));
/// assert!(Args::try_parse_from(["check_x", "-c", "5"]).is_ok());
/// ```
#[derive(Clone, Debug, Default, PartialEq, clap::Args)]
pub struct Thresholds {
    /// Report WARNING if the value is outside this range: 10, 10:, ~:10, 10:20, @10:20
    #[arg(short, long, value_name = "RANGE", allow_hyphen_values = true)]
    pub warning: Option<Range>,
    /// Report CRITICAL if the value is outside this range
    #[arg(short, long, value_name = "RANGE", allow_hyphen_values = true)]
    pub critical: Option<Range>,
}

impl Thresholds {
    /// Returns what names the judged value in the help of `--warning` and `--critical`, for
    /// `#[command(mut_args(..))]`: as in "the offset in seconds (slow is negative)". `warning` and `critical`
    /// are the defaults where neither is given: empty if there is none, as the help then says.
    pub fn judge(what: &str, warning: &str, critical: &str) -> impl Fn(clap::Arg) -> clap::Arg {
        let default = |range: &str| format!(" [default: {}]", if range.is_empty() { "none" } else { range });
        let examples = ": 10, 10:, ~:10, 10:20, @10:20";
        let warning = format!("Report WARNING if {what} is outside this range{examples}{}", default(warning));
        let critical = format!("Report CRITICAL if {what} is outside this range{}", default(critical));
        move |argument| match argument.get_id().as_str() {
            "warning" => argument.help(warning.clone()),
            "critical" => argument.help(critical.clone()),
            _ => argument,
        }
    }

    /// Returns these thresholds, with the default of each range that was not given. A range that alerts on
    /// `right`, the value where all is well, stands alone: the other default would contradict it.
    pub fn or_each(&self, default: Thresholds, right: f64) -> Thresholds {
        let is_alone = |given: &Option<Range>| given.as_ref().is_some_and(|range| range.alerts(right));
        let critical = default.critical.filter(|_| !is_alone(&self.warning));
        let warning = default.warning.filter(|_| !is_alone(&self.critical));
        Thresholds { critical: self.critical.clone().or(critical), warning: self.warning.clone().or(warning) }
    }

    /// The state of `value`. Not a number is UNKNOWN, with or without ranges.
    pub fn state(&self, value: f64) -> State {
        let alerts = |range: &Option<Range>| range.as_ref().is_some_and(|range| range.alerts(value));
        match value {
            _ if value.is_nan() => State::Unknown,
            _ if alerts(&self.critical) => State::Critical,
            _ if alerts(&self.warning) => State::Warning,
            _ => State::Ok,
        }
    }

    /// Returns a value from `low` to `high` whose state is the mildest, and one whose state is the worst: of
    /// a measurement that is known to lie between the two, the first is certain and the second possible.
    pub fn extremes(&self, low: f64, high: f64) -> (f64, f64) {
        let ends = [&self.critical, &self.warning].into_iter().flatten().flat_map(Range::ends);
        let beside = ends.flat_map(|end| [end.next_down(), end, end.next_up()]);
        let within = beside.filter(|value| low <= *value && *value <= high);
        // Between two ends the state does not change.
        let values = || [low, high].into_iter().chain(within.clone());
        let mildest = values().min_by_key(|value| self.state(*value));
        let worst = values().max_by_key(|value| self.state(*value));
        (mildest.unwrap_or(low), worst.unwrap_or(high))
    }

    /// Returns the range that puts `value` into its state: the one that alerts, CRITICAL before WARNING.
    /// `None` if none does.
    pub fn alerting(&self, value: f64) -> Option<&Range> {
        [&self.critical, &self.warning].into_iter().flatten().find(|range| range.alerts(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thresholds(warning: &str, critical: &str) -> Thresholds {
        let read = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
        Thresholds { warning: read(warning), critical: read(critical) }
    }

    #[test]
    fn names_the_range_that_alerts() {
        let thresholds = thresholds("1", "5");
        let limit = |value: f64| thresholds.alerting(value).map(ToString::to_string);
        assert_eq!((limit(6.0).as_deref(), limit(2.0).as_deref(), limit(1.0)), (Some("5"), Some("1"), None));
    }

    #[test]
    fn judges_worst_first() {
        let rows = [
            ("", "", 1e9, State::Ok),
            ("", "", f64::NAN, State::Unknown),
            ("10", "20", 10.0, State::Ok),
            ("10", "20", 10.5, State::Warning),
            ("10", "20", 20.5, State::Critical),
            ("10", "20", f64::NAN, State::Unknown),
            ("10", "20", f64::INFINITY, State::Critical),
            ("10", "", 1e9, State::Warning),
            ("", "10", -1.0, State::Critical),
            ("-5:5", "-60:60", -60.5, State::Critical),
        ];
        for (warning, critical, value, state) in rows {
            assert_eq!(
                thresholds(warning, critical).state(value),
                state,
                "{value} against {warning} and {critical}"
            );
        }
    }

    #[test]
    fn an_interval_has_its_mildest_and_its_worst_state() {
        use State::{Critical, Ok, Unknown, Warning};
        let rows = [
            ("-5:5", "-60:60", (-7.5, -6.5), (Warning, Warning)),
            ("-5:5", "-60:60", (4.7, 5.7), (Ok, Warning)),
            ("-5:5", "-60:60", (-70.0, 70.0), (Ok, Critical)),
            ("-5:5", "-60:60", (6.0, 70.0), (Warning, Critical)),
            ("290:310", "", (250.0, 350.0), (Ok, Warning)),
            ("290:310", "200:400", (311.0, 350.0), (Warning, Warning)),
            ("290:310", "200:400", (-0.5, 0.5), (Critical, Critical)),
            ("~:-10", "", (-11.0, 3.0), (Ok, Warning)),
            ("~:-10", "", (-9.0, 3.0), (Warning, Warning)),
            ("10:", "", (-3.0, 9.0), (Warning, Warning)),
            ("10:", "", (-3.0, 11.0), (Ok, Warning)),
            ("@10:20", "", (12.0, 13.0), (Warning, Warning)),
            ("@10:20", "", (9.0, 21.0), (Ok, Warning)),
            ("@10:20", "@15", (10.0, 15.0), (Critical, Critical)),
            ("@10:20", "@15", (10.0, 15.1), (Warning, Critical)),
            ("@~:", "", (-1.0, 1.0), (Warning, Warning)),
            ("", "", (-1.0, 1.0), (Ok, Ok)),
            ("-5:5", "", (f64::NEG_INFINITY, f64::INFINITY), (Ok, Warning)),
            ("-5:5", "", (f64::NAN, f64::NAN), (Unknown, Unknown)),
        ];
        for (warning, critical, (low, high), expected) in rows {
            let thresholds = thresholds(warning, critical);
            let (mildest, worst) = thresholds.extremes(low, high);
            let seen = (thresholds.state(mildest), thresholds.state(worst));
            assert_eq!(seen, expected, "{low} to {high} against {warning} and {critical}");
        }
    }

    #[test]
    fn each_default_stands_beside_the_other_range() {
        let rows = [
            ("", "", "60 600"),
            ("5", "", "5 600"),
            ("", "5", "60 5"),
            ("5", "7", "5 7"),
            // A range that alerts on what is right is about something else.
            ("1:", "", "1: none"),
            ("", "@0", "none @0"),
        ];
        for (warning, critical, expected) in rows {
            let Thresholds { warning: one, critical: other } =
                thresholds(warning, critical).or_each(thresholds("60", "600"), 0.0);
            let [one, other] =
                [one, other].map(|range| range.map_or("none".to_owned(), |range| range.to_string()));
            assert_eq!(format!("{one} {other}"), expected, "{warning} {critical}");
        }
    }
}
