//! The `.netdev` files of networkd, by systemd.netdev(5), as far as they make bridges.

use std::collections::BTreeMap;

use crate::folders;
use crate::promise::{ConfigError, Place, Promises};
use crate::tree::Tree;

use super::unit::sections;

/// Adds the bridges that networkd makes by `files`, each without a port yet.
pub(super) fn add(
    tree: &Tree<'_>,
    files: BTreeMap<String, String>,
    to: &mut Promises,
) -> Result<(), ConfigError> {
    for path in files.into_values() {
        let content = to.readable(folders::content(tree, &path))?.unwrap_or_default();
        let (mut name, mut bridge) = (None, false);
        for section in
            sections(&path, &content, to)?.into_iter().filter(|section| section.name.value == "NetDev")
        {
            for each in section.assignments {
                match each.key.as_str() {
                    "Name" => name = Some(each.value.value),
                    "Kind" => bridge = each.value.value == "bridge",
                    _ => {}
                }
            }
        }
        if let Some(name) = name.filter(|_| bridge) {
            to.add_port(&name, None, &Place::new(&path, 1));
        }
    }
    Ok(())
}
