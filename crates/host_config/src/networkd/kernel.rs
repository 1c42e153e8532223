//! `KernelVersion=` and `KernelCommandLine=`, as systemd 252 reads them.

use std::cmp::Ordering;

/// The operators of a comparison, the longer ones first.
const OPERATORS: [(&str, &[Ordering]); 6] = [
    ("<=", &[Ordering::Less, Ordering::Equal]),
    (">=", &[Ordering::Greater, Ordering::Equal]),
    ("!=", &[Ordering::Less, Ordering::Greater]),
    ("<", &[Ordering::Less]),
    (">", &[Ordering::Greater]),
    ("=", &[Ordering::Equal]),
];

/// Returns whether a release of the kernel matches all words of `expression`. Each word is a shell pattern,
/// or a version after an operator. `None` if the expression is not understood.
pub(super) fn version_fits(expression: &str, release: &str) -> Option<bool> {
    if expression.contains(['"', '\'', '\\', '$']) {
        return None;
    }
    let mut words = expression.split_ascii_whitespace();
    while let Some(word) = words.next() {
        let fits = match OPERATORS.iter().find(|(operator, _)| word.starts_with(operator)) {
            Some((operator, orders)) => {
                let behind = word.get(operator.len()..).filter(|version| !version.is_empty());
                orders.contains(&compare(release, behind.or_else(|| words.next())?))
            }
            None => crate::wildcard::matches(word, release),
        };
        if !fits {
            return Some(false);
        }
    }
    Some(true)
}

/// Returns whether a word of the kernel's command line is `wanted`. If `wanted` has no equals sign, the word
/// may also begin with it and an equals sign.
pub(super) fn has_word(words: &[String], wanted: &str) -> bool {
    let is_key = !wanted.contains('=');
    words.iter().any(|word| word == wanted || is_key && word.split('=').next() == Some(wanted))
}

/// Compares two versions by the Version Format Specification of the UAPI group.
fn compare(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    loop {
        (one, other) = (from_valid(one), from_valid(other));
        if let Some(decided) = past_separator(&mut one, &mut other, b'~') {
            return decided;
        }
        if one.is_empty() || other.is_empty() {
            return one.len().cmp(&other.len());
        }
        for separator in *b"-^." {
            if let Some(decided) = past_separator(&mut one, &mut other, separator) {
                return decided;
            }
        }
        let digits = [one, other].iter().any(|rest| rest.first().is_some_and(u8::is_ascii_digit));
        let kind = if digits { u8::is_ascii_digit } else { u8::is_ascii_alphabetic };
        let (first, second) = (span(&mut one, kind), span(&mut other, kind));
        let order = if digits { by_number(first, second) } else { first.cmp(second) };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Skips a separator that both begin with. If only one begins with it, that is the lower version.
fn past_separator(one: &mut &[u8], other: &mut &[u8], separator: u8) -> Option<Ordering> {
    let after = |text: &[u8]| text.first() == Some(&separator);
    match (after(one), after(other)) {
        (true, true) => {
            *one = one.get(1..).unwrap_or_default();
            *other = other.get(1..).unwrap_or_default();
            None
        }
        (false, false) => None,
        (true, false) => Some(Ordering::Less),
        (false, true) => Some(Ordering::Greater),
    }
}

/// Returns the text from the first character that counts in a version.
fn from_valid(text: &[u8]) -> &[u8] {
    let valid = |octet: &u8| octet.is_ascii_alphanumeric() || b"~-^.".contains(octet);
    text.iter().position(valid).and_then(|start| text.get(start..)).unwrap_or_default()
}

/// Takes the octets of one kind from the beginning.
fn span<'a>(text: &mut &'a [u8], kind: fn(&u8) -> bool) -> &'a [u8] {
    let end = text.iter().position(|octet| !kind(octet)).unwrap_or(text.len());
    let (taken, rest) = text.split_at_checked(end).unwrap_or_default();
    *text = rest;
    taken
}

/// Compares numbers of any length. An empty text is less than any number.
fn by_number(one: &[u8], other: &[u8]) -> Ordering {
    let plain = |digits: &[u8]| digits.iter().copied().skip_while(|digit| *digit == b'0').collect::<Vec<_>>();
    let (first, second) = (plain(one), plain(other));
    one.is_empty()
        .cmp(&other.is_empty())
        .reverse()
        .then_with(|| first.len().cmp(&second.len()))
        .then_with(|| first.cmp(&second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_the_kernel_are_compared() {
        let rows = [
            ("<3", Some(false)),
            (">=3", Some(true)),
            (">= 3", Some(true)),
            (">=6.1", Some(true)),
            (">=6.1.0-18", Some(true)),
            (">=6.1.0-19", Some(false)),
            ("<6.10", Some(true)),
            (">=6.1 <6.2", Some(true)),
            (">=6.1 <6.1", Some(false)),
            ("=6.1.0-18-amd64", Some(true)),
            ("!=6.1.0-18-amd64", Some(false)),
            ("6.1*", Some(true)),
            ("5.*", Some(false)),
            (">=6.1.00", Some(true)),
            (">6.1.0-18-amd63", Some(true)),
            (">6.1.0-18-amd64~rc1", Some(true)),
            (">6.1.0-18-amd64.1", Some(false)),
            ("<6.1.0.18", Some(true)),
            (">=", None),
            ("'>= 3'", None),
            ("$=6", None),
        ];
        for (expression, fits) in rows {
            assert_eq!(version_fits(expression, "6.1.0-18-amd64"), fits, "{expression}");
        }
    }

    #[test]
    fn a_word_of_the_command_line_is_a_key_or_an_assignment() {
        let words = ["quiet", "root=/dev/vda1", "net.ifnames=0"].map(str::to_owned);
        let rows = [
            ("quiet", true),
            ("root", true),
            ("roo", false),
            ("net.ifnames=0", true),
            ("net.ifnames=", false),
            ("nosuch", false),
        ];
        for (wanted, has) in rows {
            assert_eq!(has_word(&words, wanted), has, "{wanted}");
        }
    }
}
