//! Proxies that are named: a name that does not resolve, or hangs, hides no other proxy.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fake;

use std::io::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use rustix as _;
use rustls as _;
use suite::getent;
use suite::ports;
use suite::process::run;

use fake::{Origin, Who, hang, listen, page, proxy, refusal};

/// One proxy is dead, one is well, one name has no address and one has no answer.
#[test]
fn a_name_that_does_not_resolve_hides_no_proxy() {
    let origin = Origin::start();
    let closed = ports::reserved("127.0.0.3").port();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, format!("127.0.0.3 {closed}\nfe80::1%nosuch0\n")).unwrap();
    let file = format!("--file={}", file.path().display());
    let well = proxy(|who, head, stream| {
        let own = stream.local_addr().unwrap().ip().to_string();
        let said = if who == Who::Customer { page(head, &own) } else { refusal() };
        drop(stream.write_all(said.as_bytes()));
    });
    let port = format!("--port={well}");
    let getent = getent::fake("well.localhost) echo '127.0.0.2 STREAM' ;; gone) exit 2 ;; broken) exit 1 ;;");
    let said = |arguments: &[&str]| {
        let fixed = ["--expect=pong NONCE from PROXY", &port, &origin.login(), &origin.url("pong")];
        let outcome = run(getent.command(fake::BINARY).args(fixed).args(arguments));
        let (line, rest) = outcome.stdout.split_once('\n').unwrap();
        (outcome.code, line.split(" | ").next().unwrap().to_owned(), rest.to_owned())
    };
    let (code, line, rest) = said(&["-Hgone", "-Hwell.localhost", "-Hbroken", &file]);
    let dead = format!("127.0.0.3:{closed} refused");
    let names = "(fe80::1%nosuch0 and 2 more names unresolved)";
    assert_eq!(line, format!("PROXY CRITICAL - 1 of 2 proxies fail: {dead} {names}"));
    assert_eq!(code, Some(2));
    assert!(
        rest.contains(" line 2: fe80::1%nosuch0: there is no interface nosuch0 on this machine\n"),
        "{rest}"
    );
    let gone = "UNKNOWN: resolving gone: no address found, see check_resolver\n";
    assert!(rest.ends_with(&format!("{gone}UNKNOWN: resolving broken: getent ended with 1\n")), "{rest}");
    let gone = "resolving gone: no address found, see check_resolver";
    let (code, line, rest) = said(&["-Hgone", "-Hwell.localhost"]);
    assert_eq!((code, line, rest.as_str()), (Some(3), format!("PROXY UNKNOWN - {gone}"), ""));
    let (code, line, _) = said(&["-Hgone"]);
    assert_eq!((code, line), (Some(3), format!("PROXY UNKNOWN - {gone}")));
}

/// The proxies of the other names are asked, and judged, before the silent resolver has had its time.
#[test]
fn a_name_that_hangs_takes_no_time_from_the_others() {
    let origin = Origin::start();
    let (sender, asked) = std::sync::mpsc::channel();
    let port = proxy(move |who, head, stream| {
        let own = stream.local_addr().unwrap().ip().to_string();
        let said = if who == Who::Customer { page(head, &own) } else { refusal() };
        drop(stream.write_all(said.as_bytes()));
        let _ = sender.send(Instant::now());
    });
    let getent = getent::fake("well.localhost) echo '127.0.0.2 STREAM' ;; hang) exec sleep 60 ;;");
    let fixed =
        ["--expect=pong NONCE from PROXY", &format!("--port={port}"), &origin.login(), &origin.url("pong")];
    let mut command = getent.command(fake::BINARY);
    command.args(fixed).args(["-Hhang", "-Hwell.localhost", "--ip=127.0.0.1", "-t", "6:critical"]);
    let outcome = run(&mut command);
    let ended = Instant::now();
    // A loaded machine starts late, and gives the name less of the 6 s.
    let line = outcome.first_line();
    assert!(
        line.starts_with("PROXY CRITICAL - resolving hang: no answer within ")
            && line.contains(" s, see check_resolver | failed=0;;0;0;2 "),
        "{}",
        outcome.stdout
    );
    let asked: Vec<Instant> = asked.try_iter().collect();
    // A stranger, an unknown user and the customer, of two proxies.
    assert_eq!(asked.len(), 6, "{}", outcome.stdout);
    let before = asked.iter().map(|at| ended.duration_since(*at)).min().unwrap();
    // The resolver had its time, up to 4.2 s, in the meantime.
    assert!(before > Duration::from_secs(1), "{before:?}");
}

/// One proxy given by its name is told from its page as one given by its address is: also beside a name that
/// has no address, or none yet.
#[test]
fn a_single_proxy_by_name_has_its_page_asked_directly() {
    let origin = Origin::start();
    let silent = listen("127.0.0.1:0", |mut stream| hang(&mut stream));
    let port = proxy(|who, _, stream| match who {
        Who::Customer => hang(stream),
        _ => drop(stream.write_all(refusal().as_bytes())),
    });
    let getent =
        getent::fake("well.localhost) echo '127.0.0.2 STREAM' ;; gone) exit 2 ;; hang) exec sleep 60 ;;");
    let url = format!("--url=http://127.0.0.1:{silent}/pong?n=NONCE");
    let fixed = ["--expect=pong NONCE from PROXY", &format!("--port={port}"), &origin.login(), &url];
    let said = |proxies: &[&str]| {
        run(getent.command(fake::BINARY).args(fixed).args(proxies).arg("--timeout=6")).stdout
    };
    let rows: [&[&str]; 4] = [
        &["--ip=127.0.0.2"],
        &["-Hwell.localhost"],
        &["-Hwell.localhost", "-Hgone"],
        &["-Hwell.localhost", "-Hhang"],
    ];
    let page = "hangs, nor does the page answer from here: connects, no answer";
    thread::scope(|scope| {
        let said = &said;
        let asked = rows.map(|proxies| scope.spawn(move || said(proxies)));
        for (said, proxies) in asked.map(|asked| asked.join().unwrap()).iter().zip(rows) {
            let line = "PROXY CRITICAL - 127.0.0.2 takes the password, then no page: its DNS or its way to the page ";
            assert!(
                said.strip_prefix(line).is_some_and(|said| said.starts_with(page)),
                "{proxies:?}: {said}"
            );
        }
    });
}
