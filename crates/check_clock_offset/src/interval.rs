//! What is known of an offset: an interval that holds it for certain.

/// An interval of seconds that holds the true value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The least that the value can be.
    pub low: f64,
    /// The most that the value can be.
    pub high: f64,
}

impl Interval {
    /// The interval that reaches `half` to both sides of `middle`.
    pub fn around(middle: f64, half: f64) -> Self {
        Self { low: middle - half, high: middle + half }
    }

    /// The best guess.
    pub fn middle(self) -> f64 {
        self.low.midpoint(self.high)
    }

    /// How far the value can be from the middle.
    pub fn half_width(self) -> f64 {
        (self.high - self.low) / 2.0
    }

    /// The value in the interval that is nearest to zero: what the value is at least, on whichever side.
    pub fn nearest_to_zero(self) -> f64 {
        if self.high < 0.0 { self.high } else { self.low.max(0.0) }
    }

    /// How far the value can be from zero.
    pub fn farthest_from_zero(self) -> f64 {
        self.low.abs().max(self.high.abs())
    }

    /// The interval that holds the size of the value, whatever its sign.
    pub fn size(self) -> Self {
        Self { low: self.nearest_to_zero().abs(), high: self.farthest_from_zero() }
    }

    /// What both intervals hold: none if they have nothing in common.
    pub fn intersection(self, other: Self) -> Option<Self> {
        let common = Self { low: self.low.max(other.low), high: self.high.min(other.high) };
        (common.low <= common.high).then_some(common)
    }

    /// The smallest interval that holds both.
    pub fn hull(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    /// This interval, longer at both ends by `more`.
    pub fn widened(self, more: f64) -> Self {
        Self { low: self.low - more, high: self.high + more }
    }
}

/// The negative of what this interval holds.
impl std::ops::Neg for Interval {
    type Output = Self;

    fn neg(self) -> Self {
        Self { low: -self.high, high: -self.low }
    }
}

/// The sum of what two intervals hold.
impl std::ops::Add for Interval {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { low: self.low + other.low, high: self.high + other.high }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(low: f64, high: f64) -> Interval {
        Interval { low, high }
    }

    #[test]
    fn the_end_nearest_to_zero_is_certain() {
        let rows = [(-7.5, -6.5, -6.5), (6.5, 7.5, 6.5), (-1.0, 2.0, 0.0), (0.0, 0.0, 0.0), (-3.0, 0.0, 0.0)];
        for (low, high, nearest) in rows {
            assert_eq!(interval(low, high).nearest_to_zero(), nearest, "{low} to {high}");
        }
        assert_eq!(interval(-7.5, 2.0).farthest_from_zero(), 7.5);
        assert_eq!(interval(-7.5, 2.0).size(), interval(0.0, 7.5));
        assert_eq!(interval(-7.5, -7.0).size(), interval(7.0, 7.5));
    }

    #[test]
    fn intervals_meet_join_and_add_up() {
        assert_eq!(interval(0.0, 2.0).intersection(interval(1.0, 3.0)), Some(interval(1.0, 2.0)));
        assert_eq!(interval(0.0, 1.0).intersection(interval(2.0, 3.0)), None);
        assert_eq!(interval(0.0, 1.0).hull(interval(2.0, 3.0)), interval(0.0, 3.0));
        assert_eq!(interval(6.0, 7.0) + interval(-0.25, 0.5), interval(5.75, 7.5));
        assert_eq!(-interval(6.0, 7.0), interval(-7.0, -6.0));
        assert_eq!(Interval::around(1.0, 0.5).widened(0.5), interval(0.0, 2.0));
        assert_eq!((interval(1.0, 2.0).middle(), interval(1.0, 2.0).half_width()), (1.5, 0.5));
    }
}
