//! Planned work by the downtimes of the monitor, running or to come.

use std::collections::{BTreeMap, HashMap};

use crate::config::Config;
use crate::sources::{Observations, Planned, Source};

/// The most planned works that are listed.
const MOST: usize = 100;

/// Planned work, running or to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// The identifiers and public names of what it is on.
    pub on: Vec<(String, String)>,
    /// When it begins, in seconds since 1970.
    pub start: u64,
    /// When it ends, in seconds since 1970.
    pub end: u64,
    /// Whether it runs now.
    pub is_running: bool,
}

impl Work {
    /// Returns the public names, joined by commas.
    pub fn names(&self) -> String {
        self.on.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// What is shown, by its identifier and public name.
type On<'a> = (&'a str, &'a str);

/// Returns the downtimes of what is shown, the earliest first, those at the same time as one.
pub(crate) fn planned(config: &Config, seen: &Observations, now: u64) -> Vec<Work> {
    let is_over = |planned: &Planned| planned.end <= now.max(planned.start);
    let left: Vec<&Planned> = seen.planned.iter().filter(|planned| !is_over(planned)).collect();
    if left.is_empty() {
        return Vec::new();
    }
    let of_host = by_host(config, seen);
    let mut works: BTreeMap<(u64, u64, bool), Vec<On<'_>>> = BTreeMap::new();
    for planned in left {
        let sources = of_host.get(planned.host()).into_iter().flatten();
        let covered: Vec<&(On<'_>, &Source)> = sources.filter(|(_, source)| planned.covers(source)).collect();
        // The state of a source is what counts: a downtime that runs and is in no source does not run.
        let is_running = planned.is_running
            && planned.start <= now
            && covered.iter().any(|(_, source)| seen.is_in_downtime(source));
        if is_running || (config.show_planned && planned.start > now) {
            let on = covered.iter().map(|(on, _)| *on);
            works.entry((planned.start, planned.end, is_running)).or_default().extend(on);
        }
    }
    let works = works.into_iter().filter(|(_, on)| !on.is_empty()).take(MOST);
    works.map(|((start, end, is_running), on)| Work { on: once(on), start, end, is_running }).collect()
}

/// The sources of each host, in the order of the page, with what is shown of them.
fn by_host<'a>(config: &'a Config, seen: &'a Observations) -> HashMap<&'a str, Vec<(On<'a>, &'a Source)>> {
    let mut of_host: HashMap<&str, Vec<(On<'_>, &Source)>> = HashMap::new();
    let components = config
        .groups
        .iter()
        .flat_map(|group| group.components.iter().map(move |component| (group, component)));
    for ((group, component), places) in components.zip(&seen.behind) {
        let on = match component.is_shown {
            true => (component.id.as_str(), component.name.as_str()),
            false => (group.id.as_str(), group.name.as_str()),
        };
        for source in places.iter().filter_map(|place| seen.source(*place)) {
            of_host.entry(source.host.as_str()).or_default().push((on, source));
        }
    }
    of_host
}

/// Each of them once, in their order.
fn once(on: Vec<On<'_>>) -> Vec<(String, String)> {
    let mut known = std::collections::HashSet::new();
    on.into_iter()
        .filter(|(id, _)| known.insert(*id))
        .map(|(id, name)| (id.to_owned(), name.to_owned()))
        .collect()
}
