//! How counts and lists of addresses are put into words.

use std::net::IpAddr;

use addresses::brief;
use plugin::room_after;

/// Returns `1 address` or `40 addresses`.
pub(crate) fn addresses(count: usize) -> String {
    format!("{count} {}", if count == 1 { "address" } else { "addresses" })
}

/// Returns what is wrong with a line of a file for the first line, which shows no `$`, backticks and quotes:
/// with words for those that tell the cause.
pub(crate) fn with_marks(text: &str) -> String {
    let what = text.split_once(": ").map_or(text, |(_, what)| what);
    let mark = match () {
        () if what.contains("$(") || what.contains('`') => " (with a command)",
        () if what.contains('$') => " (with a variable)",
        () if what.starts_with(['"', '\'']) => " (with quotes)",
        () => "",
    };
    format!("{text}{mark}")
}

/// Returns the addresses as runs, as many as there is room for on the first line beside `around`.
pub(crate) fn runs(addresses: &[IpAddr], around: &str) -> String {
    brief(addresses, room_after(around))
}

/// Returns the texts, comma-separated, as many as there is room for beside `around`, and how many more causes
/// there are.
pub(crate) fn causes_in_words(texts: &[String], around: &str) -> String {
    let room = room_after(around);
    let mut joined = String::new();
    for (shown, text) in texts.iter().enumerate() {
        if shown > 0 && joined.len() + text.len() > room {
            let more = texts.len() - shown;
            return format!("{joined}, {more} more cause{}", if more == 1 { "" } else { "s" });
        }
        joined = if shown == 0 { text.clone() } else { format!("{joined}, {text}") };
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_says_what_it_does_not_show() {
        let rows = [
            ("$VIP/24 is not an IP address", " (with a variable)"),
            ("${VIP}/24 is not an IP address", " (with a variable)"),
            ("$(cat /etc/vip)/24 is not an IP address", " (with a command)"),
            ("`cat /etc/vip` is not an IP address", " (with a command)"),
            ("\"192.0.2.1/24\" is not an IP address", " (with quotes)"),
            ("'192.0.2.1' is not an IP address", " (with quotes)"),
            ("192.0.2.{1..3}/24 is not an IP address", ""),
            ("a command is not understood: sh -c 'ip addr add X'", ""),
        ];
        for (what, mark) in rows {
            // A path tells nothing of the cause.
            let text = format!("/etc/it's $1 line 4: {what}");
            assert_eq!(with_marks(&text), format!("{text}{mark}"));
        }
    }
}
