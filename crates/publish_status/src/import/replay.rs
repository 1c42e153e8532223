//! From the lines of the logs to what each component was, as if a run had looked at every moment.
//!
//! Time counts only while the monitor ran, which a line shows for the time since the one before it: not
//! across a start, not after a stop, and not across a silence that is longer than any that Nagios leaves. A
//! state is kept over a restart, as the monitor itself keeps it.

use std::collections::{BTreeSet, HashMap};

use monitor_state::{Collect as _, Condition, LogEvent, LogLine, LogState, Monitor, Occasion};

use crate::config::{Component, Config};
use crate::judge::{self, Limits, Verdict};
use crate::jump::Baseline;
use crate::ledger::{Ledger, Run};
use crate::moment::DAY;
use crate::notes::Note;
use crate::sources::chooser::Chooser;
use crate::sources::{Checks, Host, Source};
use crate::status::Status;
use crate::view::{apply_work, units};

/// The longest time between two lines of a monitor that runs, in seconds: Nagios writes one each hour, when
/// it saves its state. A longer one is a log that is missing, or a machine that stood still.
pub(crate) const SILENCE: u64 = 7_200;

/// Results of any age count: the log tells when they changed.
const CHECKS: Checks = Checks { last: 0, interval: 0.0, active: false, passive: true };

/// What the logs tell of the past.
#[derive(Debug)]
pub(crate) struct Past {
    /// The time in each state, and the outages.
    pub(crate) ledger: Ledger,
    /// How many sources they tell of.
    pub(crate) sources: usize,
    /// The components that they do not tell of, by their public names.
    pub(crate) missing: Vec<String>,
    /// For how many seconds between the first line and the last the monitor did not run.
    pub(crate) silent: u64,
    /// By how many seconds a line is before an earlier one, at most: the clock was set back.
    pub(crate) set_back: u64,
}

/// A source, with what counts it.
struct Part {
    source: Source,
    components: Vec<usize>,
    is_listed: bool,
}

/// A host, with the components that count a service of it.
struct PartHost {
    host: Host,
    components: Vec<usize>,
    is_listed: bool,
}

/// The states while the logs are read.
pub(crate) struct Replay<'a> {
    config: &'a Config,
    components: Vec<&'a Component>,
    notes: &'a [Note],
    /// When notes begin and end, the latest first.
    boundaries: Vec<u64>,
    limits: Limits,
    chooser: Chooser<'a>,
    parts: Vec<Part>,
    hosts: HashMap<String, PartHost>,
    /// The places of sources by their names; `None` for what no component counts.
    places: HashMap<String, Option<usize>>,
    /// The places of the sources of each component.
    behind: Vec<Vec<usize>>,
    statuses: Vec<Status>,
    /// The components whose state may have changed.
    changed: BTreeSet<usize>,
    ledger: Ledger,
    /// The moment that was reached, in seconds since 1970; 0 before the first line.
    at: u64,
    now: u64,
    is_running: bool,
    is_listing: bool,
    is_after_gap: bool,
    silent: u64,
    set_back: u64,
}

impl<'a> Replay<'a> {
    /// Returns one that knows nothing yet. `now` is the moment up to which time counts.
    pub(crate) fn new(config: &'a Config, notes: &'a [Note], soft: bool, now: u64) -> Self {
        let components: Vec<&Component> = config.components().collect();
        let statuses = vec![Status::Unknown; components.len()];
        let mut boundaries: Vec<u64> =
            notes.iter().flat_map(|note| [Some(note.start), note.end]).flatten().collect();
        boundaries.sort_unstable_by(|a, b| b.cmp(a));
        let mut ledger = Ledger { vouches: u64::MAX, ..Ledger::default() };
        ledger.look_at(units(config, &statuses).into_iter().map(|unit| unit.id).collect());
        let monitor =
            Monitor { passive_service_checks: true, passive_host_checks: true, ..Monitor::default() };
        Self {
            config,
            notes,
            boundaries,
            limits: Limits { now: 0, interval_length: 1, soft, monitor },
            chooser: Chooser::new(config),
            parts: Vec::new(),
            hosts: HashMap::new(),
            places: HashMap::new(),
            behind: vec![Vec::new(); components.len()],
            components,
            statuses,
            changed: BTreeSet::new(),
            ledger,
            at: 0,
            now,
            is_running: true,
            is_listing: false,
            is_after_gap: false,
            silent: 0,
            set_back: 0,
        }
    }

    /// Returns the moment that was reached, in seconds since 1970.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    /// Adds a line. A line that is older than the last one adds no time, because the clock was set back. A
    /// line in the future only shows that the monitor ran until now.
    pub(crate) fn line(&mut self, line: LogLine<'_>) {
        self.set_back = self.set_back.max(self.at.saturating_sub(line.at));
        let at = line.at.min(self.now).max(self.at);
        let starts = line.event == LogEvent::Started;
        if at > self.at || starts {
            self.settle();
            self.pass(at, starts);
        }
        if line.at > self.now {
            return;
        }
        match line.event {
            LogEvent::Started => self.is_running = true,
            LogEvent::Stopped => self.is_running = false,
            LogEvent::State(state) => self.state(&state),
            LogEvent::Downtime { host, service, begins } => self.downtime(host, service, begins),
            LogEvent::Other => {}
        }
    }

    /// Returns what was seen up to the last line.
    pub(crate) fn finish(mut self) -> Past {
        self.settle();
        self.record(self.at);
        let behind = self.components.iter().zip(&self.behind);
        let missing = behind.filter(|(_, behind)| behind.is_empty());
        Past {
            missing: missing.map(|(component, _)| component.name.clone()).collect(),
            sources: self.parts.len(),
            ledger: self.ledger,
            silent: self.silent,
            set_back: self.set_back,
        }
    }

    /// Lets the time pass up to a line.
    fn pass(&mut self, at: u64, starts: bool) {
        let is_silent = at - self.at > SILENCE;
        let is_first = self.at == 0;
        if is_first {
            self.ledger.last = at;
        } else if starts || is_silent || !self.is_running {
            self.record(self.at);
            self.silent += at - self.at;
            self.ledger.last = at;
            self.is_after_gap = true;
        }
        if is_silent && self.is_running && !starts {
            // What changed meanwhile is in no log.
            self.parts.iter_mut().for_each(|part| part.source.is_checked = false);
            self.hosts.values_mut().for_each(|host| host.host.is_checked = false);
            self.changed.extend(0..self.components.len());
        }
        while let Some(boundary) = self.boundaries.last().copied().filter(|boundary| *boundary <= at) {
            self.boundaries.pop();
            if boundary > self.ledger.last {
                self.record(boundary);
            }
        }
        self.at = at;
    }

    /// Works out the components whose sources changed up to this moment.
    fn settle(&mut self) {
        if std::mem::take(&mut self.is_listing) {
            self.forget_unlisted();
        }
        // Work may have begun or ended meanwhile.
        let mut differs = std::mem::take(&mut self.is_after_gap);
        for place in std::mem::take(&mut self.changed) {
            let status = self.status(place);
            if let Some(known) = self.statuses.get_mut(place).filter(|known| **known != status) {
                *known = status;
                differs = true;
            }
        }
        if differs {
            self.record(self.at);
        }
    }

    fn status(&self, component: usize) -> Status {
        let rule = self.components.get(component).map(|component| component.rule).unwrap_or_default();
        let behind = self.behind.get(component).into_iter().flatten();
        let parts = behind.filter_map(|place| self.parts.get(*place));
        let verdict = |Part { source, .. }: &Part| {
            let host = self.hosts.get(&source.host).map(|host| &host.host);
            judge::judge(source, host, None, &self.limits)
        };
        judge::status(rule, &parts.map(verdict).collect::<Vec<Verdict>>())
    }

    /// Adds what is known now to the ledger, as a run of this moment.
    fn record(&mut self, at: u64) {
        let mut units = units(self.config, &self.statuses);
        apply_work(self.notes, &mut units, at);
        let statuses = units.iter().map(|unit| Some(unit.status)).collect();
        let is_new_day = self.ledger.last / DAY != at / DAY;
        self.ledger.add(&Run { at, fault: None, statuses, baseline: Baseline::default() });
        if is_new_day {
            self.ledger.forget();
        }
    }

    fn state(&mut self, told: &LogState<'_>) {
        // A monitor that tells of a check runs.
        self.is_running = true;
        if told.occasion == Occasion::Current && !self.is_listing {
            self.is_listing = true;
            self.parts.iter_mut().for_each(|part| part.is_listed = false);
            self.hosts.values_mut().for_each(|host| host.is_listed = false);
        }
        let place = self.place(told.host, told.service);
        let good = if told.service.is_some() { Condition::Ok } else { Condition::Up };
        // Only what is good becomes soft.
        let hard = if told.is_hard { told.state } else { good };
        if told.service.is_none()
            && let Some(host) = self.hosts.get_mut(told.host)
        {
            host.is_listed = true;
            host.host.is_checked |= told.is_checked;
            host.host.hard = hard;
            self.changed.extend(&host.components);
        }
        if let Some(part) = place.and_then(|place| self.parts.get_mut(place)) {
            part.is_listed = true;
            part.source.is_checked |= told.is_checked;
            (part.source.hard, part.source.current) = (hard, told.state);
            self.changed.extend(&part.components);
        }
    }

    fn downtime(&mut self, host: &str, service: Option<&str>, begins: bool) {
        let place = self.place(host, service);
        if service.is_none()
            && let Some(host) = self.hosts.get_mut(host)
        {
            host.host.in_downtime = begins;
            self.changed.extend(&host.components);
        }
        if let Some(part) = place.and_then(|place| self.parts.get_mut(place)) {
            part.source.in_downtime = begins;
            self.changed.extend(&part.components);
        }
    }

    /// After a rotation the monitor lists all that it has: what is not among it is no more.
    fn forget_unlisted(&mut self) {
        for part in self.parts.iter_mut().filter(|part| !part.is_listed) {
            (part.source.is_checked, part.source.in_downtime) = (false, false);
            self.changed.extend(&part.components);
        }
        for host in self.hosts.values_mut().filter(|host| !host.is_listed) {
            (host.host.is_checked, host.host.in_downtime) = (false, false);
            self.changed.extend(&host.components);
        }
    }

    /// The place of a source, which is made where it is told of for the first time.
    fn place(&mut self, host: &str, service: Option<&str>) -> Option<usize> {
        let name = service.map_or_else(|| host.to_owned(), |service| format!("{host};{service}"));
        if let Some(place) = self.places.get(&name) {
            return *place;
        }
        let is_wanted = self.chooser.wants(host, service);
        let components = self.chooser.chosen().to_vec();
        if is_wanted {
            let known = self.hosts.entry(host.to_owned()).or_insert_with(PartHost::unknown);
            known.components.extend(&components);
        }
        let place = (!components.is_empty()).then(|| self.add(host, service, components));
        self.places.insert(name, place);
        place
    }

    fn add(&mut self, host: &str, service: Option<&str>, components: Vec<usize>) -> usize {
        let place = self.parts.len();
        for component in &components {
            self.behind.get_mut(*component).into_iter().for_each(|behind| behind.push(place));
        }
        let unknown = Condition::Unknown;
        let source = Source {
            host: host.to_owned(),
            service: service.map(str::to_owned),
            hard: unknown,
            current: unknown,
            is_checked: false,
            checks: CHECKS,
            in_downtime: false,
        };
        self.parts.push(Part { source, components, is_listed: true });
        place
    }
}

impl PartHost {
    /// One of which no log told yet.
    fn unknown() -> Self {
        let host = Host { hard: Condition::Up, is_checked: false, in_downtime: false, checks: CHECKS };
        Self { host, components: Vec::new(), is_listed: true }
    }
}

#[cfg(test)]
#[path = "replay_tests.rs"]
mod tests;
