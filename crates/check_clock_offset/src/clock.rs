//! This machine's own clock, read together with its monotonic one, so that a step between two readings is
//! noticed.

use std::time::{Duration, Instant, SystemTime};

/// A difference below this is no step: reading two clocks one after the other is not exact, in seconds.
const JITTER: f64 = 0.001;
/// How often the two clocks are read for the closest pair.
const PAIRS: u32 = 4;

/// The real and the monotonic clock at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    /// Seconds since the epoch by the real clock.
    real: f64,
    monotonic: Instant,
    /// How far apart the two were read.
    gap: Duration,
}

impl Stamp {
    /// Both clocks now.
    pub fn now() -> Self {
        let closest = (0..PAIRS).map(|_| Self::read()).min_by_key(|stamp| stamp.gap);
        closest.unwrap_or_else(Self::read)
    }

    fn read() -> Self {
        let before = Instant::now();
        let real = SystemTime::now();
        let gap = before.elapsed();
        let real = match real.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => since.as_secs_f64(),
            Err(error) => -error.duration().as_secs_f64(),
        };
        Self { real, monotonic: before + gap / 2, gap }
    }

    /// What the real clock shows at `instant`, in seconds since the epoch, if it is not stepped.
    pub fn real_at(&self, instant: Instant) -> f64 {
        match instant.checked_duration_since(self.monotonic) {
            Some(later) => self.real + later.as_secs_f64(),
            None => self.real - self.monotonic.duration_since(instant).as_secs_f64(),
        }
    }

    /// By how many seconds the real clock was stepped since `earlier`: none if it went on like the monotonic
    /// one, which a clock that is slewed does too.
    pub fn step_since(&self, earlier: &Self) -> Option<f64> {
        let step = self.real - earlier.real_at(self.monotonic);
        let noise = JITTER + self.gap.as_secs_f64() + earlier.gap.as_secs_f64();
        (step.abs() > noise).then_some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_told_from_the_passing_of_time() {
        let start = Stamp { real: 1_795_319_407.0, monotonic: Instant::now(), gap: Duration::from_micros(1) };
        let later = |seconds: f64, step: f64| Stamp {
            real: start.real + seconds + step,
            monotonic: start.monotonic + Duration::from_secs_f64(seconds),
            gap: Duration::from_micros(1),
        };
        assert_eq!(later(8.0, 0.0).step_since(&start), None);
        assert_eq!(later(8.0, 0.0005).step_since(&start), None);
        let step = later(3.0, -7.0).step_since(&start).unwrap();
        assert!((step + 7.0).abs() < 1e-6, "{step}");
        assert!(later(0.0, 0.01).step_since(&start).is_some());
        let unsure = Stamp { gap: Duration::from_millis(50), ..later(3.0, 0.03) };
        assert_eq!(
            unsure.step_since(&start),
            None,
            "within the time that passed between reading the two clocks"
        );
    }

    #[test]
    fn this_machines_clock_does_not_step_by_itself() {
        let start = Stamp::now();
        let instant = Instant::now();
        assert!((start.real_at(instant) - start.real) < 1.0);
        assert!(start.real > 1.6e9, "{}", start.real);
        assert_eq!(Stamp::now().step_since(&start), None);
    }
}
