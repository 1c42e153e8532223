//! Tests of spool.rs: numbers, order, and what a dead process leaves.

use super::*;
use crate::harm::Counts;
use crate::macros::Macros;

/// A deadline that is over: one attempt, and no waiting.
fn now() -> Deadline {
    Deadline::after(Duration::ZERO)
}

/// Opens or makes the spool in a folder, whoever runs the test.
fn open(folder: &Path) -> Result<Spool, SpoolError> {
    let user = geteuid().as_raw().to_string();
    let mut options = <crate::Args as clap::Parser>::parse_from(["notify_stomp"]).spool;
    (options.spool, options.user) = (folder.join("spool"), Some(user));
    Spool::open(&options, &now())
}

fn event() -> Event {
    Event::new(&Macros { host: Some("web1".into()), state: Some("UP".into()), ..Macros::default() }).unwrap()
}

fn put(spool: &Spool) -> Spooled {
    let lock = spool.lock(&now()).unwrap();
    spool.put(&mut event(), 1 << 20, &lock).unwrap()
}

/// Each broker has its own silence.
#[test]
fn silence_is_that_of_one_broker() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path()).unwrap();
    spool.set_silent("b1:1", true);
    assert!(spool.silent_for("b1:1").is_some() && spool.silent_for("b1").is_none());
    spool.set_silent("b1", true);
    spool.set_silent("b1:1", false);
    assert!(spool.silent_for("b1:1").is_none() && spool.silent_for("b1").is_some());
}

/// What cannot be read makes room for the others, or is named.
#[test]
fn a_file_that_cannot_be_read_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path()).unwrap();
    let entries: Vec<Entry> = (0..3).map(|_| put(&spool).entry).collect();
    for (entry, make) in entries[..2]
        .iter()
        .zip([(|path: &Path| fs::create_dir(path).unwrap()) as fn(&Path), |path: &Path| {
            std::os::unix::fs::symlink("/etc/passwd", path).unwrap()
        }])
    {
        let path = spool.path(*entry);
        fs::remove_file(&path).unwrap();
        make(&path);
        assert_eq!(spool.unreadable(&[*entry]).as_ref(), Some(&path));
        assert_eq!(spool.read(*entry).unwrap(), None);
        assert!(fs::symlink_metadata(&path).is_err());
    }
    assert_eq!((spool.broken(), spool.entries().unwrap()), (2, entries[2..].to_vec()));
    let fifo = spool.path(entries[1]);
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0)
        .unwrap();
    assert_eq!(spool.unreadable(&entries), Some(fifo), "and nobody waits for its writer");
    assert_eq!(spool.read(entries[1]).unwrap(), None);
    // Where it cannot be moved, it stays.
    let path = spool.path(entries[2]);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    fs::remove_dir_all(spool.path_of("broken")).unwrap();
    assert_eq!(spool.read(entries[2]).unwrap(), None);
    assert_eq!(spool.unreadable(&spool.entries().unwrap()), Some(path));
}

#[test]
fn numbers_go_on_whatever_has_left_the_spool() {
    let folder = tempfile::tempdir().unwrap();
    let open = || open(folder.path()).unwrap();
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
    let spool = open(folder.path()).unwrap();
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
    let spool = open(folder.path()).unwrap();
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

#[test]
fn counts_survive_and_end_with_an_acknowledgement() {
    let folder = tempfile::tempdir().unwrap();
    let open = || open(folder.path()).unwrap();
    assert_eq!(open().counts().unwrap(), Counts::default());
    open().add(Harm::Lost, 1).unwrap();
    // Those of several processes at once add up.
    std::thread::scope(|scope| {
        (0..8)
            .for_each(|_| drop(scope.spawn(|| (0..20).for_each(|_| open().add(Harm::Dropped, 2).unwrap()))));
    });
    let counts = open().counts().unwrap();
    assert_eq!((counts.lost, counts.dropped, counts.refused), (1, 320, 0));
    assert!(counts.last.unwrap() < Duration::from_secs(60));
    open().acknowledge().unwrap();
    assert_eq!(open().counts().unwrap(), Counts::default());
    // A spool of an earlier version has none of the files.
    fs::remove_dir_all(folder.path().join("spool/counts")).unwrap();
    assert_eq!(open().counts().unwrap(), Counts::default());
    open().add(Harm::Refused, 3).unwrap();
    assert_eq!(open().counts().unwrap().refused, 3);
}

#[test]
fn what_is_dropped_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path()).unwrap();
    let entries: Vec<Entry> = (0..3).map(|_| put(&spool).entry).collect();
    let lock = spool.lock(&now()).unwrap();
    let most = entries.iter().map(|entry| entry.length).sum::<u64>();
    assert_eq!(spool.put(&mut event(), most, &lock).unwrap().dropped, 1);
    assert_eq!(spool.drop_old(Duration::ZERO, &lock).unwrap(), 3);
    assert_eq!(spool.counts().unwrap().dropped, 4);
}

#[test]
fn a_clock_that_was_put_back_makes_no_event_ageless() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path()).unwrap();
    let entry = put(&spool).entry;
    let file = File::open(spool.path(entry)).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(86_400)).unwrap();
    assert!(spool.has(entry));
    assert_eq!(spool.age(entry), Duration::ZERO);
    // From then on it grows older.
    let written = file.metadata().unwrap().modified().unwrap();
    assert!(written <= SystemTime::now());
    spool.set_silent("b:1", true);
    let silent = File::open(spool.path_of("silent-b:1")).unwrap();
    silent.set_modified(SystemTime::now() + Duration::from_secs(86_400)).unwrap();
    assert_eq!(spool.silent_for("b:1"), Some(Duration::ZERO));
    assert!(silent.metadata().unwrap().modified().unwrap() <= SystemTime::now());
    spool.retire(&[entry]).unwrap();
    assert!(!spool.has(entry));
}

#[test]
fn what_was_confirmed_goes_even_if_that_cannot_be_noted() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path()).unwrap();
    assert_eq!(
        fs::read_dir(spool.path_of("last")).unwrap().count(),
        1,
        "it is renamed later, and never made"
    );
    let entry = put(&spool).entry;
    fs::remove_dir_all(spool.path_of("last")).unwrap();
    assert!(spool.retire(&[entry]).is_err());
    assert_eq!(spool.entries().unwrap(), []);
}

#[test]
fn what_a_broker_refuses_is_kept_with_its_words_and_can_be_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path()).unwrap();
    let entries: Vec<Entry> = (0..3).map(|_| put(&spool).entry).collect();
    spool.refuse(entries[0], "too large", 1 << 20).unwrap();
    assert_eq!(
        (spool.entries().unwrap(), spool.refused().unwrap()),
        (entries[1..].to_vec(), vec![entries[0]])
    );
    let words = spool.path_of("refused").join(format!("{}.why", entries[0].name()));
    assert_eq!(fs::read_to_string(&words).unwrap(), "too large\n");
    assert_eq!(spool.counts().unwrap().refused, 1);
    assert_eq!(spool.kept_refused().unwrap(), (1, Some("too large".to_owned())));
    assert_eq!(spool.retry_refused().unwrap(), 1);
    // What is refused once more counts once.
    assert_eq!((spool.counts().unwrap().refused, spool.kept_refused().unwrap()), (0, (0, None)));
    assert!(!words.exists());
    assert_eq!(spool.entries().unwrap(), entries);
    // Bounded as the spool itself: the oldest are dropped.
    entries.iter().for_each(|entry| spool.refuse(*entry, "no", entry.length * 2).unwrap());
    assert_eq!(spool.refused().unwrap(), entries[1..]);
    assert_eq!(spool.counts().unwrap().dropped, 1);
}

/// No reader of JSON can tell a number above 2^53-1 from the next one, and none is used twice.
#[test]
fn numbers_end_where_a_reader_cannot_tell_them_apart() {
    const MOST: u64 = (1 << 53) - 1;
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path()).unwrap();
    for (part, length) in [("new", "-2"), ("last", "")] {
        for number in ["18446744073709551615", "18446744073709551616", "00009007199254740992", "9"] {
            let path = spool.path_of(part).join(format!("{number}{length}"));
            fs::write(&path, "{}").unwrap();
            assert_eq!(spool.aliens().unwrap(), [path.as_path()]);
            assert_eq!((spool.entries().unwrap(), spool.last().unwrap()), (vec![], Some(0)), "{path:?}");
            fs::remove_file(path).unwrap();
        }
    }
    assert_eq!(spool.aliens().unwrap(), Vec::<PathBuf>::new());
    spool.advance(MOST - 1).unwrap();
    let last = put(&spool).entry;
    assert_eq!(last.sequence, MOST);
    let lock = spool.lock(&now()).unwrap();
    for _ in 0..2 {
        let error = spool.put(&mut event(), 1 << 20, &lock).unwrap_err().to_string();
        assert!(error.ends_with(": all 9007199254740991 numbers are used, move it away"), "{error}");
        spool.retire(&[last]).unwrap();
    }
}

/// A name that looks like a number was taken for one that another process renames: the run never ended.
#[test]
fn what_is_no_file_of_a_spool_is_named_and_holds_up_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path()).unwrap();
    let mut planted = Vec::new();
    for (part, names) in [
        ("new", &["9-2", "x", "00000000000000000007", "00000000000000000007-99999999"][..]),
        ("last", &["7", "+7", "0000000000000000000008", "00018446744073709551616"]),
        ("counts", &["lost-3", "refused-+3", "dropped-18446744073709551616", "lost"]),
        ("refused", &["x.why", "note"]),
    ] {
        for name in names {
            planted.push(spool.path_of(part).join(name));
            fs::write(planted.last().unwrap(), "{}").unwrap();
        }
    }
    planted.sort();
    let entry = put(&spool).entry;
    assert_eq!(entry.sequence, 1);
    spool.retire(&[entry]).unwrap();
    spool.add(Harm::Lost, 2).unwrap();
    spool.add(Harm::Refused, 1).unwrap();
    spool.acknowledge().unwrap();
    let next = put(&spool).entry;
    assert_eq!((next.sequence, spool.counts().unwrap()), (2, Counts::default()));
    assert_eq!(spool.aliens().unwrap(), planted);
    assert!(planted.iter().all(|path| fs::read(path).unwrap() == b"{}"), "none is written over");
}

/// NFS renames a file that is removed while a process reads it: this one goes with the reader.
#[test]
fn a_file_that_nfs_keeps_for_its_readers_is_not_named() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path()).unwrap();
    let kept = ".nfs000000000006aa1f0000002a";
    for part in ["new", "last", "counts", "refused", "broken"] {
        fs::write(spool.path_of(part).join(kept), "{}").unwrap();
    }
    assert_eq!((spool.aliens().unwrap(), spool.broken()), (Vec::<PathBuf>::new(), 0));
    let others = [".nfs", ".nfs000000000006aa1f0000002", ".nfs000000000006aa1f0000002g", ".nfs00000000"];
    let others = others.map(|name| spool.path_of("new").join(name));
    others.iter().for_each(|path| fs::write(path, "{}").unwrap());
    assert_eq!(spool.aliens().unwrap().len(), others.len());
}

/// Where the file of the last number was removed, what was set aside keeps its number for itself.
#[test]
fn the_number_of_a_refused_event_is_not_given_again() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(folder.path()).unwrap();
    let entries: Vec<Entry> = (0..3).map(|_| put(&spool).entry).collect();
    spool.refuse(entries[2], "no", 1 << 20).unwrap();
    spool.retire(&entries[..2]).unwrap();
    fs::remove_file(spool.path_of("last").join(format!("{:020}", 3))).unwrap();
    assert_eq!(put(&spool).entry.sequence, 4);
    assert_eq!(spool.retry_refused().unwrap(), 1);
    assert_eq!(spool.entries().unwrap().len(), 2);
}
