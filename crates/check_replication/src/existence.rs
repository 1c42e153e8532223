//! Whether the databases that are expected exist. An account sees those that it has a right to, and all of
//! them by a right to all: only then one that is not shown is missing.

use plugin::Finding;

use crate::grant::{grant, parts};
use crate::renamed::OwnName;
use crate::row::Row;

/// What a server shows of the databases that are expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Existence {
    shown: Vec<String>,
    /// Whether the server compares names without regard to case: lower_case_table_names.
    pub(crate) folds: bool,
    /// Whether the account may see every database.
    sees_all: bool,
    account: String,
}

/// Returns the statement whose rows [`Existence::read`] reads. There is always one, since every account sees
/// information_schema. Names go as numbers, which no character of theirs can end.
pub(crate) fn query(databases: &[OwnName]) -> String {
    let mut names: Vec<String> = databases
        .iter()
        .flat_map(|OwnName { name, .. }| [name.clone(), name.to_lowercase()])
        .map(|name| literal(&name))
        .collect();
    names.sort_unstable();
    names.dedup();
    format!(
        "SELECT s.SCHEMA_NAME AS name, CURRENT_USER() AS account, @@global.lower_case_table_names AS folds, \
         (SELECT COUNT(*) FROM information_schema.USER_PRIVILEGES p WHERE p.PRIVILEGE_TYPE IN ('SHOW DATABASES', 'SELECT') \
         AND p.GRANTEE = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')) AS sees_all \
         FROM information_schema.SCHEMATA s WHERE s.SCHEMA_NAME IN ('information_schema', {})",
        names.join(", ")
    )
}

fn literal(name: &str) -> String {
    let octets: String = name.bytes().map(|octet| format!("{octet:02x}")).collect();
    format!("_utf8mb4 0x{octets}")
}

impl Existence {
    /// Reads the answer to [`query`]. `None` without a row.
    pub(crate) fn read(rows: &[Row]) -> Option<Self> {
        let first = rows.first()?;
        Some(Self {
            shown: rows.iter().map(|row| row.owned(&["name"])).collect(),
            folds: first.switch(&["folds"]).unwrap_or_default(),
            sees_all: first.switch(&["sees_all"]).unwrap_or_default(),
            account: first.owned(&["account"]),
        })
    }

    /// Whether the server shows a database of this name.
    fn shows(&self, database: &str) -> bool {
        let is_it = |shown: &String| match self.folds {
            true => shown.to_lowercase() == database.to_lowercase(),
            false => shown == database,
        };
        self.shown.iter().any(is_it)
    }

    /// Returns whether the server has a database of this name. `None` if the account may not see that.
    pub(crate) fn has(&self, database: &str) -> Option<bool> {
        let is_shown = self.shows(database);
        (is_shown || self.sees_all).then_some(is_shown)
    }

    /// Returns these databases without those that are not there and need not be. What is there was brought.
    pub(crate) fn settled(&self, databases: &[OwnName]) -> Vec<OwnName> {
        let settled = |own: &OwnName| match self.has(&own.name) {
            Some(has) if !own.is_sure => has.then(|| OwnName { is_sure: true, ..own.clone() }),
            _ => Some(own.clone()),
        };
        databases.iter().filter_map(settled).collect()
    }

    /// Judges a server called `name` by the databases that it is expected to have.
    pub(crate) fn judge(&self, name: &str, databases: &[OwnName]) -> Vec<Finding> {
        let one = |own: &OwnName| match (self.has(&own.name), own.is_sure) {
            (Some(true), _) => None,
            (Some(false), true) => Some(Finding::warning(format!("{name}: no database {}", own.shown))),
            (Some(false), false) => Some(Finding::ok("").detail(format!(
                "{name}: no database {}, missing only if the source of another channel has it: ask that too",
                own.shown
            ))),
            (None, _) => Some(Finding::ok("").detail(self.unknown(name, &own.shown))),
        };
        databases.iter().filter_map(one).collect()
    }

    /// Returns that the account cannot tell, with the statement that mends it.
    fn unknown(&self, name: &str, database: &str) -> String {
        let (user, _) = parts(&self.account);
        let grant = grant("SHOW DATABASES", "*.*", &self.account);
        format!("{name}: {user} may not see whether the database {database} exists: {grant}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(shown: &str, folds: &str, sees_all: &str) -> Existence {
        let row = |name: &str| {
            let columns = [("name", name), ("account", "mon@%"), ("folds", folds), ("sees_all", sees_all)];
            Row::new(columns.map(|(name, value)| (name.to_owned(), Some(value.to_owned()))))
        };
        let rows: Vec<Row> =
            ["information_schema"].into_iter().chain(shown.split_whitespace()).map(row).collect();
        Existence::read(&rows).unwrap()
    }

    #[test]
    fn what_is_not_shown_is_missing_where_all_would_be() {
        let missing = "WARNING db-01: no database Shop";
        let unknown = "OK ";
        let rows = [
            (seen("Shop", "0", "1"), None),
            (seen("Shop", "0", "0"), None),
            (seen("", "0", "1"), Some(missing)),
            (seen("shop", "0", "1"), Some(missing)),
            (seen("shop", "1", "1"), None),
            (seen("SHOP", "2", "0"), None),
            (seen("", "1", "2"), Some(missing)),
            (seen("", "0", "0"), Some(unknown)),
        ];
        for (existence, expected) in rows {
            let said = |is_sure| -> Vec<String> {
                let found = existence.judge("db-01", &[own("Shop", is_sure)]);
                found.iter().map(|finding| format!("{} {}", finding.state, finding.text)).collect()
            };
            assert_eq!(said(true), expected.into_iter().collect::<Vec<_>>(), "{existence:?}");
            // A source that may have it was not asked: a line of detail says so.
            assert_eq!(said(false), expected.iter().map(|_| unknown).collect::<Vec<_>>(), "{existence:?}");
        }
        assert_eq!(
            seen("", "0", "0").unknown("db-01", "Shop"),
            "db-01: mon may not see whether the database Shop exists: GRANT SHOW DATABASES ON *.* TO 'mon'@'%'"
        );
        assert_eq!(Existence::read(&[]), None);
    }

    /// What only a source that was not asked may have brought is settled by what is there.
    #[test]
    fn what_is_there_was_brought() {
        let rows = [
            (seen("shop", "0", "0"), Some(true)),
            (seen("shop", "0", "1"), Some(true)),
            (seen("", "0", "1"), None),
            (seen("", "0", "0"), Some(false)),
        ];
        for (existence, expected) in rows {
            let settled = |is_sure| existence.settled(&[own("shop", is_sure)]).pop().map(|own| own.is_sure);
            assert_eq!((settled(false), settled(true)), (expected, Some(true)), "{existence:?}");
        }
    }

    fn own(name: &str, is_sure: bool) -> OwnName {
        OwnName { name: name.to_owned(), shown: name.to_owned(), is_sure }
    }

    #[test]
    fn no_name_ends_the_statement() {
        let names = ["It's", "it's"].map(|name| own(name, true));
        let query = query(&names);
        assert!(
            query.ends_with("IN ('information_schema', _utf8mb4 0x49742773, _utf8mb4 0x69742773)"),
            "{query}"
        );
    }
}
