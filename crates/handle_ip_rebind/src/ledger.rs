//! What a run that changes something notes for the next one, at each step: its use of the budget, what did
//! not come back, and what is owed if it is ended now.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};

use check_ip_bound::ProbeError;
use host_net::Bound;
use plugin::Deadline;

use crate::Outcome;
use crate::backoff::Failures;
use crate::bind::{COMING, PAUSE, RESERVE};
use crate::budget::{BudgetError, Held, Memory, Owed, Run, Start, now};
use crate::case::{Case, Fate, bindable, of};
use crate::child::{Ran, words};
use crate::config::Config;
use crate::probe::{ObserveError, Seen};
use crate::retries::Unrestarted;
use crate::surroundings::subnets::Subnets;
use crate::watch::{Up, Watch};
use crate::wrong::{self, Before};

/// The notes of a run.
pub(crate) struct Ledger<'a> {
    held: &'a Held,
    memory: Memory,
    /// What failed before this run.
    former: Failures,
    /// When earlier runs changed something.
    acted: Vec<u64>,
    /// The addresses that this run tries to bind.
    tried: BTreeSet<IpAddr>,
    /// The addresses that earlier runs bound, and this run had no time to look at.
    unseen: Vec<IpAddr>,
    /// Whether it only continues an earlier run of this hour, which has used the budget.
    continues: bool,
    now: u64,
}

/// Returns what an earlier run owes and this one can do: for addresses of a list that are bound, and rightly,
/// programs that are still configured. What is bound only now is announced anyway.
pub(crate) fn owed(config: &Config, memory: &Memory, seen: &Seen) -> Owed {
    let mut addresses = here(config, seen, &memory.owed.addresses);
    addresses.retain(|address| !memory.misbound.has(*address));
    let configured = |words: &&Vec<String>| services(config).contains(words);
    let services: Vec<Vec<String>> = memory.owed.services.iter().filter(configured).cloned().collect();
    if addresses.is_empty() {
        return Owed::default();
    }
    Owed { addresses, services, is_announced: memory.owed.is_announced }
}

/// Returns those of these addresses that are bound on the configured interface, and that a list still names:
/// an address that was taken off is no longer this program's.
pub(crate) fn here(config: &Config, seen: &Seen, addresses: &[IpAddr]) -> Vec<IpAddr> {
    let bound = seen.bound();
    let here = bound.interfaces.iter().find(|known| known.name == config.interface);
    let is_here = |address: &IpAddr| {
        here.is_some_and(|here| bound.places(*address).iter().any(|place| place.interface == here.index))
    };
    addresses.iter().copied().filter(|address| seen.names(*address) && is_here(address)).collect()
}

/// Returns the programs that failed and are still configured.
pub(crate) fn unrestarted(config: &Config, memory: &Memory, now: u64) -> Vec<Unrestarted> {
    let mut programs = memory.programs.clone();
    let configured = services(config);
    programs.retain(|words| configured.contains(words));
    programs.found(now)
}

/// Returns whether nothing more may be changed within this hour. Addresses that went missing since an earlier
/// run began are not part of what this one may finish.
pub(crate) fn is_over_budget(config: &Config, memory: &Memory, outcome: &mut Outcome) -> bool {
    if outcome.acted < config.per_hour {
        return false;
    }
    let has_left = outcome.has_left();
    let is_over = !may_continue(config, memory, &outcome.cases, has_left);
    let is_begun = |case: &Case| memory.begun.contains(&case.address);
    let mut tried = outcome.cases.iter_mut().filter(|case| case.fate == Fate::Bindable).collect::<Vec<_>>();
    let has_begun = has_left || tried.iter().any(|case| is_begun(case));
    for case in tried.iter_mut().filter(|case| has_begun && is_begun(case) == is_over) {
        case.becomes(Fate::Later, format!("the budget of {} an hour is used up", config.per_hour));
    }
    is_over
}

/// Returns whether a run may go on although the budget of the hour is used up: to finish what an earlier run
/// of this hour began, which is one use of the budget. `has_left` tells whether that run left something
/// besides addresses to bind.
fn may_continue(config: &Config, memory: &Memory, cases: &[Case], has_left: bool) -> bool {
    let is_begun = |address: IpAddr| memory.begun.contains(&address);
    let bindable = || of(cases, Fate::Bindable);
    // A command binds all or nothing.
    let is_apart = config.command.is_none() || bindable().all(is_begun);
    memory.may_continue() && is_apart && (has_left || bindable().any(is_begun))
}

/// The addresses at which the next run looks again: those that are still `unseen`, those that came back and
/// those that an earlier run left, without those that are still to be announced.
fn lately(unseen: &[IpAddr], outcome: &Outcome) -> Vec<IpAddr> {
    let done = of(&outcome.cases, Fate::Back).chain(outcome.owed_addresses());
    let done = done.filter(|address| !outcome.pending.contains(address));
    let all: BTreeSet<IpAddr> = done.chain(unseen.iter().copied()).collect();
    all.into_iter().collect()
}

/// The addresses that this run or a killed one before it has bound, in the order of the list, each with its
/// prefix length.
fn back(outcome: &Outcome, bound: &Bound) -> Vec<(IpAddr, u8)> {
    let mut back: Vec<&Case> = outcome.cases.iter().filter(|case| case.fate == Fate::Back).collect();
    back.sort_by_key(|case| case.order);
    let owed = outcome.owed_addresses();
    let owed = owed.filter_map(|address| Some((address, bound.places(address).first()?.prefix)));
    back.into_iter().map(|case| (case.address, case.prefix)).chain(owed).collect()
}

/// The programs to run when an address came back.
fn services(config: &Config) -> Vec<Vec<String>> {
    config.restart.iter().map(words).collect()
}

impl<'a> Ledger<'a> {
    /// Notes on the disk that this run begins: until it is known what came of it, it has used the budget, and
    /// owes all that it is about to do.
    ///
    /// # Errors
    /// [`BudgetError`]: then nothing may be changed.
    pub(crate) fn begin(
        held: &'a Held,
        mut memory: Memory,
        (config, seen, watch): (&Config, &Seen, &Watch<'_>),
        outcome: &mut Outcome,
        now: u64,
        deadline: &Deadline,
    ) -> Result<Self, BudgetError> {
        let has_programs = config.command.is_some() || !config.restart.is_empty();
        memory.before = has_programs.then(|| Before::of(config, seen, &outcome.cases));
        memory.subnets.guess(&outcome.cases);
        memory.up = if has_programs { watch.up() } else { Up::default() };
        (memory.began, memory.ended, memory.ended_at_age) = (has_programs.then_some(now), None, None);
        memory.start = has_programs.then(Start::read);
        if has_programs {
            let names = memory.up.names().chain(memory.interfaces.names());
            memory.configured = seen.configured(config, names, deadline).names;
        }
        let (former, acted) = (memory.failed.clone(), memory.acted.clone());
        let tried: BTreeSet<IpAddr> = of(&outcome.cases, Fate::Bindable).collect();
        let continues = memory.may_continue() && tried.is_subset(&memory.begun);
        // Those that another host has too are dealt with in this run.
        let unseen = memory.lately.iter().copied().filter(|address| !outcome.contested.contains(address));
        let unseen = unseen.collect();
        let mut ledger = Self { held, memory, former, acted, tried, unseen, continues, now };
        if continues {
            ledger.memory.interrupted += 1;
        } else {
            ledger.memory.interrupted = 0;
            ledger.memory.acted.push(now);
        }
        ledger.memory.begun.clone_from(&ledger.tried);
        ledger.memory.finds(&ledger.tried);
        ledger.owe(
            config,
            bindable(&outcome.cases).into_iter().chain(outcome.owed.addresses.clone()),
            outcome,
        );
        outcome.acted = ledger.memory.acted.len();
        held.write(&mut ledger.memory)?;
        Ok(ledger)
    }

    /// Notes what is owed for these addresses of this run and of an earlier one.
    fn owe(&mut self, config: &Config, addresses: impl Iterator<Item = IpAddr>, outcome: &Outcome) {
        let earlier: BTreeSet<IpAddr> = outcome.owed.addresses.iter().copied().collect();
        let addresses: Vec<IpAddr> = addresses.collect();
        let is_new = addresses.iter().any(|address| !earlier.contains(address));
        let services = if is_new { services(config) } else { outcome.owed.services.clone() };
        let is_announced = !is_new && outcome.owed.is_announced;
        self.memory.owed = Owed { addresses, services, is_announced };
    }

    /// Notes which addresses are back, which are not, and which the command bound wrongly. A run that could
    /// change nothing has used none of the budget.
    pub(crate) fn learn(&mut self, config: &Config, seen: &Seen, outcome: &mut Outcome, deadline: &Deadline) {
        self.learn_wrong(config, seen, outcome, deadline);
        let announced = outcome.owed.is_announced.then(|| outcome.owed_addresses());
        let addresses = outcome.pending.iter().copied().chain(announced.into_iter().flatten());
        self.owe(config, addresses, outcome);
        self.fates(outcome);
    }

    /// Notes the addresses of a list that programs of this run bound wrongly, and that are bound so now.
    fn learn_wrong(&mut self, config: &Config, seen: &Seen, outcome: &Outcome, deadline: &Deadline) {
        let wrong: BTreeSet<IpAddr> = of(&outcome.cases, Fate::Misbound).collect();
        let mut wrongs = outcome.misbound.clone();
        wrongs.retain(|address, _| wrong.contains(address) && seen.names(*address));
        if !wrongs.is_empty()
            && let Ok(bound) = Bound::read(deadline)
        {
            self.memory.misbound.learn(&wrongs, &bound, &config.interface);
        }
    }

    /// Judges where the services of this run bound addresses of a list.
    ///
    /// # Errors
    /// [`ObserveError`]: what is bound, the list or the routes cannot be read.
    pub(crate) fn judge(
        &mut self,
        config: &Config,
        seen: &Seen,
        outcome: &mut Outcome,
        deadline: &Deadline,
    ) -> Result<(), ObserveError> {
        let Some(before) = &self.memory.before else { return Ok(()) };
        if outcome.services.iter().any(|ran| ran.is_started) {
            let bound = Bound::read(deadline).map_err(ProbeError::from)?;
            let found = (seen, &self.memory.subnets);
            let wrongs = wrong::found(config, found, (before, &bound), "after the restart", deadline)?;
            for (address, places) in wrongs {
                places.into_iter().for_each(|place| outcome.bound_wrongly(address, place));
            }
            self.learn_wrong(config, seen, outcome, deadline);
        }
        Ok(())
    }

    /// Notes that the addresses were announced, if all of them were and programs are left. The next run looks
    /// at them again.
    pub(crate) fn announced(&mut self, outcome: &mut Outcome) {
        if outcome.pending.is_empty() && !self.memory.owed.services.is_empty() {
            self.memory.owed.is_announced = true;
            self.memory.lately = lately(&self.unseen, outcome);
            self.write(outcome);
        }
    }

    /// Returns the subnets that runs found.
    pub(crate) fn subnets(&self) -> &Subnets {
        &self.memory.subnets
    }

    /// Returns whether a program must be run.
    pub(crate) fn owes(&self, words: &[String]) -> bool {
        self.memory.owed.services.iter().any(|owed| owed == words)
    }

    /// Notes what came of a program. One that there was no time for is still owed, and one that failed is
    /// started again later.
    pub(crate) fn ran(&mut self, ran: &Ran, outcome: &mut Outcome) {
        if !ran.is_owed {
            self.memory.owed.services.retain(|owed| *owed != ran.argv);
            self.memory.programs.learn(ran, self.now);
            self.write(outcome);
        }
    }

    /// Notes the end of the run, after the announcements, and the addresses and interfaces that are gone.
    /// `seen` tells which of these addresses a list names.
    pub(crate) fn end(
        &mut self,
        config: &Config,
        (seen, watch): (&Seen, &Watch<'_>),
        outcome: &mut Outcome,
        deadline: &Deadline,
    ) {
        if self.memory.owed.services.is_empty() {
            self.memory.owed.addresses = outcome.pending.iter().copied().collect();
        } else if self.memory.owed.addresses.is_empty() {
            self.memory.owed.services.clear();
        }
        self.memory.interrupted = 0;
        self.memory.before = None;
        let is_started = watch.program_ended().is_some();
        self.memory.up = if is_started { watch.up() } else { Up::default() };
        (self.memory.began, self.memory.ended) = (None, is_started.then(now));
        self.memory.ended_at_age = is_started.then(|| Start::read().age());
        self.memory.lately = lately(&self.unseen, outcome);
        self.memory.gone.learn(&outcome.cases, |address| seen.names(address), self.now);
        self.see_interfaces(outcome, deadline);
        self.see_routes(config, seen, outcome, deadline);
        self.fates(outcome);
    }

    /// Notes the interfaces that are down or gone. A program of this run may have set up one that was.
    fn see_interfaces(&mut self, outcome: &mut Outcome, deadline: &Deadline) {
        self.memory.interfaces.learn(&outcome.lost_interfaces, self.now);
        let are_off = !(outcome.lost_interfaces.is_empty() && outcome.unconfigured_interfaces.is_empty());
        if are_off && let Ok(bound) = Bound::read(deadline) {
            self.memory.interfaces.forget(&bound, &BTreeSet::new(), self.now);
            outcome.lost_interfaces = self.memory.interfaces.lost();
            outcome.unconfigured_interfaces = self.memory.interfaces.unconfigured();
        }
    }

    /// Notes the default routes that are not back. A program may bring one back a little after it has ended.
    fn see_routes(&mut self, config: &Config, seen: &Seen, outcome: &mut Outcome, deadline: &Deadline) {
        let has_run = outcome.services.iter().chain(&outcome.command).any(|ran| ran.is_started);
        let until = Instant::now() + if has_run { COMING } else { Duration::ZERO };
        loop {
            let Ok(bound) = Bound::read(deadline) else { return };
            let there = self.memory.default_routes(&bound, &config.interface, deadline);
            let Some(there) = there else { return outcome.lacks_routes() };
            let (before, back) = (outcome.default_routes.as_ref(), back(outcome, &bound));
            let addresses: Vec<IpAddr> = back.iter().map(|(address, _)| *address).collect();
            outcome.displaced = self.memory.subnets.displaced(&bound, &config.interface, &addresses);
            let run = Run { before, configured: seen.gateways().expected, back: &back, began: self.now };
            let mut memory = self.memory.clone();
            memory.see_again(&there, self.now);
            memory.lose_routes(&there, run);
            outcome.routes = memory.route_faults(Some(&there), (&bound, seen.gateways()));
            if outcome.routes.is_empty() || Instant::now() >= until || deadline.remaining() <= RESERVE {
                self.memory = memory;
                self.memory.lacks(&outcome.cases);
                return;
            }
            thread::sleep(PAUSE);
        }
    }

    fn fates(&mut self, outcome: &mut Outcome) {
        self.memory.failed = self.former.clone();
        self.memory.failed.learn(&outcome.cases, self.now);
        self.memory.acted = self.acted.clone();
        self.memory.acted.extend((outcome.changed && !self.continues).then_some(self.now));
        self.memory.begun =
            of(&outcome.cases, Fate::Later).filter(|later| self.tried.contains(later)).collect();
        outcome.acted = self.memory.acted.len();
        self.write(outcome);
    }

    fn write(&mut self, outcome: &mut Outcome) {
        if let Err(error) = self.held.write(&mut self.memory) {
            let note = format!("not kept for the next run: {error}");
            if !outcome.notes.contains(&note) {
                outcome.notes.push(note);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::example;

    #[test]
    fn a_run_may_finish_what_an_earlier_one_of_this_hour_began() {
        let config = |more: &str| {
            let text = format!("interface = \"eth0\"\nfiles = [\"/etc/ips\"]\n{more}");
            crate::config::example(&text)
        };
        let command = "command = [\"/bin/true\"]\n";
        let memory = |begun: &[&str], acted: &[u64], interrupted| {
            let mut memory = Memory::default();
            memory.begun = begun.iter().map(|address| address.parse().unwrap()).collect();
            (memory.acted, memory.interrupted) = (acted.to_vec(), interrupted);
            memory
        };
        let cases = ["192.0.2.31", "192.0.2.32"].map(|address| example(address, Fate::Bindable, ""));
        let both: &[&str] = &["192.0.2.31", "192.0.2.32"];
        let rows: [(&str, Memory, &[Case], bool, bool); 9] = [
            ("", memory(&both[..1], &[1], 0), &cases, false, true),
            ("", memory(&["192.0.2.33"], &[1], 0), &cases, false, false),
            ("", memory(both, &[], 0), &cases, false, false),
            ("", memory(both, &[1], 2), &cases, false, false),
            (command, memory(&both[..1], &[1], 0), &cases, false, false),
            (command, memory(both, &[1], 0), &cases, false, true),
            ("", memory(&[], &[1], 0), &[], true, true),
            ("", memory(&[], &[1], 0), &[], false, false),
            (command, memory(&[], &[1], 0), &cases, true, false),
        ];
        for (more, memory, cases, has_left, expected) in rows {
            assert_eq!(may_continue(&config(more), &memory, cases, has_left), expected, "{more} {memory:?}");
        }
    }
}
