//! Links in place of files.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::time::{Duration, SystemTime};

use suite::wait::eventually;

use crate::{check, trees};

/// A new link is the change, however old its target is.
#[test]
fn a_new_link_to_an_old_file_is_a_new_change() {
    let trees = trees();
    let top = trees.path();
    let at = |name: &str| top.join("host/etc").join(name);
    fs::write(top.join("reference/etc/ntp.conf"), "a\n").unwrap();
    fs::write(at("old"), "b\n").unwrap();
    symlink("old", at("link")).unwrap();
    let age = |name: &str| {
        let changed = fs::symlink_metadata(at(name)).unwrap().ctime();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        i64::try_from(now).unwrap() - changed
    };
    eventually("the file is a few seconds old", Duration::from_secs(20), || age("old") >= 4);
    let told = || {
        let output = check(top, &["--file=/etc/ntp.conf"]).stdout;
        let (_, age) = output.split_once(" age_of_change=").unwrap();
        age.split('s').next().unwrap().parse::<i64>().unwrap()
    };
    for target in ["old", "link", "/dev/null", "none", "ntp.conf"] {
        let _ = fs::remove_file(at("ntp.conf"));
        symlink(target, at("ntp.conf")).unwrap();
        let (seen, link, old) = (told(), age("ntp.conf"), age("old"));
        assert!(seen <= link && seen < old, "{target}: {seen}, link {link}, old {old}");
    }
}

/// Debian and Fedora make a link relative to its own folder.
#[test]
fn a_dangling_link_into_the_folder_of_a_program_names_it() {
    let trees = trees();
    let top = trees.path();
    let resolver = top.join("host/etc/resolv.conf");
    let rows = [
        ("systemd/resolve/stub-resolv.conf", "systemd-resolved (a file in place of the link stops it)"),
        ("resolvconf/resolv.conf", "resolvconf (resolvconf --disable-updates stops it)"),
        ("NetworkManager/resolv.conf", "NetworkManager (dns=none stops it)"),
    ];
    for (target, program) in rows {
        for folder in ["../run", "/run", "../var/run", "/var/run", "../../etc/../run"] {
            let _ = fs::remove_file(&resolver);
            symlink(format!("{folder}/{target}"), &resolver).unwrap();
            let output = check(top, &["--file=/etc/resolv.conf"]).stdout;
            let run = if folder.contains("var") { "/var/run" } else { "/run" };
            let text = format!("/etc/resolv.conf is a dangling link to {run}/{target}: by {program} | ");
            assert!(output.starts_with(&format!("HOST_FILES CRITICAL - {text}")), "{output}");
        }
    }
}
