//! The lines of `/etc/network/interfaces`: continued ones as one, without comments.

use std::borrow::Cow;

/// The first word, and what comes after it.
pub(super) fn first_word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((text, ""));
    (word, rest.trim_ascii_start())
}

/// The lines, each with the number of its first one: without comments and blank lines, continued where they
/// end in a backslash.
pub(super) fn logical_lines(text: &str) -> impl Iterator<Item = (u32, Cow<'_, str>)> {
    let mut lines = (1..).zip(text.split('\n'));
    std::iter::from_fn(move || {
        loop {
            let (number, line) = lines.next()?;
            let line = line.trim_ascii_start();
            if line.starts_with('#') {
                continue;
            }
            let mut whole = Cow::Borrowed(line);
            while let Some(start) = whole.strip_suffix('\\').map(str::len) {
                let whole = whole.to_mut();
                whole.truncate(start);
                let Some((_, more)) = lines.next() else { break };
                whole.push_str(more);
            }
            let trimmed = whole.trim_ascii_end().len();
            match &mut whole {
                Cow::Borrowed(text) => *text = text.get(..trimmed).unwrap_or(text),
                Cow::Owned(text) => text.truncate(trimmed),
            }
            if !whole.is_empty() {
                return Some((number, whole));
            }
        }
    })
}
