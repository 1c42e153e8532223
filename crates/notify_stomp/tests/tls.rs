//! TLS to a broker: each fault of a certificate or of a server by its words, and no fault at all.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use suite::needs::missing;
use suite::process::{Outcome, run};
use suite::stomp::make_spool;
use suite::tls::{Authority, NEEDS, TlsServer};
use suite::tls_faults::faults;

const BINARY: &str = env!("CARGO_BIN_EXE_notify_stomp");

/// An event by TLS to this address; the spool is new.
fn event(address: &str, authority: &Path) -> Outcome {
    event_with(address, authority, &[])
}

/// The same with more options.
fn event_with(address: &str, authority: &Path, options: &[String]) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(BINARY);
    command.args(["--host=web1", "--state=DOWN", "--destination=/topic/nagios", "--tls", "--timeout=4"]);
    command
        .arg(format!("--spool={}", make_spool(folder.path()).display()))
        .arg(format!("--broker={address}"));
    let outcome = run(command.arg(format!("--tls-ca={}", authority.display())).args(options));
    assert_eq!(outcome.stderr, "");
    outcome
}

#[test]
fn each_fault_has_its_words() {
    if missing(&NEEDS) {
        return;
    }
    let authority = Authority::create("authority");
    for fault in faults(&authority) {
        let server = TlsServer::start(&fault.pair, fault.server);
        let outcome = event(server.address(), &fault.authority);
        let line = format!("STOMP WARNING - 1 event waits: {}: {}", server.address(), fault.words);
        assert_eq!(outcome.summary(), (1, line.as_str()), "{}", fault.what);
    }
}

#[test]
fn a_certificate_that_is_right_is_taken() {
    if missing(&NEEDS) {
        return;
    }
    let authority = Authority::create("authority");
    let alone = authority
        .self_signed("alone", &["subjectAltName=IP:127.0.0.1", "basicConstraints=critical,CA:FALSE"]);
    let signed = authority.sign("signed", "subjectAltName=IP:127.0.0.1");
    for (pair, trusted) in [(&signed, &authority.path("ca.pem")), (&alone, &alone.certificate)] {
        for version in ["-tls1_2", "-tls1_3"] {
            let mut server = TlsServer::start(pair, version);
            server.say(b"CONNECTED\nversion:1.2\n\n\0RECEIPT\nreceipt-id:1\n\n\0").unwrap();
            let outcome = event(server.address(), trusted);
            let line = format!("STOMP OK - event 1 confirmed by {}", server.address());
            assert_eq!(outcome.summary(), (0, line.as_str()), "{version}");
        }
    }
}

#[test]
fn a_plain_port_is_told() {
    if missing(&NEEDS) {
        return;
    }
    let authority = Authority::create("authority");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let rows: [(&[u8], &str); 2] = [
        (b"", "closed in the TLS handshake, perhaps no TLS there"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "the server does not speak TLS on this port"),
    ];
    for (answer, words) in rows {
        let line = std::thread::scope(|scope| {
            scope.spawn(|| {
                let (mut stream, _) = listener.accept().unwrap();
                let mut room = [0; 4096];
                std::io::Read::read(&mut stream, &mut room).unwrap();
                std::io::Write::write_all(&mut stream, answer).unwrap();
            });
            event(&address, &authority.path("ca.pem")).summary().1.to_owned()
        });
        assert_eq!(line, format!("STOMP WARNING - 1 event waits: {address}: {words}"));
    }
}

#[test]
fn a_file_of_authorities_is_read_strictly() {
    if missing(&NEEDS) {
        return;
    }
    let authority = Authority::create("authority");
    let good = fs::read_to_string(authority.path("ca.pem")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    for (text, words) in suite::tls_faults::bad_files(&good) {
        fs::write(&file, text).unwrap();
        let outcome = event("127.0.0.1:1", &file);
        let line = format!("STOMP UNKNOWN - reading {}: {words}, event 1 waits in the spool", file.display());
        assert_eq!(outcome.summary(), (3, line.as_str()));
    }
}

#[test]
fn a_key_that_others_can_read_is_named() {
    if missing(&NEEDS) {
        return;
    }
    let authority = Authority::create("authority");
    let pair = authority.sign("client", "keyUsage=digitalSignature");
    let (certificate, key) = (pair.certificate.display(), pair.key.display());
    let identity = [format!("--tls-cert={certificate}"), format!("--tls-key={key}")];
    let detail = format!("{key} holds a private key and every account here can read it: chmod o= {key}");
    for (mode, expected) in [(0o644, Some(detail.as_str())), (0o640, None)] {
        fs::set_permissions(&pair.key, fs::Permissions::from_mode(mode)).unwrap();
        let outcome = event_with("127.0.0.1:1", &authority.path("ca.pem"), &identity);
        let found = outcome.stdout.lines().find(|line| line.contains("chmod"));
        assert_eq!((outcome.code, found), (Some(1), expected), "{}", outcome.stdout);
    }
}
