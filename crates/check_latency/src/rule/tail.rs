//! Tails of the two distributions that the rule needs, summed term by term: at most some thousand terms.

/// The least and the greatest correlation of pings within a window.
const CORRELATION: (f64, f64) = (1e-5, 0.5);
/// The least and the greatest mean, as a share.
const MEAN: (f64, f64) = (1e-5, 0.95);

/// Returns the probability that at least `lost` of `sent` pings are lost, where the share that is lost has
/// this `mean` and the number a variance of `dispersion` times that of a binomial distribution: a
/// beta-binomial distribution.
pub(super) fn at_least(lost: u32, sent: u32, mean: f64, dispersion: f64) -> f64 {
    if lost == 0 {
        return 1.0;
    }
    let mean = mean.clamp(MEAN.0, MEAN.1);
    let pairs = f64::from(sent.saturating_sub(1).max(1));
    let correlation = ((dispersion - 1.0) / pairs).clamp(CORRELATION.0, CORRELATION.1);
    let size = 1.0 / correlation - 1.0;
    let (lost_side, kept_side) = (mean * size, (1.0 - mean) * size);
    // The logarithm of P(X = 0), then from each term to the next by their ratio.
    let mut term: f64 =
        (0..sent).map(|ping| ((kept_side + f64::from(ping)) / (size + f64::from(ping))).ln()).sum();
    let ratio = |x: u32| {
        let (x, left) = (f64::from(x), f64::from(sent - x));
        left / (x + 1.0) * (x + lost_side) / (left - 1.0 + kept_side)
    };
    for x in 0..lost.min(sent) {
        term += ratio(x).ln();
    }
    let mut term = term.exp();
    let mut sum = term;
    for x in lost..sent {
        term *= ratio(x);
        sum += term;
    }
    if lost > sent { 0.0 } else { sum.min(1.0) }
}

/// Returns the probability that at most `lost` of `sent` pings are lost, where each is lost with this
/// probability by itself: a binomial distribution.
pub(super) fn at_most(lost: u32, sent: u32, probability: f64) -> f64 {
    if lost >= sent {
        return 1.0;
    }
    let odds = (probability / (1.0 - probability)).ln();
    let mut term = f64::from(sent) * (1.0 - probability).ln();
    let mut sum = term.exp();
    for x in 0..lost {
        term += odds + (f64::from(sent - x) / (f64::from(x) + 1.0)).ln();
        sum += term.exp();
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= expected * 1e-9 + 1e-15, "{found:e} is not {expected:e}");
    }

    /// Of a beta-binomial distribution with a = b = 1 all numbers are equally likely; a correlation of 1/3.
    #[test]
    fn the_uniform_case() {
        for lost in 0..=20 {
            close(at_least(lost, 20, 0.5, 1.0 + 19.0 / 3.0), f64::from(21 - lost) / 21.0);
        }
        close(at_least(21, 20, 0.5, 1.0 + 19.0 / 3.0), 0.0);
    }

    /// Sums that were made by hand from the definition with integers: a = 1, b = 3, so that P(X >= k) of n is
    /// C(n - k + 3, 3) / C(n + 3, 3).
    #[test]
    fn one_to_three() {
        let choose3 = |n: u32| f64::from(n * (n - 1) * (n - 2)) / 6.0;
        for lost in 0..=20_u32 {
            let pairs = 19.0;
            close(at_least(lost, 20, 0.25, 1.0 + pairs / 5.0), choose3(20 - lost + 3) / choose3(23));
        }
    }

    #[test]
    fn almost_no_correlation_is_the_binomial() {
        close(at_most(0, 20, 0.5), 0.5_f64.powi(20));
        close(at_most(1, 20, 0.5), 21.0 * 0.5_f64.powi(20));
        close(at_most(20, 20, 0.5), 1.0);
        close(at_most(10, 21, 0.5), 0.5);
        let (lower, upper) = (at_most(3, 20, 0.1), at_least(4, 20, 0.1, 1.0));
        assert!((lower + upper - 1.0).abs() < 1e-3, "{lower} {upper}");
    }

    #[test]
    fn the_ends_are_no_trouble() {
        assert_eq!(at_least(0, 20, 0.0, 1.2), 1.0);
        assert!(at_least(20, 20, 0.0, 1.2) < 1e-20);
        assert!(at_least(1, 1, 0.99, 20.0) > 0.9);
        assert!(at_least(12_000, 12_000, 0.5, 1.2) < 1e-20);
        assert!(at_least(6_000, 12_000, 0.5, 1.2) > 0.4);
        close(at_most(0, 20, 0.999), 1e-60);
    }
}
