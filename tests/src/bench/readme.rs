//! The table of README.md: the ratios and the memory of all benchmarks, each row as it was last measured.

use crate::blocks::{Block, is_update};
use crate::plugins;

const HEAD: &str = "| program | what, from start to exit | against | ratio of times | resident |\n| --- | --- | --- | --- | --- |\n";

/// A row: its names, and of what was measured one of two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The program, what it did, and what it is compared with: no two rows have the same.
    pub(super) names: [String; 3],
    /// The ratio of the times.
    pub(super) ratio: String,
    /// The most memory resident.
    pub(super) resident: String,
}

/// A ratio with two digits that count.
pub(super) fn ratio(ratio: f64) -> String {
    if ratio < 0.1 { format!("{ratio:.3}") } else { format!("{ratio:.2}") }
}

/// Writes these rows in place of those of the same names, with UPDATE_DOCS=1.
pub(super) fn keep(rows: &[Row]) {
    let block = Block::new(&plugins::workspace().join("README.md"), "bench");
    if is_update() {
        block.hold_changed(|table| merged(table, rows));
    }
}

/// The table with these rows: in place of those of the same names, or after the last row of their program.
fn merged(table: &str, rows: &[Row]) -> String {
    let mut all: Vec<Row> = table.lines().skip(2).filter_map(parse).collect();
    for row in rows {
        match all.iter_mut().find(|known| known.names == row.names) {
            Some(known) => known.clone_from(row),
            None => {
                let after =
                    all.iter().rposition(|known| known.names[0] <= row.names[0]).map_or(0, |last| last + 1);
                all.insert(after, row.clone());
            }
        }
    }
    let line = |row: &Row| {
        format!(
            "| `{}` | {} | {} | {} | {} |\n",
            row.names[0], row.names[1], row.names[2], row.ratio, row.resident
        )
    };
    HEAD.to_owned() + &all.iter().map(line).collect::<String>()
}

fn parse(line: &str) -> Option<Row> {
    let mut cells = line
        .strip_prefix("| ")?
        .strip_suffix(" |")?
        .split(" | ")
        .map(|cell| cell.trim_matches(['`', ' ']).to_owned());
    let names = [cells.next()?, cells.next()?, cells.next()?];
    Some(Row { names, ratio: cells.next()?, resident: cells.next()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_anew_replaces_its_row_and_no_other() {
        let row = |program: &str, what: &str, ratio: &str| Row {
            names: [program, what, "peer"].map(str::to_owned),
            ratio: ratio.to_owned(),
            resident: String::new(),
        };
        let first = merged("", &[row("check_b", "one", "0.50"), row("check_b", "two", "0.60")]);
        assert_eq!(
            first,
            HEAD.to_owned() + "| `check_b` | one | peer | 0.50 |  |\n| `check_b` | two | peer | 0.60 |  |\n"
        );
        let second = merged(
            &first,
            &[row("check_a", "x", "1.00"), row("check_b", "one", "0.55"), row("check_c", "y", "2.00")],
        );
        let lines: Vec<&str> = second.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "| `check_a` | x | peer | 1.00 |  |",
                "| `check_b` | one | peer | 0.55 |  |",
                "| `check_b` | two | peer | 0.60 |  |",
                "| `check_c` | y | peer | 2.00 |  |"
            ]
        );
        assert_eq!(merged(&second, &[]), second);
    }
}
