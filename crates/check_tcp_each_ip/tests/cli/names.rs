//! Names of `--hostname` beside addresses.

use std::io::{self, Read as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use suite::getent::{self, Getent};
use suite::process::{Outcome, run};

use super::{BINARY, check, closed_port, full_port, list, service, text};

#[test]
fn a_name_stands_for_all_its_addresses() {
    // The hosts file may give the name an address of IPv6 too.
    let port = service_at("[::]:0").unwrap_or_else(|_| service(drop));
    let outcome = check(&["--hostname", "localhost", "--port", &port]);
    assert!(outcome.first_line().contains(" answer"), "{}", outcome.stdout);
    let outcome = check(&["--hostname", "[::ffff:127.0.0.1]", "--port", &port]);
    assert!(
        text(&outcome).1.starts_with("TCP_EACH_IP OK - 1 address answers on port "),
        "{}",
        outcome.stdout
    );
    let outcome = check(&["--hostname", "no-such-name.invalid", "--port", &port]);
    assert_eq!(
        text(&outcome),
        (3, "TCP_EACH_IP UNKNOWN - resolving no-such-name.invalid: no address found, see check_resolver")
    );
}

/// A port of all addresses of both families that accepts connections.
fn service_at(address: &str) -> io::Result<String> {
    let listener = TcpListener::bind(address)?;
    let port = listener.local_addr()?.port().to_string();
    thread::spawn(move || listener.incoming().flatten().for_each(drop));
    Ok(port)
}

/// A getent with some names: one hangs, one takes its time, one has ten addresses.
pub(super) fn names() -> Getent {
    getent::fake(
        "hang) exec sleep 60 ;;
        none) exit 2 ;;
        ten.localhost) for number in 1 2 3 4 5 6 7 8 9 10; do echo \"127.0.1.$number STREAM\"; done ;;
        slow.localhost) sleep 0.3; echo '127.0.0.9 STREAM' ;;
        *.localhost) echo '127.0.0.2 STREAM' ;;
        blocked) echo '0.0.0.0 STREAM' ;;
        half) printf '0.0.0.0 STREAM\\n127.0.0.1 STREAM\\n' ;;",
    )
}

fn named(arguments: &[&str]) -> Outcome {
    run(names().command(BINARY).args(arguments))
}

#[test]
fn a_name_that_does_not_resolve_leaves_the_others_judged() {
    let port = service(drop);
    let beside = |arguments: &[&str]| named(&[&["--ip=127.0.0.1", "--port", &port], arguments].concat());
    let seen = beside(&["--hostname=none", "--hostname=there.localhost"]);
    assert_eq!(
        text(&seen),
        (3, "TCP_EACH_IP UNKNOWN - resolving none: no address found, see check_resolver")
    );
    assert!(seen.stdout.contains(" | failed=0;;0;0;2 "), "both others were tried: {}", seen.stdout);
    for (timeout, code) in [("--timeout=3", 3), ("--timeout=3:critical", 2)] {
        let seen = beside(&["--hostname=hang", timeout]);
        assert_eq!(seen.code, Some(code), "{}", seen.stdout);
        assert!(text(&seen).1.contains(" - resolving hang: no answer within "), "{}", seen.stdout);
        assert!(seen.stdout.contains(" | failed=0;;0;0;1 "), "{}", seen.stdout);
    }
    // A name that a blocklist turns into this machine is not tried.
    let seen = beside(&["--hostname=blocked"]);
    let line = "TCP_EACH_IP UNKNOWN - blocked resolves to 0.0.0.0, which is this machine: a blocklist or a hosts file?";
    assert_eq!(text(&seen), (3, line));
    assert!(seen.stdout.contains(" | failed=0;;0;0;1 "), "{}", seen.stdout);
    let seen = beside(&["--hostname=half"]);
    assert!(text(&seen).1.starts_with("TCP_EACH_IP UNKNOWN - half resolves to 0.0.0.0, "), "{}", seen.stdout);
    // Failures come first in the line.
    let seen = beside(&["--hostname=none", "--ip=127.0.0.3", "--closed"]);
    assert_eq!(seen.code, Some(2), "{}", seen.stdout);
    assert!(text(&seen).1.ends_with(", 1 more fault"), "{}", seen.stdout);
}

/// It has the state of the timeout and performance data, as beside a target.
#[test]
fn a_name_that_hangs_alone_is_the_silence_of_the_timeout() {
    let rows: [(&str, i32, &str, &[&str]); 4] = [
        ("--timeout=3", 3, "UNKNOWN", &[]),
        ("--timeout=3:critical", 2, "CRITICAL", &["--source=127.0.0.1"]),
        ("--timeout=3:warning", 1, "WARNING", &["--tls"]),
        ("--timeout=3:critical", 2, "CRITICAL", &["--in-flight=1"]),
    ];
    for (timeout, code, state, more) in rows {
        let seen = named(&[&["--hostname=hang", "--port=80", timeout], more].concat());
        // On a busy machine a little of the time is over before.
        let start = format!("TCP_EACH_IP {state} - resolving hang: no answer within ");
        let (seen_code, line) = text(&seen);
        assert!(seen_code == code && line.starts_with(&start), "{more:?}: {line}");
        assert!(line.ends_with(" s, see check_resolver"), "{more:?}: {line}");
        let data = " | failed=0;;0;0;0 untested=0;;;0;0 second_try=0;;;0;0 slowest=U;;;0";
        assert!(seen.stdout.contains(data), "{more:?}: {}", seen.stdout);
    }
    let seen = named(&["--hostname=none", "--hostname=hang", "--port=80", "--timeout=3:critical"]);
    assert_eq!(seen.code, Some(2), "{}", seen.stdout);
    // The worst one is named first, and each has its own state.
    let (_, line) = text(&seen);
    assert!(line.starts_with("TCP_EACH_IP CRITICAL - resolving hang: no answer within "), "{}", seen.stdout);
    assert!(line.ends_with(" s, see check_resolver, 1 more name unresolved"), "{}", seen.stdout);
    assert!(seen.stdout.contains("\nCRITICAL: resolving hang: no answer within "), "{}", seen.stdout);
    assert!(seen.stdout.contains("\nUNKNOWN: resolving none: no address found"), "{}", seen.stdout);
}

/// A name that hangs takes no time from the two tries of an address.
#[test]
fn a_name_that_hangs_costs_addresses_no_time() {
    let (full, _taken, _socket) = full_port();
    let all = ["--ip=127.0.0.1", "--port", &full, "--hostname=hang", "--timeout=3", "--connect-timeout=1.25"];
    let seen = named(&all);
    let fails = format!("TCP_EACH_IP CRITICAL - 1 of 1 fails, port {full}: 127.0.0.1 silent");
    assert!(seen.first_line().starts_with(&fails), "{}", seen.stdout);
    assert!(seen.stdout.contains("\nUNKNOWN: resolving hang: no answer within "), "{}", seen.stdout);
    assert!(!seen.stdout.contains("\nnote: "), "it had both tries: {}", seen.stdout);
    // This name leaves time for a try of other names.
    let (port, closed) = (service(drop), closed_port());
    for timeout in ["--timeout=3", "--timeout=8"] {
        let seen = named(&["--hostname=hang", "--hostname=slow.localhost", "--port", &port, timeout]);
        assert!(seen.stdout.contains(" - resolving hang: no answer within "), "{timeout}: {}", seen.stdout);
        assert!(seen.stdout.contains(" | failed=0;;0;0;1 untested=0;"), "{timeout}: {}", seen.stdout);
    }
    // The addresses of a late name are tried once they are known. The same holds for a name that fails.
    let seen = named(&["--ip=127.0.0.1", "--port", &port, "--hostname=slow.localhost"]);
    assert!(seen.first_line().contains(" OK - 2 addresses answer on port "), "{}", seen.stdout);
    let seen = named(&["--hostname=slow.localhost", "--ip=127.0.0.1", "--hostname=none", "--port", &closed]);
    let fails = format!(
        "TCP_EACH_IP CRITICAL - 2 of 2 fail, port {closed}: 127.0.0.1, 127.0.0.9 refused, 1 more fault"
    );
    assert_eq!(text(&seen), (2, fails.as_str()), "{}", seen.stdout);
}

#[test]
fn what_a_name_stands_for_is_chosen_as_addresses_are() {
    let port = service(drop);
    let beside = |arguments: &[&str]| {
        named(&[&["--ip=127.0.0.1", "--port", &port, "--hostname=there.localhost"], arguments].concat())
    };
    for more in [&[][..], &["--ip=127.0.0.2"], &["--hostname=127.0.0.2"], &["--in-flight=1", "--rate=1000"]] {
        let seen = beside(more);
        assert!(seen.first_line().contains(" OK - 2 addresses answer on port "), "{more:?} {}", seen.stdout);
    }
    let none = "none of the 2 addresses is an IPv6 address: nothing to check by -6";
    assert_eq!(text(&beside(&["-6"])), (3, format!("TCP_EACH_IP UNKNOWN - {none}").as_str()));
    let seen = beside(&["--ip=::1", "-4"]);
    assert!(seen.stdout.ends_with("\nnote: 1 IPv6 target left out by -4\n"), "{}", seen.stdout);
    let unused = "TCP_EACH_IP UNKNOWN - --source ::1: no target has an IPv6 address";
    assert_eq!(text(&beside(&["--source=::1"])), (3, unused));
    let no_port = named(&["--ip=127.0.0.1", "--hostname=there.localhost"]);
    assert_eq!(
        text(&no_port),
        (3, "TCP_EACH_IP UNKNOWN - no port for there.localhost: give --port, see --help")
    );
}

/// Starts a silent service on all addresses of loopback. Returns the most connections that it had at once.
fn counting() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let most = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&most);
    thread::spawn(move || {
        let mut open: Vec<TcpStream> = Vec::new();
        for stream in listener.incoming().flatten() {
            stream.set_nonblocking(true).unwrap();
            open.push(stream);
            // The connection that made room for this one was closed before.
            open.retain_mut(|stream| {
                stream.read(&mut [0; 8]).is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
            });
            counted.fetch_max(open.len(), Ordering::Relaxed);
        }
    });
    (port, most)
}

/// 40 of the 45 open files are not for connections.
#[test]
fn addresses_and_names_share_the_limit_of_open_files() {
    for addresses in [4, 20] {
        let (port, most) = counting();
        let all: String = (1..=addresses).map(|number| format!("127.0.0.{number}\n")).collect();
        let (_list, path) = list(&all);
        let names = names();
        let options = format!(
            "--hostname ten.localhost --port {port} --expect x --tries 1 --connect-timeout 0.2 --timeout 3"
        );
        let command = format!("ulimit -n 45; exec {BINARY} --file {path} {options}");
        let outcome = run(names.command("bash").args(["-c", &command]));
        assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
        assert!(outcome.stdout.contains(&format!(";0;{} ", addresses + 10)), "{}", outcome.stdout);
        let most = most.load(Ordering::Relaxed);
        assert!((2..=5).contains(&most), "{most}: {}", outcome.stdout);
    }
}
