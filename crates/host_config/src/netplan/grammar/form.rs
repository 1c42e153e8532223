//! The forms of values.

use super::super::yaml::Value;

/// The form of a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// What is read elsewhere, or of a form that versions differ in.
    Any,
    Boolean,
    Text,
    /// A plain value for which the function holds, and what that is.
    As(fn(&str) -> bool, &'static str),
    /// One of these words.
    Word(&'static [&'static str]),
    /// One of these words, where the library has the text.
    WordSince(&'static [&'static str], &'static str),
    /// One of these words in lower case or not.
    AnyCase(&'static [&'static str]),
    /// A sequence of such values.
    Each(&'static Form),
    /// A plain value that fits, or a sequence of some.
    OneOrMore(fn(&str) -> bool, &'static str),
    /// A sequence of two such values.
    Pair(&'static Form),
    /// A mapping of any keys to such values.
    All(&'static Form),
    /// A mapping with these keys.
    Keys(&'static [(&'static str, Form)]),
    /// A mapping with these keys, which the function checks as a whole: it returns what is wrong.
    Whole(&'static [(&'static str, Form)], fn(Value<'_>) -> Option<String>),
    /// A plain value of any text, or a mapping with these keys.
    TextOr(&'static [(&'static str, Form)]),
}
