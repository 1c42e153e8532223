//! Files that are known to configure addresses and are not read: to be named, so that their addresses are not
//! taken for nothing.

use std::io::ErrorKind;

use plugin::ReadError;

use crate::promise::ConfigError;
use crate::tree::Tree;

mod content;
mod run;

use content::What::{
    self, Address, Adds, Begins, Cron, First, Kernel, Libvirt, OfCloud, Runs, Starts, Unit, Words,
};
use content::line;
use run::place;

/// A larger file that a command runs is no script, in octets.
const LARGEST_SCRIPT: u64 = 1 << 20;

/// A file, or a folder of files whose names end so, or with a slash in the ending of folders with this file,
/// and what is in one that configures addresses.
const OTHERS: [(&str, &str, What); 100] = [
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
    ("/etc/init.d", "", Starts),
    ("/etc/rc.d/init.d", "", Starts),
    ("/etc/inittab", "", Adds),
    ("/etc/network/if-up.d", "", Starts),
    ("/etc/network/if-pre-up.d", "", Starts),
    ("/etc/NetworkManager/dispatcher.d", "", Starts),
    ("/etc/NetworkManager/dispatcher.d/pre-up.d", "", Starts),
    ("/etc/NetworkManager/dispatcher.d/no-wait.d", "", Starts),
    ("/usr/lib/NetworkManager/dispatcher.d", "", Adds),
    ("/usr/lib/networkd-dispatcher/routable.d", "", Adds),
    ("/usr/lib/networkd-dispatcher/configured.d", "", Adds),
    ("/etc/networkd-dispatcher/routable.d", "", Starts),
    ("/etc/networkd-dispatcher/configured.d", "", Starts),
    ("/etc/networkd-dispatcher/carrier.d", "", Starts),
    ("/etc/networkd-dispatcher/degraded.d", "", Starts),
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
    ("/sbin/ifup-local", "", Starts),
    ("/usr/sbin/ifup-local", "", Starts),
    ("/etc/sysconfig/network/if-up.d", "", Starts),
    ("/etc/dhcp/dhclient-enter-hooks.d", "", Starts),
    ("/etc/dhcp/dhclient-exit-hooks.d", "", Starts),
    ("/etc/dhcp/dhclient-exit-hooks", "", Starts),
    ("/etc/udev/rules.d", ".rules", Adds),
    ("/etc/ctdb/public_addresses", "", First),
    ("/var/lib/cloud/scripts/per-boot", "", Adds),
    ("/etc/cloud/cloud.cfg.d", ".cfg", Adds),
    ("/etc/ppp/ip-up.d", "", Starts),
    ("/etc/ppp/ipv6-up.d", "", Starts),
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
    ("/etc/dhcpcd.enter-hook", "", Starts),
    ("/etc/dhcpcd.exit-hook", "", Starts),
    ("/etc/csf/csfpost.sh", "", Starts),
    ("/etc/csf/csfpre.sh", "", Starts),
    ("/usr/local/csf/bin/csfpre.sh", "", Starts),
    ("/usr/local/csf/bin/csfpost.sh", "", Starts),
    ("/lib/dhcpcd/dhcpcd-hooks", "", Adds),
    ("/etc/modprobe.d", ".conf", Adds),
    // Scripts that a firewall is mostly in, and the hooks of those that packages have.
    ("/etc/firewall.sh", "", Starts),
    ("/etc/firewall", "", Starts),
    ("/etc/firewall.user", "", Starts),
    ("/etc/iptables.sh", "", Starts),
    ("/etc/ufw/before.init", "", Starts),
    ("/etc/ufw/after.init", "", Starts),
    ("/etc/shorewall/init", "", Starts),
    ("/etc/shorewall/start", "", Starts),
    ("/etc/shorewall/started", "", Starts),
    ("/etc/shorewall/shorewall.conf", "", Words(&["ADD_IP_ALIASES=Yes", "ADD_SNAT_ALIASES=Yes"])),
    ("/etc/wackamole.conf", "", Words(&["VirtualInterfaces"])),
    // An address of its own, in place of the usual one.
    ("/etc/default/lxc-net", "", Words(&["LXC_ADDR=", "LXC_IPV6_ADDR="])),
    ("/etc/sysconfig/lxc-net", "", Words(&["LXC_ADDR=", "LXC_IPV6_ADDR="])),
    ("/etc/libvirt/qemu/networks/autostart", ".xml", Libvirt),
    ("/config/config.boot", "", Address),
    ("/etc/cron.hourly", "", Starts),
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
/// The folders of System V's init with what starts at boot. Mostly that is a link to a script of
/// /etc/init.d.
const STARTED: [&str; 6] =
    ["/etc/rcS.d", "/etc/rc2.d", "/etc/rc3.d", "/etc/rc5.d", "/etc/rc.d/rc3.d", "/etc/rc.d/rc5.d"];
/// Where packages have units.
const OF_PACKAGES: &str = "/usr/lib/systemd/system";

/// Where Pacemaker keeps its configuration, for its own accounts alone.
const PACEMAKER: &str = "/var/lib/pacemaker/cib/cib.xml";

/// Returns the files of other programs here that configure addresses, each with its line, in the order of a
/// fixed table. `alone`
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
    for path in STARTED.iter().flat_map(|folder| files(tree, folder, "")).filter(|path| starts(tree, path)) {
        add(tree, &path, Starts, &mut found);
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

/// Whether a file of System V's init starts something that is not in /etc/init.d, where it is found anyway.
fn starts(tree: &Tree<'_>, path: &str) -> bool {
    let is_start = path.rsplit('/').next().is_some_and(|name| name.starts_with('S'));
    is_start && !tree.link(path).is_some_and(|target| target.contains("init.d/"))
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
            let line = line(&text, what);
            line.map_or_else(|| run::scripts(tree, &text, what), |line| vec![place(path, line)])
        }
        Err(ConfigError::Read(error)) if path == PACEMAKER && is_forbidden(&error) => vec![path.to_owned()],
        _ => Vec::new(),
    };
    let file = |place: &str| place.split(" line ").next().unwrap_or_default().to_owned();
    new.retain(|place| !found.iter().any(|known| file(known) == file(place)));
    found.append(&mut new);
}

/// Returns the place in a file that a command runs which adds addresses: in a script, or in a tunnel of
/// wg-quick(8), whose file others may not read. `None` if it adds none.
pub(crate) fn unread_script(tree: &Tree<'_>, path: &str) -> Option<String> {
    let is_tunnel = path.ends_with(".conf");
    if tree.is_plain(path, LARGEST_SCRIPT) == Some(false) {
        return None;
    }
    match tree.read(path) {
        Ok(Some(content)) => {
            let text = String::from_utf8_lossy(&content);
            let line = line(&text, if is_tunnel { Words(&["Address"]) } else { Adds });
            line.map(|line| place(path, line))
        }
        Err(ConfigError::Read(error)) => (is_tunnel && is_forbidden(&error)).then(|| path.to_owned()),
        _ => None,
    }
}

fn is_forbidden(error: &ReadError) -> bool {
    matches!(error, ReadError::Refused { why, .. } if why.kind() == ErrorKind::PermissionDenied)
}

#[cfg(test)]
mod tests;
