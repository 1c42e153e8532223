//! How counts and lists of addresses are put into words.

use std::net::IpAddr;

use addresses::brief;
use plugin::room_after;

/// Returns `1 address` or `40 addresses`.
pub(crate) fn addresses(count: usize) -> String {
    format!("{count} {}", if count == 1 { "address" } else { "addresses" })
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
