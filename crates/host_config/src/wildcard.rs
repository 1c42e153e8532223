//! Shell wildcards (`*`, `?`, `[...]`), as POSIX.2 describes them (glob(7)).

/// The longest name of a file, in octets.
const LONGEST: usize = 255;

/// Returns whether `text` holds a wildcard.
pub(crate) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// Returns whether the whole of `name` fits `pattern`; neither is longer than a file's name can be.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    pattern.len() <= LONGEST && name.len() <= LONGEST && fits(pattern.as_bytes(), name.as_bytes())
}

/// Walks both, and returns to the last star where they part: at most the product of their lengths.
fn fits(mut pattern: &[u8], mut name: &[u8]) -> bool {
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern.split_first(), name.split_first()) {
            (Some((b'*', rest)), _) => {
                star = Some((rest, name));
                pattern = rest;
                continue;
            }
            (None, None) => return true,
            (Some(_), Some((octet, rest_of_name))) => {
                if let Some(rest) = one(pattern, *octet) {
                    (pattern, name) = (rest, rest_of_name);
                    continue;
                }
            }
            _ => {}
        }
        let Some((after, [_, rest @ ..])) = star else { return false };
        star = Some((after, rest));
        (pattern, name) = (after, rest);
    }
}

/// What is left of `pattern` once its first element has taken `octet`.
fn one(pattern: &[u8], octet: u8) -> Option<&[u8]> {
    match pattern.split_first()? {
        (b'?', rest) => Some(rest),
        (b'[', rest) => match bracket(rest, octet) {
            Some((within, rest)) => within.then_some(rest),
            None => (octet == b'[').then_some(rest),
        },
        (b'\\', [escaped, rest @ ..]) => (*escaped == octet).then_some(rest),
        (first, rest) => (*first == octet).then_some(rest),
    }
}

/// Whether `octet` is within a bracket expression, and what follows it: `None` if the bracket is never
/// closed.
fn bracket(inside: &[u8], octet: u8) -> Option<(bool, &[u8])> {
    let (not, mut rest) = match inside {
        [b'!' | b'^', rest @ ..] => (true, rest),
        _ => (false, inside),
    };
    let mut found = false;
    let mut first = true;
    loop {
        if let Some((is_member, after)) = class(rest) {
            found |= is_member(&octet);
            (rest, first) = (after, false);
            continue;
        }
        rest = match rest {
            [b']', rest @ ..] if !first => return Some((found != not, rest)),
            [low, b'-', high, rest @ ..] if *high != b']' => {
                found |= (*low..=*high).contains(&octet);
                rest
            }
            [only, rest @ ..] => {
                found |= *only == octet;
                rest
            }
            [] => return None,
        };
        first = false;
    }
}

/// Tells whether an octet belongs to a character class.
type IsMember = fn(&u8) -> bool;

/// Returns the test of the character class at the start, in the C locale, and the text after the class.
fn class(inside: &[u8]) -> Option<(IsMember, &[u8])> {
    let classes: [(&str, IsMember); 12] = [
        ("alnum", u8::is_ascii_alphanumeric),
        ("alpha", u8::is_ascii_alphabetic),
        ("blank", |octet| b" \t".contains(octet)),
        ("cntrl", u8::is_ascii_control),
        ("digit", u8::is_ascii_digit),
        ("graph", u8::is_ascii_graphic),
        ("lower", u8::is_ascii_lowercase),
        ("print", |octet| (b' '..=b'~').contains(octet)),
        ("punct", u8::is_ascii_punctuation),
        ("space", |octet| b" \t\n\x0b\x0c\r".contains(octet)),
        ("upper", u8::is_ascii_uppercase),
        ("xdigit", u8::is_ascii_hexdigit),
    ];
    let inside = inside.strip_prefix(b"[:")?;
    classes.into_iter().find_map(|(name, is_member)| {
        Some((is_member, inside.strip_prefix(name.as_bytes())?.strip_prefix(b":]")?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_as_the_shell_does() {
        let rows = [
            ("eth*", "eth0", true),
            ("eth*", "Eth0", false),
            ("*", "", true),
            ("*.cfg", "a.cfg", true),
            ("*.cfg", "a.cfg~", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-c-d", false),
            ("eth?", "eth10", false),
            ("eth[0-3]", "eth2", true),
            ("eth[!0-3]", "eth2", false),
            ("eth[]x]", "eth]", true),
            ("eth[[:digit:]]", "eth0", true),
            ("eth[[:digit:]]", "etha", false),
            ("eth[![:digit:]]", "eth0", false),
            ("eth[[:alpha:]7-9]", "eth8", true),
            ("eth[[:nosuch:]]", "eth0", false),
            ("eth[", "eth[", true),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
        ];
        for (pattern, name, fit) in rows {
            assert_eq!(matches(pattern, name), fit, "{pattern} {name}");
        }
        let (stars, many) = ("*a".repeat(120) + "b", "a".repeat(255));
        assert!(!matches(&stars, &many));
        assert!(!matches("*", &"a".repeat(256)), "no file has such a name");
    }

    #[test]
    fn matches_as_a_shell_does() {
        let yes = [
            ("eth0", "eth0"),
            ("*", ""),
            ("*", "eth0"),
            ("eth*", "eth0"),
            ("e*0", "eth10"),
            ("en?s[0-9]", "enps3"),
            ("[!a-d]x", "ex"),
            ("a\\*", "a*"),
            ("*a*b*c", "xaybzc"),
            ("[]]", "]"),
            ("[", "["),
            ("[a", "[a"),
        ];
        let no = [
            ("eth0", "eth01"),
            ("eth?", "eth"),
            ("[0-9]", "a"),
            ("[^a]", "a"),
            ("a\\*", "ab"),
            ("*a", "b"),
            ("", "a"),
        ];
        for (pattern, text) in yes {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in no {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
