//! What fails, beside what could not be tested: untested targets may decide whether too many fail, and hide
//! no failure.

use plugin::{Finding, State};

use super::groups::{Group, groups};
use super::outage::is_outage;
use super::{Failure, Judgement};
use crate::cause::{Cause, Local};

impl Judgement<'_> {
    /// What fails and what is untested: an alarm is certain whichever of the untested fail too. Where it is
    /// not, and they may make one, both are told together.
    pub(super) fn failing(&self, failed: &[Failure<'_>], untested: &[Failure<'_>]) -> (Finding, Finding) {
        let verb = if failed.len() == 1 { "fails" } else { "fail" };
        let all = self.allowed.failed.state(self.total(), self.total());
        if self.are_all_asked(failed, untested) && all > State::Unknown {
            let all = all.max(self.state_of(untested));
            let what = format!("tried {verb}, {} not reached{}", untested.len(), self.limited(untested));
            let finding = self.finding((all, failed.len()), failed, &what);
            return (self.counted(finding, failed.len()), self.beside(untested));
        }
        let most = failed.len() + untested.len();
        let (certain, worst) = self.allowed.failed.states(failed.len()..=most, Some(self.total()));
        let is_undecided = certain < worst && !failed.is_empty();
        let limited = self.limited(untested);
        let rest = match untested.len() {
            untested if is_undecided || !limited.is_empty() => format!(", {untested} untested{limited}"),
            _ => String::new(),
        };
        let (state, allowed) = match certain {
            certain if is_undecided => (certain.max(self.state_of(untested)), String::new()),
            State::Ok => (State::Ok, format!(" (allowed {})", self.allowed.failed.in_words())),
            certain => (certain, String::new()),
        };
        let finding = match failed {
            [] => Finding::new(self.of_none(certain), ""),
            failed => self.finding((state, self.total()), failed, &format!("{verb}{allowed}{rest}")),
        };
        let beside = if is_undecided { self.beside(untested) } else { self.untested(untested) };
        (self.counted(finding, failed.len()), beside)
    }

    /// How bad it is that none fails, which is judged so: a name without an address may stand for targets
    /// that do.
    fn of_none(&self, judged: State) -> State {
        let is_known = self.total() > 0 && self.observations.unresolved.is_empty();
        if is_known { judged } else { State::Ok }
    }

    /// Whether all that were asked fail, which are many, and there was no time for the others.
    fn are_all_asked(&self, failed: &[Failure<'_>], untested: &[Failure<'_>]) -> bool {
        let is_not_reached = |(_, cause): &Failure<'_>| *cause == &Cause::Local(Local::NoTime);
        !untested.is_empty()
            && failed.len() + untested.len() == self.total()
            && is_outage(failed.len(), untested.len(), true)
            && untested.iter().all(is_not_reached)
    }

    /// What could not be tested, where no other finding counts it.
    fn untested(&self, untested: &[Failure<'_>]) -> Finding {
        let what = format!("untested{}", self.limited(untested));
        let finding = self.finding((self.state_of(untested), self.total()), untested, &what);
        self.untested_metrics(finding.details(self.limited_in_full(untested)), untested.len())
    }

    /// The same where another finding counts it: the reasons alone.
    pub(super) fn beside(&self, untested: &[Failure<'_>]) -> Finding {
        let groups = groups(untested, self.ports, Cause::full);
        let finding = self.untested_metrics(Finding::ok(""), untested.len());
        finding.details(groups.iter().map(Group::line)).details(self.limited_in_full(untested))
    }

    /// What could not be tested is at least UNKNOWN, and what the deadline stopped is what a missed deadline
    /// is.
    fn state_of(&self, untested: &[Failure<'_>]) -> State {
        let state = |cause: &Cause| match cause {
            Cause::Local(Local::NoTime | Local::Unconfirmed) => self.observations.late,
            _ => State::Unknown,
        };
        untested.iter().map(|(_, cause)| state(cause)).fold(State::Ok, State::max)
    }
}
