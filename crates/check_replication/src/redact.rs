//! Error texts of a replica without what must not travel: they hold the failed statement, and that may hold a
//! password.

/// How much of a text is kept, in characters.
const LONGEST: usize = 200;
/// What a statement stands behind in error texts, in lower case.
const BEFORE: [&str; 3] = ["query:", "statement:", " on query"];
/// What texts quote with.
const QUOTES: [char; 4] = ['\'', '"', '`', '\u{2019}'];

/// `text` up to a statement or to the first quote, whichever comes first. What follows a quote cannot be told
/// from what it quotes: it may hold quotes itself, and servers cut texts off at some length.
pub(crate) fn redact(text: &str) -> String {
    if let Some(kept) = conversion(text).or_else(|| privileges(text)) {
        return format!("{kept} ...");
    }
    let text = without_worker(text);
    let lower = text.to_ascii_lowercase();
    let statement = BEFORE.iter().filter_map(|word| lower.find(word)).min();
    let end = statement.into_iter().chain(text.find(QUOTES)).min();
    let kept = text.get(..end.unwrap_or(text.len())).unwrap_or_default().trim();
    let kept: String = kept.trim_end_matches([',', ';', ':']).chars().take(LONGEST).collect();
    // All of it may stand in quotes.
    if end.is_some() { format!("{kept} ...").trim_start().to_owned() } else { kept }
}

/// [`redact`] for an error of the thread that applies events, with the message that stands in the first
/// quote, as in "Error 'LIBRARY l1 already exists' on query." Of a SIGNAL that is the text of an application,
/// which has its data in it and no quote before them: nothing of it is left.
pub(crate) fn of_applier(errno: u32, text: &str) -> String {
    let text = without_worker(text);
    let event =
        || text.starts_with("Could not execute ").then(|| text.split_once("; "))?.map(|(event, _)| event);
    match errno {
        0 => redact(text),
        _ if is_of_server(errno) => redact(text.strip_prefix("Error '").unwrap_or(text)),
        _ if text.is_empty() || text.starts_with("Coordinator stopped because ") => redact(text),
        _ => format!("{} ...", event().map(redact).unwrap_or_default()).trim_start().to_owned(),
    }
}

/// Whether servers give this number to errors of their own: MySQL up to 4.1 from 1004 on, later ones and
/// MariaDB above 3000, and those of the error log from 13000 on. Each SIGNAL has 1642 to 1644 or the number
/// that it sets, as 1001, 5000 or 30001 in manuals.
fn is_of_server(errno: u32) -> bool {
    matches!(errno, 1004..=1641 | 1645..=1999 | 3000..=4299 | 6000..=6999 | 13000..=14999)
}

/// The table that an event failed on, as in "Could not execute Write_rows_v1 event on table test.t; Duplicate
/// entry ..." or "Error executing row event: 'Table 'test.t' doesn't exist'".
pub(crate) fn table(text: &str) -> Option<&str> {
    let missing = || Some(text.split_once("Table '")?.1.split_once("' doesn't exist")?.0);
    let differs = || conversion(text)?.split('\'').nth(1);
    let rest = text.split_once(" event on table ").map(|(_, rest)| rest).or_else(missing).or_else(differs)?;
    rest.split([';', ' ', ',']).next().filter(|name| is_name(name))
}

/// Returns the database that is missing or exists already, as in "Can't create database 'd3'; database
/// exists".
pub(crate) fn database_of(text: &str) -> Option<&str> {
    let message = text.split(" on query").next()?;
    let (_, name) = message.split_once("database '")?;
    name.split('\'').next().filter(|name| is_name(name))
}

/// Returns what is told of an event of rows after its table, which [`place`] returns.
pub(crate) fn without_event(text: &str) -> &str {
    let event = without_worker(text).strip_prefix("Could not execute ");
    let rest = event.and_then(|text| text.split_once(" event on table ")?.1.split_once("; "));
    rest.map_or(text, |(_, rest)| rest)
}

/// Returns where an event failed, as in " in shop.orders". A statement tells the default database of its
/// session alone, whatever table it writes to: " in the database shop". Empty if the text tells neither.
pub(crate) fn place(text: &str) -> String {
    let database = || text.split_once("' on query. Default database: '")?.1.split_once("'. Query: ");
    let database = || database().map(|(name, _)| name).filter(|name| is_name(name));
    match table(text) {
        Some(table) => format!(" in {table}"),
        None => database().map(|name| format!(" in the database {name}")).unwrap_or_default(),
    }
}

/// Returns which column of which table has another type on the source, as in "Column 0 of table 'shop.t'
/// cannot be converted", which a worker of MySQL puts its place before. It quotes names alone; what follows
/// it may not.
fn conversion(text: &str) -> Option<&str> {
    const END: &str = "' cannot be converted";
    let text = without_worker(text);
    let (column, rest) = text.strip_prefix("Column ")?.split_once(" of table '")?;
    let (name, after) = rest.split_once(END)?;
    let is_it = !column.contains(QUOTES) && is_name(name);
    text.get(..text.len() - after.len()).filter(|_| is_it)
}

/// Returns the text without the place that a worker of MySQL puts before it, as in "Worker 1 failed executing
/// transaction 'UUID:5' at source log binlog.000002, end_log_pos 1475; ".
fn without_worker(text: &str) -> &str {
    let of_worker = text.strip_prefix("Worker ").and_then(|text| text.split_once("; "));
    of_worker.map_or(text, |(_, text)| text)
}

/// Returns what is wrong with the account that MySQL applies events as, which the texts quote before they
/// tell.
fn privileges(text: &str) -> Option<&'static str> {
    if text.starts_with("Invalid, corrupted PRIVILEGE_CHECKS_USER") {
        return Some("PRIVILEGE_CHECKS_USER of the channel is corrupt: set it again");
    }
    let rest = text.strip_prefix("The ").unwrap_or(text).strip_prefix("PRIVILEGE_CHECKS_USER for ")?;
    let faults = [
        ("not an existing user", "the user of PRIVILEGE_CHECKS_USER does not exist"),
        ("not have REPLICATION_APPLIER", "the user of PRIVILEGE_CHECKS_USER lacks REPLICATION_APPLIER"),
        ("need FILE privilege", "the user of PRIVILEGE_CHECKS_USER lacks FILE"),
    ];
    faults.iter().find(|(words, _)| rest.contains(words)).map(|(_, fault)| *fault)
}

fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    !text.is_empty() && text.len() <= 130 && text.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_statement_and_nothing_quoted_is_left() {
        let rows = [
            ("", ""),
            ("plain words", "plain words"),
            (
                "Error 'Operation CREATE USER failed for 'mon'@'%'' on query. Default database: ''. Query: 'create user mon@'%' identified by \
                 'secret''",
                "Error ...",
            ),
            // Cut off by the server in the middle of the statement.
            (
                "Error 'x' on query. Default database: ''. Query: 'create user m identified by 'sec",
                "Error ...",
            ),
            (
                "You have an error in your SQL syntax near 'identified by 'sec",
                "You have an error in your SQL syntax near ...",
            ),
            ("near \"identified by 'secret'\" at line 1", "near ..."),
            (
                "Could not execute Write_rows_v1 event on table test.t; Duplicate entry 'secret' for key 'PRIMARY', Error_code: 1062; the \
                 event's master log bin.000001, end_log_pos 900",
                "Could not execute Write_rows_v1 event on table test.t; Duplicate entry ...",
            ),
            ("STATEMENT: set password = secret", "..."),
            (
                "Column 0 of table 'a.u' cannot be converted from type 'int' to type 'enum('secret')'",
                "Column 0 of table 'a.u' cannot be converted ...",
            ),
            (
                "Worker 1 failed executing transaction 'U:5' at source log binlog.000002, end_log_pos 1475; Column 1 (counting the first \
                 column as number 1) of table 'a.u' cannot be converted from type 'int' to type 'varchar(12(bytes) utf8mb4)'",
                "Column 1 (counting the first column as number 1) of table 'a.u' cannot be converted ...",
            ),
            ("Column 'secret' of table 'a.u' cannot be converted", "Column ..."),
            (
                "Worker 1 failed executing transaction 'U:5' at source log binlog.000002, end_log_pos 1475; INSERT command denied to user \
                 'sec'@'%' for table 't'",
                "INSERT command denied to user ...",
            ),
            (
                "Worker 1 failed executing transaction 'U:5' at source log binlog.000002, end_log_pos 1475; Error 'x' on query. Default \
                 database: ''. Query: 'create user m identified by 'sec",
                "Error ...",
            ),
            ("Worker 1 failed executing transaction 'sec", "Worker 1 failed executing transaction ..."),
            ("set password = 'sec; ret'; Worker 1 failed", "set password = ..."),
            (
                "PRIVILEGE_CHECKS_USER for replication channel '' was set to `sec`@`%`, but this is not an existing user. Correct this before \
                 starting replication threads.",
                "the user of PRIVILEGE_CHECKS_USER does not exist ...",
            ),
            (
                "PRIVILEGE_CHECKS_USER for replication channel '' was set to `sec`@`%`, but this user does not have REPLICATION_APPLIER \
                 privilege. Correct this before starting the replication threads.",
                "the user of PRIVILEGE_CHECKS_USER lacks REPLICATION_APPLIER ...",
            ),
            (
                "The PRIVILEGE_CHECKS_USER for channel 'sec' would need FILE privilege to execute a LOAD DATA INFILE statement",
                "the user of PRIVILEGE_CHECKS_USER lacks FILE ...",
            ),
            (
                "PRIVILEGE_CHECKS_USER for replication channel 'sec",
                "PRIVILEGE_CHECKS_USER for replication channel ...",
            ),
            (
                "Invalid, corrupted PRIVILEGE_CHECKS_USER was found in the replication configuration repository for channel 'secret'. Use",
                "PRIVILEGE_CHECKS_USER of the channel is corrupt: set it again ...",
            ),
            ("Column 0 of table 'my secret' cannot be converted", "Column 0 of table ..."),
            (
                "error connecting to master 'repl@127.0.0.1:13316' - retry-time: 2  message: Access denied for user 'repl'@'127.0.0.1' (using \
                 password: YES)",
                "error connecting to master ...",
            ),
        ];
        for (text, kept) in rows {
            assert_eq!(redact(text), kept);
            assert!(!redact(text).contains("sec"), "{text}");
        }
        assert_eq!(redact(&"x".repeat(5000)).len(), LONGEST);
    }

    #[test]
    fn nothing_of_the_text_of_a_signal_is_left() {
        let text = "Error 'card sec 4111' on query. Default database: 'app'. Query: 'insert'";
        let event = "Could not execute Write_rows_v1 event on table app.t; card sec 4111, Error_code: 1";
        let worker =
            "Worker 1 failed executing transaction 'U:5' at source log binlog.000002, end_log_pos 1475; ";
        let rows = [
            (1644, text, "..."),
            (1642, text, "..."),
            (1000, text, "..."),
            (5000, text, "..."),
            (30001, text, "..."),
            (30001, "card sec 4111", "..."),
            (30001, "card; sec; 4111", "..."),
            (30001, "Could not execute sec", "..."),
            (30001, event, "Could not execute Write_rows_v1 event on table app.t ..."),
            (30001, &*format!("{worker}{event}"), "Could not execute Write_rows_v1 event on table app.t ..."),
            (30001, &*format!("{worker}{text}"), "..."),
            (30001, "", ""),
            (1950, "Error 'An attempt 'sec' was made' on query", "An attempt ..."),
            (3750, &*format!("{worker}Error 'Unable to 'sec"), "Unable to ..."),
            (0, "Error 'x' on query", "Error ..."),
        ];
        for (errno, text, kept) in rows {
            assert_eq!(of_applier(errno, text), kept, "{errno} {text}");
        }
    }

    #[test]
    fn tables_are_named() {
        assert_eq!(
            table("Could not execute Write_rows_v1 event on table test.t; Duplicate entry"),
            Some("test.t")
        );
        assert_eq!(table("Error executing row event: 'Table 'shop.t' doesn't exist'"), Some("shop.t"));
        assert_eq!(table("Table 'secret word' doesn't exist"), Some("secret"));
        assert_eq!(table("Column 0 of table 'a.u' cannot be converted from type 'int'"), Some("a.u"));
        assert_eq!(table("event on table "), None);
        assert_eq!(table("x event on table 'a'b; y"), None);
    }

    #[test]
    fn a_statement_names_the_database_of_its_session() {
        let duplicate = "Error 'Duplicate entry '7' for key 'PRIMARY'' on query. Default database:";
        let rows = [
            ("Could not execute Write_rows_v1 event on table test.t; Duplicate entry", " in test.t"),
            (&*format!("{duplicate} 'shop'. Query: 'INSERT INTO t VALUES (7)'"), " in the database shop"),
            (&*format!("{duplicate} ''. Query: 'INSERT INTO shop.t VALUES (7)'"), ""),
            (&*format!("{duplicate} 'it's'. Query: 'INSERT INTO t VALUES (7)'"), ""),
            (&*format!("{duplicate} 'sho"), ""),
            ("", ""),
        ];
        for (text, expected) in rows {
            assert_eq!(place(text), expected, "{text}");
        }
    }
}
