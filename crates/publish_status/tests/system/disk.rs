//! A disk that is full, and one that is read-only: a clear line, and the old pages are as they were.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use suite::host::succeed;
use suite::needs::{Need, missing};
use suite::process::run;

const PAGE: &str = "title = \"Example\"\nurl = \"https://status.example.com/\"\n[[group]]\nname = \"All\"\n[[group.component]]\n\
                    name = \"London\"\nfrom = [\"a!b\"]\n";

/// A small file system of its own, unmounted when it is dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(path: PathBuf, mode: &str) -> Self {
        fs::create_dir(&path).unwrap();
        succeed(
            Command::new("mount")
                .args(["-t", "tmpfs", "-o", &format!("size=128k,mode={mode}"), "none"])
                .arg(&path),
        );
        Self(path)
    }

    fn fill(&self) {
        let mut filler = fs::File::create(self.0.join("filler")).unwrap();
        while filler.write_all(&[0; 512]).is_ok() {}
    }

    /// Makes room for one more page of memory.
    fn shrink(&self) {
        let filler = fs::File::options().write(true).open(self.0.join("filler")).unwrap();
        let size = filler.metadata().unwrap().len();
        filler.set_len(size.saturating_sub(4 << 10)).unwrap();
    }

    fn clear(&self) {
        fs::remove_file(self.0.join("filler")).unwrap();
    }

    fn remount(&self, option: &str) {
        succeed(Command::new("mount").args(["-o", &format!("remount,{option}")]).arg(&self.0));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

/// Publishes one component in this state, and returns the exit code and the line.
fn publish(top: &Path, state: u8) -> (i32, String) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let status = format!(
        "info {{\n\tcreated={now}\n\t}}\nprogramstatus {{\n\tactive_service_checks_enabled=1\n\tpassive_service_checks_enabled=1\n\t}}\nhoststatus {{\n\thost_name=a\n\
         \tcurrent_state=0\n\t}}\nservicestatus {{\n\thost_name=a\n\tservice_description=b\n\tcurrent_state={state}\n\thas_been_checked=1\n\tstate_type=1\n\tpassive_checks_enabled=1\n\t}}\n"
    );
    fs::write(top.join("status.dat"), status).unwrap();
    let mut command = suite::plugins::command("publish_status");
    for (option, name) in
        [("config", "page.toml"), ("status-file", "status.dat"), ("output", "out"), ("state", "state")]
    {
        command.arg(format!("--{option}={}", top.join(name).display()));
    }
    let outcome = run(command.arg("--sanity=off"));
    let (code, line) = outcome.summary();
    (code, line.replace(&top.display().to_string(), "@"))
}

/// All that is on a disk, but for what fills it.
fn content(disk: &Disk) -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(&disk.0).unwrap().flatten().filter(|file| file.file_name() != "filler");
    let mut files: Vec<_> =
        files.map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap())).collect();
    files.sort();
    files
}

#[test]
fn a_full_and_a_read_only_disk_leave_the_old_pages() {
    if missing(&[Need::Root, Need::Program("mount")]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path();
    fs::write(top.join("page.toml"), PAGE).unwrap();
    let (out, state) = (Disk::mount(top.join("out"), "755"), Disk::mount(top.join("state"), "700"));
    assert_eq!(publish(top, 0), (0, "STATUS OK - 1 component published, all operational".to_owned()));
    let refused = |why: &str| {
        let before = content(&out);
        let (code, line) = publish(top, 2);
        assert_eq!((code, line.as_str()), (2, format!("STATUS CRITICAL - page not written: {why}").as_str()));
        assert_eq!(content(&out), before, "{why}");
    };
    out.fill();
    refused("writing @/out/.index.html.new: no space left on device");
    // Room for some of the files, but not for all of them.
    let before = content(&out);
    let mut lines = Vec::new();
    while lines.len() < 20 {
        out.shrink();
        let (code, line) = publish(top, 1);
        if code == 0 {
            break;
        }
        assert_eq!(content(&out), before, "{line}");
        lines.push(line);
    }
    let told =
        |file: &str| lines.iter().any(|line| line.contains(&format!("writing @/out/.{file}.new: no space")));
    assert!(told("summary.json") && lines.len() < 20, "the page itself had room: {lines:?}");
    out.clear();
    out.remount("ro");
    refused("writing in @/out: read-only file system");
    out.remount("rw");
    state.fill();
    // The last page of the file has room for some runs.
    let mut published = content(&out);
    let refused = (0..250).find_map(|number| {
        let (code, line) = publish(top, number % 3);
        let before = std::mem::replace(&mut published, content(&out));
        (code != 0).then_some((code, line, before))
    });
    let (code, line, before) = refused.unwrap();
    assert_eq!(code, 2, "{line}");
    assert!(
        line.starts_with("STATUS CRITICAL - page not written: ")
            && line.ends_with(": no space left on device"),
        "{line}"
    );
    assert_eq!(content(&out), before);
    state.clear();
    state.remount("ro");
    let before = content(&out);
    assert_eq!(
        publish(top, 2),
        (3, "STATUS UNKNOWN - history: opening @/state/lock: read-only file system".to_owned())
    );
    assert_eq!(content(&out), before);
    state.remount("rw");
    assert_eq!(publish(top, 2), (0, "STATUS OK - 1 component published, 1 major outage".to_owned()));
}
