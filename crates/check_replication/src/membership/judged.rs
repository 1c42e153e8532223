//! What is said of a member: of itself, and of those that it sees.

use plugin::Finding;

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
