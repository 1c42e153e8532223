//! Where a server's own binary log is, and which databases it leaves out.

use std::borrow::Cow;

use plugin::Finding;

use crate::filter::{Expected, OF_LOG, by_databases, crossing};
use crate::names::Names;
use crate::renamed::OwnName;
use crate::row::Row;

/// What a server says of its binary log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BinaryLog {
    file: String,
    position: u64,
    takes: String,
    ignores: String,
}

impl BinaryLog {
    /// Reads the answer; `None` if the server writes no log.
    pub(crate) fn read(rows: &[Row]) -> Option<Self> {
        let row = rows.first()?;
        Some(Self {
            file: row.owned(&["File"]),
            position: row.number(&["Position"]).unwrap_or_default(),
            takes: row.owned(&["Binlog_Do_DB"]),
            ignores: row.owned(&["Binlog_Ignore_DB"]),
        })
    }

    /// Reads MariaDB's status of its log: `None` if it writes none.
    pub(crate) fn of_snapshot(status: &[Row]) -> Option<Self> {
        let status = Row::of_pairs(status);
        let (file, position) = (&["binlog_snapshot_file"], &["binlog_snapshot_position"]);
        Some(Self { file: status.filled(file)?, position: status.number(position)?, ..Self::default() })
    }

    /// Returns the file that it writes and the position in it.
    pub(crate) fn end(&self) -> (&str, u64) {
        (&self.file, self.position)
    }

    /// Returns why a source does not find the position of its replica: the names of files count up, and start
    /// again where the source is reset. `None` if the names do not tell.
    pub(crate) fn explains(&self, (file, position): (&str, u64)) -> Option<Cow<'static, str>> {
        let ((own_name, own), (name, wanted)) = (numbered(&self.file)?, numbered(file)?);
        if own_name != name {
            return None;
        }
        let reset =
            || format!("the source was reset: it writes {}, the replica wants {file}", self.file).into();
        let purged = || "binary log purged on the source".into();
        if self.ends_before((file, position)) { Some(reset()) } else { (own > wanted).then(purged) }
    }

    /// Returns whether it ends before this place in a log of the same name, which was there if that was in it
    /// once.
    pub(crate) fn ends_before(&self, (file, position): (&str, u64)) -> bool {
        let (Some((own_name, own)), Some((name, number))) = (numbered(&self.file), numbered(file)) else {
            return false;
        };
        own_name == name && (own, self.position) < (number, position)
    }

    /// Judges the log of a server called `name` by the databases that replicas are expected to have, each by
    /// its `own` name there; its filters are noted whatever is expected. `by_rows` is whether its
    /// binlog_format is ROW, `names` how it compares names.
    pub(crate) fn judge(
        &self,
        name: &str,
        by_rows: Option<bool>,
        names: Names,
        own: &[OwnName],
        expected: Expected<'_>,
    ) -> Vec<Finding> {
        let [do_db, ignore_db] = OF_LOG;
        let lists = ((do_db, self.takes.as_str()), (ignore_db, self.ignores.as_str()));
        let filters = [lists.0, lists.1].into_iter().filter(|(_, list)| !list.is_empty());
        let Some((first, _)) = filters.clone().next() else { return Vec::new() };
        let filters: Vec<String> = filters.map(|(filter, list)| format!("{name}: {filter} {list}")).collect();
        let one = |own: &OwnName| match (by_databases(&own.name, lists.0, lists.1, names), own.is_sure) {
            (Some(by), true) => {
                Some(Finding::critical(format!("{name}: {by} leaves out the database {}", own.shown)))
            }
            (Some(by), false) => {
                Some(Finding::warning(format!("{name}: {by} may leave out the database {}", own.shown)))
            }
            (None, true) => Some(expected.accept(first, crossing(name, first, &own.shown, by_rows))),
            // It is said of the new name.
            (None, false) => None,
        };
        own.iter().filter_map(one).chain([Finding::ok("").verbose_details(filters)]).collect()
    }
}

/// Returns the name and the number of a file of a binary log, as in bin.000007.
pub(crate) fn numbered(file: &str) -> Option<(&str, u64)> {
    let (name, number) = file.rsplit_once('.')?;
    Some((name, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(file: &str, takes: &str, ignores: &str) -> BinaryLog {
        let columns =
            [("File", file), ("Position", "330"), ("Binlog_Do_DB", takes), ("Binlog_Ignore_DB", ignores)];
        let row = Row::new(columns.map(|(name, value)| (name.to_owned(), Some(value.to_owned()))));
        BinaryLog::read(&[row]).unwrap()
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
                log(file, "", "").explains(position).as_deref(),
                expected.as_deref(),
                "{file} {position:?}"
            );
        }
        assert_eq!(BinaryLog::read(&[]), None);
    }

    fn own(name: &str, shown: &str) -> [OwnName; 1] {
        [OwnName { name: name.to_owned(), shown: shown.to_owned(), is_sure: true }]
    }

    /// The source of the channel that may bring it as it is was not asked.
    #[test]
    fn a_log_may_leave_out_what_another_source_may_have() {
        let accepted = OF_LOG.map(|name| name.parse().unwrap());
        let expected = Expected { databases: &[], accepted: &accepted };
        let perhaps = |by: &str| vec![format!("WARNING a: {by} may leave out the database shop")];
        let rows = [
            ("app", "", perhaps("binlog_do_db")),
            ("", "shop", perhaps("binlog_ignore_db")),
            ("shop", "", vec![]),
            ("", "app", vec![]),
        ];
        for (takes, ignores, said) in rows {
            let own = own("shop", "shop").map(|own| OwnName { is_sure: false, ..own });
            let found = log("f.1", takes, ignores).judge("a", Some(false), Names::default(), &own, expected);
            let found = found.iter().filter(|finding| !finding.text.is_empty());
            let found: Vec<String> =
                found.map(|finding| format!("{} {}", finding.state, finding.text)).collect();
            assert_eq!(found, said, "{takes} {ignores}");
        }
    }

    /// What a replica applies is in its own log by the new name.
    #[test]
    fn a_log_has_a_renamed_database_by_its_own_name() {
        let crossing = "binlog_do_db loses what sessions in other databases write to shop (here app)";
        let rows = [
            ("app", "", format!("WARNING a: {crossing}")),
            ("shop", "", "CRITICAL a: binlog_do_db leaves out the database shop (here app)".to_owned()),
            ("", "app", "CRITICAL a: binlog_ignore_db leaves out the database shop (here app)".to_owned()),
        ];
        for (takes, ignores, expected) in rows {
            let own = own("app", "shop (here app)");
            let log = log("f.1", takes, ignores);
            let found = log.judge("a", Some(false), Names::default(), &own, Expected::default());
            let first = found.first().map(|first| format!("{} {}", first.state, first.text));
            assert_eq!(first, Some(expected), "{takes} {ignores}");
        }
    }

    #[test]
    fn a_log_has_the_databases_that_are_expected() {
        let rows = [
            ("", "", false, ""),
            (
                "stock,shop",
                "",
                true,
                "WARNING a: binlog_do_db loses CREATE, ALTER, DROP and TRUNCATE in shop by sessions in other databases",
            ),
            (
                "stock,shop",
                "",
                false,
                "WARNING a: binlog_do_db loses what sessions in other databases write to shop",
            ),
            (
                "",
                "tmp",
                false,
                "WARNING a: binlog_ignore_db loses what sessions in other databases write to shop",
            ),
            ("stock", "", true, "CRITICAL a: binlog_do_db leaves out the database shop"),
            ("", "shop", true, "CRITICAL a: binlog_ignore_db leaves out the database shop"),
        ];
        for (takes, ignores, by_rows, expected) in rows {
            let log = log("f.1", takes, ignores);
            let found =
                log.judge("a", Some(by_rows), Names::default(), &own("shop", "shop"), Expected::default());
            let said = found
                .iter()
                .find(|finding| !finding.text.is_empty())
                .map(|finding| format!("{} {}", finding.state, finding.text))
                .unwrap_or_default();
            assert_eq!(said, expected);
        }
        let accepted = OF_LOG.map(|name| name.parse().unwrap());
        let accepts = Expected { databases: &[], accepted: &accepted };
        for (takes, state) in [("shop", plugin::State::Ok), ("stock", plugin::State::Critical)] {
            let found =
                log("f.1", takes, "").judge("a", None, Names::default(), &own("shop", "shop"), accepts);
            assert_eq!(found.iter().map(|found| found.state).max(), Some(state), "{takes}");
        }
        // Without an expectation a filter is no more than a note.
        for (log, notes) in [(log("f.1", "", ""), 0), (log("f.1", "shop", "tmp"), 1)] {
            let found = log.judge("a", Some(false), Names::default(), &[], Expected::default());
            assert_eq!(found.len(), notes);
            assert!(found.iter().all(|note| note.state == plugin::State::Ok && note.text.is_empty()));
        }
    }
}
