//! Where the spool cannot be used, the system's log hears of a lost event.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

use suite::host::public_folder;
use suite::needs::{Need, missing};
use suite::plugins;
use suite::process::run;

/// Runs a program that sees $0 as its /dev.
const SCRIPT: &str = "for device in null random urandom; do : >\"$0/$device\"; mount --bind \"/dev/$device\" \"$0/$device\"; done; \
    mount --rbind \"$0\" /dev; exec \"$@\"";

#[test]
fn a_loss_that_cannot_be_counted_is_logged() {
    if missing(&[Need::Root, Need::Program("unshare"), Need::Program("mount")]) {
        return;
    }
    let folder = public_folder();
    let devices = folder.path().join("dev");
    fs::create_dir(&devices).unwrap();
    let log = UnixDatagram::bind(devices.join("log")).unwrap();
    log.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", SCRIPT]).arg(&devices).arg(plugins::binary("notify_stomp"));
    command.args(["--spool=/nonexistent/spool", "--broker=127.0.0.1:1", "--destination=/queue/x"]);
    let outcome = run(command.args(["--host=web1", "--service=HTTP", "--state=CRITICAL", "--output=a\nb"]));
    assert!(
        outcome.stdout.starts_with("STOMP CRITICAL - event lost: "),
        "{}{}",
        outcome.stdout,
        outcome.stderr
    );
    let mut room = [0; 4096];
    let length = log.recv(&mut room).unwrap();
    let message = String::from_utf8_lossy(&room[..length]).into_owned();
    assert!(message.starts_with("<26>notify_stomp["), "{message}");
    let words = "]: event lost: web1 HTTP CRITICAL a: making /nonexistent/spool: no such file or directory, and 127.0.0.1:1: connection refused";
    assert!(message.ends_with(words), "{message}");
}
