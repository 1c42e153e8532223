//! The table: one row a comparison.

use std::time::Duration;

use crate::measure::{Spread, Times};

const WIDTHS: [usize; 9] = [34, 30, 10, 10, 7, 14, 7, 12, 4];

/// The names of the columns.
pub(crate) fn head() {
    line(["what", "against", "time", "the other", "ratio", "middle half", "rounds", "target", "ok"].map(str::to_owned));
    line(WIDTHS.map(|width| "-".repeat(width)));
}

/// A comparison of two subjects of `times`; `target` is the greatest ratio that is good enough.
pub(crate) fn ratio(times: &Times, (what, subject): (&str, usize), (against, peer): (&str, usize), target: Option<f64>) {
    let milliseconds = |spread: Spread| format!("{:.3} ms", spread.median * 1e3);
    let ratio = times.ratio(subject, peer);
    line([
        what.to_owned(),
        against.to_owned(),
        milliseconds(times.of(subject)),
        milliseconds(times.of(peer)),
        format!("{:.3}", ratio.median),
        format!("{:.3} - {:.3}", ratio.low, ratio.high),
        times.rounds().to_string(),
        target.map(|target| format!("<= {target:.3}")).unwrap_or_default(),
        target.map(|target| verdict(ratio.median, target)).unwrap_or_default(),
    ]);
}

/// The time of a single run, and the most that is good enough, in seconds.
pub(crate) fn seconds((what, seen): (&str, Duration), (against, target): (&str, f64)) {
    let seen = seen.as_secs_f64();
    line([
        what.to_owned(),
        against.to_owned(),
        format!("{seen:.3} s"),
        format!("{target:.3} s"),
        format!("{:.3}", seen / target),
        String::new(),
        "1".to_owned(),
        "<= 1.000".to_owned(),
        verdict(seen, target),
    ]);
}

/// The memory that a program has resident, and a peer's, in MiB; `target` is the most that is good enough.
pub(crate) fn resident((what, own): (&str, f64), (against, peer): (&str, f64), target: Option<f64>) {
    let size = |mebibytes: f64| format!("{mebibytes:.2} MiB");
    line([
        what.to_owned(),
        against.to_owned(),
        size(own),
        size(peer),
        format!("{:.3}", own / peer),
        String::new(),
        "5".to_owned(),
        target.map(|target| format!("<= {target} MiB")).unwrap_or_default(),
        target.map(|target| verdict(own, target)).unwrap_or_default(),
    ]);
}

fn verdict(seen: f64, target: f64) -> String {
    if seen <= target { "yes" } else { "NO" }.to_owned()
}

fn line(cells: [String; 9]) {
    let cells: Vec<String> = cells.iter().zip(WIDTHS).map(|(cell, width)| format!("{cell:width$}")).collect();
    println!("| {} |", cells.join(" | "));
}
