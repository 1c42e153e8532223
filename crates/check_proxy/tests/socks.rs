//! SOCKS5 servers that do as they are told: what they say of the page and of forbidden targets, and where
//! they hang.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "of a test")]

mod fake;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use fake::{Origin, hang, listen, nonce, read_head};
use rustix as _;
use rustls as _;
use tempfile as _;

/// What a server does with the login, and with a request of the customer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    Hangs,
    Serves,
    Replies(u8),
}

fn take(stream: &mut TcpStream, length: usize) -> Option<Vec<u8>> {
    let mut octets = vec![0; length];
    stream.read_exact(&mut octets).ok()?;
    Some(octets)
}

fn hangs(stream: &mut TcpStream) -> Option<()> {
    hang(stream);
    None
}

/// A server that takes the customer's password, and does this with logins, the page on port 80 and other
/// ports.
fn server(login: Does, page: Does, other: Does) -> String {
    let port = listen("127.0.0.1:0", move |mut stream| {
        let _ = serve(&mut stream, login, page, other);
    });
    format!("--port={port}")
}

fn serve(stream: &mut TcpStream, login: Does, page: Does, other: Does) -> Option<()> {
    let count = take(stream, 2)?[1];
    let methods = take(stream, count.into())?;
    if !methods.contains(&2) {
        return stream.write_all(&[5, 0xff]).ok();
    }
    stream.write_all(&[5, 2]).ok()?;
    let length = take(stream, 2)?[1];
    let user = take(stream, length.into())?;
    let length = take(stream, 1)?[0];
    take(stream, length.into())?;
    match login {
        Does::Hangs => return hangs(stream),
        _ if user != b"cust" => return stream.write_all(&[1, 1]).ok(),
        _ => stream.write_all(&[1, 0]).ok()?,
    }
    let request = take(stream, 10)?;
    let does = if request[8..] == [0, 80] { page } else { other };
    match does {
        Does::Hangs => hangs(stream),
        Does::Replies(code) => stream.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).ok(),
        Does::Serves => {
            stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).ok()?;
            let head = read_head(stream);
            let text = format!("HTTP/1.0 200 OK\r\n\r\npong {} from 127.0.0.1\n", nonce(&head));
            stream.write_all(text.as_bytes()).ok()
        }
    }
}

fn said(origin: &Origin, port: &str) -> String {
    let fixed = ["--ip=127.0.0.1", "--protocol=socks5", "--url=http://192.0.2.80/pong?n=NONCE"];
    let more = ["--forbid=127.0.0.1:22", "--tries=1", "--no-direct", "--connect-timeout=1"];
    let outcome = origin.check(&[&fixed, more.as_slice(), &[port, &origin.login()]].concat());
    outcome.first_line().split(" | ").next().unwrap().strip_prefix("PROXY ").unwrap().to_owned()
}

/// RFC 1928, section 6: 2 refuses, and so do those that know no such command or address.
#[test]
fn only_a_reply_of_the_network_shows_that_it_tried() {
    let origin = Origin::start();
    let through = "CRITICAL - 127.0.0.1 lets customers through to 127.0.0.1:22";
    for code in [0, 1, 3, 4, 5, 6] {
        assert_eq!(
            said(&origin, &server(Does::Serves, Does::Serves, Does::Replies(code))),
            through,
            "{code}"
        );
    }
    assert_eq!(said(&origin, &server(Does::Serves, Does::Serves, Does::Hangs)), through);
    for code in [2, 7, 8] {
        let line = said(&origin, &server(Does::Serves, Does::Serves, Does::Replies(code)));
        assert!(line.starts_with("OK - 127.0.0.1 serves customers in "), "{code}: {line}");
    }
    for code in [9, 255] {
        let line = said(&origin, &server(Does::Serves, Does::Serves, Does::Replies(code)));
        let reply = format!("SOCKS reply {code} (unknown)");
        assert_eq!(line, format!("UNKNOWN - 127.0.0.1 forbidden 127.0.0.1:22: undecided: {reply}"));
    }
}

#[test]
fn a_server_that_can_do_nothing_is_not_said_to_reach_anything() {
    let origin = Origin::start();
    let line = said(&origin, &server(Does::Serves, Does::Replies(1), Does::Replies(1)));
    assert_eq!(line, "CRITICAL - 127.0.0.1 SOCKS reply 1 (general failure)");
}

#[test]
fn silences_are_told_apart() {
    let origin = Origin::start();
    let line = said(&origin, &server(Does::Hangs, Does::Hangs, Does::Hangs));
    assert_eq!(line, "CRITICAL - 127.0.0.1 does not answer any login: its authentication helper hangs");
    let line = said(&origin, &server(Does::Serves, Does::Hangs, Does::Replies(2)));
    let reason = "takes the password, then no page: its DNS or its way to the page hangs";
    assert_eq!(line, format!("CRITICAL - 127.0.0.1 {reason}"));
}

/// A server that answers the greeting by this method, whichever is offered, or serves strangers' requests by
/// a reply of 0 and closes.
#[test]
fn a_method_that_was_not_offered_refuses() {
    let origin = Origin::start();
    let fixed = ["--ip=127.0.0.1", "--protocol=socks5", "--url=http://192.0.2.80/pong?n=NONCE", "--tries=1"];
    let greeted = |method: u8, more: &[&str]| {
        let port = listen("127.0.0.1:0", move |mut stream| {
            let _ = take(&mut stream, 3).and_then(|_| stream.write_all(&[5, method]).ok());
            hang(&mut stream);
        });
        let outcome =
            origin.check(&[&fixed, more, &[&format!("--port={port}"), "--connect-timeout=1"]].concat());
        outcome.first_line().split(" | ").next().unwrap().to_owned()
    };
    for method in [1, 2, 3, 0x80, 255] {
        let line = greeted(method, &["--strangers=only"]);
        assert_eq!(line, "PROXY OK - 127.0.0.1 refuses strangers", "{method}");
    }
    let line = greeted(1, &[&origin.login()]);
    assert_eq!(line, "PROXY CRITICAL - 127.0.0.1 accepts neither our login nor none");
    let port = listen("127.0.0.1:0", |mut stream| {
        let _ = take(&mut stream, 3).and_then(|_| stream.write_all(&[5, 0]).ok());
        let _ = take(&mut stream, 10).and_then(|_| stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).ok());
    });
    let outcome = origin.check(
        &[&fixed, ["--strangers=allow", "--no-direct", &format!("--port={port}")].as_slice()].concat(),
    );
    let line = "PROXY CRITICAL - 127.0.0.1 SOCKS reply 0, then ";
    assert!(outcome.first_line().starts_with(line), "{}", outcome.stdout);
}
