//! Jobs side by side, each on a thread of its own.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
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

/// Does `job` with each item that `feed` adds, as soon as it is added and at most `limit` at the same time.
/// Returns the items with what each came to, in the order in which they were added: `None` for those that are
/// left once a job returns `None`.
pub(crate) fn for_each<I: Send, T: Send>(
    limit: usize,
    feed: impl FnOnce(&mut dyn FnMut(I)),
    job: impl Fn(&I) -> Option<T> + Sync,
) -> Vec<(I, Option<T>)> {
    let queue = Mutex::new(Queue { limit: limit.max(1), ..Queue::default() });
    let lock = || queue.lock().unwrap_or_else(PoisonError::into_inner);
    let work = || {
        loop {
            let Some((number, item)) = lock().next() else { break };
            let result = job(&item);
            lock().end(number, item, result);
        }
    };
    thread::scope(|scope| {
        let mut add = |item| {
            let begins = {
                let mut queue = lock();
                queue.add(item);
                queue.begins()
            };
            if begins && thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).is_err() {
                lock().working -= 1;
            }
        };
        feed(&mut add);
        // Where the system gave too few threads, this one works too.
        let begins = lock().begins();
        if begins {
            work();
        }
    });
    let queue = queue.into_inner().unwrap_or_else(PoisonError::into_inner);
    let left = queue.waiting.into_iter().map(|(number, item)| (number, item, None));
    let mut all: Vec<(usize, I, Option<T>)> = queue.done.into_iter().chain(left).collect();
    all.sort_by_key(|(number, ..)| *number);
    all.into_iter().map(|(_, item, result)| (item, result)).collect()
}

/// Items that wait for a thread, and those that are done, each with its number.
#[derive(Debug)]
struct Queue<I, T> {
    waiting: VecDeque<(usize, I)>,
    done: Vec<(usize, I, Option<T>)>,
    /// How many items were added.
    added: usize,
    /// How many threads work, and how many may.
    working: usize,
    limit: usize,
    /// Whether nothing more is to be done.
    is_over: bool,
}

impl<I, T> Default for Queue<I, T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), done: Vec::new(), added: 0, working: 0, limit: 1, is_over: false }
    }
}

impl<I, T> Queue<I, T> {
    fn add(&mut self, item: I) {
        self.waiting.push_back((self.added, item));
        self.added += 1;
    }

    /// Returns whether one more thread should work, and counts it then.
    fn begins(&mut self) -> bool {
        let begins = !self.is_over && !self.waiting.is_empty() && self.working < self.limit;
        self.working += usize::from(begins);
        begins
    }

    /// Returns the next item for a thread that works: `None` if there is none, so that the thread ends.
    fn next(&mut self) -> Option<(usize, I)> {
        let next = if self.is_over { None } else { self.waiting.pop_front() };
        self.working -= usize::from(next.is_none());
        next
    }

    fn end(&mut self, number: usize, item: I, result: Option<T>) {
        self.is_over |= result.is_none();
        self.done.push((number, item, result));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn results_keep_their_order() {
        let jobs: Vec<_> = (0..50).map(|number| move || number * 2).collect();
        assert_eq!(side_by_side(jobs), (0..50).map(|number| Some(number * 2)).collect::<Vec<_>>());
        assert!(side_by_side(Vec::<fn() -> u8>::new()).is_empty());
        for limit in [0, 1, 3, 500] {
            let results = for_each(limit, |add| (0..257).for_each(add), |item: &usize| Some(item + 1));
            assert_eq!(results, (0..257).map(|item| (item, Some(item + 1))).collect::<Vec<_>>());
        }
        assert!(for_each(4, |_| {}, |item: &u8| Some(*item)).is_empty());
        let until_three = |item: &u8| (*item < 3).then_some(*item);
        let results = for_each(1, |add| [1, 2, 3, 4, 1].into_iter().for_each(add), until_three);
        let results: Vec<Option<u8>> = results.into_iter().map(|(_, result)| result).collect();
        assert_eq!(results, [Some(1), Some(2), None, None, None]);
    }

    /// What is added later must not keep the others waiting: the first two are done before the third is
    /// there.
    #[test]
    fn an_item_is_done_as_soon_as_it_is_added() {
        let (done, seen) = mpsc::channel();
        let feed = |add: &mut dyn FnMut(u8)| {
            add(1);
            add(2);
            let mut first = [seen.recv().unwrap(), seen.recv().unwrap()];
            first.sort_unstable();
            assert_eq!(first, [1, 2]);
            add(3);
        };
        let results = for_each(8, feed, |item| Some(done.send(*item).is_ok()));
        assert_eq!(results, [(1, Some(true)), (2, Some(true)), (3, Some(true))]);
    }
}
