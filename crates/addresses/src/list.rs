//! A list of addresses, as administrators and hosting panels keep them. One grammar for every program that
//! reads one: `ADDRESS [PORTS] [LABEL]`, one address a line.
//!
//! Fields end at white space, a comma or `#`, which starts a comment. That covers plain lists, lists with
//! notes after each address, and H-Sphere's `/hsphere/local/network/ips` (address, tab, netmask and more).
//! cPanel's `/etc/ips` has `address:netmask:broadcast` in the first field, and `address:netmask` is read too.
//! A line that is not understood is an error and never skipped, because a shorter list would hide an outage.
//! The same holds for a line with a second address, with two netmasks that differ, or with a broadcast
//! address of another network.
//!
//! [`List::parse`] takes the addresses alone. For [`List::parse_with_fields`], a second field of ports,
//! ranges and services is the address's own ports: `192.0.2.10 443,8000-8010`, `192.0.2.10 https`. The field
//! after the address or its ports is its label: `192.0.2.10 443 www.example.com`. What is an address or a
//! netmask is no label, and the name of a service is one only after ports in numbers: `192.0.2.10 2222 ssh`.
//! What reads as ports and is none (`tcp/81`), or stands where ports are not read (`192.0.2.10 80 443`),
//! makes a bad line: else fewer ports were tried than are written. Which labels stand with several addresses,
//! [`ambiguous`] tells: those name none of them.

mod fields;
mod line;

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::address::{HostAddress, InvalidAddress, ZonedAddress, plain_line};
pub use fields::{Fields, OwnLabel, OwnNetwork, OwnPorts, OwnZone, ambiguous};
pub use line::netmask;
use line::{MARK, is_network, parse_line, split_line};

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
    /// The addresses. At least one if all lines are understood.
    pub entries: Vec<Entry>,
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
        let (list, error) = Self::parse_understood(source, number, content);
        error.map_or(Ok(list), Err)
    }

    /// Parses as [`List::parse`] does. Returns the lines that are understood together with the error, for a
    /// program that judges these lines and reports the error beside them.
    pub fn parse_understood(source: &str, number: u32, content: &[u8]) -> (Self, Option<ListError>) {
        let address = |field: &str| Ok(ZonedAddress { host: field.parse()?, zone: None });
        parse_lines(source, number, content, address, |_, _, _, _| Ok(()))
    }

    /// Parses a list of addresses to connect to as [`List::parse`] does, with the ports, the labels and the
    /// zones of its lines.
    ///
    /// # Errors
    /// As [`List::parse`]; ports that are none, or stand in another place, make a bad line too.
    pub fn parse_with_fields(source: &str, number: u32, content: &[u8]) -> Result<(Self, Fields), ListError> {
        let mut all = Fields::default();
        let (list, error) = parse_lines(source, number, content, str::parse, |entry, zone, netmask, rest| {
            all.networks.extend(netmask.map(|prefix| OwnNetwork { entry, prefix }));
            all.zones.extend(zone.map(|zone| OwnZone { entry, zone }));
            all.take(entry, rest)
        });
        error.map_or(Ok((list, all)), Err)
    }
}

/// Parses line by line, the addresses by `address`. `each` gets the index of an entry, its zone, the netmask
/// that makes it a network and the rest of the line after the address, and returns what is wrong with that
/// rest.
fn parse_lines(
    source: &str,
    number: u32,
    content: &[u8],
    address: impl Fn(&str) -> Result<ZonedAddress, InvalidAddress>,
    mut each: impl FnMut(u32, Option<String>, Option<u8>, &str) -> Result<(), String>,
) -> (List, Option<ListError>) {
    // Broken UTF-8 becomes a character that no address has; in a comment it does no harm.
    let text = str::from_utf8(content).map_or_else(|_| String::from_utf8_lossy(content), Cow::from);
    let text = text.strip_prefix(MARK).unwrap_or(&text);
    let mut entries = Vec::with_capacity(content.len() / SHORTEST + 1);
    let mut lines = Vec::new();
    let mut count = 0;
    let (mut line, mut rest) = (0, Some(text));
    while let Some(text) = rest {
        line += 1;
        // Most lines of a long list are nothing but an address.
        if let Some((expected, behind)) = plain_line(text) {
            entries.push(Entry { expected, list: number, line });
            rest = behind;
            continue;
        }
        let (text, behind) = split_line(text);
        rest = behind;
        let parsed = parse_line(text, &address).and_then(|parsed| {
            let Some((ZonedAddress { host: expected, zone }, netmask, rest)) = parsed else { return Ok(()) };
            entries.push(Entry { expected, list: number, line });
            let netmask =
                netmask.filter(|prefix| expected.prefix.is_none() && is_network(expected.address, *prefix));
            each(u32::try_from(entries.len() - 1).unwrap_or(u32::MAX), zone, netmask, rest)
        });
        if let Err(error) = parsed {
            count += 1;
            if lines.len() < NAMED {
                lines.push((line, error));
            }
        }
    }
    let error = match () {
        () if count > 0 => Some(ListError::Lines { source_name: source.to_owned(), lines, count }),
        () if entries.is_empty() => Some(ListError::Empty(source.to_owned())),
        () => None,
    };
    (List { source: source.to_owned(), entries }, error)
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
