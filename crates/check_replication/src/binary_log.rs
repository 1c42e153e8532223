//! Where a server's own binary log is, and which databases it leaves out.

use std::borrow::Cow;

use plugin::Finding;

use crate::filter::by_databases;
use crate::row::Row;

/// What a server says of its binary log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BinaryLog {
    file: String,
    position: u64,
    takes: String,
    ignores: String,
    /// Whether its events are rows: STATEMENT and MIXED filter by the default database of a session.
    is_by_rows: bool,
}

impl BinaryLog {
    /// Reads the answer; `None` if the server writes no log. `format` is its binlog_format.
    pub(crate) fn read(rows: &[Row], format: &str) -> Option<Self> {
        let row = rows.first()?;
        Some(Self {
            file: row.owned(&["File"]),
            position: row.number(&["Position"]).unwrap_or_default(),
            takes: row.owned(&["Binlog_Do_DB"]),
            ignores: row.owned(&["Binlog_Ignore_DB"]),
            is_by_rows: format.eq_ignore_ascii_case("row"),
        })
    }

    /// Returns why a source does not find the position of its replica: the names of files count up, and start
    /// again where the source is reset. `None` if the names do not tell.
    pub(crate) fn explains(&self, (file, position): (&str, u64)) -> Option<Cow<'static, str>> {
        let number = |file: &str| {
            let (name, number) = file.rsplit_once('.')?;
            Some((name.to_owned(), number.parse::<u64>().ok()?))
        };
        let ((own_name, own), (name, wanted)) = (number(&self.file)?, number(file)?);
        if own_name != name {
            return None;
        }
        let is_reset = (own, self.position) < (wanted, position);
        let reset =
            || format!("the source was reset: it writes {}, the replica wants {file}", self.file).into();
        let purged = || "binary log purged on the source".into();
        if is_reset { Some(reset()) } else { (own > wanted).then(purged) }
    }

    /// Judges the log of a server called `name` by the databases that replicas are expected to have; its filters
    /// are noted whatever is expected.
    pub(crate) fn judge(&self, name: &str, databases: &[String]) -> Vec<Finding> {
        let lists = (("binlog_do_db", self.takes.as_str()), ("binlog_ignore_db", self.ignores.as_str()));
        let has_filter = !(self.takes.is_empty() && self.ignores.is_empty());
        let filters = [lists.0, lists.1].into_iter().filter(|(_, list)| !list.is_empty());
        let filters: Vec<String> = filters.map(|(filter, list)| format!("{name}: {filter} {list}")).collect();
        let one = |database: &String| {
            if let Some(by) = by_databases(database, lists.0, lists.1) {
                return Some(Finding::critical(format!("{name}: {by} leaves out the database {database}")));
            }
            let by = if self.takes.is_empty() { "binlog_ignore_db" } else { "binlog_do_db" };
            let text = format!(
                "{name}: {by} loses what sessions in other databases write to {database}, unless binlog_format is ROW"
            );
            (has_filter && !self.is_by_rows).then(|| Finding::warning(text))
        };
        let note = has_filter.then(|| Finding::ok("").verbose_details(filters));
        databases.iter().filter_map(one).chain(note).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(file: &str, takes: &str, ignores: &str, format: &str) -> BinaryLog {
        let columns =
            [("File", file), ("Position", "330"), ("Binlog_Do_DB", takes), ("Binlog_Ignore_DB", ignores)];
        let row = Row::new(columns.map(|(name, value)| (name.to_owned(), Some(value.to_owned()))));
        BinaryLog::read(&[row], format).unwrap()
    }

    #[test]
    fn names_of_files_tell_a_reset_from_a_purge() {
        let reset = |file: &str, wanted: &str| {
            Some(format!("the source was reset: it writes {file}, the replica wants {wanted}"))
        };
        let purged = Some("binary log purged on the source".to_owned());
        let rows = [
            ("A-bin.000001", ("A-bin.000005", 4), reset("A-bin.000001", "A-bin.000005")),
            ("A-bin.000005", ("A-bin.000005", 900), reset("A-bin.000005", "A-bin.000005")),
            ("A-bin.000005", ("A-bin.000005", 330), None),
            ("A-bin.000009", ("A-bin.000005", 900), purged.clone()),
            ("A-bin.1000000", ("A-bin.999999", 4), purged),
            ("A-bin.000001", ("B-bin.000005", 4), None),
            ("A-bin", ("A-bin.000005", 4), None),
            ("A-bin.000001", ("", 4), None),
        ];
        for (file, position, expected) in rows {
            assert_eq!(
                log(file, "", "", "ROW").explains(position).as_deref(),
                expected.as_deref(),
                "{file} {position:?}"
            );
        }
        assert_eq!(BinaryLog::read(&[], "ROW"), None);
    }

    #[test]
    fn a_log_has_the_databases_that_are_expected() {
        let cross = "unless binlog_format is ROW";
        let rows = [
            (log("f.1", "", "", "MIXED"), ""),
            (log("f.1", "shop", "", "ROW"), ""),
            (
                log("f.1", "stock,shop", "", "MIXED"),
                "WARNING a: binlog_do_db loses what sessions in other databases write to shop, ",
            ),
            (
                log("f.1", "", "tmp", "STATEMENT"),
                "WARNING a: binlog_ignore_db loses what sessions in other databases write to shop, ",
            ),
            (log("f.1", "stock", "", "ROW"), "CRITICAL a: binlog_do_db leaves out the database shop"),
            (log("f.1", "", "shop", "ROW"), "CRITICAL a: binlog_ignore_db leaves out the database shop"),
        ];
        for (log, text) in rows {
            let found = log.judge("a", &["shop".to_owned()]);
            let said = found
                .iter()
                .find(|finding| !finding.text.is_empty())
                .map(|finding| format!("{} {}", finding.state, finding.text))
                .unwrap_or_default();
            let expected = if text.ends_with(", ") { format!("{text}{cross}") } else { text.to_owned() };
            assert_eq!(said, expected);
        }
        // Without an expectation a filter is no more than a note.
        for (log, notes) in [(log("f.1", "", "", "MIXED"), 0), (log("f.1", "shop", "tmp", "MIXED"), 1)] {
            let found = log.judge("a", &[]);
            assert_eq!(found.len(), notes);
            assert!(found.iter().all(|note| note.state == plugin::State::Ok && note.text.is_empty()));
        }
    }
}
