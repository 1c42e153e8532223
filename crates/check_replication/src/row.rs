//! One row of an answer, read by the names of its columns: servers differ in their columns, their order and
//! their spelling.

/// A row: column names with their values, of which NULL is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row(Vec<(String, Option<String>)>);

impl Row {
    /// The row of these columns.
    pub fn new(columns: impl IntoIterator<Item = (String, Option<String>)>) -> Self {
        Self(columns.into_iter().collect())
    }

    /// The rows of SHOW VARIABLES or SHOW STATUS as one, each value under its own name.
    pub(crate) fn of_pairs(rows: &[Self]) -> Self {
        let pair =
            |row: &Self| Some((row.filled(&["Variable_name"])?, row.text(&["Value"]).map(str::to_owned)));
        Self::new(rows.iter().filter_map(pair))
    }

    /// Whether there is a column with one of these names, NULL or not.
    pub fn has(&self, names: &[&str]) -> bool {
        self.find(names).is_some()
    }

    /// The value under the first of these names that is a column: none if that is NULL or none is.
    pub fn text(&self, names: &[&str]) -> Option<&str> {
        self.find(names).flatten()
    }

    /// Returns the value as an owned text: empty if there is none.
    pub fn owned(&self, names: &[&str]) -> String {
        self.text(names).unwrap_or_default().to_owned()
    }

    /// Returns the value as an owned text: `None` if it is empty.
    pub fn filled(&self, names: &[&str]) -> Option<String> {
        self.text(names).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// Returns the value as a number: `None` if it is not one.
    pub fn number<T: std::str::FromStr>(&self, names: &[&str]) -> Option<T> {
        self.text(names).and_then(|text| text.trim().parse().ok())
    }

    /// Returns the value as a switch: 1, ON and what else is not 0, OFF, NO or false counts as on, since
    /// MariaDB 12 has several ways of being read only.
    pub fn switch(&self, names: &[&str]) -> Option<bool> {
        let off = |text: &str| ["0", "OFF", "NO", "FALSE"].iter().any(|no| text.eq_ignore_ascii_case(no));
        self.text(names).map(|text| !off(text))
    }

    /// The values, in their order.
    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|(_, value)| value.as_deref())
    }

    /// The columns, in their order.
    #[cfg(test)]
    pub(crate) fn into_columns(self) -> impl Iterator<Item = (String, Option<String>)> {
        self.0.into_iter()
    }

    /// By one name after the other; columns are compared without regard to case, as SQL does.
    fn find(&self, names: &[&str]) -> Option<Option<&str>> {
        let column = |name: &&str| self.0.iter().find(|(column, _)| column.eq_ignore_ascii_case(name));
        names.iter().find_map(column).map(|(_, value)| value.as_deref())
    }
}
