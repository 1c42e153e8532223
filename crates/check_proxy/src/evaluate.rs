//! The judgment over all proxies: the state, the first line, a line for each proxy, and the performance data.

mod alone;
mod judged;
mod late;
mod requests;
mod slow;
mod slow_login;
mod strangers;
mod unresolved;

use std::net::IpAddr;
use std::time::Duration;

use net::HostPort;
use plugin::{Finding, Findings, Metric, Report, State, Unit};

use crate::allowed::Allowed;
use crate::direct::Direct;
use crate::fault::Fault;
use crate::judge::{Verdict, is_excused, judge_beside};
use crate::observation::Observation;
use crate::strangers::Strangers;
use crate::target::{Target, Unresolved};
use judged::Judged;
use requests::{directly, requests};
use slow::{slow, slowest};

/// What one run observed.
#[derive(Clone, Debug)]
pub(crate) struct Observations {
    /// The proxies, and what each answered: `None` if it was not asked.
    pub(crate) proxies: Vec<(Target, Option<Observation>)>,
    /// What is named as a proxy and has no address that could be asked.
    pub(crate) unresolved: Vec<Unresolved>,
    /// The targets that customers must not reach.
    pub(crate) forbidden: Vec<HostPort>,
    /// What strangers should get.
    pub(crate) strangers: Strangers,
    /// Why those were not asked that have no answers.
    pub(crate) unasked: Fault,
    /// The state where only the time was too short to tell anything.
    pub(crate) short: State,
    /// The pages, in the order in which the proxies were asked for them.
    pub(crate) pages: Vec<AskedPage>,
    /// The address of this machine towards an open proxy: `None` if it is not known.
    pub(crate) own: Option<IpAddr>,
}

/// A page that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AskedPage {
    /// What messages call it: `page`, or `https page`.
    pub(crate) name: String,
    /// What asking for it without a proxy came to.
    pub(crate) direct: Direct,
    /// How long that took: `None` if it was not asked.
    pub(crate) took: Option<Duration>,
}

impl Observations {
    /// Why the page in this place does not come without a proxy either, if proxies tell the same of it. What
    /// one proxy alone does not bring is its own fault, as far as can be told.
    fn fault_of(&self, place: usize) -> Option<&Fault> {
        self.told_alike(place).filter(|_| self.proxies.len() > 1)
    }

    /// Why the page in this place does not come without a proxy either, if a proxy tells the same of it.
    fn told_alike(&self, place: usize) -> Option<&Fault> {
        let Direct::Fails(fault) = &self.pages.get(place)?.direct else { return None };
        let mut pages = self.proxies.iter().filter_map(|(_, seen)| seen.as_ref()?.pages.get(place));
        pages.any(|page| is_excused(page, fault)).then_some(fault)
    }
}

/// Judges the observations.
pub(crate) fn evaluate(allowed: &Allowed, observations: &Observations) -> Report {
    let unasked = || Verdict { local: Some(observations.unasked.brief()), ..Verdict::default() };
    let direct: Vec<Option<&Fault>> =
        (0..observations.pages.len()).map(|place| observations.fault_of(place)).collect();
    let mut judged: Vec<Judged<'_>> = observations
        .proxies
        .iter()
        .map(|(target, seen)| Judged {
            target,
            seen: seen.as_ref(),
            verdict: seen
                .as_ref()
                .map_or_else(unasked, |seen| judge_beside(seen, &observations.forbidden, &direct)),
        })
        .collect();
    let pages = observations.pages.iter().enumerate();
    let pages = pages.map(|(place, page)| (page.name.as_str(), observations.told_alike(place)));
    alone::add_page(&pages.collect::<Vec<_>>(), &mut judged);
    let mut findings = findings(allowed, observations, &judged);
    // A name without an address may stand for proxies that fail.
    let is_known = observations.unresolved.is_empty();
    let of_none = if is_known { late::state_of_none(&allowed.failed, &judged) } else { State::Ok };
    let metrics = metrics(allowed, observations, &judged).into_iter();
    findings.extend([metrics.fold(Finding::new(of_none, ""), Finding::metric)]);
    // The line of another fault does not say who fails where these are allowed to.
    let is_allowed = late::state(&allowed.failed, sorted(&judged).len(), &judged) == State::Ok;
    let is_unsaid = is_allowed && findings.state() != State::Ok;
    let report = findings.report(all_well(allowed, observations, &judged));
    details(report, observations, &judged, is_unsaid)
}

/// The faults for the first line, the worst first.
fn findings(allowed: &Allowed, observations: &Observations, judged: &[Judged<'_>]) -> Findings {
    let total = judged.len();
    let failing: Vec<&Judged<'_>> = sorted(judged);
    let slow = slow(allowed, judged);
    let mut findings = Findings::default();
    let state = late::state(&allowed.failed, failing.len(), judged);
    findings.extend(pages_at_fault(observations, judged));
    if let Some(page) = untried_page(observations, &failing, total) {
        findings.extend([page]);
    } else if !failing.is_empty() {
        // A login that this check does not speak leaves a proxy untested, however many may fail.
        let mut unspoken = failing.iter().map(|judged| judged.verdict.unspoken);
        let is_untested = if state == State::Ok { unspoken.any(|is| is) } else { unspoken.all(|is| is) };
        let state = if is_untested { State::Unknown } else { state };
        // Those that were not asked are untested too.
        let state = if late::count(judged) == 0 { state } else { state.max(observations.short) };
        let text = if state == State::Ok { String::new() } else { head(judged, &failing, "") };
        findings.extend([Finding::new(state, text)]);
    } else {
        findings.extend(late::not_asked(judged, observations.short));
    }
    findings.extend(untested(judged, observations.short));
    findings.extend(undecided(judged, state == State::Ok));
    findings.extend(slow);
    if failing.len() < total && judged.iter().any(|judged| judged.verdict.local.is_none()) {
        findings.extend([Finding::ok("")]);
    }
    unresolved::add((total > 0).then_some(findings), &observations.unresolved, observations.short)
}

/// The proxies that could not be asked for another reason, `short` if for lack of time.
fn untested(judged: &[Judged<'_>], short: State) -> Option<Finding> {
    let untested = judged.iter().map(|judged| (judged.target, &judged.verdict));
    let untested = untested.filter(|(_, verdict)| !verdict.is_late());
    let (texts, states): (Vec<String>, Vec<State>) = untested
        .filter_map(|(target, verdict)| {
            let state = if verdict.is_short { short } else { State::Unknown };
            Some((format!("{target} {}", verdict.local.as_ref()?), state))
        })
        .unzip();
    let state = states.into_iter().max()?;
    let of = format!("{} proxies untested", judged.len());
    Some(Finding::new(state, counted(judged.len(), texts.len(), texts.into_iter(), &of)))
}

/// What strangers got that neither the page nor a refusal is, of the proxies where nothing else is wrong that
/// the first line says: what is `allowed` to fail is not said.
fn undecided(judged: &[Judged<'_>], allowed: bool) -> Option<Finding> {
    let all = judged.iter().filter(|judged| allowed || !judged.verdict.fails());
    let all = all.filter_map(|judged| Some((judged.target, judged.verdict.undecided.as_ref()?)));
    let (texts, states): (Vec<String>, Vec<State>) =
        all.map(|(target, undecided)| (format!("{target} {}", undecided.what), undecided.state())).unzip();
    let state = states.into_iter().max()?;
    let text = match judged {
        [judged] => format!("{} {}", judged.target, judged.verdict.undecided.as_ref()?.words()),
        _ => {
            let of = format!("{} proxies undecided", judged.len());
            format!("strangers: {}", counted(judged.len(), texts.len(), texts.into_iter(), &of))
        }
    };
    Some(Finding::new(state, text))
}

/// The failing proxies: those that are open first.
fn sorted<'a, 'b>(judged: &'b [Judged<'a>]) -> Vec<&'b Judged<'a>> {
    let mut failing: Vec<&Judged<'_>> = judged.iter().filter(|judged| judged.verdict.fails()).collect();
    failing.sort_by_key(|judged| !judged.verdict.open);
    failing
}

/// The pages' own faults, as the proxies show them that could be asked.
fn pages_at_fault(observations: &Observations, judged: &[Judged<'_>]) -> Vec<Finding> {
    let pages = &observations.pages;
    let asked = judged.iter().filter(|judged| judged.verdict.local.is_none()).count();
    let all = (0..pages.len()).all(|place| observations.fault_of(place).is_some());
    let finding = |(place, page): (usize, &AskedPage)| {
        let why = observations.fault_of(place)?.brief_without_proxy();
        let name = if all { "page" } else { page.name.as_str() };
        let brief = format!("the {name} itself does not answer");
        let text = format!("{brief}, through none of {asked} proxies nor from here: {why}");
        Some(Finding::unknown(text).brief(brief))
    };
    let findings = pages.iter().enumerate().filter_map(finding);
    findings.take(if all { 1 } else { usize::MAX }).collect()
}

/// What cannot be told from the page's own fault, where no proxy brought the page and it could not be tried
/// from here.
fn untried_page(observations: &Observations, failing: &[&Judged<'_>], total: usize) -> Option<Finding> {
    let untried = observations.pages.iter().find_map(|page| match &page.direct {
        Direct::NoWay(why) => Some((&page.name, why)),
        _ => None,
    });
    let (name, why) = untried.filter(|_| total > 1 && failing.len() == total)?;
    if failing.iter().any(|judged| judged.verdict.open) {
        return None;
    }
    let first = failing.iter().find(|judged| judged.verdict.past_login)?.verdict.reasons.first()?;
    Some(Finding::critical(format!(
        "none of {total} proxies brings the {name}, not tried directly ({why}): {first}"
    )))
}

/// `2 of 38 proxies fail: A why, B why`, as many as there is room for, and what is `allowed` after the verb.
/// One that is alone, or was asked alone, is not counted: `A why`.
fn head(judged: &[Judged<'_>], failing: &[&Judged<'_>], allowed: &str) -> String {
    let reason = |judged: &Judged<'_>| judged.verdict.reasons.first().cloned().unwrap_or_default();
    let text = |judged: &&Judged<'_>| format!("{} {}", judged.target, reason(judged));
    let (total, late) = (judged.len(), late::count(judged));
    match failing {
        [only] if total - late == 1 => {
            let text = match allowed {
                "" => text(only),
                allowed => format!("{} fails{allowed}: {}", only.target, reason(only)),
            };
            if late == 0 { text } else { format!("{text}, {late} of {total} proxies not asked in time") }
        }
        _ => {
            let of = match late {
                0 => format!("{total} proxies fail{allowed}"),
                late => format!("{} asked fail{allowed}, {late} not asked in time", total - late),
            };
            counted(total, failing.len(), failing.iter().map(text), &of)
        }
    }
}

/// `2 of 38 proxies fail: A why, B why`: all after the count is `of`.
fn counted(total: usize, count: usize, texts: impl Iterator<Item = String>, of: &str) -> String {
    if total == 1 {
        return texts.collect();
    }
    let mut line = format!("{count} of {of}: ");
    for (shown, text) in texts.enumerate() {
        let joined = if shown == 0 { text } else { format!(", {text}") };
        if shown > 0 && !plugin::fits(&format!("{line}{joined}")) {
            return format!("{line} and {} more", count - shown);
        }
        line += &joined;
    }
    line
}

/// The first line where no alarm is due.
fn all_well(allowed: &Allowed, observations: &Observations, judged: &[Judged<'_>]) -> String {
    let total = judged.len();
    let failing = sorted(judged);
    if !failing.is_empty() {
        return head(judged, &failing, &format!(", allowed {}", allowed.failed.in_words()));
    }
    if observations.strangers == Strangers::Only {
        return strangers::refused(judged);
    }
    let time = slowest(judged).map_or(0.0, |(time, _)| time.as_secs_f64());
    let strangers = if observations.strangers == Strangers::Refuse { ", strangers refused" } else { "" };
    match judged {
        [judged] => format!("{} serves customers in {time:.3} s{strangers}", judged.target),
        _ => format!("{total} proxies serve customers, slowest in {time:.3} s{strangers}"),
    }
}

/// A line for each proxy and reason where the first line does not have them all, or none of them if they are
/// `unsaid`, and from `-v` on one for each request.
fn details(mut report: Report, observations: &Observations, judged: &[Judged<'_>], unsaid: bool) -> Report {
    let reasons: usize = judged.iter().map(|judged| judged.verdict.reasons.len()).sum();
    // With one proxy the first line has its reason also where the page was asked for directly.
    let is_hidden = judged.len() > 1 && observations.pages.iter().any(|page| page.direct != Direct::Unasked);
    let labelled = judged.iter().any(|judged| judged.verdict.fails() && judged.target.label.is_some());
    for judged in sorted(judged) {
        let name = judged.target.in_full();
        for reason in judged.verdict.reasons.iter().filter(|_| reasons > 1 || labelled || is_hidden || unsaid)
        {
            report = report.detail(format!("{name}: {reason}"));
        }
        if let Some(undecided) = &judged.verdict.undecided {
            report = report.detail(format!("{name}: {}", undecided.words()));
        }
        if let Some(own) = observations.own.filter(|_| judged.verdict.serves_strangers) {
            report = report
                .detail(format!("{name}: or this address, {own}, is allowed by an ACL: ask from outside"));
        }
    }
    notes(report, observations, judged)
}

/// What is said of proxies that do not fail, of the pages, and of what was not asked.
fn notes(mut report: Report, observations: &Observations, judged: &[Judged<'_>]) -> Report {
    let total = judged.len();
    for judged in judged {
        for excused in &judged.verdict.excused {
            report = report.detail(format!("{}: {excused}", judged.target.in_full()));
        }
    }
    let pages = observations.pages.iter().enumerate();
    let is_said = |place| {
        let is_added = alone::tells_of_page(judged) && observations.told_alike(place).is_some();
        is_added || observations.fault_of(place).is_some()
    };
    let notes = pages.filter(|(place, _)| !is_said(*place));
    report = notes.filter_map(|(_, page)| direct_note(page, total)).fold(report, Report::detail);
    for judged in judged.iter().filter(|judged| total > 1 && !judged.verdict.fails()) {
        if let Some(undecided) = &judged.verdict.undecided {
            report = report.detail(format!("{}: {}", judged.target.in_full(), undecided.words()));
        }
    }
    if observations.strangers == Strangers::Only {
        let unasked = "note: no target of --forbid was asked for: --strangers=only tries no customer";
        let unasked = (!observations.forbidden.is_empty()).then(|| unasked.to_owned());
        report = strangers::note(judged).into_iter().chain(unasked).fold(report, Report::detail);
    }
    report = slow_login::notes(judged).fold(report, Report::detail);
    let untested = judged.iter().filter(|judged| !judged.verdict.is_late());
    let untested = untested.filter_map(|judged| Some((judged.target, judged.verdict.local.as_ref()?)));
    report = late::detail(judged).into_iter().fold(report, Report::detail);
    report = untested
        .filter(|_| judged.len() > 1)
        .fold(report, |report, (target, why)| report.detail(format!("{}: {why}", target.in_full())));
    let asked = judged.iter().filter_map(|judged| Some((judged.target, judged.seen?)));
    let requests = asked.flat_map(|(target, seen)| requests(target, seen, &observations.forbidden));
    let direct = observations.pages.iter().filter_map(|page| directly(&page.name, &page.direct, page.took));
    requests.chain(direct).fold(report, Report::verbose_detail)
}

/// What the direct request tells of a page, where the first line does not say it.
fn direct_note(page: &AskedPage, total: usize) -> Option<String> {
    match &page.direct {
        Direct::Serves => Some(format!("note: the {} comes without a proxy", page.name)),
        Direct::Fails(why) => Some(format!(
            "note: the {} does not come without a proxy either{}: {}",
            page.name,
            if total == 1 { "" } else { ", for another reason" },
            why.brief_without_proxy()
        )),
        Direct::NoWay(why) if total == 1 && why != "--no-direct" => {
            Some(format!("note: the {} could not be tried without a proxy: {why}", page.name))
        }
        Direct::Unasked | Direct::NoWay(_) => None,
    }
}

fn metrics(allowed: &Allowed, observations: &Observations, judged: &[Judged<'_>]) -> Vec<Metric> {
    let total = judged.len();
    let failed = judged.iter().filter(|judged| judged.verdict.fails()).count();
    let open = judged.iter().filter(|judged| judged.verdict.open).count();
    let time = |label: &str, time: Option<Duration>| {
        Metric::new(label, time.map_or(f64::NAN, |time| time.as_secs_f64())).unit(Unit::Seconds).min(0.0)
    };
    let mut metrics = allowed.failed.metrics("failed", failed, late::total(failed, judged));
    metrics.push(Metric::count("open", open).min(0.0).max(total as f64));
    metrics.push(time("slowest", slowest(judged).map(|(time, _)| time)).thresholds(allowed.slowest.clone()));
    if let ([Judged { seen: Some(seen), verdict, .. }], []) = (judged, observations.unresolved.as_slice()) {
        for (secure, label) in [(false, "http"), (true, "https")] {
            if seen.pages.iter().any(|page| page.secure == secure) {
                metrics.push(time(label, verdict.times.get(usize::from(secure)).copied().flatten()));
            }
        }
    }
    metrics
}

#[cfg(test)]
mod tests;
