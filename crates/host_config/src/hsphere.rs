//! H-Sphere: `/hsphere/local/network/ips`, one address a line, then a tab, its netmask and more. The panel's
//! setup script binds each of them at boot.

use crate::promise::{ConfigError, Promises};
use crate::tree::Tree;

const FILE: &str = "/hsphere/local/network/ips";

/// Returns the addresses of the list, and the lines that are not understood.
pub(crate) fn read(tree: &Tree<'_>) -> Result<Option<Promises>, ConfigError> {
    tree.list(FILE)
}
