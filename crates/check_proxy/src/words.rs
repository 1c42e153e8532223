//! The whole words NONCE and PROXY in an option's text, and the random texts that they become.

use crate::fault::Fault;

/// One part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// A text as it is.
    Text(&'a str),
    /// The random text of a request.
    Nonce,
    /// The proxy's address.
    Proxy,
}

/// Returns 16 random hexadecimal digits.
///
/// # Errors
/// [`Fault::Local`] if the system has no random numbers.
pub(crate) fn random() -> Result<String, Fault> {
    let number = net::udp::random().map_err(|error| Fault::Local(plugin::reason(&error)))?;
    Ok(format!("{number:016x}"))
}

/// Returns the parts of a text.
pub(crate) fn parts(text: &str) -> Vec<Part<'_>> {
    let belongs = |c: char| c.is_alphanumeric() || c == '_';
    let (mut all, mut from, mut at) = (Vec::new(), 0, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        let part = match rest.get(..end) {
            Some("NONCE") => Some(Part::Nonce),
            Some("PROXY") => Some(Part::Proxy),
            _ => None,
        };
        if let Some(part) = part {
            all.extend(text.get(from..at).filter(|before| !before.is_empty()).map(Part::Text));
            all.push(part);
            from = at + end;
        }
        let next = rest.get(end..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        at += end + next;
    }
    all.extend(text.get(from..).filter(|last| !last.is_empty()).map(Part::Text));
    all
}

/// Returns the text with both words replaced: PROXY stays where there is no address.
pub(crate) fn replace_words(text: &str, nonce: &str, proxy: Option<&str>) -> String {
    let replaced = |part: Part<'_>| match part {
        Part::Text(text) => text.to_owned(),
        Part::Nonce => nonce.to_owned(),
        Part::Proxy => proxy.unwrap_or("PROXY").to_owned(),
    };
    parts(text).into_iter().map(replaced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_are_replaced() {
        let rows = [
            ("pong NONCE from PROXY", "pong x from y"),
            ("NONCE", "x"),
            ("NONCE-NONCE", "x-x"),
            ("NONCES xNONCE NONCE_ _NONCE nonce", "NONCES xNONCE NONCE_ _NONCE nonce"),
            ("ü=NONCE/üNONCE", "ü=x/üNONCE"),
            ("", ""),
        ];
        for (text, replaced) in rows {
            assert_eq!(replace_words(text, "x", Some("y")), replaced);
        }
        assert_eq!(replace_words("PROXY", "x", None), "PROXY");
    }

    #[test]
    fn random_texts_differ() {
        let (one, other) = (random().unwrap(), random().unwrap());
        assert_ne!(one, other);
        assert!(one.len() == 16 && one.bytes().all(|octet| octet.is_ascii_hexdigit()));
    }
}
