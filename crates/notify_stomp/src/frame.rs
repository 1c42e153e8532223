//! STOMP frames as octets: versions 1.0, 1.1 and 1.2 of the specification at stomp.github.io.
//!
//! The crates that speak STOMP are asynchronous, unkept since 2015 or of an unfitting licence, and none lets
//! every wait be bounded.

use std::fmt;

/// The most octets of the command and the headers of one frame.
const HEAD: usize = 64 << 10;
/// The most octets of the body of one frame: the largest message that `--cat` shows.
pub const BODY: usize = 16 << 20;
/// The longest command of a server, "CONNECTED", with its line end.
const COMMAND: usize = 11;

/// A version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 1.0: no escapes.
    V10,
    /// 1.1: line ends, colons and backslashes are escaped.
    V11,
    /// 1.2: carriage returns too.
    V12,
}

impl Version {
    /// The version of the header `version` of CONNECTED: a server that sends none speaks 1.0.
    pub fn of(header: Option<&str>) -> Option<Self> {
        match header {
            None | Some("1.0") => Some(Self::V10),
            Some("1.1") => Some(Self::V11),
            Some("1.2") => Some(Self::V12),
            Some(_) => None,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V10 => "1.0",
            Self::V11 => "1.1",
            Self::V12 => "1.2",
        })
    }
}

/// One frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// What it is, as in SEND.
    pub command: String,
    /// Names and values, unescaped. Of several with one name the first counts.
    pub headers: Vec<(String, String)>,
    /// What it carries.
    pub body: Vec<u8>,
    /// Whether the body is sent without its length: it has no NUL then.
    pub is_text: bool,
}

/// Why octets are not a frame, or a frame cannot be octets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The first line is not a command of a server.
    #[error("the answer is not STOMP: {0:?}")]
    Command(String),
    /// The headers do not end.
    #[error("the headers of the answer have more than {HEAD} octets")]
    Head,
    /// A header without a colon, with an escape that is none, or not in UTF-8.
    #[error("the answer has a header that is none: {0:?}")]
    Header(String),
    /// The announced or actual body is too large.
    #[error("the answer has more than {BODY} octets")]
    Body,
    /// No number, or no NUL where it says that the body ends.
    #[error("the content-length of the answer is wrong")]
    Length,
    /// What this version of STOMP has no way to say.
    #[error("the {0} has a line end or NUL, which STOMP {1} cannot send")]
    Unsayable(String, Version),
}

impl Frame {
    /// A frame without headers.
    pub fn new(command: &str) -> Self {
        Self { command: command.to_owned(), ..Self::default() }
    }

    /// With one more header.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Appends the frame's octets to `to`. A body gets its content-length.
    ///
    /// # Errors
    /// [`FrameError::Unsayable`]: a header that would end its line, for versions without an escape for that.
    /// CONNECT has none in any.
    pub fn encode(&self, version: Version, to: &mut Vec<u8>) -> Result<(), FrameError> {
        let escapes = if self.command == "CONNECT" { Version::V10 } else { version };
        let mut head = format!("{}\n", self.command);
        for (name, value) in &self.headers {
            let unsayable = || FrameError::Unsayable(name.clone(), version);
            head += &escape(name, escapes).filter(|name| !name.contains(':')).ok_or_else(unsayable)?;
            head.push(':');
            head += &escape(value, escapes).ok_or_else(unsayable)?;
            head.push('\n');
        }
        if !self.body.is_empty() && !self.is_text {
            head += &format!("content-length:{}\n", self.body.len());
        }
        head.push('\n');
        to.extend_from_slice(head.as_bytes());
        to.extend_from_slice(&self.body);
        to.push(0);
        Ok(())
    }
}

/// A name or value of a header as it is sent: none if it cannot be.
fn escape(text: &str, version: Version) -> Option<String> {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match (c, version) {
            ('\0', _) | ('\n' | '\r', Version::V10) | ('\r', Version::V11) => return None,
            (_, Version::V10) => escaped.push(c),
            ('\\', _) => escaped += "\\\\",
            ('\n', _) => escaped += "\\n",
            (':', _) => escaped += "\\c",
            ('\r', _) => escaped += "\\r",
            _ => escaped.push(c),
        }
    }
    Some(escaped)
}

/// The other way: none if there is an escape that the version does not have.
fn unescape(text: &str, version: Version) -> Option<String> {
    if version == Version::V10 || !text.contains('\\') {
        return Some(text.to_owned());
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => plain.push(match (chars.next()?, version) {
                ('\\', _) => '\\',
                ('n', _) => '\n',
                ('c', _) => ':',
                ('r', Version::V12) => '\r',
                _ => return None,
            }),
            _ => plain.push(c),
        }
    }
    Some(plain)
}

/// Puts frames together from octets as they come.
#[derive(Debug)]
pub struct Decoder {
    octets: Vec<u8>,
    /// Up to where `octets` were searched in vain for the end of what is being read.
    searched: usize,
    /// The version that escapes follow: until CONNECTED has said which, none are undone.
    version: Version,
}

impl Default for Decoder {
    fn default() -> Self {
        Self { octets: Vec::new(), searched: 0, version: Version::V10 }
    }
}

impl Decoder {
    /// From now on the server speaks this version.
    pub fn set_version(&mut self, version: Version) {
        self.version = version;
    }

    /// Takes what has come.
    pub fn feed(&mut self, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
    }

    /// The next frame, if it is complete. After an error nothing that follows means anything.
    ///
    /// # Errors
    /// [`FrameError`]: it is none, or too large.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        // Line ends between frames are heart-beats.
        let idle = self.octets.iter().take_while(|octet| matches!(octet, b'\n' | b'\r')).count();
        if idle > 0 && self.searched == 0 {
            self.octets.drain(..idle);
        }
        self.refuse_garbage()?;
        let Some(head) = self.head_end() else {
            return if self.octets.len() > HEAD { Err(FrameError::Head) } else { Ok(None) };
        };
        let mut frame = self.read_head(head)?;
        let Some((body, end)) = self.body(head, &frame)? else { return Ok(None) };
        frame.body = self.octets.get(head..body).unwrap_or_default().to_vec();
        self.octets.drain(..end);
        self.searched = 0;
        Ok(Some(frame))
    }

    /// An error as soon as the first line can be no command any more.
    fn refuse_garbage(&self) -> Result<(), FrameError> {
        let line = self
            .octets
            .iter()
            .take(COMMAND)
            .take_while(|octet| **octet != b'\n')
            .copied()
            .collect::<Vec<u8>>();
        let word = line.strip_suffix(b"\r").unwrap_or(&line);
        let is_whole = self.octets.get(line.len()) == Some(&b'\n');
        let commands: [&[u8]; 4] = [b"CONNECTED", b"MESSAGE", b"RECEIPT", b"ERROR"];
        match commands
            .iter()
            .any(|command| if is_whole { *command == word } else { command.starts_with(word) })
        {
            true => Ok(()),
            false => Err(FrameError::Command(excerpt(&self.octets))),
        }
    }

    /// Where the body begins: behind the first empty line.
    fn head_end(&mut self) -> Option<usize> {
        let octets = self.octets.get(..self.octets.len().min(HEAD)).unwrap_or_default();
        let start = self.searched.min(octets.len());
        let mut rest = octets.get(start..).unwrap_or_default();
        let mut at = start;
        while let Some(end) = rest.iter().position(|octet| *octet == b'\n') {
            let line = rest.get(..end).unwrap_or_default();
            at += end + 1;
            if line.is_empty() || line == b"\r" {
                return Some(at);
            }
            self.searched = at;
            rest = rest.get(end + 1..).unwrap_or_default();
        }
        None
    }

    fn read_head(&self, end: usize) -> Result<Frame, FrameError> {
        let head = self.octets.get(..end).unwrap_or_default();
        let mut lines =
            head.split(|octet| *octet == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let command = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
        let version = if command == "CONNECTED" { Version::V10 } else { self.version };
        let mut frame = Frame { command, ..Frame::default() };
        for line in lines.filter(|line| !line.is_empty()) {
            let header = str::from_utf8(line).ok().and_then(|line| line.split_once(':'));
            let header =
                header.and_then(|(name, value)| Some((unescape(name, version)?, unescape(value, version)?)));
            frame.headers.push(header.ok_or_else(|| FrameError::Header(excerpt(line)))?);
        }
        Ok(frame)
    }

    /// Where the body and the whole frame end, if they have come.
    fn body(&mut self, start: usize, frame: &Frame) -> Result<Option<(usize, usize)>, FrameError> {
        let Some(length) = frame.header("content-length") else {
            let rest = self.octets.get(start..).unwrap_or_default();
            let end = rest.iter().position(|octet| *octet == 0).map(|end| start + end);
            return match end {
                _ if rest.len().min(end.unwrap_or(usize::MAX)) > BODY => Err(FrameError::Body),
                Some(end) => Ok(Some((end, end + 1))),
                None => Ok(None),
            };
        };
        let is_number = !length.is_empty() && length.bytes().all(|octet| octet.is_ascii_digit());
        let length: usize = length.parse().ok().filter(|_| is_number).ok_or(FrameError::Length)?;
        if length > BODY {
            return Err(FrameError::Body);
        }
        match self.octets.get(start + length) {
            None => Ok(None),
            Some(0) => Ok(Some((start + length, start + length + 1))),
            Some(_) => Err(FrameError::Length),
        }
    }
}

/// The beginning of octets that are not understood, for a message.
fn excerpt(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets.get(..40).unwrap_or(octets)).into_owned()
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
