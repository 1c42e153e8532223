//! The values of an event's fields out of the macros: bounded texts, words and numbers.

use std::ffi::{OsStr, OsString};

use serde::Serialize;
use uuid::Uuid;

/// The most octets that one text of an event keeps: an NRPE v4 packet carries as much.
const TEXT: usize = 64 << 10;

/// What an event is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A host.
    Host,
    /// A service.
    Service,
}

impl Kind {
    /// Returns its word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Service => "service",
        }
    }

    /// Returns the states that it can be in.
    pub(super) fn states(self) -> &'static [&'static str] {
        match self {
            Self::Host => &["UP", "DOWN", "UNREACHABLE", "PENDING"],
            Self::Service => &["OK", "WARNING", "CRITICAL", "UNKNOWN", "PENDING"],
        }
    }
}

/// A value that is not what its field holds. The field is null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Invalid {
    /// The field.
    pub(super) field: &'static str,
    /// The beginning of what was given.
    pub(super) value: String,
}

pub(super) fn is_given(value: &Option<OsString>) -> bool {
    value.as_ref().is_some_and(|value| !value.is_empty())
}

/// Whether a value is a macro that the monitor did not expand, as `$HOSTADDRESS$`.
fn is_macro(value: &OsStr) -> bool {
    let name = value.as_encoded_bytes().strip_prefix(b"$").and_then(|rest| rest.strip_suffix(b"$"));
    name.is_some_and(|name| {
        name.first().is_some_and(|first| first.is_ascii_uppercase() || *first == b'_')
            && name.iter().all(|octet| octet.is_ascii_graphic() && *octet != b'$')
    })
}

/// Takes texts, bounded, and notes which were cut, and which are none.
#[derive(Default)]
pub(super) struct Texts {
    pub(super) truncated: Vec<&'static str>,
    pub(super) invalid: Vec<Invalid>,
}

impl Texts {
    /// A name that every event has. It is noted where there is none.
    pub(super) fn required(&mut self, name: &'static str, value: &Option<OsString>) -> Option<String> {
        if !is_given(value) {
            self.invalid.push(Invalid { field: name, value: String::new() });
        }
        self.optional(name, value)
    }

    pub(super) fn optional(&mut self, name: &'static str, value: &Option<OsString>) -> Option<String> {
        Some(self.take(value, name)).filter(|text| !text.is_empty())
    }

    pub(super) fn take(&mut self, value: &Option<OsString>, name: &'static str) -> String {
        let value = value.as_deref().unwrap_or_default();
        if is_macro(value) {
            self.invalid.push(Invalid { field: name, value: excerpt(value) });
            return String::new();
        }
        let (text, is_cut) = bounded(value);
        if is_cut {
            self.truncated.push(name);
        }
        text
    }
}

/// Takes words and numbers, and notes what is none.
#[derive(Default)]
pub(super) struct Values {
    pub(super) invalid: Vec<Invalid>,
}

impl Values {
    /// The state. It is noted too if none is given.
    pub(super) fn required_state(&mut self, value: &Option<OsString>, kind: Kind) -> Option<&'static str> {
        if !is_given(value) {
            self.invalid.push(Invalid { field: "state", value: String::new() });
        }
        self.one_of("state", value, kind.states())
    }

    /// One of the words, whatever its case.
    pub(super) fn one_of(
        &mut self,
        field: &'static str,
        value: &Option<OsString>,
        words: &[&'static str],
    ) -> Option<&'static str> {
        self.take(field, value, |value| words.iter().find(|word| value.eq_ignore_ascii_case(word)).copied())
    }

    /// A whole number.
    pub(super) fn number(&mut self, field: &'static str, value: &Option<OsString>) -> Option<u64> {
        self.take(field, value, |value| whole(value.to_str()?))
    }

    /// A time in whole seconds since 1970. Icinga 2 writes times with a fraction, which is cut off.
    pub(super) fn time(&mut self, field: &'static str, value: &Option<OsString>) -> Option<u64> {
        self.take(field, value, |value| {
            let text = value.to_str()?;
            let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
            whole(seconds).filter(|_| is_digits(fraction))
        })
    }

    /// The number of a problem. Naemon's problems have UUIDs and no numbers.
    pub(super) fn problem(&mut self, value: &Option<OsString>) -> Option<u64> {
        let text = value.as_deref().and_then(OsStr::to_str).unwrap_or_default();
        if Uuid::try_parse(text).is_ok() { None } else { self.number("problem_id", value) }
    }

    /// Yes or no. Icinga 2 writes 1 for a normal and 2 for a sticky acknowledgement.
    pub(super) fn boolean(&mut self, field: &'static str, value: &Option<OsString>) -> Option<bool> {
        self.take(field, value, |value| match value.to_str()? {
            "1" | "2" | "true" => Some(true),
            "0" | "false" => Some(false),
            _ => None,
        })
    }

    /// What `parse` makes of a value that is given.
    fn take<T>(
        &mut self,
        field: &'static str,
        value: &Option<OsString>,
        parse: impl FnOnce(&OsStr) -> Option<T>,
    ) -> Option<T> {
        let value = value.as_deref().filter(|value| !value.is_empty())?;
        let parsed = parse(value);
        if parsed.is_none() {
            self.invalid.push(Invalid { field, value: excerpt(value) });
        }
        parsed
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit())
}

fn whole(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| is_digits(text))
}

/// A text with broken UTF-8 as replacement characters, and whether its end had to be cut off.
fn bounded(value: &OsStr) -> (String, bool) {
    let mut text = value.to_string_lossy().into_owned();
    let is_cut = text.len() > TEXT;
    text.truncate(text.floor_char_boundary(TEXT));
    (text, is_cut)
}

/// Nagios writes the line ends of long output as `\n`, and a backslash as two.
pub(super) fn with_line_ends(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some('n')) => plain.push('\n'),
            ('\\', Some('\\')) => plain.push('\\'),
            _ => {
                plain.push(c);
                continue;
            }
        }
        chars.next();
    }
    plain
}

/// The beginning of what was given.
fn excerpt(value: &OsStr) -> String {
    value.to_string_lossy().chars().take(60).collect()
}
