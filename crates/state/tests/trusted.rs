//! The walk from `/`: who could lead a path elsewhere is found, whatever is exchanged meanwhile.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::{PermissionsExt as _, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use plugin::Deadline;
use state::{Records, Trust, open_trusted, read_trusted};
use suite::needs::{Need, missing};
use tempfile::TempDir;

/// A user that is not there.
const ANOTHER: u32 = 64_999;

/// A folder with a file `a/b/file` in it.
fn site() -> (TempDir, PathBuf) {
    let top = tempfile::tempdir().unwrap();
    fs::create_dir_all(top.path().join("a/b")).unwrap();
    fs::write(top.path().join("a/b/file"), "own").unwrap();
    let file = top.path().join("a/b/file");
    for path in [top.path(), &top.path().join("a"), &top.path().join("a/b"), &file] {
        set_mode(path, 0o755);
    }
    (top, file)
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn read(path: &Path, trust: &Trust) -> Result<String, String> {
    let content = read_trusted(path, 100, trust, &Deadline::after(Duration::from_secs(8)));
    content.map(|content| String::from_utf8(content).unwrap()).map_err(|error| error.to_string())
}

#[test]
fn a_file_is_obeyed_whose_every_folder_is_trusted() {
    let (top, file) = site();
    let own = || Ok("own".to_owned());
    assert_eq!(read(&file, &Trust::CONFIGURATION), own());
    for path in [&file, &top.path().join("a/b"), &top.path().join("a")] {
        for bits in [0o775, 0o757] {
            set_mode(path, bits);
            let error = format!("chmod go-w {0}: others can write it", path.display());
            assert_eq!(read(&file, &Trust::CONFIGURATION), Err(error), "{bits:o}");
        }
        set_mode(path, 0o755);
    }
    // In a sticky folder, as /tmp, others can make entries and take away none.
    set_mode(&top.path().join("a"), 0o1777);
    assert_eq!(read(&file, &Trust::CONFIGURATION), own());
    // What they make must not be beside the file: a program searches for its parts there.
    let shared = |folder: &Path| {
        Err(format!(
            "{}: other users can add files there, use a folder that only root can write",
            folder.display()
        ))
    };
    let folder = top.path().join("a/b");
    symlink(&file, top.path().join("a/link")).unwrap();
    assert_eq!(
        read(&top.path().join("a/link"), &Trust::PROGRAM),
        shared(&top.path().join("a")),
        "of the link"
    );
    for (mode, trust) in [
        (0o1777, Trust::PROGRAM),
        (0o1775, Trust::PROGRAM),
        (0o1757, Trust::CONFIGURATION),
        (0o1777, Trust::CONFIGURATION),
        (0o1777, Trust::LOG),
    ] {
        set_mode(&folder, mode);
        assert_eq!(read(&file, &trust), shared(&folder), "{mode:o}");
    }
    // The log's own folder may be its group's, as /var/log is on Ubuntu, and those above may not.
    set_mode(&top.path().join("a"), 0o755);
    set_mode(&top.path().join("a/b"), 0o775);
    assert_eq!(read(&file, &Trust::LOG), own());
    set_mode(&top.path().join("a/b"), 0o777);
    assert!(read(&file, &Trust::LOG).is_err());
    set_mode(&top.path().join("a/b"), 0o755);
    set_mode(&top.path().join("a"), 0o775);
    assert!(read(&file, &Trust::LOG).is_err());
}

#[test]
fn nothing_of_another_user_is_on_the_way() {
    if missing(&[Need::Root]) {
        return;
    }
    let (top, file) = site();
    for path in [&file, &top.path().join("a/b"), &top.path().join("a")] {
        chown(path, Some(ANOTHER), None).unwrap();
        let error = format!("chown root {0}: it belongs to uid 64999", path.display());
        assert_eq!(read(&file, &Trust::CONFIGURATION), Err(error));
        chown(path, Some(0), None).unwrap();
    }
}

#[test]
fn links_are_followed_in_trusted_hands_alone() {
    let (top, file) = site();
    let path = |name: &str| top.path().join(name);
    symlink("a/b", path("folder")).unwrap();
    symlink(&file, path("absolute")).unwrap();
    symlink("folder/../b/./file", path("relative")).unwrap();
    let own = || Ok("own".to_owned());
    assert_eq!(read(&path("folder/file"), &Trust::CONFIGURATION), own(), "a link on the way");
    for link in ["absolute", "relative"] {
        let error = format!("{}: a symbolic link, name the file itself", path(link).display());
        assert_eq!(read(&path(link), &Trust::CONFIGURATION), Err(error));
        assert_eq!(read(&path(link), &Trust::PROGRAM), own());
    }
    symlink("two", path("one")).unwrap();
    symlink("one", path("two")).unwrap();
    assert!(read(&path("one"), &Trust::PROGRAM).unwrap_err().ends_with("too many symbolic links"));
    assert!(read(&path("one/x"), &Trust::CONFIGURATION).unwrap_err().ends_with("too many symbolic links"));
    assert_eq!(
        read(&path("a"), &Trust::PROGRAM),
        Err(format!("{}: not a regular file", path("a").display()))
    );
    let below = path("a/b/file/x");
    assert!(read(&below, &Trust::CONFIGURATION).unwrap_err().ends_with("not a folder"));
    assert!(read(&path("none/x"), &Trust::CONFIGURATION).unwrap_err().ends_with("no such file or directory"));
    // A link into a folder that others can write.
    fs::create_dir(path("theirs")).unwrap();
    fs::write(path("theirs/file"), "theirs").unwrap();
    set_mode(&path("theirs/file"), 0o755);
    symlink("theirs/file", path("out")).unwrap();
    assert_eq!(read(&path("out"), &Trust::PROGRAM), Ok("theirs".to_owned()));
    set_mode(&path("theirs"), 0o777);
    assert!(read(&path("out"), &Trust::PROGRAM).unwrap_err().contains("/theirs: others can write it"));
    if missing(&[Need::Root]) {
        return;
    }
    lchown(path("relative"), Some(ANOTHER), None).unwrap();
    assert!(
        read(&path("relative"), &Trust::PROGRAM).unwrap_err().contains("/relative: it belongs to uid 64999")
    );
}

#[test]
fn a_log_with_another_name_is_not_written() {
    let (top, file) = site();
    fs::hard_link(&file, top.path().join("name")).unwrap();
    let error = Records::open(&file, &Trust::LOG, 99).unwrap_err().to_string();
    assert_eq!(error, format!("{}: has 2 hard links, it must have one", file.display()));
    assert_eq!(read(&file, &Trust::CONFIGURATION), Ok("own".to_owned()), "reading is no harm");
    symlink(top.path().join("none"), top.path().join("link")).unwrap();
    assert!(Records::open(&top.path().join("link"), &Trust::LOG, 99).is_err());
    assert!(!top.path().join("none").exists(), "nothing is made through a link");
}

/// A link that is exchanged all the time, between a trusted program and another user's: each read is of the
/// trusted one, or refused.
#[test]
fn an_exchange_under_way_is_never_read() {
    if missing(&[Need::Root]) {
        return;
    }
    let (top, file) = site();
    let path = |name: &str| top.path().join(name);
    fs::create_dir(path("theirs")).unwrap();
    fs::write(path("theirs/file"), "theirs").unwrap();
    set_mode(&path("theirs/file"), 0o755);
    chown(path("theirs/file"), Some(ANOTHER), None).unwrap();
    chown(path("theirs"), Some(ANOTHER), None).unwrap();
    let is_over = AtomicBool::new(false);
    let mut seen = [0; 2];
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                for target in [&file, &path("theirs/file")] {
                    symlink(target, path("next")).unwrap();
                    fs::rename(path("next"), path("link")).unwrap();
                }
            }
        });
        let start = std::time::Instant::now();
        while (seen.contains(&0) || seen[0] + seen[1] < 2_000) && start.elapsed() < Duration::from_secs(20) {
            match open_trusted(&path("link"), &Trust::PROGRAM) {
                Ok(opened) => {
                    let mut text = String::new();
                    File::from(opened).read_to_string(&mut text).unwrap();
                    assert_eq!(text, "own");
                    seen[0] += 1;
                }
                Err(_) => seen[1] += 1,
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(!seen.contains(&0), "both were there: {seen:?}");
}
