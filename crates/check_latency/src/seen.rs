//! What came of the pings to one target.

use std::net::IpAddr;

use net::IcmpError;

use crate::rule::Run;

/// What came of the pings of a run to one target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// How many were sent.
    pub(crate) sent: u32,
    /// The round-trip times of those answered in time, in microseconds.
    pub(crate) times: Vec<u32>,
    /// How many were answered too late.
    pub(crate) late: u32,
    /// How many replies came once more.
    pub(crate) duplicates: u32,
    /// How many were answered by another address or with another payload, and not as they should.
    pub(crate) strange: u32,
    /// The other address that answered.
    pub(crate) other_address: Option<IpAddr>,
    /// Whether a reply had another payload.
    pub(crate) other_payload: bool,
    /// The last ICMP error.
    pub(crate) icmp: Option<IcmpError>,
    /// Why this machine could not send, in words.
    pub(crate) unsent: Option<String>,
    /// Whether that was a lack of room, as in a full table of neighbours.
    pub(crate) no_room: bool,
}

impl Seen {
    /// Returns how many pings nothing answered in time: a strange reply is neither a reply nor a loss.
    pub(crate) fn lost(&self) -> u32 {
        let replies = u32::try_from(self.times.len()).unwrap_or(u32::MAX);
        self.sent.saturating_sub(self.strange).saturating_sub(replies)
    }

    /// Returns whether another address answered, or a reply had another payload.
    pub(crate) fn is_strange(&self) -> bool {
        self.other_address.is_some() || self.other_payload
    }

    /// Returns the run that is judged; `None` where no ping tells anything of the path, as where strange
    /// replies are all that came and nothing is lost.
    pub(crate) fn run(&self, at: u64) -> Option<Run> {
        let is_told = !self.times.is_empty() || self.lost() > 0;
        is_told.then(|| Run::new(at, self.sent, self.lost(), self.median()))
    }

    /// Returns the median of the round-trip times, in microseconds.
    pub(crate) fn median(&self) -> Option<u32> {
        let mut times = self.times.clone();
        times.sort_unstable();
        let middle = times.len() / 2;
        let upper = *times.get(middle)?;
        let lower = if times.len().is_multiple_of(2) { *times.get(middle - 1)? } else { upper };
        Some(lower.midpoint(upper))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_that_of_the_replies_in_time() {
        for (times, median) in [
            (&[][..], None),
            (&[7], Some(7)),
            (&[9, 1], Some(5)),
            (&[9, 1, 2], Some(2)),
            (&[4, 8, 2, 6], Some(5)),
        ] {
            let seen = Seen { sent: 20, times: times.to_vec(), ..Seen::default() };
            assert_eq!(seen.median(), median);
            assert_eq!(seen.lost(), 20 - u32::try_from(times.len()).unwrap());
        }
    }

    #[test]
    fn a_strange_reply_is_neither_a_reply_nor_a_loss() {
        let seen = Seen { sent: 20, times: vec![5; 15], strange: 4, ..Seen::default() };
        assert_eq!(seen.run(7), Some(Run::new(7, 20, 1, Some(5))));
        assert_eq!(Seen { sent: 3, strange: 3, ..Seen::default() }.run(7), None);
        let lossy = Seen { sent: 20, strange: 3, ..Seen::default() }.run(7);
        assert_eq!(lossy, Some(Run::new(7, 20, 17, None)), "nothing answered 17 pings");
        assert!(lossy.is_some_and(|run| !run.is_silent()), "it answers, but strangely");
        assert_eq!(Seen::default().run(7), None);
    }
}
