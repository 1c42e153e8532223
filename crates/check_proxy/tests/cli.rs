//! The command `check_proxy` as a user runs it, against proxies on loopback that behave, refuse, lie and
//! hang. Real proxies are in the system tests.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fake;

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use fake::{Origin, Who, answer, for_customers, hang, listen_tls, nonce, page, proxy, refusal, tunnel};
use rustix::process::{Pid, Signal, kill_process};
use rustls as _;
use suite::getent;
use suite::process::run;

/// The exit code, and the line without its performance data.
fn verdict(origin: &Origin, port: &str, more: &[&str]) -> (i32, String) {
    let (login, port) = (origin.login(), format!("--port={port}"));
    let outcome = origin.check(&[&["--ip=127.0.0.1", &port, &login, "--connect-timeout=1.5"], more].concat());
    (outcome.code.unwrap(), outcome.first_line().split(" | ").next().unwrap().to_owned())
}

#[test]
fn a_proxy_that_serves_customers_alone_is_fine() {
    let origin = Origin::start();
    for path in ["pong", "chunked", "told"] {
        let port = for_customers(|head| format!("HTTP/1.1 103 Early\r\n\r\n{}", page(head, "127.0.0.1")));
        let (code, line) = verdict(&origin, &port, &[&origin.url(path), "--not-expect=X-Forwarded-For"]);
        assert!(
            code == 0 && line.starts_with("PROXY OK - 127.0.0.1 ") && line.ends_with(" s, strangers refused"),
            "{line}"
        );
    }
}

#[test]
fn each_answer_to_the_customer_has_its_line() {
    let origin = Origin::start();
    type Answering = fn(&str) -> String;
    let rows: [(Answering, &str); 14] = [
        (|_| answer("403 Forbidden", "X-Squid-Error: ERR_ACCESS_DENIED 0\r\n", ""), "403 ERR_ACCESS_DENIED"),
        (|_| answer("503 No", "X-Squid-Error: ERR_CONNECT_FAIL 111\r\n", ""), "503 ERR_CONNECT_FAIL"),
        (|_| answer("429 Too many", "", ""), "429"),
        (
            |_| answer("302 Found", "Location: https://portal.example.net/?t=secret\r\n", ""),
            "302 to portal.example.net",
        ),
        (|head| answer("200 OK", "", &format!("blocked: {head}")), "another page in place of ours"),
        (|_| answer("200 OK", "", "pong 0123456789abcdef from 127.0.0.1"), "an old copy of the page"),
        (|head| format!("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\npong {}", nonce(head)), "page cut"),
        (|head| page(head, "192.0.2.99"), "leaves by 192.0.2.99"),
        (
            |head| {
                answer(
                    "200 OK",
                    "",
                    &format!("pong {} from 127.0.0.1\nx-forwarded-for: 10.0.0.1", nonce(head)),
                )
            },
            "the page sees X-Forwarded-For",
        ),
        (|_| "220 mail.example.com ESMTP\r\n".to_owned(), "no HTTP: 220 mail.example.com ESMTP"),
        (|_| format!("HTTP/1.1 200 OK\r\nA: {}", "b".repeat(100_000)), "header without end"),
        (|_| answer("200 OK", "", &"x".repeat(300_000)), "page longer than 256 KiB"),
        (|_| String::new(), "closed without an answer"),
        (|_| refusal(), "password refused (407)"),
    ];
    for (answering, reason) in rows {
        let port = for_customers(answering);
        let line =
            verdict(&origin, &port, &[&origin.url("pong"), "--not-expect=X-Forwarded-For", "--tries=1"]);
        assert_eq!(line, (2, format!("PROXY CRITICAL - 127.0.0.1 {reason}")));
    }
}

#[test]
fn what_strangers_get_decides() {
    let origin = Origin::start();
    let url = origin.url("pong");
    let serving = |stranger: bool, unknown: bool, status: &'static str| {
        proxy(move |who, head, stream| {
            let served = page(head, "127.0.0.1");
            let text = match who {
                Who::Customer => served,
                Who::Stranger if stranger => served.replacen("200 OK", status, 1),
                Who::Unknown if unknown => served,
                _ => refusal(),
            };
            let _ = stream.write_all(text.as_bytes());
        })
    };
    let rows = [
        (serving(true, true, "200 OK"), "open: serves strangers by http"),
        (serving(true, false, "407 No"), "open: the 407 carries the page"),
        (serving(false, true, "200 OK"), "takes any password"),
    ];
    for (port, reason) in rows {
        assert_eq!(verdict(&origin, &port, &[&url]), (2, format!("PROXY CRITICAL - 127.0.0.1 {reason}")));
    }
    let open = serving(true, true, "200 OK");
    assert_eq!(verdict(&origin, &open, &[&url, "--strangers=allow"]).0, 0);
    let only = origin.check(&["--ip=127.0.0.1", &format!("--port={open}"), &url, "--strangers=only"]);
    assert_eq!(only.code, Some(2), "{}", only.stdout);
    assert!(
        only.stdout.contains("or this address, 127.0.0.1, is allowed by an ACL: ask from outside"),
        "{}",
        only.stdout
    );
    let closed = serving(false, false, "200 OK");
    let only = origin.check(&["--ip=127.0.0.1", &format!("--port={closed}"), &url, "--strangers=only"]);
    assert!(only.first_line().starts_with("PROXY OK - 127.0.0.1 refuses strangers | "), "{}", only.stdout);
    assert_eq!(only.stdout.lines().count(), 1);
    let port = format!("--port={closed}");
    let only = origin.check(&["--ip=127.0.0.1", &port, &url, "--strangers=only", "--forbid=127.0.0.1:22"]);
    let note = "\nnote: no target of --forbid was asked for: --strangers=only tries no customer\n";
    assert!(only.stdout.ends_with(note), "{}", only.stdout);
}

#[test]
fn silences_are_told_apart() {
    let origin = Origin::start();
    let hanging_for = |hangs: fn(Who) -> bool| {
        proxy(
            move |who, _, stream| {
                if hangs(who) { hang(stream) } else { drop(stream.write_all(refusal().as_bytes())) }
            },
        )
    };
    let incomplete = proxy(|_, _, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Le");
        hang(stream);
    });
    let rows = [
        (
            hanging_for(|who| who != Who::Stranger),
            "refuses strangers, does not answer any login: its authentication helper hangs",
        ),
        (
            hanging_for(|who| who == Who::Customer),
            "takes the password, then no page: its DNS or its way to the page hangs",
        ),
        (hanging_for(|_| true), "connects, no answer"),
        (incomplete, "answer incomplete at the deadline"),
    ];
    for (port, reason) in rows {
        let line = verdict(&origin, &port, &[&origin.url("pong"), "--tries=1", "--no-direct"]);
        assert_eq!(line, (2, format!("PROXY CRITICAL - 127.0.0.1 {reason}")));
    }
}

#[test]
fn tunnels_are_judged_to_their_end() {
    let origin = Origin::start();
    let other = listen_tls(&Origin::start().authority.sign("other", "subjectAltName=IP:127.0.0.1"));
    let through = |serve: Box<dyn Fn(&mut std::net::TcpStream) + Send + Sync>| {
        proxy(move |who, _, stream| match who {
            Who::Customer => serve(stream),
            _ => drop(stream.write_all(refusal().as_bytes())),
        })
    };
    let connected = b"HTTP/1.1 200 Connection established\r\n\r\n";
    let https = origin.https;
    let well = through(Box::new(move |stream| tunnel(("127.0.0.1", https), stream)));
    let line = verdict(&origin, &well, &[&origin.https_url()]);
    assert!(line.0 == 0, "{line:?}");
    let no_tls =
        [connected.as_slice(), b"220 mail.example.com\r\n220 more than a record of TLS\r\n"].concat();
    let rows = [
        (
            through(Box::new(|stream| drop(stream.write_all(connected)))),
            "CONNECT 200, then closed".to_owned(),
        ),
        (through(Box::new(move |stream| drop(stream.write_all(&no_tls)))), "no TLS after CONNECT".to_owned()),
        (
            through(Box::new(|stream| {
                let _ = stream.write_all(connected);
                fake::read_head(stream);
            })),
            "tunnel opened, then no answer".to_owned(),
        ),
        (
            through(Box::new(|stream| {
                let _ = stream.write_all(connected);
                // A fatal alert, handshake failure (RFC 8446, section 6).
                let _ = stream.write_all(&[21, 3, 3, 0, 2, 2, 40]);
                fake::read_head(stream);
            })),
            "TLS fails after CONNECT: the server ended the TLS handshake: handshake failure, perhaps no cipher in common".to_owned(),
        ),
        (
            through(Box::new(|stream| drop(stream.write_all(answer("403 No", "", "").as_bytes())))),
            "403".to_owned(),
        ),
    ];
    for (port, reason) in rows {
        let line = verdict(&origin, &port, &[&origin.https_url(), "--tries=1", "--no-direct"]);
        assert_eq!(line, (2, format!("PROXY CRITICAL - 127.0.0.1 {reason}")));
    }
    let port = through(Box::new(move |stream| tunnel(("127.0.0.1", other), stream)));
    let (code, line) = verdict(&origin, &port, &[&origin.https_url(), "--tries=1"]);
    assert!(code == 2 && line.contains(" wrong certificate after CONNECT: "), "{line}");
}

/// Once more without verifying its certificate: squid may say there that its rules deny the page.
#[test]
fn a_customer_asks_once_more_behind_a_wrong_certificate() {
    let origin = Origin::start();
    let other = listen_tls(&Origin::start().authority.sign("x", "subjectAltName=DNS:x"));
    let (sender, requests) = mpsc::channel();
    let port = proxy(move |_, head, stream| {
        sender.send(head.to_owned()).unwrap();
        tunnel(("127.0.0.1", other), stream);
    });
    let port = format!("--port={port}");
    let fixed = ["--ip=127.0.0.1", "--strangers=allow", "--tries=1", "--no-direct"];
    let outcome = origin.check(&[&fixed, [port.as_str(), &origin.https_url()].as_slice()].concat());
    let line = outcome.first_line();
    assert!(line.contains(" wrong certificate after CONNECT: "), "{line}");
    assert_eq!(requests.try_iter().count(), 2);
}

#[test]
fn one_failure_alone_does_not_count() {
    let origin = Origin::start();
    let asked = AtomicUsize::new(0);
    let port = for_customers(move |head| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => answer("503 Not yet", "", ""),
        _ => page(head, "127.0.0.1"),
    });
    assert_eq!(verdict(&origin, &port, &[&origin.url("pong")]).0, 0);
}

/// The customer's first request gets no answer: there is time for another one within the default --timeout.
#[test]
fn a_silence_is_tried_again_with_the_defaults() {
    let origin = Origin::start();
    let asked = AtomicUsize::new(0);
    let port = proxy(move |who, head, stream| match who {
        Who::Customer if asked.fetch_add(1, Ordering::Relaxed) > 0 => {
            drop(stream.write_all(page(head, "127.0.0.1").as_bytes()));
        }
        Who::Customer => hang(stream),
        _ => drop(stream.write_all(refusal().as_bytes())),
    });
    let port = format!("--port={port}");
    let outcome = origin.check(&["--ip=127.0.0.1", &port, &origin.login(), &origin.url("pong")]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    assert!(outcome.elapsed < Duration::from_secs(8), "{:?}", outcome.elapsed);
}

#[test]
fn forbidden_targets_are_tried() {
    let origin = Origin::start();
    let port = for_customers(|head| match head {
        head if head.contains("CONNECT 192.0.2.1:25") => answer("403 No", "", ""),
        head if head.contains("CONNECT 192.0.2.2:22") => answer("503 No", "", ""),
        head if head.contains("CONNECT 192.0.2.4:22") => {
            answer("503 No", "X-Squid-Error: 503:ERR_ACCESS_DENIED 0\r\n", "")
        }
        head if head.contains("CONNECT 192.0.2.5:22") => {
            answer("302 No", "X-Squid-Error: 302:http://a.example/ 0\r\nLocation: http://a.example/\r\n", "")
        }
        head if head.contains("CONNECT 192.0.2.6:22") => answer("429 No", "", ""),
        head if head.contains("CONNECT 192.0.2.7:22") => {
            answer("302 No", "Location: http://a.example/\r\n", "")
        }
        head if head.contains("CONNECT 192.0.2.8:22") => "SSH-2.0-x\r\n".to_owned(),
        head if head.contains("CONNECT") => "HTTP/1.1 200 OK\r\n\r\n".to_owned(),
        head => page(head, "127.0.0.1"),
    });
    let forbid = |target| verdict(&origin, &port, &[&origin.url("pong"), &format!("--forbid={target}")]);
    assert_eq!(forbid("192.0.2.1:25").0, 0);
    assert_eq!(forbid("192.0.2.4:22").0, 0, "denied by squid");
    assert_eq!(forbid("192.0.2.5:22").0, 0, "sent elsewhere by squid");
    for (target, said) in [
        ("192.0.2.6:22", "429"),
        ("192.0.2.7:22", "302 to a.example"),
        ("192.0.2.8:22", "no HTTP: SSH-2.0-x"),
    ] {
        let line = format!("PROXY UNKNOWN - 127.0.0.1 forbidden {target}: undecided: {said}");
        assert_eq!(forbid(target), (3, line));
    }
    for target in ["192.0.2.2:22", "127.0.0.1:22"] {
        assert_eq!(
            forbid(target),
            (2, format!("PROXY CRITICAL - 127.0.0.1 lets customers through to {target}"))
        );
    }
}

/// 38 proxies, 4 of which take connections and say nothing.
#[test]
fn silent_proxies_do_not_cost_the_others_their_time() {
    let origin = Origin::start();
    let port =
        proxy(|who, head, stream| match (stream.local_addr().unwrap().ip().to_string().as_str(), who) {
            ("127.0.0.7" | "127.0.0.8" | "127.0.0.21" | "127.0.0.38", _) => hang(stream),
            (own, Who::Customer) => drop(stream.write_all(page(head, own).as_bytes())),
            _ => drop(stream.write_all(refusal().as_bytes())),
        });
    let list: String = (1..=38).map(|number| format!("127.0.0.{number} lon-{number}\n")).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("proxies");
    fs::write(&file, list).unwrap();
    let start = Instant::now();
    let outcome = origin.check(&[
        &format!("--file={}", file.display()),
        &format!("--port={port}"),
        &origin.login(),
        &origin.url("pong"),
    ]);
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    assert!(
        outcome.first_line().starts_with("PROXY CRITICAL - 4 of 38 proxies fail: 127.0.0."),
        "{}",
        outcome.stdout
    );
    assert!(
        outcome.first_line().contains(" | failed=4;;0;0;38 open=0;;;0;38 slowest=0."),
        "{}",
        outcome.stdout
    );
    assert!(
        outcome.stdout.contains(": connects, no answer\n") && outcome.stdout.contains("(lon-21)"),
        "{}",
        outcome.stdout
    );
}

/// The unknown user asks the silent proxy a second after the stranger: by then the other one is judged.
#[test]
fn a_run_that_is_stopped_says_what_it_knows() {
    let origin = Origin::start();
    let (asked, is_asked) = mpsc::channel();
    let port = proxy(move |who, _, stream| match stream.local_addr().unwrap().ip().to_string().as_str() {
        "127.0.0.1" => drop(stream.write_all(refusal().as_bytes())),
        _ => {
            asked.send(who).unwrap();
            hang(stream);
        }
    });
    let mut command = Command::new(fake::BINARY);
    command.args(["--ip=127.0.0.1", "--ip=127.0.0.2", "--tries=1", "--timeout=60", "--connect-timeout=30"]);
    command.args([&format!("--port={port}"), &origin.login(), &origin.url("pong"), "--expect=pong NONCE"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    for _ in 0..2 {
        is_asked.recv_timeout(Duration::from_secs(20)).unwrap();
    }
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(2), Vec::new()));
    let output = String::from_utf8(output.stdout).unwrap();
    let (before, after) = output.lines().next().unwrap().split_once(" s, ").unwrap();
    assert!(before.starts_with("PROXY CRITICAL - stopped by SIGTERM after "), "{output}");
    assert_eq!(after, "partial: 1 of 2 asked, 127.0.0.1 password refused (407)");
}

#[test]
fn every_address_of_a_name_is_a_proxy() {
    let origin = Origin::start();
    let port = proxy(|who, head, stream| {
        let own = stream.local_addr().unwrap().ip().to_string();
        let said = if who == Who::Customer { page(head, &own) } else { refusal() };
        drop(stream.write_all(said.as_bytes()));
    });
    let getent = getent::fake(
        "three.localhost) for address in 127.0.0.2 127.0.0.3 ::1 127.0.0.2; do echo \"$address STREAM\"; done ;;",
    );
    let mut command = getent.command(fake::BINARY);
    command.args(["-H", "127.0.0.1", "-H", "three.localhost", "--expect=pong NONCE from PROXY", "-v"]);
    let outcome = run(command.args([&format!("--port={port}"), &origin.login(), &origin.url("pong")]));
    // This proxy does not listen on ::1.
    let line = outcome.first_line();
    assert!(
        line.starts_with("PROXY ") && line.contains(" 1 of 4 proxies ") && line.contains(": ::1 "),
        "{line}"
    );
    for address in ["127.0.0.1", "127.0.0.2", "127.0.0.3"] {
        let served = format!("\n{address} customer by http (Basic): the page in ");
        assert_eq!(outcome.stdout.matches(&served).count(), 1, "{}", outcome.stdout);
    }
}
