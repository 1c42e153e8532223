//! The table: one row a comparison.
#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::measure::{Spread, Times};
use super::{machine, readme};

const WIDTHS: [usize; 10] = [18, 42, 30, 10, 10, 7, 14, 7, 12, 4];
/// What a row says that compares a program with itself: it stands for the noise of the machine, and README.md
/// leaves it out.
const NOISE: &str = "itself";

/// What one benchmark has measured so far.
#[derive(Debug)]
pub(super) struct Table {
    plugin: String,
    rows: Mutex<Vec<readme::Row>>,
}

impl Table {
    /// Prints the machine and the names of the columns.
    pub(super) fn begin(plugin: &str) -> Self {
        println!("{}", machine::machine());
        let columns = [
            "program",
            "what",
            "against",
            "own",
            "the other",
            "ratio",
            "middle half",
            "rounds",
            "target",
            "ok",
        ];
        line(&columns.map(str::to_owned));
        line(&WIDTHS.map(|width| "-".repeat(width)));
        Self { plugin: plugin.to_owned(), rows: Mutex::default() }
    }

    pub(super) fn ratio(&self, times: &Times, own: (&str, usize), peer: (&str, usize), target: Option<f64>) {
        let milliseconds = |spread: Spread| format!("{:.3} ms", spread.median * 1e3);
        let ratio = times.ratio(own.1, peer.1);
        let cells = [
            milliseconds(times.of(own.1)),
            milliseconds(times.of(peer.1)),
            format!("{:.3}", ratio.median),
            format!("{:.3} - {:.3}", ratio.low, ratio.high),
            times.rounds().to_string(),
            target.map(|target| format!("<= {target:.3}")).unwrap_or_default(),
            target.map(|target| verdict(ratio.median, target)).unwrap_or_default(),
        ];
        self.add((own.0, peer.0), cells, (readme::ratio(ratio.median), String::new()));
    }

    pub(super) fn seconds(&self, (what, own): (&str, Duration), (against, target): (&str, f64)) {
        let own = own.as_secs_f64();
        let cells = [
            format!("{own:.3} s"),
            format!("{target:.3} s"),
            format!("{:.3}", own / target),
            String::new(),
            "1".to_owned(),
            "<= 1.000".to_owned(),
            verdict(own, target),
        ];
        self.add((what, against), cells, (readme::ratio(own / target), String::new()));
    }

    pub(super) fn memory(
        &self,
        (what, own): (&str, f64),
        (against, peer): (&str, f64),
        runs: usize,
        target: Option<f64>,
    ) {
        let size = |mebibytes: f64| format!("{mebibytes:.2} MiB");
        let cells = [
            size(own),
            size(peer),
            format!("{:.3}", own / peer),
            String::new(),
            runs.to_string(),
            target.map(|target| format!("<= {target} MiB")).unwrap_or_default(),
            target.map(|target| verdict(own, target)).unwrap_or_default(),
        ];
        self.add((what, against), cells, (String::new(), format!("{own:.1} MiB")));
    }

    /// Prints a row, and remembers what README.md shows of it.
    fn add(&self, (what, against): (&str, &str), cells: [String; 7], (ratio, resident): (String, String)) {
        let [own, other, exact, half, rounds, target, ok] = cells;
        let names = [self.plugin.clone(), what.to_owned(), against.to_owned()];
        let [program, what, against] = names.clone();
        line(&[program, what, against, own, other, exact, half, rounds, target, ok]);
        if !names.iter().any(|name| name.starts_with(NOISE)) {
            let row = readme::Row { names, ratio, resident };
            self.rows.lock().unwrap_or_else(PoisonError::into_inner).push(row);
        }
    }

    /// Writes the rows into README.md, if that is asked for.
    pub(super) fn keep(&self) {
        readme::keep(&self.rows.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn verdict(seen: f64, target: f64) -> String {
    if seen <= target { "yes" } else { "NO" }.to_owned()
}

fn line(cells: &[String; 10]) {
    let cells: Vec<String> = cells.iter().zip(WIDTHS).map(|(cell, width)| format!("{cell:width$}")).collect();
    println!("| {} |", cells.join(" | "));
}
