//! What is known of a host's clock while it is read again, for a run that is stopped.

use std::cell::Cell;
use std::net::SocketAddr;

use plugin::{Finding, Progress, State};

use crate::interval::Interval;
use crate::judging::Judging;
use crate::readings::Readings;
use crate::words::Verdict;

/// Returns what takes the first readings of the clock of `name` and makes a finding of them. `monitor` is by
/// how much this machine's clock is ahead.
pub(crate) fn noting(
    name: Option<String>,
    judging: &Judging,
    monitor: Interval,
    progress: &Progress,
) -> impl Fn(SocketAddr, &Readings) {
    let noted = Cell::new(false);
    move |agent, readings| {
        if noted.replace(true) {
            return;
        }
        let offset = readings.offset() + monitor;
        let shown = readings.latest().map(|shown| shown.value);
        let name = name.clone().unwrap_or_else(|| agent.to_string());
        match judging.possible(offset).certain {
            State::Ok => progress.count(),
            state => {
                let verdict = Verdict { offset, shown, judging };
                progress.add(Finding::new(state, verdict.of(&name, "", "")));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judging::Options;
    use crate::readings::{Reading, Shown};

    #[test]
    fn an_alarm_is_kept_and_what_is_fine_is_counted() {
        let options = Options {
            thresholds: plugin::Thresholds::default(),
            absolute: false,
            max_uncertainty: None,
            stratum: None,
        };
        let judging = Judging::from(options);
        let told = |value: f64, monitor: f64| {
            let shown = Shown { value, resolution: 1.0 };
            let readings = Readings::new(31.0, Reading { sent: 1000.0, received: 1000.01, shown });
            let progress = Progress::default();
            progress.expect(1, "answered");
            let monitor = Interval::around(monitor, 0.0);
            let note = noting(Some("proxy7".to_owned()), &judging, monitor, &progress);
            note("192.0.2.7:161".parse().unwrap(), &readings);
            note("192.0.2.7:161".parse().unwrap(), &readings);
            progress.to_string()
        };
        assert_eq!(told(999.5, 0.0), "partial: 1 of 1 answered");
        let fast = "partial: 1 of 1 answered, proxy7 is at least 90.0 s fast, allowed -60 to 60 s";
        assert_eq!(told(1090.01, 0.0), fast);
        assert_eq!(told(1045.01, 45.0), fast);
    }
}
