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

/// What else decides what filters leave out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Context {
    /// The source's server_id.
    pub(crate) source: u64,
    /// Whether the source's binlog_format is ROW. `None` if that is not known.
    pub(crate) by_rows: Option<bool>,
    /// Whether filters of tables regard no case, as in MariaDB whatever lower_case_table_names is.
    pub(crate) folds: bool,
}

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

    /// Returns how a database is left out. In which domain it is written is not known.
    fn leave_out(&self, database: &str, context: Context) -> Option<LeftOut> {
        let [.., do_domains, ignore_domains, ignore_servers] = COLUMNS;
        let domains = [do_domains, ignore_domains].into_iter().find(|column| !self.list(column).is_empty());
        let is_source = |id: &str| id.parse() == Ok(context.source);
        let servers = || self.parts(ignore_servers).any(is_source).then_some(ignore_servers);
        self.by_names(database, context.folds).or_else(|| domains.or_else(servers).map(LeftOut::Perhaps))
    }

    /// Returns what leaves a database out by the rules of both manuals for names: databases, then tables.
    fn by_names(&self, database: &str, folds: bool) -> Option<LeftOut> {
        let [do_db, ignore_db, do_table, ignore_table, wild_do, wild_ignore, ..] = COLUMNS;
        if let Some(by) = by_databases(database, (do_db, self.list(do_db)), (ignore_db, self.list(ignore_db)))
        {
            return Some(LeftOut::Whole(by));
        }
        let fold = |text: &str| if folds { text.to_lowercase() } else { text.to_owned() };
        let database = fold(database);
        let of = |column: &'static str| {
            let is_wild = column.contains("Wild");
            let database = &database;
            self.parts(column).filter_map(move |pattern| tables(&fold(pattern), database, is_wild))
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

    /// Returns the filter that goes by the default database of a session.
    fn by_session(&self) -> Option<&'static str> {
        let [do_db, ignore_db, ..] = COLUMNS;
        [do_db, ignore_db].into_iter().find(|column| !self.list(column).is_empty())
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

/// Returns the finding that the filter `by` goes by the default database of a session. `by_rows` is whether
/// the source's binlog_format is ROW: then rows go by their own database, and statements all the same.
pub(crate) fn crossing(subject: &str, by: &str, database: &str, by_rows: Option<bool>) -> Finding {
    const STATEMENTS: &str = "CREATE, ALTER, DROP and TRUNCATE";
    let writes = format!("what sessions in other databases write to {database}");
    let what = match by_rows {
        Some(true) => format!("{STATEMENTS} in {database} by sessions in other databases"),
        Some(false) => writes,
        None => format!("{writes}, only {STATEMENTS} if the source has binlog_format ROW"),
    };
    Finding::warning(format!("{subject}: {by} loses {what}")).detail(format!(
        "{subject}: replicate_wild_do_table and replicate_wild_ignore_table of replicas go by the table instead"
    ))
}

/// Judges a channel called `subject` by the databases that it is expected to replicate.
pub(crate) fn judge(
    subject: &str,
    filters: &Filters,
    context: Context,
    databases: &[String],
) -> Vec<Finding> {
    let one = |database: &String| {
        let left_out = filters.leave_out(database, context);
        let is_whole = matches!(left_out, Some(LeftOut::Whole(_)));
        let left_out = left_out.map(|left_out| match left_out {
            LeftOut::Whole(by) => {
                Finding::critical(format!("{subject}: {by} leaves out the database {database}"))
            }
            LeftOut::Part(by) => Finding::warning(format!("{subject}: {by} leaves out tables of {database}")),
            LeftOut::Perhaps(by) => Finding::warning(format!("{subject}: {by} may leave out {database}")),
        });
        let by_session = filters.by_session().filter(|_| !is_whole);
        left_out.into_iter().chain(by_session.map(|by| crossing(subject, by, database, context.by_rows)))
    };
    databases.iter().flat_map(one).collect()
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
            let context = Context { source: 1, ..Context::default() };
            assert_eq!(filters(text).leave_out("shop", context), expected, "{text}");
        }
    }

    #[test]
    fn filters_of_tables_regard_no_case_in_mariadb() {
        use LeftOut::{Part, Whole};
        let rows = [
            ("Wild_Ignore_Table=SH%.%", None, Some(Whole("Replicate_Wild_Ignore_Table"))),
            ("Wild_Do_Table=SHOP.%", Some(Whole("Replicate_Wild_Do_Table")), None),
            ("Ignore_Table=SHOP.t", None, Some(Part("Replicate_Ignore_Table"))),
            ("Do_Table=Shop.t", Some(Whole("Replicate_Do_Table")), Some(Part("Replicate_Do_Table"))),
            ("Do_DB=SHOP", Some(Whole("Replicate_Do_DB")), Some(Whole("Replicate_Do_DB"))),
            ("Ignore_DB=SHOP", None, None),
        ];
        for (text, mysql, mariadb) in rows {
            for (folds, expected) in [(false, mysql), (true, mariadb)] {
                let context = Context { folds, ..Context::default() };
                assert_eq!(filters(text).leave_out("shop", context), expected, "{text} {folds}");
            }
        }
    }

    #[test]
    fn filters_of_databases_go_by_the_session() {
        let writes = "loses what sessions in other databases write to shop";
        let statements = "CREATE, ALTER, DROP and TRUNCATE";
        let of_row = format!("loses {statements} in shop by sessions in other databases");
        let unknown = format!("{writes}, only {statements} if the source has binlog_format ROW");
        let rows: [(&str, Option<bool>, Vec<String>); 7] = [
            ("Do_DB=shop", Some(false), vec![format!("WARNING a: Replicate_Do_DB {writes}")]),
            ("Do_DB=shop", Some(true), vec![format!("WARNING a: Replicate_Do_DB {of_row}")]),
            ("Ignore_DB=stock", None, vec![format!("WARNING a: Replicate_Ignore_DB {unknown}")]),
            (
                "Do_DB=stock",
                None,
                vec!["CRITICAL a: Replicate_Do_DB leaves out the database shop".to_owned()],
            ),
            (
                "Do_DB=shop Wild_Ignore_Table=shop.tmp%",
                Some(false),
                vec![
                    "WARNING a: Replicate_Wild_Ignore_Table leaves out tables of shop".to_owned(),
                    format!("WARNING a: Replicate_Do_DB {writes}"),
                ],
            ),
            ("Wild_Do_Table=shop.%", Some(false), vec![]),
            ("", None, vec![]),
        ];
        for (text, by_rows, expected) in rows {
            let context = Context { by_rows, ..Context::default() };
            let found = judge("a", &filters(text), context, &["shop".to_owned()]);
            let said: Vec<String> =
                found.iter().map(|found| format!("{} {}", found.state, found.text)).collect();
            assert_eq!(said, expected, "{text} {by_rows:?}");
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
