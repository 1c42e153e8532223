//! The captured answers in `tests/fixtures`, for tests: what the stock client printed with `\G`, a heading
//! before each statement.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use crate::row::Row;

/// What a server answered to `statement` in the situation `name`: rows, or its error as no rows.
pub(crate) fn rows(name: &str, statement: &str) -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/{name}.txt"));
    let text = fs::read_to_string(path).unwrap();
    let heading = format!("### {statement}\n");
    let answer = text.split_once(&heading).unwrap_or_else(|| panic!("{name} has no {statement}")).1;
    let answer = answer.split("### ").next().unwrap();
    answer
        .split("*** ")
        .filter(|part| part.contains(": "))
        .filter(|part| !part.starts_with("ERROR"))
        .map(row)
        .collect()
}

/// One row: `   Name: value` lines after the stars.
fn row(part: &str) -> Row {
    let column = |line: &str| {
        let (name, value) = line.split_once(':')?;
        let value = value.strip_prefix(' ').unwrap_or(value);
        Some((name.trim().to_owned(), (value != "NULL").then(|| value.to_owned())))
    };
    Row::new(part.lines().filter(|line| !line.contains("***")).filter_map(column))
}
