//! Files that are known to configure addresses and are not read: to be named, so that their addresses are not
//! taken for nothing.

use std::io::ErrorKind;

use plugin::ReadError;

use crate::promise::ConfigError;
use crate::tree::Tree;

/// A file, or a folder with such files, and words of which one is in a file that configures addresses: any
/// content if there is none.
const OTHERS: [(&str, &str, &[&str]); 18] = [
    ("/etc/netctl", "", &["Address="]),
    ("/etc/conf.d/net", "", &["config_"]),
    ("/etc/config/network", "", &["option ipaddr", "option proto", "option ip6addr"]),
    ("/etc/rc.local", "", &["ip addr", "ip a a", "ip -4 addr", "ip -6 addr", "ip address", "ifconfig "]),
    ("/etc/rc.d/rc.local", "", &["ip addr", "ip a a", "ip address", "ifconfig "]),
    (PACEMAKER, "", &["IPaddr"]),
    ("/etc/rc.conf", "", &["ifconfig_"]),
    ("/etc/systemd/network.conf", "", &["Address="]),
    ("/etc/local.d", ".start", ADDS),
    ("/etc/init.d/boot.local", "", ADDS),
    ("/etc/network/if-up.d", "", ADDS),
    ("/etc/NetworkManager/dispatcher.d", "", ADDS),
    ("/etc/networkd-dispatcher/routable.d", "", ADDS),
    ("/etc/systemd/system", ".service", ADDS),
    ("/etc/frr/frr.conf", "", &["ip address ", "ipv6 address "]),
    ("/etc/quagga/zebra.conf", "", &["ip address ", "ipv6 address "]),
    ("/etc/ha.d/haresources", "", &["IPaddr"]),
    ("/etc/ucarp", ".conf", &["VIP"]),
];

/// Commands that add an address.
const ADDS: &[&str] = &["addr add", "address add", "addr replace", "ip a a ", "ip -6 a a "];

/// Where Pacemaker keeps its configuration, for its own accounts alone.
const PACEMAKER: &str = "/var/lib/pacemaker/cib/cib.xml";

/// Returns the files of other programs here that configure addresses, in the order of a fixed table.
///
/// # Errors
/// [`ConfigError::Read`]: a file is there and cannot be read.
pub fn unread(tree: &Tree<'_>) -> Result<Vec<String>, ConfigError> {
    let mut found = Vec::new();
    for (path, suffix, words) in OTHERS {
        let names = tree.names(path).unwrap_or_default();
        let inside = names.iter().filter_map(|name| name.to_str()).filter(|name| name.ends_with(suffix));
        let paths: Vec<String> = if names.is_empty() {
            vec![path.to_owned()]
        } else {
            inside.map(|name| format!("{path}/{name}")).collect()
        };
        for path in paths {
            // One that others may not read is no error: it is not read in any case.
            let content = match tree.read(&path) {
                Ok(Some(content)) => content,
                Err(ConfigError::Read(error)) if path == PACEMAKER && is_forbidden(&error) => {
                    found.push(path);
                    continue;
                }
                _ => continue,
            };
            if says(&String::from_utf8_lossy(&content), words) {
                found.push(path);
            }
        }
    }
    Ok(found)
}

fn is_forbidden(error: &ReadError) -> bool {
    matches!(error, ReadError::Refused { why, .. } if why.kind() == ErrorKind::PermissionDenied)
}

/// Whether one of the words is on a line that is no comment.
fn says(text: &str, words: &[&str]) -> bool {
    let lines = text.lines().map(str::trim_start).filter(|line| !line.starts_with(['#', ';']));
    lines.into_iter().any(|line| words.iter().any(|word| line.contains(word)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use super::*;

    #[test]
    fn names_the_files_that_configure_addresses() {
        let deadline = Deadline::after(Duration::from_secs(60));
        let unit = "[Service]\nExecStart=/sbin/ip addr add 192.0.2.1/24 dev eth0\n";
        let rows: [(&str, &str, bool); 12] = [
            ("/etc/local.d/addresses.start", "ip addr add 192.0.2.1/24 dev eth0\n", true),
            ("/etc/local.d/README", "ip addr add 192.0.2.1/24 dev eth0\n", false),
            ("/etc/systemd/system/vip.service", unit, true),
            ("/etc/systemd/system/web.service", "[Service]\nExecStart=/usr/bin/web\n", false),
            ("/etc/frr/frr.conf", "interface lo\n ip address 192.0.2.1/32\n", true),
            ("/etc/network/if-up.d/mtu", "ip addr show dev eth0\n", false),
            ("/etc/rc.local", "#!/bin/sh\nip addr add 192.0.2.1/24 dev eth0\n", true),
            ("/etc/rc.local", "#!/bin/sh\n# ip addr add 192.0.2.1/24 dev eth0\nexit 0\n", false),
            ("/etc/conf.d/net", "config_eth0=\"192.0.2.1/24\"\n", true),
            ("/etc/netctl/lan", "Address=('192.0.2.1/24')\n", true),
            ("/etc/config/network", "config interface lan\n  option ipaddr 192.0.2.1\n", true),
            ("/etc/hostname", "web1\n", false),
        ];
        for (path, content, named) in rows {
            let found = unread(&Tree::in_memory([(path, content)], &deadline)).unwrap();
            assert_eq!(found.first().map(String::as_str), named.then_some(path), "{content}");
        }
    }
}
