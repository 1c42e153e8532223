//! `Virtualization=`: whether this machine is a container or a virtual machine, by the files that
//! systemd-detect-virt(1) reads.

use super::unit::boolean;
use crate::container::container;
use crate::tree::Tree;

/// The kind of this machine. The name of a hypervisor may be one of several.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Virtualization {
    Container(String),
    Machine(Option<&'static [&'static str]>),
    None,
}

/// The maker in the firmware, and the hypervisors that it may belong to. The firmware of QEMU is the same for
/// KVM and for an emulated processor; only the instruction CPUID tells them apart.
const FIRMWARE: [(&str, &[&str]); 16] = [
    ("KVM", &["kvm", "qemu"]),
    ("OpenStack", &["kvm", "qemu"]),
    ("KubeVirt", &["kvm", "qemu"]),
    ("QEMU", &["kvm", "qemu"]),
    ("Bochs", &["kvm", "qemu", "bochs"]),
    ("Amazon EC2", &["amazon", "kvm"]),
    ("VMware", &["vmware"]),
    ("VMW", &["vmware"]),
    ("innotek GmbH", &["oracle"]),
    ("VirtualBox", &["oracle"]),
    ("Xen", &["xen"]),
    ("Parallels", &["parallels"]),
    ("BHYVE", &["bhyve"]),
    ("Hyper-V", &["microsoft"]),
    ("Apple Virtualization", &["apple"]),
    ("Google Compute Engine", &["google", "kvm"]),
];
/// The files of the firmware's names, in systemd's order.
const NAMES: [&str; 5] = ["product_name", "sys_vendor", "board_vendor", "bios_vendor", "product_version"];

impl Virtualization {
    /// Reads the files of the kernel and of the container's manager. `None` if they do not tell.
    pub(super) fn read(tree: &Tree<'_>) -> Option<Self> {
        let text = |path: &str| {
            let content = tree.read(path).ok().flatten()?;
            Some(String::from_utf8_lossy(&content).trim().to_owned())
        };
        match container(tree, |name| tree.has(&format!("/proc/{name}"))) {
            Some(engine) if engine == "oci" => return Some(Self::Container("container-other".to_owned())),
            Some(engine) => return Some(Self::Container(engine)),
            None => {}
        }
        let flags = text("/proc/cpuinfo")?;
        let mut flags = flags.lines().filter(|line| line.starts_with("flags"));
        let hypervisor = flags.next()?.split_ascii_whitespace().any(|flag| flag == "hypervisor");
        let of = |name: String| FIRMWARE.iter().find(|(maker, _)| name.starts_with(maker));
        let firmware = NAMES.iter().find_map(|name| of(text(&format!("/sys/class/dmi/id/{name}"))?));
        match (hypervisor, firmware) {
            // Xen runs guests without the flag, and User Mode Linux has no such firmware.
            (false, _) if tree.has("/sys/hypervisor/type") => None,
            (false, None) => Some(Self::None),
            (false, Some(_)) => None,
            // A hypervisor may run in another one, and the firmware is that of the outer one.
            (true, _) if tree.has("/sys/hypervisor/type") => Some(Self::Machine(None)),
            (true, firmware) => Some(Self::Machine(firmware.map(|(_, names)| *names))),
        }
    }

    /// Returns whether the value of a condition holds. `None` if that is not known.
    pub(super) fn fits(&self, value: &str) -> Option<bool> {
        let (vm, container) = (matches!(self, Self::Machine(_)), matches!(self, Self::Container(_)));
        match (boolean(value), value) {
            (Some(any), _) => return Some(any == (vm || container)),
            (_, "vm") => return Some(vm),
            (_, "container") => return Some(container),
            // This asks for a user namespace of its own.
            (_, "private-users") => return None,
            _ => {}
        }
        match self {
            Self::None => Some(false),
            Self::Container(name) => Some(name == value),
            Self::Machine(Some([only])) => Some(*only == value),
            Self::Machine(Some(names)) if !names.contains(&value) => Some(false),
            Self::Machine(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use super::*;

    const GUEST: (&str, &str) = ("/proc/cpuinfo", "processor: 0\nflags\t\t: fpu hypervisor\n");
    const METAL: (&str, &str) = ("/proc/cpuinfo", "processor: 0\nflags\t\t: fpu vme\n");
    const XEN: (&str, &str) = ("/sys/hypervisor/type", "xen");

    #[test]
    fn a_machine_is_told_by_the_files_of_its_kernel() {
        let vendor = |name| ("/sys/class/dmi/id/sys_vendor", name);
        type Row<'a> = (&'a [(&'a str, &'a str)], [(&'a str, Option<bool>); 5]);
        let (no, yes) = (Some(false), Some(true));
        let rows: [Row<'_>; 10] = [
            (&[METAL], [("vm", no), ("no", yes), ("yes", no), ("container", no), ("kvm", no)]),
            (&[GUEST], [("vm", yes), ("no", no), ("true", yes), ("container", no), ("kvm", None)]),
            (
                &[GUEST, vendor("QEMU")],
                [("vm", yes), ("kvm", None), ("qemu", None), ("vmware", no), ("docker", no)],
            ),
            (
                &[GUEST, vendor("VMware, Inc.")],
                [("vm", yes), ("kvm", no), ("vmware", yes), ("private-users", None), ("off", no)],
            ),
            (
                &[GUEST, ("/.dockerenv", "")],
                [("vm", no), ("container", yes), ("docker", yes), ("podman", no), ("no", no)],
            ),
            (
                &[METAL, ("/run/systemd/container", "lxc\n")],
                [("vm", no), ("container", yes), ("lxc", yes), ("lxc-libvirt", no), ("yes", yes)],
            ),
            (
                &[METAL, ("/run/systemd/container", "oci"), ("/run/.containerenv", "")],
                [("vm", no), ("container", yes), ("podman", yes), ("oci", no), ("1", yes)],
            ),
            (
                &[METAL, ("/run/systemd/container", "oci")],
                [("vm", no), ("container", yes), ("container-other", yes), ("docker", no), ("no", no)],
            ),
            (
                &[GUEST, XEN, vendor("Xen")],
                [("vm", yes), ("container", no), ("xen", None), ("no", no), ("kvm", None)],
            ),
            (
                &[GUEST, ("/proc/vz/version", "1")],
                [("vm", no), ("container", yes), ("openvz", yes), ("no", no), ("kvm", no)],
            ),
        ];
        let deadline = Deadline::after(Duration::from_secs(60));
        for (files, conditions) in rows {
            let here = Virtualization::read(&Tree::in_memory(files.iter().copied(), &deadline)).unwrap();
            for (value, holds) in conditions {
                assert_eq!(here.fits(value), holds, "{files:?} {value}");
            }
        }
        for files in [&[METAL, XEN][..], &[METAL, vendor("QEMU")], &[("/proc/cpuinfo", "Features: fp")], &[]]
        {
            let read = Virtualization::read(&Tree::in_memory(files.iter().copied(), &deadline));
            assert_eq!(read, None, "{files:?}");
        }
    }
}
