//! When a monitor wrote its state, by what stands in it and by the file.

/// How many seconds a time may be ahead of this clock: two machines never agree to the second.
const AHEAD: u64 = 60;

/// Returns by how many seconds a moment is ahead of `now`. `None` if it is by no more than two clocks may
/// differ.
pub fn ahead(moment: u64, now: u64) -> Option<u64> {
    moment.checked_sub(now).filter(|ahead| *ahead > AHEAD)
}

/// When the state was written, in seconds since 1970.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    /// The file's own time.
    pub modified: u64,
    /// What the monitor wrote into it, once that is read.
    pub created: Option<u64>,
    /// When it was read.
    pub read: u64,
}

impl Written {
    /// Returns the older of both times, and never one of the future.
    pub fn time(&self) -> u64 {
        self.created.unwrap_or(u64::MAX).min(self.modified).min(self.read)
    }

    /// Returns how old the state is, in seconds.
    pub fn age(&self) -> u64 {
        self.read - self.time()
    }

    /// Returns by how many seconds one of both times is in the future. `None` if it is by no more than two
    /// clocks may differ.
    pub fn ahead(&self) -> Option<u64> {
        let last = self.created.unwrap_or_default().max(self.modified);
        ahead(last, self.read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_time_counts_and_none_of_the_future() {
        let rows = [
            (1000, None, (1000, None)),
            (900, None, (900, None)),
            (900, Some(500), (500, None)),
            (500, Some(900), (500, None)),
            (1060, Some(1060), (1000, None)),
            (1061, Some(900), (900, Some(61))),
            (900, Some(9000), (900, Some(8000))),
            (5000, Some(9000), (1000, Some(8000))),
        ];
        for (modified, created, (time, ahead)) in rows {
            let written = Written { modified, created, read: 1000 };
            assert_eq!((written.time(), written.ahead()), (time, ahead), "{modified} {created:?}");
            assert_eq!(written.age(), 1000 - time);
        }
    }
}
