//! What is refused, and what is read in place of what is named.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use rustix::fs::{CWD, Mode, mkfifoat};
use suite::process::run;

use super::{BINARY, check, said};

#[test]
fn a_file_without_a_nameserver_has_none_to_check() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    fs::write(file("empty"), "search test\n").unwrap();
    fs::write(file("carriage"), "nameserver 192.0.2.53\r\n").unwrap();
    fs::write(file("mac"), "nameserver 192.0.2.53\rnameserver 192.0.2.54\r").unwrap();
    fs::write(file("mark"), "\u{feff}nameserver 192.0.2.53\n").unwrap();
    symlink("nothing", file("link")).unwrap();
    let rows = [
        ("link", format!("{} is a dangling link to nothing", file("link"))),
        ("missing", format!("{} is missing", file("missing"))),
        ("empty", format!("no nameserver in {}", file("empty"))),
        ("carriage", format!("line 1 of {} is ignored: it ends with a carriage return", file("carriage"))),
        (
            "mac",
            format!("line 1 of {} is ignored: carriage returns stand in place of line ends", file("mac")),
        ),
        (
            "mark",
            format!("line 1 of {} is ignored: a byte order mark stands before nameserver", file("mark")),
        ),
    ];
    for (name, why) in rows {
        let outcome = check(&["--closed", "--name=good.test", &format!("--resolv-conf={}", file(name))]);
        let line = format!("UNKNOWN - no nameserver to check: {why}, name some by --server");
        assert_eq!((said(&outcome), outcome.code), (line, Some(3)));
    }
}

#[test]
fn wrong_options_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let large = folder.path().join("large");
    fs::write(&large, vec![b'#'; 65_537]).unwrap();
    let large = format!("--resolv-conf={}", large.display());
    let many: Vec<String> = (0..241).map(|number| format!("--name=a{number}.test")).collect();
    let fifo = folder.path().join("fifo");
    mkfifoat(CWD, &fifo, Mode::RUSR | Mode::WUSR).unwrap();
    let fifo = format!("--resolv-conf={}", fifo.display());
    let rows: [(&[&str], &str); 21] = [
        (&["--name=a.test", "-w", "101%"], "a share is 0 to 100%, not 101%"),
        (&["--name=a.test", "--critical=-5:5%"], "a share is 0 to 100%, not -5%"),
        (&["--name=a.test", "--server=192.0.2.53:x"], "from 1 to 65535, as in 192.0.2.53:53"),
        (&["--name="], "the name is missing"),
        (&["--name=a.test/"], "nothing follows the slash: leave it out, or write as in www.example.com/A"),
        (
            &["--name=a.test="],
            "nothing follows the equals sign: leave it out, or write as in www.example.com=192.0.2.80",
        ),
        (&[], "no name: give one that must resolve by --name, as in --name=www.example.com, see --help"),
        (&["--name=a.test/ANY"], "ANY is not one of the types"),
        (
            &["--name=a.test", "--server=ns.example.com"],
            "a nameserver is named by its address, as in 192.0.2.53",
        ),
        (
            &["--name=a.test", "--server=fe80::1"],
            "a link-local address needs its interface, as in fe80::1%eth0",
        ),
        (&["--name=a.test", "--resolv-conf=/"], "reading /: is a directory"),
        (&["--name=a.test", "--resolv-conf=/dev/null"], "reading /dev/null: is a device"),
        (&["--name=a.test", &fifo], "/fifo: is a FIFO"),
        (&["--name=a.test", &large], "larger than 65536 octets"),
        (
            &["--name=a.test/AAAA=192.0.2.80"],
            "192.0.2.80 is no address of AAAA, as in www.example.com/AAAA=2001:db8::80",
        ),
        (
            &["--name=a.test/A=2001:db8::/32"],
            "2001:db8::/32 is no address of A, as in www.example.com/A=192.0.2.80",
        ),
        (&["--absent=*.a.test"], "--absent: *.a.test: leave out the *., its label is random anyway"),
        (&["--secure=*.a.test"], "--secure: *.a.test: only --name takes a random label"),
        (&["--bogus=*.a.test"], "--bogus: *.a.test: only --name takes a random label"),
        (&["--name=a.test", "--tries=0"], "--tries=0: not a whole number from 1 to 5"),
        (
            &["--absent=b.test", "--absent=A.test", "--name=*.a.test"],
            "--name=*.a.test and --absent=a.test contradict each other: name two zones, see --help",
        ),
    ];
    for (arguments, part) in rows {
        let outcome = check(arguments);
        assert!(
            outcome.code == Some(3) && outcome.first_line().contains(part),
            "{arguments:?}: {}",
            outcome.stdout
        );
    }
    let mut many: Vec<&str> = many.iter().map(String::as_str).collect();
    many.push("--server=127.0.0.1:9");
    let outcome = check(&many);
    let line =
        "UNKNOWN - 482 questions are too many, at most 480 are possible: give fewer --name or --server";
    assert_eq!(said(&outcome), line);
}

#[test]
fn a_link_local_server_needs_an_interface_that_is_there() {
    let outcome = check(&["--server=fe80::1%nosuch0", "--name=good.test"]);
    let line = "CRITICAL - 1 of 1 nameserver fails: fe80::1%nosuch0 no such interface: nosuch0";
    assert_eq!(said(&outcome), line);
    let outcome = check(&["--server=fe80::1%99999", "--name=good.test"]);
    assert_eq!(said(&outcome), line.replace("nosuch0", "99999"));
}

#[test]
fn without_file_descriptors_nothing_is_known() {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 8 && exec \"$0\" \"$@\"", BINARY]);
    let servers = (1..=9).map(|number| format!("--server=127.0.0.{number}:9"));
    let outcome = run(command.args(servers).arg("--name=good.test"));
    let line = "UNKNOWN - asking the nameservers: too many open files";
    assert_eq!((said(&outcome), outcome.code), (line.to_owned(), Some(3)));
}

#[test]
fn another_file_is_read_in_place_of_the_systems() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("resolv.conf");
    fs::write(&file, "nameserver 127.0.0.1\r\n").unwrap();
    let missing = format!("--resolv-conf={}/none", folder.path().display());
    let written = format!("--resolv-conf={}", file.display());
    let missing = check(&[&missing, "--name=good.test"]);
    assert!(said(&missing).contains("/none is missing, so 127.0.0.1 is asked"), "{}", missing.stdout);
    let written = check(&[&written, "--name=good.test"]);
    let line = "is ignored: it ends with a carriage return, so 127.0.0.1 is asked";
    assert!(said(&written).contains(line), "{}", written.stdout);
}
