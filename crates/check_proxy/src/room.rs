//! How many proxies are asked at the same time, and how long each request may take.

use std::time::Duration;

use plugin::{Deadline, Seconds, open_files};

use crate::Args;
use crate::direct::SERVERS;
use crate::request_options::{LEAST, SHORTEST};
use crate::target::Collection;

/// The time for connecting, and again for each answer: it spans two retransmissions of a SYN (RFC 6298).
const TIME: Duration = Duration::from_millis(3_500);
/// What is kept of the overall time for the judgment and the output.
const RESERVE: Duration = Duration::from_millis(300);
/// What is kept of it for each proxy.
const RESERVE_EACH: Duration = Duration::from_micros(20);
/// The file descriptors that every run has open, besides those of the pages that are asked directly.
const OWN_FILES: u64 = 40;
/// How many threads the system surely has for one run.
const THREADS: usize = 3_000;

/// What there is for each proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    /// How many are asked at the same time.
    pub(crate) in_flight: usize,
    /// The time for connecting, and again for each answer.
    pub(crate) limit: Duration,
    /// A silence that is shorter tells nothing.
    pub(crate) least: Duration,
    /// How long from now on all of them may take together.
    pub(crate) time: Duration,
    /// How long each name may take.
    pub(crate) names: Duration,
}

/// Returns what there is for each of these proxies: all at the same time, as far as files may be open and
/// threads started.
pub(crate) fn room(args: &Args, collection: &Collection, deadline: &Deadline) -> Room {
    let targets = collection.expected();
    // A name may stand for more.
    let most = if collection.hosts.is_empty() { targets } else { usize::MAX };
    // Each page takes a stranger, an unknown user and the customer.
    let each = (3 * args.page.url.len()).max(args.forbid.len()).max(1);
    let given = args.connecting.in_flight.map(|number| usize::try_from(number.get()).unwrap_or(usize::MAX));
    let wanted = given.unwrap_or(THREADS / each).clamp(1, most.max(1));
    let in_flight =
        (open_files(wanted.saturating_mul(each), own_files(args.page.url.len())) / each).clamp(1, wanted);
    let given = args.connecting.connect_timeout.map(Seconds::duration);
    let limit = given.unwrap_or_else(|| default_limit(deadline.limit(), targets.div_ceil(in_flight)));
    let time = time(deadline, targets);
    Room {
        in_flight,
        limit,
        least: if given.is_none() && is_short(deadline.limit()) { LEAST } else { limit.min(LEAST) },
        time,
        names: time_for_names(time),
    }
}

/// A name may take all of the `time` but what a proxy needs for an answer that tells something: the first
/// nameserver may be dead, and the second one right.
fn time_for_names(time: Duration) -> Duration {
    time.saturating_sub(LEAST).max(time / 2)
}

/// Returns the number of open files besides those of the proxies. All `pages` may be asked directly at once.
fn own_files(pages: usize) -> u64 {
    OWN_FILES + u64::try_from(SERVERS.saturating_mul(pages)).unwrap_or(u64::from(u32::MAX))
}

/// Returns the time that this number of proxies may take together.
fn time(deadline: &Deadline, targets: usize) -> Duration {
    let reserve = RESERVE_EACH.saturating_mul(u32::try_from(targets).unwrap_or(u32::MAX));
    deadline.keeping(RESERVE).saturating_sub(reserve)
}

/// A short --timeout shortens each try, to a second as long as there is one; so do more proxies than can be
/// asked at once.
fn default_limit(whole: Duration, turns: usize) -> Duration {
    let whole = whole.saturating_sub(2 * RESERVE);
    let least = LEAST.min((whole / 2).max(SHORTEST.min(whole)));
    let turns = u32::try_from(turns.saturating_add(1)).unwrap_or(u32::MAX).max(2);
    TIME.min((whole / turns).max(least)).max(Duration::from_millis(10))
}

/// Whether --timeout alone leaves so little that a proxy which is well may not answer in its share of it.
fn is_short(whole: Duration) -> bool {
    whole.saturating_sub(2 * RESERVE) / 2 < LEAST
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A short --timeout leaves less time for the report than the reserve.
    #[test]
    fn the_report_keeps_its_part_of_the_time() {
        let rows = [(1_000, 1, 875), (1_000, 5_000, 775), (8_000, 1, 7_700), (8_000, 50_000, 6_700)];
        for (whole, targets, expected) in rows {
            let deadline = Deadline::after(Duration::from_millis(whole));
            let time = time(&deadline, targets).as_millis();
            assert!((expected - 60..=expected).contains(&time), "{whole} {targets} {time}");
        }
        assert_eq!(time(&Deadline::after(Duration::from_secs(8)), usize::MAX), Duration::ZERO);
    }

    #[test]
    fn a_name_leaves_time_for_its_proxies() {
        let rows = [(7_700, 6_200), (3_000, 1_500), (875, 437)];
        for (time, expected) in rows {
            assert_eq!(time_for_names(Duration::from_millis(time)).as_millis(), expected);
        }
    }

    /// Each page has its own servers, and all of them are asked at once.
    #[test]
    fn the_pages_that_are_asked_directly_have_files_too() {
        assert_eq!([0, 1, 20].map(own_files), [40, 48, 200]);
    }

    #[test]
    fn many_turns_leave_each_less_time() {
        let rows = [
            (8_000, 1, 3_500),
            (8_000, 2, 2_466),
            (8_000, 3, 1_850),
            (8_000, 4, 1_500),
            (8_000, 50, 1_500),
            (3_000, 1, 1_200),
            (3_000, 9, 1_200),
            (2_000, 1, 1_000),
            (2_700, 1, 1_050),
            (1_000, 1, 400),
            (1_000, 9, 400),
            (500, 1, 10),
            (60_000, 1, 3_500),
        ];
        for (whole, turns, expected) in rows {
            let limit = default_limit(Duration::from_millis(whole), turns);
            assert_eq!(limit.as_millis(), expected, "{whole} {turns}");
        }
        let short =
            [500, 1_000, 3_000, 3_500, 3_600, 8_000].map(|whole| is_short(Duration::from_millis(whole)));
        assert_eq!(short, [true, true, true, true, false, false]);
    }
}
