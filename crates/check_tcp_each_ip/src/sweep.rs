//! The sweep over all targets: shared out among a few threads, each with an epoll loop of its own
//! (`worker.rs`).

pub(crate) mod connection;
pub(crate) mod dialogue;
pub(crate) mod flight;
pub(crate) mod icmp;
pub(crate) mod starttls;
pub(crate) mod talk;
pub(crate) mod tries;
pub(crate) mod work;
pub(crate) mod worker;

use std::thread;

use rustix::io::Errno;

use crate::memory::{self, STACK};
use crate::sweep::work::{Found, Sweep, Work};
use crate::sweep::worker::Worker;

/// More threads than this find no more work: the kernel's part is the bottleneck.
const MOST_THREADS: usize = 4;
/// Below this many targets a second thread costs more than it brings.
const FEW: usize = 256;

/// Returns how many threads so many targets are worth on this machine.
pub(crate) fn threads_for(targets: usize) -> usize {
    if targets < FEW || memory::is_scarce() {
        1
    } else {
        thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS)
    }
}

/// Tries each target until it answers, until it has failed as often as it is to be tried, or until the time
/// is over. What failed is sorted by its places.
///
/// # Errors
/// If the system gives no epoll instance.
pub(crate) fn run(sweep: &Sweep<'_>, threads: usize) -> Result<Found, Errno> {
    let work = Work::new(sweep.targets.len());
    let mut found = share(sweep, &work, threads.clamp(1, sweep.manner.in_flight.max(1)))?;
    // What no thread took, because the time was over.
    let not_reached = found.not_reached();
    found.failed.extend(work.left().map(|place| (place, not_reached.clone())));
    found.failed.sort_unstable();
    Ok(found)
}

/// The work done by as many threads, this one among them.
fn share(sweep: &Sweep<'_>, work: &Work, threads: usize) -> Result<Found, Errno> {
    let in_flight = sweep.manner.in_flight;
    let worker = |number: usize| {
        let window = window((in_flight, sweep.targets.len()), (number, threads));
        let [number, threads] = [number, threads].map(|count| u32::try_from(count).unwrap_or(1));
        Worker::new(sweep, work, window, sweep.manner.pace * threads, sweep.manner.pace * number)
    };
    thread::scope(|scope| {
        // Where the system gives no thread, the others do its part.
        let start = |number| {
            thread::Builder::new().stack_size(STACK).spawn_scoped(scope, move || worker(number)?.run()).ok()
        };
        let others: Vec<_> = (1..threads).filter_map(start).collect();
        let mut found = worker(0)?.run()?;
        for other in others {
            found.add(other.join().unwrap_or(Err(Errno::CANCELED))?);
        }
        Ok(found)
    })
}

/// How many connections the thread of this number may have in flight. If fewer than all targets may be, the
/// windows make up exactly that number. Else none is held back: each target has one connection at most, and
/// a thread whose first targets fail soon tries more than its share of them again.
fn window((in_flight, targets): (usize, usize), (number, threads): (usize, usize)) -> usize {
    if in_flight >= targets {
        return targets.max(1);
    }
    (in_flight / threads + usize::from(number < in_flight % threads)).max(1)
}

#[cfg(test)]
mod tests;
