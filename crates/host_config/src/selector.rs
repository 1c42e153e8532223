//! What tells interfaces in a configuration: a name, or shell patterns of names of which one must fit and
//! none of the inverted ones.

use crate::wildcard;

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

/// How the names of network cards begin: those of systemd.net-naming-scheme(7), of the kernel and of switches,
/// and biosdevname's em1. Its p1p1 is looked at apart.
const CARDS: [&str; 11] = ["en", "eth", "em", "sl", "ib", "wl", "ww", "usb", "lan", "wan", "swp"];

/// Returns whether a selector may be about network cards: a name may be any, and a pattern such as `tap*` is
/// for the interfaces of guests, which come and go.
pub fn may_select_cards(selector: &str) -> bool {
    let mut wanted =
        selector.split([' ', ',']).filter(|one| !one.is_empty() && !one.starts_with('!')).peekable();
    !is_pattern(selector) || wanted.peek().is_none() || wanted.any(|one| !is_pattern(one) || fits_a_card(one))
}

/// Whether a pattern may fit the name of a card, by the letters that it begins with.
fn fits_a_card(pattern: &str) -> bool {
    // An expression that may begin anywhere in a name is meant for the beginning.
    let text = pattern.trim_start_matches('*');
    let end = text.find(['*', '?', '[', '\\']).unwrap_or(text.len());
    let (letters, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let fits = |card: &&str| letters.starts_with(card) || !rest.is_empty() && card.starts_with(letters);
    let is_digit = |c: char| c.is_ascii_digit();
    let in_slot = letters.strip_prefix('p').is_some_and(|rest| rest.is_empty() || rest.starts_with(is_digit));
    in_slot || !letters.starts_with(|c: char| c.is_ascii_alphabetic()) || CARDS.iter().any(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_pattern_for_guests_is_for_no_card() {
        let rows = [
            ("tap0", true),
            ("tap*", false),
            ("tap*,vnet*", false),
            ("tap*,eth*", true),
            ("*tap*", false),
            ("vif[0-9]*", false),
            ("vif*", false),
            ("eth*", true),
            ("e*", true),
            ("et?[0-9]", true),
            ("enp4s0f?", true),
            ("[ev]th*", true),
            ("*", true),
            ("*.100", true),
            ("!tap*", true),
            ("*,!tap*", true),
            ("p[0-9]*", true),
            ("p1p*", true),
            ("pan*", false),
            ("em[0-9]", true),
            ("swp[12]", true),
            ("wlan*", true),
            ("w*", true),
            ("", true),
        ];
        for (selector, expected) in rows {
            assert_eq!(may_select_cards(selector), expected, "{selector}");
        }
    }
}
