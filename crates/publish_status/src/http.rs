//! As much of HTTP/1.1 as one query needs: the head of an answer, and its body by length, in chunks or to the
//! end (RFC 9112).

use std::io::{self, BufRead, Read};

/// The most that the head of an answer, or the line of a chunk, may hold, in octets.
const LARGEST_HEAD: u64 = 64 << 10;

/// Why an answer is not used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    /// The connection broke, or nothing came in time.
    #[error("{0}")]
    Broken(net::Cause),
    /// The connection was closed in the middle of the answer.
    #[error("closed in the middle of its answer")]
    Cut,
    /// What came is no HTTP.
    #[error("its answer is no HTTP")]
    NotHttp,
    /// It answered with another status than 200.
    #[error("it answers {0}")]
    Status(u16),
}

impl From<io::Error> for HttpError {
    fn from(error: io::Error) -> Self {
        Self::Broken(error.into())
    }
}

/// A GET of a path with a user and a password, after which the connection is closed.
pub(crate) fn get(path: &str, host: &str, user: &str, password: &str) -> Vec<u8> {
    use base64::Engine as _;
    let secret = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic {secret}\r\nAccept: application/json\r\n\
         User-Agent: publish_status\r\nConnection: close\r\n\r\n"
    )
    .into_bytes()
}

/// How the end of a body is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    /// So many octets are left.
    Octets(u64),
    /// So many octets of this chunk are left; 0 before the first.
    Chunk(u64, bool),
    /// The last chunk is over.
    Nothing,
    /// It ends with the connection.
    UntilClosed,
}

/// The body of an answer. A body that ends too early is an error.
#[derive(Debug)]
pub(crate) struct Body<R> {
    source: R,
    left: Left,
}

/// Reads the head of an answer with status 200.
///
/// # Errors
/// [`HttpError`].
pub(crate) fn answer<R: BufRead>(mut source: R) -> Result<Body<R>, HttpError> {
    let mut room = LARGEST_HEAD;
    let first = line(&mut source, &mut room)?;
    let status = first
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.split(' ').nth(1))
        .and_then(|code| code.parse().ok());
    match status {
        Some(200) => {}
        Some(status) => return Err(HttpError::Status(status)),
        None => return Err(HttpError::NotHttp),
    }
    let mut left = Left::UntilClosed;
    loop {
        let header = line(&mut source, &mut room)?;
        if header.is_empty() {
            return Ok(Body { source, left });
        }
        let (name, value) = header.split_once(':').ok_or(HttpError::NotHttp)?;
        if name.eq_ignore_ascii_case("transfer-encoding") {
            // Another encoding than this was not asked for.
            left = if value.trim().eq_ignore_ascii_case("chunked") {
                Left::Chunk(0, true)
            } else {
                return Err(HttpError::NotHttp);
            };
        } else if name.eq_ignore_ascii_case("content-length") && left == Left::UntilClosed {
            left = Left::Octets(digits(value.trim(), 10).ok_or(HttpError::NotHttp)?);
        }
    }
}

fn digits(text: &str, radix: u32) -> Option<u64> {
    let is_plain = text.chars().all(|c| c.is_digit(radix));
    if is_plain { u64::from_str_radix(text, radix).ok() } else { None }
}

/// A line without its end, taken from what may still come.
fn line(source: &mut impl BufRead, room: &mut u64) -> Result<String, HttpError> {
    let mut line = Vec::new();
    match source.take(*room).read_until(b'\n', &mut line) {
        // TLS was not ended: what came before is in the line.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
        read => _ = read?,
    }
    *room -= line.len() as u64;
    let Some(text) = line.strip_suffix(b"\n") else {
        return Err(match *room {
            0 => HttpError::NotHttp,
            LARGEST_HEAD if line.is_empty() => HttpError::Broken(net::Cause::Closed),
            _ => HttpError::Cut,
        });
    };
    String::from_utf8(text.strip_suffix(b"\r").unwrap_or(text).to_vec()).map_err(|_| HttpError::NotHttp)
}

impl<R: BufRead> Body<R> {
    /// The size of the next chunk, after the end of the last one.
    fn next_chunk(&mut self, is_first: bool) -> io::Result<Left> {
        let mut room = LARGEST_HEAD;
        let broken = |error| match error {
            HttpError::Broken(net::Cause::Io(error)) => error,
            HttpError::NotHttp => io::ErrorKind::InvalidData.into(),
            HttpError::Broken(_) | HttpError::Cut | HttpError::Status(_) => {
                io::ErrorKind::UnexpectedEof.into()
            }
        };
        if !is_first && !line(&mut self.source, &mut room).map_err(broken)?.is_empty() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let head = line(&mut self.source, &mut room).map_err(broken)?;
        let size = digits(head.split(';').next().unwrap_or_default().trim(), 16)
            .ok_or(io::ErrorKind::InvalidData)?;
        Ok(if size == 0 { Left::Nothing } else { Left::Chunk(size, false) })
    }
}

impl<R: BufRead> Read for Body<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if room.is_empty() {
            return Ok(0);
        }
        if let Left::Chunk(0, is_first) = self.left {
            self.left = self.next_chunk(is_first)?;
        }
        let most = match self.left {
            Left::Octets(0) | Left::Nothing => return Ok(0),
            Left::Octets(left) | Left::Chunk(left, _) => left,
            Left::UntilClosed => u64::MAX,
        };
        let read = (&mut self.source).take(most).read(room)?;
        match &mut self.left {
            Left::Octets(_) | Left::Chunk(..) if read == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            Left::Octets(left) | Left::Chunk(left, _) => *left -= read as u64,
            Left::Nothing | Left::UntilClosed => {}
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(octets: &[u8]) -> Result<String, String> {
        let mut body = answer(octets).map_err(|error| error.to_string())?;
        let mut text = String::new();
        body.read_to_string(&mut text).map_err(|error| error.to_string())?;
        Ok(text)
    }

    #[test]
    fn a_body_ends_where_it_says() {
        let rows: [(&[u8], &str); 6] = [
            (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef", "abc"),
            (b"HTTP/1.1 200 OK\r\n\r\nabc", "abc"),
            (b"HTTP/1.0 200\nX: y\n\nabc", "abc"),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n", "ab0123456789"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\ntransfer-encoding: Chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", "a"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""),
        ];
        for (octets, text) in rows {
            assert_eq!(read(octets), Ok(text.to_owned()), "{}", octets.escape_ascii());
        }
    }

    #[test]
    fn what_is_cut_or_no_http_is_an_error() {
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let rows = [
            ("".to_owned(), "connection closed"),
            ("HTTP/1.1 2".to_owned(), "closed in the middle of its answer"),
            ("HTTP/1.1 200 OK\r\n".to_owned(), "closed in the middle of its answer"),
            ("HTTP/1.1 200 OK\r\nContent-Len".to_owned(), "closed in the middle of its answer"),
            ("<html>\n".to_owned(), "its answer is no HTTP"),
            ("HTTP/1.1 2x0 OK\r\n\r\n".to_owned(), "its answer is no HTTP"),
            ("HTTP/1.1 401 Unauthorized\r\n\r\n".to_owned(), "it answers 401"),
            ("HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc".to_owned(), "its answer is no HTTP"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc".to_owned(), "unexpected end of file"),
            ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n".to_owned(), "its answer is no HTTP"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n".to_owned(), "its answer is no HTTP"),
            ("HTTP/1.1 200 OK\r\nX: ".to_owned() + &"x".repeat(1 << 17), "its answer is no HTTP"),
            (format!("{chunked}2\r\nab"), "unexpected end of file"),
            (format!("{chunked}2\r\nabc\r\n"), "invalid data"),
            (format!("{chunked}-2\r\nabc\r\n"), "invalid data"),
            (format!("{chunked}fffffffffffffffff\r\nabc\r\n"), "invalid data"),
        ];
        for (octets, error) in rows {
            let seen = read(octets.as_bytes()).unwrap_err();
            assert_eq!(seen, error, "{:.80}", octets);
        }
    }

    #[test]
    fn a_query_names_who_asks() {
        let query = String::from_utf8(get("/v1/x?a=b", "icinga.example.com", "user", "pass:word")).unwrap();
        assert!(
            query.starts_with(
                "GET /v1/x?a=b HTTP/1.1\r\nHost: icinga.example.com\r\nAuthorization: Basic dXNlcjpwYXNzOndvcmQ=\r\n"
            )
        );
        assert!(query.ends_with("\r\nConnection: close\r\n\r\n"));
    }
}
