//! What runs for other interfaces noted in the same directory, and no run brings to its end any more: the
//! setting `interface` was changed, or these runs have stopped. A run reads only the file of its own
//! interface.

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;

use host_net::Bound;
use plugin::{Deadline, Finding};
use state::Folder;

use super::there::DefaultRoutes;
use super::{BUDGET, BudgetError, Found, Held, Memory, now, read_file, since_1970};
use crate::prefix::longest;

/// For how long a file may stay as it is while it has work, in seconds. Each run that finds work in its own
/// file writes it anew.
const KEPT: u64 = 3_600;
/// The same where no timer starts the runs: without an event of the monitor, or in a downtime, there are
/// none.
const KEPT_WITHOUT_TIMER: u64 = 86_400;

/// The files of other interfaces that no run has written for an hour, or a day without a timer.
#[derive(Debug, Default)]
pub(crate) struct Others(Vec<Other>);

#[derive(Debug)]
struct Other {
    path: PathBuf,
    name: String,
    /// How long ago it was written, in seconds. `None` if that is in the future.
    age: Option<u64>,
    content: Result<Memory, BudgetError>,
}

/// What is left undone for another interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Undone {
    text: String,
    details: Vec<String>,
}

impl Held {
    /// Reads what runs for other interfaces left.
    pub(crate) fn others(&self, deadline: &Deadline) -> Others {
        Others::read(&self.folder, &self.file, deadline)
    }
}

impl Found {
    /// Reads what runs for other interfaces left.
    pub(crate) fn others(&self, deadline: &Deadline) -> Others {
        let read = |(folder, own): &(Folder, String)| Others::read(folder, own, deadline);
        self.place.as_ref().map(read).unwrap_or_default()
    }
}

impl Others {
    /// Reads those of the files in the folder of the state that are not a run's `own` one.
    fn read(folder: &Folder, own: &str, deadline: &Deadline) -> Self {
        let entries = fs::read_dir(folder.path()).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let is_budget = |name: &String| {
            name.strip_prefix(BUDGET).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let mut names: Vec<String> = names.filter(|name| is_budget(name) && name != own).collect();
        names.sort_unstable();
        Self(names.into_iter().filter_map(|name| Other::read(folder, &name, deadline)).collect())
    }

    /// Returns what each has that is still as it was noted, by what is `bound` now, the routes that are
    /// there, and a run for the configured `interface`.
    pub(crate) fn undone(
        &self,
        interface: &str,
        bound: &Bound,
        now: u64,
        deadline: &Deadline,
    ) -> Vec<Undone> {
        let there = |memory: &Memory| memory.default_routes(bound, &memory.interface, deadline);
        let undone = |other: &Other| other.undone(interface, (bound, &there), now);
        self.0.iter().filter_map(undone).collect()
    }
}

impl Other {
    /// `None` if it was written a short time ago, or is gone.
    fn read(folder: &Folder, name: &str, deadline: &Deadline) -> Option<Self> {
        let path = folder.path().join(name);
        let written = fs::symlink_metadata(&path).and_then(|file| file.modified()).ok()?;
        let age = now().checked_sub(since_1970(written));
        if age.is_some_and(|age| age < KEPT) {
            return None;
        }
        let content = read_file(folder, name, deadline).transpose()?;
        let is_timed = content.as_ref().map_or(true, |memory| memory.is_timed);
        if !is_timed && age.is_some_and(|age| age < KEPT_WITHOUT_TIMER) {
            return None;
        }
        Some(Self { path, name: name.to_owned(), age, content })
    }

    /// Whether runs for this interface write a file of this name.
    fn is_of(&self, interface: &str) -> bool {
        self.name == BUDGET || self.name.strip_prefix(BUDGET) == Some(&format!(".{interface}"))
    }

    fn undone(
        &self,
        interface: &str,
        (bound, there): (&Bound, &impl Fn(&Memory) -> Option<DefaultRoutes>),
        now: u64,
    ) -> Option<Undone> {
        let path = self.path.display();
        let memory = match &self.content {
            Ok(memory) => memory,
            Err(error) => {
                let why = match error {
                    BudgetError::Corrupt { what, .. } => {
                        format!("state {path}: {what}: inspect and remove it")
                    }
                    error => error.to_string(),
                };
                let text = format!("work of another interface is not known: {why}");
                return Some(Undone { text, details: Vec::new() });
            }
        };
        // A copy that somebody has set aside is no file of a run.
        if memory.interface == interface || !self.is_of(&memory.interface) {
            return None;
        }
        let left = memory.left_by_now(interface, (bound, there), now);
        if left.is_empty() {
            return None;
        }
        let (of, when) = (&memory.interface, self.age.map_or_else(|| "dated in the future".to_owned(), ago));
        let remedy = format!("run it with interface = {of}, or remove {path} to forget this");
        let details = left.into_iter().map(|what| format!("not done: {what}")).chain([remedy]);
        let text = format!("runs for {of} left work undone, {when}: {path}");
        Some(Undone { text, details: details.collect() })
    }
}

/// Returns when the last run was, in words.
fn ago(seconds: u64) -> String {
    let hours = seconds / 3_600;
    if hours < 48 { format!("the last {hours} h ago") } else { format!("the last {} d ago", hours / 24) }
}

impl Undone {
    /// Reports it.
    pub(crate) fn finding(&self) -> Finding {
        Finding::warning(&self.text).details(self.details.clone())
    }
}

impl Memory {
    /// Returns what later runs have to do or to tell, each in words.
    pub(crate) fn left(&self) -> Vec<String> {
        let addresses = self.owed.addresses.iter().filter(|_| !self.owed.is_announced);
        let addresses = addresses.map(|address| format!("announce {address}"));
        let services = self.owed.services.iter().map(|argv| format!("run {}", argv.join(" ")));
        let failed = self.programs.faults();
        let cases = self.gone.cases().chain(self.misbound.cases());
        let cases = cases.map(|case| format!("{} {}: {}", case.address, case.missing, case.cause()));
        let killed = self.before.iter().map(|_| "a run was killed while its programs ran".to_owned());
        let interfaces = self.interfaces.lost().into_iter().chain(self.interfaces.unconfigured());
        let interfaces = interfaces.map(|(name, why)| format!("{name} {why}"));
        let defaults = self.routes.lost().into_keys().map(|route| format!("{route} is not back"));
        let (statics, replaced) = self.statics.lost(None);
        let statics = statics.into_iter().chain(replaced).map(|route| format!("{route} is not back"));
        let alone = self.subnets.guessed().iter();
        let alone = alone.map(|address| format!("{address} bound as /{}", longest(address.is_ipv4())));
        let acts = addresses.chain(services).chain(failed).chain(killed);
        acts.chain(cases).chain(interfaces).chain(defaults).chain(statics).chain(alone).collect()
    }

    /// The same of runs for another interface, without what is right by now for the configured one. `there`
    /// returns the routes that are there for the interface of these runs.
    fn left_by_now(
        &self,
        interface: &str,
        (bound, there): (&Bound, &impl Fn(&Self) -> Option<DefaultRoutes>),
        now: u64,
    ) -> Vec<String> {
        let mut memory = self.clone();
        let index = bound.by_name(&self.interface).map(|known| known.index);
        let places = |address: IpAddr| {
            let places = bound.places(address).iter();
            places.filter(|place| Some(place.interface) == index)
        };
        memory.owed.addresses.retain(|address| places(*address).next().is_some());
        if memory.owed.addresses.is_empty() {
            memory.owed.services.clear();
        }
        memory.gone.forget(bound, now);
        memory.interfaces.forget(bound, &BTreeSet::new(), now);
        memory.misbound.forget(bound, &self.interface, |_| true);
        memory.misbound.accept(interface);
        let is_alone = |address: IpAddr| places(address).any(|it| it.prefix == longest(address.is_ipv4()));
        memory.subnets.forget(|address| !is_alone(address));
        memory.forget_old_routes(now);
        if memory.has_lost_routes()
            && let Some(there) = there(&memory)
        {
            memory.see_again(&there, now);
        }
        memory.left()
    }
}
