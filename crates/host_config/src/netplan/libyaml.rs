//! What libyaml, by which netplan reads its files, does not take and YAML 1.2 does: a second anchor of one
//! name, and directives other than `%YAML` and `%TAG`.

use std::collections::HashSet;

use crate::promise::Place;

/// Returns the first directive that it does not take, with the reason.
pub(super) fn directive(text: &str) -> Option<(u32, &'static str)> {
    let (mut versions, mut found) = (0, None);
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let mut words = line.split_ascii_whitespace();
        let what = match (words.next(), words.next()) {
            (Some("%YAML"), Some("1.1" | "1.2")) => {
                versions += 1;
                (versions > 1).then_some("a second %YAML")
            }
            (Some("%YAML"), _) => Some("a %YAML other than 1.1 and 1.2"),
            (Some("%TAG"), _) => None,
            (Some(_), _) if line.starts_with('%') => Some("an unknown directive"),
            (Some(word), _) if !word.starts_with('#') => break,
            _ => None,
        };
        found = found.or(what.map(|what| (number, what)));
    }
    found
}

/// The anchors so far of one document.
#[derive(Debug, Default)]
pub(super) struct Anchors<'t> {
    names: HashSet<&'t str>,
    /// How much of the text is passed, in characters and octets.
    passed: (usize, usize),
    /// Where a name comes again.
    pub(super) again: Option<Place>,
}

impl<'t> Anchors<'t> {
    /// Takes the anchor of a node that starts after so many characters of the text, which is at `place`. The
    /// nodes come in their order.
    pub(super) fn take(&mut self, text: &'t str, characters: usize, place: Place) {
        let (before, octets) = self.passed;
        let rest = text.get(octets..).unwrap_or_default();
        let more: usize = rest.chars().take(characters.saturating_sub(before)).map(char::len_utf8).sum();
        self.passed = (characters.max(before), octets + more);
        let (before, here) = text.split_at_checked(octets + more).unwrap_or_default();
        let letters = |letter: char| !letter.is_whitespace();
        // A node starts with its tag and anchor, or is after them.
        let own = if here.starts_with('!') { here.trim_start_matches(letters).trim_start() } else { here };
        let rest = own.strip_prefix('&').or_else(|| Some(before.rsplit_once('&')?.1));
        let ends = |letter: char| letter.is_whitespace() || ",[]{}".contains(letter);
        let name = rest.and_then(|rest| rest.split(ends).next()).unwrap_or_default();
        if !self.names.insert(name) && self.again.is_none() {
            self.again = Some(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As netplan 0.106 and 1.1.2.
    #[test]
    fn only_some_directives_are_taken() {
        let rows = [
            ("%YAML 1.1\n---\na: b\n", None),
            ("# c\n%YAML 1.2\n%TAG ! tag:x\n---\n", None),
            ("%YAML 2.0\n---\n", Some(1)),
            ("\n%FOO bar\n---\n", Some(2)),
            ("%YAML 1.1\n%YAML 1.1\n---\n", Some(2)),
            ("a: b\n%FOO\n", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(directive(text).map(|(line, _)| line), expected, "{text:?}");
        }
    }
}
