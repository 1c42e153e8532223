//! The lines of the history: the ledger as it was at the first run of a day, then a line for each run.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::{HistoryError, VERSION};
use crate::jump::Baseline;
use crate::ledger::{Ledger, Run, jump};
use crate::status::Status;

/// The first line.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Head<L> {
    publish_status: u32,
    ledger: L,
}

/// A further line.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    /// When the run was.
    t: u64,
    /// A letter for each component, if any differs from what was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    s: Option<String>,
    /// Since when the monitor is at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    f: Option<u64>,
    /// The keys of bad sources, if any differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    b: Option<Vec<u64>>,
    /// The keys of those of them that are down, if any differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d: Option<Vec<u64>>,
    /// Those of them that went bad a short while ago, and when, if any differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    r: Option<Vec<(u64, u64)>>,
    /// Since when a jump is held back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    h: Option<u64>,
    /// When the last jump was first and last seen, as long as it is remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    j: Option<(u64, u64)>,
    /// The time since which the runs after that jump were good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    g: Option<u64>,
    /// The sources of that jump and whether each was down in it, if any differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    k: Option<Vec<(u64, bool)>>,
}

/// The first line: this ledger.
pub(super) fn head(ledger: &Ledger) -> Vec<u8> {
    json(&Head { publish_status: VERSION, ledger })
}

/// JSON of what cannot fail to be written as such.
pub(super) fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// Returns the history in `content`, and how many octets of runs follow the ledger in it: `None` if the file
/// must be written anew.
///
/// # Errors
/// [`HistoryError`]: it is damaged, or of another version.
pub(super) fn parse(content: &[u8], path: &Path) -> Result<(Ledger, Option<usize>), HistoryError> {
    let damaged = |line| HistoryError::Damaged { path: path.to_owned(), line };
    let mut lines = content.split_inclusive(|octet| *octet == b'\n').enumerate();
    let (_, head) = lines.next().ok_or_else(|| damaged(1))?;
    let mut ledger = match serde_json::from_slice::<Head<Ledger>>(head) {
        Ok(head) if head.publish_status == VERSION => head.ledger,
        _ => return Err(not_understood(head, path)),
    };
    let mut runs = Some(content.len() - head.len());
    for (number, line) in lines {
        if line.last() != Some(&b'\n') {
            // Half a line: its writer was killed.
            runs = None;
            break;
        }
        let run = serde_json::from_slice(line)
            .ok()
            .and_then(|line| run(&ledger, line))
            .ok_or_else(|| damaged(number + 1))?;
        ledger.add(&run);
    }
    Ok((ledger, runs))
}

/// A first line of another version may have anything else in it.
fn not_understood(head: &[u8], path: &Path) -> HistoryError {
    let version = serde_json::from_slice::<serde_json::Value>(head).ok();
    match version.and_then(|head| head.get("publish_status")?.as_u64()) {
        Some(version) if version != u64::from(VERSION) => {
            HistoryError::Version { path: path.to_owned(), version }
        }
        _ => HistoryError::Damaged { path: path.to_owned(), line: 1 },
    }
}

/// A run as a line: what differs from the ledger as it was.
pub(super) fn line(ledger: &Ledger, run: &Run) -> Line {
    let is_known = run.fault.is_some() || ledger.known() == run.statuses;
    let letter = |status: &Option<Status>| status.map_or('-', Status::letter);
    Line {
        t: run.at,
        s: (!is_known).then(|| run.statuses.iter().map(letter).collect()),
        f: run.fault,
        b: if ledger.bad == run.baseline.bad { None } else { run.baseline.bad.clone() },
        d: if ledger.down == run.baseline.down { None } else { run.baseline.down.clone() },
        r: if ledger.recent == run.baseline.recent { None } else { Some(run.baseline.recent.clone()) },
        h: run.baseline.jump.filter(|jump| jump.is_held).map(|jump| jump.since),
        j: run.baseline.jump.map(|jump| (jump.since, jump.last)),
        g: run.baseline.jump.and_then(|jump| jump.good_since),
        k: if ledger.jump_sources == run.baseline.sources {
            None
        } else {
            Some(run.baseline.sources.clone())
        },
    }
}

/// A line as a run: what it does not say is as the ledger has it. `None` if it cannot be one.
fn run(ledger: &Ledger, line: Line) -> Option<Run> {
    let status = |letter| if letter == '-' { Some(None) } else { Status::of_letter(letter).map(Some) };
    let statuses =
        line.s.map_or_else(|| Some(ledger.known()), |letters| letters.chars().map(status).collect())?;
    let bad = line.b.or_else(|| ledger.bad.clone());
    let down = line.d.or_else(|| ledger.down.clone());
    let recent = line.r.unwrap_or_else(|| ledger.recent.clone());
    let sources = line.k.unwrap_or_else(|| ledger.jump_sources.clone());
    let is_whole = statuses.len() == ledger.order.len();
    is_whole.then_some(Run {
        at: line.t,
        fault: line.f,
        statuses,
        baseline: Baseline { bad, down, recent, jump: jump(line.h, line.j, line.g, line.t), sources },
    })
}
