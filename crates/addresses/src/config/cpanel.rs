//! cPanel: the additional addresses in `/etc/ips` (`address:netmask:broadcast`), which its ipaliases service binds, and the main
//! address in `/var/cpanel/mainip`, which the system's own configuration binds.

use super::{ConfigError, Promises, Tree};

const ADDITIONAL: &str = "/etc/ips";
const MAIN: &str = "/var/cpanel/mainip";

/// The main address, then the additional ones.
pub(super) fn read(tree: &Tree<'_>) -> Result<Option<Promises>, ConfigError> {
    let lists = [tree.list(MAIN)?, tree.list(ADDITIONAL)?];
    let found = lists.into_iter().flatten().map(Promises::from_list);
    Ok(found.reduce(|mut all, more| {
        all.promises.extend(more.promises);
        all
    }))
}
