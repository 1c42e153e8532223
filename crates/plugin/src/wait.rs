//! The one way in which programs wait for descriptors: bounded by a moment, whatever signals arrive.
//!
//! A descriptor that is broken or hung up is ready too: what reads or writes it next meets the error.

use std::time::{Duration, Instant};

use rustix::event::{PollFd, Timespec, poll};
use rustix::io::Errno;

/// The longest single call of poll(2), so that no system refuses the time: the wait goes on after it.
const LONGEST: Duration = Duration::from_secs(86_400);
const LONGEST_TIMESPEC: Timespec = Timespec { tv_sec: 86_400, tv_nsec: 0 };

/// Waits until one of `waiting` is ready, at most until `until`; if that is over, it does not wait. Returns
/// whether one is ready. A signal does not end the wait.
///
/// ```
/// use std::os::unix::net::UnixStream;
/// use std::time::Instant;
///
/// use rustix::event::{PollFd, PollFlags};
///
/// let (reader, writer) = UnixStream::pair()?;
/// assert!(!plugin::wait_until(&mut [PollFd::new(&reader, PollFlags::IN)], Instant::now())?);
/// drop(writer);
/// assert!(plugin::wait_until(&mut [PollFd::new(&reader, PollFlags::IN)], Instant::now())?);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// What the system reports of waiting.
pub fn wait_until(waiting: &mut [PollFd<'_>], until: Instant) -> Result<bool, Errno> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let limit = Timespec::try_from(left.min(LONGEST)).unwrap_or(LONGEST_TIMESPEC);
        match poll(waiting, Some(&limit)) {
            Ok(0) if left <= LONGEST => return Ok(false),
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => return Ok(true),
            Err(errno) => return Err(errno),
        }
    }
}

/// Waits as [`wait_until`] does, and returns of each of `waiting`, in their order, whether it is ready.
///
/// # Errors
/// What the system reports of waiting.
pub fn ready_until(mut waiting: Vec<PollFd<'_>>, until: Instant) -> Result<Vec<bool>, Errno> {
    wait_until(&mut waiting, until)?;
    Ok(waiting.iter().map(|one| !one.revents().is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::net::UnixStream;
    use std::thread;

    use rustix::event::PollFlags;

    use super::*;

    #[test]
    fn waits_as_long_as_nothing_comes_and_no_longer() {
        let (reader, mut writer) = UnixStream::pair().unwrap();
        let (silent, _open) = UnixStream::pair().unwrap();
        let both = || vec![PollFd::new(&silent, PollFlags::IN), PollFd::new(&reader, PollFlags::IN)];
        let (began, limit) = (Instant::now(), Duration::from_millis(30));
        assert_eq!(ready_until(both(), began + limit), Ok(vec![false, false]));
        assert!(began.elapsed() >= limit);
        let writing = thread::spawn(move || writer.write_all(b"x").map(|()| writer));
        assert_eq!(ready_until(both(), began + 2 * LONGEST), Ok(vec![false, true]));
        drop(writing.join().unwrap().unwrap());
        // Over, but one look.
        assert_eq!(ready_until(both(), began), Ok(vec![false, true]));
    }
}
