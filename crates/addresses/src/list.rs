//! A list of addresses, as administrators and hosting panels keep them. One grammar for every program that
//! reads one: `ADDRESS [PORTS] [LABEL]`, one address a line.
//!
//! Fields end at white space, a comma or `#`, which starts a comment. That covers plain lists, lists with
//! notes after each address, and H-Sphere's `/hsphere/local/network/ips` (address, tab, netmask and more).
//! cPanel's `/etc/ips` has `address:netmask:broadcast` in the first field, and `address:netmask` is read too. A
//! line that is not understood is an error, never skipped, and so is a line with a second address: a list that
//! came out shorter would hide an outage.
//!
//! [`List::parse`] takes the addresses alone. For [`List::parse_with_fields`], a second field of digits and
//! commas is the address's own ports: `192.0.2.10 80,443`. The field after the address or its ports is its
//! label: `192.0.2.10 443 www.example.com`. What is an address or a netmask is no label. Which labels stand
//! with several addresses, [`ambiguous`] tells: those name none of them.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::net::IpAddr;

use crate::address::{HostAddress, InvalidAddress, plain};
use crate::netmask::{check_rest, parse_cpanel};
use crate::ports::parse_ports;

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

/// What the lines of a list carry beside their addresses, in the order of [`List::entries`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// The ports, several of an entry one after the other.
    pub ports: Vec<OwnPort>,
    /// The labels, at most one of an entry.
    pub labels: Vec<OwnLabel>,
}

/// A port that a line asks for, by the place of its entry in [`List::entries`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnPort {
    /// The place of the entry.
    pub entry: u32,
    /// The port.
    pub port: u16,
}

/// The label of a line, by the place of its entry in [`List::entries`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnLabel {
    /// The place of the entry.
    pub entry: u32,
    /// The label: neither empty, nor an address or a netmask.
    pub label: String,
}

/// Returns the labels that stand with more than one address, of however many lists: they tell no address from
/// another.
pub fn ambiguous<'a>(labels: impl IntoIterator<Item = (IpAddr, &'a str)>) -> HashSet<&'a str> {
    let mut first: HashMap<&str, IpAddr> = HashMap::new();
    let labels = labels.into_iter();
    labels
        .filter(|(address, label)| first.entry(label).or_insert(*address) != address)
        .map(|(_, label)| label)
        .collect()
}

/// Why a list cannot be used. The first line of each message names the file; with several bad lines, each has
/// a line.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
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
    /// Parses the content of list `number`; `source` is its name in messages.
    ///
    /// # Errors
    /// [`ListError::Lines`] and [`ListError::Empty`].
    pub fn parse(source: &str, number: u32, content: &[u8]) -> Result<Self, ListError> {
        parse_lines(source, number, content, |_, _| Ok(()))
    }

    /// Parses a list as [`List::parse`] does, with the ports and the labels of its lines.
    ///
    /// # Errors
    /// As [`List::parse`]; a port below 1 or above 65535 makes a bad line too.
    pub fn parse_with_fields(source: &str, number: u32, content: &[u8]) -> Result<(Self, Fields), ListError> {
        let mut all = Fields::default();
        let list = parse_lines(source, number, content, |entry, rest| all.take(entry, rest))?;
        Ok((list, all))
    }
}

impl Fields {
    /// Takes what follows the address of an entry: fields, where white space sets them apart from it.
    fn take(&mut self, entry: u32, rest: &str) -> Result<(), String> {
        if !rest.starts_with(char::is_whitespace) {
            return Ok(());
        }
        let mut fields = rest.split('#').next().unwrap_or_default().split_ascii_whitespace();
        let mut field = fields.next();
        if let Some(ports) =
            field.filter(|field| field.bytes().all(|octet| octet.is_ascii_digit() || octet == b','))
        {
            let ports = parse_ports(ports).map_err(|error| error.to_string())?;
            self.ports.extend(ports.into_iter().map(|port| OwnPort { entry, port }));
            field = fields.next();
        }
        let label = field.and_then(|field| field.split(',').next()).filter(|field| is_label(field));
        self.labels.extend(label.map(|label| OwnLabel { entry, label: label.to_owned() }));
        Ok(())
    }
}

/// Returns whether a field is a label: not an address or a netmask in a form that is in use, which panels
/// write after an address.
fn is_label(field: &str) -> bool {
    let address = |text: &str| text.split('/').next().is_some_and(|bare| bare.parse::<IpAddr>().is_ok());
    let hexadecimal =
        |text: &str| text.strip_prefix("0x").is_some_and(|digits| u32::from_str_radix(digits, 16).is_ok());
    !field.is_empty()
        && !field.starts_with('/')
        && !address(field)
        && !hexadecimal(field)
        && parse_cpanel(field).is_none()
}

/// Parses line by line; `each` is given the place of an entry and what stands behind its address, and says
/// what is wrong there.
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

/// The lines of a text. `str::split` would look for the line ends with a search made for long lines, which
/// takes twice as long here.
fn lines_of(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = text.bytes().position(|octet| octet == b'\n');
        rest = end.and_then(|end| text.get(end + 1..));
        end.map_or(Some(text), |end| text.get(..end))
    })
}

/// The address of a line and what stands behind it: `None` if the line is blank or a comment.
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
    let cpanel = |error| parse_cpanel(field).map(|(expected, _)| expected).ok_or(error);
    let expected: HostAddress = field.parse().or_else(cpanel).map_err(|error| error.to_string())?;
    check_rest(expected.address, rest)?;
    Ok(Some((expected, rest)))
}

fn bad_lines(source: &str, lines: &[(u32, String)], count: usize) -> String {
    let mut text = String::new();
    for (index, (line, what)) in lines.iter().enumerate() {
        let more = if index == 0 && count > 1 {
            format!(" (and {} more bad lines)", count - 1)
        } else {
            String::new()
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{source} line {line}: {what}{more}");
    }
    if count > lines.len() {
        let _ = writeln!(text, "{source}: and {} more bad lines", count - lines.len());
    }
    text
}

#[cfg(test)]
mod tests;
