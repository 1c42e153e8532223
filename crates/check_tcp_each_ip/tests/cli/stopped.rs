//! What a run says that is stopped.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use suite::wait::eventually;

use super::names::names;
use super::{BINARY, closed_port, full_port, list, saying};

/// The exit code and the output of a run that gets SIGTERM once it has connected to `silent`, which says
/// nothing.
fn stopped(silent: &TcpListener, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(BINARY);
    command.args(["--timeout", "60", "--connect-timeout", "50", "--expect", "220", "--in-flight", "1"]);
    let child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    silent.set_nonblocking(true).unwrap();
    let mut held = None;
    eventually("a connection", Duration::from_secs(20), || {
        held = silent.accept().ok();
        held.is_some()
    });
    ended(child)
}

/// The exit code and the output of a run that gets SIGTERM now.
fn ended(child: Child) -> (Option<i32>, String) {
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

/// Fewer than 256 connections, one at a time, are made in order: when the first silent target is asked, those
/// before it have answered or refused.
#[test]
fn a_run_that_is_stopped_says_what_it_knows() {
    let (open, closed) = (saying(b"220 mail.example.com\r\n"), closed_port());
    let silent = TcpListener::bind("127.0.1.1:0").unwrap();
    let last = silent.local_addr().unwrap().port();
    let answering: String = (1..=119).map(|number| format!("127.0.0.{number} {open}\n")).collect();
    let waiting: String = (1..=80).map(|number| format!("127.0.1.{number} {last}\n")).collect();
    let (_folder, path) = list(&format!("{answering}127.0.0.120 {closed}\n{waiting}"));
    let refused = format!(", 127.0.0.120 port {closed} refused");
    let data = |limits| {
        let rest = "second_try=U;;;0;200 slowest=U;;;0";
        format!(" | failed=1;{limits};0;200 untested=80;;;0;200 {rest}")
    };
    let rows: [(&str, &[&str], i32, &str, String); 4] = [
        ("1", &[], 2, "CRITICAL", format!("121 of 200 asked{refused}{}", data(";0"))),
        ("1", &["--warning", "0"], 3, "UNKNOWN", format!("121 of 200 asked{refused}{}", data("0;"))),
        ("1", &["--warning", "5"], 3, "UNKNOWN", format!("121 of 200 asked{}", data("5;"))),
        // What is refused is tried again at once.
        ("2", &[], 2, "CRITICAL", format!("121 of 200 asked{refused}{}", data(";0"))),
    ];
    for (tries, more, code, state, known) in rows {
        let (seen, output) = stopped(&silent, &[&["--file", &path, "--tries", tries], more].concat());
        let line = output.lines().next().unwrap();
        let (before, after) = line.split_once(" s, partial: ").unwrap();
        assert!(before.starts_with(&format!("TCP_EACH_IP {state} - stopped by SIGTERM after ")), "{output}");
        assert_eq!((seen, after), (Some(code), known.as_str()), "{output}");
    }
}

/// A target that waits for its answer is asked.
#[test]
fn a_run_that_is_stopped_tells_that_all_are_asked() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let (_folder, path) = list(&format!("127.0.0.1 {port}\n"));
    let (code, output) = stopped(&silent, &["--file", &path]);
    let line = output.lines().next().unwrap();
    assert_eq!(code, Some(3), "{output}");
    assert!(line.contains(" s, partial: 1 of 1 asked, none has answered | failed=0;"), "{output}");
}

/// Returns the local ports of unanswered connections to this port of 127.0.0.x, from the kernel's list.
fn waiting(number: u8, port: &str) -> BTreeSet<String> {
    let remote = format!("{number:02X}00007F:{:04X} 02", port.parse::<u16>().unwrap());
    let all = fs::read_to_string("/proc/net/tcp").unwrap();
    let local = |line: &str| line.split_once(&remote)?.0.split_whitespace().last().map(str::to_owned);
    all.lines().filter_map(local).collect()
}

/// Waits until these addresses 127.0.0.x have their second try on their ports.
fn tried_twice(targets: &[(u8, &String)]) {
    let mut tries = vec![BTreeSet::new(); targets.len()];
    eventually("second tries of all", Duration::from_secs(20), || {
        for (known, (number, port)) in tries.iter_mut().zip(targets) {
            known.extend(waiting(*number, port));
        }
        tries.iter().all(|known| known.len() > 1)
    });
}

/// All were tried once when the second tries begin: that is an outage already.
#[test]
fn a_total_outage_is_told_when_the_run_is_stopped() {
    let (first, _taken, _socket) = full_port();
    let (second, _more, _other) = full_port();
    let (_folder, path) = list(&format!("127.0.0.1 {first},{second}\n"));
    let mut command = Command::new(BINARY);
    command.args(["--file", &path, "--timeout=60", "--connect-timeout=2", "--tries=5"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    tried_twice(&[(1, &first), (1, &second)]);
    let (code, output) = ended(child);
    let (before, after) = output.lines().next().unwrap().split_once(" s, partial: ").unwrap();
    assert!(before.starts_with("TCP_EACH_IP CRITICAL - stopped by SIGTERM after "), "{output}");
    let data = "failed=2;;0;0;2 untested=0;;;0;2 second_try=U;;;0;2 slowest=U;;;0";
    assert_eq!((code, after), (Some(2), format!("2 of 2 tried do not answer | {data}").as_str()), "{output}");
}

/// The addresses of a name are targets too. While they are not known, the silence of the others is not that
/// of all.
#[test]
fn a_run_that_is_stopped_knows_what_names_are_left() {
    let (port, _taken, _socket) = full_port();
    let asked = "1 of 1 asked, 1 silent so far, 1 name not resolved yet";
    let rows: [(&str, &[u8], i32, &str, &str); 2] = [
        ("hang", &[1], 3, "UNKNOWN", &format!("{asked} | failed=0;;0;0 untested=1;;;0 ")),
        (
            "there.localhost",
            &[1, 2],
            2,
            "CRITICAL",
            "2 of 2 tried do not answer | failed=2;;0;0;2 untested=0;;;0;2 ",
        ),
    ];
    for (name, numbers, code, state, known) in rows {
        let names = names();
        let mut command = names.command(BINARY);
        command.args(["--ip=127.0.0.1", "--hostname", name, "--port", &port]);
        command.args(["--timeout=60", "--connect-timeout=1.5", "--tries=5"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        tried_twice(&numbers.iter().map(|number| (*number, &port)).collect::<Vec<_>>());
        let (seen, output) = ended(child);
        let (before, after) = output.lines().next().unwrap().split_once(" s, partial: ").unwrap();
        assert!(before.starts_with(&format!("TCP_EACH_IP {state} - stopped by SIGTERM after ")), "{output}");
        assert!(after.starts_with(known), "{output}");
        assert_eq!(seen, Some(code), "{output}");
    }
}
