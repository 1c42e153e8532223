//! A real Nagios that hangs, whose disk is full, that is killed, or that reports everything bad at once: the
//! page says so, by itself where no run renews it, and the plugin alarms.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use suite::host::{Host, succeed};
use suite::nagios::{NEEDS, Nagios};
use suite::needs::{Need, missing};
use suite::process::{self, Outcome};
use suite::wait::holds_within;

use crate::browser::{self, browse};
use crate::nagios::{HOSTS, MINUTE, becomes, now, order, start};

/// The disk that status.dat is on, unmounted when it is dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(top: &Path) -> Self {
        let path = top.join("small");
        fs::create_dir(&path).unwrap();
        succeed(Command::new("mount").args(["-t", "tmpfs", "-o", "size=512k,mode=755", "none"]).arg(&path));
        symlink("small/status.dat", top.join("status.dat")).unwrap();
        Self(path)
    }

    fn fill(&self) {
        let mut filler = fs::File::options().create(true).append(true).open(self.0.join("filler")).unwrap();
        while filler.write_all(&[0; 512]).is_ok() {}
    }

    fn clear(&self) {
        fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// Gives all services this state, in one go: Nagios reads no more than a pipe holds at once.
fn all(nagios: &Nagios, state: u8) {
    let result = |name| format!("[{}] PROCESS_SERVICE_CHECK_RESULT;{name};wire;{state};all at once\n", now());
    let pipe = nagios.folder().join("nagios.cmd");
    fs::write(pipe, HOSTS.map(result).concat()).unwrap();
}

/// A run of the plugin by hand, as the user of the monitor.
fn run(nagios: &Nagios) -> Outcome {
    let top = nagios.folder();
    // The monitor's copy: its user may not read below a folder that is root's alone.
    let mut command = Command::new(top.join("plugins/publish_status"));
    for (option, name) in
        [("config", "page.toml"), ("status-file", "status.dat"), ("output", "out"), ("state", "state")]
    {
        command.arg(format!("--{option}={}", top.join(name).display()));
    }
    let owner = fs::metadata(top.join("out")).unwrap();
    command.gid(owner.gid()).uid(owner.uid());
    process::run(command.arg("--stale=5"))
}

/// Waits until a run by hand alarms, and returns its first line.
fn alarm(nagios: &Nagios) -> String {
    let mut outcome = run(nagios);
    holds_within(MINUTE, || {
        outcome = run(nagios);
        outcome.code == Some(2)
    });
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    outcome.first_line().to_owned()
}

/// Asserts that the page is marked, with the last state that was known.
fn is_marked(nagios: &Nagios) {
    let out = nagios.folder().join("out");
    let page = fs::read_to_string(out.join("index.html")).unwrap();
    assert!(page.contains("Monitoring is disturbed since "), "{page}");
    let known = page.matches("Last known: Operational, since ").count();
    assert_eq!(known, HOSTS.len() - 1, "hq-router has no component: {page}");
    let summary: Value = serde_json::from_slice(&fs::read(out.join("summary.json")).unwrap()).unwrap();
    assert_eq!(summary["status"]["indicator"], "unknown");
}

/// A page that was good when it was made, open in a browser for the two minutes after that: no run renews it.
fn turns_grey_by_itself(page: &Path) {
    if missing(&browser::NEEDS) {
        return;
    }
    let text = fs::read_to_string(page).unwrap();
    assert!(!text.contains("class=\"stale\"") && text.contains("role=\"alert\" hidden"), "{text}");
    let shown = browse(page, &["--virtual-time-budget=120000"]).stdout;
    assert!(
        shown.contains("class=\"stale\"") && !shown.contains("role=\"alert\" hidden"),
        "it says so by itself: {shown}"
    );
}

/// A Nagios whose services are all well, and which has published that.
fn well(host: &Host, prepare: impl FnOnce(&Path)) -> Nagios {
    let disk =
        "status_file=@top@/small/status.dat\ntemp_file=@top@/small/nagios.tmp\ntemp_path=@top@/small\n";
    let nagios = start(host, "--stale=10", disk, prepare);
    for name in HOSTS {
        order(&nagios, &format!("PROCESS_HOST_CHECK_RESULT;{name};0;ping fine"));
    }
    all(&nagios, 0);
    becomes(&nagios, "Slow", "operational");
    becomes(&nagios, "Never checked", "operational");
    nagios
}

#[test]
fn a_nagios_that_stops_or_reports_everything_bad() {
    if missing(&NEEDS) || missing(&[Need::Program("mount")]) {
        return;
    }
    let host = Host::create();
    let mut disk = None;
    let nagios = well(&host, |top| disk = Some(Disk::mount(top)));
    let disk = disk.unwrap();
    let top = nagios.folder();
    let status = fs::read_to_string(top.join("status.dat")).unwrap();
    let pid: i32 =
        status.lines().find_map(|line| line.trim().strip_prefix("nagios_pid=")).unwrap().parse().unwrap();
    let signal = |signal| kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    let log = || fs::read_to_string(top.join("nagios.log")).unwrap();

    // That of hq-soft is soft at first.
    all(&nagios, 2);
    let page = nagios.hard("monitor!Status page", 2);
    let jump = "STATUS CRITICAL - monitor disturbed: 7 of 8 sources went bad, limit 50% in 10 min, held for ";
    assert!(page.plugin_output.starts_with(jump), "{page:?}");
    is_marked(&nagios);
    all(&nagios, 0);
    nagios.hard("monitor!Status page", 0);
    becomes(&nagios, "Slow", "operational");

    // On a full disk Nagios puts an empty status.dat in place of the last one. Its log is on another.
    let told = "monitor;Status page;UNKNOWN;HARD;1;STATUS UNKNOWN - reading ";
    let is_told = holds_within(MINUTE, || {
        disk.fill();
        log().contains(told)
    });
    let empty = "status.dat: it is empty, perhaps the disk of the monitor is full\n";
    assert!(is_told && log().contains(empty), "{}", log());
    turns_grey_by_itself(&top.join("out/index.html"));
    disk.clear();
    nagios.hard("monitor!Status page", 0);

    // Stopped, it leaves a status.dat that looks healthy.
    signal(Signal::STOP);
    let line = alarm(&nagios);
    signal(Signal::CONT);
    assert!(line.starts_with("STATUS CRITICAL - monitor disturbed: its state is "), "{line}");
    becomes(&nagios, "Slow", "operational");

    signal(Signal::KILL);
    let line = alarm(&nagios);
    assert!(line.starts_with("STATUS CRITICAL - monitor disturbed: its state is "), "{line}");
    is_marked(&nagios);
}
