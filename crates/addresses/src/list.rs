//! A list of addresses in a file, as administrators and hosting panels keep them.
//!
//! One address a line. The first field counts; fields end at white space, a comma or `#`, which starts a comment. That covers
//! plain lists, lists with notes or ports behind each address, and H-Sphere's `/hsphere/local/network/ips` (address, tab, netmask
//! and more). cPanel's `/etc/ips` has `address:netmask:broadcast` in that field. A line that is not understood is an error, never
//! skipped: a list that came out shorter would hide an outage.
//!
//! For a reader that wants ports, [`List::read_with_ports`], a second field of digits and commas is the address's own ports:
//! `192.0.2.10 80,443`. Any other second field is a note for it too.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::path::Path;

use plugin::{Deadline, ReadError, read_file};

use crate::address::plain;
use crate::ports::parse_ports;
use crate::{HostAddress, InvalidAddress};

/// The most that a list may hold, in octets: some 400,000 IPv6 addresses in full.
const LARGEST: u64 = 16 << 20;
/// The shortest line, in octets: the room that is set aside for a list's addresses is guessed by it.
const SHORTEST: usize = "1.2.3.4\n".len();
/// How many bad lines are named; the rest is counted.
const NAMED: usize = 100;

/// An address of a list and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The address, with a prefix length where the line has one.
    pub expected: HostAddress,
    /// The number of the list, as the reader of several lists counts them.
    pub list: u32,
    /// The number of the line, from 1.
    pub line: u32,
}

/// The addresses of a file, in its order and with its duplicates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// The file's name.
    pub source: String,
    /// At least one address.
    pub entries: Vec<Entry>,
}

/// A port that a line asks for, by the place of its entry in [`List::entries`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnPort {
    /// The place of the entry.
    pub entry: u32,
    /// The port.
    pub port: u16,
}

/// Why a list cannot be used. The first line of each message names the file; with several bad lines, each has a line.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Lines that are not understood, the first hundred of them with their text.
    #[error("{}", bad_lines(.source_name, .lines, *.count))]
    Lines {
        /// The file.
        source_name: String,
        /// Numbers of bad lines, from 1, and what is wrong with each.
        lines: Vec<(u32, String)>,
        /// How many lines are bad.
        count: usize,
    },
    /// There is no address in the list.
    #[error("{0}: no address in it")]
    Empty(String),
}

impl List {
    /// Reads the list in the file `path`, which is the reader's list `number`.
    ///
    /// # Errors
    /// [`ListError`]: the file cannot be read in time, holds more than 16 MiB, a line that is no address, or no address at all.
    pub fn read(path: &Path, number: u32, deadline: &Deadline) -> Result<Self, ListError> {
        Self::parse(&path.display().to_string(), number, &read_file(path, LARGEST, deadline)?)
    }

    /// Parses the content of list `number`; `source` is its name in messages.
    ///
    /// # Errors
    /// [`ListError::Lines`] and [`ListError::Empty`].
    pub fn parse(source: &str, number: u32, content: &[u8]) -> Result<Self, ListError> {
        parse_lines(source, number, content, |_, _| Ok(()))
    }

    /// Reads a list as [`List::read`] does, and the ports that its lines carry, in the order of the entries.
    ///
    /// # Errors
    /// As [`List::read`]; a port below 1 or above 65535 makes a bad line too.
    pub fn read_with_ports(path: &Path, number: u32, deadline: &Deadline) -> Result<(Self, Vec<OwnPort>), ListError> {
        Self::parse_with_ports(&path.display().to_string(), number, &read_file(path, LARGEST, deadline)?)
    }

    /// Parses a list as [`List::parse`] does, and the ports that its lines carry.
    ///
    /// # Errors
    /// As [`List::read_with_ports`].
    pub fn parse_with_ports(source: &str, number: u32, content: &[u8]) -> Result<(Self, Vec<OwnPort>), ListError> {
        let mut ports = Vec::new();
        let list = parse_lines(source, number, content, |entry, rest| {
            let note = |octet: u8| !octet.is_ascii_digit() && octet != b',';
            let field = rest.split('#').next().and_then(|rest| rest.split_ascii_whitespace().next());
            let field = field.filter(|field| rest.starts_with(char::is_whitespace) && !field.bytes().any(note));
            for port in field.map_or(Ok(Vec::new()), parse_ports).map_err(|error| error.to_string())? {
                ports.push(OwnPort { entry, port });
            }
            Ok(())
        })?;
        Ok((list, ports))
    }
}

/// Parses line by line; `each` is given the place of an entry and what stands behind its address, and says what is wrong there.
fn parse_lines(
    source: &str,
    number: u32,
    content: &[u8],
    mut each: impl FnMut(u32, &str) -> Result<(), String>,
) -> Result<List, ListError> {
    // Broken UTF-8 becomes a character that no address has; in a comment it does no harm.
    let text = str::from_utf8(content).map_or_else(|_| String::from_utf8_lossy(content), Cow::from);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut entries = Vec::with_capacity(content.len() / SHORTEST + 1);
    let mut lines = Vec::new();
    let mut count = 0;
    for (line, text) in (1..).zip(lines_of(text)) {
        let parsed = parse_line(text).and_then(|parsed| {
            let Some((expected, rest)) = parsed else { return Ok(()) };
            entries.push(Entry { expected, list: number, line });
            each(u32::try_from(entries.len() - 1).unwrap_or(u32::MAX), rest)
        });
        if let Err(error) = parsed {
            count += 1;
            if lines.len() < NAMED {
                lines.push((line, error));
            }
        }
    }
    match () {
        () if count > 0 => Err(ListError::Lines { source_name: source.to_owned(), lines, count }),
        () if entries.is_empty() => Err(ListError::Empty(source.to_owned())),
        () => Ok(List { source: source.to_owned(), entries }),
    }
}

/// The lines of a text. `str::split` would look for the line ends with a search made for long lines, which takes twice as long here.
fn lines_of(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = text.bytes().position(|octet| octet == b'\n');
        rest = end.and_then(|end| text.get(end + 1..));
        end.map_or(Some(text), |end| text.get(..end))
    })
}

/// The address of a line and what stands behind it: none if the line is blank or a comment.
fn parse_line(line: &str) -> Result<Option<(HostAddress, &str)>, String> {
    if let Some(expected) = plain(line) {
        return Ok(Some((expected, "")));
    }
    let line = line.trim_ascii();
    let ends = |octet: u8| octet.is_ascii_whitespace() || matches!(octet, b',' | b'#');
    let end = line.bytes().position(ends).unwrap_or(line.len());
    let (field, rest) = line.split_at_checked(end).unwrap_or((line, ""));
    // A carriage return inside a line ends a line for whoever wrote it: what follows must not get lost.
    if rest.bytes().any(|octet| octet == b'\r') {
        return Err(InvalidAddress::CarriageReturn.to_string());
    }
    if field.is_empty() && !line.starts_with(',') {
        return Ok(None);
    }
    let parsed = field.parse().or_else(|error| parse_cpanel(field).ok_or(error));
    parsed.map(|expected| Some((expected, rest))).map_err(|error| error.to_string())
}

/// `address:netmask:broadcast`, all three IPv4: a file of another shape is no `/etc/ips`. The netmask is not demanded of the bound
/// address, no more than H-Sphere's: the panels bind aliases with other masks than they list.
fn parse_cpanel(field: &str) -> Option<HostAddress> {
    let mut parts = field.split(':');
    let address = parts.next()?.parse().ok()?;
    let mask: Ipv4Addr = parts.next()?.parse().ok()?;
    let _broadcast: Ipv4Addr = parts.next()?.parse().ok()?;
    let contiguous = mask.to_bits().leading_ones() + mask.to_bits().trailing_zeros() == 32;
    (contiguous && parts.next().is_none()).then_some(address)
}

fn bad_lines(source: &str, lines: &[(u32, String)], count: usize) -> String {
    let mut text = String::new();
    for (index, (line, what)) in lines.iter().enumerate() {
        let more = if index == 0 && count > 1 { format!(" (and {} more bad lines)", count - 1) } else { String::new() };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{source} line {line}: {what}{more}");
    }
    if count > lines.len() {
        let _ = writeln!(text, "{source}: and {} more bad lines", count - lines.len());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(content: &[u8]) -> Result<String, String> {
        let list = List::parse("ips", 0, content).map_err(|error| error.to_string())?;
        let entries: Vec<String> = list.entries.iter().map(|entry| format!("{}:{}", entry.line, entry.expected)).collect();
        Ok(entries.join(" "))
    }

    #[test]
    fn reads_the_kinds_of_list() {
        let rows: [(&[u8], &str); 8] = [
            (b"192.0.2.1\n192.0.2.2", "1:192.0.2.1 2:192.0.2.2"),
            (b"\xef\xbb\xbf192.0.2.1\r\n\r\n  # note\r\n\t192.0.2.2 \r\n", "1:192.0.2.1 4:192.0.2.2"),
            (b"192.0.2.1 eth0\n192.0.2.2,x\n192.0.2.3#x\n192.0.2.4 80,443\n", "1:192.0.2.1 2:192.0.2.2 3:192.0.2.3 4:192.0.2.4"),
            (b"192.0.2.1\t255.255.255.0\tshared\t#0\n", "1:192.0.2.1"),
            (b"192.0.2.1:255.255.255.0:192.0.2.255\n192.0.2.2:255.255.255.255:192.0.2.2\n", "1:192.0.2.1 2:192.0.2.2"),
            (b"192.0.2.1/24\n2001:DB8::1/64\n192.0.2.1\n", "1:192.0.2.1/24 2:2001:db8::1/64 3:192.0.2.1"),
            (b"192.0.2.1 # caf\xe9\n", "1:192.0.2.1"),
            (b"192.0.2.1\x0b192.0.2.2", "ips line 1: 192.0.2.1\u{b}192.0.2.2 is not an IP address\n"),
        ];
        for (content, expected) in rows {
            assert_eq!(parse(content).unwrap_or_else(|error| error), expected);
        }
    }

    #[test]
    fn every_bad_line_is_named() {
        let message = parse(b"192.0.2.1\n010.1.1.1\n,192.0.2.2\nfe80::1%eth0\n\xff\xfe\n").unwrap_err();
        let expected = [
            "ips line 2: 010.1.1.1 is not an IP address: leading zero (and 3 more bad lines)",
            "ips line 3: an empty field is not an IP address",
            "ips line 4: fe80::1%eth0 has a zone: give the address without it, and the interface by --interface",
            "ips line 5: \u{fffd}\u{fffd} is not an IP address",
        ];
        assert_eq!(message.lines().collect::<Vec<_>>(), expected);
        let many = parse("x\n".repeat(1000).as_bytes()).unwrap_err();
        assert_eq!(many.lines().count(), 101);
        assert_eq!(many.lines().last(), Some("ips: and 900 more bad lines"));
    }

    #[test]
    fn no_address_gets_lost_behind_a_carriage_return() {
        let what = "a carriage return inside the line: lines end with a line feed";
        for content in ["192.0.2.1\r192.0.2.2\r", "# list\r192.0.2.1\r", "192.0.2.1 eth0\r\r192.0.2.2\n"] {
            assert_eq!(parse(content.as_bytes()), Err(format!("ips line 1: {what}\n")), "{content:?}");
        }
        assert_eq!(parse(b"192.0.2.1 eth0\r\r\n"), Ok("1:192.0.2.1".to_owned()));
    }

    #[test]
    fn cpanel_lines_must_be_whole() {
        for field in [
            "192.0.2.1:80",
            "192.0.2.1:255.255.255.0",
            "192.0.2.1:255.0.255.0:192.0.2.255",
            "192.0.2.1:255.255.255.0:192.0.2.255:x",
            "192.0.2.01:255.255.255.0:192.0.2.255",
            "192.0.2.1:24:192.0.2.255",
        ] {
            assert_eq!(parse(field.as_bytes()).unwrap_err(), format!("ips line 1: {field} is not an IP address\n"));
        }
    }

    fn parse_with_ports(content: &[u8]) -> Result<String, String> {
        let (list, ports) = List::parse_with_ports("ips", 0, content).map_err(|error| error.to_string())?;
        let ports = |entry| ports.iter().filter(move |own| own.entry == entry).map(|own| format!(":{}", own.port));
        let print = |(place, entry): (u32, &Entry)| format!("{}{}", entry.expected, ports(place).collect::<String>());
        Ok((0..).zip(&list.entries).map(print).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn a_line_may_carry_its_own_ports() {
        let rows: [(&[u8], &str); 4] = [
            (b"192.0.2.10 80,443\n192.0.2.11\n2001:db8::1\t25 # mail\n", "192.0.2.10:80:443 192.0.2.11 2001:db8::1:25"),
            (
                b"192.0.2.1 eth0 80\n192.0.2.2,80\n192.0.2.3#80\n192.0.2.4 80#x\n192.0.2.5 # 80\n",
                "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4:80 192.0.2.5",
            ),
            (b"192.0.2.1\t255.255.255.0\tshared\t#0\n", "192.0.2.1"),
            (b"192.0.2.1:255.255.255.0:192.0.2.255 65535\n", "192.0.2.1:65535"),
        ];
        for (content, expected) in rows {
            assert_eq!(parse_with_ports(content).unwrap_or_else(|error| error), expected);
        }
        for bad in ["0", "65536", "80,", ",80", "80,,443", ",", "00080", "99999999999999999999"] {
            let line = format!("192.0.2.1 80\n192.0.2.2 {bad}\n");
            let message = parse_with_ports(line.as_bytes()).unwrap_err();
            assert!(message.starts_with("ips line 2: ") && message.contains(" is not a port"), "{message}");
            assert_eq!(parse(line.as_bytes()).unwrap(), "1:192.0.2.1 2:192.0.2.2");
        }
    }

    #[test]
    fn nothing_in_it_is_an_error() {
        for content in ["", "\n\n", "# only a comment\n", "\u{feff}", " \t\r\n"] {
            assert_eq!(parse(content.as_bytes()), Err("ips: no address in it".to_owned()));
        }
        let zeros = parse(&[0; 5000]).unwrap_err();
        assert_eq!(zeros, format!("ips line 1: {}... is not an IP address\n", "\0".repeat(60)));
    }
}
