//! Private folders, locks, replacement and records, and what other users may have put in their way.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use plugin::Deadline;
use state::{Above, Access, Folder, PRIVATE, PUBLIC, Records, Trust};
use suite::needs::{Need, missing};

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(8))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn make(path: &Path) -> Result<Folder, String> {
    Folder::make(path, Above::Unchecked).map_err(|error| error.to_string())
}

#[test]
fn a_private_folder_is_made_or_refused() {
    let top = tempfile::tempdir().unwrap();
    let path = top.path().join("state");
    let shown = path.display();
    make(&path).unwrap();
    make(&path).unwrap();
    assert_eq!(mode(&path), 0o700);
    for others in [0o750, 0o701, 0o1777] {
        set_mode(&path, others);
        assert_eq!(make(&path).unwrap_err(), format!("chmod 0700 {shown}: others have access to it"));
    }
    set_mode(&path, 0o700);
    let link = top.path().join("link");
    symlink(&path, &link).unwrap();
    let to_folder = format!("{}: a symbolic link, name the folder itself", link.display());
    assert_eq!(make(&link).unwrap_err(), to_folder);
    let file = top.path().join("file");
    fs::write(&file, "").unwrap();
    assert_eq!(make(&file).unwrap_err(), format!("{}: not a folder", file.display()));
    let below = top.path().join("none/state");
    assert_eq!(make(&below).unwrap_err(), format!("making {}: no such file or directory", below.display()));
    if missing(&[Need::Root]) {
        return;
    }
    chown(&path, Some(64_999), None).unwrap();
    let foreign = "belongs to uid 64999, run this as that user, not as root";
    assert_eq!(make(&path).unwrap_err(), format!("{shown}: {foreign}"));
    // Who has the folders above checked works as root on purpose.
    let error = Folder::make(&path, Above::Checked).unwrap_err().to_string();
    assert_eq!(error, format!("chown root {shown}: it belongs to uid 64999"));
    chown(&path, Some(0), None).unwrap();
    let folder = Folder::make(&path, Above::Checked).unwrap();
    fs::write(path.join("file"), "").unwrap();
    chown(path.join("file"), Some(64_999), None).unwrap();
    let error = folder.read("file", 9, &soon()).unwrap_err().to_string();
    assert_eq!(error, format!("chown root {shown}/file: it belongs to uid 64999"));
}

#[test]
fn what_is_in_the_folder_is_this_programs_alone() {
    let top = tempfile::tempdir().unwrap();
    let folder = make(&top.path().join("state")).unwrap();
    let read = |name: &str| folder.read(name, 9, &soon()).map_err(|error| error.to_string());
    let path = |name: &str| folder.path().join(name);
    assert_eq!(read("none"), Ok(None));
    fs::write(path("file"), "123456789").unwrap();
    assert_eq!(read("file"), Ok(Some(b"123456789".to_vec())));
    set_mode(&path("file"), 0o666);
    assert_eq!(read("file"), Err(format!("chmod go-w {0}: others can write it", path("file").display())));
    set_mode(&path("file"), 0o644);
    fs::write(path("file"), "1234567890").unwrap();
    assert_eq!(read("file"), Err(format!("reading {}: larger than 9 octets", path("file").display())));
    fs::hard_link(path("file"), path("name")).unwrap();
    assert_eq!(read("file"), Err(format!("{}: has 2 hard links, it must have one", path("file").display())));
    symlink("/etc/passwd", path("link")).unwrap();
    assert_eq!(
        read("link"),
        Err(format!("{}: a symbolic link, name the file itself", path("link").display()))
    );
    assert!(folder.lock("link", Instant::now()).is_err(), "no lock by a link");
    fs::create_dir(path("folder")).unwrap();
    assert_eq!(read("folder"), Err(format!("{}: not a regular file", path("folder").display())));
    rustix::fs::mknodat(rustix::fs::CWD, path("fifo"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    assert_eq!(
        read("fifo"),
        Err(format!("{}: not a regular file", path("fifo").display())),
        "and no waiting"
    );
    assert!(folder.lock("fifo", Instant::now()).is_err(), "no lock by a FIFO");
}

#[test]
fn a_private_file_is_refused_where_others_could_read_it_elsewhere() {
    let top = tempfile::tempdir().unwrap();
    let folder = make(&top.path().join("state")).unwrap();
    let path = folder.path().join("file");
    let read = || folder.read_private("file", 9, &soon()).map_err(|error| error.to_string());
    assert_eq!(read(), Ok(None));
    fs::write(&path, "1").unwrap();
    for bits in [0o644, 0o640, 0o604, 0o601] {
        set_mode(&path, bits);
        assert_eq!(
            read(),
            Err(format!("chmod 0600 {}: others have access to it", path.display())),
            "{bits:o}"
        );
        assert_eq!(
            folder.read("file", 9, &soon()).unwrap(),
            Some(b"1".to_vec()),
            "the folder keeps them out"
        );
    }
    set_mode(&path, 0o600);
    assert_eq!(read(), Ok(Some(b"1".to_vec())));
    fs::hard_link(&path, folder.path().join("name")).unwrap();
    assert_eq!(read(), Err(format!("{}: has 2 hard links, it must have one", path.display())));
}

#[test]
fn a_folder_that_is_exchanged_gets_nothing() {
    let top = tempfile::tempdir().unwrap();
    let folder = make(&top.path().join("state")).unwrap();
    let lock = folder.lock("lock", Instant::now()).unwrap().unwrap();
    fs::rename(top.path().join("state"), top.path().join("old")).unwrap();
    fs::create_dir(top.path().join("state")).unwrap();
    folder.replace(&lock, "file", b"x", PRIVATE).unwrap();
    assert_eq!(fs::read_dir(top.path().join("state")).unwrap().count(), 0);
    assert_eq!(fs::read(top.path().join("old/file")).unwrap(), b"x");
}

#[test]
fn a_lock_is_held_by_one_and_waited_for() {
    let top = tempfile::tempdir().unwrap();
    let (folder, other) =
        (make(&top.path().join("state")).unwrap(), make(&top.path().join("state")).unwrap());
    let held = folder.lock("lock", Instant::now()).unwrap().unwrap();
    let start = Instant::now();
    assert!(other.lock("lock", start + Duration::from_millis(30)).unwrap().is_none());
    assert!(start.elapsed() >= Duration::from_millis(30), "it waits as long as it may");
    assert!(other.lock("another", Instant::now()).unwrap().is_some());
    let waiting = thread::spawn(move || {
        other.lock("lock", Instant::now() + Duration::from_secs(20)).unwrap().is_some()
    });
    drop(held);
    assert!(waiting.join().unwrap(), "who waits has it next");
    // A file of the lock that is removed under its holder locks no one out: the next holder makes a new one.
    let held = folder.lock("lock", Instant::now()).unwrap();
    fs::remove_file(folder.path().join("lock")).unwrap();
    assert!(held.is_some() && folder.lock("lock", Instant::now()).unwrap().is_some());
}

#[test]
fn content_that_cannot_be_written_to_its_end_leaves_the_old_file() {
    let top = tempfile::tempdir().unwrap();
    let folder = make(&top.path().join("state")).unwrap();
    let lock = folder.lock("lock", Instant::now()).unwrap().unwrap();
    folder.replace_by(&lock, "file", PRIVATE, |file| file.write_all(b"old")).unwrap();
    let half = |file: &mut dyn Write| file.write_all(b"half").and(Err(io::Error::other("no more")));
    let error = folder.replace_by(&lock, "file", PRIVATE, half).unwrap_err().to_string();
    assert!(error.ends_with(".file.new: no more"), "{error}");
    assert_eq!(fs::read(folder.path().join("file")).unwrap(), b"old");
    assert!(!folder.path().join(".file.new").exists());
}

#[test]
fn a_file_is_replaced_with_the_mode_that_was_asked_for() {
    let top = tempfile::tempdir().unwrap();
    let folder = make(&top.path().join("state")).unwrap();
    let lock = folder.lock("lock", Instant::now()).unwrap().unwrap();
    let path = |name: &str| folder.path().join(name);
    // What a killed run left behind, also with a mode or a link of its own, is in no way.
    symlink("/etc/passwd", path(".file.new")).unwrap();
    for (bits, content) in [(PRIVATE, "one"), (PUBLIC, "two"), (PRIVATE, "")] {
        folder.replace(&lock, "file", content.as_bytes(), bits).unwrap();
        assert_eq!(
            (fs::read_to_string(path("file")).unwrap().as_str(), mode(&path("file"))),
            (content, bits)
        );
    }
    let mut names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort_unstable();
    assert_eq!(names, ["file", "lock"]);
    // A link in the place of the file is replaced and not written through.
    fs::remove_file(path("file")).unwrap();
    fs::write(top.path().join("target"), "kept").unwrap();
    symlink(top.path().join("target"), path("file")).unwrap();
    folder.replace(&lock, "file", b"new", PRIVATE).unwrap();
    assert_eq!(fs::read(top.path().join("target")).unwrap(), b"kept");
    fs::create_dir(path("folder")).unwrap();
    let error = folder.replace(&lock, "folder", b"x", PRIVATE).unwrap_err().to_string();
    assert_eq!(error, format!("replacing {}: is a directory", path("folder").display()));
}

#[test]
fn pages_are_written_into_a_folder_that_others_read() {
    let top = tempfile::tempdir().unwrap();
    let (state, pages) = (make(&top.path().join("state")).unwrap(), top.path().join("pages"));
    fs::create_dir(&pages).unwrap();
    set_mode(&pages, 0o755);
    let open = || Folder::open(&pages, Above::Unchecked, Access::ReadOnly);
    let lock = state.lock("lock", Instant::now()).unwrap().unwrap();
    open().unwrap().replace(&lock, "index.html", b"<p>", PUBLIC).unwrap();
    assert_eq!(mode(&pages.join("index.html")), 0o644);
    assert_eq!(open().unwrap().read("index.html", 9, &soon()).unwrap(), Some(b"<p>".to_vec()));
    set_mode(&pages, 0o775);
    let error = open().unwrap_err().to_string();
    assert_eq!(error, format!("chmod go-w {0}: others can write it", pages.display()));
}

#[test]
fn records_are_whole_lines_and_bounded() {
    let top = tempfile::tempdir().unwrap();
    let path = top.path().join("log");
    let open = |most| Records::open(&path, &Trust::PRIVATE, most).unwrap();
    open(99).append(b"{\"a\":1}").unwrap();
    open(99).append(b"{\"a\":2}").unwrap();
    assert_eq!((fs::read_to_string(&path).unwrap().as_str(), mode(&path)), ("{\"a\":1}\n{\"a\":2}\n", 0o600));
    // A machine that crashed left half a record.
    fs::write(&path, "{\"a\":1}\n{\"a\"").unwrap();
    open(99).append(b"{\"a\":3}").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "{\"a\":1}\n{\"a\"\n{\"a\":3}\n");
    let full = open(28).append(b"{\"a\":4}").unwrap_err().to_string();
    assert_eq!(full, format!("{}: full, it may hold 28 octets", path.display()));
    fs::hard_link(&path, top.path().join("name")).unwrap();
    let error = Records::open(&path, &Trust::PRIVATE, 99).unwrap_err().to_string();
    assert!(error.ends_with("has 2 hard links, it must have one"), "{error}");
    assert_eq!(fs::metadata(&path).unwrap().size(), 21);
}

#[test]
fn records_of_many_at_once_are_all_there() {
    let top = tempfile::tempdir().unwrap();
    let path = top.path().join("log");
    thread::scope(|scope| {
        for writer in 0..8 {
            let path = &path;
            scope.spawn(move || {
                let mut records = Records::open(path, &Trust::PRIVATE, 1 << 20).unwrap();
                (0..20).for_each(|number| records.append(format!("{writer}-{number}").as_bytes()).unwrap());
            });
        }
    });
    let text = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!((lines.len(), text.ends_with('\n')), (160, true));
}
