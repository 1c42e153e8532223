//! More proxies than there is time for, and more than were asked at once: the run ends in time and says what
//! it did not ask.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fake;

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix as _;
use rustls as _;
use suite::process::{Outcome, in_time, run};

/// Asks `count` addresses of loopback on this port, with a limit of 256 open files that the plugin may raise.
fn ask(folder: &Path, count: usize, port: u16, more: &[&str]) -> Outcome {
    let address = |number: usize| format!("127.1.{}.{}\n", number / 250, 1 + number % 250);
    let file = folder.join("proxies");
    fs::write(&file, (0..count).map(address).collect::<String>()).unwrap();
    let (file, port) = (format!("--file={}", file.display()), format!("--port={port}"));
    let fixed = ["--url=http://192.0.2.80/pong?n=NONCE", "--expect=pong NONCE"];
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -S -n 256 && exec \"$0\" \"$@\"", fake::BINARY]);
    run(command.args([&file, &port]).args(fixed).args(more))
}

/// All are asked at the same time: a share of the silent ones is one of all. Each connection is taken and
/// never answered, as an open proxy does while the page is silent.
#[test]
fn a_total_silence_of_hundreds_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || listener.incoming().collect::<Vec<_>>());
    let all = || ask(folder.path(), 300, port, &["--strangers=only"]);
    let outcome = in_time(Duration::from_millis(8_250), all);
    let line = "PROXY UNKNOWN - strangers: 300 of 300 proxies undecided: 127.1.0.1 no answer, ";
    assert!(outcome.first_line().starts_with(line), "{}", outcome.stdout);
    assert!(outcome.first_line().contains(" | failed=0;;0;0;300 "), "{}", outcome.stdout);
}

#[test]
fn a_list_that_is_too_long_ends_in_time_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // With one at a time there is time for a few.
    let options = ["--strangers=only", "--in-flight=1", "--timeout=3", "--connect-timeout=0.5"];
    let outcome = in_time(Duration::from_millis(3_250), || ask(folder.path(), 20_000, port, &options));
    let line = outcome.first_line();
    assert!(
        line.starts_with("PROXY UNKNOWN - 19") && line.contains(" of 20000 proxies not asked in time: "),
        "{line}"
    );
    assert!(line.contains(" | failed=0;;0;0;20000 open=0;;;0;20000 slowest=U;;;0"), "{line}");
}

/// A silence has no second try while other proxies wait. Only the last proxy has one.
#[test]
fn a_silence_takes_no_time_that_others_wait_for() {
    let folder = tempfile::tempdir().unwrap();
    let (sender, requests) = mpsc::channel();
    let port = fake::listen("0.0.0.0:0", move |mut stream| {
        let to = stream.local_addr().unwrap().ip().to_string();
        drop(fake::read_head(&mut stream));
        sender.send(to).unwrap();
        fake::hang(&mut stream);
    });
    let more = ["--strangers=allow", "--no-direct", "--in-flight=1", "--connect-timeout=0.3", "--tries=2"];
    let outcome = ask(folder.path(), 2, port, &more);
    let next = || requests.recv_timeout(Duration::from_secs(20)).unwrap_or_default();
    let asked = [next(), next(), next()];
    assert_eq!(asked, ["127.1.0.1", "127.1.0.2", "127.1.0.2"], "{}", outcome.stdout);
    assert!(requests.try_recv().is_err());
}
