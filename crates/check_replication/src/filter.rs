//! Filters of a replica and of a source's binary log: databases and tables that are left out, of which no
//! thread and no lag tells.

use plugin::Finding;

use crate::row::Row;

/// The columns that tell of filters.
const COLUMNS: [&str; 10] = [
    "Replicate_Do_DB",
    "Replicate_Ignore_DB",
    "Replicate_Do_Table",
    "Replicate_Ignore_Table",
    "Replicate_Wild_Do_Table",
    "Replicate_Wild_Ignore_Table",
    "Replicate_Rewrite_DB",
    "Replicate_Do_Domain_Ids",
    "Replicate_Ignore_Domain_Ids",
    "Replicate_Ignore_Server_Ids",
];
/// How many of them are the same on both servers of a pair: the others name the other one, or a domain of
/// its.
const COMPARED: usize = 6;

/// The filters of one channel: the column and its list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters(Vec<(&'static str, String)>);

/// How a database is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeftOut {
    /// All of it, by this filter.
    Whole(&'static str),
    /// Some of its tables.
    Part(&'static str),
    /// Perhaps: what is written in some domains, or by some servers.
    Perhaps(&'static str),
}

impl Filters {
    /// Reads those of a row.
    pub(crate) fn read(row: &Row) -> Self {
        Self(COLUMNS.iter().filter_map(|column| Some((*column, row.filled(&[column])?))).collect())
    }

    /// Returns each with its list, for people.
    pub(crate) fn texts(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(column, list)| format!("{column} {list}"))
    }

    /// Returns the first that is not the same on both: its name, and both lists.
    pub(crate) fn difference<'a>(&'a self, other: &'a Self) -> Option<(&'static str, &'a str, &'a str)> {
        let sorted = |list: &'a str| {
            let mut parts: Vec<&str> = list.split(',').map(str::trim).collect();
            parts.sort_unstable();
            parts
        };
        COLUMNS.iter().take(COMPARED).find_map(|column| {
            let (one, other) = (self.list(column), other.list(column));
            (sorted(one) != sorted(other)).then_some((*column, one, other))
        })
    }

    /// Returns how a database of the source with this server_id is left out. In which domain it is written is
    /// not known.
    pub(crate) fn leave_out(&self, database: &str, source: u64) -> Option<LeftOut> {
        let [.., do_domains, ignore_domains, ignore_servers] = COLUMNS;
        let domains = [do_domains, ignore_domains].into_iter().find(|column| !self.list(column).is_empty());
        let is_source = |id: &str| id.parse() == Ok(source);
        let servers = || self.parts(ignore_servers).any(is_source).then_some(ignore_servers);
        self.by_names(database).or_else(|| domains.or_else(servers).map(LeftOut::Perhaps))
    }

    /// Returns what leaves a database out by the rules of both manuals for names: databases, then tables.
    fn by_names(&self, database: &str) -> Option<LeftOut> {
        let [do_db, ignore_db, do_table, ignore_table, wild_do, wild_ignore, ..] = COLUMNS;
        if let Some(by) = by_databases(database, (do_db, self.list(do_db)), (ignore_db, self.list(ignore_db)))
        {
            return Some(LeftOut::Whole(by));
        }
        let of = |column: &'static str| {
            self.parts(column).filter_map(move |pattern| tables(pattern, database, column.contains("Wild")))
        };
        let takes = [do_table, wild_do].into_iter().find(|column| !self.list(column).is_empty());
        if let Some(column) = takes {
            let mut taken = [do_table, wild_do].into_iter().flat_map(of).peekable();
            if taken.peek().is_none() {
                return Some(LeftOut::Whole(column));
            }
            if !taken.any(|is_all| is_all) {
                return Some(LeftOut::Part(column));
            }
        }
        let ignored = [ignore_table, wild_ignore]
            .into_iter()
            .flat_map(|column| of(column).map(move |all| (column, all)));
        let ignored: Vec<(&'static str, bool)> = ignored.collect();
        let whole = ignored.iter().find(|(_, is_all)| *is_all).map(|(column, _)| LeftOut::Whole(column));
        whole.or_else(|| ignored.first().map(|(column, _)| LeftOut::Part(column)))
    }

    fn list(&self, column: &str) -> &str {
        self.0.iter().find(|(name, _)| *name == column).map(|(_, list)| list.as_str()).unwrap_or_default()
    }

    fn parts(&self, column: &str) -> impl Iterator<Item = &str> {
        self.list(column).split(',').map(str::trim).filter(|part| !part.is_empty())
    }
}

/// The filter that leaves a database out. A list of what is taken goes before one of what is not.
pub(crate) fn by_databases<'a>(
    database: &str,
    (take, taken): (&'a str, &str),
    (ignore, ignored): (&'a str, &str),
) -> Option<&'a str> {
    let has = |list: &str| list.split(',').any(|name| name.trim() == database);
    match taken.is_empty() {
        false => (!has(taken)).then_some(take),
        true => has(ignored).then_some(ignore),
    }
}

/// Judges a channel called `subject` by the databases that it is expected to replicate from the source with
/// this server_id.
pub(crate) fn judge(subject: &str, filters: &Filters, source: u64, databases: &[String]) -> Vec<Finding> {
    let one = |database: &String| {
        Some(match filters.leave_out(database, source)? {
            LeftOut::Whole(by) => {
                Finding::critical(format!("{subject}: {by} leaves out the database {database}"))
            }
            LeftOut::Part(by) => Finding::warning(format!("{subject}: {by} leaves out tables of {database}")),
            LeftOut::Perhaps(by) => Finding::warning(format!("{subject}: {by} may leave out {database}")),
        })
    };
    databases.iter().filter_map(one).collect()
}

/// Whether a pattern of tables has some of a database, and whether all of them.
fn tables(pattern: &str, database: &str, is_wild: bool) -> Option<bool> {
    let (of, table) = pattern.split_once('.')?;
    match is_wild {
        true => is_like(of, database).then_some(table == "%"),
        false => (of == database).then_some(false),
    }
}

/// Whether a text is like a pattern of SQL: `%` stands for any characters, `_` for one, a backslash before
/// either for itself.
fn is_like(pattern: &str, text: &str) -> bool {
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
                let fits = *own == c || c == '_' && !is_plain;
                if let Some(end) = next.get_mut(place + 1) {
                    *end = fits && ends.get(place) == Some(&true);
                }
            }
        }
        ends = next;
    }
    ends.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filters(text: &str) -> Filters {
        let column = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap();
            (format!("Replicate_{name}"), Some(value.to_owned()))
        };
        Filters::read(&Row::new(text.split_whitespace().map(column)))
    }

    #[test]
    fn databases_are_left_out_by_the_rules_of_both_manuals() {
        use LeftOut::{Part, Perhaps, Whole};
        let rows = [
            ("", None),
            ("Do_DB=", None),
            ("Do_DB=shop", None),
            ("Do_DB=stock,shop", None),
            ("Do_DB=stock", Some(Whole("Replicate_Do_DB"))),
            ("Do_DB=sho", Some(Whole("Replicate_Do_DB"))),
            ("Ignore_DB=stock", None),
            ("Ignore_DB=stock,shop", Some(Whole("Replicate_Ignore_DB"))),
            ("Do_DB=shop Ignore_DB=shop", None),
            ("Do_Table=stock.t", Some(Whole("Replicate_Do_Table"))),
            ("Do_Table=shop.t", Some(Part("Replicate_Do_Table"))),
            ("Wild_Do_Table=shop.%", None),
            ("Wild_Do_Table=sh_p.%", None),
            ("Wild_Do_Table=sh\\_p.%", Some(Whole("Replicate_Wild_Do_Table"))),
            ("Wild_Do_Table=%.%", None),
            ("Wild_Do_Table=stock.%", Some(Whole("Replicate_Wild_Do_Table"))),
            ("Wild_Do_Table=shop.order%", Some(Part("Replicate_Wild_Do_Table"))),
            ("Do_Table=stock.t Wild_Do_Table=shop.%", None),
            ("Wild_Ignore_Table=shop.%", Some(Whole("Replicate_Wild_Ignore_Table"))),
            ("Wild_Ignore_Table=s%p.%", Some(Whole("Replicate_Wild_Ignore_Table"))),
            ("Wild_Ignore_Table=shop.tmp%", Some(Part("Replicate_Wild_Ignore_Table"))),
            ("Ignore_Table=shop.t", Some(Part("Replicate_Ignore_Table"))),
            ("Ignore_Table=shop.t Wild_Ignore_Table=shop.%", Some(Whole("Replicate_Wild_Ignore_Table"))),
            ("Wild_Ignore_Table=mysql.%", None),
            ("Do_Domain_Ids=7", Some(Perhaps("Replicate_Do_Domain_Ids"))),
            ("Ignore_Domain_Ids=0", Some(Perhaps("Replicate_Ignore_Domain_Ids"))),
            ("Ignore_Domain_Ids=0 Do_DB=shop", Some(Perhaps("Replicate_Ignore_Domain_Ids"))),
            ("Ignore_Domain_Ids=0 Do_DB=stock", Some(Whole("Replicate_Do_DB"))),
            // The source of this channel has the id 1.
            ("Ignore_Server_Ids=2,1", Some(Perhaps("Replicate_Ignore_Server_Ids"))),
            ("Ignore_Server_Ids=2,11", None),
        ];
        for (text, expected) in rows {
            assert_eq!(filters(text).leave_out("shop", 1), expected, "{text}");
        }
    }

    #[test]
    fn filters_of_two_servers_are_compared_as_sets() {
        let rows = [
            ("", "", None),
            ("Do_DB=a,b", "Do_DB=b,a", None),
            ("Do_DB=a", "", Some(("Replicate_Do_DB", "a", ""))),
            ("Do_DB=a", "Do_DB=a,b", Some(("Replicate_Do_DB", "a", "a,b"))),
            (
                "Wild_Ignore_Table=a.%",
                "Wild_Ignore_Table=b.%",
                Some(("Replicate_Wild_Ignore_Table", "a.%", "b.%")),
            ),
            ("Ignore_Server_Ids=1", "Ignore_Server_Ids=2", None),
        ];
        for (one, other, expected) in rows {
            assert_eq!(filters(one).difference(&filters(other)), expected, "{one} {other}");
        }
    }
}
