//! What a run did: for the report and for the record.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::Event;
use crate::budget::others::Undone;
use crate::budget::{DefaultRoutes, Owed, RouteFaults};
use crate::case::{Case, Fate};
use crate::child::Ran;
use crate::config::Config;
use crate::contradiction::Contradictions;
use crate::difference::Difference;
use crate::event::When;
use crate::retries::Unrestarted;
use crate::wrong::{Wrong, Wrongs, words};

/// The note where the table of routes is too large to be read in a run.
const UNREAD: &str = "the routes were not read within 0.2 s, lost ones are not noticed";

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum End {
    /// The event is none of those on which to act.
    NotActedOn,
    /// The host or the service is in a downtime.
    Downtime,
    /// Another run has the lock.
    Busy,
    /// Nothing is missing.
    AllWell,
    /// Nothing of what is missing may be bound.
    Nothing,
    /// The budget of the hour is used up.
    OverBudget,
    /// The configuration does not say that it is enabled.
    DryRun,
    /// Something was done.
    Done,
}

/// What a run did.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// What it was run for.
    pub(crate) event: Event,
    /// The events on which to act.
    pub(crate) on: Vec<When>,
    /// How it ended.
    pub(crate) end: End,
    /// The interface that addresses are bound on.
    pub(crate) interface: String,
    /// How many addresses are expected.
    pub(crate) expected: usize,
    /// How the list of `check` and that of `files` differ.
    pub(crate) difference: Option<Difference>,
    /// Which addresses of the list `check` forbids.
    pub(crate) contradictions: Contradictions,
    /// Why this run is not in the log.
    pub(crate) unrecorded: Option<String>,
    /// The missing ones.
    pub(crate) cases: Vec<Case>,
    /// The addresses that earlier runs bound alone because nothing told their subnet, and the prefix length
    /// that an administrator gave each meanwhile.
    pub(crate) guessed: BTreeMap<IpAddr, Option<u8>>,
    /// Where programs of this run bound addresses wrongly.
    pub(crate) misbound: Wrongs,
    /// How often something was changed within the hour, by this run too.
    pub(crate) acted: usize,
    /// Whether this run has changed something, or may have.
    pub(crate) changed: bool,
    /// How often it may be.
    pub(crate) per_hour: usize,
    /// What an earlier run owes, and this one does.
    pub(crate) owed: Owed,
    /// The default routes that there were when this run began. `None` if they could not be read.
    pub(crate) default_routes: Option<DefaultRoutes>,
    /// The addresses that came back and are no longer the primary ones of their networks, each with the one
    /// that is.
    pub(crate) displaced: Vec<(IpAddr, IpAddr)>,
    /// What is wrong with the routes.
    pub(crate) routes: RouteFaults,
    /// What is wrong with the interfaces that programs set down or removed, by name.
    pub(crate) lost_interfaces: BTreeMap<String, String>,
    /// The same of those that others may have removed.
    pub(crate) unconfigured_interfaces: BTreeMap<String, String>,
    /// What runs for other interfaces left and no run does.
    pub(crate) undone: Vec<Undone>,
    /// The addresses that earlier runs bound, and another host has now.
    pub(crate) contested: BTreeSet<IpAddr>,
    /// The addresses that this run or an earlier one bound, and that were not announced since.
    pub(crate) pending: BTreeSet<IpAddr>,
    /// Why they were not probed for after the binding.
    pub(crate) unchecked: Option<String>,
    /// Why they were not announced.
    pub(crate) unannounced: Option<String>,
    /// The programs that failed in an earlier run.
    pub(crate) unrestarted: Vec<Unrestarted>,
    /// Whether addresses that come back are announced.
    pub(crate) announces: bool,
    /// What became of the command that binds.
    pub(crate) command: Option<Ran>,
    /// What became of the services.
    pub(crate) services: Vec<Ran>,
    /// What else is worth knowing.
    pub(crate) notes: Vec<String>,
}

impl Outcome {
    /// That of a run which has done nothing yet.
    pub(crate) fn new(config: &Config, event: Event) -> Self {
        Self {
            event,
            on: config.on.clone(),
            end: End::NotActedOn,
            interface: config.interface.clone(),
            expected: 0,
            difference: None,
            contradictions: Contradictions::default(),
            unrecorded: None,
            cases: Vec::new(),
            guessed: BTreeMap::new(),
            misbound: Wrongs::new(),
            acted: 0,
            changed: false,
            per_hour: config.per_hour,
            owed: Owed::default(),
            default_routes: None,
            displaced: Vec::new(),
            routes: RouteFaults::default(),
            lost_interfaces: BTreeMap::new(),
            unconfigured_interfaces: BTreeMap::new(),
            undone: Vec::new(),
            contested: BTreeSet::new(),
            pending: BTreeSet::new(),
            unchecked: None,
            unannounced: None,
            unrestarted: Vec::new(),
            announces: config.announce,
            command: None,
            services: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Sets the fate of an address, also of one that was not missing.
    pub(crate) fn set(&mut self, address: IpAddr, fate: Fate, why: impl Into<Option<String>>, missing: &str) {
        let why = why.into();
        match self.cases.iter_mut().find(|case| case.address == address) {
            Some(case) => case.becomes(fate, why),
            None => self.cases.push(Case::unlisted(address, missing.to_owned(), fate, why)),
        }
    }

    /// Notes a place at which an address is bound wrongly, besides those that are known.
    pub(crate) fn bound_wrongly(&mut self, address: IpAddr, wrong: Wrong) {
        let places = self.misbound.entry(address).or_default();
        if !places.iter().any(|known| known.is_at(&wrong)) {
            places.push(wrong);
        }
        let why = words(places);
        self.set(address, Fate::Misbound, why, "bound");
    }

    /// Notes that the routes are not known, once.
    pub(crate) fn lacks_routes(&mut self) {
        if !self.notes.iter().any(|note| note == UNREAD) {
            self.notes.push(UNREAD.to_owned());
        }
    }

    /// Returns whether an earlier run left something that this one can do.
    pub(crate) fn has_left(&self) -> bool {
        self.can_finish()
            || !self.contested.is_empty()
            || self.unrestarted.iter().any(|program| program.is_due)
    }

    /// Returns whether this run can finish what an earlier run left for its addresses.
    pub(crate) fn can_finish(&self) -> bool {
        self.owed_addresses().next().is_some()
    }

    /// Returns the addresses of an earlier run that are still bound and have no fault.
    pub(crate) fn owed_addresses(&self) -> impl Iterator<Item = IpAddr> {
        let known: BTreeSet<IpAddr> = self.cases.iter().map(|case| case.address).collect();
        self.owed.addresses.iter().copied().filter(move |address| !known.contains(address))
    }

    /// The same at its end.
    pub(crate) fn ends(self, end: End) -> Self {
        Self { end, ..self }
    }
}
