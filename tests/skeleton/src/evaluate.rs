//! Judges what was observed.

use plugin::{Metric, Report, Thresholds, Unit};

use crate::Observations;

/// Returns the state and the first line.
pub(crate) fn evaluate(thresholds: &Thresholds, observed: &Observations) -> Report {
    let size = Metric::new("size", observed.size as f64).unit(Unit::Bytes);
    let size = size.thresholds(thresholds.clone()).min(0.0);
    Report::new(size.state(), format!("{} B", observed.size)).metric(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_has_its_line() {
        let rows = [(1, "SKELETON OK - 1 B | size=1B;1:;;0"), (0, "SKELETON WARNING - 0 B | size=0B;1:;;0")];
        for (size, line) in rows {
            let thresholds = Thresholds { warning: Some("1:".parse().unwrap()), critical: None };
            let report = evaluate(&thresholds, &Observations { size });
            assert_eq!(report.render("SKELETON", 0).trim_end(), line);
        }
    }
}
