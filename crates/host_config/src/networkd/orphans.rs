//! Files of networkd that never apply: drop-ins of a file that is not there, or that is masked.

use std::collections::BTreeMap;

use crate::folders;
use crate::promise::{ConfigError, Promises, Shadowed};
use crate::tree::Tree;

use super::unit::sections;
use super::{FOLDERS, Network, drop_ins};

/// Adds the addresses of the drop-ins of files that are not there; `files` has those that are, by name.
pub(super) fn add(
    tree: &Tree<'_>,
    files: &BTreeMap<String, String>,
    to: &mut Promises,
) -> Result<(), ConfigError> {
    let mut names = Vec::new();
    for folder in FOLDERS {
        let all = tree.names(folder)?.into_iter().filter_map(|name| name.into_string().ok());
        names.extend(all.filter_map(|name| {
            name.strip_suffix(".d").filter(|name| name.ends_with(".network")).map(str::to_owned)
        }));
    }
    names.sort();
    names.dedup();
    for name in names.into_iter().filter(|name| !files.contains_key(name)) {
        let mut network = Network::default();
        for path in drop_ins(tree, &name)? {
            let content = folders::content(tree, &path)?.unwrap_or_default();
            network.take(sections(&path, &content, to)?, to)?;
        }
        let why = format!("there is no {name}");
        to.shadowed.extend(network.statics().map(|(expected, place)| Shadowed {
            expected,
            why: why.clone(),
            place,
        }));
    }
    Ok(())
}
