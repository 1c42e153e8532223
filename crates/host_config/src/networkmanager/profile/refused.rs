//! Whether NetworkManager ignores a profile, in words.

use super::Profile;
use crate::networkmanager::refusal::refusal;
use crate::promise::{ConfigError, Place, Promises, Remark};

impl Profile {
    /// Returns, for each of its addresses and for those that it gets from outside, why NetworkManager ignores
    /// the profile: in the words of a cause.
    pub(in crate::networkmanager) fn refused(&self, promises: &Promises) -> Vec<Remark> {
        let Some(why) = &self.kept.refused else { return Vec::new() };
        let name = self.path.rsplit('/').next().unwrap_or_default();
        let what = format!("NetworkManager ignores {name}: {why}");
        let dynamic = self.dynamic();
        let places = promises.promises.iter().map(|promise| &promise.place);
        let places = places.chain(dynamic.iter().map(|(_, _, place)| place));
        places.map(|place| place.remark(&what)).collect()
    }

    /// Returns whether all its addresses are known.
    pub(in crate::networkmanager) fn is_understood(&self) -> bool {
        self.bad.is_none() && self.promises().is_ok()
    }

    /// Returns why NetworkManager ignores the profile for its content, with the line: `None` if it takes it,
    /// as far as that is known.
    pub(in crate::networkmanager) fn refusal(&self) -> Option<(String, Place)> {
        let bad = self.bad.as_ref().map(|bad| (bad.what.clone(), bad.place.clone()));
        let error = || match self.promises() {
            Err(ConfigError::Line { place, what }) => Some((what, place)),
            _ => None,
        };
        bad.or_else(|| refusal(&self.file, &self.path)).or_else(error)
    }
}
