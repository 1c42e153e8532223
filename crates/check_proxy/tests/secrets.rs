//! Whatever a proxy makes of the password that it got, no line of the plugin carries it, and no list of
//! processes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod fake;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use fake::{Origin, answer, hang, proxy, refusal};
use rustix as _;
use rustls as _;
use suite::process::run;

const PASSWORD: &str = "s3cret%d/x";
/// `monitor:s3cret%d/x` in Base64.
const BASIC: &str = "bW9uaXRvcjpzM2NyZXQlZC94";

/// The option that names a file with the login, which goes with the folder.
fn login(folder: &Path) -> String {
    let file = folder.join("login.ini");
    fs::write(&file, format!("[check_proxy]\nusername = monitor\npassword = {PASSWORD}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    format!("--extra-opts=@{}", file.display())
}

/// What every account of the machine may read while the customer asks.
#[test]
fn no_list_of_processes_has_the_password() {
    let origin = Origin::start();
    let folder = tempfile::tempdir().unwrap();
    let (sender, asked) = mpsc::channel();
    let port = proxy(move |_, head, stream| match head.contains(BASIC) {
        true => {
            let _ = sender.send(());
            hang(stream);
        }
        false => drop(stream.write_all(refusal().as_bytes())),
    });
    let mut command = Command::new(fake::BINARY);
    command.args(["--ip=127.0.0.1", "--timeout=60", "--connect-timeout=30", "--expect=pong NONCE", "-v"]);
    command.args([&format!("--port={port}"), &login(folder.path()), &origin.url("pong")]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let is_asked = asked.recv_timeout(Duration::from_secs(20)).is_ok();
    let read = |file: &str| {
        let octets = fs::read(format!("/proc/{}/{file}", child.id())).unwrap();
        String::from_utf8_lossy(&octets).into_owned()
    };
    let seen = [read("cmdline"), read("environ")];
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(is_asked && seen[0].contains("--expect=pong NONCE") && seen[1].contains("PATH="), "{seen:?}");
    for secret in ["s3cret", "bW9uaXRv"] {
        assert!(seen.iter().all(|text| !text.contains(secret)), "{seen:?}");
    }
}

#[test]
fn an_echo_of_the_password_is_masked() {
    let origin = Origin::start();
    let folder = tempfile::tempdir().unwrap();
    let login = login(folder.path());
    let redirect = |to: &str| answer("302 Found", &format!("Location: {to}\r\n"), "");
    let squid = |error: &str| answer("503 No", &format!("X-Squid-Error: {error}\r\n"), "");
    let offer = |scheme: &str| answer("407 No", &format!("Proxy-Authenticate: {scheme}\r\n"), "");
    let rows = [
        (format!("Basic {BASIC}\r\n"), "CRITICAL - 127.0.0.1 no HTTP: Basic ***"),
        (
            format!("HELLO, I AM THE PROXY AND YOU ARE {BASIC}\r\n"),
            "CRITICAL - 127.0.0.1 no HTTP: HELLO, I AM THE PROXY AND YOU ARE ***",
        ),
        (format!("monitor:{PASSWORD}\r\n"), "CRITICAL - 127.0.0.1 no HTTP: monitor:***"),
        ("s3cret%25d%2fx".to_owned(), "CRITICAL - 127.0.0.1 no HTTP: ***"),
        (redirect(&format!("http://{PASSWORD}/")), "CRITICAL - 127.0.0.1 302 to ***"),
        (redirect("http://s3cret%25d%2Fx.example.net/"), "CRITICAL - 127.0.0.1 302 to ***.example.net"),
        (
            redirect(&format!("https://monitor:{PASSWORD}@example.net/")),
            "CRITICAL - 127.0.0.1 302 to example.net",
        ),
        (squid(BASIC), "CRITICAL - 127.0.0.1 503 ***"),
        (offer(BASIC), "UNKNOWN - 127.0.0.1 offers *** only, which this check does not speak"),
    ];
    for (said, expected) in rows {
        let port = proxy(move |_, head, stream| {
            let known = head.contains(BASIC);
            drop(stream.write_all(if known { said.as_bytes() } else { b"" }));
        });
        let port = format!("--port={port}");
        let fixed = ["--ip=127.0.0.1", "--tries=1", "--no-direct", "--expect=pong NONCE", "-v"];
        let outcome = run(Command::new(fake::BINARY).args(fixed).args([&port, &login, &origin.url("pong")]));
        let line = outcome.first_line().split(" | ").next().unwrap();
        assert_eq!(line, format!("PROXY {expected}"));
        for secret in ["s3cret", "bW9uaXRv"] {
            assert!(!outcome.stdout.contains(secret), "{}", outcome.stdout);
        }
    }
}
