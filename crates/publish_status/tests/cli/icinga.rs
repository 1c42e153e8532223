//! An API that is cut off, in the place of Icinga's, and options that need one.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;

use suite::needs::missing;
use suite::process;
use suite::tls::{Authority, NEEDS, Pair, TlsServer};

use crate::site::{Site, TWO, two};

/// How many octets of a server reach its client before the connection is cut: a handshake and a record or
/// two.
const CUT: usize = 40_000;

/// A place before the server at `to`, which is cut for one connection without an end of TLS.
fn cut(to: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || -> io::Result<()> {
        let (mut client, _) = listener.accept()?;
        let mut server = TcpStream::connect(to)?;
        let (mut from, mut up) = (client.try_clone()?, server.try_clone()?);
        thread::spawn(move || io::copy(&mut from, &mut up));
        let (mut passed, mut room) = (0, [0; 1_000]);
        while passed < CUT {
            let read = server.read(&mut room)?;
            client.write_all(&room[..read])?;
            passed += read;
        }
        client.shutdown(Shutdown::Write)
    });
    address
}

fn line(site: &Site, address: &str, authority: &Path) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_publish_status"));
    for (option, name) in [("config", "config.toml"), ("output", "out"), ("state", "state")] {
        command.arg(format!("--{option}={}", site.path(name).display()));
    }
    site.write("login.ini", "[page]\napi-user=page\napi-password=secret\n");
    command.arg(format!("--extra-opts=page@{}", site.path("login.ini").display()));
    command.arg(format!("--icinga-api=https://{address}")).arg(format!("--tls-ca={}", authority.display()));
    let outcome = process::run(&mut command);
    let (code, line) = outcome.summary();
    (code, line.to_owned())
}

fn server(pair: &Pair, answer: &str) -> TlsServer {
    let mut server = TlsServer::start(pair, "-naccept 1");
    server.say(answer.as_bytes()).unwrap();
    server
}

#[test]
fn an_answer_that_is_cut_is_told() {
    if missing(&NEEDS) {
        return;
    }
    let authority = Authority::create("authority");
    let pair = authority.sign("localhost", "subjectAltName=IP:127.0.0.1");
    let site = Site::new(TWO);
    let pad = " ".repeat(CUT * 3 / 2);
    let rows = [
        // In the head, in a body of a known length, in one that ends with the connection.
        format!("HTTP/1.1 200 OK\r\nX: {pad}"),
        format!("HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n{{\"results\":[{pad}"),
        format!("HTTP/1.1 200 OK\r\n\r\n{{\"results\":[{pad}"),
    ];
    for answer in rows {
        let server = server(&pair, &answer);
        let address = cut(server.address().to_owned());
        let expected = format!("STATUS UNKNOWN - {address} closed in the middle of its answer");
        assert_eq!(line(&site, &address, &authority.path("ca.pem")), (3, expected), "{answer:.40}");
    }
    // One that comes whole, and is none.
    let server = server(&pair, "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"results\":[");
    let address = server.address();
    let expected = format!("STATUS UNKNOWN - {address} closed in the middle of its answer");
    assert_eq!(line(&site, address, &authority.path("ca.pem")), (3, expected));
}

#[test]
fn what_needs_the_api_is_refused_without_it() {
    let site = Site::new(TWO);
    site.services(&two([0, 0, 0, 0]), 0);
    for option in ["--api-user=x", "--tls-ca=/x"] {
        let name = option.split('=').next().unwrap();
        let together =
            format!("STATUS UNKNOWN - --status-file and {name} cannot be used together, see --help");
        assert_eq!(site.line(&[option]), (3, together));
        let outcome = process::run(Command::new(env!("CARGO_BIN_EXE_publish_status")).arg(option));
        let expected = format!("STATUS UNKNOWN - {name} needs --icinga-api, see --help");
        assert_eq!(outcome.summary(), (3, expected.as_str()));
    }
    for key in ["api-user", "api-password", "tls-ca"] {
        site.write("login.ini", format!("[page]\n{key}=/x\n"));
        let file = format!("--extra-opts=page@{}", site.path("login.ini").display());
        let (code, line) = site.line(&[&file]);
        assert!(code == 3 && line.contains(&format!("--{key}")) && line.contains("cannot be used"), "{line}");
    }
}

#[test]
fn a_password_in_an_address_is_not_printed() {
    let site = Site::new(TWO);
    site.write("login.ini", "[page]\nicinga-api=https://user:pw@localhost:5665\n");
    let file = format!("--extra-opts=page@{}", site.path("login.ini").display());
    for arguments in [&[file.as_str()][..], &["--icinga-api=https://user:pw@localhost:5665"]] {
        let outcome = process::run(Command::new(env!("CARGO_BIN_EXE_publish_status")).args(arguments));
        assert!(outcome.stdout.contains("https://user:***@localhost:5665: not the address"), "{outcome:?}");
        assert!(!outcome.stdout.contains("pw@"), "{outcome:?}");
    }
    for url in ["https://user:pw@status.example.com/", "https://user@status.example.com/", "user:pw@x"] {
        site.write("config.toml", TWO.replace("https://status.example.com/", url));
        let (code, line) = site.line(&[]);
        assert!(code == 3 && line.contains("config.toml: url: ") && !line.contains("pw"), "{line}");
    }
}
