//! The interfaces that NetworkManager leaves to ifupdown: those of /etc/network/interfaces, where it is built
//! with the plugin for that file, as Debian's is, and `[ifupdown] managed=` does not say otherwise.

use std::collections::HashSet;

use super::enabled::has_plugin;
use super::keyfile::is_yes;
use super::settings::Settings;
use crate::ifupdown;
use crate::tree::Tree;

const PLUGIN: &str = "ifupdown";

/// Returns the names of the interfaces.
pub(super) fn names(settings: &Settings, tree: &Tree<'_>) -> HashSet<String> {
    if manages(settings) || !is_loaded(settings, has_plugin(tree, PLUGIN)) {
        return HashSet::new();
    }
    ifupdown::known_to_networkmanager(tree)
}

/// Whether NetworkManager manages these interfaces: not by default.
fn manages(settings: &Settings) -> bool {
    let written = settings.files().filter_map(|file| file.written(PLUGIN, "managed")).last();
    written.is_some_and(|written| is_yes(&written.value))
}

/// Whether the plugin is used: where `plugins=` has it, and by default where it is `installed`. Where that is
/// not known, it must be named.
fn is_loaded(settings: &Settings, installed: Option<bool>) -> bool {
    let mut loaded = installed == Some(true);
    for (key, written) in settings.files().flat_map(|file| file.keys("main")) {
        let has = written.value.split(',').any(|name| name.trim_ascii() == PLUGIN);
        match key.as_str() {
            // An empty list is the default.
            "plugins" if written.value.trim_ascii().is_empty() => loaded = installed == Some(true),
            "plugins" => loaded = has,
            "plugins+" => loaded |= has,
            "plugins-" => loaded &= !has,
            _ => {}
        }
    }
    loaded && installed != Some(false)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use super::super::settings::MAIN;
    use super::*;
    use crate::promise::Promises;

    fn found(files: &[(&str, &str)]) -> HashSet<String> {
        let deadline = Deadline::after(Duration::from_secs(60));
        let tree = Tree::in_memory(files.iter().copied(), &deadline);
        names(&Settings::read(&tree, &mut Promises::default()).unwrap(), &tree)
    }

    /// As Debian's NetworkManager 1.42.4 does.
    #[test]
    fn networkmanager_leaves_the_interfaces_of_ifupdown_alone() {
        let own = "/etc/NetworkManager/conf.d/a.conf";
        let both = "[main]\nplugins=ifupdown,keyfile\n";
        let rows = [
            ("[main]\nplugins=ifupdown,keyfile\n[ifupdown]\nmanaged=false\n", "", true),
            (both, "", true),
            ("", "", true),
            ("[main]\nplugins=\n", "", true),
            ("[main]\nplugins= ifupdown , keyfile\n", "", true),
            ("[main]\nplugins=keyfile\nplugins+=ifupdown\n", "", true),
            (both, "[ifupdown]\nmanaged=perhaps\n", true),
            (both, "[ifupdown]\nmanaged=\n", true),
            (both, "[ifupdown]\nmanaged=off\n", true),
            (both, "[IFUPDOWN]\nmanaged=true\n", true),
            ("[main]\nplugins=keyfile\n[ifupdown]\nmanaged=false\n", "", false),
            ("[main]\nplugins=ifupdown;keyfile;\n", "", false),
            ("[main]\nplugins=ifupdown keyfile\n", "", false),
            ("[main]\nplugins=IFUPDOWN,keyfile\n", "", false),
            (both, "[main]\nplugins-=ifupdown\n", false),
            (both, "[ifupdown]\nmanaged=true\n", false),
            (both, "[ifupdown]\nmanaged = true \n", false),
            (both, "[ifupdown]\nmanaged=TRUE\n", false),
            (both, "[ifupdown]\nmanaged=1\n", false),
            (both, "[ifupdown]\nmanaged=false\nmanaged=yes\n", false),
        ];
        let interfaces = ("/etc/network/interfaces", "iface eth0 inet dhcp\n");
        let lib = "/usr/lib/x86_64-linux-gnu/NetworkManager/1.42.4";
        let (with, without) =
            (format!("{lib}/libnm-settings-plugin-ifupdown.so"), format!("{lib}/libnm-wwan.so"));
        for (main, more, alone) in rows {
            let files = [(MAIN, main), (own, more), interfaces];
            // Where the plugins are not known, the settings must name it.
            let named = alone && main.contains("ifupdown");
            assert_eq!(found(&files).contains("eth0"), named, "{main}{more}");
            assert_eq!(
                found(&[files[0], files[1], files[2], (&with, "")]).contains("eth0"),
                alone,
                "{main}{more}"
            );
            assert!(found(&[files[0], files[1], files[2], (&without, "")]).is_empty(), "{main}{more}");
        }
    }

    #[test]
    fn stanzas_mappings_and_ports_of_bridges_count() {
        let rows = [
            ("iface eth0 inet dhcp\n", true),
            ("allow-hotplug eth0\niface eth0 inet dhcp\n", true),
            ("iface eth0 inet6 static\n address 2001:db8::1/64\n", true),
            ("iface eth0 inet manual\n", true),
            ("iface x inet manual\niface eth0 inherits x\n", true),
            ("iface eth0 inherits x\n", true),
            ("iface eth0 ipx static\n", true),
            ("iface eth0 inet dhcp foo bar\n", true),
            ("iface \\\n eth0 inet dhcp\n", true),
            ("mapping eth0\n script /bin/true\n", true),
            ("iface br0 inet static\n bridge_ports eth0\n address 192.0.2.99/24\n", true),
            ("iface br0 inet manual\n bridge-ports eth1 eth0\n", true),
            ("iface br0 inet manual\n bridge_ports regex eth.* noregex eth0\n", true),
            ("source interfaces.d/*\n", true),
            ("source-directory interfaces.d\n", true),
            ("auto eth0\n", false),
            ("iface eth0\n", false),
            ("iface eth0 inet\n", false),
            ("iface eth* inet dhcp\n", false),
            ("iface eth0:1 inet static\n address 192.0.2.99/24\n", false),
            ("Iface eth0 inet dhcp\n", false),
            ("mapping eth1 eth0\n script /bin/true\n", false),
            ("mapping eth*\n script /bin/true\n", false),
            ("iface vmbr0 inet manual\n bridge_ports eth0\n", false),
            ("iface br0 inet manual\n bridge_ports regex eth.*\n", false),
            ("iface bond0 inet static\n bond-slaves eth0\n", false),
            ("iface eth0.10 inet static\n address 192.0.2.99/24\n", false),
            ("iface vlan10 inet static\n vlan-raw-device eth0\n", false),
            ("#iface eth0 inet dhcp\n", false),
        ];
        let more = ("/etc/network/interfaces.d/x", "auto eth0\niface eth0 inet dhcp\n");
        for (interfaces, alone) in rows {
            let main = (MAIN, "[main]\nplugins=ifupdown,keyfile\n");
            let names = found(&[main, ("/etc/network/interfaces", interfaces), more]);
            assert_eq!(names.contains("eth0"), alone, "{interfaces}");
        }
    }
}
