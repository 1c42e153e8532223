//! The version of systemd in a tree, by the name of its shared library.

use crate::promise::ConfigError;
use crate::tree::Tree;

const LIBRARY: &str = "libsystemd-shared-";

/// Returns the version, as 252: `None` if no library of it is in the tree.
pub(super) fn read(tree: &Tree<'_>) -> Result<Option<u32>, ConfigError> {
    let mut folders =
        vec!["/usr/lib/systemd".to_owned(), "/lib/systemd".to_owned(), "/usr/lib64/systemd".to_owned()];
    let machines = tree.names("/usr/lib")?.into_iter().filter_map(|name| name.into_string().ok());
    folders.extend(
        machines.filter(|name| name.contains("-linux-gnu")).map(|name| format!("/usr/lib/{name}/systemd")),
    );
    for folder in folders {
        for name in tree.names(&folder)?.into_iter().filter_map(|name| name.into_string().ok()) {
            let rest = name
                .strip_prefix(LIBRARY)
                .map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default());
            if let Some(version) = rest.and_then(|digits| digits.parse().ok()) {
                return Ok(Some(version));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use super::*;

    #[test]
    fn a_shared_library_has_the_version_in_its_name() {
        let deadline = Deadline::after(Duration::from_secs(60));
        let rows = [
            ("/usr/lib/systemd/libsystemd-shared-252.so", Some(252)),
            ("/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-257.so", Some(257)),
            ("/usr/lib64/systemd/libsystemd-shared-239-82.el8.so", Some(239)),
            ("/usr/lib/systemd/systemd-networkd", None),
        ];
        for (path, version) in rows {
            assert_eq!(read(&Tree::in_memory([(path, "")], &deadline)).unwrap(), version, "{path}");
        }
    }
}
