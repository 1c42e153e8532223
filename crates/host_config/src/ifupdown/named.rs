//! The interfaces that come up at boot in any case, also those that get no address.

use super::Boot;
use crate::promise::Promises;

/// The methods of ifupdown for interfaces that a daemon makes when it has dialled, or that a modem brings.
const DIALLED: [&str; 3] = ["ppp", "wvdial", "hso"];

impl Boot<'_> {
    /// Adds the interfaces of `auto` that a stanza brings up.
    pub(super) fn add_names(&self, all: &mut Promises) {
        for (logical, physical) in &self.seen {
            let indices = self.stanzas.get(logical).map(Vec::as_slice).unwrap_or_default();
            let stanzas = || indices.iter().filter_map(|index| self.interfaces.stanzas.get(*index));
            let lasts = stanzas()
                .any(|stanza| stanza.method.as_deref().is_none_or(|method| !DIALLED.contains(&method)));
            let always = physical.as_ref().filter(|name| lasts && self.always.contains(*name));
            always.into_iter().for_each(|name| all.add_name(name));
        }
    }
}
