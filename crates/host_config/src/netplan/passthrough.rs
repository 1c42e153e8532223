//! The profiles that netplan makes for NetworkManager of definitions with settings for it.

use std::collections::HashSet;

use crate::hardware::Cards;
use crate::networkmanager::{self, Keyfile};
use crate::promise::{ConfigError, Promises};

/// The setting that names the interface.
pub(super) const INTERFACE: &str = "connection.interface-name";

/// The setting for the type of the connection, without which netplan knows no device of `nm-devices`.
pub(super) const TYPE: &str = "connection.type";

/// The setting by which a profile does not start by itself.
pub(super) const START: &str = "connection.autoconnect";

/// The profiles of all files.
#[derive(Debug, Default)]
pub(super) struct Profiles {
    /// Each with the file of its definition.
    settings: Vec<(String, Keyfile)>,
    /// The interfaces that may be without an address when the host is up.
    optional: HashSet<String>,
}

impl Profiles {
    /// Adds a profile. `optional` is its interface where that may be without an address.
    pub(super) fn add(&mut self, path: &str, settings: Keyfile, optional: Option<String>) {
        self.settings.push((path.to_owned(), settings));
        self.optional.extend(optional);
    }

    /// Adds what the profiles say.
    pub(super) fn promise(self, cards: &Cards<'_>, to: &mut Promises) -> Result<(), ConfigError> {
        let (known, named) = (to.dynamic.len(), to.named.clone());
        networkmanager::promise_generated(self.settings, cards, to)?;
        // The definitions have added those that they name themselves.
        to.named = named;
        for dynamic in to.dynamic.iter_mut().skip(known) {
            dynamic.required &= !self.optional.contains(&dynamic.interface);
        }
        Ok(())
    }
}
