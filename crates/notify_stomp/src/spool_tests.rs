//! Tests of spool.rs: numbers, order, and what a dead process leaves.

use super::*;
use crate::macros::Macros;

/// A deadline that is over: one attempt, and no waiting.
fn now() -> Deadline {
    Deadline::after(Duration::ZERO)
}

fn event() -> Event {
    Event::new(&Macros { host: Some("web1".into()), state: Some("UP".into()), ..Macros::default() }).unwrap()
}

fn put(spool: &Spool) -> Spooled {
    let lock = spool.lock(&now()).unwrap();
    spool.put(&mut event(), 1 << 20, &lock).unwrap()
}

#[test]
fn numbers_go_on_whatever_has_left_the_spool() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Spool::open(&folder.path().join("spool"), &now()).unwrap();
    let entries: Vec<Entry> = (0..3).map(|_| put(&open()).entry).collect();
    assert_eq!(entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [1, 2, 3]);
    let spool = open();
    assert_eq!(spool.entries().unwrap(), entries);
    // Brokers may confirm in another order.
    spool.retire(&entries[2..]).unwrap();
    spool.retire(&entries[..1]).unwrap();
    assert_eq!(spool.entries().unwrap(), entries[1..2]);
    assert_eq!(put(&spool).entry.sequence, 4);
    spool.retire(&spool.entries().unwrap()).unwrap();
    assert_eq!(put(&open()).entry.sequence, 5);
    assert_eq!(open().id, spool.id);
}

#[test]
fn what_a_dead_process_left_half_written_is_removed_and_what_is_foreign_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(&folder.path().join("spool"), &now()).unwrap();
    let (half, foreign) = (spool.path_of("tmp/9"), spool.path_of("new/README"));
    fs::write(&half, "{").unwrap();
    fs::write(&foreign, "not mine").unwrap();
    assert_eq!(put(&spool).entry.sequence, 1);
    assert!(!half.exists() && foreign.exists());
    assert_eq!(spool.entries().unwrap().len(), 1);
}

#[test]
fn locks_exclude_and_end_with_their_holder() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(&folder.path().join("spool"), &now()).unwrap();
    let held = spool.try_to_send().unwrap();
    assert!(held.is_some() && spool.try_to_send().unwrap().is_none());
    drop(held);
    assert!(spool.try_to_send().unwrap().is_some());
    let _lock = spool.lock(&now()).unwrap();
    assert!(matches!(spool.lock(&now()), Err(SpoolError::Locked(_))));
}

#[test]
fn a_name_that_is_not_ours_is_no_entry() {
    let rows = [
        "1-1",
        "00000000000000000001-01",
        "00000000000000000001",
        "00000000000000000001-99999999",
        "x-1",
        "",
        "-",
    ];
    for name in rows {
        assert_eq!(Entry::parse(name), None, "{name}");
    }
    let entry = Entry { sequence: 1, length: 429 };
    assert_eq!(
        (entry.name().as_str(), Entry::parse(&entry.name())),
        ("00000000000000000001-429", Some(entry))
    );
}

#[test]
fn many_files_are_removed_as_few_are() {
    let folder = tempfile::tempdir().unwrap();
    for number in [1, 31, 32, 33, 500] {
        let paths: Vec<PathBuf> = (0..number).map(|number| folder.path().join(number.to_string())).collect();
        paths.iter().skip(1).for_each(|path| fs::write(path, "").unwrap());
        remove::all(&paths).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{number}");
    }
    fs::create_dir(folder.path().join("0")).unwrap();
    let paths: Vec<PathBuf> = (0..40).map(|number| folder.path().join(number.to_string())).collect();
    assert_eq!(remove::all(&paths).unwrap_err().0, paths[0]);
}
