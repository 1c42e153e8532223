//! Reads the sources: each by the module of its format.

use crate::origin::Origin;
use crate::promise::{ConfigError, Promises, Remark};
use crate::source::Source;
use crate::tree::Tree;
use crate::{
    cpanel, dhcpcd, hsphere, ifcfg, ifupdown, keepalived, leftovers, managed, netplan, networkd,
    networkmanager, others, outranked, suse, ungenerated, wireguard,
};

impl Source {
    /// Returns what this source promises in `tree`: `None` if it has no file there.
    ///
    /// # Errors
    /// [`ConfigError`]: a file cannot be read, or a line is not understood.
    pub fn read(self, tree: &Tree<'_>) -> Result<Option<Promises>, ConfigError> {
        let read = self.read_usable(tree)?;
        let unreadable = read.as_ref().and_then(|promises| promises.unreadable.first().cloned());
        unreadable.map_or(Ok(read), |error| Err(error.0.into()))
    }

    /// Reads as [`Source::read`] does. What files promise beside one that cannot be read counts all the same.
    fn read_usable(self, tree: &Tree<'_>) -> Result<Option<Promises>, ConfigError> {
        let _step = tree.step(format!("understanding the configuration of {self}"));
        let read = match self {
            Source::Hsphere => hsphere::read(tree),
            Source::Cpanel => cpanel::read(tree),
            Source::Ifupdown => ifupdown::read(tree),
            Source::Ifcfg => ifcfg::read(tree),
            Source::Suse => suse::read(tree),
            Source::Networkd => networkd::read(tree),
            Source::NetworkManager => networkmanager::read(tree),
            Source::Netplan => netplan::read(tree),
            Source::Dhcpcd => dhcpcd::read(tree),
            Source::Wireguard => wireguard::read(tree),
            Source::Keepalived => keepalived::read(tree),
        }?;
        Ok(read.map(Promises::merge_ports))
    }
}

/// What the sources promise, each once, in their own order: those that have no file here are left out, unless
/// they are named. Of profiles that are active one at a time, all addresses are among them.
///
/// # Errors
/// [`ConfigError`]: a file cannot be read, or a source that is named has no file here. A line that is not
/// understood is in [`Promises::unknown`].
pub fn read(from: &[Origin], tree: &Tree<'_>) -> Result<Vec<(Source, Promises)>, ConfigError> {
    let (mut found, errors) = read_usable(from, tree);
    for (_, promises) in &mut found {
        let each = promises.one_of.drain(..).flat_map(|one_of| one_of.profiles);
        promises.promises.extend(each.flat_map(|profile| profile.promises));
    }
    errors.into_iter().next().map_or(Ok(found), Err)
}

/// Reads as [`read`] does. Returns the content of each usable source, and the error of each of the others,
/// for a program that judges the former and reports the errors beside them.
pub fn read_usable(from: &[Origin], tree: &Tree<'_>) -> (Vec<(Source, Promises)>, Vec<ConfigError>) {
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    if from.is_empty() {
        return (found, Vec::new());
    }
    if let Err(error) = tree.check() {
        return (found, vec![error]);
    }
    for source in Source::ALL {
        let named = from.contains(&Origin::One(source));
        if !named && !from.contains(&Origin::Auto) {
            continue;
        }
        match source.read_usable(tree) {
            Ok(Some(mut promises)) => {
                errors.extend(promises.unreadable.drain(..).map(|error| (source, error.0.into())));
                promises.unread =
                    promises.unread.iter().filter_map(|path| others::unread_script(tree, path)).collect();
                found.push((source, promises));
            }
            Ok(None) if named => errors.push((source, ConfigError::Absent(source))),
            Ok(None) => {}
            // What the others say counts all the same.
            Err(ConfigError::Line { place, what }) => {
                let unknown = vec![Remark { what, place }];
                found.push((source, Promises { unknown, ..Promises::default() }));
            }
            Err(error) => errors.push((source, error)),
        }
    }
    leftovers::set_aside(from, tree, &mut found, &mut errors);
    outranked::yield_to_networkd(&mut found);
    ungenerated::explain(tree, &mut found);
    managed::let_compete(&mut found);
    dhcpcd::yield_to_others(from, &mut found, tree);
    (found, errors.into_iter().map(|(_, error)| error).collect())
}
