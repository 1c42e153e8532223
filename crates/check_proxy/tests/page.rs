//! Where no proxy brings the page, the page is asked for without a proxy: its own fault is not theirs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fake;

use std::io::Write as _;

use fake::{Origin, Who, answer, for_customers, hang, listen, listen_tls, page, proxy, refusal, tunnel};
use rustix as _;
use rustls as _;
use suite::ports;
use suite::process::Outcome;
use tempfile as _;

/// The exit code, and the line without its performance data.
fn said(outcome: &Outcome) -> (i32, &str) {
    (outcome.code.unwrap(), outcome.first_line().split(" | ").next().unwrap())
}

/// Asks two proxies on this port.
fn ask(origin: &Origin, port: &str, more: &[&str]) -> Outcome {
    let (port, login) = (format!("--port={port}"), origin.login());
    let fixed = ["--ip=127.0.0.1", "--ip=127.0.0.2", &port, &login];
    origin.check(&[&fixed, more].concat())
}

fn closed() -> u16 {
    ports::reserved("127.0.0.1").port()
}

/// Both proxies took the password, and the page refuses the direct request too.
#[test]
fn the_page_is_told_from_the_proxies() {
    let origin = Origin::start();
    let port = for_customers(|_| answer("503 No", "", ""));
    let dead = format!("--url=http://127.0.0.1:{}/pong?n=NONCE", closed());
    let outcome = ask(&origin, &port, &[&dead, "--tries=1"]);
    let line =
        "PROXY UNKNOWN - the page itself does not answer, through none of 2 proxies nor from here: refused";
    assert_eq!(said(&outcome), (3, line));
    let outcome = ask(&origin, &port, &[&dead, "--tries=1", "--no-direct"]);
    let line = "PROXY CRITICAL - none of 2 proxies brings the page, not tried directly (--no-direct): 503";
    assert_eq!(said(&outcome), (2, line));
    let outcome = ask(&origin, &port, &[&origin.url("pong"), "--tries=1"]);
    let (code, line) = said(&outcome);
    assert!(code == 2 && line.starts_with("PROXY CRITICAL - 2 of 2 proxies fail: "), "{line}");
}

/// The page says the same to this machine as to the proxies, or something else.
#[test]
fn a_page_that_refuses_everyone_is_no_fault_of_the_proxies() {
    let origin = Origin::start();
    for status in ["403 No", "401 No", "302 Found"] {
        let lines = "Location: http://portal.example.net/\r\n";
        let refusing = listen("127.0.0.1:0", move |mut stream| {
            drop(fake::read_head(&mut stream));
            drop(stream.write_all(answer(status, lines, "").as_bytes()));
        });
        let url = format!("--url=http://127.0.0.1:{refusing}/pong?n=NONCE");
        let port = for_customers(move |_| answer(status, lines, ""));
        let outcome = ask(&origin, &port, &[&url, "--tries=1"]);
        let (code, line) = said(&outcome);
        let start =
            "PROXY UNKNOWN - the page itself does not answer, through none of 2 proxies nor from here: ";
        assert!(code == 3 && line.starts_with(&format!("{start}{}", &status[..3])), "{line}");
        let port = for_customers(|_| answer("502 No", "", ""));
        let outcome = ask(&origin, &port, &[&url, "--tries=1"]);
        let line = "PROXY CRITICAL - 2 of 2 proxies fail: 127.0.0.1 502, 127.0.0.2 502";
        assert_eq!(said(&outcome), (2, line));
        let note = "\nnote: the page does not come without a proxy either, for another reason: ";
        assert!(outcome.stdout.contains(note), "{}", outcome.stdout);
    }
}

/// With the default options each proxy waits for the page twice: the direct request does not wait for that.
#[test]
fn a_silent_page_is_recognised_with_the_defaults() {
    let origin = Origin::start();
    let silent = listen("127.0.0.1:0", |mut stream| hang(&mut stream));
    let port = proxy(move |who, _, stream| match who {
        Who::Customer => hang(stream),
        _ => drop(stream.write_all(refusal().as_bytes())),
    });
    for scheme in ["http", "https"] {
        let url = format!("--url={scheme}://127.0.0.1:{silent}/pong?n=NONCE");
        let outcome = ask(&origin, &port, &[&url]);
        let line = "PROXY UNKNOWN - the page itself does not answer, through none of 2 proxies nor from here: connects, no answer";
        // The line shows that no deadline was missed: a busy machine takes longer to start and end it.
        assert_eq!(said(&outcome), (3, line));
    }
}

/// The page is down, and one proxy is too: that one is at fault, and no other.
#[test]
fn a_dead_proxy_beside_a_dead_page_is_named_alone() {
    let origin = Origin::start();
    let port = proxy(|who, _, stream| match who {
        Who::Customer if stream.local_addr().unwrap().ip().to_string() != "127.0.0.3" => {
            drop(stream.write_all(answer("503 No", "", "").as_bytes()));
        }
        _ => drop(stream.write_all(refusal().as_bytes())),
    });
    let dead = format!("--url=http://127.0.0.1:{}/pong?n=NONCE", closed());
    let outcome = ask(&origin, &port, &["--ip=127.0.0.3", &dead, "--tries=1"]);
    let line = "PROXY CRITICAL - 1 of 3 proxies fail: 127.0.0.3 password refused (407), 1 more fault";
    assert_eq!(said(&outcome), (2, line));
    assert!(outcome.stdout.contains(" failed=1;;0;0;3 "), "{}", outcome.stdout);
    let page = "UNKNOWN: the page itself does not answer, through none of 3 proxies nor from here: refused\n";
    assert!(outcome.stdout.contains(page), "{}", outcome.stdout);
}

/// The page by http is well, and by https it has the certificate of another name.
#[test]
fn each_page_is_told_apart() {
    let origin = Origin::start();
    let other = listen_tls(&origin.authority.sign("other", "subjectAltName=DNS:other.test"));
    let port = proxy(move |who, head, stream| match who {
        Who::Customer if head.starts_with("CONNECT") => tunnel(("127.0.0.1", other), stream),
        Who::Customer => {
            let own = stream.local_addr().unwrap().ip().to_string();
            drop(stream.write_all(page(head, &own).as_bytes()));
        }
        _ => drop(stream.write_all(refusal().as_bytes())),
    });
    let https = format!("--url=https://127.0.0.1:{other}/pong?n=NONCE");
    let outcome = ask(&origin, &port, &[&origin.url("pong"), &https, "--tries=1"]);
    let (code, line) = said(&outcome);
    let start = "PROXY UNKNOWN - the https page itself does not answer, through none of 2 proxies nor from here: wrong certificate: ";
    assert!(code == 3 && line.starts_with(start), "{line}");
}
