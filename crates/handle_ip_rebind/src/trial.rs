//! `--test-config`: reads all that a run would read, checks that it would be obeyed, and prints what a run
//! would do. It changes nothing and does not ask the link.

mod disk;

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use plugin::{Deadline, Finding, Findings, Report, State};
use state::StateError;

use crate::backoff::hold_back;
use crate::budget::{BudgetError, Found, Memory, Owed, default_routes, now, try_state};
use crate::case::{Case, Fate, of};
use crate::child::{name, shown};
use crate::config::Config;
use crate::difference::Difference;
use crate::evaluate::lost_route;
use crate::event::{Event, StateType};
use crate::ledger::{may_continue, owed, unrestarted};
use crate::link::{Link, LinkError, TooShort, check_timeout, interface};
use crate::list::List;
use crate::probe::{ObserveError, Seen};
use crate::program::{Program, ProgramError};
use crate::record::check_content;
use crate::retries::Unrestarted;

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
/// nothing is in the way of a run.
///
/// # Errors
/// [`TrialError`].
pub(crate) fn trial(config: &Config, deadline: &Deadline) -> Result<Report, TrialError> {
    check_timeout(deadline)?;
    check_files(config)?;
    let mut found = try_state(&config.state, now(), deadline)?;
    let mut findings = Findings::from_iter(in_the_way(config, &found));
    let seen = Seen::read(config, deadline)?;
    let list = seen.read_list(deadline).map_err(ObserveError::from)?;
    interface::check(seen.bound(), &config.interface).map_err(ObserveError::from)?;
    Link::open(&config.interface, list.addresses().iter().any(IpAddr::is_ipv6))?;
    let mut cases = seen.cases(config, deadline)?;
    found.memory.forget(config, &seen, now());
    let memory = &found.memory;
    cases.extend(memory.cases(&cases));
    refuse_family(config, &seen, &mut cases);
    hold_back(config, &memory.failed, &mut cases, now());
    let unrestarted = unrestarted(config, memory, now());
    let owed = owed(config, memory, &seen);
    let has_left = !owed.is_empty() || unrestarted.iter().any(|each| each.is_due);
    let over_budget = over_budget(config, memory, &cases, has_left);
    let may_act = config.enabled && over_budget.is_none();
    findings.extend(over_budget);
    findings.extend(unrestarted.iter().map(|program| to_restart(program, may_act)));
    if let Some(there) = default_routes(seen.bound(), &config.interface, deadline) {
        found.memory.routes.see(&there, true, now());
    }
    let lost = found.memory.routes.lost();
    findings.extend(lost.iter().map(|(route, address)| lost_route(route, *address)));
    findings.extend(seen.contradictions(config).findings());
    let difference = seen.difference(config);
    findings.extend(difference.iter().map(Difference::finding));
    let (mut state, summary) = summary(config, &list, (&cases, &owed), difference.as_ref());
    let mut report = findings.report(summary.clone());
    if report.summary() != summary {
        report = report.detail(summary.strip_prefix(RIGHT).unwrap_or(&summary));
        state = state.max(report.state);
    }
    report.state = state;
    for address in list.addresses() {
        let of = |case: &&Case| case.address == address;
        report = report.detail(
            cases.iter().find(of).map_or_else(|| format!("{address}: bound"), |case| would(case, config)),
        );
    }
    for case in cases.iter().filter(|case| matches!(case.fate, Fate::Outside | Fate::Gone)) {
        report = report.detail(would(case, config));
    }
    report = to_finish(config, &owed, &unrestarted).into_iter().fold(report, Report::detail);
    let port = list.port().map(|port| format!("note: {port}"));
    Ok(port.into_iter().chain(notes(config)).fold(report, Report::detail))
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
fn summary(
    config: &Config,
    list: &List,
    (cases, owed): (&[Case], &Owed),
    lists: Option<&Difference>,
) -> (State, String) {
    let count = |fate| cases.iter().filter(|case| case.fate == fate).count();
    let (missing, waiting) = (count(Fate::Bindable), count(Fate::Waiting));
    let blocked = count(Fate::LeftAlone) + count(Fate::Contradicted);
    let listed = list.addresses().len();
    let noun = if listed == 1 { "address" } else { "addresses" };
    let summary = format!("{RIGHT}{listed} {noun} listed, {missing} would be bound on {}", config.interface);
    let (gone, misbound) = (count(Fate::Gone), count(Fate::Misbound));
    let is_named = |address| lists.is_some_and(|lists| lists.is_only_in_check(address));
    let outside = of(cases, Fate::Outside).filter(|address| !is_named(*address)).count();
    let is_warned = count(Fate::LeftAlone) + waiting + gone + misbound + outside > 0;
    let rest = [
        (blocked, "left alone"),
        (waiting, "waiting for the next try"),
        (gone, "gone since an earlier run"),
        (misbound, "bound wrongly"),
        (outside, "missing and not in the list"),
        (owed.addresses.len(), "to finish for an earlier run"),
    ];
    let rest = rest.into_iter().filter(|(number, _)| *number > 0);
    let rest: String = rest.map(|(number, what)| format!(", {number} {what}")).collect();
    let state = if is_warned { State::Warning } else { State::Ok };
    (state, format!("{summary}{rest}"))
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

/// Reports that no run may change anything within this hour, except to finish what an earlier run began.
fn over_budget(config: &Config, memory: &Memory, cases: &[Case], has_left: bool) -> Option<Finding> {
    let is_over = memory.acted.len() >= config.per_hour && !may_continue(config, memory, cases, has_left);
    is_over.then(|| Finding::warning(format!("the budget of {} an hour is used up", config.per_hour)))
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
fn to_finish(config: &Config, owed: &Owed, unrestarted: &[Unrestarted]) -> Vec<String> {
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
fn would(case: &Case, config: &Config) -> String {
    let Case { address, prefix, missing, why, .. } = case;
    match case.fate {
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
