//! Known addresses raise an alarm beside sources that cannot be used.

use std::os::unix::fs::PermissionsExt;

use super::unreadable::as_nobody;
use super::*;

#[test]
fn what_is_known_alarms_beside_what_cannot_be_used() {
    let (_folder, part) = list(b"192.0.2.249\n192.0.2.300\njunk\n");
    let (_other, whole) = list(b"192.0.2.249\n");
    let (_empty, empty) = list(b"# nothing\n");
    let root = tempfile::tempdir().unwrap();
    let tree = root.path().to_str().unwrap();
    fs::create_dir_all(root.path().join("etc")).unwrap();
    fs::write(root.path().join("etc/ips"), "192.0.2.249:255.255.255.0:192.0.2.255\n192.0.2.300\n").unwrap();
    let number = "192.0.2.300 is not an IP address";
    let rows: [(&[&str], String); 8] = [
        (&["--file", &part], format!("{part} line 2: {number}")),
        (&["--file", &whole, "--file", "/nosuch"], "reading /nosuch: no such file or directory".to_owned()),
        (&["--file", &whole, "--file", &empty], format!("{empty}: no address in it")),
        (&["--file", &empty, "--ip=192.0.2.249"], format!("{empty}: no address in it")),
        (&["--file", &empty, "--absent=127.0.0.1"], format!("{empty}: no address in it")),
        (&["--root", tree], format!("/etc/ips line 2: {number}")),
        (
            &["--root", "/nosuch", "--from=auto", "--ip=192.0.2.249"],
            "reading /nosuch: no such file or directory".to_owned(),
        ),
        (
            &["--root", tree, "--from=netplan", "--ip=192.0.2.249"],
            "no configuration of netplan here".to_owned(),
        ),
    ];
    for (arguments, remark) in rows {
        let outcome = check(arguments);
        let alarm = if arguments.contains(&"--absent=127.0.0.1") {
            "IP_BOUND CRITICAL - 127.0.0.1 is bound on lo and must be absent"
        } else {
            "IP_BOUND CRITICAL - 1 of 1 address missing: 192.0.2.249"
        };
        assert!(outcome.code == Some(2) && outcome.first_line().starts_with(alarm), "{}", outcome.stdout);
        let told = outcome.stdout.lines().any(|line| line.starts_with(&format!("UNKNOWN: {remark}")));
        assert!(told, "{arguments:?}: {}", outcome.stdout);
    }
    // The addresses of the unusable list would be unexpected.
    let unexpected = check(&["--file", "/nosuch", "--ip=127.0.0.1", "--unexpected=critical"]);
    assert_eq!(text(&unexpected), (3, "IP_BOUND UNKNOWN - reading /nosuch: no such file or directory"));
    fs::write(root.path().join("etc/ips"), "127.0.0.1\n127.0.0.2:255.255.255.0:127.0.3.255\n").unwrap();
    let unexpected = check(&["--root", tree, "--unexpected=critical"]);
    assert!(unexpected.code == Some(3), "{}", unexpected.stdout);
    // A shorter list must not replace a complete one.
    let listed = check(&["--file", &whole, "--file", "/nosuch", "--list"]);
    assert_eq!(listed.verdict(), (3, "IP_BOUND UNKNOWN - reading /nosuch: no such file or directory"));
}

#[test]
fn an_old_list_hides_no_missing_address() {
    let (_folder, path) = list(b"127.0.0.1\n");
    let written = std::time::SystemTime::now() - Duration::from_secs(7200);
    fs::File::options().write(true).open(&path).unwrap().set_modified(written).unwrap();
    let outcome = check(&["--file", &path, "--file-max-age=3600", "--ip=192.0.2.249"]);
    let line = "IP_BOUND CRITICAL - 1 of 2 addresses missing: 192.0.2.249";
    assert!(outcome.code == Some(2) && outcome.first_line().starts_with(line), "{}", outcome.stdout);
    let told = format!("UNKNOWN: {path} was written 720");
    assert!(outcome.stdout.lines().any(|line| line.starts_with(&told)), "{}", outcome.stdout);
}

#[test]
fn a_file_that_cannot_be_read_hides_no_missing_address() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("etc/netplan")).unwrap();
    let file = root.path().join("etc/netplan/50.yaml");
    fs::write(&file, "network: {version: 2}\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    fs::write(root.path().join("etc/ips"), "192.0.2.249\n").unwrap();
    let outcome = as_nobody(root.path(), &["--root", root.path().to_str().unwrap()]);
    let line = "IP_BOUND CRITICAL - 1 of 1 address missing: 192.0.2.249";
    assert!(outcome.code == Some(2) && outcome.first_line().starts_with(line), "{}", outcome.stdout);
    let told = "UNKNOWN: reading /etc/netplan/50.yaml: permission denied: let root print a list by --list, and give it to --file";
    assert!(outcome.stdout.lines().any(|line| line == told), "{}", outcome.stdout);
}
