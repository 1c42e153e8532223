//! What is known of the targets while others are still tried: for the report of a run that is stopped.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plugin::{Finding, Metric, Progress, Report, State, Unit};

use crate::allowed::Allowed;
use crate::cause::Cause;
use crate::evaluate::outage::is_outage;
use crate::monitor;
use crate::target::Target;

/// How many failed targets are named.
const MOST_NAMED: usize = 100;
/// Of how many silent targets the ways are looked at, for a fault of this machine.
const SAMPLE: usize = 8;

/// What is known of a target.
#[derive(Clone, Copy, Debug)]
enum Known {
    /// It is as it should be.
    Fine,
    /// It has failed, and something at its address answered.
    Failed,
    /// It answers something else than what is expected, which has a state of its own.
    Otherwise,
    /// An ICMP error came back each time.
    Unreachable,
    /// Nothing came back, once or each time: only the diagnosis at the end tells whose fault that is.
    Silent,
    /// Something answered, and another try follows.
    Answered,
    /// This machine could not try it.
    Untested,
}

/// How many kinds of knowledge there are.
const KINDS: usize = 7;

/// The targets that were tried.
#[derive(Debug)]
pub(crate) struct Judged {
    allowed: Allowed,
    /// Whether certificates have a metric.
    tls: bool,
    /// Whether silence in a single try is known not to be one lost packet.
    one_try_counts: bool,
    total: AtomicUsize,
    counts: [AtomicUsize; KINDS],
    /// What failed, as far as it is named.
    findings: Mutex<Vec<Finding>>,
    /// Some of the silent addresses.
    silent: Mutex<Vec<IpAddr>>,
}

impl Judged {
    /// None of so many targets yet. It tells what it knows wherever `progress` is asked for.
    pub(crate) fn new(
        total: usize,
        allowed: &Allowed,
        (tls, one_try_counts): (bool, bool),
        progress: &Progress,
    ) -> Arc<Self> {
        let judged = Arc::new(Self {
            allowed: allowed.clone(),
            tls,
            one_try_counts,
            total: AtomicUsize::new(total),
            counts: Default::default(),
            findings: Mutex::default(),
            silent: Mutex::default(),
        });
        let teller = Arc::clone(&judged);
        progress.tell_by(move || teller.report(monitor::is_to_blame));
        judged
    }

    /// Counts on so many more targets.
    pub(crate) fn expect(&self, more: usize) {
        self.total.fetch_add(more, Ordering::Relaxed);
    }

    /// Returns how many targets there are.
    pub(crate) fn total(&self) -> usize {
        self.total.load(Ordering::Relaxed)
    }

    /// Returns how many were tried, at least once.
    pub(crate) fn asked(&self) -> usize {
        self.counts.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// Counts a target that answers as it should, perhaps after it failed because of `earlier`.
    pub(crate) fn answers(&self, earlier: Option<&Cause>) {
        self.forget(earlier);
        self.add(Known::Fine);
    }

    /// Counts a target that failed, perhaps not for the first time; another try follows unless it is the `last`.
    pub(crate) fn fails(&self, target: &Target, (earlier, cause): (Option<&Cause>, &Cause), last: bool) {
        self.forget(earlier);
        let known = self.known(cause, last);
        let number = self.add(known);
        if matches!(known, Known::Silent) && number < SAMPLE {
            lock(&self.silent).push(target.address);
        }
        if last && !matches!(known, Known::Fine) {
            self.name(target, cause, known, number);
        }
    }

    /// What a cause tells: as long as it is not the last one, only that the target was tried.
    fn known(&self, cause: &Cause, last: bool) -> Known {
        match cause {
            Cause::NoAnswer(_) | Cause::NoNeighbour if !(self.allowed.closed && last) => Known::Silent,
            Cause::Icmp(_) | Cause::Unreachable(_) if !last => Known::Silent,
            Cause::Local(_) if last => Known::Untested,
            _ if !last => Known::Answered,
            cause if self.allowed.closed && *cause != Cause::Open => Known::Fine,
            Cause::Icmp(_) | Cause::Unreachable(_) => Known::Unreachable,
            Cause::Unexpected(_) if self.allowed.mismatch.is_some() => Known::Otherwise,
            _ => Known::Failed,
        }
    }

    /// Takes back what was counted of a target when it failed before.
    fn forget(&self, earlier: Option<&Cause>) {
        if let Some(count) = earlier.and_then(|cause| self.counts.get(self.known(cause, false) as usize)) {
            count.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Returns how many of this kind there were.
    fn add(&self, known: Known) -> usize {
        self.counts.get(known as usize).map_or(0, |count| count.fetch_add(1, Ordering::Relaxed))
    }

    fn count(&self, known: Known) -> usize {
        self.counts.get(known as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// How many have failed for certain.
    fn failed(&self) -> usize {
        self.count(Known::Failed) + self.count(Known::Unreachable)
    }

    /// Names a failed target: those that change the state, and the first ones of each kind.
    fn name(&self, target: &Target, cause: &Cause, known: Known, number: usize) {
        let (before, state) = match known {
            Known::Failed | Known::Unreachable => {
                let failed = self.failed();
                (self.state(failed.saturating_sub(1)), self.state(failed))
            }
            Known::Otherwise => [self.allowed.mismatch.map_or(State::Ok, no_warning); 2].into(),
            _ => (State::Unknown, State::Unknown),
        };
        if number < MOST_NAMED || state != before {
            let Target { address, port, .. } = target;
            let so_far = if matches!(cause, Cause::NoAnswer(_)) { " so far" } else { "" };
            let text = format!("{address} port {port} {}{so_far}", cause.brief());
            lock(&self.findings).push(Finding::new(state, text));
        }
    }

    /// What so many failed ones mean, at least, whether the others answer or fail.
    fn state(&self, failed: usize) -> State {
        let (allowed, total) = (&self.allowed.failed, self.total());
        no_warning(allowed.state(failed, total).min(allowed.state(total, total)))
    }

    /// What is known by now. `is_to_blame` tells whether this machine may be at fault for silence of some
    /// addresses.
    fn report(&self, is_to_blame: impl Fn(&[IpAddr]) -> bool) -> Report {
        let (total, asked) = (self.total(), self.asked());
        let report = match self.outage().filter(|_| !is_to_blame(&lock(&self.silent))) {
            Some((state, tried)) => {
                let verb = if tried == 1 { "does" } else { "do" };
                let rest =
                    if tried == total { String::new() } else { format!(", {} not reached", total - tried) };
                let report = Report::new(state, format!("{tried} of {tried} tried {verb} not answer{rest}"));
                self.metrics(tried, total - tried).into_iter().fold(report, Report::metric)
            }
            None => {
                let judged = self.count(Known::Fine) + self.count(Known::Otherwise) + self.failed();
                let untested = total.saturating_sub(judged);
                let report = self.judged(total, asked);
                self.metrics(self.failed(), untested).into_iter().fold(report, Report::metric)
            }
        };
        let findings = lock(&self.findings);
        let named = findings.iter().filter(|finding| !finding.text.is_empty());
        named.fold(report, |report, finding| report.detail(format!("{}: {}", finding.state, finding.text)))
    }

    /// How many were asked, with the worst that is known.
    fn judged(&self, total: usize, asked: usize) -> Report {
        let findings = lock(&self.findings);
        let worst = findings.iter().rev().max_by_key(|finding| finding.state);
        let state = worst.map_or(State::Ok, |finding| finding.state);
        let said = match (worst.filter(|worst| worst.state != State::Ok), self.count(Known::Silent)) {
            (Some(worst), _) => format!(", {}", worst.text),
            (None, 0) => String::new(),
            (None, silent) => format!(", {silent} silent so far"),
        };
        Report::new(state, format!("{asked} of {total} asked{said}"))
    }

    /// The state and the number of tried ones where not one of them answers: `None` if that is not so, not known,
    /// or allowed.
    fn outage(&self) -> Option<(State, usize)> {
        let others = [Known::Failed, Known::Otherwise, Known::Answered, Known::Fine, Known::Untested];
        let others: usize = others.into_iter().map(|known| self.count(known)).sum();
        let tried = self.count(Known::Silent) + self.count(Known::Unreachable);
        let total = self.total();
        let state = self.allowed.failed.state(total, total);
        let is_dark = others == 0
            && !self.allowed.closed
            && state > State::Unknown
            && is_outage(tried, total.saturating_sub(tried), self.one_try_counts);
        (is_dark && tried > 0).then_some((state, tried))
    }

    /// The metrics of a whole run, as far as they are known.
    fn metrics(&self, failed: usize, untested: usize) -> Vec<Metric> {
        let total = self.total();
        let unknown = |label: &str| Metric::new(label, f64::NAN).min(0.0).max(total as f64);
        let mut metrics = self.allowed.failed.metrics("failed", failed, total);
        metrics.push(Metric::count("untested", untested).max(total as f64));
        metrics.push(unknown("second_try"));
        let slowest = Metric::new("slowest", f64::NAN).unit(Unit::Seconds).min(0.0);
        metrics.push(slowest.thresholds(self.allowed.slowest.clone()));
        let mismatched = Metric::count("mismatched", self.count(Known::Otherwise)).max(total as f64);
        metrics.extend(self.allowed.mismatch.map(|_| mismatched));
        metrics.extend(self.tls.then(|| Metric::new("certificate_days", f64::NAN)));
        metrics.extend(self.allowed.closed.then(|| unknown("silent")));
        metrics
    }
}

/// A run that is stopped is no better than UNKNOWN: what is a WARNING so far could have become CRITICAL.
fn no_warning(state: State) -> State {
    if state == State::Warning { State::Unknown } else { state }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
