//! `--test-config`: reads all that a run would read, checks that it would be obeyed, and prints what a run
//! would do. It changes nothing and does not ask the link.

mod disk;

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use addresses::all;
use plugin::{Deadline, Finding, Findings, Report, State};
use state::StateError;

use crate::budget::{BudgetError, Found, Memory, now, try_state};
use crate::case::{Case, Fate, of};
use crate::child::{name, shown};
use crate::config::Config;
use crate::evaluate::{general, guess, left};
use crate::event::StateType;
use crate::ledger::{here, is_over_budget};
use crate::link::{Link, LinkError, TooShort, check_timeout};
use crate::list::List;
use crate::observe::observe;
use crate::probe::{ObserveError, Seen};
use crate::program::{Program, ProgramError};
use crate::record::check_content;
use crate::retries::Unrestarted;
use crate::{End, Event, Outcome};

/// How the first line begins where nothing is in the way.
const RIGHT: &str = "configuration is right: ";

/// Why a run with this configuration could do nothing.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// A program would not be run.
    #[error("{setting}: {}", in_full(.program, .why))]
    Program {
        /// The setting that names it.
        setting: &'static str,
        /// The program, as it is configured.
        program: PathBuf,
        /// The reason why it cannot run.
        why: ProgramError,
    },
    /// A run with this `--timeout` could bind nothing.
    #[error(transparent)]
    Timeout(#[from] TooShort),
    /// A run could not be recorded.
    #[error("log: {0}")]
    Log(StateError),
    /// The lock and the budget could not be used.
    #[error(transparent)]
    State(#[from] BudgetError),
    /// The link could not be asked.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// It cannot be known what is missing.
    #[error(transparent)]
    Observe(#[from] ObserveError),
}

/// Returns the fault of a program. Adds the configured path if a link led to another one.
fn in_full(program: &Path, why: &ProgramError) -> String {
    let (path, why) = (program.display().to_string(), why.to_string());
    // /usr/bin/x ends as /bin/x does.
    if format!(" {why}").contains(&format!(" {path}")) { why } else { format!("{path}: {why}") }
}

/// Returns what a run would do for each address of the list: OK if all that is missing may be bound, and
/// nothing is in the way of a run. What a run would leave undone has the state and the words of a run.
///
/// # Errors
/// [`TrialError`].
pub(crate) fn trial(config: &Config, deadline: &Deadline) -> Result<Report, TrialError> {
    check_timeout(deadline)?;
    check_files(config)?;
    let mut found = try_state(&config.state, &config.interface, now(), deadline)?;
    let mut findings = Findings::from_iter(in_the_way(config, &found));
    let seen = Seen::read(config, deadline)?;
    let list = seen.read_list(deadline).map_err(ObserveError::from)?;
    let outcome = outcome(config, &seen, &mut found, deadline)?;
    Link::open(&config.interface, list.addresses().iter().any(IpAddr::is_ipv6))?;
    findings.extend(over_budget(&outcome));
    findings.extend(left(&outcome));
    let may_act = config.enabled && outcome.end != End::OverBudget;
    findings.extend(outcome.unrestarted.iter().map(|program| to_restart(program, may_act)));
    findings.extend(general(&outcome));
    findings.extend(guess(&outcome, Fate::Bindable));
    let summary = summary(config, &list, &outcome);
    let mut report = findings.report(summary.clone());
    if report.summary() != summary {
        report = report.detail(summary.strip_prefix(RIGHT).unwrap_or(&summary));
    }
    for address in list.addresses() {
        let case = outcome.cases.iter().find(|case| case.address == address);
        let bound = || format!("{address}: bound");
        report = report.detail(case.map_or_else(bound, |case| would(case, &outcome, config)));
    }
    for case in outcome.cases.iter().filter(|case| matches!(case.fate, Fate::Outside | Fate::Gone)) {
        report = report.detail(would(case, &outcome, config));
    }
    if outcome.end != End::OverBudget {
        let again = once_more(config, &found.memory, &seen);
        report = again.into_iter().chain(to_finish(config, &outcome)).fold(report, Report::detail);
    }
    let port = list.port().map(|port| format!("note: {port}"));
    let found = outcome.notes.iter().map(|note| format!("note: {note}"));
    Ok(port.into_iter().chain(found).chain(notes(config)).fold(report, Report::detail))
}

/// Returns what a run would find now, and whether the budget would end it.
fn outcome(
    config: &Config,
    seen: &Seen,
    found: &mut Found,
    deadline: &Deadline,
) -> Result<Outcome, ObserveError> {
    let mut outcome = Outcome::new(config, Event::Timer);
    let others = found.others(deadline);
    let memory = &mut found.memory;
    memory.review(config, seen, now(), deadline)?;
    let there = memory.default_routes(seen.bound(), &config.interface, deadline);
    memory.see_subnets(config, seen, there.as_ref(), deadline)?;
    observe(config, seen, memory, now(), &mut outcome, deadline)?;
    refuse_family(config, seen, &mut outcome.cases);
    if let Some(there) = &there {
        memory.see_again(there, now());
    }
    outcome.routes = memory.route_faults(there.as_ref(), (seen.bound(), seen.gateways()));
    if there.is_none() {
        outcome.lacks_routes();
    }
    outcome.undone = others.undone(&config.interface, seen.bound(), now(), deadline);
    let has_work = outcome.has_left() || of(&outcome.cases, Fate::Bindable).next().is_some();
    let is_over = has_work && is_over_budget(config, memory, &mut outcome);
    Ok(outcome.ends(if is_over { End::OverBudget } else { End::Nothing }))
}

/// Takes those addresses out that the kernel would not bind. A run tries them: a command may change that.
fn refuse_family(config: &Config, seen: &Seen, cases: &mut [Case]) {
    for case in cases.iter_mut().filter(|case| case.fate == Fate::Bindable && config.command.is_none()) {
        if let Some(fault) = seen.family_fault(&config.interface, case.address) {
            case.becomes(Fate::LeftAlone, fault);
        }
    }
}

/// How many addresses are listed and what becomes of those that are missing.
fn summary(config: &Config, list: &List, outcome: &Outcome) -> String {
    let count = |fate| of(&outcome.cases, fate).count();
    let over = if outcome.end == End::OverBudget { count(Fate::Bindable) } else { 0 };
    let missing = count(Fate::Bindable) - over;
    let blocked = over + count(Fate::LeftAlone) + count(Fate::Contradicted) + count(Fate::Later);
    let listed = list.addresses().len();
    let noun = if listed == 1 { "address" } else { "addresses" };
    let summary = format!("{RIGHT}{listed} {noun} listed, {missing} would be bound on {}", config.interface);
    let is_named = |address| outcome.difference.as_ref().is_some_and(|lists| lists.is_only_in_check(address));
    let outside = of(&outcome.cases, Fate::Outside).filter(|address| !is_named(*address));
    let rest = [
        (blocked, "left alone"),
        (count(Fate::Waiting), "waiting for the next try"),
        (count(Fate::Gone), "gone since an earlier run"),
        (count(Fate::Misbound), "bound wrongly"),
        (outside.count(), "missing and not in the list"),
        (outcome.owed.addresses.len(), "to finish for an earlier run"),
    ];
    let rest = rest.into_iter().filter(|(number, _)| *number > 0);
    let rest: String = rest.map(|(number, what)| format!(", {number} {what}")).collect();
    format!("{summary}{rest}")
}

/// What would keep a run now from acting, or every run after a reboot.
fn in_the_way(config: &Config, found: &Found) -> Vec<Finding> {
    let mut all = vec![Finding::ok("")];
    all.extend(disk::faults(config).into_iter().map(Finding::warning));
    if found.is_busy {
        all.push(Finding::warning("another run is in progress"));
    }
    if !acts_after_a_reboot(config) && !config.acts_on(Event::Timer) {
        all.push(Finding::warning(
            "on has neither CRITICAL-HARD nor TIMER, no event after a reboot is acted on",
        ));
    }
    all
}

/// Reports that no run may change anything within this hour, unless the addresses that stay missing tell it.
fn over_budget(outcome: &Outcome) -> Option<Finding> {
    let is_used_up = outcome.acted >= outcome.per_hour;
    let is_told = |case: &Case| case.fate == Fate::Later || case.fate == Fate::Bindable;
    let is_over = is_used_up && (outcome.end == End::OverBudget || !outcome.has_left());
    let is_new = is_over && !outcome.cases.iter().any(is_told);
    is_new.then(|| Finding::warning(format!("the budget of {} an hour is used up", outcome.per_hour)))
}

/// Reports a program that failed. A run that may not start it yet, or may not act at all, is CRITICAL.
fn to_restart(program: &Unrestarted, may_act: bool) -> Finding {
    let Unrestarted { argv, why, is_due } = program;
    let text = format!("{} {why}", name(argv));
    let finding = if *is_due && may_act {
        Finding::warning(format!("{text}, the next run starts it again"))
    } else {
        Finding::critical(text)
    };
    finding.detail(format!("{}: {why}", argv.join(" ")))
}

/// Returns a line for each act that earlier runs left and a run would do.
fn to_finish(config: &Config, outcome: &Outcome) -> Vec<String> {
    let (owed, unrestarted) = (&outcome.owed, &outcome.unrestarted);
    let act = if config.announce { "announce" } else { "probe again for" };
    let addresses = owed.addresses.iter().filter(|_| !owed.is_announced);
    let addresses = addresses.map(|address| format!("would finish: {act} {address}"));
    let failed = unrestarted.iter().filter(|program| program.is_due).map(|program| &program.argv);
    let mut programs: Vec<&Vec<String>> = Vec::new();
    for argv in owed.services.iter().chain(failed) {
        if !programs.contains(&argv) {
            programs.push(argv);
        }
    }
    addresses.chain(programs.into_iter().map(|argv| format!("would start again: {}", shown(argv)))).collect()
}

/// Returns the line for the addresses that earlier runs bound, and for which a run would probe once more.
fn once_more(config: &Config, memory: &Memory, seen: &Seen) -> Option<String> {
    let lately = if config.enabled { here(config, seen, &memory.lately) } else { Vec::new() };
    (!lately.is_empty()).then(|| format!("would probe once more for {}", all(&lately)))
}

/// Whether a run acts on the only event of a service whose host Nagios still holds down.
fn acts_after_a_reboot(config: &Config) -> bool {
    config.acts_on(Event::Service { state: State::Critical, kind: StateType::Hard })
}

fn notes(config: &Config) -> Vec<String> {
    let mut notes = Vec::new();
    if !acts_after_a_reboot(config) && config.acts_on(Event::Timer) {
        notes.push("note: on has no CRITICAL-HARD, after a reboot only the timer acts".to_owned());
    }
    if !config.enabled {
        notes.push("note: enabled = false, every run is a dry run".to_owned());
    }
    notes
}

/// What a run would do with a missing address.
fn would(case: &Case, outcome: &Outcome, config: &Config) -> String {
    let Case { address, prefix, missing, why, .. } = case;
    match case.fate {
        Fate::Bindable if outcome.end == End::OverBudget => {
            format!("{address}: left alone: the budget of {} an hour is used up", outcome.per_hour)
        }
        Fate::Bindable if config.command.is_some() => {
            format!("{address}: left to the command, if no other host has it")
        }
        Fate::Bindable => {
            format!("{address}: would be bound as /{prefix} on {}, if no other host has it", config.interface)
        }
        Fate::Gone => {
            format!("{address}: not bound: {}", why.as_deref().unwrap_or(missing))
        }
        Fate::Misbound => format!("{address}: bound wrongly: {}", why.as_deref().unwrap_or(missing)),
        Fate::Outside => format!("{address}: {missing}, not in the list"),
        _ => format!("{address}: left alone: {}", why.as_deref().unwrap_or(missing)),
    }
}

/// Checks the programs and the log as far as they exist.
fn check_files(config: &Config) -> Result<(), TrialError> {
    let command = config.command.iter().map(|argv| ("command", argv));
    for (setting, argv) in command.chain(config.restart.iter().map(|argv| ("restart", argv))) {
        let program = argv.program.clone();
        Program::open(&program).map_err(|why| TrialError::Program { setting, program, why })?;
    }
    will_be_made(check_content(&config.log), &config.log).map_err(TrialError::Log)
}

/// Lets a file be missing whose folder exists: a run makes it.
fn will_be_made(checked: Result<(), StateError>, path: &Path) -> Result<(), StateError> {
    match checked {
        Err(error) if error.is_not_found() && path.parent().is_some_and(Path::is_dir) => Ok(()),
        checked => checked,
    }
}
