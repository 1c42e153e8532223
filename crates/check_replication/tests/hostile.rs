//! Servers that say anything but what they should: whatever it is, one line in time, in little memory, and
//! never a secret or an OK.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use suite::process::{Outcome, run};

#[path = "hostile/tls.rs"]
mod tls;

const BINARY: &str = env!("CARGO_BIN_EXE_check_replication");
const PASSWORD: &str = "a-secret-word";
/// What the plugin may have of address space, in octets: it does well with a third of it.
const MEMORY: usize = 48 << 20;

/// A packet with its header.
fn packet(number: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_le_bytes();
    [&length[..3], &[number], body].concat()
}

/// A greeting of MySQL 8.0.36 whose capabilities have these bits, for caching_sha2_password.
fn greeting(capabilities: u32) -> Vec<u8> {
    let [a, b, c, d] = capabilities.to_le_bytes();
    let parts: [&[u8]; 8] = [
        b"\x0a8.0.36\0\x07\0\0\0",
        b"abcdefgh\0",
        &[a, b, 45, 2, 0, c, d, 21],
        &[0; 10],
        b"ijklmnopqrst\0",
        b"caching_sha2_password\0",
        &[],
        &[],
    ];
    packet(0, &parts.concat())
}

/// PROTOCOL_41, SECURE_CONNECTION, LONG_PASSWORD, PLUGIN_AUTH.
const PLAIN: u32 = 0x0008_8201;
/// The same with SSL.
const WITH_TLS: u32 = PLAIN | 0x0800;
const OK: &[u8] = b"\0\0\0\x02\0\0\0";
const EOF: &[u8] = b"\xfe\0\0\x02\0";

/// One column called `a`.
fn column() -> Vec<u8> {
    b"\x03def\0\0\0\x01a\0\x0c\x2d\0\xff\0\0\0\xfd\0\0\0\0\0".to_vec()
}

/// A server that does this with its one connection; what it heard comes out of the receiver.
fn server(talk: impl FnOnce(&mut TcpStream, &mut Vec<u8>) + Send + 'static) -> (String, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (tell, heard) = channel();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut octets = Vec::new();
        talk(&mut stream, &mut octets);
        // Whatever else comes until the plugin has gone.
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let _ = stream.read_to_end(&mut octets);
        let _ = tell.send(octets);
    });
    (address, heard)
}

/// Takes one packet.
fn hear(stream: &mut TcpStream, octets: &mut Vec<u8>) {
    let mut head = [0; 4];
    if stream.read_exact(&mut head).is_ok() {
        let mut body = vec![0; u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize];
        let _ = stream.read_exact(&mut body);
        octets.extend(head.iter().chain(&body));
    }
}

/// Says this again and again until nobody listens any more.
fn forever(stream: &mut TcpStream, octets: &[u8]) {
    while stream.write_all(octets).is_ok() {}
}

fn check(address: &str, options: &[&str]) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my.cnf");
    fs::write(&file, format!("[client]\nuser=mon\npassword={PASSWORD}\n")).unwrap();
    let mut command = Command::new("prlimit");
    command.arg(format!("--as={MEMORY}")).arg(BINARY).args(["--hostname", address, "--timeout=2"]);
    let outcome = run(command.arg("--defaults-file").arg(&file).args(options));
    assert_eq!(outcome.stderr, "");
    assert!(outcome.elapsed < Duration::from_millis(2_900), "{:?} for {}", outcome.elapsed, outcome.stdout);
    assert!(!outcome.stdout.contains(PASSWORD), "{}", outcome.stdout);
    outcome
}

type Talk = fn(&mut TcpStream, &mut Vec<u8>);

/// Up to a login that was taken.
fn welcome(stream: &mut TcpStream, octets: &mut Vec<u8>) {
    let _ = stream.write_all(&greeting(PLAIN));
    hear(stream, octets);
    let _ = stream.write_all(&packet(2, OK));
    hear(stream, octets);
}

#[test]
fn whatever_a_server_says_is_told_in_one_line() {
    let rows: [(&str, Talk, i32, &str); 27] = [
        (
            "silence",
            |_, _| thread::sleep(Duration::from_secs(3)),
            2,
            "connected, but no greeting within 2 s: frozen server",
        ),
        (
            "goodbye",
            |stream, _| drop(stream.shutdown(std::net::Shutdown::Both)),
            2,
            "the server closed the connection before its greeting",
        ),
        (
            "an octet at a time",
            |stream, _| {
                for octet in greeting(PLAIN) {
                    if stream.write_all(&[octet]).is_err() {
                        return;
                    }
                    thread::sleep(Duration::from_millis(100));
                }
            },
            2,
            "connected, but no greeting within 2 s: frozen server",
        ),
        (
            "a web server",
            |stream, _| drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
            2,
            "not the protocol of MySQL: it sent a packet larger than 1048576 octets",
        ),
        (
            "an SSH server",
            |stream, _| drop(stream.write_all(b"SSH-2.0-OpenSSH_9.2p1\r\n")),
            2,
            "not the protocol of MySQL: it sent a packet larger than 1048576 octets",
        ),
        (
            "zeros",
            |stream, _| forever(stream, &[0; 4096]),
            2,
            "not the protocol of MySQL: it sent an empty packet",
        ),
        (
            "ones",
            |stream, _| forever(stream, &[0xff; 4096]),
            2,
            "not the protocol of MySQL: it sent a packet larger than 1048576 octets",
        ),
        (
            "a greeting of nothing",
            |stream, _| drop(stream.write_all(&packet(0, b"\x0a"))),
            2,
            "not the protocol of MySQL: its greeting is not that of MySQL",
        ),
        (
            "a greeting of the future",
            |stream, _| {
                let mut future = greeting(PLAIN);
                future[4] = 11;
                drop(stream.write_all(&future));
            },
            2,
            "not the protocol of MySQL: its greeting is not that of MySQL 4.1 or later",
        ),
        (
            // For which mysql_common subtracts with overflow.
            "a nonce longer than any",
            |stream, _| {
                let mut long = greeting(PLAIN);
                long[4 + 8 + 20] = 0x81;
                drop(stream.write_all(&long));
            },
            2,
            "not the protocol of MySQL: its greeting is not that of MySQL",
        ),
        (
            "too many connections",
            |stream, _| drop(stream.write_all(b"\x17\0\0\0\xff\x10\x04Too many connections")),
            2,
            "too many connections, error 1040",
        ),
        (
            "a blocked host",
            |stream, _| {
                drop(stream.write_all(&packet(
                    0,
                    b"\xff\x69\x04Host 'x' is blocked because of many connection errors",
                )))
            },
            2,
            "the server blocks this host after failed connections, until FLUSH HOSTS, error 1129",
        ),
        (
            "another host",
            |stream, _| drop(stream.write_all(&packet(0, b"\xff\x6a\x04Host 'x' is not allowed to connect"))),
            3,
            "this host may not connect, error 1130",
        ),
        (
            "an error of nothing",
            |stream, _| drop(stream.write_all(&packet(0, b"\xff"))),
            2,
            "not the protocol of MySQL: its error is broken",
        ),
        (
            "packets out of order",
            |stream, _| drop(stream.write_all(&packet(9, greeting(PLAIN).get(4..).unwrap()))),
            2,
            "not the protocol of MySQL: its packets are out of order",
        ),
        (
            "no answer to the login",
            |stream, octets| {
                let _ = stream.write_all(&greeting(PLAIN));
                hear(stream, octets);
                thread::sleep(Duration::from_secs(3));
            },
            2,
            "no answer to the login within 2 s: frozen server",
        ),
        (
            "the password as it is",
            |stream, octets| {
                let _ = stream.write_all(&greeting(PLAIN));
                hear(stream, octets);
                let _ = stream.write_all(&packet(2, b"\xfemysql_clear_password\0"));
            },
            3,
            "the account logs in by mysql_clear_password, which this plugin does not do",
        ),
        (
            "an unknown method",
            |stream, octets| {
                let _ = stream.write_all(&greeting(PLAIN));
                hear(stream, octets);
                let _ = stream.write_all(&packet(2, b"\xfedialog\0"));
            },
            3,
            "the account logs in by dialog, which this plugin does not do",
        ),
        (
            "methods without end",
            |stream, octets| {
                let _ = stream.write_all(&greeting(PLAIN));
                for number in 1..40_u8 {
                    hear(stream, octets);
                    let _ = stream.write_all(&packet(number * 2, b"\xfemysql_native_password\0x"));
                }
            },
            2,
            "not the protocol of MySQL: it asks for ever more proofs of who logs in",
        ),
        (
            // Whose key could be that of a server in between.
            "the full password without TLS",
            |stream, octets| {
                let _ = stream.write_all(&greeting(PLAIN));
                hear(stream, octets);
                let _ = stream.write_all(&packet(2, b"\x01\x04"));
                hear(stream, octets);
            },
            3,
            "wants the full password and its certificate is not verified: give --tls-ca FILE (on a MySQL server: ca.pem of its datadir)",
        ),
        (
            "talk before TLS",
            |stream, octets| {
                let _ = stream.write_all(&[greeting(WITH_TLS), packet(1, OK)].concat());
                hear(stream, octets);
            },
            2,
            "not the protocol of MySQL: it speaks on before TLS has begun",
        ),
        (
            "no answer to a statement",
            |stream, octets| {
                welcome(stream, octets);
                thread::sleep(Duration::from_secs(3));
            },
            2,
            "no answer to a statement within 2 s: frozen or overloaded server, or its disk is full",
        ),
        (
            "a file of ours wanted",
            |stream, octets| {
                welcome(stream, octets);
                let _ = stream.write_all(&packet(1, b"\xfb/etc/passwd"));
            },
            2,
            "not the protocol of MySQL: its answer begins strangely",
        ),
        (
            "columns without end",
            |stream, octets| {
                welcome(stream, octets);
                let _ = stream.write_all(&packet(1, b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff"));
            },
            2,
            "not the protocol of MySQL: its answer begins strangely",
        ),
        (
            "rows without end",
            |stream, octets| {
                welcome(stream, octets);
                let _ =
                    stream.write_all(&[packet(1, b"\x01"), packet(2, &column()), packet(3, EOF)].concat());
                let mut number = 4_u8;
                while stream.write_all(&packet(number, b"\x03abc")).is_ok() {
                    number = number.wrapping_add(1);
                }
            },
            2,
            "not the protocol of MySQL: its answer has more than 1024 rows",
        ),
        (
            "large rows without end",
            |stream, octets| {
                welcome(stream, octets);
                let _ =
                    stream.write_all(&[packet(1, b"\x01"), packet(2, &column()), packet(3, EOF)].concat());
                let row = [&b"\xfd\xf8\xff\x0f"[..], &vec![b'x'; 0xf_fff8]].concat();
                let mut number = 4_u8;
                while stream.write_all(&packet(number, &row)).is_ok() {
                    number = number.wrapping_add(1);
                }
            },
            2,
            "asking: it sent more than 8388608 octets",
        ),
        (
            "a value longer than its row",
            |stream, octets| {
                welcome(stream, octets);
                let row = packet(4, b"\xfe\xff\xff\xff\xff\xff\xff\xff\x7fabc");
                let _ = stream
                    .write_all(&[packet(1, b"\x01"), packet(2, &column()), packet(3, EOF), row].concat());
            },
            2,
            "not the protocol of MySQL: a row of its answer is broken",
        ),
    ];
    thread::scope(|scope| {
        for (what, talk, code, line) in rows {
            scope.spawn(move || {
                let (address, heard) = server(talk);
                let outcome = check(&address, &[]);
                let state = if code == 2 { "CRITICAL" } else { "UNKNOWN" };
                let colon = if line.starts_with("wants ") { "" } else { ":" };
                assert_eq!(
                    outcome.summary(),
                    (code, format!("REPLICATION {state} - {address}{colon} {line}").as_str()),
                    "{what}"
                );
                let heard = heard.recv_timeout(Duration::from_secs(10)).unwrap_or_default();
                assert!(
                    !heard.windows(PASSWORD.len()).any(|window| window == PASSWORD.as_bytes()),
                    "{what} got the password"
                );
            });
        }
    });
}
