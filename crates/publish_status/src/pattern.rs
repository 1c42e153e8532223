//! Patterns of sources: `host!service`, or `host` for the host itself. `*` stands for any characters, `?` for
//! one.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

/// A pattern of hosts, or of services of hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Which hosts.
    pub host: Glob,
    /// Which services of them; `None` for the hosts themselves.
    pub service: Option<Glob>,
}

/// Why a text is not a [`Pattern`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no source: write host!service, or host for the host itself")]
pub struct InvalidPattern(String);

impl FromStr for Pattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        let (host, service) = match text.split_once('!') {
            Some((host, service)) => (host, Some(service)),
            None => (text, None),
        };
        if host.is_empty() || service == Some("") || text.chars().any(char::is_control) {
            return Err(InvalidPattern(plugin::clean(text)));
        }
        Ok(Self { host: Glob(host.to_owned()), service: service.map(|service| Glob(service.to_owned())) })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.service {
            Some(service) => write!(f, "{}!{}", self.host.0, service.0),
            None => f.write_str(&self.host.0),
        }
    }
}

/// A text in which `*` stands for any characters and `?` for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(String);

impl Glob {
    /// Returns whether all of `text` is as this says. The time is bounded by the product of both lengths.
    pub fn matches(&self, text: &str) -> bool {
        let (mut pattern, mut text) = (self.0.as_str(), text);
        // Where to go on when what follows the last star does not match: the pattern after it, and one more
        // character of the text.
        let mut retry: Option<(&str, &str)> = None;
        loop {
            let mut rest = pattern.chars();
            match (rest.next(), text.chars().next()) {
                (None, None) => return true,
                (Some('*'), _) => {
                    pattern = rest.as_str();
                    retry = Some((pattern, text));
                    continue;
                }
                (Some(wanted), Some(found)) if wanted == '?' || wanted == found => {
                    (pattern, text) = (rest.as_str(), text.get(found.len_utf8()..).unwrap_or_default());
                    continue;
                }
                _ => {}
            }
            let Some((after, from)) = retry else { return false };
            let Some(skipped) = from.chars().next() else { return false };
            text = from.get(skipped.len_utf8()..).unwrap_or_default();
            pattern = after;
            retry = Some((after, text));
        }
    }
}

/// Patterns by what they begin with up to the first wildcard, so that a name is compared with few of many.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// The lengths of these beginnings, in octets, each once.
    lengths: Vec<usize>,
    places: HashMap<String, Vec<usize>>,
}

impl Index {
    /// Returns that of these patterns, each with its place.
    pub(crate) fn new<'a>(globs: impl Iterator<Item = (usize, &'a Glob)>) -> Self {
        let mut places: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, Glob(glob)) in globs {
            let beginning = glob.split(['*', '?']).next().unwrap_or_default();
            places.entry(beginning.to_owned()).or_default().push(place);
        }
        let mut lengths: Vec<usize> = places.keys().map(String::len).collect();
        lengths.sort_unstable();
        lengths.dedup();
        Self { lengths, places }
    }

    /// Returns the places of all patterns that this name may meet, and of few others.
    pub(crate) fn candidates<'a>(&'a self, name: &'a str) -> impl Iterator<Item = usize> + 'a {
        let beginnings = self.lengths.iter().map_while(|length| (*length <= name.len()).then_some(*length));
        // No pattern begins with half a character.
        let found = beginnings.filter_map(|length| self.places.get(name.get(..length)?));
        found.flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_a_host_or_a_service_of_one() {
        for text in ["a", "a!b", "proxy-*!check_?", "a!b!c", "*!*"] {
            assert_eq!(text.parse::<Pattern>().unwrap().to_string(), text);
        }
        for text in ["", "!b", "a!", "!", "a\u{0}"] {
            assert!(text.parse::<Pattern>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_index_leaves_out_no_pattern() {
        let globs = ["*", "a", "a*", "ab?", "é*", "?x", "b*c", "ab", "ab"].map(|glob| Glob(glob.to_owned()));
        let index = Index::new(globs.iter().enumerate());
        for name in ["", "a", "ab", "abc", "é", "éx", "bxc", "ax", "zz"] {
            let mut found: Vec<usize> = index.candidates(name).collect();
            found.retain(|place| globs[*place].matches(name));
            found.sort_unstable();
            let matching: Vec<usize> = (0..globs.len()).filter(|place| globs[*place].matches(name)).collect();
            assert_eq!(found, matching, "{name}");
        }
        assert_eq!(index.candidates("zz").count(), 2, "those that begin with a wildcard");
    }

    #[test]
    fn stars_and_question_marks() {
        let rows = [
            ("a", "a", true),
            ("a", "ab", false),
            ("a", "A", false),
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "anything", true),
            ("proxy-lon-*", "proxy-lon-1", true),
            ("proxy-lon-*", "proxy-lon-", true),
            ("proxy-lon-*", "proxy-nyc-1", false),
            ("*-1", "proxy-lon-1", true),
            ("*-1", "proxy-lon-1-2", false),
            ("*a*b", "xaxbxb", true),
            ("*a*b", "xaxbxc", false),
            ("**", "x", true),
            ("a*", "", false),
            ("?", "é", true),
            ("?", "", false),
            ("*é?", "xxéy", true),
            ("[a]", "[a]", true),
        ];
        for (pattern, text, matches) in rows {
            assert_eq!(Glob(pattern.to_owned()).matches(text), matches, "{pattern} {text}");
        }
        let slow = Glob("*a".repeat(50) + "b");
        assert!(!slow.matches(&"a".repeat(5_000)));
    }
}
