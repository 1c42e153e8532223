//! The name alone, without a reference.

use std::fs;
use std::os::unix::fs::symlink;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::{check_only, trees};

const NAME: [&str; 2] = ["--root=TOP/host", "--name=proxy7"];

/// These entries give no name at the next boot.
#[test]
fn a_hostname_without_a_name_is_critical() {
    let trees = trees();
    let file = trees.path().join("host/etc/hostname");
    let rows: [(&dyn Fn(), &str); 7] = [
        (&|| fs::write(&file, "").unwrap(), "is empty: no name after the next boot: changed at "),
        (
            &|| fs::write(&file, "# x\n\n").unwrap(),
            "has no name in it: no name after the next boot: changed at ",
        ),
        (&|| fs::create_dir(&file).unwrap(), "is a folder: no name after the next boot: changed at "),
        (
            &|| mknodat(CWD, &file, FileType::Fifo, Mode::RUSR | Mode::ROTH, 0).unwrap(),
            "is a FIFO: no name after the next boot: changed at ",
        ),
        (
            &|| symlink("../run/x", &file).unwrap(),
            "is a dangling link to /run/x: no name after the next boot: the link dates from ",
        ),
        (
            &|| symlink("hostname", &file).unwrap(),
            "is a loop of links: no name after the next boot: changed at ",
        ),
        (
            &|| symlink("/dev/null", &file).unwrap(),
            "is a dangling link to /dev/null: no name after the next boot: ",
        ),
    ];
    for (make, text) in rows {
        let _ = fs::remove_file(&file);
        let _ = fs::remove_dir(&file);
        make();
        let output = check_only(trees.path(), &NAME).stdout;
        assert!(output.starts_with(&format!("HOST_FILES CRITICAL - /etc/hostname {text}")), "{output}");
        assert!(output.contains(" | changed=1;;0;0;1 ") && output.lines().count() == 1, "{output}");
        // With the reference it is reported once, too.
        let output = check_only(trees.path(), &[&NAME[..], &["--reference=TOP/reference"]].concat()).stdout;
        assert!(output.starts_with(&format!("HOST_FILES CRITICAL - /etc/hostname {text}")), "{output}");
        assert!(output.contains(" | changed=1;;0;0;4 "), "{output}");
    }
}

#[test]
fn a_hostname_that_cannot_be_read_is_unknown() {
    let trees = trees();
    let file = trees.path().join("host/etc/hostname");
    fs::File::create(&file).unwrap().set_len(5 << 30).unwrap();
    for more in [&[][..], &["--reference=TOP/reference"]] {
        let output = check_only(trees.path(), &[&NAME[..], more].concat()).stdout;
        let text = "HOST_FILES UNKNOWN - /etc/hostname is larger than 1 MiB | changed=0;";
        assert!(output.starts_with(text) && output.contains(" unreadable=1;;;0 "), "{output}");
    }
    fs::remove_file(&file).unwrap();
    let output = check_only(trees.path(), &NAME).stdout;
    let text = "HOST_FILES UNKNOWN - there is no /etc/hostname: the name was not checked | changed=0;";
    assert!(output.starts_with(text), "{output}");
    // The missing file is reported, which is enough.
    let output = check_only(trees.path(), &[&NAME[..], &["--reference=TOP/reference"]].concat()).stdout;
    assert!(output.starts_with("HOST_FILES CRITICAL - /etc/hostname is missing | changed=1;"), "{output}");
}

#[test]
fn the_dot_at_the_end_is_no_part_of_the_name() {
    let trees = trees();
    let names = ["--root=TOP/host", "--name=proxy7."];
    let line = "HOST_FILES OK - proxy7 as given";
    assert_eq!(check_only(trees.path(), &names).summary().1, line);
    for tree in ["host", "reference"] {
        fs::write(trees.path().join(tree).join("etc/hostname"), "proxy7.\n").unwrap();
    }
    assert_eq!(check_only(trees.path(), &names).summary().1, line);
    let copies = ["--root=TOP/host", "--reference=TOP/reference", "--name=reference"];
    let line = "HOST_FILES OK - proxy7 and 3 files as in TOP/reference";
    assert_eq!(check_only(trees.path(), &copies).summary().1, line);
    let line = check_only(trees.path(), &["--root=TOP/host", "--name=."]).stdout;
    assert!(line.starts_with("HOST_FILES UNKNOWN - ") && line.contains("not a name of 1 to 64"), "{line}");
}
