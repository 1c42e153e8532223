//! Writers that are killed, and disks that are full: the old or the new content, never anything between.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::env;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use plugin::Deadline;
use state::{Above, Folder, PRIVATE, Records, Trust};
use suite::needs::{Need, missing};
use suite::wait::eventually;

/// Names the folder for this binary, run again as a writer.
const FOLDER: &str = "STATE_TEST_FOLDER";
/// The octets of one file: several pages, so that half of one would show.
const LENGTH: usize = 40_000;
const KILLS: u64 = 200;
/// So many files are written where nothing kills the writer: enough where the killer is slow.
const MOST: usize = 100_000;

fn content(digit: u8) -> Vec<u8> {
    vec![b'0' + digit % 10; LENGTH]
}

/// This binary again, which runs `writer` alone.
fn again(writer: &str, folder: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", writer, "--nocapture"])
        .env(FOLDER, folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

/// What the next test kills.
#[test]
fn write_on_and_on() {
    let Some(path) = env::var_os(FOLDER) else { return };
    let folder = Folder::make(Path::new(&path), Above::Unchecked).unwrap();
    let mut records = Records::open(&folder.path().join("records"), &Trust::PRIVATE, 1 << 30).unwrap();
    let lock = folder.lock("lock", Instant::now() + Duration::from_secs(5)).unwrap().unwrap();
    for number in (0..u8::MAX).cycle().take(MOST) {
        folder.replace(&lock, "file", &content(number), PRIVATE).unwrap();
        records.append(format!("<{number}>").as_bytes()).unwrap();
    }
}

#[test]
fn a_writer_that_is_killed_leaves_the_old_or_the_new_file() {
    let top = tempfile::tempdir().unwrap();
    let path = top.path().join("state");
    let deadline = Deadline::after(Duration::from_secs(60));
    let mut contents = [false; 10];
    for kill in 0..KILLS {
        let mut writer = again("write_on_and_on", &path).stderr(Stdio::null()).spawn().unwrap();
        let before = fs::metadata(path.join("records")).map_or(0, |status| status.len());
        eventually("it writes", Duration::from_secs(20), || {
            fs::metadata(path.join("records")).is_ok_and(|status| status.len() > before)
        });
        thread::sleep(Duration::from_micros(kill * 37 % 1_500));
        writer.kill().unwrap();
        assert_eq!(writer.wait().unwrap().signal(), Some(9), "killed while it wrote");
        let folder = Folder::make(&path, Above::Unchecked).unwrap();
        let found = folder.read("file", LENGTH as u64, &deadline).unwrap().unwrap();
        let digit = found[0] - b'0';
        assert!(found == content(digit), "{kill}: {} octets, {:?}", found.len(), &found[..1]);
        contents[usize::from(digit)] = true;
        assert!(
            fs::read_dir(&path).unwrap().count() <= 4,
            "file, lock, records and at most one temporary file"
        );
        let text = fs::read_to_string(path.join("records")).unwrap();
        let whole =
            |line: &str| line.starts_with('<') && line.ends_with('>') && line.matches('<').count() == 1;
        assert!(text.ends_with('\n') && text.lines().all(whole), "{kill}: {text:?}");
        fs::write(path.join("records"), "").unwrap();
    }
    assert!(
        contents.iter().filter(|seen| **seen).count() > 1,
        "it was killed at different moments: {contents:?}"
    );
}

/// What the next tests run where nothing more fits.
#[test]
fn write_what_does_not_fit() {
    let Some(path) = env::var_os(FOLDER) else { return };
    let folder = Folder::make(Path::new(&path), Above::Unchecked).unwrap();
    let lock = folder.lock("lock", Instant::now()).unwrap().unwrap();
    folder.replace(&lock, "file", b"old", PRIVATE).unwrap();
    let error = folder.replace(&lock, "file", &vec![b'x'; 1 << 20], PRIVATE).unwrap_err().to_string();
    assert!(error.starts_with("writing ") && error.contains("/.file.new: "), "{error}");
    assert!(!folder.path().join(".file.new").exists(), "what was written of it is removed");
    let mut records = Records::open(&folder.path().join("records"), &Trust::PRIVATE, 1 << 30).unwrap();
    records.append(b"one").unwrap();
    let error = records.append(&vec![b'x'; 1 << 20]).unwrap_err().to_string();
    assert!(error.starts_with("appending to "), "{error}");
    records.append(b"two").unwrap();
    assert_eq!(fs::read(folder.path().join("records")).unwrap(), b"one\ntwo\n");
    assert_eq!(fs::read(folder.path().join("file")).unwrap(), b"old");
    folder.replace(&lock, "file", b"new", PRIVATE).unwrap();
    fs::write(folder.path().join("done"), "").unwrap();
}

/// Runs the test above by a shell that first does `prepare`; the folder is $1.
fn write_after(prepare: &str) {
    let top = tempfile::tempdir().unwrap();
    let path = top.path().join("mount");
    fs::create_dir(&path).unwrap();
    let folder = path.join("state");
    let mut shell = Command::new("unshare");
    let script = format!("{prepare}; shift; \"$0\" \"$@\" && test -e \"$STATE_TEST_FOLDER/done\"");
    shell.args(["--mount", "sh", "-ec", &script]).arg(env::current_exe().unwrap()).arg(&path);
    shell.args(["--exact", "write_what_does_not_fit", "--nocapture"]).env(FOLDER, &folder);
    let outcome = suite::process::run(&mut shell);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
}

#[test]
fn a_full_disk_leaves_the_old_content() {
    if missing(&[Need::Root, Need::Program("unshare")]) {
        return;
    }
    write_after("mount -t tmpfs -o size=256k none \"$1\"");
}

#[test]
fn a_limit_on_the_size_of_files_leaves_the_old_content() {
    if missing(&[Need::Root, Need::Program("unshare")]) {
        return;
    }
    write_after("trap '' XFSZ; ulimit -f 100");
}
