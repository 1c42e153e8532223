//! cPanel: the additional addresses in `/etc/ips` (`address:netmask:broadcast`), which its ipaliases service
//! binds, and the main address in `/var/cpanel/mainip`, which the system's own configuration binds.

use std::net::IpAddr;

use addresses::ListError;

use crate::promise::{ConfigError, Promises};
use crate::tree::Tree;
use crate::unreadable::Unreadable;

const ADDITIONAL: &str = "/etc/ips";
const MAIN: &str = "/var/cpanel/mainip";

/// Returns the main address, then the additional ones: on a server that has none of these the list is there
/// and empty.
pub(crate) fn read(tree: &Tree<'_>) -> Result<Option<Promises>, ConfigError> {
    let (main, unreadable) = match tree.list(MAIN) {
        Err(ConfigError::Read(error)) => (None, Some(Unreadable(error))),
        list => (list?, None),
    };
    let additional = match tree.list(ADDITIONAL) {
        Err(ConfigError::List(ListError::Empty(_))) if main.is_some() => None,
        Err(ConfigError::Read(error)) if main.is_some() => {
            Some(Promises { unreadable: vec![Unreadable(error)], ..Promises::default() })
        }
        list => list?.map(|promises| Promises { additional: addresses(&promises), ..promises }),
    };
    let unreadable = unreadable.map(|error| Promises { unreadable: vec![error], ..Promises::default() });
    let both = main.into_iter().chain(unreadable).chain(additional);
    Ok(both.reduce(|mut all, more| {
        all.promises.extend(more.promises);
        all.additional.extend(more.additional);
        all.unknown.extend(more.unknown);
        all.unreadable.extend(more.unreadable);
        all
    }))
}

fn addresses(promises: &Promises) -> Vec<IpAddr> {
    promises.promises.iter().map(|promise| promise.expected.address).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use super::*;

    #[test]
    fn without_additional_addresses_the_main_one_is_all() {
        let deadline = Deadline::after(Duration::from_secs(8));
        let (empty, additional, main) = (
            ("etc/ips", "\n"),
            ("etc/ips", "192.0.2.2:255.255.255.0:192.0.2.255\n"),
            ("var/cpanel/mainip", "192.0.2.1"),
        );
        let rows = [
            (vec![], Ok(0)),
            (vec![empty], Err("/etc/ips: no address in it".to_owned())),
            (vec![empty, main], Ok(1)),
            (vec![additional], Ok(1)),
            (vec![additional, main], Ok(2)),
        ];
        for (files, expected) in rows {
            let found = read(&Tree::in_memory(files.clone(), &deadline)).map_err(|error| error.to_string());
            assert_eq!(
                found.map(|found| found.map_or(0, |found| found.promises.len())),
                expected,
                "{files:?}"
            );
        }
    }
}
