//! Whether systemd-resolved asks its uplinks by TLS alone: resolved.conf(5) and its drop-ins.

use std::collections::BTreeMap;
use std::fs::read_dir;
use std::path::{Path, PathBuf};

use plugin::Deadline;

use crate::regular;

/// The one that counts most first.
const FOLDERS: [&str; 4] = ["/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd"];

/// Returns whether `DNSOverTLS=yes` is in force. With `opportunistic` plain DNS is tried too. A file that
/// cannot be read changes nothing.
pub(super) fn is_only_way(deadline: &Deadline) -> bool {
    let read = |path: &Path| regular::read(path, deadline).ok();
    let main = FOLDERS.iter().find_map(|folder| read(&Path::new(folder).join("resolved.conf")));
    let contents = main.into_iter().chain(drop_ins().into_values().filter_map(|path| read(&path)));
    contents.rev().find_map(|content| setting(&content)).unwrap_or(false)
}

/// The drop-ins by name; of the same name that of the first folder counts.
fn drop_ins() -> BTreeMap<String, PathBuf> {
    let mut paths = BTreeMap::new();
    for folder in FOLDERS {
        let entries = read_dir(Path::new(folder).join("resolved.conf.d")).into_iter().flatten().flatten();
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".conf") && !name.starts_with('.') {
                paths.entry(name).or_insert(entry.path());
            }
        }
    }
    paths
}

/// Returns what a file sets at last: whether it is TLS alone. `None` if it sets nothing that is valid.
fn setting(content: &[u8]) -> Option<bool> {
    let text = String::from_utf8_lossy(content);
    let (mut is_in_section, mut found) = (false, None);
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            is_in_section = line == "[Resolve]";
        }
        let Some((key, value)) = line.split_once('=').filter(|_| is_in_section) else { continue };
        if key.trim_end() == "DNSOverTLS" {
            found = value_of(value.trim_start()).or(found);
        }
    }
    found
}

fn value_of(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "yes" | "y" | "true" | "t" | "on" => Some(true),
        "0" | "no" | "n" | "false" | "f" | "off" | "opportunistic" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_valid_value_of_the_section_counts() {
        let rows = [
            ("", None),
            ("[Resolve]\nDNSOverTLS=yes\n", Some(true)),
            ("[Resolve]\n DNSOverTLS = TRUE\n", Some(true)),
            ("[Resolve]\nDNSOverTLS=opportunistic\n", Some(false)),
            ("[Resolve]\nDNSOverTLS=yes\nDNSOverTLS=no\n", Some(false)),
            ("[Resolve]\nDNSOverTLS=yes\nDNSOverTLS=\nDNSOverTLS=maybe\n", Some(true)),
            ("[Resolve]\n#DNSOverTLS=yes\n;DNSOverTLS=yes\n", None),
            ("DNSOverTLS=yes\n[Other]\nDNSOverTLS=yes\n", None),
            ("[Other]\n[Resolve]\nDNS=192.0.2.1\nDNSOverTLS=on\n[Other]\nDNSOverTLS=no\n", Some(true)),
        ];
        for (text, expected) in rows {
            assert_eq!(setting(text.as_bytes()), expected, "{text:?}");
        }
        assert_eq!(setting(&[0xff; 70_000]), None);
    }
}
