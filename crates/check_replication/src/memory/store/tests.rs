//! What is kept of a server from run to run, where two runs ask it at once.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::failure::{Failure, Kind, Step};
use crate::pair::tests::mariadb;

#[test]
fn every_target_has_a_file_of_its_own() {
    let rows = [
        ("db-01", "db-01.positions"),
        ("db-01:3307", "db-01%3a3307.positions"),
        ("[2001:db8::1]:3307", "[2001%3adb8%3a%3a1]%3a3307.positions"),
        ("/run/mysqld/mysqld.sock", "%2frun%2fmysqld%2fmysqld.sock.positions"),
        ("..", "...positions"),
    ];
    for (target, name) in rows {
        assert_eq!(file_name(target), name);
    }
}

/// A run that has read what is kept, and has yet to judge what the server told.
struct Run(Memory);

impl Run {
    fn begin(folder: &Path) -> Self {
        let targets = ["db-01", "db-02"].map(|name| Target::Host(name.parse().unwrap()));
        Self(Memory::open(folder, &targets, &Deadline::after(Duration::from_secs(8))).unwrap())
    }

    /// Returns what is said of db-01, which has told this number.
    fn end(self, acknowledge: bool, number: u64) -> Result<Vec<String>, String> {
        let mut server = mariadb("db-01", 1);
        server.gtids.history = Some(format!("0-1-{number}"));
        let answer = Answer { server, silent: vec![], heartbeats: None, hidden: None, hidden_log: None };
        let closed = Failure::new(Step::Connect, Kind::Closed).into();
        let answers = [("db-01".to_owned(), Ok(answer)), ("db-02".to_owned(), Err(closed))];
        let deadline = Deadline::after(Duration::from_secs(8));
        let mut told = self.0.remember(acknowledge, &answers, &deadline).unwrap();
        assert_eq!(told.len(), 1, "one server has answered");
        let told = told.remove(0).restarts.map_err(|why| why.to_string())?;
        Ok(told.into_iter().map(|restart| format!("{} {}", restart.before, restart.after)).collect())
    }
}

/// Two runs ask a busy source at once. The one that asked first judges last.
#[test]
fn what_another_run_kept_meanwhile_is_later_than_this_answer() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("state");
    let begin = || Run::begin(&place);
    let kept = || std::fs::read_to_string(place.join("db-01.positions")).unwrap();
    let none: Result<Vec<String>, String> = Ok(vec![]);
    // The first of all, beside another one.
    let (slow, fast) = (begin(), begin());
    assert_eq!((fast.end(false, 5), slow.end(false, 4)), (none.clone(), none.clone()));
    assert!(kept().contains("\n1\t0-1-5\t"), "{}", kept());
    let (slow, fast) = (begin(), begin());
    assert_eq!((fast.end(false, 9), slow.end(false, 7)), (none.clone(), none.clone()));
    assert!(kept().contains("\n1\t0-1-9\t"), "the later one stays: {}", kept());
    // One that was reset is told by each run, whatever another one keeps, and stays known.
    let (slow, fast) = (begin(), begin());
    assert_eq!((fast.end(false, 12), slow.end(false, 2)), (none.clone(), Ok(vec!["0-1-9 0-1-2".to_owned()])));
    let again = Ok(vec!["0-1-12 0-1-3".to_owned()]);
    assert_eq!((begin().end(false, 3), begin().end(false, 20)), (again.clone(), again.clone()));
    // Only what is kept can be acknowledged.
    let (slow, fast) = (begin(), begin());
    assert_eq!(fast.end(false, 30), again);
    let busy = format!(
        "{}: another run wrote it or holds its lock, try again",
        place.join("db-01.positions").display()
    );
    assert_eq!((slow.end(true, 25), begin().end(false, 31)), (Err(busy), again));
    assert_eq!((begin().end(true, 32), begin().end(false, 33)), (none.clone(), none));
}

#[test]
fn a_run_without_the_lock_judges_and_keeps_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("state");
    assert_eq!(Run::begin(&place).end(false, 9), Ok(vec![]));
    let other = Folder::make(&place, Above::Unchecked).unwrap();
    let lock = other.lock(".lock", Instant::now()).unwrap();
    assert!(lock.is_some());
    let lost = Ok(vec!["0-1-9 0-1-2".to_owned()]);
    assert_eq!(Run::begin(&place).end(false, 2), lost);
    assert!(Run::begin(&place).end(true, 2).unwrap_err().contains("holds its lock"));
    drop(lock);
    assert_eq!(Run::begin(&place).end(false, 10), Ok(vec![]), "nothing was kept");
}
