//! H-Sphere: `/hsphere/local/network/ips`, one address a line, then a tab, its netmask and more. The panel's setup script binds
//! each of them at boot.

use super::{ConfigError, Promises, Tree};

const FILE: &str = "/hsphere/local/network/ips";

/// The addresses of the list.
pub(super) fn read(tree: &Tree<'_>) -> Result<Option<Promises>, ConfigError> {
    Ok(tree.list(FILE)?.map(Promises::from_list))
}
