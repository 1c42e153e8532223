//! `[match]` of a profile (nm-settings-keyfile(5)), and the hardware addresses that it denies: what must hold
//! of the host and of the device before NetworkManager activates it.

use super::devices::Fit;
use super::profile::Profile;
use crate::hardware::Cards;
use crate::located::Located;
use crate::wildcard;

const KEYS: [&str; 4] = ["kernel-command-line", "interface-name", "driver", "path"];

/// Returns the condition that does not hold, or else the first one of which that is not known. `None` if all
/// of them hold.
pub(super) fn unmet(profile: &Profile, cards: &Cards<'_>) -> Option<(Fit, Located)> {
    unmet_on(profile, profile.interface(), cards)
}

/// Returns whether the conditions hold of one of the cards that a profile may be for.
pub(super) fn of_card(profile: &Profile, card: &str, cards: &Cards<'_>) -> Fit {
    unmet_on(profile, Some(card), cards).map_or(Fit::Yes, |(fit, _)| fit)
}

fn unmet_on(profile: &Profile, interface: Option<&str>, cards: &Cards<'_>) -> Option<(Fit, Located)> {
    let judged = KEYS.iter().filter_map(|key| {
        // Without a name of its own, a profile is for the interfaces that fit.
        let written = profile.condition(key).filter(|_| *key != "interface-name" || interface.is_some())?;
        let fit = match fits(&written.value, |pattern| holds(key, pattern, interface, cards)) {
            Some(true) => return None,
            Some(false) => Fit::No,
            None => Fit::Unknown,
        };
        Some((
            fit,
            Located {
                value: format!("{key}={}", written.value.trim_end_matches(';')),
                place: written.place.clone(),
            },
        ))
    });
    let denied = interface.and_then(|name| profile.denies(name, cards)).map(|written| (Fit::No, written));
    let judged: Vec<(Fit, Located)> = denied.into_iter().chain(judged).collect();
    let fails = judged.iter().find(|(fit, _)| *fit == Fit::No).cloned();
    fails.or_else(|| judged.into_iter().next())
}

/// Whether a list holds: all its mandatory elements, and one of the optional ones if it has any. `|` makes an
/// element optional, which is the default, `&` makes it mandatory, and `!` inverts it, and makes it mandatory
/// where it stands alone.
fn fits(list: &str, holds: impl Fn(&str) -> Option<bool>) -> Option<bool> {
    let (mut mandatory, mut optional) = (Vec::new(), Vec::new());
    for element in list.split(';').filter(|element| !element.is_empty()) {
        let (mark, rest) = match element.strip_prefix(['|', '&']) {
            Some(rest) => (element.chars().next(), rest),
            None => (None, element),
        };
        let (inverted, pattern) = rest.strip_prefix('!').map_or((false, rest), |rest| (true, rest));
        let found = holds(pattern).map(|holds| holds != inverted);
        if mark == Some('&') || inverted && mark.is_none() {
            mandatory.push(found)
        } else {
            optional.push(found)
        }
    }
    let all = if mandatory.contains(&None) { None } else { Some(true) };
    let all = if mandatory.contains(&Some(false)) { Some(false) } else { all };
    let any = if optional.contains(&None) { None } else { Some(optional.is_empty()) };
    let any = if optional.contains(&Some(true)) { Some(true) } else { any };
    match (all, any) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// Whether one pattern holds, of the host or of this interface: `None` where that is not known.
fn holds(key: &str, pattern: &str, interface: Option<&str>, cards: &Cards<'_>) -> Option<bool> {
    match key {
        "kernel-command-line" => {
            let content = cards.tree().read("/proc/cmdline").ok()??;
            let text = String::from_utf8_lossy(&content).into_owned();
            let is_key = !pattern.contains('=');
            let fits = |word: &str| word == pattern || is_key && word.split('=').next() == Some(pattern);
            Some(text.split_ascii_whitespace().any(fits))
        }
        "interface-name" => Some(wildcard::matches(pattern, interface?)),
        "driver" => Some(wildcard::matches(pattern, &cards.driver_of_kind(interface?)?)),
        // What is no card has no path.
        _ if cards.is_virtual(interface?) => Some(false),
        _ => Some(wildcard::matches(pattern, &cards.pci_path(interface?)?)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use super::*;
    use crate::tree::Tree;

    /// As NetworkManager 1.42.4 activates such profiles.
    #[test]
    fn a_profile_waits_for_its_conditions() {
        let deadline = Deadline::after(Duration::from_secs(60));
        let files = [
            ("/proc/cmdline", "root=/dev/vda1 quiet ip=dhcp\n"),
            ("/sys/class/net/eth0/address", "00:00:5e:00:53:01\n"),
            ("/sys/class/net/eth0/device/uevent", "DRIVER=e1000e\nPCI_SLOT_NAME=0000:00:1f.6\n"),
            ("/sys/class/net/veth0/address", "00:00:5e:00:53:02\n"),
        ];
        let tree = Tree::in_memory(files, &deadline);
        let cards = Cards::new(&tree);
        let rows = [
            ("kernel-command-line=quiet;", "eth0", "holds"),
            ("kernel-command-line=root;", "eth0", "holds"),
            ("kernel-command-line=root=/dev/vda2;", "eth0", "No"),
            ("kernel-command-line=!quiet;", "eth0", "No"),
            ("kernel-command-line=!rescue;", "eth0", "holds"),
            ("kernel-command-line=rescue;quiet;", "eth0", "holds"),
            ("kernel-command-line=&rescue;&quiet;", "eth0", "No"),
            ("kernel-command-line=qui*;", "eth0", "No"),
            ("driver=e1000*;", "eth0", "holds"),
            ("driver=veth;", "eth0", "No"),
            ("driver=&e*;&!e1000;", "eth0", "holds"),
            ("driver=|x;|e1000e;", "eth0", "holds"),
            ("driver=veth;", "veth0", "Unknown"),
            ("path=pci-0000:00:1f.6;", "eth0", "holds"),
            ("path=!pci-0000:00:1f.6;", "eth0", "No"),
            ("path=pci-*;", "veth0", "No"),
            ("path=!pci-*;", "veth0", "holds"),
            ("path=pci-*;", "eth9", "Unknown"),
            ("driver=e1000e;", "eth9", "Unknown"),
            ("interface-name=!eth0;", "eth0", "No"),
            ("interface-name=eth*;", "eth0", "holds"),
            ("interface-name=x;", "eth0", "No"),
            ("driver=veth;\nkernel-command-line=rescue;", "veth0", "No"),
        ];
        for (text, interface, expected) in rows {
            let text = format!("[connection]\ninterface-name={interface}\n[match]\n{text}\n");
            let profile = Profile::parse(0, "f".to_owned(), text.as_bytes());
            let found = unmet(&profile, &cards);
            let found = found.map_or("holds".to_owned(), |(fit, _)| format!("{fit:?}"));
            assert_eq!(found, expected, "{text}");
        }
    }

    /// As NetworkManager 1.42.4, which knows the first of these names.
    #[test]
    fn a_profile_denies_cards_by_their_hardware_address() {
        let deadline = Deadline::after(Duration::from_secs(60));
        let files = [
            ("/sys/class/net/veth0/address", "00:00:5e:00:53:01\n"),
            ("/sys/class/net/bond0p/address", "00:00:5e:00:53:03\n"),
            ("/sys/class/net/bond0p/bonding_slave/perm_hwaddr", "00:00:5e:00:53:02\n"),
        ];
        let tree = Tree::in_memory(files, &deadline);
        let cards = Cards::new(&tree);
        let first = "mac-address-blacklist=00:00:5e:00:53:01;";
        let newer = "mac-address-denylist=00:00:5e:00:53:09;00:00:5e:00:53:01";
        let rows = [
            ("ethernet", "ethernet", "mac-address-blacklist=00:00:5E:00:53:01;", "veth0", "denied"),
            ("802-3-ethernet", "ethernet", first, "veth0", "denied"),
            ("wifi", "802-11-wireless", first, "veth0", "denied"),
            ("ethernet", "ethernet", "mac-address-blacklist=00:00:5e:00:53:09;", "veth0", ""),
            ("ethernet", "ethernet", "mac-address-blacklist=;x;", "veth0", ""),
            ("ethernet", "ethernet", first, "eth9", ""),
            ("ethernet", "ethernet", "mac-address-blacklist=00:00:5e:00:53:02;", "bond0p", "denied"),
            ("ethernet", "ethernet", "mac-address-blacklist=00:00:5e:00:53:03;", "bond0p", ""),
            // It compares no address of what is made of other devices.
            ("bridge", "ethernet", first, "veth0", ""),
            ("bond", "ethernet", first, "veth0", ""),
            ("team", "802-3-ethernet", first, "veth0", ""),
            ("vlan", "ethernet", first, "veth0", ""),
            ("ethernet", "wifi", first, "veth0", ""),
            // A key of newer releases.
            ("ethernet", "ethernet", newer, "veth0", "note"),
            ("wifi", "wifi", newer, "veth0", "note"),
            ("ethernet", "ethernet", newer, "bond0p", ""),
            ("bridge", "ethernet", newer, "veth0", ""),
        ];
        for (kind, group, list, interface, expected) in rows {
            let text = format!("[connection]\ntype={kind}\ninterface-name={interface}\n[{group}]\n{list}\n");
            let profile = Profile::parse(0, "f".to_owned(), text.as_bytes());
            let found = match (unmet(&profile, &cards), profile.may_deny(interface, &cards)) {
                (None, None) => "",
                (Some((Fit::No, _)), None) => "denied",
                (None, Some(_)) => "note",
                _ => "both",
            };
            assert_eq!(found, expected, "{text}");
        }
    }
}
