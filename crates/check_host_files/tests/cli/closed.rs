//! What some user may not read or enter.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use suite::needs::{Need, missing};

use crate::{check, summary, trees};

/// Owners have the names of the checked tree.
#[test]
fn owners_are_named() {
    if missing(&[Need::Root]) {
        return;
    }
    let trees = trees();
    let top = trees.path();
    std::os::unix::fs::chown(top.join("host/etc/hosts"), Some(4_000_033), Some(4_000_005)).unwrap();
    let line = || summary(top, &["--mode"]);
    let text = "HOST_FILES WARNING - /etc/hosts has owner 4000033, not 0, group 4000005, not 0";
    assert_eq!(line(), text);
    fs::write(top.join("host/etc/passwd"), "root:x:0:0::/:\nweb:x:4000033:1::/:\n").unwrap();
    fs::write(top.join("host/etc/group"), "staff:x:4000005:\n").unwrap();
    let text = "HOST_FILES WARNING - /etc/hosts has owner web, not root, group staff, not 0";
    assert_eq!(line(), text);
}

/// As root, or as its owner, the check reads what others may not: that does not belong into mails.
#[test]
fn what_lies_below_a_closed_folder_is_not_shown() {
    let trees = trees();
    let top = trees.path();
    for tree in ["host", "reference"] {
        fs::create_dir_all(top.join(tree).join("etc/keys/below")).unwrap();
        fs::write(top.join(tree).join("etc/keys/below/key"), format!("secret of {tree}\n")).unwrap();
    }
    for (tree, mode) in [("host", 0o755), ("reference", 0o755), ("host", 0o700), ("reference", 0o750)] {
        fs::set_permissions(top.join(tree).join("etc/keys"), fs::Permissions::from_mode(mode)).unwrap();
        let other = top.join(if tree == "host" { "reference/etc/keys" } else { "host/etc/keys" });
        fs::set_permissions(other, fs::Permissions::from_mode(0o755)).unwrap();
        let output = check(top, &[]).stdout;
        assert!(output.starts_with("HOST_FILES CRITICAL - /etc/keys/below/key "), "{output}");
        assert_eq!(output.contains("secret"), mode == 0o755, "{tree}: {output}");
    }
}

/// Below a closed folder only root resolves, whoever runs the check.
#[test]
fn a_closed_folder_on_the_way_is_named() {
    let trees = trees();
    let top = trees.path();
    let close = |path: &str, mode| {
        fs::set_permissions(top.join("host").join(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    close("etc", 0o700);
    let output = check(top, &[]).stdout;
    let text = "/etc has mode 0700: only root can resolve names";
    assert!(output.starts_with(&format!("HOST_FILES CRITICAL - {text}")), "{output}");
    assert!(
        output.contains("WARNING: /etc has mode 0700: only root sees the names in /etc/hosts\n"),
        "{output}"
    );
    close("etc", 0o755);
    fs::create_dir_all(top.join("host/run/x")).unwrap();
    fs::rename(top.join("host/etc/resolv.conf"), top.join("host/run/x/resolv.conf")).unwrap();
    symlink("../run/x/resolv.conf", top.join("host/etc/resolv.conf")).unwrap();
    close("run/x", 0o750);
    let text = "HOST_FILES CRITICAL - /run/x has mode 0750: only root can resolve names";
    assert_eq!(summary(top, &[]), text);
    assert_eq!(summary(top, &["--nameserver=127.0.0.1", "--file=/etc/hosts"]), text);
}

/// The name in a file that others may not read is one change, and is not shown.
#[test]
fn a_closed_hostname_is_counted_once_and_not_shown() {
    let trees = trees();
    let file = trees.path().join("host/etc/hostname");
    fs::write(&file, "secret\n").unwrap();
    for mode in [0o600, 0o640, 0o604] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let output = check(trees.path(), &["--name=reference"]).stdout;
        assert!(output.starts_with("HOST_FILES CRITICAL - /etc/hostname differs: "), "{output}");
        assert!(output.contains(" | changed=1;;0;0;4 ") && !output.contains("secret"), "{output}");
    }
}
