//! Error texts of a replica without what must not travel: they hold the failed statement, and that may hold a password.

/// How much of a text is kept, in characters.
const LONGEST: usize = 200;
/// What a statement stands behind in error texts, in lower case.
const BEFORE: [&str; 3] = ["query:", "statement:", " on query"];
/// What texts quote with.
const QUOTES: [char; 4] = ['\'', '"', '`', '\u{2019}'];

/// `text` up to a statement, and without anything that is quoted: from the first quote to the last, since what is quoted may hold
/// quotes itself. A quote without an end takes the rest, for texts are cut off at some length.
pub(crate) fn redact(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let end = BEFORE.iter().filter_map(|word| lower.find(word)).min().unwrap_or(text.len());
    let text = text.get(..end).unwrap_or_default();
    let kept = match (text.find(QUOTES), text.char_indices().rfind(|(_, c)| QUOTES.contains(c))) {
        (Some(first), Some((last, quote))) => {
            let odd = text.chars().filter(|c| *c == '\'').count() % 2 == 1 && !is_genitive(text, last);
            let tail = if first == last || odd { "" } else { text.get(last + quote.len_utf8()..).unwrap_or_default() };
            format!("{}...{tail}", text.get(..first).unwrap_or_default())
        }
        _ => text.to_owned(),
    };
    kept.trim().trim_end_matches([',', ';', ':', '.']).chars().take(LONGEST).collect()
}

/// Whether the quote at `place` is that of "the event's master log".
fn is_genitive(text: &str, place: usize) -> bool {
    text.get(place..).is_some_and(|rest| rest.starts_with("'s "))
}

/// The table that a row event failed on, as in "Could not execute Write_rows_v1 event on table test.t; Duplicate entry ...".
pub(crate) fn table(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(" event on table ")?;
    let name = rest.split([';', ' ', ',']).next()?;
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    (!name.is_empty() && name.len() <= 130 && name.chars().all(fits)).then_some(name)
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
            ("Error 'x' on query. Default database: ''. Query: 'create user m identified by 'sec", "Error ..."),
            ("You have an error in your SQL syntax near 'identified by 'sec", "You have an error in your SQL syntax near ..."),
            ("near \"identified by 'secret'\" at line 1", "near ... at line 1"),
            (
                "Could not execute Write_rows_v1 event on table test.t; Duplicate entry 'secret' for key 'PRIMARY', Error_code: 1062; the \
                 event's master log bin.000001, end_log_pos 900",
                "Could not execute Write_rows_v1 event on table test.t; Duplicate entry ...s master log bin.000001, end_log_pos 900",
            ),
            ("STATEMENT: set password = secret", ""),
            (
                "error connecting to master 'repl@127.0.0.1:13316' - retry-time: 2  message: Access denied for user 'repl'@'127.0.0.1' (using \
                 password: YES)",
                "error connecting to master ... (using password: YES)",
            ),
        ];
        for (text, kept) in rows {
            assert_eq!(redact(text), kept);
            assert!(!redact(text).contains("sec"), "{text}");
        }
        assert_eq!(redact(&"x".repeat(5000)).len(), LONGEST);
    }

    #[test]
    fn tables_are_named() {
        assert_eq!(table("Could not execute Write_rows_v1 event on table test.t; Duplicate entry"), Some("test.t"));
        assert_eq!(table("event on table "), None);
        assert_eq!(table("x event on table 'a'b; y"), None);
    }
}
