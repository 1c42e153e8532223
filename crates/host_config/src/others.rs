//! Files that are known to configure addresses and are not read: to be named, so that their addresses are not
//! taken for nothing.

use std::io::ErrorKind;

use plugin::ReadError;

use crate::promise::ConfigError;
use crate::tree::Tree;

mod content;
mod run;

use content::What::{self, Address, Adds, Begins, Cron, First, Kernel, OfCloud, Runs, Unit, Words};
use content::says;

/// A larger file that a command runs is no script, in octets.
const LARGEST_SCRIPT: u64 = 1 << 20;

/// A file, or a folder of files whose names end so, or with a slash in the ending of folders with this file,
/// and what is in one that configures addresses.
const OTHERS: [(&str, &str, What); 80] = [
    ("/etc/netctl", "", Words(&["Address="])),
    ("/etc/conf.d/net", "", Words(&["config_"])),
    ("/etc/config/network", "", Words(&["ipaddr", "proto", "ip6addr"])),
    ("/etc/rc.local", "", Runs),
    ("/etc/rc.d/rc.local", "", Runs),
    (PACEMAKER, "", Words(&["IPaddr"])),
    ("/etc/rc.conf", "", Words(&["ifconfig_"])),
    ("/etc/systemd/network.conf", "", Words(&["Address="])),
    ("/etc/local.d", ".start", Runs),
    ("/etc/init.d/boot.local", "", Runs),
    ("/etc/init.d/after.local", "", Runs),
    ("/etc/init.d", "", Adds),
    ("/etc/rc.d/init.d", "", Adds),
    ("/etc/inittab", "", Adds),
    ("/etc/network/if-up.d", "", Adds),
    ("/etc/network/if-pre-up.d", "", Adds),
    ("/etc/NetworkManager/dispatcher.d", "", Adds),
    ("/etc/NetworkManager/dispatcher.d/pre-up.d", "", Adds),
    ("/etc/NetworkManager/dispatcher.d/no-wait.d", "", Adds),
    ("/usr/lib/NetworkManager/dispatcher.d", "", Adds),
    ("/usr/lib/networkd-dispatcher/routable.d", "", Adds),
    ("/usr/lib/networkd-dispatcher/configured.d", "", Adds),
    ("/etc/networkd-dispatcher/routable.d", "", Adds),
    ("/etc/networkd-dispatcher/configured.d", "", Adds),
    ("/etc/networkd-dispatcher/carrier.d", "", Adds),
    ("/etc/networkd-dispatcher/degraded.d", "", Adds),
    (UNITS, ".service", Unit),
    ("/usr/local/lib/systemd/system", ".service", Unit),
    // What runit and s6 start.
    ("/etc/sv", "/run", Adds),
    ("/etc/service", "/run", Adds),
    ("/etc/runit/1", "", Runs),
    ("/etc/runit/core-services", ".sh", Adds),
    ("/etc/s6/sv", "/run", Adds),
    ("/etc/s6-overlay/s6-rc.d", "/up", Adds),
    ("/etc/s6-overlay/s6-rc.d", "/run", Adds),
    ("/etc/frr/frr.conf", "", Words(&["ip address ", "ipv6 address "])),
    ("/etc/frr/zebra.conf", "", Words(&["ip address ", "ipv6 address "])),
    ("/etc/quagga/zebra.conf", "", Words(&["ip address ", "ipv6 address "])),
    ("/etc/ha.d/haresources", "", Words(&["IPaddr"])),
    ("/etc/ha.d/haresources", "", Address),
    ("/etc/ucarp", ".conf", Words(&["VIP"])),
    ("/etc/sysconfig/carp", ".conf", Words(&["VIP"])),
    ("/var/lib/connman", ".config", Words(&["IPv4=", "IPv4 =", "IPv6=", "IPv6 ="])),
    ("/etc/nmstate", ".yml", Words(&["address:", "- ip:"])),
    ("/etc/nmstate", ".yaml", Words(&["address:", "- ip:"])),
    ("/etc/rc.d/rc.inet1.conf", "", Words(&["IPADDR[", "IPADDRS["])),
    ("/etc/rc.d/rc.inet1", "", Adds),
    ("/sbin/ifup-local", "", Adds),
    ("/usr/sbin/ifup-local", "", Adds),
    ("/etc/sysconfig/network/if-up.d", "", Adds),
    ("/etc/dhcp/dhclient-enter-hooks.d", "", Adds),
    ("/etc/dhcp/dhclient-exit-hooks.d", "", Adds),
    ("/etc/dhcp/dhclient-exit-hooks", "", Adds),
    ("/etc/udev/rules.d", ".rules", Adds),
    ("/etc/ctdb/public_addresses", "", First),
    ("/var/lib/cloud/scripts/per-boot", "", Adds),
    ("/etc/cloud/cloud.cfg.d", ".cfg", Adds),
    ("/etc/ppp/ip-up.d", "", Adds),
    ("/etc/ppp/ipv6-up.d", "", Adds),
    // The address of an alias, or of a lease that is written there.
    ("/etc/dhcp/dhclient.conf", "", Words(&["fixed-address"])),
    ("/etc/dhclient.conf", "", Words(&["fixed-address"])),
    ("/etc/wicked/ifconfig", ".xml", Words(&["<local>"])),
    ("/etc/conf.d/network", "", Words(&["ifconfig_", "ip addr", "ip a "])),
    ("/etc/openvpn", ".conf", Begins(&OPENVPN)),
    ("/etc/openvpn/server", ".conf", Begins(&OPENVPN)),
    ("/etc/openvpn/client", ".conf", Begins(&OPENVPN)),
    ("/etc/tinc", "/tinc-up", Adds),
    // Of what the kernel got, and not of what it may get at the next boot.
    ("/proc/cmdline", "", Kernel),
    // What cloud-init renders from them is read.
    ("/etc/cloud/cloud.cfg.d", ".cfg", OfCloud),
    ("/var/lib/cloud/seed/nocloud-net/network-config", "", OfCloud),
    ("/etc/dhcpcd.enter-hook", "", Adds),
    ("/etc/dhcpcd.exit-hook", "", Adds),
    ("/etc/csf/csfpost.sh", "", Adds),
    ("/etc/cron.hourly", "", Adds),
    ("/etc/anacrontab", "", Cron),
    ("/etc/crontab", "", Cron),
    ("/etc/cron.d", "", Cron),
    ("/var/spool/cron/crontabs", "", Cron),
    ("/var/spool/cron", "", Cron),
    ("/etc/crontabs", "", Cron),
];

/// What gives the interface of OpenVPN an address (openvpn(8)), in a server's file or a peer's. A client gets
/// its own from the server.
const OPENVPN: [&str; 4] = ["ifconfig", "ifconfig-ipv6", "server", "server-ipv6"];

/// Where systemd has an administrator's units, the folders of their drop-ins, and those of what is enabled.
const UNITS: &str = "/etc/systemd/system";
const DROP_INS: [&str; 1] = [".service.d"];
const ENABLED: [&str; 2] = [".wants", ".requires"];
/// Where packages have units.
const OF_PACKAGES: &str = "/usr/lib/systemd/system";

/// Where Pacemaker keeps its configuration, for its own accounts alone.
const PACEMAKER: &str = "/var/lib/pacemaker/cib/cib.xml";

/// Returns the files of other programs here that configure addresses, in the order of a fixed table. `alone`
/// says that no source gives an address: the parameters of the kernel and what cloud-init renders count only
/// then, since a source takes their interface over.
///
/// # Errors
/// [`ConfigError::Read`]: a file is there and cannot be read.
pub fn unread(tree: &Tree<'_>, alone: bool) -> Result<Vec<String>, ConfigError> {
    let mut found = Vec::new();
    for (path, suffix, what) in OTHERS {
        if matches!(what, Kernel | OfCloud) && !alone {
            continue;
        }
        files(tree, path, suffix).iter().for_each(|path| add(tree, path, what, &mut found));
    }
    for path in inside(tree, &DROP_INS, ".conf") {
        add(tree, &path, Unit, &mut found);
    }
    // The scripts of packages may be for anything: of their units, the commands alone tell.
    for path in of_packages(tree) {
        add(tree, &path, Adds, &mut found);
    }
    Ok(found)
}

/// The file, or those of the folder whose names end so.
fn files(tree: &Tree<'_>, path: &str, suffix: &str) -> Vec<String> {
    let names = tree.names(path).unwrap_or_default();
    if names.is_empty() {
        return vec![path.to_owned()];
    }
    let is_folder = suffix.starts_with('/');
    let end = if is_folder { suffix } else { "" };
    let inside = names.iter().filter_map(|name| name.to_str());
    let inside = inside.filter(|name| is_folder || name.ends_with(suffix));
    inside.map(|name| format!("{path}/{name}{end}")).collect()
}

/// The files in folders of an administrator's units: both with one of these endings.
fn inside(tree: &Tree<'_>, endings: &[&str], suffix: &str) -> Vec<String> {
    let folders = tree.names(UNITS).unwrap_or_default();
    let is_one = |name: &&str| endings.iter().any(|end| name.ends_with(end));
    let folders = folders.iter().filter_map(|name| name.to_str()).filter(is_one);
    folders.flat_map(|name| files(tree, &format!("{UNITS}/{name}"), suffix)).collect()
}

/// The units of packages that an administrator has enabled: an own file of the same name counts in their
/// place.
fn of_packages(tree: &Tree<'_>) -> Vec<String> {
    let enabled = inside(tree, &ENABLED, ".service");
    let names = enabled.iter().filter_map(|path| path.rsplit_once('/')).map(|(_, name)| name);
    let template = |name: &str| name.split_once('@').map(|(name, _)| format!("{name}@.service"));
    let mut units: Vec<String> =
        names.map(|name| template(name).unwrap_or_else(|| name.to_owned())).collect();
    units.sort_unstable();
    units.dedup();
    units.retain(|name| !tree.has(&format!("{UNITS}/{name}")));
    units.into_iter().map(|name| format!("{OF_PACKAGES}/{name}")).collect()
}

/// Adds a file that configures addresses, or else the scripts that it runs and that do.
fn add(tree: &Tree<'_>, path: &str, what: What, found: &mut Vec<String>) {
    // No program waits for a pipe that someone left in such a folder.
    if tree.is_plain(path, u64::MAX) == Some(false) {
        return;
    }
    // One that others may not read is no error: it is not read in any case.
    let mut new = match tree.read(path) {
        Ok(Some(content)) => {
            let text = String::from_utf8_lossy(&content);
            if says(&text, what) { vec![path.to_owned()] } else { run::scripts(tree, &text, what) }
        }
        Err(ConfigError::Read(error)) if path == PACEMAKER && is_forbidden(&error) => vec![path.to_owned()],
        _ => Vec::new(),
    };
    new.retain(|path| !found.contains(path));
    found.append(&mut new);
}

/// Returns whether a file that a command runs adds addresses: a script, or a tunnel of wg-quick(8), whose
/// file others may not read.
pub(crate) fn is_unread(tree: &Tree<'_>, path: &str) -> bool {
    let is_tunnel = path.ends_with(".conf");
    if tree.is_plain(path, LARGEST_SCRIPT) == Some(false) {
        return false;
    }
    match tree.read(path) {
        Ok(Some(content)) => {
            let text = String::from_utf8_lossy(&content);
            says(&text, if is_tunnel { Words(&["Address"]) } else { Adds })
        }
        Err(ConfigError::Read(error)) => is_tunnel && is_forbidden(&error),
        _ => false,
    }
}

fn is_forbidden(error: &ReadError) -> bool {
    matches!(error, ReadError::Refused { why, .. } if why.kind() == ErrorKind::PermissionDenied)
}

#[cfg(test)]
mod tests;
