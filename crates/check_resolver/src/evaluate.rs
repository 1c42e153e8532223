//! Judges what was observed: how many nameservers fail, and what that means for the programs here.

use std::net::IpAddr;

use domain::base::Rtype;
use plugin::{Finding, Findings, Report, State};

use crate::allowed::Allowed;
use crate::fault::Fault;
use crate::ignored::{ignored, none_text};
use crate::judge::{Judged, judge_all, wrong_address};
use crate::question::{Expect, Question};
use crate::system::{System, SystemFault};
use crate::{File, Observations, Server, lines};

/// How many failing servers the first line names.
const NAMED: usize = 3;
/// From how many seconds on the wait of programs is told.
const SLOW: f64 = 1.0;

/// Returns the report.
pub(crate) fn evaluate(allowed: &Allowed, observed: &Observations) -> Report {
    let verdict = Verdict::new(observed);
    let failed = verdict.failing.len();
    let (total, has_choice) = (verdict.total(), observed.file.is_some());
    let by_count = allowed.state(failed, total, has_choice);
    let mut findings = Findings::from_iter([verdict.servers(by_count)]);
    findings.extend(verdict.system_alone());
    findings.extend(observed.file.iter().filter_map(ignored));
    findings.extend(verdict.uplinks());
    findings.extend(verdict.slowed());
    findings.extend(verdict.zones());
    findings.extend(slow(allowed, observed));
    let counted = allowed.failed(failed, total, has_choice);
    let metrics = counted.into_iter().chain(lines::metrics(allowed, observed));
    let data = metrics.fold(Finding::ok(""), Finding::metric);
    findings.extend([data.verbose_details(lines::details(observed))]);
    findings.report(verdict.all_well())
}

/// What the servers' answers are worth together.
struct Verdict<'a> {
    observed: &'a Observations,
    /// Of each server, of each question.
    judged: Vec<Vec<Judged>>,
    /// The places of the questions that fail on every server while others resolve.
    zones: Vec<usize>,
    /// The failing servers, each with the place of the question and why.
    failing: Vec<(&'a Server, usize, Fault)>,
}

impl<'a> Verdict<'a> {
    fn new(observed: &'a Observations) -> Self {
        let judged: Vec<Vec<Judged>> =
            observed.servers.iter().map(|server| judge_all(&observed.questions, &server.outcomes)).collect();
        let zones = zones(&observed.questions, &judged);
        let first_fault = |judged: &[Judged]| {
            let mut counted = judged.iter().enumerate().filter(|(place, _)| !zones.contains(place));
            counted.find_map(|(place, judged)| Some((place, judged.fault.clone()?)))
        };
        let failing = observed.servers.iter().zip(&judged).filter_map(|(server, judged)| {
            let (place, fault) = first_fault(judged)?;
            Some((server, place, fault))
        });
        let failing = failing.collect();
        Self { observed, judged, zones, failing }
    }

    fn total(&self) -> usize {
        self.observed.servers.len()
    }

    fn all_fail(&self) -> bool {
        self.failing.len() == self.total()
    }

    /// What the machine's own way gave, where that can be held against the servers' answers.
    fn system(&self) -> Option<&'a System> {
        let (place, system) = self.observed.system.as_ref()?;
        let is_blind = system.result == Err(SystemFault::OnlyIpv4) && self.is_ipv6_only(*place);
        (!self.zones.contains(place) && !is_blind).then_some(system)
    }

    /// Whether every address that the servers have for a name is of IPv6.
    fn is_ipv6_only(&self, place: usize) -> bool {
        let outcomes = self.observed.servers.iter().filter_map(|server| server.outcomes.get(place)).flatten();
        let answered = outcomes.filter_map(|outcome| outcome.answer.as_ref().ok());
        let mut addresses = answered.flat_map(|answered| &answered.reply.addresses).peekable();
        addresses.peek().is_some() && addresses.all(IpAddr::is_ipv6)
    }

    fn system_fails(&self) -> bool {
        use SystemFault::{NotFound, OnlyIpv4, TooSlow};
        self.system().is_some_and(|system| matches!(system.result, Err(NotFound | OnlyIpv4 | TooSlow)))
    }

    /// What is wrong with the addresses that programs here get, of the types that are asked for.
    fn wrong_here(&self) -> Option<Fault> {
        let addresses = self.system()?.result.as_ref().ok()?;
        let question =
            self.observed.system.as_ref().and_then(|(place, _)| self.observed.questions.get(*place))?;
        let Expect::Resolves(expected) = &question.expect else { return None };
        let kind = |address: &IpAddr| if address.is_ipv4() { Rtype::A } else { Rtype::AAAA };
        let asked: Vec<IpAddr> =
            addresses.iter().copied().filter(|address| question.types.contains(&kind(address))).collect();
        wrong_address(&asked, expected)
    }

    /// Whether AAAA is silent: the C library waits for it before it gives programs the address of A.
    fn waits_for_aaaa(&self) -> bool {
        let silent = format!("AAAA {}", Fault::NoAnswer);
        self.judged.iter().flatten().flat_map(|judged| &judged.costs).any(|cost| cost.starts_with(&silent))
    }

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
            return if system_fails {
                Finding::critical(text + &self.meaning())
            } else {
                Finding::unknown(text)
            };
        }
        let is_down = system_fails || self.wrong_here().is_some() || self.stops_at_first();
        let state = if is_down { State::Critical } else { by_count };
        let text = if state == State::Ok {
            String::new()
        } else {
            self.failing_text() + &self.meaning() + &self.never_asked()
        };
        let each = self.failing.iter().map(|failing| format!("{} {}", failing.0.shown, self.why(failing)));
        let finding = Finding::new(state, text);
        if self.failing.len() > NAMED { finding.details(each) } else { finding }
    }

    /// The finding where the file names no server.
    fn fallback(&self, file: &File) -> Finding {
        let head = none_text(file);
        match self.failing.first() {
            Some((.., fault)) => Finding::critical(format!("{head}, so 127.0.0.1 is asked: {fault}")),
            None => Finding::warning(format!("{head}, so 127.0.0.1 is asked, which resolves")),
        }
    }

    /// `1 of 3 nameservers fails: 192.0.2.53 no answer`
    fn failing_text(&self) -> String {
        let (failed, total) = (self.failing.len(), self.total());
        let noun = if total == 1 { "nameserver" } else { "nameservers" };
        let verb = if failed == 1 { "fails" } else { "fail" };
        let mut groups: Vec<(String, String)> = Vec::new();
        for failing in self.failing.iter().take(NAMED) {
            let why = self.why(failing);
            match groups.last_mut().filter(|(_, former)| *former == why) {
                Some((servers, _)) => *servers += &format!(", {}", failing.0.shown),
                None => groups.push((failing.0.shown.clone(), why)),
            }
        }
        let named: Vec<String> =
            groups.into_iter().map(|(servers, why)| format!("{servers} {why}")).collect();
        let more = failed.saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{failed} of {total} {noun} {verb}: {}{more}", named.join(", "))
    }

    /// `SERVFAIL`, after the name where the server resolves others.
    fn why(&self, (server, place, fault): &(&Server, usize, Fault)) -> String {
        let others =
            self.judged_of(server).is_some_and(|judged| judged.iter().any(|judged| judged.fault.is_none()));
        let name = self
            .observed
            .questions
            .get(*place)
            .filter(|_| others)
            .map(|question| format!("{} ", question.shown));
        let clock = if self.may_be_the_clock(server, *place) { " or the clock is off" } else { "" };
        format!("{}{fault}{clock}", name.unwrap_or_default())
    }

    fn judged_of(&self, server: &Server) -> Option<&Vec<Judged>> {
        let servers = self.observed.servers.iter().zip(&self.judged);
        servers.filter(|(other, _)| std::ptr::eq(*other, server)).map(|(_, judged)| judged).next()
    }

    /// Whether every signature that must be valid is out of date.
    fn may_be_the_clock(&self, server: &Server, place: usize) -> bool {
        let is_secure = |question: &Question| question.expect == Expect::Secure;
        if !self.observed.questions.get(place).is_some_and(is_secure) {
            return false;
        }
        let judged = self.judged_of(server).map(Vec::as_slice).unwrap_or_default();
        let mut secure =
            self.observed.questions.iter().zip(judged).filter(|(question, _)| is_secure(question));
        secure.all(|(_, judged)| judged.fault.as_ref().is_some_and(Fault::may_be_the_clock))
    }

    /// Where the machine's own way is not known: the C library does not go on after an answer that there is no
    /// such name, nor after an address, also a wrong one.
    fn stops_at_first(&self) -> bool {
        let first = self.observed.servers.first();
        let is_first = |server: &Server| first.is_some_and(|first| std::ptr::eq(first, server));
        let ends_search = |fault: &Fault| {
            matches!(fault, Fault::NxDomain | Fault::NoData | Fault::Unexpected(_) | Fault::Nowhere(_))
        };
        let is_known = |place: usize| match &self.observed.system {
            Some((own, system)) => *own == place && !matches!(system.result, Err(SystemFault::NotAsked(_))),
            None => false,
        };
        let stops = |(server, place, fault): &(&Server, usize, Fault)| {
            is_first(server) && ends_search(fault) && !is_known(*place)
        };
        self.observed.file.is_some() && self.total() > 1 && self.failing.iter().any(stops)
    }

    /// What the failing servers mean for programs here.
    fn meaning(&self) -> String {
        let is_same = |place: &usize| self.observed.system.as_ref().is_some_and(|(own, _)| own == place);
        let stops = if self.stops_at_first() && !self.all_fail() {
            ", and programs here stop at its answer".to_owned()
        } else {
            String::new()
        };
        let Some(system) = self.system() else { return stops };
        match &system.result {
            Err(SystemFault::NotFound | SystemFault::OnlyIpv4) => ", this system does not resolve".to_owned(),
            Err(SystemFault::TooSlow) => format!(", this system takes longer than {:.1} s", system.took),
            Err(SystemFault::NotAsked(_)) => stops,
            Ok(_) => match self.wrong_here() {
                Some(wrong) if self.failing.iter().any(|(.., fault)| *fault == wrong) => {
                    ", this system too".to_owned()
                }
                Some(wrong) => format!(", this system {wrong}"),
                None if self.all_fail() && self.failing.iter().all(|(_, place, _)| is_same(place)) => {
                    format!(", this system resolves it all the same: {}", system.sources_in_words())
                }
                None if system.took >= SLOW => format!("{stops}, a name takes {:.1} s here", system.took),
                None => stops,
            },
        }
    }

    fn never_asked(&self) -> String {
        let never_asked = self.observed.file.iter().flat_map(|file| &file.conf.never_asked).next();
        match never_asked.filter(|_| self.all_fail()) {
            Some(server) => format!(", {server} is never asked: the C library reads three"),
            None => String::new(),
        }
    }

    /// What is wrong with the machine's own way while the servers are well. Where it only waits for AAAA it
    /// resolves in the end: the finding on that says how long.
    fn system_alone(&self) -> Option<Finding> {
        let system = self.system()?;
        let why = system.sources_in_words();
        match &system.result {
            Err(SystemFault::NotAsked(why)) => Some(Finding::unknown(why.clone())),
            _ if !self.failing.is_empty() => None,
            Err(SystemFault::NotFound | SystemFault::OnlyIpv4) => {
                Some(Finding::critical(format!("the nameservers resolve, this system does not: {why}")))
            }
            Err(SystemFault::TooSlow) if self.waits_for_aaaa() => None,
            Err(SystemFault::TooSlow) => {
                let cost = self.costs().first().map(|cost| format!(" ({cost})"));
                let text =
                    format!("the nameservers resolve, this system takes longer than {:.1} s", system.took);
                Some(Finding::critical(text + &cost.unwrap_or_default()))
            }
            Ok(_) => {
                let wrong = self.wrong_here()?;
                Some(Finding::critical(format!("this system {wrong}: {why}")))
            }
        }
    }

    /// The uplinks of systemd-resolved that fail.
    fn uplinks(&self) -> Vec<Finding> {
        let fault = |server: &'a Server| {
            let judged = judge_all(&self.observed.questions, &server.outcomes);
            judged
                .into_iter()
                .enumerate()
                .find_map(|(place, judged)| judged.fault.filter(|_| !self.zones.contains(&place)))
        };
        let failing = self.observed.uplinks.iter().filter_map(|server| Some((server, fault(server)?)));
        failing
            .map(|(server, fault)| {
                Finding::warning(format!("uplink {} of 127.0.0.53: {fault}", server.shown))
            })
            .collect()
    }

    /// What costs programs time although the servers resolve, with how much that is. The finding on a system
    /// that takes too long has the first one.
    fn slowed(&self) -> Vec<Finding> {
        let (took, told) = match self.system().map(|system| (&system.result, system.took)) {
            Some((Ok(_), took)) if took >= SLOW && self.failing.is_empty() => {
                (format!(", a name takes {took:.1} s here"), 0)
            }
            Some((Err(SystemFault::TooSlow), took)) if self.failing.is_empty() && self.waits_for_aaaa() => {
                (format!(", this system takes longer than {took:.1} s"), 0)
            }
            Some((Err(SystemFault::TooSlow), _)) if self.failing.is_empty() => (String::new(), 1),
            _ => (String::new(), 0),
        };
        self.costs().into_iter().skip(told).map(|cost| Finding::warning(cost + &took)).collect()
    }

    /// Each cost once, with its servers.
    fn costs(&self) -> Vec<String> {
        let mut costs: Vec<(&str, Vec<&str>)> = Vec::new();
        for (server, judged) in self.observed.servers.iter().zip(&self.judged) {
            for cost in judged.iter().flat_map(|judged| &judged.costs) {
                match costs.iter_mut().find(|(known, _)| known == cost) {
                    Some((_, servers)) if servers.contains(&server.shown.as_str()) => {}
                    Some((_, servers)) => servers.push(&server.shown),
                    None => costs.push((cost, vec![&server.shown])),
                }
            }
        }
        let text = |(cost, servers): (&str, Vec<&str>)| format!("{}: {cost}", servers.join(", "));
        costs.into_iter().map(text).collect()
    }

    /// The names whose zone fails.
    fn zones(&self) -> Vec<Finding> {
        let finding = |place: &usize| {
            let name = &self.observed.questions.get(*place)?.shown;
            let fault = self.judged.first()?.get(*place)?.fault.as_ref()?;
            let total = self.total();
            let text = format!(
                "{name} fails on all {total} nameservers ({fault}), other names resolve: its zone, not the nameservers"
            );
            Some(Finding::warning(text))
        };
        self.zones.iter().filter_map(finding).collect()
    }

    /// The first line where nothing is wrong.
    fn all_well(&self) -> String {
        let (total, failed, names) = (self.total(), self.failing.len(), self.observed.questions.len());
        let good = total - failed;
        let noun = if total == 1 { "nameserver" } else { "nameservers" };
        let servers =
            if failed == 0 { format!("{total} {noun}") } else { format!("{good} of {total} {noun}") };
        let only_names =
            self.observed.questions.iter().all(|question| matches!(question.expect, Expect::Resolves(_)));
        let (verb, things) = match (only_names, names) {
            (true, 1) => ("resolve", "name"),
            (true, _) => ("resolve", "names"),
            (false, 1) => ("answer", "question as expected"),
            (false, _) => ("answer", "questions as expected"),
        };
        let verb = if good == 1 { format!("{verb}s") } else { verb.to_owned() };
        let slowest =
            lines::slowest(self.observed).map(|(seconds, ..)| format!(", slowest in {seconds:.3} s"));
        let allowed = if failed == 0 { String::new() } else { format!(", allowed: {}", self.failing_text()) };
        format!("{servers} {verb} {names} {things}{}{allowed}", slowest.unwrap_or_default())
    }
}

/// The places of the names that fail on every one of several servers while another name resolves: their zones
/// are to blame.
fn zones(questions: &[Question], judged: &[Vec<Judged>]) -> Vec<usize> {
    let fault =
        |server: &'_ Vec<Judged>, place: usize| server.get(place).and_then(|judged| judged.fault.clone());
    let fails_everywhere = |place: usize| {
        judged.iter().all(|server| fault(server, place).is_some_and(|fault| fault.may_be_the_zone()))
    };
    let resolves_somewhere = |place: usize| judged.iter().any(|server| fault(server, place).is_none());
    let names = || {
        questions.iter().enumerate().filter(|(_, question)| matches!(question.expect, Expect::Resolves(_)))
    };
    let any_resolves = names().any(|(place, _)| resolves_somewhere(place));
    if judged.len() < 2 || !any_resolves {
        return Vec::new();
    }
    names().map(|(place, _)| place).filter(|place| fails_everywhere(*place)).collect()
}

fn slow(allowed: &Allowed, observed: &Observations) -> Option<Finding> {
    let (seconds, server, name) = lines::slowest(observed)?;
    let limit = allowed.slowest.alerting(seconds)?;
    let text = format!("slow: {server} took {seconds:.3} s for {name}, limit {limit}");
    Some(Finding::new(allowed.slowest.state(seconds), text))
}

#[cfg(test)]
mod tests;
