//! The same states as check_file_age and AIDE see them: the figures of the README's comparison.

use std::fs;
use std::path::Path;

use suite::host::succeed;
use suite::needs::{Need, missing, program};
use suite::process::run;

use crate::lab::{Lab, NEEDS};

/// Which of AIDE's exit codes says that a file was changed (aide(1)), and which that one was removed.
const CHANGED: i32 = 4;
const REMOVED: i32 = 2;

/// The state, its script, and the exit codes of check_file_age on resolv.conf, of AIDE and of ours.
const ROWS: [(&str, &str, i32, i32, i32); 10] = [
    ("as left", ":", 0, 0, 0),
    ("the kernel has another name", "hostname vz2542", 0, 0, 2),
    ("the provider rewrote resolv.conf", "echo nameserver 198.51.100.53 >/etc/resolv.conf", 0, CHANGED, 2),
    ("a comment was added", "sed -i '1i# by hand' /etc/resolv.conf", 0, CHANGED, 0),
    ("a server line ends in CR", "sed -i 's/$/\\r/' /etc/resolv.conf", 0, CHANGED, 2),
    ("missing", "rm /etc/resolv.conf", 2, REMOVED, 2),
    ("a dangling link", "ln -sf /run/x /etc/resolv.conf", 2, CHANGED, 2),
    ("only root can read it", "chmod 600 /etc/resolv.conf", 0, CHANGED, 2),
    ("a FIFO in its place", "rm /etc/resolv.conf; mkfifo /etc/resolv.conf", 0, CHANGED, 2),
    ("immutable in an OpenVZ container", "mkdir $PROC/vz; chattr +i /etc/resolv.conf", 0, 0, 1),
];

fn configure(lab: &Lab, config: &Path) {
    let top = config.parent().unwrap().display();
    let rules = "p+ftype+u+g+s+m+sha256";
    let files = ["hostname", "hosts", "resolv.conf"].map(|name| format!("/etc/{name}$ {rules}\n")).concat();
    let text = format!(
        "database_in=file:{top}/aide.db\ndatabase_out=file:{top}/aide.db\nreport_url=stdout\n{files}"
    );
    fs::write(config, text).unwrap();
    let mut init = lab.command(program("aide").unwrap());
    succeed(init.arg("--init").arg("--config").arg(config));
}

#[test]
fn others_on_the_same_states() {
    let peers = [Need::Program("aide"), Need::Program("check_file_age")];
    if missing(&NEEDS) || missing(&peers) {
        return;
    }
    let lab = Lab::create();
    let config = lab.proc().with_file_name("aide.conf");
    let age = program("check_file_age").unwrap();
    for (state, script, by_age, by_aide, ours) in ROWS {
        lab.restore();
        configure(&lab, &config);
        lab.sh(script);
        let own = lab.ask(Some("lab_default"));
        let mut aged = lab.command("setpriv");
        aged.args(["--reuid=nagios", "--regid=nagios", "--clear-groups"]).arg(&age);
        let aged = run(aged.args(["-w", "2678400", "-c", "5356800", "-f", "/etc/resolv.conf"]));
        let aide = run(lab.command(program("aide").unwrap()).arg("--check").arg("--config").arg(&config));
        let codes = [aged.code, aide.code, own.code];
        let said = [aged.stdout, aide.stdout + &aide.stderr, own.stdout].join("\n");
        assert_eq!(codes, [Some(by_age), Some(by_aide), Some(ours)], "{state}: {said}");
    }
}
