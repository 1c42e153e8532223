//! The meaning of hosts and resolv.conf.

use std::fs;

use crate::{RESOLVER, check, summary, trees};

#[test]
fn meaning_or_octets() {
    let trees = trees();
    let top = trees.path();
    fs::write(top.join("host/etc/resolv.conf"), format!("# by hand\n{RESOLVER}")).unwrap();
    fs::write(top.join("host/etc/hosts"), "192.0.2.7\tproxy7 # main\n127.0.0.1 localhost\n").unwrap();
    assert_eq!(summary(top, &[]), "HOST_FILES OK - 3 files as in TOP/reference");
    let line = summary(top, &["--exact"]);
    assert!(
        line.starts_with("HOST_FILES CRITICAL - 2 of 3 changed: /etc/resolv.conf line 1 differs: "),
        "{line}"
    );
}

/// What the C library ignores, and what comes first, is the meaning of a hosts file.
#[test]
fn a_hosts_file_means_what_the_c_library_makes_of_it() {
    let trees = trees();
    let top = trees.path();
    let write = |tree: &str, text: &str| fs::write(top.join(tree).join("etc/hosts"), text).unwrap();
    let line = || summary(top, &["--file=/etc/hosts"]);
    write("host", "127.0.0.1 localhost\n300.1.2.3 proxy7\n");
    let text = "no line 192.0.2.7 proxy7, line 2 is ignored: 300.1.2.3 is not an address: ";
    assert!(line().starts_with(&format!("HOST_FILES CRITICAL - /etc/hosts: {text}")), "{}", line());
    write("host", "300.1.2.3 proxy8\n127.0.0.1 localhost\n192.0.2.7 proxy7\n");
    let outcome = check(top, &["--file=/etc/hosts"]);
    let note = "\nnote: /etc/hosts line 1 is ignored: 300.1.2.3 is not an address\n";
    assert!(outcome.code == Some(0) && outcome.stdout.ends_with(note), "{}", outcome.stdout);
    write("host", "127.0.1.1 proxy7\n192.0.2.7 proxy7\n");
    write("reference", "192.0.2.7 proxy7\n127.0.1.1 proxy7\n");
    let text = "another order of lines: proxy7 is 127.0.1.1 before 192.0.2.7: ";
    assert!(line().starts_with(&format!("HOST_FILES CRITICAL - /etc/hosts: {text}")), "{}", line());
}

/// What the C library takes for a server, and what it passes over, is the meaning of a resolv.conf.
#[test]
fn a_resolver_file_means_what_the_c_library_makes_of_it() {
    let trees = trees();
    let top = trees.path();
    let line = |text: &str| {
        fs::write(top.join("host/etc/resolv.conf"), format!("{text}search example.com\n")).unwrap();
        check(top, &["--file=/etc/resolv.conf"]).stdout
    };
    let rows = [
        ("nameserver 134744072\nnameserver 127.0.0.1\n", "nameserver 8.8.8.8 127.0.0.1, not 127.0.0.1: "),
        ("nameserver 127.0.0.01\nnameserver 010.0.0.53\n", "nameserver 127.0.0.1 8.0.0.53, not 127.0.0.1: "),
        (
            "nameserver 127.0.0.1#x\n",
            "no nameserver, expected 127.0.0.1, line 1 is ignored: 127.0.0.1#x is not an address: ",
        ),
    ];
    for (text, difference) in rows {
        let start = format!("HOST_FILES CRITICAL - /etc/resolv.conf: {difference}");
        assert!(line(text).starts_with(&start), "{text}: {}", line(text));
    }
    let output = line("nameserver 127.0.0.1\nnameserver ::1#53\noptions timeout:05 unheard-of\n");
    let note = "\nnote: /etc/resolv.conf line 2 is ignored: ::1#53 is not an address\n";
    assert!(output.starts_with("HOST_FILES OK - ") && output.ends_with(note), "{output}");
    assert!(
        line("nameserver 127.0.0.1 \r\n").starts_with("HOST_FILES OK - "),
        "{}",
        line("nameserver 127.0.0.1 \r\n")
    );
}

/// The copy was written by hand on Windows: the fault is the copy's.
#[test]
fn a_cr_in_the_copy_alone_is_told_of_the_copy() {
    let trees = trees();
    let write = |tree: &str, text: &str| {
        fs::write(trees.path().join(tree).join("etc/resolv.conf"), text).unwrap();
    };
    write("reference", "nameserver 127.0.0.1\r\nsearch example.com\r\n");
    let text = "/etc/resolv.conf: a nameserver line of its copy ends in CR, which is part of its value";
    let output = check(trees.path(), &[]).stdout;
    assert!(output.starts_with(&format!("HOST_FILES UNKNOWN - {text} | changed=0;;0;0;3 ")), "{output}");
    assert!(output.contains(" unreadable=1;;;0 ") && !output.contains("unknown hand"), "{output}");
    // The fault hides no change.
    write("host", "nameserver 198.51.100.53\nsearch example.com\n");
    let output = check(trees.path(), &[]).stdout;
    let change = "/etc/resolv.conf: nameserver 198.51.100.53, not 127.0.0.1: changed at ";
    assert!(output.starts_with(&format!("HOST_FILES CRITICAL - {change}")), "{output}");
    assert!(output.contains(&format!("UNKNOWN: {text}\n")), "{output}");
    // With `--nameserver`, the copy does not count.
    write("host", "nameserver 127.0.0.1\nsearch example.com\n");
    let line = summary(trees.path(), &["--nameserver=127.0.0.1"]);
    assert_eq!(line, "HOST_FILES OK - 2 files as in TOP/reference, /etc/resolv.conf as given");
}

/// The copy was made of a file that was broken already: that is said, and nobody is blamed for a change.
#[test]
fn a_cr_in_file_and_copy_is_still_a_fault() {
    let trees = trees();
    for tree in ["host", "reference"] {
        fs::write(trees.path().join(tree).join("etc/resolv.conf"), "nameserver 127.0.0.1\r\n").unwrap();
    }
    let text = "a nameserver line ends in CR, which is part of its value, and so does its copy";
    assert_eq!(summary(trees.path(), &[]), format!("HOST_FILES CRITICAL - /etc/resolv.conf: {text}"));
}
