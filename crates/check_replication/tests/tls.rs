//! TLS to a database: each fault of a certificate or of a server by its words.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;

use suite::needs::missing;
use suite::process::{Outcome, run};
use suite::tls::{Authority, NEEDS, TlsServer};
use suite::tls_faults::{bad_files, faults};

const BINARY: &str = env!("CARGO_BIN_EXE_check_replication");
/// A greeting of MySQL 8.0.36 that offers TLS.
const GREETING: &[u8] = b"\x4a\0\0\0\x0a8.0.36\0\x07\0\0\0abcdefgh\0\x01\x8a\x2d\x02\0\x08\0\x15\0\0\0\0\0\0\0\0\0\0ijklmnopqrst\0caching_sha2_password\0";

/// A server that greets in the protocol of MySQL and then is the TLS server at `to`, for one connection.
fn database(to: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        let (mut client, _) = listener.accept()?;
        client.write_all(GREETING)?;
        // The request for TLS: a header of 4 octets, and 32.
        client.read_exact(&mut [0; 36])?;
        relay(client, TcpStream::connect(to)?)
    });
    address
}

fn relay(client: TcpStream, server: TcpStream) -> io::Result<()> {
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    let upward = thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let (mut from, mut to) = (server, client);
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Both);
    let _ = upward.join();
    Ok(())
}

fn check(address: &str, level: &str, authority: &Path) -> Outcome {
    let mut command = Command::new(BINARY);
    command.args([format!("--hostname={address}"), format!("--tls={level}")]);
    // A level that verifies nothing takes no authority.
    if !authority.as_os_str().is_empty() {
        command.arg(format!("--tls-ca={}", authority.display()));
    }
    let outcome = run(command.args(["--user=mon", "--timeout=4"]));
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
        let address = database(server.address().to_owned());
        let line = format!("REPLICATION UNKNOWN - {address}: {}", fault.words);
        let outcome = check(&address, "verify-identity", &fault.authority);
        assert_eq!(outcome.summary(), (3, line.as_str()), "{}", fault.what);
    }
}

/// What each level leaves out: the name, and all of it.
#[test]
fn each_level_verifies_what_it_says() {
    if missing(&NEEDS) {
        return;
    }
    let authority = Authority::create("authority");
    let other_authority = Authority::create("authority");
    let stranger = other_authority.path("ca.pem");
    let own = authority.path("ca.pem");
    let nobody = std::path::PathBuf::new();
    let other = authority.sign("other", "subjectAltName=DNS:db.example.com");
    let untrusted = Err("the server certificate is not signed by a trusted authority");
    let rows = [
        ("require", &nobody, Ok(())),
        // With authorities, it verifies as in the stock clients.
        ("require", &own, Ok(())),
        ("require", &stranger, untrusted),
        ("verify-ca", &own, Ok(())),
        ("verify-ca", &stranger, untrusted),
        ("verify-identity", &own, Err("the server certificate is for db.example.com, not for 127.0.0.1")),
        ("verify-identity", &stranger, untrusted),
    ];
    for (level, trusted, expected) in rows {
        for version in ["-tls1_2", "-tls1_3"] {
            let mut server = TlsServer::start(&other, version);
            // ERROR 1040, as a packet of the protocol: the handshake is over.
            server.say(b"\x17\0\0\x03\xff\x10\x04Too many connections").unwrap();
            let address = database(server.address().to_owned());
            let outcome = check(&address, level, trusted);
            let (code, words) = match expected {
                Ok(()) => (2, format!("REPLICATION CRITICAL - {address}: too many connections, error 1040")),
                Err(words) => (3, format!("REPLICATION UNKNOWN - {address}: {words}")),
            };
            assert_eq!(outcome.summary(), (code, words.as_str()), "{level} {version}");
        }
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
    for (text, words) in bad_files(&good) {
        fs::write(&file, text).unwrap();
        let outcome = check(&database("127.0.0.1:1".to_owned()), "verify-ca", &file);
        let line = format!("REPLICATION UNKNOWN - reading {}: {words}", file.display());
        assert_eq!(outcome.summary(), (3, line.as_str()));
    }
}
