//! Rows of answers, whole and in pieces, and what is read of them.

use std::io::{self, Cursor};

use super::*;
use crate::secrets::Secrets;

/// A connection that gives one octet at a time, and then ends or fails.
struct Slow(Cursor<Vec<u8>>, Option<io::ErrorKind>);

impl Read for Slow {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let length = self.0.read(&mut room[..1])?;
        match self.1 {
            Some(kind) if length == 0 => Err(kind.into()),
            _ => Ok(length),
        }
    }
}

fn read(answer: &[u8], end: Option<io::ErrorKind>) -> Result<(u16, String), String> {
    let whole = once(&mut Reader::new(Cursor::new(answer.to_vec())));
    let slow = once(&mut Reader::new(Slow(Cursor::new(answer.to_vec()), end)));
    if end.is_none() {
        assert_eq!(whole, slow, "the pieces in which it comes make no difference");
    }
    slow
}

fn once(reader: &mut Reader<impl Read>) -> Result<(u16, String), String> {
    let head = reader.head().map_err(|fault| fault.brief())?;
    match reader.page(&head) {
        (page, None) => Ok((head.code, String::from_utf8_lossy(&page).into_owned())),
        (_, Some(fault)) => Err(fault.brief()),
    }
}

#[test]
fn answers_are_read_to_their_end() {
    let rows: [(&str, u16, &str); 17] = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npongmore", 200, "pong"),
        ("HTTP/1.0 200 OK\r\n\r\npong", 200, "pong"),
        ("HTTP/1.1 200 OK\n\npong", 200, "pong"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\npo\r\n2;x=y\r\nng\r\n0\r\nA: b\r\n\r\n",
            200,
            "pong",
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, Chunked\r\nContent-Length: 9\r\n\r\n4\npong\n0\n\n",
            200,
            "pong",
        ),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\npong",
            200,
            "pong",
        ),
        ("HTTP/1.1 204 No\r\nContent-Length: 4\r\n\r\npong", 204, ""),
        ("HTTP/1.1 407 \r\nContent-Length: 0\r\n\r\n", 407, ""),
        ("HTTP/1.1 200\r\nContent-Length: 4, 4\r\nContent-Length: 4\r\n\r\npong", 200, "pong"),
        ("HTTP/1.1 503 X\r\n\r\n", 503, ""),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\npong", 200, "pong"),
        ("HTTP/1.1 999 OK\r\n\r\n", 999, ""),
        // What curl takes too.
        ("HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 4\r\n\r\npongx", 200, "pong"),
        ("HTTP/1.1 200 OK\r\nContent-Length : 4\r\n\r\npongx", 200, "pong"),
        ("HTTP/1.1 200 OK\r\nX Foo: bar\r\nContent-Length: 4\r\n\r\npongx", 200, "pong"),
        ("HTTP/1.1 200 OK\r\nX: a\u{1}b\r\nContent-Length: 4\r\n\r\npongx", 200, "pong"),
        ("HTTP/1.1  200  OK\r\nContent-Length:\r\n 4\r\n\r\npongx", 200, "pong"),
    ];
    for (answer, code, page) in rows {
        assert_eq!(read(answer.as_bytes(), None), Ok((code, page.to_owned())), "{answer:?}");
    }
}

#[test]
fn what_is_wrong_with_an_answer_is_said() {
    let chunked = |chunks: &str| format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
    let length = |length: &str| format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\npong");
    let rows = [
        (String::new(), "closed without an answer"),
        ("SSH-2.0-OpenSSH_9\r\n".to_owned(), "no HTTP: SSH-2.0-OpenSSH_9"),
        ("a\u{1}b\u{1b}[1mc\r\n".to_owned(), "no HTTP: ab[1mc"),
        ("\u{1}\u{2}\u{3}x".to_owned(), "no HTTP: octets that are no text"),
        ("\r\nx".to_owned(), "no HTTP: x"),
        ("\n\r\n\r\n220 mail\r\n".to_owned(), "no HTTP: 220 mail"),
        ("\u{5}\0".to_owned(), "no HTTP, perhaps SOCKS5"),
        ("\u{5}\u{2}".to_owned(), "no HTTP, perhaps SOCKS5"),
        ("\u{5}\u{1}".to_owned(), "no HTTP: octets that are no text"),
        ("HTTP/1.1 200 OK\r\nA: b\r\n".to_owned(), "no HTTP: closed inside of the header"),
        ("HTTP/1.1 2x0 OK\r\n\r\n".to_owned(), "no HTTP: invalid response status"),
        ("HTTP/1.1 099 OK\r\n\r\n".to_owned(), "no HTTP: no status"),
        (format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(11_000)), "header without end"),
        (format!("HTTP/1.1 200 OK\r\nA: {}", "b".repeat(70_000)), "header without end"),
        ("HTTP/1.1 100 Continue\r\n\r\n".repeat(50_000), "header without end"),
        (length("5"), "page cut"),
        (length("-1"), "no HTTP: a length that is no number"),
        (length(""), "no HTTP: a length that is no number"),
        (length("4, 5"), "no HTTP: several lengths"),
        (length("262145"), "page longer than 256 KiB"),
        (length(&"9".repeat(50)), "page longer than 256 KiB"),
        (format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(PAGE + 1)), "page longer than 256 KiB"),
        (chunked("4\r\npong\r\n"), "page cut"),
        (chunked("5\r\npong"), "page cut"),
        (chunked("x\r\n"), "no HTTP: a chunk without a length"),
        (chunked("+4\r\npong\r\n0\r\n\r\n"), "no HTTP: a chunk without a length"),
        (chunked("4\r\npongx\r\n"), "no HTTP: a chunk without an end"),
        (chunked(&format!("{}\r\n", "f".repeat(40))), "page longer than 256 KiB"),
        (chunked("1\r\nx\r\n") + &"1\r\nx\r\n".repeat(PAGE), "page longer than 256 KiB"),
        (chunked(&format!("4;{}", "x".repeat(10_000))), "header without end"),
        (chunked(&format!("0\r\n{}", "A: b\r\n".repeat(20_000))), "header without end"),
    ];
    for (answer, fault) in rows {
        assert_eq!(read(answer.as_bytes(), None), Err(fault.to_owned()), "{:.60}", answer);
    }
}

/// The number of the lines is not bounded but by their octets.
#[test]
fn a_header_of_many_short_lines_is_read() {
    for count in [128, 129, 1_000, 10_000] {
        let lines = "A: b\r\n".repeat(count);
        let answer = format!(
            "HTTP/1.1 200 OK\r\n{lines}Transfer-Encoding: chunked\r\n\r\n4\r\npong\r\n0\r\n{lines}\r\n"
        );
        assert_eq!(
            once(&mut Reader::new(Cursor::new(answer.into_bytes()))),
            Ok((200, "pong".to_owned())),
            "{count}"
        );
    }
}

#[test]
fn an_end_is_told_from_silence() {
    use io::ErrorKind::{ConnectionReset, TimedOut, UnexpectedEof};
    let reset = || Some(ConnectionReset);
    let rows = [
        ("", Some(TimedOut), Err("connects, no answer")),
        ("HTTP/1.1 2", Some(TimedOut), Err("answer incomplete at the deadline")),
        ("HTTP/1.1 200 OK\r\n\r\npong", Some(TimedOut), Err("answer incomplete at the deadline")),
        ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npong", reset(), Ok("pong")),
        ("HTTP/1.1 200 OK\r\n\r\npong", Some(UnexpectedEof), Ok("pong")),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\npong", Some(UnexpectedEof), Err("page cut")),
    ];
    for (answer, end, expected) in rows {
        let page = read(answer.as_bytes(), end).map(|(_, page)| page);
        assert_eq!(page.as_deref().map_err(String::as_str), expected, "{answer:?}");
    }
}

#[test]
fn octets_behind_the_header_are_kept() {
    let mut reader = Reader::new(Cursor::new(b"HTTP/1.1 200 OK\r\n\r\n220 mail".to_vec()));
    assert_eq!(reader.head().unwrap().code, 200);
    assert_eq!(reader.into_parts().1, b"220 mail");
}

#[test]
fn a_status_has_its_reason() {
    let brief = |answer: &str| {
        Fault::Status(
            Reader::new(Cursor::new(answer.as_bytes().to_vec())).head().unwrap().status(&Secrets::default()),
        )
        .brief()
    };
    let rows = [
        ("HTTP/1.1 403 F\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\n\r\n", "403 ERR_ACCESS_DENIED"),
        (
            "HTTP/1.1 302 F\r\nLocation: http://u:p@portal.example.net/login?token=x\r\n\r\n",
            "302 to portal.example.net",
        ),
        ("HTTP/1.1 302 F\r\nLocation: /login\r\n\r\n", "302"),
        // What squid makes of deny_info 302:URL.
        (
            "HTTP/1.1 302 F\r\nLocation: http://portal.b120.test/x\r\nX-Squid-Error: 302 Access Denied\r\n\r\n",
            "302 to portal.b120.test",
        ),
        ("HTTP/1.1 302 F\r\nLocation: /x\r\nX-Squid-Error: 302 Access Denied\r\n\r\n", "302"),
        // What it makes of deny_info URL.
        ("HTTP/1.1 302 F\r\nLocation: /x\r\nX-Squid-Error: 403 Access Denied\r\n\r\n", "302"),
        // What squid makes of deny_info 503:ERR_ACCESS_DENIED.
        ("HTTP/1.1 503 F\r\nX-Squid-Error: 503:ERR_ACCESS_DENIED 0\r\n\r\n", "503 ERR_ACCESS_DENIED"),
        ("HTTP/1.1 404 F\r\nX-Squid-Error: 404:ERR_TOO_BIG 0\r\n\r\n", "404 ERR_TOO_BIG"),
        ("HTTP/1.1 429 F\r\nLocation: http://x/\r\n\r\n", "429"),
        ("HTTP/1.1 407 F\r\nX-Squid-Error: ERR_CACHE_ACCESS_DENIED 0\r\n\r\n", "password refused (407)"),
    ];
    for (answer, line) in rows {
        assert_eq!(brief(answer), line);
    }
}
