//! A report in Prometheus' text format, for the textfile collector of node_exporter.
//!
//! Names are the same for every program, and each has the same HELP everywhere, as the collector demands of
//! several files: the state, and a family of values for each base unit, whose `label` says what is measured.
//! A value that is not known is NaN.

use std::fmt::Write as _;

use crate::{Metric, Report, Unit};

/// The families of values: unit, the end of the name, type, help.
const FAMILIES: [(Unit, &str, &str, &str); 5] = [
    (Unit::None, "", "gauge", "Measured value without a unit, by its label."),
    (Unit::Seconds, "_seconds", "gauge", "Measured value in seconds, by its label."),
    (Unit::Bytes, "_bytes", "gauge", "Measured value in bytes, by its label."),
    (Unit::Percent, "_ratio", "gauge", "Measured share from 0 to 1, by its label."),
    (Unit::Counter, "_total", "counter", "Count since ever, by its label."),
];

/// Returns the report of the program `plugin`. Its first line is a comment with the summary.
pub(crate) fn render(report: &Report, plugin: &str, name: &str, service: Option<&str>) -> String {
    let service = service.map(|service| format!(",service=\"{}\"", escaped(service))).unwrap_or_default();
    let labels = format!("plugin=\"{}\"{service}", escaped(plugin));
    let mut text = format!("# {name} {} - {}\n", report.state, report.first_line_text());
    text += "# HELP silent_outage_state State of the program: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.\n\
             # TYPE silent_outage_state gauge\n";
    // Writing into a String cannot fail, here and below.
    let _ = writeln!(text, "silent_outage_state{{{labels}}} {}", report.state.exit_code());
    let metrics: Vec<Metric> = report.metrics().collect();
    for (unit, end, kind, help) in FAMILIES {
        let family: Vec<&Metric> = metrics.iter().filter(|metric| metric.has_unit(unit)).collect();
        if family.is_empty() {
            continue;
        }
        let _ =
            write!(text, "# HELP silent_outage_value{end} {help}\n# TYPE silent_outage_value{end} {kind}\n");
        for metric in family {
            let value = base_unit(metric, unit);
            let _ = writeln!(
                text,
                "silent_outage_value{end}{{{labels},label=\"{}\"}} {value}",
                escaped(metric.label())
            );
        }
    }
    text
}

/// The printed value in the base unit: a share of 1 in place of per cent.
fn base_unit(metric: &Metric, unit: Unit) -> String {
    let Some(value) = metric.printed() else { return "NaN".to_owned() };
    match (unit, value.parse::<f64>()) {
        // Six decimals of per cent are eight.
        (Unit::Percent, Ok(value)) => {
            format!("{:.8}", value / 100.0).trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => value,
    }
}

/// The value of a label: backslash, double quote and line feed have escapes.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::State;

    #[test]
    fn states_and_values_stand_in_families() {
        let report = Report::new(State::Warning, "lost 5%")
            .metric(Metric::new("loss", 5.0).unit(Unit::Percent))
            .metric(Metric::new("sixth", 100.0 / 6.0).unit(Unit::Percent))
            .metric(Metric::new("all", 100.0).unit(Unit::Percent))
            .metric(Metric::new("rtt", 0.25).unit(Unit::Seconds))
            .metric(Metric::new("a b", f64::NAN).unit(Unit::Seconds))
            .metric(Metric::new("rtt", 9.0).unit(Unit::Seconds))
            .metric(Metric::count("failed", 2))
            .metric(Metric::new("sent", 7.0).unit(Unit::Counter));
        let text = render(&report, "check_x", "X", Some("web \"1\""));
        let labels = "plugin=\"check_x\",service=\"web \\\"1\\\"\"";
        let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let expected = [
            format!("silent_outage_state{{{labels}}} 1"),
            format!("silent_outage_value{{{labels},label=\"failed\"}} 2"),
            format!("silent_outage_value_seconds{{{labels},label=\"rtt\"}} 0.25"),
            format!("silent_outage_value_seconds{{{labels},label=\"a b\"}} NaN"),
            format!("silent_outage_value_seconds{{{labels},label=\"rtt_2\"}} 9"),
            format!("silent_outage_value_ratio{{{labels},label=\"loss\"}} 0.05"),
            format!("silent_outage_value_ratio{{{labels},label=\"sixth\"}} 0.16666667"),
            format!("silent_outage_value_ratio{{{labels},label=\"all\"}} 1"),
            format!("silent_outage_value_total{{{labels},label=\"sent\"}} 7"),
        ];
        assert_eq!(samples, expected, "{text}");
        assert!(text.starts_with("# X WARNING - lost 5%\n# HELP silent_outage_state "), "{text}");
        assert_eq!(text.lines().filter(|line| line.starts_with("# TYPE ")).count(), 5, "{text}");
    }

    #[test]
    fn without_a_service_there_is_no_label_of_it() {
        let text = render(&Report::new(State::Ok, "fine"), "check_x", "X", None);
        assert!(text.ends_with("\nsilent_outage_state{plugin=\"check_x\"} 0\n"), "{text}");
    }
}
