//! Files of a program that is not installed, beside those of one that is: what an earlier system left behind.

use std::collections::BTreeSet;

use plugin::ReadError;

use crate::dhcpcd_at_boot;
use crate::origin::Origin;
use crate::promise::{ConfigError, Promises};
use crate::source::Source;
use crate::tree::Tree;

/// The programs that read a source, by where distributions install them: one that is there is enough.
fn tools(source: Source) -> &'static [&'static str] {
    match source {
        Source::Ifupdown => {
            &["/sbin/ifup", "/usr/sbin/ifup", "/usr/share/ifupdown2", "/usr/libexec/ifupdown-ng"]
        }
        Source::Ifcfg => {
            &["/usr/sbin/NetworkManager", "/etc/sysconfig/network-scripts/ifup", "/etc/init.d/network"]
        }
        Source::Networkd => &["/usr/lib/systemd/systemd-networkd", "/lib/systemd/systemd-networkd"],
        Source::NetworkManager => &["/usr/sbin/NetworkManager", "/usr/bin/NetworkManager"],
        Source::Netplan => &["/usr/sbin/netplan", "/usr/libexec/netplan", "/usr/lib/netplan"],
        Source::Dhcpcd => &[
            "/sbin/dhcpcd",
            "/usr/sbin/dhcpcd",
            "/usr/bin/dhcpcd",
            "/usr/local/sbin/dhcpcd",
            "/sbin/dhcpcd5",
            "/usr/lib/dhcpcd5/dhcpcd",
        ],
        _ => &[],
    }
}

/// Returns whether a program of a source is installed.
pub(crate) fn is_installed(source: Source, tree: &Tree<'_>) -> bool {
    tools(source).iter().any(|path| tree.has(path))
        || source == Source::Dhcpcd && dhcpcd_at_boot::has_own_program(tree)
}

/// Returns whether the program of a source is absent while that of another one is installed, whether this one
/// has files or not. A source that is named is read as it is.
pub(crate) fn is_without_program(source: Source, from: &[Origin], tree: &Tree<'_>) -> bool {
    !from.contains(&Origin::One(source))
        && !is_installed(source, tree)
        && Source::ALL.into_iter().any(|other| is_installed(other, tree))
}

/// Whether files tell of no address, those that are not understood too.
fn gives_nothing(promises: &Promises) -> bool {
    promises.promises.is_empty()
        && promises.one_of.is_empty()
        && promises.dynamic.is_empty()
        && promises.unknown.is_empty()
}

/// Removes the addresses of a leftover and the errors of reading its files, and adds a note. A leftover is a
/// source whose program is absent while that of another source is installed, or /etc/network/interfaces
/// beside netplan's files if neither program is installed. A source that is named is read as it is. The
/// sources of `errors` have files here too.
pub(crate) fn set_aside(
    from: &[Origin],
    tree: &Tree<'_>,
    found: &mut Vec<(Source, Promises)>,
    errors: &mut Vec<(Source, ConfigError)>,
) {
    let here: BTreeSet<Source> =
        found.iter().map(|(source, _)| *source).chain(errors.iter().map(|(source, _)| *source)).collect();
    let installed: Vec<Source> = here.iter().copied().filter(|source| is_installed(*source, tree)).collect();
    let beside = |source: Source| {
        if from.contains(&Origin::One(source)) || tools(source).is_empty() || installed.contains(&source) {
            return None;
        }
        let beside_netplan = source == Source::Ifupdown && here.contains(&Source::Netplan);
        installed.first().copied().or(beside_netplan.then_some(Source::Netplan))
    };
    let unread: BTreeSet<Source> = errors
        .extract_if(.., |(source, error)| is_unread(error) && beside(*source).is_some())
        .map(|(source, _)| source)
        .collect();
    for source in &unread {
        let at = found.partition_point(|(other, _)| other < source);
        if found.get(at).is_none_or(|(other, _)| other != source) {
            found.insert(at, (*source, Promises::default()));
        }
    }
    for (source, promises) in found {
        let Some(other) = beside(*source) else { continue };
        let addresses = match promises.promises.len() + promises.one_of.len() + promises.dynamic.len() {
            _ if unread.contains(source) => "not read".to_owned(),
            1 => "1 address not expected".to_owned(),
            count => format!("{count} addresses not expected"),
        };
        let note = format!("note: the files of {source} are a leftover beside those of {other}: {addresses}");
        // A file that gives no address, as most of dhcpcd, is nothing to look into.
        let is_silent = gives_nothing(promises) && !unread.contains(source);
        let notes = if is_silent { Vec::new() } else { vec![note] };
        *promises = Promises { notes, ..Promises::default() };
    }
}

/// Whether a file is here that is not for this user, or too large.
fn is_unread(error: &ConfigError) -> bool {
    matches!(error, ConfigError::Read(ReadError::Refused { .. } | ReadError::TooLarge { .. }))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use super::*;
    use crate::read;

    const INTERFACES: (&str, &str) =
        ("/etc/network/interfaces", "auto eth0\niface eth0 inet static\naddress 192.0.2.99/24\n");
    const NETPLAN: (&str, &str) = (
        "/etc/netplan/a.yaml",
        "network:\n  version: 2\n  ethernets:\n    eth0:\n      addresses: [192.0.2.10/24]\n",
    );

    const DHCPCD: (&str, &str) = ("/etc/dhcpcd.conf", "interface eth0\nstatic ip_address=192.0.2.98/24\n");

    #[test]
    fn a_leftover_promises_nothing() {
        let deadline = Deadline::after(Duration::from_secs(60));
        type Row<'a> = (&'a [(&'a str, &'a str)], &'a [Origin], &'a str);
        let rows: [Row<'_>; 12] = [
            (&[INTERFACES, NETPLAN], &[Origin::Auto], "192.0.2.10/24"),
            (&[INTERFACES], &[Origin::Auto], "192.0.2.99/24"),
            (
                &[INTERFACES, NETPLAN, ("/sbin/ifup", ""), ("/usr/sbin/netplan", "")],
                &[Origin::Auto],
                "192.0.2.99/24 192.0.2.10/24",
            ),
            (&[INTERFACES, NETPLAN, ("/sbin/ifup", "")], &[Origin::Auto], "192.0.2.99/24"),
            (&[INTERFACES, ("/usr/sbin/netplan", "")], &[Origin::Auto], "192.0.2.99/24"),
            (&[INTERFACES, NETPLAN], &[Origin::One(Source::Ifupdown)], "192.0.2.99/24"),
            (&[DHCPCD, NETPLAN], &[Origin::Auto], "192.0.2.10/24 192.0.2.98/24"),
            (&[DHCPCD, NETPLAN, ("/usr/sbin/netplan", "")], &[Origin::Auto], "192.0.2.10/24"),
            (
                &[DHCPCD, NETPLAN, ("/usr/sbin/netplan", ""), ("/usr/sbin/dhcpcd", "")],
                &[Origin::Auto],
                "192.0.2.10/24 192.0.2.98/24",
            ),
            (&[DHCPCD, NETPLAN, ("/usr/sbin/netplan", "")], &[Origin::One(Source::Dhcpcd)], "192.0.2.98/24"),
            // Alone, it is read as if dhcpcd was there.
            (&[DHCPCD, ("/usr/sbin/netplan", "")], &[Origin::Auto], "192.0.2.98/24"),
            (&[DHCPCD, INTERFACES, ("/sbin/dhcpcd", "")], &[Origin::Auto], "192.0.2.98/24"),
        ];
        let program = ("/opt/dhcpcd/sbin/dhcpcd", "");
        let wanted = "/etc/systemd/system/multi-user.target.wants/dhcpcd.service";
        let unit = "[Service]\nExecStart=-/opt/dhcpcd/sbin/dhcpcd -B\n";
        let (link, own) = ((wanted, unit), ("/etc/systemd/system/dhcpcd.service", unit));
        let both = "192.0.2.10/24 192.0.2.98/24";
        let netplan = ("/usr/sbin/netplan", "");
        // A program in another place counts where it is started at boot.
        let of_one = "/etc/systemd/system/multi-user.target.wants/dhcpcd@eth3.service";
        let template = ("/etc/systemd/system/dhcpcd@.service", unit);
        let elsewhere: [Row<'_>; 8] = [
            (&[DHCPCD, NETPLAN, netplan, program, (of_one, unit)], &[Origin::Auto], both),
            (&[DHCPCD, NETPLAN, netplan, program, (of_one, ""), template], &[Origin::Auto], both),
            (&[DHCPCD, NETPLAN, netplan, program, template], &[Origin::Auto], "192.0.2.10/24"),
            (&[DHCPCD, NETPLAN, netplan, program, link], &[Origin::Auto], both),
            (&[DHCPCD, NETPLAN, netplan, program, (wanted, ""), own], &[Origin::Auto], both),
            (&[DHCPCD, NETPLAN, netplan, program, own], &[Origin::Auto], "192.0.2.10/24"),
            (&[DHCPCD, NETPLAN, netplan, program, (wanted, "")], &[Origin::Auto], "192.0.2.10/24"),
            (&[DHCPCD, NETPLAN, netplan, link], &[Origin::Auto], "192.0.2.10/24"),
        ];
        let rows = rows.into_iter().chain(elsewhere);
        for (files, from, expected) in rows {
            let found = read(from, &Tree::in_memory(files.iter().copied(), &deadline)).unwrap();
            let promises = found.iter().flat_map(|(_, promises)| &promises.promises);
            let addresses: Vec<String> = promises.map(|promise| promise.expected.to_string()).collect();
            assert_eq!(addresses.join(" "), expected, "{files:?}");
        }
    }

    #[test]
    fn a_leftover_is_one_beside_files_that_cannot_be_read_too() {
        let deadline = Deadline::after(Duration::from_secs(60));
        let tree = Tree::in_memory([INTERFACES], &deadline);
        let mut found = read(&[Origin::Auto], &tree).unwrap();
        set_aside(&[Origin::Auto], &tree, &mut found, &mut vec![refused(Source::Networkd)]);
        assert!(found.iter().any(|(_, promises)| !promises.promises.is_empty()), "{found:?}");
        set_aside(&[Origin::Auto], &tree, &mut found, &mut vec![refused(Source::Netplan)]);
        assert!(found.iter().all(|(_, promises)| promises.promises.is_empty()), "{found:?}");
    }

    fn refused(source: Source) -> (Source, ConfigError) {
        let why = std::io::Error::from_raw_os_error(13);
        (source, ReadError::Refused { path: "/etc/netplan/a.yaml".into(), why }.into())
    }

    /// A user of NRPE may not read netplan's files, which count for nothing beside ifupdown.
    #[test]
    fn that_a_leftover_cannot_be_read_is_no_error() {
        let deadline = Deadline::after(Duration::from_secs(60));
        let (ifup, netplan) = (("/sbin/ifup", ""), ("/usr/sbin/netplan", ""));
        let note = "note: the files of netplan are a leftover beside those of ifupdown: not read";
        type Row<'a> = (&'a [(&'a str, &'a str)], &'a [Origin], Option<&'a str>);
        let rows: [Row<'_>; 4] = [
            (&[INTERFACES, ifup], &[Origin::Auto], Some(note)),
            (&[INTERFACES, ifup, netplan], &[Origin::Auto], None),
            (&[INTERFACES], &[Origin::Auto], None),
            (&[INTERFACES, ifup], &[Origin::Auto, Origin::One(Source::Netplan)], None),
        ];
        for (files, from, expected) in rows {
            let tree = Tree::in_memory(files.iter().copied(), &deadline);
            let (mut found, mut errors) =
                (read(&[Origin::Auto], &tree).unwrap(), vec![refused(Source::Netplan)]);
            set_aside(from, &tree, &mut found, &mut errors);
            let notes: Vec<&String> = found
                .iter()
                .filter(|(source, _)| *source == Source::Netplan)
                .flat_map(|(_, promises)| &promises.notes)
                .collect();
            assert_eq!(
                (notes, errors.is_empty()),
                (Vec::from_iter(expected.map(str::to_owned).as_ref()), expected.is_some()),
                "{files:?}"
            );
        }
    }

    #[test]
    fn the_note_counts_the_addresses() {
        let deadline = Deadline::after(Duration::from_secs(60));
        let none = ("/etc/network/interfaces", "auto eth0\niface eth0 inet manual\n");
        let dynamic = ("/etc/network/interfaces", "auto eth0\niface eth0 inet dhcp\n");
        let wrong = ("/etc/network/interfaces", "auto eth0\niface eth0 inet static\naddress x\n");
        let rows = [
            (INTERFACES, Some("1 address")),
            (dynamic, Some("1 address")),
            (wrong, Some("0 addresses")),
            (none, None),
        ];
        for (interfaces, count) in rows {
            let found = read(&[Origin::Auto], &Tree::in_memory([interfaces, NETPLAN], &deadline)).unwrap();
            let notes: Vec<&String> = found.iter().flat_map(|(_, promises)| &promises.notes).collect();
            let note = |count| {
                format!(
                    "note: the files of ifupdown are a leftover beside those of netplan: {count} not expected"
                )
            };
            assert_eq!(notes, Vec::from_iter(count.map(note).as_ref()), "{interfaces:?}");
        }
    }
}
