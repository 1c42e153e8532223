//! Which servers fail, and why, in words.

use crate::Server;
use crate::fault::Fault;
use crate::judge::Judged;
use crate::lines::grouped;
use crate::question::{Expect, Question};
use crate::verdict::Verdict;

impl Verdict<'_> {
    /// `1 of 3 nameservers fails: 192.0.2.53 no answer`
    pub(super) fn failing_text(&self) -> String {
        let (failed, total) = (self.failing.len(), self.total());
        let noun = if total == 1 { "nameserver" } else { "nameservers" };
        let verb = if failed == 1 { "fails" } else { "fail" };
        let reasons: Vec<(&Server, String)> =
            self.failing.iter().map(|failing| (failing.0, self.why(failing))).collect();
        format!("{failed} of {total} {noun} {verb}: {}", grouped(&reasons))
    }

    /// `SERVFAIL`, after the name where the server resolves others.
    pub(super) fn why(&self, failing: &(&Server, usize, Fault)) -> String {
        let (server, place, _) = failing;
        let others =
            self.judged_of(server).is_some_and(|judged| judged.iter().any(|judged| judged.fault.is_none()));
        let name = self
            .observed
            .questions
            .get(*place)
            .filter(|_| others)
            .map(|question| format!("{} ", question.told_among(&self.observed.questions)));
        let clock = if self.may_be_the_clock(server, *place) { " or the clock is off" } else { "" };
        format!("{}{}{clock}", name.unwrap_or_default(), self.words(failing))
    }

    /// `NXDOMAIN (blocked)`
    pub(super) fn words(&self, (server, place, fault): &(&Server, usize, Fault)) -> String {
        let judged = self.judged_of(server).and_then(|judged| judged.get(*place));
        judged.and_then(Judged::in_words).unwrap_or_else(|| fault.to_string())
    }

    /// Whether a signature that is out of date explains all that fails by DNSSEC, and every --secure name,
    /// and no answer came validated.
    fn may_be_the_clock(&self, server: &Server, place: usize) -> bool {
        let judged = self.judged_of(server).map(Vec::as_slice).unwrap_or_default();
        let is_of_clock = |judged: &Judged| judged.fault.as_ref().is_some_and(Fault::may_be_the_clock);
        let must_be = |question: &Question, judged: &Judged| {
            question.expect == Expect::Secure || matches!(judged.fault, Some(Fault::Dnssec(_)))
        };
        let mut each = self.observed.questions.iter().zip(judged);
        judged.get(place).is_some_and(is_of_clock)
            && each.all(|(question, judged)| {
                !judged.is_validated && (is_of_clock(judged) || !must_be(question, judged))
            })
    }
}
