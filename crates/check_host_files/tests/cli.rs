//! The command `check_host_files` as a user runs it.
#![expect(clippy::unwrap_used, reason = "what a test cannot make fails the test")]

#[path = "cli/closed.rs"]
mod closed;
#[path = "cli/large.rs"]
mod large;
#[path = "cli/links.rs"]
mod links;
#[path = "cli/meaning.rs"]
mod meaning;
#[path = "cli/name.rs"]
mod name;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use suite::process::{Outcome, run};
use tempfile::TempDir;

const RESOLVER: &str = "nameserver 127.0.0.1\nsearch example.com\n";

/// A host's files and the reference, which are the same at first.
fn trees() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for tree in ["host", "reference"] {
        let etc = folder.path().join(tree).join("etc");
        fs::create_dir_all(&etc).unwrap();
        for (name, text) in [
            ("hostname", "proxy7\n"),
            ("hosts", "127.0.0.1 localhost\n192.0.2.7 proxy7\n"),
            ("resolv.conf", RESOLVER),
        ] {
            let file = etc.join(name);
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        }
    }
    folder
}

const BINARY: &str = env!("CARGO_BIN_EXE_check_host_files");
const BOTH: [&str; 2] = ["--root=TOP/host", "--reference=TOP/reference"];

/// Runs the command with the options, in which TOP stands for the folder of the trees, as in the output.
fn answer(command: &mut Command, trees: &Path, options: &[&str]) -> Outcome {
    let top = trees.to_str().unwrap();
    let mut outcome = run(command.args(options.iter().map(|option| option.replace("TOP", top))));
    outcome.stdout = outcome.stdout.replace(top, "TOP");
    outcome
}

fn check_only(trees: &Path, options: &[&str]) -> Outcome {
    answer(&mut Command::new(BINARY), trees, options)
}

fn check(trees: &Path, options: &[&str]) -> Outcome {
    check_only(trees, &[&BOTH, options].concat())
}

fn summary(trees: &Path, options: &[&str]) -> String {
    let outcome = check(trees, options);
    assert_eq!(outcome.stderr, "");
    outcome.summary().1.to_owned()
}

#[test]
fn an_answer_an_alarm_and_an_error() {
    let trees = trees();
    let top = trees.path();
    assert_eq!(summary(top, &[]), "HOST_FILES OK - 3 files as in TOP/reference");
    assert_eq!(summary(top, &["--name=reference"]), "HOST_FILES OK - proxy7 and 3 files as in TOP/reference");
    let outcome = check(top, &["--file=/etc/hosts"]);
    assert_eq!(outcome.code, Some(0));
    let (line, data) = outcome.first_line().split_once(" | ").unwrap();
    assert_eq!(line, "HOST_FILES OK - /etc/hosts as in TOP/reference");
    assert!(
        data.starts_with("changed=0;;0;0;1 immutable=") && data.contains(" unreadable=0;;;0 age_of_change="),
        "{data}"
    );
    fs::write(top.join("host/etc/resolv.conf"), "nameserver 198.51.100.53\nsearch example.com\n").unwrap();
    let line = summary(top, &[]);
    assert!(
        line.starts_with("HOST_FILES CRITICAL - /etc/resolv.conf: nameserver 198.51.100.53, not 127.0.0.1: "),
        "{line}"
    );
    let line = summary(top, &["--warning=0", "--critical=1"]);
    assert!(line.starts_with("HOST_FILES WARNING - "), "{line}");
    // The default of --critical stays where only a warning is given.
    let line = summary(top, &["--warning=5"]);
    assert!(line.starts_with("HOST_FILES CRITICAL - "), "{line}");
    assert_eq!(
        summary(top, &["--file=/etc/passwd"]),
        "HOST_FILES UNKNOWN - /etc/passwd is not in TOP/reference"
    );
    assert_eq!(
        summary(top, &["--nameserver=198.51.100.53"]),
        "HOST_FILES OK - 2 files as in TOP/reference, /etc/resolv.conf as given"
    );
    assert_eq!(
        summary(top, &["--nameserver=198.51.100.53", "--file=/etc/resolv.conf", "--name=reference"]),
        "HOST_FILES OK - proxy7 and /etc/resolv.conf as given"
    );
    let given = ["--nameserver=198.51.100.53", "--search=example.net", "--file=/etc/hosts"];
    let line = summary(top, &given);
    assert!(
        line.starts_with("HOST_FILES CRITICAL - /etc/resolv.conf: search example.com, not example.net: "),
        "{line}"
    );
}

/// Each of these is answered at once; what would wait for ever is not opened.
#[test]
fn nothing_hangs() {
    let trees = trees();
    let (top, resolver) = (trees.path(), trees.path().join("host/etc/resolv.conf"));
    let rows: [(&dyn Fn(), &str); 6] = [
        (
            &|| mknodat(CWD, &resolver, FileType::Fifo, Mode::RUSR | Mode::ROTH, 0).unwrap(),
            "CRITICAL - /etc/resolv.conf is a FIFO",
        ),
        (&|| symlink("resolv.conf", &resolver).unwrap(), "CRITICAL - /etc/resolv.conf is a loop of links"),
        (
            &|| symlink("/run/x", &resolver).unwrap(),
            "CRITICAL - /etc/resolv.conf is a dangling link to /run/x",
        ),
        (&|| fs::create_dir(&resolver).unwrap(), "CRITICAL - /etc/resolv.conf is a folder"),
        (
            &|| fs::File::create(&resolver).unwrap().set_len(5 << 30).unwrap(),
            "UNKNOWN - /etc/resolv.conf is larger than 1 MiB",
        ),
        (&|| {}, "CRITICAL - /etc/resolv.conf is missing"),
    ];
    for (make, text) in rows {
        let _ = fs::remove_file(&resolver);
        let _ = fs::remove_dir(&resolver);
        make();
        let outcome = check(top, &["--timeout=30"]);
        assert!(
            outcome.first_line().starts_with(&format!("HOST_FILES {text}")),
            "{text}: {}",
            outcome.stdout
        );
        assert!(outcome.elapsed < Duration::from_secs(10), "{text}: {:?}", outcome.elapsed);
    }
}

/// A header that was there when the copy was made tells of that day, and not who changed the file since.
#[test]
fn an_old_header_is_a_guess() {
    let trees = trees();
    let top = trees.path();
    let header = "# Generated by NetworkManager\n";
    fs::write(top.join("host/etc/resolv.conf"), format!("{header}nameserver 198.51.100.53\n")).unwrap();
    let line = summary(top, &["--file=/etc/resolv.conf"]);
    assert!(line.ends_with("example.com: by NetworkManager (dns=none stops it)"), "{line}");
    fs::write(top.join("reference/etc/resolv.conf"), format!("{header}{RESOLVER}")).unwrap();
    let line = summary(top, &["--file=/etc/resolv.conf"]);
    assert!(line.ends_with("example.com: probably by NetworkManager (dns=none stops it)"), "{line}");
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let trees = trees();
    fs::create_dir(trees.path().join("empty")).unwrap();
    let rows: [(&[&str], &str); 27] = [
        (&[], "nothing to check: name it by --reference, --name, --nameserver or --search, see --help"),
        (&["--file=/etc/hosts"], "--file needs --reference, see --help"),
        (&["--name=reference"], "--name=reference needs --reference, see --help"),
        (&["--name=x", "--mode"], "--reference"),
        (&["--nameserver=::1", "--exact"], "--reference"),
        (
            &["--nameserver=::1", "--nameserver=::2", "--nameserver=::3", "--nameserver=::4"],
            "--nameserver is given 4 times: the C library asks 3 servers, see --help",
        ),
        (&["--reference=TOP/reference", "--file=/etc"], "TOP/reference/etc is a folder: name its files"),
        (&["--reference=TOP/reference", "--file=etc/hosts"], "not an absolute path of a file without .. and"),
        (
            &["--reference=TOP/reference", "--file=/etc/../hosts"],
            "not an absolute path of a file without .. and",
        ),
        (
            &["--reference=TOP/reference", "--file=/etc/hosts", "--file=//etc/hosts"],
            "/etc/hosts is given twice",
        ),
        (&["--nameserver=::1", "--nameserver=0::1"], "::1 is given twice"),
        (&["--name="], "--name"),
        (&["--search=a b"], "not a name of 1 to 253 characters without blanks"),
        (&["--name=x", "--immutable=no"], "not ok, warn or want"),
        (&["--name=x", "--root=TOP/nowhere"], "--root: reading TOP/nowhere: no such file or directory"),
        (
            &["--name=x", "--root=TOP/reference/etc/hosts"],
            "--root: reading TOP/reference/etc/hosts: not a directory",
        ),
        (&["--nameserver=localhost"], "not an address, such as 192.0.2.53 or fe80::1%eth0"),
        (&["--reference=TOP/host/etc/hosts/x"], "reading TOP/host/etc/hosts/x: not a directory"),
        (&["--reference=reference"], "--reference=reference: not an absolute path of a folder without .."),
        (
            &["--reference=TOP/../reference"],
            "--reference=TOP/../reference: not an absolute path of a folder without ..",
        ),
        (&["--name=x", "--root=."], "--root=.: not an absolute path of a folder without .."),
        (&["--name=x", "--root=/tmp/.."], "--root=/tmp/..: not an absolute path of a folder without .."),
        (&["--name=x", "--root="], "--root"),
        (&["--reference=/", "--file=/etc/hosts"], "--reference is the folder that is checked"),
        (&["--reference=TOP/host//", "--root=TOP/./host"], "--reference is the folder that is checked"),
        (&["--reference=TOP/empty"], "TOP/empty holds no file"),
        (
            &["--reference=TOP/nowhere"],
            "folder TOP/nowhere does not exist: run mkdir -p TOP/nowhere, then in / run cp -aL --parents etc/hostname etc/hosts etc/resolv.conf TOP/nowhere",
        ),
    ];
    for (options, text) in rows {
        let outcome = check_only(trees.path(), options);
        let (code, line) = outcome.verdict();
        assert!(
            code == 3 && line.starts_with("HOST_FILES UNKNOWN - ") && line.contains(text),
            "{options:?}: {line}"
        );
    }
}

#[test]
fn a_reference_that_others_can_write_is_not_obeyed() {
    let trees = trees();
    let hosts = trees.path().join("reference/etc/hosts");
    fs::set_permissions(&hosts, fs::Permissions::from_mode(0o646)).unwrap();
    fs::remove_file(trees.path().join("host/etc/hostname")).unwrap();
    let outcome = check(trees.path(), &[]);
    assert!(
        outcome.summary().1.starts_with("HOST_FILES CRITICAL - /etc/hostname is missing"),
        "{}",
        outcome.stdout
    );
    let unknown = outcome.stdout.lines().find(|line| line.starts_with("UNKNOWN: ")).unwrap();
    assert!(unknown.contains("etc/hosts"), "{unknown}");
}

/// What is done to the trees, the options, and what the output contains then.
type Row<'a> = (&'a dyn Fn(), &'a [&'a str], &'a str);

#[test]
fn what_is_wrong_with_the_reference_hides_nothing_else() {
    let trees = trees();
    let top = trees.path();
    fs::write(top.join("host/etc/resolv.conf"), "nameserver 198.51.100.53\n").unwrap();
    let changed = "HOST_FILES CRITICAL - /etc/resolv.conf: nameserver 198.51.100.53, not 127.0.0.1";
    let hostname = top.join("reference/etc/hostname");
    let rows: [Row<'_>; 4] = [
        (
            &|| fs::set_permissions(&hostname, fs::Permissions::from_mode(0o666)).unwrap(),
            &["--name=reference"],
            "UNKNOWN: --name=reference: chmod go-w TOP/reference/etc/hostname: others can write it\n",
        ),
        (
            &|| fs::remove_file(&hostname).unwrap(),
            &["--name=reference"],
            "UNKNOWN: --name=reference: /etc/hostname is not in TOP/reference\n",
        ),
        (
            &|| fs::rename(top.join("reference"), top.join("moved")).unwrap(),
            &["--nameserver=127.0.0.1"],
            "UNKNOWN: folder TOP/reference does not exist: run mkdir -p TOP/reference, then ",
        ),
        (
            &|| {
                fs::create_dir(top.join("reference")).unwrap();
                (0..257).for_each(|name| fs::write(top.join(format!("reference/{name}")), "").unwrap());
            },
            &["--nameserver=127.0.0.1"],
            "UNKNOWN: TOP/reference holds more than 256 files or 1024 folders: choose by --file\n",
        ),
    ];
    for (make, options, text) in rows {
        make();
        let output = check(top, options).stdout;
        assert!(output.starts_with(changed) && output.contains(text), "{text}: {output}");
    }
}

/// The name and the resolver do most harm, then what is not there.
#[test]
fn the_worst_change_stands_first() {
    let trees = trees();
    let top = trees.path();
    for (name, text) in [("a.conf", "1\n"), ("b.conf", "1\n")] {
        fs::write(top.join("reference/etc").join(name), text).unwrap();
    }
    fs::write(top.join("host/etc/a.conf"), "2\n").unwrap();
    fs::write(top.join("host/etc/resolv.conf"), "nameserver ::1\nsearch example.com\n").unwrap();
    fs::write(top.join("host/etc/hostname"), "x\n").unwrap();
    let output = check(top, &["--name=reference"]).stdout;
    assert!(
        output.starts_with(
            "HOST_FILES CRITICAL - 4 of 6 changed: after the next boot the name is x, not proxy7: "
        ),
        "{output}"
    );
    let worst = ["after the next boot", "/etc/resolv.conf: ", "/etc/b.conf is missing", "/etc/a.conf line 1"];
    let lines: Vec<&str> = output.lines().filter(|line| line.starts_with("CRITICAL: ")).collect();
    assert_eq!(lines.len(), 4, "{output}");
    for (line, start) in lines.iter().zip(worst) {
        assert!(line.starts_with(&format!("CRITICAL: {start}")), "{start}: {line}");
    }
    // The count stays where another fault stands beside the changes.
    fs::set_permissions(top.join("host/etc/hosts"), fs::Permissions::from_mode(0o666)).unwrap();
    let line = summary(top, &["--name=reference", "--mode"]);
    assert!(line.starts_with("HOST_FILES CRITICAL - 4 of 6 changed: after the next boot"), "{line}");
}

/// What fills a megabyte leaves room for who did it.
#[test]
fn a_long_name_is_cut() {
    let trees = trees();
    let long = "x".repeat(1 << 20);
    for name in ["hosts", "hostname"] {
        fs::write(trees.path().join("host/etc").join(name), &long).unwrap();
        let line = summary(trees.path(), &[&format!("--file=/etc/{name}")]);
        assert!(line.len() < 400 && line.contains("xxx...") && line.contains(": changed at "), "{line}");
    }
    let line = summary(trees.path(), &["--name=proxy7", "--file=/etc/resolv.conf"]);
    assert!(line.starts_with("HOST_FILES CRITICAL - after the next boot the name is xxx"), "{line}");
    assert!(line.contains("xxx..., not proxy7: changed at "), "{line}");
}

#[test]
fn a_full_reference_and_hostile_text_stay_inside_the_packet() {
    let trees = trees();
    for number in 0..250 {
        let name = format!("etc/file-{number:03}");
        fs::write(trees.path().join("reference").join(&name), "a\n").unwrap();
        fs::write(trees.path().join("host").join(&name), format!("\u{1b}[2J|x=1\r{}\n", "y".repeat(5000)))
            .unwrap();
    }
    let outcome = check(trees.path(), &[]);
    assert_eq!(outcome.code, Some(2));
    assert!(
        outcome.first_line().starts_with("HOST_FILES CRITICAL - 250 of 253 changed: "),
        "{}",
        outcome.first_line()
    );
    assert!(outcome.first_line().len() <= 1000 && outcome.stdout.len() <= 60 << 10);
    assert!(!outcome.stdout.contains(['\u{1b}', '\r']) && outcome.stdout.matches('|').count() == 1);
}
