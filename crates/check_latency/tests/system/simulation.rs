//! The rule in simulated worlds: how often it is wrong, and how soon it tells a change. The seeds are fixed,
//! so that a figure that changes is a rule that changed.

mod picture;
mod world;

use check_latency::rule::{Path, Settings, Verdict};
use world::{Change, DAY, Kind, Simulated};

/// Days of learning before alarms count.
const WARM: u64 = 8;
/// Where the change comes: five hours into the ninth day.
const AT: u64 = WARM * DAY + 60;

const STATIONARY: Kind = Kind { swell: 1.0, bursts: false, blips: false };
const BURSTY: Kind = Kind { swell: 1.0, bursts: true, blips: false };
const ALL: Kind = Kind { swell: 3.0, bursts: true, blips: true };

fn is_told(verdict: &Verdict) -> bool {
    verdict.loss.is_some() || verdict.rtt.is_some()
}

/// Begun alarms of a target and year, by base loss, after the days of learning.
fn alarms(kind: Kind, targets: u64, days: u64, told: impl Fn(&Verdict) -> bool) -> [f64; 4] {
    let mut counts = [0_u32; 4];
    for number in 0..targets {
        let (mut path, mut before) = (Path::default(), false);
        let mut simulated = Simulated::new(3, number, kind, (u64::MAX, Change::Nothing));
        for step in 0..(WARM + days) * DAY {
            let now = told(&path.judge(simulated.run(), &Settings::default()));
            counts[usize::try_from(number % 4).unwrap()] += u32::from(now && !before && step >= WARM * DAY);
            before = now;
        }
    }
    let years = targets as f64 / 4.0 * days as f64 / 365.0;
    counts.map(|count| f64::from(count) / years)
}

/// After how many runs a change is told, for each target: `None` if not within four days. And the share of
/// the first day told.
fn delays(change: Change, targets: u64) -> (Vec<Option<u64>>, f64) {
    let mut held = 0_u64;
    let delays = (0..targets).map(|number| {
        let mut path = Path::default();
        let mut simulated = Simulated::new(5, number, ALL, (AT, change));
        let mut first = None;
        for step in 0..AT + 4 * DAY {
            let told = is_told(&path.judge(simulated.run(), &Settings::default())) && step >= AT;
            held += u64::from(told && step < AT + DAY);
            first = first.or_else(|| told.then(|| step - AT + 1));
        }
        first
    });
    let delays: Vec<Option<u64>> = delays.collect();
    (delays, held as f64 / (targets * DAY) as f64)
}

/// The median delay of those told, and their share.
fn summary(delays: &[Option<u64>]) -> (u64, f64) {
    let mut told: Vec<u64> = delays.iter().flatten().copied().collect();
    told.sort_unstable();
    (told.get(told.len() / 2).copied().unwrap_or(u64::MAX), told.len() as f64 / delays.len() as f64)
}

#[test]
fn stationary_targets_raise_no_alarm() {
    assert_eq!(alarms(STATIONARY, 80, 16, |verdict| verdict.loss.is_some()), [0.0; 4]);
}

/// Over 64 days: in 16 days the targets of one base are together less than a year, and one alarm more or less
/// is chance.
#[test]
fn bursty_targets_hardly_raise_one() {
    let alarms = alarms(BURSTY, 80, 64, |verdict| verdict.loss.is_some());
    eprintln!("bursty: {alarms:?} a target and year, by base loss");
    assert!(alarms.iter().sum::<f64>() / 4.0 <= 1.0 && alarms[3] <= 3.0, "{alarms:?}");
}

#[test]
fn latency_alone_raises_no_alarm() {
    assert_eq!(alarms(ALL, 40, 16, |verdict| verdict.rtt.is_some()), [0.0; 4]);
}

#[test]
fn an_outage_is_told_in_its_run() {
    let (delays, held) = delays(Change::Loss(1.0), 16);
    assert_eq!(summary(&delays), (1, 1.0));
    assert_eq!(held, 1.0);
}

#[test]
fn changes_are_told_soon() {
    for (change, most) in [(Change::Loss(0.3), 3), (Change::Loss(0.1), 15), (Change::Later(30.0), 2)] {
        let (delays, held) = delays(change, 48);
        let (median, told) = summary(&delays);
        eprintln!(
            "{change:?}: told after {median} runs (median), {:.0} % of targets, {:.0} % of the first day",
            told * 1e2,
            held * 1e2
        );
        assert!(median <= most && told >= 0.7, "{change:?}: {median} runs, {told}");
    }
}
