//! Connections as plugins use them: every wait ends, every end has its cause, and TLS goes over any stream.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use net::tls::{Authorities, End, Fault, Identity, Settings, Verify};
use net::{Cause, Connector, SlowPathAction, Source, Stream, Waiting};
use plugin::Deadline;
use suite::needs::missing;
use suite::ports;
use suite::tls::{Authority, NEEDS, TlsServer};

const LIMIT: Duration = Duration::from_secs(8);

fn deadline(limit: Duration) -> Deadline {
    Deadline::after(limit)
}

fn connect(to: SocketAddr, waiting: &Waiting<'static>) -> Result<Stream<'static>, Cause> {
    Connector::new(waiting.clone()).connect(to, LIMIT)
}

/// A server that does this with its one connection.
fn server(act: impl FnOnce(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || act(listener.accept().unwrap().0));
    address
}

/// An address on which nothing listens.
fn closed() -> SocketAddr {
    ports::reserved("127.0.0.1")
}

#[test]
fn each_end_of_a_connection_has_its_cause() {
    let waiting = Waiting::until(&deadline(LIMIT));
    assert!(matches!(connect(closed(), &waiting), Err(Cause::Refused)));
    // The server acts once it has an octet: an end that comes earlier may be that of connecting.
    let cause = |act: fn(TcpStream)| {
        let at_an_octet = move |mut stream: TcpStream| {
            stream.read_exact(&mut [0]).unwrap();
            act(stream);
        };
        let mut stream = connect(server(at_an_octet), &waiting).unwrap();
        stream.send_all(b"x").unwrap();
        stream.receive(&mut [0; 9]).unwrap_err()
    };
    assert!(matches!(cause(|stream| drop(stream.shutdown(Shutdown::Both))), Cause::Closed));
    let reset = cause(|stream| {
        // An end that does not linger is a reset.
        let linger = rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO));
        linger.unwrap();
    });
    assert!(matches!(reset, Cause::Reset), "{reset:?}");
    let mut ample =
        connect(server(|mut stream| drop(stream.write_all(b"0123456789"))), &waiting).unwrap().at_most(4);
    let error = io::copy(&mut ample, &mut io::sink()).unwrap_err();
    assert_eq!(Cause::from(error).to_string(), "it sent more than 4 octets");
}

#[test]
fn silence_ends_with_the_deadline() {
    let end = deadline(LIMIT);
    let mut stream =
        connect(server(|mut stream| drop(stream.read_to_end(&mut Vec::new()))), &Waiting::until(&end))
            .unwrap();
    let start = Instant::now();
    end.change(&deadline(Duration::from_millis(200)));
    assert!(matches!(stream.receive(&mut [0; 9]), Err(Cause::NoAnswer)));
    // What the other end does not take is waited for no longer.
    assert!(matches!(stream.send_all(&vec![0; 64 << 20]), Err(Cause::NoAnswer)));
    let elapsed = start.elapsed();
    assert!((Duration::from_millis(190)..Duration::from_secs(2)).contains(&elapsed), "{elapsed:?}");
}

#[test]
fn a_silent_address_leaves_time_for_the_next() {
    // A queue that is full drops what comes.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    rustix::net::listen(&silent, 0).unwrap();
    let _queued =
        [0; 2].map(|_| TcpStream::connect_timeout(&silent.local_addr().unwrap(), Duration::from_millis(100)));
    let open = TcpListener::bind("127.0.0.1:0").unwrap();
    let addresses = [silent.local_addr().unwrap(), closed(), open.local_addr().unwrap()];
    let whole = deadline(LIMIT);
    let connector = Connector::new(Waiting::until(&whole));
    let least = Duration::from_millis(590);
    let took = || {
        let start = Instant::now();
        let (_, address) = connector.connect_any(&addresses, Duration::from_millis(1_800)).unwrap();
        assert_eq!(address, open.local_addr().unwrap());
        assert!(start.elapsed() >= least, "{:?}", start.elapsed());
        start.elapsed()
    };
    // A busy machine may hold any of them up.
    assert!((0..4).any(|_| took() < Duration::from_millis(1_790)));
    assert!(matches!(
        connector.connect_any(&addresses[..2], Duration::from_millis(200)),
        Err(Cause::Refused)
    ));
    assert!(matches!(connector.connect_any(&[], LIMIT), Err(Cause::NoAnswer)));
    let failed = connector.connect_first(&addresses[..2], Duration::from_millis(200)).unwrap_err();
    assert!(matches!(failed[..], [(first, Cause::NoAnswer), (second, Cause::Refused)]
        if [first, second] == addresses[..2]));
}

#[test]
fn unix_sockets_are_streams_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let end = deadline(LIMIT);
    let waiting = Waiting::until(&end);
    assert!(matches!(Stream::unix(&path, &waiting), Err(Cause::Missing)));
    let listener = UnixListener::bind(&path).unwrap();
    let mut stream = Stream::unix(&path, &waiting).unwrap();
    assert!(stream.is_unix() && !stream.is_secure());
    stream.send_all(b"abc").unwrap();
    stream.close();
    let mut said = String::new();
    listener.accept().unwrap().0.read_to_string(&mut said).unwrap();
    assert_eq!(said, "abc");
    // A full queue.
    rustix::net::listen(&listener, 0).unwrap();
    let _queued = Stream::unix(&path, &waiting).unwrap();
    end.change(&deadline(Duration::from_millis(300)));
    assert!(matches!(Stream::unix(&path, &waiting), Err(Cause::NoAnswer)));
    assert!(matches!(Stream::unix(&path, &waiting), Err(Cause::NoAnswer)), "the deadline is over");
}

#[test]
fn a_wait_can_be_stopped_and_used() {
    let whole = deadline(LIMIT);
    let (stop, mut asked) = UnixStream::pair().unwrap();
    let done = AtomicUsize::new(0);
    let start = Instant::now();
    let slow = SlowPathAction::after(Duration::from_millis(50), || {
        done.fetch_add(1, Ordering::SeqCst);
        asked.write_all(b"x").unwrap();
    });
    let if_due = || slow.run_if_due();
    let waiting = Waiting::until(&whole).stopped_by(Some(&stop)).meanwhile(Some(&if_due));
    let silent = server(|mut stream| drop(stream.read_to_end(&mut Vec::new())));
    let mut stream = Connector::new(waiting).connect(silent, LIMIT).unwrap();
    for _ in 0..2 {
        assert!(matches!(stream.receive(&mut [0; 9]), Err(Cause::Stopped)));
    }
    assert_eq!(done.load(Ordering::SeqCst), 1);
    assert!(
        (Duration::from_millis(50)..Duration::from_secs(2)).contains(&start.elapsed()),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn connections_come_from_their_source() {
    let (tell, told) = std::sync::mpsc::channel();
    let to = server(move |stream| tell.send(stream.peer_addr().unwrap()).unwrap());
    let from = |address: &str| Source { addresses: vec![address.parse().unwrap()], interface: None };
    let connector = Connector::new(Waiting::until(&deadline(LIMIT)));
    let _stream = connector.clone().from_source(from("127.0.0.9")).connect(to, LIMIT).unwrap();
    assert_eq!(told.recv().unwrap().ip().to_string(), "127.0.0.9");
    let cause = connector.from_source(from("192.0.2.9")).connect(to, LIMIT).unwrap_err();
    assert_eq!(cause.to_string(), "source address not bound here");
}

/// A proxy that takes one line, answers it together with what the server says first, if anything, and then is
/// the server at `to`.
fn proxy(to: String) -> SocketAddr {
    server(move |mut client| {
        let mut line = [0; 4];
        client.read_exact(&mut line).unwrap();
        client.write_all(b"go\n").unwrap();
        let server = TcpStream::connect(to).unwrap();
        let (mut from, mut up) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || drop(io::copy(&mut from, &mut up)));
        let (mut from, mut down) = (server, client);
        let _ = io::copy(&mut from, &mut down);
    })
}

#[test]
fn tls_goes_through_a_tunnel() {
    if missing(&NEEDS) {
        return;
    }
    let authority = Authority::create("authority");
    let pair = authority.sign("signed", "subjectAltName=DNS:inner.example.com");
    let deadline = deadline(LIMIT);
    let settings = Settings { authorities: Some(authority.path("ca.pem")), ..Settings::default() };
    let client = settings.load(&deadline).unwrap();
    let mut inner = TlsServer::start(&pair, "");
    inner.say(b"hello").unwrap();
    let mut stream = connect(proxy(inner.address().to_owned()), &Waiting::until(&deadline)).unwrap();
    stream.send_all(b"CONN").unwrap();
    let mut answer = [0; 3];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"go\n");
    let mut stream = stream.secure(&client, "inner.example.com", Vec::new()).unwrap();
    let mut said = [0; 5];
    stream.read_exact(&mut said).unwrap();
    assert_eq!((&said, stream.is_secure(), stream.peer_certificates().len()), (b"hello", true, 1));
    stream.close();
}

/// Octets that came with the answer of a proxy belong to the handshake: here they are an alert.
#[test]
fn what_was_read_early_comes_first() {
    let deadline = deadline(LIMIT);
    let client = Settings { verify: Verify::Nothing, ..Settings::default() }.load(&deadline).unwrap();
    let stream =
        connect(server(|mut stream| drop(stream.read_to_end(&mut Vec::new()))), &Waiting::until(&deadline))
            .unwrap();
    let cause =
        stream.secure(&client, "inner.example.com", b"\x15\x03\x03\0\x02\x02\x28".to_vec()).unwrap_err();
    assert_eq!(
        cause.to_string(),
        "the server ended the TLS handshake: handshake failure, perhaps no cipher in common"
    );
    for name in ["", "a b", "a;b"] {
        let stream = connect(server(drop), &Waiting::until(&deadline)).unwrap();
        let cause = stream.secure(&client, name, Vec::new()).unwrap_err();
        assert!(matches!(&cause, Cause::Tls(Fault::Name(given)) if given == name), "{cause:?}");
    }
}

/// A certificate can be judged after a handshake without verification, and as of another day.
#[test]
fn a_chain_is_judged_at_any_time() {
    if missing(&NEEDS) {
        return;
    }
    let authority = Authority::create("authority");
    let pair =
        authority.sign_between("old", "subjectAltName=IP:127.0.0.1", "20200101000000Z", "20200131000000Z");
    let server = TlsServer::start(&pair, "");
    let deadline = deadline(LIMIT);
    let client = Settings { verify: Verify::Nothing, ..Settings::default() }.load(&deadline).unwrap();
    let stream = connect(server.address().parse().unwrap(), &Waiting::until(&deadline)).unwrap();
    let stream = stream.secure(&client, "127.0.0.1", Vec::new()).unwrap();
    let authorities = Authorities::read(&authority.path("ca.pem"), &deadline).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let january = Duration::from_secs(1_579_000_000);
    let judge = |name: &str, at| authorities.verify(stream.peer_certificates(), Some(name), at);
    assert_eq!(judge("127.0.0.1", now), Err(Fault::Expired(End::of_server(1_580_428_800))));
    assert_eq!(judge("127.0.0.1", january), Ok(()));
    assert!(matches!(judge("127.0.0.2", january), Err(Fault::OtherName { .. })));
    assert_eq!(authorities.verify(&[], None, now), Err(Fault::NoCertificate));
}

#[test]
fn a_client_shows_its_own_certificate() {
    if missing(&NEEDS) {
        return;
    }
    let authority = Authority::create("authority");
    let (server, own) = (
        authority.sign("server", "subjectAltName=IP:127.0.0.1"),
        authority.sign("client", "keyUsage=digitalSignature"),
    );
    let (other, deadline) = (authority.sign_by("other", "", "-days 2"), deadline(LIMIT));
    let identity = |key| Some(Identity { certificate: own.certificate.clone(), key });
    let settings =
        |identity| Settings { authorities: Some(authority.path("ca.pem")), identity, ..Settings::default() };
    for (version, asked) in [("-tls1_2", "-Verify 1"), ("-tls1_3", "-Verify 1")] {
        let mut tls =
            TlsServer::start(&server, &format!("{version} {asked} -verify_return_error -CAfile ca.pem"));
        let address = tls.address().parse().unwrap();
        let talk = |identity| -> Result<usize, Cause> {
            let client = settings(identity).load(&deadline).unwrap();
            let stream = connect(address, &Waiting::until(&deadline))?;
            stream.secure(&client, "127.0.0.1", Vec::new())?.receive(&mut [0; 5])
        };
        let without = talk(None).unwrap_err().to_string();
        assert_eq!(without, "the server wants a client certificate", "{version}");
        tls.say(b"hello").unwrap();
        assert_eq!(talk(identity(own.key.clone())).unwrap(), 5, "{version}");
    }
    let error = |key| settings(identity(key)).load(&deadline).unwrap_err().to_string();
    let (key, certificate) = (other.key.display().to_string(), own.certificate.display().to_string());
    assert_eq!(
        error(other.key.clone()),
        format!("the key in {key} is not that of the certificate in {certificate}")
    );
    assert_eq!(error(own.certificate.clone()), format!("reading {certificate}: no private key in it"));
    let old = Some(Identity { certificate: other.certificate.clone(), key: other.key });
    let line = format!("reading {}: not an X.509 certificate of version 3", other.certificate.display());
    assert_eq!(settings(old).load(&deadline).unwrap_err().to_string(), line);
}
