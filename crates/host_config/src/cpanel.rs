//! cPanel: the additional addresses in `/etc/ips` (`address:netmask:broadcast`), which its ipaliases service binds, and the main
//! address in `/var/cpanel/mainip`, which the system's own configuration binds.

use addresses::ListError;

use crate::promise::{ConfigError, Promises};
use crate::tree::Tree;

const ADDITIONAL: &str = "/etc/ips";
const MAIN: &str = "/var/cpanel/mainip";

/// The main address, then the additional ones: on a server that has none of these the list is there and empty.
pub(crate) fn read(tree: &Tree<'_>) -> Result<Option<Promises>, ConfigError> {
    let main = tree.list(MAIN)?.map(Promises::from_list);
    let additional = match tree.list(ADDITIONAL) {
        Err(ConfigError::List(ListError::Empty(_))) if main.is_some() => None,
        list => list?.map(Promises::from_list),
    };
    let both = main.into_iter().chain(additional);
    Ok(both.reduce(|mut all, more| {
        all.promises.extend(more.promises);
        all
    }))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use plugin::Deadline;

    use super::*;

    #[test]
    fn without_additional_addresses_the_main_one_is_all() {
        let root = tempfile::tempdir().unwrap();
        let deadline = Deadline::after(Duration::from_secs(8));
        let read = || {
            let found = read(&Tree::new(root.path(), &deadline)).map_err(|error| error.to_string())?;
            Ok::<_, String>(found.map_or(0, |found| found.promises.len()))
        };
        assert_eq!(read(), Ok(0));
        fs::create_dir_all(root.path().join("etc")).unwrap();
        fs::create_dir_all(root.path().join("var/cpanel")).unwrap();
        fs::write(root.path().join("etc/ips"), "\n").unwrap();
        assert_eq!(read(), Err("/etc/ips: no address in it".to_owned()));
        fs::write(root.path().join("var/cpanel/mainip"), "192.0.2.1").unwrap();
        assert_eq!(read(), Ok(1));
        fs::write(root.path().join("etc/ips"), "192.0.2.2:255.255.255.0:192.0.2.255\n").unwrap();
        assert_eq!(read(), Ok(2));
    }
}
