//! Whatever a proxy makes of the password that it got, no line of the plugin carries it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fake;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use fake::{Origin, answer, proxy};
use rustix as _;
use rustls as _;
use suite::process::run;

const PASSWORD: &str = "s3cret%d/x";
/// `monitor:s3cret%d/x` in Base64.
const BASIC: &str = "bW9uaXRvcjpzM2NyZXQlZC94";

#[test]
fn an_echo_of_the_password_is_masked() {
    let origin = Origin::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("login.ini");
    fs::write(&file, format!("[check_proxy]\nusername = monitor\npassword = {PASSWORD}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let login = format!("--extra-opts=@{}", file.display());
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
