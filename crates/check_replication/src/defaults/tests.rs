//! Files as the stock clients read them, and what is wrong with one.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use suite::needs::{Need, missing};

use super::*;

fn read(path: &Path, group: Option<&str>) -> Result<Defaults, String> {
    Defaults::read(path, group, &Deadline::after(Duration::from_secs(8))).map_err(|error| error.to_string())
}

#[test]
fn values_as_mysql_reads_them() {
    let rows = [
        ("plain", "plain"),
        ("\"with # no comment\"", "with # no comment"),
        ("'it''s'", "it''s"),
        ("\"a\\\"b\"", "a\"b"),
        ("a\\sb\\tc\\\\d\\x", "a b\tc\\d\\x"),
        ("'open", "'open"),
        ("a=b", "a=b"),
    ];
    for (text, value) in rows {
        assert_eq!(read_value(text), value, "{text}");
    }
}

#[test]
fn a_password_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.cnf");
    let rows = [
        ("password=one\nskip-password", None),
        ("password=one\nskip_pass", None),
        ("password=one\nloose-disable-password", None),
        ("password=one\n[client-mariadb]\nskip-password", None),
        ("password=one\n[client-server]\npassword=two", Some("two")),
        ("[client-server]\npassword=two\n[client]\npassword=one", Some("one")),
        ("password=one\npassword", None),
        ("skip-password\npassword=one", Some("one")),
    ];
    for (text, password) in rows {
        fs::write(&path, format!("[client]\n{text}\n")).unwrap();
        assert_eq!(read(&path, None).unwrap().get("password"), password, "{text}");
    }
}

#[test]
fn groups_and_includes() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("d/d.cnf")).unwrap();
    fs::write(at("d/b.cnf"), "[client]\nport = 3307\n").unwrap();
    fs::write(at("d/a.cnf"), "[client]\nport=1\nloose_ssl_ca=/ca.pem\n").unwrap();
    fs::write(at("d/c.txt"), "[client]\nport=2\n").unwrap();
    let main = "# head\n[mysqld]\nuser=mysql\n[monitor]\npassword = 'two'\n[client]\nuser=mon\npassword=one\nskip-this\n!includedir d\n";
    fs::write(at("my.cnf"), main).unwrap();
    let defaults = read(&at("my.cnf"), None).unwrap();
    assert_eq!(
        (defaults.get("user"), defaults.get("password"), defaults.get("port")),
        (Some("mon"), Some("one"), Some("3307"))
    );
    assert_eq!((defaults.path("ssl-ca"), defaults.get("skip-this")), (Some(PathBuf::from("/ca.pem")), None));
    assert_eq!(
        read(&at("my.cnf"), Some("monitor")).unwrap().get("password"),
        Some("two"),
        "the chosen group wins"
    );
    assert_eq!(read(&at("my.cnf"), Some("client")).unwrap().get("password"), Some("one"));
    let none = format!("reading {}: no group [absent]", at("my.cnf").display());
    assert_eq!(read(&at("my.cnf"), Some("absent")).err(), Some(none));
}

#[test]
fn a_wrong_setting_is_named_and_never_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.cnf");
    let rows = [
        ("[client\n", "line 1: a group without its ]"),
        ("[client]\n!include\n", "line 2: neither !include nor !includedir with a name"),
        ("user=x\n", "line 1: an option above the first group"),
        ("\u{feff}[client]\nuser=x\n", "line 1: begins with a byte order mark: save it as UTF-8 without one"),
        ("!include my.cnf\n", "more than 200 files, or includes more than 10 deep"),
    ];
    for (text, what) in rows {
        fs::write(&path, text).unwrap();
        assert_eq!(read(&path, None).err(), Some(format!("reading {}: {what}", path.display())));
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o606)).unwrap();
    assert!(read(&path, None).err().unwrap().ends_with("the stock clients ignore: chmod o-w"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&path, b"[client]\npassword=\xff\n").unwrap();
    assert_eq!(read(&path, None).err(), Some(format!("reading {}: line 2: not UTF-8", path.display())));
}

/// What the stock client's own program reads out of files like these, for the groups that all of MariaDB's
/// clients read.
#[test]
fn files_are_read_as_the_stock_client_reads_them() {
    if missing(&[Need::Program("my_print_defaults")]) {
        return;
    }
    let lines: [&[u8]; 31] = [
        b"user=plain",
        b" user = two words \t",
        b"password=\"a\\\"b\"",
        b"password=a\\\"b",
        b"password='it''s'",
        b"password=\"a\" b\"",
        b"password=\"a\\\" # b\"",
        b"password='a#b' # c",
        b"password='open # c",
        b"password=\"ab\\\"",
        b"password=ab\\",
        b"password=\"\"",
        b"password=a\\sb\\tc\\\\d\\x",
        b"user=a;b",
        b"user=a#b",
        b"user==a",
        b"# caf\xe9",
        b"user=x # caf\xe9",
        b"; a comment",
        b"user",
        b"[client]",
        b"[CLIENT]",
        b"[client ]",
        b"[ client]",
        b"[client] more",
        b"[client-mariadb]",
        b"[Client-Server]",
        b"[mysqld]",
        b"!include /nonexistent/my.cnf",
        b"!unknown x",
        b"ssl_ca=/x\r",
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.cnf");
    // All pairs of lines, in a few files: a multiplicative walk through them.
    for step in 1..60_usize {
        let mut text = b"[client]\n".to_vec();
        for place in 0..24_usize {
            text.extend(lines[(place * step + step * step + place / 5) % lines.len()]);
            text.push(b'\n');
        }
        fs::write(&path, &text).unwrap();
        let mut command = Command::new("my_print_defaults");
        command.arg(format!("--defaults-file={}", path.display())).args([
            "client",
            "client-server",
            "client-mariadb",
        ]);
        let printed = suite::process::run(&mut command);
        assert_eq!(printed.code, Some(0), "{printed:?}");
        let mut expected = BTreeMap::new();
        for line in printed.stdout.lines() {
            let (name, value) = line.trim_start_matches("--").split_once('=').unwrap_or((&line[2..], ""));
            expected.insert(name.replace('_', "-"), value.to_owned());
        }
        let read = read(&path, None).map(|defaults| BTreeMap::from_iter(defaults.0));
        assert_eq!(read, Ok(expected), "{}", String::from_utf8_lossy(&text));
    }
}
