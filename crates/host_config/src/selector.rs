//! What tells interfaces in a configuration: a name, or shell patterns of names of which one must fit and
//! none of the inverted ones.

use crate::wildcard;

/// Returns the interface of a name, without the label of an alias: eth0:1 is on eth0. A hardware address is
/// one name.
pub fn device(name: &str) -> &str {
    const COLONS: usize = 4;
    match name.split_once(':') {
        Some((device, label)) if label.matches(':').count() < COLONS => device,
        _ => name,
    }
}

/// Returns whether a text tells interfaces by patterns or by several names, and not one by its name.
pub fn is_pattern(selector: &str) -> bool {
    selector.contains(['*', '?', '[', '\\', '!', ',', ' '])
}

/// Returns whether `selector` is about the interface of this name. Patterns stand apart by blanks or commas,
/// as `en*,!en5`.
pub fn selects(selector: &str, name: &str) -> bool {
    let patterns = || selector.split([' ', ',']).filter(|pattern| !pattern.is_empty());
    let matches = |pattern: &str| wildcard::matches(pattern, name);
    let excluded = patterns().filter_map(|pattern| pattern.strip_prefix('!')).any(matches);
    let only_inverted = patterns().all(|pattern| pattern.starts_with('!')) && patterns().next().is_some();
    selector == name || !excluded && (only_inverted || patterns().any(matches))
}

/// How the names of the interfaces begin that virtual machines and containers make: those of libvirt, Xen,
/// Proxmox VE, LXC and Calico.
const GUESTS: [&str; 11] =
    ["tap", "tun", "vnet", "veth", "vif", "fwpr", "fwln", "fwbr", "macvtap", "lxc", "cali"];

/// Returns whether an interface of this name is one of a virtual machine or a container.
pub fn is_of_guest(name: &str) -> bool {
    GUESTS.iter().any(|guest| name.starts_with(guest))
}

/// Returns whether an interface of this name may come and go although a file names it: that of a guest, of
/// a container of systemd-nspawn, or of PPP.
pub(crate) fn comes_and_goes(name: &str) -> bool {
    is_of_guest(name) || ["ve-", "vb-", "ppp"].iter().any(|prefix| name.starts_with(prefix))
}

/// Returns whether a selector is for the interfaces of guests alone, which come and go: patterns such as
/// `tap*`. A name is that of an interface that must be there, and any other pattern may be one of cards.
pub fn is_for_guests(selector: &str) -> bool {
    let mut wanted =
        selector.split([' ', ',']).filter(|one| !one.is_empty() && !one.starts_with('!')).peekable();
    // An expression that may begin anywhere in a name is meant for the beginning.
    let fits_guests = |one: &str| {
        let text = one.trim_start_matches('*');
        is_pattern(one) && is_of_guest(text)
    };
    wanted.peek().is_some() && wanted.all(fits_guests)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_is_on_a_device() {
        let rows = [("eth0", "eth0"), ("eth0:1", "eth0"), ("eth0:a:b", "eth0"), ("", ""), (":1", "")];
        for (name, expected) in rows {
            assert_eq!(device(name), expected, "{name}");
        }
        let address = "00:00:5e:00:53:01";
        assert_eq!(device(address), address);
    }

    #[test]
    fn patterns_tell_interfaces() {
        let rows = [
            ("eth1", "eth1", true),
            ("eth1", "eth10", false),
            ("eth*", "eth10", true),
            ("eth1 eth7", "eth7", true),
            ("en*,eth*", "eth0", true),
            ("en*,!en5", "en5", false),
            ("!en5", "en6", true),
            ("!en5", "en5", false),
            ("", "eth0", false),
            ("", "", true),
        ];
        for (selector, name, expected) in rows {
            assert_eq!(selects(selector, name), expected, "{selector} {name}");
        }
        assert!(!is_pattern("eth0.100@x:1") && is_pattern("eth[0-3]") && is_pattern("a b"));
    }

    #[test]
    fn a_pattern_may_be_for_guests_alone() {
        let rows = [
            ("tap0", false),
            ("tap*", true),
            ("tap*,vnet*", true),
            ("tap*,eth*", false),
            ("*tap*", true),
            ("vif[0-9]*", true),
            ("vif*", true),
            ("eth*", false),
            ("e*", false),
            ("et?[0-9]", false),
            ("enp4s0f?", false),
            ("[ev]th*", false),
            ("*", false),
            ("*.100", false),
            ("!tap*", false),
            ("*,!tap*", false),
            ("p[0-9]*", false),
            ("p1p*", false),
            ("pan*", false),
            ("bond*", false),
            ("*team*", false),
            ("vlan*", false),
            ("nic*", false),
            ("uplink*", false),
            ("t*", false),
            ("tap*,bond*", false),
            ("tap* tap0", false),
            ("em[0-9]", false),
            ("swp[12]", false),
            ("wlan*", false),
            ("w*", false),
            ("", false),
        ];
        for (selector, expected) in rows {
            assert_eq!(is_for_guests(selector), expected, "{selector}");
        }
    }
}
