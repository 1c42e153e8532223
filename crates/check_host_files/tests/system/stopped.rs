//! A run that is stopped while the name is looked up.

use suite::needs::missing;

use crate::lab::{Lab, NEEDS};

/// Stops the check once its getent runs, which never answers. The output has the exit code in its last line.
const STOPPED: &str = r#"
    printf '#!/bin/sh\n: >%s/asked\nexec sleep 60\n' "$0" >"$0/getent"
    chmod 755 "$0/getent"
    mount --bind "$0/getent" "$(command -v getent)"
    hostname nowhere.example.com; hostname >/etc/hostname
    echo nameserver 198.51.100.53 >/etc/resolv.conf
    "$CHECK" --reference=/etc/silent-outage/reference --name=nowhere.example.com --timeout=60 >"$0/out" &
    check=$!
    until [ -e "$0/asked" ] || ! kill -0 $check; do sleep 0.05; done
    kill -TERM $check
    wait $check || code=$?
    umount "$(command -v getent)"
    cat "$0/out"
    echo "${code:-0}""#;

#[test]
fn a_run_that_is_stopped_says_what_it_knows() {
    if missing(&NEEDS) {
        return;
    }
    let lab = Lab::create();
    let check = env!("CARGO_BIN_EXE_check_host_files");
    let mut command = lab.command("sh");
    command.args(["-ec", STOPPED]).arg(lab.proc().parent().unwrap()).env("CHECK", check);
    let output = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let (before, after) = output.lines().next().unwrap().split_once(" s, ").unwrap();
    assert!(before.starts_with("HOST_FILES CRITICAL - stopped by SIGTERM after "), "{output}");
    let known =
        "partial: 5 of 6 compared, /etc/resolv.conf: nameserver 198.51.100.53, not 127.0.0.1, no search";
    assert!(after.starts_with(known) && output.ends_with("\n2\n"), "{output}");
}
