//! What strangers get decides whether a proxy is open: the page in whatever answer, a refusal, or something
//! that proves nothing.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fake;

use std::io::Write as _;
use std::process::Command;

use fake::{Origin, Who, answer, hang, listen_tls, nonce, page, proxy, refusal, tunnel};
use rustix as _;
use rustls as _;
use suite::ports;
use suite::process::run;
use suite::tls::Authority;

/// The exit code, and the line without its performance data.
fn verdict(arguments: &[&str]) -> (i32, String) {
    let fixed = ["--ip=127.0.0.1", "--connect-timeout=1.5", "--tries=1"];
    let outcome = run(Command::new(fake::BINARY).args(fixed).args(arguments));
    (outcome.code.unwrap(), outcome.first_line().split(" | ").next().unwrap().to_owned())
}

/// An open proxy whose tunnels lead to this port, and which answers GET by this.
fn open(to: u16, get: impl Fn(&str) -> String + Send + Sync + 'static) -> String {
    let port = proxy(move |_, head, stream| match head.starts_with("CONNECT") {
        true => tunnel(("127.0.0.1", to), stream),
        false => drop(stream.write_all(get(head).as_bytes())),
    });
    format!("--port={port}")
}

/// A proxy that refuses strangers by GET and has its tunnels lead nowhere would be called closed for each of
/// these.
#[test]
fn an_open_proxy_refuses_nobody_when_the_page_cannot_be_proved() {
    let (origin, other) = (Origin::start(), Origin::start());
    let wrong_name = listen_tls(&origin.authority.sign("other", "subjectAltName=DNS:other.test"));
    let (http, https) = (origin.url("pong"), origin.https_url());
    let closed = ports::reserved("127.0.0.1").port();
    let get = |head: &str| page(head, "127.0.0.1");
    let down = |_: &str| answer("503 No", "X-Squid-Error: ERR_CONNECT_FAIL 111\r\n", "");
    let long = |head: &str| answer("200 OK", "", &(page(head, "127.0.0.1") + &"x".repeat(300_000)));
    let (pong, typo) = ("--expect=pong NONCE from PROXY", "--expect=pnog NONCE from PROXY");
    let (ca, wrong_ca) = (origin.ca(), other.ca());
    let named = format!("--url=https://127.0.0.1:{wrong_name}/pong?n=NONCE");
    let dead = format!("--url=http://127.0.0.1:{closed}/pong?n=NONCE");
    let serves = |by: &str| (2, format!("PROXY CRITICAL - 127.0.0.1 open: serves strangers by {by}"));
    let undecided = |what: &str| (3, format!("PROXY UNKNOWN - 127.0.0.1 strangers: undecided: {what}"));
    let rows: [(String, [&str; 3], (i32, String)); 6] = [
        (open(origin.https, get), [&https, pong, &wrong_ca], serves("https")),
        (open(wrong_name, get), [&named, pong, &ca], serves("https")),
        (open(origin.https, get), [&https, typo, &ca], serves("https")),
        (open(origin.https, get), [&http, typo, &ca], undecided("another page in place of ours")),
        (open(origin.https, down), [&dead, pong, &ca], undecided("503 ERR_CONNECT_FAIL")),
        (open(origin.https, long), [&http, pong, &ca], serves("http")),
    ];
    for (port, arguments, expected) in rows {
        let said = verdict(&[&[port.as_str(), "--strangers=only"], arguments.as_slice()].concat());
        assert_eq!(said, expected, "{arguments:?}");
    }
}

/// The customer is served, and others get what a malformed proxy makes of the page.
#[test]
fn the_page_is_found_in_whatever_carries_it() {
    let origin = Origin::start();
    type Making = fn(&str) -> String;
    let text = |head: &str| format!("pong {} from 127.0.0.1\n", nonce(head));
    fn body(head: &str) -> String {
        format!("pong {} from 127.0.0.1\n", nonce(head))
    }
    let rows: [Making; 11] = [
        |head| answer("200 OK", &"A: b\r\n".repeat(130), &body(head)),
        |head| answer("200 OK", &format!("A: {}\r\n", "b".repeat(70_000)), &body(head)),
        |head| answer("200 OK", "Bad Header: x\r\n", &body(head)),
        |head| body(head),
        |head| format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}", body(head)),
        |head| format!("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}", body(head)),
        |head| answer("200 OK", "", &(body(head) + &"x".repeat(400_000))),
        |head| format!("HTTP/1.1 204 No\r\n\r\n{}", body(head)),
        |head| format!("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{}", body(head)),
        |_| answer("200 OK", "", "pong 0123456789abcdef from 127.0.0.1\n"),
        |head| format!("HTTP/1.1 2x0 OK\r\n\r\n{}", body(head)),
    ];
    let (login, url, ca) = (origin.login(), origin.url("pong"), origin.ca());
    let expected = (2, "PROXY CRITICAL - 127.0.0.1 open: serves strangers by http".to_owned());
    for (number, making) in rows.into_iter().enumerate() {
        let port = proxy(move |who, head, stream| {
            let said = if who == Who::Customer { answer("200 OK", "", &text(head)) } else { making(head) };
            drop(stream.write_all(said.as_bytes()));
        });
        let port = format!("--port={port}");
        assert_eq!(
            verdict(&[&port, &login, &url, &ca, "--expect=pong NONCE from PROXY"]),
            expected,
            "{number}"
        );
    }
}

/// The customer's tunnel leads to the page, and that of strangers to the page under another certificate.
#[test]
fn a_tunnel_of_strangers_is_no_refusal() {
    let origin = Origin::start();
    let (secure, other) =
        (origin.https, listen_tls(&Origin::start().authority.sign("x", "subjectAltName=DNS:x")));
    let to = |port: Option<u16>| {
        let serve = proxy(move |who, _, stream| match (who, port) {
            (Who::Customer, _) => tunnel(("127.0.0.1", secure), stream),
            (Who::Unknown, _) => drop(stream.write_all(refusal().as_bytes())),
            (Who::Stranger, Some(port)) => tunnel(("127.0.0.1", port), stream),
            (Who::Stranger, None) => drop(stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")),
        });
        let port = format!("--port={serve}");
        verdict(&[
            &port,
            &origin.login(),
            &origin.https_url(),
            &origin.ca(),
            "--expect=pong NONCE from PROXY",
        ])
    };
    let open = (2, "PROXY CRITICAL - 127.0.0.1 open: serves strangers by https".to_owned());
    assert_eq!(to(Some(other)), open);
    assert_eq!(to(Some(secure)), open);
    let undecided = "PROXY WARNING - 127.0.0.1 strangers: undecided: CONNECT 200, then closed";
    assert_eq!(to(None), (1, undecided.to_owned()));
}

/// The customer is served, and strangers get this.
fn beside_customers(
    origin: &Origin,
    making: impl Fn(&str) -> String + Send + Sync + 'static,
) -> (i32, String) {
    let port = proxy(move |who, head, stream| {
        let said = match who {
            Who::Customer => page(head, "127.0.0.1"),
            Who::Stranger => making(head),
            Who::Unknown => refusal(),
        };
        drop(stream.write_all(said.as_bytes()));
    });
    let (port, login) = (format!("--port={port}"), origin.login());
    verdict(&[&port, &login, &origin.url("pong"), "--expect=pong NONCE from PROXY"])
}

/// What the page's own server may say too refuses beside a customer who gets the page, unless the page is in
/// it.
#[test]
fn a_portal_refuses_strangers() {
    let origin = Origin::start();
    let to = |location: &str| format!("Location: http://{location}/x\r\n");
    for status in ["405 No", "429 No", "451 No", "511 No", "302 Found"] {
        let location = to("portal.example.net");
        let (code, line) = beside_customers(&origin, move |_| answer(status, &location, "no"));
        assert!(code == 0 && line.ends_with(" s, strangers refused"), "{status}: {line}");
        let (code, line) =
            beside_customers(&origin, move |head| page(head, "127.0.0.1").replacen("200 OK", status, 1));
        let open = "PROXY CRITICAL - 127.0.0.1 open: serves strangers by http".to_owned();
        assert_eq!((code, line), (2, open), "{status}");
    }
    let own = [format!("127.0.0.1:{}", origin.http), "127.0.0.1".to_owned(), "127.0.0.1:80".to_owned()];
    for own in own {
        let location = to(&own);
        let line = beside_customers(&origin, move |_| answer("302 Found", &location, "")).1;
        assert_eq!(line, format!("PROXY WARNING - 127.0.0.1 strangers: undecided: 302 to {own}"));
    }
    let line = beside_customers(&origin, |_| answer("503 No", "", "")).1;
    assert_eq!(line, "PROXY WARNING - 127.0.0.1 strangers: undecided: 503");
}

/// An open proxy passes on what the page's own server refuses. What squid and tinyproxy say themselves names
/// them.
#[test]
fn a_refusal_of_the_page_is_none_of_the_proxy() {
    let origin = Origin::start();
    let only = |status: &'static str, lines: &'static str| {
        let port = proxy(move |_, _, stream| drop(stream.write_all(answer(status, lines, "").as_bytes())));
        let port = format!("--port={port}");
        verdict(&[&port, "--strangers=only", &origin.url("pong"), "--expect=pong NONCE"])
    };
    let undecided = |code| (3, format!("PROXY UNKNOWN - 127.0.0.1 strangers: undecided: {code}"));
    let refuses = (0, "PROXY OK - 127.0.0.1 refuses strangers".to_owned());
    assert_eq!(only("403 No", ""), undecided(403));
    assert_eq!(only("401 No", "Server: nginx\r\nVia: 1.1 proxy (squid/5.7)\r\n"), undecided(401));
    assert_eq!(only("403 No", "Server: squid/5.7\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\n"), refuses);
    assert_eq!(only("403 No", "Server: squid\r\n"), refuses);
    assert_eq!(only("403 No", "Server: tinyproxy/1.11.1\r\n"), refuses);
    assert_eq!(only("403 No", "Server: squidward\r\n"), undecided(403));
    assert_eq!(only("503 No", "Server: squid/5.7\r\n"), undecided(503));
}

/// A wrong port: what answers there, or nothing that does, is no proxy that refuses.
#[test]
fn a_wrong_port_refuses_nobody() {
    let origin = Origin::start();
    let (http, https) = (origin.url("pong"), origin.https_url());
    let free = ports::reserved("127.0.0.1").port().to_string();
    let says = |text: &'static str| proxy(move |_, _, stream| drop(stream.write_all(text.as_bytes())));
    let connect = |text: &'static str| {
        proxy(move |_, head, stream| {
            let text = if head.starts_with("CONNECT") { text } else { "HTTP/1.1 404 No\r\n\r\n" };
            drop(stream.write_all(text.as_bytes()));
        })
    };
    let undecided = |what: &str| (3, format!("PROXY UNKNOWN - 127.0.0.1 strangers: undecided: {what}"));
    let nothing = || (2, "PROXY CRITICAL - 127.0.0.1 refused".to_owned());
    let socks = |url: &str| format!("{url} --protocol=socks5");
    let rows = [
        (free.clone(), http.clone(), nothing()),
        (free.clone(), https.clone(), nothing()),
        (free, socks(&http), nothing()),
        (connect("HTTP/1.1 405 No\r\n\r\n"), https.clone(), undecided("405, perhaps no proxy")),
        (connect("HTTP/1.1 400 No\r\n\r\n"), https.clone(), undecided("400, perhaps no proxy")),
        (
            connect("HTTP/1.1 405 No\r\n\r\n"),
            format!("{http} {https}"),
            undecided("404 for http, 405 for https, perhaps no proxy"),
        ),
        (says(""), http.clone(), undecided("closed without an answer, perhaps no proxy")),
        (says(""), https, undecided("closed without an answer, perhaps no proxy")),
        (says("SSH-2.0-x\r\n"), http.clone(), undecided("no HTTP: SSH-2.0-x")),
        (says("220 mail ESMTP\r\n"), http, undecided("no HTTP: 220 mail ESMTP")),
    ];
    for (port, arguments, expected) in rows {
        let port = format!("--port={port}");
        let fixed = [&port, "--strangers=only", "--expect=pong NONCE"];
        let all: Vec<&str> = fixed.into_iter().chain(arguments.split(' ')).collect();
        assert_eq!(verdict(&all), expected, "{arguments}");
    }
}

/// squid has the customer's login in its cache, and its helper hangs.
#[test]
fn a_helper_that_hangs_is_seen_behind_a_kept_login() {
    let origin = Origin::start();
    let port = proxy(|who, head, stream| match who {
        Who::Customer => drop(stream.write_all(page(head, "127.0.0.1").as_bytes())),
        Who::Stranger => drop(stream.write_all(refusal().as_bytes())),
        Who::Unknown => hang(stream),
    });
    let (port, login) = (format!("--port={port}"), origin.login());
    let line = verdict(&[&port, &login, &origin.url("pong"), "--expect=pong NONCE from PROXY"]);
    let hangs = "PROXY CRITICAL - 127.0.0.1 answers no new login: its authentication helper hangs or is slow";
    assert_eq!(line, (2, hangs.to_owned()));
}

/// An open proxy waits for a page that is silent, and so does one that is frozen.
#[test]
fn a_silence_alone_refuses_nobody() {
    let origin = Origin::start();
    let waiting = |answers: fn(Who) -> bool| {
        let port = proxy(move |who, _, stream| match answers(who) {
            true => drop(stream.write_all(refusal().as_bytes())),
            false => hang(stream),
        });
        let more = [&format!("--port={port}"), "--strangers=only", "--expect=pong NONCE"];
        verdict(&[more.as_slice(), &[&origin.url("pong")]].concat())
    };
    let undecided = "PROXY UNKNOWN - 127.0.0.1 strangers: undecided: no answer".to_owned();
    assert_eq!(waiting(|_| false), (3, undecided));
    assert_eq!(waiting(|who| who == Who::Unknown), (0, "PROXY OK - 127.0.0.1 refuses strangers".to_owned()));
}

/// The page's certificate has a signature that cannot be verified here. A proxy that refuses is untested.
#[test]
fn an_open_proxy_is_found_where_the_certificate_cannot_be_verified() {
    let origin = Origin::start();
    let authority = Authority::create_by("ed448", "-newkey ed448 -nodes");
    let by_ed448 = authority.sign_by("page", "subjectAltName=IP:127.0.0.1", "-days 2");
    let ca = format!("--tls-ca={}", authority.path("ca.pem").display());
    let page = listen_tls(&by_ed448);
    let other = fake::listen("127.0.0.1:0", {
        let config = fake::server_config(&by_ed448);
        move |mut stream| fake::answer_by_tls(&config, &mut stream, |_| answer("404 No", "", ""))
    });
    let said = |to: u16, opens: fn(Who) -> bool, more: &[&str]| {
        let port = proxy(move |who, _, stream| match opens(who) {
            true => tunnel(("127.0.0.1", to), stream),
            false => drop(stream.write_all(refusal().as_bytes())),
        });
        let url = format!("--url=https://127.0.0.1:{to}/pong?n=NONCE");
        let fixed = [&format!("--port={port}"), &url, &ca, "--expect=pong NONCE from PROXY"];
        verdict(&[fixed.as_slice(), more].concat())
    };
    let login = origin.login();
    let (login, only) = ([login.as_str()], ["--strangers=only"]);
    let critical = |reason: &str| (2, format!("PROXY CRITICAL - 127.0.0.1 {reason}"));
    let unknown = |what: &str| (3, format!("PROXY UNKNOWN - 127.0.0.1 {what}"));
    let open = || critical("open: serves strangers by https");
    assert_eq!(said(page, |_| true, &only), open());
    assert_eq!(said(page, |_| true, &login), open());
    assert_eq!(said(page, |who| who != Who::Stranger, &login), critical("takes any password"));
    let method = "the authority of the server has an Ed448 key, which cannot be verified here";
    assert_eq!(said(page, |who| who == Who::Customer, &login), unknown(method));
    assert_eq!(said(other, |_| true, &only), unknown(&format!("strangers: undecided: {method}")));
    let refuses = (0, "PROXY OK - 127.0.0.1 refuses strangers".to_owned());
    assert_eq!(said(page, |_| false, &only), refuses);
}
