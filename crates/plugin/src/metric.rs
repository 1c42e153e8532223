//! One value of the performance data, judged by the very ranges that it prints.

use std::collections::HashSet;
use std::fmt;

use crate::{State, Thresholds};

/// How many decimals a value has at most.
const DECIMALS: i32 = 6;

/// The unit of a [`Metric`]'s value: base units only, so that graphs need no conversion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// A plain number.
    #[default]
    None,
    /// Seconds.
    Seconds,
    /// Octets.
    Bytes,
    /// Per cent.
    Percent,
    /// A counter that only grows.
    Counter,
}

/// What stands where a fault has neither a text nor a metric that tells it.
pub(crate) const NO_REASON: &str = "no reason is known";

/// A labelled value with its unit, its thresholds and its possible span.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    label: String,
    value: f64,
    unit: Unit,
    thresholds: Thresholds,
    min: Option<f64>,
    max: Option<f64>,
}

impl Metric {
    /// Makes a metric without unit, thresholds and bounds. The label may be text from outside: what a parser
    /// of performance data, Nagios or Graphite would strip from it or take for something else becomes `_`. A
    /// value that is not finite stands for "not known" and prints as `U`.
    pub fn new(label: impl AsRef<str>, value: f64) -> Self {
        Self {
            label: cleaned_label(label.as_ref()),
            value,
            unit: Unit::None,
            thresholds: Thresholds::default(),
            min: None,
            max: None,
        }
    }

    /// Makes the metric of a count, with the minimum 0. Exact up to 2^53.
    pub fn count(label: impl AsRef<str>, value: usize) -> Self {
        Self::new(label, value as f64).min(0.0)
    }

    /// With this unit.
    pub fn unit(self, unit: Unit) -> Self {
        Self { unit, ..self }
    }

    /// With these thresholds, which then judge it.
    pub fn thresholds(self, thresholds: Thresholds) -> Self {
        Self { thresholds, ..self }
    }

    /// With this smallest possible value.
    pub fn min(self, min: f64) -> Self {
        Self { min: Some(min), ..self }
    }

    /// With this greatest possible value.
    pub fn max(self, max: f64) -> Self {
        Self { max: Some(max), ..self }
    }

    /// Returns the state of the unrounded value by the thresholds: UNKNOWN if it is not a number.
    pub fn state(&self) -> State {
        self.thresholds.state(self.value)
    }

    /// Why the value is an alarm, as "missing is 0, limit @0": `None` if it is none.
    pub(crate) fn reason(&self) -> Option<String> {
        let range = self.thresholds.alerting(self.value)?;
        Some(format!("{} is {}, limit {range}", self.label, self.printed()?))
    }

    /// The value with at most six decimals, so rounded that the printed ranges judge it as they judge the
    /// value: 5.0000000001 prints as 5.000001 where the limit is 5. All decimals where ranges are finer than
    /// that. `None` if it is not known.
    pub(crate) fn printed(&self) -> Option<String> {
        let is_faithful =
            |text: &String| text.parse().is_ok_and(|value| self.thresholds.state(value) == self.state());
        let step = 10_f64.powi(DECIMALS);
        let directions: [fn(f64) -> f64; 2] = [f64::floor, f64::ceil];
        let nearest = std::iter::once(rounded(self.value));
        let beside = directions.into_iter().map(|direction| rounded(direction(self.value * step) / step));
        let printed = || nearest.chain(beside).find(is_faithful).unwrap_or_else(|| plain(self.value));
        self.value.is_finite().then(printed)
    }
}

/// The labels of metrics that stand in one output.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Labels(HashSet<String>);

impl Labels {
    /// Returns the metric with a label that none before it has. The labels of `a.b` and `a_b` are the same
    /// once they are cleaned: the second one becomes `a_b_2`. In the order of the targets, each keeps its
    /// label from run to run, as long as the same targets have metrics.
    #[must_use]
    pub fn distinct(&mut self, metric: Metric) -> Metric {
        let numbered = (2..).map(|number| format!("{}_{number}", metric.label));
        let label =
            std::iter::once(metric.label.clone()).chain(numbered).find(|label| !self.0.contains(label));
        let label = label.unwrap_or_default();
        self.0.insert(label.clone());
        Metric { label, ..metric }
    }
}

/// The parts as every format prints them.
impl Metric {
    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    pub(crate) fn has_unit(&self, unit: Unit) -> bool {
        self.unit == unit
    }

    pub(crate) fn symbol(&self) -> &'static str {
        self.unit.symbol()
    }

    /// The warning and the critical range.
    pub(crate) fn ranges(&self) -> [Option<&crate::Range>; 2] {
        [self.thresholds.warning.as_ref(), self.thresholds.critical.as_ref()]
    }

    /// The smallest and the greatest possible value.
    pub(crate) fn bounds(&self) -> [Option<String>; 2] {
        [self.min, self.max].map(|bound| bound.filter(|bound| bound.is_finite()).map(rounded))
    }
}

/// `label=value[unit];warn;crit;min;max`, without the empty fields at the end.
impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.printed().map_or_else(|| "U".to_owned(), |value| value + self.unit.symbol());
        let [warning, critical] =
            self.ranges().map(|range| range.map(ToString::to_string).unwrap_or_default());
        let [min, max] = self.bounds().map(Option::unwrap_or_default);
        let quote = if self.label.contains(' ') { "'" } else { "" };
        let fields = [value, warning, critical, min, max].join(";");
        let line = format!("{quote}{}{quote}={fields}", self.label);
        f.write_str(line.trim_end_matches(';'))
    }
}

impl Unit {
    fn symbol(self) -> &'static str {
        match self {
            Unit::None => "",
            Unit::Seconds => "s",
            Unit::Bytes => "B",
            Unit::Percent => "%",
            Unit::Counter => "c",
        }
    }
}

/// A finite number in plain decimal with at most six decimals.
fn rounded(value: f64) -> String {
    let text = format!("{value:.*}", DECIMALS.unsigned_abs() as usize);
    match text.trim_end_matches('0').trim_end_matches('.') {
        "-0" => "0".to_owned(),
        text => text.to_owned(),
    }
}

/// Plain decimal, never an exponent, never "-0": the shortest text that reads back as the same number.
fn plain(value: f64) -> String {
    (value + 0.0).to_string()
}

/// A label without what would end it early or be an escape (`=`, `'`, `;`, `|`, `\`, control characters),
/// what Nagios strips from performance data before a command gets it (`"`, backtick, `~ $ & < >`) and what
/// Graphite takes for a level (`.`, `:`).
fn cleaned_label(text: &str) -> String {
    let in_label = |c: char| match c {
        '=' | '\'' | '"' | '`' | '\\' | ';' | '|' | '~' | '$' | '&' | '<' | '>' | '.' | ':' => '_',
        c if c.is_control() => '_',
        c => c,
    };
    match crate::clean(&text.trim().chars().map(in_label).collect::<String>()) {
        label if label.is_empty() => "_".to_owned(),
        label => label,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_performance_data() {
        let critical = Thresholds { warning: None, critical: Some("0".parse().unwrap()) };
        let both =
            Thresholds { warning: Some("-5:5".parse().unwrap()), critical: Some("-60:60".parse().unwrap()) };
        let rows = [
            (Metric::count("missing", 2).thresholds(critical).max(40.0), "missing=2;;0;0;40"),
            (Metric::new("offset", -7.21).unit(Unit::Seconds).thresholds(both), "offset=-7.21s;-5:5;-60:60"),
            (Metric::new("uncertainty", 0.51).unit(Unit::Seconds).min(0.0), "uncertainty=0.51s;;;0"),
            (Metric::new("a b", 1.0), "'a b'=1"),
            (Metric::new("it's=a|b\n", 1.0), "it_s_a_b=1"),
            (Metric::new("a\"b`c\\d;e\u{1b}f\tg", 1.0), "a_b_c_d_e_f_g=1"),
            (Metric::new("$a~b&<c>", 1.0), "_a_b__c_=1"),
            (Metric::new("=\n=", 1.0), "___=1"),
            (Metric::new("\u{202e}\u{a0}é/%", 1.0), "'? é/%'=1"),
            (Metric::new(" ", 1.0), "_=1"),
            (Metric::new("lag", f64::NAN).unit(Unit::Seconds), "lag=U"),
            (Metric::new("lag", f64::INFINITY).max(f64::INFINITY), "lag=U"),
            (Metric::new("tiny", 1e-7), "tiny=0"),
            (Metric::new("negative", -1e-7), "negative=0"),
            (Metric::new("share", 100.0 / 6.0).unit(Unit::Percent), "share=16.666667%"),
            (
                Metric::new("age", 214.107_226_927).unit(Unit::Seconds).min(0.0).max(1.0 / 3.0),
                "age=214.107227s;;;0;0.333333",
            ),
            (Metric::new("lag_db-01.example.com:3306", 1.5), "lag_db-01_example_com_3306=1.5"),
            (Metric::new("thousand", 1000.0), "thousand=1000"),
            (Metric::new("huge", 1e21).unit(Unit::Bytes), "huge=1000000000000000000000B"),
            (Metric::new("zero", -0.0).unit(Unit::Percent), "zero=0%"),
            (Metric::new("n", 7.0).unit(Unit::Counter), "n=7c"),
        ];
        for (metric, text) in rows {
            assert_eq!(metric.to_string(), text);
        }
    }

    /// Of servers that are called a.b and a_b each has a graph of its own.
    #[test]
    fn no_two_metrics_share_a_label() {
        let labels = |names: &[&str]| {
            let mut labels = Labels::default();
            let metrics = names.iter().map(|name| labels.distinct(Metric::count(format!("lag_{name}"), 1)));
            metrics.map(|metric| metric.label).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(labels(&["a.b", "a_b", "c", "a:b"]), "lag_a_b lag_a_b_2 lag_c lag_a_b_3");
        assert_eq!(labels(&["a.b", "a_b", "a_b_2", "a_b.2"]), "lag_a_b lag_a_b_2 lag_a_b_2_2 lag_a_b_2_3");
        assert_eq!(labels(&["a_b_2", "a.b", "a_b"]), "lag_a_b_2 lag_a_b lag_a_b_3");
    }

    #[test]
    fn is_judged_by_what_it_prints() {
        let limit = Thresholds { warning: None, critical: Some("5".parse().unwrap()) };
        assert_eq!(Metric::new("x", 5.0000000001).thresholds(limit.clone()).state(), State::Critical);
        assert_eq!(Metric::new("x", 5.0000000001).thresholds(limit.clone()).to_string(), "x=5.000001;;5");
        assert_eq!(Metric::new("x", 5.0).thresholds(limit.clone()).state(), State::Ok);
        assert_eq!(Metric::new("x", f64::NAN).thresholds(limit).state(), State::Unknown);
    }

    #[test]
    fn rounding_never_changes_the_state() {
        let ranges = [
            "5",
            "10:",
            "~:-5",
            "@5:10",
            "-5:5",
            "0",
            "0.0000001",
            "@0.0000001:0.0000002",
            "5.1234567:5.1234569",
            "~:1e9",
        ];
        let values = [0.0, 1.5e-7, 2e-7, -1e-9, 5.0, 10.0, -5.0, 1e9, 5.1234568, 0.1 + 0.2, 1e15];
        let mut rows = 0;
        for range in ranges.iter().filter_map(|range| range.parse::<crate::Range>().ok()) {
            let thresholds = Thresholds { warning: None, critical: Some(range) };
            for value in
                values.iter().flat_map(|value| [-1e-9, -1e-12, 0.0, 1e-12, 1e-9].map(|more| value + more))
            {
                let metric = Metric::new("x", value).thresholds(thresholds.clone());
                let text = metric.to_string();
                let printed = text.strip_prefix("x=").and_then(|text| text.split(';').next()).unwrap();
                assert_eq!(thresholds.state(printed.parse().unwrap()), metric.state(), "{value}: {text}");
                assert!((printed.parse::<f64>().unwrap() - value).abs() <= 1e-6 * 1.01, "{value}: {text}");
                rows += 1;
            }
        }
        assert!(rows > 400, "{rows}");
    }
}
