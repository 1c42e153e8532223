//! One pass over targets: shared out among a few threads, each with an epoll loop of its own (`worker.rs`).

use std::thread;

use rustix::io::Errno;

use crate::cause::{Cause, Local};
use crate::pass::{Found, Pass, Work};
use crate::worker::Worker;

/// More threads than this find no more work: the kernel's part is the bottleneck.
const MOST_THREADS: usize = 4;
/// Below this many targets a second thread costs more than it brings.
const FEW: usize = 256;

/// Tries each target of a pass once.
///
/// # Errors
/// If the system gives no epoll instance.
pub(crate) fn run(pass: &Pass<'_>) -> Result<Found, Errno> {
    let work = Work::of(pass);
    let threads = if work.total() < FEW {
        1
    } else {
        thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS)
    };
    let mut found = share(pass, &work, threads)?;
    // What no thread took, because the time was over.
    found
        .failed
        .extend(work.left().filter_map(|number| Some((work.target(number)?, Cause::Local(Local::NoTime)))));
    found.failed.sort_unstable();
    Ok(found)
}

/// The work done by as many threads, this one among them.
fn share(pass: &Pass<'_>, work: &Work<'_>, threads: usize) -> Result<Found, Errno> {
    let window = (pass.manner.in_flight / threads).max(1);
    let number = u32::try_from(threads).unwrap_or(1);
    let worker = |first: u32| Worker::new(pass, work, window, pass.pace * number, pass.pace * first);
    thread::scope(|scope| {
        // Where the system gives no thread, the others do its part.
        let start = |first| thread::Builder::new().spawn_scoped(scope, move || worker(first)?.run()).ok();
        let others: Vec<_> = (1..number).filter_map(start).collect();
        let mut found = worker(0)?.run()?;
        for other in others {
            found.add(other.join().unwrap_or(Err(Errno::CANCELED))?);
        }
        Ok(found)
    })
}
