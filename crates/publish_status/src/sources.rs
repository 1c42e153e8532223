//! The hosts and services behind the components, out of all that the monitor knows.

use std::collections::HashMap;

use monitor_state::{Condition, Object};

use crate::config::hash;

pub(crate) mod chooser;

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

/// Returns `host!service`, or the host alone.
pub(crate) fn name(host: &str, service: Option<&str>) -> String {
    service.map_or_else(|| host.to_owned(), |service| format!("{host}!{service}"))
}

/// Returns a number that stands for the name where that must not be written.
pub(crate) fn key(host: &str, service: Option<&str>) -> u64 {
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
    /// When this was checked, and how often it is.
    pub(crate) fn of(object: &Object<'_>) -> Self {
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
    pub(crate) host: String,
    pub(crate) service: Option<String>,
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
