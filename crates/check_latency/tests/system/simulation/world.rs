//! Simulated paths: one run of 20 pings in five minutes, for days. Base losses of 0, 0.5, 2 and 5 %, two
//! thirds of the paths with bursts, an evening swell of loss and time, blips, and moments in which the
//! monitor itself is slow.

use check_latency::rule::Run;

/// Pings of a run.
pub(crate) const PINGS: u32 = 20;
/// Runs of a day.
pub(crate) const DAY: u64 = 288;
/// Seconds between two runs.
const PAUSE: u64 = 300;
/// The share of pings that each base loses.
const BASES: [f64; 4] = [0.0, 0.005, 0.02, 0.05];

/// Random numbers that are the same in every run: splitmix64.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def0)
    }

    /// From 0 to 1, without 1.
    pub(crate) fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + self.unit() * (high - low)
    }

    fn exponential(&mut self) -> f64 {
        -(1.0 - self.unit()).ln()
    }

    fn normal(&mut self) -> f64 {
        (2.0 * self.exponential()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// A gamma distribution of the mean 1: by Marsaglia and Tsang.
    fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let boosted = self.gamma(shape + 1.0) * (shape + 1.0);
            return boosted * self.unit().powf(1.0 / shape) / shape;
        }
        let d = shape - 1.0 / 3.0;
        loop {
            let x = self.normal();
            let v = (1.0 + x / (9.0 * d).sqrt()).powi(3);
            if v > 0.0 && (1.0 - self.unit()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v / shape;
            }
        }
    }
}

/// What the paths of a world are like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// How many times the loss swells in the evening, at most.
    pub(crate) swell: f64,
    /// Whether some paths lose in bursts.
    pub(crate) bursts: bool,
    /// Whether single runs lose 30 %.
    pub(crate) blips: bool,
}

/// What changes on the ninth day.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    Nothing,
    /// This share of pings is lost more.
    Loss(f64),
    /// This many milliseconds are added.
    Later(f64),
}

/// A path.
#[derive(Debug)]
pub(crate) struct Simulated {
    random: Random,
    kind: Kind,
    change: (u64, Change),
    base: f64,
    rtt: f64,
    jitter: f64,
    swing: f64,
    swell: f64,
    shape: f64,
    step: u64,
    seed: u64,
}

impl Simulated {
    /// Path `number` of the world `seed`; the change comes at this run.
    pub(crate) fn new(seed: u64, number: u64, kind: Kind, change: (u64, Change)) -> Self {
        let mut random = Random::new(seed * 1_000_003 + number);
        let rtt = random.between(5_f64.ln(), 300_f64.ln()).exp();
        let base = BASES[usize::try_from(number % 4).unwrap()];
        let jitter = rtt * random.between(0.02, 0.08) + 0.2;
        let (swing, swell) = (random.between(0.0, 0.15), random.between(1.0, kind.swell));
        let shape = if random.unit() < 0.66 { 0.7 } else { 50.0 };
        Self { random, kind, change, base, rtt, jitter, swing, swell, shape, step: 0, seed }
    }

    /// How slow the monitor is at a run, in milliseconds: the same for all paths of the world.
    fn monitor(&self) -> f64 {
        let mut random = Random::new(self.seed ^ (self.step << 20));
        if random.unit() < 1.0 / 300.0 { random.between(5.0, 80.0) } else { 0.0 }
    }

    /// The next run.
    pub(crate) fn run(&mut self) -> Run {
        let hour = (self.step % DAY) as f64 / DAY as f64;
        let evening = (std::f64::consts::TAU * (hour - 0.55)).sin().max(0.0);
        let changed = self.step >= self.change.0;
        let mut loss = self.base * (1.0 + (self.swell - 1.0) * evening);
        if self.kind.bursts && loss > 0.0 {
            loss *= self.random.gamma(self.shape);
        }
        if self.kind.blips && self.random.unit() < 1.0 / 500.0 {
            loss = loss.max(0.3);
        }
        let mut rtt = self.rtt * (1.0 + self.swing * evening) + self.monitor();
        match self.change.1 {
            Change::Loss(more) if changed => loss += more,
            Change::Later(more) if changed => rtt += more,
            _ => {}
        }
        let mut times: Vec<f64> = Vec::new();
        for _ in 0..PINGS {
            if self.random.unit() >= loss {
                times.push(rtt + self.random.exponential() * self.jitter);
            }
        }
        times.sort_unstable_by(f64::total_cmp);
        let answered = times.len();
        let median = (answered > 0).then(|| (times[(answered - 1) / 2] + times[answered / 2]) / 2.0);
        self.step += 1;
        let lost = PINGS - u32::try_from(answered).unwrap();
        Run::new(1_790_000_000 + self.step * PAUSE, PINGS, lost, median.map(|median| (median * 1e3) as u32))
    }
}
