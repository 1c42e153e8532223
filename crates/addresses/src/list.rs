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

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::net::IpAddr;

use crate::address::{HostAddress, InvalidAddress, ZonedAddress, plain, short};
use crate::netmask::{agree, check_rest, cpanel_netmask, parse_cpanel};
use crate::ports::{PortRange, are_meant, hold_a_port, is_word, parse_ports};

/// The shortest line, in octets: the room that is set aside for a list's addresses is guessed by it.
const SHORTEST: usize = "1.2.3.4\n".len();
/// The mark that some editors write before a text in UTF-8.
const MARK: char = '\u{feff}';
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

/// What the lines of a list carry beside their addresses, in the order of [`List::entries`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// The ports, several ranges of an entry one after the other.
    pub ports: Vec<OwnPorts>,
    /// The labels, at most one of an entry.
    pub labels: Vec<OwnLabel>,
    /// The zones of link-local addresses, at most one of an entry.
    pub zones: Vec<OwnZone>,
    /// The netmasks after addresses that are networks by them: of a host's address it tells nothing.
    pub networks: Vec<OwnNetwork>,
}

/// The netmask of a line that makes its address one of a network, and not of a host in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnNetwork {
    /// The place of the entry.
    pub entry: u32,
    /// The prefix length.
    pub prefix: u8,
}

/// The zone of the address of a line, by the place of its entry in [`List::entries`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnZone {
    /// The place of the entry.
    pub entry: u32,
    /// The name or number of an interface.
    pub zone: String,
}

/// Ports that a line asks for, by the place of its entry in [`List::entries`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnPorts {
    /// The place of the entry.
    pub entry: u32,
    /// The ports.
    pub range: PortRange,
}

/// The label of a line, by the place of its entry in [`List::entries`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnLabel {
    /// The place of the entry.
    pub entry: u32,
    /// The label: neither empty, nor an address or a netmask.
    pub label: String,
    /// The field as it is written: the label, and what follows it after a comma.
    pub field: String,
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

impl Fields {
    /// Returns the first label that begins with a digit and stands where ports do, right after the address:
    /// where ports matter, it is more likely a mistyped port than a name. `None` if there is none.
    pub fn mistyped_port(&self) -> Option<&OwnLabel> {
        let has_ports =
            |label: &OwnLabel| self.ports.binary_search_by_key(&label.entry, |own| own.entry).is_ok();
        let begins = |label: &&OwnLabel| label.field.starts_with(|c: char| c.is_ascii_digit());
        self.labels.iter().filter(begins).find(|label| !has_ports(label))
    }

    /// Takes what follows the address of an entry: its ports and its label, where white space sets them apart
    /// from it.
    fn take(&mut self, entry: u32, rest: &str) -> Result<(), String> {
        let rest = rest.split('#').next().unwrap_or_default();
        let mut fields = rest.split_ascii_whitespace().filter(|field| *field != ",");
        let mut field = fields.next();
        if !rest.starts_with(char::is_whitespace) {
            let after_comma =
                field.map(|field| field.trim_start_matches(',')).filter(|field| are_meant(field));
            return after_comma.map_or(Ok(()), |ports| Err(misplaced(ports, "a comma")));
        }
        let ports = field.filter(|field| is_label(field) && (are_meant(field) || hold_a_port(field)));
        if let Some(ports) = ports {
            let ranges = parse_ports(ports).map_err(|error| error.to_string())?;
            self.ports.extend(ranges.into_iter().map(|range| OwnPorts { entry, range }));
            field = fields.next();
        }
        refuse_ports(field.filter(|field| is_label(field)), ports)?;
        let label = field.and_then(|field| field.split(',').next()).filter(|label| is_label(label));
        let (Some(label), Some(field)) = (label, field) else { return Ok(()) };
        // Several words are a note. Numbers in a note are no ports.
        fields
            .next()
            .filter(|field| are_meant(field))
            .map_or(Ok(()), |after| Err(misplaced(after, "the label")))?;
        self.labels.push(OwnLabel { entry, label: label.to_owned(), field: field.to_owned() });
        Ok(())
    }
}

/// Refuses further ports in the place of the label: after ports in numbers, the name of a service is a label.
fn refuse_ports(field: Option<&str>, ports: Option<&str>) -> Result<(), String> {
    let is_number = |port: &str| port.starts_with(|c: char| c.is_ascii_digit());
    let (Some(field), Some(ports)) = (field, ports) else { return Ok(()) };
    let is_label = is_word(field) && ports.split(',').all(is_number);
    if are_meant(field) && !is_label { Err(misplaced(field, "the ports")) } else { Ok(()) }
}

/// Says that ports stand where none are read.
fn misplaced(ports: &str, place: &str) -> String {
    let ports = short(ports);
    format!(
        "{ports} after {place}: write all ports in the second field, as in 192.0.2.10 80,443 web, and notes after #"
    )
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
    for (line, text) in (1..).zip(lines_of(text)) {
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

/// Whether all bits of an address that the prefix leaves to hosts are zero.
fn is_network(address: IpAddr, prefix: u8) -> bool {
    let used = match address {
        IpAddr::V4(address) => 32_u32.saturating_sub(address.to_bits().trailing_zeros()),
        IpAddr::V6(address) => 128_u32.saturating_sub(address.to_bits().trailing_zeros()),
    };
    used <= u32::from(prefix)
}

/// What a line is: its address, the prefix length of a netmask in it, and what stands behind its address.
type Line<'a> = (ZonedAddress, Option<u8>, &'a str);

/// Parses a line: `None` if the line is blank or a comment.
fn parse_line(
    line: &str,
    address: impl Fn(&str) -> Result<ZonedAddress, InvalidAddress>,
) -> Result<Option<Line<'_>>, String> {
    if let Some(host) = plain(line) {
        return Ok(Some((ZonedAddress { host, zone: None }, None, "")));
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
    let of_cpanel = |error: InvalidAddress| {
        let (host, netmask) = cpanel_netmask(field).unwrap_or_else(|| Err(error.to_string()))?;
        Ok::<_, String>((ZonedAddress { host, zone: None }, Some(netmask)))
    };
    let (parsed, own) = address(field).map(|parsed| (parsed, None)).or_else(of_cpanel)?;
    let netmask = check_rest(parsed.host.address, rest)?;
    agree(own.or(parsed.host.prefix), netmask)?;
    Ok(Some((parsed, own.or(netmask), rest)))
}

/// Returns the address of a line and the prefix length of the netmask that a panel writes after it. cPanel
/// writes `address:netmask` or `address:netmask:broadcast`, H-Sphere the netmask in the next field. `None`
/// without a netmask. A [`List`] does not demand that the bound address has this length.
pub fn netmask(line: &str) -> Option<(IpAddr, u8)> {
    let host = |field: &str| Ok(ZonedAddress { host: field.parse()?, zone: None });
    let (ZonedAddress { host, .. }, netmask, _) = parse_line(line.trim_start_matches(MARK), host).ok()??;
    Some((host.address, netmask?))
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
