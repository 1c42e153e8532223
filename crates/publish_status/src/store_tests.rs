//! The history through restarts, gaps, faults of the monitor, clock steps and killed runs, against a
//! calculation by hand.

use std::fs::File;
use std::io::Write as _;
use std::time::Duration;

use super::*;
use crate::jump::Baseline;
use crate::jump::Jump;
use crate::ledger::{Sums, uptime};
use crate::status::Status;

const VOUCHES: u64 = 90;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}

/// One run with a process of its own: what it appends, the next one reads.
fn step(path: &Path, at: u64, letter: char) {
    let store = Store::open(path).unwrap().unwrap();
    let mut history = store.read(&soon()).unwrap();
    history.look_at(vec!["a".to_owned(), "b".to_owned()], VOUCHES);
    let fault = (letter == 'F').then_some(at);
    let known = history.ledger.known();
    let statuses =
        if fault.is_some() { known } else { vec![Status::of_letter(letter), Some(Status::Operational)] };
    let jump = Some(Jump {
        since: at - at % 7,
        last: at,
        is_held: fault.is_some(),
        good_since: Some(at).filter(|_| at.is_multiple_of(2)),
    })
    .filter(|_| !at.is_multiple_of(3));
    let down = Some(vec![at / 700]);
    let baseline = Baseline {
        bad: Some(vec![at / 500]),
        down,
        recent: vec![(at / 500, at)],
        jump,
        sources: vec![(at / 140, true)],
    };
    store.add(&mut history, &Run { at, fault, statuses, baseline }, &soon()).unwrap();
}

/// The seconds of each state, by painting: a run paints the time it vouches for, and a later one paints over
/// it.
fn painted(runs: &[(u64, char)]) -> Sums {
    let start = runs[0].0;
    let end = runs.last().unwrap().0;
    let mut seconds = vec![None; usize::try_from(end - start).unwrap()];
    for (at, letter) in runs {
        let status = Status::of_letter(*letter).unwrap_or(Status::Unknown);
        for second in *at..(at + VOUCHES).min(end) {
            seconds[usize::try_from(second - start).unwrap()] = Some(status);
        }
    }
    let mut sums = Sums::default();
    for status in seconds.into_iter().flatten() {
        sums[status.number()] += 1;
    }
    sums
}

#[test]
fn uptime_is_what_a_calculation_by_hand_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let mut dice = Dice(7);
    let (mut now, mut runs, mut letter) = (1_795_640_400, Vec::new(), 'o');
    for _ in 0..1_200 {
        now += match dice.roll(60) {
            // A restart, a night without a run, a clock that was set forth.
            0 => 600 + dice.roll(3_600),
            1 => 40_000,
            // Two runs of the same second.
            2 => 0,
            _ => 55 + dice.roll(10),
        };
        if dice.roll(12) == 0 {
            letter = ['o', 'o', 'o', 'd', 'p', 'm', 'w', 'u', 'F'][usize::try_from(dice.roll(9)).unwrap()];
        }
        step(&path, now, letter);
        runs.push((now, letter));
        if dice.roll(20) == 0 {
            // A run that was killed while it wrote.
            let file = path.join(FILE);
            File::options().append(true).open(file).unwrap().write_all(b"{\"t\":17956").unwrap();
        }
    }
    let ledger = Store::open(&path).unwrap().unwrap().read(&soon()).unwrap().ledger;
    let days: Vec<&Sums> = ledger.track("a").unwrap().days.values().collect();
    let mut sums = Sums::default();
    days.iter().for_each(|day| sums.iter_mut().zip(*day).for_each(|(sum, seconds)| *sum += seconds));
    assert_eq!(sums, painted(&runs));
    let [operational, degraded, partial, major, ..] = sums.map(f64::from);
    let by_hand = (operational + degraded) / (operational + degraded + partial + major);
    assert!((uptime(days).unwrap() - by_hand).abs() < 1e-12, "{sums:?}");
    assert!(sums.iter().all(|seconds| *seconds > 0), "each state came: {sums:?}");
    let b: u32 = ledger.track("b").unwrap().days.values().map(|day| day[3]).sum();
    assert_eq!(b, 0, "the other component was never down");
}

#[test]
fn a_history_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    for (at, letter) in
        [(1_000_000, 'o'), (1_000_060, 'm'), (1_000_120, 'F'), (1_000_180, 'F'), (1_000_240, 'o')]
    {
        step(&path, at, letter);
    }
    let store = Store::open(&path).unwrap().unwrap();
    let history = store.read(&soon()).unwrap();
    let text = std::fs::read_to_string(path.join(FILE)).unwrap();
    assert_eq!(text.lines().count(), 5, "the first run wrote the ledger, the others a line each: {text}");
    assert_eq!(history.ledger.last, 1_000_240);
    assert_eq!(history.ledger.known(), [Some(Status::Operational); 2]);
    assert_eq!(history.ledger.bad, Some(vec![2_000]));
    assert_eq!(history.ledger.recent, [(2_000, 1_000_240)]);
    assert_eq!(history.ledger.jump_sources, [(7_144, true)]);
    let outages: Vec<_> =
        history.ledger.outages.iter().map(|outage| (outage.start, outage.end, outage.duration())).collect();
    assert_eq!(outages, [(1_000_060, Some(1_000_120), 60)], "what came after is not known");
    assert!(Store::open(&path).unwrap().is_none(), "one at a time");
}

#[test]
fn the_file_stays_small() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    for run in 0..600 {
        step(&path, 1_000_000 + run * 60, 'o');
    }
    let size = std::fs::metadata(path.join(FILE)).unwrap().len();
    assert!(size < 8 << 10, "{size}");
}
