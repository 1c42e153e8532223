//! The options of a resolv.conf.

use super::number::atoi;
use super::words::BLANKS;

/// The options with a number, what the C library uses without them, and the most that it takes (resolv.h).
const NUMBERS: [(&str, i32, i32); 3] = [(NDOTS, 1, 15), ("timeout:", 5, 30), ("attempts:", 2, 5)];

/// The other options. The longer of two that start alike stands first. The two spellings of one option follow
/// each other.
const FLAGS: [&str; 11] = [
    "rotate",
    "edns0",
    "single-request-reopen",
    "single-request",
    "no_tld_query",
    NO_TLD_QUERY,
    "no-reload",
    "use-vc",
    "trust-ad",
    "no-aaaa",
    "strict-error",
];
const NDOTS: &str = "ndots:";
const NO_TLD_QUERY: &str = "no-tld-query";

/// Reads all options of a line. One that the C library does not know is none.
pub(super) fn read_all(value: &str) -> impl Iterator<Item = (&'static str, Option<i32>)> {
    let mut rest = value;
    let options = std::iter::from_fn(move || {
        let text = rest.trim_start_matches(BLANKS);
        (_, rest) = text.split_at(text.find(BLANKS).unwrap_or(text.len()));
        (!text.is_empty()).then_some(text)
    });
    options.filter_map(read)
}

/// Reads the option at the start of the text: its name, and its number if it has one. Blanks may stand before
/// that number.
fn read(text: &str) -> Option<(&'static str, Option<i32>)> {
    let number = NUMBERS.iter().find_map(|(name, _, most)| {
        let value = atoi(text.strip_prefix(name)?).min(*most);
        // The library keeps four bits of it.
        Some((*name, Some(if *name == NDOTS { value & 15 } else { value })))
    });
    let flag = || FLAGS.iter().find(|flag| text.starts_with(**flag)).map(|flag| (*flag, None));
    let same = |(name, value)| if name == "no_tld_query" { (NO_TLD_QUERY, value) } else { (name, value) };
    number.or_else(flag).map(same)
}

/// Whether the C library does this without the option.
pub(super) fn is_default(name: &str, value: Option<i32>) -> bool {
    NUMBERS.iter().any(|(number, default, _)| *number == name && value == Some(*default))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_known_by_how_it_starts() {
        let rows = [
            ("rotate", Some(("rotate", None))),
            ("rotated\r", Some(("rotate", None))),
            ("single-request", Some(("single-request", None))),
            ("single-request-reopen", Some(("single-request-reopen", None))),
            ("no_tld_query", Some(("no-tld-query", None))),
            ("timeout:01", Some(("timeout:", Some(1)))),
            ("timeout:x", Some(("timeout:", Some(0)))),
            ("timeout:31", Some(("timeout:", Some(30)))),
            ("ndots:-1", Some(("ndots:", Some(15)))),
            ("ndots:16", Some(("ndots:", Some(15)))),
            ("attempts:256", Some(("attempts:", Some(5)))),
            ("timeout", None),
            ("Rotate", None),
            ("inet7", None),
            ("", None),
        ];
        for (word, option) in rows {
            assert_eq!(read_all(word).next(), option, "{word}");
        }
        let all: Vec<_> = read_all(" ndots: 3\ttimeout:-1  rotate").collect();
        assert_eq!(all, [("ndots:", Some(3)), ("timeout:", Some(-1)), ("rotate", None)]);
        assert!(
            is_default("ndots:", Some(1)) && !is_default("ndots:", Some(2)) && !is_default("rotate", None)
        );
    }
}
