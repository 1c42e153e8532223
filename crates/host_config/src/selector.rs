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
}
