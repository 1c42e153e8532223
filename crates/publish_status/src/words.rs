//! Words that several texts have.

/// Writes a number of things, as `1 component` or `2 components`.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural() {
        assert_eq!([0, 1, 2].map(|number| counted(number, "day")), ["0 days", "1 day", "2 days"]);
    }
}
