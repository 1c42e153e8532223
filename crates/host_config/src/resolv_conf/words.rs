//! The words of a line.

/// The blanks of this file: a carriage return is none.
pub(super) const BLANKS: [char; 2] = [' ', '\t'];

pub(super) fn words(value: &str) -> impl Iterator<Item = &str> {
    value.split(BLANKS).filter(|word| !word.is_empty())
}
