//! The command `check_tcp_each_ip` as a user runs it, against services on loopback: well-behaved, hostile and
//! hung ones; and every kind of bad input. What needs other hosts is in the suite's system tests.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::Duration;

use suite::ports;
use suite::process::{Outcome, in_time, run};
use tempfile::TempDir;

#[path = "cli/certificates.rs"]
mod certificates;
#[path = "cli/names.rs"]
mod names;
#[path = "cli/options.rs"]
mod options;
#[path = "cli/services.rs"]
mod services;
#[path = "cli/starttls.rs"]
mod starttls;
#[path = "cli/stopped.rs"]
mod stopped;
#[path = "cli/tls.rs"]
mod tls;

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
    ports::reserved("127.0.0.1").port().to_string()
}

/// Returns a port of all addresses of loopback that accepts no connection, because its queue is full. It
/// stays so while the returned values live.
fn full_port() -> (String, Vec<TcpStream>, std::os::fd::OwnedFd) {
    use rustix::net::{AddressFamily, SocketType, bind, getsockname, listen, socket};
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&socket, &std::net::SocketAddr::from(([0, 0, 0, 0], 0))).unwrap();
    listen(&socket, 0).unwrap();
    let port = std::net::SocketAddr::try_from(getsockname(&socket).unwrap()).unwrap().port();
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let fill = || TcpStream::connect_timeout(&address, Duration::from_millis(200));
    let taken: Vec<TcpStream> = std::iter::from_fn(|| fill().ok()).take(8).collect();
    assert!((1..8).contains(&taken.len()), "{taken:?}");
    (port.to_string(), taken, socket)
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
        (
            3,
            format!("TCP_EACH_IP UNKNOWN - no port for 127.0.0.2 ({path} line 2): give --port, see --help")
                .as_str()
        )
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
fn silence_is_no_answer_and_the_address_is_there() {
    let (port, _taken, _socket) = full_port();
    let outcome = in_time(Duration::from_millis(1_400), || {
        check(&["--ip", "127.0.0.1", "--port", &port, "--connect-timeout", "0.4"])
    });
    let line = format!("TCP_EACH_IP CRITICAL - 1 of 1 fails, port {port}: 127.0.0.1 silent");
    let first = text(&outcome);
    assert!(first.0 == 2 && first.1.starts_with(&line), "{first:?}");
    let pinged = first.1.ends_with(" silent (answers ping)");
    assert!(pinged || first.1 == line, "{first:?}");
    let time = outcome.elapsed.as_secs_f64();
    assert!(time >= 0.85, "two tries of 0.4 s and the pause between them: {time}");
    let detail = outcome.stdout.lines().nth(1);
    assert_eq!(detail, pinged.then_some("127.0.0.1: silent (answers ping): the service or a firewall"));
    let verbose = check(&["--ip", "127.0.0.1", "--port", &port, "--connect-timeout", "0.1", "-v"]).stdout;
    assert_eq!(
        verbose.contains("\nsilent addresses were not pinged: no permission to ping: "),
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
    // One start a second: the second target has none.
    let slowly = ["--rate=1", "--connect-timeout=0.3", "--timeout=0.5"];
    let two = [&["--ip=127.0.0.1", "--ip=127.0.0.2", "--port", &open][..], &slowly].concat();
    let outcome = in_time(Duration::from_millis(750), || check(&two));
    let line = format!("TCP_EACH_IP UNKNOWN - 1 of 2 untested, port {open}: 127.0.0.2 not reached in time");
    assert_eq!(text(&outcome), (3, line.as_str()));
    let once = check(&["--file", &path, "--connect-timeout", "0.4", "--timeout", "0.6:critical"]);
    let line = format!(
        "TCP_EACH_IP CRITICAL - 1 of 2 targets untested: 127.0.0.1 port {full} failed once, no time for the second try"
    );
    assert_eq!(text(&once), (2, line.as_str()));
    // Of everything a single try that may have been one lost packet proves no outage.
    let alone = check(&["--ip=127.0.0.1", "--port", &full, "--connect-timeout", "0.4", "--timeout", "0.6"]);
    let line = format!(
        "TCP_EACH_IP UNKNOWN - 1 of 1 untested, port {full}: 127.0.0.1 failed once, no time for the second try"
    );
    assert_eq!(text(&alone), (3, line.as_str()));
}

/// One that spans a retransmission does, where --timeout leaves room for no other.
#[test]
fn fewer_tries_are_enough_where_no_more_fit() {
    let (full, _taken, _socket) = full_port();
    let (open, closed) = (service(drop), closed_port());
    let (_folder, path) = list(&format!("127.0.0.1 {full},{open},{closed}\n"));
    let fails = "TCP_EACH_IP CRITICAL - 2 of 3 targets fail: 127.0.0.1 port ";
    let rows: [(&[&str], Option<&str>, f64, f64); 4] = [
        (&["-t2"], Some("note: 1 target had one try: --timeout leaves no time for 2"), 1.8, 2.3),
        (&["-t3", "--tries=5"], Some("note: 1 target had 2 tries: --timeout leaves no time for 5"), 2.7, 3.3),
        (&["-t4"], None, 3.6, 4.3),
        (
            &["-t3", "--connect-timeout=2"],
            Some("note: 1 target had one try: --timeout leaves no time for 2"),
            1.9,
            3.3,
        ),
    ];
    for (options, note, least, most) in rows {
        let all = [&["--file", &path], options].concat();
        let outcome = in_time(Duration::from_secs_f64(most), || check(&all));
        assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
        assert!(outcome.first_line().starts_with(fails), "{options:?} {}", outcome.stdout);
        assert!(outcome.first_line().contains(" | failed=2;;0;0;3 untested=0;"), "{}", outcome.stdout);
        assert_eq!(
            outcome.stdout.lines().find(|line| line.starts_with("note: ")),
            note,
            "{}",
            outcome.stdout
        );
        let time = outcome.elapsed.as_secs_f64();
        assert!(time >= least, "{options:?}: {time}");
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
    let command = format!(
        "ulimit -n 4; exec {BINARY} --ip 127.0.0.1 --port {port} --connect-timeout 0.3 --timeout 0.5"
    );
    let outcome = run(Command::new("bash").args(["-c", &command]));
    let line = "TCP_EACH_IP UNKNOWN - starting the watchdog: too many open files";
    assert_eq!(text(&outcome), (3, line), "{}", outcome.stdout);
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
