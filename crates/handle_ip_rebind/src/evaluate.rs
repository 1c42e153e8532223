//! What came of a run, as a report: a finding for each cause, and a line for each program.

use std::net::IpAddr;

use addresses::{all, brief};
use plugin::{Finding, Findings, Report, State, room_after};

use crate::budget::others::Undone;
use crate::case::{Case, Fate, of};
use crate::child::{Ran, name};
use crate::difference::Difference;
use crate::prefix::longest;
use crate::retries::Unrestarted;
use crate::{End, Outcome};

/// Returns the report.
pub(crate) fn evaluate(outcome: &Outcome) -> Report {
    let findings = |all_well: String| {
        let notes = Finding::ok("").details(notes(outcome));
        let mut findings: Findings = general(outcome).into_iter().chain([notes]).collect();
        if outcome.unrecorded.is_some() {
            findings = findings.remark(all_well.clone());
        }
        findings.report(all_well)
    };
    match outcome.end {
        End::NotActedOn => {
            let on: Vec<String> = outcome.on.iter().map(ToString::to_string).collect();
            findings(format!("nothing is done on {} (but on {})", outcome.event, on.join(", ")))
        }
        End::Downtime => findings("nothing is done in a downtime".to_owned()),
        End::Busy => {
            let busy = Finding::warning("nothing is done: another run is in progress");
            general(outcome).into_iter().chain([busy]).collect::<Findings>().report("")
        }
        End::AllWell => {
            let total = outcome.expected;
            let noun = if total == 1 { "address" } else { "addresses" };
            findings(format!("nothing is missing, {total} {noun} bound and usable"))
        }
        End::Nothing | End::OverBudget | End::DryRun | End::Done => done(outcome),
    }
}

/// What is wrong whatever is missing.
pub(crate) fn general(outcome: &Outcome) -> Vec<Finding> {
    let unrecorded = outcome.unrecorded.iter().map(|why| Finding::warning(format!("not recorded: {why}")));
    let routes = outcome.routes.defaults.iter().map(|(route, address)| lost_route(route, *address));
    let wrong = outcome.routes.wrong.iter().map(Finding::critical);
    let replaced = outcome.routes.replaced.as_slice();
    let routes =
        routes.chain(wrong).chain(lost_static(&outcome.routes.statics)).chain(replaced_static(replaced));
    let interface = |(name, why): (&String, &String)| Finding::critical(format!("{name} {why}"));
    let interfaces = outcome.lost_interfaces.iter().map(interface);
    let unconfigured = outcome.unconfigured_interfaces.iter();
    let unconfigured = unconfigured
        .map(|(name, why)| Finding::warning(format!("{name} {why}, and no file gives it an address")));
    let lists = outcome.difference.iter().map(Difference::finding);
    let routes = routes.chain(guess(outcome, Fate::Back)).chain(guessed(outcome));
    let undone = outcome.undone.iter().map(Undone::finding);
    let all = interfaces.chain(routes).chain(lists).chain(outcome.contradictions.findings());
    all.chain(unconfigured).chain(undone).chain(unrecorded).collect()
}

/// A default route that went with an address, or while a run of this handler changed something.
fn lost_route(route: &str, address: Option<IpAddr>) -> Finding {
    Finding::critical(match address {
        Some(address) => format!("{address} bound again, the {route} is not back"),
        None => format!("the {route} is gone since a run of this handler"),
    })
}

/// The addresses of this fate whose prefix length nothing tells: bound alone, they bring no subnet back.
pub(crate) fn guess(outcome: &Outcome, fate: Fate) -> Vec<Finding> {
    let guesses = outcome.cases.iter().filter(|case| case.is_guess && case.fate == fate);
    let guesses: Vec<IpAddr> = guesses.map(|case| case.address).collect();
    let bound = if fate == Fate::Bindable { "would be bound" } else { "bound" };
    alone(outcome, &guesses, bound)
}

/// The same of earlier runs, and those that have got a prefix length meanwhile.
fn guessed(outcome: &Outcome) -> Vec<Finding> {
    let of = |named: fn(&Option<u8>) -> bool| {
        let all = outcome.guessed.iter().filter(move |(_, prefix)| named(prefix));
        all.map(|(address, _)| *address).collect::<Vec<_>>()
    };
    let named = of(Option::is_some).into_iter().map(|address| {
        let prefix = longest(address.is_ipv4());
        let remedy = format!("ip addr del {address}/{prefix} dev {}", outcome.interface);
        Finding::warning(format!("{address} is still bound as /{prefix}: {remedy}, the next run binds it"))
    });
    alone(outcome, &of(Option::is_none), "bound").into_iter().chain(named).collect()
}

/// Addresses without a subnet, in words.
fn alone(outcome: &Outcome, addresses: &[IpAddr], bound: &str) -> Vec<Finding> {
    let (ipv4, ipv6): (Vec<IpAddr>, Vec<IpAddr>) = addresses.iter().partition(|address| address.is_ipv4());
    [ipv4, ipv6].iter().filter_map(|family| alone_of_family(outcome, family, bound)).collect()
}

fn alone_of_family(outcome: &Outcome, addresses: &[IpAddr], bound: &str) -> Option<Finding> {
    let first = addresses.first()?;
    let prefix = longest(first.is_ipv4());
    let interface = &outcome.interface;
    let tail = format!(
        " {bound} as /{prefix}, {interface} has no subnet for it: write its prefix in the list or in [prefix]"
    );
    let finding = Finding::warning(format!("{}{tail}", brief(addresses, room_after(&tail))));
    let remedy = format!(
        "after that, ip addr del {first}/{prefix} dev {interface}: the next run binds it with its prefix"
    );
    let (short, whole) = (brief(addresses, room_after(&tail)), all(addresses));
    let finding = if short == whole { finding } else { finding.detail(format!("all of these: {whole}")) };
    Some(if bound == "bound" { finding.detail(remedy) } else { finding })
}

/// Static routes that went, as default routes do. `None` if there are none.
fn lost_static(routes: &[String]) -> Option<Finding> {
    let first = routes.first()?;
    if routes.len() == 1 {
        return Some(Finding::critical(format!("the route to {first} is not back")));
    }
    let others = routes.len().saturating_sub(1);
    let text = format!("{} routes are not back: to {first} and {others} more", routes.len());
    Some(Finding::critical(text).details(named("not back: ", routes)))
}

/// Static routes that went, and in whose place another program has another way. `None` if there are none.
fn replaced_static(routes: &[String]) -> Option<Finding> {
    let first = routes.first()?;
    if routes.len() == 1 {
        return Some(Finding::warning(format!("the route to {first}")));
    }
    let others = routes.len().saturating_sub(1);
    Some(Finding::warning(format!("the route to {first}, {others} more so")).details(named("", routes)))
}

/// Names routes, each after this head.
fn named(head: &str, routes: &[String]) -> impl Iterator<Item = String> {
    let named = routes.iter().take(ROUTES).map(move |route| format!("{head}the route to {route}"));
    let rest = routes.len().saturating_sub(ROUTES);
    named.chain((rest > 0).then(|| format!("{head}and {rest} more")))
}

/// The report of a run for which something is missing.
fn done(outcome: &Outcome) -> Report {
    let back = back(outcome);
    // The fault of the command explains those of the addresses.
    let mut findings: Findings = outcome.command.iter().map(program).collect();
    findings.extend(groups(&outcome.cases).into_iter().filter_map(|group| finding(outcome, &group)));
    findings.extend(outcome.services.iter().map(program));
    findings.extend(outcome.unrestarted.iter().filter_map(|program| unrestarted(outcome, program)));
    findings.extend(owed(outcome));
    findings.extend(contested(outcome));
    findings.extend(unfinished(outcome));
    findings.extend(outcome.displaced.iter().map(|(was, now)| {
        Finding::warning(format!("{now} is primary now: packets leave from it, not from {was}"))
    }));
    findings.extend(general(outcome));
    findings.extend([Finding::ok("").details(all_back(outcome)).details(notes(outcome))]);
    if findings.state() != State::Ok && !back.is_empty() {
        findings = findings.remark(back.clone());
    }
    findings.report(back)
}

/// Returns a finding for each cause for which a run that ends so leaves addresses as they are. A dry run is
/// not such a cause.
pub(crate) fn left(outcome: &Outcome) -> Vec<Finding> {
    let is_left = |case: &Case| case.fate != Fate::Bindable || outcome.end == End::OverBudget;
    let groups = groups(&outcome.cases).into_iter();
    let left = groups.filter(|group| group.first().is_some_and(|first| is_left(first)));
    left.filter_map(|group| finding(outcome, &group)).collect()
}

/// How many static routes are named.
const ROUTES: usize = 8;
/// How many characters the addresses have that no other host has any more.
const ROOM_FREE: usize = 40;
/// The start of the text on addresses that came back.
const BACK: &str = "bound again: ";

/// What came back and what was restarted.
fn back(outcome: &Outcome) -> String {
    let back: Vec<IpAddr> = of(&outcome.cases, Fate::Back).collect();
    let restarted = outcome.services.iter().filter(|ran| ran.fault.is_none()).count();
    let noun = if restarted == 1 { "service" } else { "services" };
    let back = (!back.is_empty()).then(|| format!("{BACK}{}", brief(&back, room_after(BACK))));
    let finished = is_finished(outcome).then(|| "finished an earlier run".to_owned());
    let restarted = (restarted > 0).then(|| format!("restarted {restarted} {noun}"));
    // Another host had claimed them, and does so no more.
    let free: Vec<IpAddr> =
        outcome.contested.iter().copied().filter(|address| !is_faulty(outcome, address)).collect();
    let free = (outcome.end == End::Done && !free.is_empty())
        .then(|| format!("no other host has {} any more", brief(&free, ROOM_FREE)));
    back.into_iter().chain(finished).chain(free).chain(restarted).collect::<Vec<_>>().join(", ")
}

/// Whether this run did what an earlier one owed.
fn is_finished(outcome: &Outcome) -> bool {
    let is_left = |address| outcome.pending.contains(&address);
    outcome.end == End::Done && outcome.can_finish() && !outcome.owed_addresses().any(is_left)
}

/// What an earlier run owed, and whether it was done.
fn owed(outcome: &Outcome) -> Option<Finding> {
    if outcome.owed.is_empty() {
        return None;
    }
    let what = match (outcome.announces && !outcome.owed.is_announced, outcome.owed.services.is_empty()) {
        (true, false) => "announced its addresses and restarted services",
        (true, true) => "announced its addresses",
        (false, false) => "restarted services",
        (false, true) => "probed for its addresses again",
    };
    if outcome.end == End::Done {
        let addresses = all(&outcome.owed.addresses);
        return Some(
            Finding::ok("").detail(format!("note: an earlier run ended before it had {what}: {addresses}")),
        );
    }
    let why = if outcome.end == End::OverBudget {
        format!("the budget of {} an hour is used up", outcome.per_hour)
    } else if outcome.end == End::DryRun {
        let text = format!("an earlier run ended before it had {what}, and this is a dry run");
        let detail = format!("not finished: {}", all(&outcome.owed.addresses));
        return Some(Finding::warning(text).detail(detail));
    } else {
        "this run could do nothing".to_owned()
    };
    Some(Finding::warning(format!("an earlier run is not finished: {why}")))
}

/// The addresses that another host has too and that this run may not remove. `None` if it may.
fn contested(outcome: &Outcome) -> Option<Finding> {
    let addresses: Vec<IpAddr> = outcome.contested.iter().copied().collect();
    let is_left = outcome.end == End::OverBudget && !addresses.is_empty();
    let (head, tail) =
        ("another host has ", format!(" too: the budget of {} an hour is used up", outcome.per_hour));
    let room = room_after(&format!("{head}{tail}"));
    is_left.then(|| Finding::critical(format!("{head}{}{tail}", brief(&addresses, room))))
}

/// Returns whether something is wrong with an address.
fn is_faulty(outcome: &Outcome, address: &IpAddr) -> bool {
    let is_fault = |case: &Case| !matches!(case.fate, Fate::Back | Fate::Unlisted);
    outcome.cases.iter().any(|case| case.address == *address && is_fault(case))
}

/// What this run leaves to the next one: addresses that are bound and that were not probed for after the
/// binding, or not announced.
fn unfinished(outcome: &Outcome) -> Option<Finding> {
    let checked = outcome.unchecked.as_ref().map(|why| format!("not checked for conflicts: {why}"));
    let why = checked.or_else(|| Some(format!("not announced: {}", outcome.unannounced.as_ref()?)))?;
    let left = outcome.pending.iter().copied().filter(|address| !is_faulty(outcome, address));
    let left: Vec<IpAddr> = left.collect();
    if left.is_empty() {
        return Some(Finding::ok("").detail(format!("note: {why}")));
    }
    let tail = format!(" {why}, the next run does it");
    let (short, whole) = (brief(&left, room_after(&tail)), all(&left));
    let finding = Finding::warning(format!("{short}{tail}"));
    Some(if short == whole { finding } else { finding.detail(format!("all of these: {whole}")) })
}

/// All addresses that came back, where the first line has not all of them.
fn all_back(outcome: &Outcome) -> Option<String> {
    let back: Vec<IpAddr> = of(&outcome.cases, Fate::Back).collect();
    let whole = all(&back);
    (brief(&back, room_after(BACK)) != whole).then(|| format!("{BACK}{whole}"))
}

fn notes(outcome: &Outcome) -> Vec<String> {
    outcome.notes.iter().map(|note| format!("note: {note}")).collect()
}

/// The cases by what became of them and why, the worst first.
fn groups(cases: &[Case]) -> Vec<Vec<&Case>> {
    let mut sorted: Vec<&Case> = cases.iter().collect();
    sorted.sort_by_key(|case| (case.fate, &case.why, case.address));
    sorted
        .chunk_by(|one, other| (one.fate, &one.why) == (other.fate, &other.why))
        .map(<[_]>::to_vec)
        .collect()
}

/// What is wrong with addresses of one fate and cause. `None` of those that came back.
fn finding(outcome: &Outcome, group: &[&Case]) -> Option<Finding> {
    let first = group.first()?;
    let why = first.why.as_deref().unwrap_or(&first.missing);
    let (state, tail) = match first.fate {
        // Named with all that are forbidden.
        Fate::Back | Fate::Contradicted => return None,
        // Named with the lists.
        Fate::Outside if is_explained(outcome, group) => return None,
        Fate::Lost => (State::Critical, format!(" {why}")),
        Fate::Gone => (State::Critical, format!(" not bound: {why}")),
        Fate::Misbound => (State::Critical, format!(" bound wrongly: {why}")),
        Fate::Later => (State::Critical, format!(" not bound yet: {why}")),
        Fate::Failed | Fate::Waiting => (State::Critical, format!(" not back: {why}")),
        Fate::LeftAlone => (State::Critical, format!(" left alone: {why}")),
        Fate::Bindable if outcome.end == End::OverBudget => {
            (State::Critical, format!(" not bound: the budget of {} an hour is used up", outcome.per_hour))
        }
        Fate::Bindable => (State::Warning, " would be bound, but this is a dry run".to_owned()),
        Fate::Unlisted => (State::Warning, format!(" {why}: not in the list")),
        Fate::Outside => (State::Warning, " left alone: not in the list".to_owned()),
    };
    let addresses: Vec<IpAddr> = group.iter().map(|case| case.address).collect();
    let (short, whole) = (brief(&addresses, room_after(&tail)), all(&addresses));
    let mut finding = Finding::new(state, format!("{short}{tail}"));
    if first.fate == Fate::Failed && why == first.missing {
        finding = finding.brief(format!("{short} not back"));
    }
    Some(if short == whole { finding } else { finding.detail(format!("all of these: {whole}")) })
}

/// Returns whether these addresses are missing only in the list of `files`, so that the difference of the
/// lists names them.
fn is_explained(outcome: &Outcome, group: &[&Case]) -> bool {
    let difference = outcome.difference.as_ref();
    difference.is_some_and(|lists| group.iter().all(|case| lists.is_only_in_check(case.address)))
}

/// What came of a program.
fn program(ran: &Ran) -> Finding {
    let words = ran.argv.join(" ");
    let printed = if ran.output.is_empty() { String::new() } else { format!(" ({})", ran.output) };
    let detail = format!("{words}: {}{printed}", ran.fault.as_deref().unwrap_or("done"));
    let finding = match &ran.fault {
        Some(fault) => Finding::critical(format!("{} {fault}", name(&ran.argv))),
        None => Finding::ok(""),
    };
    finding.detail(detail)
}

/// What is wrong with a program that failed in an earlier run. `None` if this run has started it again.
fn unrestarted(outcome: &Outcome, program: &Unrestarted) -> Option<Finding> {
    let Unrestarted { argv, why, is_due } = program;
    if outcome.services.iter().any(|ran| ran.argv == *argv) {
        return None;
    }
    let budget = || format!(", not started again: the budget of {} an hour is used up", outcome.per_hour);
    let rest = match outcome.end {
        End::OverBudget if *is_due => budget(),
        End::DryRun if *is_due => ", not started again in a dry run".to_owned(),
        _ => String::new(),
    };
    let finding = Finding::critical(format!("{} {why}{rest}", name(argv)));
    Some(finding.detail(format!("{}: {why}", argv.join(" "))))
}

#[cfg(test)]
mod tests;
