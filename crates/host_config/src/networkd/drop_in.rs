//! The folders of networkd's files, and the drop-ins of one of these.

use crate::folders;
use crate::promise::{ConfigError, Promises};
use crate::tree::Tree;

/// The one that counts most first.
pub(super) const FOLDERS: [&str; 5] = [
    "/etc/systemd/network",
    "/run/systemd/network",
    "/usr/local/lib/systemd/network",
    "/usr/lib/systemd/network",
    "/lib/systemd/network",
];

/// Whether a file has this ending and is not hidden.
pub(super) fn is_of(name: &str, kind: &str) -> bool {
    name.ends_with(kind) && !name.starts_with('.')
}

/// The paths of a file's drop-ins, in the order in which they are read.
pub(super) fn drop_ins(
    tree: &Tree<'_>,
    name: &str,
    to: &mut Promises,
) -> Result<impl Iterator<Item = String> + use<>, ConfigError> {
    let folders = FOLDERS.map(|folder| format!("{folder}/{name}.d"));
    Ok(folders::by_name(tree, &folders, to, |name| is_of(name, ".conf"))?.into_values())
}
