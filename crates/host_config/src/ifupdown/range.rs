//! Ranges of interface names, as ifupdown2 expands them: `vlan[10-12]`, `swp[1-4].100`.

use addresses::short;

use crate::promise::{ConfigError, Place};
use crate::wildcard;

use super::flavour::Flavour;

/// The longest word with a range, in octets. Each range in it is one recursion deeper.
const LONGEST: usize = 255;
/// The most interfaces of one range.
const MOST: usize = 4096;

/// Returns the names that a word stands for: the word itself where it has no range, or the program knows
/// none.
pub(super) fn names(word: &str, flavour: Flavour, place: &Place) -> Result<Vec<String>, ConfigError> {
    let Some((before, first, last, after)) = parts(word).filter(|_| flavour == Flavour::Ifupdown2) else {
        return Ok(vec![word.to_owned()]);
    };
    if word.len() > LONGEST {
        return Err(place.error(format!("{}: longer than {LONGEST} octets", short(word))));
    }
    if last.saturating_sub(first) as usize >= MOST {
        return Err(place.error(format!("{word}: more than {MOST} interfaces")));
    }
    let mut all = Vec::new();
    for number in first..=last {
        all.extend(names(&format!("{before}{number}{after}"), flavour, place)?);
        if all.len() > MOST {
            return Err(place.error(format!("{word}: more than {MOST} interfaces")));
        }
    }
    Ok(all)
}

/// Returns the ports of a word after ifupdown2's `glob`. Ranges need no brackets there (`swp1-4.100`). `None`
/// if ifupdown2 does not understand the range.
pub(super) fn ports(word: &str, place: &Place) -> Option<Vec<String>> {
    let bracketed = bracketed(word).unwrap_or_else(|| word.to_owned());
    let names = names(&bracketed, Flavour::Ifupdown2, place).ok()?;
    // Beside a range without brackets, brackets are part of the name.
    let mixed = bracketed != word && word.contains('[');
    (!mixed && !word.contains(',') && !names.iter().any(|name| wildcard::is_pattern(name))).then_some(names)
}

/// Puts brackets around the last range that follows letters: `swp1-4.100` becomes `swp[1-4].100`.
fn bracketed(word: &str) -> Option<String> {
    word.rmatch_indices('-').find_map(|(dash, _)| {
        let (before, after) = (word.get(..dash)?, word.get(dash + 1..)?);
        let stem = before.trim_end_matches(|c: char| c.is_ascii_digit());
        let after_last = after.trim_start_matches(|c: char| c.is_ascii_digit());
        let (first, last) = (before.strip_prefix(stem)?, after.strip_suffix(after_last)?);
        let named = stem.len() > 1
            && stem.ends_with(|c: char| c.is_ascii_alphabetic())
            && stem.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
        (named && !first.is_empty() && !last.is_empty())
            .then(|| format!("{stem}[{first}-{last}]{after_last}"))
    })
}

/// The first range of a word, and what stands around it.
fn parts(word: &str) -> Option<(&str, u32, u32, &str)> {
    let (before, rest) = word.split_once('[')?;
    let (range, after) = rest.split_once(']')?;
    let (first, last) = range.split_once('-')?;
    let number = |text: &str| text.parse().ok().filter(|_| text.bytes().all(|octet| octet.is_ascii_digit()));
    Some((before, number(first)?, number(last)?, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_ports_need_no_brackets() {
        let place = Place { file: "f".to_owned(), line: 1 };
        let rows = [
            ("swp1-3", Some("swp1 swp2 swp3")),
            ("swp01-2.100", Some("swp1.100 swp2.100")),
            ("swp[1-2].100", Some("swp1.100 swp2.100")),
            ("swp1s0-1", Some("swp1s0 swp1s1")),
            ("swp1-4s0-1", Some("swp1-4s0 swp1-4s1")),
            ("veth-a1-2-3", Some("veth-a1-3 veth-a2-3")),
            ("eth7", Some("eth7")),
            ("e1-2", Some("e1-2")),
            ("1-2", Some("1-2")),
            ("veth-a", Some("veth-a")),
            ("swp1-", Some("swp1-")),
            ("swp[1-2]s0-1", Some("swp1s0-1 swp2s0-1")),
            ("swp1-2s[0-1]", None),
            ("swp1-2,eth0", None),
            ("swp0-99999", None),
            ("swp0-99999999999", None),
            ("swp1-2*", None),
        ];
        for (word, expected) in rows {
            let found = ports(word, &place).map(|names| names.join(" "));
            assert_eq!(found.as_deref(), expected, "{word}");
        }
    }

    #[test]
    fn expands_ranges_for_ifupdown2() {
        let place = Place { file: "f".to_owned(), line: 1 };
        let shown = |word: &str, flavour| {
            names(word, flavour, &place)
                .map(|names| names.join(" "))
                .unwrap_or_else(|error| error.to_string())
        };
        let deep = format!("e{}", "[1-1]".repeat(50_000));
        let deep_error = format!("f line 1: {}: longer than 255 octets", short(&deep));
        let rows = [
            ("vlan[10-12]", "vlan10 vlan11 vlan12"),
            ("swp[1-2].100", "swp1.100 swp2.100"),
            ("swp[1-2]s[0-1]", "swp1s0 swp1s1 swp2s0 swp2s1"),
            ("eth0", "eth0"),
            ("eth[a-b]", "eth[a-b]"),
            ("e[0-99999]", "f line 1: e[0-99999]: more than 4096 interfaces"),
            (&deep, deep_error.as_str()),
        ];
        for (word, expected) in rows {
            assert_eq!(shown(word, Flavour::Ifupdown2), expected, "{word}");
        }
        assert_eq!(shown("vlan[10-12]", Flavour::Ifupdown), "vlan[10-12]");
    }
}
