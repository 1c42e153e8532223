//! The interfaces that NetworkManager leaves alone: `[keyfile] unmanaged-devices=` and `[device] managed=` of
//! NetworkManager.conf(5).

use super::devices::{Fit, fits};
use super::keyfile::{Keyfile, is_yes};
use super::settings::Settings;
use crate::hardware::Cards;
use crate::promise::{ConfigError, Promises};
use crate::tree::Tree;

/// The words for what a specification is about; what has another one is a name, or a hardware address.
const KEYS: [&str; 5] = ["interface-name", "mac", "type", "driver", "s390-subchannels"];

/// What the files say.
#[derive(Debug, Default)]
pub(crate) struct Unmanaged {
    /// `[keyfile] unmanaged-devices=`.
    specs: Vec<String>,
    /// The sections `[device*]`, that which counts most first; `[device]` itself is the last.
    sections: Vec<Section>,
}

/// A section `[device*]`, put together from all files.
#[derive(Debug, Default)]
struct Section {
    name: String,
    /// `match-device=`: any device if it is not there.
    specs: Option<Vec<String>>,
    managed: Option<bool>,
    /// No later section counts for a device that this one fits.
    stops: bool,
}

impl Unmanaged {
    /// Reads the files. One that cannot be read is taken over into the promises, and leaves no interface
    /// alone.
    pub(crate) fn read(tree: &Tree<'_>, to: &mut Promises) -> Result<Self, ConfigError> {
        Ok(Self::of(&Settings::read(tree, to)?))
    }

    /// Returns what the files say; `+=` adds to the value of an earlier one.
    pub(super) fn of(settings: &Settings) -> Self {
        let mut unmanaged = Self::default();
        settings.files().for_each(|file| unmanaged.take(file));
        unmanaged
    }

    fn take(&mut self, file: &Keyfile) {
        for (key, written) in file.keys("keyfile") {
            change(&mut self.specs, key.strip_prefix("unmanaged-devices"), &written.value);
        }
        // The sections that a later file begins count more than those of the earlier ones.
        let mut begun = 0;
        for name in file.groups().filter(|name| name.starts_with("device")) {
            let known = self.sections.iter().position(|section| section.name == name);
            let position = known.unwrap_or_else(|| {
                let position = if name == "device" { self.sections.len() } else { begun };
                begun += usize::from(name != "device");
                self.sections.insert(position, Section { name: name.to_owned(), ..Section::default() });
                position
            });
            if let Some(section) = self.sections.get_mut(position) {
                section.take(file);
            }
        }
    }

    /// Returns whether NetworkManager leaves the interface alone for certain.
    pub(crate) fn covers(&self, interface: &str, kind: &str, cards: &Cards<'_>) -> bool {
        self.leaves_alone(interface, kind, cards) == Fit::Yes
    }

    /// Returns whether NetworkManager leaves the interface alone; not known is that only by its driver. The
    /// address of a card that is not here stays expected: it may have failed.
    pub(super) fn leaves_alone(&self, interface: &str, kind: &str, cards: &Cards<'_>) -> Fit {
        let mut perhaps = Fit::No;
        let fit = |specs: &Vec<String>| {
            let fit = fits(specs, interface, kind, cards);
            let doubtful = fit == Fit::Unknown && names_driver(specs) && cards.has(interface);
            (fit, if doubtful { Fit::Unknown } else { Fit::No })
        };
        if !self.specs.is_empty() {
            match fit(&self.specs) {
                (Fit::Yes, _) => return Fit::Yes,
                (_, by_driver) => perhaps = by_driver,
            }
        }
        for section in &self.sections {
            let (fit, by_driver) = section.specs.as_ref().map_or((Fit::Yes, Fit::No), fit);
            match (fit, section.managed) {
                (Fit::Yes, Some(false)) => return Fit::Yes,
                (Fit::Yes | Fit::Unknown, Some(true)) => return perhaps,
                (Fit::Yes | Fit::Unknown, None) if section.stops => return perhaps,
                (Fit::Unknown, Some(false)) if by_driver == Fit::Unknown => perhaps = by_driver,
                _ => {}
            }
        }
        perhaps
    }
}

/// Whether one of a list is about a driver.
fn names_driver(specs: &[String]) -> bool {
    specs.iter().any(|spec| spec.strip_prefix("except:").unwrap_or(spec).starts_with("driver:"))
}

impl Section {
    fn take(&mut self, file: &Keyfile) {
        for (key, written) in file.keys(&self.name) {
            let value = written.value.trim_ascii().to_ascii_lowercase();
            match key.as_str() {
                // What is not a boolean counts as yes.
                "managed" => self.managed = Some(!matches!(value.as_str(), "0" | "no" | "false" | "off")),
                "stop-match" => self.stops = is_yes(&value),
                _ => {
                    if let Some(rest) = key.strip_prefix("match-device") {
                        change(self.specs.get_or_insert_default(), Some(rest), &written.value);
                    }
                }
            }
        }
    }
}

/// Changes a list as the key of a value says by what follows its name: nothing, `+` or `-`.
fn change(list: &mut Vec<String>, key: Option<&str>, value: &str) {
    let specs = value.split([',', ';']).map(str::trim_ascii).filter(|spec| !spec.is_empty()).map(plain);
    match key {
        Some("") => *list = specs.collect(),
        Some("+") => list.extend(specs),
        Some("-") => {
            let taken: Vec<String> = specs.collect();
            list.retain(|spec| !taken.contains(spec));
        }
        _ => {}
    }
}

/// A specification with its words in small letters: NetworkManager takes `INTERFACE-NAME:eth0`, too.
fn plain(spec: &str) -> String {
    let (except, rest) = match spec.split_at_checked("except:".len()) {
        Some((word, rest)) if word.eq_ignore_ascii_case("except:") => ("except:", rest),
        _ => ("", spec),
    };
    let keyed = rest.split_once(':').map(|(key, pattern)| (key.to_ascii_lowercase(), pattern));
    match keyed.filter(|(key, _)| KEYS.contains(&key.as_str())) {
        Some((key, pattern)) => format!("{except}{key}:{pattern}"),
        None => format!("{except}{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use super::super::settings::MAIN;
    use super::*;

    fn covers(unmanaged: &Unmanaged) -> bool {
        covers_kind(unmanaged, "ethernet")
    }

    fn covers_kind(unmanaged: &Unmanaged, kind: &str) -> bool {
        let deadline = Deadline::after(Duration::from_secs(60));
        let card = ("/sys/class/net/eth0/address", "00:00:5e:00:53:01\n");
        let tree = Tree::in_memory([card], &deadline);
        unmanaged.covers("eth0", kind, &Cards::new(&tree))
    }

    /// A profile uses D-Bus's name of the type; an ifcfg file has its own word, `TYPE=Wireless`.
    #[test]
    fn a_wireless_interface_is_one_of_type_wifi() {
        let mut unmanaged = Unmanaged::default();
        unmanaged.take(&Keyfile::parse("f", b"[keyfile]\nunmanaged-devices=type:wifi\n").unwrap());
        let rows = [("wifi", true), ("802-11-wireless", true), ("wireless", true), ("ethernet", false)];
        for (kind, covered) in rows {
            assert_eq!(covers_kind(&unmanaged, kind), covered, "{kind}");
        }
    }

    #[test]
    fn a_driver_is_that_of_the_card_or_of_the_type() {
        let deadline = Deadline::after(Duration::from_secs(60));
        let files = [
            ("/sys/class/net/eth0/device/uevent", "DRIVER=virtio_net\nMODALIAS=virtio:d1\n"),
            ("/sys/class/net/eth1/address", "00:00:5e:00:53:01\n"),
        ];
        let tree = Tree::in_memory(files, &deadline);
        let cards = Cards::new(&tree);
        let rows = [
            ("driver:virtio_net", ["Yes", "Unknown", "No", "No"]),
            ("Driver:virtio_net", ["Yes", "Unknown", "No", "No"]),
            // NetworkManager 1.42.4 compares the name literally, and beside a version how it begins.
            ("driver:virtio*", ["No", "Unknown", "No", "No"]),
            ("driver:virtio/*", ["Yes", "Unknown", "No", "No"]),
            ("interface-name:eth?", ["Yes", "Yes", "No", "Yes"]),
            ("interface-name:eth[01]", ["No", "No", "No", "No"]),
            ("driver:veth", ["No", "Unknown", "No", "No"]),
            ("driver:bridge", ["No", "Unknown", "Yes", "No"]),
            ("driver:virtio_net/*", ["Yes", "Unknown", "No", "No"]),
            ("driver:virtio_net/1.0", ["Unknown", "Unknown", "No", "No"]),
            ("driver:veth/1.0", ["No", "Unknown", "No", "No"]),
            ("*,except:driver:virtio_net", ["No", "Unknown", "Yes", "No"]),
            ("*,except:driver:veth", ["Yes", "Unknown", "Yes", "No"]),
            ("driver:veth;interface-name:eth1", ["No", "Yes", "No", "No"]),
            // Not known otherwise, and taken to be managed.
            ("mac:00:00:5e:00:53:02", ["No", "No", "No", "No"]),
        ];
        for (specs, expected) in rows {
            let sections = [
                format!("[keyfile]\nunmanaged-devices={specs}\n"),
                format!("[device-x]\nmatch-device={specs}\nmanaged=0\n"),
            ];
            for text in sections {
                let mut unmanaged = Unmanaged::default();
                unmanaged.take(&Keyfile::parse("f", text.as_bytes()).unwrap());
                let of =
                    [("eth0", "ethernet"), ("eth1", "ethernet"), ("br0", "bridge"), ("eth9", "ethernet")];
                let found =
                    of.map(|(name, kind)| format!("{:?}", unmanaged.leaves_alone(name, kind, &cards)));
                assert_eq!(found, expected, "{text}");
            }
        }
        let mut unmanaged = Unmanaged::default();
        let later = "[device-a]\nmatch-device=driver:veth\nmanaged=0\n[device-b]\nmanaged=1\n";
        unmanaged.take(&Keyfile::parse("f", later.as_bytes()).unwrap());
        assert_eq!(unmanaged.leaves_alone("eth1", "ethernet", &cards), Fit::Unknown);
        assert_eq!(unmanaged.leaves_alone("eth9", "ethernet", &cards), Fit::No);
        unmanaged.take(&Keyfile::parse("f", b"[keyfile]\nunmanaged-devices=driver:virtio_net\n").unwrap());
        assert_eq!(unmanaged.leaves_alone("eth0", "ethernet", &cards), Fit::Yes);
        assert_eq!(unmanaged.leaves_alone("../net/eth0", "ethernet", &cards), Fit::No);
    }

    /// A bridge has the current address of its port, and a bond gives its ports another one.
    #[test]
    fn a_hardware_address_is_the_permanent_one() {
        let deadline = Deadline::after(Duration::from_secs(60));
        let (own, other) = ("00:00:5e:00:53:01\n", "00:00:5e:00:53:02\n");
        let files = [
            ("eth0/address", own),
            ("eth0/addr_assign_type", "0\n"),
            ("eth0/device/uevent", ""),
            ("br0/address", own),
            ("br0/addr_assign_type", "3\n"),
            ("eth1/address", other),
            ("eth1/addr_assign_type", "3\n"),
            ("eth1/device/uevent", ""),
            ("eth1/bonding_slave/perm_hwaddr", own),
            // An image has no more than the address.
            ("eth2/address", own),
        ];
        let files = files.map(|(path, text)| (format!("/sys/class/net/{path}"), text));
        let tree = Tree::in_memory(files, &deadline);
        let mut unmanaged = Unmanaged::default();
        let text = b"[keyfile]\nunmanaged-devices=mac:00:00:5E:00:53:01\n";
        unmanaged.take(&Keyfile::parse("f", text).unwrap());
        let rows = [("eth0", Fit::Yes), ("br0", Fit::No), ("eth1", Fit::Yes), ("eth2", Fit::Yes)];
        for (name, expected) in rows {
            assert_eq!(unmanaged.leaves_alone(name, "ethernet", &Cards::new(&tree)), expected, "{name}");
        }
    }

    #[test]
    fn the_driver_of_a_veth_is_known_by_its_kind() {
        let deadline = Deadline::after(Duration::from_secs(60));
        let files = [("type", "1\n"), ("iflink", "5\n"), ("ifindex", "4\n")];
        let files = files.map(|(name, text)| (format!("/sys/class/net/eth2/{name}"), text));
        let tree = Tree::in_memory(files, &deadline);
        let rows = [
            ("driver:veth", Fit::Yes),
            ("driver:e1000e", Fit::No),
            ("*,except:driver:veth,except:interface-name:eth1", Fit::No),
            ("*,except:driver:e1000e", Fit::Yes),
        ];
        for (specs, expected) in rows {
            let mut unmanaged = Unmanaged::default();
            let text = format!("[keyfile]\nunmanaged-devices={specs}\n");
            unmanaged.take(&Keyfile::parse("f", text.as_bytes()).unwrap());
            assert_eq!(unmanaged.leaves_alone("eth2", "ethernet", &Cards::new(&tree)), expected, "{specs}");
        }
    }

    #[test]
    fn covers_the_devices_that_networkmanager_leaves_alone() {
        let rows = [
            ("interface-name:eth0", true),
            ("interface-name:eth*;interface-name:wl*", true),
            ("interface-name:=eth*", false),
            ("INTERFACE-NAME:eth0", true),
            ("interface-name:ETH0", false),
            ("*,EXCEPT:Interface-Name:eth0", false),
            ("Type:ethernet", true),
            ("type:ETHERNET", false),
            ("MAC:00:00:5E:00:53:01", true),
            ("interface-name:eth1,interface-name:eth2", false),
            ("*,except:type:wifi,except:type:gsm", true),
            ("*,except:interface-name:eth0", false),
            ("except:interface-name:eth1", true),
            ("type:ethernet", true),
            ("type:wifi", false),
            ("mac:00:00:5E:00:53:01", true),
            ("00:00:5e:00:53:01", true),
            ("mac:00:00:5e:00:53:02", false),
            ("*,except:mac:00:00:5e:00:53:01", false),
            ("*,except:mac:00:00:5e:00:53:02", true),
            ("eth0", true),
            ("eth*", false),
            ("eth1", false),
            ("*,except:eth0", true),
            ("driver:e1000e", false),
            ("*,except:driver:e1000e", false),
            ("type:veth", false),
            ("", false),
        ];
        for (specs, covered) in rows {
            let mut unmanaged = Unmanaged::default();
            let text = format!("[keyfile]\nunmanaged-devices={specs}\n");
            unmanaged.take(&Keyfile::parse("f", text.as_bytes()).unwrap());
            assert_eq!(covers(&unmanaged), covered, "{specs}");
        }
    }

    #[test]
    fn reads_the_files_in_the_order_of_networkmanager() {
        let deadline = Deadline::after(Duration::from_secs(60));
        let all = "[keyfile]\nunmanaged-devices=*\n";
        let one = "[keyfile]\nunmanaged-devices+=interface-name:eth0\n";
        let shipped = "/usr/lib/NetworkManager/conf.d/10-globally-managed-devices.conf";
        type Files<'a> = &'a [(&'a str, &'a str)];
        let rows: [(Files<'_>, bool); 5] = [
            (&[(shipped, all)], true),
            (&[(shipped, all), ("/etc/NetworkManager/conf.d/10-globally-managed-devices.conf", "")], false),
            (&[(shipped, all), ("/run/NetworkManager/conf.d/10-globally-managed-devices.conf", "")], false),
            (&[(shipped, all), (MAIN, "[keyfile]\nunmanaged-devices=interface-name:eth1\n")], false),
            (&[(MAIN, "[main]\nplugins=keyfile\n"), ("/etc/NetworkManager/conf.d/a.conf", one)], true),
        ];
        for (files, covered) in rows {
            let tree = Tree::in_memory(files.iter().copied(), &deadline);
            assert_eq!(
                covers(&Unmanaged::read(&tree, &mut Promises::default()).unwrap()),
                covered,
                "{files:?}"
            );
        }
    }

    #[test]
    fn of_the_device_sections_the_first_that_fits_decides() {
        let rows = [
            ("[device-x]\nmatch-device=interface-name:eth0\nmanaged=0\n", "", true),
            ("[device]\nmatch-device=interface-name:eth0\nmanaged=no\n", "", true),
            ("[device-x]\nmatch-device=interface-name:eth1\nmanaged=0\n", "", false),
            ("[device-x]\nmanaged=False\n", "", true),
            ("[device-x]\nmatch-device=\nmanaged=0\n", "", false),
            ("[device-x]\nmatch-device=eth0\nmanaged=perhaps\n", "", false),
            ("[device-x]\nmatch-device=driver:e1000e\nmanaged=0\n", "", false),
            ("[device-a]\nmanaged=1\n[device-b]\nmanaged=0\n", "", false),
            ("[device]\nmanaged=1\n[device-b]\nmanaged=0\n", "", true),
            ("[device-a]\nstop-match=1\n[device-b]\nmanaged=0\n", "", false),
            ("[device-a]\nmanaged=1\n", "[device-c]\nmatch-device=*\nmanaged=0\n", true),
            ("[device-a]\nmanaged=0\n", "[device-c]\nmanaged=1\n", false),
            ("[device-a]\nmanaged=0\n", "[device-a]\nmanaged=1\n", false),
            ("[device-a]\nmanaged=0\n[device-b]\nmanaged=1\n", "[device-b]\nstop-match=1\n", true),
        ];
        let deadline = Deadline::after(Duration::from_secs(60));
        for (main, own, covered) in rows {
            let files = [(MAIN, main), ("/etc/NetworkManager/conf.d/x.conf", own)];
            let unmanaged =
                Unmanaged::read(&Tree::in_memory(files, &deadline), &mut Promises::default()).unwrap();
            assert_eq!(covers(&unmanaged), covered, "{main}{own}");
        }
    }
}
