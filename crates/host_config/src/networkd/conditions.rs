//! The conditions of a `[Match]` section that are about the host and not about an interface: `Host=`,
//! `Architecture=`, `KernelVersion=` and the others of systemd.network(5).

use std::cell::OnceCell;
use std::ffi::OsString;

use super::kernel::{has_word, version_fits};
use super::virtualization::Virtualization;
use crate::container::container;
use crate::tree::Tree;
use crate::wildcard;

/// What is known of the host that the files are of, each part read when it is asked for: few files have such
/// a condition. What cannot be read is not known.
#[derive(Debug)]
pub(super) struct HostFacts<'a> {
    tree: &'a Tree<'a>,
    hostname: OnceCell<Option<String>>,
    machine_id: OnceCell<Option<String>>,
    /// Of this machine, where the tree is its own; the others of the kernel too.
    architecture: Option<&'static str>,
    kernel: OnceCell<Option<String>>,
    virtualization: OnceCell<Option<Virtualization>>,
    /// The names in the folder of the kernel's files on the firmware.
    firmware: OnceCell<Option<Vec<OsString>>>,
    /// The words of the kernel's command line. In a container, the words of its first process.
    command_line: OnceCell<Option<Vec<String>>>,
}

/// Where the kernel tells of the firmware.
const FIRMWARE: &str = "/sys/firmware";

/// The keys that hold for the host as a whole.
const KEYS: [&str; 7] = [
    "Host",
    "Architecture",
    "Virtualization",
    "KernelCommandLine",
    "KernelVersion",
    "Credential",
    "Firmware",
];

impl<'a> HostFacts<'a> {
    /// Returns the facts of the host whose files are `tree`.
    pub(super) fn new(tree: &'a Tree<'a>) -> Self {
        Self {
            tree,
            hostname: OnceCell::new(),
            machine_id: OnceCell::new(),
            architecture: tree.is_own().then_some(architecture()),
            kernel: OnceCell::new(),
            virtualization: OnceCell::new(),
            firmware: OnceCell::new(),
            command_line: OnceCell::new(),
        }
    }

    /// The first line of a file that is neither empty nor a comment: no text where there is none.
    fn first(&self, path: &str) -> Option<String> {
        let content = self.tree.read(path).ok()?.unwrap_or_default();
        let text = String::from_utf8_lossy(&content).into_owned();
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        Some(lines.next().unwrap_or_default().to_owned())
    }

    fn of_kernel(&self, path: &str) -> Option<String> {
        self.tree.is_own().then(|| self.first(path)).flatten().filter(|text| !text.is_empty())
    }

    fn hostname(&self) -> Option<&str> {
        let read = || {
            // networkd asks the kernel for the name.
            let named = self.of_kernel("/proc/sys/kernel/hostname").filter(|name| name != "(none)");
            named.or_else(|| self.first("/etc/hostname"))
        };
        self.hostname.get_or_init(read).as_deref()
    }

    fn machine_id(&self) -> Option<&str> {
        self.machine_id.get_or_init(|| self.first("/etc/machine-id")).as_deref()
    }

    fn kernel(&self) -> Option<&str> {
        self.kernel.get_or_init(|| self.of_kernel("/proc/sys/kernel/osrelease")).as_deref()
    }

    fn virtualization(&self) -> Option<&Virtualization> {
        let read = || self.tree.is_own().then(|| Virtualization::read(self.tree)).flatten();
        self.virtualization.get_or_init(read).as_ref()
    }

    /// Returns whether the firmware is the one of a condition, by these files: a container may have none.
    fn is_firmware(&self, value: &str) -> Option<bool> {
        let read = || self.tree.is_own().then(|| self.tree.names(FIRMWARE).ok()).flatten();
        let names = self.firmware.get_or_init(read).as_ref().filter(|names| !names.is_empty())?;
        let has = |name: &str| names.iter().any(|each| each == name);
        let is_container = || container(self.tree, |name| self.tree.has(&format!("/proc/{name}"))).is_some();
        match value {
            "uefi" => Some(has("efi") && !is_container()),
            _ if value.starts_with("device-tree") => (!has("devicetree")).then_some(false),
            _ => None,
        }
    }

    fn command_line(&self) -> Option<&[String]> {
        let read = || command_line(self.tree, self.virtualization()?);
        self.command_line.get_or_init(read).as_deref()
    }

    /// Returns whether a condition holds: `None` if the files do not tell.
    pub(super) fn holds(&self, key: &str, value: &str) -> Option<bool> {
        let (inverted, value) =
            value.strip_prefix('!').map_or((false, value), |value| (true, value.trim_ascii()));
        let holds = match key {
            "Host" => self.is_host(value)?,
            "Architecture" => {
                let here = self.architecture?;
                value == here || value == "native"
            }
            "KernelVersion" => version_fits(value, self.kernel()?)?,
            "KernelCommandLine" => has_word(self.command_line()?, value),
            "Firmware" => self.is_firmware(value)?,
            "Virtualization" => self.virtualization()?.fits(value)?,
            _ => return None,
        };
        Some(holds != inverted)
    }

    /// Returns whether the host has this machine id, or else a name that matches this pattern. Neither
    /// comparison regards case.
    fn is_host(&self, value: &str) -> Option<bool> {
        Some(match machine_id(value) {
            Some(id) => machine_id(self.machine_id()?).is_some_and(|own| own == id),
            None => wildcard::matches(&value.to_ascii_lowercase(), &self.hostname()?.to_ascii_lowercase()),
        })
    }
}

/// Returns a machine id as plain digits. systemd also accepts the form of a UUID. `None` if the text is not a
/// machine id.
fn machine_id(text: &str) -> Option<String> {
    let is_dash = |index: usize| matches!(index, 8 | 13 | 18 | 23);
    let uuid = text.len() == 36 && text.bytes().enumerate().all(|(at, octet)| (octet == b'-') == is_dash(at));
    let digits = if uuid { text.replace('-', "") } else { text.to_owned() };
    let is_id = digits.len() == 32 && digits.bytes().all(|octet| octet.is_ascii_hexdigit());
    is_id.then(|| digits.to_ascii_lowercase())
}

/// Returns the words of the command line that `KernelCommandLine=` compares. `None` if it cannot be read.
fn command_line(tree: &Tree<'_>, here: &Virtualization) -> Option<Vec<String>> {
    let inside = matches!(here, Virtualization::Container(_));
    let content = tree.read(if inside { "/proc/1/cmdline" } else { "/proc/cmdline" }).ok()??;
    let text = String::from_utf8_lossy(&content).replace(['"', '\''], "");
    let words = text.split(|c: char| c == '\0' || !inside && c.is_ascii_whitespace());
    Some(words.filter(|word| !word.is_empty()).map(str::to_owned).collect())
}

/// Returns a condition in words that a line of output can contain: `<` would become a bracket there.
pub(super) fn described(key: &str, value: &str) -> String {
    let words = [("<=", "up to "), (">=", "from "), ("<", "below "), (">", "above ")];
    let described = |text: String, (operator, word): (&str, &str)| text.replace(operator, word);
    format!("{key}={}", words.into_iter().fold(value.to_owned(), described))
}

/// Returns whether a key of `[Match]` is about the host.
pub(super) fn is_of_the_host(key: &str) -> bool {
    KEYS.contains(&key)
}

/// The name that systemd has for this machine's architecture.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "x86-64",
        "aarch64" => "arm64",
        "powerpc64" if cfg!(target_endian = "little") => "ppc64-le",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    #[test]
    fn conditions_hold_by_the_roots_own_files() {
        let deadline = Deadline::after(Duration::from_secs(60));
        let files = [
            ("/etc/hostname", "# the name\nweb1.example.com\n"),
            ("/etc/machine-id", "0123456789abcdef0123456789abcdef\n"),
        ];
        let tree = Tree::in_memory(files, &deadline);
        let facts = HostFacts {
            kernel: Some("6.1.0-18-amd64".to_owned()).into(),
            virtualization: Some(Virtualization::None).into(),
            command_line: Some(vec!["quiet".to_owned()]).into(),
            ..HostFacts::new(&tree)
        };
        let rows = [
            ("Host", "web1.example.com", Some(true)),
            ("Host", "web*", Some(true)),
            ("Host", "db1", Some(false)),
            ("Host", "!db1", Some(true)),
            ("Host", "WEB1.example.COM", Some(true)),
            ("Host", "Web[0-9].*", Some(true)),
            ("Host", "!WEB*", Some(false)),
            ("Host", "0123456789abcdef0123456789abcdef", Some(true)),
            ("Host", "0123456789ABCDEF0123456789ABCDEF", Some(true)),
            ("Host", "01234567-89ab-cdef-0123-456789ABCDEF", Some(true)),
            ("Host", "!0123456789abcdef0123456789ABCDEF", Some(false)),
            ("Host", "0123456789abcdef0123456789abcde0", Some(false)),
            ("Host", "0123456-789ab-cdef-0123-456789ABCDEF", Some(false)),
            ("KernelVersion", "6.1*", Some(true)),
            ("KernelVersion", ">=5.4", Some(true)),
            ("KernelVersion", "<3", Some(false)),
            ("KernelVersion", "!>=3", Some(false)),
            ("KernelCommandLine", "nosuch", Some(false)),
            ("KernelCommandLine", "!nosuch", Some(true)),
            ("KernelCommandLine", "quiet", Some(true)),
            ("Architecture", "arm64", None),
            ("Virtualization", "kvm", Some(false)),
            ("Virtualization", "!vm", Some(true)),
            ("Credential", "x", None),
        ];
        for (key, value, holds) in rows {
            assert_eq!(facts.holds(key, value), holds, "{key}={value}");
        }
        let empty = Tree::in_memory([("/etc/fstab", "")], &deadline);
        let of_none = HostFacts::new(&empty);
        assert_eq!(of_none.holds("Host", "web1"), Some(false), "no name given, none matches");
        assert_eq!(of_none.holds("Host", "!web1"), Some(true));
        let of_an_image = [("KernelVersion", "<3"), ("KernelCommandLine", "x"), ("Virtualization", "vm")];
        for (key, value) in of_an_image {
            assert_eq!(of_none.holds(key, value), None, "{key}");
        }
        assert_eq!(described("KernelVersion", "<3"), "KernelVersion=below 3");
        assert_eq!(described("KernelVersion", "!>=3 <=4"), "KernelVersion=!from 3 up to 4");
    }

    /// As systemd 252 decides.
    #[test]
    fn the_firmware_is_told_by_the_kernels_folders() {
        let deadline = Deadline::after(Duration::from_secs(60));
        let rows = [
            ("acpi efi", "", "uefi", Some(true)),
            ("acpi efi", "", "!uefi", Some(false)),
            ("acpi", "", "uefi", Some(false)),
            ("acpi", "", "!uefi", Some(true)),
            ("acpi", "", "device-tree", Some(false)),
            ("acpi", "", "device-tree-compatible(x)", Some(false)),
            ("acpi devicetree", "", "device-tree", None),
            ("acpi", "", "smbios-field(sys_vendor = x)", None),
            // The engine of a container may hide the folders, and a container is never on UEFI.
            ("", "", "uefi", None),
            ("acpi efi", "lxc", "uefi", Some(false)),
        ];
        for (names, engine, value, holds) in rows {
            let tree = Tree::in_memory([("/run/systemd/container", engine)], &deadline);
            let names = names.split_whitespace().map(OsString::from).collect();
            let facts = HostFacts { firmware: Some(names).into(), ..HostFacts::new(&tree) };
            assert_eq!(facts.holds("Firmware", value), holds, "{:?} {engine} {value}", facts.firmware);
        }
        let tree = Tree::in_memory([("/sys/firmware/acpi/tables", "")], &deadline);
        assert_eq!(HostFacts::new(&tree).holds("Firmware", "uefi"), None, "the files of another host");
    }

    #[test]
    fn what_no_condition_asks_for_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("etc")).unwrap();
        let mode = Mode::RUSR | Mode::WUSR;
        mknodat(CWD, folder.path().join("etc/machine-id"), FileType::Fifo, mode, 0).unwrap();
        std::fs::write(folder.path().join("etc/hostname"), "web1\n").unwrap();
        let deadline = Deadline::after(Duration::from_millis(300));
        let tree = Tree::new(folder.path(), &deadline);
        let facts = HostFacts::new(&tree);
        assert_eq!(facts.holds("Host", "web1"), Some(true));
        // Nothing writes into it.
        assert_eq!(facts.holds("Host", "0123456789abcdef0123456789abcdef"), None);
    }
}
