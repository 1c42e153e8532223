//! The command `check_replication` as a user runs it, without any server. What servers say that are none is
//! in `hostile.rs`, what real ones say in the suite's system tests.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use suite::needs::{Need, missing};
use suite::ports;
use suite::process::{Outcome, in_time, run};
use suite::wait::eventually;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_check_replication");

fn check(arguments: &[&str]) -> Outcome {
    let outcome = run(Command::new(BINARY).args(arguments));
    assert_eq!(outcome.stderr, "", "{arguments:?}");
    outcome
}

fn file(folder: &TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_wrong_option_is_unknown_and_named() {
    let rows: [(&[&str], &str); 32] = [
        (&["--hostname", "a b"], "a host name has only ASCII letters, digits, dots, hyphens and underscores"),
        (&["--hostname", "db-01:0"], "the port after the colon is a number from 1 to 65535, as in db-01:161"),
        (&["--hostname=[localhost]:1"], "brackets enclose a whole IPv6 address, as in [2001:db8::1]:161"),
        (&["--hostname=ex;ample"], "a host name has only ASCII letters"),
        (&["--expect-source=a:1:2"], "neither HOST:PORT nor an IPv6 address"),
        (&["--hostname=tcp:db-01:3306"], "write it without tcp:"),
        (&["--hostname=192.0.2.300"], "192.0.2.300 has only digits and dots, but is no IPv4 address"),
        (&["--port", "0"], "--port=0: not a whole number from 1 to 65535"),
        (
            &["--tls", "maybe"],
            "--tls=maybe: not one of off, prefer, require, require-unverified, verify-ca, verify-identity, see --help",
        ),
        (&["--heartbeat-table", "heartbeat"], "give the table with its database, as in percona.heartbeat"),
        (
            &["--expect", "none", "--expect-channels", "2"],
            "leave --expect-channels, --expect-source and --heartbeat-table away, see --help",
        ),
        (
            &["--expect", "none", "--heartbeat-table", "no.such"],
            "leave --expect-channels, --expect-source and --heartbeat-table away, see --help",
        ),
        (
            &["--expect", "none", "-H", "192.0.2.1", "-H", "192.0.2.2"],
            "--expect=none is for one server, see --help",
        ),
        (
            &["--expect-database=shop", "--accept-filter=Replicate_Rewrite_DB"],
            "it renames databases and is never reported: leave the option out",
        ),
        (
            &["--expect-database=shop", "--accept-filter=Replicate_Ignore_Server_Ids"],
            "it may leave out all of a database: never accepted, take the id out of IGNORE_SERVER_IDS",
        ),
        (
            &["--accept-filter=binlog_do_db"],
            "--accept-filter=binlog_do_db needs --expect-database, see --help",
        ),
        (&["--accept-errant=x"], "give a server id, a server uuid, or transactions as in 0-2-7 or UUID:1-5"),
        (&["--accept-errant=0-1"], "give a server id, a server uuid, or transactions"),
        (&["--acknowledge"], "--acknowledge needs --state"),
        (&["--expect-channels=-1"], "--expect-channels=-1: not a whole number from 1 to 65535"),
        (&["--expect-channels=0"], "--expect-channels=0: not a whole number from 1 to 65535"),
        (&["--expect-database="], "give the name of one database, as in shop"),
        (&["--expect-database=shop,stock"], "give the name of one database, as in shop"),
        (&["--expect-members=0"], "--expect-members=0: not a whole number from 1 to 65535"),
        (
            &["-H", "192.0.2.1", "-H", "192.0.2.1:3306"],
            "192.0.2.1 is asked twice: give each server once, see --help",
        ),
        (&["-H", "DB-01", "-H", "db-01"], "db-01 is asked twice: give each server once, see --help"),
        (
            &["-H", "192.0.2.1", "--tls=prefer", "--tls-ca=/ca.pem"],
            "--tls-ca verifies the certificate and --tls=prefer does not: leave one of them away, see --help",
        ),
        (
            &["--acknowledge", "--state=/nonexistent", "-H", "192.0.2.1", "-H", "192.0.2.2"],
            "--acknowledge is for one server: give one --hostname or --socket, see --help",
        ),
        (&["--password", "x"], "--password is not an option"),
        (&["--defaults-group", "x"], "--defaults-group needs --defaults-file"),
        (
            &["--defaults-file", "/nonexistent/my.cnf"],
            "reading /nonexistent/my.cnf: no such file or directory",
        ),
        (
            &["--hostname", "no-such-name.invalid"],
            "resolving no-such-name.invalid: no address found, see check_resolver",
        ),
    ];
    for (arguments, words) in rows {
        let outcome = check(arguments);
        assert_eq!(outcome.code, Some(3), "{arguments:?}: {}", outcome.stdout);
        assert!(outcome.stdout.contains(words), "{arguments:?}: {}", outcome.stdout);
    }
}

#[test]
fn the_file_says_whom_to_ask() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("there");
    let rows = [
        ("[client]\nhost=127.0.0.1\nport=1\n", "127.0.0.1:1: connecting: connection refused"),
        (
            "[client]\nhost=localhost\nsocket=/nonexistent/socket\n",
            "/nonexistent/socket: connecting: no such file or directory",
        ),
        ("[client]\nhost=127.0.0.1\n[monitor]\nport=2\n", "127.0.0.1:2: connecting: connection refused"),
        ("[client]\nhost=localhost\nprotocol=tcp\nport=1\n", "localhost:1: connecting: connection refused"),
    ];
    for (text, line) in rows {
        let path = file(&folder, "my.cnf", text);
        let group = if text.contains("[monitor]") { ["--defaults-group", "monitor"].as_slice() } else { &[] };
        let outcome = check(&[&["--defaults-file", &path], group].concat());
        assert_eq!(outcome.summary(), (2, format!("REPLICATION CRITICAL - {line}").as_str()), "{text}");
    }
    let path = file(&folder, "my.cnf", "[client]\nport=3\n");
    let outcome = check(&["--defaults-file", &path, "--hostname=127.0.0.1"]);
    assert_eq!(outcome.summary(), (2, "REPLICATION CRITICAL - 127.0.0.1:3: connecting: connection refused"));
    let path = file(&folder, "my.cnf", "[client]\nhost=127.0.0.1\nport=x\n");
    let line = format!("REPLICATION UNKNOWN - reading {path}: x is not a port");
    assert_eq!(check(&["--defaults-file", &path]).summary(), (3, line.as_str()));
    let path = file(&folder, "my.cnf", "[client]\nhost=127.0.0.1\nport=+1\n");
    let line = format!("REPLICATION UNKNOWN - reading {path}: +1 is not a port");
    assert_eq!(check(&["--defaults-file", &path]).summary(), (3, line.as_str()));
    let path = file(&folder, "my.cnf", "[client]\nhost=127.0.0.1\nport=1\nssl-fp=/crl.pem\n");
    let line = "REPLICATION UNKNOWN - ssl-fp of the defaults file is not supported: remove it there, or give --tls=off";
    assert_eq!(check(&["--defaults-file", &path]).summary(), (3, line));
    let line = "REPLICATION CRITICAL - 127.0.0.1:1: connecting: connection refused";
    assert_eq!(check(&["--defaults-file", &path, "--tls=off"]).summary(), (2, line));
    let path = file(&folder, "my.cnf", "[client]\nhost=tcp:127.0.0.1\n");
    let line = format!("REPLICATION UNKNOWN - reading {path}: host tcp:127.0.0.1: write it without tcp:");
    assert_eq!(check(&["--defaults-file", &path]).summary(), (3, line.as_str()));
    let options =
        file(&folder, "options.ini", &format!("[check_replication]\nsocket={}\n", socket.display()));
    let line = format!("REPLICATION CRITICAL - {}: connecting: no such file or directory", socket.display());
    assert_eq!(check(&[&format!("--extra-opts=@{options}")]).summary(), (2, line.as_str()));
}

#[test]
fn what_a_server_that_does_not_answer_leaves_undone_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let state = format!("--state={}", folder.path().join("kept").display());
    let outcome = check(&["--hostname=127.0.0.1:1", &state, "--acknowledge"]);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stdout.contains("127.0.0.1:1: no answer, so nothing is acknowledged"), "{outcome:?}");
    let outcome = check(&["--hostname=127.0.0.1:1", "--socket=/nonexistent/socket"]);
    assert!(outcome.stdout.contains(" lag_socket=U;60;300;0 channels_socket=U;;;0"), "{outcome:?}");
}

/// The queue of a socket that nobody accepts from is full after one connection; a plain connect would wait
/// for ever.
#[test]
fn a_full_socket_ends_at_the_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    rustix::net::listen(&listener, 0).unwrap();
    let _queued = std::os::unix::net::UnixStream::connect(&path).unwrap();
    let ask = || check(&["--socket", path.to_str().unwrap(), "--timeout=1"]);
    let outcome = in_time(Duration::from_millis(1_300), ask);
    let line = format!("REPLICATION CRITICAL - {}: no connection within 1 s", path.display());
    assert_eq!(outcome.summary(), (2, line.as_str()));
}

/// Each server has a thread, which ends with its answer: the first one's, the watchdog's and that of the
/// silent server are left.
#[test]
fn a_run_that_is_stopped_says_what_it_knows() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    silent.set_nonblocking(true).unwrap();
    let closed = ports::reserved("127.0.0.1").to_string();
    let mut command = Command::new(BINARY);
    command.args(["--timeout=60", "--hostname", &closed, "--hostname"]);
    command.arg(silent.local_addr().unwrap().to_string());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut held = None;
    eventually("a connection to the silent server alone", Duration::from_secs(20), || {
        held = held.take().or_else(|| silent.accept().ok());
        let threads = fs::read_dir(format!("/proc/{}/task", child.id())).map_or(0, Iterator::count);
        held.is_some() && threads == 3
    });
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(2), Vec::new()));
    let output = String::from_utf8(output.stdout).unwrap();
    let (before, after) = output.lines().next().unwrap().split_once(" s, ").unwrap();
    assert!(before.starts_with("REPLICATION CRITICAL - stopped by SIGTERM after "), "{output}");
    assert_eq!(after, format!("partial: 1 of 2 asked, {closed}: connecting: connection refused"));
}

/// As user nobody, where the tests run as root.
#[test]
fn a_file_or_socket_that_is_for_others_is_unknown() {
    if missing(&[Need::Root, Need::Program("setpriv")]) {
        return;
    }
    let folder = suite::host::public_folder();
    let binary = folder.path().join("check_replication");
    fs::copy(BINARY, &binary).unwrap();
    let secret = file(&folder, "my.cnf", "[client]\npassword=a-secret-word\n");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    let socket = folder.path().join("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o600)).unwrap();
    let nobody = |arguments: &[&str]| {
        let mut command = Command::new("setpriv");
        run(command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&binary).args(arguments))
    };
    let line = format!("REPLICATION UNKNOWN - reading {secret}: permission denied");
    assert_eq!(nobody(&["--defaults-file", &secret]).summary(), (3, line.as_str()));
    let line = format!("REPLICATION UNKNOWN - {}: connecting: permission denied", socket.display());
    assert_eq!(nobody(&["--socket", socket.to_str().unwrap()]).summary(), (3, line.as_str()));
}

#[test]
fn a_password_that_others_can_read_is_named() {
    let folder = suite::host::public_folder();
    let inner = file(&folder, "password.cnf", "[client]\npassword=a-secret-word\n");
    let outer = file(&folder, "my.cnf", &format!("[client]\nuser=mon\npassword=\n!include {inner}\n"));
    let socket = format!("--socket={}", folder.path().join("none").display());
    let detail = format!("{inner} holds a password and every account here can read it: chmod o= {inner}");
    fs::set_permissions(&outer, fs::Permissions::from_mode(0o644)).unwrap();
    for (mode, is_told) in [(0o644, true), (0o640, false), (0o600, false)] {
        fs::set_permissions(&inner, fs::Permissions::from_mode(mode)).unwrap();
        let outcome = check(&["--defaults-file", &outer, &socket]);
        let details: Vec<&str> = outcome.stdout.lines().filter(|line| line.contains("chmod")).collect();
        let expected: Vec<&str> = is_told.then_some(detail.as_str()).into_iter().collect();
        assert_eq!((outcome.code, details), (Some(2), expected), "{mode:o}");
        assert!(!outcome.stdout.contains("a-secret-word"), "{}", outcome.stdout);
    }
}
