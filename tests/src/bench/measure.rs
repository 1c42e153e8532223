//! Running programs in turn, each round in another order, and what the times come to.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::plan::Plan;

/// A program to be timed: what to call it, and the command.
#[derive(Debug)]
pub struct Subject {
    name: String,
    command: Command,
}

impl Subject {
    /// A subject of this name.
    pub fn new(name: impl Into<String>, command: Command) -> Self {
        Self { name: name.into(), command }
    }
}

/// The times of subjects that ran in turn: `times[subject][round]`, in seconds.
#[derive(Debug)]
pub struct Times(Vec<Vec<f64>>);

/// A quantity over the rounds: its median, and the quarters that bound its middle half.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spread {
    pub(super) low: f64,
    pub(super) median: f64,
    pub(super) high: f64,
}

/// Runs the subjects in turn, round after round, until the time of the plan is used up. Each round has
/// another order: a program that always ran behind a heavy one would find the caches cold each time, and read
/// a fifth slower than itself.
pub(super) fn in_turn(plan: &Plan, subjects: &mut [Subject]) -> Times {
    let mut times = vec![Vec::new(); subjects.len()];
    for _ in 0..plan.warm_up {
        // Not counted: the first runs bring the programs into memory.
        subjects.iter_mut().for_each(|subject| assert!(!time(subject).is_zero(), "{}", subject.name));
    }
    let start = Instant::now();
    let mut order: Vec<usize> = (0..subjects.len()).collect();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    while start.elapsed() < plan.budget || times.iter().any(|times| times.len() < plan.rounds) {
        shuffle(&mut order, &mut random);
        for &place in &order {
            if let (Some(subject), Some(times)) = (subjects.get_mut(place), times.get_mut(place)) {
                times.push(time(subject).as_secs_f64());
            }
        }
    }
    Times(times)
}

/// Fisher and Yates' shuffle, by Marsaglia's xorshift: the same orders in each run of the benchmark.
fn shuffle(order: &mut [usize], random: &mut u64) {
    for last in (1..order.len()).rev() {
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        let other = usize::try_from(*random % (last as u64 + 1)).unwrap_or(0);
        order.swap(last, other);
    }
}

/// From start to exit, which must be a success: a program that fails early would look fast.
fn time(subject: &mut Subject) -> Duration {
    let command = subject.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status();
    let elapsed = start.elapsed();
    assert!(status.as_ref().is_ok_and(|status| status.success()), "{}: {status:?}", subject.name);
    elapsed
}

impl Times {
    pub(super) fn rounds(&self) -> usize {
        self.0.first().map_or(0, Vec::len)
    }

    /// The times of one subject.
    pub(super) fn of(&self, subject: usize) -> Spread {
        Spread::of(self.0.get(subject).into_iter().flatten().copied())
    }

    /// The times of one subject divided by those of another in the same round.
    pub(super) fn ratio(&self, subject: usize, peer: usize) -> Spread {
        let (subject, peer) = (self.0.get(subject), self.0.get(peer));
        Spread::of(
            subject.into_iter().flatten().zip(peer.into_iter().flatten()).map(|(time, peer)| time / peer),
        )
    }
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let quantile = |part: usize| values.get(values.len() * part / 4).copied().unwrap_or(f64::NAN);
        Self { low: quantile(1), median: quantile(2), high: quantile(3) }
    }
}

/// What the launcher `peak` says of one run: the most memory resident in MiB, and the processors' time in
/// seconds.
fn used(peak: &std::path::Path, command: &Command) -> (f64, f64) {
    let output = Command::new(peak).arg(command.get_program()).args(command.get_args()).output();
    let printed = output
        .as_ref()
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    let mut numbers = printed.split_ascii_whitespace().filter_map(|number| number.parse::<f64>().ok());
    let used = numbers.next().zip(numbers.next());
    assert!(used.is_some(), "{command:?}: {output:?}");
    used.map_or((f64::NAN, f64::NAN), |(kibibytes, seconds)| (kibibytes / 1024.0, seconds))
}

/// The most that a program has resident, in MiB: the greatest of so many runs, with its file in memory as on
/// a machine that was started since it was installed.
pub(super) fn resident(peak: &std::path::Path, runs: usize, command: &Command) -> f64 {
    drop_pages(std::path::Path::new(command.get_program()));
    (0..runs).map(|_| used(peak, command).0).fold(0.0, f64::max)
}

/// Drops what is in memory of a file, so that it is read from the disk. A file that was just written lies
/// there in larger pieces, and pages beside those that its program needs count as resident too: half a MiB of
/// 2.5 was seen.
fn drop_pages(file: &std::path::Path) {
    // Where that fails, it is measured as it is.
    if let Ok(file) = std::fs::File::open(file) {
        let _ = file.sync_all();
        let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed);
    }
}

/// The time that two programs keep processors busy, in seconds, in turn for so many rounds.
pub(super) fn busy(peak: &std::path::Path, rounds: usize, commands: [&Command; 2]) -> Times {
    let mut times = vec![Vec::new(); commands.len()];
    for _ in 0..rounds {
        commands.iter().zip(&mut times).for_each(|(command, times)| times.push(used(peak, command).1));
    }
    Times(times)
}
