//! What is known of the targets while others are still tried: for the report of a run that is stopped.

mod total;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plugin::{Metric, Progress, Report, State, Unit};

use crate::allowed::Allowed;
use crate::cause::Cause;
use crate::evaluate::certificate_days;
use crate::evaluate::outage::is_outage;
use crate::judged::total::Total;
use crate::target::Target;

/// The most failed targets of each kind that are named.
const MOST_NAMED: usize = 100;
/// Of how many silent targets the ways are looked at, for a fault of this machine.
const SAMPLE: usize = 8;

/// What is known of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// How many have had their first try, or wait for its end.
    begun: AtomicUsize,
    /// The number of names that are still being resolved.
    names: AtomicUsize,
    counts: [AtomicUsize; KINDS],
    /// The failed targets that are named. Their state depends on the number of all targets in the end.
    texts: Mutex<Vec<(Known, String)>>,
    /// Some of the silent targets.
    silent: Mutex<Vec<Target>>,
    /// For how many days the certificate is valid that expires first, of those that were shown.
    certificate_days: Mutex<Option<f64>>,
}

impl Judged {
    /// Starts with no result of `total` targets, to which those of `names` names are added.
    pub(crate) fn new(
        (total, names): (usize, usize),
        allowed: &Allowed,
        (tls, one_try_counts): (bool, bool),
    ) -> Arc<Self> {
        Arc::new(Self {
            allowed: allowed.clone(),
            tls,
            one_try_counts,
            total: AtomicUsize::new(total),
            begun: AtomicUsize::default(),
            names: AtomicUsize::new(names),
            counts: Default::default(),
            texts: Mutex::default(),
            silent: Mutex::default(),
            certificate_days: Mutex::default(),
        })
    }

    /// Reports its results when `progress` is asked for. `is_to_blame` tells whether this machine may be at
    /// fault for the silence of some targets.
    pub(crate) fn tell(
        self: &Arc<Self>,
        progress: &Progress,
        is_to_blame: impl Fn(&[Target]) -> bool + Send + Sync + 'static,
    ) {
        let teller = Arc::clone(self);
        progress.tell_by(move || teller.report(&is_to_blame));
    }

    /// Adds the targets of the names, now that all of them are resolved.
    pub(crate) fn expect(&self, more: usize) {
        self.total.fetch_add(more, Ordering::Relaxed);
        self.names.store(0, Ordering::Release);
    }

    /// Returns the number of targets. Reads the names first: once all are resolved, the number includes their
    /// targets.
    fn total_and_names(&self) -> Total {
        let names = self.names.load(Ordering::Acquire);
        Total { names, known: self.total() }
    }

    /// Returns how many targets there are.
    pub(crate) fn total(&self) -> usize {
        self.total.load(Ordering::Relaxed)
    }

    /// Counts a target whose first try begins.
    pub(crate) fn begins(&self) {
        self.begun.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes that back: this machine had no room for it.
    pub(crate) fn waits(&self) {
        self.begun.fetch_sub(1, Ordering::Relaxed);
    }

    /// Returns how many were tried, at least once.
    pub(crate) fn asked(&self) -> usize {
        self.counts.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// Notes for how many days a certificate is valid that was shown.
    pub(crate) fn shows_certificate(&self, days: f64) {
        let mut first = lock(&self.certificate_days);
        *first = Some(first.map_or(days, |first| first.min(days)));
    }

    /// Counts a target that answers as it should, perhaps after it failed because of `earlier`.
    pub(crate) fn answers(&self, earlier: Option<&Cause>) {
        self.forget(earlier);
        self.add(Known::Fine);
    }

    /// Counts a target that failed, perhaps not for the first time; another try follows unless it is the
    /// `last`.
    pub(crate) fn fails(&self, target: &Target, (earlier, cause): (Option<&Cause>, &Cause), last: bool) {
        self.forget(earlier);
        let known = self.known(cause, last);
        let number = self.add(known);
        if matches!(known, Known::Silent) && number < SAMPLE {
            lock(&self.silent).push(*target);
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

    /// Notes a failed target by name, if it is one of the first of its kind.
    fn name(&self, target: &Target, cause: &Cause, known: Known, number: usize) {
        if number < MOST_NAMED {
            let Target { address, port, .. } = target;
            let so_far = if matches!(cause, Cause::NoAnswer(_)) { " so far" } else { "" };
            let text = format!("{address} port {port} {}{so_far}", cause.brief());
            lock(&self.texts).push((known, text));
        }
    }

    /// Returns the state if at least `failed` targets fail, whether the others answer or fail. A share of a
    /// total that is not known does not count yet.
    fn state(&self, failed: usize, total: Total) -> State {
        let known = (total.names == 0).then_some(total.known);
        self.allowed.failed.states(failed..=total.most(), known).0
    }

    /// Returns the state of all failed targets of this kind together.
    fn meaning(&self, known: Known, total: Total) -> State {
        match known {
            Known::Failed | Known::Unreachable => no_warning(self.state(self.failed(), total)),
            Known::Otherwise => self.allowed.mismatch.map_or(State::Ok, no_warning),
            _ => State::Unknown,
        }
    }

    /// Returns the number of failed targets of this kind beside the one that is named.
    fn others(&self, known: Known) -> usize {
        let alike = match known {
            Known::Failed | Known::Unreachable => self.failed(),
            Known::Otherwise | Known::Untested => self.count(known),
            // Most of the silent targets have not had their last try.
            _ => 1,
        };
        alike.saturating_sub(1)
    }

    /// What is known by now.
    fn report(&self, is_to_blame: impl Fn(&[Target]) -> bool) -> Report {
        let total = self.total_and_names();
        let report = match self.outage(total).filter(|_| !is_to_blame(&lock(&self.silent))) {
            Some((state, tried)) => {
                let verb = if tried == 1 { "does" } else { "do" };
                let not_reached = total.known.saturating_sub(tried);
                let rest = match not_reached {
                    0 => String::new(),
                    not_reached => format!(", {not_reached} not reached"),
                };
                let text = format!("{tried} of {tried} tried {verb} not answer{rest}{}", total.rest());
                let report = Report::new(state, text);
                self.metrics(tried, not_reached, total).into_iter().fold(report, Report::metric)
            }
            None => {
                let judged = self.count(Known::Fine) + self.count(Known::Otherwise) + self.failed();
                let untested = total.known.saturating_sub(judged);
                let report = self.judged(total);
                self.metrics(self.failed(), untested, total).into_iter().fold(report, Report::metric)
            }
        };
        let texts = lock(&self.texts);
        texts.iter().fold(report, |report, (known, text)| {
            report.detail(format!("{}: {text}", self.meaning(*known, total)))
        })
    }

    /// How many were asked, with the worst that is known.
    fn judged(&self, total: Total) -> Report {
        let counted = [Known::Failed, Known::Unreachable, Known::Otherwise, Known::Untested];
        let counted = counted.into_iter().filter(|known| self.count(*known) > 0);
        let texts = lock(&self.texts);
        let of = |known: Known| self.meaning(known, total);
        let state = texts.iter().map(|(known, _)| *known).chain(counted).map(of).fold(State::Ok, State::max);
        let worst = texts.iter().find(|(known, _)| of(*known) == state).filter(|_| state != State::Ok);
        let ended = self.asked();
        let asked = ended.max(self.begun.load(Ordering::Relaxed));
        let said = match (worst, self.count(Known::Silent)) {
            (Some((known, text)), _) => match self.others(*known) {
                0 => format!(", {text}"),
                1 => format!(", {text} and 1 more target"),
                others => format!(", {text} and {others} more targets"),
            },
            (None, 0) if asked > 0 && ended == 0 => ", none has answered".to_owned(),
            (None, 0) => String::new(),
            (None, silent) => format!(", {silent} silent so far"),
        };
        let all = total.known;
        Report::new(state, format!("{asked} of {all} asked{said}{}", total.rest()))
    }

    /// The state and the number of tried ones where not one of them answers: `None` if that is not so, not
    /// known, or allowed.
    fn outage(&self, total: Total) -> Option<(State, usize)> {
        let others = [Known::Failed, Known::Otherwise, Known::Answered, Known::Fine, Known::Untested];
        let others: usize = others.into_iter().map(|known| self.count(known)).sum();
        let tried = self.count(Known::Silent) + self.count(Known::Unreachable);
        let state = self.state(total.known, total);
        let is_dark = others == 0
            && !self.allowed.closed
            && state > State::Unknown
            && is_outage(tried, total.most().saturating_sub(tried), self.one_try_counts);
        (is_dark && tried > 0).then_some((state, tried))
    }

    /// The metrics of a whole run, as far as they are known.
    fn metrics(&self, failed: usize, untested: usize, total: Total) -> Vec<Metric> {
        let of_all = |metric: Metric| if total.names == 0 { metric.max(total.known as f64) } else { metric };
        let unknown = |label: &str| of_all(Metric::new(label, f64::NAN).min(0.0));
        let mut metrics = match total.names {
            0 => self.allowed.failed.metrics("failed", failed, total.known),
            _ => self.allowed.failed.metrics_of_number("failed", failed),
        };
        metrics.push(of_all(Metric::count("untested", untested)));
        metrics.push(unknown("second_try"));
        let slowest = Metric::new("slowest", f64::NAN).unit(Unit::Seconds).min(0.0);
        metrics.push(slowest.thresholds(self.allowed.slowest.clone()));
        let mismatched = || of_all(Metric::count("mismatched", self.count(Known::Otherwise)));
        metrics.extend(self.allowed.mismatch.map(|_| mismatched()));
        metrics.extend(self.tls.then(|| certificate_days(lock(&self.certificate_days).unwrap_or(f64::NAN))));
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
