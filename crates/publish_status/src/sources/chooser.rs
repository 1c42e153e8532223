//! Which hosts and services the patterns of the configuration choose, while the monitor's state is read.

use std::collections::HashSet;

use monitor_state::{Collect, Downtime, Object};

use super::{Checks, ChoiceError, Host, Observations, Planned, Source, key, name};
use crate::config::{Component, Config};
use crate::pattern::{Glob, Index};

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
