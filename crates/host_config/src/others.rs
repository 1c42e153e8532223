//! Files that are known to configure addresses and are not read: to be named, so that their addresses are not
//! taken for nothing.

use std::io::ErrorKind;

use plugin::ReadError;

use crate::promise::ConfigError;
use crate::tree::Tree;

mod content;
mod run;

use content::What::{self, Address, Adds, AddsAtReboot, Begins, First, Kernel, OfCloud, Runs, Unit, Words};
use content::says;

/// A larger file that a command runs is no script, in octets.
const LARGEST_SCRIPT: u64 = 1 << 20;

/// A file, or a folder of files whose names end so, or with a slash in the ending of folders with this file,
/// and what is in one that configures addresses.
const OTHERS: [(&str, &str, What); 64] = [
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
    ("/etc/networkd-dispatcher/routable.d", "", Adds),
    ("/etc/networkd-dispatcher/configured.d", "", Adds),
    ("/etc/networkd-dispatcher/carrier.d", "", Adds),
    ("/etc/networkd-dispatcher/degraded.d", "", Adds),
    (UNITS, ".service", Unit),
    ("/usr/local/lib/systemd/system", ".service", Unit),
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
    ("/etc/crontab", "", AddsAtReboot),
    ("/etc/cron.d", "", AddsAtReboot),
    ("/var/spool/cron/crontabs", "", AddsAtReboot),
    ("/var/spool/cron", "", AddsAtReboot),
    ("/etc/crontabs", "", AddsAtReboot),
];

/// What gives the interface of OpenVPN an address (openvpn(8)), in a server's file or a peer's. A client gets
/// its own from the server.
const OPENVPN: [&str; 4] = ["ifconfig", "ifconfig-ipv6", "server", "server-ipv6"];

/// Where systemd has an administrator's units, and the folders of their drop-ins.
const UNITS: &str = "/etc/systemd/system";
const DROP_INS: &str = ".service.d";

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
    for path in drop_ins(tree) {
        add(tree, &path, Unit, &mut found);
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

/// The drop-ins of an administrator for units.
fn drop_ins(tree: &Tree<'_>) -> Vec<String> {
    let folders = tree.names(UNITS).unwrap_or_default();
    let folders = folders.iter().filter_map(|name| name.to_str()).filter(|name| name.ends_with(DROP_INS));
    folders.flat_map(|name| files(tree, &format!("{UNITS}/{name}"), ".conf")).collect()
}

/// Adds a file that configures addresses, or else the scripts that it runs and that do.
fn add(tree: &Tree<'_>, path: &str, what: What, found: &mut Vec<String>) {
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
mod tests {
    use std::fs;
    use std::time::Duration;

    use plugin::Deadline;
    use rustix::fs::{CWD, FileType, Mode};

    use super::*;

    #[test]
    fn names_the_files_that_configure_addresses() {
        let deadline = Deadline::after(Duration::from_secs(60));
        let unit = "[Service]\nExecStart=/sbin/ip addr add 192.0.2.1/24 dev eth0\n";
        let rows: [(&str, &str, bool); 99] = [
            ("/etc/init.d/vip", "case $1 in\nstart) ip addr add 192.0.2.1/24 dev eth0;;\nesac\n", true),
            ("/etc/init.d/realserver", "/sbin/ifconfig lo:0 $VIP netmask 255.255.255.255 up\n", true),
            ("/etc/init.d/ssh", "### BEGIN INIT INFO\nstart-stop-daemon --start\n", false),
            ("/etc/rc.local", "ip addr \\\n  add 192.0.2.1/24 dev eth0\n", true),
            ("/etc/rc.local", "IP=/sbin/ip\n$IP addr add 192.0.2.1/24 dev eth0\n", true),
            ("/etc/rc.local", "\"${IP}\" -4 addr show\n$IP route add default via 192.0.2.1\n", false),
            ("/etc/rc.local", "wg-quick up wg0\n", true),
            ("/etc/rc.local", "wg-quick down wg0\n", false),
            (
                "/etc/systemd/system/web.service.d/vip.conf",
                "[Service]\nExecStartPre=/sbin/ip addr add 192.0.2.1/24 dev eth0\n",
                true,
            ),
            ("/etc/systemd/system/web.service.d/nice.conf", "[Service]\nNice=5\n", false),
            (
                "/etc/systemd/system/vip.service",
                "[Service]\nExecStart=ip \\\n addr add 192.0.2.1/24 dev lo\n",
                true,
            ),
            ("/etc/dhcp/dhclient-exit-hooks.d/vip", "ip addr add 192.0.2.1/24 dev eth0\n", true),
            ("/etc/config/network", "config interface 'lan'\n\tlist ipaddr '192.0.2.1/24'\n", true),
            ("/etc/config/network", "config globals 'globals'\n\toption ula_prefix 'auto'\n", false),
            ("/etc/ctdb/public_addresses", "192.0.2.1/24 eth0\n", true),
            ("/etc/ctdb/public_addresses", "# 192.0.2.1/24 eth0\n", false),
            ("/etc/cloud/cloud.cfg.d/vip.cfg", "bootcmd:\n- ip addr add 192.0.2.1/24 dev eth0\n", true),
            ("/etc/udev/rules.d/9-vip.rules", "RUN+=\"/sbin/ip addr add 192.0.2.1/24 dev eth0\"\n", true),
            ("/etc/inittab", "::sysinit:/sbin/ip addr add 192.0.2.1/24 dev eth0\n", true),
            ("/etc/ha.d/haresources", "node1 192.0.2.1 httpd\n", true),
            ("/etc/ha.d/haresources", "node1 drbddisk::r0 192.0.2.1/24/eth0/192.0.2.255\n", true),
            ("/etc/ha.d/haresources", "node1 IPaddr::192.0.2.1/24/eth0\n", true),
            ("/etc/ha.d/haresources", "192.0.2.1 httpd\n#node1 192.0.2.1\n", false),
            ("/etc/wicked/ifconfig/eth0.xml", "<address><local>192.0.2.1/24</local></address>\n", true),
            ("/etc/wicked/ifconfig/eth0.xml", "<ipv4:dhcp><enabled>true</enabled></ipv4:dhcp>\n", false),
            ("/etc/conf.d/network", "ifconfig_eth0=\"192.0.2.1 netmask 255.255.255.0\"\n", true),
            ("/etc/conf.d/network", "#ifconfig_eth0=\"192.0.2.1\"\ninterfaces=\"eth0\"\n", false),
            ("/etc/openvpn/a.conf", "dev tun\nifconfig 192.0.2.1 192.0.2.2\n", true),
            ("/etc/openvpn/server/a.conf", "dev tun\nserver 192.0.2.0 255.255.255.0\n", true),
            ("/etc/openvpn/a.conf", "dev tun\n--ifconfig 192.0.2.1 192.0.2.2\n", true),
            ("/etc/openvpn/a.conf", "client\nremote 192.0.2.1\nserver-poll-timeout 4\n", false),
            ("/etc/openvpn/a.conf", "server-bridge 192.0.2.4 255.255.255.0 192.0.2.8 192.0.2.9\n", false),
            (
                "/etc/tinc/net/tinc-up",
                "#!/bin/sh\nifconfig $INTERFACE 192.0.2.1 netmask 255.255.255.0\n",
                true,
            ),
            ("/etc/tinc/net/tinc-up", "#!/bin/sh\nip link set $INTERFACE up\n", false),
            ("/etc/tinc/net/tinc-down", "ip addr add 192.0.2.1/24 dev eth0\n", false),
            ("/proc/cmdline", "root=/dev/vda1 ip=192.0.2.1::192.0.2.254:255.255.255.0::eth0:none\n", true),
            ("/proc/cmdline", "ip=[2001:db8::1]::[2001:db8::fe]:64::eth0:none quiet\n", true),
            ("/proc/cmdline", "root=/dev/vda1 ip=dhcp\n", false),
            ("/proc/cmdline", "root=/dev/vda1 ip=eth0:dhcp ip=::::web1:eth0:dhcp ip=:::::eth0:dhcp\n", false),
            ("/etc/local.d/addresses.start", "ip addr add 192.0.2.1/24 dev eth0\n", true),
            ("/etc/local.d/README", "ip addr add 192.0.2.1/24 dev eth0\n", false),
            ("/etc/systemd/system/vip.service", unit, true),
            ("/etc/systemd/system/web.service", "[Service]\nExecStart=/usr/bin/web\n", false),
            ("/sbin/ifup-local", "ip addr add 192.0.2.1/24 dev eth0\n", true),
            ("/etc/ppp/ip-up.d/vip", "ip addr add 192.0.2.1/32 dev lo\n", true),
            (
                "/etc/dhcp/dhclient.conf",
                "alias {\n  interface \"eth0\";\n  fixed-address 192.0.2.1;\n}\n",
                true,
            ),
            ("/etc/dhcp/dhclient.conf", "#  fixed-address 192.0.2.1;\nrequest routers;\n", false),
            ("/etc/frr/frr.conf", "interface lo\n ip address 192.0.2.1/32\n", true),
            ("/etc/network/if-up.d/mtu", "ip addr show dev eth0\n", false),
            ("/etc/rc.local", "#!/bin/sh\nip addr add 192.0.2.1/24 dev eth0\n", true),
            ("/etc/rc.local", "#!/bin/sh\n# ip addr add 192.0.2.1/24 dev eth0\nexit 0\n", false),
            ("/etc/conf.d/net", "config_eth0=\"192.0.2.1/24\"\n", true),
            ("/etc/netctl/lan", "Address=('192.0.2.1/24')\n", true),
            ("/etc/config/network", "config interface lan\n  option ipaddr 192.0.2.1\n", true),
            ("/etc/hostname", "web1\n", false),
            ("/etc/rc.local", "ip addr show\nifconfig -a\nifconfig eth0 up\n", false),
            ("/etc/rc.local", "/sbin/ifconfig eth0:1 192.0.2.1 netmask 255.255.255.0\n", true),
            ("/etc/rc.local", "ifconfig eth0:0 $VIP up\n", true),
            ("/etc/rc.local", "ifconfig \"${IF}\" \"${VIP}\"\n", true),
            ("/etc/rc.local", "for i in 1 2; do ifconfig eth0:$i 192.0.2.$i; done\n", true),
            ("/etc/rc.local", "ip addr add $A dev eth0 || ifconfig eth0 $A\n", true),
            ("/etc/rc.local", "ifconfig eth0 up || ip addr add $A dev eth0\n", true),
            ("/etc/rc.local", "ifconfig eth0 inet6 add 2001:db8::1/64\n", true),
            ("/etc/rc.local", "ifconfig eth0 add 2001:db8::1/64\n", true),
            ("/etc/rc.local", "ifconfig eth0 inet 192.0.2.1 >/dev/null 2>&1\n", true),
            ("/etc/rc.local", "ifconfig eth0 inet6 del 2001:db8::1/64\n", false),
            ("/etc/rc.local", "ifconfig eth0 >/run/$IF\n", false),
            ("/etc/rc.local", "ifconfig eth0 up # once 192.0.2.1\n", false),
            ("/etc/rc.local", "ifconfig eth0 up 192.0.2.1\n", true),
            ("/etc/rc.local", "ifconfig | grep 192.0.2.1\n", false),
            ("/etc/rc.local", "ifconfig eth0 | grep -q $VIP && touch /run/vip\n", false),
            ("/etc/rc.local", "ifconfig -a >/tmp/x; ping -c 1 192.0.2.1\n", false),
            ("/etc/rc.local", "ifconfig eth0:$i down\n", false),
            ("/etc/rc.local", "ifconfig $IF hw ether $MAC mtu 9000\n", false),
            ("/etc/rc.local", "ifconfig $IF hw ether $MAC mtu 9000 192.0.2.1\n", true),
            ("/etc/rc.local", "ifconfig eth0 netmask 255.255.255.0 192.0.2.1 up\n", true),
            ("/etc/rc.local", "ifconfig eth0 netmask $MASK broadcast $BROADCAST up\n", false),
            ("/etc/rc.local", "ifconfig eth0 -arp mtu 1500 192.0.2.1\n", true),
            ("/etc/rc.local", "ifconfig eth0 mtu 1500 $VIP\n", true),
            ("/etc/rc.local", "ifconfig eth0 mtu $MTU\n", false),
            ("/etc/rc.local", "ifconfig eth0 mtu\n", false),
            ("/etc/rc.local", "for i in 1 2; do ip a add 192.0.2.$i/24 dev eth0; done\n", true),
            ("/etc/rc.d/rc.inet1.conf", "IPADDR[0]=\"192.0.2.1\"\n", true),
            ("/etc/rc.d/rc.inet1.conf", "IPADDR[0]=\"\"\nUSE_DHCP[0]=\"yes\"\n", false),
            ("/var/lib/connman/lan.config", "[service_lan]\nIPv4 = 192.0.2.1/24/192.0.2.254\n", true),
            ("/var/lib/connman/settings", "[global]\nOfflineMode=false\n", false),
            (
                "/etc/nmstate/a.yml",
                "interfaces:\n- name: eth0\n  ipv4:\n    address:\n    - ip: 192.0.2.1\n",
                true,
            ),
            ("/etc/nmstate/a.yml", "interfaces:\n- name: eth0\n  mtu: 9000\n", false),
            ("/etc/ucarp/vip-001.conf", "VIP=192.0.2.1\n", true),
            ("/etc/crontab", "@reboot root ip addr add 192.0.2.1/24 dev eth0\n", true),
            ("/etc/crontab", "17 * * * * root ip addr add 192.0.2.1/24 dev eth0\n", false),
            ("/etc/cron.d/vip", "@reboot root /bin/ip -4 addr replace 192.0.2.1/24 dev eth0\n", true),
            ("/etc/cron.d/web", "@reboot root /usr/bin/web\n", false),
            ("/var/spool/cron/crontabs/root", "@reboot sleep 9; ip a a 192.0.2.1/24 dev eth0\n", true),
            ("/etc/NetworkManager/dispatcher.d/50-vip", "ip addr add 192.0.2.1/24 dev $1\n", true),
            ("/etc/NetworkManager/dispatcher.d/50-dns", "ip addr | grep -q 192.0.2.1\n", false),
            ("/etc/network/if-up.d/vip", "/sbin/ip addr add 192.0.2.1/24 dev \"$IFACE\"\n", true),
            (
                "/etc/systemd/system/a.service",
                "[Service]\nExecStop=/sbin/ip addr del 192.0.2.1/24 dev eth0\n",
                false,
            ),
            ("/etc/networkd-dispatcher/configured.d/vip", "ip addr add 192.0.2.1/24 dev eth0\n", true),
        ];
        for (path, content, named) in rows {
            let tree = Tree::in_memory([(path, content)], &deadline);
            let found = unread(&tree, true).unwrap();
            assert_eq!(found.first().map(String::as_str), named.then_some(path), "{content}");
            let beside = named && path != "/proc/cmdline";
            assert_eq!(unread(&tree, false).unwrap().is_empty(), !beside, "{content}");
        }
    }

    #[test]
    fn names_the_scripts_that_are_started_at_boot() {
        let deadline = Deadline::after(Duration::from_secs(60));
        let script = ("/opt/vip.sh", "#!/bin/sh\nip addr add 192.0.2.1/24 dev eth0\n");
        let rows: [(&str, &str, bool); 10] = [
            ("/etc/rc.local", "#!/bin/sh\n/opt/vip.sh start\nexit 0\n", true),
            ("/etc/rc.local", "[ -x /opt/vip.sh ] && (sleep 9; sh '/opt/vip.sh') &\n", true),
            ("/etc/rc.local", "# /opt/vip.sh\n/opt/other.sh\n/dev/null\n", false),
            ("/etc/systemd/system/a.service", "[Service]\nExecStart=-/opt/vip.sh\n", true),
            ("/etc/systemd/system/a.service", "[Service]\nExecStart=/bin/bash /opt/vip.sh start\n", true),
            ("/etc/systemd/system/a.service", "[Unit]\nConditionPathExists=/opt/vip.sh\n", false),
            ("/etc/crontab", "@reboot root /opt/vip.sh\n", true),
            ("/etc/crontab", "17 * * * * root /opt/vip.sh\n", false),
            ("/etc/local.d/vip.start", ". /opt/vip.sh\n", true),
            ("/etc/systemd/system/a.service.d/b.conf", "[Service]\nExecStartPre=+/opt/vip.sh\n", true),
        ];
        for (path, content, named) in rows {
            let tree = Tree::in_memory([(path, content), script], &deadline);
            let expected: &[&str] = if named { &["/opt/vip.sh"] } else { &[] };
            assert_eq!(unread(&tree, true).unwrap(), expected, "{path}: {content}");
        }
    }

    /// What cloud-init renders is read there, and is named only where nothing is.
    #[test]
    fn cloud_init_is_named_where_nothing_else_gives_an_address() {
        let deadline = Deadline::after(Duration::from_secs(60));
        let rows = [
            (
                "/etc/cloud/cloud.cfg.d/50-net.cfg",
                "network:\n  config:\n  - subnets:\n    - address: 192.0.2.1/24\n",
            ),
            (
                "/var/lib/cloud/seed/nocloud-net/network-config",
                "ethernets: {eth0: {addresses: [192.0.2.1/24]}}\n",
            ),
        ];
        for (path, content) in rows {
            let tree = Tree::in_memory([(path, content)], &deadline);
            assert_eq!(unread(&tree, true).unwrap(), [path]);
            assert!(unread(&tree, false).unwrap().is_empty());
        }
    }

    /// What has to be waited for, or is too large for a script, is none.
    #[test]
    fn only_a_plain_file_is_read_as_a_script() {
        let folder = tempfile::tempdir().unwrap();
        let deadline = Deadline::after(Duration::from_secs(60));
        let path = |name: &str| folder.path().join(name);
        let line = "ip addr add 192.0.2.1/24 dev eth0\n";
        let large = line.to_owned() + &"# more\n".repeat(1 << 18);
        fs::write(path("script"), line).unwrap();
        fs::write(path("large"), large).unwrap();
        rustix::fs::mknodat(CWD, path("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
        let tree = Tree::new(folder.path(), &deadline);
        let found = ["/script", "/large", "/pipe", "/none"].map(|path| is_unread(&tree, path));
        assert_eq!(found, [true, false, false, false]);
    }
}
