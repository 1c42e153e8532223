//! The conditions of a `[Match]` section that are about the host and not about an interface: `Host=`,
//! `Architecture=`, `KernelVersion=` and the others of systemd.network(5).

use crate::promise::ConfigError;
use crate::tree::Tree;
use crate::wildcard;

/// What is known of the host that the files are of.
#[derive(Debug, Default)]
pub(super) struct HostFacts {
    hostname: String,
    machine_id: String,
    /// Of this machine, where the tree is its own.
    architecture: Option<&'static str>,
    kernel: Option<String>,
}

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

impl HostFacts {
    /// Reads them from the tree.
    pub(super) fn read(tree: &Tree<'_>) -> Result<Self, ConfigError> {
        let first = |path: &str| {
            let content = tree.read(path)?.unwrap_or_default();
            let text = String::from_utf8_lossy(&content).into_owned();
            let mut lines =
                text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
            Ok::<_, ConfigError>(lines.next().unwrap_or_default().to_owned())
        };
        let kernel = if tree.is_own() { Some(first("/proc/sys/kernel/osrelease")?) } else { None };
        Ok(Self {
            hostname: first("/etc/hostname")?,
            machine_id: first("/etc/machine-id")?,
            architecture: tree.is_own().then_some(architecture()),
            kernel: kernel.filter(|kernel| !kernel.is_empty()),
        })
    }

    /// Returns whether a condition holds: `None` if the files do not tell.
    pub(super) fn holds(&self, key: &str, value: &str) -> Option<bool> {
        let (inverted, value) =
            value.strip_prefix('!').map_or((false, value), |value| (true, value.trim_ascii()));
        let holds = match key {
            "Host" => {
                value == self.machine_id && !value.is_empty() || wildcard::matches(value, &self.hostname)
            }
            "Architecture" => {
                let here = self.architecture?;
                value == here || value == "native"
            }
            // A version with an operator is left to systemd.
            "KernelVersion" if !value.starts_with(['<', '>', '=', '!']) => {
                wildcard::matches(value, self.kernel.as_deref()?)
            }
            _ => return None,
        };
        Some(holds != inverted)
    }
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
    use super::*;

    #[test]
    fn conditions_hold_by_the_roots_own_files() {
        let facts = HostFacts {
            hostname: "web1.example.com".to_owned(),
            machine_id: "0123456789abcdef0123456789abcdef".to_owned(),
            architecture: None,
            kernel: Some("6.1.0-18-amd64".to_owned()),
        };
        let rows = [
            ("Host", "web1.example.com", Some(true)),
            ("Host", "web*", Some(true)),
            ("Host", "db1", Some(false)),
            ("Host", "!db1", Some(true)),
            ("Host", "0123456789abcdef0123456789abcdef", Some(true)),
            ("KernelVersion", "6.1*", Some(true)),
            ("KernelVersion", ">=5.4", None),
            ("Architecture", "arm64", None),
            ("Virtualization", "kvm", None),
        ];
        for (key, value, holds) in rows {
            assert_eq!(facts.holds(key, value), holds, "{key}={value}");
        }
        assert_eq!(HostFacts::default().holds("Host", "web1"), Some(false), "no name given, none matches");
        assert_eq!(HostFacts::default().holds("Host", "!web1"), Some(true));
    }
}
