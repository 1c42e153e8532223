//! Judges what was observed: how many nameservers fail, and what that means for the programs here.

mod failing;

use plugin::{Finding, Findings, Report, State, Thresholds};

use crate::allowed::Allowed;
use crate::file::File;
use crate::here::{LATE, because};
use crate::ignored::{ignored, none_text};
use crate::lines::NAMED;
use crate::question::Expect;
use crate::uplinks::Uplinks;
use crate::verdict::Verdict;
use crate::{Observations, difference, lines};

/// Returns the report.
pub(crate) fn evaluate(allowed: &Allowed, observed: &Observations) -> Report {
    let verdict = Verdict::new(observed);
    let failed = verdict.failing.len();
    let (total, has_choice) = (verdict.total(), observed.file.is_some());
    let by_count = allowed.state(failed, total, has_choice);
    let mut findings = Findings::from_iter([verdict.servers(by_count)]);
    findings.extend(verdict.cut_short(allowed.cut));
    findings.extend(verdict.system_alone());
    findings.extend(verdict.hosts_alone());
    findings.extend(observed.file.iter().filter_map(ignored));
    findings.extend(verdict.uplinks());
    findings.extend(verdict.slowed());
    findings.extend(verdict.zones.findings(&observed.questions, &verdict.judged));
    findings.extend(slow(allowed, observed, verdict.asked_again()));
    let counted = allowed.failed(failed, total, has_choice);
    let metrics = counted.into_iter().chain(lines::metrics(allowed, observed));
    // None that fails is judged as every other number is, where no more may fail.
    let is_none = failed == 0 && verdict.undecided().is_empty();
    let data = metrics.fold(Finding::new(if is_none { by_count } else { State::Ok }, ""), Finding::metric);
    let no_aaaa = verdict.asks_no_aaaa().then(|| "no program here asks for AAAA (no-aaaa)".to_owned());
    findings.extend([data.verbose_details(lines::details(observed).into_iter().chain(no_aaaa))]);
    let notes = verdict.notes();
    if findings.state() > State::Ok {
        findings.extend([Finding::ok("").details(notes)]);
        return findings.report("");
    }
    findings.report(notes.into_iter().fold(verdict.all_well(), |line, note| line + ", " + &note))
}

impl<'a> Verdict<'a> {
    /// The finding on the servers, with what it means for programs here.
    fn servers(&self, by_count: State) -> Finding {
        let fallback = self.observed.file.as_ref().filter(|file| file.conf.servers.is_empty());
        if let Some(file) = fallback {
            return self.fallback(file);
        }
        if self.failing.is_empty() {
            return Finding::ok("");
        }
        let system_fails = self.system_fails();
        if self.all_fail() && self.failing.iter().all(|(_, _, fault)| fault.is_local()) {
            let why = self.failing.first().map(|(_, _, fault)| fault.to_string()).unwrap_or_default();
            let text = format!("no question could be sent: {why}");
            return if system_fails || self.has_only_elsewhere() {
                Finding::critical(text + &self.meaning())
            } else {
                Finding::unknown(text)
            };
        }
        let is_down =
            system_fails || self.wrong_here().is_some() || self.stops() || self.has_only_elsewhere();
        let waits = if self.waits() { State::Warning } else { State::Ok };
        let state = if is_down { State::Critical } else { by_count.max(waits) };
        let text = if state == State::Ok {
            String::new()
        } else {
            self.failing_text() + &self.meaning() + &self.uplinks_fail() + &self.never_asked()
        };
        let each = self.failing.iter().map(|failing| format!("{} {}", failing.0.shown, self.why(failing)));
        let finding = Finding::new(state, text);
        if self.failing.len() > NAMED { finding.details(each) } else { finding }
    }

    /// The finding where the file names no server.
    fn fallback(&self, file: &File) -> Finding {
        let head = none_text(file);
        match self.failing.first() {
            Some(failing) => {
                Finding::critical(format!("{head}, so 127.0.0.1 is asked: {}", self.words(failing)))
            }
            None if !self.undecided().is_empty() => {
                Finding::warning(format!("{head}, so 127.0.0.1 is asked"))
            }
            None => Finding::warning(format!("{head}, so 127.0.0.1 is asked, which resolves")),
        }
    }

    /// The finding on the servers that had too little time for an answer.
    fn cut_short(&self, state: State) -> Option<Finding> {
        let undecided = self.undecided();
        let named: Vec<&str> = undecided.iter().take(NAMED).map(|server| server.shown.as_str()).collect();
        let servers = match undecided.len().saturating_sub(NAMED) {
            0 => named.join(", "),
            1 => format!("{} and 1 more server", named.join(", ")),
            more => format!("{} and {more} more servers", named.join(", ")),
        };
        let text = format!("{servers} undecided: no answer yet when the time ended, see --timeout");
        (!undecided.is_empty()).then(|| Finding::new(state, text))
    }

    fn never_asked(&self) -> String {
        let never_asked = self.observed.file.iter().flat_map(|file| &file.conf.never_asked).next();
        match never_asked.filter(|_| self.all_fail()) {
            Some(server) => format!(", {server} is never asked: the C library reads three"),
            None => String::new(),
        }
    }

    /// What explains that the stub fails: `, all 2 uplinks of 127.0.0.53 fail: 192.0.2.53 no answer`.
    fn uplinks_fail(&self) -> String {
        let uplinks = self.observed.uplinks.as_ref().filter(|_| self.all_fail());
        let text = uplinks.and_then(|uplinks| uplinks.all_fail(&self.failing_uplinks));
        text.map(|text| format!(", {text}")).unwrap_or_default()
    }

    /// The findings on uplinks, unless the line of the stub that fails has them.
    fn uplinks(&self) -> Vec<Finding> {
        let uplinks = self.observed.uplinks.as_ref().filter(|_| self.uplinks_fail().is_empty());
        uplinks.map(|uplinks| uplinks.findings(&self.failing_uplinks)).unwrap_or_default()
    }

    /// Remarks that change no state.
    fn notes(&self) -> Vec<String> {
        let uplinks = self.observed.uplinks.as_ref().and_then(Uplinks::note);
        let names = self.only_absent().or_else(|| self.not_asked());
        // The finding on a wrong address has its source, and so has the one on a name of the hosts file
        // alone.
        let is_told = self.failing.is_empty() && self.wrong_here().is_some() || self.hosts_alone().is_some();
        let difference = difference::note(self.observed).filter(|_| !is_told);
        difference.into_iter().chain(uplinks).chain(names).collect()
    }

    /// A remark where no name is one that programs here look up.
    fn not_asked(&self) -> Option<String> {
        let is_left_out = self.observed.asks_system && self.observed.system.is_none();
        is_left_out.then(|| "this system itself was not asked: no --name has A or AAAA".to_owned())
    }

    /// A remark where only names that must not exist are asked, and all is well: a server may call every name
    /// so by itself.
    fn only_absent(&self) -> Option<String> {
        let are = self.observed.questions.iter().all(|question| question.expect == Expect::Absent);
        (are && self.failing.is_empty())
            .then(|| "NXDOMAIN may come from the nameserver itself: add a --name".to_owned())
    }

    /// How many names are asked for, each with one type or more.
    fn names(&self) -> usize {
        let mut names: Vec<String> =
            self.observed.questions.iter().map(|question| question.shown.to_ascii_lowercase()).collect();
        names.sort();
        names.dedup();
        names.len()
    }

    /// The first line where nothing is wrong.
    fn all_well(&self) -> String {
        let (total, failed) = (self.total(), self.failing.len());
        let good = total - failed;
        let noun = if total == 1 { "nameserver" } else { "nameservers" };
        let servers =
            if failed == 0 { format!("{total} {noun}") } else { format!("{good} of {total} {noun}") };
        let only_names =
            self.observed.questions.iter().all(|question| matches!(question.expect, Expect::Resolves(_)));
        let count = if only_names { self.names() } else { self.observed.questions.len() };
        let (verb, things) = match (only_names, count) {
            (true, 1) => ("resolve", "name"),
            (true, _) => ("resolve", "names"),
            (false, 1) => ("answer", "question as expected"),
            (false, _) => ("answer", "questions as expected"),
        };
        let verb = if good == 1 || total == 1 { format!("{verb}s") } else { verb.to_owned() };
        let slowest =
            lines::slowest(self.observed).map(|(seconds, ..)| format!(", slowest in {seconds:.3} s"));
        let allowed = if failed == 0 { String::new() } else { format!(", allowed: {}", self.failing_text()) };
        format!("{servers} {verb} {count} {things}{}{allowed}", slowest.unwrap_or_default())
    }
}

fn slow(allowed: &Allowed, observed: &Observations, why: Option<String>) -> Option<Finding> {
    let (seconds, server, name) = lines::slowest(observed)?;
    if allowed.slowest == Thresholds::default() && seconds >= LATE {
        let why = because(why);
        return Some(Finding::warning(format!("slow: {server} took {seconds:.3} s for {name}{why}")));
    }
    let limit = allowed.slowest.alerting(seconds)?;
    let text = format!("slow: {server} took {seconds:.3} s for {name}, limit {limit}");
    Some(Finding::new(allowed.slowest.state(seconds), text))
}

#[cfg(test)]
mod tests;
