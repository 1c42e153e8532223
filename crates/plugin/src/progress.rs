//! What is known of a run's targets before it ends: for the line of a run that is stopped or misses its
//! deadline.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::grace::{GRACE, LAST_WORD};
use crate::{Finding, Report, State};

/// How many targets of a run are judged, and what was found. Clones share it.
///
/// A plugin says how many there are, then counts each that is judged; [`run`](crate::run()) reports what is
/// known if a signal or the deadline ends the run before the plugin's own report is there.
///
/// ```
/// use std::time::Duration;
/// use plugin::{Deadline, Finding};
///
/// let deadline = Deadline::after(Duration::from_secs(8));
/// deadline.progress().expect(300, "asked");
/// deadline.progress().count();
/// deadline.progress().add(Finding::critical("192.0.2.7 refused"));
/// assert_eq!(deadline.progress().to_string(), "partial: 2 of 300 asked, 192.0.2.7 refused");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    total: usize,
    done: usize,
    participle: &'static str,
    findings: Vec<Finding>,
    teller: Option<Teller>,
}

/// What makes the report of a part.
#[derive(Clone)]
struct Teller(Arc<dyn Fn() -> Report + Send + Sync>);

impl fmt::Debug for Teller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Teller")
    }
}

impl Progress {
    /// The time that the function given to [`Progress::tell_by`] may take: 70 ms. The watchdog calls it 150
    /// ms after the deadline, and the output must be written 220 ms after the deadline.
    pub const TELL_WITHIN: Duration = LAST_WORD.saturating_sub(GRACE);

    /// Sets how many targets there are, and what is done to each, as in "asked". What was known is forgotten:
    /// a plugin that begins anew counts anew.
    pub fn expect(&self, total: usize, participle: &'static str) {
        *self.lock() = Known { total, participle, ..Known::default() };
    }

    /// Changes how many targets there are, where more become known during the run. What was found out about
    /// the others stays.
    pub fn set_total(&self, total: usize) {
        self.lock().total = total;
    }

    /// Counts a target that is as it should be.
    pub fn count(&self) {
        self.lock().done += 1;
    }

    /// Counts a target and keeps what was found out about it.
    pub fn add(&self, finding: Finding) {
        let mut known = self.lock();
        known.done += 1;
        known.findings.push(finding);
    }

    /// Sets the function that makes the partial report, in place of counts and findings. It is for a plugin
    /// that judges its partial results itself, with performance data. Another thread calls `tell` once, at
    /// the end of a run that is stopped or misses its deadline. It must not take longer than
    /// [`Progress::TELL_WITHIN`]. Its summary comes after "partial: ", and its state counts if it is worse
    /// than the state for the end of the run. A report without a summary adds only its performance data.
    ///
    /// ```
    /// use std::time::Duration;
    /// use plugin::{Deadline, Metric, Report, State};
    ///
    /// let deadline = Deadline::after(Duration::from_secs(8));
    /// let dark = || {
    ///     Report::new(State::Critical, "257 of 257 do not answer").metric(Metric::count("failed", 257))
    /// };
    /// deadline.progress().tell_by(dark);
    /// ```
    pub fn tell_by(&self, tell: impl Fn() -> Report + Send + Sync + 'static) {
        self.lock().teller = Some(Teller(Arc::new(tell)));
    }

    /// Returns the report of a run that ended because of `why`, with what is known until then: at least
    /// `state`, at most as bad as the worst finding.
    pub(crate) fn report(&self, state: State, why: &str) -> Report {
        let teller = self.lock().teller.clone();
        if let Some(Teller(tell)) = teller {
            return tell().of_part(state, why);
        }
        let summary = match self.to_string() {
            known if known.is_empty() => why.to_owned(),
            known => format!("{why}, {known}"),
        };
        let known = self.lock();
        let state = known.findings.iter().map(|finding| finding.state).fold(state, State::max);
        let lines = known.findings.iter().filter(|finding| !finding.text.is_empty());
        lines.fold(Report::new(state, summary), |report, finding| {
            report.detail(format!("{}: {}", finding.state, finding.text))
        })
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As in "partial: 120 of 300 asked, 192.0.2.7 refused" with the worst finding: empty if no target was
/// announced.
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.lock();
        if known.total == 0 {
            return Ok(());
        }
        write!(f, "partial: {} of {} {}", known.done, known.total, known.participle)?;
        let worst = known.findings.iter().rev().max_by_key(|finding| finding.state);
        match worst.filter(|finding| finding.state != State::Ok && !finding.text.is_empty()) {
            Some(finding) => write!(f, ", {}", finding.text),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_said_and_makes_it_no_better() {
        let progress = Progress::default();
        let report = |state| progress.report(state, "stopped by SIGTERM after 2.1 s").render("X", 0);
        assert_eq!(report(State::Unknown), "X UNKNOWN - stopped by SIGTERM after 2.1 s\n");
        progress.expect(300, "asked");
        progress.count();
        assert_eq!(
            report(State::Unknown),
            "X UNKNOWN - stopped by SIGTERM after 2.1 s, partial: 1 of 300 asked\n"
        );
        progress.add(Finding::ok("fine"));
        progress.add(Finding::warning("b is slow"));
        progress.add(Finding::critical("c refused"));
        progress.add(Finding::critical("d refused"));
        let line = "X CRITICAL - stopped by SIGTERM after 2.1 s, partial: 5 of 300 asked, c refused\n";
        assert_eq!(
            report(State::Unknown),
            format!("{line}OK: fine\nWARNING: b is slow\nCRITICAL: c refused\nCRITICAL: d refused\n")
        );
    }

    #[test]
    fn who_begins_anew_counts_anew() {
        let progress = Progress::default();
        progress.expect(2, "asked");
        progress.add(Finding::critical("a is slow"));
        progress.expect(3, "read");
        progress.count();
        assert_eq!(progress.to_string(), "partial: 1 of 3 read");
        progress.set_total(5);
        assert_eq!(progress.to_string(), "partial: 1 of 5 read");
        assert_eq!(progress.report(State::Unknown, "stopped").state, State::Unknown);
    }

    #[test]
    fn a_plugin_may_tell_what_is_known_itself() {
        let progress = Progress::default();
        progress.expect(2, "asked");
        progress.add(Finding::critical("a is slow"));
        let told = |state| {
            progress
                .tell_by(move || Report::new(state, "1 of 2 dark").metric(crate::Metric::count("dark", 1)));
            progress.report(State::Unknown, "stopped by SIGTERM after 2.1 s").render("X", 0)
        };
        let line = |state| {
            format!("X {state} - stopped by SIGTERM after 2.1 s, partial: 1 of 2 dark | dark=1;;;0\n")
        };
        assert_eq!(told(State::Critical), line("CRITICAL"));
        assert_eq!(told(State::Ok), line("UNKNOWN"));
        let nothing = || Report::new(State::Ok, "").metric(crate::Metric::new("dark", f64::NAN));
        progress.tell_by(nothing);
        let stopped = progress.report(State::Unknown, "stopped").render("X", 0);
        assert_eq!(stopped, "X UNKNOWN - stopped | dark=U\n");
        // It counts anew.
        progress.expect(3, "read");
        assert_eq!(progress.report(State::Unknown, "stopped").state, State::Unknown);
    }

    #[test]
    fn the_time_to_tell_is_what_its_documentation_says() {
        let times = [GRACE, LAST_WORD, Progress::TELL_WITHIN].map(|time| time.as_millis());
        assert_eq!(times, [150, 220, 70]);
    }

    #[test]
    fn a_warning_is_worse_than_unknown_as_everywhere() {
        let progress = Progress::default();
        progress.expect(2, "tried");
        progress.add(Finding::warning("a is slow"));
        assert_eq!(progress.report(State::Unknown, "stopped").state, State::Warning);
        assert_eq!(progress.report(State::Critical, "stopped").state, State::Critical);
    }
}
