//! What the order of an event depends on, as its JSON tells.

use std::borrow::Cow;

use serde::Deserialize;

/// What the order of an event depends on.
#[derive(Debug, Deserialize)]
pub(super) struct Key<'a> {
    #[serde(borrow)]
    pub(super) monitor: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) hostname: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) service: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) state: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) state_type: Option<Cow<'a, str>>,
    pub(super) attempt: Option<u64>,
    pub(super) event_id: u64,
    pub(super) last_event_id: Option<u64>,
    #[serde(default)]
    pub(super) monitor_start: Option<u64>,
    #[serde(default)]
    pub(super) time_t: u64,
    #[serde(borrow, default)]
    pub(super) spool: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(super) sequence: Option<u64>,
}

impl Key<'_> {
    /// The host, or the service of it.
    pub(super) fn name(&self) -> Name<'_> {
        (self.hostname.as_deref(), self.service.as_deref())
    }

    /// The place in the spool that it went through.
    pub(super) fn spooled(&self) -> Option<(&str, u64)> {
        self.spool.as_deref().zip(self.sequence)
    }

    /// The place among the events of one start of the monitor.
    pub(super) fn place(&self) -> Place {
        (self.event_id, self.state_type.as_deref() == Some("HARD"), self.attempt.unwrap_or(0))
    }
}

/// Number, whether it is HARD, attempt.
pub(super) type Place = (u64, bool, u64);
/// When the numbers began, place, time.
pub(super) type Rank = (u64, Place, u64);
/// A host, or a service of it.
pub(super) type Name<'a> = (Option<&'a str>, Option<&'a str>);
