//! The command `check_tcp_each_ip` as a user runs it, against services on loopback: well-behaved, hostile and
//! hung ones; and every kind of bad input. What needs other hosts is in the suite's system tests.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use suite::process::{Outcome, run};
use suite::wait::eventually;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_check_tcp_each_ip");

fn check(arguments: &[&str]) -> Outcome {
    let outcome = run(Command::new(BINARY).args(arguments));
    assert_eq!(outcome.stderr, "", "{arguments:?}");
    outcome
}

/// The exit code, and the line without its performance data.
fn text(outcome: &Outcome) -> (i32, &str) {
    (outcome.code.unwrap(), outcome.first_line().split(" | ").next().unwrap())
}

/// A service on all addresses of loopback that does `serve` with each connection, one after the other. Its
/// port, as a text.
fn service(serve: impl Fn(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    thread::spawn(move || listener.incoming().flatten().for_each(serve));
    port
}

/// A service that says something and waits for the other end to close.
fn saying(text: &'static [u8]) -> String {
    service(move |mut stream| {
        let _ = stream.write_all(text);
        let _ = stream.read(&mut [0; 64]);
    })
}

/// A port that nobody listens on.
fn closed_port() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

/// A port that takes nothing any more: its queue is full, and nobody accepts. It holds while what is returned
/// lives.
fn full_port() -> (String, Vec<TcpStream>, std::os::fd::OwnedFd) {
    use rustix::net::{AddressFamily, SocketType, bind, getsockname, listen, socket};
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&socket, &std::net::SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    listen(&socket, 0).unwrap();
    let address = std::net::SocketAddr::try_from(getsockname(&socket).unwrap()).unwrap();
    let fill = || TcpStream::connect_timeout(&address, Duration::from_millis(200));
    let taken: Vec<TcpStream> = std::iter::from_fn(|| fill().ok()).take(8).collect();
    assert!((1..8).contains(&taken.len()), "{taken:?}");
    (address.port().to_string(), taken, socket)
}

fn list(content: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ips");
    fs::write(&path, content).unwrap();
    (folder, path.display().to_string())
}

#[test]
fn an_open_port_is_fine_and_a_closed_one_is_not() {
    let port = service(drop);
    let outcome = check(&["--ip", "127.0.0.1", "--port", &port]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    assert!(
        outcome.first_line().starts_with(&format!("TCP_EACH_IP OK - 1 address answers on port {port} in 0."))
    );
    assert!(
        outcome.first_line().contains(" | failed=0;;0;0;1 untested=0;;;0;1 second_try=0;;;0;1 slowest=0.")
    );

    let closed = closed_port();
    let outcome = check(&["--ip", "127.0.0.1", "--ip", "127.0.0.2", "--ip", "127.0.0.1", "--port", &closed]);
    let line = format!("TCP_EACH_IP CRITICAL - 2 of 2 fail, port {closed}: 127.0.0.1-2 refused");
    assert_eq!(text(&outcome), (2, line.as_str()));
    assert_eq!(outcome.stdout.lines().count(), 1, "the first line says all of it: {}", outcome.stdout);
    let fine = check(&["--ip", "127.0.0.1", "--port", &closed, "--refused-ok"]);
    assert!(
        text(&fine).1.starts_with("TCP_EACH_IP OK - 1 address answers or refuses on port "),
        "{}",
        fine.stdout
    );
}

#[test]
fn a_line_of_a_list_may_have_its_own_ports() {
    let (open, closed) = (service(drop), closed_port());
    let (_folder, path) = list(&format!("127.0.0.1 {open},{closed} # both\n127.0.0.2\n127.0.0.3 eth0\n"));
    let outcome = check(&["--file", &path, "--port", &open]);
    let line = format!("TCP_EACH_IP CRITICAL - 1 of 4 targets fails: 127.0.0.1 port {closed} refused");
    assert_eq!(text(&outcome), (2, line.as_str()));
    let outcome = check(&["--file", &path]);
    assert_eq!(
        text(&outcome),
        (3, format!("TCP_EACH_IP UNKNOWN - no port for 127.0.0.2 ({path} line 2): give --port").as_str())
    );
}

#[test]
fn a_configuration_names_the_addresses() {
    let port = saying(b"");
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("etc/network")).unwrap();
    let stanzas =
        "auto eth0\niface eth0 inet static\n  address 192.0.2.1/24\n  up ip addr add 127.0.0.9/8 dev lo\n";
    fs::write(root.path().join("etc/network/interfaces"), stanzas.replace("192.0.2.1/24", "127.0.0.8/8"))
        .unwrap();
    let tree = root.path().to_str().unwrap();
    let outcome = check(&["--from=ifupdown", "--root", tree, "--port", &port]);
    // An address of 127.0.0.0/8 as a static one is a remark, bound by a command it is promised.
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    assert!(outcome.first_line().contains("1 address"), "{}", outcome.stdout);
    let nothing = check(&["--from=auto", "--root", "/proc/self/fdinfo", "--port", &port]);
    let line =
        "TCP_EACH_IP UNKNOWN - no static address in the configuration of auto: nothing to check by --from";
    assert_eq!(nothing.verdict(), (3, line));
    let absent = check(&["--from=netplan", "--root", tree, "--port", &port]);
    assert_eq!(absent.verdict(), (3, "TCP_EACH_IP UNKNOWN - no configuration of netplan here"));
}

#[test]
fn a_name_stands_for_all_its_addresses() {
    let port = service(drop);
    let outcome = check(&["--hostname", "localhost", "--port", &port]);
    assert!(outcome.first_line().contains(" answer"), "{}", outcome.stdout);
    let outcome = check(&["--hostname", "[::ffff:127.0.0.1]", "--port", &port]);
    assert!(
        text(&outcome).1.starts_with("TCP_EACH_IP OK - 1 address answers on port "),
        "{}",
        outcome.stdout
    );
    let outcome = check(&["--hostname", "no-such-name.invalid", "--port", &port]);
    assert_eq!(text(&outcome), (3, "TCP_EACH_IP UNKNOWN - resolving no-such-name.invalid: no address found"));
}

#[test]
fn silence_is_no_answer_and_the_address_is_there() {
    let (port, _taken, _socket) = full_port();
    let outcome = check(&["--ip", "127.0.0.1", "--port", &port, "--connect-timeout", "0.4"]);
    let line = format!("TCP_EACH_IP CRITICAL - 1 of 1 fails, port {port}: 127.0.0.1 silent");
    let first = text(&outcome);
    assert!(first.0 == 2 && first.1.starts_with(&line), "{first:?}");
    let pinged = first.1.ends_with(" silent (answers ping)");
    assert!(pinged || first.1 == line, "{first:?}");
    let time = outcome.elapsed.as_secs_f64();
    assert!((0.85..1.4).contains(&time), "two tries of 0.4 s and the pause between them: {time}");
    let detail = outcome.stdout.lines().nth(1);
    assert_eq!(detail, pinged.then_some("127.0.0.1: silent (answers ping): the service or a firewall"));
    let verbose = check(&["--ip", "127.0.0.1", "--port", &port, "--connect-timeout", "0.1", "-v"]).stdout;
    assert_eq!(
        verbose.contains("\nsilent addresses were not pinged: permission denied: "),
        !pinged,
        "{verbose}"
    );
}

/// What is not known by the deadline is counted, and is not OK.
#[test]
fn the_deadline_always_holds() {
    let (full, _taken, _socket) = full_port();
    let open = service(drop);
    let (_folder, path) = list(&format!("127.0.0.1 {full},{open}\n"));
    let outcome = check(&["--file", &path, "--connect-timeout", "3.5", "--timeout", "0.5"]);
    let line =
        format!("TCP_EACH_IP UNKNOWN - 1 of 2 targets untested: 127.0.0.1 port {full} not reached in time");
    assert_eq!(text(&outcome), (3, line.as_str()));
    assert!(outcome.elapsed < Duration::from_millis(750), "{:?}", outcome.elapsed);
    let once = check(&["--file", &path, "--connect-timeout", "0.4", "--timeout", "0.6:critical"]);
    let line = format!(
        "TCP_EACH_IP CRITICAL - 1 of 2 targets untested: 127.0.0.1 port {full} failed once, no time for the second try"
    );
    assert_eq!(text(&once), (2, line.as_str()));
    // Without a --connect-timeout of their own, tries share what there is.
    let shared = check(&["--file", &path, "--timeout", "1"]);
    assert_eq!(shared.code, Some(2), "{}", shared.stdout);
    assert!(shared.first_line().contains("1 of 2 targets fails: 127.0.0.1 port "), "{}", shared.stdout);
}

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
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

/// Fewer than 256 connections, one at a time, are made in order: when the first silent target is asked, those
/// before it have been.
#[test]
fn a_run_that_is_stopped_says_what_it_knows() {
    let (open, closed) = (saying(b"220 mail.example.com\r\n"), closed_port());
    let silent = TcpListener::bind("127.0.1.1:0").unwrap();
    let last = silent.local_addr().unwrap().port();
    let answering: String = (1..=119).map(|number| format!("127.0.0.{number} {open}\n")).collect();
    let waiting: String = (1..=80).map(|number| format!("127.0.1.{number} {last}\n")).collect();
    let (_folder, path) = list(&format!("{answering}127.0.0.120 {closed}\n{waiting}"));
    let refused = format!(", 127.0.0.120 port {closed} refused");
    let rows: [(&str, &[&str], i32, &str, String); 4] = [
        ("1", &[], 2, "CRITICAL", format!("120 of 200 asked{refused}")),
        ("1", &["--warning", "0"], 1, "WARNING", format!("120 of 200 asked{refused}")),
        ("1", &["--warning", "5"], 3, "UNKNOWN", "120 of 200 asked".to_owned()),
        // What failed once is not judged.
        ("2", &[], 3, "UNKNOWN", "119 of 200 asked".to_owned()),
    ];
    for (tries, more, code, state, known) in rows {
        let (seen, output) = stopped(&silent, &[&["--file", &path, "--tries", tries], more].concat());
        let line = output.lines().next().unwrap();
        let (before, after) = line.split_once(" s, partial: ").unwrap();
        assert!(before.starts_with(&format!("TCP_EACH_IP {state} - stopped by SIGTERM after ")), "{output}");
        assert_eq!((seen, after), (Some(code), known.as_str()), "{output}");
    }
}

#[test]
fn few_descriptors_make_it_slower_and_not_wrong() {
    let port = service(drop);
    let addresses: String =
        (0..600).map(|number| format!("127.0.{}.{}\n", number / 200, number % 200 + 1)).collect();
    let (_folder, path) = list(&addresses);
    for limit in ["1024", "45", "14"] {
        let command = format!("ulimit -n {limit}; exec {BINARY} --file {path} --port {port}");
        let outcome = run(Command::new("bash").args(["-c", &command]));
        let line = format!("TCP_EACH_IP OK - 600 addresses answer on port {port}, slowest 127.0.");
        assert!(outcome.first_line().starts_with(&line), "{limit}: {}", outcome.stdout);
    }
    // A soft limit is raised, a hard one is the end: even the first socket has no descriptor.
    let command = format!("ulimit -n 4; exec {BINARY} --ip 127.0.0.1 --port {port} --timeout 0.5");
    let outcome = run(Command::new("bash").args(["-c", &command]));
    assert_eq!(outcome.code, Some(3), "{}", outcome.stdout);
}

#[test]
fn in_flight_and_rate_bound_the_load() {
    let port = service(drop);
    let addresses: String = (1..=100).map(|number| format!("127.0.0.{number}\n")).collect();
    let (_folder, path) = list(&addresses);
    let outcome = check(&["--file", &path, "--port", &port, "--rate", "250"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    assert!(outcome.elapsed > Duration::from_millis(380), "{:?}", outcome.elapsed);
    let one = check(&["--file", &path, "--port", &port, "--in-flight", "1"]);
    assert_eq!(one.code, Some(0), "{}", one.stdout);
}

#[test]
fn what_a_service_says_must_contain_the_text() {
    let port = saying(b"220 mail.example.com ESMTP\r\n");
    let ask = |options: &[&str]| {
        check(&[&["--ip", "127.0.0.1", "--port", &port, "--connect-timeout", "0.3"], options].concat())
    };
    assert_eq!(ask(&["--expect", "220 "]).code, Some(0));
    assert_eq!(ask(&["--expect", r"ESMTP\r\n"]).code, Some(0));
    let other = ask(&["--expect", "SSH-"]);
    let line = format!("TCP_EACH_IP CRITICAL - 1 of 1 fails, port {port}: 127.0.0.1 unexpected answer");
    assert_eq!(text(&other), (2, line.as_str()));
    assert_eq!(other.stdout.lines().nth(1), Some("127.0.0.1: unexpected answer: 220 mail.example.com ESMTP"));

    let echo = service(|mut stream| {
        let mut room = [0; 64];
        let length = stream.read(&mut room).unwrap_or(0);
        let _ = stream.write_all(&room[..length]);
    });
    let ask = |options: &[&str]| {
        check(&[&["--ip", "127.0.0.1", "--port", &echo, "--connect-timeout", "0.5"], options].concat())
    };
    assert_eq!(ask(&["--send", r"PING\r\n"]).code, Some(0));
    assert_eq!(ask(&["--send", r"PING\r\n", "--expect", "PING"]).code, Some(0));
    assert_eq!(ask(&["--send", r"PING\r\n", "--expect", "PONG"]).code, Some(2));
}

/// Each fault of a service, the words for it, and the detail; `SECONDS` bounds its two tries.
#[test]
fn faults_of_services_have_their_words() {
    let endless = service(|mut stream| while stream.write_all(&[b'a'; 4096]).is_ok() {});
    let dribbling = service(|mut stream| {
        while stream.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(50));
        }
    });
    let hanging = service(|stream| {
        thread::sleep(Duration::from_secs(5));
        drop(stream);
    });
    let rows = [
        (service(drop), "closed at once", "closed at once".to_owned()),
        (hanging, "no banner", "connected, but no banner: the service hangs".to_owned()),
        (endless, "unexpected answer", format!("unexpected answer: {}...", "a".repeat(60))),
        (dribbling, "unexpected answer", "unexpected answer: x".to_owned()),
        (
            saying(b"\x1b[2J\x07|a=1;<b>\r\nsecond\x00\n"),
            "unexpected answer",
            "unexpected answer: [2J /a=1;[b]  second".to_owned(),
        ),
        (saying(b"\xff\xfe\xc3(\x80"), "unexpected answer", "unexpected answer: ???(?".to_owned()),
    ];
    for (port, brief, full) in rows {
        let outcome = check(&[
            "--ip",
            "127.0.0.1",
            "--port",
            &port,
            "--expect",
            "nonsense",
            "--connect-timeout",
            "0.4",
        ]);
        let line = format!("TCP_EACH_IP CRITICAL - 1 of 1 fails, port {port}: 127.0.0.1 {brief}");
        assert_eq!(text(&outcome), (2, line.as_str()));
        // Where the first line says all of it there is no detail.
        let detail = outcome.stdout.lines().nth(1).unwrap_or_default();
        let expected = if full == brief { String::new() } else { format!("127.0.0.1: {full}") };
        assert!(detail.starts_with(&expected) && detail.is_empty() == expected.is_empty(), "{detail}");
        assert!(!outcome.stdout.contains(|c: char| c.is_control() && c != '\n'), "{:?}", outcome.stdout);
        assert_eq!(outcome.stdout.lines().count(), if full == brief { 1 } else { 2 }, "{}", outcome.stdout);
        assert!(outcome.elapsed < Duration::from_millis(1600), "{brief}: {:?}", outcome.elapsed);
    }
}

#[test]
fn a_source_must_be_bound_here() {
    let port = service(|mut stream| {
        let peer = stream.peer_addr().unwrap().ip().to_string();
        let _ = stream.write_all(peer.as_bytes());
    });
    let from =
        check(&["--ip", "127.0.0.1", "--port", &port, "--source", "127.0.0.9", "--expect", "127.0.0.9"]);
    assert_eq!(from.code, Some(0), "{}", from.stdout);
    let foreign = check(&["--ip", "127.0.0.1", "--port", &port, "--source", "192.0.2.1"]);
    assert_eq!(
        text(&foreign),
        (3, "TCP_EACH_IP UNKNOWN - --source 192.0.2.1: cannot assign requested address")
    );
}

#[test]
fn bad_arguments_are_named() {
    let rows: [(&[&str], &str); 15] = [
        (&[], "no address to check: give --ip, --file, --from, --hostname or --bound"),
        (&["--ip", "127.0.0.1"], "no port for 127.0.0.1: give --port"),
        (&["--ip", "127.0.0.1", "--port", "0"], "--port: 0 is not a port of 1 to 65535, see --help"),
        (&["--ip", "127.0.0.1", "--port", "80,x"], "--port=80,x: x is not a port of 1 to 65535, see --help"),
        (&["--ip", "010.1.1.1"], "--ip: 010.1.1.1 is not an IP address: leading zero, see --help"),
        (&["--critical", "5%%"], "--critical=5%%: 5% is not a plain decimal number, see --help"),
        (
            &["--connect-timeout", "0"],
            "--connect-timeout=0: not a time in seconds from 0.01 to 600, see --help",
        ),
        (&["--tries", "0"], "--tries: 0 is not in 1..=5, see --help"),
        (
            &["--send", ""],
            "--send with an empty value: the text has 0 octets, 1 to 2048 are possible, see --help",
        ),
        (&["--rate", "0"], "--rate=0: number would be zero for non-zero type, see --help"),
        (
            &["--hostname", "a/b", "--port", "80"],
            "--hostname=a/b: a host name has only ASCII letters, digits, dots, hyphens and underscores, see --help",
        ),
        (&["--hostname", "db-01:80"], "--hostname=db-01:80: no port is taken here: write db-01, see --help"),
        (&["-H", "[::1]:80"], "--hostname=[::1]:80: no port is taken here: write ::1, see --help"),
        (
            &["-H", "fe80::1%nosuch0", "--port", "80"],
            "fe80::1%nosuch0: there is no interface nosuch0 on this machine",
        ),
        (
            &["--file", "/nonexistent/ips", "--port", "80"],
            "reading /nonexistent/ips: no such file or directory",
        ),
    ];
    for (arguments, message) in rows {
        let outcome = check(arguments);
        assert_eq!(
            outcome.verdict(),
            (3, format!("TCP_EACH_IP UNKNOWN - {message}").as_str()),
            "{arguments:?}"
        );
        assert_eq!(outcome.stdout.lines().count(), 1, "{}", outcome.stdout);
    }
    let (_folder, path) = list("127.0.0.1 80\n127.0.0.2 99999\nexample.com\n");
    let lines = check(&["--file", &path]).stdout;
    let expected = [
        format!(
            "TCP_EACH_IP UNKNOWN - {path} line 2: 99999 is not a port of 1 to 65535 (and 1 more bad lines)"
        ),
        format!("{path} line 3: example.com is not an IP address"),
    ];
    assert_eq!(lines.lines().collect::<Vec<_>>(), expected);
}
