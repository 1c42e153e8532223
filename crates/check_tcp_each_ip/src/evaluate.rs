//! Judges what was observed: how many targets fail, which, and why; which could not be tested from here; how
//! slow the slowest is.

mod failing;
mod groups;
pub(crate) mod outage;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use net::Unusable;
use plugin::{Finding, Findings, Metric, Report, State, Unit};

use crate::Observations;
use crate::allowed::Allowed;
use crate::cause::{Cause, Local};
use crate::evaluate::groups::{Group, groups, shortened, whole};
use crate::evaluate::outage::total_outage;
use crate::target::Target;

/// What to do where the limit of open files left targets untested.
const OPEN_FILES: &str = "note: the limit of open files allows too few connections at once: raise it (LimitNOFILE of the unit, ulimit -n)";
/// What to do about silence of all ports that must be closed.
const UNPROVEN: &str =
    "silence is that of a dead network too: check a port that refuses beside these, or let ping through";

/// A target that did not answer as it should.
type Failure<'a> = (Target, &'a Cause);

/// Makes the report: what fails, what is untested and what is slow are one finding each.
pub(crate) fn evaluate(allowed: &Allowed, observations: &Observations) -> Report {
    let failures =
        observations.failed.iter().filter_map(|(place, cause)| Some((*observations.target(*place)?, cause)));
    let (untested, failed): (Vec<Failure<'_>>, Vec<_>) =
        failures.partition(|(_, cause)| matches!(cause, Cause::Local(_)));
    let judgement = Judgement { allowed, observations, ports: observations.several_ports() };
    let (mismatched, failed): (Vec<Failure<'_>>, Vec<_>) =
        failed.into_iter().partition(|(_, cause)| judgement.is_mismatch(cause));
    let (failing, rest) = judgement.failing(&failed, &untested);
    let all_well = if failed.is_empty() { judgement.all_well() } else { failing.text.clone() };
    let mut findings =
        judgement.total_outage().unwrap_or_else(|| Findings::from_iter([failing, rest, judgement.slow()]));
    findings.extend(judgement.mismatched(&mismatched).into_iter().chain(judgement.certificates()));
    findings.extend(judgement.unresolved().into_iter().chain(judgement.silent()));
    let report = findings.report(all_well);
    let report = notes(observations, &failed).into_iter().fold(report, Report::detail);
    verbose_notes(observations).into_iter().fold(report, Report::verbose_detail)
}

impl Observations {
    fn target(&self, place: u32) -> Option<&Target> {
        self.targets.get(usize::try_from(place).ok()?)
    }

    /// Whether the port must be said with each address.
    fn several_ports(&self) -> bool {
        let first = self.targets.first().map(|target| target.port);
        self.targets.iter().any(|target| Some(target.port) != first)
    }
}

/// What all findings are made from.
struct Judgement<'a> {
    allowed: &'a Allowed,
    observations: &'a Observations,
    /// Whether there are several ports, so that each address needs its own.
    ports: bool,
}

impl Judgement<'_> {
    fn total(&self) -> usize {
        self.observations.targets.len()
    }

    /// Whether it is an answer that has a state of its own.
    fn is_mismatch(&self, cause: &Cause) -> bool {
        self.allowed.mismatch.is_some() && matches!(cause, Cause::Unexpected(_))
    }

    /// What answers something else, where that has a state of its own.
    fn mismatched(&self, mismatched: &[Failure<'_>]) -> Option<Finding> {
        let state = self.allowed.mismatch?;
        let count = Metric::count("mismatched", mismatched.len()).max(self.total() as f64);
        let verb = if mismatched.len() == 1 { "answers" } else { "answer" };
        let finding = match state {
            State::Ok => {
                let groups = groups(mismatched, self.ports, Cause::full);
                Finding::ok("").details(groups.iter().map(Group::line))
            }
            state => self.finding((state, self.total()), mismatched, &format!("{verb} otherwise")),
        };
        Some(finding.metric(count))
    }

    /// The names that could not be tried: what is known of the others is judged beside them. Each has the
    /// state of its own cause, and the worst is named first.
    fn unresolved(&self) -> Option<Finding> {
        let state_of =
            |name: &Unusable| if name.is_silence() { self.observations.late } else { State::Unknown };
        let mut names: Vec<(State, &Unusable)> =
            self.observations.unresolved.iter().map(|name| (state_of(name), name)).collect();
        names.sort_by_key(|(state, _)| Reverse(*state));
        let (state, first) = names.first()?;
        let others = match names.len() - 1 {
            0 => return Some(Finding::new(*state, first.to_string())),
            1 => ", 1 more name unresolved".to_owned(),
            more => format!(", {more} more names unresolved"),
        };
        let is_one_state = names.iter().all(|(other, _)| other == state);
        let line = |(state, name): &(State, &Unusable)| {
            if is_one_state { name.to_string() } else { format!("{state}: {name}") }
        };
        Some(Finding::new(*state, format!("{first}{others}")).details(names.iter().map(line)))
    }

    /// With --closed, what kept silent. Silence of a closed port is that of a dead network too: where nothing
    /// proves that it is not that, it is UNKNOWN.
    fn silent(&self) -> Option<Finding> {
        let closed = &self.observations.closed;
        if !self.allowed.closed {
            return None;
        }
        let silent = closed.iter().filter(|(_, cause)| is_silence(cause));
        let silent: Vec<Failure<'_>> =
            silent.filter_map(|(place, cause)| Some((*self.observations.target(*place)?, cause))).collect();
        let is_proved = closed.iter().any(|(_, cause)| cause.proves_closed())
            || self.observations.failed.iter().any(|(_, cause)| *cause == Cause::Open);
        let finding = if silent.is_empty() || is_proved {
            Finding::ok("")
        } else {
            self.finding((State::Unknown, self.total()), &silent, "unproven").detail(UNPROVEN)
        };
        Some(finding.metric(Metric::count("silent", silent.len()).max(self.total() as f64)))
    }

    /// For how many days the certificate is valid that expires first.
    fn certificates(&self) -> Option<Finding> {
        Some(Finding::ok("").metric(certificate_days(self.observations.certificate_days?)))
    }

    fn counted(&self, finding: Finding, failed: usize) -> Finding {
        let metrics = self.allowed.failed.metrics("failed", failed, self.total());
        metrics.into_iter().fold(finding, Finding::metric)
    }

    /// The findings where nothing at all answers and the time was over before every target had all its tries:
    /// `None` if that is not so, or if it is no fault by the limits.
    fn total_outage(&self) -> Option<Findings> {
        let failed = &self.observations.failed;
        if self.allowed.closed {
            return None;
        }
        let causes = failed.iter().map(|(_, cause)| cause);
        let (tried, not_reached) = total_outage(causes, self.total(), self.observations.one_try_counts)?;
        let state = self.allowed.failed.state(self.total(), self.total());
        let named = |is_tried: bool| {
            let is_chosen = move |cause: &Cause| (*cause != Cause::Local(Local::NoTime)) == is_tried;
            let chosen = failed.iter().filter(move |(_, cause)| is_chosen(cause));
            chosen.filter_map(|(place, cause)| Some((*self.observations.target(*place)?, cause))).collect()
        };
        let (silent, untested): (Vec<Failure<'_>>, Vec<_>) = (named(true), named(false));
        let is_confirmed = !silent.iter().any(|(_, cause)| matches!(cause, Cause::Local(_)));
        if state <= State::Unknown || (is_confirmed && not_reached == 0) {
            return None;
        }
        let rest = if not_reached == 0 { String::new() } else { format!(", {not_reached} not reached") };
        let verb = if tried == 1 { "does" } else { "do" };
        let what = format!("tried {verb} not answer{rest}{}", self.limited(&untested));
        let failing = self.counted(self.finding((state, tried), &silent, &what), tried);
        Some(Findings::from_iter([failing, self.beside(&untested), self.slow()]))
    }

    /// That open files bounded the concurrent connections of what had no time: else the time is blamed.
    fn limited(&self, untested: &[Failure<'_>]) -> String {
        let is_late =
            |(_, cause): &Failure<'_>| matches!(cause, Cause::Local(Local::NoTime | Local::Unconfirmed));
        let limited = self.observations.limited.filter(|_| untested.iter().any(is_late));
        limited.map(|at_once| format!(", {at_once} at once by open files")).unwrap_or_default()
    }

    fn limited_in_full(&self, untested: &[Failure<'_>]) -> Option<String> {
        (!self.limited(untested).is_empty()).then(|| OPEN_FILES.to_owned())
    }

    fn untested_metrics(&self, finding: Finding, untested: usize) -> Finding {
        let total = self.total() as f64;
        finding
            .metric(Metric::count("untested", untested).max(total))
            .metric(Metric::count("second_try", self.observations.second_try).max(total))
    }

    /// The finding that these of `total` targets are as `what` says, each group in a detail unless the first
    /// line says all of it.
    fn finding(&self, (state, total): (State, usize), failures: &[Failure<'_>], what: &str) -> Finding {
        if failures.is_empty() {
            return Finding::ok("");
        }
        let port =
            failures.first().filter(|_| !self.ports).map(|(target, _)| format!(", port {}", target.port));
        let noun = if self.ports { " targets" } else { "" };
        let head = format!("{} of {total}{noun} {what}{}: ", failures.len(), port.unwrap_or_default());
        let brief = groups(failures, self.ports, Cause::brief);
        let said = whole(&brief, &head);
        let is_said = said.is_some();
        let adds = |group: &Group| !is_said || !brief.iter().any(|said| said.says_as(group));
        let full = groups(failures, self.ports, Cause::full);
        let details = full.iter().filter(|group| adds(group)).map(Group::line);
        Finding::new(state, format!("{head}{}", said.unwrap_or_else(|| shortened(&brief, &head))))
            .details(details)
    }

    /// The slowest connection. Where none stood, what that means is for the number of failed ones to say.
    fn slow(&self) -> Finding {
        let thresholds = &self.allowed.slowest;
        let Some((slowest, place)) = self.observations.slowest else {
            return Finding::ok("").metric(self.slowest(f64::NAN));
        };
        // As precise as it prints.
        let seconds = slowest.as_micros() as f64 / 1e6;
        let name = self.name(place);
        let finding = match thresholds.alerting(seconds) {
            None => Finding::ok("").verbose_detail(format!("slowest: {name} in {seconds:.6} s")),
            Some(limit) => {
                let is_clear = limit.alerts((seconds * 1e3).round() / 1e3);
                let took = if is_clear { format!("{seconds:.3}") } else { format!("{seconds:.6}") };
                Finding::new(thresholds.state(seconds), format!("slow: {name} took {took} s, limit {limit}"))
            }
        };
        finding.metric(self.slowest(seconds))
    }

    fn slowest(&self, seconds: f64) -> Metric {
        Metric::new("slowest", seconds).unit(Unit::Seconds).thresholds(self.allowed.slowest.clone()).min(0.0)
    }

    fn name(&self, place: u32) -> String {
        self.observations
            .target(place)
            .map(|Target { address, port, .. }| format!("{address} port {port}"))
            .unwrap_or_default()
    }

    /// How many of closed ports refused, where others kept silent.
    fn how_closed(&self) -> String {
        let closed = &self.observations.closed;
        match closed.iter().filter(|(_, cause)| is_silence(cause)).count() {
            0 => String::new(),
            silent => format!(": {} refused, {silent} silent", closed.len() - silent),
        }
    }

    fn all_well(&self) -> String {
        let total = self.total();
        let one = total == 1;
        let what = match (self.ports, one) {
            (true, _) => "targets",
            (false, true) => "address",
            (false, false) => "addresses",
        };
        let verb = match (self.allowed.refused, one) {
            _ if self.allowed.closed && one => "is closed",
            _ if self.allowed.closed => "are closed",
            (false, true) => "answers",
            (false, false) => "answer",
            (true, true) => "answers or refuses",
            (true, false) => "answer or refuse",
        };
        let otherwise =
            match self.observations.failed.iter().filter(|(_, cause)| self.is_mismatch(cause)).count() {
                0 => String::new(),
                1 => ", 1 unexpected answer allowed".to_owned(),
                count => format!(", {count} unexpected answers allowed"),
            };
        let target = self.observations.targets.first().filter(|_| !self.ports);
        let port = target.map(|target| format!(" on port {}", target.port)).unwrap_or_default();
        let Some((slowest, place)) = self.observations.slowest else {
            return format!("{total} {what} {verb}{port}{}", self.how_closed());
        };
        let slowest_name = match self.observations.target(place) {
            Some(_) if one => String::new(),
            Some(_) if self.ports => format!(", slowest {}", self.name(place)),
            Some(target) => format!(", slowest {}", target.address),
            None => String::new(),
        };
        format!("{total} {what} {verb}{port}{slowest_name} in {:.3} s{otherwise}", slowest.as_secs_f64())
    }
}

/// The metric of the certificate that expires first.
pub(crate) fn certificate_days(days: f64) -> Metric {
    Metric::new("certificate_days", (days * 100.0).floor() / 100.0)
}

/// Whether a target kept silent, and perhaps is only not reached.
fn is_silence(cause: &Cause) -> bool {
    !cause.proves_closed() || matches!(cause, Cause::NoAnswer(_))
}

/// What helps to read the causes.
fn notes(observations: &Observations, failed: &[Failure<'_>]) -> Vec<String> {
    let icmp = |failure: &&Failure<'_>| matches!(failure.1, Cause::Icmp(_));
    let told: BTreeSet<IpAddr> =
        failed.iter().filter(icmp).map(|(target, _)| neighbourhood(target.address)).collect();
    let silent = failed.iter().filter(|(_, cause)| matches!(cause, Cause::NoAnswer(_)));
    let near = silent.filter(|(target, _)| told.contains(&neighbourhood(target.address))).count();
    let mut notes = observations.notes.clone();
    if near > 0 {
        let targets = if near == 1 { "target is" } else { "targets are" };
        notes.push(format!(
            "note: {near} silent {targets} next to some with ICMP errors, which routers limit: perhaps the same cause"
        ));
    }
    if failed.is_empty()
        && observations.failed.iter().any(|(_, cause)| *cause == Cause::Local(Local::NeighbourTable))
    {
        notes.push(
            "note: silent targets do not count as failed while the neighbour table overflows".to_owned(),
        );
    }
    notes
}

/// The network that an address is likely to share with others behind one router: /24 or /64.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits() & !0xff).into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

fn verbose_notes(observations: &Observations) -> Vec<String> {
    let mut notes = Vec::new();
    if observations.second_try > 0 {
        notes.push(format!("{} answered only when tried again", observations.second_try));
    }
    if let Some(refused) = &observations.ping_refused {
        notes.push(format!("silent addresses were not pinged: {refused}"));
    }
    notes
}

#[cfg(test)]
mod tests;
