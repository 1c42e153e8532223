//! The data of the picture in README.md: a simulated path whose loss swells each evening, and which loses
//! more on its last day. They are compared with the file that docs/graph draws, so that the picture shows the
//! rule as it is. `UPDATE_DOCS=1` writes the file.

use std::fmt::Write as _;
use std::path::Path as File;
use std::{env, fs};

use check_latency::rule::{Path, Settings};

use super::is_told;
use super::world::{Change, DAY, Kind, Simulated};

/// The path of the world: its base loss is 2 %, three times as much in the evening.
const PATH: u64 = 18;
const KIND: Kind = Kind { swell: 3.0, bursts: false, blips: false };
/// Days of learning before the picture.
const LEARNED: u64 = 7;
/// The run from which on 10 points more are lost: at 18:00 of the second day that is drawn.
const AT: u64 = (LEARNED + 1) * DAY + 18 * DAY / 24;

/// The midnight at which the picture begins, in seconds since 1970.
const MIDNIGHT: u64 = 1_790_035_200;

/// Returns the lines of two days: the time in seconds, the name, and as performance data the loss of the run,
/// that of the last 12 runs, the usual one, and 1 while the alert stands. And the first run that is told.
fn lines() -> (String, Option<u64>) {
    let (mut path, mut told, mut last) = (Path::default(), None, Vec::new());
    let mut simulated = Simulated::new(1, PATH, KIND, (AT, Change::Loss(0.1)));
    let mut lines = String::new();
    for step in 0..(LEARNED + 2) * DAY {
        let run = simulated.run();
        let verdict = path.judge(run, &Settings::default());
        last.push(run.loss());
        let hour = &last[last.len().saturating_sub(12)..];
        let window = hour.iter().sum::<f64>() / hour.len() as f64;
        told = told.or_else(|| is_told(&verdict).then_some(step));
        if step >= LEARNED * DAY {
            let (loss, window, usual) = (run.loss() * 1e2, window * 1e2, verdict.usual_loss * 1e2);
            let alert = u8::from(is_told(&verdict));
            let at = MIDNIGHT + (step - LEARNED * DAY) * 300;
            writeln!(
                lines,
                "{at}\tproxy7\tloss={loss:.1}% hour={window:.1}% usual={usual:.1}% alert={alert}"
            )
            .unwrap();
        }
    }
    (lines, told)
}

#[test]
fn an_evening_swell_is_quiet_and_ten_points_more_are_not() {
    let (lines, told) = lines();
    let file = File::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/graph-latency.perfdata");
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, &lines).unwrap();
    }
    let told = told.expect("the rise is told");
    assert!((AT + 1..=AT + 15).contains(&told), "told at {told}, the rise begins at {AT}");
    assert!(
        fs::read_to_string(&file).unwrap() == lines,
        "docs/graph-latency.perfdata is not of this rule: UPDATE_DOCS=1 writes it"
    );
}
