//! The answers of HTTP/1.1 (RFC 9112): the header, and the page to its end, by its length, in chunks or until
//! the connection closes.
//!
//! Everything here may be hostile: all that is read is bounded, and what is not understood is a [`Fault`].

mod head;

use std::io::Read;

use net::Cause;

use crate::fault::Fault;
pub(crate) use head::Head;
use head::{Length, parse_head};

/// The most octets of a header, of all those of 1xx together.
const HEADER: usize = 64 << 10;
/// The most octets of a page.
const PAGE: usize = 256 << 10;
/// The most octets of a malformed answer in which the page is looked for.
const RECORD: usize = 2 * (HEADER + PAGE);
/// The most octets of something else that a message shows.
const SHOWN: usize = 40;
/// How much is read at once.
const ROOM: usize = 8 << 10;

/// Reads the answer from a connection.
pub(crate) struct Reader<R> {
    stream: R,
    /// What was read and not used, from `used` on.
    buffer: Vec<u8>,
    used: usize,
    any: bool,
    /// All that was read, whatever it is: `None` if it is not kept.
    record: Option<Vec<u8>>,
}

impl<R: Read> Reader<R> {
    pub(crate) fn new(stream: R) -> Self {
        Self { stream, buffer: Vec::new(), used: 0, any: false, record: None }
    }

    /// The same, which also keeps what was read, up to [`RECORD`].
    pub(crate) fn recording(stream: R) -> Self {
        Self { record: Some(Vec::new()), ..Self::new(stream) }
    }

    /// Returns all that was read, with headers and the lengths of chunks.
    pub(crate) fn record(&self) -> &[u8] {
        self.record.as_deref().unwrap_or_default()
    }

    /// Reads what else comes for the record: behind a malformed header, the page may follow.
    pub(crate) fn drain(&mut self) {
        while self.record().len() < RECORD && self.more().is_ok_and(|length| length > 0) {
            self.used = self.buffer.len();
        }
    }

    /// Returns the connection, and the octets that were read behind the header.
    pub(crate) fn into_parts(mut self) -> (R, Vec<u8>) {
        self.buffer.drain(..self.used);
        (self.stream, self.buffer)
    }

    /// Reads the header of the answer: what is 1xx comes before it.
    pub(crate) fn head(&mut self) -> Result<Head, Fault> {
        let mut before = 0;
        loop {
            let length = self.header_length(before)?;
            let head = parse_head(self.rest().get(..length).unwrap_or_default())?;
            self.used += length;
            before += length;
            if !(100..200).contains(&head.code) || head.code == 101 {
                return Ok(head);
            }
        }
    }

    /// Reads until a blank line, and returns the length of what ends with it.
    fn header_length(&mut self, before: usize) -> Result<usize, Fault> {
        let mut searched = 0;
        loop {
            let rest = self.rest();
            let begins = b"HTTP/".iter().zip(rest).all(|(expected, octet)| expected == octet);
            if !begins {
                return Err(self.not_http());
            }
            let from = searched;
            let end = (from..rest.len()).find_map(|at| match rest.get(at..) {
                Some([b'\n', b'\n', ..]) => Some(at + 2),
                Some([b'\n', b'\r', b'\n', ..]) => Some(at + 3),
                _ => None,
            });
            match end {
                _ if before + rest.len().min(end.unwrap_or(usize::MAX)) > HEADER => {
                    return Err(Fault::HeaderWithoutEnd);
                }
                Some(end) => return Ok(end),
                None => searched = rest.len().saturating_sub(2),
            }
            match self.more() {
                Ok(0) if self.rest().is_empty() => return Err(Fault::Closed),
                Ok(0) => return Err(Fault::NotHttp("closed inside of the header".to_owned())),
                Ok(_) => {}
                Err(cause) => return Err(Fault::of_talking(cause, self.any)),
            }
        }
    }

    /// Reads the rest of the line that is no HTTP, for the message.
    fn not_http(&mut self) -> Fault {
        while !past_blank_lines(self.rest()).contains(&b'\n')
            && self.rest().len() < SHOWN
            && self.more().is_ok_and(|length| length > 0)
        {}
        match self.rest() {
            // The version, and the method that a server of SOCKS5 takes: none, or 0 or 2 (RFC 1928, section
            // 3).
            [5, 0 | 2 | 255] => Fault::SocksInstead,
            rest => Fault::NotHttp(start(rest)),
        }
    }

    /// Reads the page: as much of it as came, and what is wrong with it.
    pub(crate) fn page(&mut self, head: &Head) -> (Vec<u8>, Option<Fault>) {
        match head.length() {
            Err(fault) => (Vec::new(), Some(fault)),
            Ok(Length::Octets(length)) => {
                let mut page = Vec::new();
                let fault = if length > PAGE { Err(Fault::TooLong) } else { self.take(length, &mut page) };
                (page, fault.err())
            }
            Ok(Length::UntilClose) => self.until_close(),
            Ok(Length::Chunks) => {
                let mut page = Vec::new();
                let fault = self.chunks(&mut page);
                (page, fault.err())
            }
        }
    }

    /// An end without TLS's own goodbye is an end too: there is no length to miss.
    fn until_close(&mut self) -> (Vec<u8>, Option<Fault>) {
        let mut page = Vec::new();
        loop {
            page.extend_from_slice(self.rest());
            self.used = self.buffer.len();
            if page.len() > PAGE {
                return (page, Some(Fault::TooLong));
            }
            match self.more() {
                Ok(0) | Err(Cause::Closed) => return (page, None),
                Ok(_) => {}
                Err(cause) => return (page, Some(in_page(cause))),
            }
        }
    }

    fn chunks(&mut self, page: &mut Vec<u8>) -> Result<(), Fault> {
        loop {
            let line = self.line()?;
            let digits = line.split(|octet| *octet == b';').next().unwrap_or_default().trim_ascii();
            let wrong = || Fault::NotHttp("a chunk without a length".to_owned());
            let hexadecimal = !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit);
            let text = str::from_utf8(digits).ok().filter(|_| hexadecimal).ok_or_else(wrong)?;
            // More digits than a number has are a chunk that is too long.
            let length = usize::from_str_radix(text, 16).unwrap_or(usize::MAX);
            if length == 0 {
                return self.trailers();
            }
            if length > PAGE.saturating_sub(page.len()) {
                return Err(Fault::TooLong);
            }
            self.take(length, page)?;
            if !self.line()?.is_empty() {
                return Err(Fault::NotHttp("a chunk without an end".to_owned()));
            }
        }
    }

    fn trailers(&mut self) -> Result<(), Fault> {
        let mut length = 0;
        while length <= HEADER {
            match self.line()?.len() {
                0 => return Ok(()),
                line => length += line,
            }
        }
        Err(Fault::HeaderWithoutEnd)
    }

    /// Reads a line of the page's frame, without its end.
    fn line(&mut self) -> Result<Vec<u8>, Fault> {
        let mut line = Vec::new();
        loop {
            let mut octet = Vec::with_capacity(1);
            self.take(1, &mut octet)?;
            match octet.as_slice() {
                b"\n" => break,
                _ if line.len() > ROOM => return Err(Fault::HeaderWithoutEnd),
                octet => line.extend_from_slice(octet),
            }
        }
        Ok(line.strip_suffix(b"\r").map_or(line.clone(), <[u8]>::to_vec))
    }

    fn take(&mut self, length: usize, page: &mut Vec<u8>) -> Result<(), Fault> {
        let mut left = length;
        while left > 0 {
            if self.rest().is_empty() {
                match self.more() {
                    Ok(0) => return Err(Fault::Cut),
                    Ok(_) => {}
                    Err(cause) => return Err(in_page(cause)),
                }
            }
            let part = self.rest().get(..left.min(self.rest().len())).unwrap_or_default();
            page.extend_from_slice(part);
            left -= part.len();
            self.used += part.len();
        }
        Ok(())
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.used..).unwrap_or_default()
    }

    /// Reads what comes: zero octets at the end.
    fn more(&mut self) -> Result<usize, Cause> {
        self.buffer.drain(..self.used);
        self.used = 0;
        let mut room = [0; ROOM];
        let length = self.stream.read(&mut room)?;
        self.buffer.extend(room.iter().take(length));
        self.any |= length > 0;
        if let Some(record) = self.record.as_mut().filter(|record| record.len() < RECORD) {
            record.extend(room.iter().take(length));
        }
        Ok(length)
    }
}

/// What an error inside of a page says.
fn in_page(cause: Cause) -> Fault {
    match Fault::of_talking(cause, true) {
        Fault::Closed | Fault::Reset => Fault::Cut,
        fault => fault,
    }
}

fn past_blank_lines(octets: &[u8]) -> &[u8] {
    let blank = octets.iter().take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
    octets.get(blank..).unwrap_or_default()
}

/// The start of what came, for messages: without blank lines before it and control characters, and not at all
/// where it is mostly no text.
fn start(octets: &[u8]) -> String {
    let line = past_blank_lines(octets).split(|octet| matches!(octet, b'\r' | b'\n')).next();
    let line = line.unwrap_or_default();
    let line = String::from_utf8_lossy(line.get(..SHOWN).unwrap_or(line));
    let is_text = |c: &char| !c.is_control() && *c != char::REPLACEMENT_CHARACTER;
    let text: String = line.chars().filter(is_text).collect();
    let is_binary = text.trim().is_empty() || text.chars().count() * 2 < line.chars().count();
    if is_binary { "octets that are no text".to_owned() } else { text }
}

#[cfg(test)]
mod tests;
