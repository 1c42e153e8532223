//! The page of the tests, by http and https, and proxies that do as they are told. Everything listens on
//! loopback and lives as long as the test's process.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "of a test"
)]

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, ToSocketAddrs};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use suite::process::{Outcome, run};
use suite::tls::{Authority, Pair};
use tempfile::TempDir;

pub const BINARY: &str = env!("CARGO_BIN_EXE_check_proxy");
pub const PASSWORD: &str = "s3cret-Pw";
/// `cust:s3cret-Pw` in Base64.
pub const BASIC: &str = "Y3VzdDpzM2NyZXQtUHc=";

/// The page: `/pong` in one piece, `/chunked` in chunks, `/told` with the header of the request below it.
pub struct Origin {
    pub http: u16,
    pub https: u16,
    pub authority: Authority,
    folder: TempDir,
}

impl Origin {
    pub fn start() -> Self {
        Self::start_with(0)
    }

    /// The same with its page by https on this port, where it is not 0.
    pub fn start_with(https: u16) -> Self {
        let authority = Authority::create("authority");
        // squid looks for an address in the common name.
        let pair = authority.sign("127.0.0.1", "subjectAltName=IP:127.0.0.1,IP:::1");
        let http = listen("[::]:0", |mut stream| serve_page(&mut stream));
        let https = listen_tls_on(https, &pair);
        let folder = tempfile::tempdir().unwrap();
        let login = folder.path().join("login.ini");
        fs::write(&login, format!("[check_proxy]\nusername = cust\npassword = {PASSWORD}\n")).unwrap();
        fs::set_permissions(&login, fs::Permissions::from_mode(0o600)).unwrap();
        Self { http, https, authority, folder }
    }

    pub fn login(&self) -> String {
        format!("--extra-opts=@{}", self.folder.path().join("login.ini").display())
    }

    pub fn url(&self, path: &str) -> String {
        format!("--url=http://127.0.0.1:{}/{path}?n=NONCE", self.http)
    }

    pub fn https_url(&self) -> String {
        format!("--url=https://127.0.0.1:{}/pong?n=NONCE", self.https)
    }

    pub fn ca(&self) -> String {
        format!("--tls-ca={}", self.authority.path("ca.pem").display())
    }

    /// Runs the plugin with these arguments besides the page's text and the authority. Nothing of the
    /// password may come out.
    pub fn check(&self, arguments: &[&str]) -> Outcome {
        let outcome =
            run(Command::new(BINARY).args(["--expect=pong NONCE from PROXY", &self.ca()]).args(arguments));
        for secret in [PASSWORD, BASIC] {
            assert!(
                !outcome.stdout.contains(secret) && !outcome.stderr.contains(secret),
                "{}",
                outcome.stdout
            );
        }
        assert_eq!(outcome.stderr, "", "{arguments:?}");
        outcome
    }
}

/// Does `serve` with each connection, each on a thread of its own.
pub fn listen(address: &str, serve: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind(address).unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = Arc::clone(&serve);
            thread::spawn(move || {
                let _ = stream.set_read_timeout(Some(Duration::from_secs(20)));
                serve(stream);
            });
        }
    });
    port
}

/// A page by https with this certificate.
pub fn listen_tls(pair: &Pair) -> u16 {
    listen_tls_on(0, pair)
}

fn listen_tls_on(port: u16, pair: &Pair) -> u16 {
    let config = server_config(pair);
    listen(&format!("[::]:{port}"), move |mut stream| {
        let from = stream.peer_addr().unwrap().ip().to_canonical().to_string();
        answer_by_tls(&config, &mut stream, |head| page(head, &from));
    })
}

/// The server's side of TLS with this certificate.
pub fn server_config(pair: &Pair) -> Arc<ServerConfig> {
    let chain = CertificateDer::pem_file_iter(&pair.certificate).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(&pair.key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap())
}

/// Goes on in TLS, and answers one request.
pub fn answer_by_tls(config: &Arc<ServerConfig>, stream: &mut TcpStream, answer: impl Fn(&str) -> String) {
    let mut tls = StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), stream);
    let head = read_head(&mut tls);
    let _ = tls.write_all(answer(&head).as_bytes());
    tls.conn.send_close_notify();
    let _ = tls.flush();
}

fn serve_page(stream: &mut TcpStream) {
    let from = stream.peer_addr().unwrap().ip().to_canonical().to_string();
    let head = read_head(stream);
    let _ = stream.write_all(page(&head, &from).as_bytes());
}

/// The random text of a request.
pub fn nonce(head: &str) -> String {
    head.split("n=").nth(1).unwrap_or_default().chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// The answer with the page to a request, for a client of this address.
pub fn page(head: &str, from: &str) -> String {
    let text = format!("pong {} from {from}\n", nonce(head));
    if head.contains("/chunked") {
        let (one, other) = text.split_at(7);
        return format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{one}\r\n{:X};a=b\r\n{other}\r\n0\r\n\r\n",
            one.len(),
            other.len()
        );
    }
    let told = if head.contains("/told") { head } else { "" };
    answer("200 OK", "", &format!("{text}{told}"))
}

/// An answer with its length.
pub fn answer(status: &str, lines: &str, text: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{lines}Content-Length: {}\r\nConnection: close\r\n\r\n{text}", text.len())
}

pub fn read_head(stream: &mut impl Read) -> String {
    let (mut head, mut octet) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut octet).is_ok_and(|length| length > 0) {
        head.push(octet[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Stranger,
    Unknown,
    Customer,
}

pub fn who(head: &str) -> Who {
    match head {
        head if head.contains(BASIC) => Who::Customer,
        head if head.contains("Proxy-Authorization") => Who::Unknown,
        _ => Who::Stranger,
    }
}

/// A proxy that does `serve` with each request: who asks, the header, and the connection.
pub fn proxy(serve: impl Fn(Who, &str, &mut TcpStream) + Send + Sync + 'static) -> String {
    let port = listen("0.0.0.0:0", move |mut stream| {
        let head = read_head(&mut stream);
        serve(who(&head), &head, &mut stream);
        let _ = stream.shutdown(Shutdown::Write);
        // What the other end still says is read, so that no reset overtakes the answer.
        let _ = stream.read(&mut [0; 4096]);
    });
    port.to_string()
}

/// A proxy that gives the customer this answer, and refuses others.
pub fn for_customers(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> String {
    proxy(move |who, head, stream| match who {
        Who::Customer => drop(stream.write_all(answer(head).as_bytes())),
        _ => drop(stream.write_all(refusal().as_bytes())),
    })
}

pub fn refusal() -> String {
    answer("407 Proxy Authentication Required", "Proxy-Authenticate: Basic realm=\"x\"\r\n", "who are you?")
}

/// Does nothing until the other end goes.
pub fn hang(stream: &mut TcpStream) {
    while stream.read(&mut [0; 4096]).is_ok_and(|length| length > 0) {}
}

/// Connects to the target of CONNECT and passes octets on, until one end closes.
pub fn tunnel(to: impl ToSocketAddrs, stream: &mut TcpStream) {
    let mut server = TcpStream::connect(to).unwrap();
    let _ = stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n");
    let (mut back, mut forth) = (server.try_clone().unwrap(), stream.try_clone().unwrap());
    let backwards = thread::spawn(move || {
        let _ = std::io::copy(&mut back, &mut forth);
        let _ = forth.shutdown(Shutdown::Both);
    });
    let _ = std::io::copy(stream, &mut server);
    let _ = server.shutdown(Shutdown::Both);
    let _ = backwards.join();
}

/// A folder that daemons may read.
pub fn folder() -> (TempDir, PathBuf) {
    let folder = suite::host::public_folder();
    let path = folder.path().to_owned();
    (folder, path)
}
