//! Regular expressions of grep(1), sed(1) and awk(1), as far as lists of addresses need them (POSIX.1-2024,
//! XBD 9).

use std::collections::BTreeSet;

use crate::ifupdown::regex;

/// The longest expression and the longest line that are compared, in octets.
const LONGEST: usize = 64;
const LINE: usize = 256;

/// An expression: its alternatives.
pub(super) struct Pattern(Vec<Alternative>);

struct Alternative {
    at_start: bool,
    at_end: bool,
    parts: Vec<Part>,
}

struct Part {
    set: Set,
    least: usize,
    most: usize,
}

/// Characters that fit.
enum Set {
    Any,
    Only(char),
    Of { negated: bool, ranges: Vec<(char, char)> },
}

impl Set {
    fn has(&self, c: char) -> bool {
        match self {
            Self::Any => true,
            Self::Only(only) => *only == c,
            Self::Of { negated, ranges } => {
                ranges.iter().any(|(first, last)| (*first..=*last).contains(&c)) != *negated
            }
        }
    }
}

impl Pattern {
    /// Parses a basic or an extended regular expression: `None` for what is rare in it.
    pub(super) fn new(text: &str, extended: bool) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let all = if extended && text.contains(['(', ')', '|']) {
            regex::expanded(text)?
        } else if extended {
            vec![text.to_owned()]
        } else {
            // As GNU's grep has it.
            text.split("\\|").map(str::to_owned).collect()
        };
        all.iter().map(|one| alternative(one, extended)).collect::<Option<_>>().map(Self)
    }

    /// Whether it fits the start of a line alone.
    pub(super) fn is_at_start(&self) -> bool {
        self.0.iter().all(|one| one.at_start)
    }

    /// Returns the parts of a line that fit, one after the other, without empty ones: `None` if that is not
    /// known.
    pub(super) fn find_each(&self, line: &str) -> Option<Vec<(usize, usize)>> {
        let is_anchored = self.0.iter().any(|one| one.at_start);
        if is_anchored && !self.is_at_start() {
            return None;
        }
        let (mut found, mut from) = (Vec::new(), 0);
        while let Some((start, end)) = self.find(line.get(from..)?)? {
            if start == end {
                // Further on, there may be one that is not empty.
                let next = line.get(from + start..)?.chars().next().filter(|_| !is_anchored);
                let Some(next) = next else { break };
                from += start + next.len_utf8();
                continue;
            }
            found.push((from + start, from + end));
            from += end;
            if is_anchored {
                break;
            }
        }
        Some(found)
    }

    /// Returns the leftmost part of a line that fits, the longest from there: `None` inside if none does, and
    /// outside if the line is too long to tell.
    pub(super) fn find(&self, line: &str) -> Option<Option<(usize, usize)>> {
        if line.len() > LINE {
            return None;
        }
        let Some(start) = self.0.iter().filter_map(|one| one.first_start(line)).min() else {
            return Some(None);
        };
        let ends = self.0.iter().filter(|one| start == 0 || !one.at_start);
        Some(ends.filter_map(|one| end(&one.parts, line, start, one.at_end)).max().map(|end| (start, end)))
    }
}

impl Alternative {
    /// Returns where in a line it begins to fit first.
    fn first_start(&self, line: &str) -> Option<usize> {
        let chars: Vec<(usize, char)> = line.char_indices().collect();
        // Whether the parts that were looked at fit from each character on: the last ones first.
        let mut fits: Vec<bool> = (0..=chars.len()).map(|at| !self.at_end || at == chars.len()).collect();
        for part in self.parts.iter().rev() {
            let mut longer = vec![false; fits.len()];
            let mut repeated = false;
            for (at, fits_here) in longer.iter_mut().enumerate().rev() {
                let has = |at: usize| fits.get(at).is_some_and(|fits| *fits);
                let one = chars.get(at).is_some_and(|(_, c)| part.set.has(*c))
                    && (has(at + 1) || part.most > 1 && repeated);
                *fits_here = one || part.least == 0 && has(at);
                repeated = *fits_here;
            }
            fits = longer;
        }
        let first = fits.iter().position(|fits| *fits).filter(|at| *at == 0 || !self.at_start)?;
        Some(chars.get(first).map_or(line.len(), |(at, _)| *at))
    }
}

/// Returns where the parts end in a line, if they fit from here on: as far as they can.
fn end(parts: &[Part], line: &str, from: usize, at_end: bool) -> Option<usize> {
    let mut reached = BTreeSet::from([from]);
    for part in parts {
        let mut next = BTreeSet::new();
        for from in reached {
            if part.least == 0 {
                next.insert(from);
            }
            for (at, c) in line.get(from..)?.char_indices().take(part.most) {
                // From a place that another way has reached, that way has gone on.
                if !part.set.has(c) || !next.insert(from + at + c.len_utf8()) && part.most > 1 {
                    break;
                }
            }
        }
        reached = next;
    }
    reached.last().copied().filter(|end| !at_end || *end == line.len())
}

fn alternative(text: &str, extended: bool) -> Option<Alternative> {
    let (at_start, mut rest) = text.strip_prefix('^').map_or((false, text), |rest| (true, rest));
    let mut at_end = false;
    let mut parts = Vec::new();
    while let Some(c) = rest.chars().next() {
        let mut after = rest.get(c.len_utf8()..)?;
        let set = match c {
            '$' if after.is_empty() => {
                at_end = true;
                break;
            }
            '$' | '^' => return None,
            '.' => Set::Any,
            '[' => {
                let (set, end) = bracket(after)?;
                after = end;
                set
            }
            '\\' => {
                let escaped = after.chars().next()?;
                after = after.get(escaped.len_utf8()..)?;
                match escaped {
                    's' => space(false),
                    'S' => space(true),
                    '.' | '/' | '*' | '[' | ']' | '$' | '^' | '\\' | '-' | '#' => Set::Only(escaped),
                    _ => return None,
                }
            }
            '*' => return None,
            '+' | '?' | '{' | '}' | '(' | ')' | '|' if extended => return None,
            c => Set::Only(c),
        };
        let (least, most, length) = match after.chars().next() {
            Some('*') => (0, usize::MAX, 1),
            Some('+') if extended => (1, usize::MAX, 1),
            Some('?') if extended => (0, 1, 1),
            _ => (1, 1, 0),
        };
        parts.push(Part { set, least, most });
        rest = after.get(length..)?;
    }
    Some(Alternative { at_start, at_end, parts })
}

fn space(negated: bool) -> Set {
    Set::Of { negated, ranges: vec![(' ', ' '), ('\t', '\r')] }
}

/// Parses what stands after `[`, and returns what follows the bracket.
fn bracket(text: &str) -> Option<(Set, &str)> {
    let (negated, mut rest) = text.strip_prefix('^').map_or((false, text), |rest| (true, rest));
    let mut ranges = Vec::new();
    loop {
        if let Some(class) = rest.strip_prefix("[:") {
            let (name, after) = class.split_once(":]")?;
            ranges.extend(match name {
                "space" => vec![(' ', ' '), ('\t', '\r')],
                "blank" => vec![(' ', ' '), ('\t', '\t')],
                "digit" => vec![('0', '9')],
                "xdigit" => vec![('0', '9'), ('a', 'f'), ('A', 'F')],
                "alpha" => vec![('a', 'z'), ('A', 'Z')],
                "alnum" => vec![('0', '9'), ('a', 'z'), ('A', 'Z')],
                _ => return None,
            });
            rest = after;
            continue;
        }
        let mut chars = rest.chars();
        match chars.next()? {
            ']' if !ranges.is_empty() => return Some((Set::Of { negated, ranges }, chars.as_str())),
            // In awk(1) it escapes, and in grep(1) it does not.
            '\\' | '[' => return None,
            first => {
                let after = chars.as_str();
                let last = after.strip_prefix('-').and_then(|end| end.chars().next()).filter(|c| *c != ']');
                ranges.push((first, last.unwrap_or(first)));
                rest = after.get(last.map_or(0, |last| 1 + last.len_utf8())..)?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As grep 3.8 finds them: `-o` prints the part.
    #[test]
    fn finds_as_grep_does() {
        let rows = [
            ("^#", false, "# a", Some("#")),
            ("^#", false, "a # b", None),
            ("^$", false, "", Some("")),
            ("^[[:space:]]*#", false, " \t# a", Some(" \t#")),
            ("^[0-9a-f:.]*/", false, "192.0.2.9/24 x", Some("192.0.2.9/")),
            ("[^ ]*$", false, "a bc", Some("bc")),
            ("192\\.0\\.2\\.", false, "192.0.2.9", Some("192.0.2.")),
            ("a.c", false, "xabcx", Some("abc")),
            ("a+", false, "aa a+", Some("a+")),
            ("a+", true, "xaa", Some("aa")),
            ("^\\s*(#|$)", true, "  # x", Some("  #")),
            ("^\\s*(#|$)", true, "", Some("")),
            ("^\\s*(#|$)", true, "a", None),
            ("^#|^$", true, "", Some("")),
            ("#.*", false, "a # b", Some("# b")),
            ("^#\\|^$", false, "", Some("")),
            ("^#\\|^$", false, "a", None),
            ("colou?r", true, "color", Some("color")),
            ("a*a*b", false, "aac aab", Some("aab")),
            ("x*", false, "abc", Some("")),
            ("b$", false, "bab", Some("b")),
            ("a+b|c+", true, "aacc aab", Some("cc")),
            ("b*$", false, "\u{e9}bb", Some("bb")),
        ];
        for (text, extended, line, expected) in rows {
            let pattern = Pattern::new(text, extended).unwrap();
            let found = pattern.find(line).unwrap();
            assert_eq!(found.map(|(start, end)| &line[start..end]), expected, "{text} {line}");
        }
        for (text, extended) in
            [("\\(a\\)", false), ("(a)*", true), ("a{2}", true), ("\\d", false), ("*a", false), ("[a", true)]
        {
            assert!(Pattern::new(text, extended).is_none(), "{text}");
        }
        assert!(Pattern::new("a", false).unwrap().find(&"b".repeat(LINE + 1)).is_none());
    }
}
