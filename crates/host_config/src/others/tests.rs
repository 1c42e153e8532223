//! Which files are named, row by row.

use std::fs;
use std::time::Duration;

use plugin::Deadline;
use rustix::fs::{CWD, FileType, Mode};

use super::*;

/// The file of a place, with or without its line.
fn file_of(place: &str) -> &str {
    place.split_once(" line ").map_or(place, |(file, _)| file)
}

#[test]
fn names_the_line_that_configures_an_address() {
    let deadline = Deadline::after(Duration::from_secs(60));
    let rows = [
        ("#!/bin/sh\n\nip addr add 192.0.2.1/24 dev eth0\n", "/etc/rc.local line 3"),
        ("\nip addr \\\n add 192.0.2.1/24 \\\n dev eth0\n", "/etc/rc.local line 2"),
        ("sleep 1 \\\n2\nip addr add 192.0.2.1/24 dev eth0\n", "/etc/rc.local line 3"),
    ];
    for (content, expected) in rows {
        let tree = Tree::in_memory([("/etc/rc.local", content)], &deadline);
        assert_eq!(unread(&tree, true).unwrap(), [expected], "{content}");
    }
}

#[test]
fn names_the_files_that_configure_addresses() {
    let deadline = Deadline::after(Duration::from_secs(60));
    let unit = "[Service]\nExecStart=/sbin/ip addr add 192.0.2.1/24 dev eth0\n";
    let rows: [(&str, &str, bool); 193] = [
        ("/etc/init/vip.conf", "start on started networking\nexec ip addr add 192.0.2.1/24 dev eth0\n", true),
        ("/etc/init/ssh.conf", "exec /usr/sbin/sshd -D\n", false),
        ("/etc/rc.local.d/vip.sh", "ip addr add 192.0.2.1/24 dev eth0\n", true),
        ("/etc/conf.d/local.start", "ip addr add 192.0.2.1/24 dev eth0\n", true),
        ("/etc/udhcpc/post-bound/vip", "ip addr add 192.0.2.1/24 dev eth0\n", true),
        ("/etc/monit/monitrc", "start program = \"/sbin/ip addr add 192.0.2.1/24 dev eth0\"\n", true),
        ("/etc/vpp/setup.gate", "set interface ip address eth0 192.0.2.1/24\n", true),
        (
            "/etc/cloud/cloud.cfg",
            "network:\n  ethernets:\n    eth0:\n      addresses: [192.0.2.1/24]\n",
            true,
        ),
        ("/boot/firmware/network-config", "ethernets:\n  eth0:\n    addresses:\n", true),
        ("/boot/network-config", "# addresses:\n", false),
        ("/var/lib/iwd/home.psk", "[IPv4]\nAddress=192.0.2.1\n", true),
        ("/var/lib/iwd/home.8021x", "[Security]\nEAP-Method=PEAP\n", false),
        ("/etc/amnezia/amneziawg/awg0.conf", "[Interface]\nAddress = 192.0.2.1/24\n", true),
        ("/etc/innernet/home.conf", "[interface]\naddress = \"192.0.2.1/16\"\n", true),
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
        ("/etc/tinc/net/tinc-up", "#!/bin/sh\nifconfig $INTERFACE 192.0.2.1 netmask 255.255.255.0\n", true),
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
        ("/etc/dhcp/dhclient.conf", "alias {\n  interface \"eth0\";\n  fixed-address 192.0.2.1;\n}\n", true),
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
        // It keeps the address alive.
        ("/etc/crontab", "*/5 * * * * root ip addr add 192.0.2.1/24 dev eth0\n", true),
        ("/etc/crontab", "17 * * * * root ip addr show dev eth0\n", false),
        ("/etc/crontab", "MAILTO=root\n#@reboot root ip addr add 192.0.2.1/24 dev eth0\n", false),
        ("/etc/rc.local", "/sbin/ifup eth0:1\n", true),
        ("/etc/rc.local", "sleep 5; ifup --force eth0:1 && true\n", true),
        ("/etc/rc.local", "ifup -a\n/usr/sbin/ifup\nifdown eth0\n", false),
        ("/etc/rc.local", "nmcli con up lan\n", true),
        ("/etc/rc.local", "nmcli -w 5 connection up id lan\n", true),
        ("/etc/rc.local", "nmcli con show --active\nnmcli con down lan\nnetplan apply\n", false),
        ("/etc/network/if-up.d/mtu", "ifup eth0:1\n", false),
        ("/etc/sv/vip/run", "#!/bin/sh\nip addr add 192.0.2.1/24 dev eth0\nexec pause\n", true),
        ("/etc/sv/web/run", "#!/bin/sh\nexec web\n", false),
        ("/etc/s6-overlay/s6-rc.d/vip/up", "ip addr add 192.0.2.1/24 dev eth0\n", true),
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
        ("/etc/rc.local", "ip route add local 192.0.2.0/28 dev lo\n", true),
        ("/etc/rc.local", "/sbin/ip -6 route replace local 2001:db8::/64 dev lo || true\n", true),
        (
            "/etc/rc.local",
            "ip route add 192.0.2.0/28 dev eth0\nip route del local 192.0.2.0/28 dev lo\n",
            false,
        ),
        ("/etc/rc.local", "vrrpd -i eth0 -v 1 192.0.2.1\n", true),
        ("/etc/rc.local", "/usr/sbin/ucarp -i eth0 -v 1 -p x -a 192.0.2.1 -u /up &\n", true),
        // As Debian's ucarp has it for the options of interfaces(5).
        ("/etc/network/if-up.d/ucarp", "$UCARP -i $IFACE -a $IF_UCARP_VIP\n", false),
        ("/etc/rc2.d/S01vips", "ip addr add 192.0.2.1/24 dev eth0\n", true),
        ("/etc/rc2.d/K01vips", "ip addr add 192.0.2.1/24 dev eth0\n", false),
        ("/etc/rc.d/rc3.d/S01vips", "ip addr add 192.0.2.1/24 dev eth0\n", true),
        ("/etc/modprobe.d/d.conf", "install dummy modprobe -i dummy; ip a a 192.0.2.1/32 dev dummy0\n", true),
        ("/etc/modprobe.d/d.conf", "options dummy numdummies=1\n", false),
        ("/etc/firewall.sh", "ip addr add 192.0.2.1/24 dev eth0\n", true),
        ("/etc/firewall.sh", "iptables -A INPUT -d 192.0.2.1 -j ACCEPT\n", false),
        ("/etc/csf/csfpre.sh", "ip addr add 192.0.2.1/24 dev eth0\n", true),
        ("/etc/shorewall/shorewall.conf", "ADD_IP_ALIASES=Yes\n", true),
        ("/etc/shorewall/shorewall.conf", "ADD_IP_ALIASES=No\n", false),
        ("/etc/wackamole.conf", "VirtualInterfaces {\n  { eth0:192.0.2.1/32 }\n}\n", true),
        ("/etc/default/lxc-net", "USE_LXC_BRIDGE=\"true\"\nLXC_ADDR=\"192.0.2.1\"\n", true),
        ("/etc/default/lxc-net", "USE_LXC_BRIDGE=\"true\"\n", false),
        (
            "/etc/libvirt/qemu/networks/autostart/lan.xml",
            "<bridge name='br9'/>\n<ip address='192.0.2.1'>\n",
            true,
        ),
        // An address of libvirt's own bridges is for guests.
        (
            "/etc/libvirt/qemu/networks/autostart/d.xml",
            "<bridge name='virbr0'/>\n<ip address='192.0.2.1'>\n",
            false,
        ),
        ("/etc/libvirt/qemu/networks/autostart/d.xml", "<bridge name=\"br9\"/>\n", false),
        ("/etc/libvirt/qemu/networks/lan.xml", "<bridge name='br9'/>\n<ip address='192.0.2.1'>\n", false),
        ("/lib/dhcpcd/dhcpcd-hooks/99-vip", "ip addr add 192.0.2.1/24 dev $interface\n", true),
        ("/config/config.boot", "interfaces {\n ethernet eth0 {\n  address 192.0.2.1/24\n }\n}\n", true),
        ("/config/config.boot", "interfaces {\n ethernet eth0 {\n  address dhcp\n }\n}\n", false),
        ("/etc/ufw/before.init", "ip addr add 192.0.2.1/24 dev eth0\n", true),
        ("/etc/conf.d/net", "iface_eth0=\"192.0.2.1 broadcast 192.0.2.255\"\n", true),
        ("/etc/conf.d/net.eth0", "config_eth0=( \"192.0.2.1/24\" )\n", true),
        ("/etc/conf.d/netmount", "config_eth0=\"192.0.2.1/24\"\n", false),
        ("/etc/sysconfig/network/scripts/vip.sh", "ip addr add 192.0.2.1/24 dev eth0\n", true),
        ("/etc/sysconfig/network/scripts/ifup-route", "ip addr add 192.0.2.1/24 dev eth0\n", false),
        ("/etc/sysconfig/network/scripts/functions", "ip addr add $A dev $I\n", false),
        ("/etc/sysconfig/interfaces/ifcfg-eth0", "IPADDR=192.0.2.1/24\n", true),
        ("/etc/sysconfig/ifconfig.eth0", "SERVICE=ipv4-static\nIP=192.0.2.1\n", true),
        ("/etc/net/ifaces/eth0/ipv4address", "192.0.2.1/24\n", true),
        ("/etc/net/ifaces/eth0/options", "BOOTPROTO=static\n", false),
        ("/etc/dinit.d/vip", "type = scripted\ncommand = /sbin/ip addr add 192.0.2.1/24 dev eth0\n", true),
        ("/boot/config/network.cfg", "IPADDR[0]=\"192.0.2.1\"\n", true),
        ("/var/ipfire/ethernet/settings", "GREEN_ADDRESS=192.0.2.1\n", true),
        ("/etc/sonic/config_db.json", "\"LOOPBACK_INTERFACE\": {\n  \"Loopback0|192.0.2.1/32\": {}\n", true),
        ("/var/lib/connman/ethernet_1_cable/settings", "[e]\nIPv4.local_address=192.0.2.1\n", true),
        ("/usr/local/directadmin/data/admin/ip.list", "192.0.2.1\n192.0.2.2\n", true),
        ("/var/xapi/network.dbcache", "(ipv4_conf(Static4((192.0.2.1 24))))\n", true),
        ("/var/lib/vdsm/persistence/netconf/nets/m", "{\n \"ipaddr\": \"192.0.2.1\"\n}\n", true),
        ("/etc/ipsec.conf", "conn a\n\tleftsourceip=192.0.2.1\n", true),
        ("/etc/ipsec.conf", "conn a\n\trightsourceip=192.0.2.0/24\n", false),
        ("/etc/swanctl/conf.d/a.conf", "connections {\n a {\n  vips = 192.0.2.1\n", true),
        ("/var/lib/zerotier-one/networks.d/0123456789abcdef.conf", "I=abc\n", true),
        ("/var/lib/zerotier-one/networks.d/0123456789abcdef.local.conf", "", false),
        ("/etc/nebula/config.yml", "pki:\n  cert: /etc/nebula/host.crt\n", true),
        ("/etc/n2n/edge.conf", "-d=n2n0\n-a=192.0.2.1\n", true),
        ("/etc/fastd/mesh/fastd.conf", "on up \"ip addr add 192.0.2.1/24 dev $INTERFACE\";\n", true),
        ("/etc/default/vrrpd", "DAEMON_ARGS=\"-i eth0 -v 1 192.0.2.1\"\n", true),
        ("/etc/sysconfig/ha/lvs.cf", "virtual web {\n  address = 192.0.2.1 eth0:1\n", true),
        ("/etc/cluster/cluster.conf", "<service>\n<ip address=\"192.0.2.1\"/>\n", true),
        ("/etc/VRTSvcs/conf/config/main.cf", "IP web (\n Address = \"192.0.2.1\"\n", true),
        ("/etc/drbd-reactor.d/a.toml", "start = [\"ocf:heartbeat:IPaddr2 v ip=192.0.2.1\"]\n", true),
        ("/etc/default/vip-manager.yml", "interface: eth0\nip: 192.0.2.1\n", true),
        ("/etc/pgpool2/pgpool.conf", "delegate_IP = '192.0.2.1'\n", true),
        ("/etc/pgpool2/pgpool.conf", "delegate_IP = ''\n    # delegate IP address\n", false),
        ("/etc/mysql-mmm/mmm_common.conf", "<role writer>\n  ips 192.0.2.1\n", true),
        ("/etc/exabgp/exabgp.conf", " run python3 -m exabgp healthcheck --ip 192.0.2.1;\n", true),
        ("/etc/kubernetes/manifests/kube-vip.yaml", "- name: vip_address\n  value: 192.0.2.1\n", true),
        ("/etc/kubernetes/manifests/etcd.yaml", "- --listen-client-urls=https://192.0.2.1\n", false),
        ("/etc/supervisor/conf.d/v.conf", "command=/sbin/ip addr add 192.0.2.1/24 dev eth0\n", true),
        ("/etc/monit/conf.d/v", "if failed then exec \"/sbin/ip addr add 192.0.2.1/24 dev eth0\"\n", true),
        ("/etc/fw/host.fw", "$IP addr add $A dev $I\n", true),
    ];
    for (path, content, named) in rows {
        let tree = Tree::in_memory([(path, content)], &deadline);
        let found = unread(&tree, true).unwrap();
        assert_eq!(found.first().map(|place| file_of(place)), named.then_some(path), "{content}");
        // What cloud-init renders from these is read beside them.
        let alone = ["/proc/cmdline", "/etc/cloud/cloud.cfg", "/boot/firmware/network-config"];
        let beside = named && !alone.contains(&path);
        assert_eq!(unread(&tree, false).unwrap().is_empty(), !beside, "{content}");
    }
}

#[test]
fn names_the_scripts_that_are_started_at_boot() {
    let deadline = Deadline::after(Duration::from_secs(60));
    let script = ("/opt/vip.sh", "#!/bin/sh\nip addr add 192.0.2.1/24 dev eth0\n");
    let rows: [(&str, &str, bool); 14] = [
        ("/etc/rc.local", "#!/bin/sh\n/opt/vip.sh start\nexit 0\n", true),
        ("/etc/network/if-up.d/vip", "[ $IFACE = eth0 ] && /opt/vip.sh\n", true),
        ("/etc/init.d/vips", "case $1 in\nstart) /opt/vip.sh;;\nesac\n", true),
        ("/etc/init.d/vips", "# /opt/vip.sh\n", false),
        ("/etc/rc2.d/S99vips", "/opt/vip.sh\n", true),
        ("/etc/rc.local", "[ -x /opt/vip.sh ] && (sleep 9; sh '/opt/vip.sh') &\n", true),
        ("/etc/rc.local", "# /opt/vip.sh\n/opt/other.sh\n/dev/null\n", false),
        ("/etc/systemd/system/a.service", "[Service]\nExecStart=-/opt/vip.sh\n", true),
        ("/etc/systemd/system/a.service", "[Service]\nExecStart=/bin/bash /opt/vip.sh start\n", true),
        ("/etc/systemd/system/a.service", "[Unit]\nConditionPathExists=/opt/vip.sh\n", false),
        ("/etc/crontab", "@reboot root /opt/vip.sh\n", true),
        ("/etc/crontab", "17 * * * * root /opt/vip.sh\n", true),
        ("/etc/local.d/vip.start", ". /opt/vip.sh\n", true),
        ("/etc/systemd/system/a.service.d/b.conf", "[Service]\nExecStartPre=+/opt/vip.sh\n", true),
    ];
    for (path, content, named) in rows {
        let tree = Tree::in_memory([(path, content), script], &deadline);
        let expected: &[&str] = if named { &["/opt/vip.sh line 2"] } else { &[] };
        assert_eq!(unread(&tree, true).unwrap(), expected, "{path}: {content}");
    }
}

#[test]
fn units_of_packages_are_named_where_they_are_enabled() {
    let deadline = Deadline::after(Duration::from_secs(60));
    let unit = "[Service]\nExecStart=/sbin/ip addr add 192.0.2.1/24 dev eth0\n";
    let (wanted, file) =
        ("/etc/systemd/system/multi-user.target.wants/vip.service", "/usr/lib/systemd/system/vip.service");
    let own = "/etc/systemd/system/vip.service";
    let (instance, template) = (
        "/etc/systemd/system/network.target.requires/vip@eth0.service",
        "/usr/lib/systemd/system/vip@.service",
    );
    let script = ("/opt/vip.sh", "#!/bin/sh\nip addr add 192.0.2.1/24 dev eth0\n");
    let runs = "[Service]\nExecStart=/opt/vip.sh\n";
    type Row<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);
    let rows: [Row<'_>; 6] = [
        (&[(wanted, unit), (file, unit)], &[file]),
        (&[(file, unit)], &[]),
        (&[(wanted, unit), (file, unit), (own, "[Service]\n")], &[]),
        (&[(wanted, unit), (own, unit)], &[own]),
        (&[(instance, unit), (template, unit)], &[template]),
        // A script of a package may be for its own bridge.
        (&[(wanted, runs), (file, runs), script], &[]),
    ];
    for (files, expected) in rows {
        let tree = Tree::in_memory(files.iter().copied(), &deadline);
        let found = unread(&tree, true).unwrap();
        assert_eq!(found.iter().map(|place| file_of(place)).collect::<Vec<_>>(), expected, "{files:?}");
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
        assert_eq!(
            unread(&tree, true).unwrap().iter().map(|place| file_of(place)).collect::<Vec<_>>(),
            [path]
        );
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
    let found = ["/script", "/large", "/pipe", "/none"].map(|path| unread_script(&tree, path).is_some());
    assert_eq!(found, [true, false, false, false]);
    fs::create_dir_all(path("etc/init.d")).unwrap();
    for name in ["pipe", "script"] {
        fs::rename(path(name), path("etc/init.d").join(name)).unwrap();
    }
    assert_eq!(unread(&tree, true).unwrap(), ["/etc/init.d/script line 1"]);
    assert!(deadline.remaining() > Duration::from_secs(30), "a pipe takes all the time that there is");
}
