//! How long a try is and how many of them confirm a failure, as far as the overall time leaves room.

use std::time::Duration;

/// The time that spans two retransmissions of a SYN, which are sent after 1 s and 3 s (RFC 6298), earlier on
/// Linux from 6.5 on.
const TWO_RETRANSMISSIONS: Duration = Duration::from_millis(3_500);
/// The shortest time of a try by default: it spans one retransmission. Silence for less than that may be one
/// lost packet.
pub(crate) const ONE_RETRANSMISSION: Duration = Duration::from_millis(1_200);
/// The pause before another try, and over what further time such starts are spread: what limits rates on the
/// way should have let go.
pub(crate) const PAUSE: Duration = Duration::from_millis(50);
pub(crate) const SPREAD: Duration = Duration::from_millis(100);
/// What the tries leave of the overall time for everything else.
pub(crate) const REST: Duration = Duration::from_millis(100);
/// What starting a connection and naming a failure take at most on a slow machine, for each target.
const EACH: Duration = Duration::from_micros(50);

/// Returns what tries and pings of so many targets leave of the overall time.
pub(crate) fn rest(targets: usize) -> Duration {
    REST + EACH * count(targets)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The tries of each target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tries {
    /// The time for a handshake, and again for an answer.
    pub(crate) timeout: Duration,
    /// After how many failures no other try follows.
    pub(crate) most: u8,
    /// How many failures count where the time is over before there are `most`.
    pub(crate) enough: u8,
}

impl Tries {
    /// Chooses the tries that fit into `limit` for all targets, should all of them be silent: `most` of the
    /// time `given`, else of a time that spans two retransmissions or at least one. Where even those do not
    /// fit, fewer are enough. A given time that spans no retransmission proves nothing by fewer tries than
    /// asked for.
    pub(crate) fn new(
        limit: Duration,
        most: u8,
        given: Option<Duration>,
        (targets, in_flight): (usize, usize),
    ) -> Self {
        let limit = limit.saturating_sub(rest(targets));
        let room = |tries: u8| {
            let tries = u32::from(tries.max(1));
            limit.saturating_sub((PAUSE + SPREAD) * (tries - 1)) / tries
        };
        let shortest = given.unwrap_or(ONE_RETRANSMISSION);
        let fitting = (1..=most).rev().find(|tries| room(*tries) >= shortest).unwrap_or(1);
        let turns = count(targets.div_ceil(in_flight.max(1)).max(1));
        let default = || (room(fitting) / turns).clamp(ONE_RETRANSMISSION, TWO_RETRANSMISSIONS);
        Self {
            timeout: given.unwrap_or_else(default),
            most,
            enough: if shortest < ONE_RETRANSMISSION { most } else { fitting },
        }
    }

    /// Returns whether another try should follow so many failures, of which the last `took` so long: where
    /// they are enough, only if another one would be over in the time that is `left`.
    pub(crate) fn go_on(&self, failures: u8, took: Duration, left: Duration) -> bool {
        failures < self.most && (failures < self.enough || left >= took + PAUSE + SPREAD)
    }
}

/// Returns the note that `targets` targets failed after `enough` tries, fewer than the `most` asked for.
pub(crate) fn note(targets: usize, enough: u8, most: u8) -> String {
    let noun = if targets == 1 { "target" } else { "targets" };
    let tries = if enough == 1 { "one try".to_owned() } else { format!("{enough} tries") };
    format!("note: {targets} {noun} had {tries}: --timeout leaves no time for {most}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_time_leaves_room_for_the_tries_that_are_enough() {
        let rows = [
            // (--timeout in s, tries, targets, in flight, enough, ms at least, ms at most)
            (8.0, 2, 1, 1, 2, 3_500, 3_500),
            (8.0, 1, 1, 1, 1, 3_500, 3_500),
            (8.0, 2, 5_000, 5_000, 2, 3_500, 3_500),
            (8.0, 2, 20_000, 20_000, 2, 3_300, 3_400),
            (8.0, 3, 300, 300, 3, 2_500, 2_600),
            // Two do not fit, or not all five.
            (1.3, 2, 1, 1, 1, 1_200, 1_200),
            (2.0, 2, 10, 10, 1, 1_850, 1_900),
            (2.6, 2, 10, 10, 1, 2_400, 2_500),
            (2.7, 2, 10, 10, 2, 1_200, 1_300),
            (5.0, 5, 1, 1, 3, 1_500, 1_600),
            (3.0, 5, 1, 1, 2, 1_300, 1_400),
            // Two turns, and twenty.
            (8.0, 2, 2_000, 1_000, 2, 1_850, 1_950),
            (8.0, 2, 20_000, 984, 2, 1_200, 1_200),
            (2.0, 2, 20_000, 984, 1, 1_200, 1_200),
            (600.0, 2, 20_000, 984, 2, 3_500, 3_500),
        ];
        for (limit, most, targets, in_flight, enough, least, longest) in rows {
            let tries = Tries::new(Duration::from_secs_f64(limit), most, None, (targets, in_flight));
            let row = format!("{limit} {most} {targets} {in_flight}: {tries:?}");
            assert_eq!((tries.most, tries.enough), (most, enough), "{row}");
            assert!((least..=longest).contains(&tries.timeout.as_millis()), "{row}");
        }
    }

    #[test]
    fn a_time_that_is_given_stays_and_a_short_one_proves_nothing_alone() {
        for (limit, given, enough) in
            [(8.0, 3.0, 2), (8.0, 5.0, 1), (8.0, 7.9, 1), (1.0, 0.6, 2), (1.0, 0.3, 2)]
        {
            let [limit, given] = [limit, given].map(Duration::from_secs_f64);
            let tries = Tries::new(limit, 2, Some(given), (1, 1));
            assert_eq!((tries.timeout, tries.enough), (given, enough), "{limit:?} {given:?}");
        }
    }

    #[test]
    fn another_try_follows_where_it_counts_or_has_its_time() {
        let tries = Tries { timeout: Duration::from_secs(2), most: 3, enough: 1 };
        let rows = [
            (1, 2.0, 0.5, false),
            (1, 2.0, 2.1, false),
            (1, 2.0, 2.2, true),
            (2, 2.0, 2.2, true),
            (3, 2.0, 9.0, false),
            // It was refused.
            (1, 0.0, 0.5, true),
            (3, 0.0, 0.5, false),
        ];
        for (failures, took, left, expected) in rows {
            let [took, left] = [took, left].map(Duration::from_secs_f64);
            assert_eq!(tries.go_on(failures, took, left), expected, "{failures} {took:?} {left:?}");
        }
        let two = Tries { enough: 2, ..tries };
        assert!(two.go_on(1, tries.timeout, Duration::ZERO), "an unconfirmed failure is none");
    }
}
