//! Squid that looks into TLS (SslBump) answers CONNECT by 200 whatever its rules say, and what they say
//! inside TLS under a certificate of its own. The fake sends what squid 5.7 was seen to send.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fake;

use std::io::Write as _;
use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use fake::{
    Origin, Who, answer, answer_by_tls, hang, listen_tls, page, proxy, refusal, server_config, tunnel,
};
use rustix as _;
use rustls::ServerConfig;
use suite::process::{in_time, run};
use suite::tls::Authority;
use tempfile as _;

const CONNECTED: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";
const DENIED: &str = "Server: squid/5.7\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\n";

/// The exit code, and the line without its performance data.
fn verdict(arguments: &[&str]) -> (i32, String) {
    let fixed = ["--ip=127.0.0.1", "--connect-timeout=1.5", "--tries=1"];
    let outcome = run(Command::new(fake::BINARY).args(fixed).args(arguments));
    (outcome.code.unwrap(), outcome.first_line().split(" | ").next().unwrap().to_owned())
}

fn critical(reason: &str) -> (i32, String) {
    (2, format!("PROXY CRITICAL - 127.0.0.1 {reason}"))
}

/// The certificate that squid makes for the page, by an authority of its own.
fn bumping() -> (Authority, Arc<ServerConfig>) {
    let authority = Authority::create("bump");
    let config = server_config(&authority.sign("page", "subjectAltName=IP:127.0.0.1"));
    (authority, config)
}

type Act = Box<dyn Fn(&mut TcpStream) + Send + Sync>;

/// Sends this text as it is.
fn sends(text: &'static str) -> Act {
    Box::new(move |stream| drop(stream.write_all(text.as_bytes())))
}

/// Answers by this status and these lines inside TLS.
fn inside(config: &Arc<ServerConfig>, status: &'static str, lines: &'static str) -> Act {
    let config = Arc::clone(config);
    Box::new(move |stream| answer_by_tls(&config, stream, |_| answer(status, lines, "no")))
}

/// Only squid's own refusal makes a tunnel that stands a closed one.
/// A proxy that opens such a tunnel for the customer, where it acts so, and else serves customers alone.
fn connects(tunnel: &'static str, act: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> String {
    proxy(move |who, head, stream| match (who, head.starts_with(tunnel)) {
        (Who::Customer, true) => {
            let _ = stream.write_all(CONNECTED);
            act(stream);
        }
        (Who::Customer, false) => drop(stream.write_all(page(head, "127.0.0.1").as_bytes())),
        _ => drop(stream.write_all(refusal().as_bytes())),
    })
}

#[test]
fn a_forbidden_target_may_be_refused_inside_of_the_tunnel() {
    let origin = Origin::start();
    let (_authority, config) = bumping();
    let tls = |status, lines| inside(&config, status, lines);
    let (https, own) = (origin.https, Arc::clone(&config));
    let rows: [(Act, bool); 17] = [
        (tls("403 Forbidden", DENIED), true),
        (tls("403 Forbidden", "X-Squid-Error: ERR_CACHE_ACCESS_DENIED 0\r\n"), true),
        (tls("403 Forbidden", "Server: squid\r\n"), true),
        (tls("503 No", "X-Squid-Error: 503:ERR_FORWARDING_DENIED 0\r\n"), true),
        (tls("503 No", "Server: squid/5.7\r\nX-Squid-Error: ERR_CONNECT_FAIL 111\r\n"), false),
        (tls("503 No", "Server: squid/5.7\r\nX-Squid-Error: ERR_SECURE_CONNECT_FAIL 71\r\n"), false),
        (tls("200 OK", ""), false),
        (tls("403 Forbidden", "Server: nginx\r\nVia: 1.1 x (squid/5.7)\r\n"), false),
        (tls("503 No", ""), false),
        // The target may be a squid that speaks TLS.
        (tls("400 Bad Request", "X-Squid-Error: ERR_INVALID_URL 0\r\n"), false),
        (tls("401 Unauthorized", "X-Squid-Error: ERR_CACHE_ACCESS_DENIED 0\r\n"), false),
        (Box::new(move |stream| answer_by_tls(&own, stream, |_| "SSH-2.0-x\r\n".to_owned())), false),
        (Box::new(move |stream| tunnel_on(https, stream)), false),
        (sends("SSH-2.0-OpenSSH_9.2p1 Debian\r\n"), false),
        (sends("HTTP/1.1 403 Forbidden\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\n\r\n"), false),
        (sends(""), false),
        (Box::new(hang), false),
    ];
    let login = origin.login();
    let url = origin.url("pong");
    thread::scope(|scope| {
        for (number, (act, is_refused)) in rows.into_iter().enumerate() {
            let port =
                proxy(move |who, head, stream| match (who, head.starts_with("CONNECT 127.0.0.1:22 ")) {
                    (Who::Customer, true) => {
                        let _ = stream.write_all(CONNECTED);
                        act(stream);
                    }
                    (Who::Customer, false) => drop(stream.write_all(page(head, "127.0.0.1").as_bytes())),
                    _ => drop(stream.write_all(refusal().as_bytes())),
                });
            let (login, url) = (&login, &url);
            scope.spawn(move || {
                let port = format!("--port={port}");
                let expect = "--expect=pong NONCE from PROXY";
                let (code, line) = verdict(&[&port, login, url, expect, "--forbid=127.0.0.1:22"]);
                if is_refused {
                    assert!(code == 0 && line.ends_with(" s, strangers refused"), "{number}: {line}");
                } else {
                    let lets = critical("lets customers through to 127.0.0.1:22");
                    assert_eq!((code, line), lets, "{number}");
                }
            });
        }
    });
}

/// Passes on what both say, in a tunnel that stands already.
fn tunnel_on(port: u16, stream: &mut TcpStream) {
    let mut server = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let (mut back, mut forth) = (server.try_clone().unwrap(), stream.try_clone().unwrap());
    let backwards = thread::spawn(move || std::io::copy(&mut back, &mut forth));
    let _ = std::io::copy(stream, &mut server);
    let _ = backwards.join();
}

/// The proxy's own error is none of the page, under whichever certificate it comes.
#[test]
fn an_error_inside_of_the_tunnel_is_the_proxys_if_squid_names_it() {
    let origin = Origin::start();
    let (authority, config) = bumping();
    let denied = "403 ERR_ACCESS_DENIED";
    let rows = [
        ("403 Forbidden", DENIED, denied, denied),
        ("503 No", "X-Squid-Error: ERR_CONNECT_FAIL 111\r\n", "503 ERR_CONNECT_FAIL", "503 ERR_CONNECT_FAIL"),
        ("403 Forbidden", "Server: nginx\r\n", "403 from the page", "wrong certificate after CONNECT: "),
        ("407 No", "", "407 from the page", "wrong certificate after CONNECT: "),
        (
            "403 Forbidden",
            "Server: tinyproxy/1.11\r\n",
            "403 from the page",
            "wrong certificate after CONNECT: ",
        ),
    ];
    let (login, https, expect) = (origin.login(), origin.https_url(), "--expect=pong NONCE from PROXY");
    let (bump_ca, page_ca) = (format!("--tls-ca={}", authority.path("ca.pem").display()), origin.ca());
    for (status, lines, trusted, untrusted) in rows {
        let act = inside(&config, status, lines);
        let port = connects("CONNECT", act);
        let port = format!("--port={port}");
        for (ca, reason) in [(&bump_ca, trusted), (&page_ca, untrusted)] {
            let fixed = [&port, &login, &https, expect, ca, "--no-direct"];
            let (code, line) = verdict(&fixed);
            let is_right = match reason.ends_with(": ") {
                true => line.starts_with(&critical(reason).1),
                false => line == critical(reason).1,
            };
            assert!(code == 2 && is_right, "{status} {reason}: {line}");
            let (_, line) = verdict(&[fixed.as_slice(), &[&origin.url("pong")]].concat());
            let of_https = critical(&format!("{reason} for https")).1;
            assert!(reason.ends_with(": ") || line == of_https, "{status} {reason}: {line}");
        }
    }
}

/// Two proxies deny the page by a status that the page has for this machine alone.
#[test]
fn a_denial_inside_of_the_tunnel_is_not_excused_by_the_page() {
    let origin = Origin::start();
    let pair = origin.authority.sign("denied", "subjectAltName=IP:127.0.0.1");
    let denies = server_config(&pair);
    let page = fake::listen("127.0.0.1:0", move |mut stream| {
        answer_by_tls(&denies, &mut stream, |_| answer("403 Forbidden", "Server: nginx\r\n", ""));
    });
    let https = format!("--url=https://127.0.0.1:{page}/pong?n=NONCE");
    let line = |lines: &'static str| {
        let act = inside(&server_config(&pair), "403 Forbidden", lines);
        let port = proxy(move |who, _, stream| {
            if who == Who::Customer {
                let _ = stream.write_all(CONNECTED);
                act(stream);
            } else {
                drop(stream.write_all(refusal().as_bytes()));
            }
        });
        let fixed = ["--ip=127.0.0.2", "--expect=pong NONCE from PROXY", &origin.login(), &origin.ca()];
        verdict(&[fixed.as_slice(), &[&format!("--port={port}"), &https]].concat())
    };
    let both = "PROXY CRITICAL - 2 of 2 proxies fail: 127.0.0.1 403 ERR_ACCESS_DENIED and 1 more";
    assert_eq!(line(DENIED), (2, both.to_owned()));
    let itself =
        "PROXY UNKNOWN - the page itself does not answer, through none of 2 proxies nor from here: 403";
    assert_eq!(line("Server: nginx\r\n"), (3, itself.to_owned()));
}

/// What strangers get inside of the tunnel decides, whether or not its certificate is trusted.
#[test]
fn strangers_may_be_refused_inside_of_the_tunnel() {
    let origin = Origin::start();
    let (authority, config) = bumping();
    let (bump_ca, page_ca) = (format!("--tls-ca={}", authority.path("ca.pem").display()), origin.ca());
    let refuses = || (0, "PROXY OK - 127.0.0.1 refuses strangers".to_owned());
    let undecided = |what: &str| (3, format!("PROXY UNKNOWN - 127.0.0.1 strangers: undecided: {what}"));
    let wrong =
        "wrong certificate after CONNECT: the server certificate is not signed by a trusted authority";
    let open = || critical("open: serves strangers by https");
    let connect_fail = "X-Squid-Error: ERR_CONNECT_FAIL 111\r\n";
    let own_page = |head: &str| page(head, "127.0.0.1");
    let with_page = |head: &str| {
        page(head, "127.0.0.1").replacen("200 OK", "403 No", 1).replacen("\r\n", &format!("\r\n{DENIED}"), 1)
    };
    type Answering = Box<dyn Fn(&str) -> String + Send + Sync>;
    let says = |status: &'static str, lines: &'static str| -> Answering {
        Box::new(move |_| answer(status, lines, ""))
    };
    let rows: [(Answering, _, _); 5] = [
        (says("403 Forbidden", DENIED), refuses(), refuses()),
        (says("503 No", connect_fail), undecided("503 ERR_CONNECT_FAIL"), undecided("503 ERR_CONNECT_FAIL")),
        // A certificate that is accepted is the page's own.
        (says("403 Forbidden", "Server: nginx\r\n"), open(), undecided(wrong)),
        (Box::new(own_page), open(), open()),
        (Box::new(with_page), open(), open()),
    ];
    for (number, (said, trusted, untrusted)) in rows.into_iter().enumerate() {
        let config = Arc::clone(&config);
        let port = proxy(move |_, _, stream| {
            let _ = stream.write_all(CONNECTED);
            answer_by_tls(&config, stream, &said);
        });
        let fixed = [&format!("--port={port}"), "--strangers=only", &origin.https_url()];
        for (ca, expected) in [(&bump_ca, &trusted), (&page_ca, &untrusted)] {
            let line = verdict(&[fixed.as_slice(), &["--expect=pong NONCE from PROXY", ca]].concat());
            assert_eq!(&line, expected, "{number}");
        }
    }
    // A page that another certificate carries is no excuse.
    let other = listen_tls(&origin.authority.sign("x", "subjectAltName=DNS:x"));
    let port = proxy(move |_, _, stream| tunnel(("127.0.0.1", other), stream));
    let fixed = [&format!("--port={port}"), "--strangers=only", &origin.https_url(), &page_ca];
    assert_eq!(verdict(&[fixed.as_slice(), &["--expect=pong NONCE from PROXY"]].concat()), open());
}

/// A helper of squid's rules may take longer than a short run. Only a whole silence is a tunnel.
#[test]
fn a_refusal_inside_of_the_tunnel_may_come_too_late_to_tell() {
    let origin = Origin::start();
    let (_authority, config) = bumping();
    let short =
        (3, "PROXY UNKNOWN - 127.0.0.1 forbidden 127.0.0.1:22: tunnel opened, no answer within 1.0 s");
    let lets = (2, "PROXY CRITICAL - 127.0.0.1 lets customers through to 127.0.0.1:22");
    let pause = || thread::sleep(Duration::from_millis(1_300));
    let within = Arc::clone(&config);
    let before = inside(&config, "403 Forbidden", DENIED);
    let acts: [Act; 3] = [
        Box::new(move |stream| {
            answer_by_tls(&within, stream, |_| {
                pause();
                answer("403 Forbidden", DENIED, "no")
            });
        }),
        Box::new(move |stream| {
            pause();
            before(stream);
        }),
        Box::new(hang),
    ];
    let (login, url) = (origin.login(), origin.url("pong"));
    for (number, act) in acts.into_iter().enumerate() {
        let port = connects("CONNECT 127.0.0.1:22 ", act);
        let port = format!("--port={port}");
        let fixed = ["--ip=127.0.0.1", "--forbid=127.0.0.1:22", &port, &login, &url];
        let said = |limit: Duration, more: &str| {
            let outcome = in_time(limit, || origin.check(&[fixed.as_slice(), &[more]].concat()));
            let line = outcome.first_line().split(" | ").next().unwrap().to_owned();
            (outcome.code.unwrap(), line)
        };
        // A run that a busy machine held up has waited for 1.1 s.
        assert_eq!(
            said(Duration::from_millis(1_050), "--timeout=2"),
            (short.0, short.1.to_owned()),
            "{number}"
        );
        // It ends with the refusal, or where that does not come, a little after its time.
        let limit = if number == 2 { Duration::MAX } else { Duration::from_millis(1_600) };
        let (code, line) = said(limit, "--connect-timeout=1.6");
        match number {
            2 => assert_eq!((code, line), (lets.0, lets.1.to_owned())),
            _ => assert!(code == 0 && line.ends_with(" s, strangers refused"), "{number}: {line}"),
        }
    }
}
