//! TLS, from what is said before it to what the certificate says.

use std::net::Shutdown;

use suite::needs::missing;
use suite::tls::{Authority, NEEDS, TlsServer};
use suite::tls_faults::faults;

use super::*;

/// A server of openssl takes one connection after the other, on a busy machine slowly: what is not about time
/// has plenty of it.
const PATIENT: [&str; 2] = ["--timeout=60", "--connect-timeout=25"];
pub(super) const HERE: &str = "subjectAltName=IP:127.0.0.1";

pub(super) fn ask(port: &str, trusted: &std::path::Path, more: &[&str]) -> Outcome {
    let trusted = format!("--tls-ca={}", trusted.display());
    let has_time = more.iter().any(|option| option.starts_with("--connect-timeout"));
    let patient: &[&str] = if has_time { &[] } else { &PATIENT };
    check(&[&["--ip=127.0.0.1", "--port", port, "--tls", &trusted], patient, more].concat())
}

#[test]
fn every_fault_of_a_certificate_has_its_words() {
    if missing(&NEEDS) {
        return;
    }
    for fault in faults(&Authority::create("sop")) {
        let server = TlsServer::start(&fault.pair, fault.server);
        let outcome = ask(server.port(), &fault.authority, &["--tries=1"]);
        assert_eq!(outcome.code, Some(2), "{}: {}", fault.what, outcome.stdout);
        let detail = outcome.stdout.lines().nth(1).unwrap_or_default();
        assert!(detail.ends_with(&format!(": {}", fault.words)), "{}: {}", fault.what, outcome.stdout);
    }
}

/// It does speak TLS, as openssl and old clients will show.
#[test]
fn a_server_of_old_tls_is_named() {
    if missing(&NEEDS) {
        return;
    }
    let authority = Authority::create("sop");
    let good = authority.sign("good", HERE);
    let ciphers = "TLS alert: handshake failure (perhaps no cipher in common)";
    let rows = [
        ("-tls1_2 -cipher AES256-SHA", ciphers),
        ("-tls1_2 -cipher ECDHE-RSA-AES256-SHA", ciphers),
        ("-tls1 -cipher ALL:@SECLEVEL=0", "only TLS 1.1 or older"),
        ("-tls1_1 -cipher ALL:@SECLEVEL=0", "only TLS 1.1 or older"),
    ];
    for (server, words) in rows {
        let server = TlsServer::start(&good, server);
        let outcome = ask(server.port(), &authority.path("ca.pem"), &["--tries=1"]);
        let line = format!("CRITICAL - 1 of 1 fails, port {}: 127.0.0.1 {words} | ", server.port());
        assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
        assert!(outcome.first_line().contains(&line), "{}", outcome.stdout);
    }
}

/// A server that wants a client certificate refuses before the end of the handshake in TLS 1.2, and after it
/// in TLS 1.3: what it shows is verified by then.
#[test]
fn a_server_that_wants_a_client_certificate_is_verified() {
    if missing(&NEEDS) {
        return;
    }
    let authority = Authority::create("sop");
    let trusted = authority.path("ca.pem");
    let good = authority.sign("good", HERE);
    let expired = authority.sign_between("expired", HERE, "20200101000000Z", "20200229120000Z");
    let note = "\nnote: 1 target wants a client certificate: only ";
    let verified = "what the servers show was verified\n";
    let tested = "the start of the handshake was tested\n";
    let wants = "127.0.0.1 wants a client certificate";
    let rows: [(_, &str, &[&str], i32, &str, &str); 12] = [
        (&good, "-tls1_2 -Verify 1", &[], 0, "", verified),
        (&good, "-tls1_2 -verify 1", &[], 0, "", ""),
        (&good, "-tls1_3 -Verify 1", &[], 0, "", ""),
        // The end of the connection is that of its try.
        (&good, "-tls1_2 -Verify 1", &["--stay=1", "--tries=2"], 0, "", verified),
        (&good, "-tls1_3 -Verify 1", &["--stay=1", "--tries=2"], 0, "", verified),
        (&good, "-tls1_2 -verify 1", &["--stay=1"], 0, "", ""),
        (&expired, "-tls1_2 -Verify 1", &["--tls-verify=none"], 0, "", tested),
        (&good, "-tls1_2 -Verify 1", &["--expect=x"], 2, wants, ""),
        (&good, "-tls1_3 -Verify 1", &["--expect=x"], 2, wants, ""),
        (&good, "-tls1_2 -Verify 1", &["--certificate-days=14:"], 2, "certificate expires 20", ""),
        (&good, "-tls1_2 -Verify 1", &["--sni=www.example.com"], 2, "certificate of 127.0.0.1", ""),
        (&expired, "-tls1_2 -Verify 1", &[], 2, "certificate expired 2020-02-29", ""),
    ];
    for (pair, server, more, code, words, noted) in rows {
        let server = TlsServer::start(pair, server);
        let tries: &[&str] = if more.contains(&"--tries=2") { &[] } else { &["--tries=1"] };
        let outcome = ask(server.port(), &trusted, &[tries, more].concat());
        assert_eq!(outcome.code, Some(code), "{more:?} {}", outcome.stdout);
        assert!(outcome.first_line().contains(words), "{more:?} {}", outcome.stdout);
        let said =
            outcome.stdout.split_once(note).map(|(_, rest)| rest.split_inclusive('\n').next().unwrap());
        assert_eq!(said.unwrap_or_default(), noted, "{more:?} {}", outcome.stdout);
    }
}

#[test]
fn a_certificate_is_verified_as_far_as_it_is_asked_for() {
    if missing(&NEEDS) {
        return;
    }
    let authority = Authority::create("sop");
    let trusted = authority.path("ca.pem");
    let server = TlsServer::start(&authority.sign("named", "subjectAltName=DNS:www.example.com"), "-www");
    let port = server.port();
    let rows: [(&[&str], i32); 9] = [
        (&[], 2),
        (&["--sni=www.example.com"], 0),
        (&["--sni=shop.example.com"], 2),
        (&["--tls-verify=chain"], 0),
        (&["--tls-verify=none"], 0),
        (&["--sni=www.example.com", "--certificate-days=0:"], 0),
        (&["--sni=www.example.com", "--certificate-days=14:"], 2),
        (&["--sni=www.example.com", r"--send=GET / HTTP/1.0\r\n\r\n", "--expect=200 ok"], 0),
        (
            &[
                "--sni=www.example.com",
                r"--send=GET / HTTP/1.0\r\n\r\n",
                "--expect=HTTP/1.0 404",
                "--connect-timeout=1",
            ],
            2,
        ),
    ];
    for (more, code) in rows {
        let outcome = ask(port, &trusted, more);
        assert_eq!(outcome.code, Some(code), "{more:?} {}", outcome.stdout);
    }
    let bare = ask(port, &trusted, &["--tls-verify=none", "--certificate-days=0.5"]);
    let note =
        "\nnote: --certificate-days=0.5 fails each certificate that is valid for longer: is 0.5: meant?\n";
    assert!(bare.code == Some(2) && bare.stdout.contains(note), "{}", bare.stdout);
    // Servers of these tests have certificates for two days.
    let soon = ask(port, &trusted, &["--sni=www.example.com", "--certificate-days=14:"]);
    let first = soon.first_line().split(" | ").next().unwrap_or_default();
    assert!(first.contains(": 127.0.0.1 certificate expires 20"), "{first}");
    assert!(first.ends_with(" (1 day, limit 14:)"), "{first}");
    let fine = ask(port, &trusted, &["--sni=www.example.com"]);
    assert!(!fine.stdout.contains("\nnote: "), "{}", fine.stdout);
    let (_, days) = fine.first_line().split_once(" certificate_days=").unwrap();
    assert!((0.9..=2.0).contains(&days.parse::<f64>().unwrap()), "{}", fine.first_line());
    let (_folder, path) =
        list(&format!("127.0.0.1 {port} www.example.com\n127.0.0.1 {port} shop.example.com\n"));
    let trusted = format!("--tls-ca={}", trusted.display());
    let outcome = check(&[&["--file", &path, "--tls", &trusted], &PATIENT[..]].concat());
    let line =
        format!("TCP_EACH_IP CRITICAL - 1 of 2 fails, port {port}: 127.0.0.1 certificate of www.example.com");
    assert_eq!(text(&outcome), (2, line.as_str()));
}

/// Who names a self-signed certificate means this one, also where openssl made it an authority (CA:TRUE); its
/// time, its name and its purpose count as those of others.
#[test]
fn a_pinned_certificate_is_taken() {
    if missing(&NEEDS) {
        return;
    }
    let authority = Authority::create("sop");
    let rows: [(&str, &[&str], i32, &str); 4] = [
        ("own", &[HERE], 0, ""),
        ("leaf", &[HERE, "basicConstraints=critical,CA:FALSE"], 0, ""),
        ("other", &["subjectAltName=DNS:www.example.com"], 2, "certificate of www.example.com"),
        ("client", &[HERE, "extendedKeyUsage=clientAuth"], 2, "wrong extendedKeyUsage"),
    ];
    for (name, extensions, code, words) in rows {
        let pair = authority.self_signed(name, extensions);
        let server = TlsServer::start(&pair, "");
        let outcome = ask(server.port(), &pair.certificate, &["--tries=1"]);
        assert_eq!(outcome.code, Some(code), "{name}: {}", outcome.stdout);
        assert!(text(&outcome).1.ends_with(words), "{name}: {}", outcome.stdout);
        // It stands for no other one.
        let outcome = ask(server.port(), &authority.path("ca.pem"), &["--tries=1"]);
        assert!(
            text(&outcome).1.ends_with(" 127.0.0.1 self-signed certificate"),
            "{name}: {}",
            outcome.stdout
        );
    }
}

#[test]
fn the_days_of_an_expired_certificate_are_negative() {
    if missing(&NEEDS) {
        return;
    }
    let authority = Authority::create("sop");
    const HERE: &str = "subjectAltName=IP:127.0.0.1,IP:127.0.0.2";
    let expired = authority.sign_between("expired", HERE, "20200101000000Z", "20200229120000Z");
    let (expired, good) =
        (TlsServer::start(&expired, ""), TlsServer::start(&authority.sign("good", HERE), ""));
    let ports = format!("{},{}", expired.port(), good.port());
    let outcome = ask(&ports, &authority.path("ca.pem"), &["--tries=1"]);
    let (_, days) = outcome.first_line().split_once(" certificate_days=").unwrap();
    assert!(days.parse::<f64>().unwrap() < -2_000.0, "{}", outcome.stdout);
    // Nothing but the time is verified.
    let options = ["--tries=1", "--tls-verify=none", "--certificate-days=14:"];
    let outcome = ask(expired.port(), &authority.path("ca.pem"), &options);
    assert!(
        outcome.first_line().contains(": 127.0.0.1 certificate expired 2020-02-29"),
        "{}",
        outcome.stdout
    );
}

/// Returns a port behind which each connection goes to another of the servers in turn, as a balancer does.
fn balancing(servers: &[&TlsServer]) -> String {
    let addresses: Vec<String> = servers.iter().map(|server| server.address().to_owned()).collect();
    let turn = std::cell::Cell::new(0);
    service(move |stream| {
        if let Some(address) = addresses.get(turn.get() % addresses.len()) {
            turn.set(turn.get() + 1);
            relay(stream, address);
        }
    })
}

/// Behind a balancer one server may have last year's certificate: what another one shows is no excuse.
#[test]
fn a_certificate_that_is_shown_is_a_fact() {
    if missing(&NEEDS) {
        return;
    }
    let (authority, evil) = (Authority::create("sop"), Authority::create("evil"));
    let trusted = authority.path("ca.pem");
    let between = |name, until| authority.sign_between(name, HERE, "20200101000000Z", until);
    let good = TlsServer::start(&between("good", "20981231235959Z"), "");
    let pairs = [
        (between("expired", "20200229120000Z"), "certificate expired 2020-02-29"),
        (authority.sign("other", "subjectAltName=DNS:b.example.com"), "certificate of b.example.com"),
        (evil.sign("forged", HERE), "untrusted certificate"),
        (authority.sign("soon", HERE), "certificate expires 20"),
    ];
    for (pair, words) in pairs {
        let bad = TlsServer::start(&pair, "");
        let port = balancing(&[&bad, &good]);
        for tries in ["--tries=2", "--tries=5"] {
            let outcome = ask(&port, &trusted, &[tries, "--certificate-days=14:"]);
            let line = format!("TCP_EACH_IP CRITICAL - 1 of 1 fails, port {port}: 127.0.0.1 {words}");
            assert!(text(&outcome).1.starts_with(&line), "{}", outcome.stdout);
            assert_eq!(outcome.stdout.lines().filter(|line| line.starts_with("note: ")).count(), 0);
            // The next connection goes to the good one.
            let outcome = ask(&port, &trusted, &[tries, "--certificate-days=14:"]);
            assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
        }
    }
}

#[test]
fn what_speaks_no_tls_is_told_apart() {
    if missing(&NEEDS) {
        return;
    }
    let trusted = Authority::create("sop");
    let trusted = trusted.path("ca.pem");
    let silent = service(|stream| {
        thread::sleep(Duration::from_secs(5));
        drop(stream);
    });
    let rows = [
        (saying(b"220 mail.example.com ESMTP\r\n"), "no TLS"),
        (service(|stream| drop(stream.shutdown(Shutdown::Both))), "closed in the TLS handshake"),
        (silent, "no TLS reply"),
    ];
    for (port, words) in rows {
        let outcome = ask(&port, &trusted, &["--tries=1", "--connect-timeout=1"]);
        let line = format!("TCP_EACH_IP CRITICAL - 1 of 1 fails, port {port}: 127.0.0.1 {words}");
        assert_eq!(text(&outcome), (2, line.as_str()));
    }
    let alone = check(&["--ip=127.0.0.1", "--port=443", "--sni=www.example.com"]);
    assert_eq!(alone.code, Some(3), "{}", alone.stdout);
}

/// Connects both ways to a server until one of the two ends.
pub(super) fn relay(mut stream: TcpStream, address: &str) {
    let Ok(mut onward) = TcpStream::connect(address) else { return };
    let (mut back, mut from) = (stream.try_clone().unwrap(), onward.try_clone().unwrap());
    let answers = thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut back);
        let _ = back.shutdown(Shutdown::Both);
    });
    let _ = std::io::copy(&mut stream, &mut onward);
    let _ = onward.shutdown(Shutdown::Both);
    let _ = answers.join();
}

#[test]
fn a_line_that_names_no_host_is_bad() {
    let bare = closed_port();
    let all = [
        ("192.0.2.1 443 a,b", "a,b"),
        ("192.0.2.1 *.example.com", "*.example.com"),
        ("192.0.2.1 443 http://www.example.com/", "http://www.example.com/"),
    ];
    for (line, field) in all {
        let (_folder, path) = list(&format!("127.0.0.1 {bare} www.example.com\n{line}\n"));
        let outcome = check(&["--file", &path, "--port", &bare, "--tls", "--tls-verify=none"]);
        let what = "is not a host name: write one, as in www.example.com, and notes after #";
        let line = format!("TCP_EACH_IP UNKNOWN - {path} line 2: {field} {what}");
        assert_eq!(text(&outcome), (3, line.as_str()));
    }
    // Without TLS it is a note.
    let (_folder, path) = list(&format!("127.0.0.1 {bare} a,b\n"));
    assert_eq!(check(&["--file", &path]).code, Some(2));
}
