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

/// The words of a `source` line as wordexp(3) parts them: quotes and backslashes keep blanks in a word.
/// `None` if a part of the line is not known here: a variable, a command, a quote without an end, a quoted
/// wildcard.
pub(super) fn words(text: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut chars = text.chars();
    while let Some(mut c) = chars.next() {
        let mut literal = quote.is_some();
        match c {
            '$' | '`' | '~' => return None,
            '\'' | '"' if quote.is_none() => {
                quote = Some(c);
                word.get_or_insert_default();
                continue;
            }
            _ if quote == Some(c) => {
                quote = None;
                continue;
            }
            '\\' if quote != Some('\'') => {
                c = chars.next()?;
                literal = true;
            }
            _ if c.is_ascii_whitespace() && quote.is_none() => {
                words.extend(word.take());
                continue;
            }
            _ => {}
        }
        if literal && matches!(c, '*' | '?' | '[') {
            return None;
        }
        word.get_or_insert_default().push(c);
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_that_ifup_includes() {
        let rows: [(&str, Option<&[&str]>); 12] = [
            ("a  b", Some(&["a", "b"])),
            ("\"a b\" c", Some(&["a b", "c"])),
            ("'a b'\tc", Some(&["a b", "c"])),
            ("a\\ b", Some(&["a b"])),
            ("\"a\"b", Some(&["ab"])),
            ("x\\'y", Some(&["x'y"])),
            ("[ab] *.d", Some(&["[ab]", "*.d"])),
            ("\"[ab]\"", None),
            ("\"a", None),
            ("$HOME/a", None),
            ("`echo a`", None),
            ("~/a", None),
        ];
        for (text, expected) in rows {
            let expected = expected.map(|words| words.iter().map(|word| (*word).to_owned()).collect());
            assert_eq!(words(text), expected, "{text}");
        }
    }
}
