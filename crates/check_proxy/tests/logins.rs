//! Which login is sent to whom: the customer's password by Basic only where Digest is not offered, and
//! unasked only after a silence to all others, Digest with a fresh nonce, and the unknown user by each scheme
//! that is offered.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fake;

use std::collections::HashSet;
use std::io::{Read as _, Write as _};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use fake::{BASIC, Origin, Who, answer, hang, page, proxy, refusal};
use rustix as _;
use rustls as _;
use suite::process::in_time;
use tempfile as _;

/// The exit code, and the line without its performance data.
fn said(origin: &Origin, port: &str, more: &[&str]) -> (i32, String) {
    said_within(Duration::MAX, origin, port, more)
}

/// The same of a run that a busy machine did not keep from its own end, so that the watchdog ended it.
fn said_within(limit: Duration, origin: &Origin, port: &str, more: &[&str]) -> (i32, String) {
    let (port, login) = (format!("--port={port}"), origin.login());
    let fixed = ["--ip=127.0.0.1", &port, &login, &origin.url("pong"), "--no-direct"];
    let outcome = in_time(limit, || origin.check(&[&fixed, more].concat()));
    (outcome.code.unwrap(), outcome.first_line().split(" | ").next().unwrap().to_owned())
}

fn offer(schemes: &[&str]) -> String {
    let lines: String = schemes.iter().map(|scheme| format!("Proxy-Authenticate: {scheme}\r\n")).collect();
    answer("407 No", &lines, "")
}

/// The time of an option as in `--timeout=3:critical`.
fn seconds(option: &str) -> Duration {
    let number = option.split(['=', ':']).nth(1).unwrap();
    Duration::from_secs_f64(number.parse().unwrap())
}

const DIGEST: &str = "Digest realm=\"x\", nonce=\"y\", qop=\"auth\"";

fn is_customers_digest(head: &str) -> bool {
    head.contains("Digest username=\"cust\"")
}

/// A proxy that answers strangers by `refusal` after a delay, and the customer's Digest by the page. Tells
/// whether it got the password in clear.
fn digest_proxy(
    delay: Duration,
    refusal: impl Fn(&str) -> String + Send + Sync + 'static,
) -> (String, Arc<AtomicBool>) {
    let got_basic = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&got_basic);
    let port = proxy(move |_, head, stream| {
        told.fetch_or(head.contains(BASIC), Ordering::Relaxed);
        let said = if is_customers_digest(head) {
            page(head, "127.0.0.1")
        } else {
            thread::sleep(delay);
            refusal(head)
        };
        drop(stream.write_all(said.as_bytes()));
    });
    (port, got_basic)
}

#[test]
fn a_late_challenge_is_waited_for() {
    let origin = Origin::start();
    let late = Duration::from_millis(1_200);
    let silent_refusal = |head: &str| {
        // Strangers get no word about logins; unknown users do.
        if head.contains("Proxy-Authorization") { offer(&[DIGEST]) } else { String::new() }
    };
    let proxies = [digest_proxy(late, |_| offer(&[DIGEST])), digest_proxy(Duration::ZERO, silent_refusal)];
    for (port, got_basic) in proxies {
        let (code, line) = said(&origin, &port, &["--timeout=20"]);
        assert!(code == 0 && line.ends_with(" s, strangers refused"), "{line}");
        assert!(!got_basic.load(Ordering::Relaxed), "the password in clear, and Digest is offered");
    }
}

/// A proxy that keeps silent to all but those who log in by the right password serves customers. It has all
/// the time to offer another login before the password goes out in clear.
#[test]
fn a_proxy_that_is_silent_to_others_is_asked_as_the_customer() {
    let origin = Origin::start();
    for (serves, code, start) in [
        (true, 0, "PROXY OK - 127.0.0.1 serves "),
        (false, 2, "PROXY CRITICAL - 127.0.0.1 connects, no answer"),
    ] {
        let (silence, began) = (Mutex::new(Duration::ZERO), Mutex::new(None::<Instant>));
        let silence = Arc::new(silence);
        let told = Arc::clone(&silence);
        let port = proxy(move |_, head, stream| {
            let began = *began.lock().unwrap().get_or_insert_with(Instant::now);
            if !head.contains(BASIC) {
                return hang(stream);
            }
            *told.lock().unwrap() = began.elapsed();
            match (serves, head.starts_with("CONNECT")) {
                (false, _) => hang(stream),
                (true, true) => drop(stream.write_all(answer("403 No", "", "").as_bytes())),
                (true, false) => drop(stream.write_all(page(head, "127.0.0.1").as_bytes())),
            }
        });
        let more = ["--connect-timeout=1.5", "--tries=1", "--timeout=20", "--forbid=127.0.0.1:22"];
        let (said_code, line) = said(&origin, &port, &more);
        assert!(said_code == code && line.starts_with(start), "{line}");
        let silence = *silence.lock().unwrap();
        assert!(silence >= Duration::from_millis(1_500), "{silence:?}");
    }
}

/// Who gives no login has no password that could be refused.
#[test]
fn a_login_that_is_wanted_and_not_given_is_named() {
    let origin = Origin::start();
    let http = format!("--port={}", proxy(|_, _, stream| drop(stream.write_all(refusal().as_bytes()))));
    let socks = fake::listen("127.0.0.1:0", |mut stream| {
        let _ = stream.read_exact(&mut [0; 3]).and_then(|()| stream.write_all(&[5, 255]));
        hang(&mut stream);
    });
    let socks = format!("--port={socks}");
    for (more, reason) in [
        ([http.as_str(), "--protocol=http"], "wants a login (407), none is given"),
        ([socks.as_str(), "--protocol=socks5"], "wants a login, none is given"),
    ] {
        let fixed = ["--ip=127.0.0.1", "--strangers=allow", "--no-direct", &origin.url("pong")];
        let outcome = origin.check(&[fixed.as_slice(), &more].concat());
        let (code, line) = outcome.verdict();
        let start = format!("PROXY CRITICAL - 127.0.0.1 {reason} |");
        assert!(code == 2 && line.starts_with(&start), "{line}");
    }
}

/// Another stranger's silence would take all the time of the second try.
#[test]
fn a_proxy_that_is_silent_to_others_has_a_second_try() {
    let origin = Origin::start();
    let count = AtomicUsize::new(0);
    let port = proxy(move |_, head, stream| {
        if !head.contains(BASIC) {
            return hang(stream);
        }
        let is_first = count.fetch_add(1, Ordering::Relaxed) == 0;
        let said = if is_first { answer("502 No", "", "") } else { page(head, "127.0.0.1") };
        drop(stream.write_all(said.as_bytes()));
    });
    let (code, line) = said(&origin, &port, &["--connect-timeout=2", "--timeout=5.5"]);
    assert!(code == 0 && line.starts_with("PROXY OK - 127.0.0.1 serves "), "{line}");
}

#[test]
fn the_password_is_not_sent_beside_a_digest_that_is_not_spoken() {
    let origin = Origin::start();
    let more = ["--connect-timeout=1.5", "--timeout=5", "--forbid=127.0.0.1:22"];
    let strange = "Digest realm=\"x\", nonce=\"y\", algorithm=SHA-512-256";
    let (port, got_basic) = digest_proxy(Duration::ZERO, move |_| offer(&[strange, "Basic realm=\"x\""]));
    let reason = "offers Digest SHA-512-256 and Basic beside it only, which this check does not speak";
    assert_eq!(said(&origin, &port, &more), (3, format!("PROXY UNKNOWN - 127.0.0.1 {reason}")));
    assert!(!got_basic.load(Ordering::Relaxed));
}

#[test]
fn a_login_that_is_not_spoken_is_unknown_and_is_not_sent() {
    let origin = Origin::start();
    let port = proxy(|who, _, stream| {
        let lines = if who == Who::Stranger {
            "Proxy-Authenticate: NTLM\r\nProxy-Authenticate: Negotiate\r\n"
        } else {
            "X: sent\r\n"
        };
        let _ = stream.write_all(answer("407 No", lines, "").as_bytes());
    });
    let line = said(&origin, &port, &[]);
    let reason = "offers NTLM and Negotiate only, which this check does not speak";
    assert_eq!(line, (3, format!("PROXY UNKNOWN - 127.0.0.1 {reason}")));
}

/// A helper that had others to judge before is well, and its one login tells of all pages.
#[test]
fn the_unknown_user_has_one_login_and_a_second_try() {
    let origin = Origin::start();
    for (silences, expected) in
        [(1, "OK - 127.0.0.1 serves "), (9, "CRITICAL - 127.0.0.1 answers no new login")]
    {
        let (count, logins) = (AtomicUsize::new(0), Arc::new(Mutex::new(HashSet::new())));
        let told = Arc::clone(&logins);
        let port = proxy(move |who, head, stream| {
            let is_silent = who == Who::Unknown && count.fetch_add(1, Ordering::Relaxed) < silences;
            if who == Who::Unknown {
                let login = head.lines().find(|line| line.starts_with("Proxy-Authorization")).unwrap();
                told.lock().unwrap().insert(login.to_owned());
            }
            match who {
                _ if is_silent => hang(stream),
                Who::Customer => drop(stream.write_all(page(head, "127.0.0.1").as_bytes())),
                _ => drop(stream.write_all(refusal().as_bytes())),
            }
        });
        let (_, line) = said(&origin, &port, &["--connect-timeout=1.5", &origin.url("told")]);
        assert!(line.starts_with(&format!("PROXY {expected}")), "{line}");
        assert_eq!(logins.lock().unwrap().len(), 1);
    }
    let last = AtomicUsize::new(0);
    let port = proxy(move |who, head, stream| match who {
        Who::Unknown if last.fetch_add(1, Ordering::Relaxed) == 0 => hang(stream),
        Who::Customer => drop(stream.write_all(page(head, "127.0.0.1").as_bytes())),
        _ => drop(stream.write_all(refusal().as_bytes())),
    });
    let (_, line) = said(&origin, &port, &["--connect-timeout=1.5"]);
    assert!(line.starts_with("PROXY OK - 127.0.0.1 serves "), "{line}");
}

#[test]
fn a_second_try_of_the_unknown_user_that_breaks_off_hides_no_hanging_helper() {
    let origin = Origin::start();
    for said_then in ["", "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"] {
        let count = AtomicUsize::new(0);
        let port = proxy(move |who, head, stream| match who {
            Who::Unknown if count.fetch_add(1, Ordering::Relaxed) == 0 => hang(stream),
            Who::Unknown => drop(stream.write_all(said_then.as_bytes())),
            Who::Customer => drop(stream.write_all(page(head, "127.0.0.1").as_bytes())),
            _ => drop(stream.write_all(refusal().as_bytes())),
        });
        let (_, line) = said(&origin, &port, &["--connect-timeout=1.5"]);
        assert!(line.starts_with("PROXY CRITICAL - 127.0.0.1 answers no new login"), "{said_then} {line}");
    }
}

#[test]
fn the_unknown_user_tries_each_scheme() {
    let origin = Origin::start();
    for broken in ["Basic ", "Digest username=\"nobody"] {
        let port = proxy(move |_, head, stream| {
            let passes =
                is_customers_digest(head) || head.contains(&format!("Proxy-Authorization: {broken}"));
            let said = if passes { page(head, "127.0.0.1") } else { offer(&[DIGEST, "Basic realm=\"x\""]) };
            drop(stream.write_all(said.as_bytes()));
        });
        let line = said(&origin, &port, &[]);
        assert_eq!(line, (2, "PROXY CRITICAL - 127.0.0.1 takes any password".to_owned()), "{broken}");
    }
}

/// A proxy that takes each nonce once, as squid does of another user, and cannot reach the page at first.
#[test]
fn another_try_has_a_nonce_of_its_own() {
    let origin = Origin::start();
    for (failures, expected) in [(1, "OK - 127.0.0.1 serves "), (9, "CRITICAL - 127.0.0.1 503")] {
        let (count, asked) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let used = Mutex::new(HashSet::new());
        let port = proxy(move |_, head, stream| {
            let nonce =
                head.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned);
            let is_fresh = nonce.is_some_and(|nonce| used.lock().unwrap().insert(nonce));
            let said = match is_customers_digest(head) && is_fresh {
                false => {
                    let fresh = count.fetch_add(1, Ordering::Relaxed);
                    offer(&[&format!("Digest realm=\"x\", nonce=\"n{fresh}\"")])
                }
                true if asked.fetch_add(1, Ordering::Relaxed) < failures => answer("503 No", "", ""),
                true => page(head, "127.0.0.1"),
            };
            drop(stream.write_all(said.as_bytes()));
        });
        let (_, line) = said(&origin, &port, &[]);
        assert!(line.starts_with(&format!("PROXY {expected}")), "{line}");
    }
}

/// A helper that takes its time is well, and a short run cannot tell it from one that hangs.
#[test]
fn a_short_run_blames_no_helper() {
    let origin = Origin::start();
    let slow = proxy(|who, head, stream| {
        if who != Who::Stranger {
            thread::sleep(Duration::from_millis(1_600));
        }
        let said = if who == Who::Customer { page(head, "127.0.0.1") } else { refusal() };
        drop(stream.write_all(said.as_bytes()));
    });
    for (timeout, code, state) in [
        ("--timeout=2", 3, "UNKNOWN"),
        ("--timeout=3", 3, "UNKNOWN"),
        ("--timeout=3:critical", 2, "CRITICAL"),
        ("--timeout=3.5:warning", 1, "WARNING"),
    ] {
        let (said_code, line) = said_within(seconds(timeout), &origin, &slow, &[timeout]);
        let start = format!("PROXY {state} - 127.0.0.1 no answer to a login within 1.");
        assert!(said_code == code && line.starts_with(&start), "{timeout}: {line}");
    }
    let more = ["--timeout=3", "--connect-timeout=1", "--tries=1"];
    let hangs = said_within(seconds(more[0]), &origin, &slow, &more);
    let reason = "refuses strangers, does not answer any login: its authentication helper hangs";
    assert_eq!(hangs, (2, format!("PROXY CRITICAL - 127.0.0.1 {reason}")));
}

/// A forbidden target for which too little time was left.
#[test]
fn a_short_run_tells_nothing_of_a_forbidden_target() {
    let origin = Origin::start();
    let slow = proxy(|who, head, stream| {
        let said = match (who == Who::Customer, head.starts_with("CONNECT")) {
            (true, true) => return hang(stream),
            (true, false) => page(head, "127.0.0.1"),
            (false, _) => refusal(),
        };
        drop(stream.write_all(said.as_bytes()));
    });
    for (timeout, code, state) in [("--timeout=3", 3, "UNKNOWN"), ("--timeout=3:critical", 2, "CRITICAL")] {
        let more = [timeout, "--forbid=127.0.0.1:22"];
        let (said_code, line) = said_within(seconds(timeout), &origin, &slow, &more);
        let start =
            format!("PROXY {state} - 127.0.0.1 forbidden 127.0.0.1:22: no answer to a login within 1.");
        assert!(said_code == code && line.starts_with(&start), "{timeout}: {line}");
    }
}

/// A proxy that takes connections and says nothing is frozen, however long the run: no stranger needs a
/// helper.
#[test]
fn a_frozen_proxy_is_seen_whatever_the_timeout() {
    let origin = Origin::start();
    let frozen = proxy(|_, _, stream| hang(stream));
    let timeouts = ["2", "3", "3.5", "3:unknown", "3.6", "4", "5", "8"];
    let runs = timeouts.iter().flat_map(|time| ["http", "socks5"].map(|protocol| (*time, protocol)));
    thread::scope(|scope| {
        let ask = |(timeout, protocol)| {
            let arguments = [format!("--timeout={timeout}"), format!("--protocol={protocol}")];
            let line = said(&origin, &frozen, &arguments.each_ref().map(String::as_str));
            let silent = "PROXY CRITICAL - 127.0.0.1 connects, no answer".to_owned();
            assert_eq!(line, (2, silent), "{timeout} {protocol}");
        };
        runs.for_each(|run| drop(scope.spawn(move || ask(run))));
    });
}

/// Those that serve by address have no login to take: a silent page is theirs as little.
#[test]
fn a_silent_page_is_recognised_where_strangers_are_allowed() {
    let origin = Origin::start();
    let silent = fake::listen("127.0.0.1:0", |mut stream| hang(&mut stream));
    let port = format!("--port={}", proxy(|_, _, stream| hang(stream)));
    let url = format!("--url=http://127.0.0.1:{silent}/pong?n=NONCE");
    let fixed = ["--ip=127.0.0.1", "--ip=127.0.0.2", &port, &url, "--strangers=allow"];
    let login = origin.login();
    for more in [vec![], vec![login.as_str()]] {
        let outcome = origin.check(&[fixed.as_slice(), &more].concat());
        let line = "PROXY UNKNOWN - the page itself does not answer, through none of 2 proxies nor from here: connects, no answer |";
        assert!(outcome.first_line().starts_with(line), "{}", outcome.stdout);
    }
}
