//! Jobs side by side, each on a thread of its own.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The size of a thread's stack, in octets: a TLS handshake is what needs most of it.
pub(crate) const STACK: usize = 512 << 10;

/// Does all jobs at the same time, one of them on this thread, and returns what each came to, in their order:
/// `None` if the system gave no thread for it.
pub(crate) fn side_by_side<T: Send>(jobs: Vec<impl FnOnce() -> T + Send>) -> Vec<Option<T>> {
    let mut jobs = jobs.into_iter();
    let Some(first) = jobs.next() else { return Vec::new() };
    thread::scope(|scope| {
        let start = |job| thread::Builder::new().stack_size(STACK).spawn_scoped(scope, job);
        let others: Vec<_> = jobs.map(start).collect();
        let first = Some(first());
        let ended = others.into_iter().map(|thread| thread.ok().and_then(|thread| thread.join().ok()));
        std::iter::once(first).chain(ended).collect()
    })
}

/// Does `job` with each item, at most `limit` at the same time, and returns what each came to, in their
/// order: `None` for those that are left once a job returns `None`, and if the system gave no thread at all.
pub(crate) fn for_each<I: Sync, T: Send>(
    items: &[I],
    limit: usize,
    job: impl Fn(&I) -> Option<T> + Sync,
) -> Vec<Option<T>> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(items.iter().map(|_| None).collect::<Vec<Option<T>>>());
    let work = || {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(place) else { break };
            let Some(result) = job(item) else { break };
            let mut done = done.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if let Some(slot) = done.get_mut(place) {
                *slot = Some(result);
            }
        }
    };
    side_by_side(vec![&work; limit.clamp(1, items.len().max(1))]);
    done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_their_order() {
        let jobs: Vec<_> = (0..50).map(|number| move || number * 2).collect();
        assert_eq!(side_by_side(jobs), (0..50).map(|number| Some(number * 2)).collect::<Vec<_>>());
        assert!(side_by_side(Vec::<fn() -> u8>::new()).is_empty());
        for limit in [0, 1, 3, 500] {
            let items: Vec<usize> = (0..257).collect();
            assert_eq!(
                for_each(&items, limit, |item| Some(item + 1)),
                (1..258).map(Some).collect::<Vec<_>>()
            );
        }
        assert!(for_each(&[], 4, |item: &u8| Some(*item)).is_empty());
        let until_three = |item: &u8| (*item < 3).then_some(*item);
        assert_eq!(for_each(&[1, 2, 3, 4, 1], 1, until_three), [Some(1), Some(2), None, None, None]);
    }
}
