//! The customer's password in a proxy's own words: no line that the plugin prints may carry it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// What stands in a text in place of a secret.
const MASK: &str = "***";
/// From how many octets on the start of a secret at the end of a text, which may be cut, is masked too.
const START: usize = 3;

/// The forms in which the password may come back. Its `Debug` shows none.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Vec<Vec<u8>>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

impl Secrets {
    /// The secrets of a login: the password, and what Basic makes of it.
    pub(crate) fn of(user: &str, password: &str) -> Self {
        let pair = format!("{user}:{password}");
        let encoded = [pair.as_str(), password].into_iter().flat_map(|text| {
            [STANDARD_NO_PAD.encode(text).into_bytes(), URL_SAFE_NO_PAD.encode(text).into_bytes()]
        });
        let plain = password.as_bytes().to_vec();
        Self(encoded.chain([plain]).filter(|secret| !secret.is_empty()).collect())
    }

    /// Returns a text without the secrets: also where characters are written as %XX, in the other case, or
    /// where the text ends inside of one.
    pub(crate) fn mask(&self, text: &str) -> String {
        let mut masked = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let found = self.0.iter().filter_map(|secret| begins_with(rest.as_bytes(), secret)).max();
            let (part, length) = match found {
                // The padding of Base64 tells the secret's length.
                Some(length) => (MASK, length + padding(rest.get(length..).unwrap_or_default())),
                None => (rest.get(..first.len_utf8()).unwrap_or_default(), first.len_utf8()),
            };
            masked.push_str(part);
            rest = rest.get(length..).unwrap_or_default();
        }
        masked
    }
}

fn padding(rest: &str) -> usize {
    rest.bytes().take(2).take_while(|octet| *octet == b'=').count()
}

/// Returns how many octets of the text a secret takes, if the text begins with it.
fn begins_with(text: &[u8], secret: &[u8]) -> Option<usize> {
    // A percent sign in the secret stands for itself or begins %25.
    [true, false].into_iter().filter_map(|decodes| begins_with_form(text, secret, decodes)).max()
}

fn begins_with_form(text: &[u8], secret: &[u8], decodes: bool) -> Option<usize> {
    let mut at = 0;
    for (matched, octet) in secret.iter().enumerate() {
        at += match text.get(at..) {
            None | Some([]) if matched >= START => return Some(at),
            Some([b'%', high, low, ..]) if decodes && hexadecimal(*high, *low) == Some(*octet) => 3,
            // A text that is cut inside of %XX.
            Some([b'%'] | [b'%', _]) if decodes && matched >= START => return Some(text.len()),
            Some([own, ..]) if own.eq_ignore_ascii_case(octet) => 1,
            Some([b'+', ..]) if *octet == b' ' => 1,
            _ => return None,
        };
    }
    Some(at)
}

fn hexadecimal(high: u8, low: u8) -> Option<u8> {
    let digit = |octet: u8| char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? * 16 + digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(password: &str) -> Secrets {
        Secrets::of("monitor", password)
    }

    #[test]
    fn no_form_of_the_password_is_left() {
        let rows = [
            ("s3cret%d/x", "Basic bW9uaXRvcjpzM2NyZXQlZC94", "Basic ***"),
            ("s3cret%d/x", "monitor:s3cret%d/x is wrong", "monitor:*** is wrong"),
            ("s3cret%d/x", "s3cret%25d%2fx and s3cret%25d%2Fx", "*** and ***"),
            ("%25x", "%25x and %2525x", "*** and ***"),
            ("s3cret%d/x", "%73%33cret%d/x.example.net", "***.example.net"),
            ("s3cret%d/x", "S3CRET%D/X", "***"),
            ("s3cret%d/x", "czNjcmV0JWQveA==, x", "***, x"),
            ("s3cret%d/x", "ends in s3cre", "ends in ***"),
            ("s3cret%d/x", "ends in s3cret%2", "ends in ***"),
            ("s3cret%d/x", "s3cre in the middle", "s3cre in the middle"),
            ("a b", "a+b a%20b", "*** ***"),
            ("pässwört", "ü pässwört ü", "ü *** ü"),
            ("pässwört", "p%C3%A4ssw%c3%b6rt", "***"),
            ("x", "x-x", "***-***"),
            ("", "monitor: bW9uaXRvcjo=", "monitor: ***"),
        ];
        for (password, text, expected) in rows {
            assert_eq!(secrets(password).mask(text), expected, "{password}");
        }
        assert_eq!(Secrets::default().mask("as it is %2"), "as it is %2");
        assert_eq!(format!("{:?}", secrets("x")), "Secrets");
    }
}
