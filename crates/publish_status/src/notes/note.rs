//! An incident written by hand.

use crate::status::Status;

/// An incident written by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its stable identifier, by the name of its file.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// The public names of what it is about.
    pub on: Vec<String>,
    /// The state of these while it lasts.
    pub status: Status,
    /// When it begins, in seconds since 1970.
    pub start: u64,
    /// When it ends; `None` while that is open.
    pub end: Option<u64>,
    /// When its file was written, in seconds since 1970.
    pub changed: u64,
    /// The text.
    pub text: String,
}

impl Note {
    /// Returns whether it lasts now.
    pub fn is_running(&self, now: u64) -> bool {
        self.start <= now && self.end.is_none_or(|end| now < end)
    }

    /// Returns whether it is over.
    pub fn is_over(&self, now: u64) -> bool {
        self.end.is_some_and(|end| end <= now)
    }

    /// Returns whether it tells of a trouble that begins after now: only work is planned.
    pub(super) fn is_early(&self, now: u64) -> bool {
        !matches!(self.status, Status::Operational | Status::Maintenance) && self.start > now
    }

    /// Returns when it last changed: written, begun or ended.
    pub fn updated(&self, now: u64) -> u64 {
        let moments = [Some(self.start), self.end].into_iter().flatten().filter(|moment| *moment <= now);
        moments.max().unwrap_or(0).max(self.changed)
    }
}
