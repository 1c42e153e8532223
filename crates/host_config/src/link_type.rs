//! The type of an interface, as far as its name shows it: what `Type=` of systemd-networkd and `type=` of
//! NetworkManager are about.

use crate::wildcard;

/// Returns whether an interface of this name is of one of the types, which stand apart by blanks, and of none
/// of the inverted ones (`!loopback`): `None` where its name does not tell. They are shell patterns of the
/// words of networkd, or words of NetworkManager.
pub fn type_fits(types: &str, name: &str) -> Option<bool> {
    let patterns = |inverted: bool| {
        let all = types.split_ascii_whitespace().filter(move |pattern| pattern.starts_with('!') == inverted);
        all.map(|pattern| fits(pattern.strip_prefix('!').unwrap_or(pattern), name))
    };
    let any = |found: Vec<Option<bool>>| match () {
        () if found.contains(&Some(true)) => Some(true),
        () if found.contains(&None) => None,
        () => Some(false),
    };
    let positive: Vec<Option<bool>> = patterns(false).collect();
    let included = if positive.is_empty() { Some(true) } else { any(positive) };
    match (included, any(patterns(true).collect())) {
        (Some(false), _) | (_, Some(true)) => Some(false),
        (included, Some(false)) => included,
        (_, None) => None,
    }
}

/// Returns whether conditions, as "Type=ether Driver=e1000", leave room for an interface of this name: also
/// where it does not show its type.
pub fn conditions_fit(conditions: &str, name: &str) -> bool {
    types(conditions).is_none_or(|types| type_fits(&types, name).unwrap_or(true))
}

/// Returns the types that conditions name: `None` if they name none.
pub fn types(conditions: &str) -> Option<String> {
    let mut words = conditions.split(' ').skip_while(|word| !word.to_ascii_lowercase().starts_with("type="));
    let (_, first) = words.next()?.split_once('=')?;
    let types: Vec<&str> =
        std::iter::once(first).chain(words.take_while(|word| !word.contains('='))).collect();
    Some(types.join(" "))
}

/// Whether a pattern is of the type that a name shows.
fn fits(pattern: &str, name: &str) -> Option<bool> {
    let pattern = match pattern {
        "ethernet" | "802-3-ethernet" => "ether",
        "wifi" | "802-11-wireless" => "wlan",
        "gsm" | "cdma" => "wwan",
        pattern => pattern,
    };
    match shown(name) {
        Some(kind) => Some(wildcard::matches(pattern, kind)),
        // These show it.
        None if matches!(pattern, "loopback" | "wlan" | "wwan") => Some(false),
        None => (pattern == "*").then_some(true),
    }
}

/// The type that a name shows, as networkd calls it. A card may have any other name, and a VLAN one as
/// eth0.10.
fn shown(name: &str) -> Option<&'static str> {
    match name {
        "lo" => Some("loopback"),
        name if name.contains('.') => None,
        name if name.starts_with("wl") => Some("wlan"),
        name if name.starts_with("ww") => Some("wwan"),
        name if name.starts_with("en") || name.starts_with("eth") => Some("ether"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_shows_a_type() {
        let names = ["lo", "eth0", "enp3s0", "wlp2s0", "wwan0", "lan0", "bond0", "eth0.10"];
        let (yes, no, not_known) = ('+', '-', '?');
        let rows = [
            ("ether", "-++--???"),
            ("ethernet", "-++--???"),
            ("802-3-ethernet", "-++--???"),
            ("e*", "-++--???"),
            ("wlan", "---+----"),
            ("802-11-wireless", "---+----"),
            ("gsm", "----+---"),
            ("wlan ether", "-+++-???"),
            ("loopback", "+-------"),
            ("!loopback", "-+++++++"),
            ("!loopback !wlan", "-++-++++"),
            ("!ether", "+--++???"),
            ("* !wlan", "+++-++++"),
            ("ether !e*", "-----???"),
            ("bond", "-----???"),
            ("vlan", "-----???"),
            ("*", "++++++++"),
        ];
        for (types, expected) in rows {
            let mark = |name| match type_fits(types, name) {
                Some(true) => yes,
                Some(false) => no,
                None => not_known,
            };
            assert_eq!(names.map(mark).iter().collect::<String>(), expected, "{types}");
        }
    }
}
