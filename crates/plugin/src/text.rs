//! Text from outside made harmless, in one place.

use std::io;

/// `text` as one line that no parser of plugin output can misread: control characters (line ends and tabs
/// too), what changes the direction of writing or cannot be seen, and broken UTF-8's replacement become
/// blanks or `?`; `|` would start performance data and becomes `/`; `<` and `>` would be markup on a status
/// page and become `[` and `]`.
pub fn clean(text: &str) -> String {
    let cleaned: String = text.chars().map(harmless).collect();
    cleaned.trim().to_owned()
}

/// `text` for the first line: [`clean`], and without what Nagios strips from a text before an event handler
/// or a notification gets it, or changes: quotes, backticks and `$` go, so that words stand bare, `;` becomes
/// a comma, `&` a plus and `~` a minus.
pub(crate) fn clean_first_line(text: &str) -> String {
    let kept = text.chars().filter(|c| !matches!(c, '\'' | '"' | '`' | '$'));
    let replaced = kept.map(|c| match c {
        ';' => ',',
        '&' => '+',
        '~' => '-',
        c => c,
    });
    clean(&replaced.collect::<String>())
}

fn harmless(c: char) -> char {
    match c {
        '|' => '/',
        '<' => '[',
        '>' => ']',
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => '?',
        '\u{feff}' | '\u{fffd}' | '\u{e0000}'..='\u{e007f}' => '?',
        c if c.is_control() || c.is_whitespace() => ' ',
        c => c,
    }
}

/// `text` without the passwords of addresses such as `https://user:password@host`, in whose place `***`
/// stands. A password may have any character but white space, so everything up to the last `@` of a word is
/// one.
pub fn masked(text: &str) -> String {
    text.split_inclusive(char::is_whitespace).map(masked_word).collect()
}

fn masked_word(word: &str) -> String {
    let start = word.find("://").map(|place| place + 3).or_else(|| word.find('=').map(|place| place + 1));
    let (before, login) = word.split_at(start.unwrap_or(0));
    match login.rsplit_once('@').map(|(login, host)| (login.split_once(':'), host)) {
        Some((Some((user, _)), host)) => format!("{before}{user}:***@{host}"),
        _ => word.to_owned(),
    }
}

/// What an error of the system says, in the style of our lines: lower case, without its number.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => "unknown error".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_of_addresses_are_not_shown() {
        let rows = [
            ("https://user:pw@host:5665", "https://user:***@host:5665"),
            ("--api=https://user:pw@host: not one", "--api=https://user:***@host: not one"),
            ("--api=user:p@s/s:w=d@host", "--api=user:***@host"),
            ("user:pw@host and ://:pw@", "user:***@host and ://:***@"),
            ("see https://a:1@b, https://c:2@d", "see https://a:***@b, https://c:***@d"),
            ("https://user@host:5665", "https://user@host:5665"),
            ("https://host:5665/", "https://host:5665/"),
            ("a@b c:d", "a@b c:d"),
            ("", ""),
        ];
        for (text, shown) in rows {
            assert_eq!(masked(text), shown);
        }
    }

    #[test]
    fn nothing_that_a_parser_could_misread_is_left() {
        let rows = [
            ("plain text, ümläut", "plain text, ümläut"),
            ("a|b=1", "a/b=1"),
            ("two\nlines\r\n", "two lines"),
            ("\0bell\u{7}\u{1b}[31m", "bell  [31m"),
            ("<script>", "[script]"),
            ("\u{202e}evil\u{2066}", "?evil?"),
            ("a\u{61c}b\u{2060}c\u{e0041}d", "a?b?c?d"),
            ("no\u{a0}break\u{3000}wide", "no break wide"),
            (&String::from_utf8_lossy(b"bad \xff\xfe"), "bad ??"),
            ("", ""),
        ];
        for (text, cleaned) in rows {
            assert_eq!(clean(text), cleaned);
        }
    }

    #[test]
    fn a_first_line_has_nothing_that_nagios_strips_or_changes() {
        let rows = [
            ("plain text, ümläut (1 of 2): 5%", "plain text, ümläut (1 of 2): 5%"),
            ("invalid value '0' for \"--ip\"", "invalid value 0 for --ip"),
            ("first; `second`", "first, second"),
            ("$A=${B} & ~:5 <x> a|b", "A={B} + -:5 [x] a/b"),
            ("'\"`$", ""),
        ];
        for (text, cleaned) in rows {
            assert_eq!(clean_first_line(text), cleaned);
        }
        let all: String = (0..=0x2ff_u32).filter_map(char::from_u32).collect();
        assert!(!clean_first_line(&all).contains(['\'', '"', '`', ';', '$', '<', '>', '&', '|', '~']));
    }

    #[test]
    fn reasons_read_like_our_lines() {
        assert_eq!(reason(&io::Error::from_raw_os_error(13)), "permission denied");
        assert_eq!(reason(&io::Error::from_raw_os_error(2)), "no such file or directory");
        assert_eq!(reason(&io::Error::other("")), "unknown error");
    }
}
