//! The hosts and services behind the components, out of all that the monitor knows.

use std::collections::{HashMap, HashSet};

use monitor_state::{Collect, Condition, Downtime, Object};

use crate::config::{Component, Config, hash};
use crate::pattern::{Glob, Index};

/// A host or a service whose state counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The host.
    pub host: String,
    /// The service; `None` for the host itself.
    pub service: Option<String>,
    /// The hard state.
    pub hard: Condition,
    /// The current state, which may be soft.
    pub current: Condition,
    /// Whether it was ever checked.
    pub is_checked: bool,
    /// When it was last checked, and how often it is.
    pub checks: Checks,
    /// Whether a downtime of its own runs now.
    pub in_downtime: bool,
}

impl Source {
    /// Returns `host!service`, or the host alone.
    pub fn name(&self) -> String {
        name(&self.host, self.service.as_deref())
    }

    /// Returns a number that stands for the name where that must not be written.
    pub(crate) fn key(&self) -> u64 {
        key(&self.host, self.service.as_deref())
    }
}

fn name(host: &str, service: Option<&str>) -> String {
    service.map_or_else(|| host.to_owned(), |service| format!("{host}!{service}"))
}

fn key(host: &str, service: Option<&str>) -> u64 {
    hash(&[host, service.unwrap_or("!")])
}

/// What is known of a host that has sources.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Host {
    /// Its hard state.
    pub hard: Condition,
    /// Whether it was ever checked.
    pub is_checked: bool,
    /// Whether a downtime of its own runs now.
    pub in_downtime: bool,
    /// When it was last checked, and how often it is.
    pub checks: Checks,
}

/// When something was last checked, and how often it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Checks {
    /// When it was last checked, in seconds since 1970.
    pub last: u64,
    /// Time between two checks, in units of the monitor's interval; 0 if it is not checked regularly.
    pub interval: f64,
    /// Whether the monitor checks it by itself.
    pub active: bool,
    /// Whether the monitor takes results of others for it.
    pub passive: bool,
}

impl Checks {
    fn of(object: &Object<'_>) -> Self {
        Self {
            last: object.last_check,
            interval: object.check_interval,
            active: object.active_checks,
            passive: object.passive_checks,
        }
    }
}

/// Why the monitor's state does not serve the configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    /// A pattern of the configuration meets nothing that the monitor knows.
    #[error("component {component}: no source is called {pattern}, nothing published")]
    NoSource {
        /// The public name of the component.
        component: String,
        /// The pattern.
        pattern: String,
    },
    /// A host or a service is there twice, and which of the two is true cannot be told.
    #[error("{0} stands twice in the state of the monitor, nothing published")]
    Twice(String),
}

/// A downtime of a source, running or to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    host: String,
    service: Option<String>,
    /// When it begins, in seconds since 1970.
    pub start: u64,
    /// When it ends, in seconds since 1970.
    pub end: u64,
    /// Whether it runs now.
    pub is_running: bool,
}

impl Planned {
    /// Returns the host that it is of, or of a service of which.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Returns whether it is a downtime of this source. That of a host is one of its services too.
    pub fn covers(&self, source: &Source) -> bool {
        self.host == source.host && (self.service.is_none() || self.service == source.service)
    }
}

/// What the monitor knows of the sources.
#[derive(Debug, Default)]
pub struct Observations {
    /// All sources, each once.
    pub sources: Vec<Source>,
    /// Their hosts.
    pub hosts: HashMap<String, Host>,
    /// For each component of the configuration in its order: the places of its sources.
    pub behind: Vec<Vec<u32>>,
    /// The downtimes of sources.
    pub planned: Vec<Planned>,
}

impl Observations {
    /// Returns the source at this place.
    pub fn source(&self, place: u32) -> Option<&Source> {
        self.sources.get(usize::try_from(place).ok()?)
    }

    /// Returns whether a downtime runs now of this source, or of its host.
    pub fn is_in_downtime(&self, source: &Source) -> bool {
        source.in_downtime || self.hosts.get(&source.host).is_some_and(|host| host.in_downtime)
    }
}

/// A pattern of the configuration, with the place of its component.
struct Wanted<'a> {
    component: usize,
    host: &'a Glob,
    service: Option<&'a Glob>,
    text: String,
    is_met: bool,
}

/// The patterns that a host meets.
#[derive(Default)]
struct OfHost {
    host: String,
    /// Those of the host itself.
    itself: Vec<usize>,
    /// Those of services of it, and by what they begin with if they are many.
    services: Vec<usize>,
    index: Option<Index>,
}

/// Up to how many patterns of services are compared one after the other.
const FEW: usize = 16;

/// Chooses the sources of a configuration.
pub(crate) struct Chooser<'a> {
    components: Vec<&'a Component>,
    wanted: Vec<Wanted<'a>>,
    /// The patterns by what their hosts begin with.
    hosts: Index,
    /// The host that was asked for last: services of one host follow each other.
    last: OfHost,
    /// The components of what was asked for last.
    chosen: Vec<usize>,
    /// The keys of all that was told, and what was told twice.
    told: HashSet<u64>,
    twice: Option<String>,
    seen: Observations,
}

impl<'a> Chooser<'a> {
    pub(crate) fn new(config: &'a Config) -> Self {
        let components: Vec<&Component> = config.groups.iter().flat_map(|group| &group.components).collect();
        let patterns = components.iter().enumerate().flat_map(|(place, component)| {
            let wanted = move |pattern: &'a crate::pattern::Pattern| Wanted {
                component: place,
                host: &pattern.host,
                service: pattern.service.as_ref(),
                text: pattern.to_string(),
                is_met: false,
            };
            component.from.iter().map(wanted)
        });
        let wanted: Vec<Wanted<'_>> = patterns.collect();
        let seen = Observations { behind: vec![Vec::new(); components.len()], ..Observations::default() };
        Self {
            components,
            hosts: Index::new(wanted.iter().map(|wanted| wanted.host).enumerate()),
            wanted,
            last: OfHost::default(),
            chosen: Vec::new(),
            told: HashSet::new(),
            twice: None,
            seen,
        }
    }

    /// Returns what was observed.
    ///
    /// # Errors
    /// [`ChoiceError`]: a typo in a pattern must not read as "all is well", nor one of two states that
    /// contradict each other.
    pub(crate) fn finish(self) -> Result<Observations, ChoiceError> {
        if let Some(unmet) = self.wanted.iter().find(|wanted| !wanted.is_met) {
            let name = self.components.get(unmet.component).map(|component| component.name.clone());
            let component = name.unwrap_or_default();
            return Err(ChoiceError::NoSource { component, pattern: unmet.text.clone() });
        }
        self.twice.map_or(Ok(self.seen), |name| Err(ChoiceError::Twice(name)))
    }

    /// Returns the places of the components that count what was asked for last.
    pub(crate) fn chosen(&self) -> &[usize] {
        &self.chosen
    }

    /// Which of the wanted patterns this host meets.
    fn of_host(&self, host: &str) -> OfHost {
        let glob = |place: &usize| self.wanted.get(*place).map(|wanted| (wanted.host, wanted.service));
        let meets = |place: &usize| glob(place).is_some_and(|(glob, _)| glob.matches(host));
        let met = self.hosts.candidates(host).filter(meets);
        let (itself, services): (Vec<usize>, Vec<usize>) =
            met.partition(|place| glob(place).is_some_and(|(_, service)| service.is_none()));
        let index = (services.len() > FEW).then(|| {
            let globs = services.iter().filter_map(|place| Some((*place, glob(place)?.1?)));
            Index::new(globs)
        });
        OfHost { host: host.to_owned(), itself, services, index }
    }

    /// Notes that this pattern is met, if it is by a service of this name, or by the host itself.
    fn choose(&mut self, place: usize, service: Option<&str>) {
        let Some(wanted) = self.wanted.get_mut(place) else { return };
        let meets = match (wanted.service, service) {
            (None, None) => true,
            (Some(glob), Some(service)) => glob.matches(service),
            _ => false,
        };
        if meets {
            wanted.is_met = true;
            self.chosen.push(wanted.component);
        }
    }
}

impl Collect for Chooser<'_> {
    fn wants(&mut self, host: &str, service: Option<&str>) -> bool {
        if self.last.host != host {
            self.last = self.of_host(host);
        }
        self.chosen.clear();
        let last = std::mem::take(&mut self.last);
        match (service, &last.index) {
            (None, _) => last.itself.iter().for_each(|place| self.choose(*place, None)),
            (Some(name), Some(index)) => {
                index.candidates(name).for_each(|place| self.choose(place, service));
            }
            (Some(_), None) => last.services.iter().for_each(|place| self.choose(*place, service)),
        }
        self.chosen.sort_unstable();
        self.chosen.dedup();
        // The host of a source is wanted even if it is none itself.
        let is_host_of_some = service.is_none() && !(last.itself.is_empty() && last.services.is_empty());
        self.last = last;
        !self.chosen.is_empty() || is_host_of_some
    }

    fn object(&mut self, object: &Object<'_>) {
        let service = object.service.as_deref();
        if !self.told.insert(key(&object.host, service)) {
            self.twice.get_or_insert_with(|| name(&object.host, service));
        }
        let (in_downtime, checks) = (object.downtime_depth > 0, Checks::of(object));
        if service.is_none() {
            let host = Host { hard: object.hard_state(), is_checked: object.is_checked, in_downtime, checks };
            self.seen.hosts.insert(object.host.to_string(), host);
        }
        if self.chosen.is_empty() {
            return;
        }
        for component in &self.chosen {
            let place = u32::try_from(self.seen.sources.len()).unwrap_or(u32::MAX);
            self.seen.behind.get_mut(*component).into_iter().for_each(|behind| behind.push(place));
        }
        self.seen.sources.push(Source {
            host: object.host.to_string(),
            service: service.map(str::to_owned),
            hard: object.hard_state(),
            current: object.state,
            is_checked: object.is_checked,
            checks,
            in_downtime,
        });
    }

    fn downtime(&mut self, downtime: &Downtime<'_>) {
        let Downtime { host, service, start, end, is_running, .. } = downtime;
        self.seen.planned.push(Planned {
            host: host.to_string(),
            service: service.as_ref().map(ToString::to_string),
            start: *start,
            end: *end,
            is_running: *is_running,
        });
    }

    fn restart(&mut self) {
        self.seen =
            Observations { behind: vec![Vec::new(); self.components.len()], ..Observations::default() };
        self.wanted.iter_mut().for_each(|wanted| wanted.is_met = false);
        self.last = OfHost::default();
        (self.told, self.twice) = (HashSet::new(), None);
    }
}
