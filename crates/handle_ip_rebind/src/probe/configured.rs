//! What this host's own configuration says besides what `check` reads.

use std::collections::BTreeSet;

use check_ip_bound::Expected;
use plugin::Deadline;

use super::Seen;
use crate::config::Config;

impl Seen {
    /// Returns those of these interfaces that `check`, the list or this host's configuration names, whatever
    /// `check` reads.
    pub(crate) fn configured<'a>(
        &self,
        config: &Config,
        names: impl Iterator<Item = &'a String>,
        deadline: &Deadline,
    ) -> BTreeSet<String> {
        let mut names = names.peekable();
        if names.peek().is_none() {
            return BTreeSet::new();
        }
        let own = Expected::read(&config.own_configuration(), deadline);
        let read = self.check.iter().chain([&self.list]).map(|seen| &seen.expected);
        let all: Vec<&Expected> = read.chain([&own]).collect();
        let is_configured = |name: &&String| all.iter().any(|of| of.configures(name, self.bound()));
        names.filter(is_configured).cloned().collect()
    }
}
