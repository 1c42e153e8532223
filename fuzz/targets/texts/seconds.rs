//! Times in seconds, and the value of --timeout: digits and one point, within the limits, and the time that
//! the standard library reads.

use plugin::{Seconds, State, Timeout};

const LIMITS: std::ops::RangeInclusive<f64> = 0.5..=86_400.0;

pub(crate) fn run(text: &str) {
    let plain = text.split('.').count() <= 2
        && text.split('.').all(|part| !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_digit()));
    match Seconds::parse(text, LIMITS) {
        Ok(seconds) => {
            assert!(plain, "{text:?}");
            let expected: f64 = text.parse().expect("a number");
            assert!((seconds.as_f64() - expected).abs() < 1e-6, "{text:?} is {seconds}");
            assert_eq!(
                Seconds::parse(&seconds.to_string(), LIMITS).ok(),
                Some(seconds),
                "does not read back"
            );
        }
        Err(error) => {
            assert!(
                !plain || !LIMITS.contains(&text.parse().unwrap_or(f64::NAN)),
                "{text:?} is refused: {error}"
            );
        }
    }
    if let Ok(timeout) = text.parse::<Timeout>() {
        assert_ne!(timeout.state, State::Ok, "{text:?}");
        assert!(!timeout.limit.is_zero(), "{text:?}");
    }
}
