//! A disk that is full: the event is sent all the same where it can be, and what is lost is said.

use std::fs;
use std::path::Path;
use std::process::Command;

use suite::host::{public_folder, succeed};
use suite::needs::{Need, missing};
use suite::plugins;
use suite::process::{Outcome, run};
use suite::stomp::{Broker, Manner, make_spool};

/// A file system of 256 KiB, which is unmounted when this is dropped.
struct Small<'a>(&'a Path);

impl<'a> Small<'a> {
    fn mount(at: &'a Path) -> Self {
        succeed(Command::new("mount").args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"]).arg(at));
        Self(at)
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

/// Why no file can be made to find out.
fn full_probe(spool: &Path) -> String {
    format!("writing {}/tmp/probe: no space left on device", spool.display())
}

#[test]
fn a_full_disk_is_reported_and_keeps_no_event_from_a_broker() {
    if missing(&[Need::Root, Need::Program("mount")]) {
        return;
    }
    let folder = public_folder();
    let disk = Small::mount(folder.path());
    let spool = make_spool(disk.0);
    let broker = Broker::start(Manner::Confirms).unwrap();
    let notify = |address: &str, arguments: &[&str]| -> Outcome {
        let mut command = Command::new(plugins::binary("notify_stomp"));
        command
            .arg(format!("--spool={}", spool.display()))
            .arg(format!("--broker={address}"))
            .arg("--destination=/queue/x");
        run(command.args(arguments))
    };
    let event = |address: &str| notify(address, &["--host=web1", "--state=DOWN"]);
    let (there, gone) = (broker.address().to_string(), "127.0.0.1:1");
    assert_eq!(event(gone).code, Some(1));
    let filler = disk.0.join("filler");
    // As much as goes in: the error is what is wanted.
    assert!(fs::write(&filler, vec![0; 1 << 20]).is_err());
    let text = |outcome: &Outcome| {
        (outcome.code.unwrap(), outcome.first_line().split(" | ").next().unwrap().to_owned())
    };
    let full = |number: u64| format!("writing {}/tmp/{number}: no space left on device", spool.display());
    let lost = format!("STOMP CRITICAL - event lost: {}, and {gone}: connection refused", full(2));
    assert_eq!(text(&event(gone)), (2, lost));
    let sent = format!("STOMP WARNING - confirmed by {there}, but not spooled: {}", full(3));
    assert_eq!(text(&event(&there)), (1, sent));
    let sequences = || broker.sent().iter().map(|event| event.value("sequence")).collect::<Vec<_>>();
    assert_eq!(sequences(), ["1", "3"], "what waited goes first, and the lost one leaves a gap");
    // A flush finds it although nothing waits, so that an administrator hears of it before the next loss.
    let flush = notify(&there, &["--flush", "--acknowledge"]);
    let line = format!("STOMP UNKNOWN - events cannot be spooled: {}", full_probe(&spool));
    assert_eq!(text(&flush), (3, line));
    succeed(Command::new("mount").args(["-o", "remount,ro"]).arg(disk.0));
    let flush = notify(&there, &["--flush"]);
    assert!(
        flush.code == Some(3) && flush.stdout.contains("events cannot be spooled: opening "),
        "{}",
        flush.stdout
    );
    // Without a number that is noted, two events would have the same one.
    for _ in 0..2 {
        let outcome = event(&there);
        let line = format!("STOMP WARNING - confirmed by {there}, but not spooled: opening ");
        assert!(outcome.code == Some(1) && outcome.stdout.starts_with(&line), "{}", outcome.stdout);
    }
    let sent = broker.sent();
    let note = r#"[{"field":"sequence","value":""}]"#;
    assert_eq!(sequences()[2..], ["null", "null"]);
    assert!(sent[2..].iter().all(|event| event.value("invalid") == note));
    succeed(Command::new("mount").args(["-o", "remount,rw"]).arg(disk.0));
    fs::remove_file(&filler).unwrap();
    assert_eq!(text(&event(&there)), (0, format!("STOMP OK - event 4 confirmed by {there}")));
    assert_eq!(sequences(), ["1", "3", "null", "null", "4"]);
}
