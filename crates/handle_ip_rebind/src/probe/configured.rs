//! What this host's own configuration says besides what `check` reads.

use std::collections::BTreeSet;

use check_ip_bound::Expected;
use plugin::Deadline;

use super::Seen;
use crate::config::Config;

/// What this host's configuration says of some interfaces.
#[derive(Debug, Default)]
pub(crate) struct Configured {
    /// Those that it names.
    pub(crate) names: BTreeSet<String>,
    /// Whether every address that it expects is bound. If not, an interface that is gone may have had it:
    /// what tells an interface by its hardware tells nothing when that is gone.
    pub(crate) is_whole: bool,
}

impl Seen {
    /// Returns those of these interfaces that `check`, the list or this host's configuration names, whatever
    /// `check` reads.
    pub(crate) fn configured<'a>(
        &self,
        config: &Config,
        names: impl Iterator<Item = &'a String>,
        deadline: &Deadline,
    ) -> Configured {
        let mut names = names.peekable();
        if names.peek().is_none() {
            return Configured::default();
        }
        let own = Expected::read(&config.own_configuration(), deadline);
        let check = self.check.iter().map(|seen| &seen.expected).chain([&own]);
        let is_bound = |address| !self.bound().places(address).is_empty();
        let is_whole = check.clone().flat_map(|of| &of.entries).all(|entry| is_bound(entry.expected.address));
        let all: Vec<&Expected> = check.chain([&self.list.expected]).collect();
        let is_configured = |name: &&String| all.iter().any(|of| of.configures(name, self.bound()));
        Configured { names: names.filter(is_configured).cloned().collect(), is_whole }
    }
}
