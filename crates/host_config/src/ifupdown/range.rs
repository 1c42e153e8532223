//! Ranges of interface names, as ifupdown2 expands them: `vlan[10-12]`, `swp[1-4].100`.

use crate::promise::{ConfigError, Place};

use super::stanza::Flavour;

/// The most interfaces of one range.
const MOST: usize = 4096;

/// Returns the names that a word stands for: the word itself where it has no range, or the program knows
/// none.
pub(super) fn names(word: &str, flavour: Flavour, place: &Place) -> Result<Vec<String>, ConfigError> {
    let Some((before, first, last, after)) = parts(word).filter(|_| flavour == Flavour::Ifupdown2) else {
        return Ok(vec![word.to_owned()]);
    };
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
    fn expands_ranges_for_ifupdown2() {
        let place = Place { file: "f".to_owned(), line: 1 };
        let shown = |word: &str, flavour| {
            names(word, flavour, &place)
                .map(|names| names.join(" "))
                .unwrap_or_else(|error| error.to_string())
        };
        let rows = [
            ("vlan[10-12]", "vlan10 vlan11 vlan12"),
            ("swp[1-2].100", "swp1.100 swp2.100"),
            ("swp[1-2]s[0-1]", "swp1s0 swp1s1 swp2s0 swp2s1"),
            ("eth0", "eth0"),
            ("eth[a-b]", "eth[a-b]"),
            ("e[0-99999]", "f line 1: e[0-99999]: more than 4096 interfaces"),
        ];
        for (word, expected) in rows {
            assert_eq!(shown(word, Flavour::Ifupdown2), expected, "{word}");
        }
        assert_eq!(shown("vlan[10-12]", Flavour::Ifupdown), "vlan[10-12]");
    }
}
