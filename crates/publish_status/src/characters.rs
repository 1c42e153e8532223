//! The characters that every output can contain.

/// Returns whether an output may contain this character. XML 1.0 (section 2.2) forbids control characters
/// except tab and line ends, and U+FFFE and U+FFFF, also if they are escaped.
pub(crate) fn is_writable(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

/// Returns the first character of a text that no output may contain, written as `U+001B`.
pub(crate) fn forbidden(text: &str) -> Option<String> {
    text.chars().find(|c| !is_writable(*c)).map(|c| format!("U+{:04X}", u32::from(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_forbids_is_named() {
        for text in ["", "a\tb\r\nc", "\u{7f}\u{85}\u{d7ff}\u{e000}\u{fffd}\u{10000}\u{10ffff}"] {
            assert_eq!(forbidden(text), None, "{text:?}");
        }
        let rows = [
            ("\0", "U+0000"),
            ("a\u{1b}[1m", "U+001B"),
            ("\u{b}", "U+000B"),
            ("\u{1f}", "U+001F"),
            ("\u{fffe}", "U+FFFE"),
            ("x\u{ffff}", "U+FFFF"),
        ];
        for (text, name) in rows {
            assert_eq!(forbidden(text).as_deref(), Some(name));
        }
    }
}
