//! Reads the sources: each by the module of its format.

use crate::origin::Origin;
use crate::promise::{ConfigError, Promises, Remark};
use crate::source::Source;
use crate::tree::Tree;
use crate::{
    cpanel, dhcpcd, hsphere, ifcfg, ifupdown, keepalived, leftovers, netplan, networkd, networkmanager, suse,
    wireguard,
};

impl Source {
    /// Returns what this source promises in `tree`: `None` if it has no file there.
    ///
    /// # Errors
    /// [`ConfigError`]: a file cannot be read, or a line is not understood.
    pub fn read(self, tree: &Tree<'_>) -> Result<Option<Promises>, ConfigError> {
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
/// they are named.
///
/// # Errors
/// [`ConfigError`]: a file cannot be read, or a source that is named has no file here. A line that is not
/// understood is in [`Promises::unknown`].
pub fn read(from: &[Origin], tree: &Tree<'_>) -> Result<Vec<(Source, Promises)>, ConfigError> {
    let mut found = Vec::new();
    if from.is_empty() {
        return Ok(found);
    }
    tree.check()?;
    for source in Source::ALL {
        let named = from.contains(&Origin::One(source));
        if !named && !from.contains(&Origin::Auto) {
            continue;
        }
        let read = match source.read(tree) {
            // What the others say counts all the same.
            Err(ConfigError::Line { place, what }) => {
                Some(Promises { unknown: vec![Remark { what, place }], ..Promises::default() })
            }
            read => read?,
        };
        match read {
            Some(promises) => found.push((source, promises)),
            None if named => return Err(ConfigError::Absent(source)),
            None => {}
        }
    }
    leftovers::set_aside(from, tree, &mut found);
    Ok(found)
}
