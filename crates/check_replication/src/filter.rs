//! Filters of a replica and of a source's binary log: databases and tables that are left out, of which no
//! thread and no lag tells.

use plugin::Finding;

use crate::names::{Accents, Names};
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
    /// How the replica compares names.
    pub(crate) names: Names,
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

impl LeftOut {
    /// The filter.
    fn by(self) -> &'static str {
        let (LeftOut::Whole(by) | LeftOut::Part(by) | LeftOut::Perhaps(by)) = self;
        by
    }
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
        self.by_names(database, context.names).or_else(|| domains.or_else(servers).map(LeftOut::Perhaps))
    }

    /// Returns what leaves a database out by its name: perhaps, if that goes by accents.
    fn by_names(&self, database: &str, names: Names) -> Option<LeftOut> {
        let [do_db, ignore_db, ..] = COLUMNS;
        let lists = ((do_db, self.list(do_db)), (ignore_db, self.list(ignore_db)));
        if let Some(by) = by_databases(database, lists.0, lists.1, names) {
            return Some(LeftOut::Whole(by));
        }
        let exact = self.by_tables(database, names, Accents::Count);
        let loose = self.by_tables(database, names, Accents::Ignored);
        if exact == loose { exact } else { loose.or(exact).map(|left_out| LeftOut::Perhaps(left_out.by())) }
    }

    /// Returns what leaves a database out by the rules of both manuals for names of tables.
    fn by_tables(&self, database: &str, names: Names, accents: Accents) -> Option<LeftOut> {
        let [_, _, do_table, ignore_table, wild_do, wild_ignore, ..] = COLUMNS;
        let of = |column: &'static str| {
            let is_wild = column.contains("Wild");
            self.parts(column).filter_map(move |pattern| names.tables(pattern, database, is_wild, accents))
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
    names: Names,
) -> Option<&'a str> {
    let has = |list: &str| list.split(',').any(|name| names.is_database(name.trim(), database));
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
    fn names_are_compared_as_each_server_does() {
        use LeftOut::{Part, Perhaps, Whole};
        let (do_db, ignore_db) = (Some(Whole("Replicate_Do_DB")), Some(Whole("Replicate_Ignore_DB")));
        let (wild_do, do_table) = ("Replicate_Wild_Do_Table", "Replicate_Do_Table");
        let ignore_all = "Replicate_Wild_Ignore_Table";
        let ignores = Some(Whole(ignore_all));
        // The database and the filter; what it leaves out in MySQL and in MariaDB, each also with
        // lower_case_table_names.
        let rows = [
            ("shop", "Wild_Ignore_Table=SH%.%", [None, ignores, ignores, ignores]),
            ("shop", "Wild_Do_Table=SHOP.%", [Some(Whole(wild_do)), None, None, None]),
            (
                "shop",
                "Ignore_Table=SHOP.t",
                [
                    None,
                    Some(Part("Replicate_Ignore_Table")),
                    Some(Part("Replicate_Ignore_Table")),
                    Some(Part("Replicate_Ignore_Table")),
                ],
            ),
            (
                "shop",
                "Do_Table=Shop.t",
                [Some(Whole(do_table)), Some(Part(do_table)), Some(Part(do_table)), Some(Part(do_table))],
            ),
            ("shop", "Do_DB=SHOP", [do_db, None, do_db, do_db]),
            ("SHOP", "Do_DB=SHOP", [None, None, None, do_db]),
            ("SHOP", "Do_DB=shop", [do_db, None, do_db, None]),
            ("shop", "Ignore_DB=SHOP", [None, ignore_db, None, None]),
            ("SHOP", "Ignore_DB=shop", [None, ignore_db, None, ignore_db]),
            ("café", "Do_DB=cafe", [do_db, do_db, do_db, do_db]),
            ("café", "Do_DB=café", [None, None, None, None]),
            ("café", "Ignore_DB=cafe", [None, None, None, None]),
            // Filters with wildcards of MariaDB regard no accents.
            (
                "café",
                "Wild_Ignore_Table=cafe.%",
                [None, None, Some(Perhaps(ignore_all)), Some(Perhaps(ignore_all))],
            ),
            (
                "cafe",
                "Wild_Ignore_Table=CAFÉ.tmp%",
                [None, None, Some(Perhaps(ignore_all)), Some(Perhaps(ignore_all))],
            ),
            ("café", "Wild_Ignore_Table=CAFÉ.%", [None, ignores, ignores, ignores]),
            ("café", "Wild_Ignore_Table=cafes.%", [None, None, None, None]),
            (
                "café",
                "Wild_Do_Table=cafe.%",
                [Some(Whole(wild_do)), Some(Whole(wild_do)), Some(Perhaps(wild_do)), Some(Perhaps(wild_do))],
            ),
            ("café", "Wild_Do_Table=café.%", [None, None, None, None]),
            ("café", "Do_Table=cafe.t", [Some(Whole(do_table)); 4]),
            (
                "café",
                "Do_Table=CAFÉ.t",
                [Some(Whole(do_table)), Some(Part(do_table)), Some(Part(do_table)), Some(Part(do_table))],
            ),
        ];
        for (database, text, expected) in rows {
            let kinds = [(false, false), (false, true), (true, false), (true, true)];
            let found = kinds.map(|(is_mariadb, is_lower)| {
                let names = Names { is_mariadb, is_lower };
                filters(text).leave_out(database, Context { names, ..Context::default() })
            });
            assert_eq!(found, expected, "{text} {database}");
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
