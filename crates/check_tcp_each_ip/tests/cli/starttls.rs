//! What is said before TLS where a protocol begins without it.

use suite::needs::missing;
use suite::tls::{Authority, NEEDS, TlsServer};

use super::tls::{HERE, ask, relay};
use super::*;

/// What a server answers to EHLO.
const EHLO: (&str, &str) = ("EHLO ", "250-mail.example.com\r\n250-STARTTLS\r\n250 HELP\r\n");

/// The server's side of what is said before TLS. Returns whether the client said what it should.
fn converse(stream: &mut TcpStream, greeting: &str, replies: &[(&str, &str)]) -> bool {
    let _ = stream.write_all(greeting.as_bytes());
    let mut said = [0; 512];
    for (word, reply) in replies {
        let length = stream.read(&mut said).unwrap_or(0);
        if !String::from_utf8_lossy(said.get(..length).unwrap()).starts_with(word) {
            return false;
        }
        let _ = stream.write_all(reply.as_bytes());
    }
    true
}

/// A service that speaks like SMTP or IMAP and then closes the connection.
fn closing(greeting: &'static str, replies: &'static [(&'static str, &'static str)]) -> String {
    service(move |mut stream| {
        let _ = converse(&mut stream, greeting, replies);
    })
}

/// A service that speaks like SMTP or IMAP and hands the connection to a TLS server after STARTTLS.
fn upgrading(
    server: &TlsServer,
    greeting: &'static str,
    replies: &'static [(&'static str, &'static str)],
) -> String {
    let address = server.address().to_owned();
    service(move |mut stream| {
        if !converse(&mut stream, greeting, replies) {
            return;
        }
        relay(stream, &address);
    })
}

#[test]
fn tls_is_asked_for_where_the_protocol_begins_without_it() {
    if missing(&NEEDS) {
        return;
    }
    let authority = Authority::create("sop");
    let trusted = authority.path("ca.pem");
    let server = TlsServer::start(&authority.sign("here", HERE), "");
    let smtp =
        upgrading(&server, "220 mail.example.com ESMTP\r\n", &[EHLO, ("STARTTLS\r\n", "220 go on\r\n")]);
    let imap = upgrading(&server, "* OK ready\r\n", &[("a STARTTLS\r\n", "a OK begin\r\n")]);
    let without = upgrading(&server, "220 mail\r\n", &[("EHLO ", "250 mail.example.com\r\n")]);
    for (port, protocol) in [(&smtp, "smtp"), (&imap, "imap")] {
        let outcome = ask(port, &trusted, &["--starttls", protocol, "--tries=1"]);
        assert_eq!(outcome.code, Some(0), "{protocol} {}", outcome.stdout);
    }
    let outcome = ask(&without, &trusted, &["--starttls=smtp", "--tries=1"]);
    let line = format!("TCP_EACH_IP CRITICAL - 1 of 1 fails, port {without}: 127.0.0.1 no STARTTLS");
    assert_eq!(text(&outcome), (2, line.as_str()));
    assert!(
        outcome.stdout.ends_with("\n127.0.0.1: no STARTTLS: the service does not offer it\n"),
        "{}",
        outcome.stdout
    );
}

/// What the service says is the reason, and what it refuses.
#[test]
fn what_goes_wrong_before_tls_is_told() {
    if missing(&NEEDS) {
        return;
    }
    let authority = Authority::create("sop");
    let trusted = authority.path("ca.pem");
    let server = TlsServer::start(&authority.sign("here", HERE), "");
    let busy = upgrading(&server, "421 mail.example.com too busy; call|later\r\n", &[]);
    let unwilling =
        upgrading(&server, "220 mail\r\n", &[EHLO, ("STARTTLS\r\n", "454 4.7.0 TLS not available\r\n")]);
    let closed = upgrading(&server, "* BYE overloaded\r\n", &[]);
    let other = upgrading(&server, "SSH-2.0-OpenSSH_9.2\r\n", &[]);
    // Services that end in the middle, and one whose answer never ends.
    let mute = closing("", &[]);
    let before_ehlo = closing("220 mail\r\n", &[]);
    let after_ehlo = closing("220 mail\r\n", &[("EHLO ", "")]);
    let in_reply = closing("220 mail\r\n", &[("EHLO ", "250-mail.example.com\r\n")]);
    let after_starttls = closing("220 mail\r\n", &[EHLO, ("STARTTLS\r\n", "")]);
    let imap_ends = closing("* OK ready\r\n", &[("a STARTTLS\r\n", "")]);
    // EHLO is answered, and STARTTLS is not.
    let stuck = service(|mut stream| {
        let _ = converse(&mut stream, "220 mail\r\n", &[EHLO]);
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let teasing = saying(b"220-mail.example.com\r\n220-please wait\r\n");
    let rows = [
        (&mute, "smtp", "closed without a word"),
        (&before_ehlo, "smtp", "closed after EHLO"),
        (&after_ehlo, "smtp", "closed after EHLO"),
        (&in_reply, "smtp", "closed after EHLO"),
        (&after_starttls, "smtp", "closed after STARTTLS"),
        (&imap_ends, "imap", "closed after STARTTLS"),
        (&teasing, "smtp", "answer incomplete"),
        (&stuck, "smtp", "no reply to STARTTLS"),
        (&busy, "smtp", "turned away: 421 mail.example.com too busy, call/later"),
        (&unwilling, "smtp", "no STARTTLS"),
        (&closed, "imap", "turned away: * BYE overloaded"),
        (&other, "smtp", "unexpected answer"),
        // The server waits for the handshake.
        (&server.port().to_owned(), "smtp", "no banner"),
    ];
    let mut details = Vec::new();
    for (port, protocol, reason) in rows {
        let outcome = ask(port, &trusted, &["--starttls", protocol, "--tries=1", "--connect-timeout=1"]);
        let line = format!("TCP_EACH_IP CRITICAL - 1 of 1 fails, port {port}: 127.0.0.1 {reason}");
        assert_eq!(text(&outcome), (2, line.as_str()));
        details.extend(outcome.stdout.lines().skip(1).map(str::to_owned));
    }
    let expected = [
        "127.0.0.1: closed after EHLO: 250-mail.example.com",
        "127.0.0.1: answer incomplete after 220-mail.example.com  220-please wait",
        "127.0.0.1: no reply to STARTTLS in the time of --connect-timeout: the service is slow, or hangs",
        "127.0.0.1: turned away: 421 mail.example.com too busy; call/later",
        "127.0.0.1: no STARTTLS: 454 4.7.0 TLS not available",
        "127.0.0.1: unexpected answer: SSH-2.0-OpenSSH_9.2",
        "127.0.0.1: connected, but no banner: the service hangs, or perhaps TLS from the start: leave --starttls out",
    ];
    assert_eq!(details, expected);
}
