//! Reads the facts about this host: /proc, /run, /sys and the settings of cloud-init.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use host_config::Tree;
use plugin::Deadline;
use rustix::fs::OFlags;
use rustix::time::{ClockId, clock_gettime};

use crate::facts::{Cloud, Facts, Owners, Platform};
use crate::lines::cut;
use crate::look::content;

/// CAP_LINUX_IMMUTABLE (capability.h).
const LINUX_IMMUTABLE: u32 = 9;
/// From this version on openresolv fails where it cannot write.
const FAILING_OPENRESOLV: (u32, u32) = (3, 17);

/// Programs that rewrite the name or the resolver, and what is there where one is installed or runs.
const PROGRAMS: [(&str, &[&str]); 10] = [
    ("cloud-init", &["/etc/cloud/cloud.cfg", "/usr/bin/cloud-init"]),
    ("NetworkManager", &["/run/NetworkManager", "/usr/sbin/NetworkManager", "/usr/bin/NetworkManager"]),
    (
        "systemd-resolved",
        &["/run/systemd/resolve", "/usr/lib/systemd/systemd-resolved", "/lib/systemd/systemd-resolved"],
    ),
    ("resolvconf", &["/sbin/resolvconf", "/usr/sbin/resolvconf"]),
    ("dhclient", &["/sbin/dhclient", "/usr/sbin/dhclient"]),
    ("dhcpcd", &["/sbin/dhcpcd", "/usr/sbin/dhcpcd"]),
    ("connman", &["/run/connman", "/usr/sbin/connmand"]),
    ("netconfig", &["/run/netconfig", "/sbin/netconfig"]),
    ("tailscale", &["/var/lib/tailscale", "/usr/sbin/tailscaled", "/usr/bin/tailscaled"]),
    ("netctl", &["/usr/bin/netctl"]),
];

/// Reads the facts. What cannot be read is not known, and no fault: it only explains others.
pub(crate) fn read(tree: &Tree<'_>, proc: &Path, is_resolver_locked: bool, deadline: &Deadline) -> Facts {
    let evidence = Evidence { tree, deadline };
    let now = now();
    let has = |path: &&str| evidence.exists(path);
    Facts {
        platform: platform(&evidence, proc),
        now,
        booted: booted(proc, now),
        programs: Some(
            PROGRAMS.iter().filter(|(_, paths)| paths.iter().any(has)).map(|(program, _)| *program).collect(),
        ),
        cloud: cloud(&evidence),
        needs_resolver: if is_resolver_locked { needs_resolver(&evidence) } else { None },
        can_lock: can_lock(proc),
        owners: Owners::default(),
    }
}

/// Reads the names of users and groups. A file that cannot be read gives no names.
pub(crate) fn owners(tree: &Tree<'_>, deadline: &Deadline) -> Owners {
    let names = |path| content(tree, path, deadline).map(|text| names_by_number(&text)).unwrap_or_default();
    Owners { users: names("/etc/passwd"), groups: names("/etc/group") }
}

/// Returns the names in a file of fields (passwd(5), group(5)). If two names have one number, the first
/// counts.
fn names_by_number(text: &[u8]) -> BTreeMap<u32, String> {
    let text = String::from_utf8_lossy(text);
    let mut names = BTreeMap::new();
    for line in text.lines() {
        let mut fields = line.split(':');
        if let (Some(name), Some(number)) = (fields.next(), fields.nth(1).and_then(|text| text.parse().ok()))
            && !name.is_empty()
        {
            names.entry(number).or_insert_with(|| cut(name));
        }
    }
    names
}

/// Returns the time, in seconds since 1970.
pub(crate) fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    i64::try_from(now).unwrap_or_default()
}

fn can_lock(proc: &Path) -> Option<bool> {
    let set = bounding_set(&text(proc, "self/status")?)?;
    Some(set >> LINUX_IMMUTABLE & 1 == 1)
}

/// The files that explain others.
struct Evidence<'a> {
    tree: &'a Tree<'a>,
    deadline: &'a Deadline,
}

impl Evidence<'_> {
    fn exists(&self, path: &str) -> bool {
        self.tree.open(path, OFlags::PATH | OFlags::CLOEXEC).is_ok()
    }

    fn content(&self, path: &str) -> Option<Vec<u8>> {
        content(self.tree, path, self.deadline)
    }

    /// Returns the first line without the blanks around it: `None` if it is empty.
    fn line(&self, path: &str) -> Option<String> {
        let text = self.content(path)?;
        let text = String::from_utf8_lossy(&text);
        text.lines().next().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty())
    }
}

fn text(folder: &Path, name: &str) -> Option<String> {
    fs::read_to_string(folder.join(name)).ok()
}

fn platform(evidence: &Evidence<'_>, proc: &Path) -> Platform {
    match host_config::container(evidence.tree, |name| proc.join(name).exists()) {
        Some(engine) if engine == "openvz" => return Platform::OpenVz,
        Some(engine) => return Platform::Container(engine),
        None => {}
    }
    // Xen's own control domain is no guest.
    let controls =
        text(proc, "xen/capabilities").is_some_and(|capabilities| capabilities.contains("control_d"));
    if evidence.line("/sys/hypervisor/type").as_deref() == Some("xen") && !controls {
        return Platform::Xen;
    }
    evidence.line("/sys/class/dmi/id/sys_vendor").map_or(Platform::Unknown, Platform::Machine)
}

/// Returns when process 1 started. The boot time of /proc/stat is the node's in some containers, and moves
/// with the clock on old kernels.
fn booted(proc: &Path, now: i64) -> Option<i64> {
    let uptime = clock_gettime(ClockId::Boottime).tv_sec;
    let first = text(proc, "1/stat")
        .and_then(|stat| host_config::process_start(&stat))
        .map(|seconds| now - (uptime - seconds));
    first.or_else(|| {
        let stat = text(proc, "stat")?;
        stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
    })
}

fn bounding_set(status: &str) -> Option<u64> {
    let set = status.lines().find_map(|line| line.strip_prefix("CapBnd:"))?;
    u64::from_str_radix(set.trim(), 16).ok()
}

fn cloud(evidence: &Evidence<'_>) -> Option<Cloud> {
    let main = evidence.content("/etc/cloud/cloud.cfg")?;
    if evidence.exists("/etc/cloud/cloud-init.disabled") {
        return None;
    }
    let mut settings = String::from_utf8_lossy(&main).into_owned();
    for name in evidence.tree.names("/etc/cloud/cloud.cfg.d").unwrap_or_default() {
        let name = name.to_string_lossy().into_owned();
        if name.ends_with(".cfg")
            && let Some(more) = evidence.content(&format!("/etc/cloud/cloud.cfg.d/{name}"))
        {
            settings = format!("{settings}\n{}", String::from_utf8_lossy(&more));
        }
    }
    let names = evidence
        .line("/var/lib/cloud/data/previous-hostname")
        .into_iter()
        .chain(names_set(evidence))
        .collect();
    let is_true = |key| {
        setting(&settings, key).is_some_and(|value| matches!(&*value, "true" | "yes" | "on" | "localhost"))
    };
    Some(Cloud {
        preserves_name: is_true("preserve_hostname"),
        manages_hosts: is_true("manage_etc_hosts"),
        names,
    })
}

/// Returns the last value of a key of the top level, in lower case. In a YAML file in block style only that
/// level starts without a blank.
fn setting(settings: &str, key: &str) -> Option<String> {
    let mut values = settings.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    let value = values.next_back()?.split(" #").next()?;
    Some(value.trim().trim_matches(['"', '\'']).to_ascii_lowercase())
}

/// Returns the names in cloud-init's record of what it set.
fn names_set(evidence: &Evidence<'_>) -> Vec<String> {
    let read = || {
        let record = evidence.content("/var/lib/cloud/data/set-hostname")?;
        serde_json::from_slice::<serde_json::Value>(&record).ok()
    };
    let record = read().unwrap_or_default();
    ["hostname", "fqdn"].iter().filter_map(|key| record.get(key)?.as_str().map(str::to_owned)).collect()
}

/// Returns the program that may fail to start where resolv.conf cannot be written.
fn needs_resolver(evidence: &Evidence<'_>) -> Option<&'static str> {
    let script = ["/sbin/resolvconf", "/usr/sbin/resolvconf"].iter().find_map(|path| evidence.content(path));
    if let Some(script) = script.filter(|script| script.starts_with(b"#!")) {
        return match version(&String::from_utf8_lossy(&script)) {
            Some(version) if version >= FAILING_OPENRESOLV => Some("openresolv"),
            Some(_) => None,
            None => Some("resolvconf"),
        };
    }
    evidence.exists("/usr/bin/netctl").then_some("netctl")
}

/// Returns the version in openresolv's script: Debian's resolvconf has none.
fn version(script: &str) -> Option<(u32, u32)> {
    let text = script.lines().find_map(|line| line.trim().strip_prefix("OPENRESOLV_VERSION="))?;
    let mut numbers = text.trim_matches(['"', '\'']).split('.').map(|number| number.parse().unwrap_or(0));
    Some((numbers.next()?, numbers.next().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn facts(files: &[(&str, &str)]) -> Facts {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let file = folder.path().join(path.trim_start_matches('/'));
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let deadline = Deadline::after(Duration::from_secs(8));
        read(&Tree::new(folder.path(), &deadline), &folder.path().join("proc"), true, &deadline)
    }

    #[test]
    fn the_kind_of_host_is_told_by_what_is_there() {
        let rows: [(&[(&str, &str)], Platform); 10] = [
            (&[("proc/vz/version", "")], Platform::OpenVz),
            (&[("proc/user_beancounters", "")], Platform::OpenVz),
            (&[("proc/vz/version", ""), ("proc/bc/x", "")], Platform::Unknown),
            (&[("run/systemd/container", "lxc\n")], Platform::Container("lxc".to_owned())),
            (&[(".dockerenv", "")], Platform::Container("docker".to_owned())),
            (&[("run/.containerenv", ""), (".dockerenv", "")], Platform::Container("podman".to_owned())),
            (&[("proc/sys/kernel/osrelease", "5.15-WSL2\n")], Platform::Container("wsl".to_owned())),
            (&[("sys/hypervisor/type", "xen\n")], Platform::Xen),
            (
                &[("sys/hypervisor/type", "xen\n"), ("proc/xen/capabilities", "control_d\n")],
                Platform::Unknown,
            ),
            (&[("sys/class/dmi/id/sys_vendor", "QEMU\n")], Platform::Machine("QEMU".to_owned())),
        ];
        for (files, platform) in rows {
            assert_eq!(facts(files).platform, platform, "{files:?}");
        }
    }

    #[test]
    fn the_first_name_of_a_number_counts() {
        let text =
            b"root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/:\n+::::::\n:x:5:\nwww-data:x:33:33\na:b\n#x:y:-1\n";
        let names = names_by_number(text);
        let expected = [(0, "root"), (33, "www-data")].map(|(number, name)| (number, name.to_owned()));
        assert_eq!(names, BTreeMap::from(expected));
        assert_eq!(names_by_number(b"\xff:x:4294967296\n\xff:x:1\n").len(), 1);
    }

    #[test]
    fn the_boot_is_the_start_of_process_1_or_that_of_the_kernel() {
        let stat = "1 (a) (b) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 12345 1 2";
        assert_eq!(facts(&[("proc/stat", "cpu 1 2\nbtime 1700000000\n")]).booted, Some(1_700_000_000));
        let uptime = clock_gettime(ClockId::Boottime).tv_sec;
        let found = facts(&[("proc/stat", "btime 1\n"), ("proc/1/stat", stat)]);
        assert!((found.now - found.booted.unwrap() - (uptime - 123)).abs() <= 1);
        assert_eq!(facts(&[]).booted, None);
    }

    #[test]
    fn the_last_setting_of_cloud_init_counts() {
        let main = ("etc/cloud/cloud.cfg", "preserve_hostname: false\nmanage_etc_hosts: \"True\" # by us\n");
        let cached =
            ("var/lib/cloud/data/set-hostname", r#"{"hostname": "vz2542", "fqdn": "vz2542.example.net"}"#);
        let cloud =
            facts(&[main, cached, ("etc/cloud/cloud.cfg.d/99.cfg", "x:\n  preserve_hostname: true\n")])
                .cloud
                .unwrap();
        let names = vec!["vz2542".to_owned(), "vz2542.example.net".to_owned()];
        assert_eq!(cloud, Cloud { preserves_name: false, manages_hosts: true, names });
        let more = [
            ("etc/cloud/cloud.cfg.d/99.cfg", "preserve_hostname: true\n"),
            ("etc/cloud/cloud.cfg.d/00.cfg.old", ""),
        ];
        assert!(facts(&[&more[..], &[main]].concat()).cloud.unwrap().preserves_name);
        assert_eq!(facts(&[main, ("etc/cloud/cloud-init.disabled", "")]).cloud, None);
        assert_eq!(facts(&[]).cloud, None);
    }

    #[test]
    fn what_fails_on_an_immutable_resolver() {
        let rows = [
            ("sbin/resolvconf", "#!/bin/sh\n# Debian\n", Some("resolvconf")),
            ("usr/sbin/resolvconf", "#!/bin/sh\nOPENRESOLV_VERSION=\"3.17.1\"\n", Some("openresolv")),
            ("usr/sbin/resolvconf", "#!/bin/sh\nOPENRESOLV_VERSION=\"3.12.0\"\n", None),
            ("usr/sbin/resolvconf", "\u{7f}ELF", None),
            ("usr/bin/netctl", "#!/bin/bash\n", Some("netctl")),
        ];
        for (path, text, program) in rows {
            assert_eq!(facts(&[(path, text)]).needs_resolver, program, "{path} {text}");
        }
        assert_eq!(facts(&[("proc/self/status", "CapBnd:\t00000000a80425fb\n")]).can_lock, Some(false));
        assert_eq!(facts(&[("proc/self/status", "CapBnd:\t000001ffffffffff\n")]).can_lock, Some(true));
        assert_eq!(
            facts(&[("run/NetworkManager/x", ""), ("sbin/dhclient", "")]).programs,
            Some(vec!["NetworkManager", "dhclient"])
        );
        let installed =
            ["bin/cloud-init", "sbin/NetworkManager", "lib/systemd/systemd-resolved", "sbin/tailscaled"];
        let installed = installed.map(|path| format!("usr/{path}"));
        let installed: Vec<(&str, &str)> = installed.iter().map(|path| (path.as_str(), "")).collect();
        let programs = vec!["cloud-init", "NetworkManager", "systemd-resolved", "tailscale"];
        assert_eq!(facts(&installed).programs, Some(programs));
    }
}
