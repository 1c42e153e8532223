//! Two texts line by line: where they differ, and a few of the lines that do.

/// How many lines of a difference are shown.
const SHOWN: usize = 6;
/// How many characters of a line, a name or an address are shown.
const WIDTH: usize = 120;

/// Returns the number of the first line that differs, from 1; `None` if the octets are the same.
pub(crate) fn first_difference(expected: &[u8], found: &[u8]) -> Option<usize> {
    (expected != found).then(|| common(lines(expected).iter(), lines(found).iter()) + 1)
}

/// Returns the lines between the common start and the common end of both texts: `- was` and `+ is`, six at
/// most, the last of which counts what is left out.
pub(crate) fn changes(expected: &[u8], found: &[u8]) -> Vec<String> {
    let (expected, found) = (lines(expected), lines(found));
    let start = common(expected.iter(), found.iter());
    let (expected, found) =
        (expected.get(start..).unwrap_or_default(), found.get(start..).unwrap_or_default());
    let end = common(expected.iter().rev(), found.iter().rev());
    let (removals, additions) = (expected.len() - end, found.len() - end);
    let removed = expected.iter().take(removals).map(|line| format!("- {}", readable(line)));
    let added = found.iter().take(additions).map(|line| format!("+ {}", readable(line)));
    let all = removals + additions;
    if all <= SHOWN {
        return removed.chain(added).collect();
    }
    // Half of the room for either side, and what one does not need for the other.
    let room = SHOWN - 1;
    let old = removals.min((room / 2).max(room.saturating_sub(additions)));
    removed
        .take(old)
        .chain(added.take(room - old))
        .chain([format!("and {} more lines", all - room)])
        .collect()
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|octet| *octet == b'\n').collect()
}

/// Returns how many items from the start on are the same.
fn common<'a>(left: impl Iterator<Item = &'a &'a [u8]>, right: impl Iterator<Item = &'a &'a [u8]>) -> usize {
    left.zip(right).take_while(|(left, right)| left == right).count()
}

/// A carriage return, and a missing line end, would be invisible where the two lines are compared by eye.
fn readable(line: &[u8]) -> String {
    let (line, tail) = match line.strip_suffix(b"\n") {
        Some(line) => (line, ""),
        None => (line, " (no line end)"),
    };
    cut(&String::from_utf8_lossy(line).replace('\r', "\\r")) + tail
}

/// Shortens a text that may be a megabyte long, so that what follows it is still seen.
pub(crate) fn cut(text: &str) -> String {
    match text.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_first_line_that_differs() {
        let rows: [(&str, &str, Option<usize>); 7] = [
            ("a\nb\n", "a\nb\n", None),
            ("", "", None),
            ("a\nb\n", "a\nc\n", Some(2)),
            ("a\nb\n", "a\n", Some(2)),
            ("a\n", "a", Some(1)),
            ("", "a\n", Some(1)),
            ("a\r\n", "a\n", Some(1)),
        ];
        for (expected, found, line) in rows {
            assert_eq!(
                first_difference(expected.as_bytes(), found.as_bytes()),
                line,
                "{expected:?} {found:?}"
            );
        }
    }

    #[test]
    fn shows_six_lines_at_most() {
        let many: String = (0..10).map(|number| format!("{number}\n")).collect();
        let rows: [(&str, &str, &[&str]); 7] = [
            ("a\nb\nc\n", "a\nx\nc\n", &["- b", "+ x"]),
            ("a\n", "a\nb\n", &["+ b"]),
            ("a\n", "a", &["- a", "+ a (no line end)"]),
            ("a\n", "a\r\n", &["- a", "+ a\\r"]),
            ("", &many, &["+ 0", "+ 1", "+ 2", "+ 3", "+ 4", "and 5 more lines"]),
            (&many, "x\n", &["- 0", "- 1", "- 2", "- 3", "+ x", "and 6 more lines"]),
            ("a\na\n", "a\n", &["- a"]),
        ];
        for (expected, found, shown) in rows {
            assert_eq!(changes(expected.as_bytes(), found.as_bytes()), shown, "{expected:?} {found:?}");
        }
        let long = changes(b"", "x".repeat(200).as_bytes());
        assert_eq!(long, [format!("+ {}... (no line end)", "x".repeat(WIDTH))]);
    }
}
