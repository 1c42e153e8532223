//! Why the thread that applies events stopped, in the words of a first line.

use crate::cause::sql_cause;
use crate::channel::Channel;
use crate::redact::{database_of, of_applier, place, table, without_event};

/// ER_NO_SUCH_TABLE.
const NO_TABLE: u32 = 1146;
/// ER_CANNOT_USER and ER_CANT_CREATE_USER_WITH_GRANT: accounts are in no database.
const NO_ACCOUNT: [u32; 2] = [1396, 1410];
/// ER_DB_CREATE_EXISTS, ER_DB_DROP_EXISTS and ER_BAD_DB_ERROR, with what they say of a database.
const OF_DATABASE: [(u32, &str); 3] = [(1007, "exists already"), (1008, "is missing"), (1049, "is missing")];
/// ER_INCONSISTENT_ERROR of MySQL; MariaDB gives such an error the number 0.
const INCONSISTENT: u32 = 3002;

/// Whether it has an error.
pub(crate) fn has_error(channel: &Channel) -> bool {
    channel.sql_errno != 0 || !channel.sql_error.is_empty()
}

/// Returns the error by its number and cause, and the place where it failed.
pub(crate) fn why(channel: &Channel) -> String {
    let Channel { sql_errno: errno, sql_error: text, .. } = channel;
    let is_inconsistent = *errno == INCONSISTENT || text.starts_with("Query caused different errors");
    if is_inconsistent {
        let result = "a statement had another result than on the source";
        return if *errno == 0 { result.to_owned() } else { format!("error {errno} {result}") };
    }
    if let Some(table) = table(text).filter(|_| *errno == NO_TABLE) {
        return format!("error {errno} table {table} is missing");
    }
    let of_database = OF_DATABASE.iter().find(|(number, _)| number == errno).zip(database_of(text));
    if let Some(((_, what), database)) = of_database {
        return format!("error {errno} database {database} {what}");
    }
    let place = if NO_ACCOUNT.contains(errno) { String::new() } else { place(text) };
    if sql_cause(*errno).is_none() && text.starts_with("Coordinator stopped because ") {
        return format!("error {errno} of a worker, see performance_schema");
    }
    let shown = of_applier(*errno, without_event(text));
    format!("{}{place}", with_error(*errno, sql_cause(*errno), &shown))
}

/// Returns the error by its number and cause; one without a cause by what may be shown of its own text.
pub(crate) fn with_error(errno: u32, cause: Option<&str>, shown: &str) -> String {
    match (errno, cause) {
        (0, _) if shown.is_empty() => "no error".to_owned(),
        (0, _) => shown.to_owned(),
        (errno, Some(cause)) => format!("error {errno} {cause}"),
        (errno, None) => format!("error {errno} {shown}").trim_end().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Row;

    fn said(errno: &str, text: &str) -> String {
        let columns = [("Last_SQL_Errno", errno), ("Last_SQL_Error", text)];
        let row = Row::new(columns.map(|(name, value)| (name.to_owned(), Some(value.to_owned()))));
        let channel = Channel::read(&row);
        assert_eq!(has_error(&channel), errno != "0" || !text.is_empty());
        why(&channel)
    }

    /// Texts of MariaDB 10.11 and MySQL 9.7.
    #[test]
    fn each_error_in_its_words() {
        let of = |message: &str, database: &str| {
            format!(
                "Error '{message}' on query. Default database: '{database}'. Query: 'create user m identified by 'sec''"
            )
        };
        let worker =
            "Worker 1 failed executing transaction 'U:5' at source log binlog.000002, end_log_pos 1475; ";
        let differs = "Query caused different errors on master and slave.     Error on master: message (format)='Duplicate entry \
                       '%-.192T' for key %d' error code=1062 ; Error on slave: actual message='no error', error code=0. Default \
                       database: 'app'. Query: 'insert into m values (1),(2)'";
        let result = "a statement had another result than on the source";
        let check = "Could not execute Write_rows event on table app.t; Column value is sec; and more, Error_code: 9999; handler error";
        let no_key = "Unable to create or change a table without a primary key, when the system variable 'sec' is set.";
        let coordinator = "Coordinator stopped because there were error(s) in the worker(s). The most recent failure being: Worker 1 failed";
        let own = "card sec 4111 of Smith";
        let rows = [
            ("0", String::new(), "no error"),
            ("0", "Something new 'sec'".to_owned(), "Something new ..."),
            ("0", differs.to_owned(), result),
            ("3002", differs.to_owned(), &*format!("error 3002 {result}")),
            (
                "1007",
                of("Can't create database 'd3'; database exists", "d3"),
                "error 1007 database d3 exists already",
            ),
            (
                "1008",
                of("Can't drop database 'd3'; database doesn't exist", "d3"),
                "error 1008 database d3 is missing",
            ),
            ("1049", of("Unknown database 'd4'", "app"), "error 1049 database d4 is missing"),
            ("1049", of("Unknown database 'se c'", ""), "error 1049 missing database"),
            (
                "1396",
                of("Operation CREATE USER failed for 'm'@'%'", "app"),
                "error 1396 account exists already or is missing",
            ),
            ("3750", of(no_key, "app"), "error 3750 table without a primary key in the database app"),
            // The server's numbers without a cause: the words up to the first quote.
            (
                "6445",
                of("LIBRARY l1 already exists", "app"),
                "error 6445 LIBRARY l1 already exists ... in the database app",
            ),
            (
                "6445",
                format!("{worker}{}", of(no_key, "app")),
                "error 6445 Unable to create or change a table without a primary key, when the system variable ... in the database app",
            ),
            ("6445", of("'sec' is wrong", ""), "error 6445 ..."),
            ("6445", check.replace(" sec; and more", " 'sec'"), "error 6445 Column value is ... in app.t"),
            ("9999", coordinator.to_owned(), "error 9999 of a worker, see performance_schema"),
            ("1062", coordinator.to_owned(), "error 1062 duplicate key"),
            // An application's own text may have data without quotes.
            ("30001", of(own, "app"), "error 30001 ... in the database app"),
            ("1001", of(own, "app"), "error 1001 ... in the database app"),
            ("1642", format!("{worker}{}", of(own, "app")), "error 1642 ... in the database app"),
            ("1643", own.to_owned(), "error 1643 ..."),
            ("1644", of(own, "app"), "error 1644 SIGNAL of a trigger or routine in the database app"),
            ("30001", format!("{worker}{}", check.replace("Column", own)), "error 30001 ... in app.t"),
            ("30001", coordinator.to_owned(), "error 30001 of a worker, see performance_schema"),
        ];
        for (errno, text, expected) in rows {
            let line = said(errno, &text);
            assert_eq!(line, expected, "{errno} {text}");
            assert!(!line.contains("sec"), "{line}");
        }
    }
}
