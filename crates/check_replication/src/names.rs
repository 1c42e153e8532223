//! How servers compare the names of databases with those of filters. Measured: MariaDB 10.11 and MySQL 9.7;
//! MariaDB 11.8 regards accents in filters with wildcards.

/// What decides how a server compares names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// Whether it is MariaDB: there, filters of tables regard no case, and those with wildcards no accents.
    pub(crate) is_mariadb: bool,
    /// Whether it keeps names in lower case: lower_case_table_names is not 0.
    pub(crate) is_lower: bool,
}

/// Whether accents count where the server regards none. Which letters are the same to its collation is not
/// known here: any letter beyond ASCII may be the same as any other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accents {
    /// They do.
    Count,
    /// They do not.
    Ignored,
}

impl Names {
    /// Returns whether a filter of databases names this one. MariaDB compares the filter as it was written,
    /// also where databases are kept in lower case.
    pub(crate) fn is_database(self, filter: &str, database: &str) -> bool {
        match (self.is_lower, self.is_mariadb) {
            (false, _) => filter == database,
            (true, true) => filter == database.to_lowercase(),
            (true, false) => filter.to_lowercase() == database.to_lowercase(),
        }
    }

    /// Returns whether a pattern of tables has some of a database, and whether all of them.
    pub(crate) fn tables(
        self,
        pattern: &str,
        database: &str,
        is_wild: bool,
        accents: Accents,
    ) -> Option<bool> {
        let folds = self.is_mariadb || self.is_lower;
        let fold = |text: &str| if folds { text.to_lowercase() } else { text.to_owned() };
        let (of, table) = pattern.split_once('.')?;
        let (of, database) = (fold(of), fold(database));
        let accents = if self.is_mariadb { accents } else { Accents::Count };
        match is_wild {
            true => is_like(&of, &database, accents).then_some(table == "%"),
            false => (of == database).then_some(false),
        }
    }
}

/// Whether a text is like a pattern of SQL: `%` stands for any characters, `_` for one, a backslash before
/// either for itself.
fn is_like(pattern: &str, text: &str, accents: Accents) -> bool {
    let is_same = |one: char, other: char| {
        one == other || accents == Accents::Ignored && !(one.is_ascii() && other.is_ascii())
    };
    let text: Vec<char> = text.chars().collect();
    // The lengths of what was matched so far.
    let mut ends = vec![true];
    ends.resize(text.len() + 1, false);
    let mut pattern = pattern.chars();
    while let Some(c) = pattern.next() {
        let (c, is_plain) = if c == '\\' { (pattern.next().unwrap_or(c), true) } else { (c, false) };
        let mut next = vec![false; ends.len()];
        if c == '%' && !is_plain {
            let first = ends.iter().position(|end| *end).unwrap_or(ends.len());
            next.iter_mut().skip(first).for_each(|end| *end = true);
        } else {
            for (place, own) in text.iter().enumerate() {
                let fits = is_same(*own, c) || c == '_' && !is_plain;
                if let Some(end) = next.get_mut(place + 1) {
                    *end = fits && ends.get(place) == Some(&true);
                }
            }
        }
        ends = next;
    }
    ends.last() == Some(&true)
}
