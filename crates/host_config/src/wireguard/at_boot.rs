//! Which tunnels of wg-quick(8) come up at boot: by systemd, or by OpenRC.

use std::collections::BTreeSet;

use crate::folders;
use crate::promise::ConfigError;
use crate::tree::Tree;

/// Where systemd has an administrator's units and links.
const UNITS: &str = "/etc/systemd/system";
/// What starts at boot, or a target on the way to it.
const TARGETS: [&str; 10] = [
    "default",
    "graphical",
    "multi-user",
    "network-online",
    "network",
    "network-pre",
    "remote-fs",
    "local-fs",
    "basic",
    "sysinit",
];
/// What OpenRC starts, and what its links to the script of wg-quick begin with.
const RUNLEVELS: [&str; 2] = ["/etc/runlevels/default", "/etc/runlevels/boot"];
const SERVICE: &str = "wg-quick.";

/// Returns the names of the tunnels that come up at boot, with a file or without.
pub(super) fn tunnels(tree: &Tree<'_>) -> Result<BTreeSet<String>, ConfigError> {
    let mut tunnels = BTreeSet::new();
    let kinds = ["wants", "requires"];
    let folders =
        TARGETS.iter().flat_map(|target| kinds.map(|kind| format!("{UNITS}/{target}.target.{kind}")));
    for folder in folders {
        let names = tree.names(&folder)?;
        tunnels.extend(names.iter().filter_map(|name| of_unit(name.to_str()?)).map(str::to_owned));
    }
    if !tunnels.is_empty() && is_masked(tree, "") {
        tunnels.clear();
    }
    tunnels.retain(|tunnel| !is_masked(tree, tunnel));
    for folder in RUNLEVELS {
        let names = tree.names(folder)?;
        tunnels
            .extend(names.iter().filter_map(|name| name.to_str()?.strip_prefix(SERVICE)).map(str::to_owned));
    }
    Ok(tunnels)
}

fn of_unit(name: &str) -> Option<&str> {
    name.strip_prefix("wg-quick@")?.strip_suffix(".service").filter(|tunnel| !tunnel.is_empty())
}

/// Whether the unit of a tunnel, or without a name that of all of them, is masked: then no link starts it.
/// The mask is a link to /dev/null or an empty file.
fn is_masked(tree: &Tree<'_>, tunnel: &str) -> bool {
    let path = format!("{UNITS}/wg-quick@{tunnel}.service");
    tree.link(&path).is_some_and(|target| target == "/dev/null")
        || folders::content(tree, &path)
            .is_ok_and(|content| content.is_some_and(|content| content.is_empty()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use super::*;

    #[test]
    fn finds_what_systemd_and_openrc_start() {
        let deadline = Deadline::after(Duration::from_secs(60));
        const UNIT: &str = "[Service]\n";
        const WANTED: &str = "/etc/systemd/system/multi-user.target.wants/wg-quick@wg0.service";
        type Files = &'static [(&'static str, &'static str)];
        let rows: [(Files, &[&str]); 9] = [
            (&[(WANTED, UNIT)], &["wg0"]),
            (&[("/etc/systemd/system/network-online.target.wants/wg-quick@wg0.service", UNIT)], &["wg0"]),
            (&[("/etc/systemd/system/multi-user.target.requires/wg-quick@wg0.service", UNIT)], &["wg0"]),
            // What starts at another time, or when something asks for it.
            (&[("/etc/systemd/system/vpn.target.wants/wg-quick@wg0.service", UNIT)], &[]),
            (&[("/etc/systemd/system/multi-user.target.wants/wg-quick.target", UNIT)], &[]),
            (&[(WANTED, UNIT), ("/etc/systemd/system/wg-quick@wg0.service", "")], &[]),
            (&[(WANTED, UNIT), ("/etc/systemd/system/wg-quick@.service", "")], &[]),
            (&[(WANTED, UNIT), ("/etc/systemd/system/wg-quick@wg0.service", UNIT)], &["wg0"]),
            (
                &[("/etc/runlevels/default/wg-quick.wg0", ""), ("/etc/runlevels/nonetwork/wg-quick.wg1", "")],
                &["wg0"],
            ),
        ];
        for (files, expected) in rows {
            let found = tunnels(&Tree::in_memory(files.iter().copied(), &deadline)).unwrap();
            assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expected, "{files:?}");
        }
    }
}
