//! Filters of a replica and of a source's binary log: databases and tables that are left out, of which no
//! thread and no lag tells.

use std::str::FromStr;

use plugin::{Finding, State};

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
/// The filters of a server's own binary log.
pub(crate) const OF_LOG: [&str; 2] = ["binlog_do_db", "binlog_ignore_db"];

/// MariaDB's variable by which a replica drops what sessions with skip_replication write.
pub(crate) const MARKED: &str = "replicate_events_marked_for_skip";
/// The settings by which a replica skips errors, which are accepted in the same way: each by its old name and
/// its new one, whichever a server has.
const SKIPPING: [&str; 4] =
    ["slave_skip_errors", "replica_skip_errors", "slave_exec_mode", "replica_exec_mode"];

/// A filter by its name, as SHOW REPLICA STATUS and the settings of the server call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FilterName(&'static str);

impl FilterName {
    /// Its name, if it leaves out databases alone, and so nothing where none is expected.
    pub(crate) fn of_databases(self) -> Option<&'static str> {
        let [.., do_domains, ignore_domains, _] = COLUMNS;
        (![do_domains, ignore_domains].contains(&self.0) && !SKIPPING.contains(&self.0)).then_some(self.0)
    }
}

/// Why a text names no filter that may be accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidFilter {
    #[error("give the name of one filter, as in binlog_do_db or Replicate_Wild_Ignore_Table")]
    NoName,
    #[error("it renames databases and is never reported: leave the option out")]
    Renames,
    #[error("it may leave out all of a database: never accepted, take the id out of IGNORE_SERVER_IDS")]
    Source,
}

impl FromStr for FilterName {
    type Err = InvalidFilter;

    fn from_str(text: &str) -> Result<Self, InvalidFilter> {
        let [.., rewrite, _, _, ignore_servers] = COLUMNS;
        let mut names = COLUMNS.into_iter().chain(OF_LOG).chain([MARKED]).chain(SKIPPING);
        // Options of a server are written with hyphens too.
        let text = text.replace('-', "_");
        match names.find(|name| name.eq_ignore_ascii_case(&text)) {
            None => Err(InvalidFilter::NoName),
            Some(name) if name == rewrite => Err(InvalidFilter::Renames),
            Some(name) if name == ignore_servers => Err(InvalidFilter::Source),
            Some(name) => Ok(Self(old_name(name))),
        }
    }
}

/// Returns the older one of two names of a setting.
fn old_name(name: &str) -> &str {
    let [old_errors, new_errors, old_mode, new_mode] = SKIPPING;
    match name {
        new if new == new_errors => old_errors,
        new if new == new_mode => old_mode,
        other => other,
    }
}

/// What filters must not leave out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Expected<'a> {
    /// The databases that must be replicated.
    pub(crate) databases: &'a [String],
    /// The filters that may leave out a part of them.
    pub(crate) accepted: &'a [FilterName],
}

impl Expected<'_> {
    /// Makes a note of what the filter `by` leaves out, if that is accepted. All of a database never is.
    pub(crate) fn accept(self, by: &str, found: Finding) -> Finding {
        let is_named = self.accepted.iter().any(|name| name.0 == old_name(by));
        let is_accepted = found.state == State::Warning && is_named;
        if is_accepted { Finding::ok("").verbose_detail(format!("accepted: {}", found.text)) } else { found }
    }
}

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
    /// Perhaps some of it: what is written in some domains, or tables whose names differ by accents.
    Perhaps(&'static str),
    /// Perhaps all of it: what the source itself writes, or a name that differs by accents.
    PerhapsWhole(&'static str),
}

impl LeftOut {
    /// The filter.
    fn by(self) -> &'static str {
        let (Self::Whole(by) | Self::Part(by) | Self::Perhaps(by) | Self::PerhapsWhole(by)) = self;
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

    /// Returns whether what the server of this id writes is left out.
    pub(crate) fn ignores(&self, server_id: u64) -> bool {
        let [.., ignore_servers] = COLUMNS;
        server_id != 0 && self.parts(ignore_servers).any(|id| id.parse() == Ok(server_id))
    }

    /// Returns whether anything is left out by its domain or by the server that wrote it.
    pub(crate) fn by_origin(&self) -> bool {
        let [.., ignore_servers] = COLUMNS;
        self.of_domains().is_some() || !self.list(ignore_servers).is_empty()
    }

    /// Returns the filter of GTID domains: there is never more than one.
    pub(crate) fn of_domains(&self) -> Option<&'static str> {
        let [.., do_domains, ignore_domains, _] = COLUMNS;
        [do_domains, ignore_domains].into_iter().find(|column| !self.list(column).is_empty())
    }

    /// Returns the filter by which what is written in this domain is dropped.
    pub(crate) fn drops_domain(&self, domain: u32) -> Option<&'static str> {
        let [.., do_domains, _, _] = COLUMNS;
        let by = self.of_domains()?;
        let is_listed = self.parts(by).any(|id| id.parse() == Ok(domain));
        (is_listed != (by == do_domains)).then_some(by)
    }

    /// Returns how a database is left out. In which domain it is written is not known.
    fn leave_out(&self, database: &str, context: Context) -> Option<LeftOut> {
        let [.., ignore_servers] = COLUMNS;
        let domains = self.of_domains();
        let servers = || self.ignores(context.source).then_some(ignore_servers);
        let by_origin = || domains.map(LeftOut::Perhaps).or_else(|| servers().map(LeftOut::PerhapsWhole));
        self.by_names(database, context.names).or_else(by_origin)
    }

    /// Returns the name that a database of the source has on the replica: filters go by that. `None` if it is
    /// not renamed. The first of several new names counts. MariaDB writes `from->to,from->to`, MySQL
    /// `(from,to),(from,to)`.
    pub(crate) fn renamed(&self, database: &str, names: Names) -> Option<&str> {
        let [.., rewrite, _, _, _] = COLUMNS;
        let list = self.list(rewrite);
        let of_mysql = list.strip_prefix('(').and_then(|list| list.strip_suffix(')'));
        let (between, arrow, pairs) = of_mysql.map_or((",", "->", list), |pairs| ("),(", ",", pairs));
        let mut pairs = pairs.split(between).filter_map(|pair| pair.split_once(arrow));
        pairs.find(|(from, _)| names.is_database(from.trim(), database)).map(|(_, to)| to.trim())
    }

    /// Returns them without this one, and without its like where both together say what is taken.
    fn without(&self, by: &str) -> Self {
        let [_, _, do_table, _, wild_do, ..] = COLUMNS;
        let pair = [do_table, wild_do];
        let goes = |column: &str| column == by || pair.contains(&by) && pair.contains(&column);
        Self(self.0.iter().filter(|(column, _)| !goes(column)).cloned().collect())
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
        let is_whole = |left_out| matches!(left_out, Some(LeftOut::Whole(_)));
        let perhaps =
            if is_whole(exact) || is_whole(loose) { LeftOut::PerhapsWhole } else { LeftOut::Perhaps };
        if exact == loose { exact } else { loose.or(exact).map(|left_out| perhaps(left_out.by())) }
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

    /// Returns the filters of tables that leave out more of a database by the name that its source has than
    /// by its `own` one here. Only rows, and the default database of a session, are renamed before filters
    /// see them: a statement that names the database itself keeps the old name.
    fn by_old_name(&self, database: &str, own: &str, names: Names) -> impl Iterator<Item = &'static str> {
        let of_own = self.all_by_tables(own, names);
        let of_old = self.all_by_tables(database, names).into_iter();
        of_old.filter(move |left_out| !of_own.contains(left_out)).map(LeftOut::by)
    }

    /// Returns all that leaves a database out by names of tables.
    fn all_by_tables(&self, database: &str, names: Names) -> Vec<LeftOut> {
        let (mut filters, mut all) = (self.clone(), Vec::new());
        let first = |filters: &Self| {
            let by = |accents| filters.by_tables(database, names, accents);
            by(Accents::Count).or_else(|| by(Accents::Ignored))
        };
        while let Some(left_out) = first(&filters) {
            all.push(left_out);
            filters = filters.without(left_out.by());
        }
        all
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
    loss(subject, by, database, by_rows).detail(format!(
        "{subject}: replicate_wild_do_table and replicate_wild_ignore_table of replicas go by the table instead"
    ))
}

/// Returns the finding that the filter `by` loses what sessions in other databases write.
fn loss(subject: &str, by: &str, database: &str, by_rows: Option<bool>) -> Finding {
    const STATEMENTS: &str = "CREATE, ALTER, DROP and TRUNCATE";
    let writes = format!("what sessions in other databases write to {database}");
    let what = match by_rows {
        Some(true) => format!("{STATEMENTS} in {database} by sessions in other databases"),
        Some(false) => writes,
        None => format!("{writes}, only {STATEMENTS} if the source has binlog_format ROW"),
    };
    Finding::warning(format!("{subject}: {by} loses {what}"))
}

/// Judges a channel called `subject` by the databases that it is expected to replicate.
pub(crate) fn judge(
    subject: &str,
    filters: &Filters,
    context: Context,
    expected: Expected<'_>,
) -> Vec<Finding> {
    let one = |database: &String| {
        let renamed = filters.renamed(database, context.names);
        let shown = renamed.map_or_else(|| database.clone(), |own| format!("{database} (here {own})"));
        let own = renamed.unwrap_or(database);
        let crossing = |by| expected.accept(by, crossing(subject, by, &shown, context.by_rows));
        let by_session = filters.by_session().map(crossing);
        let not_renamed = |by| {
            let detail = format!(
                "{subject}: only rows, and the default database of a session, are renamed: {by} judges other \
                 statements by the name {database}"
            );
            expected.accept(by, loss(subject, by, &shown, context.by_rows).detail(detail))
        };
        let by_old_name = filters.by_old_name(database, own, context.names).map(not_renamed);
        let is_whole = matches!(filters.leave_out(own, context), Some(LeftOut::Whole(_)));
        let parts = by_session.into_iter().chain(by_old_name).filter(|_| !is_whole);
        let omissions = omissions(subject, filters.clone(), (own, &shown), context, expected);
        omissions.into_iter().chain(parts).collect::<Vec<_>>()
    };
    expected.databases.iter().flat_map(one).collect()
}

/// Returns what is said of the filters that leave out a database, by its name and by how it is shown, or a
/// part of it: of the first one that is not
/// accepted, and of all those before it that are.
fn omissions(
    subject: &str,
    mut filters: Filters,
    (database, shown): (&str, &str),
    context: Context,
    expected: Expected<'_>,
) -> Vec<Finding> {
    let mut said = Vec::new();
    while let Some(left_out) = filters.leave_out(database, context) {
        let by = left_out.by();
        let finding = match left_out {
            LeftOut::Whole(_) => {
                Finding::critical(format!("{subject}: {by} leaves out the database {shown}"))
            }
            LeftOut::Part(_) => {
                let part = format!("{subject}: {by} leaves out tables of {shown}");
                expected.accept(by, Finding::warning(part))
            }
            LeftOut::Perhaps(_) => {
                let perhaps = format!("{subject}: {by} may leave out {shown}");
                expected.accept(by, Finding::warning(perhaps))
            }
            LeftOut::PerhapsWhole(_) => Finding::warning(format!("{subject}: {by} may leave out {shown}")),
        };
        let is_accepted = finding.state == State::Ok;
        said.push(finding);
        if !is_accepted {
            break;
        }
        filters = filters.without(by);
    }
    said
}

#[cfg(test)]
mod tests;
