//! What is said of a member: of itself, and of those that it sees.

use plugin::{Finding, Thresholds};

/// What a member is judged by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demands<'a> {
    /// How many members it must see at least.
    pub(crate) members: Option<usize>,
    /// How far the applier of a group may be behind.
    pub(crate) lag: &'a Thresholds,
    /// Whether the primary of a group may be read-only, since no server is to be written to.
    pub(crate) may_be_read_only: bool,
}

/// What is wrong with a member, and with what it sees.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// What is wrong with itself; one finding that it is well if nothing is, here or there.
    pub(crate) own: Vec<Finding>,
    /// What it sees of the other members, of which that with the fault may have been asked too.
    pub(crate) of_others: Vec<Finding>,
}

impl Judged {
    /// Adds the finding that all is well, if it is.
    pub(super) fn or_well(mut self, well: impl FnOnce() -> String) -> Self {
        if self.own.is_empty() && self.of_others.is_empty() {
            self.own.push(Finding::ok(well()));
        }
        self
    }
}

impl From<Finding> for Judged {
    /// A fault beside which nothing else counts.
    fn from(own: Finding) -> Self {
        Self { own: vec![own], of_others: Vec::new() }
    }
}
