//! A report as one JSON object on one line, by docs/output.schema.json.

use std::fmt::Write as _;

use crate::{Metric, Report};

/// Returns the report of the program `plugin`, which calls itself `name`, with the details that show with
/// `verbosity`.
pub(crate) fn render(report: &Report, plugin: &str, name: &str, verbosity: u8) -> String {
    let details: Vec<String> = report.lines(verbosity).map(|line| string(&line)).collect();
    let metrics: Vec<String> = report.metrics().map(|each| metric(&each)).collect();
    format!(
        "{{\"plugin\":{},\"name\":{},\"state\":\"{}\",\"code\":{},\"summary\":{},\"details\":[{}],\"metrics\":[{}]}}\n",
        string(plugin),
        string(name),
        report.state,
        report.state.exit_code(),
        string(&report.first_line_text()),
        details.join(","),
        metrics.join(",")
    )
}

fn metric(metric: &Metric) -> String {
    let [warning, critical] =
        metric.ranges().map(|range| range.map_or_else(null, |range| string(&range.to_string())));
    let [min, max] = metric.bounds().map(|bound| bound.map_or_else(null, number));
    format!(
        "{{\"label\":{},\"value\":{},\"unit\":{},\"warning\":{warning},\"critical\":{critical},\"min\":{min},\"max\":{max}}}",
        string(metric.label()),
        metric.printed().map_or_else(null, number),
        string(metric.symbol())
    )
}

/// A number in plain decimal, as JSON has it: those of more than 17 digits with an exponent, which not every
/// reader takes otherwise.
fn number(plain: String) -> String {
    match plain.parse::<f64>() {
        Ok(value) if value.abs() >= 1e17 => format!("{value:e}"),
        _ => plain,
    }
}

fn null() -> String {
    "null".to_owned()
}

/// A string of JSON (RFC 8259, section 7).
fn string(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 2);
    escaped.push('"');
    for c in text.chars() {
        match c {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            // Writing into a String cannot fail.
            c if c < ' ' => write!(escaped, "\\u{:04x}", u32::from(c)).unwrap_or_default(),
            c => escaped.push(c),
        }
    }
    escaped.push('"');
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{State, Thresholds, Unit};

    #[test]
    fn a_report_is_one_object_on_one_line() {
        let thresholds = Thresholds { warning: Some("-5:5".parse().unwrap()), critical: None };
        let report = Report::new(State::Critical, "2 of \"40\" missing")
            .metric(Metric::new("offset a", -7.5).unit(Unit::Seconds).thresholds(thresholds).max(9.0))
            .metric(Metric::new("lag", f64::NAN))
            .detail("a \\ \"b\"\nc")
            .detail("d")
            .verbose_detail("more");
        let line = "{\"plugin\":\"check_x\",\"name\":\"X\",\"state\":\"CRITICAL\",\"code\":2,\"summary\":\"2 of 40 missing\",\
                    \"details\":[\"a \\\\ \\\"b\\\" c\",\"d\"],\"metrics\":[{\"label\":\"offset a\",\"value\":-7.5,\"unit\":\"s\",\
                    \"warning\":\"-5:5\",\"critical\":null,\"min\":null,\"max\":9},{\"label\":\"lag\",\"value\":null,\"unit\":\"\",\
                    \"warning\":null,\"critical\":null,\"min\":null,\"max\":null}]}\n";
        assert_eq!(render(&report, "check_x", "X", 0), line);
        assert!(render(&report, "check_x", "X", 1).contains("\"d\",\"more\"],"));
    }
}
