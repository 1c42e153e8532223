//! Each row of the README's table of states, as nagios through NRPE.

use suite::needs::missing;

use crate::lab::{Lab, NEEDS};

#[test]
fn each_state_has_its_line() {
    if missing(&NEEDS) {
        return;
    }
    let lab = Lab::create();
    lab.hold(&[
        (":", "check_host_files", 0, "OK - proxy7.example.com and 5 files as in /etc/silent-outage/reference"),
        (":", "lab_given", 0, "OK - proxy7.example.com and /etc/resolv.conf as given"),
        ("hostname vz2542", "check_host_files", 2, "CRITICAL - the name is vz2542 now, proxy7.example.com after the next boot"),
        (
            "rm /etc/hostname",
            "lab_given",
            0,
            "OK - proxy7.example.com and /etc/resolv.conf as given, not checked for the next boot: no /etc/hostname",
        ),
        (": >/etc/hostname", "lab_given", 2, "CRITICAL - /etc/hostname is empty: no name after the next boot: changed at "),
        ("chmod 0 /etc/hostname", "lab_given", 3, "UNKNOWN - /etc/hostname is not readable: permission denied"),
        (
            "hostname vz2542; : >/etc/hostname",
            "lab_default",
            2,
            "CRITICAL - the name is vz2542, not proxy7.example.com, and /etc/hostname is empty: ",
        ),
        (
            "hostname proxy7; echo proxy7 >/etc/hostname",
            "lab_given",
            2,
            "CRITICAL - the name is proxy7, the short form of proxy7.example.com: ",
        ),
        (
            "echo vz2542 >/etc/hostname",
            "lab_given",
            2,
            "CRITICAL - after the next boot the name is vz2542, not proxy7.example.com: ",
        ),
        (
            "hostname a; echo b >/etc/hostname",
            "lab_default",
            2,
            "CRITICAL - the name is a now, b after the next boot, not proxy7.example.com: ",
        ),
        (
            "echo 127.0.0.1 localhost | tee /etc/hosts >/etc/silent-outage/reference/etc/hosts",
            "lab_default",
            1,
            "WARNING - proxy7.example.com is not in /etc/hosts, and DNS has no address or does not answer",
        ),
        (
            "echo nameserver 198.51.100.53 >/etc/resolv.conf",
            "lab_default",
            2,
            "CRITICAL - /etc/resolv.conf: nameserver 198.51.100.53, not 127.0.0.1, no search, expected example.com: changed at ",
        ),
        ("echo 2 >/etc/extra.conf", "lab_default", 2, "CRITICAL - /etc/extra.conf line 1 differs: changed at "),
        (": >/etc/resolv.conf", "lab_default", 2, "CRITICAL - /etc/resolv.conf is empty: "),
        ("rm /etc/resolv.conf", "lab_default", 2, "CRITICAL - /etc/resolv.conf is missing"),
        ("ln -sf /run/x /etc/resolv.conf", "lab_default", 2, "CRITICAL - /etc/resolv.conf is a dangling link to /run/x: the link dates from "),
        ("ln -sf /dev/null /etc/extra.conf", "lab_default", 2, "CRITICAL - /etc/extra.conf is a device: changed at "),
        ("ln -sf resolv.conf /etc/resolv.conf", "lab_default", 2, "CRITICAL - /etc/resolv.conf is a loop of links"),
        ("ln -sf a /etc/b; ln -sf b /etc/a; ln -sf a /etc/hosts", "lab_default", 2, "CRITICAL - /etc/hosts is a loop of links"),
        ("rm /etc/hosts; mkdir /etc/hosts", "lab_default", 2, "CRITICAL - /etc/hosts is a folder"),
        ("rm /etc/hosts; mkfifo /etc/hosts", "lab_default", 2, "CRITICAL - /etc/hosts is a FIFO"),
        (
            "rm /etc/hosts; mkfifo /etc/hosts; mkfifo /run/x; ln -sf /run/x /etc/resolv.conf",
            "lab_given",
            2,
            "CRITICAL - /etc/resolv.conf is a FIFO: changed at ",
        ),
        (
            "rm /etc/hosts; mkfifo /etc/hosts",
            "lab_given",
            3,
            "UNKNOWN - proxy7.example.com was not looked up: /etc/hosts is a FIFO",
        ),
        (
            "truncate -s 5G /etc/hosts",
            "lab_given",
            3,
            "UNKNOWN - proxy7.example.com was not looked up: /etc/hosts is larger than 16 MiB",
        ),
        (
            "mkdir -p /etc/cloud/cloud.cfg.d /run/systemd /var/lib/cloud/data /sys/hypervisor
             echo 2 >/etc/extra.conf; touch /etc/cloud/cloud.cfg
             for fifo in /etc/cloud/cloud.cfg.d/1.cfg /run/systemd/container /var/lib/cloud/data/set-hostname \\
                /var/lib/cloud/data/previous-hostname /sys/hypervisor/type; do
                mkfifo $fifo; sleep 60 <>$fifo >/dev/null 2>&1 & done
             truncate -s 5G /etc/cloud/cloud.cfg.d/2.cfg",
            "lab_default",
            2,
            "CRITICAL - /etc/extra.conf line 1 differs: ",
        ),
        (
            "printf '127.0.0.1 localhost\\n300.1.2.3 proxy7.example.com proxy7\\n' >/etc/hosts",
            "lab_given",
            1,
            "WARNING - proxy7.example.com has no address, DNS has none and /etc/hosts line 2 is ignored: 300.1.2.3 is not an address",
        ),
        ("rm /etc/hosts; mknod /etc/hosts c 1 5", "lab_default", 2, "CRITICAL - /etc/hosts is a device"),
        ("truncate -s 5G /etc/extra.conf", "lab_default", 3, "UNKNOWN - /etc/extra.conf is larger than 1 MiB"),
        (
            "chmod 600 /etc/resolv.conf",
            "lab_default",
            2,
            "CRITICAL - /etc/resolv.conf has mode 0600: only root can resolve names",
        ),
        (
            "chmod 600 /etc/hosts",
            "lab_default",
            1,
            "WARNING - proxy7.example.com has no address, DNS has none and /etc/hosts is not readable: permission denied, 1 more fault",
        ),
        ("chmod 600 /etc/hosts", "lab_exact", 1, "WARNING - /etc/hosts has mode 0600: only root sees the names in it"),
        (
            "chmod 700 /etc/silent-outage/reference/etc; echo nameserver 198.51.100.53 >/etc/resolv.conf",
            "lab_both",
            2,
            "CRITICAL - /etc/resolv.conf: nameserver 198.51.100.53, not 127.0.0.1: changed at ",
        ),
        (
            "chmod 666 /etc/silent-outage/reference/etc/hostname; echo nameserver 198.51.100.53 >/etc/resolv.conf",
            "lab_default",
            2,
            "CRITICAL - /etc/resolv.conf: nameserver 198.51.100.53, not 127.0.0.1, ",
        ),
        ("chmod 0 /etc/extra.conf", "lab_default", 3, "UNKNOWN - /etc/extra.conf is not readable: permission denied"),
        ("chmod 600 /etc/silent-outage/reference/etc/secret.conf", "lab_default", 3, "UNKNOWN - "),
        ("chmod 666 /etc/silent-outage/reference/etc/hosts", "lab_default", 3, "UNKNOWN - "),
        ("chmod 777 /etc/silent-outage/reference", "lab_default", 3, "UNKNOWN - "),
        (
            "rm -r /etc/silent-outage/reference/etc",
            "check_host_files",
            3,
            "UNKNOWN - /etc/silent-outage/reference holds no file: ",
        ),
        (
            "chmod 700 /etc/silent-outage",
            "check_host_files",
            3,
            "UNKNOWN - reading /etc/silent-outage/reference: permission denied",
        ),
        ("rm -r /etc/silent-outage", "check_host_files", 3, "UNKNOWN - folder /etc/silent-outage/reference does not exist: run mkdir -p "),
        (
            "chmod 666 /etc/extra.conf; chgrp nagios /etc/hosts",
            "lab_mode",
            1,
            "WARNING - /etc/extra.conf has mode 0666, not 0644, and /etc/hosts has group ",
        ),
        (
            "rm /etc/secret.conf; echo 2 >/etc/extra.conf",
            "lab_default",
            2,
            "CRITICAL - 2 of 6 changed: /etc/secret.conf is missing and 1 more",
        ),
    ]);
}

#[test]
fn meaning_counts_and_octets_do_if_wanted() {
    if missing(&NEEDS) {
        return;
    }
    let lab = Lab::create();
    let fine = "OK - proxy7.example.com and 5 files as in /etc/silent-outage/reference";
    lab.hold(&[
        ("sed -i '1i# by hand' /etc/resolv.conf; echo '#' >>/etc/hosts", "lab_default", 0, fine),
        ("sed -i '1i# by hand' /etc/resolv.conf", "lab_exact", 2, "CRITICAL - /etc/resolv.conf line 1 differs: "),
        ("tac /etc/hosts >/etc/new; mv /etc/new /etc/hosts", "lab_default", 0, fine),
        (
            "sed -i 's/$/\\r/' /etc/resolv.conf",
            "lab_default",
            2,
            "CRITICAL - /etc/resolv.conf: a nameserver line ends in CR, which is part of its value, no nameserver, expected 127.0.0.1: ",
        ),
        (
            "printf 'nameserver 192.0.2.1\\nnameserver 127.0.0.1\\nsearch example.com\\n' >/etc/resolv.conf",
            "lab_default",
            2,
            "CRITICAL - /etc/resolv.conf: nameserver 192.0.2.1 127.0.0.1, not 127.0.0.1: ",
        ),
        ("head -c 100000 /dev/urandom >/etc/resolv.conf", "lab_default", 2, "CRITICAL - /etc/resolv.conf: no nameserver, expected 127.0.0.1"),
    ]);
}

#[test]
fn a_secret_is_never_printed() {
    if missing(&NEEDS) {
        return;
    }
    let lab = Lab::create();
    let outcome = lab.after(
        "cd /etc; echo hunter2 >secret.conf; for file in secret.conf silent-outage/reference/etc/secret.conf; do \
         chgrp nagios $file; chmod 640 $file; done",
        "lab_default",
    );
    assert!(
        outcome.summary().1.starts_with("HOST_FILES CRITICAL - /etc/secret.conf differs: changed at "),
        "{}",
        outcome.stdout
    );
    assert!(
        !outcome.stdout.contains("hunter2") && !outcome.stdout.contains("password"),
        "{}",
        outcome.stdout
    );
    let outcome = lab.after("echo hunter2 >/etc/secret.conf", "lab_default");
    assert!(
        outcome.stdout.ends_with("/etc/secret.conf: - password\n/etc/secret.conf: + hunter2\n"),
        "{}",
        outcome.stdout
    );
}
