//! The interfaces that NetworkManager leaves alone: `[keyfile] unmanaged-devices=` of NetworkManager.conf(5), as
//! far as names and types tell.
//!
//! Of files of the same name, that in /etc counts, then that in /run. The main file is read after those of
//! /usr/lib and /run and before those of /etc; a later value replaces an earlier one, `+=` adds to it.

use std::collections::BTreeMap;

use super::keyfile::Keyfile;
use crate::folders;
use crate::promise::ConfigError;
use crate::tree::Tree;
use crate::wildcard;

const MAIN: &str = "/etc/NetworkManager/NetworkManager.conf";
const ETC: &str = "/etc/NetworkManager/conf.d";
/// The one that counts most first.
const FOLDERS: [&str; 3] = [ETC, "/run/NetworkManager/conf.d", "/usr/lib/NetworkManager/conf.d"];

/// What the value says.
#[derive(Debug, Default)]
pub(super) struct Unmanaged {
    specs: Vec<String>,
}

/// Whether a specification fits a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    Yes,
    No,
    /// It is about something that the files do not tell, as a hardware address.
    Unknown,
}

impl Unmanaged {
    /// Reads the files in the order in which NetworkManager does.
    pub(super) fn read(tree: &Tree<'_>) -> Result<Self, ConfigError> {
        let mut unmanaged = Self::default();
        let files = folders::by_name(tree, &FOLDERS.map(str::to_owned), |name| name.ends_with(".conf"))?;
        let (own, shipped): (BTreeMap<_, _>, BTreeMap<_, _>) =
            files.into_iter().partition(|(_, path)| path.starts_with(ETC));
        let main = std::iter::once(MAIN.to_owned());
        for path in shipped.into_values().chain(main).chain(own.into_values()) {
            let content = folders::content(tree, &path)?.unwrap_or_default();
            // NetworkManager does not start with a file that it cannot read.
            if let Ok(file) = Keyfile::parse(&path, &content) {
                unmanaged.take(&file);
            }
        }
        Ok(unmanaged)
    }

    fn take(&mut self, file: &Keyfile) {
        for (key, written) in file.keys("keyfile") {
            let specs = written.value.split([',', ';']).map(str::trim_ascii).filter(|spec| !spec.is_empty());
            match key.as_str() {
                "unmanaged-devices" => self.specs = specs.map(str::to_owned).collect(),
                "unmanaged-devices+" => self.specs.extend(specs.map(str::to_owned)),
                "unmanaged-devices-" => {
                    let taken: Vec<&str> = specs.collect();
                    self.specs.retain(|spec| !taken.contains(&spec.as_str()));
                }
                _ => {}
            }
        }
    }

    /// Returns whether NetworkManager leaves the interface alone for certain: one of the list is it, and none of
    /// the exceptions may be.
    pub(super) fn covers(&self, interface: &str, kind: &str) -> bool {
        let exceptions: Vec<&str> =
            self.specs.iter().filter_map(|spec| spec.strip_prefix("except:")).collect();
        let mut others = self.specs.iter().filter(|spec| !spec.starts_with("except:")).peekable();
        // Exceptions alone leave all others out.
        let listed = others.peek().is_none() && !exceptions.is_empty()
            || others.any(|spec| fit(spec, interface, kind) == Fit::Yes);
        listed && exceptions.iter().all(|spec| fit(spec, interface, kind) == Fit::No)
    }
}

fn fit(spec: &str, interface: &str, kind: &str) -> Fit {
    let known = |fits: bool| if fits { Fit::Yes } else { Fit::No };
    if spec == "*" {
        return Fit::Yes;
    }
    match spec.split_once(':') {
        Some(("interface-name", pattern)) => match pattern.strip_prefix('=') {
            Some(name) => known(name == interface),
            None => known(wildcard::matches(pattern.strip_prefix('~').unwrap_or(pattern), interface)),
        },
        Some(("type", name)) if !kind.is_empty() => known(name == kind || format!("802-3-{name}") == kind),
        _ => Fit::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use super::*;

    #[test]
    fn covers_the_devices_that_networkmanager_leaves_alone() {
        let rows = [
            ("interface-name:eth0", true),
            ("interface-name:eth*;interface-name:wl*", true),
            ("interface-name:=eth*", false),
            ("interface-name:eth1,interface-name:eth2", false),
            ("*,except:type:wifi,except:type:gsm", true),
            ("*,except:interface-name:eth0", false),
            ("except:interface-name:eth1", true),
            ("type:ethernet", true),
            ("type:wifi", false),
            ("mac:00:00:5e:00:53:01", false),
            ("*,except:mac:00:00:5e:00:53:01", false),
            ("", false),
        ];
        for (specs, covered) in rows {
            let mut unmanaged = Unmanaged::default();
            let text = format!("[keyfile]\nunmanaged-devices={specs}\n");
            unmanaged.take(&Keyfile::parse("f", text.as_bytes()).unwrap());
            assert_eq!(unmanaged.covers("eth0", "ethernet"), covered, "{specs}");
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
            assert_eq!(Unmanaged::read(&tree).unwrap().covers("eth0", "ethernet"), covered, "{files:?}");
        }
    }
}
